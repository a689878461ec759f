#include <grapnel/store/sqlite/migrate/dialect.hpp>

#include "support/catch.hpp"

#include <string>

using grapnel::sqlite::detail::kMigrationDialect;

TEST_CASE("B80 SQLite takes all names but its own, empty ones and those with NUL") {
  CHECK_FALSE(kMigrationDialect.ObjectNameFault("t"));
  for (const std::string& name :
       {std::string("SQLITE_t"), std::string("pragma_t"), std::string(), std::string("a\0b", 3)}) {
    CHECK(kMigrationDialect.ObjectNameFault(name));
  }
  CHECK_FALSE(kMigrationDialect.ColumnNameFault("sqlite_t"));
  CHECK(kMigrationDialect.ColumnNameFault(""));
  CHECK(kMigrationDialect.Equal()("Name", "nAME"));
}

TEST_CASE("B95 a declared type fits where it keeps what a field holds") {
  CHECK(kMigrationDialect.Fits("BIGINT", "INTEGER"));
  CHECK(kMigrationDialect.Fits("DATETIME", "REAL"));
  CHECK_FALSE(kMigrationDialect.Fits("DATETIME", "TEXT"));
  CHECK(kMigrationDialect.CommentText("of */ it") == " /* of *  it */");
}
