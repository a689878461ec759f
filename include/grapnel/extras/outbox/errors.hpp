#pragma once

#include <grapnel/core/error.hpp>

#include <algorithm>
#include <chrono>
#include <string>

namespace grapnel::extras::outbox {

/// Thrown by a sink: no further try can help, such as behind HTTP's 400. The event is a dead letter
/// at once. Anything else that a sink throws is tried again.
class Rejected : public Error {
 public:
  using Error::Error;
};

/// Thrown by a sink: it is to be tried again, not before that time is over, such as HTTP's
/// Retry-After says. It counts as a failure. The relay waits for longest_backoff at most.
class RetryAfter : public Error {
 public:
  RetryAfter(const std::string& text, std::chrono::milliseconds wait)
      : Error(text), wait_(std::max(wait, std::chrono::milliseconds::zero())) {}

  std::chrono::milliseconds Wait() const noexcept { return wait_; }

 private:
  std::chrono::milliseconds wait_;
};

}  // namespace grapnel::extras::outbox
