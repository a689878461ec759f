#include <grapnel/store/query/narrower.hpp>

#include <grapnel/grapnel.hpp>

#include "contract/graph_model.hpp"
#include "support/catch.hpp"
#include "support/running.hpp"

namespace detail = grapnel::detail;
namespace hook = grapnel::hook;
using detail::Asked;
using detail::kTable;
using detail::Narrower;
using graph::Card;
using graph::Pet;
using graph::User;
using grapnel::F;
using grapnel::ReadStep;
using grapnel::store::PredicateKind;
using grapnel::store::PredicatePtr;

namespace {

struct World : Opened<User, Card, Pet> {
  World() {
    Of<Card>().Intercept(hook::Before([this](grapnel::Reading<Card>& r) {
      ++asked;
      if (r.Step() == ReadStep::Load) r.AtMost(2);
      r.Where(F<&Card::number> != "hidden");
    }));
  }
  int asked = 0;
};

}  // namespace

TEST_CASE_METHOD(World, "conditions on other rows are narrowed wherever they stand, others stay") {
  Narrower narrower(Handle(), nullptr);
  const PredicatePtr plain = (F<&User::age> > 3 || !(F<&User::name> == "Ada")).Node();
  CHECK(narrower.Conditions(kTable<User>, plain) == plain);
  CHECK(narrower.Conditions(kTable<User>, nullptr) == nullptr);
  CHECK(asked == 0);

  const auto has = F<&User::cards>.Has();
  const PredicatePtr inside =
      narrower.Conditions(kTable<User>, (F<&User::age> > 3 && !(has || F<&User::age> < 1)).Node());
  REQUIRE(inside->kind == PredicateKind::And);
  CHECK(inside->left->kind == PredicateKind::Greater);
  const auto& narrowed = *inside->right->left->left;
  CHECK(narrowed.kind == PredicateKind::Has);
  CHECK(narrowed.left->kind == PredicateKind::NotEqual);
  CHECK(has.Node()->left == nullptr);  // what the caller holds stays as it is
  CHECK(asked == 1);
}

TEST_CASE_METHOD(World, "each type is asked once for each way, however often it is reached") {
  Narrower narrower(Handle(), nullptr);
  const auto has = F<&User::cards>.Has();
  const auto twice = has && F<&User::friends>.Has(has || F<&User::cards>.Has(F<&Card::id> == 3));
  narrower.Conditions(kTable<User>, twice.Node());
  narrower.Conditions(kTable<User>, twice.Node());
  CHECK(narrower.Reached(kTable<Card>)->kind == PredicateKind::NotEqual);
  CHECK(narrower.Reached(kTable<User>) == nullptr);
  CHECK(asked == 1);
  Asked some;
  some.SetLimit(5);
  CHECK(narrower.NarrowLoaded(kTable<Card>, some).limit == 2);
  CHECK(narrower.NarrowLoaded(kTable<Card>, some.AtMost(1)).limit == 1);
  CHECK(asked == 2);
}

TEST_CASE_METHOD(World, "a predicate may be nested as deep as memory allows") {
  auto deep = F<&User::cards>.Has();
  for (int i = 0; i < 20'000; ++i) deep = i % 2 == 0 ? !deep : deep && F<&User::age> > i;
  Narrower narrower(Handle(), nullptr);
  CHECK(narrower.Conditions(kTable<User>, deep.Node())->reaches);
}
