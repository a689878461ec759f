#include <grapnel/store/query/eager.hpp>

#include <grapnel/grapnel.hpp>
#include <grapnel/store/query/narrower.hpp>

#include "contract/graph_model.hpp"
#include "support/catch.hpp"
#include "support/running.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace detail = grapnel::detail;
using detail::Eager;
using detail::kTable;
using graph::Card;
using graph::Pet;
using graph::User;
using grapnel::F;

namespace {

/// The edge of that name.
const detail::EdgeEnd* Edge(const detail::Table& table, std::string_view name) {
  return table.FindEdge(name);
}
Eager Cards(grapnel::store::Predicate<Card> where) {
  return {Edge(kTable<User>, "cards"), detail::Asked(where.Node())};
}

/// Ada has the cards 1 and 2, Bob has 3; the card 4 is nobody's.
struct World : Opened<User, Card, Pet> {
  World() {
    for (const char* name : {"Ada", "Bob"}) Of<User>().Create().Set(F<&User::name>, name).Save();
    for (const std::int64_t owner : {1, 1, 2, 0}) {
      auto card = Of<Card>().Create().Set(F<&Card::number>, std::to_string(++cards_));
      if (owner != 0) card.Set(F<&Card::owner>, owner);
      card.Save();
    }
    CHECK(Of<Pet>().Query().Count() == 0);  // compares the type with the database, this once
  }
  template <class E>
  std::vector<void*> Load(std::vector<E>& rows, const std::vector<Eager>& wanted) {
    std::vector<void*> entities;
    for (E& row : rows) entities.push_back(&row);
    const auto handle = detail::BeginTransaction(Traced(log), detail::Session::Kind::ReadOnly);
    log.clear();
    detail::LoadEager(handle, kTable<E>, entities, wanted);
    return entities;
  }
  std::vector<std::string> log{};

 private:
  int cards_ = 0;
};

}  // namespace

TEST_CASE(
    "an edge that is asked for again stands once: conditions all hold, what is nested is merged") {
  std::vector<Eager> wanted;
  Eager first = Cards(F<&Card::number> == "1");
  first.nested.push_back({Edge(kTable<Card>, "owner")});
  first.asked.AddOrder({{kTable<Card>.Id().tag, false}});
  detail::Want(wanted, std::move(first));
  Eager again = Cards(F<&Card::id> == 1);
  again.nested.push_back({Edge(kTable<Card>, "owner")});
  again.asked.AddOrder({{kTable<Card>.Find("number")->tag, true}});
  detail::Want(wanted, std::move(again));
  detail::Want(wanted, {Edge(kTable<User>, "pets")});
  REQUIRE(wanted.size() == 2);
  CHECK(wanted[0].nested.size() == 1);
  const grapnel::store::Rows& rows = detail::Narrower::AsAsked(wanted[0].asked);
  CHECK(rows.where->kind == grapnel::store::PredicateKind::And);
  REQUIRE(rows.order.size() == 2);
  CHECK_FALSE(rows.order[0].descending);  // the earlier one comes first
  CHECK(rows.order[1].descending);
}

TEST_CASE_METHOD(
    World, "each edge is read once for all rows together, and each row gets its own neighbours") {
  auto users = Of<User>().Query().Order(grapnel::Asc(F<&User::id>)).All();
  Eager cards{Edge(kTable<User>, "cards")};
  cards.asked.AddOrder({{kTable<Card>.Id().tag, true}});
  Load(users, {cards, {Edge(kTable<User>, "pets")}});
  CHECK(log.size() == 2);
  REQUIRE(users[0].cards.size() == 2);
  CHECK(users[0].cards[0].id == 2);
  REQUIRE(users[1].cards.size() == 1);
  CHECK(users[1].cards[0].number == "3");
  CHECK(users[1].pets.empty());  // loaded, and there are none
  CHECK_THROWS_AS(users[0].friends.size(), grapnel::NotLoadedError);
}

TEST_CASE_METHOD(World, "rows that share a neighbour each get it, one that has none gets none") {
  auto cards = Of<Card>().Query().Order(grapnel::Asc(F<&Card::id>)).All();
  Load(cards, {{Edge(kTable<Card>, "owner")}});
  CHECK(cards[0].owner->name == "Ada");
  CHECK(cards[1].owner->name == "Ada");
  CHECK(cards[2].owner->name == "Bob");
  CHECK(cards[3].owner.Get() == nullptr);
}

TEST_CASE_METHOD(
    World, "what is nested is loaded for all neighbours together; without rows nothing is read") {
  auto users = Of<User>().Query().Order(grapnel::Asc(F<&User::id>)).All();
  Eager cards{Edge(kTable<User>, "cards")};
  cards.nested.push_back({Edge(kTable<Card>, "owner")});
  Load(users, {cards});
  CHECK(log.size() == 2);
  CHECK(users[0].cards[1].owner->name == "Ada");
  std::vector<User> none;
  Load(none, {cards});
  CHECK(log.empty());
}
