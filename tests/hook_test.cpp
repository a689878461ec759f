#include <grapnel/hook.hpp>

#include "support/catch.hpp"

#include <type_traits>

namespace hook = grapnel::hook;

TEST_CASE("the helpers' umbrella has every helper, and needs no store") {
  const auto refuse = hook::Reject(grapnel::Op::Delete | grapnel::Op::DeleteOne);
  const auto is_create = hook::HasOp(grapnel::Op::Create);
  const auto chain =
      hook::Chain(hook::On(refuse, grapnel::Op::Delete), hook::Unless(refuse, grapnel::Op::Create),
                  hook::If(refuse, hook::And(is_create, hook::Not(is_create))));
  STATIC_REQUIRE(std::is_copy_constructible_v<decltype(chain)>);
}
