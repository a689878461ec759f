#include <grapnel/store/write/terminal.hpp>

#include <grapnel/grapnel.hpp>

#include "contract/model.hpp"
#include "support/catch.hpp"
#include "support/running.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace {

struct Narrow {
  std::int8_t id = 0;
  std::int64_t at = 0;
};

}  // namespace

template <>
struct grapnel::Schema<Narrow> {
  static constexpr std::string_view Type = "Narrow";
  static constexpr auto Fields() { return grapnel::Fields(Field<&Narrow::at>("at")); }
};

namespace detail = grapnel::detail;
namespace store = grapnel::store;
using detail::kTable;
using detail::RunTerminal;
using grapnel::F;
using grapnel::FieldValue;
using grapnel::Op;
using model::User;

namespace {

using Ids = std::vector<FieldValue>;
using Lines = std::vector<std::string>;

/// Ada, Bob and Eve, the users 1 to 3.
struct World : Opened<User, Narrow> {
  Lines log{};

  World() {
    for (const char* name : {"Ada", "Bob", "Eve"})
      Of<User>().Create().Set(F<&User::name>, name).Save();
  }
  static store::PredicatePtr Named(const char* name) { return (F<&User::name> == name).Node(); }
};

/// A mutation of users that has gone through all hooks.
struct Arrived : Running<User> {
  User fresh{};

  Arrived(const World& world, Op op, std::int64_t id = 0) : Running(world.Handle(), op) {
    entity.id = id;
    core.has_id = id != 0;
  }
  std::int64_t Run() { return RunTerminal(mutation, &fresh); }
};

}  // namespace

TEST_CASE_METHOD(World, "of a Create the id is then in its entity, and it has been carried out") {
  Arrived create(*this, Op::Create);
  create.mutation.Set(F<&User::name>, "Zoe");
  CHECK(create.Run() == 1);
  CHECK((create.entity.id == 4 && create.core.has_id && create.core.executed));
  CHECK_THROWS_WITH(create.Run(), Catch::Contains("User: the mutation was already carried out"));
  CHECK(create.Client().Of<User>().Query().Count() == 4);
}

TEST_CASE_METHOD(World, "what is not valid reaches no database") {
  Running<User> create(Traced(log), Op::Create);
  log.clear();
  CHECK_THROWS_AS(RunTerminal(create.mutation, nullptr), grapnel::ValidationError);
  CHECK(log.empty());
  CHECK_FALSE(create.core.executed);
}

TEST_CASE_METHOD(
    World, "of an UpdateOne the row is in `fresh` as it is then stored, whatever was said of it") {
  const bool alone =
      GENERATE(false, true);  // by a write that has no savepoint, and must be the last
  Arrived update(*this, Op::UpdateOne, 2);
  detail::Scope scope;
  scope.single = alone;
  update.bound.transaction.Enter(scope);
  update.mutation.Set(F<&User::nickname>, "bobby");
  update.mutation.Add(F<&User::age>, 5);
  CHECK(update.Run() == 1);
  CHECK((update.fresh.name == "Bob" && update.fresh.nickname == "bobby" && update.fresh.age == 5));
  CHECK((scope.savepoint == detail::Scope::kNone) == alone);
  const User stored = update.Client().Of<User>().Get(2);
  CHECK((stored.nickname == "bobby" && stored.age == 5));
  update.bound.transaction.Succeed(scope);
}

TEST_CASE_METHOD(World, "a One form that touches nothing says why") {
  const Op op = GENERATE(Op::UpdateOne, Op::DeleteOne);
  {
    Arrived absent(*this, op, 9);
    CHECK_THROWS_WITH(absent.Run(), "User not found: id 9");
  }
  Arrived stale(*this, op, 1);
  stale.core.where = Named("Bob");
  CHECK_THROWS_AS(stale.Run(), grapnel::StaleError);
  CHECK(stale.core.stale);
}

TEST_CASE_METHOD(
    World, "the forms for many count the rows that matched, and write nothing without a change") {
  Running<User> update(Traced(log), Op::Update);
  update.core.where = (F<&User::id> <= 2).Node();
  log.clear();
  CHECK(RunTerminal(update.mutation, nullptr) == 2);
  CHECK(CountOf(log, "UPDATE") == 0);
  update.core.executed = false;
  update.mutation.Set(F<&User::age>, 1);
  CHECK(RunTerminal(update.mutation, nullptr) == 2);
  CHECK(CountOf(log, "UPDATE") == 1);
  update.handle->transaction->Rollback();
  Arrived all(*this, Op::Delete);
  CHECK(all.Run() == 3);
}

TEST_CASE_METHOD(World,
                 "rows that were asked for are touched alone, and afterwards are those that were") {
  Arrived update(*this, Op::Update);
  update.mutation.Set(F<&User::age>, 1);
  CHECK(detail::PinnedIds(update.core) == Ids{1, 2, 3});
  update.Client().Of<User>().DeleteOne(2).Exec();  // as hooks may
  update.Client().Of<User>().Create().Set(F<&User::name>, "Zoe").Save();
  CHECK(update.Run() == 2);
  CHECK(detail::PinnedIds(update.core) == Ids{1, 3});
  CHECK(update.Client().Of<User>().Query().Where(F<&User::age> == 1).IDs() ==
        std::vector<std::int64_t>{1, 3});
}

TEST_CASE_METHOD(World,
                 "a Create with OnConflict says what it came to, and the row is in `fresh`") {
  Arrived create(*this, Op::Create);
  create.mutation.Set(F<&User::name>, "Ada");
  create.core.conflict = grapnel::core::MakeShared<store::Conflict>();
  store::Conflict& conflict = *create.core.conflict;
  conflict.columns = {kTable<User>.PlaceOf(*kTable<User>.Find("name"))};
  SECTION("undecided: it is refused") {
    CHECK_THROWS_WITH(create.Run(), Catch::Contains("OnConflict does not say what to do"));
  }
  SECTION("a row is there, and stays as it was") {
    conflict.action = store::OnConflict::Ignore;
    create.mutation.Set(F<&User::age>, 7);
    CHECK(create.Run() == 1);
    CHECK(conflict.outcome == store::ConflictOutcome::Unchanged);
    CHECK((create.fresh.id == 1 && create.fresh.age == 0 && create.entity.id == 1));
  }
  SECTION("a row is there, and gets the new values") {
    conflict.action = store::OnConflict::UpdateNewValues;
    create.mutation.Set(F<&User::age>, 7);
    CHECK(create.Run() == 1);
    CHECK(conflict.outcome == store::ConflictOutcome::Updated);
    CHECK((create.fresh.id == 1 && create.fresh.age == 7));
  }
  SECTION("no row is there") {
    conflict.action = store::OnConflict::Ignore;
    create.mutation.Set(F<&User::name>, "Zoe");
    CHECK(create.Run() == 1);
    CHECK(conflict.outcome == store::ConflictOutcome::Inserted);
    CHECK((create.fresh.id == 4 && create.fresh.name == "Zoe"));
  }
}

TEST_CASE_METHOD(
    World, "a row of a bulk waits where it may; what may not wait comes behind those that do") {
  Arrived first(*this, Op::Create);
  const auto row = [&](std::size_t) -> void* { return &first.entity; };
  detail::PendingRows pending(first.bound, row);
  first.core.pending = &pending;
  first.mutation.Set(F<&User::name>, "Zoe");
  CHECK(RunTerminal(first.mutation, nullptr, true) == 1);
  CHECK((first.core.executed && first.entity.id == 0));
  pending.Done();
  auto second = grapnel::Mutation<User>::Access::Make(Op::Create);
  second.Core().bound = &first.bound;
  second.Core().pending = &pending;
  second.Set(F<&User::name>, "Kim");
  CHECK(RunTerminal(second, nullptr, false) == 1);
  CHECK((first.entity.id == 4 && second.ID() == 5));
}

TEST_CASE_METHOD(World,
                 "an id that the type is too narrow for is refused, and can still be undone") {
  Running<Narrow> create(Handle(), Op::Create);
  CHECK(create.core.MayNotHoldId());
  create.Apply(R"(INSERT INTO "Narrow" (id, at) VALUES (127, 0))");
  create.mutation.Set(F<&Narrow::at>, 1);
  detail::Scope scope;
  scope.single = true;
  create.bound.transaction.Enter(scope);
  CHECK_THROWS_AS(RunTerminal(create.mutation, nullptr), grapnel::ValidationError);
  create.bound.transaction.Fail(scope);
  CHECK(create.Client().Of<Narrow>().Query().Count() == 1);
  CHECK_FALSE(detail::Draft(kTable<User>, Op::Create, nullptr).MayNotHoldId());
}
