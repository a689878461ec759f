#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/base/concat.hpp>
#include <grapnel/base/shared.hpp>
#include <grapnel/core/error.hpp>
#include <grapnel/core/op.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/store/builders/create.hpp>
#include <grapnel/store/mutation/any_mutation.hpp>
#include <grapnel/store/mutation/conflict.hpp>

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <utility>
#include <vector>

/// What a Create says of a row that is there already, compiled once for all types.
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
  for (const IndexInfo& index : table.Indexes()) {
    if (!index.unique ||
        !std::is_permutation(index.fields.begin(), index.fields.end(), tags.begin(), tags.end())) {
      continue;
    }
    unique = unique || index.where == nullptr;
    if (index.where != nullptr) conflict.where.push_back(index.where);
  }
  if (unique) conflict.where.clear();
  if (unique || !conflict.where.empty()) return;
  throw Error(
      core::Concat({table.entity,
                    ": OnConflict names fields that have no unique index together: add .Unique() "
                    "to the field, or Index<...>().Unique() to Indexes()"}));
}

GRAPNEL_DEFINE void SetConflict(Draft& create, std::initializer_list<std::size_t> columns) {
  auto conflict = core::MakeShared<store::Conflict>();
  conflict->columns = columns;
  NameConflict(*conflict, *create.table);
  create.conflict = std::move(conflict);
}

GRAPNEL_DEFINE void DecideConflict(Draft& create, store::OnConflict action) {
  store::Conflict* const conflict = create.conflict.Get();
  if (conflict == nullptr) {
    throw Error(core::Concat(
        {create.table->entity, ": say first which rows are in conflict, by OnConflict(F<...>)"}));
  }
  store::OnConflict& decided = conflict->action;
  const bool joins = action == store::OnConflict::Update &&
                     decided == store::OnConflict::UpdateNewValues && !conflict->update;
  if (decided != store::OnConflict::Undecided && !joins) {
    throw Error(core::Concat(
        {create.table->entity,
         ": it was said already what OnConflict does; only UpdateNewValues().Update(...) go "
         "together, in this order"}));
  }
  if (!joins) decided = action;
}

GRAPNEL_DEFINE void DecideConflict(Draft& create, core::Shared<AnyMutation> update) {
  if (update->Op() != Op::UpdateOne) {
    throw Error(core::Concat(
        {create.table->entity,
         ": what OnConflict(...).Update(change) changes stays an UpdateOne: take SetOp out of "
         "it"}));
  }
  DecideConflict(create, store::OnConflict::Update);
  create.conflict->update = std::move(update);
}

}  // namespace grapnel::detail
