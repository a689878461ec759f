#include <grapnel/hook/named.hpp>

#include <grapnel/core.hpp>
#include <grapnel/hook.hpp>

#include "support/catch.hpp"

#include <string>
#include <utility>

namespace core = grapnel::core;
namespace hook = grapnel::hook;
using grapnel::Op;

namespace {

struct Request {
  int steps = 0;
};
using Hook = core::Hook<Request, int>;
using Next = core::Next<Request, int>;
using Mutator = core::Mutator<Request, int>;

const auto kAround = [](Request& r, Next next) { return ++r.steps, next(r); };
const auto kBefore = hook::Before([](Request& r) { ++r.steps; });
const auto kAfter = hook::After([](const Request&, int& result) { ++result; });
const auto kMutator = [](Mutator next) -> Mutator {
  return [next](Request& r) { return ++r.steps, next(r); };
};

int Run(const Hook& hook) {
  const Mutator whole = hook(Mutator([](Request& r) { return 10 * r.steps; }));
  Request request;
  return whole(request);
}

}  // namespace

TEST_CASE("B210 a named hook of any form runs as it would without its name") {
  const auto check = [](const auto& given, std::string_view form) {
    const Hook plain(given);
    const Hook named(hook::Named("its name", given));
    CHECK(named.Name() == "its name");
    CHECK(plain.Name() != "its name");
    CHECK(named.FormName() == form);
    CHECK(plain.FormName() == form);
    CHECK(named.IsBefore() == plain.IsBefore());
    CHECK(named.IsAfter() == plain.IsAfter());
    CHECK(Run(named) == Run(plain));
  };
  check(kAround, "around");
  check(kBefore, "before");
  check(kAfter, "after");
  check(kMutator, "mutator");
  check(hook::Chain(kBefore, kMutator, kAround), "around");
}

TEST_CASE("B210 a name stays with its hook behind conditions, in copies, and when it moves") {
  std::string name = "a name that is too long to be kept in its place";
  const std::string kept = name;
  Hook named(hook::If(
      hook::If(hook::Named(std::move(name), kAround), [](const Request&) -> bool { return true; }),
      [](const Request&) -> bool { return true; }));
  Hook copy(named);
  const Hook moved(std::move(named));
  CHECK(copy.Name() == kept);
  CHECK(moved.Name() == kept);
  copy = moved;
  CHECK(copy.Name() == kept);
  CHECK(Hook(hook::Named("outer", hook::Named("inner", kAround))).Name() == "outer");
}

TEST_CASE("B210 a named hook has the mask of what it names") {
  struct WithOp {
    grapnel::Op Op() const { return grapnel::Op::Create; }
    std::string_view Type() const { return "WithOp"; }
  };
  const core::Hook<WithOp, int> on(hook::Named("refuse", hook::Reject(Op::Update)));
  CHECK(on.Mask() == Op::Update);
  CHECK(on.IsBefore());
}

TEST_CASE("B210 a hook whose type is forgotten keeps its form when it is named") {
  const auto check = [](const Hook& stored) {
    const Hook named(hook::Named("its name", stored));
    CHECK(named.Name() == "its name");
    CHECK(named.FormName() == stored.FormName());
    CHECK(named.IsBefore() == stored.IsBefore());
    CHECK(named.Mask() == stored.Mask());
    CHECK(Run(named) == Run(stored));
    CHECK(stored.Name() != "its name");
  };
  check(kAround);
  check(kBefore);
  check(kAfter);
  check(kMutator);
  const auto always = [](const Request&) -> bool { return true; };
  CHECK(Hook(hook::If(hook::Named("its name", Hook(kBefore)), always)).Name() == "its name");
}

TEST_CASE("B210 a chain shows the names of its hooks") {
  const Hook chain(hook::Chain(hook::Named("a", kBefore), hook::Named("b", kAround)));
  CHECK(chain.Name() == "Chain(a, b)");
  CHECK(Hook(hook::Named("all", hook::Chain(kBefore, kAround))).Name() == "all");
}

TEST_CASE("an empty name is refused") { CHECK_THROWS_AS(hook::Named("", kAround), grapnel::Error); }
