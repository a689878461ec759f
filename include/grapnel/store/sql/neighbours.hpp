#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/model/relation.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/store/predicate/tree.hpp>
#include <grapnel/store/sql/names.hpp>
#include <grapnel/store/sql/walk.hpp>

#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace grapnel::store::sql {

/// The text of a statement that leads along edges: conditions on neighbours, and orders by them.
class NeighbourText : public WalkedText {
 public:
  using WalkedText::WalkedText;

  /// " ORDER BY ...", or nothing.
  void OrderBy(std::span<const store::Ordering> order, Ties ties = Ties::ById) {
    if (order.empty()) return;
    Step step{Step::What::Order};
    step.order = order;
    step.ties = ties;
    Walk(std::move(step));
  }

 protected:
  /// The ids of these rows of `table`: those that match, and, with `rows`, of them so many.
  void Ids(const Table& table, const PredicateNode* where, const store::Rows* rows) {
    Then({Step::What::Begin, {}, {}, 0, &table});
    Write({"SELECT ", Id(table), " FROM ", Quote(table.name)});
    if (where != nullptr) {
      Write({" WHERE "});
      Then(OfNode({where, false}, 0));
    }
    if (rows != nullptr && (rows->limit || rows->offset != 0)) {
      Then({Step::What::Tail, {}, {}, 0, nullptr, rows});
    }
    Then({Step::What::End});
  }

  void Has(const PredicateNode& node) {
    const Relation* const relation =
        node.relation != nullptr ? node.relation : &RelationOf(node.field);
    const PredicateNode* const neighbours = node.left.Get();
    const std::string key = Quote(relation->table, relation->column);
    if (relation->kind == Relation::Kind::OwnKey) {
      Write({"(", key, " IS NOT NULL"});
      if (neighbours != nullptr) {
        Write({" AND ", key, " IN "});
        Ids(*relation->target, neighbours, nullptr);
      }
      return Write({")"});
    }
    Write({Id(*relation->source), " IN "});
    Then({Step::What::Begin, {}, {}, 0, relation->target});
    Write({"SELECT ", key, " FROM ", Quote(relation->table), " WHERE ", key, " IS NOT NULL"});
    if (neighbours != nullptr) {
      Write({" AND "});
      if (relation->kind == Relation::Kind::TheirKey) {
        Then(OfNode({neighbours, false}, 0));
      } else {
        Write({Quote(relation->table, relation->other), " IN "});
        Ids(*relation->target, neighbours, nullptr);
      }
    }
    Then({Step::What::End});
  }

  void ReachedBy(const PredicateNode& node) {
    const Relation& relation = *node.relation;
    const std::string key = Quote(relation.table, relation.column);
    const store::Rows* const from = node.from.Get();
    if (relation.kind == Relation::Kind::TheirKey) {
      Write({"(", key, " IS NOT NULL AND ", key, " IN "});
      Ids(*relation.source, from->where.Get(), from);
      return Write({")"});
    }
    const bool own = relation.kind == Relation::Kind::OwnKey;
    Write({Id(*relation.target), " IN "});
    Then({Step::What::Begin, {}, {}, 0, relation.source});
    Write({"SELECT ", own ? key : Quote(relation.table, relation.other), " FROM ",
           Quote(relation.table), " WHERE ", own ? core::Concat({key, " IS NOT NULL AND "}) : "",
           own ? Id(*relation.source) : key, " IN "});
    Ids(*relation.source, from->where.Get(), from);
    Then({Step::What::End});
  }

 private:
  void Order(std::span<const store::Ordering> order, Ties ties) override {
    if (order.empty()) return;
    bool by_id = ties == Ties::AsTheyCome;
    std::string_view before = " ORDER BY ";
    for (const store::Ordering& each : order) {
      Write({std::exchange(before, ", ")});
      bool nullable = each.field != nullptr;
      if (each.edge != nullptr) {
        OfNeighbours(each);
      } else {
        const Column& column = ColumnOf(each.field);
        by_id = by_id || &column == &table_->Id();
        nullable = column.nullable;
        Write({NameOf(column)});
      }
      if (each.descending) Write({" DESC"});
      // Where it is not as the engine does by itself.
      if (nullable && each.NullsFirst() != (GetDialect().NullsAreLeast() != each.descending)) {
        Write({each.NullsFirst() ? " NULLS FIRST" : " NULLS LAST"});
      }
    }
    if (!by_id) Write({before, Id(*table_), order.back().descending ? " DESC" : ""});
  }
  /// A field of the neighbour, or how many there are. Which rows are neighbours says the collation
  /// of the id that is referred to.
  void OfNeighbours(const store::Ordering& order) {
    const Relation& relation = RelationOf(order.edge);
    const Table& target = *relation.target;
    const bool own = relation.kind == Relation::Kind::OwnKey;
    const bool pairs = relation.kind == Relation::Kind::Join;
    const std::string key = Quote(relation.table, relation.column);
    Write({"(SELECT ", order.field == nullptr ? "count(*)" : "grapnel_order.value",
           " FROM (SELECT ", own ? Id(target) : key, " AS id"});
    if (order.field != nullptr) {
      const Column* column = target.FindTag(order.field);
      if (column == nullptr) RefuseMember(target);
      Write({", ", Quote(target.name, column->storage), " AS value"});
    }
    Write({" FROM ", Quote(pairs ? relation.table : target.name)});
    if (order.neighbours) {
      if (pairs) {
        Write({" JOIN ", Quote(target.name), " ON ", Id(target), " = ",
               Quote(relation.table, relation.other)});
      }
      Write({" WHERE "});
      Then({Step::What::Enter, {}, {}, 0, &target});
      Then(OfNode({order.neighbours.Get(), false}, 0));
      Then({Step::What::Leave});
    }
    Write({") AS grapnel_order WHERE ", own ? "grapnel_order.id" : Id(*relation.source), " = ",
           own ? key : "grapnel_order.id", ")"});
  }
};

}  // namespace grapnel::store::sql
