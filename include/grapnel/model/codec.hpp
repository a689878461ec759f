#pragma once

#include <grapnel/model/row.hpp>
#include <grapnel/model/value.hpp>

#include <chrono>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <span>
#include <stdexcept>
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
///     static Stored Encode(const Uuid& value);
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
template <class T>
concept ByteVector =
    std::same_as<T, std::vector<std::byte>> || std::same_as<T, std::vector<std::uint8_t>>;
template <class T>
concept TimePoint = requires {
  typename T::duration;
}
&&std::same_as<T, std::chrono::time_point<std::chrono::system_clock, typename T::duration>>;

template <class T>
inline constexpr bool kIsOptional = false;
template <class T>
inline constexpr bool kIsOptional<std::optional<T>> = true;

/// The mapping of one C++ type: Kind, Bind, Load, ToValue, FromValue (false: of another type).
template <class T>
struct Mapping {
  static_assert(sizeof(T) == 0,
                "this type cannot be a field: use bool, an integer, double, std::string, "
                "std::vector<std::byte>, an enum, a std::chrono::system_clock time point, "
                "std::optional of one of these, or specialise grapnel::Codec for it");
};

template <class T>
concept Number = (std::integral<T> && !std::same_as<T, bool>) || std::same_as<T, double>;

template <>
struct Mapping<bool> {
  static constexpr FieldKind Kind = FieldKind::Bool;
  static void Bind(bool value, Binder& to, int at) { to.Int(at, value ? 1 : 0); }
  static void Load(bool& value, Row& from, int at) { value = from.Int(at) != 0; }
  static FieldValue ToValue(bool value) { return value; }
  static bool FromValue(bool& value, const FieldValue& from) {
    const bool* given = from.As<bool>();
    if (given != nullptr) value = *given;
    return given != nullptr;
  }
};

template <std::integral T>
struct Mapping<T> {
  static constexpr FieldKind Kind = FieldKind::Int;
  static std::int64_t Encode(T value) {
    if (!std::in_range<std::int64_t>(value)) {
      throw BadValue("the value " + std::to_string(value) + " is above 2^63 - 1");
    }
    return static_cast<std::int64_t>(value);
  }
  static T Decode(std::int64_t stored) {
    if (!std::in_range<T>(stored)) {
      throw BadValue("the value " + std::to_string(stored) + " is out of the field's range");
    }
    return static_cast<T>(stored);
  }
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
    if (std::isnan(value)) throw BadValue("NaN cannot be stored");
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

template <TimePoint T>
struct TimeCoder {
  using Micros = std::chrono::microseconds;
  static std::int64_t Encode(const T& value) {
    const auto since = value.time_since_epoch();
    if constexpr (std::ratio_greater_v<typename T::duration::period, std::micro>) {
      // A coarser clock may hold more than 64 bits of microseconds do.
      using Wide = std::chrono::duration<std::int64_t, typename T::duration::period>;
      if (since < std::chrono::ceil<Wide>(Micros::min()) ||
          since > std::chrono::floor<Wide>(Micros::max())) {
        throw BadValue("the time is out of the range that can be stored");
      }
    }
    return std::chrono::floor<Micros>(since).count();
  }
  static T Decode(std::int64_t stored) {
    using Target = typename T::duration;
    // A coarser or finer clock may hold fewer microseconds than 64 bits do.
    const auto least = std::chrono::duration<double, std::micro>(Target::min()).count();
    const auto most = std::chrono::duration<double, std::micro>(Target::max()).count();
    bool fits = static_cast<double>(stored) >= least && static_cast<double>(stored) <= most;
    if constexpr (std::ratio_less_v<typename Target::period, std::micro>) {
      fits = Micros(stored) >= std::chrono::ceil<Micros>(Target::min()) &&
             Micros(stored) <= std::chrono::floor<Micros>(Target::max());
    }
    if (!fits) {
      throw BadValue("the time " + std::to_string(stored) + " us is out of the field's range");
    }
    return T(std::chrono::floor<Target>(Micros(stored)));
  }
};
template <TimePoint T>
struct Mapping<T> : MappedThrough<T, std::int64_t, TimeCoder<T>> {};

template <class E>
struct NumberCoder {
  using Number = std::underlying_type_t<E>;
  static std::int64_t Encode(E value) {
    return Mapping<Number>::Encode(static_cast<Number>(value));
  }
  static E Decode(std::int64_t stored) { return static_cast<E>(Mapping<Number>::Decode(stored)); }
};
template <class E>
struct NameCoder {
  static std::string_view Encode(E value) {
    for (const auto& [known, name] : EnumNames<E>::Values) {
      if (known == value) return name;
    }
    throw BadValue(
        "the enum value " +
        std::to_string(static_cast<long long>(static_cast<std::underlying_type_t<E>>(value))) +
        " has no name in EnumNames");
  }
  static E Decode(std::string_view stored) {
    for (const auto& [known, name] : EnumNames<E>::Values) {
      if (name == stored) return known;
    }
    throw BadValue("\"" + std::string(stored) + "\" is no name in EnumNames");
  }
};
template <class E>
requires(std::is_enum_v<E> && !HasCodec<E> && !std::same_as<E, std::byte>) struct Mapping<E>
    : std::conditional_t<HasEnumNames<E>, MappedThrough<E, std::string, NameCoder<E>>,
                         MappedThrough<E, std::int64_t, NumberCoder<E>>> {
};

template <HasCodec T>
struct Mapping<T> : MappedThrough<T, typename Codec<T>::Stored, Codec<T>> {};

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
inline constexpr bool kHasNormalForm = TimePoint<T> || std::same_as<T, double>;
template <class T>
inline constexpr bool kHasNormalForm<std::optional<T>> = kHasNormalForm<T>;

/// Gives a value the form in which it will be read back: time points are floored to microseconds,
/// -0.0 becomes 0.0.
template <class T>
void Normalize(T& value) {
  if constexpr (TimePoint<T>) {
    value = TimeCoder<T>::Decode(TimeCoder<T>::Encode(value));
  } else if constexpr (std::same_as<T, double>) {
    if (value == 0.0) value = 0.0;
  } else if constexpr (kIsOptional<T>) {
    if (value) Normalize(*value);
  }
}

}  // namespace detail
}  // namespace grapnel
