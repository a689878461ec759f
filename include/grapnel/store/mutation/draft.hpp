#pragma once

#include <grapnel/base/callable.hpp>
#include <grapnel/base/compiled.hpp>
#include <grapnel/base/function_ref.hpp>
#include <grapnel/base/shared.hpp>
#include <grapnel/core/op.hpp>
#include <grapnel/hook/guard.hpp>
#include <grapnel/model/error.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/model/value.hpp>
#include <grapnel/store/mutation/cause.hpp>
#include <grapnel/store/mutation/conflict.hpp>
#include <grapnel/store/mutation/edge_changes.hpp>
#include <grapnel/store/predicate/tree.hpp>
#include <grapnel/store/tx/handle_ptr.hpp>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace grapnel {
class AnyMutation;
}

namespace grapnel::detail {

class HookPlan;
class PendingRows;
struct Draft;

/// What a mutation is bound to while it runs.
struct Bound {
  const HandlePtr& handle;  // of the caller
  TypeEntry& type;
  class Session& transaction;
  Level& level;
  HookPlan* plan;                            // null of a leaf, which asks for none
  const guard::Verdict* decision = nullptr;  // of its caller; null: rules are asked
  bool hooked = false;                       // hooks may go on after an error of what is read in it
  const AnyMutation* mutation = nullptr;     // which runs in it; null of a bulk
};

/// The foreign key that an update sets or clears on behalf of another mutation, whose edge it is or
/// which deletes what the key refers to.
struct KeyChange {
  const Relation& key;
  const FieldValue& to;  // NULL: it is cleared
  const Draft& cause;    // an error of the key is one of this mutation
  const EdgeEnd* edge;   // of it; null: it deletes rows

  /// Whether the schema of the rows has no edge of this key.
  bool IsHidden() const noexcept { return key.KeyPlace() == EdgeEnd::kNoKey; }
};

/// The place of the field, or of the foreign key of the edge, of that name. Throws:
/// UnknownFieldError; TypeMismatchError for an edge without a foreign key in the row.
GRAPNEL_DECLARE std::size_t StoredPlaceOf(const Table& table, std::string_view name);

/// What a mutation is, with the type of its entity forgotten: compiled once for all types.
struct Draft {
  /// `of`: holds the set values and the added deltas, and outlives the draft.
  Draft(const Table& t, grapnel::Op o, void* of) noexcept
      : table(&t), entity(of), op(o), asked(o) {}

  const Table* table;
  void* entity;
  grapnel::Op op;
  grapnel::Op asked;  // by the caller: what the result has to fit
  grapnel::Cause cause = grapnel::Cause::Caller;
  const AnyMutation* caused_by = nullptr;  // of Cascade and Upsert
  bool has_id = false;
  bool executed = false;
  bool stale = false;      // its row is there, and does not match
  bool uncounted = false;  // by the depth limit: part of a cascade
  bool deferred = false;   // that cascade checks the foreign keys that refer to the rows
  bool came_back = false;  // from what is inside of a hook, executed or not
  bool watched = false;    // what it changes was asked for
  bool keeps = false;      // an update that stands for a deletion: see AnyMutation::KeepRows
  std::int64_t kept = 0;   // the rows that it kept so
  FieldSet set{}, added{}, cleared{};
  FieldSet defaulted{};  // of those that are set: by a default
  EdgeChanges edges{};
  store::PredicatePtr where{};
  /// What the type's interceptors and rules add to its rows, which is in `where` as well: others
  /// are as not there. Null: nothing.
  store::PredicatePtr visible{};
  bool passed = false;  // the interceptors, which were asked
  bool judged = false;  // by rules, just now
  /// The rows that it touches, once asked for.
  struct Pinned;
  core::Shared<Pinned> pinned{};
  core::Shared<store::Conflict> conflict{};  // of a Create with OnConflict

  // While it runs:
  const Bound* bound = nullptr;
  PendingRows* pending = nullptr;         // of the bulk that it belongs to
  const KeyChange* key_change = nullptr;  // that it was begun for

  const Bound& Running() const {
    if (bound == nullptr) RefuseIdle();
    return *bound;
  }
  const HandlePtr& GetHandle() const { return Running().handle; }
  const detail::Handle& Handle() const { return *GetHandle(); }
  class Session& Session() const {
    return Running().transaction;
  }
  Level& GetLevel() const { return Running().level; }

  /// Whether its caller asked for the entity, as opposed to a count.
  bool WantsEntity() const noexcept { return Is(asked, Op::Create | Op::UpdateOne); }
  bool IsUpdate() const noexcept { return Is(op, Op::Update | Op::UpdateOne); }
  bool IsOne() const noexcept { return Is(op, Op::UpdateOne | Op::DeleteOne); }
  bool ChangesNoField() const noexcept { return set.none() && added.none() && cleared.none(); }
  /// Whether the database makes an id that the type may be too narrow for.
  bool MayNotHoldId() const noexcept {
    return !set.test(0) && table->Id().ops->plain != Plain::Int;
  }
  bool ChangesEdges() const noexcept { return !edges.IsEmpty(); }

  /// Throws: Error where it cannot become one; what a Default throws. It is as it was then.
  GRAPNEL_DECLARE void SetOp(grapnel::Op to);

  /// See AnyMutation::KeepRows. Throws: Error.
  GRAPNEL_DECLARE void KeepRows();

  /// Narrows it to rows that also match a condition of the user's.
  GRAPNEL_DECLARE void AddWhere(const store::PredicatePtr& condition);
  /// Asks the interceptors, once, for what a user began: its rows, and those that its conditions
  /// ask for. Requires: it is bound.
  GRAPNEL_DECLARE void PassInterceptors();

  /// Says all that `change` says, after what was said already.
  GRAPNEL_DECLARE void Apply(const Draft& change);

  /// Sets every field to what it is in the entity, but an empty id; std::nullopt is NULL.
  GRAPNEL_DECLARE void SetAll();
  /// Sets the fields and foreign keys at these places to what they are in `other`, an entity of the
  /// type; what is empty there is cleared. Throws: ValidationError for an empty Required edge.
  GRAPNEL_DECLARE void SetFrom(const void* other, std::initializer_list<std::size_t> places);

  /// Sets the defaults of Create, or the update-defaults, of fields that nothing was said about.
  [[gnu::always_inline]] void ApplyDefaults() {
    const bool create = op == Op::Create;
    const FieldSet& defaults = create ? table->defaulted : table->update_defaulted;
    if (defaults.any() && (create || IsUpdate())) ApplyDefaults(defaults);
  }
  GRAPNEL_DECLARE void ApplyDefaults(const FieldSet& defaults);

  /// Throws unless every value may be written: required, immutable, and the field's own validators.
  [[gnu::always_inline]] void Validate() {
    if (!IsPlainCreate()) ValidateAll();
  }
  GRAPNEL_DECLARE void ValidateAll();
  /// Whether it creates a row that has all it needs, of a type that has nothing to check.
  [[gnu::always_inline]] bool IsPlainCreate() const noexcept {
    return op == Op::Create && !set.test(0) && table->generates_ids && table->defaulted.none() &&
           (table->required & ~set).none() && (table->validated & set).none() &&
           table->edges.empty();
  }

  /// Keeps the id that the database made. Throws: ValidationError when it does not fit.
  GRAPNEL_DECLARE void SetId(std::int64_t made) const;

  /// Calls `normalize()`; a value that has no form to be stored in is a ValidationError.
  template <class F>
  void Normalize(std::size_t place, F normalize) const {
    try {
      normalize();
    } catch (const BadValue& error) {
      table->RefuseValue(table->columns[place].name, op, error.what());
    }
  }

  /// Of a Create with OnConflict that is tried again: puts back the id that was given, or none, in
  /// place of that of the row that was found.
  GRAPNEL_DECLARE void PutBackId();

  void BeforeSet(std::size_t place) const {
    const Column& column = table->columns[place];
    if (executed || (IsUpdate() && column.immutable)) RefuseSet(column);
  }
  void BeforeReset(std::size_t place) const {
    if (executed) RefuseLate(table->columns[place].name);
  }
  void MarkSet(std::size_t place) {
    set.set(place);
    defaulted.reset(place);
    added.reset(place);
    cleared.reset(place);
    if (place == 0 && op == Op::Create) has_id = true;
  }

  GRAPNEL_DECLARE void Add(std::size_t place, const void* delta);

  GRAPNEL_DECLARE void Clear(std::size_t place);

  GRAPNEL_DECLARE void Reset(std::size_t place);

  // Edges, by their place. Those with a foreign key in the row are columns as well.

  /// The ids become all of the edge's neighbours.
  GRAPNEL_DECLARE void SetEdge(std::size_t place, std::vector<FieldValue> ids);

  GRAPNEL_DECLARE void AddIDs(std::size_t place, std::vector<FieldValue> ids);

  GRAPNEL_DECLARE void RemoveIDs(std::size_t place, std::vector<FieldValue> ids);

  GRAPNEL_DECLARE void ClearEdge(std::size_t place);
  /// The same for an id that is not there. Throws: ValidationError for a Required edge.
  GRAPNEL_DECLARE void SetToNone(std::size_t place);

  GRAPNEL_DECLARE void ResetEdge(std::size_t place);

  /// Sets or clears the edge of this foreign key, immutable or not.
  GRAPNEL_DECLARE void ChangeKey(const KeyChange& change);

  /// `value()`: a neighbour's id. One that cannot be stored is a ValidationError.
  template <class F>
  FieldValue KeyOf(std::size_t place, F value) const {
    try {
      return value();
    } catch (const BadValue& error) {
      table->RefuseValue(table->edges[place].name, op, error.what());
    }
  }

  GRAPNEL_DECLARE std::vector<FieldValue> AddedIDs(std::size_t place) const;
  GRAPNEL_DECLARE std::vector<FieldValue> RemovedIDs(std::size_t place) const;
  GRAPNEL_DECLARE bool EdgeCleared(std::size_t place) const;

  // By name.

  GRAPNEL_DECLARE std::size_t EdgePlaceOf(std::string_view name) const;
  /// Throws: TypeMismatchError unless these can be ids of the edge's neighbours.
  GRAPNEL_DECLARE void CheckIds(std::size_t place, const std::vector<FieldValue>& ids) const;

  /// The names of the edges for which this holds, in the schema's order.
  GRAPNEL_DECLARE std::vector<std::string_view> EdgeNames(
      core::FunctionRef<bool(std::size_t)> holds) const;

  GRAPNEL_DECLARE std::size_t PlaceOf(std::string_view name) const;
  /// The edge of that name, or null where a field has it, or nothing has.
  const EdgeEnd* EdgeNamed(std::string_view name) const noexcept {
    return table->Find(name) == nullptr ? table->FindEdge(name) : nullptr;
  }

  GRAPNEL_DECLARE std::vector<std::string_view> Names(const FieldSet& fields) const;

  GRAPNEL_DECLARE std::optional<FieldValue> Value(const FieldSet& of, std::string_view name) const;

  /// What a field is set to, or the neighbour that an edge with one at most is set to.
  GRAPNEL_DECLARE std::optional<FieldValue> Given(std::string_view name) const;
  GRAPNEL_DECLARE bool IsGiven(std::string_view name) const;
  GRAPNEL_DECLARE bool IsCleared(std::string_view name) const;

  GRAPNEL_DECLARE void SetField(std::string_view name, const FieldValue& value);

  GRAPNEL_DECLARE void AddField(std::string_view name, const FieldValue& delta, void* scratch);

  GRAPNEL_DECLARE void ClearField(std::string_view name);

  // While it runs: see Mutation::AfterCommit.
  GRAPNEL_DECLARE void AfterCommit(core::Callable<void()> callback) const;
  GRAPNEL_DECLARE void AfterRollback(core::Callable<void()> callback) const;

  [[noreturn]] GRAPNEL_DECLARE void RefuseEdge(const EdgeEnd& edge, std::string_view reason) const;

  /// Throws what a write said of a value that cannot be stored on, with all such values.
  [[noreturn, gnu::cold]] GRAPNEL_DECLARE void RefuseUnstorable(const ValidationError& first) const;

 private:
  [[noreturn, gnu::cold]] static GRAPNEL_DECLARE void RefuseIdle();
  using Problems = std::vector<ValidationError::Problem>;
  GRAPNEL_DECLARE void Validate(const FieldSet& due, const FieldSet& missing, const FieldSet& fixed,
                                Problems& problems) const;
  GRAPNEL_DECLARE void ValidateEdges(Problems& problems) const;
  GRAPNEL_DECLARE void AddUnstorable(Problems& problems) const;
  GRAPNEL_DECLARE void ApplyDefault(std::size_t place);

  GRAPNEL_DECLARE void BeforeEdge(const EdgeEnd& edge) const;
  [[noreturn]] GRAPNEL_DECLARE void MismatchEdge(const EdgeEnd& edge,
                                                 std::string_view reason) const;
  static std::string_view NameOf(const FieldValue& value) {
    constexpr std::string_view names[] = {"null", "bool", "integer", "real", "text", "blob"};
    return names[value.Index()];
  }

  bool IsZero(const Column& column) const {
    return column.ops->is_zero != nullptr && column.ops->is_zero(column.at_const(entity));
  }

  GRAPNEL_DECLARE store::PredicatePtr IdEquals() const;

  GRAPNEL_DECLARE void Assign(const Column& column, void* member, const FieldValue& value) const;

  [[noreturn]] GRAPNEL_DECLARE void Refuse(const Column& column, std::string_view reason) const;
  [[noreturn, gnu::cold]] GRAPNEL_DECLARE void RefuseSet(const Column& column) const;
  /// What is said after the write would be lost.
  [[noreturn, gnu::cold]] GRAPNEL_DECLARE void RefuseLate(std::string_view field) const;
  [[noreturn]] GRAPNEL_DECLARE void Mismatch(const Column& column, std::string_view reason) const;
};

}  // namespace grapnel::detail

#ifndef GRAPNEL_SEPARATE_COMPILATION
#include <grapnel/store/mutation/impl/draft.hpp>  // IWYU pragma: keep
#endif
