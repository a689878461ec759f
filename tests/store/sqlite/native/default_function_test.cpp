#include <grapnel/store/sqlite/native/default_function.hpp>

#include <grapnel/schema/schema.hpp>

#include "support/catch.hpp"

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace defaults {

inline std::int64_t Count() {
  static std::int64_t calls = 0;
  return ++calls;
}
inline std::string Fails() { throw std::runtime_error("no more codes"); }

struct Item {
  std::int64_t id = 0;
  std::int64_t number = 0;
  std::string code;
  double none = 0;
};

}  // namespace defaults

template <>
struct grapnel::Schema<defaults::Item> {
  static constexpr std::string_view Type = "Item";
  static constexpr auto Fields() {
    using defaults::Item;
    return grapnel::Fields(Field<&Item::number>("number").Default(defaults::Count),
                           Field<&Item::code>("code").Default(defaults::Fails),
                           Field<&Item::none>("none"));
  }
};

TEST_CASE("B80 a Default is called from SQL, each time anew, and what it throws is thrown") {
  grapnel::sqlite::detail::DefaultFunction function;
  const grapnel::detail::Table* tables[] = {&grapnel::detail::kTable<defaults::Item>};
  function.Offer(tables);
  sqlite3* database = nullptr;
  REQUIRE(sqlite3_open(":memory:", &database) == SQLITE_OK);
  REQUIRE(function.Register(database) == SQLITE_OK);
  const auto ask = [&](const std::string& table, const std::string& column) {
    std::string result;
    const std::string sql = "SELECT grapnel_default('" + table + "', '" + column + "')";
    const auto keep = [](void* to, int, char** values, char**) {
      *static_cast<std::string*>(to) = values[0];
      return 0;
    };
    const int code = sqlite3_exec(database, sql.c_str(), keep, &result, nullptr);
    return code == SQLITE_OK ? result : sqlite3_errmsg(database);
  };
  CHECK(ask("Item", "number") == "1");
  CHECK(ask("Item", "number") == "2");
  function.Rethrow();  // nothing was thrown
  CHECK(ask("Item", "code") == "a Default failed");
  CHECK_THROWS_WITH(function.Rethrow(), "no more codes");
  function.Rethrow();  // only once
  CHECK(ask("Item", "none") == "there is no such Default");
  CHECK(ask("Other", "number") == "there is no such Default");
  sqlite3_close(database);
}
