#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/base/type.hpp>

#include <string_view>
#include <type_traits>

namespace grapnel {

namespace detail {
/// The type of grapnel::Replace.
struct ReplaceTag {
  explicit ReplaceTag() = default;
};
}  // namespace detail

/// Says that an object takes the place of another one on purpose: `client.Provide(mailer,
/// grapnel::Replace)`.
inline constexpr detail::ReplaceTag Replace{};

namespace detail {

/// Objects by type and name, kept by reference: what hooks reach by `m.Dep<T>()`.
class Dependencies {
 public:
  GRAPNEL_DECLARE Dependencies();
  Dependencies(const Dependencies&) = delete;
  Dependencies& operator=(const Dependencies&) = delete;
  GRAPNEL_DECLARE ~Dependencies();

  /// Makes `object` the T of later Gets: the one of this name, or the one without. A `const T` is
  /// had as such alone, any other T as `const T` too. Throws: DependencyError when another T of
  /// this name is there, unless it is to be replaced. Lifetime: `object` must outlive every use.
  /// Threads: any.
  template <class T>
  void Provide(T& object, std::string_view name = {}, bool replace = false) {
    using Bare = std::remove_const_t<T>;
    Put({core::TypeIdOf<Bare>(), std::is_const_v<T>, core::TypeName<Bare>(), name}, &object,
        replace);
  }

  /// Throws: DependencyError, which names the type, when none was provided. Threads: any.
  template <class T>
  T& Get(std::string_view name = {}) const {
    using Bare = std::remove_const_t<T>;
    return *static_cast<T*>(const_cast<void*>(
        Find({core::TypeIdOf<Bare>(), std::is_const_v<T>, core::TypeName<Bare>(), name},
             core::TypeName<T>())));
  }

 private:
  struct Key {
    core::TypeId type;
    bool is_const;
    std::string_view type_name;  // without const
    std::string_view name;
  };
  struct Objects;

  GRAPNEL_DECLARE void Put(const Key& key, const void* object, bool replace);
  GRAPNEL_DECLARE const void* Find(const Key& key, std::string_view asked) const;

  Objects* objects_;
};

}  // namespace detail
}  // namespace grapnel

#ifndef GRAPNEL_SEPARATE_COMPILATION
#include <grapnel/store/tx/impl/dependencies.hpp>  // IWYU pragma: keep
#endif
