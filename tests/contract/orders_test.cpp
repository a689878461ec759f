#include "contract/desk_model.hpp"
#include "support/catch.hpp"
#include "support/scratch.hpp"

#include <grapnel/grapnel.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <random>
#include <string>
#include <string_view>
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

namespace {

/// `limit` of these behind the first `offset`.
template <class T>
std::vector<T> Part(std::vector<T> all, std::size_t offset, std::size_t limit) {
  all.erase(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(std::min(offset, all.size())));
  all.resize(std::min(all.size(), limit));
  return all;
}
template <class Edge>
auto IdsOf(const Edge& edge) {
  std::vector<decltype(edge[0].id)> ids;
  for (const auto& each : edge) ids.push_back(each.id);
  return ids;
}

}  // namespace

TEST_CASE("B153 Limit and Offset in With hold for each row, by one query for all of them") {
  const auto client = desk::Open(":memory:");
  std::mt19937 random(3);
  const auto tickets = client.Of<Ticket>();
  client.WithTx([&](grapnel::Tx& tx) {
    for (int i = 0; i < 12; ++i) {
      const std::string name = "a" + std::to_string(10 + i);
      tx.Of<Agent>().Create().Set(F<&Agent::id>, Uuid{name}).Set(F<&Agent::name>, name).Save();
      tx.Of<Tag>().Create().Set(F<&Tag::id>, "t" + name).Save();
    }
    for (int i = 0; i < 80; ++i) {
      auto create = tx.Of<Ticket>().Create().Set(F<&Ticket::due>, static_cast<int>(random() % 5));
      if (random() % 5 != 0) {
        create.Set(F<&Ticket::agent>, Uuid{"a1" + std::to_string(random() % 9)});
      }
      create.AddIDs(F<&Ticket::tags>, {"ta1" + std::to_string(random() % 10)}).Save();
    }
    for (int i = 0; i < 30; ++i) {
      tx.Of<Agent>()
          .UpdateOne(Uuid{"a1" + std::to_string(random() % 10)})
          .AddIDs(F<&Agent::friends>, {Uuid{"a1" + std::to_string(random() % 10)}})
          .Save();
    }
  });
  const auto by_due = [](auto& t) { t.Order(Desc(F<&Ticket::due>)); };
  const auto by_name = [](auto& f) { f.Order(Asc(F<&Agent::name>)); };
  const auto whole = client.Of<Agent>()
                         .Query()
                         .With(F<&Agent::tickets>, by_due)
                         .With(F<&Agent::friends>, by_name)
                         .All();
  const auto tags = client.Of<Tag>().Query().With(F<&Tag::tickets>, by_due).All();
  const std::vector<std::pair<int, int>> parts = {{0, 3}, {1, 2}, {2, 100}, {0, 0}, {50, 4}};
  for (const auto& [offset, limit] : parts) {
    CAPTURE(offset, limit);
    const auto part = [o = offset, l = limit](auto& t) { t.Limit(l).Offset(o); };
    const auto first = static_cast<std::size_t>(offset), most = static_cast<std::size_t>(limit);
    int statements = 0;
    const auto some =
        client.Debug([&](std::string_view sql) { statements += sql.starts_with("SELECT"); })
            .Of<Agent>()
            .Query()
            .With(F<&Agent::tickets>, by_due)
            .With(F<&Agent::tickets>, part)
            .With(F<&Agent::friends>,
                  [&](auto& f) {
                    by_name(f);
                    part(f);
                    f.With(F<&Agent::tickets>, [&](auto& t) { by_due(t), part(t); });
                  })
            .All();
    CHECK(statements <= 5);  // with the one that fixes the snapshot
    REQUIRE(some.size() == whole.size());
    for (std::size_t i = 0; i < some.size(); ++i) {
      CHECK(IdsOf(some[i].tickets) == Part(IdsOf(whole[i].tickets), first, most));
      CHECK(IdsOf(some[i].friends) == Part(IdsOf(whole[i].friends), first, most));
      for (const Agent& each : some[i].friends) {
        const auto same = std::find_if(whole.begin(), whole.end(),
                                       [&](const Agent& other) { return other.id == each.id; });
        CHECK(IdsOf(each.tickets) == Part(IdsOf(same->tickets), first, most));
      }
    }
    const auto tagged = client.Of<Tag>()
                            .Query()
                            .With(F<&Tag::tickets>,
                                  [&](auto& t) {
                                    by_due(t);
                                    part(t);
                                    t.Where(F<&Ticket::due> >= 0 && F<&Ticket::tags>.Has());
                                  })
                            .All();
    for (std::size_t i = 0; i < tagged.size(); ++i) {
      CHECK(IdsOf(tagged[i].tickets) == Part(IdsOf(tags[i].tickets), first, most));
    }
    // Of an edge to one: the one, or none.
    const auto rows =
        tickets.Query().Where(F<&Ticket::agent>.NotNull()).With(F<&Ticket::agent>, part).All();
    for (const Ticket& row : rows)
      CHECK((row.agent.Get() != nullptr) == (offset == 0 && limit > 0));
  }
}

TEST_CASE("B115 limits and offsets of one edge leave what each of them leaves") {
  const auto client = desk::Open(":memory:");
  client.Of<Agent>().Create().Set(F<&Agent::id>, Uuid{"a"}).Set(F<&Agent::name>, "Ada").Save();
  for (int i = 0; i < 9; ++i) {
    client.Of<Ticket>().Create().Set(F<&Ticket::agent>, Uuid{"a"}).Save();
  }
  const auto left = [&](const auto& one, const auto& another) {
    auto agents = client.Of<Agent>().Query();
    const auto by_id = [](auto& t) { t.Order(Asc(F<&Ticket::id>)); };
    agents.With(F<&Agent::tickets>, one).With(F<&Agent::tickets>, by_id);
    return IdsOf(agents.With(F<&Agent::tickets>, another).Only().tickets);
  };
  const auto all = [](auto&) {};
  const auto part = [](std::int64_t offset, std::int64_t limit) {
    return [=](auto& t) { t.Offset(offset).Limit(limit); };
  };
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  CHECK(left(part(0, 3), part(0, 5)) == Ids{1, 2, 3});
  CHECK(left(part(0, 3), part(1, 5)) == Ids{2, 3});
  CHECK(left(part(6, most), part(1, 7)) == Ids{7, 8});
  CHECK(left(part(4, 1), part(0, 4)).empty());
  CHECK(left(all, part(7, 9)) == Ids{8, 9});
  CHECK(left([](auto& t) { t.Offset(8); }, all) == Ids{9});
  CHECK(left([](auto& t) { t.Offset(2); }, [](auto& t) { t.Limit(3); }) == Ids{3});
  CHECK_THROWS_AS(left(part(0, -1), all), grapnel::Error);
  CHECK_THROWS_AS(left(part(-1, 1), all), grapnel::Error);
}
