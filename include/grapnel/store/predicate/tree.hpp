#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/base/shared.hpp>
#include <grapnel/base/type.hpp>
#include <grapnel/model/value.hpp>

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

/// Predicates with their types forgotten: what the machine makes of them, and what an engine
/// renders.
namespace grapnel {
namespace detail {
struct Relation;
struct Table;
}  // namespace detail

namespace store {

enum class PredicateKind : std::uint8_t {
  Equal,
  NotEqual,
  Less,
  LessEqual,
  Greater,
  GreaterEqual,
  In,
  IsNull,
  Contains,
  HasPrefix,
  HasSuffix,
  EqualFold,
  ContainsFold,
  Behind,
  And,
  Or,
  Not,
  Has,
  ReachedBy,
  InLists,
};

struct PredicateNode;
using PredicatePtr = core::Shared<const PredicateNode>;

/// A predicate inside another one. They may be nested as deep as memory allows: the outermost that
/// goes takes those in it down one by one, without recursion.
class Branch : public PredicatePtr {
 public:
  Branch() noexcept = default;
  Branch(PredicatePtr node) noexcept : PredicatePtr(std::move(node)) {}
  Branch(const Branch&) = default;
  Branch(Branch&&) noexcept = default;
  Branch& operator=(Branch other) noexcept {
    PredicatePtr::operator=(std::move(other));
    return *this;
  }
  ~Branch() {
    if (*this) Drop();
  }

 private:
  GRAPNEL_DECLARE void Drop() noexcept;
};

/// How to order rows: see Asc and Desc.
struct Ordering {
  /// Where rows with NULL stand.
  enum class Nulls : std::uint8_t { AsSmallest, First, Last };

  detail::FieldTag field;  // null: by how many neighbours
  bool descending = false;
  Nulls nulls = Nulls::AsSmallest;
  detail::FieldTag edge = nullptr;  // null: the field is the row's own; else of its neighbour
  PredicatePtr neighbours{};        // of those along the edge only these; null: all

  bool NullsFirst() const noexcept {
    return nulls == Nulls::First || (nulls == Nulls::AsSmallest && !descending);
  }
};

/// Some rows of a type: those that match, or a part of them.
struct Rows {
  Branch where{};
  std::vector<Ordering> order{};
  std::optional<std::int64_t> limit{};
  std::int64_t offset = 0;
};

/// One node of a predicate.
struct PredicateNode {
  PredicateKind kind;
  detail::FieldTag field = nullptr;            // of a leaf; of Has, the edge
  std::vector<FieldValue> values{};            // of a leaf that takes several
  Branch left{};                               // And, Or, Not; Has: about the neighbour, or null
  Branch right{};                              // And, Or
  const detail::Relation* relation = nullptr;  // ReachedBy; Has, in place of the edge's tag; In and
                                               // IsNull, of its foreign key
  core::Shared<const Rows> from{};             // ReachedBy: neighbours of these rows of its source;
                                               // Behind: ordered as these
  bool reaches = false;                        // whether it, or one inside, asks for other rows
  detail::FieldTag other = nullptr;            // of a leaf that compares two fields: the right one
  FieldValue value{};                          // of a leaf that compares with one
};

GRAPNEL_DECLARE PredicatePtr MakeNode(PredicateNode node);

// Of one field or edge.

/// `field OP value`, by the kind.
GRAPNEL_DECLARE PredicatePtr Compared(PredicateKind kind, detail::FieldTag field, FieldValue value);
/// `left OP right`, of two fields of the row.
GRAPNEL_DECLARE PredicatePtr ComparedFields(PredicateKind kind, detail::FieldTag left,
                                            detail::FieldTag right);
GRAPNEL_DECLARE PredicatePtr OneOf(detail::FieldTag field, std::vector<FieldValue> values);
GRAPNEL_DECLARE PredicatePtr IsNull(detail::FieldTag field);
/// Rows in which the field, or the foreign key of the edge, of that name has this value, which may
/// be NULL. Throws: UnknownFieldError, TypeMismatchError.
GRAPNEL_DECLARE PredicatePtr FieldIs(const detail::Table& table, std::string_view name,
                                     const FieldValue& value);
/// Rows that have a neighbour along the edge that matches `neighbour`; null: any.
GRAPNEL_DECLARE PredicatePtr HasNeighbour(detail::FieldTag edge, PredicatePtr neighbour);

/// Rows that come behind one row in an order, in which no two rows are equal: `values` are that
/// row's, one for each of the fields of its own that the order is made of.
GRAPNEL_DECLARE PredicatePtr Behind(std::vector<Ordering> order, std::vector<FieldValue> values);

// Of several predicates.

GRAPNEL_DECLARE PredicatePtr Negated(PredicatePtr condition);
/// `left && right`, either of which may be null: no condition.
GRAPNEL_DECLARE PredicatePtr Both(PredicatePtr left, PredicatePtr right);
/// `left || right`.
GRAPNEL_DECLARE PredicatePtr Either(PredicatePtr left, PredicatePtr right);

// Of a relation between two types.

/// Rows that are neighbours of `from`, rows of the relation's source.
GRAPNEL_DECLARE PredicatePtr NeighboursOf(const detail::Relation& relation, Rows from);
/// Rows of the table with the foreign key that refer to rows that match `referred`, which may be
/// null.
GRAPNEL_DECLARE PredicatePtr HoldersOf(const detail::Relation& relation, PredicatePtr referred);
/// Rows of the table with the foreign key that refer to one of these ids.
GRAPNEL_DECLARE PredicatePtr KeyIn(const detail::Relation& relation, std::vector<FieldValue> ids);
/// Rows of the table with the foreign key that refer to none.
GRAPNEL_DECLARE PredicatePtr KeyIsNull(const detail::Relation& relation);

// Of ids.

/// Rows whose ids stand in a list that the engine keeps, which holds ids of their type. With a
/// relation, rows whose foreign key stands there. `part`: only ids after the first value, which may
/// be NULL, up to the second.
GRAPNEL_DECLARE PredicatePtr InList(std::int64_t list, const detail::Relation* key = nullptr,
                                    std::vector<FieldValue> part = {});
/// Rows whose ids stand, as ids of this type, in lists from one number to another.
GRAPNEL_DECLARE PredicatePtr InLists(std::int64_t type, std::int64_t from, std::int64_t to);
/// Rows of a table with one of these ids.
GRAPNEL_DECLARE PredicatePtr IdIn(const detail::Table& table, std::vector<FieldValue> ids);
/// Rows of a table without an id: a table that others made may have them.
GRAPNEL_DECLARE PredicatePtr IdIsNull(const detail::Table& table);

}  // namespace store
}  // namespace grapnel

#ifndef GRAPNEL_SEPARATE_COMPILATION
#include <grapnel/store/predicate/impl/tree.hpp>  // IWYU pragma: keep
#endif
