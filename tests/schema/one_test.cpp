#include <grapnel/schema/one.hpp>

#include <grapnel/model/error.hpp>

#include "support/catch.hpp"
#include "support/cell.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>

using grapnel::FieldValue;
using grapnel::NotLoadedError;
using grapnel::One;
using grapnel::detail::EdgeEnd;
using grapnel::detail::OneOps;

namespace {

struct User;
struct Card {
  std::int64_t id = 0;
  One<User> owner;  // User is incomplete here
};
struct User {
  std::int64_t id = 0;
  std::string name;
};
struct Tag {
  std::string id;
};

EdgeEnd MakeEdge(bool holds_key) {
  EdgeEnd edge{};
  edge.entity = "Card";
  edge.name = "owner";
  edge.key = holds_key ? 1 : EdgeEnd::kNoKey;
  return edge;
}

template <class Action>
std::string NotLoaded(Action read) {
  try {
    read();
  } catch (const NotLoadedError& error) {
    return error.what();
  }
  return "nothing was thrown";
}

const std::string kAsk = ": the edge was not loaded: ask for it in the query, .With(F<&...>)";

}  // namespace

TEST_CASE("a One is a plain value, of a type that may be incomplete") {
  STATIC_REQUIRE(std::is_aggregate_v<Card>);
  STATIC_REQUIRE(std::is_nothrow_move_constructible_v<One<User>>);
  STATIC_REQUIRE(std::is_copy_assignable_v<Card>);
  STATIC_REQUIRE_FALSE(std::is_convertible_v<std::int64_t, One<User>>);
  const Card card;
  CHECK_FALSE(card.owner.IsLoaded());
  CHECK(card.owner.ID() == std::nullopt);
}

TEST_CASE("a One made of an id knows it, and nothing else") {
  const One<User> owner(std::int64_t{7});
  CHECK(owner.ID() == 7);
  CHECK_FALSE(owner.IsLoaded());
  CHECK(One<Tag>(std::string("red")).ID() == "red");
}

TEST_CASE("a One is set to an entity as it stands, and to an id by its name alone") {
  STATIC_REQUIRE(std::is_assignable_v<One<User>&, const User&>);
  STATIC_REQUIRE_FALSE(std::is_assignable_v<One<User>&, std::int64_t>);
  STATIC_REQUIRE_FALSE(std::is_convertible_v<Card, One<User>>);
  User ada;
  ada.id = 7;
  Card card;
  card.owner = ada;
  CHECK(card.owner.ID() == 7);
  CHECK_FALSE(card.owner.IsLoaded());
  card.owner = {};
  CHECK(card.owner.ID() == std::nullopt);
}

TEST_CASE("reading a One that was not loaded throws, and names the edge where it is known") {
  One<User> owner;
  const auto name = [&] { static_cast<void>(owner->name); };
  CHECK(NotLoaded(name).ends_with("User" + kAsk));
  CHECK(NotLoaded(name).starts_with("an edge to "));
  const EdgeEnd edge = MakeEdge(true);
  OneOps<User>::Attach(&owner, edge);
  CHECK(NotLoaded(name) == "Card.owner" + kAsk);
  CHECK(NotLoaded([&] { static_cast<void>(*owner); }) == "Card.owner" + kAsk);
  CHECK(NotLoaded([&] { static_cast<void>(owner.Get()); }) == "Card.owner" + kAsk);
  CHECK(owner.ID() == std::nullopt);
}

TEST_CASE("the end without the key knows the id of a loaded neighbour only") {
  One<User> owner;
  const EdgeEnd edge = MakeEdge(false);
  OneOps<User>::Attach(&owner, edge);
  CHECK(NotLoaded([&] { static_cast<void>(owner.ID()); }) == "Card.owner" + kAsk);
  OneOps<User>::Start(&owner);
  CHECK(owner.ID() == std::nullopt);
  static_cast<User*>(OneOps<User>::Emplace(&owner))->id = 5;
  CHECK(owner.ID() == 5);
}

TEST_CASE("a loaded One has its neighbour or says that there is none; copies share it") {
  One<User> owner;
  const EdgeEnd edge = MakeEdge(true);
  OneOps<User>::Attach(&owner, edge);
  OneOps<User>::Start(&owner);
  CHECK(owner.IsLoaded());
  CHECK(owner.Get() == nullptr);
  CHECK(OneOps<User>::Size(&owner) == 0);
  CHECK_THROWS_WITH(owner->name, "Card.owner: there is none");
  *static_cast<User*>(OneOps<User>::Emplace(&owner)) = {3, "Ada"};
  CHECK(OneOps<User>::Size(&owner) == 1);
  CHECK(OneOps<User>::At(&owner, 0) == owner.Get());
  const One<User> copy = owner;
  OneOps<User>::Reset(&owner);
  CHECK_FALSE(owner.IsLoaded());
  CHECK(copy->name == "Ada");
  CHECK((*copy).id == 3);
}

TEST_CASE("as a column a One is its key: bound, loaded, set and emptied") {
  using Ops = OneOps<User>;
  One<User> owner;
  CHECK(Ops::IsNull(&owner));
  Cell cell;
  Ops::Bind(&owner, cell, 1);
  CHECK(cell.value.IsNull());
  cell.value = 9;
  Ops::Load(&owner, cell, 0);
  CHECK(owner.ID() == 9);
  CHECK(Ops::ToValue(&owner) == FieldValue(9));
  Ops::Start(&owner);
  CHECK(Ops::FromValue(&owner, 11));
  CHECK_FALSE(owner.IsLoaded());  // another neighbour
  CHECK(owner.ID() == 11);
  CHECK_FALSE(Ops::FromValue(&owner, "11"));
  CHECK(owner.ID() == 11);
  One<User> other;
  Ops::Copy(&other, &owner);
  CHECK(other.ID() == 11);
  Ops::Reset(&other);
  CHECK(Ops::IsNull(&other));
  CHECK_FALSE(Ops::IsNull(&owner));

  One<Tag> tag;
  CHECK(OneOps<Tag>::FromValue(&tag, "red"));
  CHECK_FALSE(OneOps<Tag>::FromValue(&tag, 1));
  OneOps<Tag>::Bind(&tag, cell, 1);
  CHECK(cell.value == FieldValue("red"));
  CHECK_FALSE(cell.temporary);
}
