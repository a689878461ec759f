#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/base/type.hpp>
#include <grapnel/model/row.hpp>
#include <grapnel/model/value.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace grapnel {

/// Tells how to store a type of yours. Specialise it with three members:
///
///   template <> struct grapnel::Codec<Uuid> {
///     using Stored = std::string;                    // bool, std::int64_t, double, std::string or
///                                                    // std::vector<std::byte>
///     static Stored Encode(const Uuid& value);       // may throw: it becomes a ValidationError
///     static Uuid Decode(const Stored& stored);      // may throw: it becomes a SchemaError
///   };
///
/// Equal values must encode equally; predicates and orders compare what Encode returns.
template <class T>
struct Codec;

/// Stores an enum as text. Specialise it with every value; without it an enum is stored as its
/// number:
///
///   template <> struct grapnel::EnumNames<Color> {
///     static constexpr std::pair<Color, std::string_view> Values[] = {{Color::Red, "red"}};
///   };
template <class E>
struct EnumNames;

namespace detail {

template <class T>
concept HasCodec = requires {
  typename Codec<T>::Stored;
};
template <class T>
concept HasEnumNames = std::is_enum_v<T> && requires {
  EnumNames<T>::Values;
};
/// Whether a specialisation was written, be it whole or not.
template <class T>
concept IsSpecialised = requires {
  sizeof(T);
};
template <class T>
concept ByteVector =
    std::same_as<T, std::vector<std::byte>> || std::same_as<T, std::vector<std::uint8_t>>;
/// std::chrono::system_clock, told by its name: <chrono> is dear to include. Standard libraries put
/// it into a namespace within.
template <class Clock>
inline constexpr bool kIsSystemClock = core::TypeName<Clock>().starts_with("std::") &&
                                       core::TypeName<Clock>().ends_with("::system_clock");

/// A std::chrono::time_point of the system's clock.
template <class T>
concept TimePoint = requires(const T& point) {
  typename T::clock;
  typename T::duration::period;
  point.time_since_epoch().count();
}
&&kIsSystemClock<typename T::clock>;

template <class T>
inline constexpr bool kIsOptional = false;
template <class T>
inline constexpr bool kIsOptional<std::optional<T>> = true;

// Why a value cannot be stored or read. Throw: BadValue.
[[noreturn, gnu::cold]] GRAPNEL_DECLARE void RefuseAboveMost(std::uint64_t value);
[[noreturn, gnu::cold]] GRAPNEL_DECLARE void RefuseOutOfRange(std::int64_t stored);
[[noreturn, gnu::cold]] GRAPNEL_DECLARE void RefuseNan();
[[noreturn, gnu::cold]] GRAPNEL_DECLARE void RefuseTime();
[[noreturn, gnu::cold]] GRAPNEL_DECLARE void RefuseTimeOutOfRange(std::int64_t stored);
[[noreturn, gnu::cold]] GRAPNEL_DECLARE void RefuseNamelessEnum(long long value);
[[noreturn, gnu::cold]] GRAPNEL_DECLARE void RefuseUnknownName(std::string_view stored);
/// Where a Codec has thrown: throws that on where it says nothing of the value.
[[noreturn, gnu::cold]] GRAPNEL_DECLARE void RefuseEncoded();

/// Why a number is refused that the field's type does not hold: `bits` of one that is negative, or
/// not.
[[gnu::cold]] GRAPNEL_DECLARE std::string OutOfRange(std::uint64_t bits, bool is_negative);
[[noreturn, gnu::cold]] GRAPNEL_DECLARE void RefuseNumber(std::uint64_t bits, bool is_negative);
[[noreturn, gnu::cold]] GRAPNEL_DECLARE void RefuseNullText();
/// Why a null pointer is refused where a text is meant.
inline constexpr const char* kNullText =
    "a null pointer is no text: of an optional field, std::nullopt is NULL";

/// The mapping of one C++ type: Kind, Bind, Load, ToValue, FromValue (false: of another type).
template <class T>
struct Mapping {
  static_assert(sizeof(T) == 0,
                "this type cannot be a field: use bool, an integer, double, std::string, "
                "std::vector<std::byte>, an enum, a std::chrono::system_clock time point, "
                "std::optional of one of these, or specialise grapnel::Codec for it");
};

/// Whether a T can be stored; bool and characters too, of which std::in_range takes none.
template <std::integral T>
constexpr bool IsStorable(T value) noexcept {
  if constexpr (std::is_signed_v<T> || sizeof(T) < sizeof(std::int64_t)) return true;
  return static_cast<std::uint64_t>(value) <=
         static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
}
/// Whether a T can hold what is stored.
template <std::integral T>
constexpr bool IsHeldBy(std::int64_t stored) noexcept {
  using Limits = std::numeric_limits<T>;
  if constexpr (std::is_signed_v<T>) return stored >= Limits::min() && stored <= Limits::max();
  return stored >= 0 &&
         static_cast<std::uint64_t>(stored) <= static_cast<std::uint64_t>(Limits::max());
}

/// Integers, as they are stored.
template <std::integral T>
struct IntegerCoder {
  static std::int64_t Encode(T value) {
    if (!IsStorable(value)) RefuseAboveMost(static_cast<std::uint64_t>(value));
    return static_cast<std::int64_t>(value);
  }
  static T Decode(std::int64_t stored) {
    if (!IsHeldBy<T>(stored)) RefuseOutOfRange(stored);
    return static_cast<T>(stored);
  }
};

template <class T>
concept Number = (std::integral<T> && !std::same_as<T, bool>) || std::same_as<T, double>;

template <>
struct Mapping<bool> {
  static constexpr FieldKind Kind = FieldKind::Bool;
  static void Bind(bool value, Binder& to, int at) { to.Bool(at, value); }
  static void Load(bool& value, Row& from, int at) { value = from.Bool(at); }
  static FieldValue ToValue(bool value) { return value; }
  static bool FromValue(bool& value, const FieldValue& from) {
    const bool* given = from.As<bool>();
    if (given != nullptr) value = *given;
    return given != nullptr;
  }
};

template <std::integral T>
struct Mapping<T> : IntegerCoder<T> {
  using IntegerCoder<T>::Decode;
  using IntegerCoder<T>::Encode;
  static constexpr FieldKind Kind = FieldKind::Int;
  static void Bind(T value, Binder& to, int at) { to.Int(at, Encode(value)); }
  static void Load(T& value, Row& from, int at) { value = Decode(from.Int(at)); }
  static FieldValue ToValue(T value) { return Encode(value); }
  static bool FromValue(T& value, const FieldValue& from) {
    const std::int64_t* given = from.As<std::int64_t>();
    if (given != nullptr) value = Decode(*given);
    return given != nullptr;
  }
};

template <>
struct Mapping<double> {
  static constexpr FieldKind Kind = FieldKind::Real;
  static double Encode(double value) {
    if (__builtin_isnan(value)) RefuseNan();
    return value == 0.0 ? 0.0 : value;  // SQLite has no -0.0
  }
  static void Bind(double value, Binder& to, int at) { to.Real(at, Encode(value)); }
  static void Load(double& value, Row& from, int at) { value = from.Real(at); }
  static FieldValue ToValue(double value) { return Encode(value); }
  static bool FromValue(double& value, const FieldValue& from) {
    if (const double* given = from.As<double>()) {
      value = Encode(*given);
      return true;
    }
    return false;
  }
};

template <>
struct Mapping<std::string> {
  static constexpr FieldKind Kind = FieldKind::Text;
  static void Bind(const std::string& value, Binder& to, int at) { to.Text(at, value, false); }
  static void Load(std::string& value, Row& from, int at) { value = from.Text(at); }
  static FieldValue ToValue(const std::string& value) { return value; }
  static bool FromValue(std::string& value, const FieldValue& from) {
    const std::string* given = from.As<std::string>();
    if (given != nullptr) value = *given;
    return given != nullptr;
  }
};

template <ByteVector T>
struct Mapping<T> {
  static constexpr FieldKind Kind = FieldKind::Blob;
  static void Bind(const T& value, Binder& to, int at) {
    to.Blob(at, std::as_bytes(std::span(value)), false);
  }
  static void Load(T& value, Row& from, int at) { Assign(value, from.Blob(at)); }
  static FieldValue ToValue(const T& value) {
    const auto bytes = std::as_bytes(std::span(value));
    return FieldValue::Bytes(bytes.begin(), bytes.end());
  }
  static bool FromValue(T& value, const FieldValue& from) {
    const auto* given = from.As<FieldValue::Bytes>();
    if (given != nullptr) Assign(value, *given);
    return given != nullptr;
  }

 private:
  static void Assign(T& value, std::span<const std::byte> bytes) {
    const auto* first = reinterpret_cast<const typename T::value_type*>(bytes.data());
    value.assign(first, first + bytes.size());
  }
};

/// What types that are stored as another type have in common.
template <class T, class Stored, class Coder>
struct MappedThrough {
  static constexpr FieldKind Kind = Mapping<Stored>::Kind;
  static void Bind(const T& value, Binder& to, int at) {
    decltype(auto) stored = Coder::Encode(value);
    if constexpr (std::same_as<Stored, std::string>) {
      to.Text(at, stored, true);
    } else if constexpr (ByteVector<Stored>) {
      to.Blob(at, std::as_bytes(std::span(stored)), true);
    } else {
      Mapping<Stored>::Bind(stored, to, at);
    }
  }
  static void Load(T& value, Row& from, int at) {
    Stored stored{};
    Mapping<Stored>::Load(stored, from, at);
    value = Coder::Decode(stored);
  }
  static FieldValue ToValue(const T& value) {
    return Mapping<Stored>::ToValue(Stored(Coder::Encode(value)));
  }
  static bool FromValue(T& value, const FieldValue& from) {
    Stored stored{};
    if (!Mapping<Stored>::FromValue(stored, from)) return false;
    value = Coder::Decode(stored);
    return true;
  }
};

/// A product or quotient of counts of ticks, which 64 bits need not hold.
__extension__ using Wide = __int128;

constexpr Wide FloorDivide(Wide value, Wide by) noexcept {
  const Wide quotient = value / by;
  return quotient * by > value ? quotient - 1 : quotient;
}

/// The number next to this one, upwards or downwards.
inline float NextTo(float value, bool upwards) noexcept {
  return __builtin_nextafterf(value, upwards ? __builtin_inff() : -__builtin_inff());
}
inline double NextTo(double value, bool upwards) noexcept {
  return __builtin_nextafter(value, upwards ? __builtin_inf() : -__builtin_inf());
}

/// Microseconds since 1970, floored; and back: floored too, but where a tick comes to what is
/// stored, it is that tick. So what was read is stored as it was, however often.
template <TimePoint T>
struct TimeCoder {
  using Duration = typename T::duration;
  using Ticks = decltype(Duration::max().count());
  using Period = typename Duration::period;
  /// A tick is so many microseconds.
  static constexpr Wide kMicros = Wide{Period::num} * 1'000'000;
  static constexpr Wide kPer = Period::den;

  static std::int64_t Encode(const T& value) {
    const Ticks ticks = value.time_since_epoch().count();
    if constexpr (std::integral<Ticks>) {
      // A coarser clock may hold more than 64 bits of microseconds do.
      if (ticks < kFirstTick || ticks > kLastTick) RefuseTime();
      return static_cast<std::int64_t>(MicrosOf(ticks));
    } else {
      const double micros = RealMicrosOf(static_cast<double>(ticks));
      if (!(micros >= static_cast<double>(kLeast) && micros < -static_cast<double>(kLeast)))
        RefuseTime();
      return static_cast<std::int64_t>(micros);
    }
  }
  static T Decode(std::int64_t stored) {
    if constexpr (std::integral<Ticks>) {
      // A coarser or finer clock may hold fewer microseconds than 64 bits do.
      const Wide ticks = TickOf(stored);
      if (ticks < Wide{Duration::min().count()} || ticks > Wide{Duration::max().count()})
        RefuseTimeOutOfRange(stored);
      return T(Duration(static_cast<Ticks>(ticks)));
    } else {
      return T(Duration(RealTickOf(static_cast<double>(stored))));
    }
  }

 private:
  static constexpr Wide kLeast = std::numeric_limits<std::int64_t>::min();
  static constexpr Wide kMost = std::numeric_limits<std::int64_t>::max();
  static constexpr Wide kFirstTick = -FloorDivide(-kLeast * kPer, kMicros);
  static constexpr Wide kLastTick = FloorDivide((kMost + 1) * kPer - 1, kMicros);

  static constexpr Wide MicrosOf(Wide ticks) noexcept { return FloorDivide(ticks * kMicros, kPer); }
  static Wide TickOf(Wide stored) noexcept {
    const Wide before = FloorDivide(stored * kPer, kMicros);
    if constexpr (kPer % kMicros == 0 || kMicros % kPer == 0) return before;
    return MicrosOf(before) < stored && MicrosOf(before + 1) == stored ? before + 1 : before;
  }

  /// A real in which no tick is skipped: microseconds are counted in doubles.
  using Real = std::conditional_t<std::same_as<Ticks, float>, float, double>;
  static double RealMicrosOf(double ticks) noexcept {
    return __builtin_floor(ticks * static_cast<double>(kMicros) / static_cast<double>(kPer));
  }
  /// Rounding may lead to a number beside it.
  static Real RealTickOf(double stored) noexcept {
    const auto nearest =
        static_cast<Real>(stored * static_cast<double>(kPer) / static_cast<double>(kMicros));
    Real above = nearest;
    Real below = nearest;
    for (int i = 0; i < 4; ++i) {
      if (RealMicrosOf(above) == stored) return above;
      if (RealMicrosOf(below) == stored) return below;
      above = NextTo(above, true);
      below = NextTo(below, false);
    }
    return nearest;
  }
};
template <TimePoint T>
struct Mapping<T> : MappedThrough<T, std::int64_t, TimeCoder<T>> {};

template <class E>
struct NumberCoder {
  using Number = std::underlying_type_t<E>;
  static std::int64_t Encode(E value) {
    return IntegerCoder<Number>::Encode(static_cast<Number>(value));
  }
  static E Decode(std::int64_t stored) {
    return static_cast<E>(IntegerCoder<Number>::Decode(stored));
  }
};
template <class E>
struct NameCoder {
  static std::string_view Encode(E value) {
    for (const auto& [known, name] : EnumNames<E>::Values) {
      if (known == value) return name;
    }
    RefuseNamelessEnum(static_cast<long long>(static_cast<std::underlying_type_t<E>>(value)));
  }
  static E Decode(std::string_view stored) {
    for (const auto& [known, name] : EnumNames<E>::Values) {
      if (name == stored) return known;
    }
    RefuseUnknownName(stored);
  }
};
template <class E>
requires(std::is_enum_v<E> && !HasCodec<E> && !std::same_as<E, std::byte>) struct Mapping<E>
    : std::conditional_t<HasEnumNames<E>, MappedThrough<E, std::string, NameCoder<E>>,
                         MappedThrough<E, std::int64_t, NumberCoder<E>>> {
  static_assert(HasEnumNames<E> || !IsSpecialised<EnumNames<E>>,
                "EnumNames names the values in its member Values: static constexpr "
                "std::pair<Color, std::string_view> Values[] = {{Color::Red, \"red\"}};");
  static_assert(!IsSpecialised<Codec<E>>,
                "a Codec has a type Stored and the functions Encode and Decode");
};

/// A Codec of the user's, whose refusals are those of a value like all others.
template <class T>
struct UserCoder {
  static decltype(auto) Encode(const T& value) {
    try {
      return Codec<T>::Encode(value);
    } catch (...) {
      RefuseEncoded();
    }
  }
  static decltype(auto) Decode(const typename Codec<T>::Stored& stored) {
    return Codec<T>::Decode(stored);
  }
};
template <HasCodec T>
struct Mapping<T> : MappedThrough<T, typename Codec<T>::Stored, UserCoder<T>> {};

template <class T>
struct Mapping<std::optional<T>> {
  static constexpr FieldKind Kind = Mapping<T>::Kind;
  static void Bind(const std::optional<T>& value, Binder& to, int at) {
    value ? Mapping<T>::Bind(*value, to, at) : to.Null(at);
  }
  static void Load(std::optional<T>& value, Row& from, int at) {
    if (from.IsNull(at)) return value.reset();
    Mapping<T>::Load(value.emplace(), from, at);
  }
  static FieldValue ToValue(const std::optional<T>& value) {
    return value ? Mapping<T>::ToValue(*value) : FieldValue();
  }
  static bool FromValue(std::optional<T>& value, const FieldValue& from) {
    if (from.IsNull()) return value.reset(), true;
    T fresh{};
    if (!Mapping<T>::FromValue(fresh, from)) return false;
    value = std::move(fresh);
    return true;
  }
};

/// Whether Normalize may change a value, or throw.
template <class T>
inline constexpr bool kHasNormalForm = TimePoint<T> || std::same_as<T, double> || HasCodec<T>;
template <class T>
inline constexpr bool kHasNormalForm<std::optional<T>> = kHasNormalForm<T>;

/// What cannot be stored is refused where it is written.
template <HasCodec T>
void NormalizeCoded(T& value) {
  using Stored = typename Codec<T>::Stored;
  try {
    Stored stored = Codec<T>::Encode(value);
    if constexpr (std::same_as<Stored, double>) {
      if (stored == 0.0) stored = 0.0;
    }
    value = Codec<T>::Decode(std::move(stored));
  } catch (const std::bad_alloc&) {
    throw;
  } catch (...) {  // NOLINT(bugprone-empty-catch)
  }
}

/// Gives a value the form in which it will be read back: what a Codec decodes of what it encoded;
/// time points are floored to microseconds, -0.0 becomes 0.0.
template <class T>
void Normalize(T& value) {
  if constexpr (HasCodec<T>) {
    NormalizeCoded(value);
  } else if constexpr (TimePoint<T>) {
    value = TimeCoder<T>::Decode(TimeCoder<T>::Encode(value));
  } else if constexpr (std::same_as<T, double>) {
    if (value == 0.0) value = 0.0;
  } else if constexpr (kIsOptional<T>) {
    if (value) Normalize(*value);
  }
}

}  // namespace detail
}  // namespace grapnel

#ifndef GRAPNEL_SEPARATE_COMPILATION
#include <grapnel/model/impl/codec.hpp>  // IWYU pragma: keep
#endif
