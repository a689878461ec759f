#include <grapnel/store/sqlite/native/values.hpp>

#include "support/catch.hpp"

#include <sqlite3.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

namespace sqlite = grapnel::sqlite::detail;
using grapnel::FieldValue;

namespace {

class Memory {
 public:
  Memory() {
    REQUIRE(sqlite3_open(":memory:", &handle_) == SQLITE_OK);
    REQUIRE(sqlite::ValuesFunction::Register(handle_) == SQLITE_OK);
  }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  ~Memory() { sqlite3_close(handle_); }

  /// The first column of all rows, as "type value"; `list` is parameter 1.
  std::vector<std::string> operator()(const std::string& sql, const sqlite::ValueList* list) {
    sqlite3_stmt* statement = nullptr;
    const int prepared = sqlite3_prepare_v2(handle_, sql.c_str(), -1, &statement, nullptr);
    if (prepared != SQLITE_OK) return {"error"};
    const std::unique_ptr<sqlite3_stmt, decltype(&sqlite3_finalize)> owner(statement,
                                                                           &sqlite3_finalize);
    if (list != nullptr) {
      REQUIRE(sqlite::ValuesFunction::Bind(statement, 1, *list) == SQLITE_OK);
    }
    std::vector<std::string> rows;
    while (sqlite3_step(statement) == SQLITE_ROW) {
      const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement, 0));
      const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement, 0));
      rows.push_back(bytes == nullptr ? "" : std::string(bytes, size));
    }
    return rows;
  }

 private:
  sqlite3* handle_ = nullptr;
};

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("B123 a list of values comes to SQL as it is, whatever the bytes") {
  Memory memory;
  const std::string odd("\xff\0 '", 4);
  const std::vector<FieldValue> values{FieldValue(std::numeric_limits<std::int64_t>::min()),
                                       FieldValue(1.5),
                                       FieldValue(true),
                                       FieldValue(odd),
                                       FieldValue(std::string()),
                                       FieldValue(FieldValue::Bytes{std::byte{0}}),
                                       FieldValue(FieldValue::Bytes{}),
                                       FieldValue()};
  const sqlite::ValueList list = values;
  CHECK(memory("SELECT typeof(value) FROM grapnel_values(?1)", &list) ==
        Texts{"integer", "real", "integer", "text", "text", "blob", "blob", "null"});
  CHECK(memory("SELECT value FROM grapnel_values(?1)", &list) ==
        Texts{"-9223372036854775808", "1.5", "1", odd, "", std::string(1, '\0'), "", ""});
  CHECK(memory("SELECT place FROM grapnel_values(?1) WHERE value = 1", &list) == Texts{"2"});
  CHECK(memory("SELECT count(*) FROM grapnel_values(?1) AS a CROSS JOIN grapnel_values(?1) AS b",
               &list) == Texts{"64"});
}

TEST_CASE("bad input: without a list there are no values, and no table is made of it") {
  Memory memory;
  CHECK(memory("SELECT value FROM grapnel_values(?1)", nullptr).empty());
  CHECK(memory("SELECT value FROM grapnel_values(7)", nullptr).empty());
  CHECK(memory("SELECT value FROM grapnel_values", nullptr) == Texts{"error"});
  memory("CREATE VIRTUAL TABLE t USING grapnel_values", nullptr);
  CHECK(memory("SELECT name FROM sqlite_schema", nullptr).empty());
}
