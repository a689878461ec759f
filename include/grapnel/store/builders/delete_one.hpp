#pragma once

#include <grapnel/core/op.hpp>
#include <grapnel/schema/schema.hpp>
#include <grapnel/store/builders/builder.hpp>

#include <utility>

namespace grapnel::store {

/// Deletes the row with a given id. Runs once.
template <class E>
class [[nodiscard]] DeleteOne
    : public detail::Matching<DeleteOne<E>, detail::Builder<DeleteOne<E>, E>> {
 public:
  DeleteOne(detail::HandlePtr handle, detail::IdOf<E> id)
      : detail::Matching<DeleteOne<E>, detail::Builder<DeleteOne<E>, E>>(std::move(handle),
                                                                         Op::DeleteOne) {
    this->Entity().id = std::move(id);
    this->Core().has_id = true;
  }

  /// Runs the hooks and deletes the row.
  /// Throws: NotFoundError when there is no such row, StaleError, which is one, when it is there
  /// and does not match; else as Create::Save.
  void Exec() { this->RunToCount(); }
};

}  // namespace grapnel::store
