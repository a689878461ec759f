#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/store/query/asked.hpp>
#include <grapnel/store/tx/handle_ptr.hpp>

#include <vector>

namespace grapnel::detail {

/// An edge that a query asks for, and what it asks of the neighbours.
struct Eager {
  const EdgeEnd* edge;
  Asked asked{};
  std::vector<Eager> nested{};
};

/// Adds what is asked for to `wanted`, in which each edge stands once: all conditions on its
/// neighbours hold, an order comes within the earlier one, and what is nested is merged alike.
GRAPNEL_DECLARE void Want(std::vector<Eager>& wanted, Eager one);

/// Fills the edges of entities of one type. Every read is one of the handle's transaction, so that
/// all see the same snapshot.
GRAPNEL_DECLARE void LoadEager(const HandlePtr& handle, const Table& table,
                               const std::vector<void*>& entities,
                               const std::vector<Eager>& wanted);

}  // namespace grapnel::detail

#ifndef GRAPNEL_SEPARATE_COMPILATION
#include <grapnel/store/query/impl/eager.hpp>  // IWYU pragma: keep
#endif
