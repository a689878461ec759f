/// The forms of reading that are contract, as they stand: B141, B150, B151, B153, B156.

#include <grapnel/grapnel.hpp>

#include "support/catch.hpp"
#include "support/engine/engine.hpp"
#include "support/engine/traits.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hook = grapnel::hook;
using grapnel::F;

namespace {

struct WithDeleted {};
struct SoftDelete {
  std::optional<std::int64_t> deleted_at{};
};
struct User : SoftDelete {
  std::int64_t id = 0;
  std::string phone{};
};
struct Ticket;
struct Agent {
  std::int64_t id = 0;
  grapnel::Many<Ticket> tickets{};
};
struct Ticket {
  std::int64_t id = 0;
  std::string status{};
  std::int64_t minutes = 0;
  std::int64_t due = 0;
  std::int64_t closed = 0;
  grapnel::One<Agent> agent{};
};

}  // namespace

template <>
struct grapnel::Schema<SoftDelete> {
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&SoftDelete::deleted_at>("deleted_at"));
  }
  template <class E>
  static auto Interceptors() {  // in a mixin's Schema
    return grapnel::Interceptors(hook::Before([](grapnel::Reading<E>& r) {
      if (!r.Context().template Get<WithDeleted>()) r.Where(F<&SoftDelete::deleted_at>.IsNull());
    }));
  }
};
template <>
struct grapnel::Schema<User> {
  static constexpr std::string_view Type = "User";
  using Mixins = grapnel::Mixins<SoftDelete>;
  static constexpr auto Fields() { return grapnel::Fields(Field<&User::phone>("phone")); }
};
template <>
struct grapnel::Schema<Agent> {
  static constexpr std::string_view Type = "Agent";
  static constexpr auto Edges() { return grapnel::Edges(To<&Agent::tickets>("tickets")); }
};
template <>
struct grapnel::Schema<Ticket> {
  static constexpr std::string_view Type = "Ticket";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&Ticket::status>("status"), Field<&Ticket::minutes>("minutes"),
                           Field<&Ticket::due>("due"), Field<&Ticket::closed>("closed"));
  }
  static constexpr auto Edges() {
    return grapnel::Edges(From<&Ticket::agent>("agent").Ref<&Agent::tickets>());
  }
};

TEST_CASE("B141 interceptors as the contract writes them") {
  auto client = engine::Open<User>(":memory:");
  client.Migrate();
  client.Of<User>().Intercept(
      hook::After([](const grapnel::Reading<User>&, grapnel::Found<User>& f) {
        if (auto* rows = f.Rows())
          for (User& u : *rows) u.phone = "***";
      }));
  client.Intercept([]<class E>(grapnel::Reading<E>& r, grapnel::NextRead<E> next) {
    r.AtMost(1000);
    return next(r);
  });
  client.Of<User>().Create().Set(F<&User::phone>, "1").Save();
  client.Of<User>().Create().Set(F<&User::phone>, "2").Set(F<&SoftDelete::deleted_at>, 3).Save();
  CHECK(client.Of<User>().Query().Only().phone == "***");
  CHECK(client.With(WithDeleted{}).Of<User>().Query().Count() == 2);
}

TEST_CASE("B150 B151 B153 B156 questions and SQL as the contract writes them") {
  auto client = engine::Open<Agent, Ticket>(":memory:");
  client.Migrate();
  const Agent agent = client.Of<Agent>().Create().Save();
  for (std::int64_t i = 1; i <= 6; ++i) {
    client.Of<Ticket>()
        .Create()
        .Set(F<&Ticket::status>, i % 2 == 0 ? "even" : "odd")
        .Set(F<&Ticket::minutes>, 10 * i)
        .Set(F<&Ticket::due>, i)
        .Set(F<&Ticket::closed>, i + 1)
        .Set(F<&Ticket::agent>, agent.id)
        .Save();
  }
  std::string said;
  auto open = client.Of<Ticket>().Query().Where(F<&Ticket::agent> == agent.id &&
                                                F<&Ticket::due> < F<&Ticket::closed>);
  std::optional<std::int64_t> total = open.Sum(F<&Ticket::minutes>);
  for (auto [status, n, mean] : open.GroupBy(F<&Ticket::status>)
                                    .Select(grapnel::Count(), grapnel::Avg(F<&Ticket::minutes>))
                                    .All()) {
    said += status + std::to_string(n) + "/" + std::to_string(static_cast<int>(mean)) + " ";
  }
  const Ticket last = client.Of<Ticket>().Get(5);
  for (const Ticket& t : open.Order(grapnel::Desc(F<&Ticket::due>)).After(last).Limit(50))
    said += std::to_string(t.id);
  auto agents = client.Of<Agent>()
                    .Query()
                    .With(F<&Agent::tickets>,
                          [](auto& t) { t.Order(grapnel::Desc(F<&Ticket::due>)).Limit(3); })
                    .All();  // 3 per agent, one query
  const std::int64_t day = 3;
  auto tx = client.Tx();
  auto rows =
      tx.Sql(engine::Spelled("SELECT CAST(sum(minutes) AS INTEGER) FROM Ticket WHERE due >= ?1"),
             day)
          .As<std::int64_t>();
  CHECK(total == 210);
  CHECK(said == "even3/40 odd3/30 4321");
  REQUIRE(agents.size() == 1);
  CHECK(agents[0].tickets.size() == 3);
  CHECK(agents[0].tickets[0].id == 6);
  REQUIRE(rows.size() == 1);
  CHECK(rows[0] == 180);
}
