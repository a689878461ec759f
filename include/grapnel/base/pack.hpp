#pragma once

#include <cstddef>
#include <utility>

namespace grapnel::core {

template <class... Ts>
struct Pack;

namespace detail {

template <std::size_t I, class T>
struct PackElement {
  T value;
};

template <std::size_t I, class T>
struct IndexedType {
  using type = T;
};
template <class Indices, class... Ts>
struct IndexedTypes;
template <std::size_t... I, class... Ts>
struct IndexedTypes<std::index_sequence<I...>, Ts...> : IndexedType<I, Ts>... {};
template <std::size_t I, class T>
IndexedType<I, T> FindType(const IndexedType<I, T>*);

template <class Indices, class... Ts>
struct PackOf;

template <std::size_t... I, class... Ts>
struct PackOf<std::index_sequence<I...>, Ts...> : PackElement<I, Ts>... {
  constexpr explicit(sizeof...(Ts) > 0) PackOf(Ts... values)
      : PackElement<I, Ts>{static_cast<Ts&&>(values)}... {}

  /// `f(element)` for each, in their order.
  template <class F>
  constexpr void ForEach(F&& f) const {
    (static_cast<void>(f(PackElement<I, Ts>::value)), ...);
  }
  template <class F>
  constexpr void ForEach(F&& f) {
    (static_cast<void>(f(PackElement<I, Ts>::value)), ...);
  }
  /// `f(element...)`, all at once.
  template <class F>
  constexpr decltype(auto) Apply(F&& f) const {
    return f(PackElement<I, Ts>::value...);
  }
  template <class F>
  constexpr decltype(auto) Apply(F&& f) {
    return f(PackElement<I, Ts>::value...);
  }
  /// These elements, and behind them those of `other`.
  template <std::size_t... J, class... Others>
  constexpr Pack<Ts..., Others...> With(
      const PackOf<std::index_sequence<J...>, Others...>& other) const {
    return Pack<Ts..., Others...>(PackElement<I, Ts>::value...,
                                  other.PackElement<J, Others>::value...);
  }
};

}  // namespace detail

/// The I-th of these types.
#if __has_builtin(__type_pack_element)
template <std::size_t I, class... Ts>
using TypeAt = __type_pack_element<I, Ts...>;
#else
template <std::size_t I, class... Ts>
using TypeAt = typename decltype(detail::FindType<I>(
    static_cast<detail::IndexedTypes<std::make_index_sequence<sizeof...(Ts)>, Ts...>*>(
        nullptr)))::type;
#endif

/// Several values of different types. As std::tuple, for a fraction of what that costs the
/// compiler: `Pack(1, "two")`, `Get<1>(pack)`, `pack.Apply(f)`, `pack.ForEach(f)`,
/// `Concat(pack, other)`.
template <class... Ts>
struct Pack : detail::PackOf<std::make_index_sequence<sizeof...(Ts)>, Ts...> {
  static constexpr std::size_t kSize = sizeof...(Ts);
  using detail::PackOf<std::make_index_sequence<sizeof...(Ts)>, Ts...>::PackOf;
};

template <class... Ts>
Pack(Ts...) -> Pack<Ts...>;

/// The I-th element.
template <std::size_t I, class T>
constexpr const T& Get(const detail::PackElement<I, T>& pack) noexcept {
  return pack.value;
}
template <std::size_t I, class T>
constexpr T& Get(detail::PackElement<I, T>& pack) noexcept {
  return pack.value;
}

/// The elements of all of them, in their order.
constexpr Pack<> Concat() { return Pack<>(); }
template <class... Ts>
constexpr Pack<Ts...> Concat(const Pack<Ts...>& pack) {
  return pack;
}
template <class... As, class... Bs, class... Rest>
constexpr auto Concat(const Pack<As...>& first, const Pack<Bs...>& second, const Rest&... rest) {
  return Concat(first.With(second), rest...);
}

}  // namespace grapnel::core
