#pragma once

#include <grapnel/grapnel.hpp>

#include <cstdint>
#include <string>
#include <string_view>

/// Somebody with a picture: `avatar_url` is the key of an image in the bucket. Neither field
/// changes once the user exists, so that creating and deleting are all that has to be kept in step.
struct User {
  std::int64_t id = 0;
  std::string name{};
  std::string avatar_url{};
};

template <>
struct grapnel::Schema<User> {
  static constexpr std::string_view Type = "User";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&User::name>("name").NotEmpty().Immutable(),
                           Field<&User::avatar_url>("avatar_url").NotEmpty().Immutable());
  }
  static constexpr auto Indexes() { return grapnel::Indexes(Index<&User::avatar_url>()); }
  static auto Hooks();  // in hooks.hpp; a program that forgets to include it does not compile
};
