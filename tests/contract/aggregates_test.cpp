// B150: aggregates, groups and fields in place of rows.
#include "contract/all_kinds.hpp"
#include "contract/fixture.hpp"
#include "support/catch.hpp"
#include "support/engine/traits.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <numeric>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace desk {

struct Ticket;

struct Timed {  // a mixin
  std::int64_t due = 0;
  std::optional<std::int64_t> closed{};
};
struct Agent {
  std::string id;
  grapnel::Many<Ticket> tickets{};
};
struct Ticket : Timed {
  std::int64_t id = 0;
  std::string status;
  std::int64_t minutes = 0;
  double cost = 0;
  std::optional<double> bonus{};
  std::optional<std::string> note{};
  std::string pin;
  grapnel::One<Agent> agent{};
};

}  // namespace desk

template <>
struct grapnel::Schema<desk::Timed> {
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&desk::Timed::due>("due"), Field<&desk::Timed::closed>("closed"));
  }
};
template <>
struct grapnel::Schema<desk::Agent> {
  static constexpr std::string_view Type = "Agent";
  static constexpr auto Edges() { return grapnel::Edges(To<&desk::Agent::tickets>("tickets")); }
};
template <>
struct grapnel::Schema<desk::Ticket> {
  static constexpr std::string_view Type = "Ticket";
  using Mixins = grapnel::Mixins<desk::Timed>;
  static constexpr auto Fields() {
    using desk::Ticket;
    return grapnel::Fields(Field<&Ticket::status>("status"), Field<&Ticket::minutes>("minutes"),
                           Field<&Ticket::cost>("cost"), Field<&Ticket::bonus>("bonus"),
                           Field<&Ticket::note>("note").StorageKey("no\"te"),
                           Field<&Ticket::pin>("pin").Default("").Sensitive());
  }
  static constexpr auto Edges() {
    return grapnel::Edges(From<&desk::Ticket::agent>("agent").Ref<&desk::Agent::tickets>());
  }
};

namespace {

using desk::Agent;
using desk::Ticket;
using grapnel::Asc;
using grapnel::Avg;
using grapnel::Count;
using grapnel::Desc;
using grapnel::F;
using grapnel::Max;
using grapnel::Min;
using grapnel::Sum;
using grapnel::ValidationError;
using Texts = std::vector<std::string>;
using OptionalInt = std::optional<std::int64_t>;

template <class Of>
Ticket Add(const Of& client, std::string_view status, std::int64_t minutes, double cost = 0,
           std::optional<double> bonus = {}) {
  return client.template Of<Ticket>()
      .Create()
      .Set(F<&Ticket::status>, std::string(status))
      .Set(F<&Ticket::minutes>, minutes)
      .Set(F<&Ticket::cost>, cost)
      .Set(F<&Ticket::bonus>, bonus)
      .Set(F<&Ticket::due>, minutes % 10)
      .Save();
}

struct World : Fixture<Ticket, Agent> {
  World() {
    Add(client, "open", 10, 1.5, 2.0);
    Add(client, "open", 20, 0.5);
    Add(client, "shut", 7, 4.0, 1.0);
    Add(client, "new", 7);
  }
  auto Query() const { return client.Of<Ticket>().Query(); }
};

}  // namespace

TEST_CASE("B150 the forms of the contract") {
  World world;
  const Agent agent = world.client.Of<Agent>().Create().Set(F<&Agent::id>, "ada").Save();
  world.client.Of<Ticket>().Update().Set(F<&Ticket::agent>, agent.id).Save();
  auto open = world.client.Of<Ticket>().Query().Where(F<&Ticket::agent>.Has() &&
                                                      F<&Ticket::status> != "new");
  std::optional<std::int64_t> total = open.Sum(F<&Ticket::minutes>);
  CHECK(total == 37);
  std::map<std::string, std::pair<std::int64_t, double>> seen;
  for (auto [status, n, mean] : open.GroupBy(F<&Ticket::status>)
                                    .Select(grapnel::Count(), grapnel::Avg(F<&Ticket::minutes>))
                                    .All()) {
    seen[status] = {n, mean};
  }
  CHECK(seen == std::map<std::string, std::pair<std::int64_t, double>>{{"open", {2, 15.0}},
                                                                       {"shut", {1, 7.0}}});
  const Ticket last = world.client.Of<Ticket>().Query().Where(F<&Ticket::status> == "shut").Only();
  Texts behind;
  for (const Ticket& t : open.Order(grapnel::Desc(F<&Ticket::due>)).After(last).Limit(50)) {
    behind.push_back(t.status);
  }
  CHECK(behind == Texts{"open", "open"});
}

TEST_CASE("B150 aggregates of all rows are of the field's type, and of nothing std::nullopt") {
  World world;
  const auto all = world.Query();
  static_assert(std::is_same_v<decltype(all.Sum(F<&Ticket::minutes>)), OptionalInt>);
  static_assert(std::is_same_v<decltype(all.Sum(F<&Ticket::bonus>)), std::optional<double>>);
  static_assert(std::is_same_v<decltype(all.Max(F<&Ticket::note>)), std::optional<std::string>>);
  CHECK(all.Sum(F<&Ticket::minutes>) == 44);
  CHECK(all.Sum(F<&Ticket::cost>) == 6.0);
  CHECK(all.Sum(F<&Ticket::bonus>) == 3.0);  // NULL counts for nothing
  CHECK(all.Avg(F<&Ticket::minutes>) == 11.0);
  CHECK(all.Avg(F<&Ticket::bonus>) == 1.5);
  CHECK(all.Min(F<&Ticket::minutes>) == 7);
  CHECK(all.Max(F<&Ticket::status>) == "shut");
  CHECK(all.Max(F<&Ticket::due>) == 7);  // a mixin's
  CHECK(all.Count(F<&Ticket::minutes>) == 3);
  CHECK(all.Count(F<&Ticket::bonus>) == 2);
  CHECK(all.Min(F<&Ticket::note>) == std::nullopt);
  CHECK(all.Min(F<&Ticket::id>) == 1);
  auto none = world.Query().Where(F<&Ticket::minutes> > 100);
  CHECK(none.Sum(F<&Ticket::minutes>) == std::nullopt);
  CHECK(none.Sum(F<&Ticket::cost>) == std::nullopt);
  CHECK(none.Avg(F<&Ticket::minutes>) == std::nullopt);
  CHECK(none.Max(F<&Ticket::status>) == std::nullopt);
  CHECK(none.Count(F<&Ticket::status>) == 0);
}

TEST_CASE("B150 limit, offset and order come before an aggregate, as they do before Count()") {
  World world;
  const auto longest = world.Query().Order(Desc(F<&Ticket::minutes>)).Limit(2);
  CHECK(longest.Sum(F<&Ticket::minutes>) == 30);
  CHECK(longest.Count(F<&Ticket::status>) == 1);
  CHECK(world.Query().Order(Asc(F<&Ticket::minutes>)).Offset(3).Max(F<&Ticket::status>) == "open");
  CHECK(world.Query().Limit(0).Sum(F<&Ticket::minutes>) == std::nullopt);
  const auto groups = world.Query()
                          .Order(Desc(F<&Ticket::minutes>), Asc(F<&Ticket::status>))
                          .Limit(3)
                          .GroupBy(F<&Ticket::status>)
                          .Order(Desc(Count()))
                          .Select(Count())
                          .All();
  CHECK(groups == std::vector{std::tuple(std::string("open"), std::int64_t{2}),
                              std::tuple(std::string("new"), std::int64_t{1})});
}

TEST_CASE("B150 a sum of whole numbers that leaves 64 bits is an Error, and a Tx goes on") {
  World world;
  const auto most = std::numeric_limits<std::int64_t>::max();
  Add(world.client, "big", most);
  auto tx = world.client.Tx();
  const auto query = tx.Of<Ticket>().Query();
  const auto error = Thrown<ValidationError>([&] { query.Sum(F<&Ticket::minutes>); });
  CHECK(error.Entity() == "Ticket");
  CHECK(error.Field() == "minutes");
  CHECK_THROWS_AS(query.GroupBy(F<&Ticket::due>).Select(Count(), Sum(F<&Ticket::minutes>)).All(),
                  ValidationError);
  CHECK(query.Avg(F<&Ticket::minutes>) > 1e18);
  auto big = query;
  CHECK(big.Where(F<&Ticket::status> == "big").Sum(F<&Ticket::minutes>) == most);
  tx.Commit();
}

namespace {

/// Asks the same twice: of the rows as they are, and of rows that pass an after-interceptor.
template <class Check>
void BothWays(const World& world, Check check) {
  check();
  int seen = 0;
  const auto passing = world.client.Of<Ticket>().Intercept(grapnel::hook::After(
      [&](const grapnel::Reading<Ticket>&, grapnel::Found<Ticket>&) { ++seen; }));
  check();
  CHECK(seen > 0);
  passing.Remove();
}

}  // namespace

TEST_CASE("B150 whether a sum fits does not depend on the order of the rows") {
  World world;
  world.client.Of<Ticket>().Delete().Exec();
  const auto most = std::numeric_limits<std::int64_t>::max();
  std::vector<std::int64_t> values{-1, 1, most};
  do {
    for (const std::int64_t value : values) Add(world.client, "all", value);
    BothWays(world, [&] {
      const auto query = world.Query();
      CHECK(query.Sum(F<&Ticket::minutes>) == most);
      using Groups = std::vector<std::tuple<std::string, std::int64_t>>;
      const auto by_status = [&] { return world.Query().GroupBy(F<&Ticket::status>); };
      CHECK(by_status().Select(Sum(F<&Ticket::minutes>)).All() == Groups{{"all", most}});
      CHECK(by_status().Having(Sum(F<&Ticket::minutes>) == most).Select().All().size() == 1);
      CHECK(by_status().Order(Desc(Sum(F<&Ticket::minutes>))).Select().All().size() == 1);
      auto positive = query;
      positive.Where(F<&Ticket::minutes> > 0);
      CHECK(Thrown<ValidationError>([&] { positive.Sum(F<&Ticket::minutes>); }).Field() ==
            "minutes");
      const auto groups = positive.GroupBy(F<&Ticket::status>);
      CHECK_THROWS_AS(groups.Select(Sum(F<&Ticket::minutes>)).All(), ValidationError);
      auto having = groups;
      CHECK_THROWS_AS(having.Having(Sum(F<&Ticket::minutes>) > 0).Select().All(), ValidationError);
    });
    world.client.Of<Ticket>().Delete().Exec();
  } while (std::next_permutation(values.begin(), values.end()));
}

TEST_CASE("B150 infinities add up to infinity, and to no number where both signs meet") {
  World world;
  world.client.Of<Ticket>().Delete().Exec();
  const double inf = std::numeric_limits<double>::infinity();
  Add(world.client, "up", 1, inf, inf);
  Add(world.client, "up", 1, 1.5);
  Add(world.client, "down", 1, -inf, -inf);
  Add(world.client, "both", 1, inf, inf);
  Add(world.client, "both", 1, -inf, -inf);
  BothWays(world, [&] {
    const auto of = [&](std::string_view status) {
      return world.Query().Where(F<&Ticket::status> == status);
    };
    CHECK(of("up").Sum(F<&Ticket::cost>) == inf);
    CHECK(of("up").Avg(F<&Ticket::bonus>) == inf);
    CHECK(of("down").Avg(F<&Ticket::cost>) == -inf);
    CHECK(of("down").Sum(F<&Ticket::bonus>) == -inf);
    CHECK(of("both").Sum(F<&Ticket::cost>) == std::nullopt);
    CHECK(of("both").Avg(F<&Ticket::cost>) == std::nullopt);
    CHECK(of("both").Sum(F<&Ticket::bonus>) == std::nullopt);
    CHECK(of("both").Min(F<&Ticket::cost>) == -inf);
    CHECK(of("both").Max(F<&Ticket::bonus>) == inf);
    const auto groups = world.Query()
                            .GroupBy(F<&Ticket::status>)
                            .Order(Asc(F<&Ticket::status>))
                            .Select(Sum(F<&Ticket::cost>), Avg(F<&Ticket::cost>),
                                    Sum(F<&Ticket::bonus>), Max(F<&Ticket::cost>))
                            .All();
    REQUIRE(groups.size() == 3);
    CHECK(std::isnan(std::get<1>(groups[0])));
    CHECK(std::isnan(std::get<2>(groups[0])));
    CHECK(std::get<3>(groups[0]) == std::nullopt);
    CHECK(std::get<4>(groups[0]) == inf);
    CHECK(groups[1] == std::tuple("down", -inf, -inf, -inf, -inf));
    CHECK(groups[2] == std::tuple("up", inf, inf, inf, inf));
    const auto having = [&](const auto& condition) {
      return world.Query().GroupBy(F<&Ticket::status>).Having(condition).Select().All();
    };
    CHECK(having(Sum(F<&Ticket::cost>) == inf) == Texts{"up"});
    CHECK(having(Avg(F<&Ticket::cost>) < 0) == Texts{"down"});
    CHECK(having(Sum(F<&Ticket::cost>) != inf) == Texts{"down"});  // of NaN nothing holds
  });
}

TEST_CASE("B150 groups: keys and aggregates of every kind, conditions, order and limit") {
  World world;
  const auto by_status = world.Query().GroupBy(F<&Ticket::status>);
  using Row = std::tuple<std::string, std::int64_t, std::int64_t, OptionalInt,
                         std::optional<double>, double, std::string>;
  auto rows = by_status
                  .Select(Count(), Count(F<&Ticket::bonus>), Max(F<&Ticket::closed>),
                          Sum(F<&Ticket::bonus>), Sum(F<&Ticket::cost>), Min(F<&Ticket::pin>))
                  .Order(Asc(F<&Ticket::status>));
  static_assert(std::is_same_v<decltype(rows.All()), std::vector<Row>>);
  CHECK(rows.All() == std::vector<Row>{{"new", 1, 0, {}, {}, 0.0, ""},
                                       {"open", 2, 1, {}, 2.0, 2.0, ""},
                                       {"shut", 1, 1, {}, 1.0, 4.0, ""}});
  CHECK(std::get<0>(rows.First()) == "new");
  CHECK(std::get<0>(rows.Offset(2).First()) == "shut");
  CHECK_THROWS_AS(rows.Offset(3).First(), grapnel::NotFoundError);

  const auto names = [](const auto& groups) { return groups.Select().All(); };
  static_assert(std::is_same_v<decltype(names(by_status)), Texts>);
  const auto ordered = world.Query().GroupBy(F<&Ticket::status>).Order(Asc(F<&Ticket::status>));
  const auto having = [&](const auto& predicate) {
    auto groups = ordered;
    return groups.Having(predicate).Select().All();
  };
  CHECK(having(Count() > 1) == Texts{"open"});
  CHECK(having(1 < Count()) == Texts{"open"});
  CHECK(having(Count() == 1) == Texts{"new", "shut"});
  CHECK(having(Count() != 1) == Texts{"open"});
  CHECK(having(Count() > 1 || Sum(F<&Ticket::cost>) >= 4) == Texts{"open", "shut"});
  CHECK(having(Count() >= 1 && Max(F<&Ticket::status>) == "new") == Texts{"new"});
  CHECK(having(!(Count() > 1)) == Texts{"new", "shut"});
  CHECK(having(Avg(F<&Ticket::minutes>) < 7.5) == Texts{"new", "shut"});
  CHECK(having(Sum(F<&Ticket::bonus>) > 0) == Texts{"open", "shut"});  // of NULL nothing holds
  CHECK(having(Max(F<&Ticket::due>) == 7) == Texts{"new", "shut"});    // a mixin's
  CHECK(having(Max(F<&Ticket::due>) == 7 && Sum(F<&Ticket::cost>) > 1) == Texts{"shut"});
  CHECK(names(world.Query().GroupBy(F<&Ticket::status>).Having(Count() > 1).Having(Count() > 2))
            .empty());
  CHECK(world.Query()
            .GroupBy(F<&Ticket::status>)
            .Order(Desc(Sum(F<&Ticket::minutes>)), Asc(F<&Ticket::status>))
            .Limit(2)
            .Select()
            .All() == Texts{"open", "new"});
  CHECK(world.Query()
            .GroupBy(F<&Ticket::minutes>, F<&Ticket::closed>)
            .Select(Count())
            .Order(Asc(F<&Ticket::minutes>))
            .All() == std::vector<std::tuple<std::int64_t, OptionalInt, std::int64_t>>{
                          {7, {}, 2}, {10, {}, 1}, {20, {}, 1}});
}

TEST_CASE("B150 an order of groups by what they do not have is refused") {
  World world;
  const auto error = Thrown<ValidationError>([&] {
    world.Query().GroupBy(F<&Ticket::status>).Order(Asc(F<&Ticket::cost>)).Select(Count()).All();
  });
  CHECK(error.Field() == "cost");
  const auto by_edge = Thrown<ValidationError>([&] {
    world.client.Of<Agent>()
        .Query()
        .GroupBy(F<&Agent::id>)
        .Order(Desc(grapnel::CountOf(F<&Agent::tickets>)))
        .Select(Count())
        .All();
  });
  CHECK(by_edge.Field() == "tickets");
  CHECK_THROWS_AS(world.Query().GroupBy(F<&Ticket::status>).Limit(-1), grapnel::Error);
  CHECK_THROWS_AS(world.Query().GroupBy(F<&Ticket::status>).Select(Count()).Offset(-1),
                  grapnel::Error);
}

TEST_CASE("B150 Select gives tuples of fields, or one field's values, each once if asked") {
  World world;
  const auto by_id = [&] { return world.Query().Order(Asc(F<&Ticket::id>)); };
  CHECK(by_id().Select(F<&Ticket::status>).All() == Texts{"open", "open", "shut", "new"});
  CHECK(by_id().Limit(2).Offset(1).Select(F<&Ticket::bonus>, F<&Ticket::due>).All() ==
        std::vector<std::tuple<std::optional<double>, std::int64_t>>{{std::nullopt, 0}, {1.0, 7}});
  CHECK(by_id().Select(F<&Ticket::status>).First() == "open");
  CHECK_THROWS_AS(by_id().Offset(9).Select(F<&Ticket::status>).First(), grapnel::NotFoundError);
  const auto by_status = [&] { return world.Query().Order(Desc(F<&Ticket::status>)); };
  CHECK(by_status().Select(F<&Ticket::status>).Distinct().All() == Texts{"shut", "open", "new"});
  CHECK(by_status().Limit(2).Select(F<&Ticket::status>).Distinct().All() == Texts{"shut", "open"});
  CHECK(world.Query().Select(F<&Ticket::note>).Distinct().All().size() == 1);  // NULL
  const auto error =
      Thrown<ValidationError>([&] { by_id().Select(F<&Ticket::status>).Distinct().All(); });
  CHECK(error.Field() == "id");
  auto lasting = by_id().Select(F<&Ticket::minutes>);
  CHECK(lasting.All() == lasting.All());
}

TEST_CASE("B150 in a Tx and in a ReadTx the questions are theirs, and an empty one is no trouble") {
  World world;
  const auto other = engine::Open<Ticket, Agent>(world.scratch.File("test.db"));
  const auto read = other.ReadTx();
  {
    auto tx = world.client.Tx();
    Add(tx, "open", 30);
    CHECK(tx.Of<Ticket>().Query().Sum(F<&Ticket::minutes>) == 74);
    auto nested = tx.Tx();
    Add(nested, "late", 1);
    CHECK(nested.Of<Ticket>().Query().Select(F<&Ticket::status>).Distinct().All().size() == 4);
    nested.Rollback();
    CHECK(tx.Of<Ticket>().Query().GroupBy(F<&Ticket::status>).Select().All().size() == 3);
    tx.Commit();
  }
  CHECK(read.Of<Ticket>().Query().Sum(F<&Ticket::minutes>) == 44);
  const auto client = engine::Open<Ticket, Agent>(":memory:");
  CHECK_THROWS_AS(client.Of<Ticket>().Query().Sum(F<&Ticket::minutes>), grapnel::SchemaError);
  client.Migrate();
  CHECK(client.Of<Ticket>().Query().GroupBy(F<&Ticket::status>).Select(Count()).All().empty());
  auto spent = client.Of<Ticket>().Query().GroupBy(F<&Ticket::status>);
  const auto taken = std::move(spent);
  CHECK_THROWS_AS(spent.Select(Count()).All(), grapnel::Error);  // NOLINT
}

TEST_CASE("B150 conditions, traversals and text ids stand behind the questions as they do else") {
  World world;
  for (const char* id : {"ada", "bob"}) {
    world.client.Of<Agent>().Create().Set(F<&Agent::id>, id).Save();
  }
  world.client.Of<Ticket>()
      .Update()
      .Where(F<&Ticket::status> == "open")
      .Set(F<&Ticket::agent>, "ada")
      .Save();
  const auto agents = world.client.Of<Agent>();
  CHECK(agents.Query().Max(F<&Agent::id>) == "bob");
  CHECK(agents.Query().Select(F<&Agent::id>).Distinct().All().size() == 2);
  CHECK(agents.Query()
            .Where(F<&Agent::id> == "ada")
            .Traverse(F<&Agent::tickets>)
            .Sum(F<&Ticket::minutes>) == 30);
  CHECK(world.Query()
            .Where(!F<&Ticket::agent>.Has(F<&Agent::id> == "bob"))
            .GroupBy(F<&Ticket::status>)
            .Having(Count() > 1)
            .Select(Max(F<&Ticket::minutes>))
            .All() == std::vector{std::tuple(std::string("open"), std::int64_t{20})});
}

TEST_CASE("B150 what others have stored and cannot be read is SchemaError, without a secret") {
  World world;
  const auto spoil = [&] {
    world.Raw("UPDATE Ticket SET minutes = 'many', pin = x'00' WHERE status = 'new'");
  };
  if (!engine::Spoiled(spoil)) return;
  const auto query = world.Query();
  for (const auto& ask : std::vector<std::function<void()>>{
           [&] { query.Sum(F<&Ticket::minutes>); },
           [&] { query.Max(F<&Ticket::minutes>); },
           [&] { query.Select(F<&Ticket::minutes>).All(); },
           [&] { query.GroupBy(F<&Ticket::minutes>).Select(Count()).All(); },
       }) {
    CHECK(Thrown<grapnel::SchemaError>(ask).Field() == "minutes");
  }
  CHECK(Thrown<grapnel::SchemaError>([&] { query.Max(F<&Ticket::pin>); }).Reason() ==
        "a stored value cannot be read: it is not valid");
}

namespace {

/// Of one member of Plain or Maybe, whatever its kind: against what the rows themselves say.
template <class E, auto M, class Client>
void CheckKind(const Client& client, const std::vector<E>& rows) {
  using Bare = typename grapnel::MemberToken<M>::Bare;
  using Ops = grapnel::detail::Mapping<Bare>;
  std::vector<Bare> values;
  for (const E& row : rows) {
    if constexpr (grapnel::detail::kIsOptional<typename grapnel::MemberToken<M>::Type>) {
      if (row.*M) values.push_back(*(row.*M));
    } else {
      values.push_back(row.*M);
    }
  }
  std::vector<grapnel::FieldValue> keys;
  for (const Bare& value : values) {
    const auto key = Ops::ToValue(value);
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
  }
  const auto query = client.template Of<E>().Query().Order(Asc(F<&E::id>));
  CHECK(query.Count(F<M>) == static_cast<std::int64_t>(keys.size()));
  const auto selected = query.Select(F<M>).All();
  REQUIRE(selected.size() == rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) CHECK(selected[i] == rows[i].*M);
  std::int64_t grouped = 0;
  for (const auto& [value, n] : query.GroupBy(F<M>).Select(Count()).All()) grouped += n;
  CHECK(grouped == static_cast<std::int64_t>(rows.size()));
  const auto by_value = [&](const auto& order) {
    return client.template Of<E>().Query().Where(F<M>.NotNull()).Order(order).Limit(1).All();
  };
  const std::optional<Bare> least = query.Min(F<M>), most = query.Max(F<M>);
  REQUIRE(least.has_value() == !values.empty());
  if (values.empty()) return;
  CHECK(*least == by_value(Asc(F<M>)).at(0).*M);
  CHECK(*most == by_value(Desc(F<M>)).at(0).*M);
  if constexpr (grapnel::detail::Number<Bare>) {
    using Total = typename decltype(query.Sum(F<M>))::value_type;
    const auto sum = std::accumulate(
        values.begin(), values.end(), Total{0},
        [](Total so_far, auto value) { return so_far + static_cast<Total>(value); });
    CHECK(query.Sum(F<M>) == sum);
    CHECK(std::abs(*query.Avg(F<M>) -
                   static_cast<double>(sum) / static_cast<double>(values.size())) < 1e-6);
  }
}
template <class E>
void CheckKinds(const grapnel::Client& client, const std::vector<E>& rows) {
  CheckKind<E, &E::flag>(client, rows);
  CheckKind<E, &E::i8>(client, rows);
  CheckKind<E, &E::u32>(client, rows);
  CheckKind<E, &E::u64>(client, rows);
  CheckKind<E, &E::real>(client, rows);
  CheckKind<E, &E::text>(client, rows);
  CheckKind<E, &E::bytes>(client, rows);
  CheckKind<E, &E::octets>(client, rows);
  CheckKind<E, &E::level>(client, rows);
  CheckKind<E, &E::mood>(client, rows);
  CheckKind<E, &E::time>(client, rows);
  CheckKind<E, &E::day>(client, rows);
  CheckKind<E, &E::warmth>(client, rows);
}

template <class E>
E Row(int i) {
  E row;
  row.flag = i % 2 == 0;
  row.i8 = static_cast<std::int8_t>(-i);
  row.u32 = 4000000000U + static_cast<std::uint32_t>(i % 3);
  row.u64 = static_cast<std::uint64_t>(i) << 40;
  row.real = i / 3.0;
  row.text = engine::Storable(std::string(static_cast<std::size_t>(i % 3), 'x') + '\0' + "y");
  row.bytes = kinds::Bytes(static_cast<std::size_t>(i % 4), std::byte{7});
  row.octets = kinds::Octets(2, static_cast<std::uint8_t>(i));
  row.level = i % 2 == 0 ? kinds::Level::Low : kinds::Level::High;
  row.mood = i % 3 == 0 ? kinds::Mood::Calm : kinds::Mood::Angry;
  row.time = kinds::Time(std::chrono::microseconds(i * 1'000'003));
  row.day = kinds::Day(std::chrono::days(20'000 - i % 3));
  row.warmth = kinds::Celsius{i % 5 * 0.5};
  return row;
}

}  // namespace

TEST_CASE("B150 fields of every kind, with values and with NULL") {
  const auto client = engine::Open<kinds::Plain, kinds::Maybe>(":memory:");
  client.Migrate();
  std::vector<kinds::Plain> plain;
  std::vector<kinds::Maybe> maybe{{}};
  for (int i = 0; i < 9; ++i) {
    plain.push_back(Row<kinds::Plain>(i));
    maybe.push_back(Row<kinds::Maybe>(i));
  }
  CheckKinds<kinds::Maybe>(client, {});
  CheckKinds<kinds::Plain>(client, client.Of<kinds::Plain>().CreateBulk(std::move(plain)).Save());
  CheckKinds<kinds::Maybe>(client, client.Of<kinds::Maybe>().CreateBulk(std::move(maybe)).Save());
}

TEST_CASE("B150 against a model: random rows, conditions, groups, orders and limits") {
  std::mt19937 random(150);  // NOLINT(cert-msc51-cpp): the same each time
  const auto draw = [&](int below) {
    return static_cast<int>(random() % static_cast<unsigned>(below));
  };
  const auto client = engine::Open<Ticket, Agent>(":memory:");
  client.Migrate();
  std::vector<Ticket> rows(60);
  for (Ticket& row : rows) {
    row.status = std::string(1, static_cast<char>('a' + draw(4)));
    row.minutes = draw(6);
    if (draw(3) > 0) row.closed = draw(3);
    row.due = draw(3);
  }
  rows = client.Of<Ticket>().CreateBulk(std::move(rows)).Save();
  for (int round = 0; round < 150; ++round) {
    const int below = draw(8), limit = draw(80), skip = draw(4), at_least = draw(8);
    std::vector<Ticket> chosen;
    for (const Ticket& row : rows) {
      if (row.minutes < below) chosen.push_back(row);
    }
    chosen.erase(chosen.begin(),
                 chosen.begin() + std::min<int>(skip, static_cast<int>(chosen.size())));
    if (static_cast<int>(chosen.size()) > limit) chosen.resize(static_cast<std::size_t>(limit));
    using Key = std::pair<std::string, OptionalInt>;
    std::map<Key, std::vector<Ticket>> groups;
    for (const Ticket& row : chosen) groups[{row.status, row.closed}].push_back(row);
    using Made = std::tuple<std::string, OptionalInt, std::int64_t, std::int64_t, std::int64_t>;
    std::vector<Made> expected;
    for (const auto& [key, members] : groups) {
      std::int64_t sum = 0, most = 0;
      for (const Ticket& row : members) {
        sum += row.minutes;
        most = std::max(most, row.due);
      }
      if (sum < at_least) continue;
      expected.emplace_back(key.first, key.second, static_cast<std::int64_t>(members.size()), sum,
                            most);
    }
    std::stable_sort(expected.begin(), expected.end(), [](const Made& left, const Made& right) {
      return std::get<2>(left) > std::get<2>(right);
    });
    const int of_groups = draw(6);
    if (static_cast<int>(expected.size()) > of_groups) {
      expected.resize(static_cast<std::size_t>(of_groups));
    }
    auto query = client.Of<Ticket>().Query().Where(F<&Ticket::minutes> < below);
    query.Order(Asc(F<&Ticket::id>)).Limit(limit).Offset(skip);
    CHECK(query.GroupBy(F<&Ticket::status>, F<&Ticket::closed>)
              .Having(Sum(F<&Ticket::minutes>) >= at_least)
              .Select(Count(), Sum(F<&Ticket::minutes>), Max(F<&Ticket::due>))
              .Order(Desc(Count()), Asc(F<&Ticket::status>), Asc(F<&Ticket::closed>))
              .Limit(of_groups)
              .All() == expected);
    std::set<std::int64_t> distinct;
    for (const Ticket& row : chosen) distinct.insert(row.minutes);
    CHECK(query.Count(F<&Ticket::minutes>) == static_cast<std::int64_t>(distinct.size()));
  }
}
