#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace grapnel {

/// How a field is stored.
enum class FieldKind : std::uint8_t { Bool, Int, Real, Text, Blob };

/// "bool", "integer", "real", "text" or "blob".
constexpr std::string_view Name(FieldKind kind) noexcept {
  constexpr std::string_view names[] = {"bool", "integer", "real", "text", "blob"};
  return names[static_cast<std::size_t>(kind)];
}

/// A field's value in the form in which it is stored: null, bool, std::int64_t, double, std::string
/// or bytes. Time points are microseconds since 1970 in UTC; enums and user types are what their
/// codec makes of them. Integers above 2^63 - 1 have no such form.
class FieldValue {
 public:
  using Bytes = std::vector<std::byte>;
  using Variant = std::variant<std::monostate, bool, std::int64_t, double, std::string, Bytes>;

  FieldValue() = default;
  FieldValue(std::nullopt_t) {}  // NOLINT(google-explicit-constructor): values convert
  FieldValue(bool value) : value_(value) {}
  template <std::signed_integral T>
  FieldValue(T value) : value_(std::int64_t{value}) {}
  template <std::unsigned_integral T>
  requires(sizeof(T) < sizeof(std::int64_t) && !std::same_as<T, bool>) FieldValue(T value)
      : value_(std::int64_t{value}) {}
  FieldValue(double value) : value_(value) {}
  FieldValue(std::string value) : value_(std::move(value)) {}
  FieldValue(std::string_view value) : value_(std::string(value)) {}
  FieldValue(const char* value) : value_(std::string(value)) {}
  FieldValue(Bytes value) : value_(std::move(value)) {}

  bool IsNull() const noexcept { return value_.index() == 0; }

  /// The value as a T (bool, std::int64_t, double, std::string, Bytes), or null when it is of
  /// another type.
  template <class T>
  const T* As() const noexcept {
    return std::get_if<T>(&value_);
  }

  const Variant& Get() const noexcept { return value_; }

  friend bool operator==(const FieldValue&, const FieldValue&) = default;

 private:
  Variant value_;
};

/// `NULL`, `true`, `42`, `1.5`, `"text"`, `blob(3 bytes)`.
inline std::string ToString(const FieldValue& value) {
  if (const bool* flag = value.As<bool>()) return *flag ? "true" : "false";
  if (const auto* number = value.As<std::int64_t>()) return std::to_string(*number);
  if (const auto* real = value.As<double>()) {
    char digits[32];
    std::snprintf(digits, sizeof digits, "%.17g", *real);
    return digits;
  }
  if (const auto* text = value.As<std::string>()) return '"' + *text + '"';
  if (const auto* bytes = value.As<FieldValue::Bytes>()) {
    return "blob(" + std::to_string(bytes->size()) + " bytes)";
  }
  return "NULL";
}

namespace detail {

/// For sets and maps by ids.
struct HashOfValue {
  std::size_t operator()(const FieldValue& value) const noexcept {
    if (const auto* number = value.As<std::int64_t>()) return std::hash<std::int64_t>()(*number);
    if (const auto* text = value.As<std::string>()) return std::hash<std::string>()(*text);
    if (const auto* bytes = value.As<FieldValue::Bytes>()) {
      return std::hash<std::string_view>()(
          {reinterpret_cast<const char*>(bytes->data()), bytes->size()});
    }
    return value.Get().index();
  }
};

}  // namespace detail
}  // namespace grapnel
