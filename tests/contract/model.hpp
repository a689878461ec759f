#pragma once

/// The types that the contract speaks of, without hooks of their own. The owner of a card or pet is
/// a plain id. Tests of schema hooks and mixins describe types of their own.

#include <grapnel/grapnel.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace model {

using Time = std::chrono::system_clock::time_point;

struct User {
  std::int64_t id = 0;
  std::string name;
  std::int64_t age = 0;
  std::optional<std::string> nickname{};
  std::optional<std::string> password{};
  bool active = true;
  std::int64_t worth = 0;
  std::int64_t version = 0;
};

struct Card {
  std::int64_t id = 0;
  std::string number;
  std::optional<std::string> name{};
  Time created_at{};
  std::string in_hook;
  std::optional<Time> expired_at{};
  std::int64_t owner_id = 0;
};

struct Pet {
  std::int64_t id = 0;
  std::string name;
  std::optional<Time> delete_time{};
  std::int64_t owner_id = 0;
};

inline Time Epoch() { return Time{}; }

}  // namespace model

template <>
struct grapnel::Schema<model::User> {
  static constexpr std::string_view Type = "User";
  static constexpr auto Fields() {
    using model::User;
    return grapnel::Fields(
        Field<&User::name>("name").NotEmpty(), Field<&User::age>("age").Default(0),
        Field<&User::nickname>("nickname"), Field<&User::password>("password").Sensitive(),
        Field<&User::active>("active").Default(true), Field<&User::worth>("worth").Default(0),
        Field<&User::version>("version").Default(0));
  }
};

template <>
struct grapnel::Schema<model::Card> {
  static constexpr std::string_view Type = "Card";
  static constexpr auto Fields() {
    using model::Card;
    return grapnel::Fields(Field<&Card::number>("number").Immutable().Unique(),
                           Field<&Card::name>("name"),
                           Field<&Card::created_at>("created_at").Default(model::Epoch),
                           Field<&Card::in_hook>("in_hook"), Field<&Card::expired_at>("expired_at"),
                           Field<&Card::owner_id>("owner_id").Default(0));
  }
};

template <>
struct grapnel::Schema<model::Pet> {
  static constexpr std::string_view Type = "Pet";
  static constexpr auto Fields() {
    using model::Pet;
    return grapnel::Fields(Field<&Pet::name>("name"), Field<&Pet::delete_time>("delete_time"),
                           Field<&Pet::owner_id>("owner_id").Default(0));
  }
};
