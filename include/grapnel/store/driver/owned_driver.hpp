#pragma once

#include <grapnel/base/compiled.hpp>

#include <utility>

namespace grapnel::store {

class Driver;

/// An open database on its way into a store: closes it unless it got there.
class OwnedDriver {
 public:
  /// From a std::unique_ptr of a driver.
  template <class Pointer>
  requires requires(Pointer& pointer, void (&take)(Driver*)) { take(pointer.release()); }
  OwnedDriver(Pointer pointer) noexcept  // NOLINT(google-explicit-constructor): takes it over
      : driver_(pointer.release()) {}
  OwnedDriver(OwnedDriver&& from) noexcept : driver_(from.Release()) {}
  OwnedDriver& operator=(OwnedDriver&&) = delete;
  GRAPNEL_DECLARE ~OwnedDriver();

  /// Hands it on, to be closed by the caller.
  Driver* Release() noexcept { return std::exchange(driver_, nullptr); }

 private:
  Driver* driver_;
};

}  // namespace grapnel::store

#ifndef GRAPNEL_SEPARATE_COMPILATION
#include <grapnel/store/driver/impl/owned_driver.hpp>  // IWYU pragma: keep
#endif
