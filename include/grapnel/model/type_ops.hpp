#pragma once

#include <grapnel/base/type.hpp>
#include <grapnel/model/codec.hpp>
#include <grapnel/model/row.hpp>
#include <grapnel/model/value.hpp>

#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>

/// What engines and the machine can do with a value whose type they do not know.
namespace grapnel::detail {

/// Types that an engine may read and write in place, without a call for each value.
enum class Plain : std::uint8_t { None, Int, Real, Text, OptionalInt, OptionalReal, OptionalText };

template <class T>
inline constexpr Plain kPlain = std::same_as<T, std::int64_t>  ? Plain::Int
                                : std::same_as<T, double>      ? Plain::Real
                                : std::same_as<T, std::string> ? Plain::Text
                                                               : Plain::None;
template <class T>
inline constexpr Plain kPlain<std::optional<T>> =
    std::same_as<T, std::int64_t>  ? Plain::OptionalInt
    : std::same_as<T, double>      ? Plain::OptionalReal
    : std::same_as<T, std::string> ? Plain::OptionalText
                                   : Plain::None;

/// What can be done with a value of one C++ type at an address.
struct TypeOps {
  FieldKind kind;
  Plain plain;
  bool number;               // Add applies
  std::int64_t least, most;  // of an integer type
  void (*bind)(const void* value, Binder& to, int at);
  void (*load)(void* value, Row& from, int at);
  FieldValue (*to_value)(const void* value);
  bool (*from_value)(void* value, const FieldValue& from);
  void (*normalize)(void* value);  // null: every value is as it will be read back
  void (*copy)(void* value, const void* from);
  void (*reset)(void* value);
  bool (*add)(void* value, const void* delta);  // false: it would leave the type's range
  bool (*is_null)(const void* value);           // a std::optional without a value; null: never
  bool (*is_zero)(const void* value);           // 0, "" or T{}: as an id, it means "generate"
};

template <class T>
bool AddTo(BareType<T>& value, const BareType<T>& delta) {
  using N = BareType<T>;
  N sum{};
  if constexpr (std::same_as<N, double>) {
    sum = value + delta;
    if (std::isnan(sum)) return false;
  } else {
    if (__builtin_add_overflow(value, delta, &sum)) return false;
  }
  value = sum;
  return true;
}

template <class T>
inline constexpr TypeOps kTypeOps = [] {
  using N = BareType<T>;
  TypeOps ops{};
  ops.kind = Mapping<T>::Kind;
  ops.plain = kPlain<T>;
  ops.number = Number<N>;
  if constexpr (Number<N> && std::integral<N>) {
    ops.least = static_cast<std::int64_t>(std::numeric_limits<N>::min());
    ops.most = std::in_range<std::int64_t>(std::numeric_limits<N>::max())
                   ? static_cast<std::int64_t>(std::numeric_limits<N>::max())
                   : std::numeric_limits<std::int64_t>::max();
  }
  ops.bind = [](const void* v, Binder& to, int at) {
    Mapping<T>::Bind(*static_cast<const T*>(v), to, at);
  };
  ops.load = [](void* v, Row& from, int at) { Mapping<T>::Load(*static_cast<T*>(v), from, at); };
  ops.to_value = [](const void* v) { return Mapping<T>::ToValue(*static_cast<const T*>(v)); };
  ops.from_value = [](void* v, const FieldValue& from) {
    return Mapping<T>::FromValue(*static_cast<T*>(v), from);
  };
  if constexpr (kHasNormalForm<T>) {
    ops.normalize = [](void* v) { Normalize(*static_cast<T*>(v)); };
  }
  ops.copy = [](void* v, const void* from) { *static_cast<T*>(v) = *static_cast<const T*>(from); };
  if constexpr (kIsOptional<T>) {
    ops.is_null = [](const void* v) { return !static_cast<const T*>(v)->has_value(); };
  }
  ops.reset = [](void* v) { *static_cast<T*>(v) = T{}; };
  if constexpr (Number<N>) {
    ops.add = [](void* v, const void* delta) {
      T& value = *static_cast<T*>(v);
      const T& more = *static_cast<const T*>(delta);
      if constexpr (kIsOptional<T>) {
        return AddTo<T>(*value, *more);  // only of a value that is set or added
      } else {
        return AddTo<T>(value, more);
      }
    };
  }
  if constexpr (std::integral<T>) {
    ops.is_zero = [](const void* v) { return *static_cast<const T*>(v) == T{}; };
  } else if constexpr (std::same_as<T, std::string>) {
    ops.is_zero = [](const void* v) { return static_cast<const T*>(v)->empty(); };
  } else if constexpr (HasCodec<T> && std::equality_comparable<T>) {
    ops.is_zero = [](const void* v) { return *static_cast<const T*>(v) == T{}; };
  }
  return ops;
}();

}  // namespace grapnel::detail
