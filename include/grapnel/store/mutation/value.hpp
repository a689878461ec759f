#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/base/type.hpp>
#include <grapnel/model/entity_ops.hpp>
#include <grapnel/schema/schema.hpp>

#include <concepts>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>

namespace grapnel {

namespace detail {

/// Throws: TypeMismatchError, which says to ask for the count.
[[noreturn, gnu::cold]] GRAPNEL_DECLARE void RefuseCount(std::string_view entity,
                                                         std::int64_t count);

}  // namespace detail

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
  /// Throws: TypeMismatchError when it is a count, as after an Update, a Delete or a DeleteOne.
  E& Entity() {
    if (!has_entity_) Refuse();
    return entity_;
  }
  const E& Entity() const {
    if (!has_entity_) Refuse();
    return entity_;
  }
  /// The number of rows; 1 for an entity.
  std::int64_t Count() const noexcept { return count_; }

 private:
  [[noreturn, gnu::cold]] void Refuse() const {
    std::string_view entity = core::TypeName<E>();
    if constexpr (requires { Schema<E>::Type; }) entity = Schema<E>::Type;
    detail::RefuseCount(entity, count_);
  }
  static constexpr const detail::EntityOps& Ops() noexcept { return detail::kEntityOps<E>; }

  union {
    E entity_;
  };
  std::int64_t count_ = 1;
  bool has_entity_ = false;
};

}  // namespace grapnel

#ifndef GRAPNEL_SEPARATE_COMPILATION
#include <grapnel/store/mutation/impl/value.hpp>  // IWYU pragma: keep
#endif
