#include <grapnel/hook/reject.hpp>

#include <grapnel/core/hook_list.hpp>

#include "support/catch.hpp"
#include "support/trail.hpp"

#include <stdexcept>
#include <string>

namespace core = grapnel::core;
namespace hook = grapnel::hook;
using grapnel::Op;

namespace {

/// What a write of this op ends with: "done", or the text of the error.
template <class H>
std::string Try(const H& h, Op op, Lines lines = {}) {
  core::HookList<Write, int> hooks;
  hooks.Add({core::Hook<Write, int>(h)});
  Write write(op);
  write.lines = std::move(lines);
  try {
    hooks.Load().Run(write, End<Write>());
    CHECK(write.lines.back() == "end");
    return "done";
  } catch (const std::exception& error) {
    CHECK((write.lines.empty() || write.lines.back() != "end"));
    return error.what();
  }
}

struct Teapot : std::logic_error {
  explicit Teapot(int n) : std::logic_error("teapot " + std::to_string(n)), number(n) {}
  int number;
};

}  // namespace

TEST_CASE("B16 B17 Reject refuses the ops of its mask, by the name of the op at hand") {
  const auto reject = hook::Reject(Op::Delete | Op::DeleteOne);
  CHECK(Try(reject, Op::Delete) == "User: Delete is not allowed");
  CHECK(Try(reject, Op::DeleteOne) == "User: DeleteOne is not allowed");
  for (const Op op : {Op::Create, Op::Update, Op::UpdateOne}) CHECK(Try(reject, op) == "done");

  Write write(Op::DeleteOne);
  try {
    reject(write);
    FAIL("it was let through");
  } catch (const grapnel::RejectedError& error) {
    CHECK(error.Type() == "User");
    CHECK(error.Op() == Op::DeleteOne);
  }
}

TEST_CASE("B18 a rejection behind a condition rejects where both apply, and nothing else") {
  const auto edited = [](const Write& write) { return !write.lines.empty(); };
  const auto reject = hook::If(hook::Reject(Op::Update), hook::Not(edited));
  CHECK(Try(reject, Op::Update) == "User: Update is not allowed");
  CHECK(Try(reject, Op::Update, {"edit"}) == "done");
  CHECK(Try(reject, Op::Create) == "done");
}

TEST_CASE("B19 a fixed error is a text, or an exception object whose type is kept") {
  CHECK(Try(hook::FixedError("not today"), Op::Create) == "not today");
  CHECK(Try(hook::FixedError(std::string("not today")), Op::Delete) == "not today");
  Write write;
  CHECK_THROWS_AS(hook::FixedError("x")(write), grapnel::Error);
  try {
    hook::FixedError(Teapot(418))(write);
    FAIL("it was let through");
  } catch (const Teapot& error) {
    CHECK(error.number == 418);
  }
}

TEST_CASE("a fixed error can be thrown any number of times, and limited to some ops") {
  const auto fixed = hook::On(hook::FixedError(Teapot(1)), Op::Update);
  CHECK(Try(fixed, Op::Update) == "teapot 1");
  CHECK(Try(fixed, Op::Update) == "teapot 1");
  CHECK(Try(fixed, Op::Create) == "done");
}

TEST_CASE("hooks that only refuse have no next") {
  using Hook = core::Hook<Write, int>;
  CHECK(Hook(hook::Reject(Op::Update)).IsBefore());
  CHECK(Hook(hook::FixedError("x")).IsBefore());
  CHECK(Hook(hook::Reject(Op::Update)).Mask() == Op::Update);
}
