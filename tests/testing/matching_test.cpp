/// B211: conditions and orders of given rows, as a database looks at them.

#include <grapnel/testing/matching.hpp>

#include <grapnel/grapnel.hpp>
#include <grapnel/testing.hpp>

#include "support/catch.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

using grapnel::Asc;
using grapnel::Desc;
using grapnel::F;
using grapnel::Mutation;
using grapnel::Next;
using grapnel::Op;
using grapnel::Value;
using grapnel::testing::NotGivenError;
using grapnel::testing::Run;

namespace matched {

using Time = std::chrono::system_clock::time_point;

struct Toy;

struct Row {
  std::int64_t id = 0;
  std::string text;
  std::optional<std::string> word{};
  std::int64_t count = 0;
  std::optional<double> real{};
  bool flag = false;
  std::optional<Time> at{};
  grapnel::One<Row> parent{};
  grapnel::Many<Row> children{};
  grapnel::Many<Toy> toys{};
  grapnel::One<Toy> best{};
};
struct Toy {
  std::int64_t id = 0;
  std::string name;
  grapnel::One<Row> owner{};
};

}  // namespace matched

using matched::Row;
using matched::Toy;

template <>
struct grapnel::Schema<Row> {
  static constexpr std::string_view Type = "Row";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&Row::text>("text"), Field<&Row::word>("word"),
                           Field<&Row::count>("count"), Field<&Row::real>("real"),
                           Field<&Row::flag>("flag"), Field<&Row::at>("at"));
  }
  static constexpr auto Edges() {
    return grapnel::Edges(To<&Row::children>("children").OnDelete(SetNull),
                          From<&Row::parent>("parent").Ref<&Row::children>(),
                          To<&Row::toys>("toys"), To<&Row::best>("best"));
  }
};
template <>
struct grapnel::Schema<Toy> {
  static constexpr std::string_view Type = "Toy";
  static constexpr auto Fields() { return grapnel::Fields(Field<&Toy::name>("name")); }
  static constexpr auto Edges() {
    return grapnel::Edges(From<&Toy::owner>("owner").Ref<&Row::toys>());
  }
};

namespace {

using Condition = grapnel::store::Predicate<Row>;
using Ids = std::vector<std::int64_t>;

std::vector<Row> Rows(std::mt19937& random) {
  const std::string texts[] = {"",   "a",         "A",         "ab",
                               "Ab", "b\xc3\xa4", "B\xc3\x84", std::string("a\0b", 3)};
  const auto pick = [&](std::size_t below) { return random() % below; };
  std::vector<Row> rows;
  for (std::int64_t id = 1; id <= 8; ++id) {
    Row row;
    row.id = id;
    row.text = texts[pick(8)];
    if (pick(3) != 0) row.word = texts[pick(8)];
    row.count = static_cast<std::int64_t>(pick(4)) - 1;
    if (pick(3) != 0) row.real = static_cast<double>(pick(3)) / 2;
    row.flag = pick(2) != 0;
    if (pick(2) != 0) row.at = matched::Time(std::chrono::seconds(pick(3)));
    if (id > 1 && pick(2) != 0) {
      row.parent =
          grapnel::One<Row>(static_cast<std::int64_t>(1 + pick(static_cast<std::size_t>(id - 1))));
    }
    rows.push_back(row);
  }
  return rows;
}

Condition Leaf(std::mt19937& random) {
  const auto pick = [&](std::size_t below) { return random() % below; };
  const std::string texts[] = {"",   "a",        "A",         "b",
                               "AB", "\xc3\xa4", "b\xc3\xa4", std::string("a\0", 2)};
  const std::string text = texts[pick(8)];
  const auto number = static_cast<std::int64_t>(pick(4)) - 1;
  const auto id = static_cast<std::int64_t>(pick(10));
  switch (pick(28)) {
    case 0:
      return F<&Row::text> == text;
    case 1:
      return F<&Row::word> != text;
    case 2:
      return F<&Row::word> < text;
    case 3:
      return F<&Row::text> >= text;
    case 4:
      return F<&Row::count> > number;
    case 5:
      return F<&Row::count> <= number;
    case 6:
      return F<&Row::real> < 0.5;
    case 7:
      return F<&Row::flag> == (number > 0);
    case 8:
      return F<&Row::at> > matched::Time(std::chrono::seconds(pick(3)));
    case 9:
      return F<&Row::id> == id;
    case 10:
      return F<&Row::id>.In(id, id + 2, id + 5);
    case 11:
      return F<&Row::word>.In(std::vector<std::string>{text, "b"});
    case 12:
      return F<&Row::count>.In(std::vector<std::int64_t>{});
    case 13:
      return F<&Row::word>.IsNull();
    case 14:
      return F<&Row::real>.IsNull();
    case 15:
      return F<&Row::text>.Contains(text);
    case 16:
      return F<&Row::word>.HasPrefix(text);
    case 17:
      return F<&Row::text>.HasSuffix(text);
    case 18:
      return F<&Row::word>.EqualFold(text);
    case 19:
      return F<&Row::text>.ContainsFold(text);
    case 20:
      return F<&Row::text> == F<&Row::word>;
    case 21:
      return F<&Row::count> < F<&Row::id>;
    case 22:
      return F<&Row::parent> == id;
    case 23:
      return F<&Row::parent>.IsNull();
    case 24:
      return F<&Row::parent>.Has(F<&Row::count> > number);
    case 25:
      return F<&Row::children>.Has(F<&Row::text>.Contains(text));
    case 26:
      return F<&Row::children>.Has();
    default:
      return F<&Row::best>.IsNull();
  }
}
Condition Any(std::mt19937& random, int depth) {
  if (depth == 0 || random() % 4 == 0) return Leaf(random);
  switch (random() % 3) {
    case 0:
      return Any(random, depth - 1) && Any(random, depth - 1);
    case 1:
      return Any(random, depth - 1) || Any(random, depth - 1);
    default:
      return !Any(random, depth - 1);
  }
}

Ids IdsOf(const std::vector<Row>& rows) {
  Ids ids;
  for (const Row& row : rows) ids.push_back(row.id);
  return ids;
}
Ids Sorted(Ids ids) {
  std::sort(ids.begin(), ids.end());
  return ids;
}

/// What a hook finds by this query of a client's.
template <class Query>
Ids Found(const std::vector<Row>& rows, Query query) {
  Ids ids;
  const auto asks = grapnel::hook::Before(
      [&](Mutation<Row>& m) { ids = IdsOf(query(m.Client().Of<Row>()).All()); });
  auto run = Run<Row>(asks, Op::Create).NoRows();
  for (const Row& row : rows) run.Old(row);
  const auto ran = run.Go();
  CHECK_FALSE(ran.Threw());
  return ids;
}

}  // namespace

TEST_CASE("B211 conditions and orders of given rows are those of a database") {
  std::mt19937 random(13);
  for (int world = 0; world < 6; ++world) {
    const auto client = grapnel::testing::Open<Row, Toy>();
    const std::vector<Row> rows = Rows(random);
    client.Of<Row>().CreateBulk(rows).Save();
    for (int i = 0; i < 60; ++i) {
      const Condition where = Any(random, 3);
      const auto asked = [&](const auto& of) { return of.Query().Where(where); };
      CHECK(Sorted(Found(rows, asked)) == Sorted(IdsOf(asked(client.Of<Row>()).All())));
    }
    const Row& after = rows[3];
    const auto pages = [&](auto... order) {
      const auto ordered = [&](const auto& of) { return of.Query().Order(order...); };
      const auto some = [&](const auto& of) { return ordered(of).Limit(3).Offset(2); };
      const auto behind = [&](const auto& of) { return ordered(of).After(after); };
      CHECK(Found(rows, ordered) == IdsOf(ordered(client.Of<Row>()).All()));
      CHECK(Found(rows, some) == IdsOf(some(client.Of<Row>()).All()));
      CHECK(Found(rows, behind) == IdsOf(behind(client.Of<Row>()).All()));
    };
    pages(Asc(F<&Row::text>));
    pages(Desc(F<&Row::word>), Asc(F<&Row::count>));
    pages(Asc(F<&Row::real>).NullsLast(), Desc(F<&Row::id>));
    pages(Desc(F<&Row::real>).NullsFirst());
    pages(Asc(F<&Row::parent>), Desc(F<&Row::text>));
    pages(Desc(F<&Row::flag>));
  }
}

TEST_CASE("B211 a condition or order that takes more than the given rows is named") {
  Row one;
  one.id = 1;
  Row two;
  two.id = 2;
  two.best = grapnel::One<Toy>(7);
  const auto said = [&](auto query) {
    try {
      Found({one, two}, query);
    } catch (const NotGivenError& error) {
      return std::string(error.what());
    }
    return std::string("nothing");
  };
  const auto where = [&](const Condition& condition) {
    return said([&](const auto& of) { return of.Query().Where(condition); });
  };
  CHECK_THAT(where(F<&Row::toys>.Has()), Catch::Contains("Row.toys"));
  CHECK_THAT(where(F<&Row::toys>.Has(F<&Toy::name> == "ball")), Catch::Contains("Row.toys"));
  CHECK_THAT(where(F<&Row::best>.Has(F<&Toy::name> == "ball")), Catch::Contains("Row.best"));
  CHECK(where(F<&Row::best>.Has(F<&Toy::id> == 7)) == "nothing");
  CHECK(where(F<&Row::best>.Has()) == "nothing");
  // What is false by itself needs no more.
  CHECK(where(F<&Row::id> > 5 && F<&Row::toys>.Has()) == "nothing");
  CHECK_THAT(
      said([](const auto& of) { return of.Query().Order(Asc(grapnel::CountOf(F<&Row::toys>))); }),
      Catch::Contains("an order by neighbours"));
}

TEST_CASE("B211 writes touch the given rows that match, as in a database") {
  std::mt19937 random(17);
  for (int world = 0; world < 60; ++world) {
    std::vector<Row> rows = Rows(random);
    const Condition where = Any(random, 2);
    const Condition more = Any(random, 1);
    const bool asks = random() % 2 != 0;
    const bool deletes = random() % 2 != 0;
    if (deletes) {  // what the hook makes of the children is not of this
      for (Row& row : rows) row.parent = {};
    }
    const auto log = [&](auto&& go) {
      std::vector<std::string> lines;
      const auto tell = [&](std::string_view what, const std::vector<Row>& told) {
        std::string line(what);
        for (const Row& row : told) line += " " + std::to_string(row.id) + "=" + row.text;
        lines.push_back(line);
      };
      const auto hook = [&](Mutation<Row>& m, Next<Row> next) -> Value<Row> {
        m.Where(where);
        if (asks) tell("old", m.OldRows());
        m.Where(more);
        auto value = next(m);
        lines.push_back(std::to_string(value.Count()));
        if (asks) {
          tell("touched", m.OldRows());
          tell("new", m.NewRows());
        }
        tell("all", m.Client().Of<Row>().Query().Order(Asc(F<&Row::id>)).All());
        return value;
      };
      go(hook);
      return lines;
    };
    const auto alone = log([&](const auto& hook) {
      auto run = Run<Row>(hook, deletes ? Op::Delete : Op::Update).NoRows();
      for (const Row& row : rows) run.Old(row);
      if (!deletes) run.Set(F<&Row::text>, "new");
      run.Go().Value();
    });
    const auto stored = log([&](const auto& hook) {
      const auto client = grapnel::testing::Open<Row, Toy>();
      client.Of<Row>().CreateBulk(rows).Save();
      client.Of<Row>().Use(hook);
      if (deletes) {
        client.Of<Row>().Delete().Exec();
      } else {
        client.Of<Row>().Update().Set(F<&Row::text>, "new").Save();
      }
    });
    CHECK(alone == stored);
  }
}
