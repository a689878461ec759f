#include <grapnel/store/postgres/migrate/planner.hpp>

#include <grapnel/schema/schema.hpp>

#include "store/postgres/migrate/database.hpp"
#include "support/catch.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postgres_planner {

struct Note;

struct Person {
  std::int64_t id = 0;
  std::string name;
  std::optional<std::int64_t> age{};
  double score = 0;
  bool active = false;
  std::vector<std::byte> photo{};
  grapnel::Many<Note> notes{};
  grapnel::Many<Person> friends{};
};
struct Note {
  std::string id;
  std::string text;
  grapnel::One<Person> writer{};
};

/// What became of Person.
inline std::int64_t given = 0;
struct Later {
  std::int64_t id = 0;
  std::optional<std::string> called{};
  double age = 0;
  std::int64_t number = 0;
  bool fresh = false;
};

}  // namespace postgres_planner

template <>
struct grapnel::Schema<postgres_planner::Person> {
  static constexpr std::string_view Type = "Person";
  static constexpr auto Fields() {
    using postgres_planner::Person;
    return grapnel::Fields(Field<&Person::name>("name").Unique(),
                           Field<&Person::age>("age").Comment("in 'years'"),
                           Field<&Person::score>("score"), Field<&Person::active>("active"),
                           Field<&Person::photo>("photo"));
  }
  static constexpr auto Edges() {
    using postgres_planner::Person;
    return grapnel::Edges(To<&Person::notes>("notes").OnDelete(Cascade),
                          To<&Person::friends>("friends"));
  }
  static auto Indexes() {
    using postgres_planner::Person;
    return grapnel::Indexes(Index<&Person::age>().Where(F<&Person::active> == true));
  }
};
template <>
struct grapnel::Schema<postgres_planner::Note> {
  static constexpr std::string_view Type = "Note";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&postgres_planner::Note::text>("text"));
  }
  static constexpr auto Edges() {
    using postgres_planner::Note;
    return grapnel::Edges(From<&Note::writer>("writer").Ref<&postgres_planner::Person::notes>());
  }
};
template <>
struct grapnel::Schema<postgres_planner::Later> {
  static constexpr std::string_view Type = "Later";
  static constexpr std::string_view Table = "later";
  static constexpr std::string_view WasNamed = "earlier";
  static constexpr auto Fields() {
    using postgres_planner::Later;
    return grapnel::Fields(
        Field<&Later::called>("called").WasNamed("name"), Field<&Later::age>("age"),
        Field<&Later::number>("number").Unique().Default([] { return ++postgres_planner::given; }),
        Field<&Later::fresh>("fresh").Default(true));
  }
};

namespace {

namespace pg = grapnel::postgres::detail;
using grapnel::detail::kTable;
using grapnel::store::StepKind;
using Tables = std::vector<const grapnel::detail::Table*>;
using Texts = std::vector<std::string>;

struct Migrated : Database {
  using Database::Database;
  grapnel::store::Plan Plan(const Tables& tables, grapnel::Allow allowed = grapnel::Allow{}) {
    return pg::PostgresPlanner(native, true, tables).Plan(allowed).plan.plan;
  }
  std::vector<StepKind> Migrate(const Tables& tables, grapnel::Allow allowed = grapnel::Allow{}) {
    const auto made = pg::PostgresPlanner(native, false, tables).Plan(allowed);
    std::vector<StepKind> kinds;
    for (const auto& step : made.plan.plan.steps) {
      kinds.push_back(step.kind);
      pg::StepRunner(native, made.plan.refusals, made.fills).Run(step);
    }
    CHECK(Plan(tables, allowed).steps.empty());
    return kinds;
  }
};

const Tables kAll{&kTable<postgres_planner::Person>, &kTable<postgres_planner::Note>};

}  // namespace

TEST_CASE("B80 a new database gets its tables, keys and indexes, and a second look finds them") {
  Migrated db;
  db.Migrate(kAll);
  CHECK(db.Rows("SELECT attname::text, format_type(atttypid, atttypmod), attnotnull::text, "
                "attidentity::text FROM pg_attribute WHERE attrelid = '\"Person\"'::regclass AND "
                "attnum > 0 ORDER BY attnum") ==
        Texts{"id|bigint|true|d", "name|text|true|", "age|bigint|false|",
              "score|double precision|true|", "active|boolean|true|", "photo|bytea|true|"});
  CHECK(db.Rows("SELECT conname::text, confdeltype::text, condeferrable::text, condeferred::text "
                "FROM pg_constraint WHERE contype = 'f' AND connamespace = "
                "current_schema()::regnamespace ORDER BY 1") ==
        Texts{"Note_writer_id_fkey|c|true|false", "Person_friends_Person_id_fkey|c|true|false",
              "Person_friends_friends_id_fkey|c|true|false"});
  CHECK(db.Rows("SELECT col_description('\"Person\"'::regclass, 3)") ==
        Texts{"in 'years' /*Grapnel*/"});
  CHECK(db.Rows("SELECT indexdef FROM pg_indexes WHERE indexname = 'Person_age'")
            .front()
            .find("(age NULLS FIRST) WHERE (active = true)") != std::string::npos);
}

TEST_CASE("B160 B132 columns are renamed, widened, freed and filled, and the rows stay") {
  Migrated db(
      {"CREATE TABLE earlier (id BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, name "
       "TEXT NOT NULL, age INTEGER NOT NULL)",
       "INSERT INTO earlier (name, age) SELECT 'n' || n, n FROM generate_series(1, 2500) "
       "AS n",
       "CREATE FUNCTION veto() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION "
       "''no''; END'",
       "CREATE TRIGGER veto BEFORE UPDATE ON earlier FOR EACH ROW EXECUTE FUNCTION veto()"});
  CHECK(db.Migrate({&kTable<postgres_planner::Later>}) ==
        std::vector<StepKind>{StepKind::RenameTable, StepKind::RenameColumn, StepKind::AddColumn,
                              StepKind::AddColumn, StepKind::FillColumns, StepKind::ChangeTable,
                              StepKind::RebuildTable, StepKind::CreateIndex});
  CHECK(db.Rows("SELECT count(*)::text, count(DISTINCT number)::text, bool_and(fresh)::text, "
                "sum(age)::text FROM later") == Texts{"2500|2500|true|3126250"});
  CHECK(db.Rows("SELECT column_name::text FROM information_schema.columns WHERE table_schema = "
                "current_schema() AND column_default IS NOT NULL") == Texts{});
  CHECK(db.Rows("SELECT tgenabled::text FROM pg_trigger WHERE tgname = 'veto'") == Texts{"O"});
}

TEST_CASE("B161 what PostgreSQL would drop along is not dropped where it is somebody else's") {
  Migrated db;
  db.Migrate(kAll);
  const Tables none{&kTable<postgres_planner::Later>};
  CHECK(db.Plan(none).leftovers.size() == 3);
  db.Run("CREATE VIEW theirs AS SELECT name FROM \"Person\"");
  CHECK_THROWS_WITH(db.Plan(none, grapnel::Allow::Drop),
                    "cannot drop table \"Person\": view \"theirs\" uses it. Nothing was changed");
  db.Run("DROP VIEW theirs");
  db.Migrate(none, grapnel::Allow::Drop);
  CHECK(db.Rows("SELECT relname::text FROM pg_class WHERE relnamespace = "
                "current_schema()::regnamespace AND relkind = 'r'") == Texts{"later"});
}

TEST_CASE("B179 a schema that is not there is told, and a name that would be cut is refused") {
  Migrated db({"SET search_path TO nowhere_at_all"});
  CHECK_THROWS_WITH(db.Plan(kAll), Catch::StartsWith("no schema of the search_path is there"));
}
