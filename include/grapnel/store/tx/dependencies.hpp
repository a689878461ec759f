#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/base/type.hpp>
#include <grapnel/core/error.hpp>

#include <mutex>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <vector>

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
  /// Makes `object` the T of later Gets: the one of this name, or the one without. A `const T` is
  /// had as such alone, any other T as `const T` too. Throws: DependencyError when another T of
  /// this name is there, unless it is to be replaced. Lifetime: `object` must outlive every use.
  /// Threads: any.
  template <class T>
  void Provide(T& object, std::string_view name = {}, bool replace = false) {
    using Bare = std::remove_const_t<T>;
    const Entry given{std::string(name), &object, std::is_const_v<T>};
    const std::lock_guard lock(mutex_);
    auto& entries = objects_[core::TypeIdOf<Bare>()];
    for (Entry& each : entries) {
      if (each.name != name) continue;
      const bool same = each.object == given.object && each.is_const == given.is_const;
      if (!replace && !same) RefuseSecond(core::TypeName<Bare>(), name);
      each = given;
      return;
    }
    entries.push_back(given);
  }

  /// Throws: DependencyError, which names the type, when none was provided. Threads: any.
  template <class T>
  T& Get(std::string_view name = {}) const {
    using Bare = std::remove_const_t<T>;
    const std::lock_guard lock(mutex_);
    if (const auto found = objects_.find(core::TypeIdOf<Bare>()); found != objects_.end()) {
      for (const Entry& each : found->second) {
        if (each.name != name) continue;
        if (each.is_const && !std::is_const_v<T>) RefuseConst(core::TypeName<Bare>(), name);
        return *static_cast<T*>(const_cast<void*>(each.object));
      }
    }
    if (name.empty()) throw DependencyError(core::TypeName<T>());
    RefuseName(core::TypeName<T>(), name);
  }

 private:
  struct Entry {
    std::string name;
    const void* object;
    bool is_const;
  };

  static std::string Named(std::string_view type, std::string_view name) {
    return name.empty() ? std::string(type) : core::Concat({type, " named \"", name, "\""});
  }
  [[noreturn, gnu::cold]] static void RefuseSecond(std::string_view type, std::string_view name) {
    throw DependencyError(
        type, core::Concat({"an object of type ", Named(type, name),
                            " was provided already; tell several apart by names, "
                            "client.Provide(\"name\", object), or replace it on purpose, ",
                            name.empty() ? "client.Provide(object, grapnel::Replace)"
                                         : "client.Provide(\"name\", object, grapnel::Replace)"}));
  }
  [[noreturn, gnu::cold]] static void RefuseConst(std::string_view type, std::string_view name) {
    throw DependencyError(type, core::Concat({"the object of type ", Named(type, name),
                                              " was provided as const: ask for Dep<const ", type,
                                              ">(", name.empty() ? "" : "\"name\"", ")"}));
  }
  [[noreturn, gnu::cold]] static void RefuseName(std::string_view type, std::string_view name) {
    throw DependencyError(type, core::Concat({"no dependency of type ", Named(type, name),
                                              " was provided; call client.Provide<", type, ">(\"",
                                              name, "\", object)"}));
  }

  mutable std::mutex mutex_;
  std::unordered_map<core::TypeId, std::vector<Entry>> objects_;
};

}  // namespace detail
}  // namespace grapnel
