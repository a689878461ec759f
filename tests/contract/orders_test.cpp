#include "contract/desk_model.hpp"
#include "support/catch.hpp"
#include "support/scratch.hpp"

#include <grapnel/grapnel.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace {

using desk::Agent;
using desk::Badge;
using desk::Tag;
using desk::Ticket;
using desk::Uuid;
using grapnel::Asc;
using grapnel::CountOf;
using grapnel::Desc;
using grapnel::F;
using Ids = std::vector<std::int64_t>;
using Names = std::vector<std::string>;

/// Ada, Bob and Cyd, who is Ada's boss and nobody's friend. Ada and Bob are friends; Ada has badge
/// 9 and Bob badge 4. Tickets 1 to 5: Bob's, Ada's, nobody's, Ada's, Bob's; the closing times NULL,
/// 3, 1, NULL, 2.
class Desk {
 public:
  Desk() {
    const auto agents = client.Of<Agent>();
    for (const auto& [name, number] : std::vector<std::pair<std::string, std::optional<int>>>{
             {"Cyd", std::nullopt}, {"Ada", 9}, {"Bob", 4}}) {
      auto create = agents.Create().Set(F<&Agent::id>, Id(name)).Set(F<&Agent::name>, name);
      if (number) {
        create.Set(F<&Agent::badge>,
                   client.Of<Badge>().Create().Set(F<&Badge::number>, *number).Save().id);
      }
      create.Save();
    }
    agents.UpdateOne(Id("Ada"))
        .AddIDs(F<&Agent::friends>, {Id("Bob")})
        .Set(F<&Agent::boss>, Id("Cyd"))
        .Save();
    const std::vector<std::pair<std::string, std::optional<int>>> rows = {
        {"Bob", std::nullopt}, {"Ada", 3}, {"", 1}, {"Ada", std::nullopt}, {"Bob", 2}};
    for (const auto& [agent, closed] : rows) {
      auto create = tickets.Create();
      if (!agent.empty()) create.Set(F<&Ticket::agent>, Id(agent));
      if (closed) create.Set(F<&Ticket::closed>, *closed);
      create.Save();
    }
  }

  static Uuid Id(const std::string& name) { return {"id of " + name}; }

  template <class... Os>
  Ids Ordered(const Os&... orders) const {
    return tickets.Query().Order(orders...).IDs();
  }
  template <class... Os>
  Names Agents(const Os&... orders) const {
    Names names;
    for (const Agent& each : client.Of<Agent>().Query().Order(orders...).All()) {
      names.push_back(each.name);
    }
    return names;
  }

  const desk::Database client = desk::Open(":memory:");
  const grapnel::store::Entities<Ticket> tickets = client.Of<Ticket>();
};

}  // namespace

TEST_CASE_METHOD(Desk, "B153 NULLs stand where an order says, or as the smallest") {
  constexpr auto closed = F<&Ticket::closed>;
  CHECK(Ordered(Asc(closed)) == Ids{1, 4, 3, 5, 2});
  CHECK(Ordered(Asc(closed).NullsFirst()) == Ids{1, 4, 3, 5, 2});
  CHECK(Ordered(Asc(closed).NullsLast()) == Ids{3, 5, 2, 1, 4});
  CHECK(Ordered(Desc(closed)) == Ids{2, 5, 3, 4, 1});
  CHECK(Ordered(Desc(closed).NullsFirst()) == Ids{4, 1, 2, 5, 3});
  CHECK(Ordered(Desc(closed).NullsLast().NullsFirst().NullsLast()) == Ids{2, 5, 3, 4, 1});
  CHECK(Ordered(Asc(F<&Ticket::due>).NullsLast(), Desc(F<&Ticket::agent>).NullsFirst()) ==
        Ids{3, 5, 1, 4, 2});
}

TEST_CASE_METHOD(Desk, "B153 rows that an order leaves equal come by id, in its direction") {
  CHECK(Ordered(Asc(F<&Ticket::due>)) == Ids{1, 2, 3, 4, 5});
  CHECK(Ordered(Desc(F<&Ticket::due>)) == Ids{5, 4, 3, 2, 1});
  CHECK(Ordered(Asc(F<&Ticket::due>), Desc(F<&Ticket::rank>)) == Ids{5, 4, 3, 2, 1});
  CHECK(Ordered(Asc(F<&Ticket::due>), Asc(F<&Ticket::id>)) == Ids{1, 2, 3, 4, 5});
  CHECK(tickets.Query().Order(Desc(F<&Ticket::due>)).First().id == 5);
  CHECK(Agents(Desc(F<&Agent::city>)) == Names{"Cyd", "Bob", "Ada"});
}

TEST_CASE_METHOD(Desk, "B153 rows are ordered by a field of their neighbour") {
  constexpr auto agent = F<&Ticket::agent>;
  CHECK(Ordered(Asc(agent, F<&Agent::name>)) == Ids{3, 2, 4, 1, 5});
  CHECK(Ordered(Desc(agent, F<&Agent::name>)) == Ids{5, 1, 4, 2, 3});
  CHECK(Ordered(Asc(agent, F<&Agent::name>).NullsLast(), Desc(F<&Ticket::id>)) ==
        Ids{4, 2, 5, 1, 3});
  CHECK(Ordered(Desc(agent, F<&Agent::name>).NullsFirst(), Asc(F<&Ticket::closed>).NullsLast()) ==
        Ids{3, 5, 1, 2, 4});
  // By the type itself, by a neighbour that holds the key, and by a neighbour's own key.
  CHECK(Agents(Asc(F<&Agent::boss>, F<&Agent::name>), Asc(F<&Agent::name>)) ==
        Names{"Bob", "Cyd", "Ada"});
  CHECK(Agents(Desc(F<&Agent::badge>, F<&Badge::number>)) == Names{"Ada", "Bob", "Cyd"});
  CHECK(client.Of<Badge>().Query().Order(Desc(F<&Badge::agent>, F<&Agent::name>)).IDs() ==
        Ids{2, 1});
}

TEST_CASE_METHOD(Desk, "B153 rows are ordered by how many neighbours they have") {
  tickets.Create().Set(F<&Ticket::agent>, Id("Ada")).Save();
  const auto by_name = Asc(F<&Agent::name>);
  CHECK(Agents(Desc(CountOf(F<&Agent::tickets>))) == Names{"Ada", "Bob", "Cyd"});
  CHECK(Agents(Asc(CountOf(F<&Agent::tickets>)), by_name) == Names{"Cyd", "Bob", "Ada"});
  CHECK(Agents(Asc(CountOf(F<&Agent::friends>)), by_name) == Names{"Cyd", "Ada", "Bob"});
  CHECK(Agents(Desc(CountOf(F<&Agent::boss>)), by_name) == Names{"Ada", "Bob", "Cyd"});
  CHECK(Agents(Desc(CountOf(F<&Agent::badge>)), Desc(F<&Agent::name>)) ==
        Names{"Bob", "Ada", "Cyd"});
  client.Of<Tag>().Create().Set(F<&Tag::id>, "x").AddIDs(F<&Tag::tickets>, {4, 5}).Save();
  client.Of<Tag>().Create().Set(F<&Tag::id>, "y").AddIDs(F<&Tag::tickets>, {5}).Save();
  CHECK(Ordered(Desc(CountOf(F<&Ticket::tags>)), Asc(F<&Ticket::id>)) == Ids{5, 4, 1, 2, 3, 6});
  CHECK(client.Of<Tag>().Query().Order(Desc(CountOf(F<&Tag::tickets>))).First().id == "x");
}

TEST_CASE_METHOD(Desk, "B153 neighbours order wherever an order may be given") {
  const auto order = Desc(F<&Ticket::agent>, F<&Agent::name>);
  // In Traverse, with what limits the rows that are left.
  const auto last = tickets.Query().Order(order).Limit(2).Traverse(F<&Ticket::agent>).All();
  REQUIRE(last.size() == 1);
  CHECK(last.front().name == "Bob");
  CHECK(tickets.Query().Order(order).Offset(4).Count() == 1);
  // In With: also of a type by itself.
  const Agent bob =
      client.Of<Agent>()
          .Query()
          .Where(F<&Agent::name> == "Bob")
          .With(F<&Agent::tickets>,
                [](auto& t) {
                  t.Order(Asc(F<&Ticket::agent>, F<&Agent::name>), Desc(F<&Ticket::id>));
                })
          .With(F<&Agent::friends>, [](auto& f) { f.Order(Desc(CountOf(F<&Agent::friends>))); })
          .Only();
  REQUIRE(bob.tickets.size() == 2);
  CHECK(bob.tickets[0].id == 5);
  REQUIRE(bob.friends.size() == 1);
}
