#pragma once

#include <grapnel/base/callable.hpp>
#include <grapnel/base/compiled.hpp>
#include <grapnel/base/concat.hpp>
#include <grapnel/core/op.hpp>
#include <grapnel/model/error.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/model/value.hpp>
#include <grapnel/store/driver/driver.hpp>
#include <grapnel/store/mutation/conflict.hpp>
#include <grapnel/store/mutation/draft.hpp>
#include <grapnel/store/mutation/edge_changes.hpp>
#include <grapnel/store/predicate/predicate.hpp>
#include <grapnel/store/query/narrower.hpp>
#include <grapnel/store/tx/session.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace grapnel::detail {

GRAPNEL_DEFINE std::size_t StoredPlaceOf(const Table& table, std::string_view name) {
  if (const Column* column = table.Find(name)) return table.PlaceOf(*column);
  const EdgeEnd* edge = table.FindEdge(name);
  if (edge == nullptr) throw UnknownFieldError(table.entity, name);
  if (edge->HoldsKey()) return edge->key;
  throw TypeMismatchError(table.entity, name,
                          "the row does not hold this edge: read its neighbours by a query");
}

inline constexpr std::string_view kNoNeighbour = "the edge is required: it needs a neighbour";
inline constexpr std::string_view kImmutable =
    "the field is immutable: it can be set only when the entity is created";

GRAPNEL_DEFINE void Draft::SetOp(grapnel::Op to) {
  if (to == op) return;
  if (executed) RefuseLate("");
  const bool pair = op != Op::Create && to != Op::Create && !Name(to).empty();
  const bool to_many = IsOne() && Is(to, Op::Update | Op::Delete);
  const bool same_width = IsOne() == Is(to, Op::UpdateOne | Op::DeleteOne);
  if (!pair || !(to_many || same_width)) {
    throw Error(core::Concat({table->entity, ": ", ToString(op), " cannot become ", ToString(to),
                              "; Delete and Update can become one another, DeleteOne and UpdateOne "
                              "too, and the One forms "
                              "the forms for many"}));
  }
  auto narrowed = to_many ? store::Both(IdEquals(), where) : where;
  const auto before = std::exchange(op, to);
  const FieldSet set_before = set, defaulted_before = defaulted;
  try {
    ApplyDefaults();
  } catch (...) {
    op = before;
    set = set_before;
    defaulted = defaulted_before;
    throw;
  }
  where = std::move(narrowed);
  if (to_many) has_id = false;
  keeps = keeps && IsUpdate();
}

GRAPNEL_DEFINE void Draft::KeepRows() {
  if (!Is(op, Op::Delete | Op::DeleteOne)) {
    throw Error(core::Concat(
        {table->entity, ": KeepRows is said of a deletion, and this is ", ToString(op)}));
  }
  SetOp(op == Op::Delete ? Op::Update : Op::UpdateOne);
  keeps = true;
}

GRAPNEL_DEFINE void Draft::AddWhere(const store::PredicatePtr& condition) {
  if (executed) RefuseLate("");
  store::PredicatePtr narrowed = condition;
  if (bound != nullptr && IsIntercepted(Handle())) {
    Narrower narrower(GetHandle(), bound->decision);
    narrowed = narrower.Conditions(*table, condition);
  }
  where = store::Both(where, narrowed);
  if (judged) visible = store::Both(visible, narrowed);
}

GRAPNEL_DEFINE void Draft::PassInterceptors() {
  if (std::exchange(passed, true) || cause == Cause::Cascade || cause == Cause::Upsert) return;
  if (op == Op::Create && conflict == nullptr) return;
  Narrower narrower(GetHandle(), bound->decision);
  where = narrower.Conditions(*table, where);
  try {
    const store::PredicatePtr& reached = narrower.Reached(*table);
    visible = store::Both(visible, reached);  // rules of the mutation may have narrowed it before
    if (op != Op::Create) where = store::Both(where, reached);
  } catch (const PolicyError& error) {  // nobody asked for a read
    if (error.Entity() != table->entity || error.Op()) throw;
    throw PolicyError(table->entity, op, error.Rule(), error.Reason());
  }
}

GRAPNEL_DEFINE void Draft::Apply(const Draft& change) {
  change.set.ForEach([&](std::size_t i) {
    const Column& column = table->columns[i];
    BeforeSet(i);
    column.ops->copy(column.at(entity), column.at_const(change.entity));
    MarkSet(i);
  });
  change.added.ForEach([&](std::size_t i) { Add(i, table->columns[i].at_const(change.entity)); });
  change.cleared.ForEach([&](std::size_t i) { Clear(i); });
  for (const EdgeChange& each : change.edges) edges.Join(each);
  where = store::Both(where, change.where);
}

GRAPNEL_DEFINE void Draft::SetAll() {
  for (std::size_t i = 0; i < table->columns.size(); ++i) {
    const Column& column = table->columns[i];
    void* member = column.at(entity);
    if (column.ops->normalize != nullptr) Normalize(i, [&] { column.ops->normalize(member); });
    if (column.ops->is_null == nullptr || !column.ops->is_null(member)) {
      MarkSet(i);
    } else if (column.HasDefault()) {
      Clear(i);  // given as NULL
    }
  }
  for (std::size_t i = 0; i < table->edges.size(); ++i) {
    const EdgeEnd& edge = table->edges[i];
    const FieldValue neighbour = edge.ops->unload(edge.at(entity));
    if (neighbour.IsNull()) continue;
    CheckIds(i, {neighbour});
    AddIDs(i, {neighbour});
  }
  table->AttachEdges(entity);
  if (IsZero(table->Id())) Reset(0);
}

GRAPNEL_DEFINE void Draft::SetFrom(const void* other, std::initializer_list<std::size_t> places) {
  for (const std::size_t place : places) {
    const Column& column = table->columns[place];
    const void* const from = column.at_const(other);
    if (column.ops->is_null != nullptr && column.ops->is_null(from)) {
      if (!column.nullable) Refuse(column, kNoNeighbour);
      Clear(place);
      continue;
    }
    BeforeSet(place);
    void* const member = column.at(entity);
    column.ops->copy(member, from);
    if (column.ops->normalize != nullptr) Normalize(place, [&] { column.ops->normalize(member); });
    MarkSet(place);
  }
}

GRAPNEL_DEFINE void Draft::ApplyDefaults(const FieldSet& defaults) {
  const bool create = op == Op::Create;
  FieldSet due = defaults & ~added & ~cleared;
  const bool keeps_id = set.test(0) && !IsZero(table->Id());
  due = due & ~set;
  if (create && table->defaulted.test(0) && !keeps_id && !cleared.test(0)) due.set(0);
  due.ForEach([&](std::size_t i) { ApplyDefault(i); });
}

GRAPNEL_DEFINE void Draft::ValidateAll() {
  if (Is(op, Op::Delete | Op::DeleteOne)) return;
  const bool create = op == Op::Create;
  Problems problems;
  if (create) {
    ApplyDefaults();  // a hook may have emptied the id
    const Column& id = table->Id();
    if (set.test(0) && IsZero(id)) set.reset(0);
    if (!set.test(0) && !table->generates_ids) {
      problems.push_back(
          {std::string(id.name), "an id is required: Set it, or give the field a Default"});
    }
  }
  const FieldSet missing = create ? table->required & ~set : FieldSet();
  FieldSet fixed = create ? FieldSet() : table->immutable & (set | added | cleared);
  if (key_change != nullptr && !key_change->IsHidden()) fixed.reset(key_change->key.KeyPlace());
  const FieldSet due = missing | fixed | (table->validated & set);
  if (due.any()) Validate(due, missing, fixed, problems);
  if (!table->edges.empty()) ValidateEdges(problems);
  if (problems.empty()) return;
  AddUnstorable(problems);
  throw ValidationError(table->entity, op, std::move(problems));
}

GRAPNEL_DEFINE void Draft::Validate(const FieldSet& due, const FieldSet& missing,
                                    const FieldSet& fixed, Problems& problems) const {
  due.ForEach([&](std::size_t i) {
    const Column& column = table->columns[i];
    std::optional<std::string> reason;
    if (missing.test(i)) {
      reason = "a value is required";
    } else if (fixed.test(i)) {
      reason = std::string(kImmutable);
    } else {
      reason = column.Check(column.at_const(entity));
    }
    if (reason) problems.push_back({std::string(column.name), *std::move(reason)});
  });
}

GRAPNEL_DEFINE void Draft::AddUnstorable(Problems& problems) const {
  (set | added).ForEach([&](std::size_t i) {
    const Column& column = table->columns[i];
    const auto known = [&](const auto& problem) { return problem.field == column.name; };
    if (std::any_of(problems.begin(), problems.end(), known)) return;
    try {
      static_cast<void>(column.ops->to_value(column.at_const(entity)));
    } catch (const BadValue& error) {
      problems.push_back({std::string(column.name),
                          column.IsSecret() ? std::string(kHidden) : std::string(error.what())});
    }
  });
}

[[noreturn]] GRAPNEL_DEFINE void Draft::RefuseUnstorable(const ValidationError& first) const {
  Problems problems;
  AddUnstorable(problems);
  if (problems.size() < 2) throw first;
  throw ValidationError(table->entity, op, std::move(problems));
}

[[gnu::hot]] GRAPNEL_DEFINE void Draft::SetId(std::int64_t made) const {
  const Column& id = table->Id();
  if (id.ops->plain == Plain::Int) {
    *static_cast<std::int64_t*>(id.at(entity)) = made;
  } else {
    Normalize(0, [&] { id.ops->from_value(id.at(entity), made); });
  }
}

GRAPNEL_DEFINE void Draft::PutBackId() {
  const Column& id = table->Id();
  if (!set.test(0)) return id.ops->reset(id.at(entity));
  FieldValue& given = conflict->given_id;
  if (given.IsNull()) return;
  id.ops->from_value(id.at(entity), given);
  given = FieldValue();
}

GRAPNEL_DEFINE void Draft::Add(std::size_t place, const void* delta) {
  const Column& column = table->columns[place];
  BeforeSet(place);
  void* member = column.at(entity);
  if (set.test(place) || added.test(place)) {
    if (!column.ops->add(member, delta)) Refuse(column, "the sum leaves the field's range");
    defaulted.reset(place);
  } else {
    column.ops->copy(member, delta);
    // It counts from 0 where nothing is stored yet, or what is stored is cleared.
    if (op == Op::Create || cleared.test(place)) return MarkSet(place);
    added.set(place);
  }
}

GRAPNEL_DEFINE void Draft::Clear(std::size_t place) {
  BeforeSet(place);
  Reset(place);
  cleared.set(place);
}

GRAPNEL_DEFINE void Draft::Reset(std::size_t place) {
  set.reset(place);
  defaulted.reset(place);
  added.reset(place);
  cleared.reset(place);
  if (place == 0) return void(has_id = has_id && op != Op::Create);
  table->columns[place].ops->reset(table->columns[place].at(entity));
}

GRAPNEL_DEFINE void Draft::SetEdge(std::size_t place, std::vector<FieldValue> ids) {
  BeforeEdge(table->edges[place]);
  edges.Replace(place, std::move(ids), op != Op::Create);
}

GRAPNEL_DEFINE void Draft::AddIDs(std::size_t place, std::vector<FieldValue> ids) {
  const EdgeEnd& edge = table->edges[place];
  BeforeEdge(edge);
  if (edge.many) return edges.Add(place, std::move(ids));
  if (ids.size() > 1) MismatchEdge(edge, "it has one neighbour at most");
  if (ids.empty()) return;
  if (!edge.HoldsKey()) return edges.Replace(place, std::move(ids), false);
  const Column& column = table->columns[edge.key];
  Assign(column, column.at(entity), ids.front());
  MarkSet(edge.key);
}

GRAPNEL_DEFINE void Draft::RemoveIDs(std::size_t place, std::vector<FieldValue> ids) {
  const EdgeEnd& edge = table->edges[place];
  if (!edge.many) MismatchEdge(edge, "it has one neighbour at most: clear it instead");
  BeforeEdge(edge);
  edges.Remove(place, std::move(ids), op == Op::Create);
}

GRAPNEL_DEFINE void Draft::ClearEdge(std::size_t place) {
  const EdgeEnd& edge = table->edges[place];
  BeforeEdge(edge);
  if (edge.required && !edge.many) MismatchEdge(edge, "it cannot be cleared: it is required");
  if (!edge.HoldsKey()) return edges.Replace(place, {}, op != Op::Create);
  Clear(edge.key);
}

GRAPNEL_DEFINE void Draft::SetToNone(std::size_t place) {
  const EdgeEnd& edge = table->edges[place];
  if (edge.required) RefuseEdge(edge, kNoNeighbour);
  ClearEdge(place);
}

GRAPNEL_DEFINE void Draft::ResetEdge(std::size_t place) {
  const EdgeEnd& edge = table->edges[place];
  if (executed) RefuseLate(edge.name);
  edge.HoldsKey() ? Reset(edge.key) : edges.Reset(place);
}

GRAPNEL_DEFINE void Draft::ChangeKey(const KeyChange& change) {
  key_change = &change;
  if (change.IsHidden()) return;
  const std::size_t place = change.key.KeyPlace();
  if (change.to.IsNull()) return void(cleared.set(place));
  const Column& column = table->columns[place];
  Assign(column, column.at(entity), change.to);
  MarkSet(place);
}

GRAPNEL_DEFINE std::vector<FieldValue> Draft::AddedIDs(std::size_t place) const {
  const EdgeEnd& edge = table->edges[place];
  if (!edge.HoldsKey()) {
    const EdgeChange* change = edges.Find(place);
    return change != nullptr ? change->added : std::vector<FieldValue>();
  }
  if (!set.test(edge.key)) return {};
  const Column& column = table->columns[edge.key];
  return {column.ops->to_value(column.at_const(entity))};
}

GRAPNEL_DEFINE std::vector<FieldValue> Draft::RemovedIDs(std::size_t place) const {
  const EdgeChange* change = edges.Find(place);
  return change != nullptr ? change->removed : std::vector<FieldValue>();
}

GRAPNEL_DEFINE bool Draft::EdgeCleared(std::size_t place) const {
  const EdgeEnd& edge = table->edges[place];
  if (edge.HoldsKey()) return cleared.test(edge.key);
  const EdgeChange* change = edges.Find(place);
  return change != nullptr && change->cleared;
}

GRAPNEL_DEFINE std::size_t Draft::EdgePlaceOf(std::string_view name) const {
  const EdgeEnd* edge = table->FindEdge(name);
  if (edge == nullptr) throw UnknownFieldError(table->entity, name, "edge");
  return table->PlaceOf(*edge);
}

GRAPNEL_DEFINE void Draft::CheckIds(std::size_t place, const std::vector<FieldValue>& ids) const {
  const EdgeEnd& edge = table->edges[place];
  const FieldKind kind = edge.target().Id().Kind();
  for (const FieldValue& id : ids) {
    const bool fits = kind == FieldKind::Int    ? id.As<std::int64_t>() != nullptr
                      : kind == FieldKind::Text ? id.As<std::string>() != nullptr
                                                : id.As<FieldValue::Bytes>() != nullptr;
    if (!fits) {
      MismatchEdge(edge, core::Concat({"the neighbours' ids are of type ", Name(kind),
                                       ", the value of type ", NameOf(id)}));
    }
  }
}

GRAPNEL_DEFINE std::size_t Draft::PlaceOf(std::string_view name) const {
  const Column* column = table->Find(name);
  if (column == nullptr) throw UnknownFieldError(table->entity, name);
  return table->PlaceOf(*column);
}

GRAPNEL_DEFINE std::vector<std::string_view> Draft::EdgeNames(
    core::FunctionRef<bool(std::size_t)> holds) const {
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < table->edges.size(); ++i) {
    if (holds(i)) names.push_back(table->edges[i].name);
  }
  return names;
}

GRAPNEL_DEFINE std::vector<std::string_view> Draft::Names(const FieldSet& fields) const {
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < table->fields; ++i) {
    if (fields.test(i)) names.push_back(table->columns[i].name);
  }
  return names;
}

GRAPNEL_DEFINE std::optional<FieldValue> Draft::Value(const FieldSet& of,
                                                      std::string_view name) const {
  const std::size_t place = PlaceOf(name);
  if (!of.test(place)) return std::nullopt;
  const Column& column = table->columns[place];
  try {
    return column.ops->to_value(column.at_const(entity));
  } catch (const std::bad_alloc&) {  // which says nothing of the value
    throw;
  } catch (const std::exception& error) {
    table->RefuseValue(name, op, error.what());
  }
}

GRAPNEL_DEFINE std::optional<FieldValue> Draft::Given(std::string_view name) const {
  const EdgeEnd* edge = EdgeNamed(name);
  if (edge == nullptr) return Value(set, name);
  if (edge->many) MismatchEdge(*edge, "it has many neighbours: read them by AddedIDs");
  std::vector<FieldValue> ids = AddedIDs(table->PlaceOf(*edge));
  if (ids.empty()) return std::nullopt;
  return std::move(ids.front());
}

GRAPNEL_DEFINE bool Draft::IsGiven(std::string_view name) const {
  const EdgeEnd* edge = EdgeNamed(name);
  if (edge == nullptr) return set.test(PlaceOf(name));
  return !AddedIDs(table->PlaceOf(*edge)).empty();
}

GRAPNEL_DEFINE bool Draft::IsCleared(std::string_view name) const {
  const EdgeEnd* edge = EdgeNamed(name);
  return edge == nullptr ? cleared.test(PlaceOf(name)) : EdgeCleared(table->PlaceOf(*edge));
}

GRAPNEL_DEFINE void Draft::SetField(std::string_view name, const FieldValue& value) {
  const std::size_t place = PlaceOf(name);
  const Column& column = table->columns[place];
  if (value.IsNull()) return ClearField(name);
  BeforeSet(place);
  Assign(column, column.at(entity), value);
  MarkSet(place);
}

GRAPNEL_DEFINE void Draft::AddField(std::string_view name, const FieldValue& delta, void* scratch) {
  const std::size_t place = PlaceOf(name);
  const Column& column = table->columns[place];
  if (!column.ops->number) Mismatch(column, "nothing can be added to it: it is no number");
  if (delta.IsNull()) Mismatch(column, "a NULL cannot be added");
  Assign(column, column.at(scratch), delta);
  Add(place, column.at_const(scratch));
}

GRAPNEL_DEFINE void Draft::ClearField(std::string_view name) {
  const std::size_t place = PlaceOf(name);
  const Column& column = table->columns[place];
  if (!column.nullable) Mismatch(column, "it cannot be cleared: it is not optional");
  Clear(place);
}

GRAPNEL_DEFINE void Draft::AfterCommit(core::Callable<void()> callback) const {
  Session().AfterCommit(GetLevel(), std::move(callback));
}

GRAPNEL_DEFINE void Draft::AfterRollback(core::Callable<void()> callback) const {
  Session().AfterRollback(GetLevel(), std::move(callback));
}

[[noreturn]] GRAPNEL_DEFINE void Draft::Mismatch(const Column& column,
                                                 std::string_view reason) const {
  throw TypeMismatchError(table->entity, column.name, reason);
}

[[noreturn]] GRAPNEL_DEFINE void Draft::RefuseEdge(const EdgeEnd& edge,
                                                   std::string_view reason) const {
  throw ValidationError(table->entity, edge.name, op, reason);
}

[[noreturn, gnu::cold]] GRAPNEL_DEFINE void Draft::RefuseIdle() {
  throw Error("a mutation can do this only while it runs");
}

GRAPNEL_DEFINE void Draft::ValidateEdges(Problems& problems) const {
  for (std::size_t i = 0; i < table->edges.size(); ++i) {
    const EdgeEnd& edge = table->edges[i];
    if (!edge.required || edge.HoldsKey()) continue;
    const EdgeChange* change = edges.Find(i);
    const bool added_some = change != nullptr && !change->added.empty();
    const bool takes_all = op == Op::Create || (change != nullptr && change->cleared);
    if (takes_all && !added_some) {
      problems.push_back({std::string(edge.name), std::string(kNoNeighbour)});
    }
  }
}

GRAPNEL_DEFINE void Draft::ApplyDefault(std::size_t place) {
  const Column& column = table->columns[place];
  void* member = column.at(entity);
  const auto set_default = op == Op::Create ? column.set_default : column.set_update_default;
  Normalize(place, [&] {
    set_default(member, column.field);
    if (column.ops->normalize != nullptr) column.ops->normalize(member);
  });
  set.set(place);
  defaulted.set(place);
  if (place == 0) has_id = true;
}

GRAPNEL_DEFINE void Draft::BeforeEdge(const EdgeEnd& edge) const {
  if (executed) RefuseLate(edge.name);
  if (IsUpdate() && edge.immutable) {
    RefuseEdge(edge, "the edge is immutable: it can be set only when the entity is created");
  }
}

[[noreturn]] GRAPNEL_DEFINE void Draft::MismatchEdge(const EdgeEnd& edge,
                                                     std::string_view reason) const {
  throw TypeMismatchError(table->entity, edge.name, reason);
}

GRAPNEL_DEFINE store::PredicatePtr Draft::IdEquals() const {
  const Column& id = table->Id();
  return store::Compared(store::PredicateKind::Equal, id.tag,
                         id.ops->to_value(id.at_const(entity)));
}

GRAPNEL_DEFINE void Draft::Assign(const Column& column, void* member,
                                  const FieldValue& value) const {
  try {
    if (!column.ops->from_value(member, value)) {
      Mismatch(column, core::Concat({"the field is of type ", Name(column.Kind()),
                                     ", the value of type ", NameOf(value)}));
    }
  } catch (const Error&) {
    throw;
  } catch (const std::bad_alloc&) {  // which says nothing of the value
    throw;
  } catch (const std::exception& error) {
    Refuse(column, column.IsSecret() ? kHidden : error.what());
  }
}

[[noreturn]] GRAPNEL_DEFINE void Draft::Refuse(const Column& column,
                                               std::string_view reason) const {
  throw ValidationError(table->entity, column.name, op, reason);
}

[[noreturn, gnu::cold]] GRAPNEL_DEFINE void Draft::RefuseSet(const Column& column) const {
  if (executed) RefuseLate(column.name);
  Refuse(column, kImmutable);
}

[[noreturn, gnu::cold]] GRAPNEL_DEFINE void Draft::RefuseLate(std::string_view field) const {
  throw FieldError(table->entity, field,
                   core::Concat({"the ", ToString(op),
                                 " was carried out already, and this comes too late: say it before "
                                 "next, or write it anew by m.Client()"}));
}

}  // namespace grapnel::detail
