#pragma once

#include <grapnel/core/error.hpp>
#include <grapnel/core/type.hpp>

#include <mutex>
#include <unordered_map>

namespace grapnel::core {

/// Objects by type, kept by reference: what hooks reach by `m.Dep<T>()`.
class Dependencies {
 public:
  /// Makes `object` the T of later Gets, in place of an earlier one.
  /// Lifetime: `object` must outlive every use. Threads: any.
  template <class T>
  void Provide(T& object) {
    const std::lock_guard lock(mutex_);
    objects_[TypeIdOf<T>()] = const_cast<void*>(static_cast<const void*>(&object));
  }

  /// Throws: DependencyError, which names the type, when none was provided. Threads: any.
  template <class T>
  T& Get() const {
    const std::lock_guard lock(mutex_);
    const auto found = objects_.find(TypeIdOf<T>());
    if (found == objects_.end()) throw DependencyError(TypeName<T>());
    return *static_cast<T*>(found->second);
  }

 private:
  mutable std::mutex mutex_;
  std::unordered_map<TypeId, void*> objects_;
};

}  // namespace grapnel::core
