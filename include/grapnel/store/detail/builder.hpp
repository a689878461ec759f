#pragma once

#include <grapnel/core/concat.hpp>
#include <grapnel/core/error.hpp>
#include <grapnel/core/op.hpp>
#include <grapnel/schema/schema.hpp>
#include <grapnel/schema/token.hpp>
#include <grapnel/store/detail/run.hpp>
#include <grapnel/store/mutation.hpp>
#include <grapnel/store/predicate.hpp>
#include <grapnel/store/value.hpp>

#include <optional>
#include <string>
#include <utility>

namespace grapnel::detail {

/// What all builders share: a mutation that runs once. Each call returns the builder itself, as an
/// rvalue when it was called on one.
template <class Derived, class E>
class Builder {
 public:
  Builder(Builder&&) noexcept = default;
  Builder& operator=(Builder&&) noexcept = default;

  // For CreateBulk, which runs the mutations of several builders.
  HandlePtr Take() {
    CheckNotSpent();
    return std::move(handle_);
  }
  Mutation<E>& Target() {
    CheckNotSpent();
    return mutation_;
  }

 protected:
  Builder(HandlePtr handle, grapnel::Op op)
      : handle_(std::move(handle)), mutation_(Mutation<E>::Access::Make(op)) {}

  Value<E> Run() {
    const HandlePtr handle = Take();
    return RunMutation(handle, mutation_);
  }

  Derived& Self() noexcept { return static_cast<Derived&>(*this); }
  MutationCore& Core() noexcept { return Mutation<E>::Access::Core(mutation_); }
  E& Entity() noexcept { return Mutation<E>::Access::Entity(mutation_); }

 private:
  void CheckNotSpent() const {
    if (handle_) return;
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
  Derived& Set(Token<M> field, NonDeduced<typename Token<M>::Bare> value) & {
    Check<M>();
    this->Target().Set(field, std::move(value));
    return this->Self();
  }
  template <auto M>
  Derived&& Set(Token<M> field, NonDeduced<typename Token<M>::Bare> value) && {
    return std::move(Set(field, std::move(value)));
  }
  template <auto M, OptionalOf<typename Token<M>::Type> T>
  Derived& Set(Token<M> field, T&& value) & {
    Check<M>();
    this->Target().Set(field, std::forward<T>(value));
    return this->Self();
  }
  template <auto M, OptionalOf<typename Token<M>::Type> T>
  Derived&& Set(Token<M> field, T&& value) && {
    return std::move(Set(field, std::forward<T>(value)));
  }

 protected:
  using Builder<Derived, E>::Builder;

  template <auto M>
  static constexpr void Check() {
    static_assert(FieldOf<E, M>,
                  "this member is not a field of this entity: name it in Schema<...>::Fields(), and use "
                  "tokens of the entity or of its mixins");
    static_assert(!Derived::kUpdates || !kColumns<E>[kPlaceOf<E, M>].immutable,
                  "this field is Immutable: it can be set only by Create");
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
  Derived&& Where(const store::Predicate<O>& predicate) && {
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
  Derived& Add(Token<M> field, NonDeduced<typename Token<M>::Bare> delta) & {
    this->template Check<M>();
    this->Target().Add(field, std::move(delta));
    return this->Self();
  }
  template <auto M>
  Derived&& Add(Token<M> field, NonDeduced<typename Token<M>::Bare> delta) && {
    return std::move(Add(field, std::move(delta)));
  }
  /// Sets an optional field to NULL.
  template <auto M>
  Derived& Clear(Token<M> field) & {
    this->template Check<M>();
    this->Target().Clear(field);
    return this->Self();
  }
  template <auto M>
  Derived&& Clear(Token<M> field) && {
    return std::move(Clear(field));
  }

 protected:
  using Matching<Derived, Setting<Derived, E>>::Matching;
};

}  // namespace grapnel::detail
