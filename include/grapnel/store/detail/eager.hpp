#pragma once

#include <grapnel/schema/table.hpp>
#include <grapnel/core/separate.hpp>
#include <grapnel/store/detail/transaction.hpp>
#include <grapnel/store/predicate.hpp>

#include <vector>

namespace grapnel::detail {

/// An edge that a query asks for, and what it asks of the neighbours.
struct Eager {
  const EdgeInfo* edge;
  store::Rows rows{};
  std::vector<Eager> nested{};
};

/// Fills the edges of entities of one type. Every read is one of the handle's transaction, so that
/// all see the same snapshot.
GRAPNEL_DECLARE void LoadEager(const HandlePtr& handle, const Table& table,
                               const std::vector<void*>& entities,
                               const std::vector<Eager>& wanted);

}  // namespace grapnel::detail

#ifndef GRAPNEL_SEPARATE_COMPILATION
#include <grapnel/store/detail/engine/eager.hpp>  // IWYU pragma: keep
#endif
