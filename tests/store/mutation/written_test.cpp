#include <grapnel/store/mutation/written.hpp>

#include <grapnel/grapnel.hpp>

#include "contract/graph_model.hpp"
#include "support/catch.hpp"
#include "support/running.hpp"

#include <cstddef>
#include <vector>

namespace detail = grapnel::detail;
using detail::kTable;
using graph::Card;
using graph::Pet;
using graph::User;
using grapnel::F;
using grapnel::FieldValue;
using grapnel::Op;

namespace {

using Ids = std::vector<FieldValue>;

/// Three users, 1 to 3; the first has the others as friends, and a pet.
struct World : Opened<User, Card, Pet> {
  World() {
    for (const char* name : {"Ada", "Bob", "Eve"}) Of<User>().Create({.name = name}).Save();
    Of<User>().UpdateOne(1).AddIDs(F<&User::friends>, {2, 3}).Save();
    Of<Pet>().Create({.name = "p"}).Set(F<&Pet::owner>, 1).Save();
  }
};

constexpr std::size_t kFriends = detail::kEdgePlaceOf<User, &User::friends>;
constexpr std::size_t kPets = detail::kEdgePlaceOf<User, &User::pets>;

}  // namespace

TEST_CASE_METHOD(World, "rows are read in the order of their ids as these are given") {
  Running<User> run(Handle(), Op::Update);
  detail::EntityRows rows(kTable<User>.ops);
  detail::ReadRowsNow(run.core, {}, rows);
  CHECK(rows.Count() == 0);
  detail::ReadRowsNow(run.core, {3, 9, 1}, rows);
  REQUIRE(rows.Count() == 2);
  CHECK(detail::IdOfRow(kTable<User>, rows.At(0)) == FieldValue(3));
  CHECK(detail::IdOfRow(kTable<User>, rows.At(1)) == FieldValue(1));
}

TEST_CASE_METHOD(World, "the neighbours of several rows are read by one edge at a time") {
  Running<User> run(Handle(), Op::Update);
  const Ids rows{1, 2, 9};
  const auto friends = detail::ReadNeighbours(run.core, kFriends, rows);
  CHECK(friends.At(1) == Ids{2, 3});
  CHECK(friends.At(2) == Ids{1});
  CHECK(friends.At(9).empty());
  CHECK(detail::ReadNeighbours(run.core, kPets, rows).At(1) == Ids{1});
  CHECK(detail::ReadNeighbours(run.core, kPets, {}).ids.empty());
}

TEST_CASE_METHOD(World, "at stake are the edges that are spoken of, and of a deletion the pairs") {
  using Places = std::vector<std::size_t>;
  Running<User> update(Handle(), Op::Update);
  CHECK(detail::EdgesAtStake(update.core).empty());
  update.core.AddIDs(kPets, {1});
  CHECK(detail::EdgesAtStake(update.core) == Places{kPets});
  update.core.op = Op::Delete;
  CHECK(detail::EdgesAtStake(update.core) == Places{kFriends});
}

TEST_CASE(
    "an edge with one neighbour changes from one to the other, one with many comes and goes") {
  std::vector<grapnel::store::FieldChange> changes;
  detail::EdgeEnd edge = kTable<User>.edges[kFriends];
  detail::CompareNeighbours(edge, {1, 2}, {2, 1}, changes);
  CHECK(changes.empty());
  detail::CompareNeighbours(edge, {1, 2}, {2, 3}, changes);
  edge.many = false;
  detail::CompareNeighbours(edge, {1}, {3}, changes);
  detail::CompareNeighbours(edge, {}, {3}, changes);
  REQUIRE(changes.size() == 3);
  CHECK(changes[0].added == Ids{3});
  CHECK(changes[0].removed == Ids{1});
  CHECK(changes[0].before.IsNull());
  CHECK(changes[1].before == FieldValue(1));
  CHECK(changes[1].after == FieldValue(3));
  CHECK(changes[1].added.empty());
  CHECK(changes[2].before.IsNull());
}
