#include <grapnel/store/write/edges.hpp>

#include <grapnel/grapnel.hpp>

#include "contract/graph_model.hpp"
#include "support/catch.hpp"
#include "support/running.hpp"

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

struct Player;
struct Team {
  std::int64_t id = 0;
  grapnel::Many<Player> players{};
};
struct Player {
  std::int64_t id = 0;
  grapnel::One<Team> team{};
};

}  // namespace

template <>
struct grapnel::Schema<Team> {
  static constexpr std::string_view Type = "Team";
  static constexpr auto Edges() {
    return grapnel::Edges(To<&Team::players>("players").Immutable());
  }
};
template <>
struct grapnel::Schema<Player> {
  static constexpr std::string_view Type = "Player";
  static constexpr auto Edges() {
    return grapnel::Edges(From<&Player::team>("team").Ref<&Team::players>().Required());
  }
};

namespace detail = grapnel::detail;
using detail::kTable;
using graph::Card;
using graph::Pet;
using graph::User;
using grapnel::ConstraintError;
using grapnel::ConstraintKind;
using grapnel::F;
using grapnel::FieldValue;
using grapnel::Mutation;
using grapnel::Next;
using grapnel::Op;
using grapnel::Value;

namespace {

using Lines = std::vector<std::string>;
using Ids = std::vector<FieldValue>;

/// The users 1 to 3; the pet 1 is the user 1's, the pet 2 the user 2's, the pet 3 nobody's.
struct World : Opened<User, Card, Pet> {
  Lines log{};

  World() {
    for (int i = 0; i < 3; ++i) Of<User>().Create().Set(F<&User::name>, "u").Save();
    for (const std::int64_t owner : {1, 2})
      Of<Pet>().Create().Set(F<&Pet::owner>, owner).Set(F<&Pet::name>, "p").Save();
    Of<Pet>().Create().Set(F<&Pet::name>, "p").Save();
  }
  void SeePets() {
    Of<Pet>().Use([this](Mutation<Pet>& m, Next<Pet> next) {
      log.push_back(ToString(m.Op()));
      for (const auto id : m.IDs()) log.back() += " " + std::to_string(id);
      return next(m);
    });
  }
};

/// The user 1 in the middle of an update.
struct Update : Running<User> {
  explicit Update(const detail::HandlePtr& base) : Running(base, Op::UpdateOne) {}
  void Add(std::string_view edge, Ids ids) { core.AddIDs(core.EdgePlaceOf(edge), std::move(ids)); }
  void Remove(std::string_view edge, Ids ids) {
    core.RemoveIDs(core.EdgePlaceOf(edge), std::move(ids));
  }
  void Write() { detail::WriteEdges(core, 1); }
  /// The ids of the pets or friends of a user.
  Ids Neighbours(std::string_view edge, std::int64_t of = 1) {
    const auto& relation = kTable<User>.FindEdge(edge)->relation();
    return detail::SelectIds(
        core, *relation.target,
        grapnel::store::NeighboursOf(relation, {grapnel::store::IdIn(kTable<User>, {of})}));
  }
  /// What the write is refused for.
  ConstraintError Refused() {
    try {
      Write();
    } catch (const ConstraintError& error) {
      return error;
    }
    throw std::logic_error("nothing was refused");
  }
};

}  // namespace

TEST_CASE_METHOD(World, "pairs come and go both ways round, and one that is there stays") {
  Update update(Handle());
  update.Add("friends", {2, 3});
  update.Write();
  update.Write();
  CHECK(update.Neighbours("friends") == Ids{2, 3});
  CHECK(update.Neighbours("friends", 3) == Ids{1});
  update.core.edges.Reset(update.core.EdgePlaceOf("friends"));
  update.Remove("friends", {3});
  update.Write();
  CHECK(update.Neighbours("friends") == Ids{2});
  CHECK(update.Neighbours("friends", 3).empty());
}

TEST_CASE_METHOD(World,
                 "neighbours get their key from the database alone where nothing could look") {
  Update update(Traced(log));
  update.Add("pets", {1, 3});
  log.clear();
  update.Write();
  CHECK(CountOf(log, "UPDATE") == 1);
  CHECK(update.Neighbours("pets") == Ids{1, 3});
}

TEST_CASE_METHOD(
    World, "and by a mutation of their own where a hook could; those that are there are let be") {
  SeePets();
  Update update(Handle());
  update.Add("pets", {1, 3});
  update.Write();
  CHECK(log == Lines{"Update 3"});
  CHECK(update.Neighbours("pets") == Ids{1, 3});
  log.clear();
  update.core.edges.Reset(update.core.EdgePlaceOf("pets"));
  update.core.SetEdge(update.core.EdgePlaceOf("pets"), {3});
  update.Write();
  CHECK(log == Lines{"Update 1"});
  CHECK(update.Neighbours("pets") == Ids{3});
}

TEST_CASE_METHOD(
    World, "a neighbour that is not there, or is another's, is refused, and the edge is named") {
  const bool seen = GENERATE(false, true);
  if (seen) SeePets();
  Update missing(Handle());
  missing.Add("pets", {3, 9});
  const auto absent = missing.Refused();
  CHECK((absent.Kind() == ConstraintKind::ForeignKey && absent.Fields() == Lines{"pets"}));
  CHECK(absent.Detail() == "there is no Pet with id 9");
  missing.handle->transaction->Rollback();
  Update stolen(Handle());
  stolen.Add("pets", {2});
  const auto others = stolen.Refused();
  CHECK((others.Kind() == ConstraintKind::Unique && others.Fields() == Lines{"pets"}));
  CHECK(stolen.Neighbours("pets", 2) == Ids{2});
}

TEST_CASE_METHOD(
    World, "a hook that leaves a neighbour's key as it was fails the mutation whose edge it is") {
  Of<Pet>().Use([](Mutation<Pet>&, Next<Pet>) -> Value<Pet> { return 1; });
  Update update(Handle());
  SECTION("that would come") {
    update.Add("pets", {3});
    CHECK(update.Refused().Detail() == "a hook kept 1 Pet as it was that would be added");
  }
  SECTION("that would go") {
    update.Remove("pets", {1});
    CHECK(update.Refused().Detail() == "a hook kept 1 Pet as it was that would be taken away");
  }
}

TEST_CASE_METHOD(World,
                 "of many rows neighbours go by one mutation for all, where a hook could look") {
  const bool seen = GENERATE(false, true);
  if (seen) SeePets();
  Running<User> run(Handle(), Op::Update);
  run.core.ClearEdge(run.core.EdgePlaceOf("pets"));
  detail::RowLists lists(run.core);
  const auto list = lists.KeepApart(kTable<User>, nullptr);
  detail::WriteEdges(run.core, lists, list);
  CHECK(log == (seen ? Lines{"Update 1 2"} : Lines{}));
  CHECK(run.Client().Of<Pet>().Query().Where(F<&Pet::owner>.IsNull()).Count() == 3);
}

TEST_CASE_METHOD(World,
                 "a refused key of the row itself is told as its edge and the missing neighbour") {
  Running<User> run(Handle(), Op::Create);
  run.core.AddIDs(run.core.EdgePlaceOf("best_friend"), {9});
  const ConstraintError words("User", Op::Create, ConstraintKind::ForeignKey, {},
                              "the engine's words");
  const auto explain = [&] { detail::ExplainMissingNeighbour(run.core, words); };
  CHECK_THROWS_WITH(explain(), Catch::Contains("on best_friend (there is no User with id 9)"));
  run.core.AddIDs(run.core.EdgePlaceOf("best_friend"), {2});
  CHECK_THROWS_WITH(explain(), Catch::Contains("the engine's words"));  // that one is there
}

TEST_CASE("a deletion that rows stand in the way of is told which, and how many") {
  const Opened<Team, Player> db;
  for (int i = 0; i < 2; ++i) db.Of<Team>().Create().Save();
  for (int i = 0; i < 2; ++i) db.Of<Player>().Create().Set(F<&Player::team>, 1).Save();
  const Running<Team> run(db.Handle(), Op::Delete);
  const auto find = [&](std::int64_t team) {
    detail::FindRestricting(run.core, kTable<Team>, grapnel::store::IdIn(kTable<Team>, {team}));
  };
  CHECK_THROWS_WITH(find(1), Catch::Contains("on Player.team (2 Player refer to it)"));
  CHECK_NOTHROW(find(2));
}

TEST_CASE("a key whose other end is immutable stays as it is set") {
  const Opened<Team, Player> db;
  for (int i = 0; i < 2; ++i) db.Of<Team>().Create().Save();
  db.Of<Player>().Create().Set(F<&Player::team>, 1).Save();
  Running<Player> run(db.Handle(), Op::UpdateOne);
  const auto move = [&](std::int64_t team) {
    run.core.AddIDs(run.core.EdgePlaceOf("team"), {team});
    detail::RefuseFixedKeys(run.core, [] { return grapnel::store::IdIn(kTable<Player>, {1}); });
  };
  CHECK_THROWS_WITH(move(2), Catch::Contains("the other end, Team.players, is immutable"));
  CHECK_NOTHROW(move(1));
}
