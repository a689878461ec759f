#pragma once

#include <grapnel/base/shared.hpp>
#include <grapnel/core/error.hpp>
#include <grapnel/core/hook.hpp>
#include <grapnel/core/mutator.hpp>
#include <grapnel/core/next.hpp>
#include <grapnel/core/op.hpp>
#include <grapnel/core/place.hpp>
#include <grapnel/model/value.hpp>
#include <grapnel/schema/schema.hpp>
#include <grapnel/schema/token.hpp>
#include <grapnel/store/mutation/any_mutation.hpp>
#include <grapnel/store/mutation/value.hpp>
#include <grapnel/store/predicate/predicate.hpp>

#include <concepts>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace grapnel {

namespace detail {

// What the mutations of all types do with a value: one function for each type of members.

/// What was given for a field or edge of this name, as its type. Throws: ValidationError for a
/// number that the type does not hold, and for a null text.
template <class Field, class T>
Field LookedAt(const Table& table, std::string_view name, grapnel::Op op, const T& given) {
  if constexpr (std::is_same_v<Field, std::string>) {
    if (given == nullptr) table.RefuseValue(name, op, kNullText);
  } else if (!Fits<Field>(given)) {
    table.RefuseValue(name, op, OutOfRange(static_cast<std::uint64_t>(given), IsNegative(given)));
  }
  return static_cast<Field>(given);
}

/// Sets a field that may be set.
template <class Type>
void SetMember(Draft& core, std::size_t place, Type& member, BareType<Type>&& value) {
  using Bare = BareType<Type>;
  if constexpr (std::is_same_v<Bare, double>) {
    Normalize(value);
  } else if constexpr (kHasNormalForm<Bare>) {
    core.Normalize(place, [&] { detail::Normalize(value); });
  }
  member = static_cast<Bare&&>(value);
  core.MarkSet(place);
}

template <class Type>
void AddToMember(Draft& core, std::size_t place, const BareType<Type>& delta) {
  const Type given = delta;
  core.Add(place, &given);
}
template <auto M>
void AddToMember(Draft& core, std::size_t place, const typename MemberToken<M>::Bare& delta) {
  static_assert(Number<typename MemberToken<M>::Bare>, "Add is for numbers: Set the field instead");
  detail::AddToMember<typename MemberToken<M>::Type>(core, place, delta);
}

/// A neighbour's id as the edge's key. Throws: ValidationError for one that cannot be stored.
template <class Id>
FieldValue KeyOf(const Draft& core, std::size_t edge, const Id& id) {
  return core.KeyOf(edge, [&] { return Mapping<Id>::ToValue(id); });
}
template <class T>
std::vector<FieldValue> KeysOf(const Draft& core, std::size_t edge,
                               const Neighbours<T>& neighbours) {
  std::vector<FieldValue> keys;
  for (const auto& id : neighbours.Ids()) keys.push_back(detail::KeyOf(core, edge, id));
  return keys;
}

/// Sets an edge to this neighbour, or to these neighbours.
template <class T>
void SetMember(Draft& core, std::size_t edge, One<T>&, IdOfNeighbour<T>&& id) {
  core.AddIDs(edge, {detail::KeyOf(core, edge, id)});
}
template <class T>
void SetMember(Draft& core, std::size_t edge, Many<T>&, Neighbours<T>&& ids) {
  core.SetEdge(edge, detail::KeysOf(core, edge, ids));
}

template <class Id>
std::vector<Id> IdsFrom(const std::vector<FieldValue>& keys) {
  std::vector<Id> ids(keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) Mapping<Id>::FromValue(ids[i], keys[i]);
  return ids;
}

}  // namespace detail

/// One write on its way to the database, as hooks see it and change it: what it does, to which
/// rows, and which fields and edges it sets, adds to and clears. By name: see AnyMutation. Whatever
/// changes it is said before `next`: once it was carried out, such a call is a FieldError.
///
/// Threads: one. Lifetime: while its Save or Exec runs.
/// Source: ent's generated mutations.
template <class E>
class Mutation final : public AnyMutation {
 public:
  using Id = detail::IdOf<E>;

  Mutation(const Mutation&) = delete;  // take the mutation by reference: grapnel::Mutation<E>& m
  Mutation& operator=(const Mutation&) = delete;

  /// The id of the row: of UpdateOne and DeleteOne; of a Create when it was given or a Default made
  /// it, and after `next`. Otherwise nothing.
  const std::optional<Id> ID() const {  // const, so that nobody assigns to it: it is a copy
    if (!core_.has_id) return std::nullopt;
    return entity_.id;
  }
  /// The ids of the rows that it touches; see AnyMutation::IDs.
  std::vector<Id> IDs() const { return detail::IdsFrom<Id>(AnyMutation::IDs()); }

  // Fields.

  /// The value that the field is set to, by the caller, a default or a hook; null when it is not
  /// set. Valid until the field is changed.
  template <auto M>
  requires(!detail::EdgeMember<M>) const typename MemberToken<M>::Bare* Get(MemberToken<M>) const {
    return core_.set.test(Place<M>()) ? Address(entity_.*M) : nullptr;
  }
  /// Sets a field, discarding what was added to it; it is no longer cleared.
  /// Throws: ValidationError for an immutable field when the Op is an update, and for a time that
  /// cannot be stored; the mutation is then as it was.
  ///
  /// Sets an edge to this neighbour, or to these neighbours, in place of all others.
  /// Throws: ValidationError for an immutable edge when the Op is an update.
  template <auto M>
  void Set(MemberToken<M>, detail::NonDeduced<detail::SetArgument<M>> value) {
    if constexpr (detail::EdgeMember<M>) {
      detail::SetMember(core_, EdgePlace<M>(), entity_.*M,
                        static_cast<detail::SetArgument<M>&&>(value));
    } else {
      core_.BeforeSet(Place<M>());
      detail::SetMember(core_, Place<M>(), entity_.*M,
                        static_cast<detail::SetArgument<M>&&>(value));
    }
  }
  /// Sets an optional field, or an edge with one neighbour, to what the std::optional holds, or
  /// clears it. Sets an edge to the neighbour that is given itself, and text to a std::string_view.
  /// Of another integer type what the field's type does not hold is a ValidationError, as a null
  /// text is, and an empty std::optional for a Required edge. A value that does not fit does not
  /// compile.
  template <auto M, detail::OtherValueOf<M> T>
  void Set(MemberToken<M> field, T&& value) {
    if constexpr (detail::NoValueOf<T, M>) {
      detail::RefuseValue<M, T>();
    } else if constexpr (detail::kIsNullopt<T>) {
      ClearMember(field);
    } else if constexpr (detail::OptionalValueOf<T, M>) {
      if (value) return Set(field, *static_cast<T&&>(value));
      if constexpr (detail::EdgeMember<M>) {
        core_.SetToNone(EdgePlace<M>());
      } else {
        Clear(field);
      }
    } else if constexpr (detail::NeighbourItself<T, M>) {
      Set(field, value.id);
    } else if constexpr (detail::OtherTextOf<T, M> && !detail::IsLookedAt<T, std::string>) {
      Set(field, std::string(std::string_view(value)));
    } else {
      Set(field,
          detail::LookedAt<detail::SetArgument<M>>(*core_.table, NameOf<M>(), core_.op, value));
    }
  }

  /// The sum of what is added to the field; null when nothing is.
  template <auto M>
  const typename MemberToken<M>::Bare* Added(MemberToken<M>) const {
    return core_.added.test(Place<M>()) ? Address(entity_.*M) : nullptr;
  }
  /// Adds to a number, in the database: a NULL counts as 0. Twice accumulates; on a field that is
  /// set it changes the value that is set. Throws: ValidationError when the sum leaves the field's
  /// range, the mutation as it was.
  template <auto M>
  void Add(MemberToken<M>, detail::NonDeduced<typename MemberToken<M>::Bare> delta) {
    detail::AddToMember<M>(core_, Place<M>(), delta);
  }
  template <auto M, detail::OtherSummandOf<M> T>
  void Add(MemberToken<M> field, T&& delta) {
    if constexpr (detail::NeverMeant<T, typename MemberToken<M>::Bare>) {
      detail::RefuseValue<M, T>();
    } else {
      Add(field, detail::LookedAt<typename MemberToken<M>::Bare>(*core_.table, NameOf<M>(),
                                                                 core_.op, delta));
    }
  }

  /// Sets an optional field to NULL, discarding what it was set to and what was added.
  template <auto M>
  requires(!detail::EdgeMember<M>) void Clear(MemberToken<M>) {
    static_assert(detail::kIsNullable<E, M>,
                  "only optional fields can be cleared: give the member a std::optional type");
    core_.Clear(Place<M>());
  }
  template <auto M>
  requires(!detail::EdgeMember<M>) bool Cleared(MemberToken<M>) const {
    return core_.cleared.test(Place<M>());
  }
  /// Whether the field is set, and by its Default or UpdateDefault: neither the caller nor a hook
  /// has given or changed the value.
  template <auto M>
  requires(!detail::EdgeMember<M>) bool Defaulted(MemberToken<M>) const {
    return core_.defaulted.test(Place<M>());
  }
  /// Forgets that the field was set, added to or cleared.
  template <auto M>
  requires(!detail::EdgeMember<M>) void Reset(MemberToken<M>) {
    core_.BeforeReset(Place<M>());
    core_.Reset(Place<M>());
  }

  // Edges. None of it reads the database.

  /// The id of the neighbour that the edge is set to, or nothing when it is not set.
  template <auto M>
  requires detail::OneMember<M> std::optional<detail::NeighbourId<M>> Get(MemberToken<M> edge)
  const {
    auto ids = AddedIDs(edge);
    if (ids.empty()) return std::nullopt;
    return std::move(ids.front());
  }
  /// A member in place of its token: these do not compile.
  template <class Owner, class Type, class T>
  void Set(Type Owner::*, T&&) {
    detail::RefuseMember<Type Owner::*>();
  }
  template <class Owner, class Type>
  const Type* Get(Type Owner::*) const {
    detail::RefuseMember<Type Owner::*>();
    return nullptr;
  }
  /// Adds neighbours, given by their ids or themselves, and no longer removes them. Those that are
  /// there already stay.
  template <auto M>
  requires detail::EdgeMember<M>
  void AddIDs(MemberToken<M>,
              const detail::NonDeduced<detail::Neighbours<detail::NeighbourOf<M>>>& ids) {
    core_.AddIDs(EdgePlace<M>(), detail::KeysOf(core_, EdgePlace<M>(), ids));
  }
  using AnyMutation::AddIDs;
  /// Removes neighbours, and no longer adds them. Those that are not there are passed by.
  template <auto M>
  void RemoveIDs(MemberToken<M>,
                 const detail::NonDeduced<detail::Neighbours<detail::NeighbourOf<M>>>& ids) {
    static_assert(detail::ManyMember<M>,
                  "this edge has one neighbour at most: ClearEdge it instead");
    core_.RemoveIDs(EdgePlace<M>(), detail::KeysOf(core_, EdgePlace<M>(), ids));
  }
  using AnyMutation::RemoveIDs;
  /// Removes all neighbours, and forgets those that were to be added.
  template <auto M>
  requires detail::EdgeMember<M>
  void ClearEdge(MemberToken<M>) {
    static_assert(!detail::OneMember<M> || !detail::kEdgeOf<E, M>.required,
                  "this edge is Required, it cannot be cleared: Set another neighbour instead");
    core_.ClearEdge(EdgePlace<M>());
  }
  using AnyMutation::ClearEdge;
  /// Forgets all that was said about the edge.
  template <auto M>
  requires detail::EdgeMember<M>
  void ResetEdge(MemberToken<M>) { core_.ResetEdge(EdgePlace<M>()); }
  using AnyMutation::ResetEdge;
  template <auto M>
  requires detail::EdgeMember<M> std::vector<detail::NeighbourId<M>> AddedIDs(MemberToken<M>)
  const { return detail::IdsFrom<detail::NeighbourId<M>>(core_.AddedIDs(EdgePlace<M>())); }
  using AnyMutation::AddedIDs;
  template <auto M>
  requires detail::EdgeMember<M> std::vector<detail::NeighbourId<M>> RemovedIDs(MemberToken<M>)
  const { return detail::IdsFrom<detail::NeighbourId<M>>(core_.RemovedIDs(EdgePlace<M>())); }
  using AnyMutation::RemovedIDs;
  template <auto M>
  requires detail::EdgeMember<M>
  bool EdgeCleared(MemberToken<M>) const { return core_.EdgeCleared(EdgePlace<M>()); }
  using AnyMutation::EdgeCleared;

  // What is stored, before the write.

  /// The stored value of the row that an UpdateOne or DeleteOne touches: read from the database, in
  /// the mutation's own transaction, at the first call of Old, OldField or OldRows; it stays
  /// readable after the write. Pins the row: see AnyMutation::IDs. Of an edge with a foreign key:
  /// the old neighbour's id is `m.Old(F<&Card::owner>).ID()`. Throws: NotFoundError when there is
  /// no such row, and for a Create without a conflict; StaleError when it does not match;
  /// NotLoadedError when first asked for after the write; Error for an Update or Delete, see
  /// OldRows.
  template <auto M>
  typename MemberToken<M>::Type Old(MemberToken<M>) const {
    static_assert(detail::FieldOf<E, M> || detail::EdgeOf<E, M>,
                  "this member is not a field of this entity: name it in Schema<...>::Fields()");
    return static_cast<const E*>(OldEntity())->*M;
  }
  /// Every row that an Update, a Delete or a One form touches, as it is before; of a Create none,
  /// but the row in conflict after `next`. Pins them, as IDs does; after the write it is exactly
  /// the rows that were touched. Valid as long as the mutation, its rows until the write. Throws:
  /// NotLoadedError when first asked for after the write.
  const std::vector<E>& OldRows() const {
    return *static_cast<const std::vector<E>*>(OldRowList());
  }

  /// After `next`: the rows that the mutation touched as they are stored now, the pair of OldRows,
  /// in its order. Those that are gone are left out: none of a Delete. Of a Create the row that it
  /// created, or met. No interceptor narrows them. Read at the first call, what hooks have written
  /// since included; where a hook kept the write from happening, the rows as they were. Valid as
  /// long as the mutation. Throws: NotLoadedError before `next`, and of an Update when OldRows, IDs
  /// or WatchChanges was not called before it.
  const std::vector<E>& NewRows() const {
    return *static_cast<const std::vector<E>*>(NewRowList());
  }

  /// Narrows the mutation to rows that also match; of a Create with OnConflict, the row that is
  /// there: one that does not match stays as it is. Has no effect on another Create.
  template <class O>
  void Where(const store::Predicate<O>& predicate) {
    if constexpr (!store::AppliesTo<O, E>) detail::RefusePredicate<O>();
    core_.AddWhere(predicate.Node());
  }

  // What follows is for the other parts of the store.

  struct Access;

 private:
  friend Access;

  explicit Mutation(grapnel::Op op) : AnyMutation(detail::kTable<E>, op, &entity_) {
    if constexpr (detail::kEdgeCount<E> != 0) detail::kTable<E>.AttachEdges(&entity_);
  }
  Mutation(detail::TakeOver over, Mutation& from)
      : AnyMutation(over, from, &entity_), entity_(std::move(from.entity_)) {}

  template <auto M>
  static consteval std::size_t Place() {
    static_assert(
        detail::FieldOf<E, M>,
        "this member is not a field of this entity: name it in Schema<...>::Fields(), and use "
        "tokens of the entity or of its mixins");
    return detail::kPlaceOf<E, M>;
  }
  template <auto M>
  static consteval std::size_t EdgePlace() {
    static_assert(
        detail::EdgeOf<E, M>,
        "this member is not an edge of this entity: name it in Schema<...>::Edges(), and use "
        "tokens of the entity or of its mixins");
    return detail::kEdgePlaceOf<E, M>;
  }
  /// Of a field or an edge.
  template <auto M>
  static std::string_view NameOf() {
    if constexpr (detail::EdgeMember<M>) {
      return detail::kTable<E>.edges[EdgePlace<M>()].name;
    } else {
      return detail::kTable<E>.columns[Place<M>()].name;
    }
  }
  template <auto M>
  void ClearMember(MemberToken<M> member) {
    if constexpr (detail::EdgeMember<M>) {
      ClearEdge(member);
    } else {
      Clear(member);
    }
  }
  template <class T>
  static const T* Address(const T& value) {
    return &value;
  }
  template <class T>
  static const T* Address(const std::optional<T>& value) {
    return value ? &*value : nullptr;
  }

  E entity_{};
};

template <class E>
struct Mutation<E>::Access {
  static Mutation Make(grapnel::Op op) { return Mutation(op); }
  struct Owned {
    explicit Owned(grapnel::Op op) : mutation(op) {}
    Mutation mutation;
  };
  static core::Shared<Mutation> MakeShared(grapnel::Op op) {
    auto owned = core::MakeShared<Owned>(op);
    Mutation* const mutation = &owned->mutation;
    return core::Shared<Mutation>(std::move(owned), mutation);
  }
  /// For builders that move, before anything ran: `from` is spent.
  static Mutation Take(Mutation& from) { return Mutation(detail::TakeOver(), from); }
  static detail::Draft& Core(Mutation& m) noexcept { return m.core_; }
  static const detail::Draft& Core(const Mutation& m) noexcept { return m.core_; }
  static E& Entity(Mutation& m) noexcept { return m.entity_; }
  static const E& Entity(const Mutation& m) noexcept { return m.entity_; }
};

namespace core::detail {

template <class E>
struct Teach<Mutation<E>> {
  template <class H, Fault fault>
  static consteval void Say() {
    static_assert(fault != Fault::TakesCopy,
                  "take the mutation by reference: grapnel::Mutation<User>& m, or auto& m; it is "
                  "neither copied nor moved");
    static_assert(
        fault != Fault::NotConst,
        "a hook is called const, possibly by several threads at once: take `mutable` away, "
        "or make its call operator const, and keep what it changes outside of it, behind a "
        "reference. See examples/01_first_hook.cpp");
    static_assert(
        fault != Fault::Result,
        "end it with `return next(m);`: a hook must return what next returns. Write the result "
        "type out, `-> grapnel::Value<User>`, in hooks that only throw; a Value<User> is made from "
        "a "
        "User or from a count. See examples/01_first_hook.cpp");
    static_assert(fault != Fault::Other,
                  "this is no hook for this type. Write [](grapnel::Mutation<User>& m, "
                  "grapnel::Next<User> next) -> grapnel::Value<User> { return next(m); } for one "
                  "type, or []<class E>(grapnel::Mutation<E>& m, grapnel::Next<E> next) { return "
                  "next(m); } for every type, and register hooks of one type with "
                  "client.Of<User>().Use(...); what is around reads, of grapnel::Reading<User>&, "
                  "goes to Intercept. See examples/01_first_hook.cpp");
  }
};

}  // namespace core::detail

/// A function that carries out a mutation.
template <class E>
using Mutator = core::Mutator<Mutation<E>, Value<E>>;
/// What comes after a hook.
template <class E>
using Next = core::Next<Mutation<E>, Value<E>>;
/// A hook around the mutations of E, its type forgotten.
template <class E>
using Hook = core::Hook<Mutation<E>, Value<E>>;

namespace detail {

/// As what an H is kept: a hook over mutations of any type is made once for all of them.
template <class E, class H>
using KeptAs = std::conditional_t<core::IsBeforeOver<H, AnyMutation>(),
                                  core::Hook<AnyMutation, AnyValue>, Hook<E>>;

}  // namespace detail

/// A hook around mutations of every type that is compiled once: `AnyHook(f)`, where f is called,
/// const, as `AnyValue f(AnyMutation& m, AnyNext next)`. What `next` returns is passed on as it is;
/// a count stands for itself.
template <class F>
class AnyHook {
  static_assert(
      std::is_invocable_r_v<AnyValue, const F&, AnyMutation&, AnyNext>,
      "AnyHook takes a function or an object whose call operator is const (no mutable "
      "lambda), called as grapnel::AnyValue f(grapnel::AnyMutation& m, grapnel::AnyNext next): "
      "take the mutation by reference");

 public:
  /// Throws: Error for one that holds nothing to call.
  explicit AnyHook(F hook) : hook_(std::move(hook)) { core::detail::RefuseNone(hook_); }

  template <class E>
  Value<E> operator()(Mutation<E>& m, Next<E> next) const {
    std::optional<Value<E>> result;
    auto rest = [&](AnyMutation& inner) -> AnyValue {
      if (&inner != &m) core::detail::RefuseOther(core::TypeName<Mutation<E>>());
      result.emplace(next(m));
      if (!result->HasEntity()) return result->Count();
      return {detail::kTable<E>, &result->Entity()};
    };
    const AnyValue value = hook_(m, core::detail::NextOf<AnyMutation, AnyValue>(rest));
    if (value.HasEntity() && result) return *std::move(result);
    return value.Count();
  }

 private:
  F hook_;
};

}  // namespace grapnel
