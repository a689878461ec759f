#pragma once

#include <grapnel/core/op.hpp>
#include <grapnel/schema/schema.hpp>
#include <grapnel/store/builders/builder.hpp>

#include <utility>

namespace grapnel::store {

/// Deletes the row with a given id. Runs once.
template <class E>
class [[nodiscard]] DeleteOne : public detail::Matching<DeleteOne<E>, detail::Builder<E>, E> {
  using Base = detail::Matching<DeleteOne<E>, detail::Builder<E>, E>;

 public:
  DeleteOne(detail::HandlePtr handle, detail::IdOf<E> id)
      : Base(std::move(handle), Op::DeleteOne, std::move(id)) {}

  /// Runs the hooks and deletes the row.
  /// Throws: NotFoundError when there is no such row, StaleError, which is one, when it is there
  /// and does not match; else as Create::Save.
  void Exec() { this->RunToCount(); }
};

}  // namespace grapnel::store
