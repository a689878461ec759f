#include <grapnel/store/mutation/edge_changes.hpp>

#include "support/catch.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

using grapnel::detail::EdgeChange;
using grapnel::detail::EdgeChanges;

namespace {

using Ids = EdgeChanges::Ids;

Ids Of(const std::vector<std::int64_t>& ids) { return {ids.begin(), ids.end()}; }

constexpr std::size_t kCards = 0, kPets = 1;

}  // namespace

TEST_CASE("what was said last about a neighbour holds, and each is said once") {
  EdgeChanges changes;
  changes.Add(kCards, Of({1, 2, 1}));
  changes.Remove(kCards, Of({2, 3}), false);
  CHECK(changes.Find(kCards)->added == Of({1}));
  CHECK(changes.Find(kCards)->removed == Of({2, 3}));
  changes.Add(kCards, Of({3, 1}));
  CHECK(changes.Find(kCards)->added == Of({1, 3}));
  CHECK(changes.Find(kCards)->removed == Of({2}));
}

TEST_CASE("of a new row neighbours are taken back, and not taken away") {
  EdgeChanges changes;
  changes.Add(kCards, Of({1, 2}));
  changes.Remove(kCards, Of({2, 3}), true);
  CHECK(changes.Find(kCards)->added == Of({1}));
  CHECK(changes.Find(kCards)->removed.empty());
}

TEST_CASE("in place of all others forgets what was said before") {
  EdgeChanges changes;
  changes.Add(kCards, Of({1}));
  changes.Remove(kCards, Of({2}), false);
  changes.Replace(kCards, Of({7, 7}), true);
  const EdgeChange& change = *changes.Find(kCards);
  CHECK((change.cleared && change.replaces));
  CHECK(change.added == Of({7}));
  CHECK(change.removed.empty());
}

TEST_CASE("edges are apart, and one that is reset was never spoken of") {
  EdgeChanges changes;
  CHECK(changes.IsEmpty());
  changes.Add(kCards, Of({1}));
  changes.Add(kPets, Of({2}));
  CHECK(changes.Find(kPets)->added == Of({2}));
  changes.Reset(kCards);
  CHECK(changes.Find(kCards) == nullptr);
  CHECK_FALSE(changes.IsEmpty());
  changes.Remove(kPets, Of({2}), true);
  CHECK(changes.IsEmpty());  // nothing is left of it
}

TEST_CASE("a later change goes on from an earlier one, unless it begins anew") {
  EdgeChanges changes;
  changes.Add(kCards, Of({1, 2}));
  changes.Join({kCards, false, Of({3}), Of({1})});
  CHECK(changes.Find(kCards)->added == Of({2, 3}));
  CHECK(changes.Find(kCards)->removed == Of({1}));
  changes.Join({kCards});  // says nothing
  CHECK(changes.Find(kCards)->added == Of({2, 3}));
  changes.Join({kCards, true});
  CHECK(changes.Find(kCards)->cleared);
  CHECK(changes.Find(kCards)->added.empty());
  CHECK(changes.Find(kCards)->removed.empty());
}
