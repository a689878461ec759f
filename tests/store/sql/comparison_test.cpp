#include <grapnel/store/sql/comparison.hpp>

#include "support/catch.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace sql = grapnel::store::sql;
using grapnel::store::PredicateKind;

TEST_CASE("the six comparisons stand between a column and what it is compared with") {
  std::string text = "NOT ";
  CHECK(sql::AppendOperator(text, PredicateKind::LessEqual, "a", "?7"));
  CHECK(text == "NOT a <= ?7");
  CHECK_FALSE(sql::AppendOperator(text, PredicateKind::Contains, "a", "?7"));
  CHECK(text == "NOT a <= ?7");
}

TEST_CASE("behind all bytes that begin so stand those with the last one raised, if there are any") {
  CHECK(sql::BeyondBytes(std::string("az")) == "a{");
  CHECK(sql::BeyondBytes(std::string("a\xff\xff")) == "b");
  CHECK(sql::BeyondBytes(std::string()).empty());
  CHECK(sql::BeyondBytes(std::vector<std::byte>(2, std::byte{0xff})).empty());
}
