#include <grapnel/store/driver/loading.hpp>

#include "support/catch.hpp"
#include "support/cell.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <utility>

using grapnel::FieldValue;
using grapnel::SchemaError;
using grapnel::detail::Column;
using grapnel::detail::kTypeOps;
using grapnel::detail::Table;

namespace {

struct World {
  std::array<Column, 2> columns{};
  Table table{};

  World() {
    columns[0].name = "id";
    columns[0].ops = &kTypeOps<std::int64_t>;
    columns[1].name = "age";
    columns[1].ops = &kTypeOps<std::optional<std::int8_t>>;
    columns[1].nullable = true;
    table.entity = "User";
    table.columns = columns;
  }
  /// Loads the age out of this cell.
  std::optional<std::int8_t> Load(FieldValue stored) {
    std::optional<std::int8_t> age = 7;
    Cell cell(std::move(stored));
    grapnel::detail::LoadColumn(table, columns[1], &age, cell, 0);
    return age;
  }
};

}  // namespace

TEST_CASE("a column is loaded into its member, and NULL empties it") {
  World world;
  CHECK(world.Load(12) == 12);
  CHECK(world.Load({}) == std::nullopt);
}

TEST_CASE("a stored value that does not fit is a SchemaError that names field and row") {
  World world;
  for (const FieldValue& bad : {FieldValue("twelve"), FieldValue(300)}) {
    try {
      world.Load(bad);
      FAIL("nothing was thrown");
    } catch (const SchemaError& error) {
      CHECK(error.Entity() == "User");
      CHECK(error.Field() == "age");
      CHECK_THAT(error.what(), Catch::Contains("in the row with id"));
    }
  }
}

TEST_CASE("what is stored in a sensitive column is not told") {
  World world;
  world.columns[1].sensitive = true;
  CHECK_THROWS_WITH(world.Load("secret"), Catch::Contains("it is not valid"));
  world.columns[0].sensitive = true;
  CHECK_THROWS_WITH(world.Load("secret"), Catch::Contains("(not shown)"));
}

TEST_CASE("an id is loaded as its type's kind, and of another kind it is a SchemaError") {
  World world;
  Cell three(FieldValue(3)), text(FieldValue("x"));
  CHECK(grapnel::detail::LoadId(world.table, three, 0) == FieldValue(3));
  CHECK_THROWS_AS(grapnel::detail::LoadId(world.table, text, 0), SchemaError);
}
