#include <grapnel/store/predicate/tree.hpp>

#include <grapnel/schema.hpp>

#include "contract/graph_model.hpp"
#include "support/catch.hpp"

#include <cstdint>
#include <utility>
#include <vector>

using graph::Card;
using graph::User;
using grapnel::FieldValue;
using grapnel::detail::kTable;
using grapnel::store::PredicateKind;
using grapnel::store::PredicatePtr;
namespace store = grapnel::store;

TEST_CASE("nothing joined with a condition is that condition, and nothing with nothing is none") {
  const PredicatePtr some = store::InList(1);
  CHECK(store::Both(some, nullptr) == some);
  CHECK(store::Both(nullptr, some) == some);
  CHECK(store::Both(nullptr, nullptr) == nullptr);
  const PredicatePtr both = store::Both(some, store::Negated(some));
  CHECK(both->kind == PredicateKind::And);
  CHECK(both->left == some);
  CHECK(both->right->kind == PredicateKind::Not);
  CHECK(both->right->left == some);
  CHECK(store::Either(some, both)->kind == PredicateKind::Or);
}

TEST_CASE("a leaf holds its field and its values") {
  const auto field = kTable<User>.Id().tag;
  const PredicatePtr less = store::Compared(PredicateKind::Less, field, 7);
  CHECK(less->kind == PredicateKind::Less);
  CHECK(less->field == field);
  CHECK(less->value == FieldValue(7));
  CHECK(store::IdIn(kTable<User>, {1, 2})->values == std::vector<FieldValue>{1, 2});
  CHECK(store::IdIn(kTable<User>, {})->kind == PredicateKind::In);
  CHECK(store::IdIsNull(kTable<User>)->field == field);
  CHECK(store::HasNeighbour(field, less)->left == less);
  CHECK(store::HasNeighbour(field, nullptr)->left == nullptr);
}

TEST_CASE("a list is named by its number, with the part of it that is meant") {
  CHECK(store::InList(3)->values == std::vector<FieldValue>{FieldValue(), 3});
  CHECK(store::InList(3, nullptr, {1, 2})->values ==
        std::vector<FieldValue>{FieldValue(), 3, 1, 2});
  CHECK(store::InLists(9, 1, 4)->values == std::vector<FieldValue>{9, 1, 4});
}

TEST_CASE("along a relation rows are found from either side") {
  const auto& relation = kTable<Card>.edges[0].relation();
  const auto& inverse = kTable<User>.edges[0].relation();
  const PredicatePtr some = store::InList(1);
  const PredicatePtr holders = store::HoldersOf(relation, some);
  CHECK(holders->kind == PredicateKind::Has);
  CHECK(holders->relation == &relation);
  CHECK(holders->left == some);
  const PredicatePtr reached = store::HoldersOf(inverse, some);
  CHECK(reached->kind == PredicateKind::ReachedBy);
  CHECK(reached->from->where == some);
  CHECK(store::KeyIn(relation, {1})->relation == &relation);
  CHECK(store::KeyIsNull(relation)->kind == PredicateKind::IsNull);
}

TEST_CASE("predicates are nested as deep as memory allows, and shared parts stay") {
  const PredicatePtr shared = store::InList(1);
  PredicatePtr deep = shared;
  for (int i = 0; i < 300'000; ++i) {
    deep = i % 2 == 0 ? store::Negated(std::move(deep)) : store::Both(shared, std::move(deep));
  }
  store::Branch branch = deep;
  deep.Reset();
  branch = store::Branch(shared);
  CHECK(branch->values.size() == 2);
}
