#include <grapnel/store/driver/statement_info.hpp>

#include "support/catch.hpp"

using grapnel::store::StatementInfo;

TEST_CASE("a statement has gone well, and has no values, unless it says so") {
  const StatementInfo info{"SELECT 1", grapnel::core::Elapsed(5), 1, 0, {}};
  CHECK(info.text == "SELECT 1");
  CHECK(info.duration.Nanoseconds() == 5);
  CHECK(info.error.empty());
  CHECK(info.values.empty());
}
