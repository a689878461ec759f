#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/core/error.hpp>
#include <grapnel/core/op.hpp>
#include <grapnel/schema/schema.hpp>
#include <grapnel/schema/token.hpp>
#include <grapnel/store/mutation/mutation.hpp>
#include <grapnel/store/mutation/value.hpp>
#include <grapnel/store/predicate/predicate.hpp>
#include <grapnel/store/tx/handle.hpp>
#include <grapnel/store/tx/session.hpp>
#include <grapnel/store/write/run.hpp>

#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace grapnel::detail {

/// What all builders share: a mutation that runs once. Each call returns the builder itself, as an
/// rvalue when it was called on one.
template <class Derived, class E>
class Builder {
 public:
  Builder(Builder&& from) noexcept
      : handle_(std::move(from.handle_)), mutation_(Mutation<E>::Access::Take(from.mutation_)) {}
  Builder& operator=(Builder&& from) noexcept {
    if (this == &from) return *this;
    handle_ = std::move(from.handle_);
    Mutation<E>::Access::Take(mutation_, from.mutation_);
    return *this;
  }

  // For CreateBulk, which runs the mutations of several builders.
  HandlePtr Take() {
    CheckNotSpent();
    return std::move(handle_);
  }
  /// The same, for a bulk of that client. Throws: Error when this is of another client, transaction
  /// or view.
  void TakeFor(const HandlePtr& bulk) {
    CheckNotSpent();
    if (handle_ != bulk && !IsSame(*handle_, *bulk)) {
      throw Error(core::Concat({kTable<E>.entity,
                                ": this builder was made by another client, transaction or view "
                                "than the CreateBulk that is to "
                                "run it: make both with the same one"}));
    }
    handle_.Reset();
  }
  Mutation<E>& Target() {
    CheckNotSpent();
    return mutation_;
  }

 protected:
  Builder(HandlePtr handle, grapnel::Op op)
      : handle_(std::move(handle)), mutation_(Mutation<E>::Access::Make(op)) {}

  /// Runs the mutation. Returns: what came of it.
  E RunToEntity() {
    E entity{};
    const HandlePtr handle = Take();
    RunToEntityIn(handle, mutation_, &entity);
    return entity;
  }
  std::int64_t RunToCount() {
    const HandlePtr handle = Take();
    return RunToCountOf(handle, mutation_);
  }

  Derived& Self() noexcept { return static_cast<Derived&>(*this); }
  Draft& Core() { return Mutation<E>::Access::Core(Target()); }
  E& Entity() noexcept { return Mutation<E>::Access::Entity(mutation_); }

 private:
  [[gnu::always_inline]] void CheckNotSpent() const {
    if (!handle_ || handle_->store->driver->IsInherited()) [[unlikely]]
      Refuse();
  }
  [[noreturn, gnu::cold, gnu::noinline]] void Refuse() const {
    if (handle_) handle_->store->driver->CheckNotInherited();
    throw Error(core::Concat(
        {kTable<E>.entity,
         ": this builder is spent: it ran already, or was moved from; make a new one"}));
  }

  HandlePtr handle_;
  Mutation<E> mutation_;
};

/// The builders that set fields.
template <class Derived, class E>
class Setting : public Builder<Derived, E> {
 public:
  /// Sets a field; of an optional one, std::nullopt clears it.
  template <auto M>
  requires(!EdgeMember<M>) Derived& Set(MemberToken<M> field,
                                        const NonDeduced<typename MemberToken<M>::Bare>& value) & {
    Check<M>();
    this->Target().Assign(field, value);
    return this->Self();
  }
  template <auto M>
  requires(!EdgeMember<M>) Derived& Set(MemberToken<M> field,
                                        NonDeduced<typename MemberToken<M>::Bare>&& value) & {
    Check<M>();
    this->Target().Assign(field, std::move(value));
    return this->Self();
  }
  template <auto M>
  requires(!EdgeMember<M>)
      [[nodiscard]] Derived&& Set(MemberToken<M> field,
                                  const NonDeduced<typename MemberToken<M>::Bare>& value) && {
    return std::move(Set(field, value));
  }
  template <auto M>
  requires(!EdgeMember<M>)
      [[nodiscard]] Derived&& Set(MemberToken<M> field,
                                  NonDeduced<typename MemberToken<M>::Bare>&& value) && {
    return std::move(Set(field, std::move(value)));
  }
  template <auto M, OptionalOf<typename MemberToken<M>::Type> T>
  Derived& Set(MemberToken<M> field, T&& value) & {
    Check<M>();
    this->Target().Set(field, std::forward<T>(value));
    return this->Self();
  }
  template <auto M, OptionalOf<typename MemberToken<M>::Type> T>
  [[nodiscard]] Derived&& Set(MemberToken<M> field, T&& value) && {
    return std::move(Set(field, std::forward<T>(value)));
  }

  /// Sets an edge to this neighbour, in place of another one.
  template <auto M>
  requires OneMember<M> Derived& Set(MemberToken<M> edge, const NonDeduced<NeighbourId<M>>& id) & {
    CheckEdge<M>();
    this->Target().Set(edge, id);
    return this->Self();
  }
  template <auto M>
  requires OneMember<M>
  [[nodiscard]] Derived&& Set(MemberToken<M> edge, const NonDeduced<NeighbourId<M>>& id) && {
    return std::move(Set(edge, id));
  }
  /// Sets an edge to these neighbours, in place of all others.
  template <auto M>
  requires ManyMember<M> Derived& Set(MemberToken<M> edge,
                                      const std::vector<NonDeduced<NeighbourId<M>>>& ids) & {
    CheckEdge<M>();
    this->Target().Set(edge, ids);
    return this->Self();
  }
  template <auto M>
  requires ManyMember<M>
  [[nodiscard]] Derived&& Set(MemberToken<M> edge,
                              const std::vector<NonDeduced<NeighbourId<M>>>& ids) && {
    return std::move(Set(edge, ids));
  }
  /// A value that does not fit: does not compile.
  template <auto M, NoValueOf<M> T>
  Derived&& Set(MemberToken<M>, T&&) {
    RefuseValue<M, T>();
    return std::move(this->Self());
  }
  /// Adds neighbours: `AddIDs(F<&User::friends>, {7, 9})`. Those that are there already stay.
  template <auto M>
  Derived& AddIDs(MemberToken<M> edge, const std::vector<NonDeduced<NeighbourId<M>>>& ids) & {
    CheckEdge<M>();
    this->Target().AddIDs(edge, ids);
    return this->Self();
  }
  template <auto M>
  [[nodiscard]] Derived&& AddIDs(MemberToken<M> edge,
                                 const std::vector<NonDeduced<NeighbourId<M>>>& ids) && {
    return std::move(AddIDs(edge, ids));
  }

 protected:
  using Builder<Derived, E>::Builder;

  template <auto M>
  static constexpr void Check() {
    static_assert(
        FieldOf<E, M>,
        "this member is not a field of this entity: name it in Schema<...>::Fields(), and use "
        "tokens of the entity or of its mixins");
    static_assert(!Derived::kUpdates || !kIsImmutable<E, M>,
                  "this field is Immutable: it can be set only by Create");
  }
  template <auto M>
  static constexpr void CheckEdge() {
    static_assert(
        EdgeOf<E, M>,
        "this member is not an edge of this entity: name it in Schema<...>::Edges(), and use "
        "tokens of the entity or of its mixins");
    static_assert(!Derived::kUpdates || !std::get<kEdgePlaceOf<E, M>>(kEdges<E>).Traits().immutable,
                  "this edge is Immutable: it can be set only by Create");
  }
};

/// The builders that pick rows.
template <class Derived, class Base>
class Matching : public Base {
 public:
  /// Only rows that match; several calls must all match.
  template <class O>
  Derived& Where(const store::Predicate<O>& predicate) & {
    this->Target().Where(predicate);
    return this->Self();
  }
  template <class O>
  [[nodiscard]] Derived&& Where(const store::Predicate<O>& predicate) && {
    return std::move(Where(predicate));
  }

 protected:
  using Base::Base;
};

/// The builders that update rows.
template <class Derived, class E>
class Updating : public Matching<Derived, Setting<Derived, E>> {
 public:
  static constexpr bool kUpdates = true;

  /// Adds to a number in the database: a NULL counts as 0. Twice accumulates.
  template <auto M>
  Derived& Add(MemberToken<M> field, NonDeduced<typename MemberToken<M>::Bare> delta) & {
    this->template Check<M>();
    this->Target().Add(field, std::move(delta));
    return this->Self();
  }
  template <auto M>
  [[nodiscard]] Derived&& Add(MemberToken<M> field,
                              NonDeduced<typename MemberToken<M>::Bare> delta) && {
    return std::move(Add(field, std::move(delta)));
  }
  /// Sets an optional field to NULL.
  template <auto M>
  requires(!EdgeMember<M>) Derived& Clear(MemberToken<M> field) & {
    this->template Check<M>();
    this->Target().Clear(field);
    return this->Self();
  }
  template <auto M>
  requires(!EdgeMember<M>) [[nodiscard]] Derived&& Clear(MemberToken<M> field) && {
    return std::move(Clear(field));
  }
  /// Removes neighbours. Those that are not there are passed by.
  template <auto M>
  Derived& RemoveIDs(MemberToken<M> edge, const std::vector<NonDeduced<NeighbourId<M>>>& ids) & {
    this->template CheckEdge<M>();
    this->Target().RemoveIDs(edge, ids);
    return this->Self();
  }
  template <auto M>
  [[nodiscard]] Derived&& RemoveIDs(MemberToken<M> edge,
                                    const std::vector<NonDeduced<NeighbourId<M>>>& ids) && {
    return std::move(RemoveIDs(edge, ids));
  }
  /// Removes all neighbours.
  template <auto M>
  Derived& ClearEdge(MemberToken<M> edge) & {
    this->template CheckEdge<M>();
    this->Target().ClearEdge(edge);
    return this->Self();
  }
  template <auto M>
  [[nodiscard]] Derived&& ClearEdge(MemberToken<M> edge) && {
    return std::move(ClearEdge(edge));
  }

 protected:
  using Matching<Derived, Setting<Derived, E>>::Matching;
};

}  // namespace grapnel::detail
