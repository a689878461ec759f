#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/base/shared.hpp>
#include <grapnel/core/error.hpp>
#include <grapnel/store/client.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace grapnel::testing {

/// What is thrown where a test asked for it. Its text says where that was.
class InjectedFault : public Error {
 public:
  using Error::Error;
};

/// Lets the statements of one client pass up to the n-th, counted from 1, and throws there instead:
/// nothing of that one is done. Its copies count together.
///
///   for (std::size_t n = 1;; ++n) {
///     grapnel::testing::FaultAt fault(n);
///     try {
///       fault.In(client).Of<User>().Create().Set(F<&User::name>, "Ada").Save();
///     } catch (const grapnel::testing::InjectedFault&) {
///       continue;  // look that nothing is left of it
///     }
///     break;  // it took n - 1 statements
///   }
///
/// COMMIT and what undoes are not counted. Threads: one.
class FaultAt {
 public:
  explicit FaultAt(std::size_t n) : state_(core::MakeShared<State>(State{n, 0})) {}

  /// A view of the client in which it happens.
  [[nodiscard]] Client In(const Client& client) const {
    return client.Debug([state = state_](std::string_view text) {
      if (++state->count != state->at) return;
      throw InjectedFault(
          core::Concat({"statement ", std::to_string(state->at), ", injected: ", text}));
    });
  }
  /// How many statements have been counted.
  std::size_t Count() const noexcept { return state_->count; }

 private:
  struct State {
    std::size_t at, count;
  };
  core::Shared<State> state_;
};

}  // namespace grapnel::testing
