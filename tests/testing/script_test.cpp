#include <grapnel/testing/script.hpp>

#include <grapnel/grapnel.hpp>

#include "contract/graph_model.hpp"
#include "support/catch.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace detail = grapnel::detail;
namespace store = grapnel::store;
using detail::kTable;
using graph::Card;
using graph::User;

TEST_CASE("a scripted connection gives the rows of its type") {
  std::vector<User> rows(2);
  rows[0].id = 1;
  rows[1].id = 2;
  rows[1].name = "Ada";
  detail::ScriptedConnection connection(kTable<User>, &rows);
  const store::Select all{{&kTable<User>}};
  CHECK_THROWS_AS(connection.Count(all), grapnel::testing::NotGivenError);
  connection.SetGiven();
  CHECK(connection.Count(all) == 2);

  store::Select one = all;
  one.entity = &rows[1];
  one.by_id = true;
  std::vector<std::string> names;
  connection.Run(one, [&](detail::Row& row) {
    CHECK(row.Int(0) == 2);
    CHECK(row.IsNull(3));
    CHECK_THROWS_AS(row.Real(1), detail::BadValue);
    names.emplace_back(row.Text(1));
  });
  CHECK(names == std::vector<std::string>{"Ada"});

  const auto by_ids = store::IdIn(kTable<User>, {std::int64_t{2}, std::int64_t{9}});
  store::Select some = all;
  some.where = by_ids.Get();
  CHECK(connection.Count(some) == 1);
  some.offset = 1;
  CHECK(connection.Count(some) == 0);
  CHECK(connection.Asked() == 5);
  CHECK(connection.WasNarrowed());
  CHECK(connection.Missing() != nullptr);
}

TEST_CASE(
    "a scripted store knows the types that edges lead to, and refuses what takes a database") {
  std::vector<User> rows;
  const auto made = detail::ScriptedStore(detail::kTypeActions<User>, &rows);
  CHECK(made->graph->Tables().size() == 3);
  CHECK_NOTHROW(made->TypeOf(kTable<Card>));
  auto& connection = static_cast<detail::ScriptedDriver&>(*made->driver).connection;
  User user;
  CHECK_THROWS_AS(connection.Run(store::Insert{{&kTable<User>}, &user, {}}),
                  grapnel::testing::NotGivenError);
  CHECK_THROWS_AS(connection.Count(store::Select{{&kTable<Card>}}),
                  grapnel::testing::NotGivenError);
}

TEST_CASE("a scripted connection goes back to its savepoints, and to how it began") {
  std::vector<User> rows(1);
  rows[0].id = 1;
  detail::ScriptedConnection connection(kTable<User>, &rows);
  const auto add = [&](std::int64_t id) {
    rows.emplace_back().id = id;
    connection.SetWritten();
  };
  connection.BeginWrite();
  add(2);
  connection.Savepoint(1);
  add(3);
  connection.Savepoint(2);
  add(4);
  CHECK(connection.Changes() == 3);
  connection.RollbackTo(2);
  CHECK(rows.size() == 3);
  add(4);
  connection.RollbackTo(2);
  CHECK(rows.size() == 3);
  connection.Release(2);
  CHECK(rows.size() == 3);
  connection.Discard(1);
  CHECK(rows.size() == 2);
  connection.Savepoint(1);
  add(3);
  connection.Rollback();
  CHECK(rows.size() == 1);
  CHECK_FALSE(connection.InTransaction());
  connection.BeginWrite();
  add(2);
  connection.Commit();
  CHECK(rows.size() == 2);
}

TEST_CASE("a scripted connection lends rows one by one") {
  std::vector<User> rows(3);
  for (std::size_t at = 0; at < 3; ++at) rows[at].id = static_cast<std::int64_t>(at) + 1;
  detail::ScriptedConnection connection(kTable<User>, &rows);
  connection.SetGiven();
  const auto cursor = connection.Open(store::Select{{&kTable<User>}});
  rows.clear();
  User user;
  std::vector<std::int64_t> ids;
  while (cursor->Next(&user)) ids.push_back(user.id);
  CHECK(ids == std::vector<std::int64_t>{1, 2, 3});
}

TEST_CASE("a scripted connection keeps lists of its rows, for as long as what made them stands") {
  std::vector<User> rows(3);
  for (std::size_t at = 0; at < 3; ++at) rows[at].id = 3 - static_cast<std::int64_t>(at);
  detail::ScriptedConnection connection(kTable<User>, &rows);
  const store::Keep keep{{&kTable<User>}, 1};
  CHECK_THROWS_AS(connection.Run(keep), grapnel::testing::NotGivenError);
  connection.SetGiven();
  connection.BeginWrite();
  connection.Savepoint(1);
  CHECK(connection.Run(keep) == 3);
  const auto page = [&](const grapnel::FieldValue& after) {
    std::vector<std::int64_t> ids;
    connection.Run(store::Page{{&kTable<User>}, 1, &after, 2},
                   [&](detail::Row& row) { ids.push_back(row.Int(0)); });
    return ids;
  };
  CHECK(page({}) == std::vector<std::int64_t>{1, 2});
  CHECK(page(std::int64_t{2}) == std::vector<std::int64_t>{3});
  CHECK(page(std::int64_t{3}).empty());

  store::Select listed{{&kTable<User>}};
  const auto in_list = store::InList(1), in_other = store::InList(2);
  listed.where = in_list.Get();
  CHECK(connection.Count(listed) == 3);
  listed.where = in_other.Get();
  CHECK_THROWS_AS(connection.Count(listed), grapnel::testing::NotGivenError);
  CHECK_THROWS_AS(connection.Run(keep), grapnel::testing::NotGivenError);
  listed.where = in_list.Get();
  connection.Forget(1);
  CHECK_THROWS_AS(connection.Count(listed), grapnel::testing::NotGivenError);
  CHECK(connection.Run(keep) == 3);
  connection.Discard(1);
  CHECK_THROWS_AS(connection.Count(listed), grapnel::testing::NotGivenError);
}
