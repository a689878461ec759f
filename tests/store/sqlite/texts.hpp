#pragma once

/// Types whose statements the tests of SQL texts look at.

#include <grapnel/schema/schema.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace texts {

struct User {
  std::int64_t id = 0;
  std::string name;
  std::optional<std::int64_t> age;
  double score = 0;
  bool active = false;
  std::vector<std::byte> photo;
};
struct Odd {
  std::string id;
  std::int64_t value = 0;
};
struct Alone {
  std::int64_t id = 0;
};

}  // namespace texts

template <>
struct grapnel::Schema<texts::User> {
  static constexpr std::string_view Type = "User";
  static constexpr std::string_view Table = "users";
  static constexpr auto Fields() {
    using texts::User;
    return grapnel::Fields(Field<&User::name>("name"), Field<&User::age>("age"),
                           Field<&User::score>("score"), Field<&User::active>("active"),
                           Field<&User::photo>("photo").StorageKey("picture"));
  }
};
template <>
struct grapnel::Schema<texts::Odd> {
  static constexpr std::string_view Type = "Odd";
  static constexpr std::string_view Table = "a \"b\"; DROP";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&texts::Odd::value>("value").StorageKey("v\"]'` --"));
  }
};
template <>
struct grapnel::Schema<texts::Alone> {
  static constexpr std::string_view Type = "Alone";
};
