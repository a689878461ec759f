#include <grapnel/core/hook_stack.hpp>

#include <grapnel/core/hook_list.hpp>

#include "support/catch.hpp"
#include "support/trail.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace core = grapnel::core;
using core::detail::ListedHooks;
using List = core::HookList<Trail, int>;

namespace {

/// What the hooks of a stack do, walked as they are published.
Lines Run(const ListedHooks& hooks) {
  Trail trail;
  CHECK(List::Snapshot(hooks).Run(trail, End()) == 42);
  return trail.lines;
}
std::uint64_t Add(core::HookStack& stack, unsigned stage, const std::vector<std::string>& names) {
  std::vector<core::StoredHook> hooks;
  for (const std::string& name : names) hooks.push_back(core::Hook<Trail, int>(Pass(name)));
  return stack.Add(hooks, stage);
}

}  // namespace

TEST_CASE("a stage stands inside of the lower ones, whenever its hooks come") {
  core::HookStack stack;
  CHECK(stack.Load() == nullptr);
  Add(stack, 2, {"schema"});
  Add(stack, 0, {"first", "second"});
  Add(stack, 1, {"middle"});
  Add(stack, 0, {"third"});
  CHECK(Run(stack.Load()) == Lines{"first", "second", "third", "middle", "schema", "end", "/schema",
                                   "/middle", "/third", "/second", "/first"});
}

TEST_CASE("the stages before one stand apart from those from it on") {
  core::HookStack stack;
  Add(stack, 3, {"d"});
  Add(stack, 1, {"a", "b"});
  Add(stack, 2, {"c"});
  const ListedHooks all = stack.Load();
  CHECK((all.All().Before(0).empty() && all.All().From(0).size() == 4));
  CHECK((all.All().Before(2).size() == 2 && all.All().From(2).size() == 2));
  CHECK(all.All().From(2)[0].stage == 2);
  CHECK((all.All().Before(9).size() == 4 && all.All().From(9).empty()));
  CHECK(core::detail::HookRange().Before(1).empty());
}

TEST_CASE("what one Add put in goes together, and the last one leaves nothing to walk") {
  core::HookStack stack;
  const auto pair = Add(stack, 1, {"a", "b"});
  const auto one = Add(stack, 0, {"c"});
  const ListedHooks before = stack.Load();
  stack.Remove(pair);
  CHECK(Run(stack.Load()) == Lines{"c", "end", "/c"});
  CHECK(Run(before) == Lines{"c", "a", "b", "end", "/b", "/a", "/c"});  // as it was
  stack.Remove(one);
  CHECK_FALSE(stack.HasAny());
  CHECK(stack.Load() == nullptr);
}

TEST_CASE("several stacks merge stage by stage, in their order within a stage") {
  core::HookStack one, two, none;
  Add(one, 0, {"a"});
  Add(one, 2, {"z"});
  Add(two, 1, {"m"});
  Add(two, 0, {"b"});
  const std::vector<ListedHooks> parts{one.Load(), none.Load(), two.Load()};
  CHECK(Run(core::detail::Merge(parts)) ==
        Lines{"a", "b", "m", "z", "end", "/z", "/m", "/b", "/a"});
  CHECK(core::detail::Merge(std::vector<ListedHooks>{none.Load()}) == nullptr);
}
