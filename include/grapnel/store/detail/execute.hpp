#pragma once

#include <grapnel/core/concat.hpp>
#include <grapnel/schema/error.hpp>
#include <grapnel/schema/table.hpp>
#include <grapnel/store/any_mutation.hpp>
#include <grapnel/store/conflict.hpp>
#include <grapnel/store/detail/cascade.hpp>
#include <grapnel/store/detail/edges.hpp>
#include <grapnel/store/detail/mutation_core.hpp>
#include <grapnel/store/detail/rows.hpp>
#include <grapnel/store/detail/transaction.hpp>
#include <grapnel/store/driver.hpp>
#include <grapnel/store/error.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

/// The terminal of every mutation: validation and SQL, compiled once for all types.
namespace grapnel::detail {

class Terminal {
 public:
  explicit Terminal(AnyMutation& m) : mutation_(m), m_(m.Core()), table_(*m_.table), entity_(m.Entity()) {}

  /// Writes the mutation. Returns the number of rows matched. Of Create the id is then in its entity; of
  /// UpdateOne the row as it is now stored is in `fresh`.
  std::int64_t Run(void* fresh) {
    if (m_.executed) {
      throw Error(core::Concat({table_.entity,
                                ": the mutation was already carried out, by Mutate: its hook must not "
                                "call next as well"}));
    }
    m_.Validate(entity_);
    if (m_.ChangesEdges()) m_.Transaction().ExpectSeveralWrites();
    const std::int64_t count = Dispatch(fresh);
    m_.executed = true;
    return count;
  }

 private:
  std::int64_t Dispatch(void* fresh) {
    switch (m_.op) {
      case Op::Create: return m_.conflict ? CreateOrUpdate() : Create();
      case Op::UpdateOne: return UpdateOne(fresh);
      case Op::Update: return Update();
      case Op::DeleteOne:
      case Op::Delete: break;
    }
    return Delete();
  }

  std::int64_t Create() {
    std::int64_t made = 0;
    try {
      made = Write(store::Insert{{&table_, m_.op}, entity_, m_.set});
    } catch (const ConstraintError& error) {
      ExplainMissingNeighbour(m_, entity_, error);
    }
    if (!m_.set.test(0)) {
      const Column& id = table_.Id();
      try {
        id.ops->from_value(id.at(entity_), made);
      } catch (const BadValue& error) {
        throw ValidationError(table_.entity, id.name, m_.op, error.what());
      }
    }
    m_.has_id = true;
    WriteEdges(m_, Id(entity_));
    return 1;
  }

  std::int64_t UpdateOne(void* fresh) {
    if (m_.ChangesNoField()) {
      Reread(entity_, m_.where.get(), fresh);
      if (!m_.ChangesEdges()) return 1;
    } else if (WriteFields(true) == 0) {
      throw NotFound(entity_);
    }
    WriteEdges(m_, Id(entity_));
    Reread(entity_, nullptr, fresh);
    return 1;
  }

  std::int64_t Update() {
    if (!m_.ChangesEdges()) {
      return m_.ChangesNoField() ? CountRows(m_, table_, m_.where) : WriteFields(false);
    }
    const auto ids = SelectIds(m_, table_, m_.where);
    Pin(m_, ids);
    if (!m_.ChangesNoField()) WriteFields(false);
    for (const FieldValue& id : ids) WriteEdges(m_, id);
    return static_cast<std::int64_t>(ids.size());
  }

  std::int64_t Delete() {
    if (!Cascade::IsNeeded(m_)) return DeleteRows();
    m_.Transaction().ExpectSeveralWrites();
    std::vector<FieldValue> ids;
    SelectTouched(m_, entity_, store::Select::Want::Ids,
                  [&](Row& row) { ids.push_back(LoadId(table_, row, 0)); });
    if (!m_.uncounted) {  // what a deletion further out is deleting counts as deleted
      std::erase_if(ids, [&](const FieldValue& id) {
        return m_.Transaction().Deleting().Holds(table_.type, id);
      });
    }
    Pin(m_, ids);
    Cascade cascade(m_);
    cascade.Run(ids);
    const std::int64_t count = DeleteRows();
    cascade.Finish();
    return count;
  }
  std::int64_t DeleteRows() {
    std::int64_t count = 0;
    try {
      count = Write(store::Delete{{&table_, m_.op}, entity_, m_.IsOne(), m_.where.get()});
    } catch (const ConstraintError& error) {
      auto rows = m_.where;
      if (m_.IsOne()) rows = store::Both(store::IdIn(table_, {Id(entity_)}), rows);
      ExplainRestricted(m_, rows, error);
    }
    if (count == 0 && m_.IsOne()) throw NotFound(entity_);
    return count;
  }

  // Create with OnConflict.

  std::int64_t CreateOrUpdate() {
    store::Conflict& conflict = *m_.conflict;
    if (conflict.action == store::OnConflict::Undecided) {
      throw Error(core::Concat({table_.entity,
                                ": OnConflict does not say what to do: add UpdateNewValues(), Ignore() "
                                "or Update(...)"}));
    }
    FieldValue id;
    if (!FindConflict(id)) {
      Create();
      conflict.outcome = store::ConflictOutcome::Inserted;
      return 1;
    }
    table_.Id().ops->from_value(table_.Id().at(entity_), id);
    m_.has_id = true;
    const bool updated = UpdateConflict();
    Reread(entity_, nullptr, entity_);
    conflict.outcome = updated ? store::ConflictOutcome::Updated : store::ConflictOutcome::Unchanged;
    return 1;
  }

  /// Keeps the row that agrees in all of the conflict's fields as the old row.
  bool FindConflict(FieldValue& id) {
    store::PredicatePtr where;
    for (const std::size_t place : m_.conflict->columns) {
      if (!m_.set.test(place)) return false;  // NULL, or an id still to be made
      const Column& column = table_.columns[place];
      where = store::Both(where, std::make_shared<const store::PredicateNode>(store::PredicateNode{
                                     store::PredicateKind::Equal, column.tag,
                                     {column.ops->to_value(column.at_const(entity_))}}));
    }
    mutation_.ForgetOldRows();
    store::Select select{{&table_, m_.op}};
    select.where = where.get();
    bool found = false;
    ReadIn(m_, table_, [&](store::Connection& connection) {
      connection.Run(select, [&](Row& row) {
        id = LoadId(table_, row, 0);
        mutation_.KeepOldRow(row);
        found = true;
      });
      return 0;
    });
    return found;
  }

  /// Whether the row that is there was changed.
  bool UpdateConflict() {
    switch (m_.conflict->action) {
      case store::OnConflict::UpdateNewValues: return UpdateNewValues();
      case store::OnConflict::Update: return UpdateAsAsked();
      default: return false;
    }
  }
  /// What was given, by the caller or hooks; no defaults of the creation, but those of an update.
  bool UpdateNewValues() {
    FieldSet set = m_.set & ~m_.defaulted;
    set.reset(0);
    for (const std::size_t place : m_.conflict->columns) set.reset(place);
    for (std::size_t i = 0; i < table_.columns.size(); ++i) {
      if (table_.columns[i].immutable) set.reset(i);
    }
    const FieldSet cleared = m_.cleared;
    if (set.none() && cleared.none() && !m_.ChangesEdges()) return false;
    for (std::size_t i = 0; i < table_.columns.size(); ++i) {
      const Column& column = table_.columns[i];
      if (column.set_update_default == nullptr || set.test(i) || cleared.test(i)) continue;
      column.set_update_default(column.at(entity_));
      m_.Normalize(i, [&] { column.ops->normalize(column.at(entity_)); });
      set.set(i);
    }
    if (set.any() || cleared.any()) {
      WriteRow(store::Update{{&table_, m_.op}, entity_, set, {}, cleared, true}, m_, entity_);
    }
    WriteEdges(m_, Id(entity_));
    return true;
  }
  bool UpdateAsAsked() {
    MutationCore& update = m_.conflict->update->Core();
    void* entity = m_.conflict->update->Entity();
    if (update.ChangesNoField() && !update.ChangesEdges()) return false;
    table_.Id().ops->copy(table_.Id().at(entity), table_.Id().at_const(entity_));
    update.ApplyDefaults(entity);
    update.Validate(entity);
    if (update.ChangesEdges()) m_.Transaction().ExpectSeveralWrites();
    if (!update.ChangesNoField()) {
      WriteRow(store::Update{{&table_, m_.op}, entity, update.set, update.added, update.cleared, true},
               update, entity);
    }
    for (const EdgeChange& change : update.edges) {
      if (!change.IsEmpty()) EdgeWriter(m_, change, Id(entity)).Write();
    }
    return true;
  }

  // Statements.

  template <class Statement>
  std::int64_t Write(const Statement& statement) {
    return m_.Transaction().Write(
        *m_.level, m_.Handle().store->TypeOf(table_), m_.Handle().context,
        [&](store::Connection& connection) { return connection.Run(statement); });
  }
  /// UPDATE of what `of` sets.
  std::int64_t WriteRow(const store::Update& update, const MutationCore& of, const void* entity) {
    try {
      return Write(update);
    } catch (const ConstraintError& error) {
      ExplainMissingNeighbour(&of == &m_ ? m_ : Bound(of), entity, error);
    }
  }
  std::int64_t WriteFields(bool by_id) {
    return WriteRow(store::Update{{&table_, m_.op}, entity_, m_.set, m_.added, m_.cleared, by_id,
                                  m_.where.get()},
                    m_, entity_);
  }
  /// The update of a conflict, to ask the database on its behalf.
  const MutationCore& Bound(const MutationCore& of) {
    MutationCore& update = m_.conflict->update->Core();
    update.handle = m_.handle;
    update.transaction = m_.transaction;
    update.level = m_.level;
    return of;
  }

  /// Reads the row with the id of `entity` into `fresh`.
  void Reread(const void* entity, const store::PredicateNode* where, void* fresh) {
    store::Select select{{&table_, m_.op}};
    select.entity = entity;
    select.by_id = true;
    select.where = where;
    bool found = false;
    ReadIn(m_, table_, [&](store::Connection& connection) {
      connection.Run(select, [&](Row& row) {
        LoadRow(table_, fresh, row);
        found = true;
      });
      return 0;
    });
    if (!found) throw NotFound(entity);
  }

  FieldValue Id(const void* entity) const { return table_.Id().ops->to_value(table_.Id().at_const(entity)); }
  NotFoundError NotFound(const void* entity) const {
    return {table_.entity,
            core::Concat({DescribeId(table_, entity), m_.where ? ", or it does not match" : ""})};
  }

  AnyMutation& mutation_;
  MutationCore& m_;
  const Table& table_;
  void* entity_;
};

}  // namespace grapnel::detail
