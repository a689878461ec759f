#pragma once

#include <grapnel/model/error.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/model/value.hpp>
#include <grapnel/store/driver/driver.hpp>
#include <grapnel/store/predicate/measure.hpp>
#include <grapnel/store/predicate/tree.hpp>
#include <grapnel/testing/matching.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

/// Values that are made of rows that stand in memory.
namespace grapnel::detail {

/// Makes of rows what a database would. Throws: NotGivenError for a condition on groups.
class MadeRows {
 public:
  using Values = std::vector<FieldValue>;
  using Rows = std::vector<const void*>;

  MadeRows(const RowMatcher& matcher, const store::Tabulate& made) noexcept
      : matcher_(matcher), made_(made) {}

  /// `rows`: those that match, in their order; where each that is made comes once, all of them.
  std::vector<Values> Of(const Rows& rows) const {
    if (made_.having != nullptr) matcher_.Refuse("a condition on groups");
    std::vector<Values> made = made_.grouped ? Groups(rows) : Each(rows);
    if (!made_.grouped && made_.distinct) Cut(made, made_.offset, made_.limit);
    if (!made_.order_made.empty()) Sort(made);
    Cut(made, made_.offset_made, made_.limit_made);
    return made;
  }

 private:
  std::vector<Values> Each(const Rows& rows) const {
    std::vector<Values> made;
    for (const void* row : rows) {
      Values values;
      for (const store::Output& output : made_.outputs) values.push_back(At(row, output));
      if (made_.distinct && std::find(made.begin(), made.end(), values) != made.end()) continue;
      made.push_back(std::move(values));
    }
    return made;
  }
  /// In the order of what they are grouped by.
  std::vector<Values> Groups(const Rows& rows) const {
    bool has_keys = false;
    for (const store::Output& output : made_.outputs) has_keys |= output.measure == nullptr;
    const auto less = [&](const Values& left, const Values& right) { return Less(left, right); };
    std::map<Values, Rows, decltype(less)> groups(less);
    if (!has_keys) groups[{}];  // all rows, were there none
    for (const void* row : rows) {
      Values keys;
      for (const store::Output& output : made_.outputs) {
        if (output.measure == nullptr) keys.push_back(At(row, output));
      }
      groups[std::move(keys)].push_back(row);
    }
    std::vector<Values> made;
    for (const auto& [keys, of] : groups) {
      Values& values = made.emplace_back();
      for (const store::Output& output : made_.outputs) {
        values.push_back(output.measure == nullptr ? At(of.front(), output) : Compute(output, of));
      }
    }
    return made;
  }

  /// Groups that are equal in all that is said come by their values.
  void Sort(std::vector<Values>& made) const {
    std::sort(made.begin(), made.end(), [&](const Values& left, const Values& right) {
      for (const store::Ordering& order : made_.order_made) {
        const std::size_t at = PlaceOf(order.field);
        const int placed = matcher_.Place(order, left[at], right[at]);
        if (placed != 0) return placed < 0;
      }
      return Less(left, right);
    });
  }
  bool Less(const Values& left, const Values& right) const {
    for (std::size_t at = 0; at < left.size(); ++at) {
      const int placed = matcher_.Place({}, left[at], right[at]);
      if (placed != 0) return placed < 0;
    }
    return false;
  }

  FieldValue Compute(const store::Output& output, const Rows& rows) const {
    if (output.column == nullptr) return static_cast<std::int64_t>(rows.size());
    Values values;
    for (const void* row : rows) {
      if (FieldValue value = At(row, output); !value.IsNull()) values.push_back(std::move(value));
    }
    const auto less = [&](const FieldValue& left, const FieldValue& right) {
      return matcher_.Compare(left, right) < 0;
    };
    using Kind = store::AggregateKind;
    const Kind kind = output.measure->kind;
    if (kind == Kind::Count) {
      std::sort(values.begin(), values.end(), less);
      return std::unique(values.begin(), values.end()) - values.begin();
    }
    if (values.empty()) return {};
    if (kind == Kind::Min) return *std::min_element(values.begin(), values.end(), less);
    if (kind == Kind::Max) return *std::max_element(values.begin(), values.end(), less);
    if (kind == Kind::Sum && output.column->Kind() == FieldKind::Int) {
      return SumOf(output, values);
    }
    long double sum = 0;
    for (const FieldValue& value : values) sum += RowMatcher::NumberOf(value);
    if (kind == Kind::Avg) sum /= static_cast<long double>(values.size());
    if (std::isnan(sum)) return {};  // of both infinities
    return static_cast<double>(sum);
  }
  /// Only what comes out has to be a number of 64 bits.
  FieldValue SumOf(const store::Output& output, const Values& values) const {
    std::int64_t sum = 0;
    std::int64_t wraps = 0;
    for (const FieldValue& value : values) {
      const std::int64_t each = *value.As<std::int64_t>();
      if (__builtin_add_overflow(sum, each, &sum)) wraps += each < 0 ? -1 : 1;
    }
    if (wraps == 0) return sum;
    throw ValidationError(made_.table->entity, output.column->name, made_.op,
                          "the sum is no number of 64 bits; Avg has no such limit");
  }

  static FieldValue At(const void* row, const store::Output& output) {
    return output.column->ops->to_value(output.column->at_const(row));
  }
  /// Of what the rows that are made are ordered by.
  std::size_t PlaceOf(FieldTag field) const {
    std::size_t at = 0;
    for (const store::Output& output : made_.outputs) {
      if ((output.measure != nullptr ? &output.measure->tag : output.column->tag) == field) break;
      ++at;
    }
    return at;
  }
  template <class Limit>
  static void Cut(std::vector<Values>& made, std::int64_t offset, const Limit& limit) {
    const auto size = static_cast<std::int64_t>(made.size());
    const std::int64_t first = std::clamp<std::int64_t>(offset, 0, size);
    made.erase(made.begin(), made.begin() + first);
    if (limit && *limit < size - first) made.resize(static_cast<std::size_t>(*limit));
  }

  const RowMatcher& matcher_;
  const store::Tabulate& made_;
};

}  // namespace grapnel::detail
