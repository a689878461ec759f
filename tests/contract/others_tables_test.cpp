// What others put beside Grapnel's tables: foreign keys checked at COMMIT, keys that do not fit,
// views, ids of another type. B135, B167: each refusal is typed, names type and column, and leaves
// the Tx alive.
#include "contract/tx_fixture.hpp"
#include "support/catch.hpp"
#include "support/engine/traits.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

using grapnel::ConstraintError;
using grapnel::F;
using grapnel::SchemaError;
using grapnel::Tx;
using grapnel::TxOutcome;
using model::Pet;
using model::User;
using namespace tx_fixture;

namespace {

struct Doc {
  std::string id;
  std::string text;
};

using Strings = std::vector<std::string>;

}  // namespace

template <>
struct grapnel::Schema<Doc> {
  static constexpr std::string_view Type = "Doc";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&Doc::id>("id"), Field<&Doc::text>("text"));
  }
};

TEST_CASE("a deferred key of others that fails at COMMIT names type and column") {
  World world;
  const auto ada = Add(world.client, "Ada");
  world.Raw(
      "CREATE TABLE audit (id INTEGER PRIMARY KEY, user_id INTEGER REFERENCES User (id) "
      "DEFERRABLE INITIALLY DEFERRED)");
  world.Raw("INSERT INTO audit (user_id) VALUES (1)");
  const std::vector<std::function<void()>> deletions{
      [&] { world.client.Of<User>().DeleteOne(ada.id).Exec(); },
      [&] { world.client.Of<User>().Delete().Exec(); },
      [&] { world.client.WithTx([&](Tx& tx) { tx.Of<User>().DeleteOne(ada.id).Exec(); }); },
  };
  for (const auto& each : deletions) {
    const auto error = Thrown<ConstraintError>(each);
    CHECK(error.Entity() == "User");
    CHECK(error.Kind() == grapnel::ConstraintKind::ForeignKey);
    CHECK(error.Fields() == Strings{"user_id"});
    CHECK(error.Op() == grapnel::Op{});
    const engine::Forms reason{"FOREIGN KEY constraint failed",
                               "update or delete on table \"User\" violates foreign key constraint "
                               "\"audit_user_id_fkey\" on table \"audit\""};
    CHECK(std::string(error.what()) == "User: COMMIT breaks a foreign key constraint on user_id (" +
                                           reason.Text() +
                                           ": audit.user_id refers to a User that is not there)");
    CHECK(Names(world.client) == Lines{"Ada"});
  }
  // A commit hook may mend it and try again.
  auto tx = world.client.Tx();
  tx.OnCommit([](Tx& t, auto next) {
    try {
      next(t);
    } catch (const ConstraintError&) {
      t.Of<User>().Create().Set(F<&User::id>, 1).Set(F<&User::name>, "Ada again").Save();
      next(t);
    }
  });
  tx.Of<User>().DeleteOne(ada.id).Exec();
  if (!engine::CommitGoesOn()) {
    CHECK_THROWS_AS(tx.Commit(), grapnel::Error);
    CHECK(Names(world.client) == Lines{"Ada"});
    return;
  }
  tx.Commit();
  CHECK(Names(world.client) == Lines{"Ada again"});
}

TEST_CASE("a deferred key in a table that a type uses names that type and its field") {
  World world;
  world.Raw("DROP TABLE Pet");
  world.Raw(
      "CREATE TABLE Pet (id INTEGER PRIMARY KEY, name TEXT, delete_time INTEGER, owner_id INTEGER "
      "REFERENCES User (id) DEFERRABLE INITIALLY DEFERRED)");
  const auto add = [](const auto& client) {
    client.template Of<Pet>().Create().Set(F<&Pet::name>, "Rex").Set(F<&Pet::owner_id>, 7).Save();
  };
  const auto error = Thrown<ConstraintError>([&] { add(world.client); });
  CHECK(error.Entity() == "Pet");
  CHECK(error.Fields() == Strings{"owner_id"});
  world.client.WithTx([&](Tx& tx) {
    add(tx);
    tx.Of<User>().Create().Set(F<&User::id>, 7).Set(F<&User::name>, "Ada").Save();
  });
  CHECK(world.client.Of<Pet>().Query().Count() == 1);
}

TEST_CASE("a unique key of others that fails at COMMIT names type and fields") {
  World world;
  if (engine::Current() == engine::Kind::Sqlite) return;  // all of SQLite's are checked at once
  world.Raw(
      "ALTER TABLE User ADD CONSTRAINT theirs UNIQUE (nickname, age) DEFERRABLE INITIALLY "
      "DEFERRED");
  const auto add = [](const auto& client, const char* name) {
    client.template Of<User>()
        .Create()
        .Set(F<&User::name>, name)
        .Set(F<&User::nickname>, "x")
        .Set(F<&User::age>, 7)
        .Save();
  };
  add(world.client, "Ada");
  const auto error =
      Thrown<ConstraintError>([&] { world.client.WithTx([&](Tx& tx) { add(tx, "Grace"); }); });
  CHECK(error.Entity() == "User");
  CHECK(error.Kind() == grapnel::ConstraintKind::Unique);
  CHECK(error.Fields() == Strings{"nickname", "age"});
  CHECK(Names(world.client) == Lines{"Ada"});
}

TEST_CASE("a key of others that refers to no key is a SchemaError, and the Tx lives on") {
  World world;
  Add(world.client, "Ada");
  const std::string table =
      "CREATE TABLE badge (id INTEGER PRIMARY KEY, wearer TEXT REFERENCES User (nickname))";
  if (!engine::Takes(engine::KeysReferToAnything(), [&] { world.Raw(table); })) return;
  auto tx = world.client.Tx();
  Add(tx, "Grace");
  const std::vector<std::function<void()>> uses{
      [&] { tx.Of<User>().DeleteOne(1).Exec(); },
      [&] { tx.Of<User>().Delete().Exec(); },
      [&] { tx.Of<User>().UpdateOne(1).Set(F<&User::nickname>, "x").Save(); },
  };
  for (const auto& use : uses) {
    const auto error = Thrown<SchemaError>(use);
    CHECK(error.Entity() == "User");
    CHECK(error.Field() == "wearer");
    CHECK_THAT(error.what(), Catch::Contains("\"badge\" referencing \"User\""));
    CHECK(tx.Outcome() == TxOutcome::Open);
  }
  tx.Commit();
  CHECK(Names(world.client) == Lines{"Ada", "Grace"});
}

TEST_CASE("B167 a value that a narrower column of others does not take names its field") {
  World world;
  world.Raw("DROP TABLE Pet");
  world.Raw(
      "CREATE TABLE Pet (id INTEGER PRIMARY KEY, name VARCHAR(4), delete_time INTEGER, owner_id "
      "SMALLINT)");
  const auto pets = world.client.Of<Pet>();
  const auto rex = pets.Create().Set(F<&Pet::name>, "R\u00EBx ").Set(F<&Pet::owner_id>, 1).Save();
  if (engine::StoresAnyType()) {
    CHECK(pets.UpdateOne(rex.id).Set(F<&Pet::owner_id>, 70'000).Save().owner_id == 70'000);
    CHECK(pets.UpdateOne(rex.id).Set(F<&Pet::name>, "too long").Save().name == "too long");
    return;
  }
  auto tx = world.client.Tx();
  const auto in = tx.Of<Pet>();
  const bool is_number = GENERATE(false, true);
  const auto fill = [&](auto mutation) {
    mutation.Set(F<&Pet::delete_time>, std::chrono::system_clock::now());
    mutation.Set(F<&Pet::name>, is_number ? "Rex" : "Hasso");
    mutation.Set(F<&Pet::owner_id>, is_number ? 70'000 : 1);
    return mutation;
  };
  const std::vector<std::function<void()>> uses{
      [&] { fill(in.Create()).Save(); },
      [&] { fill(in.UpdateOne(rex.id)).Save(); },
      [&] { fill(in.Update()).Save(); },
      [&] {
        std::vector<Pet> rows(300, Pet{.name = "Rex"});
        rows[270].name = is_number ? "Rex" : "Hasso";
        rows[270].owner_id = is_number ? 70'000 : 1;
        in.CreateBulk(rows).Save();
      },
  };
  for (std::size_t i = 0; i < uses.size(); ++i) {
    INFO(i);
    const auto error = Thrown<grapnel::ValidationError>(uses[i]);
    CHECK(error.Entity() == "Pet");
    CHECK(error.Field() == (is_number ? "owner_id" : "name"));
    CHECK_THAT(error.what(), Catch::Contains(is_number ? "a number leaves its range: "
                                                       : "a text is too long for its column: "));
    CHECK(error.Row().has_value() == (i == 3));
    if (error.Row()) CHECK(*error.Row() == 270);
    CHECK(tx.Outcome() == TxOutcome::Open);
  }
  if (is_number) {
    const auto error = Thrown<grapnel::ValidationError>(
        [&] { in.UpdateOne(rex.id).Add(F<&Pet::owner_id>, 40'000).Save(); });
    CHECK(error.Field() == "owner_id");
  }
  in.Create().Set(F<&Pet::name>, "Max      ").Save();  // of spaces what is too much goes
  tx.Commit();
  CHECK(world.Raw("SELECT name FROM Pet ORDER BY id") == Lines{"R\u00EBx ", "Max "});
}

TEST_CASE("a view that takes no writes is a SchemaError, and the Tx lives on") {
  World world;
  Add(world.client, "Ada");
  world.Raw("ALTER TABLE Pet RENAME TO pets");
  world.Raw("INSERT INTO pets (name, owner_id) VALUES ('Rex', 1)");
  world.Raw("CREATE VIEW Pet AS SELECT id, name, delete_time, owner_id FROM pets GROUP BY id");
  auto tx = world.client.Tx();
  Add(tx, "Grace");
  const std::vector<std::function<void()>> uses{
      [&] { AddPetOf(tx, 1); },
      [&] { tx.Of<Pet>().UpdateOne(1).Set(F<&Pet::name>, "x").Save(); },
      [&] { tx.Of<Pet>().Update().Set(F<&Pet::name>, "x").Save(); },
      [&] { tx.Of<Pet>().DeleteOne(1).Exec(); },
      [&] {
        tx.Of<Pet>().CreateBulk(std::vector<Pet>{{.name = "a"}, {.name = "b"}}).Save();
      },
  };
  for (const auto& use : uses) {
    const auto error = Thrown<SchemaError>(use);
    CHECK(error.Entity() == "Pet");
    CHECK_THAT(error.what(), Catch::Contains("view"));
    CHECK(tx.Outcome() == TxOutcome::Open);
  }
  tx.Commit();
  CHECK(Names(world.client) == Lines{"Ada", "Grace"});
  CHECK(world.Raw("SELECT name FROM pets") == Lines{"Rex"});
}

TEST_CASE("B135 what others' conflict clauses and triggers end, ends no more than it has to") {
  World world;
  Add(world.client, "Ada");
  world.Raw(
      "CREATE TRIGGER fails BEFORE INSERT ON User WHEN new.name = 'refused' BEGIN "
      "UPDATE User SET age = 99; SELECT RAISE(FAIL, 'no'); END");
  world.Raw(
      "CREATE TRIGGER ends BEFORE INSERT ON User WHEN new.name = 'ended' BEGIN "
      "SELECT RAISE(ROLLBACK, 'no'); END");
  auto tx = world.client.Tx();
  Add(tx, "Grace");
  CHECK_THROWS_AS(Add(tx, "refused"), ConstraintError);
  CHECK(tx.Of<User>().Query().Where(F<&User::age> == 99).Count() == 0);
  CHECK(tx.Outcome() == TxOutcome::Open);
  CHECK_THROWS_AS(Add(tx, "ended"), ConstraintError);
  if (!engine::TriggersEndTransactions()) {
    CHECK(tx.Outcome() == TxOutcome::Open);
    tx.Commit();
    CHECK(Names(world.client) == Lines{"Ada", "Grace"});
    return;
  }
  CHECK(tx.Outcome() == TxOutcome::RolledBack);  // by the database itself
  CHECK_THROWS_AS(Add(tx, "late"), grapnel::TxError);
  CHECK(Names(world.client) == Lines{"Ada"});
}

TEST_CASE("B167 an id that cannot be read is a SchemaError wherever ids are read") {
  const Scratch scratch;
  const auto client = engine::Open<Doc>(scratch.File("db"));
  client.Migrate();
  client.Of<Doc>().Create().Set(F<&Doc::id>, "a").Set(F<&Doc::text>, "x").Save();
  RawRows(scratch.File("db"), "INSERT INTO Doc VALUES (x'00', 'x')");
  if (!engine::StoresAnyType()) {  // it has made a text of it
    CHECK(client.Of<Doc>().Query().IDs().size() == 2);
    return;
  }
  CHECK_THROWS_AS(client.Of<Doc>().Query().IDs(), SchemaError);
  CHECK_THROWS_AS(client.Of<Doc>().Query().All(), SchemaError);
  client.Of<Doc>().Use(grapnel::hook::Before([](grapnel::Mutation<Doc>& m) { m.IDs(); }));
  auto tx = client.Tx();
  CHECK_THROWS_AS(tx.Of<Doc>().Update().Set(F<&Doc::text>, "y").Save(), SchemaError);
  CHECK_THROWS_AS(tx.Of<Doc>().Delete().Exec(), SchemaError);
  CHECK(tx.Outcome() == TxOutcome::Open);
}

TEST_CASE("B167 empty functions are an Error, or nobody") {
  World world;
  auto tx = world.client.Tx();
  CHECK_THROWS_AS(tx.AfterCommit(std::function<void()>()), grapnel::Error);
  CHECK_THROWS_AS(tx.AfterRollback(std::function<void()>()), grapnel::Error);
  Add(tx.Client().Debug({}), "Ada");
  tx.Commit();
  CHECK(Names(world.client) == Lines{"Ada"});
}
