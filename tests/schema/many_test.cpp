#include <grapnel/schema/many.hpp>

#include <grapnel/model/error.hpp>

#include "support/catch.hpp"

#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

using grapnel::Many;
using grapnel::NotLoadedError;
using grapnel::detail::EdgeEnd;
using grapnel::detail::ManyOps;

namespace {

struct Card;
struct User {
  std::int64_t id = 0;
  Many<Card> cards;  // Card is incomplete here
};
struct Card {
  std::int64_t id = 0;
};

template <class Action>
std::string NotLoaded(Action read) {
  try {
    read();
  } catch (const NotLoadedError& error) {
    return error.what();
  }
  return "nothing was thrown";
}

}  // namespace

TEST_CASE("a Many is a plain value, of a type that may be incomplete") {
  STATIC_REQUIRE(std::is_aggregate_v<User>);
  STATIC_REQUIRE(std::is_nothrow_move_constructible_v<Many<Card>>);
  STATIC_REQUIRE(std::is_copy_assignable_v<User>);
  CHECK_FALSE(User().cards.IsLoaded());
}

TEST_CASE("reading a Many that was not loaded throws, and names the edge where it is known") {
  const std::string ask = ": the edge was not loaded: ask for it in the query, .With(F<&...>)";
  Many<Card> cards;
  const auto size = [&] { static_cast<void>(cards.size()); };
  CHECK(NotLoaded(size).starts_with("an edge to "));
  CHECK(NotLoaded(size).ends_with("Card" + ask));
  EdgeEnd edge{};
  edge.entity = "User";
  edge.name = "cards";
  ManyOps<Card>::Attach(&cards, edge);
  CHECK(NotLoaded(size) == "User.cards" + ask);
  CHECK(NotLoaded([&] { static_cast<void>(cards.empty()); }) == "User.cards" + ask);
  CHECK(NotLoaded([&] { static_cast<void>(cards[0]); }) == "User.cards" + ask);
  CHECK(NotLoaded([&] { static_cast<void>(cards.Get()); }) == "User.cards" + ask);
  CHECK(NotLoaded([&] {
          for (const Card& card : cards) static_cast<void>(card);
        }) == "User.cards" + ask);
}

TEST_CASE("a loaded Many is a range; copies share it") {
  using Ops = ManyOps<Card>;
  Many<Card> cards;
  Ops::Start(&cards);
  CHECK(cards.IsLoaded());
  CHECK(cards.empty());
  CHECK(Ops::Size(&cards) == 0);
  for (const std::int64_t id : {3, 1, 2}) static_cast<Card*>(Ops::Emplace(&cards))->id = id;
  CHECK(cards.size() == 3);
  CHECK(cards[1].id == 1);
  CHECK(Ops::At(&cards, 2) == &cards[2]);
  std::vector<std::int64_t> ids;
  for (const Card& card : cards) ids.push_back(card.id);
  CHECK(ids == std::vector<std::int64_t>{3, 1, 2});
  const Many<Card> copy = cards;
  CHECK(&copy[0] == &cards[0]);
  Ops::Start(&cards);  // loaded anew
  CHECK(cards.empty());
  CHECK(copy.size() == 3);
}
