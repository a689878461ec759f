#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/model/value.hpp>
#include <grapnel/store/sql/dialect.hpp>
#include <grapnel/store/sql/values.hpp>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <list>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace grapnel::store::sql {

/// The text of a statement in the making, with the values of its parameters.
class ParameterText {
 public:
  /// What a parameter is bound to: a value, or a list.
  struct Bound {
    const FieldValue* value;
    const ValueList* list;
    bool shown = false;  // observers may be told it: it is known to be of no sensitive field
    const grapnel::detail::Column* of = nullptr;  // that it is compared with, where it is of one
    const FieldValue& operator*() const noexcept { return *value; }
  };
  using Parameters = std::vector<Bound>;

  std::string text;
  Parameters parameters;

  ParameterText(const Dialect& dialect, int first_parameter)
      : dialect_(&dialect), first_(first_parameter) {
    text.reserve(kUsual);
  }

  const Dialect& GetDialect() const noexcept { return *dialect_; }
  /// The parameter of that number, which this object does not count.
  std::string Place(int number) const { return dialect_->Placeholder() + std::to_string(number); }

  /// " LIMIT ...", or nothing.
  void Limit(const std::optional<std::int64_t>& limit, std::int64_t offset) {
    text += LimitText(limit, offset);
  }

  std::string Parameter(const FieldValue& value) {
    return parameters.size() < dialect_->MostParameters() ? Number({&value, nullptr})
                                                          : Further(value);
  }

  /// The values, which live longer than this object, as rows of (value, place); behind FROM, under
  /// a name.
  std::string Values(ValueList values) { return dialect_->Values(List(values)); }

  /// `column IN (values)`. A list is padded with its last value to a power of two, so that few
  /// texts serve all lengths; a long one is one parameter.
  std::string In(ValueList values, const std::string& column) {
    const std::size_t count = values.size();
    if (count == 0) return std::string(dialect_->False());
    if (dialect_->HasTypedLists() && !IsOfOneKind(values)) return InEach(values, column);
    if (count > dialect_->MostInList()) return dialect_->InList(column, List(values));
    std::string in = core::Concat({column, " IN ("});
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

 protected:
  std::string LimitText(const std::optional<std::int64_t>& limit, std::int64_t offset) {
    if (!limit && offset == 0) return "";
    shown_ = true;
    std::string limited;
    if (limit || dialect_->OffsetNeedsLimit()) {
      limited = core::Concat({" LIMIT ", Own(limit.value_or(-1))});
    }
    if (offset != 0) core::Append(limited, {" OFFSET ", Own(offset)});
    shown_ = false;
    return limited;
  }

  // Of the values of the parameters that follow.
  bool shown_ = false;
  const grapnel::detail::Column* of_ = nullptr;

 private:
  static constexpr std::size_t kUsual = 240;  // room that most texts do with

  std::string Number(Bound bound) {
    bound.shown = shown_;
    bound.of = of_;
    parameters.push_back(bound);
    return Place(first_ + static_cast<int>(parameters.size()) - 1);
  }
  static bool IsOfOneKind(ValueList values) noexcept {
    return std::all_of(values.begin(), values.end(), [&](const FieldValue& value) {
      return value.Index() == values.front().Index();
    });
  }
  /// The same of values of several kinds, each in a list of its own.
  std::string InEach(ValueList values, const std::string& column) {
    std::string in;
    for (std::size_t kind = 0; kind < std::variant_size_v<FieldValue::Variant>; ++kind) {
      std::vector<FieldValue> of_kind;
      std::copy_if(values.begin(), values.end(), std::back_inserter(of_kind),
                   [&](const FieldValue& value) { return value.Index() == kind; });
      if (of_kind.empty()) continue;
      kept_.push_back(std::move(of_kind));
      core::Append(in, {in.empty() ? "(" : " OR ", In(kept_.back(), column)});
    }
    return in + ')';
  }
  std::string List(ValueList values) {
    lists_.push_back(values);
    return Number({nullptr, &lists_.back()});
  }

  /// The values of a large predicate are one list, or one for each kind of value: engines limit the
  /// parameters, and SQLite takes time for each, and for each constant, that grows with how many
  /// were before it.
  std::string Further(const FieldValue& value) {
    const std::size_t kind = dialect_->HasTypedLists() ? value.Index() : 0;
    auto at = std::find_if(further_.begin(), further_.end(), [&](const FurtherList& each) {
      return each.kind == kind && each.values.size() < dialect_->MostFurther();
    });
    if (at == further_.end()) {
      shown_ = false;  // of many fields
      of_ = nullptr;
      std::string number = List({});
      at = further_.insert(at, {kind, {}, &lists_.back(), std::move(number)});
    }
    at->values.push_back(value);
    *at->list = at->values;
    return dialect_->ValueAt(at->number, at->values.size() - 1);
  }
  struct FurtherList {
    std::size_t kind;
    std::vector<FieldValue> values;
    ValueList* list;
    std::string number;
  };

  const Dialect* dialect_;
  int first_;
  std::list<FieldValue> owned_;
  std::list<ValueList> lists_;
  std::list<std::vector<FieldValue>> kept_;
  std::vector<FurtherList> further_;
};

}  // namespace grapnel::store::sql
