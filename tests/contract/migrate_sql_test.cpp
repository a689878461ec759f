// B163: SQL of a migration hook's own, and a process that is killed in the middle of a migration.
#include "contract/fixture.hpp"
#include "support/catch.hpp"
#include "support/engine/catalog.hpp"
#include "support/engine/traits.hpp"

#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hooked {

/// The first version, and the second.
struct Old {
  std::int64_t id = 0;
  std::string name;
  std::int64_t age = 0;
  std::string gone;
};
struct New {
  std::int64_t id = 0;
  std::string full_name;
  double age = 0;
  std::optional<std::string> first{};
};

}  // namespace hooked

template <>
struct grapnel::Schema<hooked::Old> {
  static constexpr std::string_view Type = "Person";
  static constexpr std::string_view Table = "people";
  static constexpr auto Fields() {
    using hooked::Old;
    return grapnel::Fields(Field<&Old::name>("name").Unique(), Field<&Old::age>("age"),
                           Field<&Old::gone>("gone").Default("x"));
  }
};
template <>
struct grapnel::Schema<hooked::New> {
  static constexpr std::string_view Type = "Person";
  static constexpr std::string_view WasNamed = "people";
  static constexpr auto Fields() {
    using hooked::New;
    return grapnel::Fields(Field<&New::full_name>("full_name").Unique().WasNamed("name"),
                           Field<&New::age>("age"), Field<&New::first>("first"));
  }
};

namespace {

using engine::Open;
using grapnel::Allow;
using grapnel::F;
using grapnel::MigrationError;
using grapnel::SqlError;
using grapnel::store::Migration;
using grapnel::store::StepKind;
using namespace hooked;

struct World {
  Scratch scratch{};
  std::string file = scratch.File("test.db");

  /// A copy of one that nobody has open.
  World(const World& other) {
    if (engine::Current() == engine::Kind::Postgres) {
      Fill();
    } else {
      std::filesystem::copy_file(other.file, file);
    }
  }
  World() { Fill(); }
  void Fill() {
    const auto client = Open<Old>(file);
    client.Migrate();
    client.Of<Old>()
        .CreateBulk(std::vector<Old>{{0, "Ada Lovelace", 36, "a"}, {0, "Grace Hopper", 40, "b"}})
        .Save();
  }
  Lines Raw(const RawSql& sql) const { return RawRows(file, sql); }
  Lines State() const {
    Lines state = engine::Described(file);
    for (const auto& table : engine::Tables(file)) {
      if (table != "people" && table != "Person") continue;
      for (auto& row : Raw("SELECT * FROM " + table)) state.push_back(std::move(row));
    }
    return state;
  }
};

/// The engine's own SQL: names in quotes, parameters as it writes them.
std::string Own(std::string sql) {
  if (engine::Current() == engine::Kind::Postgres) std::replace(sql.begin(), sql.end(), '?', '$');
  return sql;
}
std::string Split() {
  return engine::Forms{
      "UPDATE \"Person\" SET first = substr(full_name, 1, instr(full_name, ' ') - 1)",
      "UPDATE \"Person\" SET first = split_part(full_name, ' ', 1)"}
      .Text();
}

// A child costs much where memory is watched: then not every statement has its turn.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int kStride = 7;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr int kStride = 7;
#else
constexpr int kStride = 1;
#endif
#else
constexpr int kStride = 1;
#endif

}  // namespace

TEST_CASE("B163 a hook runs SQL of its own before and after, in the migration's transaction") {
  const World world;
  const auto client = Open<New>(world.file);
  Lines first_words;
  auto handle = client.OnMigrate([&](Migration& m, auto next) {
    if (m.IsDryRun()) {
      CHECK(m.Sql("SELECT count(*) FROM people").As<std::int64_t>().front() == 2);
      CHECK(m.Sql("UPDATE people SET age = 0").Rows().empty());
      CHECK(m.Sql("SELECT full_name FROM \"Person\"").Rows().empty());  // not yet
      next(m);
      CHECK(m.Sql(Split()).Changes() == 0);
      CHECK(m.Sql("SELECT count(*), 'a' FROM \"Person\"").As<int, std::string>().empty());
      return;
    }
    if (!m.HasStep(StepKind::RenameTable, "Person")) return next(m);
    CHECK(m.HasStep(StepKind::RenameColumn, "Person", "full_name"));
    CHECK_FALSE(m.HasStep(StepKind::RenameColumn, "Person", "name"));
    CHECK_FALSE(m.HasStep(StepKind::RenameTable, "people"));
    const auto steps = m.Steps().size();
    CHECK(m.Sql(Own("UPDATE people SET age = age + ?1 WHERE name = ?2"), 1, "Ada Lovelace")
              .Changes() == 1);
    m.Sql(Own("DELETE FROM people WHERE age > ?1"), 39);
    m.Sql("CREATE TABLE theirs (x INTEGER)");
    next(m);
    CHECK(m.Steps().size() == steps);
    CHECK(m.Sql(Split()).Changes() == 1);
    for (auto& word : m.Sql("SELECT first FROM \"Person\"").template As<std::string>()) {
      first_words.push_back(std::move(word));
    }
  });
  const auto before = world.State();
  client.PlanMigration(Allow::Drop);
  CHECK(world.State() == before);
  client.Migrate(Allow::Drop);
  handle.Remove();
  CHECK(first_words == Lines{"Ada"});
  CHECK(world.Raw("SELECT id, full_name, age, first FROM Person") ==
        Lines{"1|Ada Lovelace|37.0|Ada"});
  CHECK(client.PlanMigration(Allow::Drop).Leftovers().empty());  // theirs is not ours
  CHECK(client.Of<New>().Get(1).first == "Ada");
}

TEST_CASE("B163 a hook may mend rows that stand in the way") {
  const World world;
  world.Raw("DROP INDEX people_name_key");
  world.Raw("INSERT INTO people (name, age, gone) VALUES ('Ada Lovelace', 9007199254740993, '')");
  const auto client = Open<New>(world.file);
  const auto before = world.State();
  CHECK_THROWS_AS(client.Migrate(Allow::Drop), MigrationError);
  CHECK_THROWS_AS(client.PlanMigration(Allow::Drop), MigrationError);
  std::size_t hindrances = 0;
  bool mends = false;
  client.OnMigrate([&](Migration& m, auto next) {
    hindrances = m.Hindrances().size();
    if (mends) m.Sql(Own("DELETE FROM people WHERE age > ?1"), 100);
    next(m);
    if (!m.IsDryRun()) CHECK(m.Hindrances().empty());
  });
  CHECK_THROWS_WITH(client.Migrate(Allow::Drop), Catch::Contains("Nothing was changed"));
  CHECK(hindrances == 2);  // too large to be a real, and alike
  CHECK(world.State() == before);
  mends = true;
  CHECK(client.PlanMigration(Allow::Drop).Hindrances().size() ==
        2);  // what it would mend nobody knows
  CHECK(world.State() == before);
  client.Migrate(Allow::Drop);
  CHECK(world.Raw("SELECT id, full_name, age FROM Person ORDER BY id") ==
        Lines{"1|Ada Lovelace|36.0", "2|Grace Hopper|40.0"});
}

TEST_CASE("B163 what a hook's SQL changes of the schema, the plan is made of") {
  const World world;
  const auto client = Open<New>(world.file);
  Lines before, after;
  const auto note = [](const Migration& m, Lines& to) {
    for (const auto& step : m.Steps()) to.push_back(std::string(Name(step.kind)));
  };
  client.OnMigrate([&](Migration& m, auto next) {
    note(m, before);
    m.Sql("ALTER TABLE people RENAME TO \"Person\"");
    m.Sql("ALTER TABLE \"Person\" DROP COLUMN gone");
    next(m);
    note(m, after);
  });
  client.Migrate(Allow::Drop);
  // On PostgreSQL keys hold all the time.
  const bool checks = engine::Current() == engine::Kind::Sqlite;
  const auto without = [&](Lines kinds) {
    if (!checks) std::erase(kinds, "check keys");
    return kinds;
  };
  CHECK(before == without({"rename table", "rename column", "drop index", "add column",
                           "rebuild table", "check keys", "drop column", "create index"}));
  Lines kinds{"rename column", "add column", "rebuild table", "check keys"};
  // PostgreSQL's index of the old name keeps unique what is to be unique, and is taken for it.
  if (checks) kinds.emplace_back("create index");
  CHECK(after == without(kinds));
  CHECK(world.Raw("SELECT * FROM Person ORDER BY id") ==
        Lines{"1|Ada Lovelace|36.0|NULL", "2|Grace Hopper|40.0|NULL"});
}

TEST_CASE("B163 SQL that fails, and a hook that throws behind it, change nothing") {
  const World world;
  const auto client = Open<New>(world.file);
  const auto before = world.State();
  const auto fails = [&](auto hook) {
    auto handle = client.OnMigrate(hook);
    std::string said;
    try {
      client.Migrate(Allow::Drop);
    } catch (const std::exception& error) {
      said = error.what();
    }
    handle.Remove();
    CHECK(world.State() == before);
    return said;
  };
  CHECK_THAT(fails([](Migration& m, auto next) {
               m.Sql("UPDATE people SET age = 0");
               m.Sql("UPDATE nowhere SET age = 0");
               next(m);
             }),
             Catch::Contains("nowhere"));
  CHECK_THAT(fails([](Migration& m, auto next) {
               next(m);
               m.Sql("UPDATE \"Person\" SET full_name = 'one'");
             }),
             Catch::Contains("full_name"));
  CHECK(fails([](Migration& m, auto next) {
          next(m);
          m.Sql(Split());
          throw std::runtime_error("no");
        }) == "no");
  CHECK_THAT(fails([](Migration& m, auto next) {
               m.Sql("CREATE TABLE \"Person\" (id INTEGER PRIMARY KEY)");
               next(m);
             }),
             Catch::Contains("there are both \"people\", which it WasNamed"));
  if (engine::TriggersEndTransactions())
    CHECK_THAT(fails([](Migration& m, auto next) {
                 try {
                   m.Sql("INSERT OR ROLLBACK INTO people SELECT * FROM people");
                 } catch (const grapnel::Error&) {
                 }
                 next(m);
               }),
               Catch::Contains("transaction"));
  const std::vector<std::string> refused{
      "COMMIT", engine::Forms{"PRAGMA user_version = 3", "ROLLBACK"}.Text(), "SELECT 1; SELECT 2"};
  for (const std::string& sql : refused) {
    CHECK_THAT(fails([&](Migration& m, auto next) {
                 next(m);
                 m.Sql(sql);
               }),
               !Catch::Equals(""));
  }
  std::optional<Migration> kept;
  client.OnMigrate([&](Migration& m, auto next) {
    next(m);
    kept = m;
  });
  auto plan = client.PlanMigration(Allow::Drop);
  CHECK_THROWS_AS(plan.Sql("SELECT 1"), grapnel::TxError);
  CHECK_THROWS_AS(kept->Sql("SELECT 1"), grapnel::TxError);
  client.Migrate(Allow::Drop);
  CHECK(world.Raw("SELECT full_name, age FROM Person ORDER BY id") ==
        Lines{"Ada Lovelace|36.0", "Grace Hopper|40.0"});
}

TEST_CASE("B163 where the database fits, a hook's SQL writes all the same, if it writes") {
  const World world;
  const auto client = Open<Old>(world.file);
  client.OnMigrate([](Migration& m, auto next) {
    CHECK(m.Sql("SELECT count(*) FROM people").As<std::int64_t>().front() == 2);
    next(m);
    m.Sql("UPDATE people SET age = age + 1");
  });
  client.Migrate();
  CHECK(world.Raw("SELECT age FROM people ORDER BY id") == Lines{"37", "41"});
  const auto memory = Open<Old>(":memory:");
  memory.OnMigrate([](Migration& m, auto next) {
    next(m);
    m.Sql(
        "INSERT INTO people (name, age, gone) SELECT 'Joan', 1, '' WHERE NOT EXISTS (SELECT 1 "
        "FROM people)");
  });
  memory.Migrate();
  memory.Migrate();
  CHECK(memory.Of<Old>().Query().Count() == 1);
}

TEST_CASE("B163 a migration whose server ends it leaves the old schema, and the next one the new") {
  if (engine::Current() == engine::Kind::Sqlite) return;  // which is no server
  const World world;
  const auto before = world.State();
  const auto client = Open<New>(world.file);
  auto handle = client.OnMigrate([](Migration& m, auto next) {
    next(m);
    m.Sql("SELECT pg_terminate_backend(pg_backend_pid())");
  });
  CHECK(Thrown<grapnel::StorageError>([&] { client.Migrate(Allow::Drop); }).Kind() ==
        grapnel::StorageKind::Connection);
  CHECK(world.State() == before);
  handle.Remove();
  client.Migrate(Allow::Drop);
  CHECK(client.Of<New>().Get(1).full_name == "Ada Lovelace");
}

TEST_CASE("B163 a migration that is killed at any statement leaves the old schema or the new") {
  int killed = 0;
  bool done = false;
  const World whole;
  const auto before = whole.State();
  for (int at = 1; !done; at += kStride) {
    INFO("at statement " << at);
    const World world(whole);
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      try {
        int left = at;
        const auto client = Open<New>(world.file);
        client.OnMigrate([](Migration& m, auto next) {
          next(m);
          m.Sql(Split());
        });
        client
            .Debug([&](std::string_view sql) {  // of those that do not only look
              if (!sql.starts_with("SELECT") && --left == 0) kill(getpid(), SIGKILL);
            })
            .Migrate(Allow::Drop);
        _exit(0);
      } catch (...) {
        _exit(1);
      }
    }
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    done = WIFEXITED(status);
    if (done) {
      CHECK(WEXITSTATUS(status) == 0);
    } else {
      REQUIRE(WTERMSIG(status) == SIGKILL);
      ++killed;
    }
    const auto client = Open<New>(world.file);
    const auto old = Open<Old>(world.file);
    CHECK(engine::Broken(world.file) == Lines{});
    if (world.State() == before) {
      CHECK(old.PlanMigration().Statements().empty());
      CHECK(old.Of<Old>().Get(1).name == "Ada Lovelace");
    } else {
      CHECK_THROWS_AS(old.Of<Old>().Get(1), grapnel::SchemaError);
    }
    client.Migrate(Allow::Drop);
    const New ada = client.Of<New>().Get(1);
    CHECK((ada.full_name == "Ada Lovelace" && ada.age == 36.0));
    CHECK(client.PlanMigration(Allow::Drop).Statements().empty());
  }
  CHECK(killed > 15 / kStride);
}
