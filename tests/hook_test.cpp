#include <grapnel/hook.hpp>

#include "support/catch.hpp"

namespace hook = grapnel::hook;
using grapnel::Op;

namespace {

/// What the helpers need of a subject.
struct Request {
  grapnel::Op op;
  grapnel::Op Op() const { return op; }
};

}  // namespace

TEST_CASE("the helpers' umbrella has what combines hooks and conditions, and needs no store") {
  const auto is_create = hook::HasOp(Op::Create);
  CHECK(is_create(Request{Op::Create}));
  CHECK_FALSE(hook::Not(is_create)(Request{Op::Create}));
  CHECK(hook::Or(is_create, hook::HasOp(Op::Delete))(Request{Op::Delete}));
  CHECK_FALSE(hook::And(is_create, hook::HasOp(Op::Delete))(Request{Op::Delete}));
  int ran = 0;
  const auto count = hook::Before([&](Request&) { ++ran; });
  const auto chain = hook::Chain(hook::On(count, Op::Create), hook::Unless(count, Op::Create),
                                 hook::If(count, is_create));
  const auto run = chain.Then([](Request&) { return 7; });
  Request create{Op::Create};
  CHECK(run(create) == 7);
  CHECK(ran == 2);
  Request remove{Op::Delete};
  CHECK(run(remove) == 7);
  CHECK(ran == 3);
}
