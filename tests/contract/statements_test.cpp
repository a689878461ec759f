#include "contract/model.hpp"
#include "support/catch.hpp"
#include "support/scratch.hpp"

#include <grapnel/grapnel.hpp>

#include <sqlite3.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace {

using grapnel::F;
using model::Pet;
using model::User;

/// Counts what SQLite prepares, on every connection opened during its life: it asks an authorizer
/// at least once for each statement that it prepares, and never when one runs.
class Prepares {
 public:
  Prepares() { sqlite3_auto_extension(reinterpret_cast<void (*)()>(&Watch)); }
  Prepares(const Prepares&) = delete;
  Prepares& operator=(const Prepares&) = delete;
  ~Prepares() { sqlite3_cancel_auto_extension(reinterpret_cast<void (*)()>(&Watch)); }

  /// How often the authorizer was asked while `body` ran.
  static int During(const std::function<void()>& body) {
    asked = 0;
    body();
    return asked;
  }

 private:
  static int Watch(sqlite3* db, char**, const sqlite3_api_routines*) {
    const auto ask = [](void*, int, const char*, const char*, const char*, const char*) {
      ++asked;
      return SQLITE_OK;
    };
    return sqlite3_set_authorizer(db, ask, nullptr);
  }
  static inline std::atomic<int> asked = 0;
};

using Uses = std::vector<std::pair<std::string, std::function<void()>>>;

/// Each mutation and read there is; each leaves Ada, whose id is 1, as the only user.
template <class Client>
Uses UsesOf(const Client& client) {
  const auto users = client.template Of<User>();
  const auto create = [=] { return users.Create().Set(F<&User::name>, "Bob").Save().id; };
  const auto bob = F<&User::name> == "Bob";
  return {
      {"create, delete one", [=] { users.DeleteOne(create()).Exec(); }},
      {"create with an id, delete",
       [=] {
         users.Create().Set(F<&User::id>, 9).Set(F<&User::name>, "Bob").Save();
         users.Delete().Where(bob).Exec();
       }},
      {"bulk",
       [=] {
         users.CreateBulk(std::vector<User>(5, User{.name = "Bob"})).Save();
         users.Delete().Where(bob && F<&User::age>.In(0, 1, 2)).Exec();
       }},
      {"update one",
       [=] { users.UpdateOne(1).Add(F<&User::age>, 1).Set(F<&User::active>, true).Save(); }},
      {"update one, with a predicate",
       [=] { users.UpdateOne(1).Where(F<&User::age> >= 0).Clear(F<&User::nickname>).Save(); }},
      {"update",
       [=] { users.Update().Where(F<&User::name>.HasPrefix("A")).Add(F<&User::worth>, 1).Save(); }},
      {"update of nothing", [=] { users.Update().Save(); }},
      {"get", [=] { users.Get(1); }},
      {"query",
       [=] {
         users.Query().Where(F<&User::id> < 5).Order(grapnel::Desc(F<&User::name>)).Limit(3).All();
       }},
      {"count, exist, ids",
       [=] {
         users.Query().Count();
         users.Query().Exist();
         users.Query().IDs();
       }},
  };
}

grapnel::Database<User, Pet> OpenWithAda(const std::string& url) {
  auto client = grapnel::Open<User, Pet>(url);
  client.Migrate();
  client.Of<User>().Create().Set(F<&User::name>, "Ada").Save();
  return client;
}

}  // namespace

TEST_CASE("B98 the second identical mutation prepares nothing") {
  const Scratch scratch;
  const Prepares prepares;
  const auto url = GENERATE(true, false) ? std::string(":memory:") : scratch.File("db");
  INFO(url);
  const auto client = OpenWithAda(url);
  REQUIRE(Prepares::During([&] { client.Of<User>().Query().Count(); }) > 0);  // it does count

  for (const auto& [name, use] : UsesOf(client)) {
    use();
    INFO(name);
    CHECK(Prepares::During(use) == 0);
  }

  const auto in_tx = [&] {
    client.WithTx([](grapnel::Tx& tx) {
      for (const auto& [name, use] : UsesOf(tx)) use();
      tx.WithTx([](grapnel::Tx& inner) {
        for (const auto& [name, use] : UsesOf(inner)) use();
      });
    });
  };
  in_tx();
  CHECK(Prepares::During(in_tx) == 0);

  // With hooks that write and need savepoints.
  client.Of<User>().Use([](grapnel::Mutation<User>& m, grapnel::Next<User> next) {
    m.Client().Of<Pet>().Create().Set(F<&Pet::name>, "Rex").Save();
    auto value = next(m);
    m.Client().Of<Pet>().Delete().Exec();
    return value;
  });
  for (const auto& [name, use] : UsesOf(client)) {
    use();
    INFO(name << ", with a hook");
    CHECK(Prepares::During(use) == 0);
  }
  CHECK(client.Of<User>().Query().Only().name == "Ada");
}

TEST_CASE("B98 nested writes that fail and are caught prepare nothing the second time") {
  const Prepares prepares;
  const auto client = OpenWithAda(":memory:");
  const auto caught = [&] {
    client.WithTx([](grapnel::Tx& tx) {
      tx.Of<User>().UpdateOne(1).Add(F<&User::age>, 1).Save();
      for (int i = 0; i < 3; ++i) {
        CHECK_THROWS_AS(tx.WithTx([](grapnel::Tx& inner) {
          inner.Of<User>().UpdateOne(1).Set(F<&User::name>, "gone").Save();
          inner.Of<User>().Create().Set(F<&User::id>, 1).Set(F<&User::name>, "x").Save();
        }),
                        grapnel::ConstraintError);
      }
    });
  };
  caught();
  CHECK(Prepares::During(caught) == 0);
  CHECK(client.Of<User>().Query().Only().name == "Ada");
}

TEST_CASE("B98 10,000 different In-list lengths leave memory flat") {
  const auto client = OpenWithAda(":memory:");
  const auto users = client.Of<User>();
  using Ids = std::vector<std::int64_t>;
  const auto use = [&](std::size_t ages, std::size_t ids) {
    users.Update()
        .Where(F<&User::age>.In(Ids(ages, 0)) && F<&User::id>.In(Ids(ids, 1)))
        .Add(F<&User::version>, 1)
        .Save();
  };
  for (std::size_t ages = 1; ages <= 128; ages *= 2) {  // as long as texts are spelt out
    for (std::size_t ids = 1; ids <= 128; ids *= 2) use(ages, ids);
  }
  for (const std::size_t length : {1024UL, 1025UL}) use(1, length);  // and packed into one value
  const auto before = sqlite3_memory_used();
  for (std::size_t i = 0; i < 10'000; ++i) use(1 + i % 100, 1 + i / 100);
  for (std::size_t length = 1000; length < 1200; ++length) use(1, length);
  CHECK(sqlite3_memory_used() - before < 64 * 1024);
  CHECK(users.Get(1).version == 64 + 2 + 10'000 + 200);
}

TEST_CASE("B98 thousands of different statements leave memory flat") {
  const auto client = OpenWithAda(":memory:");
  const auto users = client.Of<User>();
  const auto use = [&](unsigned bits) {
    auto where = F<&User::age> >= 0;
    for (unsigned bit = 0; bit < 12; ++bit) {
      where = (bits >> bit & 1) != 0 ? where && F<&User::worth> >= 0 : where || F<&User::age> == 7;
    }
    users.Update().Where(where).Add(F<&User::version>, 1).Save();
  };
  for (unsigned bits = 0; bits < 1000; ++bits) use(bits);
  const auto before = sqlite3_memory_used();
  for (unsigned bits = 1000; bits < 3000; ++bits) use(bits);
  CHECK(sqlite3_memory_used() - before < 256 * 1024);
  CHECK(users.Get(1).version == 3000);
}
