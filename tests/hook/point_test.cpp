#include <grapnel/hook/point.hpp>

#include <grapnel/core/hook_list.hpp>

#include "support/catch.hpp"
#include "support/trail.hpp"

#include <stdexcept>
#include <type_traits>

namespace core = grapnel::core;
namespace hook = grapnel::hook;
using Hook = core::Hook<Write, int>;

namespace {

int Run(std::vector<Hook> added, Write& write) {
  core::HookList<Write, int> hooks;
  hooks.Add(std::move(added));
  return hooks.Load().Run(write, End<Write>());
}

}  // namespace

TEST_CASE("Before runs before the rest and has no next; After runs after it, the mutation const") {
  Write write;
  std::vector<int> results;
  const auto after = [&](auto& m, int& result) {
    STATIC_REQUIRE(std::is_same_v<decltype(m), const Write&>);
    results.push_back(static_cast<int>(m.lines.size()));
    results.push_back(result);
  };
  const auto before = [](Write& m) { m.lines.push_back("before"); };
  CHECK(Run({hook::After(after), hook::Before(before), Pass("a")}, write) == 42);
  CHECK(write.lines == Lines{"before", "a", "end", "/a"});
  CHECK(results == std::vector<int>{4, 42});
  CHECK(Hook(hook::Before(before)).IsBefore());
  CHECK_FALSE(Hook(hook::After(after)).IsBefore());
}

TEST_CASE("After may replace the result; of several the outermost comes last") {
  Write write;
  const auto plus = [](int n) {
    return hook::After([n](const Write&, int& result) { result = result * 10 + n; });
  };
  CHECK(Run({plus(1), plus(2)}, write) == 4221);
}

TEST_CASE("what Before throws keeps the rest from running, and After sees successes alone") {
  Write write;
  int afters = 0;
  const auto counts = hook::After([&](const Write&, int&) { ++afters; });
  const auto vetoes = hook::Before([](const auto&) { throw std::out_of_range("veto"); });
  CHECK_THROWS_AS(Run({counts, Pass("a"), vetoes, Pass("b")}, write), std::out_of_range);
  CHECK(write.lines == Lines{"a"});
  CHECK(afters == 0);
}

TEST_CASE("what After throws reaches the caller") {
  Write write;
  const auto fails = hook::After([](const Write&, int&) { throw std::out_of_range("late"); });
  CHECK_THROWS_WITH(Run({Pass("a"), fails}, write), "late");
  CHECK(write.lines == Lines{"a", "end"});
}

TEST_CASE("After also follows a hook that kept the rest from running") {
  Write write;
  int seen = 0;
  const auto sees = hook::After([&](const Write&, int& result) { seen = result; });
  CHECK(Run({sees, [](Write&, WriteNext) { return 7; }}, write) == 7);
  CHECK(seen == 7);
  CHECK(write.lines.empty());
}

TEST_CASE("B103 where nothing results, After takes the subject alone") {
  Write write;
  core::HookList<Write, void> hooks;
  const auto end = [](Write& w) { w.lines.push_back("end"); };
  hooks.Add({hook::After([&](const Write& w) { write.lines.push_back(w.lines.back() + " seen"); }),
             hook::Before([](Write& w) { w.lines.push_back("before"); })});
  hooks.Load().Run(write, core::detail::NextOf<Write, void>(end));
  CHECK(write.lines == Lines{"before", "end", "end seen"});
}
