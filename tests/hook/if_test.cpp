#include <grapnel/hook/if.hpp>

#include <grapnel/core/hook_list.hpp>
#include <grapnel/hook/point.hpp>

#include "support/catch.hpp"
#include "support/trail.hpp"

#include <concepts>
#include <functional>
#include <type_traits>

namespace core = grapnel::core;
namespace hook = grapnel::hook;
using grapnel::Op;
using Hook = core::Hook<Write, int>;
using Server = core::Mutator<Write, int>;

namespace {

constexpr Op kAll[] = {Op::Create, Op::Update, Op::UpdateOne, Op::Delete, Op::DeleteOne};

/// The ops for which one hook ran.
template <class H>
Op RunsFor(H h) {
  core::HookList<Write, int> hooks;
  hooks.Add({Hook(std::move(h))});
  Op ran{};
  for (const Op op : kAll) {
    Write write(op);
    hooks.Load().Run(write, End<Write>());
    if (write.lines.front() == "h") ran = ran | op;
    CHECK(write.lines[write.lines.size() / 2] == "end");
  }
  return ran;
}

const auto kNote = hook::Before([](Write& write) { write.lines.push_back("h"); });

}  // namespace

TEST_CASE("B15 On runs a hook for the ops of a mask, Unless for all others") {
  CHECK(RunsFor(hook::On(Pass("h"), Op::Update | Op::UpdateOne)) == (Op::Update | Op::UpdateOne));
  CHECK(RunsFor(hook::On(Pass("h"), ~Op::UpdateOne)) == ~Op::UpdateOne);
  CHECK(RunsFor(hook::Unless(Pass("h"), Op::Create)) == ~Op::Create);
  CHECK(RunsFor(hook::On(Pass("h"), Op{})) == Op{});
  CHECK(RunsFor(hook::Unless(Pass("h"), Op{})) == grapnel::AnyOp);
}

TEST_CASE("what wraps a hook that was moved from is refused, and has no name") {
  auto on = hook::On(Hook(Pass("h")), Op::Create);
  auto before = hook::Before(std::function<void(Write&)>([](Write&) {}));
  const Hook kept(std::move(on)), noted(std::move(before));
  // NOLINTBEGIN(bugprone-use-after-move): that is what is asked
  before.function = nullptr;
  CHECK_THROWS_AS(Hook(on), grapnel::Error);
  CHECK_THROWS_AS(Hook(before), grapnel::Error);
  CHECK((on.inner.Name().empty() && on.inner.Mixin().empty()));
  // NOLINTEND(bugprone-use-after-move)
  CHECK((kept && noted));
}

TEST_CASE("On and Unless are If with the condition written out") {
  constexpr Op ops = Op::Create | Op::Delete;
  CHECK(RunsFor(hook::If(Pass("h"), hook::HasOp(ops))) == ops);
  CHECK(RunsFor(hook::If(Pass("h"), hook::Not(hook::HasOp(ops)))) == ~ops);
  CHECK(Hook(hook::On(Pass("h"), ops)).Mask() == ops);
  CHECK(Hook(hook::Unless(Pass("h"), ops)).Mask() == ~ops);
  CHECK(Hook(hook::If(Pass("h"), hook::HasOp(ops))).Mask() == grapnel::AnyOp);
}

TEST_CASE("conditions nest: both must hold, and an inner mask does not become the outer one's") {
  CHECK(RunsFor(hook::On(hook::On(Pass("h"), Op::Update | Op::Delete), Op::Create | Op::Delete)) ==
        Op::Delete);
  const auto always = [](const Write&) { return true; };
  CHECK(RunsFor(hook::If(hook::On(Pass("h"), Op::Update), always)) == Op::Update);
  CHECK(RunsFor(hook::Unless(hook::Unless(Pass("h"), Op::Create), Op::Delete)) ==
        ~(Op::Create | Op::Delete));
  CHECK(RunsFor(hook::On(hook::On(kNote, Op::Update | Op::Delete), Op::Create | Op::Delete)) ==
        Op::Delete);
}

TEST_CASE("the condition is asked once per run, sees the edits before it, and changes nothing") {
  int asked = 0;
  const auto edited = [&asked](auto& write) {
    STATIC_REQUIRE(std::is_const_v<std::remove_reference_t<decltype(write)>>);
    ++asked;
    return !write.lines.empty() && write.lines.back() == "edit";
  };
  core::HookList<Write, int> hooks;
  hooks.Add({hook::If(Pass("too early"), edited),
             hook::Before([](Write& write) { write.lines.push_back("edit"); }),
             hook::If(Pass("h"), edited)});
  Write write;
  hooks.Load().Run(write, End<Write>());
  CHECK(write.lines == Lines{"edit", "h", "end", "/h"});
  CHECK(asked == 2);
}

TEST_CASE("a conditional hook without a next has none either") {
  CHECK(Hook(hook::On(kNote, Op::Create)).IsBefore());
  CHECK(Hook(hook::If(hook::Unless(kNote, Op::Create), hook::HasOp(Op::Update))).IsBefore());
  CHECK_FALSE(Hook(hook::On(Pass("h"), Op::Create)).IsBefore());
  CHECK(RunsFor(hook::Unless(kNote, Op::Create)) == ~Op::Create);
}

TEST_CASE("B10 ent's form behind conditions is composed once") {
  int factories = 0;
  const auto factory = [&factories](Server next) -> Server {
    ++factories;
    return [next](Write& write) {
      write.lines.push_back("h");
      const int result = next(write);
      write.lines.push_back("/h");
      return result;
    };
  };
  CHECK(RunsFor(hook::If(hook::On(factory, ~Op::Create), hook::HasOp(~Op::Delete))) ==
        ~(Op::Create | Op::Delete));
  CHECK(factories == 1);
}

TEST_CASE("a conditional hook goes by the name of the hook in it") {
  CHECK(Hook(hook::On(hook::Unless(Pass("h"), Op::Update), Op::Create)).Name() ==
        Hook(Pass("h")).Name());
}
