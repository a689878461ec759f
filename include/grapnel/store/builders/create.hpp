#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/core/error.hpp>
#include <grapnel/core/op.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/store/builders/builder.hpp>
#include <grapnel/store/mutation/conflict.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace grapnel::detail {

/// Throws: Error unless the conflict's columns have a unique index together.
inline void NameConflict(store::Conflict& conflict, const Table& table) {
  std::vector<FieldTag> tags;
  for (const std::size_t place : conflict.columns) {
    conflict.fields.push_back(table.columns[place].name);
    tags.push_back(table.columns[place].tag);
  }
  bool unique = false;
  if (tags.size() == 1) {
    const Column& column = table.columns[conflict.columns.front()];
    unique = &column == &table.Id() || column.unique;
    for (const EdgeEnd& edge : table.edges) {
      unique = unique || (edge.HoldsKey() && edge.tag == column.tag && edge.relation().unique);
    }
  }
  for (const IndexInfo& index : table.indexes) {
    unique =
        unique || (index.unique && std::is_permutation(index.fields.begin(), index.fields.end(),
                                                       tags.begin(), tags.end()));
  }
  if (unique) return;
  throw Error(
      core::Concat({table.entity,
                    ": OnConflict names fields that have no unique index together: add .Unique() "
                    "to the field, or Index<...>().Unique() to Indexes()"}));
}

}  // namespace grapnel::detail

namespace grapnel::store {

/// Creates one row. Runs once: a second Save, or one after a move, throws Error.
template <class E>
class [[nodiscard]] Create : public detail::Setting<Create<E>, E> {
 public:
  static constexpr bool kUpdates = false;

  explicit Create(detail::HandlePtr handle)
      : detail::Setting<Create<E>, E>(std::move(handle), Op::Create) {}

  /// Runs the hooks and inserts the row. Returns: the entity as stored, its id included, or what a
  /// hook returned in its place. Throws: what a hook throws, unchanged; ValidationError;
  /// ConstraintError; CommittedError; StorageError, BusyError, CancelledError; TxError. Unless it
  /// is a CommittedError, nothing was written, by hooks neither.
  E Save() { return this->RunToEntity(); }

  /// When there is a row that agrees in all of these fields, that row is taken instead of a new
  /// one:
  /// `.OnConflict(F<&User::email>).UpdateNewValues()`. The fields have a unique index together.
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
    auto conflict = std::make_shared<Conflict>();
    conflict->columns = {detail::kColumnPlaceOf<E, Ms>...};
    detail::NameConflict(*conflict, detail::kTable<E>);
    this->Core().conflict = std::move(conflict);
    return *this;
  }
  template <auto... Ms>
  [[nodiscard]] Create&& OnConflict(MemberToken<Ms>... fields) && {
    return std::move(OnConflict(fields...));
  }
  /// Sets the row that is there to the values that the caller and hooks have set, but its id,
  /// immutable fields and those of OnConflict; defaults of the creation are left out,
  /// update-defaults are set.
  Create& UpdateNewValues() & { return Decide(store::OnConflict::UpdateNewValues); }
  [[nodiscard]] Create&& UpdateNewValues() && { return std::move(UpdateNewValues()); }
  /// Leaves the row that is there as it is, and returns it.
  Create& Ignore() & { return Decide(store::OnConflict::Ignore); }
  [[nodiscard]] Create&& Ignore() && { return std::move(Ignore()); }
  /// Changes the row that is there as `change(m)` says, which is called here and now:
  /// `.Update([](grapnel::Mutation<User>& m) { m.Add(F<&User::visits>, 1); })`. Update-defaults are
  /// set. Behind UpdateNewValues() the new values come first. Throws: Error when `change` calls
  /// SetOp; what it throws itself.
  template <class F>
  Create& Update(F change) & {
    auto update = Mutation<E>::Access::MakeShared(Op::UpdateOne);
    change(*update);
    if (update->Op() != Op::UpdateOne) {
      throw Error(
          std::string(detail::kTable<E>.entity) +
          ": what OnConflict(...).Update(change) changes stays an UpdateOne: take SetOp out of it");
    }
    Decide(store::OnConflict::Update);
    this->Core().conflict->update = std::move(update);
    return *this;
  }
  template <class F>
  [[nodiscard]] Create&& Update(F change) && {
    return std::move(Update(std::move(change)));
  }

 private:
  Create& Decide(store::OnConflict action) {
    if (!this->Core().conflict) {
      throw Error(std::string(detail::kTable<E>.entity) +
                  ": say first which rows are in conflict, by OnConflict(F<...>)");
    }
    store::OnConflict& decided = this->Core().conflict->action;
    const bool joins = action == store::OnConflict::Update &&
                       decided == store::OnConflict::UpdateNewValues &&
                       !this->Core().conflict->update;
    if (decided != store::OnConflict::Undecided && !joins) {
      throw Error(
          std::string(detail::kTable<E>.entity) +
          ": it was said already what OnConflict does; only UpdateNewValues().Update(...) go "
          "together, in this order");
    }
    if (!joins) decided = action;
    return *this;
  }
};

}  // namespace grapnel::store
