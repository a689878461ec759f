#include <grapnel/testing/script.hpp>

#include <grapnel/grapnel.hpp>

#include "contract/graph_model.hpp"
#include "support/catch.hpp"

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
