#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/base/concat.hpp>
#include <grapnel/base/function_ref.hpp>
#include <grapnel/core/op.hpp>
#include <grapnel/hook/guard.hpp>
#include <grapnel/model/error.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/store/driver/driver.hpp>
#include <grapnel/store/driver/error.hpp>
#include <grapnel/store/driver/loading.hpp>
#include <grapnel/store/mutation/any_mutation.hpp>
#include <grapnel/store/mutation/cause.hpp>
#include <grapnel/store/mutation/touched.hpp>
#include <grapnel/store/query/narrower.hpp>
#include <grapnel/store/query/rows.hpp>
#include <grapnel/store/tx/decision.hpp>
#include <grapnel/store/tx/impl/tx.hpp>
#include <grapnel/store/tx/retry.hpp>
#include <grapnel/store/tx/session.hpp>
#include <grapnel/store/tx/tx.hpp>
#include <grapnel/store/write/as_given.hpp>
#include <grapnel/store/write/pending_rows.hpp>
#include <grapnel/store/write/run.hpp>
#include <grapnel/store/write/stages.hpp>
#include <grapnel/store/write/terminal.hpp>

#include <cstddef>
#include <exception>
#include <memory>
#include <typeinfo>
#include <utility>

/// How mutations run, compiled once for all types.
namespace grapnel::detail {

/// Fits what the hooks made of the mutation to what its caller asked for. A count is no entity,
/// unless a hook turned the mutation into another one.
[[gnu::cold]] inline void Fit(const HandlePtr& handle, AnyMutation& m, AnyResult& result) {
  const Draft& core = m.Core();
  const bool wants_entity = core.WantsEntity();
  if (core.asked == core.op) {
    throw TypeMismatchError(
        core.table->entity, "",
        core::Concat({ToString(core.op),
                      wants_entity ? " results in an entity, but a hook returned a count"
                                   : " results in a count, but a hook returned an entity"}));
  }
  if (!wants_entity) return result.ForgetEntity();
  void* const fresh = result.Place();
  if (!ReadById(handle, *core.table, m.Entity(), fresh)) {
    throw NotFoundError(core.table->entity, DescribeId(*core.table, m.Entity()));
  }
  result.SetEntity(fresh);
}

[[gnu::hot]] GRAPNEL_DEFINE std::int64_t RunTerminal(AnyMutation& m, void* fresh, bool may_wait) {
  Draft& core = m.Core();
  const Bound& bound = core.Running();
  const bool plain = !core.executed && core.pending == nullptr && !core.ChangesEdges();
  // The most frequent mutations by the shortest way; what it leaves out would do nothing here.
  if (plain && core.op == Op::DeleteOne && core.asked == core.op && !core.where && !core.pinned &&
      !core.watched && bound.type.runs_nothing) {
    const store::Delete statement{{core.table, core.op}, m.Entity(), true, nullptr};
    const std::uint64_t written = bound.transaction.Writes();
    const std::int64_t count = bound.transaction.Write(
        bound.level, bound.type, bound.handle->context,
        [&](store::Connection& connection) { return connection.Run(statement); });
    if (count == 0) RefuseUnchanged(core, written);
    core.executed = true;
    return count;
  }
  if (!plain || core.conflict || !core.IsPlainCreate()) return Terminal(m).Run(fresh, may_wait);
  void* entity = m.Entity();
  const store::Insert insert{{core.table, core.op}, entity, core.set};
  if (core.MayNotHoldId()) bound.transaction.ExpectSeveralWrites();
  try {
    core.SetId(bound.transaction.Write(
        bound.level, bound.type, bound.handle->context,
        [&](store::Connection& connection) { return connection.Run(insert); }));
  } catch (const ValidationError& error) {
    core.RefuseUnstorable(error);
  }
  core.has_id = true;
  core.executed = true;
  return 1;
}

/// Runs a mutation without hooks.
[[gnu::always_inline]] inline void RunAlone(AnyMutation& m, AnyResult& result) {
  const Draft& core = m.Core();
  if (core.conflict != nullptr || core.op == Op::UpdateOne) {
    void* const fresh = result.Place();
    RunTerminal(m, fresh);
    return result.SetEntity(fresh);
  }
  // Nobody looks at the mutation any more: what it created is the result.
  const std::int64_t count = RunTerminal(m, nullptr, true);
  core.op == Op::Create ? result.SetEntity(m.Entity()) : result.SetCount(count);
}

/// Runs a mutation through these hooks to the terminal. Those that have no `next` know it by its
/// address alone, which is that of the part of it that all types share.
[[gnu::hot]] inline void RunThrough(TypeEntry& type, const HookChain& hooks, AnyMutation& m,
                                    AnyResult& result) {
  const HookChain::Hooks rest = core::HookList<AnyMutation, AnyValue>::RunBefore(hooks.All(), m);
  rest.empty() ? RunAlone(m, result) : type.actions.run_around(rest, m, result);
}

/// Binds a mutation to what it runs in; put back afterwards, for Mutate runs one inside itself.
class Binding {
 public:
  [[gnu::always_inline]] Binding(AnyMutation& any, const HandlePtr& handle, TypeEntry& type,
                                 Level& level, HookPlan& plan, bool hooked)
      : m_(any.Core()),
        bound_{handle, type, *level.transaction, level, &plan, plan.Decision(), hooked, &any},
        running_{m_.table->entity, m_.op, nullptr, !m_.uncounted} {
    bound_.transaction.EnterMutation(bound_.level, running_);
    const bool by_hook = running_.outer != nullptr || bound_.transaction.IsInHook(bound_.level);
    if (by_hook && m_.bound == nullptr && m_.cause == Cause::Caller) m_.cause = Cause::Hook;
    outer_ = std::exchange(m_.bound, &bound_);
  }
  Binding(const Binding&) = delete;
  Binding& operator=(const Binding&) = delete;
  ~Binding() {
    bound_.transaction.LeaveMutation(bound_.level, running_);
    m_.bound = outer_;
  }

 private:
  Draft& m_;
  Bound bound_;
  const Bound* outer_ = nullptr;
  RunningMutation running_;
};

/// A scope that fails unless it is told to succeed.
class OpenScope {
 public:
  OpenScope(Session& transaction, bool single) noexcept : transaction_(transaction) {
    scope_.single = single;
    transaction_.Enter(scope_);
  }
  OpenScope(const OpenScope&) = delete;
  OpenScope& operator=(const OpenScope&) = delete;
  ~OpenScope() {
    if (open_) transaction_.Fail(scope_);
  }
  void Succeed() {
    transaction_.Succeed(scope_);
    open_ = false;
  }

 private:
  Session& transaction_;
  bool open_ = true;
  Scope scope_;
};

/// Runs `body(handle)` whole or not at all: in the handle's transaction.
inline void RunWithin(const HandlePtr& handle, bool single,
                      core::FunctionRef<void(const HandlePtr&)> body) {
  const Tx::Access::Finish finish{handle};
  handle->transaction->Check(*handle->GetLevel());
  OpenScope scope(*handle->transaction, single);
  body(handle);
  scope.Succeed();
}

/// In a transaction of its own. `attach(error)` may put the result into a CommittedError, which is
/// told without it where that fails. When it throws, `in_the_way` says whether that was because of
/// what another transaction did, and nothing is left of it then.
inline void RunWhole(const HandlePtr& handle, core::FunctionRef<void(const HandlePtr&)> body,
                     core::FunctionRef<void(CommittedError&)> attach, Hindrance& in_the_way) {
  Marks::Guard(*handle->store);
  Generation::Check();
  Marks::Running mark(*handle->store);
  auto transaction =
      std::make_shared<Session>(handle->store, handle->context, Session::Kind::Implicit);
  transaction->SetRunningMark(&mark);
  struct Unmark {
    Session& transaction;
    Hindrance& in_the_way;
    ~Unmark() {
      transaction.SetRunningMark(nullptr);
      in_the_way = transaction.InTheWay();
    }
  } unmark{*transaction, in_the_way};
  const auto inside = MakeHandle({handle->store, transaction, nullptr, handle->context});
  try {
    body(inside);
    transaction->RethrowEnd();
  } catch (...) {
    if (const auto thrown = Tx::Access::Rollback(inside)) handle->store->Report(thrown);
    throw;
  }
  try {
    Tx::Access::Commit(inside);
  } catch (CommittedError& error) {
    try {
      attach(error);
    } catch (...) {  // NOLINT(bugprone-empty-catch): that all is committed matters more
    }
    throw;
  }
}

/// Where writers run beside each other: once more, and again, while others are in the way, until
/// the deadline; for 5 seconds where there is none. `put_back()` puts what is to be run back to how
/// it was before it ran.
[[gnu::cold, gnu::noinline]] inline void RunUntilDone(
    const HandlePtr& handle, core::FunctionRef<void(const HandlePtr&)> body,
    core::FunctionRef<void(CommittedError&)> attach, core::FunctionRef<void()> put_back) {
  Reruns reruns(handle->context, Retry{});
  while (true) {
    Hindrance in_the_way;
    try {
      return RunWhole(handle, body, attach, in_the_way);
    } catch (...) {
      reruns.WaitForNext(in_the_way);
    }
    put_back();
  }
}

/// Asks the rules about a mutation. Rows that they leave out are as not there.
[[gnu::always_inline]] inline void JudgeMutation(const HookChain& hooks, const HookPlan& plan,
                                                 AnyMutation& m) {
  const HookChain::Hooks rules = hooks.Rules();
  if (rules.empty() && plan.Decision() == nullptr) return;
  struct Judging {
    Draft& m;
    ~Judging() { m.judged = false; }
  } const judging{m.Core()};
  m.Core().judged = true;
  guard::detail::Judge(rules, plan.Decision(), m.Type(), m.Op(), &m);
}

/// Runs a mutation with its hooks, inside of a transaction, to what its caller asked for.
[[gnu::always_inline]] inline void RunInside(const HandlePtr& handle, Level& level, TypeEntry& type,
                                             const HookChain& hooks, HookPlan& plan, AnyMutation& m,
                                             AnyResult& result) {
  const Binding binding(m, handle, type, level, plan, !hooks.IsEmpty());
  if (Is(m.Op(), Op::Delete | Op::DeleteOne)) {
    plan.ForeseeDeletion();
  } else {
    m.Core().ApplyDefaults();
    if (m.Core().ChangesEdges()) ForeseeNeighbours(m.Core());
  }
  JudgeMutation(hooks, plan, m);
  if (IsIntercepted(*handle)) [[unlikely]]
    m.Core().PassInterceptors();
  RunThrough(type, hooks, m, result);
  const Draft& core = m.Core();
  if (result.HasEntity() != core.WantsEntity()) Fit(handle, m, result);
  // One row was asked for: that hooks widened the mutation makes a missing one no success.
  if (core.asked == Op::DeleteOne && !core.IsOne() && core.executed && result.Count() == 0) {
    throw NotFoundError(core.table->entity, DescribeId(*core.table, m.Entity()));
  }
}

/// Whether nothing of the user's can run inside of the mutation, and it begins no other one.
[[gnu::always_inline]] inline bool IsLeaf(const HandlePtr& handle, const TypeEntry& type,
                                          const Draft& m, const guard::Verdict* decision) {
  return decision == nullptr && type.runs_nothing && !type.hooks.HasAny() &&
         !handle->transaction->HasLocalHooks() && m.bound == nullptr && m.conflict == nullptr &&
         !m.ChangesEdges() && !handle->context.IsObserved() && !IsIntercepted(*handle);
}
/// Whether such a leaf is one statement, behind which nothing can fail, and needs no savepoint:
/// then there is no scope to undo.
[[gnu::always_inline]] inline bool UndoesItself(const Session& transaction, const Draft& m) {
  return transaction.NeedsNoScope(*m.table) &&
         (m.op == Op::DeleteOne ||
          (m.op == Op::Create && !m.MayNotHoldId() && m.table->ops.moves_safely));
}
/// Runs it: most of what the way of a mutation is for has nothing to do here.
[[gnu::hot]] inline void RunLeaf(const HandlePtr& handle, Level& level, TypeEntry& type,
                                 AnyMutation& m, AnyResult& result) {
  const Bound bound{handle, type, *level.transaction, level, nullptr, nullptr, false, &m};
  struct Unbind {
    Draft& m;
    ~Unbind() { m.bound = nullptr; }
  } const unbind{m.Core()};
  m.Core().bound = &bound;
  RunAlone(m, result);
}

/// Runs a mutation again that is running, for one of its hooks, with the hooks that it has. Where
/// that fails, the hook may go on with the mutation as it was.
[[gnu::noinline]] inline void RunAgain(const HandlePtr& handle, Level& level, TypeEntry& type,
                                       AnyMutation& m, AnyResult& result,
                                       const guard::Verdict* decision) {
  if (m.GetProgress().executed) {
    throw Error(core::Concat({m.Type(),
                              ": the mutation was already carried out: its hook must not run it "
                              "by Mutate as well"}));
  }
  struct GoingBack {
    AnyMutation& m;
    AnyMutation::Progress before = m.GetProgress();
    bool done = false;
    ~GoingBack() {
      if (!done) m.GoBack(before);
    }
  } going_back{m};
  const Bound& bound = *m.Core().bound;
  if (&bound.level == &level && decision == nullptr) {
    RunInside(handle, level, type, bound.plan->Of(type), *bound.plan, m, result);
  } else {
    const HookChain hooks(type, &level);
    HookPlan plan(type, hooks, level, decision != nullptr ? decision : bound.decision);
    RunInside(handle, level, type, hooks, plan, m, result);
  }
  result.Keep();
  going_back.done = true;
}

/// The same with the hooks that there are now.
[[gnu::hot, gnu::noinline]] inline void RunHooked(const HandlePtr& handle, Level& level,
                                                  TypeEntry& type, AnyMutation& m,
                                                  AnyResult& result,
                                                  const guard::Verdict* decision) {
  if (m.Core().bound != nullptr) return RunAgain(handle, level, type, m, result, decision);
  const HookChain hooks(type, &level);
  HookPlan plan(type, hooks, level, decision);
  RunInside(handle, level, type, hooks, plan, m, result);
}

/// Runs a mutation inside of a transaction. What a leaf does not need is out of its way.
[[gnu::always_inline]] inline void RunBound(const HandlePtr& handle, Level& level, AnyMutation& m,
                                            AnyResult& result, const guard::Verdict* decision) {
  TypeEntry& type = level.transaction->TypeOf(*m.Core().table);
  if (IsLeaf(handle, type, m.Core(), decision)) return RunLeaf(handle, level, type, m, result);
  RunHooked(handle, level, type, m, result, decision);
}

[[gnu::hot]] GRAPNEL_DEFINE void RunMutation(const HandlePtr& handle, AnyMutation& m,
                                             AnyResult& result) {
  m.Core().pending = nullptr;  // of a bulk, when its hook carries it out by Mutate
  const Decided decided(handle);
  if (handle->transaction) {  // what RunWithin does, without its detours
    const Tx::Access::Finish finish{handle};
    Level& level = *handle->GetLevel();
    handle->transaction->Check(level);
    TypeEntry& type = handle->transaction->TypeOf(*m.Core().table);
    const bool is_leaf = IsLeaf(handle, type, m.Core(), decided.Verdict());
    if (is_leaf && UndoesItself(*handle->transaction, m.Core())) {
      return RunLeaf(handle, level, type, m, result);
    }
    const bool keeps_safely = result.IsSafe() || !m.Core().WantsEntity();
    OpenScope scope(*handle->transaction, keeps_safely);
    is_leaf ? RunLeaf(handle, level, type, m, result)
            : RunHooked(decided.Inside(), level, type, m, result, decided.Verdict());
    result.Keep();
    return scope.Succeed();
  }
  const auto run = [&](const HandlePtr& inside) {
    RunBound(inside, *inside->GetLevel(), m, result, decided.Verdict());
    result.Keep();
  };
  const auto attach = [&](CommittedError& error) {
    handle->store->TypeOf(*m.Core().table).actions.attach(error, result);
  };
  if (!handle->store->driver->SerialisesWriters()) [[unlikely]] {
    AsGiven given(m);
    return RunUntilDone(decided.Inside(), run, attach, [&] {
      given.PutBack(m);
      result.StartOver();
    });
  }
  Hindrance in_the_way;
  RunWhole(decided.Inside(), run, attach, in_the_way);
}

GRAPNEL_DEFINE bool RunUpsert(const Bound& create, AnyMutation& update, AnyResult& result) {
  const HookChain& hooks = create.plan->Of(create.type);
  const auto run = [&] {
    RunInside(create.handle, create.level, create.type, hooks, *create.plan, update, result);
  };
  try {
    if (hooks.IsEmpty()) {  // nothing but its own statement, which undoes itself
      run();
    } else {
      OpenScope scope(create.transaction, true);
      run();
      scope.Succeed();
    }
    return true;
  } catch (const StaleError&) {
    if (!update.Core().stale) throw;  // of another mutation
    return false;
  }
}

GRAPNEL_DEFINE std::optional<std::int64_t> RunCascaded(const Bound& cause, TypeEntry& type,
                                                       grapnel::Op op,
                                                       core::FunctionRef<void(Draft&)> prepare) {
  const HandlePtr& handle = cause.handle;
  HookPlan& plan = *cause.plan;
  std::optional<std::int64_t> kept;
  type.actions.with_mutation(op, [&](AnyMutation& m) {
    m.Core().cause = Cause::Cascade;
    m.Core().caused_by = cause.mutation;
    prepare(m.Core());
    AnyResult result(*type.table);
    Level& level = *handle->GetLevel();
    handle->transaction->Check(level);
    OpenScope scope(*handle->transaction, true);
    TypeEntry& verified = handle->transaction->TypeOf(*type.table);
    RunInside(handle, level, verified, plan.Of(verified), plan, m, result);
    scope.Succeed();
    if (m.Core().keeps && m.Core().executed) kept = m.Core().kept;
  });
  return kept;
}

class BulkInTransaction final : public BulkRun {
 public:
  BulkInTransaction(const HandlePtr& handle, const Table& table, void* made,
                    const guard::Verdict* decision)
      : type_(handle->transaction->TypeOf(table)),
        made_(made),
        hooks_(type_, handle->GetLevel()),
        plan_(type_, hooks_, *handle->GetLevel(), decision),
        bound_{handle, type_, *handle->transaction, *handle->GetLevel(), &plan_, decision},
        pending_(bound_, row_) {}

  void Run(AnyMutation& m) override {
    m.Core().pending = &pending_;
    AnyResult result = AnyResult::Behind(*type_.table, made_);
    RunInside(bound_.handle, bound_.level, type_, hooks_, plan_, m, result);
    result.MoveOut();
    ++done_;
    pending_.Done();
  }
  /// Calls `body()`, and tells of a ConstraintError or ValidationError in which row it was.
  void Guard(core::FunctionRef<void()> body) {
    try {
      try {
        body();
      } catch (...) {
        pending_.FlushIfOpen();
        throw;
      }
      pending_.Flush();
    } catch (const ConstraintError& error) {
      TellRow(error);
    } catch (const ValidationError& error) {
      TellRow(error);
    }
  }

 private:
  /// What a hook has derived from it reaches the caller unchanged.
  template <class E>
  [[noreturn]] void TellRow(const E& error) const {
    if (error.Row() || error.Entity() != type_.table->entity || typeid(error) != typeid(E)) throw;
    throw error.InRow(done_);
  }

  /// Where a row's result is.
  struct RowAt {
    const Table& table;
    void* made;
    void* operator()(std::size_t place) const { return table.ops.RowAt(made, place); }
  };

  TypeEntry& type_;
  void* made_;
  RowAt row_{*type_.table, made_};
  HookChain hooks_;
  HookPlan plan_;
  Bound bound_;
  PendingRows pending_;
  std::size_t done_ = 0;
};

GRAPNEL_DEFINE void RunBulk(const HandlePtr& handle, const Table& table, void* made,
                            core::FunctionRef<void(BulkRun&)> rows, const store::Turn* turn) {
  const Decided decided(handle);
  const auto run = [&](const HandlePtr& inside) {
    if (!handle->transaction) inside->transaction->ExpectTurn(turn);
    BulkInTransaction bulk(inside, table, made, decided.Verdict());
    bulk.Guard([&] { rows(bulk); });
  };
  if (handle->transaction) return RunWithin(decided.Inside(), false, run);
  const auto attach = [&](CommittedError& error) {
    handle->store->TypeOf(table).actions.attach_rows(error, made);
  };
  if (!handle->store->driver->SerialisesWriters()) {
    return RunUntilDone(decided.Inside(), run, attach, [&] { table.ops.ClearRows(made); });
  }
  Hindrance in_the_way;
  RunWhole(decided.Inside(), run, attach, in_the_way);
}

}  // namespace grapnel::detail
