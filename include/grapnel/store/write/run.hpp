#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/base/function_ref.hpp>
#include <grapnel/core/hook_list.hpp>
#include <grapnel/core/next.hpp>
#include <grapnel/schema/schema.hpp>
#include <grapnel/store/driver/error.hpp>
#include <grapnel/store/mutation/cause.hpp>
#include <grapnel/store/mutation/mutation.hpp>
#include <grapnel/store/mutation/value.hpp>
#include <grapnel/store/tx/guard.hpp>
#include <grapnel/store/tx/session.hpp>
#include <grapnel/store/write/stages.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <tuple>
#include <utility>

/// The way of a mutation: transaction, defaults, runtime hooks, the transaction's own hooks, schema
/// hooks, validation, SQL, and back.
namespace grapnel::detail {

/// Carries out a mutation that went through all hooks. `may_wait`: nobody looks at it any more, so
/// that a row of a bulk may be inserted later. Returns the number of rows matched. Of Create the id
/// is then in its entity; of UpdateOne, and of Create with OnConflict, the row as it is now stored
/// is in `fresh`.
GRAPNEL_DECLARE std::int64_t RunTerminal(AnyMutation& m, void* fresh, bool may_wait = false);

/// The place for a mutation's result, its type forgotten.
class AnyResult {
 public:
  /// Runs the mutation through these hooks to the terminal, and keeps the result.
  /// Returns: whether it is an entity.
  virtual bool Run(const HookChain& hooks, AnyMutation& m) = 0;
  /// The same without hooks.
  virtual bool RunAlone(AnyMutation& m) = 0;
  /// Keeps the count in place of the entity.
  virtual void ForgetEntity() = 0;
  /// Puts a new entity in place of the count, and returns it.
  virtual void* MakeEntity() = 0;
  /// Whether it is a count of no rows.
  virtual bool IsNone() const noexcept = 0;
  virtual void AttachTo(CommittedError& error) const = 0;

 protected:
  ~AnyResult() = default;
};

template <class E>
class ResultOf final : public AnyResult {
  using List = core::HookList<Mutation<E>, Value<E>>;

 public:
  ResultOf() noexcept {}  // NOLINT(modernize-use-equals-default): of a union
  ResultOf(const ResultOf&) = delete;
  ResultOf& operator=(const ResultOf&) = delete;
  ~ResultOf() {
    if (has_value_) value_.~Value<E>();
  }

  /// Requires: there is one. Valid as long as the mutation.
  E& Entity() { return made_ != nullptr ? *made_ : value_.Entity(); }
  std::int64_t Count() const noexcept { return made_ != nullptr ? 1 : value_.Count(); }
  Value<E> ToValue() const { return made_ != nullptr ? Value<E>(*made_) : value_; }

  bool Run(const HookChain& hooks, AnyMutation& any) override {
    auto& m = static_cast<Mutation<E>&>(any);
    const HookChain::Hooks rest = List::RunBefore(hooks.All(), m);
    if (!rest.empty()) return Make([&] { return Around(rest, m); }).HasEntity();
    return Alone(m);
  }
  bool RunAlone(AnyMutation& m) override { return Alone(static_cast<Mutation<E>&>(m)); }
  void ForgetEntity() override {
    const std::int64_t count = Count();
    made_ = nullptr;
    Make([&] { return Value<E>(count); });
  }
  void* MakeEntity() override {
    return &Make([] { return Value<E>(E{}); }).Entity();
  }
  bool IsNone() const noexcept override { return Count() == 0; }
  void AttachTo(CommittedError& error) const override { error.SetValue(ToValue()); }

 private:
  [[gnu::always_inline]] bool Alone(Mutation<E>& m) {
    if (m.Op() != Op::Create || m.Conflict() != nullptr) {
      return Make([&] { return Write(m); }).HasEntity();
    }
    // Nobody looks at the mutation any more: what it created is the result.
    RunTerminal(m, nullptr, true);
    made_ = &Mutation<E>::Access::Entity(m);
    return true;
  }
  static Value<E> Around(HookChain::Hooks hooks, Mutation<E>& m) {
    const core::Next<Mutation<E>, Value<E>> terminal(
        [](void*, Mutation<E>& inner) { return Write(inner); }, nullptr);
    return List::RunHooks(hooks, m, terminal);
  }
  static Value<E> WriteFresh(Mutation<E>& m) {
    Value<E> fresh(E{});
    RunTerminal(m, &fresh.Entity());
    return fresh;
  }
  static Value<E> Write(Mutation<E>& m) {
    if (m.Op() == Op::UpdateOne || m.Conflict() != nullptr) return WriteFresh(m);
    const std::int64_t count = RunTerminal(m, nullptr);
    if (m.Op() == Op::Create) return Mutation<E>::Access::Entity(m);
    return count;
  }

  /// Keeps what `make()` returns, which is made in its place.
  template <class F>
  Value<E>& Make(F make) {
    if (std::exchange(has_value_, false)) value_.~Value<E>();
    ::new (static_cast<void*>(&value_)) Value<E>(make());
    has_value_ = true;
    return value_;
  }

  union {
    Value<E> value_;
  };
  bool has_value_ = false;
  E* made_ = nullptr;  // in the mutation
};

/// Runs a mutation with its hooks, and leaves what its caller asked for in `result`.
GRAPNEL_DECLARE void RunMutation(const HandlePtr& handle, AnyMutation& m, AnyResult& result);

/// Runs the update of a row that a Create met, through the hooks that the Create began with, inside
/// of its mutation. Returns false, and what its hooks wrote is undone, when the row does not match.
GRAPNEL_DECLARE bool RunUpsert(const Bound& create, AnyMutation& update, AnyResult& result);

/// The same inside of another mutation, which began it: with the hooks that its plan has.
GRAPNEL_DECLARE void RunPlanned(const HandlePtr& handle, HookPlan& plan, AnyMutation& m,
                                AnyResult& result);

/// The rows of a bulk, one after the other.
class BulkRun {
 public:
  /// Runs one row's mutation.
  virtual void Run(AnyMutation& m, AnyResult& result) = 0;
  /// The row's result is at its place.
  virtual void Done() = 0;

 protected:
  ~BulkRun() = default;
};

/// Runs `rows(bulk)` in one transaction; `row(i)` is where its i-th row's result is.
/// `attach(error)` may put the results into a CommittedError.
GRAPNEL_DECLARE void RunBulk(const HandlePtr& handle, const Table& table,
                             core::FunctionRef<void(BulkRun&)> rows,
                             core::FunctionRef<void*(std::size_t)> row,
                             core::FunctionRef<void(CommittedError&)> attach);

template <class E>
struct TypeState final : TypeEntry {
  TypeState() : TypeEntry(kTable<E>) {
    std::apply(
        [&](auto&&... given) {
          if constexpr (sizeof...(given) > 0) {
            const core::StoredHook stored[] = {Hook<E>(std::move(given))...};
            hooks.Add(stored, HookChain::kSchema);
          }
        },
        SchemaHooks<E>());
  }

  void RunCascaded(const HandlePtr& handle, HookPlan& plan, grapnel::Op op,
                   core::FunctionRef<void(Draft&)> prepare) override {
    auto m = Mutation<E>::Access::Make(op);
    m.Core().cause = Cause::Cascade;
    prepare(m.Core());
    ResultOf<E> result;
    RunPlanned(handle, plan, m, result);
  }

  void WithUpdateOne(core::FunctionRef<bool(AnyMutation&, AnyResult&)> run, void* into) override {
    auto m = Mutation<E>::Access::Make(Op::UpdateOne);
    ResultOf<E> result;
    if (run(m, result)) *static_cast<E*>(into) = std::move(result.Entity());
  }
};

}  // namespace grapnel::detail

#ifndef GRAPNEL_SEPARATE_COMPILATION
#include <grapnel/store/write/impl/run.hpp>  // IWYU pragma: keep
#endif
