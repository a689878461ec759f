#pragma once

#include <grapnel/core/context.hpp>
#include <grapnel/core/hook.hpp>
#include <grapnel/core/mutator.hpp>
#include <grapnel/core/next.hpp>
#include <grapnel/core/op.hpp>
#include <grapnel/schema/error.hpp>
#include <grapnel/schema/schema.hpp>
#include <grapnel/schema/token.hpp>
#include <grapnel/schema/value.hpp>
#include <grapnel/store/detail/mutation_core.hpp>
#include <grapnel/store/detail/transaction.hpp>
#include <grapnel/store/predicate.hpp>
#include <grapnel/store/value.hpp>

#include <concepts>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace grapnel {

class Client;

/// One write on its way to the database, as hooks see it and change it: what it does, to which rows,
/// and which fields it sets, adds to and clears.
///
/// Threads: one. Lifetime: while its Save or Exec runs.
/// Source: ent's generated mutations.
template <class E>
class Mutation {
 public:
  using Id = detail::IdOf<E>;

  /// What is being done.
  grapnel::Op Op() const noexcept { return core_.op; }
  /// Turns the mutation into another one: Delete into Update and back, DeleteOne into UpdateOne and back,
  /// and a One form into the form for many. The update-defaults of a new Update or UpdateOne are set.
  /// `next` then runs the new Op for the hooks that remain; `m.Client().Mutate(m)` runs all hooks on it.
  /// Throws: Error for any other change.
  void SetOp(grapnel::Op op) { core_.SetOp(op, &entity_); }
  /// The entity type's name ("User").
  std::string_view Type() const noexcept { return core_.table->entity; }

  /// The id of the row: given, of UpdateOne and DeleteOne; after `next`, of Create. Otherwise nothing.
  std::optional<Id> ID() const {
    if (!core_.has_id) return std::nullopt;
    return entity_.id;
  }

  /// The value that the field is set to, by the caller, a default or a hook; null when it is not set.
  /// Valid until the field is changed.
  template <auto M>
  const typename Token<M>::Bare* Get(Token<M>) const {
    return core_.set.test(Place<M>()) ? Address(entity_.*M) : nullptr;
  }
  /// Sets a field, discarding what was added to it; it is no longer cleared.
  /// Throws: ValidationError for an immutable field when the Op is an update, and for a time that cannot be
  /// stored; the mutation is then as it was.
  template <auto M>
  void Set(Token<M>, detail::NonDeduced<typename Token<M>::Bare> value) {
    core_.BeforeSet(Place<M>());
    core_.Normalize(Place<M>(), [&] { detail::Normalize(value); });
    entity_.*M = std::move(value);
    core_.MarkSet(Place<M>());
  }
  /// Sets an optional field to what the std::optional holds, or clears it.
  template <auto M, detail::OptionalOf<typename Token<M>::Type> T>
  void Set(Token<M> field, T&& value) {
    typename Token<M>::Type given = std::forward<T>(value);
    given ? Set(field, *std::move(given)) : Clear(field);
  }

  /// The sum of what is added to the field; null when nothing is.
  template <auto M>
  const typename Token<M>::Bare* Added(Token<M>) const {
    return core_.added.test(Place<M>()) ? Address(entity_.*M) : nullptr;
  }
  /// Adds to a number, in the database: a NULL counts as 0. Twice accumulates; on a field that is set it
  /// changes the value that is set.
  /// Throws: ValidationError when the sum leaves the field's range, the mutation as it was.
  template <auto M>
  void Add(Token<M>, detail::NonDeduced<typename Token<M>::Bare> delta) {
    static_assert(detail::Number<typename Token<M>::Bare>, "Add is for numbers: Set the field instead");
    const typename Token<M>::Type given = delta;
    core_.Add(Place<M>(), &entity_, &given);
  }

  /// Sets an optional field to NULL, discarding what it was set to and what was added.
  template <auto M>
  void Clear(Token<M>) {
    static_assert(detail::kColumns<E>[Place<M>()].nullable,
                  "only optional fields can be cleared: give the member a std::optional type, or the "
                  "field .Optional()");
    core_.Clear(Place<M>(), &entity_);
  }
  template <auto M>
  bool Cleared(Token<M>) const {
    return core_.cleared.test(Place<M>());
  }
  /// Forgets that the field was set, added to or cleared.
  template <auto M>
  void Reset(Token<M>) {
    core_.Reset(Place<M>(), &entity_);
  }

  /// Narrows the mutation to rows that also match. Has no effect on Create.
  template <class O>
  void Where(const store::Predicate<O>& predicate) {
    static_assert(store::AppliesTo<O, E>, "this predicate is about another entity type");
    core_.where = store::Both(core_.where, predicate.Node());
  }

  // By name, for hooks that serve any type. Each throws UnknownFieldError for a name that the type does
  // not have and TypeMismatchError for a value that does not fit; the mutation is then as it was.

  /// The names of the fields that are set, in the schema's order.
  std::vector<std::string_view> Fields() const { return core_.Names(core_.set); }
  std::vector<std::string_view> AddedFields() const { return core_.Names(core_.added); }
  std::vector<std::string_view> ClearedFields() const { return core_.Names(core_.cleared); }
  /// What the field is set to, or nothing when it is not set.
  std::optional<FieldValue> Field(std::string_view name) const {
    return core_.Value(core_.set, name, &entity_);
  }
  std::optional<FieldValue> AddedField(std::string_view name) const {
    return core_.Value(core_.added, name, &entity_);
  }
  bool FieldCleared(std::string_view name) const {
    return core_.cleared.test(core_.PlaceOf(name));
  }
  void SetField(std::string_view name, const FieldValue& value) {
    core_.SetField(name, value, &entity_);
  }
  void AddField(std::string_view name, const FieldValue& delta) {
    E given{};
    core_.AddField(name, delta, &entity_, &given);
  }
  void ClearField(std::string_view name) { core_.ClearField(name, &entity_); }
  void ResetField(std::string_view name) { core_.Reset(core_.PlaceOf(name), &entity_); }

  /// A client that works in the mutation's own transaction. The base client would wait for itself here,
  /// and is refused.
  grapnel::Client Client() const;
  /// The transaction that the caller began. Throws: TxError when there is none; see InTx.
  grapnel::Tx Tx() const;
  /// Whether the mutation runs in a transaction that somebody began, not just in one of its own.
  bool InTx() const noexcept { return core_.handle && core_.handle->InTx(); }
  /// The object of type T that was given to Provide. Throws: DependencyError, which names the type.
  template <class T>
  T& Dep() const {
    return core_.Handle().store->dependencies.template Get<T>();
  }
  /// The values, deadline and stop token of the call.
  const core::Context& Context() const { return core_.Handle().context; }
  /// As Tx::AfterCommit: once this is committed and durable, if it is.
  void AfterCommit(std::function<void()> callback) const {
    core_.Transaction().AfterCommit(*core_.level, std::move(callback));
  }
  /// As Tx::AfterRollback.
  void AfterRollback(std::function<void()> callback) const {
    core_.Transaction().AfterRollback(*core_.level, std::move(callback));
  }

  // What follows is for the other parts of the store.

  /// Opened around every `next`: what fails inside leaves the transaction as it was.
  class NextScope {
   public:
    explicit NextScope(Mutation& m) noexcept
        : core_(m.core_), executed_(core_.executed), has_id_(core_.has_id) {
      core_.transaction->Enter(scope_);
    }
    NextScope(const NextScope&) = delete;
    NextScope& operator=(const NextScope&) = delete;
    ~NextScope() {
      if (done_) return;
      core_.transaction->Fail(scope_);
      core_.executed = executed_;
      core_.has_id = has_id_ || (core_.op == grapnel::Op::Create && core_.set.test(0));
    }
    void Done() {
      core_.transaction->Succeed(scope_);
      done_ = true;
    }

   private:
    detail::MutationCore& core_;
    detail::Scope scope_;
    bool executed_;
    bool has_id_;
    bool done_ = false;
  };

  struct Access;

 private:
  friend Access;
  friend NextScope;

  explicit Mutation(grapnel::Op op) noexcept : core_(detail::kTable<E>, op) {}

  template <auto M>
  static constexpr std::size_t Place() {
    static_assert(detail::FieldOf<E, M>,
                  "this member is not a field of this entity: name it in Schema<...>::Fields(), and use "
                  "tokens of the entity or of its mixins");
    return detail::kPlaceOf<E, M>;
  }
  template <class T>
  static const T* Address(const T& value) {
    return &value;
  }
  template <class T>
  static const T* Address(const std::optional<T>& value) {
    return value ? &*value : nullptr;
  }

  detail::MutationCore core_;
  E entity_{};
};

template <class E>
struct Mutation<E>::Access {
  static Mutation Make(grapnel::Op op) { return Mutation(op); }
  static detail::MutationCore& Core(Mutation& m) noexcept { return m.core_; }
  static const detail::MutationCore& Core(const Mutation& m) noexcept { return m.core_; }
  static E& Entity(Mutation& m) noexcept { return m.entity_; }
  static const E& Entity(const Mutation& m) noexcept { return m.entity_; }
};

/// `User UpdateOne(id=3) {name="Ada", age+=1, nickname=NULL}`; sensitive fields show as ***.
template <class E>
std::string ToString(const Mutation<E>& m) {
  return Mutation<E>::Access::Core(m).Describe(&Mutation<E>::Access::Entity(m));
}

/// A function that carries out a mutation.
template <class E>
using Mutator = core::Mutator<Mutation<E>, Value<E>>;
/// What comes after a hook.
template <class E>
using Next = core::Next<Mutation<E>, Value<E>>;
/// A hook around the mutations of E, its type forgotten.
template <class E>
using Hook = core::Hook<Mutation<E>, Value<E>>;

}  // namespace grapnel
