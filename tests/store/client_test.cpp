#include <grapnel/store/client.hpp>

#include <grapnel/grapnel.hpp>

#include "contract/model.hpp"
#include "support/catch.hpp"

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

using grapnel::F;
using model::Card;
using model::User;

namespace {

struct Viewer {
  std::string name;
};
struct Mailer {
  std::vector<std::string> sent{};
};

struct Fixture {
  grapnel::Database<User, Card> client = grapnel::Open<User, Card>(":memory:");
  Fixture() { client.Migrate(); }
  static void Create(const grapnel::Client& c, const char* name) {
    c.Of<User>().Create().Set(F<&User::name>, name).Save();
  }
  std::int64_t Count() const { return client.Of<User>().Query().Count(); }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "a client without its types serves any entity of the database") {
  const grapnel::Client any = client;
  Create(any, "Ada");
  CHECK(any.Of<User>().Get(1).name == "Ada");
  CHECK_THROWS_AS(any.Of<model::Pet>().Query().Count(), grapnel::SchemaError);
}

TEST_CASE_METHOD(Fixture,
                 "WithTx commits and gives back what its body did, or rolls back and throws") {
  CHECK(client.WithTx([](grapnel::Tx& tx) {
    Create(tx.Client(), "Ada");
    return 7;
  }) == 7);
  CHECK_THROWS_WITH(client.WithTx([](grapnel::Tx& tx) {
    Create(tx.Client(), "Bob");
    throw std::runtime_error("changed my mind");
  }),
                    "changed my mind");
  CHECK(Count() == 1);
}

TEST_CASE_METHOD(Fixture, "WithTx leaves a transaction that its body has ended as it is") {
  client.WithTx([](grapnel::Tx& tx) {
    Create(tx.Client(), "Ada");
    tx.Rollback();
  });
  CHECK(Count() == 0);
  client.WithTx([](grapnel::Tx& tx) {
    Create(tx.Client(), "Bob");
    tx.Commit();
  });
  CHECK(Count() == 1);
}

TEST_CASE_METHOD(Fixture,
                 "B7 With and Debug are views: hooks see their values, the client does not") {
  std::vector<std::string> seen;
  client.Use([&]<class E>(grapnel::Mutation<E>& m, grapnel::Next<E> next) {
    const Viewer* viewer = grapnel::PerCall<Viewer>(m);
    seen.push_back(viewer != nullptr ? viewer->name : "nobody");
    return next(m);
  });
  std::string sent;
  const auto bob = client.With(Viewer{"bob"});
  const auto traced = bob.Debug([&](std::string_view sql) { sent += sql; });
  Create(client, "1");
  Create(bob, "2");
  Create(traced, "3");
  CHECK(seen == std::vector<std::string>{"nobody", "bob", "bob"});
  CHECK(sent.find("INSERT INTO \"User\"") != std::string::npos);
  CHECK(traced.Context().Get<Viewer>()->name == "bob");
  CHECK(client.Context().Get<Viewer>() == nullptr);
}

TEST_CASE_METHOD(Fixture, "a deadline that has passed keeps every call from being made") {
  const auto late = client.With(std::chrono::milliseconds(0));
  CHECK_THROWS_AS(Create(late, "Ada"), grapnel::CancelledError);
  CHECK_THROWS_AS(late.Of<User>().Query().Count(), grapnel::CancelledError);
  CHECK_THROWS_AS(late.Tx(), grapnel::CancelledError);
  CHECK(Count() == 0);
}

TEST_CASE_METHOD(Fixture,
                 "a hook reaches client, dependencies and other types through free functions") {
  Mailer mailer;
  client.Provide(mailer);
  CHECK(&client.Dep<Mailer>() == &mailer);
  auto handle = client.Use([]<class E>(grapnel::Mutation<E>& m, grapnel::Next<E> next) {
    auto value = next(m);
    if (m.Type() == "User") {
      grapnel::Of<Card>(m).Create().Set(F<&Card::number>, "1").Set(F<&Card::in_hook>, "x").Save();
    }
    grapnel::Dep<Mailer>(m).sent.push_back(std::string(m.Type()));
    return value;
  });
  Create(client, "Ada");
  CHECK(mailer.sent == std::vector<std::string>{"Card", "User"});
  CHECK(client.Of<Card>().Query().Only().in_hook == "x");
  handle.Remove();
}

TEST_CASE_METHOD(Fixture, "B85 a client keeps its database open") {
  const grapnel::Client kept = [] {
    const auto other = grapnel::Open<User>(":memory:");
    other.Migrate();
    Create(other, "Ada");
    return grapnel::Client(other);
  }();
  CHECK(kept.Of<User>().Query().Count() == 1);
}
