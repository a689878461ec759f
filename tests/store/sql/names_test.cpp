#include <grapnel/store/sql/names.hpp>

#include "support/catch.hpp"

#include <string>

namespace sql = grapnel::store::sql;

TEST_CASE("B79 a name is quoted, whatever it holds") {
  CHECK(sql::Quote("name") == "\"name\"");
  CHECK(sql::Quote("a\"b") == "\"a\"\"b\"");
  CHECK(sql::Quote("") == "\"\"");
}

TEST_CASE("texts are quoted, and columns of several tables told apart") {
  CHECK(sql::QuoteText("it's") == "'it''s'");
  CHECK(sql::Quote("a\"b", "c") == "\"a\"\"b\".\"c\"");
  std::string text = "x ";
  sql::AppendQuoted(text, "''", '\'');
  CHECK(text == "x ''''''");
}
