#pragma once

#include <grapnel/core/op.hpp>
#include <grapnel/store/builders/builder.hpp>

#include <cstdint>
#include <utility>

namespace grapnel::store {

/// Deletes all rows that match; all rows of the type without a Where. Runs once.
template <class E>
class [[nodiscard]] DeleteMany : public detail::Matching<DeleteMany<E>, detail::Builder<E>, E> {
  using Base = detail::Matching<DeleteMany<E>, detail::Builder<E>, E>;

 public:
  explicit DeleteMany(detail::HandlePtr handle) : Base(std::move(handle), Op::Delete) {}

  /// Runs the hooks, once, and deletes the rows. Returns: how many rows matched, which may be none.
  /// Throws: as Create::Save.
  std::int64_t Exec() { return this->RunToCount(); }
};

}  // namespace grapnel::store
