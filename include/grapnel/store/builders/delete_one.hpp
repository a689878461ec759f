#pragma once

#include <grapnel/core/op.hpp>
#include <grapnel/schema/schema.hpp>
#include <grapnel/store/builders/builder.hpp>

#include <utility>

namespace grapnel::store {

template <class E>
class [[nodiscard("nothing is written before Exec()")]] DeleteOne;

/// Deletes the row with a given id. Runs once.
template <class E>
class DeleteOne : public detail::Builder<E>, public detail::Matching<DeleteOne<E>, E> {
 public:
  DeleteOne(const detail::HandlePtr& of, detail::IdOf<E> id)
      : detail::Builder<E>(of, Op::DeleteOne, std::move(id)) {}

  /// Runs the hooks and deletes the row.
  /// Throws: NotFoundError when there is no such row, StaleError, which is one, when it is there
  /// and does not match; else as Create::Save.
  void Exec() { this->Run(); }
};

}  // namespace grapnel::store
