#pragma once

#include <grapnel/core/op.hpp>
#include <grapnel/store/builders/builder.hpp>

#include <cstdint>

namespace grapnel::store {

template <class E>
class [[nodiscard("nothing is written before Save()")]] UpdateMany;

/// Updates all rows that match; all rows of the type without a Where. Runs once.
template <class E>
class UpdateMany : public detail::Builder<E>, public detail::Updating<UpdateMany<E>, E> {
 public:
  explicit UpdateMany(const detail::HandlePtr& of) : detail::Builder<E>(of, Op::Update) {}

  /// Runs the hooks, once, and updates the rows. Returns: how many rows matched, which may be none.
  /// Throws: as Create::Save.
  std::int64_t Save() { return this->Run(); }
};

}  // namespace grapnel::store
