#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/store/predicate/tree.hpp>

#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <utility>
#include <vector>

namespace grapnel::detail {

/// Throws: Error for a negative number of rows, which `what` is given.
GRAPNEL_DECLARE void CheckRows(std::string_view what, std::int64_t rows);

class Narrower;
struct EdgeEnd;
struct Eager;
struct Table;

/// Which rows a caller asks for, as he says it. A type of its own, for a statement is made of rows
/// that the interceptors have narrowed, and of what was asked for only they make such rows.
class Asked {
 public:
  Asked() = default;
  explicit Asked(store::PredicatePtr where) { rows_.where = std::move(where); }

  GRAPNEL_DECLARE void AddWhere(const store::PredicatePtr& where);
  /// What is in the order already is not added: it would order nothing. Throws: Error, of anything
  /// else, behind SetAfter, which has to know the order.
  GRAPNEL_DECLARE void AddOrder(std::initializer_list<store::Ordering> orders);
  /// Only rows behind this one in the order, in place of one that was given before. Throws: Error
  /// where there is no order, or one by
  /// neighbours; ValidationError for an entity without an id.
  /// `shown`: the row as interceptors show it, and `stored` as it is; null: they do not change it.
  GRAPNEL_DECLARE void SetAfter(const Table& table, const void* entity, const void* shown = nullptr,
                                const void* stored = nullptr);
  /// All conditions hold, an order comes within the earlier one, and limits and offsets leave what
  /// each of them does.
  GRAPNEL_DECLARE void Join(const Asked& other);
  void SetLimit(std::int64_t rows) noexcept { rows_.limit = rows; }
  void SetOffset(std::int64_t rows) noexcept { rows_.offset = rows; }
  /// At most so many, however many were asked for.
  [[nodiscard]] Asked AtMost(std::int64_t rows) const {
    Asked fewer = *this;
    if (!rows_.limit || *rows_.limit > rows) fewer.rows_.limit = rows;
    return fewer;
  }
  /// Neighbours of these rows. They are still as they were asked for.
  GRAPNEL_DECLARE store::PredicatePtr Along(const EdgeEnd& edge) const;

 private:
  friend Narrower;

  store::Rows rows_;
  store::Branch after_;      // behind a row, in this order; null: from the first on
  store::Branch all_where_;  // where it is not: without it
};

}  // namespace grapnel::detail

#ifndef GRAPNEL_SEPARATE_COMPILATION
#include <grapnel/store/query/impl/asked.hpp>  // IWYU pragma: keep
#endif
