// B80: from an old version of the schema to a new one, with the data kept; and the hooks around it.
#include "contract/fixture.hpp"
#include "support/catch.hpp"
#include "support/engine/catalog.hpp"
#include "support/engine/traits.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

namespace migrate {

using Bytes = std::vector<std::byte>;
using Time = std::chrono::system_clock::time_point;
enum class Color { Red, Green };
enum class Level { Low = 3, High = 4 };

/// Person as it was in the beginning.
struct Old {
  std::int64_t id = 0;
  std::string name;
  std::int64_t age = 0;
};

/// New columns of every kind.
struct Wide {
  std::int64_t id = 0;
  std::string name;
  std::int64_t age = 0;
  std::optional<std::string> nickname{};
  std::optional<double> weight{};
  std::int64_t points = 0;
  std::string motto;
  double ratio = 0;
  bool active = false;
  Color color = Color::Red;
  Level level = Level::Low;
  Time since{};
  Bytes photo{};
  std::string token;
};

/// A new column that is required and has no Default.
struct Strict {
  std::int64_t id = 0;
  std::string name;
  std::int64_t age = 0;
  std::string code;
};

/// New indexes.
struct Sorted {
  std::int64_t id = 0;
  std::string name;
  std::int64_t age = 0;
};

/// A new column that no two rows may share, made by a function.
struct Marked {
  std::int64_t id = 0;
  std::string name;
  std::int64_t age = 0;
  std::string mark;
};

struct City;
/// New edges: to a new table, and to itself, through a new table of pairs.
struct Social {
  std::int64_t id = 0;
  std::string name;
  std::int64_t age = 0;
  grapnel::One<City> home{};
  grapnel::Many<Social> friends{};
};
struct City {
  std::string id;
  grapnel::Many<Social> people{};
};

struct Town;
/// A new edge that is required.
struct Rooted {
  std::int64_t id = 0;
  grapnel::One<Town> home{};
};
struct Town {
  std::string id;
};

/// The age is a text now.
struct Retyped {
  std::int64_t id = 0;
  std::string age;
};
/// Changes of what may be NULL: the name may, the age must not.
struct Loose {
  std::int64_t id = 0;
  std::optional<std::string> name{};
  std::int64_t age = 0;
};

inline int tokens = 0;
inline std::string NewToken() { return "token " + std::to_string(++tokens); }
inline bool unique_marks = false;
inline std::string NewMark() { return unique_marks ? NewToken() : "one"; }
inline Time Since() { return Time(std::chrono::microseconds(1'700'000'000'123'456)); }
inline Bytes Photo() { return {std::byte{0}, std::byte{0xFF}, std::byte{0x27}}; }
constexpr const char* kMotto = "it's \"\xC3\xBC\xF0\x9F\x90\x9F\"; --\n";

template <class E>
constexpr auto PersonFields() {
  using grapnel::Field;
  return grapnel::Fields(Field<&E::name>("name"), Field<&E::age>("age").Default(0));
}

}  // namespace migrate

template <>
struct grapnel::EnumNames<migrate::Color> {
  static constexpr std::pair<migrate::Color, std::string_view> Values[] = {
      {migrate::Color::Red, "red"}, {migrate::Color::Green, "green"}};
};
template <>
struct grapnel::Schema<migrate::Old> {
  static constexpr std::string_view Type = "Old";
  static constexpr std::string_view Table = "person";
  static constexpr auto Fields() { return migrate::PersonFields<migrate::Old>(); }
};
template <>
struct grapnel::Schema<migrate::Wide> {
  static constexpr std::string_view Type = "Wide";
  static constexpr std::string_view Table = "person";
  static constexpr auto Fields() {
    using migrate::Wide;
    return grapnel::Fields(
        migrate::PersonFields<Wide>(), Field<&Wide::nickname>("nickname").Default("none"),
        Field<&Wide::weight>("weight"), Field<&Wide::points>("points").Default(-7),
        Field<&Wide::motto>("motto").Default(migrate::kMotto).Comment("a */ saying"),
        Field<&Wide::ratio>("ratio").Default(0.1).StorageKey("the \"ratio\""),
        Field<&Wide::active>("active").Default(true),
        Field<&Wide::color>("color").Default(migrate::Color::Green),
        Field<&Wide::level>("level").Default(migrate::Level::High),
        Field<&Wide::since>("since").Default(migrate::Since),
        Field<&Wide::photo>("photo").Default(migrate::Photo),
        Field<&Wide::token>("token").Default(migrate::NewToken));
  }
};
template <>
struct grapnel::Schema<migrate::Strict> {
  static constexpr std::string_view Type = "Strict";
  static constexpr std::string_view Table = "person";
  static constexpr auto Fields() {
    using migrate::Strict;
    return grapnel::Fields(migrate::PersonFields<Strict>(), Field<&Strict::code>("code"));
  }
};
template <>
struct grapnel::Schema<migrate::Sorted> {
  static constexpr std::string_view Type = "Sorted";
  static constexpr std::string_view Table = "person";
  static constexpr auto Fields() {
    using migrate::Sorted;
    return grapnel::Fields(Field<&Sorted::name>("name").Unique(),
                           Field<&Sorted::age>("age").Default(0));
  }
  static constexpr auto Indexes() {
    using migrate::Sorted;
    return grapnel::Indexes(Index<&Sorted::age>(),
                            Index<&Sorted::age, &Sorted::name>().StorageKey("by age"));
  }
};
template <>
struct grapnel::Schema<migrate::Marked> {
  static constexpr std::string_view Type = "Marked";
  static constexpr std::string_view Table = "person";
  static constexpr auto Fields() {
    using migrate::Marked;
    return grapnel::Fields(migrate::PersonFields<Marked>(),
                           Field<&Marked::mark>("mark").Unique().Default(migrate::NewMark));
  }
};
template <>
struct grapnel::Schema<migrate::Social> {
  static constexpr std::string_view Type = "Social";
  static constexpr std::string_view Table = "person";
  static constexpr auto Fields() { return migrate::PersonFields<migrate::Social>(); }
  static constexpr auto Edges() {
    using migrate::Social;
    return grapnel::Edges(From<&Social::home>("home").Ref<&migrate::City::people>(),
                          To<&Social::friends>("friends"));
  }
};
template <>
struct grapnel::Schema<migrate::City> {
  static constexpr std::string_view Type = "City";
  static constexpr auto Edges() { return grapnel::Edges(To<&migrate::City::people>("people")); }
};
template <>
struct grapnel::Schema<migrate::Rooted> {
  static constexpr std::string_view Type = "Rooted";
  static constexpr std::string_view Table = "person";
  static constexpr auto Edges() {
    return grapnel::Edges(To<&migrate::Rooted::home>("home").Required().OnDelete(Cascade));
  }
};
template <>
struct grapnel::Schema<migrate::Town> {
  static constexpr std::string_view Type = "Town";
  static constexpr std::string_view Table = "City";
};
template <>
struct grapnel::Schema<migrate::Retyped> {
  static constexpr std::string_view Type = "Retyped";
  static constexpr std::string_view Table = "person";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&migrate::Retyped::age>("age").Default(""));
  }
};
template <>
struct grapnel::Schema<migrate::Loose> {
  static constexpr std::string_view Type = "Loose";
  static constexpr std::string_view Table = "person";
  static constexpr auto Fields() {
    using migrate::Loose;
    return grapnel::Fields(Field<&Loose::name>("name"), Field<&Loose::age>("age").Default(0));
  }
};

namespace {

using engine::Open;
using grapnel::F;
using grapnel::MigrationError;
using grapnel::TxError;
using grapnel::store::Migration;
using namespace migrate;
using namespace std::chrono_literals;

/// A file with the old schema and two persons, or with what these statements make.
struct World {
  Scratch scratch{};
  std::string file = scratch.File("test.db");

  explicit World(int persons = 2) {
    const auto client = Open<Old>(file);
    client.Migrate();
    const std::vector<Old> all{{0, "Ada", 36}, {0, "Grace", 40}};
    client.Of<Old>().CreateBulk(std::vector<Old>(all.begin(), all.begin() + persons)).Save();
  }
  explicit World(const Lines& statements) {
    static_cast<void>(Open<Old>(file));
    for (const auto& sql : statements) RawRows(file, sql);
  }

  Lines Raw(const RawSql& sql) const { return RawRows(file, sql); }
  /// All that is in the file: version, tables, indexes and the rows of person.
  Lines State() const { return engine::State(file, "person"); }

  /// Migrate and PlanMigration refuse with a message that holds `reason`; nothing is changed.
  template <class Client>
  void Refuses(const Client& client, const std::string& reason) const {
    INFO(reason);
    const auto before = State();
    const std::string error = Thrown<MigrationError>([&] { client.Migrate(); }).what();
    CHECK_THAT(error, Catch::Contains(reason) && Catch::EndsWith("Nothing was changed"));
    CHECK(Thrown<MigrationError>([&] { client.PlanMigration(); }).what() == error);
    CHECK(State() == before);
  }
};

/// Migrates, then finds nothing left to do: for this client, and for another one.
template <class... Es>
grapnel::Database<Es...> Migrated(const std::string& file) {
  auto client = Open<Es...>(file);
  client.Migrate();
  CHECK(client.PlanMigration().Statements() == Lines{});
  const auto version = engine::Version(file);
  client.Migrate();
  const auto other = Open<Es...>(file);
  CHECK(other.PlanMigration().Statements() == Lines{});
  other.Migrate();
  CHECK(engine::Version(file) == version);
  return client;
}

}  // namespace

TEST_CASE("B80 rows that are there get NULL or the Default in new columns of every kind") {
  const World world;
  const auto old = Open<Old>(world.file);
  REQUIRE(old.Of<Old>().Query().Count() == 2);  // its statements are prepared
  tokens = 0;
  const auto client = Migrated<Wide>(world.file);

  CHECK(world.Raw(
            "SELECT id, name, age, nickname, weight, points, \"the \"\"ratio\"\"\", active, color, "
            "level, since, photo = x'00FF27', token FROM person ORDER BY id") ==
        Lines{"1|Ada|36|NULL|NULL|-7|0.1|1|green|4|1700000000123456|1|token 1",
              "2|Grace|40|NULL|NULL|-7|0.1|1|green|4|1700000000123456|1|token 2"});
  CHECK(world.Raw("SELECT DISTINCT motto FROM person") == Lines{kMotto});
  CHECK(engine::Columns(world.file, "person") ==
        Lines{"id|INTEGER|1", "name|TEXT|1", "age|INTEGER|1", "nickname|TEXT|0", "weight|REAL|0",
              "points|INTEGER|1", "motto|TEXT|1", "the \"ratio\"|REAL|1", "active|INTEGER|1",
              "color|TEXT|1", "level|INTEGER|1", "since|INTEGER|1", "photo|BLOB|1",
              "token|TEXT|1"});

  const Wide ada = client.Of<Wide>().Get(1);
  CHECK((ada.name == "Ada" && ada.age == 36 && !ada.nickname && !ada.weight && ada.points == -7));
  CHECK((ada.motto == kMotto && ada.ratio == 0.1 && ada.active && ada.color == Color::Green));
  CHECK((ada.level == Level::High && ada.since == Since() && ada.photo == Photo()));
  const Wide joan = client.Of<Wide>().Create().Set(F<&Wide::name>, "Joan").Save();
  CHECK(joan.nickname == "none");
  CHECK(joan.token == NewToken().replace(6, 9, std::to_string(tokens - 1)));  // a new one each time

  // The old program goes on beside the new one, but cannot create what it does not know whole.
  CHECK_THROWS_AS(old.Of<Old>().Create().Set(F<&Old::name>, "Edsger").Save(),
                  grapnel::ConstraintError);
  CHECK(old.Of<Old>().UpdateOne(1).Add(F<&Old::age>, 1).Save().age == 37);
  CHECK(client.Of<Wide>().Get(1).token == "token 1");
  CHECK_THROWS_WITH(old.PlanMigration(), Catch::Contains("\"points\" is NOT NULL and unknown"));
}

TEST_CASE("B80 a required column without a Default comes to an empty table only") {
  const World empty(0);
  const auto client = Migrated<Strict>(empty.file);
  CHECK_THROWS_AS(client.Of<Strict>().Create().Set(F<&Strict::name>, "x").Save(),
                  grapnel::ValidationError);
  client.Of<Strict>().Create().Set(F<&Strict::name>, "x").Set(F<&Strict::code>, "c").Save();
  CHECK(empty.Raw("SELECT * FROM person") == Lines{"1|x|0|c"});

  const World world;
  world.Refuses(Open<Strict>(world.file),
                "table \"person\" to the schema of Strict: code: it is required");
  world.Raw("DELETE FROM person");
  Migrated<Strict>(world.file);
}

TEST_CASE("B80 new tables, tables of pairs and edges come to rows, with keys that work") {
  const World world;
  const auto client = Migrated<Social, City>(world.file);
  const auto people = client.Of<Social>();
  const auto cities = client.Of<City>();
  CHECK(world.Raw("SELECT id, name, age, home_id FROM person ORDER BY id") ==
        Lines{"1|Ada|36|NULL", "2|Grace|40|NULL"});
  CHECK(engine::Tables(world.file) == Lines{"City", "person", "person_friends"});
  CHECK(engine::Keys(world.file, "person") == Lines{"City|home_id|id|SET NULL"});
  CHECK(engine::Indexes(world.file, "person") == Lines{"person_home_id|0|home_id"});

  CHECK_THROWS_AS(people.UpdateOne(1).Set(F<&Social::home>, "Paris").Save(),
                  grapnel::ConstraintError);
  cities.Create().Set(F<&City::id>, "Paris").Save();
  people.UpdateOne(1).Set(F<&Social::home>, "Paris").AddIDs(F<&Social::friends>, {2}).Save();
  const auto all = people.Query()
                       .With(F<&Social::home>)
                       .With(F<&Social::friends>)
                       .Order(grapnel::Asc(F<&Social::id>))
                       .All();
  REQUIRE(all.size() == 2);
  CHECK(all[0].home->id == "Paris");
  CHECK(all[1].home.Get() == nullptr);
  CHECK(all[1].friends[0].name == "Ada");
  cities.DeleteOne("Paris").Exec();
  people.DeleteOne(2).Exec();
  CHECK(world.Raw("SELECT id, home_id, (SELECT count(*) FROM person_friends) FROM person") ==
        Lines{"1|NULL|0"});
  CHECK(engine::Broken(world.file) == Lines{});
}

TEST_CASE("B80 new indexes come to rows, a unique one only where no two are alike") {
  const World world;
  const auto client = Open<Sorted>(world.file);
  world.Raw("INSERT INTO person VALUES (3, 'Ada', 1)");
  world.Refuses(client,
                "name: it is to be unique, but there are rows that are alike in person.name; a "
                "hook of OnMigrate can mend such rows first");
  world.Raw("DELETE FROM person WHERE id = 3");
  Migrated<Sorted>(world.file);
  CHECK(engine::Indexes(world.file, "person") ==
        Lines{"by age|0|age,name", "person_age|0|age", "person_name_key|1|name"});
  CHECK_THROWS_AS(client.Of<Sorted>().Create().Set(F<&Sorted::name>, "Ada").Save(),
                  grapnel::ConstraintError);
  Migrated<Old>(world.file);  // back: what has a name of the schema's own stays
  CHECK(engine::Indexes(world.file, "person") == Lines{"by age|0|age,name"});
}

TEST_CASE("B80 what would lose or break data is refused, and nothing was changed") {
  const World world;
  world.Refuses(
      Open<Retyped>(world.file),
      "age: in table \"person\" column \"age\" is of type \"" +
          engine::Forms{"INTEGER", "bigint"}.Text() +
          "\", not TEXT; a new field can take its place, which a hook of OnMigrate fills");
  world.Refuses(Open<Rooted, Town>(world.file), "home: a required edge cannot be added");
  world.Raw(engine::NameIsCaseSensitive() ? "CREATE INDEX \"by age\" ON person (name)"
                                          : "CREATE INDEX \"BY AGE\" ON person (name)");
  world.Refuses(Open<Sorted>(world.file), "index \"by age\"");

  const std::string person = "CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT, age INTEGER";
  const World nulls(Lines{person + ")", "INSERT INTO person VALUES (1, 'Ada', NULL)"});
  nulls.Refuses(Open<Loose>(nulls.file), "age: it is required, but there are rows in which");
  nulls.Raw("UPDATE person SET age = 1");
  Migrated<Loose>(nulls.file);

  const auto keyed = [&](const std::string& key, const std::string& reason) {
    const World old(
        Lines{"CREATE TABLE Village (id TEXT PRIMARY KEY)", "INSERT INTO Village VALUES ('Paris')",
              "CREATE TABLE City (id TEXT PRIMARY KEY)", "INSERT INTO City VALUES ('Paris')",
              person + ", home_id TEXT NOT NULL " + key + ")",
              "INSERT INTO person VALUES (1, 'Ada', 3, 'Paris')"});
    const auto client = Open<Rooted, Town>(old.file);
    if (reason.empty()) {
      Migrated<Rooted, Town>(old.file);
      client.Of<Town>().DeleteOne("Paris").Exec();
      CHECK(old.Raw("SELECT count(*) FROM person") == Lines{"0"});
    } else {
      old.Refuses(client, reason);
    }
  };
  keyed("", "home: the column has no foreign key");
  keyed("REFERENCES City (id)", "home: its foreign key is ON DELETE NO ACTION, not CASCADE");
  keyed("REFERENCES City (id) ON DELETE SET NULL",
        "home: its foreign key is ON DELETE SET NULL, not CASCADE");
  keyed("REFERENCES Village (id) ON DELETE CASCADE", "home: its foreign key refers to \"Village\"");
  keyed(engine::Forms{"REFERENCES cITY ON DELETE CASCADE", "REFERENCES City ON DELETE CASCADE"}
            .Text(),
        "");
}

TEST_CASE("B80 two types that want the same table are refused, with and without edges") {
  const World world;
  const auto both = [&](const auto& client, const std::string& reason) {
    CHECK_THROWS_WITH(client.Migrate(), reason);
    CHECK_THROWS_AS(client.PlanMigration(), MigrationError);
  };
  const auto before = world.State();
  both(Open<Old, Wide>(world.file), "Wide and Old want the same table, \"person\"");
  both(Open<Social, City, Old>(world.file), "Old and Social want the same table, \"person\"");
  both(Open<Old, Social, City>(world.file), "Social and Old want the same table, \"person\"");
  CHECK(world.State() == before);
}

TEST_CASE("B80 an old database made by hand fits whatever the case of its names") {
  if (engine::NameIsCaseSensitive()) {
    const World other(Lines{"CREATE TABLE \"PERSON\" (id BIGINT)"});
    Migrated<Old>(other.file);
    CHECK(engine::Tables(other.file) == Lines{"PERSON", "person"});
    return;
  }
  const World world(Lines{"CREATE TABLE CITY (ID varchar PRIMARY KEY)",
                          "CREATE TABLE Person (Id integer PRIMARY KEY, NAME varchar(20) NOT NULL, "
                          "Age bigint NOT NULL, extra, "
                          "HOME_ID text REFERENCES City ON DELETE SET NULL)",
                          "CREATE INDEX PERSON_home_ID ON person (home_id)",
                          "INSERT INTO person VALUES (7, 'Ada', 36, 'x', NULL)"});
  auto client = Open<City, Social>(world.file);
  CHECK(client.PlanMigration().Statements().size() == 2);  // the table of pairs and its index
  Migrated<City, Social>(world.file);
  Migrated<Social, City>(world.file);
  CHECK(client.Of<Social>().Get(7).name == "Ada");
  CHECK(world.Raw("SELECT * FROM person") == Lines{"7|Ada|36|x|NULL"});
}

TEST_CASE("B80 a table that would not make its ids is not taken for one that does") {
  const World world(
      Lines{engine::Forms{"CREATE TABLE person (id INT PRIMARY KEY, name TEXT NOT NULL, age "
                          "INTEGER NOT NULL)",
                          "CREATE TABLE person (id BIGINT PRIMARY KEY, name TEXT NOT NULL, age "
                          "BIGINT NOT NULL)"}
                .Text()});
  const auto client = Open<Old>(world.file);
  world.Refuses(client, "id");
  try {
    const Old made = client.Of<Old>().Create().Set(F<&Old::name>, "Ada").Save();
    CHECK(client.Of<Old>().Find(made.id).has_value());
  } catch (const grapnel::SchemaError&) {
  }
  CHECK(world.Raw("SELECT count(*) FROM person WHERE id IS NULL") == Lines{"0"});
}

TEST_CASE("B80 a dry run changes nothing, waits for nobody and prints its statements") {
  const World world;
  const auto before = world.State();
  const auto client = Open<Social, City>(world.file);
  const std::string expected =
      engine::Forms{
          R"(ALTER TABLE "person" ADD COLUMN "home_id" TEXT CONSTRAINT "person_home_id_fkey" )"
          R"(REFERENCES "City" ("id") ON DELETE SET NULL;)"
          "\n"
          R"(CREATE TABLE "City" ("id" TEXT PRIMARY KEY NOT NULL);)"
          "\n"
          R"(CREATE TABLE "person_friends" ("person_id" INTEGER NOT NULL, "friends_id" INTEGER )"
          R"(NOT NULL, PRIMARY KEY ("person_id", "friends_id"), CONSTRAINT )"
          R"("person_friends_person_id_fkey" FOREIGN KEY ("person_id") REFERENCES "person" ("id") )"
          R"(ON DELETE CASCADE, CONSTRAINT "person_friends_friends_id_fkey" FOREIGN KEY )"
          R"(("friends_id") REFERENCES "person" ("id") ON DELETE CASCADE);)"
          "\n"
          R"(CREATE INDEX "person_home_id" ON "person" ("home_id");)"
          "\n"
          R"(CREATE INDEX "person_friends_friends_id" ON "person_friends" ("friends_id");)"
          "\n",
          R"(ALTER TABLE "person" ADD COLUMN "home_id" TEXT COLLATE "C";)"
          "\n"
          R"(CREATE TABLE "City" ("id" TEXT COLLATE "C" PRIMARY KEY NOT NULL);)"
          "\n"
          R"(CREATE TABLE "person_friends" ("person_id" BIGINT NOT NULL, "friends_id" BIGINT )"
          R"(NOT NULL, PRIMARY KEY ("person_id", "friends_id"), CONSTRAINT )"
          R"("person_friends_person_id_fkey" FOREIGN KEY ("person_id") REFERENCES "person" ("id") )"
          R"(ON DELETE CASCADE DEFERRABLE INITIALLY IMMEDIATE, CONSTRAINT )"
          R"("person_friends_friends_id_fkey" FOREIGN KEY ("friends_id") REFERENCES "person" )"
          R"(("id") )"
          R"(ON DELETE CASCADE DEFERRABLE INITIALLY IMMEDIATE);)"
          "\n"
          R"(ALTER TABLE "person" ADD CONSTRAINT "person_home_id_fkey" FOREIGN KEY ("home_id") )"
          R"(REFERENCES "City" ("id") ON DELETE SET NULL DEFERRABLE INITIALLY IMMEDIATE;)"
          "\n"
          R"(CREATE INDEX "person_home_id" ON "person" ("home_id" NULLS FIRST);)"
          "\n"
          R"(CREATE INDEX "person_friends_friends_id" ON "person_friends" ("friends_id");)"
          "\n"}
          .Text();
  const auto writing = Open<Old>(world.file);
  std::thread([&] {
    auto tx = writing.Tx();
    tx.Of<Old>().Delete().Exec();
    std::thread([&] {
      CHECK(grapnel::store::ToString(client.PlanMigration()) == expected);
    }).join();
  }).join();
  CHECK(world.State() == before);
  const Migration plan = client.PlanMigration();
  CHECK(plan.IsDryRun());
  const auto print = [](const auto& migration) -> std::string {
    if constexpr (fmt::is_formattable<std::decay_t<decltype(migration)>>::value) {
      return fmt::format("{}", migration);
    } else {
      return "store::Migration has no fmt formatter";
    }
  };
  CHECK(print(plan) == expected);
  CHECK_THROWS_AS(client.Of<Social>().Query().Count(), grapnel::SchemaError);
  client.Migrate();
  CHECK(client.Of<Social>().Query().Count() == 2);
  CHECK(print(client.PlanMigration()) == "");
}

TEST_CASE("B80 migration hooks see the graph of types, fields and edges, and the statements") {
  const World world;
  const auto client = Open<Social, City, Town>(world.file);
  CHECK_THROWS_AS(client.Migrate(), MigrationError);  // Town wants the table of City
  const auto fitting = Open<Social, City>(world.file);
  Lines seen;
  fitting.OnMigrate([&](Migration& m, auto next) {
    for (const auto& type : m.Types()) {
      seen.push_back(std::string(type.name) + " in " + std::string(type.table));
      for (const auto& field : type.fields) {
        seen.push_back(std::string(field.name) + " " + std::string(Name(field.kind)));
      }
      for (const auto& edge : type.edges) {
        seen.push_back(std::string(edge.name) + " to " + std::string(edge.target) + " of " +
                       std::string(edge.inverse) + (edge.many ? " many" : " one") +
                       (edge.required ? " required" : "") + (edge.holds_key ? " key " : " ") +
                       std::string(Name(edge.on_delete)));
      }
    }
    seen.push_back(std::to_string(m.Statements().size()) + (m.IsDryRun() ? " dry" : ""));
    next(m);
  });
  const Lines graph{"Social in person",
                    "id integer",
                    "name text",
                    "age integer",
                    "home to City of people one key set null",
                    "friends to Social of  many set null",
                    "City in City",
                    "id text",
                    "people to Social of home many set null"};
  const auto with = [&](const std::string& last) {
    Lines all = graph;
    all.push_back(last);
    return all;
  };
  fitting.PlanMigration();
  const bool late = engine::Current() == engine::Kind::Postgres;  // a key, behind its table
  CHECK(Take(seen) == with(late ? "6 dry" : "5 dry"));
  fitting.Migrate();
  CHECK(Take(seen) == with(late ? "6" : "5"));
  fitting.Migrate();
  CHECK(Take(seen) == with("0"));

  const auto wide = Open<Wide>(":memory:");
  wide.OnMigrate([&](Migration& m, auto next) {
    for (const auto& field : m.Types().at(0).fields) {
      seen.push_back(std::string(field.name) + "/" + std::string(field.column) + "/" +
                     std::string(Name(field.kind)) + "/" + std::string(field.comment) +
                     (field.optional ? " optional" : "") + (field.unique ? " unique" : "") +
                     (field.immutable ? " immutable" : "") + (field.sensitive ? " sensitive" : ""));
    }
    next(m);
  });
  wide.Migrate();
  CHECK(seen == Lines{"id/id/integer/ immutable", "name/name/text/", "age/age/integer/",
                      "nickname/nickname/text/ optional", "weight/weight/real/ optional",
                      "points/points/integer/", "motto/motto/text/a */ saying",
                      "ratio/the \"ratio\"/real/", "active/active/bool/", "color/color/text/",
                      "level/level/integer/", "since/since/integer/", "photo/photo/blob/",
                      "token/token/text/"});
}

TEST_CASE("B80 migration hooks run as f(g(h(next))), in any form, until they are removed") {
  const World world(0);
  const auto client = Open<Wide>(world.file);
  const auto tables = [&] { return std::to_string(engine::Columns(world.file, "person").size()); };
  Lines log;
  const auto logged = [&](std::string name) {
    return [&, name](Migration& m, auto next) {
      log.push_back(name);
      next(m);
      log.push_back("/" + name);
    };
  };
  int composed = 0;
  auto first = client.OnMigrate(logged("f"), [&](grapnel::core::Mutator<Migration, void> next) {
    ++composed;
    return grapnel::core::Mutator<Migration, void>([&, next](Migration& m) {
      log.push_back("g");
      next(m);
      log.push_back("/g, " + tables() + " columns");  // not committed yet
    });
  });
  client.OnMigrate(logged("h"));
  client.PlanMigration();
  CHECK(Take(log) == Lines{"f", "g", "h", "/h", "/g, 3 columns", "/f"});
  client.Migrate();
  CHECK(Take(log) == Lines{"f", "g", "h", "/h", "/g, 3 columns", "/f"});
  CHECK(tables() == "14");
  CHECK(composed == 1);
  first.Remove();
  first.Remove();
  client.With(5s).Migrate();
  CHECK(log == Lines{"h", "/h"});
}

TEST_CASE("B80 a migration hook vetoes by throwing, or by not calling next") {
  struct Veto : std::runtime_error {
    using runtime_error::runtime_error;
  };
  const World world;
  const auto before = world.State();
  const auto client = Open<Wide>(world.file);
  const auto vetoed = [&](auto hook, auto check) {
    auto handle = client.OnMigrate(hook);
    check();
    CHECK(world.State() == before);
    handle.Remove();
  };
  const auto throws = [&](const std::string& text) {
    return [&, text] {
      CHECK(Thrown<Veto>([&] { client.Migrate(); }).what() == text);
      CHECK(Thrown<Veto>([&] { client.PlanMigration(); }).what() == text);
    };
  };
  vetoed([](Migration&, auto) { throw Veto("before"); }, throws("before"));
  vetoed([](Migration& m, auto next) { next(m), throw Veto("after"); }, throws("after"));
  vetoed([](Migration&, auto) {},
         [&] {
           const std::string text =
               "nothing was migrated: a migration hook did not call next, or kept to "
               "itself that it failed";
           CHECK(Thrown<MigrationError>([&] { client.Migrate(); }).what() == text);
           CHECK(Thrown<MigrationError>([&] { client.PlanMigration(); }).what() == text);
         });
  vetoed([](Migration& m, auto next) { next(m), next(m); },
         [&] { CHECK_THROWS_AS(client.Migrate(), grapnel::Error); });
  client.Migrate();
  CHECK(world.Raw("SELECT points FROM person") == Lines{"-7", "-7"});
}

TEST_CASE("B80 a migration that failed is not committed, whatever a hook makes of the error") {
  const bool again = GENERATE(false, true);
  const World world;
  unique_marks = true;
  const auto before = world.State();
  const auto client = Open<Town, Marked>(world.file);
  REQUIRE(client.PlanMigration().Statements().front().starts_with("CREATE TABLE \"City\""));
  unique_marks = false;
  client.OnMigrate([&](Migration& m, auto next) {
    try {
      next(m);
    } catch (const MigrationError&) {
      if (again) next(m);  // from where it began, and as the first time
    }
  });
  try {
    client.Migrate();
    FAIL_CHECK("nothing was thrown");
  } catch (const MigrationError& error) {
    if (again) CHECK_THAT(error.what(), Catch::Contains("person.mark"));
  }
  CHECK(world.State() == before);
  CHECK_THROWS_WITH(client.PlanMigration(), Catch::Contains("person.mark"));
  unique_marks = true;
  client.Migrate();
  CHECK(client.PlanMigration().Statements() == Lines{});
}

TEST_CASE(
    "B80 B70 the base client is refused inside a migration, and Migrate inside of a transaction") {
  const bool memory = GENERATE(false, true);
  const World world;
  const auto client = Open<Old>(memory ? ":memory:" : world.file);
  client.Migrate();
  int tries = 0;
  const auto refused = [&] {
    ++tries;
    CHECK_THROWS_AS(client.Of<Old>().Query().Count(), TxError);
    CHECK_THROWS_AS(client.Of<Old>().Create().Set(F<&Old::name>, "x").Save(), TxError);
    CHECK_THROWS_AS(client.Tx(), TxError);
    CHECK_THROWS_AS(client.Migrate(), TxError);
    CHECK_THROWS_AS(client.PlanMigration(), TxError);
  };
  auto handle = client.OnMigrate([&](Migration& m, auto next) {
    refused();
    next(m);
    refused();
  });
  client.Migrate();
  client.PlanMigration();
  CHECK(tries == 4);
  handle.Remove();
  client.Migrate();  // the mark is gone

  client.WithTx([&](grapnel::Tx&) { refused(); });
  auto hook = client.Of<Old>().Use([&](grapnel::Mutation<Old>& m, grapnel::Next<Old> next) {
    CHECK_THROWS_AS(client.Migrate(), TxError);
    return next(m);
  });
  client.Of<Old>().Create().Set(F<&Old::name>, "Joan").Save();
  hook.Remove();
  client.Migrate();

  auto tx = client.Tx();
  std::thread([&] {
    if (memory && engine::HasMemory())
      CHECK_THROWS_AS(client.With(30ms).Migrate(), grapnel::CancelledError);
    std::stop_source stop;
    stop.request_stop();
    CHECK_THROWS_AS(client.With(stop.get_token()).Migrate(), grapnel::CancelledError);
  }).join();
  tx.Rollback();
  client.Migrate();
}

TEST_CASE("B80 B179 threads and processes that migrate one database at once all find it done") {
  const Scratch scratch;
  constexpr int kRounds = 5, kWorkers = 8;
  for (int round = 0; round < kRounds; ++round) {
    const std::string file = scratch.File("test" + std::to_string(round) + ".db");
    if (round % 2 == 1) {
      const auto old = Open<Old>(file);
      old.Migrate();
      old.Of<Old>().Create().Set(F<&Old::name>, "Ada").Save();
    }
    std::vector<pid_t> children;
    for (int i = 0; i < kWorkers; ++i) {
      const pid_t child = fork();
      if (child != 0) {
        children.push_back(child);
        continue;
      }
      try {
        const auto client = Open<Social, City>(file);
        client.Migrate();
        client.Of<Social>().Create().Set(F<&Social::name>, "child").Save();
        _exit(client.PlanMigration().Statements().empty() ? 0 : 2);
      } catch (const std::exception& error) {
        std::fprintf(stderr, "child: %s\n", error.what());
        _exit(1);
      }
    }
    for (const pid_t child : children) {
      int status = 0;
      REQUIRE(waitpid(child, &status, 0) == child);
      CHECK(status == 0);
    }
    std::atomic<int> done{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < kWorkers; ++i) {
      threads.emplace_back([&] {
        Open<Social, City>(file).Migrate();
        Open<Sorted>(scratch.File("other" + std::to_string(round) + ".db")).Migrate();
        ++done;
      });
    }
    for (auto& thread : threads) thread.join();
    CHECK(done == kWorkers);
    CHECK(RawRows(file, "SELECT count(*) FROM person") ==
          Lines{std::to_string(kWorkers + round % 2)});
    CHECK(engine::Tables(file) == Lines{"City", "person", "person_friends"});
    CHECK(engine::Indexes(file, "person") == Lines{"person_home_id|0|home_id"});
    CHECK(engine::Indexes(file, "person_friends").size() == 1);
    CHECK(engine::Broken(file) == Lines{});
  }
}
