#include "support/catch.hpp"
#include "support/engine/catalog.hpp"
#include "support/engine/engine.hpp"
#include "support/engine/raw.hpp"
#include "support/engine/traits.hpp"
#include "support/scratch.hpp"

#include <grapnel/grapnel.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace drift {

struct Animal {
  std::int64_t id = 0;
  std::string name;
  std::int8_t legs = 4;
  std::optional<double> weight{};
};

/// Two indexes, one of them over a pair.
struct Place {
  std::int64_t id = 0;
  std::string code;
  std::int64_t x = 0, y = 0;
};

}  // namespace drift

template <>
struct grapnel::Schema<drift::Animal> {
  static constexpr std::string_view Type = "Animal";
  static constexpr auto Fields() {
    using drift::Animal;
    return grapnel::Fields(Field<&Animal::name>("name"), Field<&Animal::legs>("legs").Default(4),
                           Field<&Animal::weight>("weight"));
  }
};
template <>
struct grapnel::Schema<drift::Place> {
  static constexpr std::string_view Type = "Place";
  static constexpr std::string_view Table = "places";
  static constexpr auto Fields() {
    using drift::Place;
    return grapnel::Fields(Field<&Place::code>("code").Unique(), Field<&Place::x>("x"),
                           Field<&Place::y>("y").StorageKey("why"));
  }
  static constexpr auto Indexes() {
    return grapnel::Indexes(Index<&drift::Place::x, &drift::Place::y>().Unique());
  }
};

namespace {

using drift::Animal;
using drift::Place;
using grapnel::F;

constexpr const char* kFits =
    "CREATE TABLE \"Animal\" (id INTEGER PRIMARY KEY NOT NULL, name VARCHAR(20) NOT NULL, "
    "LEGS INT NOT NULL, weight DOUBLE PRECISION, colour TEXT)";

/// Every way to use a type, by its name.
template <class Client>
std::vector<std::pair<std::string, std::function<void()>>> Uses(const Client& client) {
  const auto animals = client.template Of<Animal>();
  return {
      {"read", [=] { animals.Query().All(); }},
      {"get", [=] { animals.Get(1); }},
      {"count", [=] { animals.Query().Count(); }},
      {"ids", [=] { animals.Query().IDs(); }},
      {"predicate", [=] { animals.Query().Where(F<&Animal::weight> > 1.0).Exist(); }},
      {"order", [=] { animals.Query().Order(grapnel::Asc(F<&Animal::weight>)).IDs(); }},
      {"create", [=] { animals.Create().Set(F<&Animal::name>, "x").Save(); }},
      {"bulk",
       [=] {
         animals.CreateBulk(std::vector<Animal>{{0, "x"}}).Save();
       }},
      {"update one", [=] { animals.UpdateOne(1).Set(F<&Animal::name>, "x").Save(); }},
      {"update", [=] { animals.Update().Set(F<&Animal::name>, "x").Save(); }},
      {"delete one", [=] { animals.DeleteOne(1).Exec(); }},
      {"delete", [=] { animals.Delete().Where(F<&Animal::name> == "x").Exec(); }},
  };
}

/// Each use, the first of its Open, fails with this SchemaError, and nothing is changed.
void EachUseFails(const std::string& create, const std::string& message) {
  INFO(create);
  const Scratch scratch;
  const std::string path = scratch.File("db");
  Raw raw(path);
  raw(create);
  const auto dump = [&] { return engine::Described(path); };
  const auto before = dump();
  const auto uses = Uses(engine::Open<Animal>(path)).size();
  for (std::size_t i = 0; i < uses; ++i) {
    const auto client = engine::Open<Animal>(path);
    const auto [name, use] = Uses(client)[i];
    INFO(name);
    CHECK_THROWS_AS(use(), grapnel::SchemaError);
    CHECK_THROWS_WITH(use(), message);
    client.WithTx([&](grapnel::Tx& tx) {  // its transaction lives on
      CHECK_THROWS_AS(Uses(tx)[i].second(), grapnel::SchemaError);
      CHECK(tx.Outcome() == grapnel::TxOutcome::Open);
    });
  }
  CHECK(dump() == before);
}

}  // namespace

TEST_CASE("B95 a table that is missing, lacks a column or holds another type is a SchemaError") {
  EachUseFails("CREATE TABLE other (id INTEGER)",
               "Animal: the database has no table \"Animal\"; call Migrate()");
  EachUseFails("CREATE TABLE \"Animal\" (id INTEGER PRIMARY KEY, name TEXT, legs INTEGER)",
               "Animal.weight: in table \"Animal\" there is no column \"weight\"; call Migrate()");
  EachUseFails(
      "CREATE TABLE \"Animal\" (ident INTEGER PRIMARY KEY, name TEXT, legs INTEGER, "
      "weight REAL)",
      "Animal.id: in table \"Animal\" there is no column \"id\"");
  EachUseFails(
      "CREATE TABLE \"Animal\" (id INTEGER PRIMARY KEY, name TEXT, legs TEXT, weight REAL)",
      "Animal.legs: in table \"Animal\" column \"legs\" is of type " +
          engine::Forms{"\"TEXT\", not INTEGER", "\"text\", not BIGINT"}.Text());
  EachUseFails("CREATE TABLE \"Animal\" (id INTEGER PRIMARY KEY, name BLOB, legs INT, weight REAL)",
               "Animal.name: in table \"Animal\" column \"name\" is of type " +
                   engine::Forms{"\"BLOB\", not TEXT", "\"bytea\", not TEXT"}.Text());
}

TEST_CASE("B95 a table that fits in its own words is used as it is") {
  const Scratch scratch;
  Raw raw(scratch.File("db"));
  raw(kFits);
  raw("INSERT INTO \"Animal\" VALUES (7, 'Rex', 4, 1.5, 'red')");
  const auto client = engine::Open<Animal>(scratch.File("db"));
  const auto animals = client.Of<Animal>();
  CHECK(animals.Get(7).weight == 1.5);
  animals.UpdateOne(7).Add(F<&Animal::legs>, std::int8_t{-1}).Save();
  animals.Create().Set(F<&Animal::name>, "Tom").Save();
  CHECK(raw("SELECT * FROM \"Animal\"") == Raw::Rows{"7|Rex|3|1.5|red", "8|Tom|4|NULL|NULL"});
}

TEST_CASE("B95 a column that goes missing while the database is in use is a SchemaError") {
  const Scratch scratch;
  const auto client = engine::Open<Animal>(scratch.File("db"));
  client.Migrate();
  client.Of<Animal>().Create().Set(F<&Animal::name>, "Rex").Save();
  for (const auto& [name, use] : Uses(client)) {
    if (name != "delete one") CHECK_NOTHROW(use());
  }
  Raw raw(scratch.File("db"));
  raw("DELETE FROM \"Animal\"");
  raw("ALTER TABLE \"Animal\" DROP COLUMN weight");
  for (const auto& [name, use] : Uses(client)) {
    INFO(name);
    if (std::string_view("read get predicate order create bulk").find(name) != std::string::npos) {
      CHECK_THROWS_AS(use(), grapnel::SchemaError);
    }
  }
  CHECK(raw("SELECT count(*) FROM \"Animal\"") == Raw::Rows{"0"});
}

TEST_CASE("B95 a stored value that its field cannot hold is a SchemaError that names the field") {
  const Scratch scratch;
  const auto client = engine::Open<Animal>(scratch.File("db"));
  client.Migrate();
  Raw raw(scratch.File("db"));
  const auto read = [&](const std::string& values) {
    raw("DELETE FROM \"Animal\"");
    raw("INSERT INTO \"Animal\" VALUES (" + values + ")");
    client.Of<Animal>().Query().All();
  };
  const std::string cannot = ": in the row with id 1 a stored value cannot be read: ";
  CHECK_THROWS_WITH(read("1, 'x', 128, 1"),
                    "Animal.legs" + cannot + "the value 128 is out of the field's range");
  if (engine::StoresAnyType()) {
    CHECK_THROWS_WITH(read("1, 'x', 'four', 1"),
                      "Animal.legs" + cannot + "it is a text, not an integer");
    CHECK_THROWS_WITH(read("1, x'00', 4, 1"), "Animal.name" + cannot + "it is a blob, not a text");
    CHECK_THROWS_WITH(read("1, 'x', 4, 'heavy'"),
                      "Animal.weight" + cannot + "it is a text, not a real");
    CHECK_THROWS_AS(read("1, 'x', 4.5, 1"), grapnel::SchemaError);
  }
  CHECK_NOTHROW(read("1, 'x', 4, NULL"));
  CHECK_NOTHROW(read("1, 'x', 4, 3"));  // an integer where a real may stand
}

TEST_CASE("B80 Migrate is idempotent: it writes nothing the second time and keeps the rows") {
  const Scratch scratch;
  const std::string path = scratch.File("db");
  Raw raw(path);
  const auto state = [&] {
    auto rows = engine::State(path);
    for (const char* sql : {"SELECT * FROM \"Animal\"", "SELECT * FROM places"}) {
      for (const auto& row : raw(sql)) rows.push_back(row);
    }
    return rows;
  };
  const auto client = engine::Open<Animal, Place>(path);
  client.Migrate();
  client.Of<Animal>().Create().Set(F<&Animal::name>, "Rex").Save();
  client.Of<Place>().CreateBulk(std::vector<Place>{{0, "a", 1, 2}, {0, "b", 2, 1}}).Save();
  const auto before = state();
  if (engine::Current() == engine::Kind::Sqlite) {
    REQUIRE(before.size() == 1 + 4 + 3);  // the version; two tables, two indexes; three rows
  }

  for (int i = 0; i < 3; ++i) client.Migrate();
  engine::Open<Place, Animal>(path).Migrate();
  engine::Open<Animal>(path).Migrate();
  CHECK(state() == before);
  CHECK(client.Of<Place>().Query().Count() == 2);
  CHECK_THROWS_AS(client.Of<Place>().CreateBulk(std::vector<Place>{{0, "c", 1, 2}}).Save(),
                  grapnel::ConstraintError);
}

TEST_CASE("B80 Migrate adds the tables and indexes that are missing and keeps what is there") {
  const Scratch scratch;
  const std::string path = scratch.File("db");
  Raw raw(path);
  raw(kFits);
  raw("INSERT INTO \"Animal\" VALUES (7, 'Rex', 4, 1.5, 'red')");
  raw("CREATE TABLE places (id INTEGER PRIMARY KEY, code TEXT, x INTEGER, why INTEGER)");
  raw("INSERT INTO places VALUES (1, 'a', 1, 2), (2, 'b', 2, 1)");
  const auto client = engine::Open<Animal, Place>(path);
  client.Migrate();
  CHECK(raw("SELECT * FROM \"Animal\"") == Raw::Rows{"7|Rex|4|1.5|red"});
  CHECK(raw("SELECT * FROM places") == Raw::Rows{"1|a|1|2", "2|b|2|1"});
  CHECK(engine::Firsts(engine::Indexes(path, "places")) ==
        Raw::Rows{"places_code_key", "places_x_why"});
}

TEST_CASE("B80 what Migrate cannot do safely is a MigrationError, and nothing was changed") {
  const auto refuses = [](const std::vector<std::string>& statements, const std::string& names) {
    INFO(statements.front());
    const Scratch scratch;
    const std::string path = scratch.File("db");
    Raw raw(path);
    for (const auto& sql : statements) raw(sql);
    const auto state = [&] {
      auto rows = engine::Described(path);
      for (const auto& row : raw("SELECT * FROM places")) rows.push_back(row);
      return rows;
    };
    const auto before = state();
    const auto client = engine::Open<Animal, Place>(path);  // Animal could be made
    CHECK_THROWS_AS(client.Migrate(), grapnel::MigrationError);
    CHECK_THROWS_WITH(client.Migrate(), Catch::Matchers::Contains(names) &&
                                            Catch::Matchers::EndsWith("Nothing was changed"));
    CHECK(state() == before);
    CHECK_THROWS_AS(client.Of<Animal>().Query().Count(), grapnel::SchemaError);
  };
  refuses(
      {"CREATE TABLE places (id INTEGER PRIMARY KEY, code INTEGER, x INTEGER, why INTEGER)",
       "INSERT INTO places VALUES (1, 5, 6, 7)"},
      "column \"code\" is of type \"" + engine::Forms{"INTEGER", "bigint"}.Text() + "\", not TEXT");
  refuses({"CREATE TABLE places (id INTEGER PRIMARY KEY, code TEXT, x INTEGER, why INTEGER)",
           "INSERT INTO places VALUES (1, 'a', 1, 1), (2, 'a', 2, 2)"},
          "places.code");
  refuses({"CREATE TABLE places (id INTEGER PRIMARY KEY, code TEXT, x INTEGER, why INTEGER)",
           "INSERT INTO places VALUES (1, 'a', 1, 1), (2, 'b', 1, 1)"},
          "places.x, places.why");
}

TEST_CASE("B80 a table whose id is no key is not taken for one that fits") {
  const Scratch scratch;
  Raw raw(scratch.File("db"));
  raw("CREATE TABLE \"Animal\" (id INTEGER, name TEXT, legs INTEGER, weight REAL)");
  const auto client = engine::Open<Animal>(scratch.File("db"));
  CHECK_THROWS_AS(client.Migrate(), grapnel::MigrationError);
  CHECK_THROWS_AS(client.Of<Animal>().Create().Set(F<&Animal::name>, "x").Save(),
                  grapnel::SchemaError);
  CHECK(raw("SELECT count(*) FROM \"Animal\" WHERE id IS NULL") == Raw::Rows{"0"});
}
