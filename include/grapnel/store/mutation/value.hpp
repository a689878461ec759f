#pragma once

#include <grapnel/model/entity_ops.hpp>

#include <concepts>
#include <cstdint>
#include <type_traits>
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
      : has_entity_(true) {
    Ops().Copy(&entity_, &entity);
  }
  Value(E&& entity)  // NOLINT(google-explicit-constructor): a hook returns an entity
      : has_entity_(true) {
    Ops().Move(&entity_, &entity);
  }
  template <std::integral T>
  requires(!std::same_as<T, bool>)
      Value(T count)  // NOLINT(google-explicit-constructor): a hook returns a count
      : count_(static_cast<std::int64_t>(count)) {}

  Value(const Value& from) : count_(from.count_), has_entity_(from.has_entity_) {
    if (has_entity_) Ops().Copy(&entity_, &from.entity_);
  }
  Value(Value&& from) noexcept(std::is_nothrow_move_constructible_v<E>)
      : count_(from.count_), has_entity_(from.has_entity_) {
    if (has_entity_) Ops().Move(&entity_, &from.entity_);
  }
  Value& operator=(Value from) noexcept(std::is_nothrow_move_constructible_v<E>) {
    if (std::exchange(has_entity_, false)) Ops().Destroy(&entity_);
    count_ = from.count_;
    if (from.has_entity_) Ops().Move(&entity_, &from.entity_);
    has_entity_ = from.has_entity_;
    return *this;
  }
  ~Value() {
    if (has_entity_) Ops().Destroy(&entity_);
  }

  bool HasEntity() const noexcept { return has_entity_; }
  /// Requires: HasEntity(); throws std::bad_variant_access otherwise.
  E& Entity() {
    if (!has_entity_) throw std::bad_variant_access();
    return entity_;
  }
  const E& Entity() const {
    if (!has_entity_) throw std::bad_variant_access();
    return entity_;
  }
  /// The number of rows; 1 for an entity.
  std::int64_t Count() const noexcept { return count_; }

 private:
  static constexpr const detail::EntityOps& Ops() noexcept { return detail::kEntityOps<E>; }

  union {
    E entity_;
  };
  std::int64_t count_ = 1;
  bool has_entity_ = false;
};

}  // namespace grapnel
