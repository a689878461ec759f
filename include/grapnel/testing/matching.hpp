#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/core/stack.hpp>
#include <grapnel/model/error.hpp>
#include <grapnel/model/relation.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/model/value.hpp>
#include <grapnel/store/predicate/tree.hpp>
#include <grapnel/testing/error.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Conditions and orders of rows that stand in memory.
namespace grapnel::detail {

/// Lists of rows by their ids, in the order of these, by the numbers of the lists.
using ListedIds = std::map<std::int64_t, std::vector<FieldValue>>;

/// Says of rows of one type what a database would. Throws: NotGivenError for a condition or order
/// that takes more than the rows of that type.
class RowMatcher {
 public:
  /// `rows`: a std::vector of the table's entities, which outlives this, as `lists` does.
  RowMatcher(const Table& table, const void* rows, const ListedIds& lists) noexcept
      : table_(table), rows_(rows), lists_(lists) {}

  /// `where`: null: all rows match.
  bool Matches(const void* row, const store::PredicateNode* where) const {
    return where == nullptr || Of(row, *where) == Truth::True;
  }
  /// Rows that are equal in all that is said come by their ids.
  void Sort(std::vector<const void*>& found, std::span<const store::Ordering> order) const {
    if (order.empty() || found.size() < 2) return;
    for (const store::Ordering& each : order) {
      if (each.edge != nullptr) Refuse("an order by neighbours");
      static_cast<void>(ColumnOf(each.field));
    }
    std::sort(found.begin(), found.end(), [&](const void* left, const void* right) {
      for (const store::Ordering& each : order) {
        const Column& column = ColumnOf(each.field);
        const int placed = Place(each, ValueAt(left, column), ValueAt(right, column));
        if (placed != 0) return placed < 0;
      }
      const int by_id = Compare(ValueAt(left, table_.Id()), ValueAt(right, table_.Id()));
      return order.back().descending ? by_id > 0 : by_id < 0;
    });
  }

  /// Below 0: `left` comes first.
  int Place(const store::Ordering& order, const FieldValue& left, const FieldValue& right) const {
    if (left.IsNull() || right.IsNull()) {
      if (left.IsNull() && right.IsNull()) return 0;
      return left.IsNull() == order.NullsFirst() ? -1 : 1;
    }
    const int placed = Compare(left, right);
    return order.descending ? -placed : placed;
  }
  /// Below 0: `left` is less; 0: they are equal. Of values that are there.
  int Compare(const FieldValue& left, const FieldValue& right) const {
    const auto sign = [](const auto& a, const auto& b) { return a < b ? -1 : b < a ? 1 : 0; };
    if (IsNumber(left) && IsNumber(right)) return sign(NumberOf(left), NumberOf(right));
    if (left.Index() != right.Index() || IsNumber(left)) {
      Refuse("a comparison of values of two types");
    }
    const int placed = BytesOf(left).compare(BytesOf(right));
    return sign(placed, 0);
  }
  /// Both 64 bits of an integer and a double fit.
  static long double NumberOf(const FieldValue& value) noexcept {
    if (const auto* integer = value.As<std::int64_t>()) return static_cast<long double>(*integer);
    if (const auto* real = value.As<double>()) return *real;
    return *value.As<bool>() ? 1 : 0;
  }
  [[noreturn, gnu::cold]] void Refuse(std::string_view what) const {
    throw testing::NotGivenError(
        core::Concat({table_.entity, ": what is tested picks rows by ", what,
                      ", and this run has no more than the rows of its own type: test it with a "
                      "database, grapnel::testing::Open<...>()"}));
  }

 private:
  using Kind = store::PredicateKind;
  enum class Truth : std::uint8_t { False, Unknown, True };  // in SQL's order: AND is the least

  static Truth Say(bool holds) noexcept { return holds ? Truth::True : Truth::False; }

  Truth Of(const void* row, const store::PredicateNode& node) const {
    if (core::Stack::IsLow()) Refuse("a condition that is nested so deep");
    switch (node.kind) {
      case Kind::And: {
        const Truth left = Of(row, *node.left);
        return left == Truth::False ? left : std::min(left, Of(row, *node.right));
      }
      case Kind::Or: {
        const Truth left = Of(row, *node.left);
        return left == Truth::True ? left : std::max(left, Of(row, *node.right));
      }
      case Kind::Not: {
        const Truth inner = Of(row, *node.left);
        return inner == Truth::Unknown ? inner : Say(inner == Truth::False);
      }
      case Kind::IsNull:
        return Say(ValueOf(row, node).IsNull());
      case Kind::In:
        return In(ValueOf(row, node), node.values);
      case Kind::Has:
        return Has(row, node);
      case Kind::Behind:
        return Behind(row, node);
      case Kind::ReachedBy:
        Refuse(core::Concat({"a walk along ", node.relation->Name()}));
      case Kind::InLists:
        return InList(row, node);
      default:
        break;
    }
    const FieldValue left = ValueOf(row, node);
    const FieldValue right =
        node.other != nullptr ? ValueAt(row, ColumnOf(node.other)) : node.value;
    if (left.IsNull() || right.IsNull()) return Truth::Unknown;
    return Say(node.kind <= Kind::GreaterEqual ? Holds(node.kind, Compare(left, right))
                                               : HoldsOfText(node.kind, left, right));
  }

  static bool Holds(Kind kind, int placed) noexcept {
    switch (kind) {
      case Kind::Equal:
        return placed == 0;
      case Kind::NotEqual:
        return placed != 0;
      case Kind::Less:
        return placed < 0;
      case Kind::LessEqual:
        return placed <= 0;
      case Kind::Greater:
        return placed > 0;
      default:
        return placed >= 0;
    }
  }
  bool HoldsOfText(Kind kind, const FieldValue& left, const FieldValue& right) const {
    const std::string_view text = BytesOf(left), part = BytesOf(right);
    switch (kind) {
      case Kind::Contains:
        return text.find(part) != text.npos;
      case Kind::HasPrefix:
        return text.starts_with(part);
      case Kind::HasSuffix:
        return text.ends_with(part);
      case Kind::EqualFold:
        return Folded(text) == Folded(part);
      default:
        return Folded(text).find(Folded(part)) != std::string::npos;
    }
  }
  static std::string Folded(std::string_view text) {
    std::string folded(text);
    for (char& each : folded) {
      if (each >= 'A' && each <= 'Z') each = static_cast<char>(each - 'A' + 'a');
    }
    return folded;
  }

  Truth In(const FieldValue& value, const std::vector<FieldValue>& values) const {
    if (values.empty()) return Truth::False;
    if (value.IsNull()) return Truth::Unknown;
    Truth truth = Truth::False;
    for (const FieldValue& each : values) {
      if (each.IsNull()) {
        truth = Truth::Unknown;
      } else if (Compare(value, each) == 0) {
        return Truth::True;
      }
    }
    return truth;
  }

  /// Of one list, which has ids of this type.
  Truth InList(const void* row, const store::PredicateNode& node) const {
    const bool is_whole = node.relation == nullptr && node.values.size() == 2;
    const std::int64_t* const list = is_whole ? node.values[1].As<std::int64_t>() : nullptr;
    const auto found = list != nullptr ? lists_.find(*list) : lists_.end();
    if (found == lists_.end()) Refuse("a list of rows");
    return In(ValueAt(row, table_.Id()), found->second);
  }

  /// Neighbours are known where they are rows of this type as well, or where only their ids matter.
  Truth Has(const void* row, const store::PredicateNode& node) const {
    const EdgeEnd* const end = node.relation == nullptr ? table_.FindEdgeTag(node.field) : nullptr;
    if (node.relation == nullptr && end == nullptr) RefuseMember();
    const Relation& relation = node.relation != nullptr ? *node.relation : end->relation();
    const bool holds_key = relation.kind == Relation::Kind::OwnKey;
    const auto refuse = [&] { Refuse(core::Concat({"a condition on ", relation.Name()})); };
    const bool knows_key = relation.kind != Relation::Kind::Join && IsThis(relation.Holder()) &&
                           relation.KeyPlace() != EdgeEnd::kNoKey;
    if (!knows_key) refuse();
    const Column& key = table_.columns[relation.KeyPlace()];
    const FieldValue wanted = ValueAt(row, holds_key ? key : table_.Id());
    if (wanted.IsNull()) return Truth::False;
    if (holds_key && !node.left) return Truth::True;
    if (holds_key && !IsThis(*relation.target)) {
      // The id of the neighbour stands in the row itself.
      const store::PredicateNode& inner = *node.left;
      if (inner.field != relation.target->Id().tag || inner.other != nullptr) refuse();
      if (inner.kind == Kind::In) return Say(In(wanted, inner.values) == Truth::True);
      if (inner.kind > Kind::GreaterEqual || inner.value.IsNull()) refuse();
      return Say(Holds(inner.kind, Compare(wanted, inner.value)));
    }
    const Column& compared = holds_key ? table_.Id() : key;
    bool is_there = false;
    for (std::size_t at = 0; at < table_.ops.RowCount(rows_); ++at) {
      const void* const other = table_.ops.RowAt(rows_, at);
      const FieldValue value = ValueAt(other, compared);
      if (value.IsNull() || Compare(value, wanted) != 0) continue;
      is_there = true;
      if (Matches(other, node.left.Get())) return Truth::True;
    }
    if (holds_key && !is_there) refuse();
    return Truth::False;
  }

  /// Rows that stand behind one with these values.
  Truth Behind(const void* row, const store::PredicateNode& node) const {
    for (std::size_t at = 0; at < node.from->order.size(); ++at) {
      const store::Ordering& order = node.from->order[at];
      if (order.edge != nullptr) Refuse("an order by neighbours");
      const int placed = Place(order, ValueAt(row, ColumnOf(order.field)), node.values[at]);
      if (placed != 0) return Say(placed > 0);
    }
    return Truth::False;
  }
  static bool IsNumber(const FieldValue& value) noexcept {
    return value.As<bool>() != nullptr || value.As<std::int64_t>() != nullptr ||
           value.As<double>() != nullptr;
  }
  std::string_view BytesOf(const FieldValue& value) const {
    if (const auto* text = value.As<std::string>()) return *text;
    const auto* const bytes = value.As<FieldValue::Bytes>();
    if (bytes == nullptr) Refuse("a condition on the text of a number");
    return {reinterpret_cast<const char*>(bytes->data()), bytes->size()};
  }

  static FieldValue ValueAt(const void* row, const Column& column) {
    return column.ops->to_value(column.at_const(row));
  }
  FieldValue ValueOf(const void* row, const store::PredicateNode& leaf) const {
    if (leaf.relation == nullptr) return ValueAt(row, ColumnOf(leaf.field));
    if (!IsThis(leaf.relation->Holder()) || leaf.relation->KeyPlace() == EdgeEnd::kNoKey) {
      Refuse(core::Concat({"a condition on ", leaf.relation->Name()}));
    }
    return ValueAt(row, table_.columns[leaf.relation->KeyPlace()]);
  }
  const Column& ColumnOf(FieldTag field) const {
    const Column* const column = field != nullptr ? table_.FindTag(field) : nullptr;
    if (column == nullptr) RefuseMember();
    return *column;
  }
  bool IsThis(const Table& table) const noexcept { return &table == &table_; }

  [[noreturn, gnu::cold]] void RefuseMember() const {
    throw SchemaError(table_.entity, "predicate",
                      "a predicate or order names a member that is no field of this type");
  }
  const Table& table_;
  const void* rows_;
  const ListedIds& lists_;
};

}  // namespace grapnel::detail
