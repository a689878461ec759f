#include <grapnel/store/sqlite/native/sum_function.hpp>

#include "support/catch.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace {

struct Database {
  Database() {
    REQUIRE(sqlite3_open(":memory:", &handle) == SQLITE_OK);
    REQUIRE(grapnel::sqlite::detail::SumFunction::Register(handle) == SQLITE_OK);
  }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database() { sqlite3_close(handle); }

  std::string Sum(const std::string& rows) const {
    std::string result;
    const std::string sql =
        "SELECT grapnel_sum(column1) || ' ' || typeof(grapnel_sum(column1)) FROM (VALUES " + rows +
        ") WHERE column1 IS NOT 'none'";
    const auto keep = [](void* to, int, char** values, char**) {
      *static_cast<std::string*>(to) = values[0] == nullptr ? "NULL" : values[0];
      return 0;
    };
    if (sqlite3_exec(handle, sql.c_str(), keep, &result, nullptr) == SQLITE_OK) return result;
    return sqlite3_errmsg(handle);
  }

  sqlite3* handle = nullptr;
};

}  // namespace

TEST_CASE("a sum of whole numbers is exact, whatever the order, and refused where it has to be") {
  const Database database;
  CHECK(database.Sum("('none')") == "NULL");
  CHECK(database.Sum("(NULL), (NULL)") == "NULL");
  CHECK(database.Sum("(1), (NULL), (-3)") == "-2 integer");
  CHECK(database.Sum("(1), (0.5)") == "1.5 real");
  CHECK(database.Sum("(1), ('many')") == "1.0 real");
  const auto most = std::numeric_limits<std::int64_t>::max();
  const auto least = std::numeric_limits<std::int64_t>::min();
  const auto in_any_order = [&](std::vector<std::int64_t> values) {
    std::sort(values.begin(), values.end());
    std::string same;
    do {
      std::string rows;
      for (const std::int64_t value : values) {
        rows += (rows.empty() ? "(" : "), (") + std::to_string(value);
      }
      const std::string result = database.Sum(rows + ")");
      if (same.empty()) same = result;
      CHECK(result == same);
    } while (std::next_permutation(values.begin(), values.end()));
    return same;
  };
  CHECK(in_any_order({most, 1, -1}) == std::to_string(most) + " integer");
  CHECK(in_any_order({least, -1, 1}) == std::to_string(least) + " integer");
  CHECK(in_any_order({most, most, least, least, 2}) == "0 integer");
  CHECK(in_any_order({most, 1}) == "integer overflow");
  CHECK(in_any_order({least, -1}) == "integer overflow");
  CHECK(in_any_order({most, most, 2, 0}) == "integer overflow");
  CHECK(in_any_order({least, least}) == "integer overflow");
}
