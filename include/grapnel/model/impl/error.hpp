#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/base/concat.hpp>
#include <grapnel/core/op.hpp>
#include <grapnel/model/error.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace grapnel {

GRAPNEL_DEFINE FieldError::FieldError(std::string_view entity, std::string_view field,
                                      std::string_view reason)
    : Error(core::Concat({entity, field.empty() ? "" : ".", field, ": ", reason})),
      entity_(entity),
      field_(field),
      reason_(reason) {}

namespace detail {

/// "the first reason; second: its reason (Create, row 3)".
inline std::string DescribeProblems(Op op, const std::vector<ValidationError::Problem>& problems,
                                    const std::optional<std::size_t>& row) {
  std::string text = problems.at(0).reason;
  for (std::size_t i = 1; i < problems.size(); ++i) {
    core::Append(text, {"; ", problems[i].field, ": ", problems[i].reason});
  }
  if (op == Op{}) return text;  // of what was read
  core::Append(text, {" (", ToString(op)});
  if (row) core::Append(text, {", row ", std::to_string(*row)});
  return text += ')';
}

}  // namespace detail

GRAPNEL_DEFINE ValidationError::ValidationError(std::string_view entity, std::string_view field,
                                                grapnel::Op op, std::string_view reason)
    : ValidationError(entity, op, {{std::string(field), std::string(reason)}}) {}

GRAPNEL_DEFINE ValidationError::ValidationError(std::string_view entity, grapnel::Op op,
                                                std::vector<Problem> problems,
                                                std::optional<std::size_t> row)
    : FieldError(entity, problems.at(0).field, detail::DescribeProblems(op, problems, row)),
      op_(op),
      problems_(std::move(problems)),
      row_(row) {}

GRAPNEL_DEFINE ValidationError ValidationError::InRow(std::size_t row) const {
  return {Entity(), op_, problems_, row};
}

GRAPNEL_DEFINE UnknownFieldError::UnknownFieldError(std::string_view entity, std::string_view field,
                                                    std::string_view what)
    : FieldError(entity, field, core::Concat({"the schema has no ", what, " of this name"})) {}

GRAPNEL_DEFINE NotLoadedError::NotLoadedError(std::string_view what, std::string_view reason)
    : Error(core::Concat({what, ": ", reason})), what_(what) {}

}  // namespace grapnel
