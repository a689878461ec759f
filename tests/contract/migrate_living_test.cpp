// B160, B161, B164: a schema that lives: what is called anew, what holds more than before, and what
// it has no more.
#include "contract/fixture.hpp"
#include "support/catch.hpp"
#include "support/engine/catalog.hpp"
#include "support/engine/traits.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace living {

struct Book1;
/// The first version, and what became of it.
struct Person1 {
  std::int64_t id = 0;
  std::string name;
  std::int64_t age = 0;
  grapnel::Many<Book1> books{};
  grapnel::Many<Person1> friends{};
};
struct Book1 {
  std::string id;
  std::string title;
  grapnel::One<Person1> author{};
};
struct Book2;
struct Person2 {
  std::int64_t id = 0;
  std::optional<std::string> name{};
  double years = 0;
  std::string code;
  std::optional<std::string> motto{};
  grapnel::Many<Book2> books{};
  grapnel::Many<Person2> mates{};
};
struct Book2 {
  std::string id;
  std::string heading;
  grapnel::One<Person2> writer{};
};

inline int calls = 0;
inline std::string NextCode() { return "code " + std::to_string(++calls); }

/// One table by many names.
struct First {
  std::int64_t id = 0;
  std::string a;
  std::string b;
};
template <int Case>
struct Bad {
  std::int64_t id = 0;
  std::string a;
  std::string b;
};
/// b was a, and c was b.
struct Chain {
  std::int64_t id = 0;
  std::string b;
  std::string c;
};
struct Twice {
  std::int64_t id = 0;
  std::string z;
};
/// The same in a table that keeps its name.
struct Same {
  std::int64_t id = 0;
  std::string b;
  std::string c;
};
/// Two was One, and Three was Two.
struct Two {
  std::int64_t id = 0;
  std::string x;
};
struct Three {
  std::int64_t id = 0;
  std::string x;
};
struct Filled {
  std::int64_t id = 0;
  std::string z;
};
/// Person without what it had: a required field, edges, indexes.
struct Person3 {
  std::int64_t id = 0;
  std::string name;
};

/// Indexed, and later called otherwise, without what was indexed.
struct Indexed {
  std::int64_t id = 0;
  std::string a;
  std::string c;
  std::optional<std::string> d{};
};
struct Unindexed {
  std::int64_t id = 0;
  std::string a;
  std::string c2;
};

}  // namespace living

template <>
struct grapnel::Schema<living::Indexed> {
  using Indexed = living::Indexed;
  static constexpr std::string_view Type = "Indexed";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&Indexed::a>("a"), Field<&Indexed::c>("c"),
                           Field<&Indexed::d>("d"));
  }
  static auto Indexes() {
    return grapnel::Indexes(Index<&Indexed::c, &Indexed::d>().Unique(),
                            Index<&Indexed::d>().StorageKey("by_hand"),
                            Index<&Indexed::a>().Where(F<&Indexed::d> == "x"));
  }
};
template <>
struct grapnel::Schema<living::Unindexed> {
  using Unindexed = living::Unindexed;
  static constexpr std::string_view Type = "Renamed";
  static constexpr std::string_view WasNamed = "Indexed";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&Unindexed::a>("a"), Field<&Unindexed::c2>("c2").WasNamed("c"));
  }
};
template <>
struct grapnel::Schema<living::Person1> {
  static constexpr std::string_view Type = "Person";
  static constexpr std::string_view Table = "People";
  static constexpr auto Fields() {
    using living::Person1;
    return grapnel::Fields(Field<&Person1::id>("id").NeverReuse(),
                           Field<&Person1::name>("name").Unique(),
                           Field<&Person1::age>("age").Comment("in years"));
  }
  static constexpr auto Edges() {
    using living::Person1;
    return grapnel::Edges(To<&Person1::books>("books").OnDelete(Cascade),
                          To<&Person1::friends>("friends"));
  }
  static constexpr auto Indexes() {
    using living::Person1;
    return grapnel::Indexes(Index<&Person1::age, &Person1::name>());
  }
};
template <>
struct grapnel::Schema<living::Book1> {
  static constexpr std::string_view Type = "Book";
  static constexpr auto Fields() { return grapnel::Fields(Field<&living::Book1::title>("title")); }
  static constexpr auto Edges() {
    return grapnel::Edges(
        From<&living::Book1::author>("author").Ref<&living::Person1::books>().Required());
  }
};
template <>
struct grapnel::Schema<living::Person2> {
  static constexpr std::string_view Type = "Person";
  static constexpr std::string_view WasNamed = "People";
  static constexpr auto Fields() {
    using living::Person2;
    return grapnel::Fields(
        Field<&Person2::id>("id").NeverReuse(), Field<&Person2::name>("name").Unique(),
        Field<&Person2::years>("years").WasNamed("age").Comment("in years"),
        Field<&Person2::code>("code").Default(living::NextCode), Field<&Person2::motto>("motto"));
  }
  static constexpr auto Edges() {
    using living::Person2;
    return grapnel::Edges(To<&Person2::books>("books").OnDelete(Cascade),
                          To<&Person2::mates>("mates").WasNamed("friends"));
  }
  static constexpr auto Indexes() {
    using living::Person2;
    return grapnel::Indexes(Index<&Person2::years, &Person2::name>());
  }
};
template <>
struct grapnel::Schema<living::Book2> {
  static constexpr std::string_view Type = "Book";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&living::Book2::heading>("heading").WasNamed("title"));
  }
  static constexpr auto Edges() {
    return grapnel::Edges(
        From<&living::Book2::writer>("writer").Ref<&living::Person2::books>().WasNamed("author"));
  }
};
template <>
struct grapnel::Schema<living::First> {
  static constexpr std::string_view Type = "First";
  static constexpr std::string_view Table = "t";
  static constexpr auto Fields() {
    using living::First;
    return grapnel::Fields(Field<&First::a>("a"), Field<&First::b>("b"));
  }
};
template <int Case>
struct grapnel::Schema<living::Bad<Case>> {
  static constexpr std::string_view Type = "Bad";
  static constexpr std::string_view Table = "t";
  static constexpr std::string_view WasNamed = Case == 0 ? "T" : "gone";
  static constexpr auto Fields() {
    using Bad = living::Bad<Case>;
    if constexpr (Case == 1) {  // its own name
      return grapnel::Fields(Field<&Bad::a>("a").WasNamed("A"), Field<&Bad::b>("b"));
    } else if constexpr (Case == 2) {  // one name, claimed twice
      return grapnel::Fields(Field<&Bad::a>("c").WasNamed("a"), Field<&Bad::b>("d").WasNamed("a"));
    } else if constexpr (Case == 3) {  // a circle
      return grapnel::Fields(Field<&Bad::a>("a").WasNamed("b"), Field<&Bad::b>("b").WasNamed("a"));
    } else {  // both are there
      return grapnel::Fields(Field<&Bad::a>("b").WasNamed("a"));
    }
  }
};
template <>
struct grapnel::Schema<living::Chain> {
  static constexpr std::string_view Type = "Chain";
  static constexpr std::string_view Table = "t";
  static constexpr auto Fields() {
    using living::Chain;
    return grapnel::Fields(Field<&Chain::b>("b").WasNamed("a"),
                           Field<&Chain::c>("c").WasNamed("b"));
  }
};
template <>
struct grapnel::Schema<living::Same> {
  static constexpr std::string_view Type = "Same";
  static constexpr auto Fields() {
    using living::Same;
    return grapnel::Fields(Field<&Same::b>("b").WasNamed("a").Unique(),
                           Field<&Same::c>("c").WasNamed("b").Unique());
  }
};
template <>
struct grapnel::Schema<living::Two> {
  static constexpr std::string_view Type = "Two";
  static constexpr std::string_view WasNamed = "One";
  static constexpr auto Fields() { return grapnel::Fields(Field<&living::Two::x>("x")); }
};
template <>
struct grapnel::Schema<living::Three> {
  static constexpr std::string_view Type = "Three";
  static constexpr std::string_view WasNamed = "Two";
  static constexpr auto Fields() { return grapnel::Fields(Field<&living::Three::x>("x")); }
};
template <>
struct grapnel::Schema<living::Filled> {
  static constexpr std::string_view Type = "Twice";
  static constexpr auto Fields() {
    return grapnel::Fields(
        Field<&living::Filled::z>("z").Default([] { return std::string("given"); }));
  }
};
template <>
struct grapnel::Schema<living::Twice> {
  static constexpr std::string_view Type = "Twice";
  static constexpr std::string_view WasNamed[] = {"u", "t"};
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&living::Twice::z>("z").WasNamed("y").WasNamed("x"));
  }
};
template <>
struct grapnel::Schema<living::Person3> {
  static constexpr std::string_view Type = "Person";
  static constexpr std::string_view Table = "People";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&living::Person3::name>("name").Unique());
  }
};

namespace {

using engine::Open;
using grapnel::Allow;
using grapnel::F;
using grapnel::MigrationError;
using grapnel::store::StepKind;
using namespace living;

/// A file in which these statements were run.
struct World {
  Scratch scratch{};
  std::string file = scratch.File("test.db");

  explicit World(const Lines& statements = {}) {
    static_cast<void>(Open<First>(file));
    for (const auto& sql : statements) RawRows(file, sql);
  }
  Lines Raw(const RawSql& sql) const { return RawRows(file, sql); }
  Lines State() const { return engine::State(file); }
  template <class... Es>
  std::string Refusal() const {
    const auto client = Open<Es...>(file);
    const auto before = State();
    const std::string plan = Thrown<MigrationError>([&] { client.PlanMigration(); }).what();
    CHECK(Thrown<MigrationError>([&] { client.Migrate(); }).what() == plan);
    CHECK(State() == before);
    return plan;
  }
  template <class... Es>
  grapnel::Database<Es...> Migrated() const {
    auto client = Open<Es...>(file);
    client.Migrate();
    CHECK(client.PlanMigration().Statements() == Lines{});
    CHECK(Open<Es...>(file).PlanMigration().Statements() == Lines{});
    CHECK(engine::Broken(file) == Lines{});
    return client;
  }
};

/// What the statements do, in a word each.
Lines Kinds(const grapnel::store::Migration& plan) {
  Lines kinds;
  for (const auto& step : plan.Steps()) {
    CHECK_FALSE(step.statements.empty());
    kinds.push_back(std::string(Name(step.kind)) + " " + step.table +
                    (step.name.empty() ? "" : "." + step.name) +
                    (step.was.empty() ? "" : " from " + step.was));
  }
  return kinds;
}

/// What tells a schema from another, but for the order of columns.
Lines Normalised(const World& world) {
  Lines all;
  if (engine::Current() == engine::Kind::Postgres) {
    for (const auto& table : engine::Tables(world.file)) {
      auto columns = engine::Columns(world.file, table);
      std::sort(columns.begin(), columns.end());
      for (const auto& more : {Lines{table}, columns, engine::Keys(world.file, table),
                               engine::Indexes(world.file, table)}) {
        all.insert(all.end(), more.begin(), more.end());
      }
    }
    return all;
  }
  for (const char* sql :
       {"SELECT t.name, c.name, c.type, c.\"notnull\", c.dflt_value, c.pk FROM sqlite_schema AS t, "
        "pragma_table_xinfo(t.name) AS c WHERE t.type = 'table' ORDER BY 1, 2",
        "SELECT t.name, k.\"from\", k.\"table\", k.\"to\", k.on_delete FROM sqlite_schema AS t, "
        "pragma_foreign_key_list(t.name) AS k WHERE t.type = 'table' ORDER BY 1, 2",
        "SELECT name, sql FROM sqlite_schema WHERE type <> 'table' AND sql IS NOT NULL ORDER BY "
        "1"}) {
    for (auto& row : world.Raw(sql)) all.push_back(std::move(row));
  }
  return all;
}

void Fill(const World& world) {
  const auto client = world.Migrated<Person1, Book1>();
  const auto people = client.Of<Person1>();
  for (const char* name : {"Ada", "Grace", "gone"}) {
    people.Create().Set(F<&Person1::name>, name).Set(F<&Person1::age>, 36).Save();
  }
  people.DeleteOne(3).Exec();
  people.UpdateOne(1).AddIDs(F<&Person1::friends>, {2}).Save();
  client.Of<Book1>()
      .Create()
      .Set(F<&Book1::id>, "b")
      .Set(F<&Book1::title>, "Notes")
      .Set(F<&Book1::author>, 1)
      .Save();
}

}  // namespace

TEST_CASE("B160 a type, fields and edges are renamed, and everything stays with them") {
  const World world, made;
  Fill(world);
  const bool sqlite = engine::Current() == engine::Kind::Sqlite;
  // A view of a column keeps PostgreSQL from changing its type.
  const char* of = sqlite ? "CREATE VIEW old AS SELECT name, age FROM People"
                          : "CREATE VIEW old AS SELECT name, 36.0::float8 FROM People";
  for (const char* sql :
       {"CREATE TABLE log (text TEXT)", of, "CREATE INDEX theirs ON People (age) WHERE age > 3",
        sqlite ? "CREATE TRIGGER audit AFTER UPDATE OF age ON People BEGIN INSERT INTO log SELECT "
                 "title FROM Book WHERE author_id = old.id; END"
               : "CREATE TRIGGER audit AFTER UPDATE ON People BEGIN INSERT INTO log VALUES "
                 "('Notes'); END",
        sqlite ? "ALTER TABLE People ADD COLUMN extra TEXT COLLATE NOCASE DEFAULT 'x'"
               : "ALTER TABLE People ADD COLUMN extra TEXT DEFAULT 'x'"}) {
    world.Raw(sql);
  }
  const auto before = Open<Person1, Book1>(world.file);
  REQUIRE(before.Of<Person1>().Query().Count() == 2);
  const auto kinds = Kinds(Open<Person2, Book2>(world.file).PlanMigration());
  REQUIRE(kinds.size() > 6);
  CHECK(Lines(kinds.begin(), kinds.begin() + 6) ==
        Lines{"rename table Person from People", "rename table Person_mates from People_friends",
              "rename column Person.years from age", "rename column Book.heading from title",
              "rename column Book.writer_id from author_id",
              "rename column Person_mates.Person_id from People_id"});
  calls = 0;
  const auto client = world.Migrated<Person2, Book2>();
  made.Migrated<Person2, Book2>();
  CHECK(world.Raw("SELECT * FROM old") == Lines{"Ada|36.0", "Grace|36.0"});
  CHECK(world.Raw("SELECT id, years, code FROM Person ORDER BY id") ==
        Lines{"1|36.0|code 1", "2|36.0|code 2"});  // B132
  if (sqlite) {
    CHECK(world.Raw("SELECT seq FROM sqlite_sequence WHERE name = 'Person'") == Lines{"3"});
  }
  world.Raw("UPDATE Person SET years = 37 WHERE id = 1");
  CHECK(world.Raw("SELECT * FROM log") == Lines{"Notes"});
  CHECK(engine::Indexes(world.file, "Person").back() == "theirs|0|years");
  for (const char* sql : {"DROP VIEW old", "DROP TRIGGER audit", "DROP TABLE log",
                          "DROP INDEX theirs", "ALTER TABLE Person DROP COLUMN extra"}) {
    world.Raw(sql);
  }
  CHECK(engine::Tables(world.file) == Lines{"Book", "Person", "Person_mates"});
  CHECK(Normalised(world) == Normalised(made));
  CHECK(
      world.Raw(engine::Forms{
          "SELECT count(*) FROM sqlite_schema WHERE sql LIKE '%People%' OR sql LIKE '%author%' OR "
          "sql LIKE '%friends%' OR sql LIKE '%\"age\"%'",
          "SELECT count(*) FROM (SELECT relname AS name FROM pg_class WHERE relnamespace = "
          "quote_ident(current_schema())::regnamespace UNION ALL SELECT conname FROM "
          "pg_constraint WHERE connamespace = quote_ident(current_schema())::regnamespace) AS all_ "
          "WHERE name LIKE '%People%' OR name LIKE '%author%' OR name LIKE '%friends%'"}) ==
      Lines{"0"});

  const auto people = client.Of<Person2>();
  const auto ada = people.Query()
                       .Where(F<&Person2::id> == 1)
                       .With(F<&Person2::books>)
                       .With(F<&Person2::mates>)
                       .First();
  CHECK((ada.name == "Ada" && ada.years == 37.0 && ada.books[0].heading == "Notes"));
  CHECK(ada.mates[0].name == "Grace");
  CHECK(people.Create().Set(F<&Person2::years>, 1.5).Save().id == 4);  // never 3 again
  CHECK_THROWS_AS(people.Create().Set(F<&Person2::name>, "Ada").Set(F<&Person2::years>, 1).Save(),
                  grapnel::ConstraintError);
  people.DeleteOne(1).Exec();
  CHECK(client.Of<Book2>().Query().Count() == 0);
  CHECK(world.Raw("SELECT count(*) FROM Person_mates") == Lines{"0"});
  CHECK_THROWS_AS(before.Of<Person1>().Query().All(), grapnel::SchemaError);
}

TEST_CASE("B160 names that were given before are found, the last one first") {
  const std::pair<std::string, std::string> names[] = {{"u", "z"}, {"t", "y"}, {"T", "X"}};
  for (const auto& [table, column] : names) {
    INFO(table << "." << column);
    if (engine::NameIsCaseSensitive() && table == "T") continue;
    const World world(
        {"CREATE TABLE " + table + " (id INTEGER PRIMARY KEY, " + column + " TEXT NOT NULL)",
         "INSERT INTO " + table + " VALUES (7, 'seven')"});
    CHECK(world.Migrated<Twice>().Of<Twice>().Get(7).z == "seven");
  }
  World().Migrated<Twice>();  // nothing of it was there
}

TEST_CASE("B160 each of a chain of names moves by one, once") {
  const World world({"CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT NOT NULL, b TEXT NOT NULL)",
                     "INSERT INTO t VALUES (1, 'was a', 'was b')"});
  const auto client = world.Migrated<Chain>();
  CHECK(client.Of<Chain>().Get(1).b == "was a");
  CHECK(client.Of<Chain>().Get(1).c == "was b");
}

TEST_CASE("B160 a chain of names takes its indexes along, and types may be one") {
  const World same(
      {"CREATE TABLE \"Same\" (id INTEGER PRIMARY KEY, a TEXT NOT NULL, b TEXT NOT NULL)",
       "INSERT INTO \"Same\" VALUES (1, 'was a', 'was b')",
       "CREATE UNIQUE INDEX \"Same_a_key\" ON \"Same\" (\"a\")",
       "CREATE UNIQUE INDEX \"Same_b_key\" ON \"Same\" (\"b\")"});
  if (engine::Current() == engine::Kind::Postgres) {  // by which it knows its own
    same.Raw("COMMENT ON INDEX \"Same_a_key\" IS '/*Grapnel*/'");
    same.Raw("COMMENT ON INDEX \"Same_b_key\" IS '/*Grapnel*/'");
  }
  const auto client = same.Migrated<Same>();
  CHECK(client.Of<Same>().Get(1).b == "was a");
  CHECK(client.Of<Same>().Get(1).c == "was b");
  CHECK(engine::Firsts(engine::Indexes(same.file, "Same")) == Lines{"Same_b_key", "Same_c_key"});
  CHECK(client.PlanMigration().Steps().empty());

  const World types({"CREATE TABLE \"One\" (id INTEGER PRIMARY KEY, x TEXT NOT NULL)",
                     "CREATE TABLE \"Two\" (id INTEGER PRIMARY KEY, x TEXT NOT NULL)",
                     "INSERT INTO \"One\" VALUES (1, 'one')",
                     "INSERT INTO \"Two\" VALUES (2, 'two')"});
  const auto chained = types.Migrated<Two, Three>();
  CHECK(chained.Of<Two>().Get(1).x == "one");
  CHECK(chained.Of<Three>().Get(2).x == "two");
}

TEST_CASE("B160 names that do not tell what is what are refused, and nothing is changed") {
  const World world({"CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT NOT NULL, b TEXT NOT NULL)"});
  if (!engine::NameIsCaseSensitive()) {
    CHECK_THAT((world.Refusal<Bad<0>>()),
               Catch::Contains("Bad: WasNamed says \"T\", which is what"));
    CHECK_THAT((world.Refusal<Bad<1>>()), Catch::Contains("Bad.a: WasNamed says \"A\""));
  }
  CHECK_THAT((world.Refusal<Bad<2>>()), Catch::Contains("Bad.c and Bad.d both say"));
  CHECK_THAT((world.Refusal<Bad<3>>()), Catch::Contains("Bad.a: the names that WasNamed tells of"));
  CHECK_THAT((world.Refusal<Bad<4>>()),
             Catch::Contains("Bad.b: in table \"t\" there are both \"a\"") &&
                 Catch::EndsWith("Nothing was changed"));
  const World both(
      {"CREATE TABLE t (id INTEGER PRIMARY KEY, z TEXT)", "CREATE TABLE Twice (id INTEGER)"});
  CHECK_THAT(both.Refusal<Twice>(),
             Catch::Contains("Twice: in the database there are both \"t\", which it WasNamed"));
  const World view({"CREATE TABLE t (id INTEGER PRIMARY KEY, z TEXT)",
                    "CREATE VIEW Twice AS SELECT id, z FROM t"});
  CHECK_THAT(view.Refusal<Twice>(), Catch::Contains("a view has this name"));
  if (engine::Current() == engine::Kind::Postgres) return;  // whose views are never broken
  const World broken({"CREATE TABLE t (id INTEGER PRIMARY KEY, z TEXT)",
                      "CREATE VIEW theirs AS SELECT none FROM t"});
  CHECK_THAT(broken.Refusal<Twice>(), Catch::Contains("error in view theirs"));
}

TEST_CASE("B161 indexes that were made of what goes do not keep it, whatever they are called by") {
  for (const bool renamed_before : {false, true}) {
    const World world;
    Open<Indexed>(world.file).Migrate();
    world.Raw("INSERT INTO Indexed VALUES (1, 'a', 'c', 'd')");
    const auto client = Open<Unindexed>(world.file);
    if (renamed_before) client.Migrate();
    client.Migrate(Allow::Drop);
    CHECK(client.PlanMigration(Allow::Drop).Steps().empty());
    CHECK(client.PlanMigration(Allow::Drop).Leftovers().empty());
    CHECK(world.Raw("SELECT * FROM Renamed") == Lines{"1|a|c"});
    CHECK(engine::Indexes(world.file, "Renamed") == Lines{});
  }
}

TEST_CASE("B161 what the schema has no more stays, is reported, and goes with Allow::Drop alone") {
  const World world;
  Fill(world);
  world.Raw("CREATE TABLE theirs (id INTEGER PRIMARY KEY, \"People\" INTEGER)");
  world.Raw("INSERT INTO theirs VALUES (1, 1)");
  world.Raw("ALTER TABLE People ADD COLUMN \"extra\" TEXT");
  const auto client = Open<Person3>(world.file);
  const std::string refusal = world.Refusal<Person3>();  // no person could be created
  CHECK_THAT(refusal, Catch::Contains("\"age\" is NOT NULL and unknown to the schema of Person") &&
                          Catch::Contains("says so by .WasNamed(\"age\"); else it may be") &&
                          Catch::Contains("Migrate(Allow::Drop) drops it"));

  world.Raw("ALTER TABLE Book ADD COLUMN theirs TEXT");
  const auto books = Open<Person1, Book1>(world.file).PlanMigration();
  CHECK(books.Statements() == Lines{});
  Lines stays;
  for (const auto& each : books.Leftovers()) {
    stays.push_back(each.table + "." + each.column + (each.droppable ? " ours" : ""));
  }
  CHECK(stays == Lines{"People.extra", "Book.theirs"});
  CHECK_THROWS_AS(client.PlanMigration(Allow::Drop), MigrationError);  // nobody else's goes
  world.Raw("ALTER TABLE Book DROP COLUMN theirs");

  const auto plan = client.PlanMigration(Allow::Drop);
  CHECK(Kinds(plan) == Lines{"drop index People.People_age_name", "drop column People.age",
                             "drop table Book", "drop table People_friends"});
  CHECK(plan.Leftovers().size() == 1);
  CHECK_THAT(ToString(plan), Catch::Contains("\"People\".\"extra\" stays, though"));
  CHECK(world.Refusal<Person3>() == refusal);
  client.Migrate(Allow::Drop);
  CHECK(client.PlanMigration(Allow::Drop).Steps().empty());
  CHECK(client.PlanMigration().Leftovers().size() == 1);
  CHECK(world.Raw("SELECT * FROM People") == Lines{"1|Ada|NULL", "2|Grace|NULL"});
  CHECK(world.Raw("SELECT * FROM theirs") == Lines{"1|1"});
  CHECK(engine::Tables(world.file) == Lines{"People", "theirs"});
  CHECK(engine::Broken(world.file) == Lines{});
  client.Of<Person3>().Create().Set(F<&Person3::name>, "Joan").Save();
  CHECK(client.Of<Person3>().Query().Count() == 3);
}

TEST_CASE("B161 what others use is not dropped, and nobody's table but Grapnel's own is") {
  const auto refusal = [](const Lines& statements) {
    const World world;
    Fill(world);
    for (const auto& sql : statements) world.Raw(sql);
    const auto client = Open<Person3>(world.file);
    const auto before = world.State();
    const std::string plan =
        Thrown<MigrationError>([&] { client.PlanMigration(Allow::Drop); }).what();
    CHECK(Thrown<MigrationError>([&] { client.Migrate(Allow::Drop); }).what() == plan);
    CHECK_THAT(plan, Catch::EndsWith("Nothing was changed"));
    CHECK(world.State() == before);
    CHECK(world.Raw("SELECT count(*) FROM Book") == Lines{"1"});
    return plan;
  };
  CHECK_THAT(refusal({"CREATE INDEX theirs ON People (name, age)"}),
             Catch::Contains("index theirs uses it"));
  CHECK_THAT(refusal({"CREATE INDEX theirs ON People (name) WHERE age > 3"}),
             Catch::Contains("theirs") && Catch::Contains("age"));
  CHECK_THAT(refusal({"CREATE VIEW theirs AS SELECT age FROM People"}), Catch::Contains("theirs"));
  CHECK_THAT(refusal({"CREATE VIEW theirs AS SELECT title FROM Book"}), Catch::Contains("theirs"));
  if (engine::Current() == engine::Kind::Sqlite) {  // PostgreSQL does not know what functions use
    CHECK_THAT(refusal({"CREATE TABLE t (x)",
                        "CREATE TRIGGER theirs AFTER INSERT ON t BEGIN DELETE FROM Book; END"}),
               Catch::Contains("theirs"));
  }
  CHECK_THAT(refusal({"CREATE TRIGGER theirs AFTER UPDATE OF age ON People BEGIN SELECT 1; END"}),
             Catch::Contains("theirs"));
  CHECK_THAT(refusal({"CREATE TABLE theirs (book TEXT REFERENCES Book)"}),
             Catch::Contains("cannot drop table \"Book\": table \"theirs\" refers to it"));
  // What is somebody else's in a table of Grapnel's does not go with it.
  CHECK_THAT(
      refusal({"ALTER TABLE Book ADD COLUMN note TEXT", "UPDATE Book SET note = 'precious'"}),
      Catch::Contains("cannot drop table \"Book\": column \"note\" is somebody else's"));
  CHECK_THAT(refusal({"CREATE INDEX theirs ON Book (title, id)"}),
             Catch::Contains("index \"theirs\" is somebody else's"));
  CHECK_THAT(refusal({"CREATE TRIGGER theirs AFTER INSERT ON Book BEGIN SELECT 1; END"}),
             Catch::Contains("trigger \"theirs\" is somebody else's"));
}

TEST_CASE("B160 a new required column changes the text of no other") {
  const World world({R"(CREATE TABLE "Twice" (id INTEGER PRIMARY KEY, "my""z" TEXT NOT NULL DEFAULT
      '', q TEXT DEFAULT '"z" TEXT NOT NULL DEFAULT '''''))",
                     "INSERT INTO \"Twice\" (id, q) VALUES (1, '')"});
  const engine::Forms columns{
      "SELECT name, \"notnull\", dflt_value FROM pragma_table_info('Twice')",
      "SELECT a.attname, a.attnotnull, pg_get_expr(d.adbin, d.adrelid) FROM pg_attribute AS a LEFT "
      "JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum WHERE a.attrelid = "
      "'\"Twice\"'::regclass AND a.attnum > 0 ORDER BY a.attnum"};
  const auto before = world.Raw(columns);
  const auto client = Open<Filled>(world.file);
  client.Migrate();
  auto after = world.Raw(columns);
  REQUIRE(after.size() == before.size() + 1);
  CHECK(after.back() == "z|1|NULL");
  after.pop_back();
  CHECK(after == before);
  CHECK(client.PlanMigration().Steps().empty());
  CHECK(client.Of<Filled>().Create().Save().z == "given");
}

TEST_CASE("B160 a column may be NULL or hold reals, whoever has made its table") {
  if (engine::Current() == engine::Kind::Postgres) {
    const World world(
        {"CREATE TABLE Person (id INTEGER PRIMARY KEY, name TEXT CONSTRAINT named NOT NULL CHECK "
         "(name <> 'NOT NULL'), years INT NOT NULL CHECK (years > 0), motto TEXT)",
         "CREATE TABLE Book (id TEXT PRIMARY KEY, heading TEXT NOT NULL, writer_id INTEGER NOT "
         "NULL "
         "REFERENCES Person (id) ON DELETE CASCADE)",
         "CREATE INDEX theirs ON Person ((years + 1)) WHERE years > 3",
         "INSERT INTO Person (id, name, years) VALUES (3, 'Grace', 40)",
         "INSERT INTO Book VALUES ('b', 'Notes', 3)"});
    CHECK_THAT(ToString(Open<Person2, Book2>(world.file).PlanMigration()),
               Catch::Contains("rebuild table \"Person\": \"name\" may be NULL, \"years\" becomes "
                               "DOUBLE PRECISION") &&
                   Catch::Contains("change table \"Book\": \"writer_id\" may be NULL"));
    const auto beside = Open<Book2, Person2>(world.file);
    CHECK(beside.Of<Book2>().Query().Count() == 1);  // its statements are prepared
    const auto client = world.Migrated<Person2, Book2>();
    CHECK(world.Raw("SELECT id, name, years, motto FROM Person") == Lines{"3|Grace|40.0|NULL"});
    CHECK(!client.Of<Person2>().Create().Set(F<&Person2::years>, 0.5).Save().name);
    CHECK_THROWS_AS(client.Of<Person2>().Create().Set(F<&Person2::years>, -0.5).Save(),
                    grapnel::ConstraintError);
    CHECK(
        beside.Of<Book2>().Create().Set(F<&Book2::id>, "c").Set(F<&Book2::heading>, "").Save().id ==
        "c");
    client.Of<Person2>().DeleteOne(3).Exec();
    CHECK(world.Raw("SELECT id FROM Book") == Lines{"c"});
    return;
  }
  const auto people = [](const std::string& rest) {
    return "CREATE TABLE Person (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT CONSTRAINT named "
           "NOT NULL COLLATE NOCASE CHECK (name <> 'NOT NULL'), years INT NOT NULL, motto TEXT, "
           "twice INT AS (years * 2) STORED, " +
           rest;
  };
  const Lines others{
      "CREATE TABLE \"Book\" (id TEXT PRIMARY KEY, heading TEXT NOT NULL, writer_id INTEGER NOT "
      "NULL "
      "REFERENCES Person (id) ON DELETE CASCADE)",
      "CREATE VIEW theirs AS SELECT years, twice FROM Person",
      "CREATE TRIGGER audit AFTER INSERT ON Person BEGIN UPDATE Person SET motto = 'new' WHERE id "
      "= new.id; END",
      "INSERT INTO Person (id, name, years) VALUES (9, 'Ada', 36), (3, 'Grace', 40)",
      "DELETE FROM Person WHERE id = 9",
      "INSERT INTO Book VALUES ('b', 'Notes', 3)"};
  World world({people("CHECK (years > 0))")});
  for (const auto& sql : others) world.Raw(sql);
  const auto plan = Open<Person2, Book2>(world.file).PlanMigration();
  CHECK_THAT(ToString(plan),
             Catch::Contains("rebuild table \"Person\": \"name\" may be NULL, "
                             "\"years\" becomes REAL") &&
                 Catch::Contains("change table \"Book\": \"writer_id\" may be NULL"));
  const auto beside = Open<Book2, Person2>(world.file);
  CHECK(beside.Of<Book2>().Query().Count() == 1);  // its statements are prepared
  const auto client = world.Migrated<Person2, Book2>();
  CHECK(world.Raw("SELECT id, name, years, twice, motto FROM Person") ==
        Lines{"3|Grace|40.0|80|new"});
  CHECK(world.Raw("SELECT * FROM theirs") == Lines{"40.0|80"});
  CHECK(world.Raw("SELECT * FROM Book") == Lines{"b|Notes|3"});
  const auto made = client.Of<Person2>().Create().Set(F<&Person2::years>, 0.5).Save();
  CHECK((made.id == 10 && !made.name));
  CHECK(world.Raw("SELECT motto FROM Person WHERE id = 10") == Lines{"new"});
  CHECK_THROWS_AS(client.Of<Person2>().Create().Set(F<&Person2::years>, -0.5).Save(),
                  grapnel::ConstraintError);
  CHECK(beside.Of<Book2>().Create().Set(F<&Book2::id>, "c").Set(F<&Book2::heading>, "").Save().id ==
        "c");
  client.Of<Person2>().DeleteOne(3).Exec();
  CHECK(world.Raw("SELECT id FROM Book") == Lines{"c"});
}

TEST_CASE(
    "B160 what would lose a value, or leave a key broken, is refused, and nothing is changed") {
  World world;
  Fill(world);
  world.Raw("UPDATE People SET age = 9007199254740993 WHERE id = 2");
  CHECK_THAT((world.Refusal<Person2, Book2>()),
             Catch::Contains("years: there are rows in which the integer is too large"));
  world.Raw("UPDATE People SET age = 9007199254740992 WHERE id = 2");
  if (engine::Current() == engine::Kind::Sqlite) {
    world.Raw("PRAGMA foreign_keys = OFF; INSERT INTO Book VALUES ('x', 'y', 77)");
    CHECK_THAT((world.Refusal<Person2, Book2>()),
               Catch::Contains("in table \"Book\" the row 2 refers by a foreign key to a row of"));
    world.Raw("DELETE FROM Book WHERE id = 'x'");
  }
  CHECK(world.Migrated<Person2, Book2>().Of<Person2>().Get(2).years == 9007199254740992.0);
}

TEST_CASE("B164 an older program goes on with a newer file as far as it can, and says where not") {
  World world;
  Fill(world);
  const auto old = Open<Person1, Book1>(world.file);
  world.Raw("ALTER TABLE Book ADD COLUMN later TEXT");
  world.Raw("ALTER TABLE Book ADD COLUMN more INTEGER NOT NULL DEFAULT 3");
  const auto books = old.Of<Book1>();
  const auto create = [&](const std::string& id) {
    return books.Create()
        .Set(F<&Book1::id>, id)
        .Set(F<&Book1::title>, "Later")
        .Set(F<&Book1::author>, 1)
        .Save();
  };
  CHECK(create("c").title == "Later");
  CHECK(old.PlanMigration().Statements().empty());
  CHECK(old.PlanMigration().Leftovers().size() == 2);
  CHECK(books.UpdateOne("b").Set(F<&Book1::title>, "x").Save().title == "x");

  world.Raw("CREATE TABLE new_book AS SELECT * FROM Book");
  world.Raw("DROP TABLE Book");
  world.Raw(
      "CREATE TABLE Book (id TEXT PRIMARY KEY, title TEXT NOT NULL, author_id INTEGER NOT NULL "
      "REFERENCES People (id) ON DELETE CASCADE, isbn TEXT NOT NULL)");
  world.Raw("INSERT INTO Book SELECT id, title, author_id, 'i' FROM new_book");
  CHECK(books.Get("b").title == "x");
  CHECK(books.UpdateOne("b").Set(F<&Book1::title>, "z").Save().title == "z");
  const auto error = Thrown<grapnel::ConstraintError>([&] { create("d"); });
  CHECK(error.Kind() == grapnel::ConstraintKind::NotNull);
  CHECK_THAT(error.what(),
             Catch::Contains("isbn") &&
                 Catch::Contains(", a column that the schema of Book does not "
                                 "have: a newer program, or somebody else, has made it"));
  CHECK_THAT((world.Refusal<Person1, Book1>()),
             Catch::Contains("\"isbn\" is NOT NULL and unknown"));
  books.DeleteOne("c").Exec();
  world.Raw("ALTER TABLE Book RENAME COLUMN title TO heading");
  CHECK_THROWS_AS(books.Get("b"), grapnel::SchemaError);
  CHECK_THROWS_WITH(books.Get("b"), Catch::Contains("\"title\"") || Catch::Contains("title"));
  CHECK_THROWS_WITH((Open<Person1, Book1>(world.file).Of<Book1>().Get("b")),
                    "Book.title: in table \"Book\" there is no column \"title\"; call Migrate()");
}
