#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/model/error.hpp>
#include <grapnel/model/relation.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/model/value.hpp>
#include <grapnel/store/driver/driver.hpp>
#include <grapnel/store/predicate/tree.hpp>
#include <grapnel/store/sql/values.hpp>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

/// The SQL text of conditions. Names are quoted, values are always parameters.
namespace grapnel::sqlite::detail {

using grapnel::detail::Column;
using grapnel::detail::Relation;
using grapnel::detail::Table;
using store::PredicateKind;
using store::PredicateNode;

/// Behind a text, another one between quotes, with those in it doubled.
inline void AppendQuoted(std::string& to, std::string_view text, char quote) {
  to += quote;
  for (auto at = text.find(quote); at != text.npos; at = text.find(quote)) {
    to.append(text.substr(0, at + 1)) += quote;
    text.remove_prefix(at + 1);
  }
  to.append(text) += quote;
}

inline std::string Quote(std::string_view name) {
  std::string quoted;
  quoted.reserve(name.size() + 2);
  AppendQuoted(quoted, name, '"');
  return quoted;
}
inline std::string QuoteText(std::string_view text) {
  std::string quoted;
  AppendQuoted(quoted, text, '\'');
  return quoted;
}

/// "table"."column", for statements in which several tables may have a column of that name.
inline std::string Quote(std::string_view table, std::string_view column) {
  std::string quoted;
  quoted.reserve(table.size() + column.size() + 5);
  AppendQuoted(quoted, table, '"');
  quoted += '.';
  AppendQuoted(quoted, column, '"');
  return quoted;
}

inline std::string_view TypeName(FieldKind kind) {
  switch (kind) {
    case FieldKind::Bool:
    case FieldKind::Int:
      return "INTEGER";
    case FieldKind::Real:
      return "REAL";
    case FieldKind::Text:
      return "TEXT";
    case FieldKind::Blob:
      break;
  }
  return "BLOB";
}

/// Whether a column's values are told to nobody: of a sensitive field, or the key of a row whose id
/// is one.
inline bool IsSecret(const Column& column) {
  return column.sensitive || (column.target != nullptr && column.target().Id().sensitive);
}

/// Lists of rows: a table of the connection's own, on disk where it is long.
inline constexpr std::string_view kLists = "temp.grapnel_lists";

/// The text of a statement in the making, with the values of its parameters.
///
/// Predicates are walked without recursion, for they may be nested as deep as memory allows. What
/// stands under a NOT is negated down to the leaves; then every condition is joined of leaves by
/// AND and OR alone, and NULL may stand for false. So it stays below the limits of SQLite's parser
/// and its stack:
/// - a chain of one operator becomes a tree, eight terms at a time; comparisons of one column by
/// one
///   operator, where they are many, become one comparison with a list;
/// - where AND and OR alternate deeply, `CASE WHEN (a) IS NOT TRUE THEN 0 WHEN b THEN 1 ... END`
/// tells the
///   same of a chain of any length;
/// - each subselect stands in front of the statement under a name.
class Sql {
 public:
  /// What a parameter is bound to: a value, or a list.
  struct Bound {
    const FieldValue* value;
    const ValueList* list;
    bool shown = false;  // observers may be told it: it is known to be of no sensitive field
    const FieldValue& operator*() const noexcept { return *value; }
  };
  using Parameters = std::vector<Bound>;

  std::string text;
  Parameters parameters;

  explicit Sql(const Table& table, int first_parameter = 1)
      : table_(&table), first_(first_parameter) {
    text.reserve(kUsual);
  }

  /// What follows is about another table.
  void TurnTo(const Table& table) noexcept { table_ = &table; }

  /// The whole statement.
  std::string Finish() {
    std::string with;
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      core::Append(with, {i == 0 ? "WITH grapnel_" : ", grapnel_", std::to_string(i + 1),
                          "(id) AS (", parts_[i], ")"});
    }
    return with.empty() ? std::move(text) : core::Concat({with, " ", text});
  }

  /// " WHERE ...", or nothing.
  void Where(const PredicateNode* node) {
    if (node == nullptr) return;
    text += " WHERE ";
    Render(*node);
  }

  /// The condition in parentheses where needed. Throws: SchemaError for a member that is no field;
  /// ValidationError for what is nested in a way that SQLite does not take.
  void Render(const PredicateNode& node) { Walk(OfNode({&node, false}, 0)); }

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
  /// The condition, with that part of what `parted` says.
  void RenderPart(const PredicateNode& where, const PredicateNode& parted, Part part) {
    parted_ = &parted;
    part_ = part;
    Render(where);
    part_ = Part::Whole;
  }

  /// In which order rows come that are equal in all that they are ordered by.
  enum class Ties : std::uint8_t { ById, AsTheyCome };

  /// " ORDER BY ...", or nothing.
  void OrderBy(std::span<const store::Ordering> order, Ties ties = Ties::ById) {
    if (order.empty()) return;
    Step step{Step::What::Order};
    step.order = order;
    step.ties = ties;
    Walk(std::move(step));
  }

  /// " LIMIT ...", or nothing.
  void Limit(const std::optional<std::int64_t>& limit, std::int64_t offset) {
    text += LimitText(limit, offset);
  }

  std::string Parameter(const FieldValue& value) {
    return parameters.size() < kParameters ? Number({&value, nullptr}) : Further(value);
  }

  /// `grapnel_values(?)`: the values, which live longer than this object, as rows.
  std::string Values(ValueList values) {
    lists_.push_back(values);
    return core::Concat({kValuesFunction, "(", Number({nullptr, &lists_.back()}), ")"});
  }

  /// `column IN (values)`. A list is padded with its last value to a power of two, so that few
  /// texts serve all lengths; a long one is one parameter.
  std::string In(ValueList values, const std::string& column) {
    const std::size_t count = values.size();
    if (count == 0) return "0";
    std::string in = core::Concat({column, " IN ("});
    if (count > kMaxList) {
      core::Append(in, {"SELECT +value FROM ", Values(values), ")"});
      return in;
    }
    const std::size_t padded = std::bit_ceil(count);
    for (std::size_t i = 0; i < padded; ++i) {
      core::Append(in, {i > 0 ? ", " : "", Parameter(values[std::min(i, count - 1)])});
    }
    return in + ')';
  }

  /// A parameter with a value that lives in this object.
  std::string Own(FieldValue value) {
    owned_.push_back(std::move(value));
    return Parameter(owned_.back());
  }

 private:
  static constexpr std::size_t kParameters = 1024;
  static constexpr std::size_t kMaxList = 1024;  // SQLite limits the number of parameters
  static constexpr std::size_t kMany = 8;        // terms: a chain of more is looked at twice
  static constexpr int kDeep = 8;  // AND and OR in one another: beyond it CASE takes their place
  static constexpr int kTooDeep = 14;  // SQLite's parser stops at 100 open brackets and operators
  static constexpr std::size_t kSelects = 64;  // in one another: on a stack of 256 kB there is room
  static constexpr std::size_t kLength = 64 << 20;  // of the text
  static constexpr std::size_t kUsual = 240;        // room that most texts do with

  /// A condition, or its negation.
  struct Term {
    const PredicateNode* node;
    bool negated;
    friend bool operator==(const Term&, const Term&) = default;
  };
  using Terms = std::vector<Term>;

  /// What is still to be written.
  struct Step {
    enum class What : std::uint8_t { Text, Node, Begin, End, Enter, Leave, Order, Tail };
    What what;
    std::string text{};
    Term term{};
    int depth = 0;
    const Table* table = nullptr;       // Begin: of a subselect about it; Enter: within the text
    const store::Rows* rows = nullptr;  // Tail: which of them
    std::span<const store::Ordering> order{};  // Order
    Ties ties{};
  };
  using Steps = std::vector<Step>;
  static Step OfText(std::string text) { return {Step::What::Text, std::move(text)}; }
  static Step OfNode(Term term, int depth) { return {Step::What::Node, {}, term, depth}; }

  /// Does a step, and what comes of it.
  void Walk(Step step) {
    do {
      waiting_ = open_.size();
      Do(step);
      std::reverse(open_.begin() + static_cast<std::ptrdiff_t>(waiting_), open_.end());
    } while (Take(step));
  }
  /// The next of the steps that wait, if there is one.
  bool Take(Step& step) {
    if (open_.empty()) return false;
    step = std::move(open_.back());
    open_.pop_back();
    return true;
  }
  /// What comes next: a text or a leaf at once, if nothing before it has to wait; else it waits.
  void Then(Step&& step) {
    const bool at_once = step.what == Step::What::Text ||
                         (step.what == Step::What::Node && IsLeaf(Strip(step.term)));
    if (at_once && open_.size() == waiting_) return Do(step);
    open_.push_back(std::move(step));
  }
  void Write(std::initializer_list<std::string_view> parts) {
    if (open_.size() == waiting_) return core::Append(text, parts);
    open_.push_back(OfText(core::Concat(parts)));
  }

  void Do(const Step& step) {
    if (text.size() > kLength) RefusePredicate("is too large");
    switch (step.what) {
      case Step::What::Text:
        text += step.text;
        return;
      case Step::What::Node:
        return Render(Strip(step.term), step.depth);
      case Step::What::Begin:
        if (selects_.size() >= kSelects) RefusePredicate("has too many edges in one another");
        selects_.emplace_back(std::exchange(text, {}), std::exchange(table_, step.table));
        return;
      case Step::What::End:
        parts_.push_back(std::exchange(text, std::move(selects_.back().first)));
        core::Append(text, {"(SELECT id FROM grapnel_", std::to_string(parts_.size()), ")"});
        table_ = selects_.back().second;
        selects_.pop_back();
        return;
      case Step::What::Enter:
        if (selects_.size() >= kSelects) RefusePredicate("has too many edges in one another");
        selects_.emplace_back(std::string(), std::exchange(table_, step.table));
        return;
      case Step::What::Leave:
        table_ = selects_.back().second;
        selects_.pop_back();
        return;
      case Step::What::Order:
        return Order(step.order, step.ties);
      case Step::What::Tail:
        Order(step.rows->order, Ties::ById);
        return Write({LimitText(step.rows->limit, step.rows->offset)});
    }
  }

  void Order(std::span<const store::Ordering> order, Ties ties) {
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
      if (nullable && each.NullsFirst() == each.descending) {  // not as SQLite does by itself
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

  std::string LimitText(const std::optional<std::int64_t>& limit, std::int64_t offset) {
    if (!limit && offset == 0) return "";
    shown_ = true;
    std::string limited = core::Concat({" LIMIT ", Own(limit.value_or(-1))});
    if (offset != 0) core::Append(limited, {" OFFSET ", Own(offset)});
    shown_ = false;
    return limited;
  }

  [[noreturn]] void RefusePredicate(std::string_view reason) const {
    const Table& table = selects_.empty() ? *table_ : *selects_.front().second;
    throw ValidationError(table.entity, "predicate", grapnel::Op{},
                          core::Concat({"it ", reason,
                                        " for SQLite: split it, or use In(...) for "
                                        "many values"}));
  }

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

  std::string Number(Bound bound) {
    bound.shown = shown_;
    parameters.push_back(bound);
    return '?' + std::to_string(first_ + static_cast<int>(parameters.size()) - 1);
  }

  /// The values of a large predicate are one list: SQLite takes time for each parameter, and for
  /// each constant, that grows with how many were before it, and it limits the parameters.
  std::string Further(const FieldValue& value) {
    if (further_.empty()) {
      lists_.emplace_back();
      shown_ = false;  // of many fields
      further_list_ = {&lists_.back(), Number({nullptr, &lists_.back()})};
    }
    further_.push_back(value);
    *further_list_.first = further_;
    return core::Concat({kValueFunction, "(", further_list_.second, ", ",
                         std::to_string(further_.size() - 1), ")"});
  }

  static Term Strip(Term term) noexcept {
    while (term.node->kind == PredicateKind::Not) term = {term.node->left.Get(), !term.negated};
    return term;
  }
  static bool IsLeaf(const Term& term) noexcept {
    return term.node->kind < PredicateKind::And || term.node->kind == PredicateKind::InLists;
  }
  static bool IsJoin(const Term& term) noexcept {
    return term.node->kind == PredicateKind::And || term.node->kind == PredicateKind::Or;
  }
  static bool IsAnd(const Term& join) noexcept {
    return (join.node->kind == PredicateKind::And) != join.negated;
  }

  void Render(Term term, int depth) {
    if (IsJoin(term)) return RenderJoin(term, depth);
    const PredicateNode& node = *term.node;
    shown_ = IsCompared(node.kind) && IsShown(node);
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
        Write({In(node.values, OfLeaf(node))});
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
        Compare(
            text, node.kind, OfLeaf(node),
            node.other != nullptr ? NameOf(ColumnOf(node.other)) : Parameter(node.values.front()));
    }
    shown_ = false;
    if (term.negated) Write({")"});
  }

  /// The terms of a chain of one operator; of a large one each but once.
  static Terms TermsOf(const Term& join) {
    const bool is_and = IsAnd(join);
    Terms terms, open{join};
    std::unordered_set<const PredicateNode*> seen[2];
    for (std::size_t walked = 0; !open.empty(); ++walked) {
      const Term term = Strip(open.back());
      open.pop_back();
      if (walked > 64 && !seen[term.negated ? 1 : 0].insert(term.node).second) continue;
      if (IsJoin(term) && IsAnd(term) == is_and) {
        open.push_back({term.node->right.Get(), term.negated});
        open.push_back({term.node->left.Get(), term.negated});
      } else {
        terms.push_back(term);
      }
    }
    return terms;
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
    MeasureHeights(join);
    Write({"CASE"});
    while (true) {
      Terms terms = TermsOf(join);
      const auto longest =
          std::max_element(terms.begin(), terms.end(),
                           [&](const Term& a, const Term& b) { return Height(a) < Height(b); });
      const Term down = *longest;
      if (!IsJoin(down)) break;
      terms.erase(longest);
      const bool is_and = IsAnd(join);
      for (Step& part : PartsOf(terms, is_and, depth)) {
        Write({is_and ? " WHEN (" : " WHEN "});  // NOT binds less than IS does
        Then(std::move(part));
        Write({is_and ? ") IS NOT TRUE THEN 0" : " THEN 1"});
      }
      join = down;
    }
    Write({" ELSE "});
    Then(OfNode(join, depth + 1));
    Write({" END"});
  }
  std::size_t Height(const Term& term) const {
    return IsJoin(term) ? heights_.at(Strip(term).node) : 0;
  }
  /// How often AND and OR alternate in a condition, and in those in it.
  void MeasureHeights(const Term& root) {
    Terms open{root};
    while (!open.empty()) {
      const Term join = open.back();
      if (heights_.contains(join.node)) {
        open.pop_back();
        continue;
      }
      std::size_t height = 1;
      bool ready = true;
      for (const Term& term : TermsOf(join)) {
        if (!IsJoin(term)) continue;
        const auto known = heights_.find(term.node);
        if (known == heights_.end()) {
          open.push_back(term);
          ready = false;
        } else {
          height = std::max(height, known->second + 1);
        }
      }
      if (!ready) continue;
      heights_.emplace(join.node, height);
      open.pop_back();
    }
  }

  /// How a leaf may be taken together with others: those with the same key.
  struct Group {
    PredicateKind kind;
    bool negated;
    grapnel::detail::FieldTag field;
    const Relation* relation;
    friend bool operator==(const Group&, const Group&) = default;
  };
  static bool IsCompared(PredicateKind kind) noexcept {
    return kind <= PredicateKind::In ||
           (kind >= PredicateKind::Contains && kind <= PredicateKind::ContainsFold);
  }
  /// Of `a = 1 OR a = 2` and `a <> 1 AND a <> 2` it is the list that a is in or not.
  static Group GroupOf(const Term& term, bool is_and) noexcept {
    Group group{term.node->kind, term.negated, term.node->field, term.node->relation};
    const bool equal = group.kind == PredicateKind::Equal || group.kind == PredicateKind::In;
    const bool not_equal = group.kind == PredicateKind::NotEqual;
    if (!equal && !not_equal) return group;
    const bool in = equal != term.negated;
    if (in != is_and) {
      group.kind = PredicateKind::In;
      group.negated = !in;
    }
    return group;
  }
  /// Takes leaves that differ in their values alone out of `terms`, and puts one part in their
  /// place.
  void Gather(Terms& terms, bool is_and, Steps& parts) {
    std::vector<std::pair<Group, Terms>> groups;
    Terms rest;
    for (const Term& term : terms) {
      if (!IsCompared(term.node->kind) || term.node->other != nullptr) {
        rest.push_back(term);
        continue;
      }
      const Group group = GroupOf(term, is_and);
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
  std::string Gathered(const Group& group, const Terms& members, bool is_and, bool as_list) {
    gathered_.emplace_back();
    std::vector<FieldValue>& values = gathered_.back();
    for (const Term& term : members) {
      values.insert(values.end(), term.node->values.begin(), term.node->values.end());
    }
    const std::string column = OfLeaf(*members.front().node);
    shown_ = IsShown(*members.front().node);
    std::string one;
    if (as_list) {
      one = In(values, column);
    } else {
      Compare(one, group.kind, column, "+grapnel_value.value");
    }
    if (group.negated) one = core::Concat({"NOT (", one, ")"});
    if (!as_list) {
      one = core::Concat({is_and ? "NOT " : "", "EXISTS (SELECT 1 FROM ", Values(values),
                          " AS grapnel_value WHERE ", is_and ? "(" : "", one,
                          is_and ? ") IS NOT TRUE)" : ")"});
    }
    shown_ = false;
    return one;
  }

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

  /// One list is walked along; several are looked up row by row. (The + keeps the column's affinity
  /// out of the comparison, which could not use the lists' index.)
  std::string InLists(const PredicateNode& node) {
    const std::string id =
        node.relation != nullptr ? Quote(node.relation->table, node.relation->column) : Id(*table_);
    if (node.values[0].IsNull()) {  // one list
      std::string in = core::Concat(
          {id, " IN (SELECT id FROM ", kLists, " WHERE list = ", Parameter(node.values[1])});
      if (node.values.size() > 2) {
        if (!node.values[2].IsNull()) core::Append(in, {" AND id > ", Parameter(node.values[2])});
        core::Append(in, {" AND id <= ", Parameter(node.values[3])});
      }
      return in + ')';
    }
    const std::string from = Parameter(node.values[1]);
    return core::Concat(
        {"EXISTS (SELECT 1 FROM ", kLists, " AS grapnel_listed WHERE grapnel_listed.type = ",
         Parameter(node.values[0]), " AND grapnel_listed.id = +", id,
         " AND grapnel_listed.list BETWEEN ", from, " AND ", Parameter(node.values[2]), ")"});
  }

  /// The column that a leaf is about.
  std::string OfLeaf(const PredicateNode& leaf) const {
    if (leaf.relation != nullptr) return Quote(leaf.relation->table, leaf.relation->column);
    return NameOf(ColumnOf(leaf.field));
  }

  /// Rows behind the one with these values, as far as the order from this place on says.
  std::string BehindText(const PredicateNode& node, std::size_t at) {
    const Part part = at == 0 && &node == parted_ ? part_ : Part::Whole;
    if (ComparesPlainly(node, at)) return RowsBehindText(node, at);
    const store::Ordering& order = node.from->order[at];
    const Column& column = ColumnOf(order.field);
    const std::string name = NameOf(column);
    if (node.values[at].IsNull()) {
      if (part == Part::Second) return core::Concat({name, " >= ", LeastText(column)});
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
      core::Append(values, {", ", Parameter(node.values[end]), AsRowid(next)});
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
  /// What no value of a column is less than; IS NOT NULL is not looked up in an index.
  static std::string_view LeastText(const Column& column) noexcept {
    if (column.Kind() == FieldKind::Text) return "''";
    return column.Kind() == FieldKind::Blob ? "x''" : "-9e999";
  }
  static std::string_view Sign(const store::Ordering& order) noexcept {
    return order.descending ? " < " : " > ";
  }
  /// Whether all rows behind have a value there, which compares with this one.
  bool ComparesPlainly(const PredicateNode& node, std::size_t at) const {
    const store::Ordering& order = node.from->order[at];
    return !node.values[at].IsNull() && (!ColumnOf(order.field).nullable || order.NullsFirst());
  }
  /// Behind a value among several that an index is searched by: SQLite takes a rowid as the last of
  /// them when the collation is said.
  std::string_view AsRowid(const Column& column) const {
    const bool is_rowid = &column == &table_->Id() && column.Kind() == FieldKind::Int;
    return is_rowid ? " COLLATE BINARY" : "";
  }

  bool IsShown(const PredicateNode& leaf) const {
    if (leaf.relation == nullptr) return !IsSecret(ColumnOf(leaf.field));
    return !leaf.relation->source->Id().sensitive && !leaf.relation->target->Id().sensitive;
  }
  /// The range of all that begins so, which an index is searched by. It compares bytes, whatever
  /// collation others gave the column.
  void HasPrefix(const PredicateNode& node) {
    const std::string column = OfLeaf(node);
    const FieldValue& prefix = node.values.front();
    Write({"(", column, " COLLATE BINARY >= ", Parameter(prefix)});
    if (const auto beyond = Beyond(prefix)) {
      Write({" AND ", column, " COLLATE BINARY < ", Own(*beyond)});
    }
    Write({")"});
  }
  /// What stands behind all that begins so. Every text stands before the empty blob; behind all
  /// blobs there is nothing.
  static std::optional<FieldValue> Beyond(const FieldValue& prefix) {
    constexpr auto next = [](auto beyond) {
      using Byte = typename decltype(beyond)::value_type;
      while (!beyond.empty() && static_cast<unsigned char>(beyond.back()) == 0xff)
        beyond.pop_back();
      if (!beyond.empty()) {
        beyond.back() = static_cast<Byte>(static_cast<unsigned char>(beyond.back()) + 1);
      }
      return beyond;
    };
    if (const auto* bytes = prefix.As<FieldValue::Bytes>()) {
      FieldValue::Bytes beyond = next(*bytes);
      if (beyond.empty()) return std::nullopt;
      return beyond;
    }
    std::string beyond = next(*prefix.As<std::string>());
    if (beyond.empty()) return FieldValue::Bytes();
    return beyond;
  }

  /// A comparison of a column with a parameter or the like.
  static void Compare(std::string& to, PredicateKind kind, std::string_view column,
                      std::string_view operand) {
    static constexpr std::string_view operators[] = {" = ", " <> ", " < ", " <= ", " > ", " >= "};
    if (kind <= PredicateKind::GreaterEqual) {
      return core::Append(to, {column, operators[static_cast<std::size_t>(kind)], operand});
    }
    if (kind == PredicateKind::EqualFold) {
      return core::Append(to, {"lower(", column, ") = lower(", operand, ")"});
    }
    if (kind == PredicateKind::ContainsFold) {
      return core::Append(
          to, {"instr(CAST(lower(", column, ") AS BLOB), CAST(lower(", operand, ") AS BLOB)) > 0"});
    }
    // Byte-exact: as blobs, for text functions stop at NUL and ignore case.
    const std::string bytes = core::Concat({"CAST(", column, " AS BLOB)"});
    const std::string part = core::Concat({"CAST(", operand, " AS BLOB)"});
    if (kind == PredicateKind::Contains) {
      return core::Append(to, {"instr(", bytes, ", ", part, ") > 0"});
    }
    const std::string place = kind == PredicateKind::HasPrefix
                                  ? core::Concat({"1, length(", part, ")"})
                                  : core::Concat({"length(", bytes, ") - length(", part, ") + 1"});
    // substr of an empty blob is NULL.
    core::Append(to, {"(length(", bytes, ") >= length(", part, ") AND (length(", part,
                      ") = 0 OR substr(", bytes, ", ", place, ") = ", part, "))"});
  }

  const Table* table_;
  int first_;
  bool shown_ = false;  // the values of the parameters that follow
  std::list<FieldValue> owned_;
  std::list<ValueList> lists_;
  std::vector<FieldValue> further_;
  std::pair<ValueList*, std::string> further_list_{};
  std::list<std::vector<FieldValue>> gathered_;
  std::vector<std::string> parts_;  // subselects
  const PredicateNode* parted_ = nullptr;
  Part part_ = Part::Whole;  // of what it says
  Steps open_;               // the next one last, but for those of the step being done
  std::size_t waiting_ = 0;  // how many stood there before it
  std::vector<std::pair<std::string, const Table*>>
      selects_;  // what stands around the one being written
  std::unordered_map<const PredicateNode*, std::size_t> heights_;
};

}  // namespace grapnel::sqlite::detail
