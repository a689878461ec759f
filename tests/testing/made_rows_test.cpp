#include <grapnel/testing/made_rows.hpp>

#include <grapnel/grapnel.hpp>
#include <grapnel/testing.hpp>

#include "support/catch.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <vector>

using grapnel::Asc;
using grapnel::Desc;
using grapnel::F;
using grapnel::Mutation;
using grapnel::Op;
using grapnel::testing::Run;

namespace made {

struct Item {
  std::int64_t id = 0;
  std::string kind;
  std::int64_t count = 0;
  std::optional<double> weight{};
  bool sold = false;
};

}  // namespace made

using made::Item;

template <>
struct grapnel::Schema<Item> {
  static constexpr std::string_view Type = "Item";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&Item::kind>("kind"), Field<&Item::count>("count"),
                           Field<&Item::weight>("weight"), Field<&Item::sold>("sold"));
  }
};

namespace {

const std::vector<Item> kItems = {{1, "b", 3, 0.5, false},
                                  {2, "a", -4, {}, true},
                                  {3, "b", 3, 2.25, true},
                                  {4, "a", 7, 0.5, false},
                                  {5, "c", 0, {}, false}};

template <class T>
std::string Show(const T& value) {
  if constexpr (std::is_same_v<T, std::string>) {
    return value + " ";
  } else {
    return std::to_string(value) + " ";
  }
}
template <class T>
std::string Show(const std::optional<T>& value) {
  return value ? Show(*value) : "- ";
}
template <class... Ts>
std::string Show(const std::tuple<Ts...>& values) {
  return std::apply([](const auto&... each) { return (Show(each) + ...); }, values) + "| ";
}
template <class T>
std::string Show(const std::vector<T>& values) {
  std::string all;
  for (const T& each : values) all += Show(each);
  return all;
}

/// What `read` makes of these rows without a database, and then over one.
template <class Read>
std::vector<std::string> Both(const std::vector<Item>& items, Read read) {
  std::vector<std::string> said;
  const auto reads = [&](const grapnel::Client& client) {
    try {
      said.push_back(read(client.Of<Item>().Query()));
    } catch (const grapnel::testing::NotGivenError&) {
      throw;
    } catch (const grapnel::Error& error) {
      said.emplace_back(error.what());
    }
  };
  auto run =
      Run<Item>(grapnel::hook::Before([&](Mutation<Item>& m) { reads(m.Client()); }), Op::Create);
  run.NoRows();
  for (const Item& item : items) run.Old(item);
  CHECK_FALSE(run.Go().Threw());
  const auto client = grapnel::testing::Open<Item>();
  if (!items.empty()) client.Of<Item>().CreateBulk(items).Save();
  reads(client);
  return said;
}

}  // namespace

TEST_CASE("B211 what is made of rows is what a database makes of them") {
  int reads = 0;
  for (const std::vector<Item>& items : {kItems, std::vector<Item>()}) {
    const auto same = [&](auto read) {
      const std::vector<std::string> said = Both(items, read);
      REQUIRE(said.size() == 2);
      CHECK(said[0] == said[1]);
      ++reads;
    };
    same([](auto q) {
      return Show(q.Sum(F<&Item::count>)) + Show(q.Sum(F<&Item::weight>)) +
             Show(q.Avg(F<&Item::count>)) + Show(q.Avg(F<&Item::weight>)) +
             Show(q.Min(F<&Item::kind>)) + Show(q.Max(F<&Item::kind>)) +
             Show(q.Min(F<&Item::weight>)) + Show(q.Max(F<&Item::count>)) +
             Show(q.Max(F<&Item::sold>)) + Show(q.Count(F<&Item::weight>)) +
             Show(q.Count(F<&Item::kind>));
    });
    same([](auto q) { return Show(q.Where(F<&Item::count> > 0).Sum(F<&Item::count>)); });
    same([](auto q) {
      return Show(q.Order(Desc(F<&Item::count>)).Limit(2).Offset(1).Sum(F<&Item::count>));
    });
    same([](auto q) {
      return Show(q.Order(Desc(F<&Item::id>)).Limit(3).Select(F<&Item::kind>).All());
    });
    same([](auto q) { return Show(q.Select(F<&Item::kind>, F<&Item::weight>).All()); });
    same([](auto q) {
      return Show(
          q.Order(Desc(F<&Item::kind>)).Limit(2).Offset(1).Select(F<&Item::kind>).Distinct().All());
    });
    same([](auto q) {
      return Show(q.GroupBy(F<&Item::kind>)
                      .Order(Asc(F<&Item::kind>))
                      .Select(grapnel::Count(), grapnel::Sum(F<&Item::count>),
                              grapnel::Max(F<&Item::weight>))
                      .All());
    });
    same([](auto q) {
      return Show(q.GroupBy(F<&Item::weight>)
                      .Order(Desc(grapnel::Count()), Desc(F<&Item::weight>))
                      .Limit(2)
                      .Select(grapnel::Min(F<&Item::kind>))
                      .All());
    });
  }
  CHECK(reads == 16);
}

TEST_CASE("B211 a sum that leaves 64 bits is refused, and one that only passes them is not") {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  const auto sum = [](std::vector<std::int64_t> counts) {
    std::vector<Item> items;
    for (const std::int64_t count : counts) {
      items.push_back({static_cast<std::int64_t>(items.size()) + 1, "a", count, {}, false});
    }
    const auto said = Both(items, [](auto q) { return Show(q.Sum(F<&Item::count>)); });
    CHECK(said[0] == said[1]);
    return said[0];
  };
  CHECK_THAT(sum({kMost, 1}), Catch::Contains("no number of 64 bits"));
  CHECK_THAT(sum({-kMost, -kMost}), Catch::Contains("no number of 64 bits"));
  CHECK(sum({kMost, 1, -1}) == std::to_string(kMost) + " ");
}

TEST_CASE("B211 a condition on groups takes a database, and says so") {
  const auto reads = grapnel::hook::Before([](Mutation<Item>& m) {
    m.Client()
        .Of<Item>()
        .Query()
        .GroupBy(F<&Item::kind>)
        .Having(grapnel::Count() > 1)
        .Select(grapnel::Count())
        .All();
  });
  CHECK_THROWS_WITH(Run<Item>(reads, Op::Create).Old(kItems[0]).Go(),
                    Catch::Contains("a condition on groups"));
  const auto sums = grapnel::hook::Before(
      [](Mutation<Item>& m) { m.Client().Of<Item>().Query().Sum(F<&Item::count>); });
  CHECK_THROWS_WITH(Run<Item>(sums, Op::Create).Go(), Catch::Contains(".Old(row)"));
}
