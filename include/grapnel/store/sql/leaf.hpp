#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/model/error.hpp>
#include <grapnel/model/relation.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/store/predicate/tree.hpp>
#include <grapnel/store/sql/names.hpp>
#include <grapnel/store/sql/parameters.hpp>

#include <string>

namespace grapnel::store::sql {

using grapnel::detail::Relation;
using grapnel::detail::Table;
using store::PredicateNode;

/// The text of a statement about a table: what columns, edges and leaves of conditions are there.
class LeafText : public ParameterText {
 public:
  LeafText(const Dialect& dialect, const Table& table, int first_parameter)
      : ParameterText(dialect, first_parameter), table_(&table) {}

  /// What follows is about another table.
  void TurnTo(const Table& table) noexcept { table_ = &table; }

 protected:
  const Column& ColumnOf(grapnel::detail::FieldTag field) const {
    const Column* column = table_->FindTag(field);
    if (column == nullptr) RefuseMember(*table_);
    return *column;
  }
  [[noreturn]] static void RefuseMember(const Table& table) {
    throw SchemaError(table.entity, "predicate",
                      "a predicate or order names a member that is no field of this type");
  }
  const Relation& RelationOf(grapnel::detail::FieldTag edge) const {
    const grapnel::detail::EdgeEnd* end = table_->FindEdgeTag(edge);
    if (end == nullptr) {
      throw SchemaError(table_->entity, "predicate",
                        "Has or an order names a member that is no edge of this type");
    }
    return end->relation();
  }
  std::string NameOf(const Column& column) const { return Quote(table_->name, column.storage); }
  static std::string Id(const Table& table) { return Quote(table.name, table.Id().storage); }

  /// The column that a leaf is about.
  std::string OfLeaf(const PredicateNode& leaf) const {
    if (leaf.relation != nullptr) return Quote(leaf.relation->table, leaf.relation->column);
    return NameOf(ColumnOf(leaf.field));
  }

  /// How that column is stored.
  FieldKind KindOf(const PredicateNode& leaf) const {
    return leaf.relation != nullptr ? KindOfKey(*leaf.relation) : ColumnOf(leaf.field).Kind();
  }

  bool IsShown(const PredicateNode& leaf) const {
    if (leaf.relation == nullptr) return !ColumnOf(leaf.field).IsSecret();
    return !leaf.relation->source->Id().sensitive && !leaf.relation->target->Id().sensitive;
  }

  /// One list is walked along; several are looked up row by row. (With the column's own type the
  /// comparison could not use the lists' index.)
  std::string InLists(const PredicateNode& node) {
    const std::string id =
        node.relation != nullptr ? Quote(node.relation->table, node.relation->column) : Id(*table_);
    const std::string_view lists = GetDialect().Lists(
        node.relation != nullptr ? KindOfKey(*node.relation) : table_->Id().Kind());
    if (node.values[0].IsNull()) {  // one list
      std::string in =
          core::Concat({id, " IN (SELECT id FROM ", lists,
                        " WHERE list = ", Parameter(node.values[1]), GetDialect().IsFew()});
      if (node.values.size() > 2) {
        if (!node.values[2].IsNull()) core::Append(in, {" AND id > ", Parameter(node.values[2])});
        core::Append(in, {" AND id <= ", Parameter(node.values[3])});
      }
      return in + ')';
    }
    const std::string from = Parameter(node.values[1]);
    return GetDialect().AnyRow(core::Concat(
        {lists, " AS grapnel_listed WHERE grapnel_listed.type = ", Parameter(node.values[0]),
         " AND grapnel_listed.id = ", GetDialect().Untyped(id), " AND grapnel_listed.list BETWEEN ",
         from, " AND ", Parameter(node.values[2])}));
  }

  /// Of its own key it is the neighbour's id that is kept, of others' the source's.
  static FieldKind KindOfKey(const Relation& relation) { return relation.Referred().Id().Kind(); }

  const Table* table_;
};

}  // namespace grapnel::store::sql
