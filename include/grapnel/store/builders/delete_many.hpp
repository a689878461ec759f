#pragma once

#include <grapnel/core/op.hpp>
#include <grapnel/store/builders/builder.hpp>

#include <cstdint>

namespace grapnel::store {

template <class E>
class [[nodiscard("nothing is written before Exec()")]] DeleteMany;

/// Deletes all rows that match; all rows of the type without a Where. Runs once.
template <class E>
class DeleteMany : public detail::Builder<E>, public detail::Matching<DeleteMany<E>, E> {
 public:
  explicit DeleteMany(const detail::HandlePtr& of) : detail::Builder<E>(of, Op::Delete) {}

  /// Runs the hooks, once, and deletes the rows. Returns: how many rows matched, which may be none.
  /// Throws: as Create::Save.
  std::int64_t Exec() { return this->Run(); }
};

}  // namespace grapnel::store
