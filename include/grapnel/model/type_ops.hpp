#pragma once

#include <grapnel/base/type.hpp>
#include <grapnel/model/codec.hpp>
#include <grapnel/model/row.hpp>
#include <grapnel/model/value.hpp>

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
  bool may_not_be_stored;    // to_value may throw, of a value that is not NaN
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
  std::size_t (*length)(const void* value);     // in bytes, of a value that is there; null: none
  /// The value, as it will be read back, that `make` gives a new one.
  FieldValue (*made_by)(void (*make)(void* value, const void* of), const void* of);
};

template <class T>
bool AddTo(BareType<T>& value, const BareType<T>& delta) {
  using N = BareType<T>;
  N sum{};
  if constexpr (std::same_as<N, double>) {
    sum = value + delta;
    if (__builtin_isnan(sum)) return false;
  } else {
    if (__builtin_add_overflow(value, delta, &sum)) return false;
  }
  value = sum;
  return true;
}

template <class T>
concept HasLength = requires(const BareType<T>& bare) {
  bare.size();
};

/// The functions of one type. One set of them for each type, whatever the fields.
template <class T>
struct OpsOf {
  static void Bind(const void* value, Binder& to, int at);
  static void Load(void* value, Row& from, int at);
  static FieldValue ToValue(const void* value);
  static bool FromValue(void* value, const FieldValue& from);
  static void NormalForm(void* value) requires kHasNormalForm<T>;
  static void Copy(void* value, const void* from);
  static void Reset(void* value);
  static bool IsNull(const void* value) requires kIsOptional<T>;
  static bool IsZero(const void* value) requires std::equality_comparable<T>;
  static bool Add(void* value, const void* delta) requires Number<BareType<T>>;
  static std::size_t Length(const void* value) requires HasLength<T>;
  static FieldValue MadeBy(void (*make)(void* value, const void* of), const void* of);

 private:
  static T& Of(void* value) { return *static_cast<T*>(value); }
  static const T& Of(const void* value) { return *static_cast<const T*>(value); }
  template <class V>
  static auto& Bare(V& value) {
    if constexpr (kIsOptional<T>) {
      return *value;
    } else {
      return value;
    }
  }
};

// Not in the class: compilers make what is inline anew in each source, `extern` or not.
template <class T>
void OpsOf<T>::Bind(const void* value, Binder& to, int at) {
  Mapping<T>::Bind(Of(value), to, at);
}
template <class T>
void OpsOf<T>::Load(void* value, Row& from, int at) {
  Mapping<T>::Load(Of(value), from, at);
}
template <class T>
FieldValue OpsOf<T>::ToValue(const void* value) {
  return Mapping<T>::ToValue(Of(value));
}
template <class T>
bool OpsOf<T>::FromValue(void* value, const FieldValue& from) {
  return Mapping<T>::FromValue(Of(value), from);
}
template <class T>
void OpsOf<T>::NormalForm(void* value) requires kHasNormalForm<T> {
  Normalize(Of(value));
}
template <class T>
void OpsOf<T>::Copy(void* value, const void* from) {
  Of(value) = Of(from);
}
template <class T>
void OpsOf<T>::Reset(void* value) {
  Of(value) = T{};
}
template <class T>
bool OpsOf<T>::IsNull(const void* value) requires kIsOptional<T> {
  return !Of(value).has_value();
}
template <class T>
bool OpsOf<T>::IsZero(const void* value) requires std::equality_comparable<T> {
  return Of(value) == T{};
}
template <class T>
bool OpsOf<T>::Add(void* value, const void* delta) requires Number<BareType<T>> {
  return AddTo<T>(Bare(Of(value)), Bare(Of(delta)));  // only of a value that is set or added
}
template <class T>
std::size_t OpsOf<T>::Length(const void* value) requires HasLength<T> {
  return Bare(Of(value)).size();
}
template <class T>
FieldValue OpsOf<T>::MadeBy(void (*make)(void* value, const void* of), const void* of) {
  T value{};
  make(&value, of);
  Normalize(value);
  return Mapping<T>::ToValue(value);
}

#ifdef GRAPNEL_SEPARATE_COMPILATION
// Those of the types that most fields have are compiled once.
extern template struct OpsOf<bool>;
extern template struct OpsOf<std::int64_t>;
extern template struct OpsOf<double>;
extern template struct OpsOf<std::string>;
extern template struct OpsOf<std::optional<std::int64_t>>;
extern template struct OpsOf<std::optional<double>>;
extern template struct OpsOf<std::optional<std::string>>;
#endif

template <class T>
constexpr TypeOps MakeTypeOps() {
  using N = BareType<T>;
  using Of = OpsOf<T>;
  TypeOps ops{};
  ops.kind = Mapping<T>::Kind;
  ops.plain = kPlain<T>;
  ops.number = Number<N>;
  ops.may_not_be_stored = HasCodec<N> || std::is_enum_v<N>;
  if constexpr (Number<N> && std::integral<N>) {
    ops.least = static_cast<std::int64_t>(std::numeric_limits<N>::min());
    ops.may_not_be_stored = !IsStorable(std::numeric_limits<N>::max());
    ops.most = ops.may_not_be_stored ? std::numeric_limits<std::int64_t>::max()
                                     : static_cast<std::int64_t>(std::numeric_limits<N>::max());
  }
  ops.bind = &Of::Bind;
  ops.load = &Of::Load;
  ops.to_value = &Of::ToValue;
  ops.from_value = &Of::FromValue;
  if constexpr (kHasNormalForm<T>) ops.normalize = &Of::NormalForm;
  ops.copy = &Of::Copy;
  if constexpr (kIsOptional<T>) ops.is_null = &Of::IsNull;
  ops.reset = &Of::Reset;
  if constexpr (Number<N>) ops.add = &Of::Add;
  if constexpr (std::integral<T> || std::same_as<T, std::string> ||
                (HasCodec<T> && std::equality_comparable<T>)) {
    ops.is_zero = &Of::IsZero;
  }
  if constexpr (HasLength<T>) ops.length = &Of::Length;
  ops.made_by = &Of::MadeBy;
  return ops;
}

template <class T>
inline constexpr TypeOps kTypeOps = MakeTypeOps<T>();

}  // namespace grapnel::detail
