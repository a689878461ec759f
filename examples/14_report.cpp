// The first report screen: sums, groups, fields in place of rows, pages, and the latest rows of
// each parent, all of it through the same interceptors as any other read.
//
// Output:
//   minutes in all: 180
//   closed: 3 tickets, 40.0 minutes each
//   open: 3 tickets, 20.0 minutes each
//   busy: Ada with 4
//   late: 3
//   page: 6 5
//   page: 4 3
//   page: 2 1
//   Ada's latest: 6 4
//   Bob's latest: 5 3
//   walked over 6 tickets

#include <grapnel/grapnel.hpp>

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

using grapnel::Asc;
using grapnel::Desc;
using grapnel::F;

struct Ticket;
struct Agent {
  std::int64_t id = 0;
  std::string name{};
  grapnel::Many<Ticket> tickets{};
};
struct Ticket {
  std::int64_t id = 0;
  std::string status{};
  std::int64_t minutes = 0;
  std::int64_t due = 0;
  std::optional<std::int64_t> closed{};
  grapnel::One<Agent> agent{};
};

template <>
struct grapnel::Schema<Agent> {
  static constexpr std::string_view Type = "Agent";
  static constexpr auto Fields() { return grapnel::Fields(Field<&Agent::name>("name")); }
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

void Fill(const grapnel::Client& client) {
  const Agent ada = client.Of<Agent>().Create().Set(F<&Agent::name>, "Ada").Save();
  const Agent bob = client.Of<Agent>().Create().Set(F<&Agent::name>, "Bob").Save();
  for (std::int64_t day = 1; day <= 6; ++day) {
    auto ticket = client.Of<Ticket>().Create().Set(F<&Ticket::agent>, day % 2 == 0 ? ada : bob);
    ticket.Set(F<&Ticket::due>, day).Set(F<&Ticket::minutes>, day * 5 + (day <= 3 ? 35 : 0) - 5);
    if (day <= 3) ticket.Set(F<&Ticket::closed>, day + 1);
    ticket.Set(F<&Ticket::status>, day <= 3 ? "closed" : "open").Save();
  }
  client.Of<Ticket>().UpdateOne(1).Set(F<&Ticket::agent>, ada).Save();
}

int main() {
  auto client = grapnel::Open<Agent, Ticket>(":memory:");
  client.Migrate();
  Fill(client);
  const auto tickets = client.Of<Ticket>();

  fmt::print("minutes in all: {}\n", *tickets.Query().Sum(F<&Ticket::minutes>));
  for (const auto& [status, count, mean] :
       tickets.Query()
           .GroupBy(F<&Ticket::status>)
           .Select(grapnel::Count(), grapnel::Avg(F<&Ticket::minutes>))
           .Order(Asc(F<&Ticket::status>))
           .All()) {
    fmt::print("{}: {} tickets, {:.1f} minutes each\n", status, count, mean);
  }
  const Agent busy =
      client.Of<Agent>().Query().Order(Desc(grapnel::CountOf(F<&Agent::tickets>))).First();
  fmt::print("busy: {} with {}\n", busy.name,
             tickets.Query().Where(F<&Ticket::agent> == busy).Count());
  fmt::print("late: {}\n", tickets.Query().Where(F<&Ticket::due> < F<&Ticket::closed>).Count());

  // Pages that go on behind a row, however many rows come or go meanwhile.
  auto page = tickets.Query().Order(Desc(F<&Ticket::due>)).Limit(2);
  for (auto rows = page.All(); !rows.empty(); rows = page.All()) {
    fmt::print("page: {} {}\n", rows.front().id, rows.back().id);
    page.After(rows.back());
  }

  // The two latest of each agent, by one query for all of them.
  const auto latest = [](auto& of) { of.Order(Desc(F<&Ticket::due>)).Limit(2); };
  for (const Agent& agent : client.Of<Agent>().Query().With(F<&Agent::tickets>, latest).All()) {
    fmt::print("{}'s latest: {} {}\n", agent.name, agent.tickets[0].id, agent.tickets[1].id);
  }

  // One row at a time, in constant memory, from one snapshot.
  int walked = 0;
  for (const Ticket& ticket : tickets.Query()) walked += ticket.id > 0 ? 1 : 0;
  fmt::print("walked over {} tickets\n", walked);
}
