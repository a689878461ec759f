#include <grapnel/store/postgres/migrate/steps.hpp>

#include "store/postgres/migrate/database.hpp"
#include "support/catch.hpp"

#include <string>
#include <vector>

namespace pg = grapnel::postgres::detail;
using grapnel::MigrationError;
using grapnel::store::StepKind;
using Texts = std::vector<std::string>;

namespace {

struct Steps : Database {
  using Database::Database;
  void Step(StepKind kind, Texts statements, const std::string& name = "") {
    pg::StepRunner(native, refusals, fills).Run({kind, "t", name, "", "", std::move(statements)});
  }
  Texts Comments(const std::string& what) {
    return Rows(
        "SELECT a.attname::text, col_description(a.attrelid, a.attnum) FROM pg_attribute "
        "AS a WHERE a.attrelid = '" +
        what + "'::regclass AND a.attnum > 0 ORDER BY a.attnum");
  }
  pg::Refusals refusals;
  pg::Fills fills;
};

}  // namespace

TEST_CASE("B161 what is made on PostgreSQL bears a mark behind its comment") {
  Steps db;
  db.Step(StepKind::CreateTable,
          {"CREATE TABLE t (id BIGINT PRIMARY KEY, a TEXT)", "COMMENT ON COLUMN t.a IS 'words'"});
  db.Step(StepKind::AddColumn, {"ALTER TABLE t ADD COLUMN b TEXT"}, "b");
  CHECK(db.Comments("t") == Texts{"id|/*Grapnel*/", "a|words /*Grapnel*/", "b|/*Grapnel*/"});
  db.Step(StepKind::CreateIndex, {"CREATE INDEX i ON t (a) WHERE \"b\" IS NULL"}, "i");
  const pg::Catalog catalog(db.native);
  const auto& stored = catalog.FindIndex("i")->stored;
  CHECK((stored.made && stored.plain && stored.partial && stored.where == "\"b\" IS NULL"));
  db.Run("ALTER TABLE t RENAME COLUMN b TO c");
  const pg::Catalog renamed(db.native);
  CHECK((renamed.FindIndex("i")->stored.made && renamed.FindIndex("i")->stored.where.empty()));
}

TEST_CASE("B80 a statement that the rows break on PostgreSQL says what was planned for it") {
  Steps db({"CREATE TABLE t (a INTEGER)", "INSERT INTO t VALUES (1), (1)"});
  const std::string index = "CREATE UNIQUE INDEX i ON t (a)";
  CHECK_THROWS_WITH(db.Step(StepKind::CreateIndex, {index}, "i"),
                    Catch::Contains(": the rows that are there break what the schema asks for"));
  db.refusals.emplace(index, "as planned");
  CHECK_THROWS_WITH(db.Step(StepKind::CreateIndex, {index}, "i"), "as planned");
  CHECK_THROWS_WITH(
      db.Step(StepKind::DropIndex, {"DROP INDEX j"}, "j"),
      Catch::StartsWith("cannot drop index \"t\".\"j\": PostgreSQL says of DROP INDEX "
                        "j: index \"j\" does not exist") &&
          Catch::EndsWith("Nothing was changed"));
}
