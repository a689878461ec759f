#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <utility>
#include <variant>

namespace grapnel {

/// What a mutation results in: the entity, of Create and UpdateOne, or the number of rows matched,
/// of Update, Delete and DeleteOne. Made from an E or from an integer (not from a bool). Source:
/// ent.Value.
template <class E>
class Value {
 public:
  Value(const E& entity)  // NOLINT(google-explicit-constructor): a hook returns an entity
      : entity_(entity) {}
  Value(E&& entity)  // NOLINT(google-explicit-constructor): a hook returns an entity
      : entity_(std::move(entity)) {}
  template <std::integral T>
  requires(!std::same_as<T, bool>)
      Value(T count)  // NOLINT(google-explicit-constructor): a hook returns a count
      : count_(static_cast<std::int64_t>(count)) {}

  bool HasEntity() const noexcept { return entity_.has_value(); }
  /// Requires: HasEntity(); throws std::bad_variant_access otherwise.
  E& Entity() {
    Check();
    return *entity_;
  }
  const E& Entity() const {
    Check();
    return *entity_;
  }
  /// The number of rows; 1 for an entity.
  std::int64_t Count() const noexcept { return count_; }

 private:
  void Check() const {
    if (!entity_) throw std::bad_variant_access();
  }

  std::optional<E> entity_;
  std::int64_t count_ = 1;
};

}  // namespace grapnel
