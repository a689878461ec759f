// B150: NULL and the zero by which a member that is no std::optional shows it, in values that are
// made of rows: the same of rows as they are, and of rows that pass an after-interceptor.
#include "contract/fixture.hpp"
#include "support/catch.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace loose {

struct Item {
  std::int64_t id = 0;
  std::int64_t number = 0;  // NULL where it is not set
  std::string text{};       // the same
  std::optional<std::int64_t> maybe{};
};

}  // namespace loose

template <>
struct grapnel::Schema<loose::Item> {
  static constexpr std::string_view Type = "Item";
  static constexpr auto Fields() {
    using loose::Item;
    return grapnel::Fields(Field<&Item::number>("number").Optional(),
                           Field<&Item::text>("text").Optional(), Field<&Item::maybe>("maybe"));
  }
};

namespace {

using grapnel::Asc;
using grapnel::Count;
using grapnel::Desc;
using grapnel::F;
using grapnel::Max;
using loose::Item;
using OptionalInt = std::optional<std::int64_t>;
using Key = std::tuple<std::int64_t, std::string, OptionalInt>;

struct World : Fixture<Item> {
  std::mt19937 random{150};  // NOLINT(cert-msc51-cpp): the same each time

  int Draw(int below) { return static_cast<int>(random() % static_cast<unsigned>(below)); }
  void AddSome(int rows) {
    for (int i = 0; i < rows; ++i) {
      auto create = client.Of<Item>().Create();
      if (Draw(3) > 0) create.Set(F<&Item::number>, Draw(3) - 1);
      if (Draw(3) > 0) create.Set(F<&Item::text>, std::string(Draw(2) == 0 ? "" : "a"));
      if (Draw(3) > 0) create.Set(F<&Item::maybe>, Draw(2));
      create.Save();
    }
  }
  auto Query() const { return client.Of<Item>().Query(); }

  /// What is asked has the same answer where rows pass an interceptor.
  template <class Ask>
  auto BothWays(Ask ask) const {
    const auto plain = ask();
    const auto passing = client.Of<Item>().Intercept(
        grapnel::hook::After([](const grapnel::Reading<Item>&, grapnel::Found<Item>&) {}));
    CHECK(ask() == plain);
    passing.Remove();
    return plain;
  }
};

}  // namespace

TEST_CASE_METHOD(World, "B150 what looks alike is there once, and what does not stays apart") {
  client.Of<Item>().Create().Set(F<&Item::number>, 5).Save();
  client.Of<Item>().Create().Save();
  client.Of<Item>().Create().Set(F<&Item::number>, 0).Set(F<&Item::maybe>, 0).Save();
  CHECK(Raw("SELECT number, maybe FROM Item") == Lines{"5|NULL", "NULL|NULL", "0|0"});
  using Numbers = std::vector<std::int64_t>;
  CHECK(BothWays([&] {
          return Query().Order(Asc(F<&Item::number>)).Select(F<&Item::number>).Distinct().All();
        }) == Numbers{0, 5});
  CHECK(BothWays([&] {
          return Query()
              .Order(Desc(F<&Item::number>))
              .Limit(1)
              .Offset(1)
              .Select(F<&Item::number>)
              .Distinct()
              .All();
        }) == Numbers{0});
  using Groups = std::vector<std::tuple<std::int64_t, std::int64_t>>;
  CHECK(
      BothWays([&] {
        return Query().GroupBy(F<&Item::number>).Order(Asc(F<&Item::number>)).Select(Count()).All();
      }) == Groups{{0, 2}, {5, 1}});
  using Maybes = std::vector<OptionalInt>;
  CHECK(BothWays([&] {
          return Query().Order(Asc(F<&Item::maybe>)).Select(F<&Item::maybe>).Distinct().All();
        }) == Maybes{std::nullopt, 0});
  CHECK(BothWays([&] { return Query().Count(F<&Item::number>); }) == 2);  // NULL is none
  CHECK(BothWays([&] { return Query().Count(F<&Item::maybe>); }) == 1);
}

TEST_CASE_METHOD(World, "B150 an order by what is not selected is refused whatever is NULL") {
  const auto by_id = [&] { return Query().Order(Asc(F<&Item::id>)); };
  CHECK(Thrown<grapnel::ValidationError>([&] {
          by_id().Select(F<&Item::maybe>).Distinct().All();
        }).Field() == "id");
  CHECK(Thrown<grapnel::ValidationError>([&] {
          by_id().Select(F<&Item::text>).Distinct().All();
        }).Field() == "id");
}

TEST_CASE_METHOD(World, "B150 against a model: NULL and zero in groups and in Distinct") {
  for (int round = 0; round < 12; ++round) {
    AddSome(5);
    std::map<Key, std::int64_t> expected;
    for (const Item& item : Query().All()) ++expected[{item.number, item.text, item.maybe}];
    std::vector<std::tuple<std::int64_t, std::string, OptionalInt, std::int64_t>> groups;
    std::set<Key> keys;
    for (const auto& [key, rows] : expected) {
      groups.push_back(std::tuple_cat(key, std::tuple(rows)));
      keys.insert(key);
    }
    CHECK(BothWays([&] {
            return Query()
                .GroupBy(F<&Item::number>, F<&Item::text>, F<&Item::maybe>)
                .Order(Asc(F<&Item::number>), Asc(F<&Item::text>), Asc(F<&Item::maybe>))
                .Select(Count())
                .All();
          }) == groups);
    const auto distinct = BothWays([&] {
      return Query()
          .Order(Asc(F<&Item::number>), Desc(F<&Item::text>), Asc(F<&Item::maybe>))
          .Select(F<&Item::number>, F<&Item::text>, F<&Item::maybe>)
          .Distinct()
          .All();
    });
    CHECK(distinct.size() == keys.size());
    CHECK(std::set<Key>(distinct.begin(), distinct.end()) == keys);
    const int limit = Draw(6), offset = Draw(3);
    const auto part = BothWays([&] {
      return Query()
          .Order(Asc(F<&Item::number>), Desc(F<&Item::text>), Asc(F<&Item::maybe>))
          .Limit(limit)
          .Offset(offset)
          .Select(F<&Item::number>, F<&Item::text>, F<&Item::maybe>)
          .Distinct()
          .All();
    });
    REQUIRE(part.size() <= static_cast<std::size_t>(limit));
    for (std::size_t i = 0; i < part.size(); ++i) {
      CHECK(part[i] == distinct[i + static_cast<std::size_t>(offset)]);
    }
    const auto most = BothWays([&] {
      return Query()
          .GroupBy(F<&Item::number>)
          .Having(Max(F<&Item::maybe>) == 1)
          .Order(Asc(F<&Item::number>))
          .Select(Max(F<&Item::number>), Max(F<&Item::text>), Count(F<&Item::text>))
          .All();
    });
    CHECK(most.size() <= 3);
  }
}
