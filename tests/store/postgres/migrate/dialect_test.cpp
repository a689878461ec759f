#include <grapnel/store/postgres/migrate/dialect.hpp>

#include "support/catch.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace pg = grapnel::postgres::detail;
using grapnel::FieldValue;

TEST_CASE("B95 PostgreSQL takes names of 63 bytes, and tells a name from one of other letters") {
  const auto& dialect = pg::kMigrationDialect;
  CHECK_FALSE(dialect.Equal()("Name", "name"));
  CHECK_FALSE(dialect.ObjectNameFault(std::string(63, 'a')));
  CHECK(dialect.ObjectNameFault(std::string(64, 'a')) == ", whose names have at most 63 bytes");
  CHECK(dialect.KeyNameFault(std::string(64, 'a')));
  CHECK(dialect.ObjectNameFault("pg_class"));
  CHECK_FALSE(dialect.ColumnNameFault("pg_class"));
  CHECK(dialect.ColumnNameFault(""));
}

TEST_CASE("B95 a type fits where it keeps all values, and is read where it keeps most") {
  const auto& dialect = pg::kMigrationDialect;
  CHECK(dialect.Fits("bigint", dialect.TypeName(grapnel::FieldKind::Int)));
  CHECK_FALSE(dialect.Fits("integer", "BIGINT"));
  CHECK(dialect.Reads("integer", "BIGINT"));
  CHECK_FALSE(dialect.Reads("text", "BIGINT"));
  CHECK(dialect.Fits("boolean", dialect.TypeName(grapnel::FieldKind::Bool)));
  CHECK(dialect.Fits("bytea", dialect.TypeName(grapnel::FieldKind::Blob)));
  CHECK(dialect.Reads("character varying(20)", "TEXT"));
}

TEST_CASE("B162 a value stands in PostgreSQL's SQL so that it is read back as the same") {
  const auto text = [](const FieldValue& value) {
    return grapnel::store::sql::LiteralText(pg::kMigrationDialect, value);
  };
  CHECK(text(true) == "TRUE");
  CHECK(text(std::string("it's")) == "'it''s'");
  CHECK(text(FieldValue::Bytes{std::byte{0}, std::byte{0xAF}}) == R"('\x00AF'::bytea)");
  CHECK(text(-std::numeric_limits<double>::infinity()) == "'-Infinity'::double precision");
  CHECK_THROWS_AS(text(std::string("a\0b", 3)), grapnel::MigrationError);
  const std::vector<FieldValue> values{FieldValue(std::int64_t{1}), FieldValue(std::int64_t{2})};
  CHECK(grapnel::store::sql::ListText(pg::kMigrationDialect, values) == "ARRAY[1, 2]");
  CHECK(pg::kMigrationDialect.IndexedText("a", true) == R"("a" NULLS FIRST)");
  CHECK(pg::kMigrationDialect.IndexedText("a", false) == R"("a")");
}
