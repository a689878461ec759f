#pragma once

/// What the tests of predicates ask of, and what they asked, as text.

#include <grapnel/schema/many.hpp>
#include <grapnel/schema/one.hpp>
#include <grapnel/schema/schema.hpp>
#include <grapnel/store/predicate/predicate.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace predicates {

enum class Color { Red, Unnamed };
struct Pet;
struct Versioned {
  std::int64_t version = 0;
};
struct Tenant {
  std::int64_t tenant = 0;
};
struct Audited {
  std::string by;
};
struct User : Versioned, Tenant, Audited {
  std::int64_t id = 0;
  std::string name;
  std::optional<std::int64_t> age;
  double score = 0;
  Color color = Color::Red;
  grapnel::Many<Pet> pets;
  grapnel::One<User> friend_of;
};
struct Pet {
  std::int64_t id = 0;
  grapnel::One<User> owner;
};

}  // namespace predicates

template <>
struct grapnel::EnumNames<predicates::Color> {
  static constexpr std::pair<predicates::Color, std::string_view> Values[] = {
      {predicates::Color::Red, "red"}};
};
template <>
struct grapnel::Schema<predicates::Versioned> {
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&predicates::Versioned::version>("version"));
  }
};
template <>
struct grapnel::Schema<predicates::Tenant> {
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&predicates::Tenant::tenant>("tenant"));
  }
};
template <>
struct grapnel::Schema<predicates::Audited> {
  static constexpr auto Fields() { return grapnel::Fields(Field<&predicates::Audited::by>("by")); }
};
template <>
struct grapnel::Schema<predicates::User> {
  static constexpr std::string_view Type = "User";
  using Mixins = grapnel::Mixins<predicates::Versioned, predicates::Tenant, predicates::Audited>;
  static constexpr auto Fields() {
    using predicates::User;
    return grapnel::Fields(Field<&User::name>("name"), Field<&User::age>("age"),
                           Field<&User::score>("score"), Field<&User::color>("color"));
  }
  static constexpr auto Edges() {
    using predicates::User;
    return grapnel::Edges(To<&User::pets>("pets"), To<&User::friend_of>("friend_of"));
  }
};
template <>
struct grapnel::Schema<predicates::Pet> {
  static constexpr std::string_view Type = "Pet";
  static constexpr auto Edges() {
    return grapnel::Edges(From<&predicates::Pet::owner>("owner").Ref<&predicates::User::pets>());
  }
};

namespace predicates {

inline std::string Text(const grapnel::store::PredicateNode& node) {
  using grapnel::store::PredicateKind;
  constexpr std::string_view signs[] = {
      "=",      "!=",   "<",    "<=",  ">",      ">=",  "in", "is", "holds",
      "begins", "ends", "same", "has", "behind", "and", "or", "not"};
  const std::string sign = " " + std::string(signs[static_cast<std::size_t>(node.kind)]) + " ";
  switch (node.kind) {
    case PredicateKind::And:
    case PredicateKind::Or:
      return "(" + Text(*node.left) + sign + Text(*node.right) + ")";
    case PredicateKind::Not:
      return "not " + Text(*node.left);
    default:
      break;
  }
  std::string text = std::string(grapnel::detail::kTable<User>.FindTag(node.field)->name) + sign;
  if (!node.value.IsNull()) return text + ToString(node.value);
  for (std::size_t i = 0; i < node.values.size(); ++i) {
    text += (i == 0 ? "" : ",") + ToString(node.values[i]);
  }
  return text;
}
template <class E>
std::string Text(const grapnel::store::Predicate<E>& predicate) {
  return Text(*predicate.Node());
}

}  // namespace predicates
