#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/model/value.hpp>
#include <grapnel/store/predicate/tree.hpp>
#include <grapnel/store/sql/leaf.hpp>
#include <grapnel/store/sql/terms.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace grapnel::store::sql {

/// The text of a statement about the rows that come behind another one: pages.
class PageText : public LeafText {
 public:
  using LeafText::LeafText;

  /// Which of the rows behind another one. Where that has NULL in the first field of the order, or
  /// rows with NULL stand last, they are in two parts, with NULL there and without, for each of
  /// which alone an index is searched.
  enum class Part : std::uint8_t { Whole, First, Second };
  /// Of a condition that only such rows match, what says so; else null.
  const PredicateNode* InTwoParts(const PredicateNode* where) const {
    if (where == nullptr) return nullptr;
    Terms terms{{where, false}};
    if (where->kind == PredicateKind::And) terms = TermsOf(terms.front());
    for (const Term& term : terms) {
      const bool behind = term.node->kind == PredicateKind::Behind && !term.negated;
      if (behind && IsInTwoParts(*term.node)) return term.node;
    }
    return nullptr;
  }

 protected:
  /// Rows behind the one with these values, as far as the order from this place on says.
  std::string BehindText(const PredicateNode& node, std::size_t at) {
    const Part part = at == 0 && &node == parted_ ? part_ : Part::Whole;
    if (ComparesPlainly(node, at)) return RowsBehindText(node, at);
    const store::Ordering& order = node.from->order[at];
    const Column& column = ColumnOf(order.field);
    const std::string name = NameOf(column);
    if (node.values[at].IsNull()) {
      if (part == Part::Second) return GetDialect().NotNull(name, column.Kind());
      // The id, which comes last, is never NULL.
      std::string equal = core::Concat({"(", name, " IS NULL AND ", BehindText(node, at + 1), ")"});
      if (part == Part::First || !order.NullsFirst()) return equal;
      return core::Concat({"(", name, " IS NOT NULL OR ", equal, ")"});
    }
    if (part == Part::Second) return core::Concat({name, " IS NULL"});
    std::string behind = RowsBehindText(node, at);  // of those without NULL
    if (part == Part::First) return behind;
    return core::Concat({"(", behind, " OR ", name, " IS NULL)"});
  }
  /// The same where rows with NULL are none of them. It compares as many fields as it can as rows,
  /// which an index is searched by.
  std::string RowsBehindText(const PredicateNode& node, std::size_t at) {
    const std::vector<store::Ordering>& order = node.from->order;
    std::string names = NameOf(ColumnOf(order[at].field));
    std::string values = Parameter(node.values[at]);
    std::size_t end = at + 1;
    for (; end < order.size() && order[end].descending == order[at].descending &&
           ComparesPlainly(node, end);
         ++end) {
      const Column& next = ColumnOf(order[end].field);
      core::Append(names, {", ", NameOf(next)});
      core::Append(values, {", ", Parameter(node.values[end]), AfterId(next)});
    }
    if (end - at > 1) {
      names = core::Concat({"(", names, ")"});
      values = core::Concat({"(", values, ")"});
    }
    const std::string_view sign = Sign(order[at]);
    if (end == order.size()) return core::Concat({names, sign, values});
    const std::string_view same_or = order[at].descending ? " <= " : " >= ";
    return core::Concat({"(", names, same_or, values, " AND (", names, sign, values, " OR ", names,
                         " = ", values, " AND ", BehindText(node, end), "))"});
  }
  bool IsInTwoParts(const PredicateNode& node) const {
    return !ComparesPlainly(node, 0) &&
           (!node.values[0].IsNull() || node.from->order[0].NullsFirst());
  }
  static std::string_view Sign(const store::Ordering& order) noexcept {
    return order.descending ? " < " : " > ";
  }
  /// Whether all rows behind have a value there, which compares with this one.
  bool ComparesPlainly(const PredicateNode& node, std::size_t at) const {
    const store::Ordering& order = node.from->order[at];
    return !node.values[at].IsNull() && (!ColumnOf(order.field).nullable || order.NullsFirst());
  }
  /// Behind a value among several that an index is searched by.
  std::string_view AfterId(const Column& column) const {
    return &column == &table_->Id() ? GetDialect().AfterId(column.Kind()) : "";
  }

  const PredicateNode* parted_ = nullptr;
  Part part_ = Part::Whole;  // of what it says
};

}  // namespace grapnel::store::sql
