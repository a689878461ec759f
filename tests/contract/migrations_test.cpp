// B80, B131-B134, B179: migrations that any engine makes. What SQLite's tables can be, and what
// becomes of those that others made there, the tests migrate_* say.
#include "contract/fixture.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace migrations {

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
  std::string name;
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
/// The first version with what its rows may be in the way of.
template <int Case>
struct Less {
  std::int64_t id = 0;
  std::string name;
  std::int64_t age = 0;
  std::string code{};
};
enum { kUniqueAge, kRequired, kThrows };

inline std::atomic<int> calls{0};
inline std::string NextCode() { return "code " + std::to_string(++calls); }
inline std::string Fails() { throw std::runtime_error("no more codes"); }

}  // namespace migrations

template <>
struct grapnel::Schema<migrations::Person1> {
  static constexpr std::string_view Type = "Person";
  static constexpr std::string_view Table = "People";
  static constexpr auto Fields() {
    using migrations::Person1;
    return grapnel::Fields(Field<&Person1::id>("id").NeverReuse(),
                           Field<&Person1::name>("name").Unique(), Field<&Person1::age>("age"));
  }
  static constexpr auto Edges() {
    using migrations::Person1;
    return grapnel::Edges(To<&Person1::books>("books").OnDelete(Cascade),
                          To<&Person1::friends>("friends"));
  }
  static constexpr auto Indexes() {
    using migrations::Person1;
    return grapnel::Indexes(Index<&Person1::age, &Person1::name>());
  }
};
template <>
struct grapnel::Schema<migrations::Book1> {
  static constexpr std::string_view Type = "Book";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&migrations::Book1::title>("title"));
  }
  static constexpr auto Edges() {
    return grapnel::Edges(
        From<&migrations::Book1::author>("author").Ref<&migrations::Person1::books>().Required());
  }
};
template <>
struct grapnel::Schema<migrations::Person2> {
  static constexpr std::string_view Type = "Person";
  static constexpr std::string_view WasNamed = "People";
  static constexpr auto Fields() {
    using migrations::Person2;
    return grapnel::Fields(Field<&Person2::id>("id").NeverReuse(),
                           Field<&Person2::name>("name").Unique(),
                           Field<&Person2::years>("years").WasNamed("age"),
                           Field<&Person2::code>("code").Default(migrations::NextCode),
                           Field<&Person2::motto>("motto"));
  }
  static constexpr auto Edges() {
    using migrations::Person2;
    return grapnel::Edges(To<&Person2::books>("books").OnDelete(Cascade),
                          To<&Person2::mates>("mates").WasNamed("friends"));
  }
  static constexpr auto Indexes() {
    using migrations::Person2;
    return grapnel::Indexes(Index<&Person2::years, &Person2::name>());
  }
};
template <>
struct grapnel::Schema<migrations::Book2> {
  static constexpr std::string_view Type = "Book";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&migrations::Book2::heading>("heading").WasNamed("title"));
  }
  static constexpr auto Edges() {
    return grapnel::Edges(
        From<&migrations::Book2::writer>("writer").Ref<&migrations::Person2::books>().WasNamed(
            "author"));
  }
};
template <int Case>
struct grapnel::Schema<migrations::Less<Case>> {
  static constexpr std::string_view Type = "Person";
  static constexpr std::string_view Table = "People";
  static constexpr auto Fields() {
    using Less = migrations::Less<Case>;
    if constexpr (Case == migrations::kUniqueAge) {
      return grapnel::Fields(Field<&Less::name>("name"), Field<&Less::age>("age").Unique());
    } else if constexpr (Case == migrations::kRequired) {
      return grapnel::Fields(Field<&Less::name>("name").Unique(), Field<&Less::age>("age"),
                             Field<&Less::code>("code"));
    } else {
      return grapnel::Fields(Field<&Less::name>("name").Unique(), Field<&Less::age>("age"),
                             Field<&Less::code>("code").Default(migrations::Fails));
    }
  }
};

namespace {

using engine::Open;
using grapnel::F;
using grapnel::MigrationError;
using grapnel::store::Migration;
using namespace migrations;

/// Ada, who has a friend and a book, Grace, and one who is gone, in the first version.
struct World {
  Scratch scratch{};
  std::string file = scratch.File("test.db");

  World() {
    const auto client = Migrated<Person1, Book1>();
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
  Lines Raw(const RawSql& sql) const { return RawRows(file, sql); }
  /// The tables' columns, and the indexes.
  Lines State() const {
    return Raw(engine::Forms{
        "SELECT name, sql FROM sqlite_schema ORDER BY 1",
        "SELECT table_name || column_name || data_type || is_nullable AS of "
        "FROM information_schema.columns WHERE table_schema = current_schema() UNION ALL "
        "SELECT indexdef FROM pg_indexes WHERE schemaname = current_schema() ORDER BY of"});
  }
  /// Those that are not the engine's own.
  Lines Tables() const {
    Lines tables = engine::Tables(file);
    std::erase(tables, "sqlite_sequence");
    return tables;
  }
  Lines Indexes() const {
    return Raw(engine::Forms{
        "SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL ORDER BY name",
        "SELECT relname::text COLLATE \"C\" FROM pg_index JOIN pg_class ON pg_class.oid = "
        "indexrelid WHERE NOT indisprimary AND relnamespace = "
        "quote_ident(current_schema())::regnamespace ORDER BY 1"});
  }
  template <class... Es>
  grapnel::Database<Es...> Migrated() const {
    auto client = Open<Es...>(file);
    client.Migrate();
    CHECK(client.PlanMigration().Statements() == Lines{});
    CHECK(Open<Es...>(file).PlanMigration().Statements() == Lines{});
    return client;
  }
  template <class... Es>
  std::string Refusal() const {
    const auto client = Open<Es...>(file);
    const auto before = State();
    const std::string plan = Thrown<MigrationError>([&] { client.PlanMigration(); }).what();
    CHECK(Thrown<MigrationError>([&] { client.Migrate(); }).what() == plan);
    CHECK(State() == before);
    return plan;
  }
};

/// What the steps do, in a word each.
Lines Kinds(const Migration& plan) {
  Lines kinds;
  for (const auto& step : plan.Steps()) {
    kinds.push_back(std::string(Name(step.kind)) + " " + step.table +
                    (step.name.empty() ? "" : "." + step.name) +
                    (step.was.empty() ? "" : " from " + step.was));
  }
  return kinds;
}

}  // namespace

TEST_CASE("B80 Migrate makes tables and indexes, and writes nothing the second time") {
  const World world;
  CHECK(world.Tables() == Lines{"Book", "People", "People_friends"});
  CHECK(world.Indexes() ==
        Lines{"Book_author_id", "People_age_name", "People_friends_friends_id", "People_name_key"});
  const auto before = world.State();
  world.Migrated<Person1, Book1>();
  CHECK(world.State() == before);
  CHECK(Open<Person1, Book1>(world.file).Of<Person1>().Query().Count() == 2);
}

TEST_CASE("B80 Migrate adds what is missing and keeps what is there") {
  const World world;
  world.Raw("DROP TABLE Book");
  world.Raw(engine::Forms{"DROP INDEX People_age_name", "DROP INDEX \"People_age_name\""});
  const auto client = Open<Person1, Book1>(world.file);
  CHECK_THROWS_AS(client.Of<Book1>().Query().All(), grapnel::SchemaError);
  CHECK(Kinds(client.PlanMigration()) == Lines{"create table Book",
                                               "create index People.People_age_name",
                                               "create index Book.Book_author_id"});
  client.Migrate();
  CHECK(client.Of<Book1>().Query().Count() == 0);
  CHECK(client.Of<Person1>().Query().Count() == 2);
}

TEST_CASE("B131 rows in the way are found by plan and migration alike, and nothing is changed") {
  const World world;
  CHECK_THAT(world.Refusal<Less<kUniqueAge>>(), Catch::Contains("alike in People.age"));
  CHECK_THAT(world.Refusal<Less<kRequired>>(), Catch::Contains("code: it is required and has no"));
}

TEST_CASE("B132 a Default that throws leaves the database as it was, and the client goes on") {
  const World world;
  const auto before = world.State();
  const auto client = Open<Less<kThrows>>(world.file);
  CHECK_THROWS_WITH(client.Migrate(), "no more codes");
  CHECK_THROWS_AS(client.Migrate(), std::runtime_error);
  CHECK(world.State() == before);
  CHECK(Open<Person1, Book1>(world.file).Of<Person1>().Query().Count() == 2);
}

TEST_CASE("B133 an index that nobody asks for any more is dropped, and one is made unique") {
  const World world;
  world.Raw("UPDATE People SET age = id");
  world.Migrated<Less<kUniqueAge>>();
  const Lines indexes = world.Indexes();
  CHECK(std::ranges::find(indexes, "People_age_key") != indexes.end());
  CHECK(std::ranges::find(indexes, "People_age_name") == indexes.end());
  CHECK(std::ranges::find(indexes, "People_name_key") == indexes.end());
}

TEST_CASE("B134 Migrate with nothing to do waits for nobody's rows") {
  const World world;
  const auto client = Open<Person1, Book1>(world.file);
  auto tx = client.Tx();
  tx.Of<Person1>().Update().Set(F<&Person1::age>, 1).Save();
  std::thread([&] {
    CHECK_NOTHROW(
        (Open<Person1, Book1>(world.file).With(std::chrono::milliseconds(2000)).Migrate()));
  }).join();
  tx.Commit();
  CHECK(client.Of<Person1>().Query().Count() == 2);
}

TEST_CASE("B80 B179 clients that migrate one new database at once all find it done") {
  for (int round = 0; round < 3; ++round) {
    const Scratch scratch;
    const std::string file = scratch.File("test.db");
    if (round == 2) Open<Person1, Book1>(file).Migrate();
    std::mutex mutex;
    Lines failures;
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&, i] {
        try {
          const auto client = Open<Person2, Book2>(file);
          client.Migrate();
          client.Of<Person2>()
              .Create()
              .Set(F<&Person2::name>, std::to_string(i))
              .Set(F<&Person2::years>, 1)
              .Save();
        } catch (const std::exception& error) {
          const std::scoped_lock lock(mutex);
          failures.emplace_back(error.what());
        }
      });
    }
    for (auto& thread : threads) thread.join();
    CHECK(failures == Lines{});
    CHECK(Open<Person2, Book2>(file).Of<Person2>().Query().Count() == 8);
  }
}
