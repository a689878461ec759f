#include <grapnel/store/write/row_lists.hpp>

#include <grapnel/grapnel.hpp>

#include "contract/graph_model.hpp"
#include "support/catch.hpp"
#include "support/running.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace detail = grapnel::detail;
namespace store = grapnel::store;
using detail::kTable;
using detail::RowLists;
using graph::Card;
using graph::Pet;
using graph::User;
using grapnel::F;
using grapnel::FieldValue;
using grapnel::Op;

namespace {

using Ids = std::vector<FieldValue>;

/// The users 1 to 4, each with the card of the same id, and a mutation that deletes users.
struct World : Opened<User, Card, Pet> {
  Running<User> run{Handle(), Op::Delete};

  World() {
    for (const std::int64_t id : {1, 2, 3, 4}) {
      run.Client().Of<User>().Create().Set(F<&User::name>, "u").Save();
      run.Client()
          .Of<Card>()
          .Create()
          .Set(F<&Card::number>, std::to_string(id))
          .Set(F<&Card::owner>, id)
          .Save();
    }
  }
  template <class E = User>
  Ids In(const store::PredicatePtr& where) {
    return detail::SelectIds(run.core, kTable<E>, where);
  }
  static store::PredicatePtr Users(std::int64_t from, std::int64_t to) {
    return (F<&User::id> >= from && F<&User::id> <= to).Node();
  }
  static const detail::Relation& Owner() { return kTable<Card>.FindEdge("owner")->relation(); }
};

}  // namespace

TEST_CASE_METHOD(World, "a list keeps the rows that matched, each once, whatever becomes of them") {
  RowLists lists(run.core);
  const std::int64_t list = lists.Keep(kTable<User>, Users(1, 2));
  CHECK(lists.Size(list) == 2);
  CHECK(lists.Keep(kTable<User>, Users(2, 3), nullptr, list) == list);
  CHECK(lists.Size(list) == 3);
  run.Client().Of<User>().Update().Set(F<&User::name>, "v").Save();
  CHECK(In(lists.In(list)) == Ids{1, 2, 3});
  CHECK(In<Card>(lists.Refers(Owner(), list)) == Ids{1, 2, 3});
  CHECK(In<Card>(lists.In(list)).size() ==
        3);  // the ids alone: who asks knows of which type they are
}

TEST_CASE_METHOD(World, "one row is named by an entity, and kept where it matches") {
  RowLists lists(run.core);
  run.entity.id = 2;
  const std::int64_t matching = lists.Keep(kTable<User>, Users(1, 4), &run.entity);
  CHECK(In(lists.In(matching)) == Ids{2});
  CHECK(lists.Size(lists.Keep(kTable<User>, Users(3, 4), &run.entity)) == 0);
}

TEST_CASE_METHOD(
    World,
    "what is to be deleted is told by its type, here and further out, and what stays is not") {
  RowLists outer(run.core);
  outer.Keep(kTable<User>, Users(1, 1));
  RowLists lists(run.core);
  lists.Keep(kTable<User>, Users(2, 2));
  lists.KeepApart(kTable<User>, Users(3, 3));
  CHECK(In(lists.InAny(kTable<User>)) == Ids{2});
  CHECK(In(lists.InOthers(kTable<User>)) == Ids{1});
  CHECK(In(outer.InOthers(kTable<User>)).empty());
  CHECK(In<Card>(lists.InAny(kTable<Card>)).empty());  // ids of users are none of cards
}

TEST_CASE_METHOD(World, "a row stands in its last list alone, but for the first, which keeps all") {
  RowLists lists(run.core);
  const std::int64_t first = lists.Keep(kTable<User>, Users(1, 4));
  const std::int64_t second = lists.Keep(kTable<User>, Users(1, 3));
  const std::int64_t third = lists.Keep(kTable<User>, Users(3, 4));
  lists.KeepLast();
  CHECK(In(lists.In(first)) == Ids{1, 2, 3, 4});
  CHECK(In(lists.In(second)) == Ids{1, 2});
  CHECK(In(lists.In(third)) == Ids{3, 4});
}

TEST_CASE_METHOD(World,
                 "lists are gone at the end of their scope, those from outside of it are not") {
  RowLists outer(run.core);
  const std::int64_t stays = outer.Keep(kTable<User>, Users(1, 1));
  std::int64_t goes = 0;
  {
    RowLists inner(run.core);
    goes = inner.Keep(kTable<User>, Users(2, 4));
    CHECK(In(store::InList(goes)).size() == 3);
  }
  CHECK(In(store::InList(goes)).empty());
  CHECK(In(store::InList(stays)) == Ids{1});
  const RowLists another(run.core);
  CHECK(In(another.InOthers(kTable<User>)) == Ids{1});
}

TEST_CASE_METHOD(
    World, "a long list is gone through in parts, whose conditions hold for their rows alone") {
  const std::int64_t count = RowLists::kPart + 2;
  run.Apply("WITH RECURSIVE n(i) AS (SELECT 5 UNION ALL SELECT i + 1 FROM n WHERE i < " +
            std::to_string(count) +
            R"() INSERT INTO "User" (id, name, age, version) SELECT i, 'u', 0, 0 FROM n)");
  RowLists lists(run.core);
  const std::int64_t list = lists.Keep(kTable<User>, nullptr);
  CHECK(lists.Size(list) == count);
  std::vector<std::size_t> sizes;
  std::int64_t last = 0;
  lists.ForEachPart(kTable<User>, list, [&](const Ids& ids, const store::PredicatePtr& part) {
    sizes.push_back(ids.size());
    CHECK(*ids.front().As<std::int64_t>() == last + 1);
    last = *ids.back().As<std::int64_t>();
    CHECK(detail::CountRows(run.core, kTable<User>, part) == static_cast<std::int64_t>(ids.size()));
  });
  CHECK(sizes == std::vector<std::size_t>{20'000, 2});
  CHECK(last == count);
  const std::int64_t none = lists.Keep(kTable<User>, Users(-5, 0));
  lists.ForEachPart(kTable<User>, none, [](const auto&, const auto&) { FAIL("there is no part"); });
}
