#include <grapnel/store/postgres/lists.hpp>

#include <grapnel/store/sql/sql.hpp>

#include "store/postgres/opened.hpp"
#include "support/catch.hpp"

#include <string>
#include <vector>

using grapnel::FieldValue;
using unit::Opened;
using unit::People;
namespace store = grapnel::store;

namespace {

std::int64_t Keep(Opened& db, std::int64_t list) {
  store::Keep keep{{&People()}};
  keep.list = list;
  keep.type = 1;
  return db.connection.Run(keep);
}
std::vector<std::int64_t> PageOf(Opened& db, std::int64_t list, const FieldValue& after = {},
                                 std::int64_t limit = 10) {
  std::vector<std::int64_t> ids;
  const store::Page page{{&People()}, list, &after, limit};
  db.connection.Run(page, [&](grapnel::detail::Row& row) { ids.push_back(row.Int(0)); });
  return ids;
}
using Ids = std::vector<std::int64_t>;

}  // namespace

TEST_CASE("ids are kept in lists, paged, and forgotten") {
  Opened db;
  for (const char* name : {"a", "b", "c"}) db.Insert(name);
  db.connection.BeginWrite();
  CHECK(Keep(db, 1) == 3);
  CHECK(Keep(db, 1) == 0);
  CHECK(PageOf(db, 1) == Ids{1, 2, 3});
  CHECK(PageOf(db, 1, 1, 1) == Ids{2});
  CHECK(Keep(db, 2) == 3);
  db.connection.KeepLast(1);
  CHECK(PageOf(db, 1).empty());
  CHECK(PageOf(db, 2) == Ids{1, 2, 3});
  db.connection.Forget(2);
  CHECK(PageOf(db, 2).empty());
  Keep(db, 3);
  db.connection.Commit();
  db.connection.BeginWrite();
  CHECK(PageOf(db, 3).empty());
  db.connection.Rollback();
}

TEST_CASE("the lists' table is made anew where it was undone with the transaction") {
  Opened db;
  db.Insert("a");
  db.connection.BeginWrite();
  db.connection.Savepoint(1);
  CHECK(Keep(db, 1) == 1);
  db.connection.Discard(1);
  CHECK(Keep(db, 1) == 1);
  db.connection.Rollback();
  db.connection.BeginWrite();
  CHECK(Keep(db, 1) == 1);
  db.connection.Commit();
  db.connection.BeginWrite();
  CHECK(Keep(db, 1) == 1);
  db.connection.Commit();
}

TEST_CASE("rows are found by the lists' indexes, though nobody has counted the lists") {
  Opened db;
  db.schema.Run(
      "INSERT INTO people (full_name, age, \"on\", score, face) SELECT i::text, 0, true, 0, '' "
      "FROM "
      "generate_series(1, 3000) AS i");
  db.connection.BeginWrite();
  for (std::int64_t list = 1; list < 4; ++list) Keep(db, list);
  const auto plan_of = [&](const store::PredicatePtr& where, const std::string& values) {
    store::Select select{{&People()}};
    select.where = where.Get();
    auto sql = store::sql::SelectText(grapnel::postgres::detail::kDialect, select);
    db.native.Execute("PREPARE asked AS " + sql.Finish());
    const auto shown = db.native.Execute("EXPLAIN EXECUTE asked (" + values + ")");
    db.native.Execute("DEALLOCATE asked");
    std::string plan;
    for (int at = 0; at < PQntuples(shown.get()); ++at) plan += PQgetvalue(shown.get(), at, 0);
    return plan;
  };
  const std::string in_list = plan_of(store::InList(2), "2");
  CHECK_THAT(in_list, Catch::Contains("people_pkey") && !Catch::Contains("Seq Scan"));
  const std::string in_any = plan_of(store::InLists(1, 1, 3), "1, 1, 3");
  CHECK_THAT(in_any, Catch::Contains("SubPlan") && Catch::Contains("grapnel_lists_int_pkey"));
  db.connection.Rollback();
}
