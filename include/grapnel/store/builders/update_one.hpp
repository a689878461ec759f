#pragma once

#include <grapnel/core/op.hpp>
#include <grapnel/schema/schema.hpp>
#include <grapnel/store/builders/builder.hpp>

#include <utility>

namespace grapnel::store {

/// Updates the row with a given id. Runs once.
template <class E>
class [[nodiscard]] UpdateOne : public detail::Updating<UpdateOne<E>, E> {
 public:
  UpdateOne(detail::HandlePtr handle, detail::IdOf<E> id)
      : detail::Updating<UpdateOne<E>, E>(std::move(handle), Op::UpdateOne, std::move(id)) {}

  /// Runs the hooks and updates the row. Returns: the row as it is now stored, whether or not it
  /// still matches, or what a hook returned in its place. Throws: NotFoundError when there is no
  /// such row, StaleError, which is one, when it is there and does not match; else as Create::Save.
  E Save() { return this->RunToEntity(); }
};

}  // namespace grapnel::store
