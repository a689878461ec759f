#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/store/driver/plan.hpp>
#include <grapnel/store/sql/names.hpp>

#include <functional>
#include <map>
#include <string>
#include <string_view>

/// What is said of steps that fail.
namespace grapnel::store::sql {

/// Of statements that the rows may break: what to say then.
using Refusals = std::map<std::string, std::string, std::less<>>;

/// rename column "t"."a" to "b"
inline std::string Doing(const store::Step& step) {
  const bool renames = !step.was.empty();
  const std::string_view table =
      renames && step.name.empty() ? std::string_view(step.was) : step.table;
  const std::string_view name = renames && !step.name.empty() ? step.was : step.name;
  std::string text = core::Concat({store::Name(step.kind), " ", Quote(table)});
  if (!name.empty()) core::Append(text, {".", Quote(name)});
  if (renames) core::Append(text, {" to ", Quote(step.name.empty() ? step.table : step.name)});
  return text;
}

}  // namespace grapnel::store::sql
