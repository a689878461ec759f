#include <grapnel/store/sqlite/savepoints.hpp>

#include "support/catch.hpp"

#include <string>

namespace sqlite = grapnel::sqlite::detail;

TEST_CASE("the statements of a savepoint are prepared together, once, whatever comes first") {
  sqlite::NativeConnection native({":memory:", ":memory:", true, false});
  sqlite::Savepoints savepoints(native);
  const auto text = [](const sqlite::Prepared& each) {
    return std::string(sqlite3_sql(each.Get()));
  };
  const auto& second = savepoints.At(2);
  CHECK(text(second.set) == "SAVEPOINT grapnel_2");
  CHECK(text(second.release) == "RELEASE grapnel_2");
  CHECK(text(second.roll_back) == "ROLLBACK TO grapnel_2");
  const auto* prepared = second.set.Get();
  CHECK(text(savepoints.At(1).set) == "SAVEPOINT grapnel_1");
  CHECK(savepoints.At(2).set.Get() == prepared);
}
