#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/base/function_ref.hpp>
#include <grapnel/base/shared.hpp>
#include <grapnel/core/context.hpp>
#include <grapnel/core/next.hpp>
#include <grapnel/core/op.hpp>
#include <grapnel/model/entity_ops.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/model/value.hpp>
#include <grapnel/schema/token.hpp>
#include <grapnel/store/mutation/cause.hpp>
#include <grapnel/store/mutation/changes.hpp>
#include <grapnel/store/mutation/conflict.hpp>
#include <grapnel/store/mutation/draft.hpp>
#include <grapnel/store/predicate/predicate.hpp>
#include <grapnel/store/tx/dependencies.hpp>
#include <grapnel/store/tx/handle.hpp>
#include <grapnel/store/tx/scopes.hpp>
#include <grapnel/store/tx/tx.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace grapnel {

class AnyValue;
class Client;

namespace detail {

/// Says that a mutation takes over from another one, which is spent then: only a builder that moves
/// does that, before anything runs.
struct TakeOver {};

struct Written;

}  // namespace detail

/// A mutation of any type, by name: what hooks see that are compiled once, in a .cpp file. Every
/// Mutation<E> is one.
///
///   void Stamp(grapnel::AnyMutation& m) { m.SetField("updated_by", "job"); }
///   client.Use(grapnel::hook::Before(Stamp));
///
/// Around the rest: see AnyHook. Throws, from all calls by name: UnknownFieldError for a name that
/// the type does not have, TypeMismatchError for a value that does not fit; the mutation is then as
/// it was. Whatever changes it is said before `next`: once it was carried out, such a call is a
/// FieldError.
///
/// Threads: one. Lifetime: while its Save or Exec runs.
/// Source: ent.Mutation.
class AnyMutation {
 public:
  using Ids = std::vector<FieldValue>;
  using Names = std::vector<std::string_view>;

  // It is neither copied nor moved: a hook takes the mutation by reference, and so does a callback.
  AnyMutation(const AnyMutation&) = delete;  // take the mutation by reference: AnyMutation& m
  AnyMutation& operator=(const AnyMutation&) = delete;

  /// What is being done.
  grapnel::Op Op() const noexcept { return core_.op; }
  /// Why it runs.
  grapnel::Cause Cause() const noexcept { return core_.cause; }
  /// Whether it was carried out: behind `next`, where no hook kept the write from happening. What
  /// is said of it is too late then.
  bool Executed() const noexcept { return core_.executed; }
  /// Turns the mutation into another one: Delete into Update and back, DeleteOne into UpdateOne and
  /// back, and a One form into the form for many. The update-defaults of a new Update or UpdateOne
  /// are set. `next` then runs the new Op for the hooks that remain; `m.Client().Mutate(m)` runs
  /// all hooks on it. Throws: Error for any other change.
  GRAPNEL_DECLARE void SetOp(grapnel::Op op);
  /// Turns a Delete into an Update, a DeleteOne into an UpdateOne, whose rows are to count as
  /// deleted: a soft delete. What hangs on them goes as it would if they were: by a Delete of cause
  /// Cascade for each type and level, whose hooks have to keep its rows as well; keys that would be
  /// cleared stay, and rows that the caller sees, and that restrict the deletion, refuse it. Said
  /// of a Delete of cause Cascade, it lets the rows that they hang on go all the same: then those
  /// that are kept lose the key to them, by an Update of cause Cascade, or, where the edge is
  /// required, are deleted with them for good. SetOp back to a deletion takes it back. Throws:
  /// Error for another Op.
  GRAPNEL_DECLARE void KeepRows();
  /// The mutation for which Grapnel began this one, of cause Cascade or Upsert: that which deletes
  /// what the rows hang on, sets or clears the other end of their edge, or has met the row. Null
  /// otherwise. Valid as long as this one runs.
  const AnyMutation* CausedBy() const noexcept { return core_.caused_by; }
  /// The entity type's name ("User").
  std::string_view Type() const noexcept { return core_.table->entity; }
  /// The id of the row: of UpdateOne and DeleteOne; of a Create when it was given or a Default made
  /// it, and after `next`. Otherwise nothing.
  GRAPNEL_DECLARE std::optional<FieldValue> ID() const;
  /// The ids of the rows that an Update, a Delete or a One form touches, none when it touches none:
  /// as the database has them, with the predicates added so far. The first call of IDs or OldRows
  /// pins the rows: the write touches those of them that match predicates added later, and no
  /// others. After the write, IDs and OldRows are exactly the rows that it touched. Of Create: its
  /// id, once it has one. Throws: NotLoadedError when first asked for after the write.
  GRAPNEL_DECLARE Ids IDs() const;

  // Fields. Field, HasField, FieldCleared and OldField take the name of an edge as well: the id of
  // its neighbour is the value.

  /// The names of the fields that are set, in the schema's order.
  GRAPNEL_DECLARE Names Fields() const;
  GRAPNEL_DECLARE Names AddedFields() const;
  GRAPNEL_DECLARE Names ClearedFields() const;
  /// What the field is set to, or nothing when it is not set.
  /// Throws: TypeMismatchError for an edge with many neighbours, see AddedIDs.
  GRAPNEL_DECLARE std::optional<FieldValue> Field(std::string_view name) const;
  /// The same of a field of a mixin, `m.Field(F<&Versioned::version>)`; nothing as well where the
  /// type does not have that mixin.
  template <auto Member>
  std::optional<FieldValue> Field(MemberToken<Member> field) const {
    return MixinField(field.Tag());
  }
  /// Whether a field is set, or neighbours are added to an edge.
  GRAPNEL_DECLARE bool HasField(std::string_view name) const;
  GRAPNEL_DECLARE std::optional<FieldValue> AddedField(std::string_view name) const;
  GRAPNEL_DECLARE bool FieldCleared(std::string_view name) const;
  /// Whether the field is set, and by its Default or UpdateDefault: see Mutation::Defaulted.
  GRAPNEL_DECLARE bool FieldDefaulted(std::string_view name) const;
  GRAPNEL_DECLARE void SetField(std::string_view name, const FieldValue& value);
  GRAPNEL_DECLARE void AddField(std::string_view name, const FieldValue& delta);
  GRAPNEL_DECLARE void ClearField(std::string_view name);
  GRAPNEL_DECLARE void ResetField(std::string_view name);
  /// Narrows the mutation to rows in which the field has this value, as Mutation::Where does; NULL
  /// is std::nullopt. Throws: Error once it was carried out.
  GRAPNEL_DECLARE void WhereField(std::string_view name, const FieldValue& value);
  /// The same by a condition on the fields of a mixin that the type has. Throws as well, when it
  /// runs: SchemaError for a type without them.
  template <class Mixin>
  void Where(const store::Predicate<Mixin>& predicate) {
    if constexpr (store::HasIdMember<Mixin>) detail::RefusePredicate<Mixin>();
    core_.AddWhere(predicate.Node());
  }
  /// The stored value of the row that an UpdateOne or DeleteOne touches, before it does. See
  /// Mutation::Old.
  GRAPNEL_DECLARE FieldValue OldField(std::string_view name) const;
  /// Every row that it touches, as it was before: see Mutation::OldRows. Their fields are read by
  /// name. Valid as long as the mutation, until its write.
  GRAPNEL_DECLARE std::vector<AnyValue> OldRows() const;
  /// The same rows as they are after `next`: see Mutation::NewRows. Valid as long as the mutation.
  GRAPNEL_DECLARE std::vector<AnyValue> NewRows() const;

  /// Asks for Changes: what they are compared with is read right before the write, the old rows and
  /// their neighbours by the edges that the mutation changes. Throws: NotLoadedError after the
  /// write.
  GRAPNEL_DECLARE void WatchChanges();
  /// After `next`: how the rows differ from what they were, OldRows from NewRows, with the old and
  /// new values of each field, and the neighbours that came and went by each edge that the mutation
  /// speaks of. Nothing stands there that is equal in the form in which it is stored, and no row
  /// that did not change. What is deleted loses every value, and its neighbours by the edges that
  /// their rows have no other end of, or have only in pairs; what is created gets them. Compared at
  /// the first call. Of a Create with OnConflict that met a row: how that row differs, which its
  /// UpdateOne, of cause Upsert, says as well. An edge that the other row holds is told of here
  /// and, where that row's type has hooks, by its own Update. Throws: NotLoadedError before `next`,
  /// and when WatchChanges was not called before it, which a Create without OnConflict needs not.
  GRAPNEL_DECLARE const std::vector<store::RowChanges>& Changes() const;

  // Edges. Ids of neighbours are given and returned as values.

  GRAPNEL_DECLARE Names AddedEdges() const;
  GRAPNEL_DECLARE Names RemovedEdges() const;
  GRAPNEL_DECLARE Names ClearedEdges() const;
  GRAPNEL_DECLARE Ids AddedIDs(std::string_view edge) const;
  GRAPNEL_DECLARE Ids RemovedIDs(std::string_view edge) const;
  GRAPNEL_DECLARE bool EdgeCleared(std::string_view edge) const;
  GRAPNEL_DECLARE void AddIDs(std::string_view edge, Ids ids);
  GRAPNEL_DECLARE void RemoveIDs(std::string_view edge, Ids ids);
  GRAPNEL_DECLARE void ClearEdge(std::string_view edge);
  GRAPNEL_DECLARE void ResetEdge(std::string_view edge);

  /// Of a Create with OnConflict: its fields, and, after `next`, whether the row was inserted,
  /// updated or left unchanged; OldRows() then holds the row that was there. Null for all other
  /// mutations.
  const store::Conflict* Conflict() const noexcept { return core_.conflict.Get(); }

  /// A client that works in the mutation's own transaction. The base client would wait for itself
  /// here, and is refused.
  inline grapnel::Client Client() const;
  /// The transaction that the caller began. Throws: TxError when there is none; see InTx.
  inline grapnel::Tx Tx() const;
  /// Whether the mutation runs in a transaction that somebody began, not just in one of its own.
  bool InTx() const noexcept { return core_.bound != nullptr && detail::IsInTx(core_.Handle()); }
  /// Whether both run in one database: a hook may be registered with several, and run in one while
  /// it runs in another. Requires: both run.
  bool SharesDatabase(const AnyMutation& other) const noexcept {
    return &detail::DependenciesOf(core_.Handle()) == &detail::DependenciesOf(other.core_.Handle());
  }
  /// The object of type T that was given to Provide. Throws: DependencyError, which names the type.
  template <class T>
  T& Dep() const {
    return Dep<T>({});
  }
  /// The one that was given to Provide by this name.
  template <class T>
  T& Dep(std::string_view name) const {
    return detail::DependenciesOf(core_.Handle()).template Get<T>(name);
  }
  /// The values, deadline and stop token of the call.
  const core::Context& Context() const { return detail::ContextOf(core_.Handle()); }
  /// As Tx::AfterCommit: once this is committed and durable, if it is. Its client has the per-call
  /// values of the mutation.
  template <class F>
  void AfterCommit(F callback) const {
    core_.AfterCommit(detail::Deferred(core_.GetHandle(), std::move(callback)));
  }
  /// As Tx::AfterRollback.
  template <class F>
  void AfterRollback(F callback) const {
    core_.AfterRollback(detail::Deferred(core_.GetHandle(), std::move(callback)));
  }

  // What follows is for the other parts of the store.

  /// How far it has come.
  struct Progress {
    bool executed;
    bool has_id;
    bool came_back;
  };
  Progress GetProgress() const noexcept { return {core_.executed, core_.has_id, core_.came_back}; }
  /// Once what it has done since is undone: it may run again from there.
  GRAPNEL_DECLARE void GoBack(Progress to) noexcept;

  /// Opened around every `next`: what fails inside leaves the transaction as it was.
  class NextScope {
   public:
    GRAPNEL_DECLARE explicit NextScope(AnyMutation& m) noexcept;
    NextScope(const NextScope&) = delete;
    NextScope& operator=(const NextScope&) = delete;
    ~NextScope() {
      if (!done_) Undo();
    }
    GRAPNEL_DECLARE void Done();

   private:
    GRAPNEL_DECLARE void Undo() noexcept;

    AnyMutation& mutation_;
    detail::Session& transaction_;
    detail::Scope scope_;
    Progress before_;
    bool done_ = false;
  };

  detail::Draft& Core() noexcept { return core_; }
  const detail::Draft& Core() const noexcept { return core_; }
  /// Holds the set values and the added deltas.
  void* Entity() noexcept { return core_.entity; }
  const void* Entity() const noexcept { return core_.entity; }
  /// Keeps the row that is in `row` beside the other old rows.
  GRAPNEL_DECLARE void KeepOldRow(detail::Row& row) const;
  GRAPNEL_DECLARE void ForgetOldRows() const noexcept;
  /// Takes the others out of the old rows, until they are put back.
  GRAPNEL_DECLARE void KeepOldRows(core::FunctionRef<bool(const void*)> stays) const;
  GRAPNEL_DECLARE void PutBackOldRows() const noexcept;
  /// Reads the old rows, once.
  GRAPNEL_DECLARE void NeedOldRows() const;
  /// Reads them again, right before the write, where something was written since: for Changes.
  GRAPNEL_DECLARE void RenewOldRows() const;
  /// Notes the neighbours that rows have before the write, for Changes.
  GRAPNEL_DECLARE void NoteNeighbours(const Ids& rows) const;
  /// The same of the old rows.
  GRAPNEL_DECLARE void NoteNeighbours() const;
  /// The one row that the write touched, as it has returned it: it is not read again, unless
  /// something is written before it is asked for.
  GRAPNEL_DECLARE void KeepNewRow(const void* row) const noexcept;
  /// Is as it was before anything ran: `given`.
  GRAPNEL_DECLARE void StartOver(const detail::Draft& given);
  /// For builders that move: says what `from` said, which is spent, in place of what it said.
  GRAPNEL_DECLARE void TakeFrom(AnyMutation& from);

 protected:
  /// `entity`: where its entity will be, behind what this is a part of.
  GRAPNEL_DECLARE AnyMutation(const detail::Table& table, grapnel::Op op, void* entity) noexcept;
  GRAPNEL_DECLARE AnyMutation(detail::TakeOver, AnyMutation& from, void* entity) noexcept;
  GRAPNEL_DECLARE ~AnyMutation();

  /// The std::vector of all old rows, read by now.
  GRAPNEL_DECLARE const void* OldRowList() const;
  /// The std::vector of the rows as they are after the write, read by now.
  GRAPNEL_DECLARE const void* NewRowList() const;

  /// The row that a One form touches. Throws: NotFoundError when there is none.
  GRAPNEL_DECLARE const void* OldEntity() const;

  mutable detail::Draft core_;  // reading the old rows pins them
  mutable bool old_rows_known_ = false;

 private:
  GRAPNEL_DECLARE std::optional<FieldValue> MixinField(detail::FieldTag field) const;
  [[noreturn, gnu::cold]] GRAPNEL_DECLARE void RefuseTx() const;
  /// The row that was found may be another one the next time.
  GRAPNEL_DECLARE void ForgetConflict() noexcept;
  detail::Written& GetWritten() const;
  /// Reads the rows after the write, once.
  detail::Written& NeedNewRows() const;
  Ids OldIds() const;
  /// Of the rows that the write touched, or would have. Throws: NotLoadedError.
  Ids TouchedIds() const;
  [[noreturn, gnu::cold]] void RefuseUnknown(std::string_view what, std::string_view remedy) const;
  std::vector<AnyValue> Values(detail::EntityRows& rows) const;

  mutable detail::EntityRows old_rows_;
  mutable detail::EntityRows all_old_rows_;  // where the write touches fewer
  mutable core::Shared<detail::Written> written_;
};

/// The result of a mutation of any type: a count, or an entity whose fields are read by name.
class AnyValue {
 public:
  AnyValue(
      std::integral auto count) noexcept  // NOLINT(google-explicit-constructor): a hook's count
      requires(!std::same_as<decltype(count), bool>)
      : count_(static_cast<std::int64_t>(count)) {}

  bool HasEntity() const noexcept { return entity_ != nullptr; }
  /// The number of rows; 1 for an entity.
  std::int64_t Count() const noexcept { return count_; }
  /// A field of the entity, or the id of the neighbour that it refers to. Throws:
  /// UnknownFieldError; Error when there is no entity.
  GRAPNEL_DECLARE FieldValue Field(std::string_view name) const;

  // What follows is for the other parts of the store.
  AnyValue(const detail::Table& table, const void* entity) noexcept
      : count_(1), table_(&table), entity_(entity) {}

 private:
  std::int64_t count_;
  const detail::Table* table_ = nullptr;
  const void* entity_ = nullptr;
};

/// What comes after a hook over mutations of any type.
using AnyNext = core::Next<AnyMutation, AnyValue>;

/// `User UpdateOne(id=3) {name="Ada", age+=1, nickname=NULL}`; sensitive fields show as ***.
GRAPNEL_DECLARE std::string ToString(const AnyMutation& m);

}  // namespace grapnel

#ifndef GRAPNEL_SEPARATE_COMPILATION
#include <grapnel/store/mutation/impl/any_mutation.hpp>  // IWYU pragma: keep
#endif
