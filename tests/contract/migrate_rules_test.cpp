// B131 to B134: what plan and migration refuse alike, how rows are filled, which indexes go, who
// waits.
#include "contract/fixture.hpp"
#include "support/catch.hpp"
#include "support/engine/catalog.hpp"
#include "support/engine/traits.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rules {

using Bytes = std::vector<std::byte>;
using Time = std::chrono::system_clock::time_point;
enum class Color { Red, Green };

inline std::int64_t calls = 0;
inline std::int64_t Next() { return ++calls; }
inline std::string Code() { return "code " + std::to_string(Next()); }
inline std::string Nul() {
  const std::string text = engine::StoresNulInText() ? std::string("a\0b", 3) : "a-b";
  return text + std::to_string(Next());
}
inline double Third() { return static_cast<double>(Next()) / 3; }
inline bool Even() { return Next() % 2 == 0; }
inline Color Alternating() { return Even() ? Color::Red : Color::Green; }
inline Time Later() { return Time(std::chrono::microseconds(1'700'000'000'000'000 + Next())); }
inline Bytes Blob() { return {std::byte{0}, static_cast<std::byte>(Next())}; }
inline std::string Fails() {
  if (Next() > 2) throw std::runtime_error("no more codes");
  return Code();
}

/// The table as it was in the beginning.
struct Bare {
  std::int64_t id = 0;
  std::string name;
};
/// A new column of each type, each made by a function.
struct Full {
  std::int64_t id = 0;
  std::string name;
  std::string code;
  std::string nul;
  std::int64_t number = 0;
  double third = 0;
  bool even = false;
  Color color = Color::Red;
  Time later{};
  Bytes blob{};
  std::optional<std::string> maybe{};
};
/// In a table whose name has to be quoted, with an id of one type or another.
template <class Id>
struct Odd {
  Id id{};
  std::string code;
  Bytes blob{};
  std::int64_t number = 0;
};
struct Failing {
  std::int64_t id = 0;
  std::string name;
  std::string code;
};
/// A constant that is to be unique.
struct Constant {
  std::int64_t id = 0;
  std::string name;
  std::int64_t number = 0;
};
struct Plain {  // an index that is not unique
  std::int64_t id = 0;
  std::string name;
};
struct UniqueIndex {
  std::int64_t id = 0;
  std::string name;
};
struct UniqueField {
  std::int64_t id = 0;
  std::string name;
};

/// Circles of required keys, and one with an optional link.
struct Self {
  std::int64_t id = 0;
  grapnel::One<Self> parent{};
};
struct Key1;
struct Key3;
struct Key2 {
  std::int64_t id = 0;
  grapnel::One<Key3> next{};
};
struct Key1 {
  std::int64_t id = 0;
  grapnel::One<Key2> next{};
};
struct Key3 {
  std::int64_t id = 0;
  grapnel::One<Key1> next{};
};
struct Left;
struct Right {
  std::int64_t id = 0;
  grapnel::One<Left> left{};
};
struct Left {
  std::int64_t id = 0;
  grapnel::One<Right> right{};
};
struct Member;
struct Group {  // needs members, which need a group
  std::int64_t id = 0;
  grapnel::Many<Member> members{};
};
struct Member {
  std::int64_t id = 0;
  grapnel::One<Group> group{};
};

/// Names that meet.
struct SqliteIndex {
  std::int64_t id = 0;
  std::string name;
};
struct TableIndex {
  std::int64_t id = 0;
  std::string name;
};
struct Pairs {
  std::int64_t id = 0;
  grapnel::Many<Pairs> friends{};
};
struct Named {
  std::int64_t id = 0;
  std::string name;
  std::int64_t age = 0;
};

/// Names of 64 bytes: of the table, of a column, of what is made of both.
template <int Which>
struct Long {
  std::int64_t id = 0;
  std::string name;
  grapnel::Many<Long> friends{};
};
constexpr std::string_view kLong =
    "a_name_of_sixty_four_bytes_which_is_one_more_than_PostgreSQL_has";
constexpr std::string_view kAlike =  // as far as PostgreSQL would keep it
    "a_name_of_sixty_four_bytes_which_is_one_more_than_PostgreSQL_haS";

/// A name that fits, and makes another that does not; what helps; two that are cut alike.
template <int Which>
struct LongKey {
  std::int64_t id = 0;
  std::string name;
  std::int64_t age = 0;
};

struct Old {
  std::int64_t id = 0;
  std::string name;
  std::int64_t age = 0;
};

}  // namespace rules

template <>
struct grapnel::EnumNames<rules::Color> {
  static constexpr std::pair<rules::Color, std::string_view> Values[] = {
      {rules::Color::Red, "red"}, {rules::Color::Green, "green"}};
};
template <>
struct grapnel::Schema<rules::Bare> {
  static constexpr std::string_view Type = "Bare";
  static constexpr std::string_view Table = "person";
  static constexpr auto Fields() { return grapnel::Fields(Field<&rules::Bare::name>("name")); }
};
template <>
struct grapnel::Schema<rules::Full> {
  static constexpr std::string_view Type = "Full";
  static constexpr std::string_view Table = "person";
  static constexpr auto Fields() {
    using rules::Full;
    return grapnel::Fields(
        Field<&Full::name>("name"), Field<&Full::code>("code").Unique().Default(rules::Code),
        Field<&Full::nul>("nul").Default(rules::Nul).Comment("of */ three"),
        Field<&Full::number>("number").Default(rules::Next),
        Field<&Full::third>("third").StorageKey("a \"third\"").Default(rules::Third),
        Field<&Full::even>("even").Default(rules::Even),
        Field<&Full::color>("color").Default(rules::Alternating),
        Field<&Full::later>("later").Default(rules::Later),
        Field<&Full::blob>("blob").Default(rules::Blob),
        Field<&Full::maybe>("maybe").Default(rules::Code).Comment("or not"));
  }
  static constexpr auto Indexes() {
    return grapnel::Indexes(Index<&rules::Full::number, &rules::Full::color>().Unique());
  }
};
template <class Id>
struct grapnel::Schema<rules::Odd<Id>> {
  static constexpr std::string_view Type = "Odd";
  static constexpr std::string_view Table = "it's \"here\"";
  static constexpr auto Fields() {
    using E = rules::Odd<Id>;
    return grapnel::Fields(Field<&E::code>("code").Default(rules::Code),
                           Field<&E::blob>("blob").Default(rules::Blob),
                           Field<&E::number>("number").Default(rules::Next));
  }
};
template <>
struct grapnel::Schema<rules::Failing> {
  static constexpr std::string_view Type = "Failing";
  static constexpr std::string_view Table = "person";
  static constexpr auto Fields() {
    using rules::Failing;
    return grapnel::Fields(Field<&Failing::name>("name"),
                           Field<&Failing::code>("code").Default(rules::Fails));
  }
};
template <>
struct grapnel::Schema<rules::Constant> {
  static constexpr std::string_view Type = "Constant";
  static constexpr std::string_view Table = "person";
  static constexpr auto Fields() {
    using rules::Constant;
    return grapnel::Fields(Field<&Constant::name>("name"),
                           Field<&Constant::number>("number").Default(7).Unique());
  }
};
template <>
struct grapnel::Schema<rules::Plain> {
  static constexpr std::string_view Type = "Plain";
  static constexpr std::string_view Table = "person";
  static constexpr auto Fields() { return grapnel::Fields(Field<&rules::Plain::name>("name")); }
  static constexpr auto Indexes() { return grapnel::Indexes(Index<&rules::Plain::name>()); }
};
template <>
struct grapnel::Schema<rules::UniqueIndex> {
  static constexpr std::string_view Type = "UniqueIndex";
  static constexpr std::string_view Table = "person";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&rules::UniqueIndex::name>("name"));
  }
  static constexpr auto Indexes() {
    return grapnel::Indexes(Index<&rules::UniqueIndex::name>().Unique());
  }
};
template <>
struct grapnel::Schema<rules::UniqueField> {
  static constexpr std::string_view Type = "UniqueField";
  static constexpr std::string_view Table = "person";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&rules::UniqueField::name>("name").Unique());
  }
};
template <>
struct grapnel::Schema<rules::Self> {
  static constexpr std::string_view Type = "Self";
  static constexpr auto Edges() {
    return grapnel::Edges(To<&rules::Self::parent>("parent").Required());
  }
};
template <>
struct grapnel::Schema<rules::Key1> {
  static constexpr std::string_view Type = "Key1";
  static constexpr auto Edges() {
    return grapnel::Edges(To<&rules::Key1::next>("next").Required());
  }
};
template <>
struct grapnel::Schema<rules::Key2> {
  static constexpr std::string_view Type = "Key2";
  static constexpr auto Edges() {
    return grapnel::Edges(To<&rules::Key2::next>("next").Required());
  }
};
template <>
struct grapnel::Schema<rules::Key3> {
  static constexpr std::string_view Type = "Key3";
  static constexpr auto Edges() {
    return grapnel::Edges(To<&rules::Key3::next>("next").Required().OnDelete(Cascade));
  }
};
template <>
struct grapnel::Schema<rules::Left> {
  static constexpr std::string_view Type = "Left";
  static constexpr auto Edges() {
    return grapnel::Edges(To<&rules::Left::right>("right").Required());
  }
};
template <>
struct grapnel::Schema<rules::Right> {
  static constexpr std::string_view Type = "Right";
  static constexpr auto Edges() { return grapnel::Edges(To<&rules::Right::left>("left")); }
};
template <>
struct grapnel::Schema<rules::Group> {
  static constexpr std::string_view Type = "Group";
  static constexpr auto Edges() {
    return grapnel::Edges(To<&rules::Group::members>("members").Required());
  }
};
template <>
struct grapnel::Schema<rules::Member> {
  static constexpr std::string_view Type = "Member";
  static constexpr auto Edges() {
    return grapnel::Edges(
        From<&rules::Member::group>("group").Ref<&rules::Group::members>().Required());
  }
};
template <>
struct grapnel::Schema<rules::SqliteIndex> {
  static constexpr std::string_view Type = "SqliteIndex";
  static constexpr std::string_view Table = "person";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&rules::SqliteIndex::name>("name"));
  }
  static constexpr auto Indexes() {
    return grapnel::Indexes(Index<&rules::SqliteIndex::name>().StorageKey("SQLITE_mine"));
  }
};
template <>
struct grapnel::Schema<rules::TableIndex> {
  static constexpr std::string_view Type = "TableIndex";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&rules::TableIndex::name>("name"));
  }
  static constexpr auto Indexes() {
    return grapnel::Indexes(Index<&rules::TableIndex::name>().StorageKey("PERSON"));
  }
};
template <>
struct grapnel::Schema<rules::Pairs> {
  static constexpr std::string_view Type = "Pairs";
  static constexpr auto Edges() {
    return grapnel::Edges(To<&rules::Pairs::friends>("friends").StorageKey("Person"));
  }
};
template <>
struct grapnel::Schema<rules::Named> {
  static constexpr std::string_view Type = "Named";
  static constexpr std::string_view Table = "person";
  static constexpr auto Fields() {
    using rules::Named;
    return grapnel::Fields(Field<&Named::name>("name").Unique(), Field<&Named::age>("age"));
  }
  static constexpr auto Indexes() {
    using rules::Named;
    return grapnel::Indexes(Index<&Named::age, &Named::name>(),
                            Index<&Named::age>().StorageKey("by age"));
  }
};
template <int Which>
struct grapnel::Schema<rules::Long<Which>> {
  static constexpr std::string_view Type = "Long";
  static constexpr std::string_view Table = Which == 0 ? rules::kLong : rules::kLong.substr(0, 40);
  static constexpr auto Fields() {
    using E = rules::Long<Which>;
    return grapnel::Fields(
        Field<&E::name>("name").StorageKey(Which == 1 ? rules::kLong : rules::kLong.substr(0, 20)));
  }
  static constexpr auto Edges() {
    using E = rules::Long<Which>;
    return grapnel::Edges(To<&E::friends>("friends").StorageKey(
        Which == 3 ? rules::kLong.substr(0, 30) : std::string_view("f")));
  }
  static constexpr auto Indexes() {
    using E = rules::Long<Which>;
    return grapnel::Indexes(
        Index<&E::name>().StorageKey(Which == 2 ? rules::kLong : std::string_view("i")));
  }
};
template <int Which>
struct grapnel::Schema<rules::LongKey<Which>> {
  static constexpr std::string_view Type = "LongKey";
  static constexpr std::string_view Table =
      Which < 2 ? rules::kLong.substr(0, 63) : std::string_view("t");
  static constexpr auto Fields() {
    using E = rules::LongKey<Which>;
    constexpr auto name = Field<&E::name>("name"), unique = Field<&E::name>("name").Unique();
    return grapnel::Fields(
        (Which == 0 ? unique : name).StorageKey(Which == 2 ? rules::kLong : "name"),
        Field<&E::age>("age").StorageKey(Which == 2 ? rules::kAlike : "age"));
  }
  static constexpr auto Indexes() {
    using E = rules::LongKey<Which>;
    return grapnel::Indexes(
        Index<&E::name>().Unique().StorageKey(Which == 3 ? rules::kLong : "short"),
        Index<&E::age>().StorageKey(Which == 3 ? rules::kAlike : "other"));
  }
};
template <>
struct grapnel::Schema<rules::Old> {
  static constexpr std::string_view Type = "Old";
  static constexpr std::string_view Table = "person";
  static constexpr auto Fields() {
    using rules::Old;
    return grapnel::Fields(Field<&Old::name>("name"), Field<&Old::age>("age"));
  }
};

namespace {

using engine::Open;
using grapnel::F;
using grapnel::MigrationError;
using namespace rules;

/// A file in which these statements were run.
struct World {
  Scratch scratch{};
  std::string file = scratch.File("test.db");

  World() { static_cast<void>(Open<Bare>(file)); }
  explicit World(const Lines& statements) : World() {
    for (const auto& sql : statements) RawRows(file, sql);
  }
  Lines Raw(const RawSql& sql) const { return RawRows(file, sql); }
  Lines Schema() const { return engine::State(file); }

  /// Plan and migration are refused with one message, and nothing was changed.
  template <class... Es>
  std::string Refusal() const {
    const auto client = Open<Es...>(file);
    const auto before = Schema();
    const std::string plan = Thrown<MigrationError>([&] { client.PlanMigration(); }).what();
    CHECK(Thrown<MigrationError>([&] { client.Migrate(); }).what() == plan);
    CHECK(Schema() == before);
    return plan;
  }
  template <class... Es>
  grapnel::Database<Es...> Migrated() const {
    auto client = Open<Es...>(file);
    const auto plan = client.PlanMigration().Statements();
    client.Migrate();
    CHECK(client.PlanMigration().Statements() == Lines{});
    CHECK(Open<Es...>(file).PlanMigration().Statements() == Lines{});
    CHECK(engine::Broken(file) == Lines{});
    return client;
  }
};

const std::string kPerson =
    "CREATE TABLE person (id INTEGER PRIMARY KEY NOT NULL, name TEXT NOT NULL";
const Lines kTwo{kPerson + ")", "INSERT INTO person VALUES (3, 'Ada'), (5, 'Grace')"};

/// What tells a table from another: columns in the order of their names, keys, indexes.
Lines Normalised(const World& world) {
  Lines all;
  if (engine::Current() == engine::Kind::Postgres) {
    all = engine::Columns(world.file, "person");
    std::sort(all.begin(), all.end());
    for (const auto& more :
         {engine::Keys(world.file, "person"), engine::Indexes(world.file, "person"),
          engine::Defaulted(world.file, "person"),
          world.Raw(
              "SELECT a.attname, replace(COALESCE(col_description(a.attrelid, a.attnum), ''), "
              "'/*Grapnel*/', '') FROM pg_attribute AS "
              "a WHERE a.attrelid = 'person'::regclass AND a.attnum > 0 ORDER BY 1")}) {
      all.insert(all.end(), more.begin(), more.end());
    }
    return all;
  }
  for (const char* sql : {"SELECT name, type, \"notnull\", dflt_value, pk, hidden FROM "
                          "pragma_table_xinfo('person') ORDER BY 1",
                          "SELECT \"from\", \"table\", \"to\", on_delete FROM "
                          "pragma_foreign_key_list('person') ORDER BY 1",
                          "SELECT name, sql FROM sqlite_schema WHERE type <> 'table' ORDER BY 1"}) {
    for (auto& row : world.Raw(sql)) all.push_back(std::move(row));
  }
  return all;
}

}  // namespace

TEST_CASE("B131 names that meet are refused by plan and migration alike") {
  if (engine::NameIsCaseSensitive()) {
    World().Migrated<SqliteIndex>();
    World().Migrated<TableIndex, Bare>();
    World().Migrated<Pairs, Bare>();
    const auto meets = [](const std::string& made, const auto& refusal, const std::string& what) {
      CHECK_THAT(refusal(World({"CREATE TABLE other (x INTEGER)", made})), Catch::Contains(what));
    };
    const auto bare = [](const World& world) { return world.Refusal<Bare>(); };
    const auto plain = [](const World& world) { return world.Refusal<Plain>(); };
    const auto pairs = [](const World& world) { return world.Refusal<Pairs>(); };
    const auto index = [](const World& world) { return world.Refusal<TableIndex>(); };
    meets("CREATE TABLE \"PERSON\" (x INTEGER)", index, "a table has this name");
    meets("CREATE VIEW \"PERSON\" AS SELECT 1", index, "a view has this name");
    meets("CREATE SEQUENCE \"PERSON\"", index, "a sequence has this name");
    meets("CREATE INDEX person ON other (x)", bare, "an index of table \"other\" has this name");
    meets("CREATE INDEX \"Person\" ON other (x)", pairs,
          "an index of table \"other\" has this name");
    meets("CREATE INDEX person_name ON other (x)", plain, "there is another one of this name");
    meets("CREATE VIEW person_name AS SELECT 1", plain, "a view has this name");
    return;
  }
  CHECK_THAT(World().Refusal<SqliteIndex>(), Catch::Contains("\"SQLITE_mine\""));
  CHECK_THAT((World().Refusal<TableIndex, Bare>()),
             Catch::Contains("TableIndex") && Catch::Contains("Bare's table"));
  CHECK_THAT((World().Refusal<Bare, TableIndex>()), Catch::Contains("\"PERSON\""));
  CHECK_THAT((World().Refusal<Pairs, Bare>()), Catch::Contains("want the same table, \"Person\""));
  CHECK_THAT(World(kTwo).Refusal<TableIndex>(), Catch::Contains("a table has this name"));
  CHECK_THAT(World({"CREATE VIEW Person AS SELECT 1"}).Refusal<TableIndex>(),
             Catch::Contains("a view has this name"));
  CHECK_THAT(World({"CREATE TABLE other (x)", "CREATE INDEX PERSON ON other (x)"}).Refusal<Bare>(),
             Catch::Contains("an index of table \"other\" has this name"));
  CHECK_THAT(World({"CREATE TABLE other (x)", "CREATE INDEX PERSON ON other (x)"}).Refusal<Pairs>(),
             Catch::Contains("an index of table \"other\" has this name"));
  CHECK_THAT(
      World({"CREATE TABLE other (x)", "CREATE INDEX person_NAME on other (x)"}).Refusal<Plain>(),
      Catch::Contains("there is another one of this name"));
  CHECK_THAT(World({"CREATE VIEW person_name AS SELECT 1"}).Refusal<Plain>(),
             Catch::Contains("a view has this name"));
  World(
      {"CREATE TABLE other (x)", "CREATE TRIGGER person AFTER INSERT ON other BEGIN SELECT 1; END"})
      .Migrated<Bare>();  // triggers have names of their own
}

TEST_CASE("B131 names that an engine would cut are refused, generated ones too") {
  const World world;
  if (engine::NameIsAnyBytes()) {
    world.Migrated<Long<0>>();
    return;
  }
  const auto refused = [&](const std::string& refusal, const std::string& starts) {
    CHECK_THAT(refusal, Catch::StartsWith(starts) &&
                            Catch::Contains("whose names have at most 63 bytes") &&
                            Catch::Contains("StorageKey"));
  };
  const std::string name(kLong);
  refused(world.Refusal<Long<0>>(),
          "Long: \"" + name + "\" cannot be a table's name in PostgreSQL");
  refused(world.Refusal<Long<1>>(), "Long.name: \"" + name + "\" cannot be a column's name");
  refused(world.Refusal<Long<2>>(),
          "Long: an index cannot have this name in PostgreSQL, \"" + name);
  refused(world.Refusal<Long<3>>(), "Long.an edge: \"" + name.substr(0, 30) + "_" +
                                        name.substr(0, 40) +
                                        "_id_fkey\" cannot be the name of its "
                                        "foreign key");
}

TEST_CASE("B131 what helps against a name that is too long is said, and does") {
  if (engine::NameIsAnyBytes()) return;
  const World world;
  CHECK_THAT(world.Refusal<LongKey<0>>(),
             Catch::StartsWith("LongKey: an index cannot have this name in PostgreSQL, \"" +
                               std::string(kLong.substr(0, 63)) + "_name_key\", whose names") &&
                 Catch::Contains("give the table another name by Table, or") &&
                 Catch::Contains("Index<&LongKey::name>().Unique().StorageKey(\"short\")"));
  world.Migrated<LongKey<1>>();
  // Of two that are alike as far as PostgreSQL would keep them each is refused.
  CHECK_THAT(world.Refusal<LongKey<2>>(), Catch::Contains("LongKey.name: \""));
  CHECK_THAT(world.Refusal<LongKey<3>>(), Catch::Contains("an index cannot have this name"));
}

TEST_CASE("B131 duplicates under a new unique index are refused by plan and migration alike") {
  World world(kTwo);
  world.Raw("INSERT INTO person VALUES (6, 'Ada')");
  CHECK_THAT(world.Refusal<UniqueField>(),
             Catch::Contains("UniqueField: name: ") && Catch::Contains("person.name"));
  CHECK_THAT(world.Refusal<UniqueIndex>(), Catch::Contains("person.name"));
  CHECK_THAT(world.Refusal<Constant>(), Catch::Contains("person.number"));  // 7 in every row
  world.Raw("CREATE INDEX person_name ON person (name)");
  CHECK_THAT(world.Refusal<UniqueIndex>(), Catch::Contains("person.name"));
  world.Raw("UPDATE person SET name = 'ada' WHERE id = 6");
  world.Migrated<UniqueField>();

  if (engine::Current() == engine::Kind::Sqlite) {
    World nocase({"CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT NOT NULL COLLATE NOCASE)",
                  "INSERT INTO person VALUES (1, 'Ada'), (2, 'ADA')"});
    CHECK_THAT(nocase.Refusal<UniqueField>(), Catch::Contains("person.name"));
  }
  World nulls({"CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT)",
               "INSERT INTO person VALUES (1, 'Ada')"});
  nulls.Migrated<Constant>();  // one row
}

TEST_CASE("B131 generated columns, views and virtual tables are refused for what they are") {
  const bool sqlite = engine::Current() == engine::Kind::Sqlite;
  for (const char* kind : {"VIRTUAL", "STORED"}) {
    if (!sqlite && std::string(kind) == "VIRTUAL") continue;
    const World world(
        {"CREATE TABLE person (id INTEGER PRIMARY KEY, first TEXT, name TEXT GENERATED "
         "ALWAYS AS (first) " +
         std::string(kind) + ")"});
    CHECK_THAT(world.Refusal<Bare>(),
               Catch::Contains("Bare: name: ") && Catch::Contains("is generated"));
    CHECK_THROWS_WITH(Open<Bare>(world.file).Of<Bare>().Query().All(),
                      Catch::Contains("is generated"));
  }
  World({kPerson + ", twice TEXT NOT NULL GENERATED ALWAYS AS (name || name) STORED)"})
      .Migrated<Bare>();  // of others
  if (sqlite) {
    World({"CREATE VIRTUAL TABLE theirs USING fts4(body)"}).Migrated<Bare>();
    CHECK_THAT(World({"CREATE VIRTUAL TABLE person USING fts4(name)"}).Refusal<Bare>(),
               Catch::Contains("there is no column"));
  } else {
    CHECK_THAT(World({"CREATE SEQUENCE person"}).Refusal<Bare>(),
               Catch::Contains("there is no column"));
    CHECK_THAT(World({"CREATE TABLE person (id INTEGER PRIMARY KEY) PARTITION BY RANGE (id)"})
                   .Refusal<Bare>(),
               Catch::Contains("there is no column"));
  }
  const World view({"CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)",
                    "CREATE VIEW person AS SELECT id, name FROM t"});
  CHECK_THAT(view.Refusal<Plain>(), Catch::Contains("is a view"));
  view.Migrated<Bare>();
  CHECK_THAT(World({"CREATE VIEW person AS SELECT 1 AS id"}).Refusal<Bare>(),
             Catch::Contains(sqlite ? "id" : "there is no column \"name\""));
}

TEST_CASE("B131 a circle of Required edges is refused, and says which") {
  CHECK_THAT(World().Refusal<Self>(), Catch::StartsWith("Self.parent -> Self: "));
  CHECK_THAT((World().Refusal<Bare, Key1, Key2, Key3>()),
             Catch::StartsWith("Key1.next -> Key2.next -> Key3.next -> Key1: ") &&
                 Catch::Contains("make one of them optional"));
  CHECK_THAT((World().Refusal<Key3, Key2, Key1>()), Catch::StartsWith("Key3.next -> Key1.next"));
  CHECK_THAT((World().Refusal<Group, Member>()), Catch::Contains("Group.members -> Member.group"));
  const World world;
  const auto client = world.Migrated<Left, Right>();  // one link is optional
  CHECK_THROWS_AS(client.Of<Left>().Create().Save(), grapnel::ValidationError);
  const auto right = client.Of<Right>().Create().Save();
  const auto left = client.Of<Left>().Create().Set(F<&Left::right>, right.id).Save();
  client.Of<Right>().UpdateOne(right.id).Set(F<&Right::left>, left.id).Save();
}

TEST_CASE("B132 a function fills a new required column row by row, of every type") {
  calls = 0;
  const World world(kTwo);
  const auto client = world.Migrated<Full>();
  const auto rows = client.Of<Full>().Query().Order(grapnel::Asc(F<&Full::id>)).All();
  REQUIRE(rows.size() == 2);
  const Full &ada = rows[0], &grace = rows[1];
  CHECK((ada.id == 3 && ada.name == "Ada" && grace.id == 5 && grace.name == "Grace"));
  CHECK((ada.code.starts_with("code ") && ada.code != grace.code));
  const std::string_view nul("a\0b", 3);
  CHECK((ada.nul.starts_with(engine::StoresNulInText() ? nul : "a-b") && ada.nul != grace.nul));
  CHECK((ada.number > 0 && ada.number != grace.number));
  CHECK((ada.third > 0 && ada.third != grace.third));
  CHECK(ada.later != grace.later);
  CHECK((ada.blob.size() == 2 && ada.blob != grace.blob));
  CHECK((!ada.maybe && !grace.maybe));
  CHECK(engine::Defaulted(world.file, "person") == Lines{});
  CHECK_THROWS_AS(
      client.Of<Full>().Create().Set(F<&Full::name>, "x").Set(F<&Full::code>, ada.code).Save(),
      grapnel::ConstraintError);
  CHECK(client.Of<Full>().Create().Set(F<&Full::name>, "x").Save().id ==
        (engine::IdsFollowTheLargest() ? 6 : 7));  // the one that failed took an id
}

TEST_CASE("B132 a table grown and a table made are the same") {
  const World grown(kTwo), empty({kPerson + ")"}), made;
  grown.Migrated<Full>();
  empty.Migrated<Full>();
  made.Migrated<Full>();
  CHECK(Normalised(grown) == Normalised(made));
  CHECK(Normalised(empty) == Normalised(made));
  if (engine::Current() == engine::Kind::Sqlite) {
    const auto text = grown.Raw("SELECT sql FROM sqlite_schema WHERE name = 'person'").front();
    CHECK_THAT(text, Catch::Contains("\"nul\" TEXT NOT NULL /* of *  three */") &&
                         Catch::Contains("\"maybe\" TEXT /* or not */") &&
                         !Catch::Contains("DEFAULT"));
  } else {
    CHECK(grown.Raw("SELECT col_description('person'::regclass, attnum) FROM pg_attribute WHERE "
                    "attrelid = 'person'::regclass AND attname IN ('nul', 'maybe') ORDER BY "
                    "attnum") == Lines{"of */ three /*Grapnel*/", "or not /*Grapnel*/"});
  }
  const World stepped({kPerson + ")"});
  stepped.Migrated<Constant>();
  CHECK(Normalised(stepped) == [] {
    const World constant;
    constant.Migrated<Constant>();
    return Normalised(constant);
  }());
}

TEST_CASE("B132 what others made for the table stays, and none of their triggers runs") {
  const World world(
      {kPerson + engine::Forms{", extra TEXT COLLATE NOCASE DEFAULT 'x', CHECK (name <> ''))",
                               ", extra TEXT COLLATE \"POSIX\" DEFAULT 'x', CHECK (name <> ''))"}
                     .Text(),
       "INSERT INTO person (id, name) VALUES (3, 'Ada'), (5, 'Grace')",
       "CREATE TABLE log (text TEXT)", "CREATE INDEX theirs ON person (extra, name DESC)",
       "CREATE TRIGGER audit AFTER UPDATE ON person BEGIN INSERT INTO log VALUES (old.name); END",
       "CREATE TRIGGER veto BEFORE UPDATE ON person BEGIN SELECT RAISE(ABORT, 'no'); END",
       "CREATE VIEW names AS SELECT name FROM person",
       "CREATE TABLE child (id INTEGER PRIMARY KEY, person INTEGER REFERENCES person ON DELETE "
       "CASCADE)",
       "INSERT INTO child VALUES (1, 3), (2, 5)"});
  const auto others = [&] {
    return world.Raw(engine::Forms{
        "SELECT sql FROM sqlite_schema WHERE name IN ('theirs', 'audit', 'veto', 'names', "
        "'child', 'log') ORDER BY name",
        "SELECT pg_get_triggerdef(t.oid), t.tgenabled::text FROM pg_trigger AS t WHERE "
        "t.tgrelid = 'person'::regclass AND NOT t.tgisinternal UNION ALL SELECT indexdef, '' FROM "
        "pg_indexes WHERE schemaname = current_schema() AND indexname = 'theirs' UNION ALL SELECT "
        "pg_get_viewdef('names'::regclass), '' UNION ALL SELECT pg_get_constraintdef(oid), '' FROM "
        "pg_constraint WHERE conrelid IN ('child'::regclass, 'person'::regclass) ORDER BY 1"});
  };
  const auto before = others();
  calls = 0;
  world.Migrated<Full>();
  CHECK(others() == before);
  CHECK(world.Raw("SELECT * FROM log") == Lines{});
  CHECK(world.Raw("SELECT * FROM child") == Lines{"1|3", "2|5"});
  CHECK(world.Raw("SELECT id, name, extra FROM person ORDER BY id") ==
        Lines{"3|Ada|x", "5|Grace|x"});
  CHECK_THROWS_WITH(world.Raw("UPDATE person SET name = 'x'"),
                    Catch::Contains("no"));  // they run again
  CHECK_THROWS(world.Raw("INSERT INTO person (name) VALUES ('')"));
}

TEST_CASE("B132 tables of every make are filled") {
  for (const char* make : {"", " STRICT", " WITHOUT ROWID"}) {
    INFO(make);
    if (engine::Current() == engine::Kind::Postgres && *make != '\0') continue;
    const std::string id = std::string(make) == " WITHOUT ROWID" ? "TEXT" : "INTEGER";
    const World world({"CREATE TABLE \"it's \"\"here\"\"\" (id " + id +
                           " PRIMARY KEY NOT NULL, old TEXT /* \"code\" TEXT */)" + make,
                       "INSERT INTO \"it's \"\"here\"\"\" VALUES ('1', 'a'), ('2', NULL)"});
    calls = 0;
    const auto filled = [&](const auto& client) {
      CHECK(
          world.Raw(engine::Forms{
              "SELECT old, code, hex(blob), typeof(number) FROM \"it's \"\"here\"\"\" ORDER BY id",
              "SELECT old, code, encode(blob, 'hex'), 'integer' FROM \"it's \"\"here\"\"\" "
              "ORDER BY id"}) == Lines{"a|code 1|0002|integer", "NULL|code 4|0005|integer"});
      CHECK(engine::Defaulted(world.file, "it's \"here\"") == Lines{});
      CHECK(client.PlanMigration().Statements().empty());
    };
    if (id == "TEXT") {
      filled(world.Migrated<Odd<std::string>>());
    } else {
      filled(world.Migrated<Odd<std::int64_t>>());
    }
  }
}

TEST_CASE("B132 a Default that throws leaves the file as it was, and the client goes on") {
  calls = 0;
  const World world(
      Lines{kTwo[0], kTwo[1], "INSERT INTO person VALUES (7, 'Joan'), (8, 'Barbara')"});
  const auto before = world.Schema();
  const auto client = Open<Failing>(world.file);
  CHECK_THROWS_WITH(client.Migrate(), "no more codes");
  CHECK_THROWS_AS(client.Migrate(), std::runtime_error);
  CHECK(world.Schema() == before);
  CHECK(world.Raw("SELECT count(*) FROM person") == Lines{"4"});
  calls = -100;
  client.Migrate();
  CHECK(client.Of<Failing>().Query().Count() == 4);
  CHECK(client.PlanMigration().Statements() == Lines{});
}

TEST_CASE("B132 who was there before goes on with what it had prepared") {
  const World world;
  const auto client = world.Migrated<Bare>();
  client.Of<Bare>().Create().Set(F<&Bare::name>, "Ada").Save();
  CHECK(client.Of<Bare>().Get(1).name == "Ada");
  const auto wide = world.Migrated<Full>();
  CHECK(client.Of<Bare>().Get(1).name == "Ada");
  CHECK(client.Of<Bare>().UpdateOne(1).Set(F<&Bare::name>, "Ada L.").Save().name == "Ada L.");
  CHECK(wide.Of<Full>().Get(1).name == "Ada L.");
}

TEST_CASE("B132 a hundred thousand rows are filled by one statement") {
  calls = 0;
  const World world({kPerson + ")",
                     "INSERT INTO person WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 "
                     "FROM n WHERE i < "
                     "100000) SELECT i, 'name ' || i FROM n"});
  const auto client = Open<Full>(world.file);
  client.Migrate();
  CHECK(world.Raw("SELECT count(*), count(DISTINCT code), count(DISTINCT number) FROM person") ==
        Lines{"100000|100000|100000"});
}

TEST_CASE("B133 an index of Grapnel's own making that nobody asks for any more is dropped") {
  const World world(kTwo);
  world.Raw("ALTER TABLE person ADD COLUMN age INTEGER NOT NULL DEFAULT 0");
  world.Migrated<Named>();
  const auto names = [&] { return engine::Firsts(engine::Indexes(world.file, "person")); };
  const bool cases = engine::NameIsCaseSensitive();
  CHECK(names() == Lines{"by age", "person_age_name", "person_name_key"});
  world.Raw("CREATE INDEX person_theirs ON person (age)");             // another name
  world.Raw("CREATE INDEX person_age ON person (age) WHERE age > 3");  // not as Grapnel makes it
  world.Raw(engine::Forms{"CREATE INDEX person_name ON person (name COLLATE NOCASE)",
                          "CREATE INDEX person_name ON person (name DESC)"});
  world.Raw(cases ? "CREATE INDEX person_name_age ON person (name, age)"
                  : "CREATE INDEX PERSON_name_AGE ON person (name, age)");
  const auto client = Open<Old>(world.file);
  const auto plan = client.PlanMigration().Statements();
  CHECK(std::set<std::string>(plan.begin(), plan.end()) ==
        std::set<std::string>{
            R"(DROP INDEX "person_name_key")", R"(DROP INDEX "person_age_name")",
            cases ? R"(DROP INDEX "person_name_age")" : R"(DROP INDEX "PERSON_name_AGE")"});
  client.Migrate();
  CHECK(names() == Lines{"by age", "person_age", "person_name", "person_theirs"});
  client.Of<Old>().Create().Set(F<&Old::name>, "Ada").Set(F<&Old::age>, 1).Save();  // a second Ada

  // The schema does not know the column any more: the index stays.
  world.Raw("CREATE INDEX person_age_name ON person (age, name)");
  world.Raw("DROP INDEX person_name");
  world.Migrated<Bare>();
  CHECK(names() == Lines{"by age", "person_age", "person_age_name", "person_theirs"});
}

TEST_CASE("B133 an index that becomes unique, or is no more, is made anew") {
  const World world(kTwo);
  const auto indexes = [&] {
    Lines all;
    for (const auto& row : engine::Indexes(world.file, "person")) {
      all.push_back(row.substr(0, row.rfind('|')));
    }
    return all;
  };
  world.Migrated<Plain>();
  CHECK(indexes() == Lines{"person_name|0"});
  const auto client = Open<UniqueIndex>(world.file);
  CHECK(client.PlanMigration().Statements() ==
        Lines{R"(DROP INDEX "person_name")",
              R"(CREATE UNIQUE INDEX "person_name" ON "person" ("name"))"});
  client.Migrate();
  CHECK(indexes() == Lines{"person_name|1"});
  world.Migrated<Plain>();
  CHECK(indexes() == Lines{"person_name|0"});
  world.Migrated<UniqueField>();
  CHECK(indexes() == Lines{"person_name_key|1"});
  world.Raw("INSERT INTO person VALUES (6, 'Joan')");
  world.Migrated<Plain>();
  CHECK(indexes() == Lines{"person_name|0"});
  world.Migrated<Bare>();
  CHECK(indexes() == Lines{});
}

TEST_CASE("B134 Migrate with nothing to do takes no lock to write") {
  const World world(kTwo);
  world.Migrated<Bare>();
  if (engine::Current() == engine::Kind::Postgres) {
    Raw other(world.file);
    other("BEGIN; LOCK TABLE person IN ROW EXCLUSIVE MODE");
    Open<Bare>(world.file).With(std::chrono::milliseconds(5000)).Migrate();
    CHECK_THROWS_AS(Open<Plain>(world.file).With(std::chrono::milliseconds(200)).Migrate(),
                    grapnel::CancelledError);
    other("COMMIT");
    Open<Plain>(world.file).Migrate();
    return;
  }
  int ready[2], done[2];
  REQUIRE((pipe(ready) == 0 && pipe(done) == 0));
  const pid_t other = fork();
  if (other == 0) {  // holds the lock to write
    char byte = 'n';
    ::Raw holder(world.file);
    try {
      holder(
          engine::Forms{"BEGIN IMMEDIATE", "BEGIN; LOCK TABLE person IN SHARE ROW EXCLUSIVE MODE"});
      byte = 'y';
    } catch (const std::exception&) {
    }
    static_cast<void>(!write(ready[1], &byte, 1));
    static_cast<void>(!read(done[0], &byte, 1));
    _exit(0);
  }
  char byte = 'n';
  REQUIRE((read(ready[0], &byte, 1) == 1 && byte == 'y'));
  const auto client = Open<Bare>(world.file);
  int hooks = 0;
  client.OnMigrate([&](grapnel::store::Migration& m, auto next) {
    ++hooks;
    CHECK((m.Statements().empty() && !m.IsDryRun()));
    next(m);
  });
  client.With(std::chrono::milliseconds(1000)).Migrate();
  CHECK(hooks == 1);
  CHECK_THROWS_AS(Open<Plain>(world.file).With(std::chrono::milliseconds(10)).Migrate(),
                  grapnel::CancelledError);
  CHECK(write(done[1], &byte, 1) == 1);
  int status = 0;
  CHECK((waitpid(other, &status, 0) == other && status == 0));
  for (const int end : {ready[0], ready[1], done[0], done[1]}) close(end);
  Open<Plain>(world.file).Migrate();
}

TEST_CASE("B134 a file that can only be read is migrated where there is nothing to do") {
  if (engine::Current() == engine::Kind::Postgres) return;  // whose users have rights
  const World world(kTwo);
  world.Migrated<Bare>();
  const auto client = Open<Bare>("file:" + world.file + "?mode=ro");
  client.Migrate();
  CHECK(client.Of<Bare>().Query().Count() == 2);
  const auto plain = Open<Plain>("file:" + world.file + "?mode=ro");
  CHECK(plain.PlanMigration().Statements().size() == 1);
  CHECK(Thrown<grapnel::StorageError>([&] { plain.Migrate(); }).Kind() ==
        grapnel::StorageKind::ReadOnly);
}
