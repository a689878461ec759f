#include <grapnel/store/postgres/lists.hpp>

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
