// B204: rows that a cascade's hooks have kept on purpose let go of what is gone. Soft deletes are
// tried in extras/soft_delete_test.cpp.
#include <grapnel/store/write/kept_rows.hpp>

#include "contract/fixture.hpp"
#include "contract/graph_model.hpp"
#include "support/catch.hpp"

#include <string>

using graph::Card;
using graph::Pet;
using graph::User;
using grapnel::F;
using grapnel::Mutation;
using grapnel::Op;
namespace hook = grapnel::hook;

namespace {

struct Model : Fixture<User, Card, Pet> {
  User ada = client.Of<User>().Create().Set(F<&User::name>, "Ada").Save();
  Card card =
      client.Of<Card>().Create().Set(F<&Card::number>, "1").Set(F<&Card::owner>, ada.id).Save();

  /// Deletions of cards keep them, when `keep` says so.
  template <class F>
  void Keep(F keep) {
    client.Of<Card>().Use(
        hook::On(hook::Before([keep](Mutation<Card>& m) { keep(m); }), Op::Delete | Op::DeleteOne));
  }
  void DeleteAda() { client.Of<User>().DeleteOne(ada.id).Exec(); }
};

}  // namespace

TEST_CASE("B204 who has nothing to let go of is as before") {
  CHECK(grapnel::detail::CascadeRows{nullptr, 7}.Gone() == 7);
  CHECK(grapnel::detail::CascadeRows{nullptr, 7, true}.Gone() == 0);
  CHECK(grapnel::detail::CascadeRows{nullptr, 7, true, 9}.Gone() == 9);
}

TEST_CASE_METHOD(Model, "B204 a row that is kept on purpose lets its parent go, without its key") {
  Keep([](Mutation<Card>& m) { m.KeepRows(); });
  Lines log;
  client.Use(hook::Before([&]<class E>(Mutation<E>& m) {
    log.push_back(std::string(m.Type()) + " " + ToString(m.Op()) + " " + ToString(m.Cause()));
  }));
  DeleteAda();
  CHECK(log == Lines{"User DeleteOne Caller", "Card Update Cascade", "Card Update Cascade"});
  CHECK(client.Of<Card>().Get(card.id).owner.ID() == std::nullopt);
  CHECK(client.Of<User>().Query().Count() == 0);
}

TEST_CASE_METHOD(Model, "B204 one that is kept without that keeps its parent too") {
  SECTION("by SetOp alone") {
    Keep([](Mutation<Card>& m) { m.SetOp(Op::Update); });
  }
  SECTION("by KeepRows that is taken back, and no next") {
    client.Of<Card>().Use([](Mutation<Card>& m, grapnel::Next<Card>) -> grapnel::Value<Card> {
      m.KeepRows();
      m.SetOp(Op::Delete);
      return 0;
    });
  }
  SECTION("by KeepRows without next") {
    client.Of<Card>().Use([](Mutation<Card>& m, grapnel::Next<Card>) -> grapnel::Value<Card> {
      m.KeepRows();
      return 0;
    });
  }
  CHECK_THROWS_AS(DeleteAda(), grapnel::ConstraintError);
  CHECK(client.Of<Card>().Get(card.id).owner.ID() == ada.id);
}
