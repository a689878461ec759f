#include <grapnel/testing/scripted_row.hpp>

#include <grapnel/grapnel.hpp>

#include <grapnel/store/driver/loading.hpp>

#include "contract/graph_model.hpp"
#include "support/catch.hpp"

#include <string>

namespace detail = grapnel::detail;
using detail::kTable;
using graph::Card;
using graph::User;

TEST_CASE("a scripted row is read column by column, or whole") {
  Card card;
  card.id = 3;
  card.number = "17";
  card.owner = grapnel::One<User>(7);
  detail::ScriptedRow row(kTable<Card>, &card);
  CHECK(row.Int(0) == 3);
  CHECK(std::string(row.Text(1)) == "17");
  CHECK(row.IsNull(2));
  CHECK(row.Int(4) == 7);
  CHECK_THROWS_AS(row.Text(0), detail::BadValue);
  Card read;
  detail::LoadRow(kTable<Card>, &read, row);
  CHECK(read.number == "17");
  CHECK(read.owner.ID() == 7);
}

TEST_CASE("of a neighbour the id and its source's place are known") {
  const grapnel::FieldValue id = 7;
  detail::NeighbourRow row(id, 2);
  CHECK(detail::LoadId(kTable<User>, row, 0) == id);
  CHECK(row.Int(5) == 2);
}
