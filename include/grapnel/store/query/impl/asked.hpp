#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/model/relation.hpp>
#include <grapnel/store/predicate/tree.hpp>
#include <grapnel/store/query/asked.hpp>

namespace grapnel::detail {

GRAPNEL_DEFINE void Asked::Join(const Asked& other) {
  AddWhere(other.rows_.where);
  rows_.order.insert(rows_.order.end(), other.rows_.order.begin(), other.rows_.order.end());
}

GRAPNEL_DEFINE store::PredicatePtr Asked::Along(const EdgeEnd& edge) const {
  return store::NeighboursOf(edge.relation(), rows_);
}

}  // namespace grapnel::detail
