#include <grapnel/store/sql/migrate/wanted.hpp>

#include <grapnel/schema/schema.hpp>
#include <grapnel/store/sqlite/migrate/dialect.hpp>

#include "support/catch.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace wanted_test {

struct Tool {
  std::int64_t id = 0;
  std::string name;
  std::int64_t weight = 0;
};
struct Loop {
  std::int64_t id = 0;
  grapnel::Many<Loop> links;
};

}  // namespace wanted_test

template <>
struct grapnel::Schema<wanted_test::Tool> {
  static constexpr std::string_view Type = "Tool";
  static constexpr auto Fields() {
    using wanted_test::Tool;
    return grapnel::Fields(Field<&Tool::name>("name").Unique(),
                           Field<&Tool::weight>("weight").Comment("in */ kg").Default(1));
  }
  static constexpr auto Indexes() { return grapnel::Indexes(Index<&wanted_test::Tool::weight>()); }
};
template <>
struct grapnel::Schema<wanted_test::Loop> {
  static constexpr std::string_view Type = "Loop";
  static constexpr auto Edges() {
    return grapnel::Edges(To<&wanted_test::Loop::links>("links").Required());
  }
};

namespace {

namespace sqlite = grapnel::store::sql;
using grapnel::MigrationError;
using grapnel::detail::IndexInfo;
using grapnel::detail::kTable;
using grapnel::detail::Table;
using grapnel::sqlite::detail::kMigrationDialect;
using wanted_test::Loop;
using wanted_test::Tool;
using Tables = std::vector<const Table*>;

}  // namespace

TEST_CASE("B80 a column is described alike where its table is made and where it is added") {
  const auto wanted = sqlite::WantAll(Tables{&kTable<Tool>}, kMigrationDialect);
  REQUIRE(wanted.size() == 1);
  const auto& weight = *wanted.front().Named("WEIGHT");
  CHECK(wanted.front().Named("weigh") == nullptr);
  CHECK(sqlite::ColumnText(weight, false, kMigrationDialect) ==
        R"("weight" INTEGER NOT NULL /* in *  kg */)");
  CHECK(sqlite::ColumnText(weight, false, kMigrationDialect, " DEFAULT 0") ==
        R"("weight" INTEGER NOT NULL DEFAULT 0 /* in *  kg */)");
  CHECK(sqlite::CreateTableText(wanted.front(), kMigrationDialect) ==
        R"(CREATE TABLE "Tool" ("id" INTEGER PRIMARY KEY NOT NULL, "name" TEXT NOT NULL, )"
        R"("weight" INTEGER NOT NULL /* in *  kg */))");
}

TEST_CASE("B131 tables and indexes share one room of names") {
  const auto refuses = [](std::string_view table, std::string_view index,
                          const std::string& reason) {
    Table other = kTable<Tool>;
    other.entity = "Other";
    other.name = table;
    const std::vector<IndexInfo> indexes{{index, kTable<Tool>.indexes.front().fields, false}};
    other.indexes = {indexes.data(), indexes.size()};
    for (const Tables& tables : {Tables{&kTable<Tool>, &other}, Tables{&other, &kTable<Tool>}}) {
      CHECK_THROWS_WITH(sqlite::WantAll(tables, kMigrationDialect), Catch::Contains(reason));
    }
  };
  refuses("tOOL", "x", "want the same table");
  refuses("other", "TOOL", "an index has the name of Tool's table");
  refuses("other", "OTHER", "an index has the name of Other's table");
  refuses("TOOL_weight", "x", "an index has the name of Other's table");
  refuses("other", "tool_WEIGHT", "there are two indexes of one name");
  refuses("other", "Sqlite_x", "an index cannot have this name in SQLite");
  refuses("other", std::string_view("a\0b", 3), "an index cannot have this name in SQLite");
}

TEST_CASE("B131 an edge to rows of the same type that is Required is a circle") {
  CHECK_THROWS_WITH(sqlite::WantAll(Tables{&kTable<Loop>}, kMigrationDialect),
                    Catch::StartsWith("Loop.links -> Loop: "));
}
