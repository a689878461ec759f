#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/core/op.hpp>
#include <grapnel/schema/schema.hpp>
#include <grapnel/schema/token.hpp>
#include <grapnel/store/mutation/mutation.hpp>
#include <grapnel/store/predicate/predicate.hpp>
#include <grapnel/store/tx/handle_ptr.hpp>

#include <cstdint>
#include <utility>
#include <vector>

namespace grapnel::detail {

/// A mutation that runs once, its type forgotten: compiled once for all types.
class AnyBuilder {
 public:
  AnyBuilder(AnyBuilder&& from) noexcept = default;
  AnyBuilder& operator=(AnyBuilder&& from) noexcept = default;

 protected:
  explicit AnyBuilder(HandlePtr handle) noexcept : handle_(std::move(handle)) {}
  ~AnyBuilder() = default;

  /// Throws: Error when it ran, or was moved from; StorageError in a child of fork().
  GRAPNEL_DECLARE void CheckNotSpent(const AnyMutation& m) const;
  /// For a bulk of that client, which runs it. Throws: Error when this is of another client,
  /// transaction or view.
  GRAPNEL_DECLARE void SpendFor(const AnyMutation& m, const HandlePtr& bulk);

  /// Runs the mutation, and moves what came of it into `entity`.
  GRAPNEL_DECLARE void Run(AnyMutation& m, void* entity);
  /// Runs the mutation. Returns: how many rows matched.
  GRAPNEL_DECLARE std::int64_t Run(AnyMutation& m);

 private:
  [[noreturn, gnu::cold]] GRAPNEL_DECLARE void Refuse(const AnyMutation& m) const;

  HandlePtr handle_;
};

/// What all builders of a type share.
template <class E>
class Builder : public AnyBuilder {
 public:
  Builder(Builder&& from) noexcept
      : AnyBuilder(std::move(from)), mutation_(Mutation<E>::Access::Take(from.mutation_)) {}
  Builder& operator=(Builder&& from) noexcept {
    if (this == &from) return *this;
    AnyBuilder::operator=(std::move(from));
    Mutation<E>::Access::Take(mutation_, from.mutation_);
    return *this;
  }

  // For CreateBulk, which runs the mutations of several builders.
  void TakeFor(const HandlePtr& bulk) { SpendFor(mutation_, bulk); }
  Mutation<E>& Target() {
    CheckNotSpent(mutation_);
    return mutation_;
  }

 protected:
  Builder(HandlePtr handle, grapnel::Op op)
      : AnyBuilder(std::move(handle)), mutation_(Mutation<E>::Access::Make(op)) {}
  /// Of the row with this id.
  Builder(HandlePtr handle, grapnel::Op op, IdOf<E>&& id) : Builder(std::move(handle), op) {
    Mutation<E>::Access::Entity(mutation_).id = std::move(id);
    mutation_.Core().has_id = true;
  }

  E RunToEntity() {
    E entity{};
    Run(mutation_, &entity);
    return entity;
  }
  std::int64_t RunToCount() { return Run(mutation_); }

  void Narrow(const store::PredicatePtr& where) { Target().Core().AddWhere(where); }

 private:
  Mutation<E> mutation_;
};

/// The builders that set fields. Each call returns the builder itself, as an rvalue when it was
/// called on one.
template <class Derived, class E, bool kUpdates>
class Setting : public Builder<E> {
 public:
  /// Sets a field, or of an optional one, std::nullopt clears it. Sets an edge to this neighbour,
  /// or to these neighbours, in place of all others.
  template <auto M>
  Derived& Set(MemberToken<M> member, NonDeduced<SetArgument<M>> value) & {
    Check<M>();
    this->Target().Assign(member, static_cast<SetArgument<M>&&>(value));
    return static_cast<Derived&>(*this);
  }
  template <auto M>
  [[nodiscard]] Derived&& Set(MemberToken<M> member, NonDeduced<SetArgument<M>> value) && {
    Check<M>();
    this->Target().Assign(member, static_cast<SetArgument<M>&&>(value));
    return static_cast<Derived&&>(*this);
  }
  template <auto M, OptionalOf<typename MemberToken<M>::Type> T>
  Derived& Set(MemberToken<M> field, T&& value) & {
    Check<M>();
    this->Target().Set(field, static_cast<T&&>(value));
    return static_cast<Derived&>(*this);
  }
  template <auto M, OptionalOf<typename MemberToken<M>::Type> T>
  [[nodiscard]] Derived&& Set(MemberToken<M> field, T&& value) && {
    Check<M>();
    this->Target().Set(field, static_cast<T&&>(value));
    return static_cast<Derived&&>(*this);
  }
  /// A value that does not fit: does not compile.
  template <auto M, NoValueOf<M> T>
  Derived&& Set(MemberToken<M>, T&&) {
    RefuseValue<M, T>();
    return static_cast<Derived&&>(*this);
  }
  /// Adds neighbours: `AddIDs(F<&User::friends>, {7, 9})`. Those that are there already stay.
  template <auto M>
  Derived& AddIDs(MemberToken<M> edge, const std::vector<NonDeduced<NeighbourId<M>>>& ids) & {
    Check<M, true>();
    this->Target().AddIDs(edge, ids);
    return static_cast<Derived&>(*this);
  }
  template <auto M>
  [[nodiscard]] Derived&& AddIDs(MemberToken<M> edge,
                                 const std::vector<NonDeduced<NeighbourId<M>>>& ids) && {
    return static_cast<Derived&&>(AddIDs(edge, ids));
  }

 protected:
  using Builder<E>::Builder;

  template <auto M, bool kEdge = EdgeMember<M>>
  static constexpr void Check() {
    if constexpr (kEdge) {
      static_assert(
          EdgeOf<E, M>,
          "this member is not an edge of this entity: name it in Schema<...>::Edges(), and use "
          "tokens of the entity or of its mixins");
      static_assert(!kUpdates || !kEdgeOf<E, M>.immutable,
                    "this edge is Immutable: it can be set only by Create");
    } else {
      static_assert(
          FieldOf<E, M>,
          "this member is not a field of this entity: name it in Schema<...>::Fields(), and use "
          "tokens of the entity or of its mixins");
      static_assert(!kUpdates || !kIsImmutable<E, M>,
                    "this field is Immutable: it can be set only by Create");
    }
  }
};

/// The builders that pick rows.
template <class Derived, class Base, class E>
class Matching : public Base {
 public:
  /// Only rows that match; several calls must all match.
  template <class O>
  Derived& Where(const store::Predicate<O>& predicate) & {
    static_assert(store::AppliesTo<O, E>, "this predicate is about another entity type");
    this->Narrow(predicate.Node());
    return static_cast<Derived&>(*this);
  }
  template <class O>
  [[nodiscard]] Derived&& Where(const store::Predicate<O>& predicate) && {
    static_assert(store::AppliesTo<O, E>, "this predicate is about another entity type");
    this->Narrow(predicate.Node());
    return static_cast<Derived&&>(*this);
  }

 protected:
  using Base::Base;
};

/// The builders that update rows.
template <class Derived, class E>
class Updating : public Matching<Derived, Setting<Derived, E, true>, E> {
 public:
  /// Adds to a number in the database: a NULL counts as 0. Twice accumulates.
  template <auto M>
  Derived& Add(MemberToken<M> field, NonDeduced<typename MemberToken<M>::Bare> delta) & {
    this->template Check<M, false>();
    this->Target().Add(field, static_cast<typename MemberToken<M>::Bare&&>(delta));
    return static_cast<Derived&>(*this);
  }
  template <auto M>
  [[nodiscard]] Derived&& Add(MemberToken<M> field,
                              NonDeduced<typename MemberToken<M>::Bare> delta) && {
    this->template Check<M, false>();
    this->Target().Add(field, static_cast<typename MemberToken<M>::Bare&&>(delta));
    return static_cast<Derived&&>(*this);
  }
  /// Sets an optional field to NULL.
  template <auto M>
  requires(!EdgeMember<M>) Derived& Clear(MemberToken<M> field) & {
    this->template Check<M>();
    this->Target().Clear(field);
    return static_cast<Derived&>(*this);
  }
  template <auto M>
  requires(!EdgeMember<M>) [[nodiscard]] Derived&& Clear(MemberToken<M> field) && {
    this->template Check<M>();
    this->Target().Clear(field);
    return static_cast<Derived&&>(*this);
  }
  /// Removes neighbours. Those that are not there are passed by.
  template <auto M>
  Derived& RemoveIDs(MemberToken<M> edge, const std::vector<NonDeduced<NeighbourId<M>>>& ids) & {
    this->template Check<M, true>();
    this->Target().RemoveIDs(edge, ids);
    return static_cast<Derived&>(*this);
  }
  template <auto M>
  [[nodiscard]] Derived&& RemoveIDs(MemberToken<M> edge,
                                    const std::vector<NonDeduced<NeighbourId<M>>>& ids) && {
    return static_cast<Derived&&>(RemoveIDs(edge, ids));
  }
  /// Removes all neighbours.
  template <auto M>
  Derived& ClearEdge(MemberToken<M> edge) & {
    this->template Check<M, true>();
    this->Target().ClearEdge(edge);
    return static_cast<Derived&>(*this);
  }
  template <auto M>
  [[nodiscard]] Derived&& ClearEdge(MemberToken<M> edge) && {
    return static_cast<Derived&&>(ClearEdge(edge));
  }

 protected:
  using Matching<Derived, Setting<Derived, E, true>, E>::Matching;
};

}  // namespace grapnel::detail

#ifndef GRAPNEL_SEPARATE_COMPILATION
#include <grapnel/store/builders/impl/builder.hpp>  // IWYU pragma: keep
#endif
