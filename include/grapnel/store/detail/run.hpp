#pragma once

#include <grapnel/core/concat.hpp>
#include <grapnel/core/hook_list.hpp>
#include <grapnel/core/next.hpp>
#include <grapnel/schema/error.hpp>
#include <grapnel/schema/schema.hpp>
#include <grapnel/store/detail/execute.hpp>
#include <grapnel/store/detail/store.hpp>
#include <grapnel/store/detail/transaction.hpp>
#include <grapnel/store/effective_chain.hpp>
#include <grapnel/store/mutation.hpp>
#include <grapnel/store/tx.hpp>
#include <grapnel/store/value.hpp>

#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

/// The way of a mutation: transaction, defaults, runtime hooks, the transaction's own hooks, schema
/// hooks, validation, SQL, and back.
namespace grapnel::detail {

/// The hooks of one entity type.
template <class E>
struct TypeState : TypeEntry {
  using List = core::HookList<Mutation<E>, Value<E>>;

  TypeState() : TypeEntry(kTable<E>) {
    std::vector<Hook<E>> hooks;
    std::apply([&](auto&&... each) { (hooks.emplace_back(std::move(each)), ...); }, SchemaHooks<E>());
    if (!hooks.empty()) schema_hooks_.Add(std::move(hooks));
    schema = schema_hooks_.Load();
  }

  bool HasDeleteHooks(Level& level) const override;
  void DeleteRows(const HandlePtr& handle, const store::PredicatePtr& rows, bool deferred) override;

  List runtime;
  typename List::Snapshot schema;  // mixins' first; never changes

 private:
  List schema_hooks_;
};

template <class E>
TypeState<E>& StateOf(const Store& store) {
  return static_cast<TypeState<E>&>(store.TypeOf(kTable<E>));
}

/// The hook list that lasts as long as `level`; null unless it was used, or is to be `made`.
template <class E>
typename TypeState<E>::List* LocalHooks(Level& level, bool make = false) {
  for (auto& [type, list] : level.local_hooks) {
    if (type == core::TypeIdOf<E>()) return static_cast<typename TypeState<E>::List*>(list.get());
  }
  if (!make) return nullptr;
  auto list = std::make_shared<typename TypeState<E>::List>();
  level.local_hooks.emplace_back(core::TypeIdOf<E>(), list);
  level.transaction->SetHasLocalHooks();
  return list.get();
}

/// Runs a mutation through its hooks, inside a transaction that has begun.
template <class E>
class Run {
  using Snapshot = typename TypeState<E>::List::Snapshot;
  using Access = typename Mutation<E>::Access;

 public:
  Run(const Store& store, Level& level) : runtime_(StateOf<E>(store).runtime.Load()),
                                          schema_(StateOf<E>(store).schema) {
    if (!level.transaction->HasLocalHooks()) return;
    for (Level* each = &level; each != nullptr; each = each->outer) {
      if (auto* list = LocalHooks<E>(*each)) local_.insert(local_.begin(), list->Load());
    }
  }

  Value<E> operator()(Mutation<E>& m) const {
    using core::detail::NextOf;
    auto terminal = [](Mutation<E>& inner) { return Write(inner); };
    auto schema = [&](Mutation<E>& inner) {
      return schema_.Run(inner, NextOf<Mutation<E>, Value<E>>(terminal));
    };
    if (local_.empty()) return runtime_.Run(m, NextOf<Mutation<E>, Value<E>>(schema));
    auto local = [&](Mutation<E>& inner) { return Local(0, inner, schema); };
    return runtime_.Run(m, NextOf<Mutation<E>, Value<E>>(local));
  }

 private:
  template <class Rest>
  Value<E> Local(std::size_t at, Mutation<E>& m, Rest& rest) const {
    if (at == local_.size()) return rest(m);
    auto next = [&](Mutation<E>& inner) { return Local(at + 1, inner, rest); };
    return local_[at].Run(m, core::detail::NextOf<Mutation<E>, Value<E>>(next));
  }

  static Value<E> Write(Mutation<E>& m) {
    const Op op = m.Op();
    if (op == Op::UpdateOne || m.Conflict() != nullptr) {
      E fresh{};
      Terminal(m).Run(&fresh);
      return fresh;
    }
    const std::int64_t count = Terminal(m).Run(nullptr);
    if (op == Op::Create) return Access::Entity(m);
    return count;
  }

  Snapshot runtime_;
  Snapshot schema_;
  std::vector<Snapshot> local_;  // the outermost transaction's first
};

template <class E>
store::EffectiveChain DescribeChain(const Store& store, Level* level) {
  store::EffectiveChain chain{kTable<E>.entity, {}};
  const auto add = [&](std::string_view stage, const typename TypeState<E>::List::Snapshot& hooks) {
    hooks.ForEach([&](const Hook<E>& hook) {
      chain.hooks.push_back({stage, hook.Name(), hook.Mask()});
    });
  };
  add("runtime", StateOf<E>(store).runtime.Load());
  std::vector<Level*> levels;
  for (; level != nullptr; level = level->outer) levels.insert(levels.begin(), level);
  for (Level* each : levels) {
    if (auto* list = LocalHooks<E>(*each)) add("transaction", list->Load());
  }
  add("schema", StateOf<E>(store).schema);
  return chain;
}

/// Fits what the hooks made of the mutation to what its caller asked for. A count is no entity, unless
/// a hook turned the mutation into another one.
template <class E>
void Fit(const HandlePtr& handle, const Mutation<E>& m, Value<E>& value) {
  const MutationCore& core = Mutation<E>::Access::Core(m);
  const bool wants_entity = Is(core.asked, Op::Create | Op::UpdateOne);
  if (wants_entity == value.HasEntity()) return;
  if (core.asked == core.op) {
    throw TypeMismatchError(core.table->entity, "id",
                            core::Concat({ToString(core.op),
                                          wants_entity
                                              ? " results in an entity, but a hook returned a count"
                                              : " results in a count, but a hook returned an entity"}));
  }
  if (!wants_entity) {
    value = Value<E>(value.Count());
    return;
  }
  const void* entity = &Mutation<E>::Access::Entity(m);
  std::optional<E> fresh;
  store::Select statement{{core.table, core.asked}};
  statement.entity = entity;
  statement.by_id = true;
  RunRead(handle, *core.table, [&](store::Connection& connection) {
    connection.Run(statement, [&](Row& row) { LoadRow(*core.table, &fresh.emplace(), row); });
    return 0;
  });
  if (!fresh) throw NotFoundError(core.table->entity, DescribeId(*core.table, entity));
  value = Value<E>(std::move(*fresh));
}

/// What a mutation is bound to while it runs: put back afterwards, for Mutate runs one inside itself.
class Binding {
 public:
  Binding(MutationCore& m, HandlePtr handle, Transaction& transaction, Level& level)
      : m_(m),
        handle_(std::exchange(m.handle, std::move(handle))),
        transaction_(std::exchange(m.transaction, &transaction)),
        level_(std::exchange(m.level, &level)),
        running_{m.table->entity, m.op, nullptr, !m.uncounted} {
    try {
      transaction.EnterMutation(level, running_);
    } catch (...) {
      Restore();
      throw;
    }
  }
  Binding(const Binding&) = delete;
  Binding& operator=(const Binding&) = delete;
  ~Binding() {
    m_.transaction->LeaveMutation(*m_.level, running_);
    Restore();
  }

 private:
  void Restore() noexcept {
    m_.handle = std::move(handle_);
    m_.transaction = transaction_;
    m_.level = level_;
  }

  MutationCore& m_;
  HandlePtr handle_;
  Transaction* transaction_;
  Level* level_;
  RunningMutation running_;
};

/// A scope that fails unless it is told to succeed; none, where the whole transaction is the scope.
class OptionalScope {
 public:
  OptionalScope(Transaction& transaction, bool wanted, bool single) noexcept
      : transaction_(transaction), open_(wanted) {
    scope_.single = single;
    if (open_) transaction_.Enter(scope_);
  }
  OptionalScope(const OptionalScope&) = delete;
  OptionalScope& operator=(const OptionalScope&) = delete;
  ~OptionalScope() {
    if (open_) transaction_.Fail(scope_);
  }
  void Succeed() {
    if (open_) transaction_.Succeed(scope_);
    open_ = false;
  }

 private:
  Transaction& transaction_;
  bool open_;
  Scope scope_;
};

/// Runs `body(handle)` whole or not at all: in the handle's transaction, or in one of its own.
/// `attach(error)` may put the result into a CommittedError.
template <class Body, class Attach>
auto Atomically(const HandlePtr& handle, bool single, Body body, Attach attach) {
  if (handle->transaction) {
    const Tx::Access::Finish finish{handle};
    handle->transaction->Check(*handle->GetLevel());
    OptionalScope scope(*handle->transaction, true, single);
    auto result = body(handle);
    scope.Succeed();
    return result;
  }
  Marks::Guard(*handle->store);
  Marks::Running mark(*handle->store);
  auto transaction = std::make_shared<Transaction>(handle->store, handle->context,
                                                   Transaction::Kind::Implicit);
  transaction->SetRunningMark(&mark);
  struct Unmark {
    Transaction& transaction;
    ~Unmark() { transaction.SetRunningMark(nullptr); }
  } unmark{*transaction};
  const auto inside = std::make_shared<const Handle>(
      Handle{handle->store, transaction, nullptr, handle->context});
  auto result = [&] {
    try {
      return body(inside);
    } catch (...) {
      if (const auto thrown = Tx::Access::Rollback(inside)) handle->store->Report(thrown);
      throw;
    }
  }();
  try {
    Tx::Access::Commit(inside);
  } catch (CommittedError& error) {
    attach(error, result);
    throw;
  }
  return result;
}

/// Runs a mutation with its hooks and returns what its caller asked for.
template <class E>
Value<E> RunInside(const HandlePtr& handle, const Run<E>& run, Mutation<E>& m) {
  MutationCore& core = Mutation<E>::Access::Core(m);
  const Binding binding(core, handle, *handle->transaction, *handle->GetLevel());
  core.ApplyDefaults(&Mutation<E>::Access::Entity(m));
  Value<E> value = run(m);
  Fit(handle, m, value);
  return value;
}

template <class E>
Value<E> RunMutation(const HandlePtr& handle, Mutation<E>& m) {
  return Atomically(
      handle, true,
      [&](const HandlePtr& inside) {
        return RunInside(inside, Run<E>(*inside->store, *inside->GetLevel()), m);
      },
      [](CommittedError& error, const Value<E>& value) { error.SetValue(value); });
}

template <class E>
bool TypeState<E>::HasDeleteHooks(Level& level) const {
  bool found = false;
  const auto look = [&](const typename List::Snapshot& hooks) {
    hooks.ForEach([&](const Hook<E>& hook) { found = found || Is(Op::Delete, hook.Mask()); });
  };
  look(runtime.Load());
  look(schema);
  if (!level.transaction->HasLocalHooks()) return found;
  for (Level* each = &level; each != nullptr; each = each->outer) {
    if (auto* list = LocalHooks<E>(*each)) look(list->Load());
  }
  return found;
}

template <class E>
void TypeState<E>::DeleteRows(const HandlePtr& handle, const store::PredicatePtr& rows,
                              bool deferred) {
  auto m = Mutation<E>::Access::Make(Op::Delete);
  MutationCore& core = Mutation<E>::Access::Core(m);
  core.uncounted = true;
  core.deferred = deferred;
  core.where = rows;
  RunMutation(handle, m);
}

}  // namespace grapnel::detail
