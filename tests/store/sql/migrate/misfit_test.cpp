#include <grapnel/store/sql/migrate/misfit.hpp>

#include <grapnel/schema/schema.hpp>
#include <grapnel/store/sqlite/migrate/dialect.hpp>

#include "support/catch.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace misfit_test {

struct Note {
  std::int64_t id = 0;
  std::string text;
};

}  // namespace misfit_test

template <>
struct grapnel::Schema<misfit_test::Note> {
  static constexpr std::string_view Type = "Note";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&misfit_test::Note::text>("text"));
  }
};

namespace {

using grapnel::store::sql::StoredColumn;

void Verify(const std::vector<StoredColumn>& stored) {
  grapnel::store::sql::VerifyTable(grapnel::detail::kTable<misfit_test::Note>, stored,
                                   grapnel::sqlite::detail::kMigrationDialect);
}

}  // namespace

TEST_CASE("B95 a table that does not hold what the schema says is refused, by the first column") {
  StoredColumn id{"id", "INTEGER", true, false, true, true, false, false};
  StoredColumn text{"text", "TEXT", true, false, false, false, false, false};
  CHECK_NOTHROW(Verify({id, text}));
  CHECK_THROWS_WITH(Verify({}), Catch::Contains("call Migrate()"));
  CHECK_THROWS_WITH(Verify({id}), Catch::Contains("there is no column \"text\""));
  text.generated = true;
  CHECK_THROWS_WITH(Verify({id, text}), Catch::Contains("is generated"));
  text.generated = false;
  text.type = "BLOB";
  CHECK_THROWS_WITH(Verify({id, text}), Catch::Contains("is of type \"BLOB\", not TEXT"));
  text.type = "TEXT";
  text.is_key = true;
  CHECK_THROWS_WITH(Verify({id, text}), Catch::Contains("the primary key is not column \"id\""));
  text.is_key = id.makes_ids = false;
  CHECK_THROWS_WITH(Verify({id, text}), Catch::Contains("makes no ids"));
}
