#include <grapnel/store/database.hpp>

#include <grapnel/grapnel.hpp>

#include "contract/model.hpp"
#include "support/catch.hpp"

#include <concepts>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using grapnel::F;
using model::Card;
using model::User;
using Texts = std::vector<std::string>;

namespace {

using Database = grapnel::Database<User, Card>;

struct Fixture {
  Database client = grapnel::Open<User, Card>(":memory:");
  Fixture() { client.Migrate(); }
  void CreateUser(const char* name) const {
    client.Of<User>().Create().Set(F<&User::name>, name).Save();
  }
  void CreateCard(const char* number) const {
    client.Of<Card>().Create().Set(F<&Card::number>, number).Set(F<&Card::in_hook>, "").Save();
  }
};

auto Logs(Texts& log, std::string name) {
  return [&log, name]<class E>(grapnel::Mutation<E>& m, grapnel::Next<E> next) {
    log.push_back(name + " " + std::string(m.Type()));
    return next(m);
  };
}

struct Clock {
  virtual ~Clock() = default;
  virtual int Now() const = 0;
};
struct FixedClock : Clock {
  int Now() const override { return 7; }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "B3 hooks of every type and of one type share one order") {
  Texts log;
  client.Use(Logs(log, "all"));
  client.Of<User>().Use(Logs(log, "one"));
  client.Use(Logs(log, "more"), Logs(log, "last"));
  CreateUser("Ada");
  CreateCard("1");
  CHECK(log == Texts{"all User", "one User", "more User", "last User",  //
                     "all Card", "more Card", "last Card"});
}

TEST_CASE_METHOD(Fixture, "B14 a handle takes a hook out of all types; it is one object for all") {
  struct Counter {
    int* copies;
    explicit Counter(int* c) : copies(c) {}
    Counter(const Counter& other) : copies(other.copies) { ++*copies; }
    Counter(Counter&&) = default;
  };
  int copies = 0, runs = 0;
  auto handle = client.Use(
      [counter = Counter(&copies), &runs]<class E>(grapnel::Mutation<E>& m, grapnel::Next<E> next) {
        ++runs;
        return next(m);
      });
  CHECK(copies == 0);
  CreateUser("Ada");
  CreateCard("1");
  CHECK(runs == 2);
  handle.Remove();
  CreateUser("Bob");
  CreateCard("2");
  CHECK(runs == 2);
}

TEST_CASE_METHOD(Fixture, "B63 B81 hooks around every commit and rollback, implicit ones as well") {
  Texts log;
  const auto says = [&](const char* what) {
    return [&log, what](grapnel::Tx& tx, auto next) {
      log.push_back(std::string("before ") + what);
      next(tx);
      log.push_back(std::string("after ") + what);
    };
  };
  auto commit = client.OnCommit(says("commit"));
  client.OnRollback(says("rollback"));
  CreateUser("Ada");
  { const auto left = client.Tx(); }
  CHECK(log == Texts{"before commit", "after commit", "before rollback", "after rollback"});
  commit.Remove();
  CreateUser("Bob");
  CHECK(log.size() == 4);
}

TEST_CASE_METHOD(Fixture, "Provide takes an object as itself, as its base, by a name, as const") {
  FixedClock clock;
  client.Provide<Clock>(clock);
  CHECK(client.Dep<Clock>().Now() == 7);
  CHECK_THROWS_AS(client.Dep<FixedClock>(), grapnel::DependencyError);
  int first = 1, second = 2;
  client.Provide(first);
  CHECK_THROWS_AS(client.Provide(second), grapnel::DependencyError);
  CHECK(client.Dep<int>() == 1);
  client.Provide(second, grapnel::Replace);
  CHECK(client.Dep<int>() == 2);
  client.Provide<int>("audit", first);
  CHECK_THROWS_AS(client.Provide("audit", second), grapnel::DependencyError);
  CHECK(client.Dep<int>("audit") == 1);
  client.Provide("audit", second, grapnel::Replace);
  CHECK(client.Tx().Dep<int>("audit") == 2);
  const std::string text = "fixed";
  client.Provide(text);
  CHECK(client.Dep<const std::string>() == "fixed");
  CHECK_THROWS_AS(client.Dep<std::string>(), grapnel::DependencyError);
  client.Of<User>().Use([]<class E>(grapnel::Mutation<E>& m, grapnel::Next<E> next) {
    grapnel::Dep<int>(m, "audit") += grapnel::Dep<const int>(m);
    m.template Dep<int>("audit") += 1;
    return next(m);
  });
  int seen = 0;
  client.Of<User>().Use(
      grapnel::hook::Before([&](grapnel::Mutation<User>& m) { seen = m.Dep<Clock>().Now(); }));
  CreateUser("Ada");
  CHECK(seen == 7);
  CHECK(second == 5);  // 2, twice, and 1
}

TEST_CASE_METHOD(Fixture, "what nobody can catch goes to OnError") {
  Texts errors;
  client.OnError([&](const std::exception& error) { errors.push_back(error.what()); });
  {
    auto tx = client.Tx();
    tx.OnRollback([](grapnel::Tx&, auto) { throw std::runtime_error("in a destructor"); });
  }
  CHECK(errors == Texts{"in a destructor"});
  client.OnError([](const std::exception&) { throw std::runtime_error("worse"); });
  auto tx = client.Tx();
  tx.OnRollback([](grapnel::Tx&, auto) { throw 7; });
}

TEST_CASE_METHOD(Fixture, "B80 Migrate may run again, and keeps the rows") {
  CreateUser("Ada");
  client.Migrate();
  client.With(1).Migrate();
  CHECK(client.Of<User>().Query().Count() == 1);
  const auto tx = client.Tx();
  CHECK_THROWS_AS(client.Migrate(), grapnel::TxError);
}

TEST_CASE_METHOD(Fixture, "a view keeps the types of the database, but takes no hooks") {
  using View = decltype(client.With(1));
  STATIC_REQUIRE(std::same_as<View, grapnel::store::View<User, Card>>);
  STATIC_REQUIRE(std::derived_from<Database, View>);
  STATIC_REQUIRE(std::same_as<decltype(client.Debug()), View>);
  STATIC_REQUIRE(std::same_as<decltype(client.Of<User>()), grapnel::store::HookedEntities<User>>);
  STATIC_REQUIRE(std::same_as<decltype(client.With(1).Of<User>()), grapnel::store::Entities<User>>);
  CHECK(client.With(1).With(std::string("x")).Context().Get<int>() != nullptr);
}
