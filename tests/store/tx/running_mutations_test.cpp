#include <grapnel/store/tx/running_mutations.hpp>

#include <grapnel/core/error.hpp>

#include "support/catch.hpp"

#include <string>
#include <vector>

using grapnel::Op;
using grapnel::RecursionError;
using grapnel::detail::RunningMutation;
using grapnel::detail::RunningMutations;

TEST_CASE("mutations run inside one another up to the limit, and the error shows the innermost") {
  RunningMutations all;
  std::vector<RunningMutation> running(RunningMutations::kDepthLimit + 1,
                                       {"User", Op::Update, nullptr, true});
  running.back().op = Op::Create;
  for (std::size_t i = 0; i + 1 < running.size(); ++i) all.Enter(running[i]);
  std::string chain = "... > ";
  for (int i = 0; i < 7; ++i) chain += "User Update > ";
  CHECK_THROWS_WITH(all.Enter(running.back()), Catch::Contains("more than 64 deep") &&
                                                   Catch::EndsWith(": " + chain + "User Create"));
  RunningMutation uncounted{"Card", Op::Delete, nullptr, false};
  CHECK_NOTHROW(all.Enter(uncounted));
}

TEST_CASE("who catches the end of a recursion again and again may nest nothing any more") {
  RunningMutations all;
  std::vector<RunningMutation> running(RunningMutations::kDepthLimit,
                                       {"User", Op::Update, nullptr, true});
  for (auto& each : running) all.Enter(each);
  RunningMutation next{"User", Op::Update, nullptr, true};
  for (int i = 0; i < RunningMutations::kMostRecursions; ++i) {
    CHECK_THROWS_AS(all.Enter(next), RecursionError);
  }
  CHECK_THROWS_WITH(all.Enter(next), Catch::Contains("has ended 1000 recursions"));
  for (; running.size() > 1; running.pop_back()) all.Leave(running.back());
  CHECK_THROWS_AS(all.Enter(next), RecursionError);
}

TEST_CASE("of mutations inside one another those count that are told to") {
  RunningMutations all;
  RunningMutation outer{"User", Op::Update, nullptr, true};
  RunningMutation uncounted{"Card", Op::Delete, nullptr, false};
  RunningMutation inner{"User", Op::Create, nullptr, true};
  for (auto* each : {&outer, &uncounted, &inner}) all.Enter(*each);
  CHECK((outer.depth == 1 && uncounted.depth == 1 && inner.depth == 2));
  CHECK((inner.outer == &uncounted && all.IsAny()));
  for (auto* each : {&inner, &uncounted, &outer}) all.Leave(*each);
  CHECK_FALSE(all.IsAny());
}
