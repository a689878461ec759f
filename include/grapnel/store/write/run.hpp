#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/base/function_ref.hpp>
#include <grapnel/base/shared.hpp>
#include <grapnel/core/hook_list.hpp>
#include <grapnel/core/next.hpp>
#include <grapnel/hook/guard.hpp>
#include <grapnel/model/entity_ops.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/schema/schema.hpp>
#include <grapnel/store/driver/error.hpp>
#include <grapnel/store/mutation/mutation.hpp>
#include <grapnel/store/mutation/value.hpp>
#include <grapnel/store/query/reading.hpp>
#include <grapnel/store/tx/handle_ptr.hpp>
#include <grapnel/store/tx/type_actions.hpp>
#include <grapnel/store/write/hooks.hpp>

#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace grapnel::store {

struct Turn;

}  // namespace grapnel::store

/// The way of a mutation: transaction, defaults, runtime hooks, the transaction's own hooks, schema
/// hooks, validation, SQL, and back.
namespace grapnel::detail {

class HookPlan;
struct Bound;

/// Carries out a mutation that went through all hooks. `may_wait`: nobody looks at it any more, so
/// that a row of a bulk may be inserted later. Returns the number of rows matched. Of Create the id
/// is then in its entity; of UpdateOne, and of Create with OnConflict, the row as it is now stored
/// is in `fresh`.
GRAPNEL_DECLARE std::int64_t RunTerminal(AnyMutation& m, void* fresh, bool may_wait = false);

/// What came of a mutation, its type forgotten: an entity or a count.
class AnyResult {
 public:
  /// `into`: an entity of the table's type, where the caller wants it, or null: it wants a count.
  explicit AnyResult(const Table& table, void* into = nullptr) noexcept
      : AnyResult(table, into, nullptr) {}

  bool HasEntity() const noexcept { return entity_ != nullptr; }
  /// Requires: there is one. Valid as long as the mutation.
  void* Entity() const noexcept { return entity_; }
  std::int64_t Count() const noexcept { return count_; }

  void SetCount(std::int64_t count) noexcept {
    entity_ = nullptr;
    count_ = count;
  }
  /// `entity` lives as long as the mutation.
  void SetEntity(void* entity) noexcept {
    entity_ = entity;
    count_ = 1;
  }
  /// Keeps the count in place of the entity.
  void ForgetEntity() noexcept { entity_ = nullptr; }
  /// For a caller who wants the entity behind those in `rows`, a std::vector of the table's type.
  static AnyResult Behind(const Table& table, void* rows) noexcept {
    return AnyResult(table, nullptr, rows);
  }

  /// A place for an entity that comes back: the caller's, where there is one.
  void* Place() {
    if (into_ == nullptr && rows_ != nullptr) into_ = ops_.AppendRow(rows_);
    if (into_ != nullptr) return into_;
    return scratch_.Count() != 0 ? scratch_.At(0) : scratch_.Append();
  }
  /// Holds nothing again, for a mutation that is run again.
  void StartOver() noexcept { SetCount(0); }
  /// For a caller whose mutation goes on.
  static AnyResult Copied(const Table& table, void* into) noexcept {
    return AnyResult(table, into, nullptr, true);
  }

  /// Whether taking the entity to where the caller wants it throws nothing.
  bool IsSafe() const noexcept { return into_ == nullptr || (ops_.moves_safely && !copies_); }
  /// Copies it there by now, while the mutation can still be undone, where that is not so.
  void Keep() {
    if (entity_ == nullptr || IsSafe()) return;
    if (entity_ != into_) ops_.Assign(into_, entity_);
    entity_ = into_;
  }
  /// Takes the entity to where the caller wants it. Requires: there is one, and the mutation is
  /// done.
  void MoveOut() {
    if (into_ == nullptr) {
      ops_.AppendMoved(rows_, entity_);
    } else if (entity_ != into_) {
      ops_.MoveAssign(into_, entity_);
    }
  }

 private:
  AnyResult(const Table& table, void* into, void* rows, bool copies = false) noexcept
      : into_(into), rows_(rows), copies_(copies), scratch_(table.ops), ops_(table.ops) {}

  void* into_;
  void* rows_;
  bool copies_;
  void* entity_ = nullptr;
  std::int64_t count_ = 0;
  EntityRows scratch_;
  const EntityOps& ops_;
};

/// Runs a mutation with its hooks, and leaves what its caller asked for in `result`.
GRAPNEL_DECLARE void RunMutation(const HandlePtr& handle, AnyMutation& m, AnyResult& result);

/// Runs the update of a row that a Create met, through the hooks that the Create began with, inside
/// of its mutation. Returns false, and what its hooks wrote is undone, when the row does not match.
GRAPNEL_DECLARE bool RunUpsert(const Bound& create, AnyMutation& update, AnyResult& result);

/// The rows of a bulk, one after the other.
class BulkRun {
 public:
  /// Runs one row's mutation, and puts what came of it behind the others.
  virtual void Run(AnyMutation& m) = 0;

 protected:
  ~BulkRun() = default;
};

/// Runs `rows(bulk)` in one transaction. `made`: the std::vector of the entities that come back.
/// Where writers run beside each other and one was in the way, it is called again, with a bulk of
/// its own, to do the same. `turn`, which may be null: the rows that others may write as well.
GRAPNEL_DECLARE void RunBulk(const HandlePtr& handle, const Table& table, void* made,
                             core::FunctionRef<void(BulkRun&)> rows,
                             const store::Turn* turn = nullptr);

/// Lists a rule; one over mutations or readings of any type is made once for all of them.
template <class E, class Rule>
void AddRule(guard::detail::Rules& to, const core::Shared<const Rule>& rule,
             std::string_view mixin) {
  if constexpr (core::IsOver<Rule, AnyMutation>() || core::IsOver<Rule, AnyReading>()) {
    guard::detail::AddRule<AnyMutation, AnyReading>(to, rule, mixin);
  } else {
    guard::detail::AddRule<Mutation<E>, Reading<E>>(to, rule, mixin);
  }
}

/// The code of an entity type that the machine calls.
template <class E>
struct ActionsOf {
  // Before-hooks get the mutation by the address of what all types share of it.
  static_assert(std::is_polymorphic_v<AnyMutation> || !std::is_polymorphic_v<Mutation<E>>,
                "a Mutation<E> begins with its AnyMutation");

  static void WithMutation(grapnel::Op op, core::FunctionRef<void(AnyMutation&)> run) {
    auto m = Mutation<E>::Access::Make(op);
    run(m);
  }

  [[gnu::hot]] static void RunAround(core::detail::HookRange around, AnyMutation& any,
                                     AnyResult& result) {
    Value<E> value = core::HookList<Mutation<E>, Value<E>>::RunHooks(
        around, static_cast<Mutation<E>&>(any), Next<E>(&Write, nullptr));
    if (!value.HasEntity()) return result.SetCount(value.Count());
    void* const place = result.Place();
    kTable<E>.ops.MoveAssign(place, &value.Entity());
    result.SetEntity(place);
  }

  [[gnu::cold]] static void Attach(CommittedError& error, const AnyResult& result) {
    auto value = core::MakeShared<Value<E>>(result.Count());
    if (result.HasEntity()) *value = std::move(*static_cast<E*>(result.Entity()));
    error.SetValue(core::Shared<const Value<E>>(std::move(value)));
  }
  [[gnu::cold]] static void AttachRows(CommittedError& error, void* rows) {
    auto taken = core::MakeShared<std::vector<E>>();
    kTable<E>.ops.SwapRows(taken.Get(), rows);
    error.SetValue(core::Shared<const std::vector<E>>(std::move(taken)));
  }

  [[gnu::cold]] static void AddSchemaHooks(core::HookStack& to) {
    const auto add = [&](auto& given, std::string_view mixin) {
      KeptAs<E, std::remove_cvref_t<decltype(given)>> hook(std::move(given));
      hook.SetMixin(mixin);
      to.Add(hook, kSchema);
    };
    VisitSchema<SchemaHooks, E>(add);
  }
  [[gnu::cold]] static void AddSchemaRules(core::HookStack& hooks, core::HookStack& readers) {
    guard::detail::Rules rules;
    const auto add = [&]<class Rule>(Rule& rule, std::string_view mixin) {
      AddRule<E>(rules, core::MakeShared<const Rule>(std::move(rule)), mixin);
    };
    VisitSchema<SchemaGuard, E>(add);
    hooks.Add(rules.mutations, kSchemaGuard);
    readers.Add(rules.reads, kSchemaGuard);
  }

 private:
  /// The terminal behind the hooks.
  [[gnu::hot]] static Value<E> Write(void*, Mutation<E>& m) {
    if (m.Op() == Op::UpdateOne || m.Conflict() != nullptr) return WriteFresh(m);
    const std::int64_t count = RunTerminal(m, nullptr);
    if (m.Op() == Op::Create) return Mutation<E>::Access::Entity(m);
    return count;
  }
  static Value<E> WriteFresh(Mutation<E>& m) {
    Value<E> fresh(E{});
    RunTerminal(m, &fresh.Entity());
    return fresh;
  }
};

template <class E, class... Rules>
guard::detail::Rules RulesOf(const core::Shared<const Rules>&... rules) {
  guard::detail::Rules all;
  (AddRule<E>(all, rules, {}), ...);
  return all;
}
/// What the schema says of rules, or null.
template <class E>
constexpr void (*SchemaRules())(core::HookStack& hooks, core::HookStack& readers) {
  if constexpr (Lists<SchemaGuard, E>()) {
    return &ActionsOf<E>::AddSchemaRules;
  } else {
    return nullptr;
  }
}

template <class E>
inline constexpr TypeActions kTypeActions{
    kTable<E>,
    &ActionsOf<E>::WithMutation,
    &ActionsOf<E>::RunAround,
    &ActionsOf<E>::Attach,
    &ActionsOf<E>::AttachRows,
    &ActionsOf<E>::AddSchemaHooks,
    SchemaReadActions<E>(),
    SchemaReaders<E>(),
    SchemaRules<E>(),
};

}  // namespace grapnel::detail

#ifndef GRAPNEL_SEPARATE_COMPILATION
#include <grapnel/store/write/impl/run.hpp>  // IWYU pragma: keep
#endif
