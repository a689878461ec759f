#pragma once

#include <concepts>
#include <cstdint>
#include <type_traits>
#include <utility>
#include <variant>

namespace grapnel {

/// What a mutation results in: the entity, of Create and UpdateOne, or the number of rows matched, of
/// Update, Delete and DeleteOne. Made from an E or from an integer (not from a bool).
/// Source: ent.Value.
template <class E>
class Value {
 public:
  Value(E entity)  // NOLINT(google-explicit-constructor): a hook returns an entity
      : content_(std::in_place_type<E>, std::move(entity)) {}
  template <std::integral T>
    requires(!std::same_as<T, bool>)
  Value(T count)  // NOLINT(google-explicit-constructor): a hook returns a count
      : content_(std::in_place_type<std::int64_t>, static_cast<std::int64_t>(count)) {}

  bool HasEntity() const noexcept { return content_.index() == 1; }
  /// Requires: HasEntity(); throws std::bad_variant_access otherwise.
  E& Entity() { return std::get<E>(content_); }
  const E& Entity() const { return std::get<E>(content_); }
  /// The number of rows; 1 for an entity.
  std::int64_t Count() const noexcept {
    const std::int64_t* count = std::get_if<std::int64_t>(&content_);
    return count != nullptr ? *count : 1;
  }

 private:
  std::variant<std::int64_t, E> content_;
};

}  // namespace grapnel
