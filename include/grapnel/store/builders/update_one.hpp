#pragma once

#include <grapnel/core/op.hpp>
#include <grapnel/schema/schema.hpp>
#include <grapnel/store/builders/builder.hpp>

#include <utility>

namespace grapnel::store {

template <class E>
class [[nodiscard("nothing is written before Save()")]] UpdateOne;

/// Updates the row with a given id. Runs once.
template <class E>
class UpdateOne : public detail::Builder<E>, public detail::Updating<UpdateOne<E>, E> {
 public:
  UpdateOne(const detail::HandlePtr& of, detail::IdOf<E> id)
      : detail::Builder<E>(of, Op::UpdateOne, std::move(id)) {}
  /// Of the row of this entity, whose members these are: see Entities::UpdateOne.
  template <auto... Ms>
  UpdateOne(const detail::HandlePtr& of, const E& entity, MemberToken<Ms>...)
      : UpdateOne(of, entity.id) {
    this->SetFrom(&entity, {UpdateOne::template ColumnToSet<Ms>()...});
  }

  /// Runs the hooks and updates the row. Returns: the row as it is now stored, whether or not it
  /// still matches, or what a hook returned in its place. Throws: NotFoundError when there is no
  /// such row, StaleError, which is one, when it is there and does not match; else as Create::Save.
  E Save() {
    E entity{};
    this->Run(&entity);
    return entity;
  }
};

}  // namespace grapnel::store
