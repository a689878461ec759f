#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/core/op.hpp>
#include <grapnel/store/builders/builder.hpp>
#include <grapnel/store/mutation/any_mutation.hpp>
#include <grapnel/store/mutation/conflict.hpp>

#include <cstddef>
#include <initializer_list>
#include <utility>

namespace grapnel::detail {

// What a Create says of a row that is there already.

/// Throws: Error unless these columns have a unique index together.
GRAPNEL_DECLARE void SetConflict(Draft& create, std::initializer_list<std::size_t> columns);
/// Throws: Error when it was not said which rows are in conflict, or was said already what is done.
GRAPNEL_DECLARE void DecideConflict(Draft& create, store::OnConflict action);
/// The same for an Update that says this. Throws: Error when it is no UpdateOne any more.
GRAPNEL_DECLARE void DecideConflict(Draft& create, core::Shared<AnyMutation> update);

}  // namespace grapnel::detail

namespace grapnel::store {

template <class E>
class [[nodiscard("nothing is written before Save()")]] Create;

/// Creates one row. Runs once: a second Save, or one after a move, throws Error.
template <class E>
class Create : public detail::Builder<E>, public detail::Setting<Create<E>, E, false> {
 public:
  explicit Create(const detail::HandlePtr& of) : detail::Builder<E>(of, Op::Create) {}
  /// Of this entity: see Entities::Create.
  Create(const detail::HandlePtr& of, E&& entity) : Create(of) { this->SetAll(&entity); }

  /// Leaves these fields and edges of the entity that Create was given unset, as if they were no
  /// members: their defaults and hooks set them. `Create(ada).Omit(F<&User::created_at>).Save()`
  template <auto... Ms>
  Create& Omit(MemberToken<Ms>...) & {
    (OmitOne<Ms>(), ...);
    return *this;
  }
  template <auto... Ms>
  [[nodiscard("nothing is written before Save()")]] Create&& Omit(MemberToken<Ms>... members) && {
    return std::move(Omit(members...));
  }

  /// Runs the hooks and inserts the row. Returns: the entity as stored, its id included, or what a
  /// hook returned in its place. Throws: what a hook throws, unchanged; ValidationError;
  /// ConstraintError; CommittedError; StorageError, BusyError, CancelledError; TxError. Unless it
  /// is a CommittedError, nothing was written, by hooks neither.
  E Save() {
    E entity{};
    this->Run(&entity);
    return entity;
  }

  /// When there is a row that agrees in all of these fields, that row is taken instead of a new
  /// one:
  /// `.OnConflict(F<&User::email>).UpdateNewValues()`. The fields have a unique index together; of
  /// one with a Where only rows that are in it are in conflict, and only when the new row would be.
  /// Another constraint that the row breaks is a ConstraintError. Order: hooks see the Op Create,
  /// validation is that of a Create; then the row is looked for. One that is there is changed by an
  /// UpdateOne inside, through all hooks again: Op UpdateOne, Cause Upsert, with its old row,
  /// update-defaults and validation. What either run of the hooks adds by `m.Where(...)` narrows
  /// it: a row that does not match stays as it is, and is returned. After `next` the hooks of the
  /// Create learn by `m.Conflict()` what it came to. Throws: Error when the fields have no unique
  /// index, and at Save when it was not said what to do.
  template <auto... Ms>
  Create& OnConflict(MemberToken<Ms>...) & {
    static_assert(sizeof...(Ms) > 0,
                  "OnConflict needs the fields in which a row that is there agrees: write "
                  "OnConflict(F<&User::email>)");
    detail::SetConflict(this->Core(), {detail::kColumnPlaceOf<E, Ms>...});
    return *this;
  }
  template <auto... Ms>
  [[nodiscard("nothing is written before Save()")]] Create&& OnConflict(
      MemberToken<Ms>... fields) && {
    return std::move(OnConflict(fields...));
  }
  /// Sets the row that is there to the values that the caller and hooks have set, but its id,
  /// immutable fields and those of OnConflict; defaults of the creation are left out,
  /// update-defaults are set.
  Create& UpdateNewValues() & { return Decide(store::OnConflict::UpdateNewValues); }
  [[nodiscard("nothing is written before Save()")]] Create&& UpdateNewValues() && {
    return std::move(UpdateNewValues());
  }
  /// Leaves the row that is there as it is, and returns it.
  Create& Ignore() & { return Decide(store::OnConflict::Ignore); }
  [[nodiscard("nothing is written before Save()")]] Create&& Ignore() && {
    return std::move(Ignore());
  }
  /// Changes the row that is there as `change(m)` says, which is called here and now:
  /// `.Update([](grapnel::Mutation<User>& m) { m.Add(F<&User::visits>, 1); })`. Update-defaults are
  /// set. Behind UpdateNewValues() the new values come first. Throws: Error when `change` calls
  /// SetOp; what it throws itself.
  template <class F>
  Create& Update(F change) & {
    auto update = Mutation<E>::Access::MakeShared(Op::UpdateOne);
    change(*update);
    detail::DecideConflict(this->Core(), std::move(update));
    return *this;
  }
  template <class F>
  [[nodiscard("nothing is written before Save()")]] Create&& Update(F change) && {
    return std::move(Update(std::move(change)));
  }

 private:
  template <auto M>
  void OmitOne() {
    static_assert(detail::FieldOf<E, M> || detail::EdgeOf<E, M>,
                  "this member is neither a field nor an edge of this entity");
    if constexpr (detail::FieldOf<E, M>) {
      this->Core().Reset(detail::kPlaceOf<E, M>);
    } else {
      this->Core().ResetEdge(detail::kEdgePlaceOf<E, M>);
    }
  }
  Create& Decide(store::OnConflict action) {
    detail::DecideConflict(this->Core(), action);
    return *this;
  }
};

}  // namespace grapnel::store

#ifndef GRAPNEL_SEPARATE_COMPILATION
#include <grapnel/store/builders/impl/create.hpp>  // IWYU pragma: keep
#endif
