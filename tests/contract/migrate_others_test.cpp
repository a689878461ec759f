// B160, B161, B163, B164: what others have in the database, and programs of other versions: what
// stands in the way of a migration the plan says, in the words of the migration.
#include "contract/fixture.hpp"
#include "support/catch.hpp"
#include "support/engine/catalog.hpp"
#include "support/engine/traits.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace others {

/// The first version, and what became of it.
struct First {
  std::int64_t id = 0;
  std::string name;
  std::int64_t age = 0;
};
struct Dropped {
  std::int64_t id = 0;
  std::string name;
};
struct Real {
  std::int64_t id = 0;
  std::string name;
  double age = 0;
};
struct Renamed {
  std::int64_t id = 0;
  std::string name;
  std::int64_t years = 0;
};
struct Optional {
  std::int64_t id = 0;
  std::string name;
  std::optional<std::int64_t> years{};
};
/// Age was unique.
struct Key {
  std::int64_t id = 0;
  std::string name;
  std::int64_t age = 0;
};
/// As Key, called anew and of reals.
struct RealKey {
  std::int64_t id = 0;
  std::string name;
  double years = 0;
};
struct Other {
  std::int64_t id = 0;
  std::string x;
};
/// One program, with a Default; and a newer one, in which all is called anew.
struct Old {
  std::int64_t id = 0;
  std::int64_t age = 0;
  grapnel::Many<Old> friends{};
  grapnel::One<Old> boss{};
};
struct New {
  std::int64_t id = 0;
  std::int64_t years = 0;
  grapnel::Many<New> mates{};
  grapnel::One<New> head{};
};

/// As New; and what Old's names now stand for.
struct Reused {
  std::int64_t id = 0;
  std::int64_t years = 0;
  grapnel::Many<Reused> mates{};
  grapnel::Many<Reused> friends{};
  grapnel::One<Reused> head{};
  grapnel::One<Other> boss{};
};
struct Elsewhere {
  std::int64_t id = 0;
  std::int64_t age = 0;
  grapnel::One<Other> boss{};
};

}  // namespace others

template <>
struct grapnel::Schema<others::Reused> {
  static constexpr std::string_view Type = "Reused";
  static constexpr std::string_view Table = "people";
  static constexpr std::string_view WasNamed = "t";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&others::Reused::years>("years").Unique().WasNamed("age"));
  }
  static constexpr auto Edges() {
    using others::Reused;
    return grapnel::Edges(To<&Reused::friends>("friends"),
                          To<&Reused::mates>("mates").WasNamed("friends"),
                          To<&Reused::boss>("boss").OnDelete(Cascade),
                          To<&Reused::head>("head").WasNamed("boss").OnDelete(Restrict));
  }
};
template <>
struct grapnel::Schema<others::Elsewhere> {
  static constexpr std::string_view Type = "Elsewhere";
  static constexpr std::string_view Table = "t";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&others::Elsewhere::age>("age").Unique());
  }
  static constexpr auto Edges() { return grapnel::Edges(To<&others::Elsewhere::boss>("boss")); }
};
template <>
struct grapnel::Schema<others::Old> {
  static constexpr std::string_view Type = "Old";
  static constexpr std::string_view Table = "t";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&others::Old::age>("age").Unique().Default([] {
      static std::int64_t last = 0;
      return ++last;
    }));
  }
  static constexpr auto Edges() {
    using others::Old;
    return grapnel::Edges(To<&Old::friends>("friends"), To<&Old::boss>("boss").OnDelete(Restrict));
  }
};
template <>
struct grapnel::Schema<others::New> {
  static constexpr std::string_view Type = "New";
  static constexpr std::string_view Table = "people";
  static constexpr std::string_view WasNamed = "t";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&others::New::years>("years").Unique().WasNamed("age"));
  }
  static constexpr auto Edges() {
    using others::New;
    return grapnel::Edges(To<&New::mates>("mates").WasNamed("friends"),
                          To<&New::head>("head").WasNamed("boss").OnDelete(Restrict));
  }
};
template <>
struct grapnel::Schema<others::First> {
  static constexpr std::string_view Type = "First";
  static constexpr std::string_view Table = "t";
  static constexpr auto Fields() {
    using others::First;
    return grapnel::Fields(Field<&First::name>("name"), Field<&First::age>("age"));
  }
};
template <>
struct grapnel::Schema<others::Dropped> {
  static constexpr std::string_view Type = "Dropped";
  static constexpr std::string_view Table = "t";
  static constexpr auto Fields() { return grapnel::Fields(Field<&others::Dropped::name>("name")); }
};
template <>
struct grapnel::Schema<others::Real> {
  static constexpr std::string_view Type = "Real";
  static constexpr std::string_view Table = "t";
  static constexpr auto Fields() {
    using others::Real;
    return grapnel::Fields(Field<&Real::name>("name"), Field<&Real::age>("age"));
  }
};
template <>
struct grapnel::Schema<others::Renamed> {
  static constexpr std::string_view Type = "Renamed";
  static constexpr std::string_view Table = "t";
  static constexpr auto Fields() {
    using others::Renamed;
    return grapnel::Fields(Field<&Renamed::name>("name"),
                           Field<&Renamed::years>("years").WasNamed("age"));
  }
};
template <>
struct grapnel::Schema<others::Optional> {
  static constexpr std::string_view Type = "Optional";
  static constexpr std::string_view Table = "t";
  static constexpr auto Fields() {
    using others::Optional;
    return grapnel::Fields(Field<&Optional::name>("name"),
                           Field<&Optional::years>("years").WasNamed("age"));
  }
};
template <>
struct grapnel::Schema<others::Key> {
  static constexpr std::string_view Type = "Key";
  static constexpr std::string_view Table = "t";
  static constexpr auto Fields() {
    using others::Key;
    return grapnel::Fields(Field<&Key::name>("name"), Field<&Key::age>("age").Unique());
  }
};
template <>
struct grapnel::Schema<others::RealKey> {
  static constexpr std::string_view Type = "RealKey";
  static constexpr std::string_view Table = "t";
  static constexpr auto Fields() {
    using others::RealKey;
    return grapnel::Fields(Field<&RealKey::name>("name"),
                           Field<&RealKey::years>("years").WasNamed("age").Unique());
  }
};
template <>
struct grapnel::Schema<others::Other> {
  static constexpr std::string_view Type = "Other";
  static constexpr auto Fields() { return grapnel::Fields(Field<&others::Other::x>("x")); }
};

namespace {

using engine::Open;
using grapnel::Allow;
using grapnel::F;
using grapnel::MigrationError;
using namespace others;

/// A file that a program with these types has filled, and in which others then ran statements.
template <class... Es>
struct Filled {
  Scratch scratch{};
  std::string file = scratch.File("test.db");

  explicit Filled(const Lines& statements = {}) {
    Open<Es...>(file).Migrate();
    const bool named = engine::Columns(file, "t").at(1).starts_with("name");
    Raw(named ? "INSERT INTO t (id, name, age) VALUES (1, 'Ada', 36), (2, 'Grace', 40)"
              : "INSERT INTO t (id, age) VALUES (1, 36), (2, 40)");
    for (const auto& sql : statements) Raw(sql);
  }
  Lines Raw(const RawSql& sql) const { return RawRows(file, sql); }
  Lines State() const { return engine::Described(file); }

  /// What a plan says that it cannot do, and the migration says the same.
  template <class... News>
  std::string Refusal(Allow allowed = Allow{}) const {
    const auto client = Open<News...>(file);
    const auto before = State();
    const std::string migration = Thrown<MigrationError>([&] { client.Migrate(allowed); }).what();
    CHECK(State() == before);
    std::string plan;
    try {
      const auto hindrances = client.PlanMigration(allowed).Hindrances();
      if (!hindrances.empty()) plan = hindrances.front();
    } catch (const MigrationError& error) {
      plan = error.what();
    }
    CHECK(plan == migration);
    CHECK_THAT(plan, Catch::StartsWith("cannot ") && Catch::EndsWith("Nothing was changed"));
    return plan;
  }
  template <class... News>
  grapnel::Database<News...> Migrated(Allow allowed = Allow{}) const {
    auto client = Open<News...>(file);
    client.Migrate(allowed);
    CHECK(client.PlanMigration(allowed).Statements() == Lines{});
    CHECK(engine::Broken(file) == Lines{});
    return client;
  }
};
using World = Filled<First, Other>;

/// What a plan says stays.
template <class Plan>
Lines Stays(const Plan& plan) {
  Lines stays;
  for (const auto& each : plan.Leftovers()) {
    stays.push_back(each.table + "." + each.column + (each.droppable ? " ours" : ""));
  }
  return stays;
}

constexpr const char* kBroken = "CREATE VIEW theirs AS SELECT none FROM Other";

}  // namespace

TEST_CASE("B161 of what uses a column that is to go the plan tells, whatever it is") {
  const auto refusal = [](const Lines& statements) {
    auto text = World(statements).Refusal<Dropped, Other>(Allow::Drop);
    CHECK_THAT(text, Catch::StartsWith("cannot drop column \"t\".\"age\": "));
    return text.substr(std::string_view("cannot drop column \"t\".\"age\": ").size());
  };
  const std::string column = "column \"theirs\" uses it. Nothing was changed";
  if (engine::Current() == engine::Kind::Postgres) {  // which would drop what it can along
    const auto starts = [&](const std::string& statement, const std::string& what) {
      CHECK_THAT(refusal({statement}), Catch::StartsWith(what + " uses it. Nothing was changed"));
    };
    starts("ALTER TABLE t ADD COLUMN theirs INT GENERATED ALWAYS AS (age * 2) STORED",
           "column \"theirs\"");
    starts("ALTER TABLE t ADD CONSTRAINT grown CHECK (t.age > 3)", "constraint \"grown\"");
    starts("ALTER TABLE t ADD CONSTRAINT pair UNIQUE (name, age)", "constraint \"pair\"");
    starts("CREATE INDEX theirs ON t ((age + 1))", "index theirs");
    starts("CREATE INDEX theirs ON t (name) WHERE age > 3", "index theirs");
    starts("CREATE VIEW theirs AS SELECT age FROM t", "view \"theirs\"");
    starts("CREATE MATERIALIZED VIEW theirs AS SELECT age FROM t", "materialized view \"theirs\"");
    starts(
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; "
        "CREATE TRIGGER theirs AFTER UPDATE OF age ON t FOR EACH ROW EXECUTE FUNCTION f()",
        "trigger \"theirs\"");
    return;
  }
  CHECK(refusal({"ALTER TABLE t ADD COLUMN theirs INT CHECK (age > 3)"}) == column);
  CHECK(refusal({"ALTER TABLE t ADD COLUMN theirs INT CHECK (t.\"age\" > 3)"}) == column);
  CHECK(refusal({"ALTER TABLE t ADD COLUMN theirs INT AS (age * 2)"}) == column);
  const auto rebuilt = [&](const std::string& constraint) {
    return refusal({"DROP TABLE t",
                    "CREATE TABLE t (id INTEGER PRIMARY KEY /*Grapnel*/, name TEXT NOT NULL "
                    "/*Grapnel*/, age INTEGER NOT NULL /*Grapnel*/, " +
                        constraint + ")"});
  };
  CHECK_THAT(rebuilt("CONSTRAINT grown CHECK (age > 3)"),
             Catch::StartsWith("constraint \"grown\" uses it"));
  CHECK_THAT(rebuilt("CHECK (age > 3)"), Catch::StartsWith("a CHECK of the table uses it"));
  CHECK_THAT(rebuilt("UNIQUE (name, age)"), Catch::Contains(" uses it"));
  CHECK_THAT(refusal({"CREATE INDEX theirs ON t (age + 1)"}),
             Catch::StartsWith("index theirs uses it"));
  CHECK_THAT(
      refusal({"CREATE VIEW v AS SELECT * FROM t", "CREATE VIEW theirs AS SELECT age FROM v"}),
      Catch::StartsWith("view \"theirs\" stands in the way; mend it or drop it. SQLite "));
  CHECK_THAT(refusal({kBroken}), Catch::StartsWith("view \"theirs\" stands in the way"));
  CHECK_THAT(refusal({"CREATE TRIGGER theirs AFTER INSERT ON Other BEGIN DELETE FROM none; END"}),
             Catch::StartsWith("trigger \"theirs\" stands in the way"));
}

TEST_CASE("B161 of what uses a table that is to go the plan tells, beside what nobody could use") {
  const auto refusal = [](const Lines& statements) {
    return World(statements).Refusal<Other>(Allow::Drop);
  };
  if (engine::Current() == engine::Kind::Postgres) {
    CHECK(refusal({"CREATE VIEW th AS SELECT age FROM t"}) ==
          "cannot drop table \"t\": view \"th\" uses it. Nothing was changed");
    CHECK_THAT(refusal({"CREATE RULE theirs AS ON DELETE TO t DO INSTEAD NOTHING"}),
               Catch::Contains("rule \"theirs\" is somebody else's"));
    CHECK_THAT(refusal({"CREATE TABLE theirs () INHERITS (t)"}),
               Catch::Contains("table \"theirs\" uses it"));
    return;
  }
  const auto view =
      Catch::StartsWith("cannot drop table \"t\": view \"th\" uses it. SQLite says: ");
  CHECK_THAT(refusal({"CREATE VIEW th AS SELECT age FROM t"}), view);
  CHECK_THAT(refusal({kBroken, "CREATE VIEW th AS SELECT age FROM t"}), view);
  CHECK_THAT(refusal({"CREATE TRIGGER theirs AFTER INSERT ON Other BEGIN DELETE FROM t; END"}),
             Catch::StartsWith("cannot drop table \"t\": trigger \"theirs\" uses it"));
  const World beside({kBroken});  // it was of no use before
  beside.Migrated<Other>(Allow::Drop);
  CHECK(beside.Raw("SELECT name FROM sqlite_schema WHERE name = 't'") == Lines{});
}

TEST_CASE("B160 a view or a trigger that no name can be changed beside is named") {
  if (engine::Current() == engine::Kind::Postgres) {  // whose views follow
    const World world({"CREATE VIEW theirs AS SELECT age FROM t"});
    world.Migrated<Renamed, Other>();
    CHECK(world.Raw("SELECT age FROM theirs ORDER BY 1") == Lines{"36", "40"});
    return;
  }
  const auto starts = [](const std::string& what) {
    return Catch::StartsWith("cannot rename column \"t\".\"age\" to \"years\": " + what +
                             " stands in the way; mend it or drop it. SQLite says: error in ");
  };
  CHECK_THAT((World({kBroken}).Refusal<Renamed, Other>()), starts("view \"theirs\""));
  CHECK_THAT((World({"CREATE TABLE o (y INT, years INT)",
                     "CREATE VIEW \"a: b\" AS SELECT years FROM t JOIN o"})
                  .Refusal<Renamed, Other>()),
             starts("view \"a: b\""));
  CHECK_THAT((World({"CREATE TRIGGER theirs AFTER INSERT ON Other BEGIN DELETE FROM none; END"})
                  .Refusal<Renamed, Other>()),
             starts("trigger \"theirs\""));
}

TEST_CASE("B160 a CHECK that would not hold of reals is found by the plan, by rows that break it") {
  const bool sqlite = engine::Current() == engine::Kind::Sqlite;
  const World integers(
      {"ALTER TABLE t ADD COLUMN theirs INT CHECK (" +
       engine::Forms{"typeof(age) = 'integer'", "pg_typeof(age)::text = 'bigint'"}.Text() + ")"});
  CHECK((integers.Refusal<Real, Other>()) ==
        "cannot bring table \"t\" to the schema of Real: age: there are rows for which CHECK (" +
            engine::Forms{"typeof(age) = 'integer'", "(pg_typeof(age))::text = 'bigint'::text"}
                .Text() +
            "), which somebody has given the table, would not hold with reals. "
            "Nothing was changed");
  integers.Raw("DELETE FROM t");
  integers.Migrated<Real, Other>();

  if (!sqlite) {
    CHECK_THAT(
        (World({"ALTER TABLE t ADD COLUMN twice BIGINT GENERATED ALWAYS AS (age * 2) STORED"})
             .Refusal<Real, Other>()),
        Catch::Contains("column \"twice\" uses it, so that PostgreSQL does not change its "
                        "type"));
  }
  const World others({"ALTER TABLE t ADD COLUMN theirs INT CHECK (t.age > 3 AND \"t\" . age < 99)",
                      sqlite ? "ALTER TABLE t ADD COLUMN twice AS (age * 2)"
                             : "ALTER TABLE t ADD COLUMN twice INTEGER",
                      "CREATE INDEX expression ON t ((age + 1)) WHERE age > 0",
                      "CREATE TRIGGER tr BEFORE UPDATE ON t BEGIN SELECT RAISE(ABORT, 'no'); END"});
  const auto client = others.Migrated<Real, Other>();
  CHECK(others.Raw("SELECT age, twice FROM t ORDER BY id") ==
        (sqlite ? Lines{"36.0|72.0", "40.0|80.0"} : Lines{"36.0|NULL", "40.0|NULL"}));
  CHECK(engine::Firsts(engine::Indexes(others.file, "t")) == Lines{"expression"});
  CHECK(engine::Others(others.file) == Lines{"trigger|tr"});
  CHECK_THROWS_AS(client.Of<Real>().Create().Set(F<&Real::name>, "x").Set(F<&Real::age>, 1).Save(),
                  grapnel::ConstraintError);
}

TEST_CASE("B161 how a foreign key comes back that others have dropped is said, where it can") {
  if (engine::Current() != engine::Kind::Postgres) return;  // SQLite's tables keep theirs
  const Filled<Old, Other> world;
  world.Raw("ALTER TABLE t DROP CONSTRAINT t_boss_id_fkey");
  const auto refusal = world.Refusal<Old, Other>();
  const auto begin = refusal.find("ALTER TABLE "), end = refusal.find(" does. Nothing");
  REQUIRE(begin != refusal.npos);
  REQUIRE(end != refusal.npos);
  world.Raw(refusal.substr(begin, end - begin));
  world.Migrated<Old, Other>();
}

TEST_CASE("B160 what others keep unique already is not made so again, whatever it is called") {
  using engine::Forms;
  for (const std::string made : {"NOT NULL UNIQUE", "NOT NULL CONSTRAINT theirs UNIQUE",
                                 "NOT NULL); CREATE UNIQUE INDEX theirs ON t (age"}) {
    INFO(made);
    const Scratch scratch;
    const std::string file = scratch.File("test.db");
    const std::string table =
        "CREATE TABLE t (id " + Forms{"INTEGER PRIMARY KEY", "BIGSERIAL PRIMARY KEY"}.Text() +
        ", name TEXT NOT NULL, age " + Forms{"INTEGER ", "BIGINT "}.Text() + made + ")";
    const auto second = table.find("; ");
    RawRows(file, table.substr(0, second));
    if (second != table.npos) RawRows(file, table.substr(second + 2));
    const auto indexes = engine::Indexes(file, "t").size();

    const auto client = Open<Key, Other>(file);
    client.Migrate();
    CHECK(client.PlanMigration().Statements() == Lines{});
    CHECK(engine::Indexes(file, "t").size() ==
          indexes + (engine::ConstraintsKeepNames() ? 0U : 1U));
    client.Of<Key>().Create().Set(F<&Key::name>, "Ada").Set(F<&Key::age>, 36).Save();
    auto again = client.Of<Key>().Create().Set(F<&Key::name>, "Eve").Set(F<&Key::age>, 36);
    CHECK(Thrown<grapnel::ConstraintError>([&] { again.Save(); }).Fields() == Lines{"age"});
    auto met = client.Of<Key>().Create().Set(F<&Key::name>, "Eve").Set(F<&Key::age>, 36);
    CHECK(met.OnConflict(F<&Key::age>).UpdateNewValues().Save().id == 1);
  }
  if (!engine::ConstraintsKeepNames()) return;
  // One that is looked at late keeps no upsert, and bears the name of Grapnel's own.
  const Scratch scratch;
  const std::string file = scratch.File("test.db");
  RawRows(file,
          "CREATE TABLE t (id BIGSERIAL PRIMARY KEY, name TEXT NOT NULL, age BIGINT NOT NULL "
          "CONSTRAINT theirs UNIQUE DEFERRABLE)");
  Open<Key, Other>(file).Migrate();
  CHECK(engine::Firsts(engine::Indexes(file, "t")) == Lines{"t_age_key", "theirs"});
  RawRows(file, "DROP INDEX t_age_key");
  RawRows(file, "ALTER TABLE t RENAME CONSTRAINT theirs TO t_age_key");
  CHECK_THAT(Thrown<MigrationError>([&] { Open<Key, Other>(file).Migrate(); }).what(),
             Catch::Contains("there is another one of this name"));
}

TEST_CASE("B160 B161 a unique index that somebody's foreign key needs does not go") {
  const Lines theirs{"CREATE TABLE theirs (age INTEGER REFERENCES t (age))",
                     "INSERT INTO theirs VALUES (36)"};
  using Keyed = Filled<Key, Other>;
  const auto refuses = Catch::StartsWith(
      "cannot drop index \"t_age_key\" of table \"t\": a foreign key of table "
      "\"theirs\" refers to what it keeps unique");
  CHECK_THAT((Keyed(theirs).Refusal<First, Other>()), refuses);
  CHECK_THAT((Keyed(theirs).Refusal<Real, Other>()), refuses);
  CHECK_THAT((Keyed(theirs).Refusal<Dropped, Other>(Allow::Drop)),
             Catch::StartsWith("cannot drop column \"t\".\"age\": a foreign key of table "
                               "\"theirs\" refers to it"));
  if (!engine::KeysReferToAnything()) {  // the key holds on to the very index
    const Keyed beside(theirs);
    beside.Raw("CREATE UNIQUE INDEX also ON t (age)");
    CHECK_THAT((beside.Refusal<First, Other>()), refuses);
    CHECK_THAT((Keyed(theirs).Refusal<RealKey, Other>()), refuses);
    return;
  }
  // Another takes its place: one of theirs, or that of the name it is given.
  const Keyed beside(theirs);
  beside.Raw("CREATE UNIQUE INDEX also ON t (age)");
  beside.Migrated<First, Other>();
  const Keyed renamed(theirs);
  renamed.Migrated<RealKey, Other>();
  CHECK(renamed.Raw("PRAGMA foreign_keys = ON; INSERT INTO theirs VALUES (40)") == Lines{});
  CHECK(renamed.Raw("SELECT theirs.age, years FROM theirs JOIN t ON years = theirs.age") ==
        Lines{"36|36.0", "40|40.0"});
}

TEST_CASE("B160 B161 what SQLite keeps for itself is never planned with, reported or dropped") {
  if (engine::Current() != engine::Kind::Sqlite) return;
  const World world({"ANALYZE"});
  const auto stats = world.Raw("SELECT count(*) FROM sqlite_schema WHERE name LIKE 'sqlite_stat%'");
  CHECK(stats != Lines{"0"});
  const auto same = Open<First, Other>(world.file).PlanMigration(Allow::Drop);
  CHECK((same.Steps().empty() && same.Leftovers().empty()));
  world.Migrated<Renamed, Other>();
  world.Raw("ANALYZE");
  const auto client = world.Migrated<Other>(Allow::Drop);
  CHECK(client.PlanMigration().Leftovers().empty());
  CHECK(world.Raw("SELECT count(*) FROM sqlite_schema WHERE name LIKE 'sqlite_stat%'") == stats);
}

TEST_CASE("B160 B164 what an older program makes anew under an old name is in nobody's way") {
  const World world;
  world.Migrated<Optional, Other>();
  CHECK_THAT((world.Refusal<First, Other>()), Catch::Contains("age: it is required and has no"));
  world.Raw("DELETE FROM t");
  world.Migrated<First, Other>();  // an older program
  const auto plan = Open<Optional, Other>(world.file).PlanMigration();
  CHECK(Stays(plan) == Lines{"t.age ours"});
  CHECK_THAT(ToString(plan), Catch::Contains("change table \"t\": \"age\" may be NULL"));
  const auto client = world.Migrated<Optional, Other>();
  client.Of<Optional>()
      .Create()
      .Set(F<&Optional::name>, "Joan")
      .Set(F<&Optional::years>, 40)
      .Save();
  CHECK(world.Raw("SELECT name, years, age FROM t") == Lines{"Joan|40|NULL"});
  CHECK(Stays(client.PlanMigration()) == Lines{"t.age ours"});
  CHECK_THAT((world.Refusal<First, Other>()),
             Catch::Contains("age: it is required, but there are"));
  world.Migrated<Optional, Other>(Allow::Drop);
  CHECK(world.Raw("SELECT * FROM t") ==
        Lines{engine::IdsFollowTheLargest() ? "1|Joan|40" : "3|Joan|40"});

  // What of the two somebody else has made may hold what counts.
  world.Raw("ALTER TABLE t ADD COLUMN age INTEGER");
  CHECK_THAT(Thrown<MigrationError>([&] { Open<Optional, Other>(world.file).Migrate(); }).what(),
             Catch::Contains("Optional.years: in table \"t\" there are both \"age\""));
}

TEST_CASE("B160 B164 so it is with keys, tables and tables of pairs, rows there or not") {
  const Filled<Old> world({"INSERT INTO t_friends VALUES (1, 2)", "UPDATE t SET boss_id = 1"});
  const auto client = world.Migrated<New>();
  const auto count = [&](const std::string& table) {
    return world.Raw("SELECT count(*) FROM " + table).front();
  };
  CHECK(count("people WHERE head_id = 1") == "2");
  const Lines before = world.State();

  world.Migrated<Old>();  // an older program: tables of its own
  const auto old = Open<Old>(world.file);
  old.Of<Old>().Create().Set(F<&Old::age>, 70).Save();
  CHECK(Stays(Open<New>(world.file).PlanMigration()) == Lines{"t. ours", "t_friends. ours"});
  world.Migrated<New>();
  CHECK((count("people") == "2" && count("t") == "1" && count("people_mates") == "1"));
  world.Migrated<New>(Allow::Drop);
  CHECK(world.State() == before);
}

TEST_CASE("B160 an edge may take the name that another one had, for another type") {
  const Filled<Old> world({"INSERT INTO t_friends VALUES (1, 2)", "UPDATE t SET boss_id = 1"});
  Scratch scratch;
  const std::string made = scratch.File("made.db");
  Open<Reused, Other>(made).Migrate();
  const auto client = world.Migrated<Reused, Other>();
  CHECK(world.Raw("SELECT years, head_id, boss_id FROM people ORDER BY id") ==
        Lines{"36|1|NULL", "40|1|NULL"});
  CHECK(world.Raw("SELECT * FROM people_mates") == Lines{"1|2"});
  CHECK(world.Raw("SELECT * FROM people_friends") == Lines{});
  const auto head = client.Of<Other>().Create().Set(F<&Other::x>, "o").Save();
  client.Of<Reused>().UpdateOne(1).Set(F<&Reused::boss>, head.id).Save();
  for (const char* table : {"people", "people_mates", "people_friends"}) {
    CHECK(engine::Keys(world.file, table) == engine::Keys(made, table));
    CHECK(engine::Indexes(world.file, table) == engine::Indexes(made, table));
  }
  // Each foreign key has the name that it is made with.
  if (engine::Current() == engine::Kind::Postgres) {
    const char* names =
        "SELECT conname::text COLLATE \"C\" FROM pg_constraint WHERE contype = 'f' AND "
        "connamespace "
        "= quote_ident(current_schema())::regnamespace ORDER BY 1";
    CHECK(world.Raw(engine::Forms{"", names}) == RawRows(made, engine::Forms{"", names}));
    return;
  }
  const std::string text =
      world.Raw("SELECT group_concat(sql) FROM sqlite_schema WHERE type = 'table'").front();
  for (const std::string column : {"boss_id", "head_id"}) {
    const std::string name = "CONSTRAINT \"people_" + column + "_fkey\"";
    const auto at = text.find(name);
    REQUIRE(at != text.npos);
    CHECK(text.find(name, at + 1) == text.npos);
  }
  CHECK(text.find("\"t_") == text.npos);
}

TEST_CASE("B160 an edge that goes to another type keeps no key of the old one") {
  const Filled<Old> world({"DROP TABLE t_friends"});
  CHECK_THAT((world.Refusal<Elsewhere, Other>()),
             Catch::Contains("boss: its foreign key refers to \"t\".\"id\", not to "
                             "\"Other\".\"id\"; give the edge another StorageKey"));
}

TEST_CASE("B161 B164 who is told of Allow::Drop is told whose it may be that it drops") {
  const auto warns = Catch::Contains("it may be a newer program's");
  const World world;
  world.Migrated<Renamed, Other>();
  const std::string required =
      Thrown<MigrationError>([&] { Open<First, Other>(world.file).Migrate(); }).what();
  CHECK_THAT(required, Catch::StartsWith("in table \"t\" column \"years\" is NOT NULL and") &&
                           warns &&
                           Catch::Contains("Migrate(Allow::Drop) drops it, with what is in it"));
  const auto told = [](const auto& client) { return ToString(client.PlanMigration()); };
  const World optional;
  optional.Migrated<Optional, Other>();
  CHECK_THAT(told(Open<Dropped, Other>(optional.file)),
             Catch::Contains("\"t\".\"years\" stays, though the schema") && warns);
  CHECK_THAT(told(Open<Other>(optional.file)), Catch::Contains("\"t\" stays, though") && warns);
  // Of what Allow::Drop leaves alone no advice is given.
  optional.Raw("ALTER TABLE t DROP COLUMN years");
  optional.Raw("ALTER TABLE t ADD COLUMN theirs TEXT");
  CHECK_THAT(told(Open<Dropped, Other>(optional.file)),
             Catch::Contains("\"t\".\"theirs\" stays") && !Catch::Contains("Drop"));
}
