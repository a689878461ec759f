#pragma once

#include <grapnel/core/op.hpp>
#include <grapnel/store/detail/builder.hpp>

#include <utility>

namespace grapnel::store {

/// Creates one row. Runs once: a second Save, or one after a move, throws Error.
template <class E>
class Create : public detail::Setting<Create<E>, E> {
 public:
  static constexpr bool kUpdates = false;

  explicit Create(detail::HandlePtr handle)
      : detail::Setting<Create<E>, E>(std::move(handle), Op::Create) {}

  /// Runs the hooks and inserts the row. Returns: the entity as stored, its id included, or what a hook
  /// returned in its place.
  /// Throws: what a hook throws, unchanged; ValidationError; ConstraintError; CommittedError; StorageError,
  /// BusyError, CancelledError; TxError. Unless it is a CommittedError, nothing was written, by hooks
  /// neither.
  E Save() { return std::move(this->Run().Entity()); }
};

}  // namespace grapnel::store
