#pragma once

#include <grapnel/hook/guard.hpp>
#include <grapnel/store/tx/handle.hpp>
#include <grapnel/store/tx/handle_ptr.hpp>
#include <grapnel/store/tx/session.hpp>

namespace grapnel::detail {

/// What the caller of a mutation, a read or a transaction has decided, by guard::Decide, and the
/// handle for what is begun inside of it, which does not say so.
class Decided {
 public:
  /// `handle` outlives it.
  explicit Decided(const HandlePtr& handle)
      : decision_(guard::detail::DecisionOf(handle->context)), handle_(handle) {
    if (decision_ != nullptr) [[unlikely]]
      inside_ = WithContext(*handle, guard::detail::WithoutDecision(handle->context));
  }
  Decided(const Decided&) = delete;
  Decided& operator=(const Decided&) = delete;

  /// Null where nothing was.
  const guard::Verdict* Verdict() const noexcept { return decision_; }
  const HandlePtr& Inside() const noexcept { return decision_ == nullptr ? handle_ : inside_; }

 private:
  const guard::Verdict* decision_;
  const HandlePtr& handle_;
  HandlePtr inside_;
};

}  // namespace grapnel::detail
