#pragma once

#include <grapnel/core/concat.hpp>
#include <grapnel/core/op.hpp>
#include <grapnel/schema/error.hpp>
#include <grapnel/schema/table.hpp>
#include <grapnel/schema/value.hpp>
#include <grapnel/store/builders/conflict.hpp>
#include <grapnel/store/detail/edge_changes.hpp>
#include <grapnel/store/detail/transaction.hpp>
#include <grapnel/store/predicate.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace grapnel::detail {

/// What a mutation is, but for the type of its entity: compiled once for all types. The set values and
/// added deltas are in the entity, whose address each call is given.
struct MutationCore {
  MutationCore(const Table& t, grapnel::Op o) noexcept : table(&t), op(o), asked(o) {}

  const Table* table;
  grapnel::Op op;
  grapnel::Op asked;  // by the caller: what the result has to fit
  bool has_id = false;
  bool executed = false;
  bool uncounted = false;  // by the depth limit: part of a cascade
  bool deferred = false;   // that cascade checks the foreign keys that refer to the rows
  FieldSet set{}, added{}, cleared{};
  FieldSet defaulted{};  // of those that are set: by a default
  EdgeChanges edges{};
  store::PredicatePtr where{};
  std::optional<std::vector<FieldValue>> pinned{};  // ids of the rows that it touches, once asked for
  std::shared_ptr<store::Conflict> conflict{};      // of a Create with OnConflict

  // While it runs:
  HandlePtr handle{};  // of the caller
  class Transaction* transaction = nullptr;
  Level* level = nullptr;

  const detail::Handle& Handle() const {
    if (!handle) throw Error("a mutation can do this only while it runs");
    return *handle;
  }
  class Transaction& Transaction() const {
    if (transaction == nullptr) throw Error("a mutation can do this only while it runs");
    return *transaction;
  }

  bool IsUpdate() const noexcept { return Is(op, Op::Update | Op::UpdateOne); }
  bool IsOne() const noexcept { return Is(op, Op::UpdateOne | Op::DeleteOne); }
  bool ChangesNoField() const noexcept { return set.none() && added.none() && cleared.none(); }
  bool ChangesEdges() const noexcept { return !edges.IsEmpty(); }

  void SetOp(grapnel::Op to, void* entity) {
    if (to == op) return;
    const bool pair = op != Op::Create && to != Op::Create && !Name(to).empty();
    const bool to_many = IsOne() && Is(to, Op::Update | Op::Delete);
    const bool same_width = IsOne() == Is(to, Op::UpdateOne | Op::DeleteOne);
    if (!pair || !(to_many || same_width)) {
      throw Error(core::Concat(
          {table->entity, ": ", ToString(op), " cannot become ", ToString(to),
           "; Delete and Update can become one another, DeleteOne and UpdateOne too, and the One forms "
           "the forms for many"}));
    }
    if (to_many) {
      where = store::Both(IdEquals(entity), where);
      has_id = false;
    }
    op = to;
    ApplyDefaults(entity);
  }

  /// Sets the defaults of Create, or the update-defaults, of fields that nothing was said about.
  void ApplyDefaults(void* entity) {
    if (!IsUpdate() && op != Op::Create) return;
    for (std::size_t i = 0; i < table->columns.size(); ++i) {
      const Column& column = table->columns[i];
      const auto make = op == Op::Create ? column.set_default : column.set_update_default;
      if (make == nullptr || added.test(i) || cleared.test(i)) continue;
      if (set.test(i) && (i != 0 || !IsZero(column, entity))) continue;
      void* member = column.at(entity);
      make(member);
      Normalize(i, [&] { column.ops->normalize(member); });
      set.set(i);
      defaulted.set(i);
      if (i == 0) has_id = true;
    }
  }

  /// Throws unless every value may be written: required, immutable, and the field's own validators.
  void Validate(void* entity) {
    if (op == Op::Create) {
      ApplyDefaults(entity);  // a hook may have emptied the id
      const Column& id = table->Id();
      if (set.test(0) && IsZero(id, entity)) set.reset(0);
      if (!set.test(0) && !table->GeneratesIds()) {
        Refuse(id, "an id is required: Set it, or give the field a Default");
      }
    }
    for (std::size_t i = 0; i < table->columns.size(); ++i) {
      const Column& column = table->columns[i];
      if (op == Op::Create && i != 0 && !set.test(i) && !column.nullable) {
        Refuse(column, "a value is required");
      }
      if (op != Op::Create && column.immutable && (set.test(i) || added.test(i) || cleared.test(i))) {
        RefuseImmutable(column);
      }
      if (column.validate == nullptr || !set.test(i)) continue;
      if (const auto reason = column.validate(column.at_const(entity))) Refuse(column, *reason);
    }
    for (std::size_t i = 0; i < table->edges.size(); ++i) {
      const EdgeInfo& edge = table->edges[i];
      if (!edge.required || edge.HoldsKey()) continue;
      const EdgeChange* change = edges.Find(i);
      const bool added_some = change != nullptr && !change->added.empty();
      const bool takes_all = op == Op::Create || (change != nullptr && change->cleared);
      if (takes_all && !added_some) RefuseEdge(edge, "the edge is required: it needs a neighbour");
    }
  }

  /// Calls `normalize()`; a value that has no form to be stored in is a ValidationError.
  template <class F>
  void Normalize(std::size_t place, F normalize) const {
    try {
      normalize();
    } catch (const BadValue& error) {
      Refuse(table->columns[place], error.what());
    }
  }

  void BeforeSet(std::size_t place) const {
    const Column& column = table->columns[place];
    if (IsUpdate() && column.immutable) RefuseImmutable(column);
  }
  void MarkSet(std::size_t place) {
    set.set(place);
    defaulted.reset(place);
    added.reset(place);
    cleared.reset(place);
    if (place == 0 && op == Op::Create) has_id = true;
  }

  void Add(std::size_t place, void* entity, const void* delta) {
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

  void Clear(std::size_t place, void* entity) {
    BeforeSet(place);
    Reset(place, entity);
    cleared.set(place);
  }

  void Reset(std::size_t place, void* entity) {
    set.reset(place);
    defaulted.reset(place);
    added.reset(place);
    cleared.reset(place);
    if (place == 0) return void(has_id = has_id && op != Op::Create);
    table->columns[place].ops->reset(table->columns[place].at(entity));
  }

  // Edges, by their place. Those with a foreign key in the row are columns as well.

  /// The ids become all of the edge's neighbours.
  void SetEdge(std::size_t place, std::vector<FieldValue> ids) {
    BeforeEdge(table->edges[place]);
    edges.Replace(place, std::move(ids), op != Op::Create);
  }

  void AddIDs(std::size_t place, std::vector<FieldValue> ids, void* entity) {
    const EdgeInfo& edge = table->edges[place];
    BeforeEdge(edge);
    if (edge.many) return edges.Add(place, std::move(ids));
    if (ids.size() > 1) MismatchEdge(edge, "it has one neighbour at most");
    if (ids.empty()) return;
    if (!edge.HoldsKey()) return edges.Replace(place, std::move(ids), false);
    const Column& column = table->columns[edge.key];
    Assign(column, column.at(entity), ids.front());
    MarkSet(edge.key);
  }

  void RemoveIDs(std::size_t place, std::vector<FieldValue> ids) {
    const EdgeInfo& edge = table->edges[place];
    if (!edge.many) MismatchEdge(edge, "it has one neighbour at most: clear it instead");
    BeforeEdge(edge);
    edges.Remove(place, std::move(ids), op == Op::Create);
  }

  void ClearEdge(std::size_t place, void* entity) {
    const EdgeInfo& edge = table->edges[place];
    BeforeEdge(edge);
    if (edge.required && !edge.many) MismatchEdge(edge, "it cannot be cleared: it is required");
    if (!edge.HoldsKey()) return edges.Replace(place, {}, op != Op::Create);
    Clear(edge.key, entity);
  }

  void ResetEdge(std::size_t place, void* entity) {
    const EdgeInfo& edge = table->edges[place];
    edge.HoldsKey() ? Reset(edge.key, entity) : edges.Reset(place);
  }

  /// `value()`: a neighbour's id. One that cannot be stored is a ValidationError.
  template <class F>
  FieldValue KeyOf(std::size_t place, F value) const {
    try {
      return value();
    } catch (const BadValue& error) {
      RefuseEdge(table->edges[place], error.what());
    }
  }

  std::vector<FieldValue> AddedIDs(std::size_t place, const void* entity) const {
    const EdgeInfo& edge = table->edges[place];
    if (!edge.HoldsKey()) {
      const EdgeChange* change = edges.Find(place);
      return change != nullptr ? change->added : std::vector<FieldValue>();
    }
    if (!set.test(edge.key)) return {};
    const Column& column = table->columns[edge.key];
    return {column.ops->to_value(column.at_const(entity))};
  }
  std::vector<FieldValue> RemovedIDs(std::size_t place) const {
    const EdgeChange* change = edges.Find(place);
    return change != nullptr ? change->removed : std::vector<FieldValue>();
  }
  bool EdgeCleared(std::size_t place) const {
    const EdgeInfo& edge = table->edges[place];
    if (edge.HoldsKey()) return cleared.test(edge.key);
    const EdgeChange* change = edges.Find(place);
    return change != nullptr && change->cleared;
  }

  // By name.

  std::size_t EdgePlaceOf(std::string_view name) const {
    const EdgeInfo* edge = table->FindEdge(name);
    if (edge == nullptr) throw UnknownFieldError(table->entity, name, "edge");
    return table->PlaceOf(*edge);
  }
  /// Throws: TypeMismatchError unless these can be ids of the edge's neighbours.
  void CheckIds(std::size_t place, const std::vector<FieldValue>& ids) const {
    const EdgeInfo& edge = table->edges[place];
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

  /// The names of the edges for which this holds, in the schema's order.
  template <class F>
  std::vector<std::string_view> EdgeNames(F holds) const {
    std::vector<std::string_view> names;
    for (std::size_t i = 0; i < table->edges.size(); ++i) {
      if (holds(i)) names.push_back(table->edges[i].name);
    }
    return names;
  }

  std::size_t PlaceOf(std::string_view name) const {
    const Column* column = table->Find(name);
    if (column == nullptr) throw UnknownFieldError(table->entity, name);
    return table->PlaceOf(*column);
  }

  std::vector<std::string_view> Names(const FieldSet& fields) const {
    std::vector<std::string_view> names;
    for (std::size_t i = 0; i < table->fields; ++i) {
      if (fields.test(i)) names.push_back(table->columns[i].name);
    }
    return names;
  }

  std::optional<FieldValue> Value(const FieldSet& of, std::string_view name,
                                  const void* entity) const {
    const std::size_t place = PlaceOf(name);
    if (!of.test(place)) return std::nullopt;
    const Column& column = table->columns[place];
    try {
      return column.ops->to_value(column.at_const(entity));
    } catch (const std::exception& error) {
      throw ValidationError(table->entity, name, op, error.what());
    }
  }

  void SetField(std::string_view name, const FieldValue& value, void* entity) {
    const std::size_t place = PlaceOf(name);
    const Column& column = table->columns[place];
    if (value.IsNull()) return ClearField(name, entity);
    BeforeSet(place);
    Assign(column, column.at(entity), value);
    MarkSet(place);
  }

  void AddField(std::string_view name, const FieldValue& delta, void* entity, void* scratch) {
    const std::size_t place = PlaceOf(name);
    const Column& column = table->columns[place];
    if (!column.ops->number) Mismatch(column, "nothing can be added to it: it is no number");
    if (delta.IsNull()) Mismatch(column, "a NULL cannot be added");
    Assign(column, column.at(scratch), delta);
    Add(place, entity, column.at_const(scratch));
  }

  void ClearField(std::string_view name, void* entity) {
    const std::size_t place = PlaceOf(name);
    const Column& column = table->columns[place];
    if (!column.nullable) Mismatch(column, "it cannot be cleared: it is not optional");
    Clear(place, entity);
  }

  [[noreturn]] void RefuseEdge(const EdgeInfo& edge, std::string_view reason) const {
    throw ValidationError(table->entity, edge.name, op, reason);
  }

 private:
  void BeforeEdge(const EdgeInfo& edge) const {
    if (IsUpdate() && edge.immutable) {
      RefuseEdge(edge, "the edge is immutable: it can be set only when the entity is created");
    }
  }
  [[noreturn]] void MismatchEdge(const EdgeInfo& edge, std::string_view reason) const {
    throw TypeMismatchError(table->entity, edge.name, reason);
  }
  static std::string_view NameOf(const FieldValue& value) {
    constexpr std::string_view names[] = {"null", "bool", "integer", "real", "text", "blob"};
    return names[value.Get().index()];
  }

  static bool IsZero(const Column& column, const void* entity) {
    return column.ops->is_zero != nullptr && column.ops->is_zero(column.at_const(entity));
  }

  store::PredicatePtr IdEquals(const void* entity) const {
    const Column& id = table->Id();
    return std::make_shared<const store::PredicateNode>(store::PredicateNode{
        store::PredicateKind::Equal, id.tag, {id.ops->to_value(id.at_const(entity))}});
  }

  void Assign(const Column& column, void* member, const FieldValue& value) const {
    try {
      if (!column.ops->from_value(member, value)) {
        Mismatch(column, core::Concat({"the field is of type ", Name(column.Kind()),
                                       ", the value of type ", NameOf(value)}));
      }
    } catch (const Error&) {
      throw;
    } catch (const std::exception& error) {
      Refuse(column, column.sensitive ? "the value *** is not allowed" : error.what());
    }
  }

  [[noreturn]] void Refuse(const Column& column, std::string_view reason) const {
    throw ValidationError(table->entity, column.name, op, reason);
  }
  [[noreturn]] void RefuseImmutable(const Column& column) const {
    Refuse(column, "the field is immutable: it can be set only when the entity is created");
  }
  [[noreturn]] void Mismatch(const Column& column, std::string_view reason) const {
    throw TypeMismatchError(table->entity, column.name, reason);
  }
};

}  // namespace grapnel::detail
