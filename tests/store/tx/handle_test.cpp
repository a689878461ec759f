#include <grapnel/store/tx/handle.hpp>

#include <grapnel/grapnel.hpp>
#include <grapnel/store/tx/session.hpp>

#include "contract/model.hpp"
#include "support/catch.hpp"
#include "support/running.hpp"

#include <chrono>
#include <string>
#include <utility>

using grapnel::detail::HandlePtr;
using grapnel::detail::IsSame;
using grapnel::detail::TxKind;
using model::User;

TEST_CASE("what was moved from says so, and of which type it is") {
  const Opened<User> client;
  CHECK(&grapnel::detail::CheckHeld(client.Handle(), "User", "this query") == &client.Handle());
  CHECK_THROWS_WITH(grapnel::detail::CheckHeld(nullptr, "User", "this query"),
                    "User: this query was used after it was moved from; use the one that it was "
                    "moved to");
  CHECK_THROWS_WITH(grapnel::detail::CheckHeld(nullptr, {}, "a client"),
                    Catch::StartsWith("a client was used after"));
}

TEST_CASE("a handle says in which transaction it works, and who began that") {
  const Opened<User> client;
  const HandlePtr& base = client.Handle();
  CHECK_FALSE(grapnel::detail::HasTransaction(*base));
  CHECK_FALSE(grapnel::detail::IsInTx(*base));
  const HandlePtr inside = grapnel::detail::BeginTransaction(base, TxKind::Explicit);
  CHECK(grapnel::detail::HasTransaction(*inside));
  CHECK(grapnel::detail::IsInTx(*inside));
  CHECK_FALSE(IsSame(*inside, *base));
  CHECK(IsSame(*grapnel::detail::OutsideOf(*inside), *base));
  inside->transaction->Rollback();
  const HandlePtr reading = grapnel::detail::BeginTransaction(base, TxKind::ReadOnly);
  CHECK(grapnel::detail::HasTransaction(*reading));
  CHECK_FALSE(grapnel::detail::IsInTx(*reading));
  grapnel::detail::EndSnapshot(*reading);
  CHECK(reading->transaction->Outcome() == grapnel::TxOutcome::RolledBack);
}

TEST_CASE("a context is changed beside the store, and loses its limits outside") {
  const Opened<User> client;
  const HandlePtr& base = client.Handle();
  const auto context = grapnel::detail::ContextOf(*base).With(7).With(std::chrono::hours(1));
  const HandlePtr longer = grapnel::detail::WithContext(*base, context);
  CHECK(longer->store == base->store);
  CHECK_FALSE(IsSame(*longer, *base));
  CHECK(*grapnel::detail::ContextOf(*longer).Get<int>() == 7);
  const HandlePtr outside = grapnel::detail::OutsideOf(*longer);
  CHECK(*grapnel::detail::ContextOf(*outside).Get<int>() == 7);
  CHECK_FALSE(grapnel::detail::ContextOf(*outside).CanBeCancelled());
}

TEST_CASE("dependencies and the sink of errors are the store's") {
  const Opened<User> client;
  int number = 3;
  client.Provide(number);
  CHECK(&grapnel::detail::DependenciesOf(*client.Handle()).Get<int>() == &number);
  std::string told;
  grapnel::detail::SetErrorSink(*client.Handle(),
                                [&](const std::exception& error) { told = error.what(); });
  client.Handle()->store->Report(std::make_exception_ptr(grapnel::Error("lost")));
  CHECK(told == "lost");
}
