#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/core/context.hpp>
#include <grapnel/store/driver/places.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace grapnel::postgres::detail {

/// So many places for connections of type C: see store::Places. Threads: any.
template <class C>
class Pool {
 public:
  /// A place that is held: with a connection that is idle, or without one yet.
  using Place = std::unique_ptr<C>;

  explicit Pool(std::size_t most)
      : places_(most, core::Concat({most > 1 ? "all " : "", core::Counted(most, "connection"),
                                    " of the pool ", most > 1 ? "were" : "was",
                                    " in use for too long: raise .pool, or hold transactions "
                                    "shorter"})) {
    idle_.reserve(std::max<std::size_t>(most, 1));
  }

  /// With the connection that was used last, where one is idle; `waited`: how long that took.
  /// Throws as Places::Take does.
  Place Take(const core::Context& context, std::chrono::milliseconds longest,
             const std::string& what, core::Elapsed* waited = nullptr) {
    const core::Elapsed took = places_.Take(context, longest, what);
    if (waited != nullptr) *waited = took;
    const std::lock_guard lock(mutex_);
    if (idle_.empty()) return nullptr;
    Place place = std::move(idle_.back());
    idle_.pop_back();
    return place;
  }

  /// Gives a place back, with the connection, or without one where that is gone.
  void Put(Place connection) noexcept {
    if (connection != nullptr) {
      const std::lock_guard lock(mutex_);
      idle_.push_back(std::move(connection));  // there is room
    }
    places_.Give();
  }

 private:
  store::Places places_;
  std::mutex mutex_;
  std::vector<Place> idle_;  // the one used last is at the end
};

}  // namespace grapnel::postgres::detail
