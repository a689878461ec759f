#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/model/value.hpp>
#include <grapnel/store/predicate/tree.hpp>
#include <grapnel/store/sql/dialect.hpp>
#include <grapnel/store/sql/names.hpp>
#include <grapnel/store/sql/neighbours.hpp>
#include <grapnel/store/sql/terms.hpp>
#include <grapnel/store/sql/walk.hpp>

#include <algorithm>
#include <cstddef>
#include <list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// The SQL text of conditions. Names are quoted, values are always parameters.
namespace grapnel::store::sql {

/// The text of a statement with conditions. What stands under a NOT is negated down to the leaves;
/// then every condition is joined of leaves by AND and OR alone, and NULL may stand for false. So
/// it stays below the limits of the engines' parsers and stacks:
/// - a chain of one operator becomes a tree, eight terms at a time; comparisons of one column by
///   one operator, where they are many, become one comparison with a list;
/// - where AND and OR alternate deeply, `CASE WHEN (a) IS NOT TRUE THEN 0 WHEN b THEN 1 ... END`
///   tells the same of a chain of any length.
class Sql final : public NeighbourText {
 public:
  Sql(const Dialect& dialect, const Table& table, int first_parameter = 1)
      : NeighbourText(dialect, table, first_parameter) {}

  /// " WHERE ...", or nothing.
  void Where(const PredicateNode* node) {
    if (node == nullptr) return;
    text += " WHERE ";
    Render(*node);
  }

  /// The condition in parentheses where needed. Throws: SchemaError for a member that is no field;
  /// ValidationError for what is nested in a way that the engine does not take.
  void Render(const PredicateNode& node) { Walk(OfNode({&node, false}, 0)); }

  /// The condition, with that part of what `parted` says.
  void RenderPart(const PredicateNode& where, const PredicateNode& parted, Part part) {
    parted_ = &parted;
    part_ = part;
    Render(where);
    part_ = Part::Whole;
  }

 private:
  static constexpr std::size_t kMany = 8;  // terms: a chain of more is looked at twice
  static constexpr int kDeep = 8;  // AND and OR in one another: beyond it CASE takes their place
  static constexpr int kTooDeep = 14;  // SQLite's parser stops at 100 open brackets and operators

  void Render(Term term, int depth) override {
    if (IsJoin(term)) return RenderJoin(term, depth);
    const PredicateNode& node = *term.node;
    shown_ = IsCompared(node.kind) && IsShown(node);
    of_ = ComparedWith(node);
    if (term.negated) Write({"NOT ("});
    switch (node.kind) {
      case PredicateKind::Has:
        Has(node);
        break;
      case PredicateKind::ReachedBy:
        ReachedBy(node);
        break;
      case PredicateKind::InLists:
        Write({InLists(node)});
        break;
      case PredicateKind::In:
        Write({InValues(node)});
        break;
      case PredicateKind::IsNull:
        Write({OfLeaf(node), " IS NULL"});
        break;
      case PredicateKind::HasPrefix:
        HasPrefix(node);
        break;
      case PredicateKind::Behind:
        Write({BehindText(node, 0)});
        break;
      default:
        Compare(node);
    }
    shown_ = false;
    of_ = nullptr;
    if (term.negated) Write({")"});
  }
  /// The field of a leaf with values, or null.
  const Column* ComparedWith(const PredicateNode& leaf) const {
    const bool is = IsCompared(leaf.kind) || leaf.kind == PredicateKind::HasPrefix;
    return is && leaf.relation == nullptr ? &ColumnOf(leaf.field) : nullptr;
  }

  /// The column of a leaf as it is compared with such a value.
  std::string Comparable(const PredicateNode& leaf, const FieldValue& with) const {
    return GetDialect().Comparable(OfLeaf(leaf), KindOf(leaf), with);
  }
  void Compare(const PredicateNode& node) {
    const bool two = node.other != nullptr;
    const std::string column = two ? OfLeaf(node) : Comparable(node, node.value);
    const std::string operand = two ? NameOf(ColumnOf(node.other)) : Parameter(node.value);
    std::string comparison;
    GetDialect().AppendComparison(comparison, node.kind, column, KindOf(node), operand);
    Write({comparison});
  }
  /// Lists may be empty.
  static const FieldValue& AnyOf(const std::vector<FieldValue>& values) noexcept {
    static const FieldValue none;
    return values.empty() ? none : values.front();
  }
  std::string InValues(const PredicateNode& node) {
    return In(node.values, Comparable(node, AnyOf(node.values)));
  }

  void RenderJoin(const Term& join, int depth) {
    if (depth >= kTooDeep) RefusePredicate("is nested too deep");
    Terms terms = TermsOf(join);
    if (depth >= kDeep && std::any_of(terms.begin(), terms.end(), IsJoin)) {
      return RenderCase(join, depth);
    }
    Steps parts = PartsOf(terms, IsAnd(join), depth);
    Lay(parts, IsAnd(join) ? " AND " : " OR ");
  }
  Steps PartsOf(Terms& terms, bool is_and, int depth) {
    Steps parts;
    parts.reserve(terms.size());
    if (terms.size() > kMany) Gather(terms, is_and, parts);
    for (const Term& term : terms) parts.push_back(OfNode(term, depth + 1));
    return parts;
  }
  /// A chain as a tree.
  void Lay(std::span<Step> parts, std::string_view with) {
    if (parts.size() == 1) return Then(std::move(parts.front()));
    std::size_t each = 1;
    while (each * kMany < parts.size()) each *= kMany;
    Write({"("});
    for (std::size_t i = 0; i < parts.size(); i += each) {
      if (i > 0) Write({with});
      Lay(parts.subspan(i, std::min(each, parts.size() - i)), with);
    }
    Write({")"});
  }

  /// The longest way down is walked along, and tells at each step what decides there.
  void RenderCase(Term join, int depth) {
    heights_.Measure(join);
    Write({"CASE"});
    while (true) {
      Terms terms = TermsOf(join);
      const auto longest = std::max_element(
          terms.begin(), terms.end(),
          [&](const Term& a, const Term& b) { return heights_.Of(a) < heights_.Of(b); });
      const Term down = *longest;
      if (!IsJoin(down)) break;
      terms.erase(longest);
      const bool is_and = IsAnd(join);
      for (Step& part : PartsOf(terms, is_and, depth)) {
        Write({is_and ? " WHEN (" : " WHEN "});  // NOT binds less than IS does
        Then(std::move(part));
        Write({is_and ? ") IS NOT TRUE THEN " : " THEN ",
               is_and ? GetDialect().False() : GetDialect().True()});
      }
      join = down;
    }
    Write({" ELSE "});
    Then(OfNode(join, depth + 1));
    Write({" END"});
  }

  /// Takes leaves that differ in their values alone out of `terms`, and puts one part in their
  /// place.
  void Gather(Terms& terms, bool is_and, Steps& parts) {
    std::vector<std::pair<LeafGroup, Terms>> groups;
    Terms rest;
    for (const Term& term : terms) {
      if (!IsCompared(term.node->kind) || term.node->other != nullptr) {
        rest.push_back(term);
        continue;
      }
      const LeafGroup group = GroupOf(term, is_and);
      const auto found = std::find_if(groups.begin(), groups.end(),
                                      [&](const auto& each) { return each.first == group; });
      if (found != groups.end()) {
        found->second.push_back(term);
      } else if (groups.size() < 64) {
        groups.emplace_back(group, Terms{term});
      } else {
        rest.push_back(term);
      }
    }
    for (auto& [group, members] : groups) {
      // One list of positive Ins in an AND cannot be told as one.
      const bool as_list = group.kind == PredicateKind::In && group.negated == is_and;
      const bool whole = group.kind == PredicateKind::In && !as_list;
      if (members.size() == 1 || whole || (!as_list && members.size() <= kMany)) {
        rest.insert(rest.end(), members.begin(), members.end());
      } else {
        parts.push_back(OfText(Gathered(group, members, is_and, as_list)));
      }
    }
    terms = std::move(rest);
  }
  std::string Gathered(const LeafGroup& group, const Terms& members, bool is_and, bool as_list) {
    gathered_.emplace_back();
    std::vector<FieldValue>& values = gathered_.back();
    for (const Term& term : members) {
      const PredicateNode& node = *term.node;
      if (node.kind == PredicateKind::In) {
        values.insert(values.end(), node.values.begin(), node.values.end());
      } else {
        values.push_back(node.value);
      }
    }
    const PredicateNode& leaf = *members.front().node;
    const std::string column = Comparable(leaf, AnyOf(values));
    shown_ = IsShown(leaf);
    of_ = ComparedWith(leaf);
    std::string one;
    if (as_list) {
      one = In(values, column);
    } else {
      GetDialect().AppendComparison(one, group.kind, column, KindOf(leaf),
                                    GetDialect().Untyped("grapnel_value.value"));
    }
    if (group.negated) one = core::Concat({"NOT (", one, ")"});
    if (!as_list) {
      one = core::Concat({is_and ? "NOT " : "", "EXISTS (SELECT 1 FROM ", Values(values),
                          " AS grapnel_value WHERE ", is_and ? "(" : "", one,
                          is_and ? ") IS NOT TRUE)" : ")"});
    }
    shown_ = false;
    of_ = nullptr;
    return one;
  }

  /// The range of all that begins so, which an index is searched by. It compares bytes, whatever
  /// collation others gave the column.
  void HasPrefix(const PredicateNode& node) {
    const std::string column = GetDialect().ByBytes(OfLeaf(node), KindOf(node));
    const FieldValue& prefix = node.value;
    Write({"(", column, " >= ", Parameter(prefix)});
    FieldValue beyond = GetDialect().BeyondPrefix(prefix);
    if (!beyond.IsNull()) Write({" AND ", column, " < ", Own(std::move(beyond))});
    Write({")"});
  }

  Heights heights_;
  std::list<std::vector<FieldValue>> gathered_;
};

}  // namespace grapnel::store::sql
