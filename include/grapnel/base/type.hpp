#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace grapnel::core {

namespace detail {
template <class T>
inline constexpr char kTypeTag = 0;
}

/// Identifies a type at run time, without RTTI: equal exactly for equal types.
using TypeId = const char*;

template <class T>
constexpr TypeId TypeIdOf() noexcept {
  return &detail::kTypeTag<T>;
}

/// The type's name as the compiler spells it, for messages.
template <class T>
constexpr std::string_view TypeName() noexcept {
  constexpr std::string_view text = __PRETTY_FUNCTION__;
  constexpr std::size_t start = text.find("T = ") + 4;
  constexpr std::size_t semicolon = text.find("; ", start);
  constexpr std::size_t end = semicolon != text.npos ? semicolon : text.rfind(']');
  return text.substr(start, end - start);
}

}  // namespace grapnel::core

namespace grapnel::detail {

template <auto Member>
inline constexpr char kFieldTag = 0;

/// Identifies a member at run time: equal exactly for the same member.
using FieldTag = const char*;

template <class T>
struct Bare {
  using type = T;
};
template <class T>
struct Bare<std::optional<T>> {
  using type = T;
};
/// T without its std::optional.
template <class T>
using BareType = typename Bare<T>::type;

}  // namespace grapnel::detail
