#include <grapnel/store/tx/type_actions.hpp>

#include <grapnel/grapnel.hpp>

#include "contract/model.hpp"
#include "support/catch.hpp"

using grapnel::Op;
using grapnel::detail::kTypeActions;
using model::User;

TEST_CASE("a mutation of a type is made for who does not know the type") {
  const grapnel::detail::TypeActions& actions = kTypeActions<User>;
  CHECK(&actions.table == &grapnel::detail::kTable<User>);
  int calls = 0;
  actions.with_mutation(Op::UpdateOne, [&](grapnel::AnyMutation& m) {
    ++calls;
    CHECK(m.Op() == Op::UpdateOne);
    CHECK(m.Type() == "User");
    CHECK(m.Fields().empty());
  });
  CHECK(calls == 1);
}
