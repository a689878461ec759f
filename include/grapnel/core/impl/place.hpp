#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/base/concat.hpp>
#include <grapnel/core/error.hpp>
#include <grapnel/core/place.hpp>

#include <cstdint>
#include <string_view>
#include <utility>

namespace grapnel::core::detail {

GRAPNEL_DEFINE void RefuseOther(std::string_view subject) {
  throw Error(Concat({"next was given another subject, a ", subject,
                      ", than its hook was given: pass on that one"}));
}
GRAPNEL_DEFINE void RefuseThread() {
  throw Error("next was called on another thread than the one that runs its hook");
}

GRAPNEL_DEFINE void Once::EnterAgain() {
  if (state_ == State::Running || state_ == State::RunningAgain)
    throw Error("next was called while the same next is running");
  if (state_ == State::Done && !IsUndone()) {
    throw Error(
        "next was called again after it had succeeded; a hook may call it once, and "
        "again only after it threw");
  }
  at_ = ++calls_on_this_thread;
  if (state_ == State::Done) {
    state_ = State::Running;
  } else {
    state_ = State::RunningAgain;
    outer_ = std::exchange(running_again, this);
  }
}

GRAPNEL_DEFINE void Once::LeaveOther() noexcept {
  if (state_ == State::Running) {
    first_ = at_;
  } else {
    running_again = outer_;
  }
  last_ = calls_on_this_thread;
  state_ = state_ == State::DoneAgain ? State::Done : State::Failed;
}

GRAPNEL_DEFINE bool Once::IsUndone() const noexcept {
  const Once* by = running_again;
  while (by != nullptr && (at_ <= by->first_ || at_ > by->last_)) by = by->outer_;
  return by != nullptr;
}

}  // namespace grapnel::core::detail
