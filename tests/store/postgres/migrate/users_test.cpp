#include <grapnel/store/postgres/migrate/users.hpp>

#include <grapnel/store/postgres/migrate/catalog.hpp>

#include "store/postgres/migrate/database.hpp"
#include "support/catch.hpp"

#include <string>
#include <vector>

namespace pg = grapnel::postgres::detail;
using Texts = std::vector<std::string>;

TEST_CASE("B161 of a column it knows what uses it") {
  Database db(
      {"CREATE TABLE t (id BIGINT PRIMARY KEY, a INTEGER CONSTRAINT big CHECK (a > 0), b "
       "INTEGER, c INTEGER GENERATED ALWAYS AS (b + 1) STORED)",
       "CREATE INDEX i ON t (a)", "CREATE VIEW v AS SELECT a FROM t"});
  const pg::Catalog catalog(db.native);
  const auto users = [&](const char* column) {
    Texts texts;
    const auto* t = catalog.Find("t");
    for (const auto& user : pg::UsersOf(db.native, t->oid, t->Find(column)->number)) {
      texts.push_back(user.Text());
    }
    return texts;
  };
  CHECK(users("a") == Texts{"constraint \"big\"", "index i", "view \"v\""});
  CHECK(users("b") == Texts{"column \"c\""});
  CHECK(users("c") == Texts{});
}
