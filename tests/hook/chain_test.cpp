#include <grapnel/hook/chain.hpp>

#include <grapnel/core/hook.hpp>
#include <grapnel/hook/if.hpp>
#include <grapnel/hook/point.hpp>

#include "support/catch.hpp"
#include "support/trail.hpp"

#include <concepts>

namespace hook = grapnel::hook;
using grapnel::Op;

TEST_CASE("the chain beside the helpers is the core's") {
  STATIC_REQUIRE(std::same_as<hook::Chain<int>, grapnel::core::Chain<int>>);
}

TEST_CASE("a chain combines with the other helpers") {
  const auto note = hook::Before([](Write& write) { write.lines.push_back("note"); });
  const grapnel::core::Hook<Write, int> chain = hook::On(
      hook::Chain(Pass("a"), note, hook::Unless(Pass("b"), Op::Update)), Op::Create | Op::Update);
  const auto run = [&](Op op) {
    Write write(op);
    chain.Around(write, End<Write>());
    return write.lines;
  };
  CHECK(run(Op::Create) == Lines{"a", "note", "b", "end", "/b", "/a"});
  CHECK(run(Op::Update) == Lines{"a", "note", "end", "/a"});
  CHECK(run(Op::Delete) == Lines{"end"});
}
