#include "contract/model.hpp"
#include "support/catch.hpp"
#include "support/engine/engine.hpp"
#include "support/engine/traits.hpp"

#include <grapnel/grapnel.hpp>

#include <pthread.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <list>
#include <optional>
#include <random>
#include <ranges>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace predicates {

struct Sample {
  std::int64_t id = 0;
  double value = 0;
};

/// What two entities share.
struct Named {
  std::string label;
};
struct Boat : Named {
  std::int64_t id = 0;
};

}  // namespace predicates

template <>
struct grapnel::Schema<predicates::Sample> {
  static constexpr std::string_view Type = "Sample";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&predicates::Sample::value>("value"));
  }
};
template <>
struct grapnel::Schema<predicates::Named> {
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&predicates::Named::label>("label"));
  }
};
template <>
struct grapnel::Schema<predicates::Boat> {
  static constexpr std::string_view Type = "Boat";
  using Mixins = grapnel::Mixins<predicates::Named>;
};

namespace {

using grapnel::Asc;
using grapnel::Desc;
using grapnel::F;
using model::User;
using Ids = std::vector<std::int64_t>;
using Names = std::vector<std::string>;

constexpr auto kId = F<&User::id>;
constexpr auto kName = F<&User::name>;
constexpr auto kAge = F<&User::age>;
constexpr auto kNick = F<&User::nickname>;

/// Ada 36 "A", Bob 20, Cyd 36 "C", Dan 50 "" with the ids 1 to 4.
class People {
 public:
  People() {
    client_.Migrate();
    users
        .CreateBulk(std::vector<User>{{0, "Ada", 36, "A"},
                                      {0, "Bob", 20},
                                      {0, "Cyd", 36, "C", {}, false},
                                      {0, "Dan", 50, ""}})
        .Save();
  }

  Ids Where(const grapnel::store::Predicate<User>& predicate) const {
    return users.Query().Where(predicate).Order(Asc(kId)).IDs();
  }

 private:
  grapnel::Database<User> client_ = engine::Open<User>(":memory:");

 public:
  const grapnel::store::HookedEntities<User> users = client_.Of<User>();
};

}  // namespace

TEST_CASE("predicates: comparisons, the value on either side") {
  const People people;
  CHECK(people.Where(kAge == 36) == Ids{1, 3});
  CHECK(people.Where(kAge != 36) == Ids{2, 4});
  CHECK(people.Where(kAge < 36) == Ids{2});
  CHECK(people.Where(kAge <= 36) == Ids{1, 2, 3});
  CHECK(people.Where(kAge > 36) == Ids{4});
  CHECK(people.Where(kAge >= 36) == Ids{1, 3, 4});
  CHECK(people.Where(36 == kAge) == Ids{1, 3});
  CHECK(people.Where(36 != kAge) == Ids{2, 4});
  CHECK(people.Where(36 < kAge) == Ids{4});
  CHECK(people.Where(36 <= kAge) == Ids{1, 3, 4});
  CHECK(people.Where(36 > kAge) == Ids{2});
  CHECK(people.Where(36 >= kAge) == Ids{1, 2, 3});
  CHECK(people.Where("Bob" < kName) == Ids{3, 4});
  CHECK(people.Where(kName == "ada").empty());  // case counts
  CHECK(people.Where(F<&User::active> == false) == Ids{3});
  CHECK(people.Where(kId == 2) == Ids{2});
  CHECK(people.Where(3 <= kId) == Ids{3, 4});
}

TEST_CASE("predicates: and, or, not, and a NULL that is not compared") {
  const People people;
  CHECK(people.Where(kAge == 36 && kName == "Ada") == Ids{1});
  CHECK(people.Where(kAge == 20 || kName == "Ada") == Ids{1, 2});
  CHECK(people.Where(!(kAge == 36)) == Ids{2, 4});
  CHECK(people.Where(!(kAge == 36 && kName == "Ada")) == Ids{2, 3, 4});
  // Parentheses are kept.
  CHECK(people.Where(kAge == 20 || (kAge == 36 && kName == "Cyd")) == Ids{2, 3});
  CHECK(people.Where((kAge == 20 || kAge == 36) && kName == "Cyd") == Ids{3});
  CHECK(people.Where(!(kAge == 20 || kAge == 36) || kName == "Cyd") == Ids{3, 4});

  CHECK(people.Where(kNick.IsNull()) == Ids{2});
  CHECK(people.Where(kNick.NotNull()) == Ids{1, 3, 4});
  CHECK(people.Where(!kNick.IsNull()) == Ids{1, 3, 4});
  CHECK(people.Where(kNick != "A") == Ids{3, 4});
  CHECK(people.Where(!(kNick == "A")) == Ids{3, 4});
  CHECK(people.Where(kNick.NotIn("A", "C")) == Ids{4});
  CHECK(people.Where(kNick == "") == Ids{4});
  CHECK(people.Where(kName.IsNull()).empty());

  // Several Wheres must all hold.
  CHECK(people.users.Query().Where(kAge == 36).Where(kNick == "C").IDs() == Ids{3});
}

TEST_CASE("predicates of hundreds of terms, made in a loop") {
  const People people;
  auto any = kAge == 20;
  auto all = kAge != 20;
  auto query = people.users.Query();
  for (std::int64_t i = 0; i < 500; ++i) {
    any = any || kAge == 1000 + i;
    all = all && kAge != 1000 + i;
    query.Where(kAge != 36 + 1000 * i);
  }
  CHECK(people.Where(any) == Ids{2});
  CHECK(people.Where(all) == Ids{1, 3, 4});
  CHECK(query.Order(Asc(kId)).IDs() == Ids{2, 4});
  CHECK(people.users.Update().Where(any).Set(kName, "young").Save() == 1);
}

TEST_CASE("B166 of NULL nothing holds and no negation does, however many terms there are") {
  const People people;
  const std::string values[] = {"A", "C", "x"};
  using Predicate = grapnel::store::Predicate<User>;
  using Term = std::function<Predicate(const std::string&)>;
  const Term terms[] = {
      [](const auto& value) { return kNick == value; },
      [](const auto& value) { return kNick != value; },
      [](const auto& value) { return kNick < value; },
      [](const auto& value) { return kNick >= value; },
      [](const auto& value) { return kNick.In(value, "B"); },
      [](const auto& value) { return kNick.Contains(value); },
      [](const auto& value) { return kNick.HasPrefix(value); },
      [](const auto& value) { return kNick.HasSuffix(value); },
      [](const auto& value) { return kNick.EqualFold(value); },
      [](const auto& value) { return kNick.ContainsFold(value); },
  };
  const auto chain = [&](const Term& term, bool is_and, bool negated, int count) {
    const auto one = [&](int i) { return negated ? !term(values[i % 3]) : term(values[i % 3]); };
    Predicate all = one(0);
    for (int i = 1; i < count; ++i) all = is_and ? all && one(i) : all || one(i);
    return all;
  };
  /// The same, deeper than brackets go.
  const auto deep = [](const Predicate& given) {
    Predicate all = kId > 0;
    for (int i = 0; i < 24; ++i) {
      all = i % 2 != 0 ? kId < 0 || all : (i == 2 ? given : kId > 0) && all;
    }
    return all;
  };
  for (std::size_t at = 0; at < std::size(terms); ++at) {
    for (int way = 0; way < 4; ++way) {
      CAPTURE(at, way);
      const Predicate few = chain(terms[at], way % 2 == 0, way / 2 == 0, 3);
      const Predicate many = chain(terms[at], way % 2 == 0, way / 2 == 0, 30);
      const Ids expected = people.Where(few), otherwise = people.Where(!few);
      CHECK(std::count(expected.begin(), expected.end(), 2) == 0);
      CHECK(std::count(otherwise.begin(), otherwise.end(), 2) == 0);
      CHECK(expected.size() + otherwise.size() == 3);
      CHECK(people.Where(many) == expected);
      CHECK(people.Where(!many) == otherwise);
      for (const Predicate& each : {few, many}) {
        CHECK(people.Where(deep(each)) == expected);
        CHECK(people.Where(deep(!each)) == otherwise);
        CHECK(people.Where(!deep(!each)) == expected);
      }
    }
    for (const Predicate& one : {terms[at]("A"), !terms[at]("A")}) {
      CHECK(people.Where(deep(one)) == people.Where(one));
      CHECK(people.Where(!deep(one)) == people.Where(!one));
    }
  }
}

TEST_CASE("predicates over a mixin's field, joined with the entity's own") {
  using predicates::Boat;
  using predicates::Named;
  const auto client = engine::Open<Boat>(":memory:");
  client.Migrate();
  const auto boats = client.Of<Boat>();
  for (const char* label : {"x", "y", "z"}) boats.Create().Set(F<&Named::label>, label).Save();
  const auto later = F<&Named::label> > "x";
  CHECK(boats.Query().Where(later).Order(Desc(F<&Named::label>)).IDs() == Ids{3, 2});
  CHECK(boats.Query().Where(later && F<&Boat::id> < 3).IDs() == Ids{2});
  CHECK(boats.Query().Where(F<&Boat::id> < 2 || later).Count() == 3);
  CHECK(boats.Query().Where(!later).IDs() == Ids{1});
}

TEST_CASE("predicates: In takes values, and ranges of any length") {
  const People people;
  CHECK(people.Where(kAge.In(20, 50)) == Ids{2, 4});
  CHECK(people.Where(kAge.In(36)) == Ids{1, 3});
  CHECK(people.Where(kAge.In(20, 36, 36, 20)) == Ids{1, 2, 3});
  CHECK(people.Where(kAge.NotIn(20, 50)) == Ids{1, 3});
  CHECK(people.Where(kName.In("Ada", "Dan")) == Ids{1, 4});
  CHECK(people.Where(kAge.In(std::list<int>{20, 21})) == Ids{2});
  CHECK(people.Where(kName.In(std::set<std::string>{"Cyd", "Bob"})) == Ids{2, 3});
  CHECK(people.Where(kAge.In(std::views::iota(30, 40))) == Ids{1, 3});

  CHECK(people.Where(kAge.In()).empty());
  CHECK(people.Where(kAge.In(Ids{})).empty());
  CHECK(people.Where(kAge.NotIn(Ids{})) == Ids{1, 2, 3, 4});
  CHECK(people.Where(kNick.NotIn(Names{})) == Ids{1, 2, 3, 4});

  for (const std::int64_t length : {1, 2, 3, 1023, 1024, 1025, 5000, 100'000}) {
    INFO(length << " elements");
    Ids ages;
    for (std::int64_t i = 0; i < length - 1; ++i) ages.push_back(-1 - i);
    ages.push_back(50);
    CHECK(people.Where(kAge.In(ages)) == Ids{4});
    CHECK(people.Where(kAge.NotIn(ages)) == Ids{1, 2, 3});
    CHECK(people.Where(kAge.In(ages) && kName == "Dan") == Ids{4});
  }
}

TEST_CASE("B79 predicates: In of many texts with quotes and NULs") {
  const People people;
  const std::string name = engine::Storable({"D\0an'\"", 6});
  people.users.UpdateOne(4).Set(kName, name).Save();
  for (const std::size_t length : {1UL, 1024UL, 5000UL, 100'000UL}) {
    INFO(length << " elements");
    Names names{name};
    while (names.size() < length) {
      names.push_back(engine::Storable({"D\0", 2}) + std::to_string(names.size()));
    }
    CHECK(people.Where(kName.In(names)) == Ids{4});
    CHECK(people.Where(kName.NotIn(names)) == Ids{1, 2, 3});
    names[0] = engine::Storable({"D\0an'", 5});
    CHECK(people.Where(kName.In(names)).empty());
    names[0] = "D";
    CHECK(people.Where(kName.In(names)).empty());
    names[0] = "";
    CHECK(people.Where(kNick.In(names)) == Ids{4});
  }
}

TEST_CASE("B79 predicates: In of the least and greatest integers, short and long") {
  const People people;
  constexpr auto least = std::numeric_limits<std::int64_t>::min();
  constexpr auto most = std::numeric_limits<std::int64_t>::max();
  people.users.UpdateOne(1).Set(kAge, least).Save();
  people.users.UpdateOne(2).Set(kAge, most).Save();
  Ids ages{most, least};
  CHECK(people.Where(kAge.In(ages)) == Ids{1, 2});
  ages.resize(3000, 7);
  CHECK(people.Where(kAge.In(ages)) == Ids{1, 2});
}

TEST_CASE("B79 predicates: In of reals is exact, whatever its length") {
  using predicates::Sample;
  const auto client = engine::Open<Sample>(":memory:");
  client.Migrate();
  const auto samples = client.Of<Sample>();
  const double inf = std::numeric_limits<double>::infinity();
  std::vector<double> values{0.0, 0.1, inf, -inf, 5e-324, 1.7976931348623157e308, 1e23};
  std::mt19937_64 dice(5);
  while (values.size() < 5000) {
    values.push_back(
        std::ldexp(static_cast<double>(dice() >> 11), static_cast<int>(dice() % 2000) - 1050));
  }
  std::vector<Sample> rows;
  for (const double value : values) rows.push_back({0, value});
  samples.CreateBulk(rows).Save();

  const auto found = [&](const std::vector<double>& in) {
    return samples.Query().Where(F<&Sample::value>.In(in)).Count();
  };
  for (std::size_t i = 0; i < 7; ++i) CHECK(found({values[i]}) == 1);
  CHECK(found(values) == 5000);
  std::vector<double> neighbours;
  for (const double value : values) {
    if (std::isfinite(value) && value != 0) neighbours.push_back(std::nextafter(value, 0.0));
  }
  CHECK(found(neighbours) <= 1);  // 5e-324 has 0 beside it
}

TEST_CASE("orders, limits and offsets") {
  const People people;
  const auto all = [&](const auto&... orders) {
    return people.users.Query().Order(orders...).IDs();
  };
  CHECK(all(Asc(kAge), Desc(kId)) == Ids{2, 3, 1, 4});
  CHECK(all(Desc(kAge), Asc(kName)) == Ids{4, 1, 3, 2});
  CHECK(all(Asc(kNick)) == Ids{2, 4, 1, 3});   // NULL first
  CHECK(all(Desc(kNick)) == Ids{3, 1, 4, 2});  // and last
  CHECK(people.users.Query().Order(Asc(kAge)).Order(Asc(kId)).IDs() == Ids{2, 1, 3, 4});

  const auto query = [&] { return people.users.Query().Order(Asc(kId)); };
  CHECK(query().Limit(2).IDs() == Ids{1, 2});
  CHECK(query().Limit(2).Offset(1).IDs() == Ids{2, 3});
  CHECK(query().Offset(3).IDs() == Ids{4});
  CHECK(query().Offset(9).IDs().empty());
  CHECK(query().Limit(0).IDs().empty());
  CHECK(query().Limit(std::numeric_limits<std::int64_t>::max()).IDs().size() == 4);
  CHECK(query().Limit(1).Limit(3).IDs() == Ids{1, 2, 3});
  CHECK(query().Limit(3).Count() == 3);
  CHECK(query().Offset(3).Count() == 1);
  CHECK(query().Limit(0).Count() == 0);
  CHECK(query().Offset(4).Exist() == false);
  CHECK(query().Limit(0).Exist() == false);
  CHECK_THROWS_WITH(query().Limit(-1), "Limit takes a number of rows, not -1");
  CHECK_THROWS_WITH(query().Offset(-1), "Offset takes a number of rows, not -1");
}

TEST_CASE("First, Only, Count and Exist") {
  const People people;
  const auto where = [&](const auto& predicate) {
    return people.users.Query().Where(predicate).Order(Desc(kId));
  };
  CHECK(where(kAge == 36).First().name == "Cyd");
  CHECK(where(kAge == 36).Offset(1).First().name == "Ada");
  CHECK(where(kAge == 20).Only().name == "Bob");
  CHECK(where(kAge == 36).Limit(1).Only().name == "Cyd");
  CHECK(where(kAge == 36).Count() == 2);
  CHECK(where(kAge == 36).Exist());
  CHECK(where(kAge == 37).Count() == 0);
  CHECK(!where(kAge == 37).Exist());
  CHECK_THROWS_AS(where(kAge == 37).First(), grapnel::NotFoundError);
  CHECK_THROWS_WITH(where(kAge == 37).Only(), "User not found: no row matches");
  CHECK_THROWS_AS(where(kAge == 36).Limit(0).First(), grapnel::NotFoundError);
  CHECK_THROWS_AS(where(kAge == 36).Only(), grapnel::NotSingularError);
  CHECK_THROWS_WITH(where(kAge == 36).Only(), "User: Only() found more than one row");

  // A query can be run again, and reads afresh.
  const auto old = people.users.Query().Where(kAge >= 50).Order(Asc(kId));
  CHECK(old.IDs() == Ids{4});
  people.users.Update().Where(kName == "Ada").Add(kAge, 14).Save();
  CHECK(old.IDs() == Ids{1, 4});
  CHECK(old.All().front().age == 50);
}

TEST_CASE("predicates narrow updates and deletes as they narrow queries") {
  const People people;
  Ids many(2000, 99);
  many.push_back(36);
  CHECK(people.users.Update().Where(kAge.In(many)).Set(kName, "old").Save() == 2);
  CHECK(people.Where(kName == "old") == Ids{1, 3});
  CHECK(
      people.users.Update().Where(kNick.Contains("C")).Where(!kNick.IsNull()).Add(kAge, 1).Save() ==
      1);
  CHECK(people.Where(kAge == 37) == Ids{3});
  CHECK_THROWS_AS(people.users.UpdateOne(3).Where(kAge == 36).Set(kName, "?").Save(),
                  grapnel::NotFoundError);
  CHECK_THROWS_AS(people.users.DeleteOne(3).Where(kAge.In(many)).Exec(), grapnel::NotFoundError);
  CHECK(people.users.Delete().Where(kId > 2 && kNick.In("", "C")).Exec() == 2);
  CHECK(people.Where(kId > 0) == Ids{1, 2});
}

namespace {

/// Runs `body` on a thread with a stack of 256 kB.
template <class F>
void OnSmallStack(F body) {
  pthread_attr_t attributes;
  REQUIRE(pthread_attr_init(&attributes) == 0);
  REQUIRE(pthread_attr_setstacksize(&attributes, 256 * 1024) == 0);
  pthread_t thread;
  const auto run = [](void* what) -> void* {
    (*static_cast<F*>(what))();
    return nullptr;
  };
  REQUIRE(pthread_create(&thread, &attributes, run, &body) == 0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
}

using UserPredicate = grapnel::store::Predicate<model::User>;

}  // namespace

TEST_CASE("B166 100,000 terms are built, run and destroyed, however they are nested") {
  const auto client = engine::Open<model::User>(":memory:");
  client.Migrate();
  std::vector<model::User> users(20);
  for (std::size_t i = 0; i < users.size(); ++i) {
    users[i].name = std::to_string(i);
    users[i].age = static_cast<std::int64_t>(i);
  }
  client.Of<model::User>().CreateBulk(users).Save();
  constexpr int kTerms = 100'000;
  const auto age = F<&model::User::age>;
  struct Shape {
    const char* name;
    bool all;  // or the one of age 0 alone
    UserPredicate (*add)(const UserPredicate&, int);
    int terms = kTerms;
  };
  const Shape shapes[] = {
      {"or, to the left", true,
       [](const UserPredicate& p, int i) { return p || F<&model::User::age> == i; }},
      {"or, to the right", true,
       [](const UserPredicate& p, int i) { return F<&model::User::age> == i || p; }},
      {"and, to either side", false,
       [](const UserPredicate& p, int i) {
         return i % 2 == 0 ? p && F<&model::User::age> != i : F<&model::User::age> != i && p;
       }},
      {"negated", false, [](const UserPredicate& p, int) { return !p; }},
      {"negated chains", true,
       [](const UserPredicate& p, int i) { return !(!p && !(F<&model::User::age> == i)); }},
      {"other comparisons", true,
       [](const UserPredicate& p, int i) { return p || F<&model::User::age> >= i; }},
      {"and of other comparisons", false,
       [](const UserPredicate& p, int i) { return p && F<&model::User::age> <= i; }},
      {"parts of texts", true,
       [](const UserPredicate& p, int i) {
         return p || F<&model::User::name>.HasPrefix(std::to_string(i));
       }},
      {"alternately", true,
       [](const UserPredicate& p, int i) {
         return i % 2 == 0 ? p && F<&model::User::age> != i + 1'000'000
                           : F<&model::User::age> == i / 2 || p;
       },
       kTerms / 4},  // a sanitizer makes it ten times as slow
      {"doubled", false, [](const UserPredicate& p, int i) { return i < 60 ? p && p : p; }},
  };
  for (const Shape& shape : shapes) {
    INFO(shape.name);
    OnSmallStack([&] {
      UserPredicate all = age == 0;
      for (int i = 1; i <= shape.terms; ++i) all = shape.add(all, i);
      auto tx = client.Tx();
      const std::int64_t found = shape.all ? 20 : 1;
      CHECK(tx.Of<model::User>().Query().Where(all).Count() == found);
      CHECK(tx.Of<model::User>().Delete().Where(all).Exec() == found);
    });
  }
}

TEST_CASE("B166 AND and OR that alternate 5,000 deep give what a plain reading gives") {
  const auto client = engine::Open<model::User>(":memory:");
  client.Migrate();
  std::vector<model::User> users(40);
  for (std::size_t i = 0; i < users.size(); ++i) {
    users[i].name = std::to_string(i);
    users[i].age = static_cast<std::int64_t>(i);
    if (i % 3 == 0) users[i].nickname = std::to_string(i % 7);
  }
  client.Of<model::User>().CreateBulk(users).Save();
  std::mt19937 random(7);
  for (const int depth : {3, 9, 12, 20, 50, 500, 5'000}) {
    for (int round = 0; round < (depth < 500 ? 6 : 1); ++round) {
      INFO(depth << ", round " << round);
      // 1 true, 0 false, -1 NULL, as SQL has it.
      std::vector<int> expected;
      UserPredicate all = F<&model::User::age> >= 0;
      for (std::size_t i = 0; i < users.size(); ++i) expected.push_back(1);
      for (int i = 0; i < depth; ++i) {
        const auto number = static_cast<std::int64_t>(random() % 40);
        const std::string text = std::to_string(random() % 7);
        const auto kind = random() % 3;
        UserPredicate term =
            kind == 0   ? UserPredicate(F<&model::User::age> < number)
            : kind == 1 ? UserPredicate(F<&model::User::nickname> == text)
                        : F<&model::User::age> == number ||
                              (F<&model::User::nickname> != text && F<&model::User::age> > 5);
        const bool is_and = i % 2 == 0, negated = random() % 4 == 0, right = random() % 2 == 0;
        for (std::size_t u = 0; u < users.size(); ++u) {
          const auto& nickname = users[u].nickname;
          const int equal = !nickname ? -1 : *nickname == text ? 1 : 0;
          int value = users[u].age < number ? 1 : 0;
          if (kind == 1) value = equal;
          if (kind == 2) {
            const int differs = equal == -1 ? -1 : 1 - equal;
            const int old = users[u].age > 5 ? 1 : 0;
            const int both = old == 0 || differs == 0 ? 0 : differs;
            value = users[u].age == number ? 1 : both;
          }
          int& so_far = expected[u];
          const bool any_null = value == -1 || so_far == -1;
          if (is_and) {
            so_far = value == 0 || so_far == 0 ? 0 : any_null ? -1 : 1;
          } else {
            so_far = value == 1 || so_far == 1 ? 1 : any_null ? -1 : 0;
          }
          if (negated && so_far != -1) so_far = 1 - so_far;
        }
        all = is_and ? (right ? term && all : all && term) : (right ? term || all : all || term);
        if (negated) all = !all;
      }
      std::vector<std::int64_t> ages;
      for (std::size_t u = 0; u < users.size(); ++u) {
        if (expected[u] == 1) ages.push_back(users[u].age);
      }
      std::vector<std::int64_t> found;
      OnSmallStack([&] {
        for (const auto& user :
             client.Of<model::User>().Query().Where(all).Order(Asc(F<&model::User::id>)).All()) {
          found.push_back(user.age);
        }
      });
      CHECK(found == ages);
    }
  }
}

TEST_CASE(
    "B166 what SQLite does not take is a ValidationError before it is sent, and the Tx lives on") {
  const auto client = engine::Open<model::User>(":memory:");
  client.Migrate();
  client.Of<model::User>().Create().Set(F<&model::User::name>, "a").Save();
  auto tx = client.Tx();
  tx.Of<model::User>().Create().Set(F<&model::User::name>, "b").Save();
  // A full tree of AND and OR, deeper than any chain.
  std::function<UserPredicate(int)> tree = [&](int depth) -> UserPredicate {
    if (depth == 0) return F<&model::User::age> > depth;
    const auto one = tree(depth - 1);
    const auto two = tree(depth - 1) && F<&model::User::age>.IsNull();
    return depth % 2 == 0 ? one && two : one || two;
  };
  std::vector<UserPredicate> odd{tree(17)};
  UserPredicate doubled = F<&model::User::age> > 1;
  for (int i = 0; i < 60; ++i) {
    doubled =
        i % 2 == 0
            ? (doubled && F<&model::User::age> > i) || (F<&model::User::age>.IsNull() && doubled)
            : (doubled || F<&model::User::age> > i) && (F<&model::User::age>.IsNull() || doubled);
  }
  odd.push_back(doubled);
  for (const auto& predicate : odd) {
    try {
      tx.Of<model::User>().Update().Where(predicate).Set(F<&model::User::worth>, 1).Save();
      FAIL("it was taken");
    } catch (const grapnel::ValidationError& error) {
      INFO(error.what());
      CHECK(error.Entity() == "User");
      CHECK(error.Field() == "predicate");
    }
    CHECK_THROWS_AS(tx.Of<model::User>().Query().Where(predicate).All(), grapnel::ValidationError);
    CHECK(tx.Of<model::User>().Query().Count() == 2);
  }
  tx.Commit();
  CHECK(client.Of<model::User>().Query().Count() == 2);
}
