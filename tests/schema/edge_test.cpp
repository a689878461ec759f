#include <grapnel/schema/edge.hpp>

#include "support/catch.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>

using grapnel::Edges;
using grapnel::From;
using grapnel::Many;
using grapnel::One;
using grapnel::To;
namespace detail = grapnel::detail;

namespace {

struct Card;
struct User {
  std::int64_t id = 0;
  std::string name;
  Many<Card> cards;
  One<Card> main_card;
  Many<User> friends;
};
struct Card {
  std::string id;
  One<User> owner;
  One<User> main_of;
};

template <class Edge>
concept CanBeUnique = requires(const Edge& edge) {
  edge.Unique();
};

constexpr auto kCards = To<&User::cards>("cards");
constexpr auto kMain = To<&User::main_card>("main_card");
constexpr auto kOwner = From<&Card::owner>("owner").Ref<&User::cards>();
constexpr auto kMainOf = From<&Card::main_of>("main_of").Ref<&User::main_card>();

}  // namespace

TEST_CASE("members that are edges are told from fields, and what they lead to") {
  STATIC_REQUIRE(detail::OneMember<&Card::owner>);
  STATIC_REQUIRE(detail::ManyMember<&User::cards>);
  STATIC_REQUIRE(detail::EdgeMember<&Card::owner>);
  STATIC_REQUIRE(detail::EdgeMember<&User::cards>);
  STATIC_REQUIRE_FALSE(detail::EdgeMember<&User::name>);
  STATIC_REQUIRE_FALSE(detail::OneMember<&User::cards>);
  STATIC_REQUIRE_FALSE(detail::ManyMember<&Card::owner>);
  STATIC_REQUIRE(std::is_same_v<detail::NeighbourOf<&User::cards>, Card>);
  STATIC_REQUIRE(std::is_same_v<detail::NeighbourId<&User::cards>, std::string>);
  STATIC_REQUIRE(std::is_same_v<detail::NeighbourId<&User::friends>, std::int64_t>);
}

TEST_CASE("the end that is a One holds the key; of a one-to-one, that of To") {
  STATIC_REQUIRE(decltype(kOwner)::HoldsKey);
  STATIC_REQUIRE(decltype(kMain)::HoldsKey);
  STATIC_REQUIRE_FALSE(decltype(kCards)::HoldsKey);
  STATIC_REQUIRE_FALSE(decltype(kMainOf)::HoldsKey);
  STATIC_REQUIRE(decltype(kCards)::IsMany);
  STATIC_REQUIRE_FALSE(decltype(kOwner)::IsMany);
  STATIC_REQUIRE(CanBeUnique<decltype(kMain)>);
  STATIC_REQUIRE_FALSE(CanBeUnique<decltype(kCards)>);
  STATIC_REQUIRE_FALSE(CanBeUnique<decltype(kMainOf)>);
}

TEST_CASE("To has no other end to name, From names it") {
  STATIC_REQUIRE(decltype(kCards)::Ref::Tag == nullptr);
  CHECK(decltype(kOwner)::Ref::Tag == grapnel::F<&User::cards>.Tag());
  CHECK(decltype(kMainOf)::Ref::Tag == grapnel::F<&User::main_card>.Tag());
  STATIC_REQUIRE(decltype(kMainOf)::Ref::IsOne);
  STATIC_REQUIRE_FALSE(decltype(kOwner)::Ref::IsOne);
}

TEST_CASE("an edge has no options but those given; each leaves the receiver as it was") {
  STATIC_REQUIRE(kMain.Traits().name == "main_card");
  STATIC_REQUIRE(kMain.Traits().storage.empty());
  STATIC_REQUIRE_FALSE(kMain.Traits().required);
  STATIC_REQUIRE_FALSE(kMain.Traits().unique);
  STATIC_REQUIRE_FALSE(kMain.Traits().immutable);
  STATIC_REQUIRE_FALSE(kMain.Traits().on_delete.has_value());
  constexpr auto all =
      kMain.Required().Unique().Immutable().OnDelete(grapnel::Restrict).StorageKey("main_id");
  STATIC_REQUIRE(all.Traits().name == "main_card");
  STATIC_REQUIRE(all.Traits().storage == "main_id");
  STATIC_REQUIRE(all.Traits().required);
  STATIC_REQUIRE(all.Traits().unique);
  STATIC_REQUIRE(all.Traits().immutable);
  STATIC_REQUIRE(all.Traits().on_delete == grapnel::Restrict);
  STATIC_REQUIRE_FALSE(kMain.Traits().required);
  STATIC_REQUIRE(kMain.Traits().storage.empty());
}

TEST_CASE("Edges keeps them in their order") {
  constexpr auto edges = Edges(kCards, kMain.Required());
  STATIC_REQUIRE(decltype(edges)::kSize == 2);
  STATIC_REQUIRE(grapnel::core::Get<0>(edges).Traits().name == "cards");
  STATIC_REQUIRE(grapnel::core::Get<1>(edges).Traits().required);
  STATIC_REQUIRE(decltype(Edges())::kSize == 0);
}
