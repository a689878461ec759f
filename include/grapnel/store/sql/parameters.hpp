#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/model/value.hpp>
#include <grapnel/store/sql/values.hpp>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <utility>
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
    const FieldValue& operator*() const noexcept { return *value; }
  };
  using Parameters = std::vector<Bound>;

  std::string text;
  Parameters parameters;

  explicit ParameterText(int first_parameter) : first_(first_parameter) { text.reserve(kUsual); }

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

 protected:
  std::string LimitText(const std::optional<std::int64_t>& limit, std::int64_t offset) {
    if (!limit && offset == 0) return "";
    shown_ = true;
    std::string limited = core::Concat({" LIMIT ", Own(limit.value_or(-1))});
    if (offset != 0) core::Append(limited, {" OFFSET ", Own(offset)});
    shown_ = false;
    return limited;
  }

  bool shown_ = false;  // the values of the parameters that follow

 private:
  static constexpr std::size_t kParameters = 1024;
  static constexpr std::size_t kMaxList = 1024;  // SQLite limits the number of parameters
  static constexpr std::size_t kUsual = 240;     // room that most texts do with

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

  int first_;
  std::list<FieldValue> owned_;
  std::list<ValueList> lists_;
  std::vector<FieldValue> further_;
  std::pair<ValueList*, std::string> further_list_{};
};

}  // namespace grapnel::store::sql
