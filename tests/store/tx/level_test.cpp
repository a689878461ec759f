#include <grapnel/store/tx/level.hpp>

#include <grapnel/grapnel.hpp>

#include "contract/model.hpp"
#include "support/catch.hpp"
#include "support/fake_driver.hpp"

using grapnel::detail::Level;
using grapnel::detail::Scope;
using grapnel::detail::Session;
using model::User;

namespace {

struct World : FakeStore<User> {
  Session transaction{handle->store, handle->context, Session::Kind::Explicit};

  World() { transaction.Begin(handle->context); }
};

}  // namespace

TEST_CASE_METHOD(World,
                 "scopes and nested levels are gone when the transaction is rolled back around") {
  Scope scope;
  transaction.Enter(scope);
  const auto nested = transaction.Nest(transaction.Root(), nullptr);
  CHECK((nested->open && nested->outer == &transaction.Root()));
  transaction.Rollback();
  CHECK((scope.gone && nested->scope.gone && !nested->open));
}

TEST_CASE_METHOD(World, "a nested level keeps what it is nested in") {
  const auto outer = transaction.Nest(transaction.Root(), nullptr);
  const auto inner = transaction.Nest(*outer, outer);
  CHECK((inner->outer == outer.get() && inner->outer_owner == outer));
  CHECK((inner->transaction == &transaction && transaction.Root().outer == nullptr));
  transaction.CloseNested(*outer, false);
  CHECK((!inner->open && !outer->open && transaction.Root().open));
}
