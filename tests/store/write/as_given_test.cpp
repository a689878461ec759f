#include <grapnel/store/write/as_given.hpp>

#include <grapnel/grapnel.hpp>

#include "contract/model.hpp"
#include "support/catch.hpp"
#include "support/fake_driver.hpp"
#include "support/running.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <iterator>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using grapnel::BusyError;
using grapnel::F;
using grapnel::Mutation;
using grapnel::Next;
using grapnel::Op;
using grapnel::Value;
using model::Card;
using model::User;

namespace {

using Lines = std::vector<std::string>;

/// A range of two users that is passed through once.
struct Names {
  struct Iterator {
    using iterator_concept = std::input_iterator_tag;
    using difference_type = std::ptrdiff_t;
    using value_type = User;
    Names* of;
    User operator*() const { return {.name = of->left == 2 ? "Ada" : "Bob"}; }
    Iterator& operator++() {
      --of->left;
      return *this;
    }
    void operator++(int) { --of->left; }
    bool operator==(std::default_sentinel_t) const { return of->left == 0; }
  };
  int left = 2;
  Iterator begin() { return {this}; }
  std::default_sentinel_t end() const { return {}; }
};

/// A database where writers run beside each other, and one of them is in the way of the first
/// statements of a text.
struct World {
  int failures = 0;
  std::string fails = "INSERT";
  std::function<void()> fail = [] { throw BusyError("could not serialize access", true); };
  Lines seen{};  // what hooks were given
  int committed = 0, rolled_back = 0;
  std::unique_ptr<FakeDriver> engine = std::make_unique<FakeDriver>(Server());
  FakeConnection& connection = engine->writer;
  grapnel::Database<User, Card> client = grapnel::Database<User, Card>::Adopt(std::move(engine));

  World() {
    connection.before = [this](std::string_view line) {
      if (line == fails && failures > 0) {
        --failures;
        fail();
      }
    };
    client.Of<User>().Use([this](Mutation<User>& m, Next<User> next) -> Value<User> {
      const std::string* name = m.Get(F<&User::name>);
      seen.push_back(name != nullptr ? *name : "");
      if (name != nullptr) m.Set(F<&User::name>, *name + "!");
      m.AfterCommit([this] { ++committed; });
      m.AfterRollback([this] { ++rolled_back; });
      return next(m);
    });
  }
  static grapnel::store::DriverTraits Server() {
    grapnel::store::DriverTraits traits;
    traits.undoes_statements = traits.serialises_writers = false;
    traits.bulk_least = 2;
    return traits;
  }
  auto Create(const std::string& name) {
    return client.Of<User>().Create().Set(F<&User::name>, name);
  }
};

}  // namespace

TEST_CASE("a mutation is put back to what was given") {
  auto m = Mutation<User>::Access::Make(Op::Create);
  m.Set(F<&User::name>, "Ada");
  grapnel::detail::AsGiven given(m);
  m.Set(F<&User::name>, "Bob");
  m.Set(F<&User::age>, 7);
  m.Core().has_id = m.Core().executed = true;
  given.PutBack(m);
  CHECK(*m.Get(F<&User::name>) == "Ada");
  CHECK(m.Get(F<&User::age>) == nullptr);
  CHECK_FALSE(m.ID());
  CHECK_FALSE(m.Core().executed);
}

TEST_CASE_METHOD(World, "a mutation runs again with its hooks, from what its caller gave") {
  failures = 2;
  SECTION("by a statement") {}
  SECTION("by COMMIT") { fails = "COMMIT"; }
  const User ada = Create("Ada").Save();
  CHECK(ada.name == "Ada!");
  CHECK(seen == Lines{"Ada", "Ada", "Ada"});
  CHECK((committed == 1 && rolled_back == 2));
}

TEST_CASE_METHOD(World, "all other mutations do") {
  failures = 1;
  SECTION("an update of many") {
    fails = "UPDATE";
    client.Of<User>().Update().Set(F<&User::name>, "Ada").Save();
    CHECK(seen == Lines{"Ada", "Ada"});
  }
  SECTION("an update of one") {
    fails = "UPDATE";
    try {
      client.Of<User>().UpdateOne(1).Set(F<&User::name>, "Ada").Save();
    } catch (const grapnel::NotFoundError&) {  // this engine has no row to read back
    }
    CHECK(seen == Lines{"Ada", "Ada"});
  }
  SECTION("a deletion") {
    fails = "DELETE";
    client.Of<User>().Delete().Exec();
    CHECK(seen == Lines{"", ""});
  }
}

TEST_CASE_METHOD(World,
                 "so does a bulk: of entities, of builders, and of a range that is passed once") {
  failures = 1;
  std::vector<User> made;
  SECTION("entities") {
    const std::vector<User> users{{.name = "Ada"}, {.name = "Bob"}};
    made = client.Of<User>().CreateBulk(users).Save();
  }
  SECTION("builders") {
    std::vector<grapnel::store::Create<User>> builders;
    builders.push_back(Create("Ada"));
    builders.push_back(Create("Bob"));
    made = client.Of<User>().CreateBulk(builders).Save();
  }
  SECTION("passed once") { made = client.Of<User>().CreateBulk(Names()).Save(); }
  REQUIRE(made.size() == 2);
  CHECK((made[0].name == "Ada!" && made[1].name == "Bob!"));
  CHECK(seen == Lines{"Ada", "Ada", "Bob"});
  CHECK(committed == 2);
}

TEST_CASE_METHOD(World, "an upsert runs again that met a row which it does not see") {
  const auto upsert = [&] {
    return client.Of<Card>()
        .Create()
        .Set(F<&Card::number>, "1")
        .Set(F<&Card::in_hook>, "")
        .OnConflict(F<&Card::number>)
        .UpdateNewValues();
  };
  std::string field = "number";
  fail = [&] {
    throw grapnel::ConstraintError("Card", Op::Create, grapnel::ConstraintKind::Unique, {field},
                                   "taken");
  };
  failures = 1;
  SECTION("by its own key") {
    try {
      upsert().Save();
    } catch (const grapnel::NotFoundError&) {  // this engine has no row to read back
    }
    CHECK(failures == 0);
    CHECK(CountOf(connection.log, "INSERT") == 1);
  }
  SECTION("by another one") {
    field = "name";
    CHECK_THROWS_AS(upsert().Save(), grapnel::ConstraintError);
  }
}

TEST_CASE_METHOD(World,
                 "what a hook makes of the error does not matter; an end is told unchanged") {
  client.Of<User>().Use([](Mutation<User>& m, Next<User> next) -> Value<User> {
    try {
      return next(m);
    } catch (const grapnel::Error&) {
      throw std::runtime_error("of the hook");
    }
  });
  failures = 1;
  Create("Ada").Save();
  failures = 1'000'000;
  CHECK_THROWS_WITH(client.With(std::chrono::milliseconds(100))
                        .Of<User>()
                        .Create()
                        .Set(F<&User::name>, "x")
                        .Save(),
                    "of the hook");
}

TEST_CASE_METHOD(World, "nothing else runs again") {
  SECTION("another error") {
    failures = 1;
    fail = [] { throw BusyError("a lock was held for too long"); };
    CHECK_THROWS_AS(Create("Ada").Save(), BusyError);
  }
  SECTION("what was committed") {
    client.OnCommit([](grapnel::Tx& tx, auto next) {
      next(tx);
      throw BusyError("elsewhere", true);
    });
    CHECK_THROWS_AS(Create("Ada").Save(), grapnel::CommittedError);
  }
  SECTION("a mutation of somebody's transaction") {
    failures = 1;
    auto tx = client.Tx();
    CHECK_THROWS_AS(tx.Of<User>().Create().Set(F<&User::name>, "Ada").Save(), BusyError);
    CHECK(tx.Outcome() == grapnel::TxOutcome::RolledBack);
  }
  CHECK(seen == Lines{"Ada"});
}
