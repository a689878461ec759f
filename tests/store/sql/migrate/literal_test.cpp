#include <grapnel/store/sql/migrate/literal.hpp>

#include <grapnel/store/sqlite/migrate/dialect.hpp>

#include "support/catch.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>

namespace sqlite = grapnel::store::sql;
using grapnel::FieldValue;

TEST_CASE("B162 a value stands in SQL so that it is read back as the same") {
  using Whole = std::numeric_limits<std::int64_t>;
  CHECK(sqlite::LiteralText(grapnel::sqlite::detail::kMigrationDialect, FieldValue()) == "NULL");
  CHECK(sqlite::LiteralText(grapnel::sqlite::detail::kMigrationDialect, true) == "1");
  CHECK(sqlite::LiteralText(grapnel::sqlite::detail::kMigrationDialect, Whole::min()) ==
        "-9223372036854775808");
  CHECK(sqlite::LiteralText(grapnel::sqlite::detail::kMigrationDialect, 3.0) == "3.0");
  CHECK(sqlite::LiteralText(grapnel::sqlite::detail::kMigrationDialect, 0.1) == "0.1");
  CHECK(sqlite::LiteralText(grapnel::sqlite::detail::kMigrationDialect, -1e300) == "-1e+300");
  CHECK(sqlite::LiteralText(grapnel::sqlite::detail::kMigrationDialect,
                            std::numeric_limits<double>::infinity()) == "9e999");
  CHECK(sqlite::LiteralText(grapnel::sqlite::detail::kMigrationDialect, std::string("it's")) ==
        "'it''s'");
  CHECK(sqlite::LiteralText(grapnel::sqlite::detail::kMigrationDialect, std::string("a\0b", 3)) ==
        "CAST(X'610062' AS TEXT)");
  CHECK(sqlite::LiteralText(grapnel::sqlite::detail::kMigrationDialect,
                            FieldValue::Bytes{std::byte{0}, std::byte{0xAF}}) == "X'00AF'");
  CHECK(sqlite::LiteralText(grapnel::sqlite::detail::kMigrationDialect, FieldValue::Bytes{}) ==
        "X''");
}
