#pragma once

#include <grapnel/base/compiled.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
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

namespace detail {

template <class T>
concept PointerButText = std::is_null_pointer_v<T> || std::is_member_pointer_v<T> ||
    (std::is_pointer_v<T> && !std::is_same_v<T, const char*> && !std::is_same_v<T, char*>);

}  // namespace detail

/// A field's value in the form in which it is stored: null, bool, std::int64_t, double, std::string
/// or bytes. Time points are microseconds since 1970 in UTC; enums and user types are what their
/// codec makes of them. Integers above 2^63 - 1 have no such form.
class FieldValue {
 public:
  using Bytes = std::vector<std::byte>;
  using Variant = std::variant<std::monostate, bool, std::int64_t, double, std::string, Bytes>;

  FieldValue() noexcept {}                // NOLINT(modernize-use-equals-default): of a union
  FieldValue(std::nullopt_t) noexcept {}  // NOLINT(google-explicit-constructor): values convert
  FieldValue(bool value) noexcept : type_(Type::Bool) { flag_ = value; }
  template <std::signed_integral T>
  FieldValue(T value) noexcept : integer_(value), type_(Type::Int) {}
  template <std::unsigned_integral T>
  requires(sizeof(T) < sizeof(std::int64_t) && !std::same_as<T, bool>) FieldValue(T value)
  noexcept : integer_(value), type_(Type::Int) {}
  FieldValue(double value) noexcept : real_(value), type_(Type::Real) {}
  FieldValue(std::string value) noexcept : text_(std::move(value)), type_(Type::Text) {}
  FieldValue(std::string_view value) : text_(value), type_(Type::Text) {}
  /// Throws: Error for a null pointer, which is no text; std::nullopt is NULL.
  GRAPNEL_DECLARE FieldValue(const char* value);
  FieldValue(Bytes value) noexcept : bytes_(std::move(value)), type_(Type::Bytes) {}

  /// A pointer would be true: write *m.Get(F<&User::on>) in place of m.Get(F<&User::on>), and
  /// std::nullopt for NULL.
  template <detail::PointerButText T>
  FieldValue(T pointer) = delete;

  FieldValue(const FieldValue& from) { Copy(from); }
  FieldValue(FieldValue&& from) noexcept { Take(from); }
  FieldValue& operator=(const FieldValue& from) {
    if (this != &from) *this = FieldValue(from);
    return *this;
  }
  FieldValue& operator=(FieldValue&& from) noexcept {
    if (this == &from) return *this;
    Drop();
    Take(from);
    return *this;
  }
  ~FieldValue() { Drop(); }

  bool IsNull() const noexcept { return type_ == Type::Null; }

  /// The value as a T (bool, std::int64_t, double, std::string, Bytes), or null when it is of
  /// another type.
  template <class T>
  const T* As() const noexcept {
    if constexpr (std::same_as<T, bool>) {
      return type_ == Type::Bool ? &flag_ : nullptr;
    } else if constexpr (std::same_as<T, std::int64_t>) {
      return type_ == Type::Int ? &integer_ : nullptr;
    } else if constexpr (std::same_as<T, double>) {
      return type_ == Type::Real ? &real_ : nullptr;
    } else if constexpr (std::same_as<T, std::string>) {
      return type_ == Type::Text ? &text_ : nullptr;
    } else {
      static_assert(std::same_as<T, Bytes>,
                    "a value is a bool, std::int64_t, double, std::string or FieldValue::Bytes");
      return type_ == Type::Bytes ? &bytes_ : nullptr;
    }
  }

  /// Which of them it is, counted as the alternatives of Variant.
  std::size_t Index() const noexcept { return static_cast<std::size_t>(type_); }
  /// A copy, for std::visit.
  template <class V = Variant>
  V Get() const {
    switch (type_) {
      case Type::Bool:
        return flag_;
      case Type::Int:
        return integer_;
      case Type::Real:
        return real_;
      case Type::Text:
        return text_;
      case Type::Bytes:
        return bytes_;
      default:
        return {};
    }
  }

  GRAPNEL_DECLARE friend bool operator==(const FieldValue& left, const FieldValue& right) noexcept;

 private:
  enum class Type : std::uint8_t { Null, Bool, Int, Real, Text, Bytes };

  // What owns nothing is copied as the eight bytes that it is at most.
  bool OwnsMemory() const noexcept { return type_ >= Type::Text; }
  void CopyPlain(const FieldValue& from) noexcept {
    __builtin_memcpy(static_cast<void*>(&integer_), &from.integer_, sizeof(integer_));
    type_ = from.type_;
  }
  void Copy(const FieldValue& from) { from.OwnsMemory() ? CopyOwned(from) : CopyPlain(from); }
  void Take(FieldValue& from) noexcept { from.OwnsMemory() ? TakeOwned(from) : CopyPlain(from); }
  void Drop() noexcept {
    if (OwnsMemory()) DropOwned();
  }
  GRAPNEL_DECLARE void CopyOwned(const FieldValue& from);
  GRAPNEL_DECLARE void TakeOwned(FieldValue& from) noexcept;
  GRAPNEL_DECLARE void DropOwned() noexcept;

  // A union of standard types by hand: std::variant costs the compiler as much as all else here.
  union {
    std::int64_t integer_ = 0;
    bool flag_;
    double real_;
    std::string text_;
    Bytes bytes_;
  };
  Type type_ = Type::Null;
};

/// `NULL`, `true`, `42`, `1.5`, `"text"`, `blob(3 bytes)`.
GRAPNEL_DECLARE std::string ToString(const FieldValue& value);

namespace detail {

/// For sets and maps by ids.
struct HashOfValue {
  GRAPNEL_DECLARE std::size_t operator()(const FieldValue& value) const noexcept;
};

}  // namespace detail
}  // namespace grapnel

#ifndef GRAPNEL_SEPARATE_COMPILATION
#include <grapnel/model/impl/value.hpp>  // IWYU pragma: keep
#endif
