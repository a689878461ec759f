#pragma once

/// The types that the contract speaks of, with their edges and without hooks of their own.

#include <grapnel/grapnel.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace graph {

using Time = std::chrono::system_clock::time_point;

struct Card;
struct Pet;

struct User {
  std::int64_t id = 0;
  std::string name;
  std::int64_t age = 0;
  std::optional<std::string> nickname{};
  std::int64_t version = 0;
  grapnel::Many<Card> cards{};
  grapnel::Many<Pet> pets{};
  grapnel::Many<User> friends{};
  grapnel::One<User> best_friend{};
};

struct Card {
  std::int64_t id = 0;
  std::string number;
  std::optional<std::string> name{};
  std::optional<Time> expired_at{};
  grapnel::One<User> owner{};
};

struct Pet {
  std::int64_t id = 0;
  std::string name;
  grapnel::One<User> owner{};
};

}  // namespace graph

template <>
struct grapnel::Schema<graph::User> {
  static constexpr std::string_view Type = "User";
  static constexpr auto Fields() {
    using graph::User;
    return grapnel::Fields(Field<&User::name>("name").NotEmpty(),
                           Field<&User::age>("age").Default(0), Field<&User::nickname>("nickname"),
                           Field<&User::version>("version").Default(0));
  }
  static constexpr auto Edges() {
    using graph::User;
    return grapnel::Edges(To<&User::cards>("cards").OnDelete(Cascade), To<&User::pets>("pets"),
                          To<&User::friends>("friends"), To<&User::best_friend>("best_friend"));
  }
};

template <>
struct grapnel::Schema<graph::Card> {
  static constexpr std::string_view Type = "Card";
  static constexpr auto Fields() {
    using graph::Card;
    return grapnel::Fields(Field<&Card::number>("number").Immutable().Unique(),
                           Field<&Card::name>("name"), Field<&Card::expired_at>("expired_at"));
  }
  static constexpr auto Edges() {
    using graph::Card;
    return grapnel::Edges(From<&Card::owner>("owner").Ref<&graph::User::cards>());
  }
};

template <>
struct grapnel::Schema<graph::Pet> {
  static constexpr std::string_view Type = "Pet";
  static constexpr auto Fields() { return grapnel::Fields(Field<&graph::Pet::name>("name")); }
  static constexpr auto Edges() {
    return grapnel::Edges(From<&graph::Pet::owner>("owner").Ref<&graph::User::pets>());
  }
};
