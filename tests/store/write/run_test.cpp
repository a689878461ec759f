#include <grapnel/store/write/run.hpp>

#include <grapnel/grapnel.hpp>

#include "contract/model.hpp"
#include "support/catch.hpp"
#include "support/running.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace {

using Lines = std::vector<std::string>;

struct Task {
  std::int64_t id = 0;
  std::string title;
};

/// What the hooks of tasks say.
Lines& Log() {
  static Lines log;
  return log;
}

/// Says its name before and after the rest.
struct Says {
  std::string name;
  grapnel::Value<Task> operator()(grapnel::Mutation<Task>& m, grapnel::Next<Task> next) const {
    Log().push_back(name);
    auto value = next(m);
    Log().push_back("/" + name);
    return value;
  }
};

}  // namespace

template <>
struct grapnel::Schema<Task> {
  static constexpr std::string_view Type = "Task";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&Task::title>("title").NotEmpty().Unique());
  }
  static auto Hooks() { return grapnel::Hooks(Says{"schema"}); }
};

namespace detail = grapnel::detail;
using detail::AnyResult;
using detail::kTable;
using detail::RunMutation;
using grapnel::Cause;
using grapnel::F;
using grapnel::Mutation;
using grapnel::Next;
using grapnel::Op;
using grapnel::Value;
using model::Card;

namespace {

/// Runs a mutation, and moves what came of it into an entity.
void RunInto(const detail::HandlePtr& handle, grapnel::AnyMutation& m, void* into) {
  AnyResult result(*m.Core().table, into);
  RunMutation(handle, m, result);
  result.MoveOut();
}

struct World : Opened<Task> {
  World() { Log().clear(); }
  std::int64_t Count() const { return Of<Task>().Query().Count(); }
};

/// A mutation, still to be run.
template <class E = Task>
struct Draft {
  explicit Draft(Op op) : m(Mutation<E>::Access::Make(op)) {}
  Draft(Op op, const std::string& title) : Draft(op) { m.Set(F<&Task::title>, title); }
  Mutation<E> m;
};

}  // namespace

TEST_CASE_METHOD(
    World, "a mutation goes through runtime hooks, the transaction's, the schema's, and back") {
  Of<Task>().Use(Says{"runtime"});
  auto tx = Tx();
  tx.Of<Task>().Use(Says{"transaction"});
  tx.Of<Task>().Create().Set(F<&Task::title>, "a").Save();
  CHECK(Log() == Lines{"runtime", "transaction", "schema", "/schema", "/transaction", "/runtime"});
}

TEST_CASE_METHOD(World,
                 "it runs whole or not at all, in a transaction of its own where it is in none") {
  auto handle = Of<Task>().Use([](Mutation<Task>& m, Next<Task> next) -> Value<Task> {
    CHECK_FALSE(m.InTx());
    next(m);
    throw std::logic_error("after the write");
  });
  Draft<> m(Op::Create, "a");
  Task into;
  CHECK_THROWS_AS(RunInto(Handle(), m.m, &into), std::logic_error);
  CHECK(Count() == 0);
  handle.Remove();
  Draft<> again(Op::Create, "a");
  RunInto(Handle(), again.m, &into);
  CHECK((into.id == 1 && Count() == 1));
}

TEST_CASE_METHOD(
    World, "a result is the entity that was created, in place, and a count of the forms for many") {
  Draft<> create(Op::Create, "a");
  Task into;
  auto created = AnyResult::Copied(kTable<Task>, &into);
  RunMutation(Handle(), create.m, created);
  CHECK((created.HasEntity() && created.Count() == 1));
  CHECK((into.title == "a" && static_cast<const Task*>(create.m.Entity())->title == "a"));
  Draft<> update(Op::Update, "b");
  AnyResult updated(kTable<Task>);
  RunMutation(Handle(), update.m, updated);
  CHECK((updated.Count() == 1 && !updated.HasEntity()));
  Draft<> none(Op::Delete);
  none.m.Where(F<&Task::id> == 99);
  AnyResult counted(kTable<Task>);
  RunMutation(Handle(), none.m, counted);
  CHECK(counted.Count() == 0);
}

TEST_CASE_METHOD(World, "a result goes where its caller wants it, and into a CommittedError") {
  auto& type = Handle()->store->TypeOf(kTable<Task>);
  Task into;
  AnyResult result(kTable<Task>, &into);
  CHECK(result.Place() == &into);
  Task made;
  made.title = "a";
  result.SetEntity(&made);
  grapnel::CommittedError error({});
  type.actions.attach(error, result);
  CHECK(error.Value<Value<Task>>()->Entity().title == "a");
  made.title = "b";
  result.MoveOut();
  CHECK(into.title == "b");
  result.ForgetEntity();
  CHECK((result.Count() == 1 && !result.HasEntity()));
  type.actions.attach(error, result);
  CHECK(error.Value<Value<Task>>()->Count() == 1);
  std::vector<Task> rows(2);
  type.actions.attach_rows(error, &rows);
  CHECK(error.Value<std::vector<Task>>()->size() == 2);
  AnyResult counted(kTable<Task>);  // who wants a count has no place for an entity
  static_cast<Task*>(counted.Place())->title = "b";
  CHECK(static_cast<Task*>(counted.Place())->title == "b");
}

TEST_CASE_METHOD(World, "a result that is not of the kind that was asked for is refused") {
  auto handle = Of<Task>().Use([](Mutation<Task>&, Next<Task>) -> Value<Task> { return 1; });
  CHECK_THROWS_WITH(Of<Task>().Create().Set(F<&Task::title>, "a").Save(),
                    Catch::Contains("Create results in an entity, but a hook returned a count"));
  handle.Remove();
  Of<Task>().Use([](Mutation<Task>&, Next<Task>) -> Value<Task> { return Task{}; });
  CHECK_THROWS_WITH(Of<Task>().Delete().Exec(),
                    Catch::Contains("Delete results in a count, but a hook returned an entity"));
}

TEST_CASE("the rows of a bulk are created all or none, and an error tells which it is of") {
  const Opened<Card> db;
  const auto run = [&](const detail::HandlePtr& in, const Lines& numbers) {
    std::vector<std::unique_ptr<Draft<Card>>> rows;
    std::vector<Card> made;
    detail::RunBulk(in, kTable<Card>, &made, [&](detail::BulkRun& bulk) {
      for (const std::string& number : numbers) {
        rows.push_back(std::make_unique<Draft<Card>>(Op::Create));
        rows.back()->m.Set(F<&Card::number>, number);
        rows.back()->m.Set(F<&Card::in_hook>, "");
        bulk.Run(rows.back()->m);
      }
    });
    CHECK((made.size() == numbers.size() && made.back().number == numbers.back()));
  };
  const auto inside = detail::BeginTransaction(db.Handle(), detail::Session::Kind::Explicit);
  run(inside, {"a", "b"});
  try {
    run(inside, {"c", "d", "a"});
    FAIL("nothing was thrown");
  } catch (const grapnel::ConstraintError& error) {
    CHECK(error.Row() == std::optional<std::size_t>(2));
  }
  CHECK(grapnel::Client(inside).Of<Card>().Query().Count() == 2);  // the transaction goes on
  inside->transaction->Rollback();
  CHECK_THROWS_AS(run(db.Handle(), {"a", "b", "a"}), grapnel::ConstraintError);
  CHECK(db.Of<Card>().Query().Count() == 0);
  run(db.Handle(), {"a", "b"});
  CHECK(db.Of<Card>().Query().Count() == 2);
}

TEST_CASE_METHOD(
    World, "what Grapnel begins has its cause, and the hooks of the plan that it belongs to") {
  for (const char* title : {"a", "b"}) Of<Task>().Create().Set(F<&Task::title>, title).Save();
  Cause cause = Cause::Caller;
  auto seen = Of<Task>().Use(grapnel::hook::Before([&](Mutation<Task>& m) { cause = m.Cause(); }));
  Running<Task> run(Handle(), Op::Update);
  seen.Remove();  // the plan has it still
  RunCascaded(run.bound, run.type, Op::Delete,
              [](detail::Draft& core) { core.where = grapnel::store::IdIn(kTable<Task>, {2}); });
  CHECK(cause == Cause::Cascade);
  CHECK(run.Client().Of<Task>().Query().IDs() == std::vector<std::int64_t>{1});
}

TEST_CASE_METHOD(World, "a type makes mutations of itself, and runs the hooks around one") {
  auto& type = Handle()->store->TypeOf(kTable<Task>);
  Of<Task>().Create().Set(F<&Task::title>, "a").Save();
  Of<Task>().Use([](Mutation<Task>& m, Next<Task> next) {
    auto value = next(m);
    value.Entity().title += "!";
    return value;
  });
  Task into;
  type.actions.with_mutation(Op::UpdateOne, [&](grapnel::AnyMutation& m) {
    m.SetField("title", "b");
    static_cast<Task*>(m.Entity())->id = 1;
    m.Core().has_id = true;
    RunInto(Handle(), m, &into);
  });
  CHECK((into.id == 1 && into.title == "b!"));
}
