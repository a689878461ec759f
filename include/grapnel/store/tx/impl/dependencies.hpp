#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/base/concat.hpp>
#include <grapnel/base/type.hpp>
#include <grapnel/core/error.hpp>
#include <grapnel/store/tx/dependencies.hpp>

#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace grapnel::detail {

struct Dependencies::Objects {
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
  [[noreturn, gnu::cold]] static void RefuseNameless(std::string_view type, std::string_view name) {
    throw DependencyError(type,
                          core::Concat({"no dependency of type ", type,
                                        " was provided without a name; there is one named \"", name,
                                        "\": ask for Dep<", type, ">(\"", name, "\")"}));
  }

  std::mutex mutex;
  std::unordered_map<core::TypeId, std::vector<Entry>> by_type;
};

GRAPNEL_DEFINE Dependencies::Dependencies() : objects_(new Objects) {}
GRAPNEL_DEFINE Dependencies::~Dependencies() { delete objects_; }

GRAPNEL_DEFINE void Dependencies::Put(const Key& key, const void* object, bool replace) {
  Objects::Entry given{std::string(key.name), object, key.is_const};
  const std::lock_guard lock(objects_->mutex);
  auto& entries = objects_->by_type[key.type];
  for (Objects::Entry& each : entries) {
    if (each.name != key.name) continue;
    const bool same = each.object == object && each.is_const == key.is_const;
    if (!replace && !same) Objects::RefuseSecond(key.type_name, key.name);
    each.object = object;
    each.is_const = key.is_const;
    return;
  }
  entries.push_back(std::move(given));
}

GRAPNEL_DEFINE const void* Dependencies::Find(const Key& key, std::string_view asked) const {
  const std::lock_guard lock(objects_->mutex);
  const auto found = objects_->by_type.find(key.type);
  if (found != objects_->by_type.end() && !found->second.empty()) {
    for (const Objects::Entry& each : found->second) {
      if (each.name != key.name) continue;
      if (each.is_const && !key.is_const) Objects::RefuseConst(key.type_name, key.name);
      return each.object;
    }
    if (key.name.empty()) Objects::RefuseNameless(asked, found->second.front().name);
  }
  if (key.name.empty()) throw DependencyError(asked);
  Objects::RefuseName(asked, key.name);
}

}  // namespace grapnel::detail
