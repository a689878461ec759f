#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/core/op.hpp>
#include <grapnel/schema/schema.hpp>
#include <grapnel/schema/token.hpp>
#include <grapnel/store/mutation/mutation.hpp>
#include <grapnel/store/predicate/predicate.hpp>
#include <grapnel/store/tx/handle_ptr.hpp>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <type_traits>
#include <utility>

namespace grapnel::detail {

template <class E>
class Builder;

/// Never hold: their names are what the compiler says of DeleteOne(id).Save() and
/// UpdateOne(ada).Exec(). Save() returns what came of the rows.
template <class... Ts>
concept DeletionsAreRunByExec = sizeof...(Ts) > sizeof...(Ts);
template <class... Ts>
concept CreateAndUpdateAreRunBySave = sizeof...(Ts) > sizeof...(Ts);

/// A mutation that runs once, its type forgotten: compiled once for all types.
class AnyBuilder {
 public:
  AnyBuilder(const AnyBuilder&) = delete;
  AnyBuilder& operator=(const AnyBuilder&) = delete;

  // For CreateBulk, which runs the mutations of several builders.
  /// Spends the builder for a bulk of that client. Throws: Error when it is of another client,
  /// transaction or view, or spent.
  GRAPNEL_DECLARE AnyMutation& TakeFor(const HandlePtr& bulk);
  /// What it says; null where it is spent.
  const AnyMutation* Said() const noexcept { return handle_ == nullptr ? nullptr : mutation_; }
  /// The same for a bulk that runs it again.
  AnyMutation& TakeAgain() noexcept { return *mutation_; }

  // Each builder has one of them, which hides the one here: these do not compile, and whoever asks
  // finds that they are not there.
  template <class... Ts>
  requires DeletionsAreRunByExec<Ts...>
  void Save(const Ts&...) = delete;
  template <class... Ts>
  requires CreateAndUpdateAreRunBySave<Ts...>
  void Exec(const Ts&...) = delete;

 protected:
  template <class Derived, class E, bool kUpdates>
  friend class Setting;
  template <class Derived, class E>
  friend class Updating;
  template <class Derived, class E>
  friend class Matching;

  /// `of`: of the object that makes the builder. Throws: Error when that was moved from;
  /// StorageError in a child of fork().
  GRAPNEL_DECLARE AnyBuilder(const HandlePtr& of, const Table& table);
  AnyBuilder(AnyBuilder&& from) noexcept : handle_(std::move(from.handle_)) {}
  ~AnyBuilder() = default;
  /// Says by which mutation it speaks, which is made after this.
  void Own(AnyMutation& m) noexcept { mutation_ = &m; }
  /// Says what `from` said, which is spent, in place of what it said itself. Throws: what moving
  /// the entity throws; then both are spent.
  GRAPNEL_DECLARE void TakeFrom(AnyBuilder& from);

  /// What the builder has said. Throws: Error when it ran, or was moved from; StorageError in a
  /// child of fork().
  GRAPNEL_DECLARE Draft& Core();
  static Draft& CoreOf(AnyBuilder& builder) { return builder.Core(); }

  /// Sets every member to what it is in this entity, which is moved from: see Entities::Create.
  GRAPNEL_DECLARE void SetAll(void* entity);
  /// Sets the members at these places of the table to what they are in this entity.
  GRAPNEL_DECLARE void SetFrom(const void* entity, std::initializer_list<std::size_t> places);
  /// Runs the mutation, and moves what came of it into `entity`.
  GRAPNEL_DECLARE void Run(void* entity);
  /// Runs the mutation. Returns: how many rows matched.
  GRAPNEL_DECLARE std::int64_t Run();

 private:
  [[noreturn, gnu::cold]] GRAPNEL_DECLARE void Refuse() const;

  HandlePtr handle_;
  AnyMutation* mutation_ = nullptr;
};

/// What the builders of one type share; what they say, they have from Setting, Updating and
/// Matching, which hold nothing.
template <class E>
class Builder : public AnyBuilder {
 public:
  Builder(Builder&& from) noexcept(std::is_nothrow_move_constructible_v<E>)
      : AnyBuilder(std::move(from)), typed_(Mutation<E>::Access::Take(from.typed_)) {
    Own(typed_);
  }
  Builder& operator=(Builder&& from) noexcept(std::is_nothrow_move_assignable_v<E>) {
    if (this != &from) TakeFrom(from);
    return *this;
  }
  ~Builder() = default;

  /// Throws: Error when the builder is spent; StorageError in a child of fork().
  Mutation<E>& Target() {
    Core();
    return typed_;
  }

 protected:
  Builder(const HandlePtr& of, grapnel::Op op)
      : AnyBuilder(of, kTable<E>), typed_(Mutation<E>::Access::Make(op)) {
    Own(typed_);
  }
  /// Of the row with this id.
  Builder(const HandlePtr& of, grapnel::Op op, IdOf<E>&& id) : Builder(of, op) {
    if constexpr (kHasNormalForm<IdOf<E>>) Normalize(id);
    Mutation<E>::Access::Entity(typed_).id = std::move(id);
    typed_.Core().has_id = true;
  }

 private:
  Mutation<E> typed_;
};

/// What the builders have that set fields. Each call returns the builder itself, as an rvalue when
/// it was called on one.
template <class Derived, class E, bool kUpdates>
class Setting {
 public:
  /// Sets a field. Sets an edge to this neighbour, or to these neighbours, in place of all others:
  /// to their ids or to entities.
  template <auto M>
  Derived& Set(MemberToken<M>, NonDeduced<SetArgument<M>> value) & {
    Draft& core = AnyBuilder::CoreOf(Self());
    SetMember(core, PlaceToSet<M>(), static_cast<E*>(core.entity)->*M,
              static_cast<SetArgument<M>&&>(value));
    return Self();
  }
  template <auto M>
  [[nodiscard("nothing is written before Save() or Exec()")]] Derived&& Set(
      MemberToken<M>, NonDeduced<SetArgument<M>> value) && {
    Draft& core = AnyBuilder::CoreOf(Self());
    SetMember(core, PlaceToSet<M>(), static_cast<E*>(core.entity)->*M,
              static_cast<SetArgument<M>&&>(value));
    return static_cast<Derived&&>(*this);
  }
  /// Sets an optional field, or an edge with one neighbour, to what a std::optional holds, or
  /// clears it. See Mutation::Set. A value that does not fit does not compile.
  template <auto M, OtherValueOf<M> T>
  Derived& Set(MemberToken<M> field, T&& value) & {
    if constexpr (NoValueOf<T, M>) {
      RefuseValue<M, T>();
    } else {
      static_cast<void>(PlaceToSet<M>());
      Self().Target().Set(field, static_cast<T&&>(value));
    }
    return Self();
  }
  template <auto M, OtherValueOf<M> T>
  [[nodiscard("nothing is written before Save() or Exec()")]] Derived&& Set(MemberToken<M> field,
                                                                            T&& value) && {
    return static_cast<Derived&&>(Set(field, static_cast<T&&>(value)));
  }
  /// A member in place of its token: this does not compile.
  template <class Owner, class Type, class T>
  Derived&& Set(Type Owner::*, T&&) {
    RefuseMember<Type Owner::*>();
    return static_cast<Derived&&>(*this);
  }
  /// Adds neighbours: `AddIDs(F<&User::friends>, {7, 9})`, or `{ada, bob}`. Those that are there
  /// already stay.
  template <auto M>
  Derived& AddIDs(MemberToken<M> edge, const NonDeduced<Neighbours<NeighbourOf<M>>>& ids) & {
    static_cast<void>(EdgeToSet<M>());
    Self().Target().AddIDs(edge, ids);
    return Self();
  }
  template <auto M>
  [[nodiscard("nothing is written before Save() or Exec()")]] Derived&& AddIDs(
      MemberToken<M> edge, const NonDeduced<Neighbours<NeighbourOf<M>>>& ids) && {
    return static_cast<Derived&&>(AddIDs(edge, ids));
  }

 protected:
  template <auto M>
  static consteval std::size_t FieldToSet() {
    static_assert(
        FieldOf<E, M>,
        "this member is not a field of this entity: name it in Schema<...>::Fields(), and use "
        "tokens of the entity or of its mixins");
    static_assert(!kUpdates || !kIsImmutable<E, M>,
                  "this field is Immutable: it can be set only by Create");
    return kPlaceOf<E, M>;
  }
  template <auto M>
  static consteval std::size_t EdgeToSet() {
    static_assert(
        EdgeOf<E, M>,
        "this member is not an edge of this entity: name it in Schema<...>::Edges(), and use "
        "tokens of the entity or of its mixins");
    static_assert(!kUpdates || !kEdgeOf<E, M>.immutable,
                  "this edge is Immutable: it can be set only by Create");
    return kEdgePlaceOf<E, M>;
  }

 private:
  template <auto M>
  static consteval std::size_t PlaceToSet() {
    if constexpr (EdgeMember<M>) {
      return EdgeToSet<M>();
    } else {
      return FieldToSet<M>();
    }
  }
  Derived& Self() noexcept { return static_cast<Derived&>(*this); }
};

/// What the builders have that pick rows.
template <class Derived, class E>
class Matching {
 public:
  /// Only rows that match; several calls must all match.
  template <class O>
  Derived& Where(const store::Predicate<O>& predicate) & {
    if constexpr (!store::AppliesTo<O, E>) detail::RefusePredicate<O>();
    AnyBuilder::CoreOf(static_cast<Derived&>(*this)).AddWhere(predicate.Node());
    return static_cast<Derived&>(*this);
  }
  template <class O>
  [[nodiscard("nothing is written before Save() or Exec()")]] Derived&& Where(
      const store::Predicate<O>& predicate) && {
    if constexpr (!store::AppliesTo<O, E>) detail::RefusePredicate<O>();
    AnyBuilder::CoreOf(static_cast<Derived&>(*this)).AddWhere(predicate.Node());
    return static_cast<Derived&&>(*this);
  }
  /// Of what is no predicate: this does not compile.
  template <class... Ts>
  Derived& Where(const Ts&...) {
    RefuseNoPredicate<Ts...>();
    return static_cast<Derived&>(*this);
  }
};

/// What the builders have that update rows.
template <class Derived, class E>
class Updating : public Setting<Derived, E, true>, public Matching<Derived, E> {
 public:
  /// Adds to a number in the database: a NULL counts as 0. Twice accumulates.
  template <auto M>
  Derived& Add(MemberToken<M>, NonDeduced<typename MemberToken<M>::Bare> delta) & {
    AddToMember<M>(AnyBuilder::CoreOf(Self()), Updating::template FieldToSet<M>(), delta);
    return Self();
  }
  template <auto M>
  [[nodiscard("nothing is written before Save() or Exec()")]] Derived&& Add(
      MemberToken<M>, NonDeduced<typename MemberToken<M>::Bare> delta) && {
    AddToMember<M>(AnyBuilder::CoreOf(Self()), Updating::template FieldToSet<M>(), delta);
    return static_cast<Derived&&>(*this);
  }
  template <auto M, OtherSummandOf<M> T>
  Derived& Add(MemberToken<M> field, T&& delta) & {
    if constexpr (NeverMeant<T, typename MemberToken<M>::Bare>) {
      RefuseValue<M, T>();
    } else {
      static_cast<void>(Updating::template FieldToSet<M>());
      Self().Target().Add(field, static_cast<T&&>(delta));
    }
    return Self();
  }
  template <auto M, OtherSummandOf<M> T>
  [[nodiscard("nothing is written before Save() or Exec()")]] Derived&& Add(MemberToken<M> field,
                                                                            T&& delta) && {
    return static_cast<Derived&&>(Add(field, static_cast<T&&>(delta)));
  }
  /// Sets an optional field to NULL.
  template <auto M>
  requires(!EdgeMember<M>) Derived& Clear(MemberToken<M> field) & {
    static_cast<void>(Updating::template FieldToSet<M>());
    Self().Target().Clear(field);
    return Self();
  }
  template <auto M>
  requires(!EdgeMember<M>)
      [[nodiscard("nothing is written before Save() or Exec()")]] Derived&& Clear(
          MemberToken<M> field) && {
    static_cast<void>(Updating::template FieldToSet<M>());
    Self().Target().Clear(field);
    return static_cast<Derived&&>(*this);
  }
  /// Removes neighbours. Those that are not there are passed by.
  template <auto M>
  Derived& RemoveIDs(MemberToken<M> edge, const NonDeduced<Neighbours<NeighbourOf<M>>>& ids) & {
    static_cast<void>(Updating::template EdgeToSet<M>());
    Self().Target().RemoveIDs(edge, ids);
    return Self();
  }
  template <auto M>
  [[nodiscard("nothing is written before Save() or Exec()")]] Derived&& RemoveIDs(
      MemberToken<M> edge, const NonDeduced<Neighbours<NeighbourOf<M>>>& ids) && {
    return static_cast<Derived&&>(RemoveIDs(edge, ids));
  }
  /// Removes all neighbours.
  template <auto M>
  Derived& ClearEdge(MemberToken<M> edge) & {
    static_cast<void>(Updating::template EdgeToSet<M>());
    Self().Target().ClearEdge(edge);
    return Self();
  }
  template <auto M>
  [[nodiscard("nothing is written before Save() or Exec()")]] Derived&& ClearEdge(
      MemberToken<M> edge) && {
    return static_cast<Derived&&>(ClearEdge(edge));
  }

 protected:
  /// The place of a member that stands in the row itself.
  template <auto M>
  static consteval std::size_t ColumnToSet() {
    if constexpr (EdgeMember<M>) {
      constexpr std::size_t edge = Updating::template EdgeToSet<M>();
      static_assert(
          kEdgeInfos<E>.items[edge].HoldsKey(),
          "this edge does not stand in the entity's own row, and is not written with it: change it "
          "by .Set(F<&User::friends>, {ada, bob}), AddIDs or RemoveIDs");
      return kEdgeInfos<E>.items[edge].key;
    } else {
      return Updating::template FieldToSet<M>();
    }
  }

 private:
  Derived& Self() noexcept { return static_cast<Derived&>(*this); }
};

}  // namespace grapnel::detail

#ifndef GRAPNEL_SEPARATE_COMPILATION
#include <grapnel/store/builders/impl/builder.hpp>  // IWYU pragma: keep
#endif
