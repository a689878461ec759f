#include <grapnel/store/write/hooks.hpp>

#include <grapnel/grapnel.hpp>
#include <grapnel/store/tx/session.hpp>

#include "contract/graph_model.hpp"
#include "support/catch.hpp"
#include "support/fake_driver.hpp"

#include <memory>
#include <string>
#include <vector>

namespace {

struct Audited {
  template <class E>
  grapnel::Value<E> operator()(grapnel::Mutation<E>& m, grapnel::Next<E> next) const {
    return next(m);
  }
};

}  // namespace

namespace detail = grapnel::detail;
using detail::kTable;
using graph::Card;
using graph::Pet;
using graph::User;
using grapnel::Hook;
using grapnel::Op;

namespace {

struct World : FakeStore<User, Card, Pet> {
  template <class E>
  detail::TypeEntry& Type() const {
    return handle->store->TypeOf(kTable<E>);
  }
  std::string Chain(const detail::HandlePtr& of) const {
    return ToString(detail::Explain(of, kTable<Card>, grapnel::AnyOp));
  }
};

}  // namespace

TEST_CASE_METHOD(World,
                 "a store knows of each type what refers to it and what its deletion reaches") {
  const auto& user = Type<User>();
  CHECK(user.referrers.size() == 3);  // of cards, pets and best friends
  CHECK(user.reached.size() == 3);
  CHECK((Type<Card>().referrers.empty() && Type<Card>().reached.empty()));
  CHECK_FALSE(user.runs_nothing);  // it has defaults
  CHECK(Type<Card>().runs_nothing);
}

TEST_CASE_METHOD(World, "hooks are shown where they are, and go when they are removed") {
  const auto session = std::make_shared<detail::Session>(handle->store, handle->context,
                                                         detail::Session::Kind::Explicit);
  const auto inside = detail::MakeHandle({handle->store, session, nullptr, handle->context});
  const std::string none = Chain(handle);
  const auto runtime = detail::AddHooks(handle, kTable<Card>, {Hook<Card>(Audited())});
  const auto local = detail::AddTxHooks(inside, kTable<Card>, {Hook<Card>(Audited())});
  CHECK_THAT(Chain(inside), Catch::Contains("runtime") && Catch::Contains("transaction"));
  CHECK_THAT(Chain(handle), Catch::Contains("runtime") && !Catch::Contains("transaction"));
  runtime.Remove();
  local.Remove();
  CHECK(Chain(inside) == none);
  CHECK(Chain(handle) == none);
  session->Rollback();
}
