#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/base/concat.hpp>
#include <grapnel/core/error.hpp>
#include <grapnel/core/op.hpp>
#include <grapnel/core/stack.hpp>
#include <grapnel/store/tx/running_mutations.hpp>

#include <string>

namespace grapnel::detail {

[[noreturn, gnu::cold]] GRAPNEL_DEFINE void RunningMutations::ThrowTooDeep(
    const RunningMutation& innermost) {
  std::string chain;
  int shown = 0;
  for (const RunningMutation* each = &innermost; each != nullptr && shown < 8;
       each = each->outer, ++shown) {
    chain = core::Concat({each->type, " ", ToString(each->op), shown == 0 ? "" : " > ", chain});
  }
  chain.insert(0, innermost.outer != nullptr ? "... > " : "");
  const bool too_many = ++recursions_ > kMostRecursions;
  if (innermost.depth <= depth_limit_ && !too_many) core::Stack::Check([&] { return chain; });
  if (too_many) {  // each caught, and tried again: not one branch, all ends
    depth_limit_ = 1;
    throw RecursionError(core::Concat(
        {"this transaction has ended ", std::to_string(kMostRecursions),
         " recursions, and now refuses mutations inside of mutations: a hook catches the "
         "RecursionError and mutates again, without end: ",
         chain}));
  }
  throw RecursionError(
      core::Concat({"mutations run inside one another more than ", std::to_string(kDepthLimit),
                    " deep; a hook mutates without end: ", chain}));
}

}  // namespace grapnel::detail
