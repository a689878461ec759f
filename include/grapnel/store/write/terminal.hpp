#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/model/error.hpp>
#include <grapnel/model/graph.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/store/driver/driver.hpp>
#include <grapnel/store/driver/error.hpp>
#include <grapnel/store/driver/loading.hpp>
#include <grapnel/store/mutation/any_mutation.hpp>
#include <grapnel/store/mutation/cause.hpp>
#include <grapnel/store/mutation/conflict.hpp>
#include <grapnel/store/mutation/draft.hpp>
#include <grapnel/store/mutation/edge_changes.hpp>
#include <grapnel/store/mutation/touched.hpp>
#include <grapnel/store/query/narrower.hpp>
#include <grapnel/store/query/rows.hpp>
#include <grapnel/store/tx/session.hpp>
#include <grapnel/store/write/cascade.hpp>
#include <grapnel/store/write/edges.hpp>
#include <grapnel/store/write/joined_rows.hpp>
#include <grapnel/store/write/pending_rows.hpp>
#include <grapnel/store/write/row_lists.hpp>
#include <grapnel/store/write/run.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

/// The terminal of every mutation: validation and SQL, compiled once for all types.
namespace grapnel::detail {

/// Says why the statement of a One form changed no row; `written`: Writes() before it. What INSTEAD
/// OF triggers did in its place nothing tells: they have skipped the row.
[[noreturn, gnu::cold]] inline void RefuseUnchanged(Draft& m, std::uint64_t written) {
  if (m.Session().Writes() != written) store::RefuseSkipped({m.table, m.op});
  RefuseUntouched(m);
}

class Terminal {
 public:
  explicit Terminal(AnyMutation& m)
      : mutation_(m), m_(m.Core()), table_(*m_.table), entity_(m_.entity) {}

  /// Writes the mutation. Returns the number of rows matched. Of Create the id is then in its
  /// entity; of UpdateOne, and of Create with OnConflict, the row as it is now stored is in
  /// `fresh`.
  /// `may_wait`: nobody looks at the mutation any more, so that a row of a bulk may be inserted
  /// later.
  std::int64_t Run(void* fresh, bool may_wait) {
    if (m_.executed) {
      throw Error(
          core::Concat({table_.entity,
                        ": the mutation was already carried out, by Mutate: its hook must not "
                        "call next as well"}));
    }
    m_.Validate();
    if (JoinedRows::AreChecked(m_)) JoinedRows(m_).Check();
    if (m_.pending != nullptr) {
      if (may_wait && m_.pending->Takes(m_)) {
        m_.executed = true;
        return 1;
      }
      m_.pending->Flush();
    }
    // Whatever is done or read after the first write may fail, and has to take it back.
    if (m_.ChangesEdges() || m_.op != m_.asked) m_.Session().ExpectSeveralWrites();
    fresh_ = fresh;
    if (m_.watched) mutation_.NeedOldRows();
    if (m_.pinned) Settle();
    if (m_.watched && m_.op != Op::Create) {
      mutation_.RenewOldRows();
      mutation_.NoteNeighbours();
    }
    const std::int64_t count = Dispatch();
    if (m_.pinned && m_.op == Op::Delete) LeaveOutKept(count);
    m_.executed = true;
    if (m_.watched && m_.op == Op::UpdateOne) mutation_.KeepNewRow(fresh_);
    return count;
  }

 private:
  // The rows that were asked for before the write are, after it, those that it touched.

  /// Finds out which of them match what was added since, and what hooks have written since.
  void Settle() {
    const Draft::Pinned& pinned = *m_.pinned;
    if (m_.where == pinned.where && m_.Session().Writes() == pinned.writes) return;
    std::vector<FieldValue> ids;
    SelectTouched(m_, store::Select::Want::Ids, [&](Row& row) {
      if (!row.IsNull(0)) ids.push_back(LoadId(table_, row, 0));
    });
    Narrow(std::move(ids), true);
  }
  /// A trigger of others may have kept rows that were to be deleted.
  void LeaveOutKept(std::int64_t deleted) {
    const Draft::Pinned& pinned = *m_.pinned;
    const auto& ids = pinned.touched ? *pinned.touched : pinned.ids;
    if (static_cast<std::size_t>(deleted) == ids.size() && !MayLackIds(table_)) return;
    Narrow(SelectIds(m_, table_, store::IdIn(table_, ids)), false);
  }
  /// To the ones named, or to all others.
  void Narrow(std::vector<FieldValue> named, bool stay) {
    Draft::Pinned& pinned = *m_.pinned;
    if (stay && named.size() == pinned.ids.size()) return;
    const std::unordered_set<FieldValue, HashOfValue> set(named.begin(), named.end());
    const auto touches = [&](const FieldValue& id) { return set.contains(id) == stay; };
    std::vector<FieldValue> touched;
    for (const FieldValue& id : pinned.touched ? *pinned.touched : pinned.ids) {
      if (touches(id)) touched.push_back(id);
    }
    pinned.touched = std::move(touched);
    mutation_.KeepOldRows([&](const void* row) { return touches(Id(row)); });
  }

  std::int64_t Dispatch() {
    if (!m_.keeps) return Write();
    CascadeFromKept();
    return m_.kept = Write();
  }
  std::int64_t Write() {
    switch (m_.op) {
      case Op::Create:
        return m_.conflict ? CreateOrUpdate() : Create();
      case Op::UpdateOne:
        return UpdateOne();
      case Op::Update:
        return Update();
      case Op::DeleteOne:
      case Op::Delete:
        break;
    }
    return Delete();
  }

  std::int64_t Create() {
    std::int64_t made = 0;
    if (m_.MayNotHoldId()) m_.Session().ExpectSeveralWrites();
    try {
      made = Write(store::Insert{{&table_, m_.op}, entity_, m_.set});
    } catch (const ConstraintError& error) {
      ExplainMissingNeighbour(m_, error);
    } catch (const ValidationError& error) {
      m_.RefuseUnstorable(error);
    }
    if (!m_.set.test(0)) m_.SetId(made);
    m_.has_id = true;
    if (m_.Session().DefersKeys()) CheckNeighbours(m_);
    if (m_.ChangesEdges()) {
      const FieldValue id = Id(entity_);
      WriteEdges(m_, id, true);
      if (IsNeighbourOfItself(id)) ReadCreated();
    }
    return 1;
  }
  /// Whether an edge of the new row has written the new row's own key.
  bool IsNeighbourOfItself(const FieldValue& id) const {
    for (const EdgeChange& change : m_.edges) {
      const Relation& relation = table_.edges[change.edge].relation();
      if (relation.kind != Relation::Kind::TheirKey || relation.target != &table_) continue;
      if (std::ranges::find(change.added, id) != change.added.end()) return true;
    }
    return false;
  }
  void ReadCreated() {
    const store::Find find{{&table_, m_.op}, entity_, entity_};
    ReadIn(m_, table_, [&](store::Connection& connection) { return connection.Run(find) ? 1 : 0; });
  }

  std::int64_t UpdateOne() {
    if (m_.ChangesNoField()) {
      Reread(entity_, m_.where.Get());
      if (!m_.ChangesEdges()) return 1;
    } else {
      if (UpdateAlone()) return 1;
      const std::uint64_t written = m_.Session().Writes();
      store::Update::Reread reread{fresh_};
      if (WriteFields(true, m_.where, m_.ChangesEdges() ? nullptr : &reread) == 0)
        RefuseUnchanged(m_, written);
      if (reread.done) return 1;
    }
    if (m_.ChangesEdges()) WriteEdges(m_, Id(entity_));
    Reread(entity_, nullptr);
    return 1;
  }

  /// A write that has no savepoint must be the last thing that may fail. Then the row is read
  /// before it and not after it, and `fresh` becomes what will be stored; returns false, nothing
  /// written, where the row has to be read afterwards.
  bool UpdateAlone() {
    if (!m_.Session().StandsAlone()) return false;
    constexpr std::int64_t kReadAfterwards = -1;
    const std::int64_t count = WriteFields(
        [&](store::Connection& connection, const store::Update& update) -> std::int64_t {
          if (!m_.Session().StandsAlone()) return kReadAfterwards;  // others have triggers
          try {
            if (!LoadFresh(connection, entity_, nullptr)) return 0;
          } catch (const SchemaError&) {  // of a stored value, which this update may mend
            return kReadAfterwards;
          }
          return Foresee() ? connection.Run(update) : kReadAfterwards;
        },
        true, m_.where);
    if (count == 0) RefuseUntouched(m_);
    if (count != kReadAfterwards) return true;
    m_.Session().ExpectSeveralWrites();
    return false;
  }
  /// Changes `fresh` as the database will change the row; false where only that can tell.
  bool Foresee() noexcept {
    try {
      bool is_known = true;
      (m_.set | m_.added | m_.cleared).ForEach([&](std::size_t i) {
        if (i == 0) return;
        const Column& column = table_.columns[i];
        void* member = column.at(fresh_);
        if (m_.cleared.test(i)) return column.ops->reset(member);
        const bool adds =
            m_.added.test(i) && (column.ops->is_null == nullptr || !column.ops->is_null(member));
        const void* given = column.at_const(entity_);
        is_known = (adds ? column.ops->add(member, given) : CopyAsStored(column, member, given)) &&
                   is_known;
      });
      return is_known;
    } catch (...) {  // no form to be stored in, or none to be read back from: its write tells
      return false;
    }
  }
  static bool CopyAsStored(const Column& column, void* to, const void* from) {
    switch (column.ops->plain) {
      case Plain::Int:
      case Plain::Text:
      case Plain::OptionalInt:
      case Plain::OptionalText:
        column.ops->copy(to, from);
        return true;
      default:
        return column.ops->from_value(to, column.ops->to_value(from));
    }
  }

  std::int64_t Update() {
    const bool writes = !m_.ChangesNoField() || HiddenKey() != nullptr;
    const bool may_keep_rows = writes && (m_.pinned || m_.ChangesEdges()) && !WritesPlainly();
    if (!m_.ChangesEdges()) {
      if (!writes) return CountRows(m_, table_, m_.where);
      if (!may_keep_rows) return WriteFields(false, m_.where);
      std::int64_t nameless = 0;
      if (MayLackIds(table_)) {
        m_.Session().ExpectSeveralWrites();
        nameless = WriteFields(false, store::Both(m_.where, store::IdIsNull(table_)));
      }
      return nameless + static_cast<std::int64_t>(UpdateEach().size());
    }
    RowLists lists(m_);
    const std::int64_t list =
        lists.KeepApart(table_, may_keep_rows ? store::IdIn(table_, UpdateEach()) : m_.where);
    if (writes && !may_keep_rows) WriteFields(false, lists.In(list));
    WriteEdges(m_, lists, list);
    return lists.Size(list);
  }

  bool WritesPlainly() {
    return ReadIn(m_, table_, [&](store::Connection&) {
             return m_.Session().WritesPlainly(table_) ? 1 : 0;
           }) != 0;
  }
  /// Others may have kept rows as they were: one by one they tell which. Returns those that
  /// changed.
  std::vector<FieldValue> UpdateEach() {
    m_.Session().ExpectSeveralWrites();
    std::vector<FieldValue> due;
    if (m_.pinned) {
      due = m_.pinned->touched ? *m_.pinned->touched : m_.pinned->ids;
    } else {
      due = SelectIds(m_, table_, m_.where);
    }
    std::vector<FieldValue> touched;
    for (FieldValue& id : due) {
      if (WriteFields(false, store::IdIn(table_, {id})) != 0) touched.push_back(std::move(id));
    }
    if (m_.pinned) Narrow(touched, true);
    return touched;
  }

  std::int64_t Delete() {
    const bool cascades = Cascade::IsNeeded(m_);
    if (!cascades && !IsLarge()) return DeleteRows(m_.IsOne(), m_.where);
    m_.Session().ExpectSeveralWrites();
    const DeferralEnds ends{m_.Session(), !m_.deferred};
    RowLists lists(m_);
    // What a deletion further out is deleting counts as deleted.
    const auto alive = m_.uncounted ? nullptr : store::Negated(lists.InOthers(table_));
    const std::int64_t list =
        lists.Keep(table_, store::Both(m_.where, alive), m_.IsOne() ? entity_ : nullptr);
    std::int64_t count = 0;
    if (!m_.IsOne() && !m_.uncounted && MayLackIds(table_)) {
      count += DeleteRows(false, store::Both(m_.where, store::IdIsNull(table_)));
    }
    if (lists.Size(list) == 0 && m_.IsOne()) RefuseUntouched(m_, alive);
    if (m_.pinned && alive) Narrow(SelectIds(m_, table_, lists.In(list)), true);
    Cascade cascade(m_, lists);
    if (cascades) cascade.Run(list);
    const bool begins_deferral = !m_.deferred && cascade.IsDeferred();
    m_.deferred = m_.deferred || cascade.IsDeferred();
    lists.ForEachPart(table_, list, [&](const auto&, const store::PredicatePtr& part) {
      count += DeleteRows(false, part);
    });
    cascade.Finish();
    if (begins_deferral && ChecksDeferred() && !ends.outside) Defer(false);
    if (count == 0 && m_.IsOne()) RefuseUntouched(m_);
    return count;
  }
  /// What hangs on rows that stay, and count as deleted, goes as if they went.
  void CascadeFromKept() {
    if (!Cascade::IsNeeded(m_)) return;
    m_.Session().ExpectSeveralWrites();
    RowLists lists(m_);
    const auto alive = m_.uncounted ? nullptr : store::Negated(lists.InOthers(table_));
    const std::int64_t list =
        lists.Keep(table_, store::Both(m_.where, alive), m_.IsOne() ? entity_ : nullptr);
    if (lists.Size(list) != 0) Cascade(m_, lists).Run(list);
  }
  /// What a cascade defers is not deferred any more behind the mutation that began it.
  struct DeferralEnds {
    Session& session;
    bool begins;
    bool outside = session.DefersKeys();  // a hook of another one has begun it
    ~DeferralEnds() {
      if (begins) session.SetDefersKeys(outside);
    }
  };

  /// Whether so many rows go that it takes several statements: for tables with foreign keys the
  /// engine holds the ids of all rows that one statement deletes in memory. Rows that restrict one
  /// another go together.
  bool IsLarge() {
    if (m_.IsOne()) return false;
    const Graph& graph = *m_.Handle().store->graph;
    if (!graph.HasKeys(table_) || graph.RestrictsItself(table_)) return false;
    store::Select select{{&table_, m_.op}};
    select.want = store::Select::Want::Count;
    select.where = m_.where.Get();
    select.limit = RowLists::kPart + 1;
    return ReadIn(m_, table_, [&](store::Connection& connection) {
             return connection.Count(select);
           }) > RowLists::kPart;
  }
  std::int64_t DeleteRows(bool by_id, const store::PredicatePtr& where) {
    const std::uint64_t written = m_.Session().Writes();
    std::int64_t count = 0;
    try {
      const store::Delete statement{{&table_, m_.op}, entity_, by_id, where.Get()};
      count = m_.deferred ? WriteDeferred(statement) : Write(statement, FailingDelete());
    } catch (const ConstraintError& error) {
      ExplainRestricted(m_, by_id ? store::Both(store::IdIn(table_, {Id(entity_)}), where) : where,
                        error);
    }
    if (count == 0 && by_id) RefuseUnchanged(m_, written);
    return count;
  }

  /// What refers to the rows is looked for once they were refused.
  Session::Failing FailingDelete() const {
    return m_.Running().type.referrers.empty() ? Session::Failing::EndsScope
                                               : Session::Failing::GoesOn;
  }

  std::int64_t WriteDeferred(const store::Delete& statement) {
    struct Deferring {
      Terminal& self;
      explicit Deferring(Terminal& terminal) : self(terminal) {
        self.Defer(true);
        self.m_.Session().SetDefersKeys(self.ChecksDeferred());
      }
      ~Deferring() {
        if (self.ChecksDeferred() || !self.m_.Session().GoesOn()) return;
        try {
          self.Defer(false);
        } catch (...) {  // NOLINT(bugprone-empty-catch): it has ended with the transaction
        }
      }
    } deferring{*this};
    return Write(statement);
  }
  /// Whether the end of it checks the keys, which do not hold before all rows of a cascade are
  /// gone: then it ends with the mutation that began the cascade.
  bool ChecksDeferred() const { return m_.Session().GetStore()->driver->Traits().checks_deferred; }
  void Defer(bool on) {
    ReadIn(m_, table_,
           [&](store::Connection& connection) { return connection.DeferForeignKeys(on), 0; });
  }

  // Create with OnConflict.

  std::int64_t CreateOrUpdate() {
    store::Conflict& conflict = *m_.conflict;
    if (conflict.action == store::OnConflict::Undecided) {
      throw Error(
          core::Concat({table_.entity,
                        ": OnConflict does not say what to do: add UpdateNewValues(), Ignore() "
                        "or Update(...)"}));
    }
    m_.PutBackId();
    FieldValue id;
    const bool is_free = !FindConflict(id);
    const bool is_hidden = !is_free && IsHidden(id);
    if (is_hidden) mutation_.ForgetOldRows();
    if (is_free || is_hidden) {
      m_.Session().ExpectSeveralWrites();  // it is read back
      is_free ? CreateUnlessUnseen() : Create();
      conflict.outcome = store::ConflictOutcome::Inserted;
    } else {
      if (m_.watched) mutation_.NoteNeighbours({id});
      if (m_.set.test(0)) conflict.given_id = Id(entity_);
      table_.Id().ops->from_value(table_.Id().at(entity_), id);
      m_.has_id = true;
      conflict.outcome = store::ConflictOutcome::Unchanged;
      if (UpdateConflict(conflict)) return 1;
    }
    Reread(entity_, nullptr);
    return 1;
  }

  /// Where writers run beside each other, one may have made the row since.
  std::int64_t CreateUnlessUnseen() {
    try {
      return Create();
    } catch (const ConstraintError& error) {
      const auto& fields = m_.conflict->fields;
      if (error.Kind() == ConstraintKind::Unique && error.Entity() == table_.entity &&
          std::is_permutation(fields.begin(), fields.end(), error.Fields().begin(),
                              error.Fields().end())) {
        const ConstraintError hidden(
            error.Entity(), error.Op(), error.Kind(), error.Fields(),
            core::Concat({error.Detail(),
                          "; OnConflict does not find the row that is there: it is hidden from "
                          "this role, or a trigger changes the new one's values"}));
        m_.Session().RefuseIfUnseen(
            core::Concat({table_.entity, ": ", ToString(error.Op()),
                          ": OnConflict met a row that another transaction has made meanwhile"}),
            std::make_exception_ptr(hidden));
      }
      throw;
    }
  }

  /// Keeps the row that agrees in all of the conflict's fields as the old row.
  bool FindConflict(FieldValue& id) {
    mutation_.ForgetOldRows();
    store::PredicatePtr where;
    for (const std::size_t place : m_.conflict->columns) {
      if (!m_.set.test(place)) return false;  // NULL, or an id still to be made
      const Column& column = table_.columns[place];
      where = store::Both(where, store::Compared(store::PredicateKind::Equal, column.tag,
                                                 column.ops->to_value(column.at_const(entity_))));
    }
    const auto& partial = m_.conflict->where;
    if (partial.empty()) return FindConflict(id, where);
    return std::any_of(partial.begin(), partial.end(), [&](const store::PredicateNode* in_index) {
      const store::Matching created{{&table_, m_.op}, entity_, m_.set, in_index};
      return ReadIn(m_, table_,
                    [&](store::Connection& connection) {
                      return connection.Run(created) ? 1 : 0;
                    }) != 0 &&
             FindConflict(
                 id, store::Both(where, core::MakeShared<const store::PredicateNode>(*in_index)));
    });
  }
  bool FindConflict(FieldValue& id, const store::PredicatePtr& where) {
    store::Select select{{&table_, m_.op}};
    select.where = where.Get();
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

  /// Whether the caller does not see a row. A Create that meets it says what it would without
  /// OnConflict: that the values are taken, and no more.
  bool IsHidden(const FieldValue& id) {
    return m_.visible &&
           CountRows(m_, table_, store::Both(store::IdIn(table_, {id}), m_.visible)) == 0;
  }

  /// The row that is there goes through an UpdateOne of its own, with all its hooks. Returns:
  /// whether that had a result, which is in `fresh`.
  bool UpdateConflict(store::Conflict& conflict) {
    if (conflict.action == store::OnConflict::Ignore) return false;
    bool has_result = false;
    m_.Running().type.actions.with_mutation(Op::UpdateOne, [&](AnyMutation& any) {
      Draft& update = any.Core();
      if (conflict.action == store::OnConflict::UpdateNewValues) update.Apply(NewValues());
      if (conflict.update) update.Apply(conflict.update->Core());
      if (update.ChangesNoField() && !update.ChangesEdges()) return;
      table_.Id().ops->copy(table_.Id().at(any.Entity()), table_.Id().at_const(entity_));
      update.has_id = true;
      update.cause = Cause::Upsert;
      update.caused_by = m_.Running().mutation;
      if (IsIntercepted(m_.Handle())) {
        update.where =
            Narrower(m_.GetHandle(), m_.Running().decision).Conditions(table_, update.where);
      }
      update.where = store::Both(update.where, m_.where);
      AnyResult result(table_, fresh_);
      if (!RunUpsert(m_.Running(), any, result)) return;
      result.MoveOut();
      if (update.executed) conflict.outcome = store::ConflictOutcome::Updated;
      has_result = true;
    });
    return has_result;
  }
  /// What was given, by the caller or hooks, but what the row that is there keeps; no defaults.
  Draft NewValues() const {
    FieldSet kept = table_.immutable;
    kept.set(0);
    for (const std::size_t place : m_.conflict->columns) kept.set(place);
    Draft given(table_, Op::UpdateOne, entity_);
    given.set = m_.set & ~m_.defaulted & ~kept;
    given.cleared = m_.cleared & ~kept;
    for (EdgeChange change : m_.edges) {
      const EdgeEnd& edge = table_.edges[change.edge];
      if (edge.immutable) continue;
      // To a new row that says nothing; from one that is there it takes the neighbours away.
      change.cleared = change.replaces && (edge.many || change.added.empty());
      given.edges.Join(change);
    }
    return given;
  }

  // Statements.

  template <class Statement>
  std::int64_t Write(const Statement& statement,
                     Session::Failing failing = Session::Failing::EndsScope) {
    return WriteBy([&](store::Connection& connection) { return connection.Run(statement); },
                   failing);
  }
  std::int64_t WriteBy(Session::Statement run,
                       Session::Failing failing = Session::Failing::EndsScope) {
    const Bound& bound = m_.Running();
    return bound.transaction.Write(bound.level, bound.type, bound.handle->context, run, failing);
  }
  std::int64_t WriteFields(bool by_id, const store::PredicatePtr& where,
                           store::Update::Reread* reread = nullptr) {
    return WriteFields([](store::Connection& connection,
                          const store::Update& update) { return connection.Run(update); },
                       by_id, where, reread);
  }
  /// `run(connection, update)` runs it.
  template <class Run>
  std::int64_t WriteFields(Run run, bool by_id, const store::PredicatePtr& where,
                           store::Update::Reread* reread = nullptr) {
    if (!table_.edges.empty()) {
      RefuseFixedKeys(m_, [&] {
        return by_id ? store::Both(store::IdIn(table_, {Id(entity_)}), where) : where;
      });
    }
    store::Update update{{&table_, m_.op}, entity_, m_.set,     m_.added,
                         m_.cleared,       by_id,   where.Get()};
    update.reread = reread;
    if (const KeyChange* hidden = HiddenKey()) {
      update.key = &hidden->key;
      update.to = &hidden->to;
    }
    try {
      const std::int64_t count =
          WriteBy([&](store::Connection& connection) { return run(connection, update); });
      if (count > 0 && m_.Session().DefersKeys()) CheckNeighbours(m_);
      return count;
    } catch (const ConstraintError& error) {
      ExplainKeyChange(m_, error);
      ExplainMissingNeighbour(m_, error);
    } catch (const ValidationError& error) {
      m_.RefuseUnstorable(error);
    }
  }
  const KeyChange* HiddenKey() const noexcept {
    const KeyChange* change = m_.key_change;
    return change != nullptr && change->IsHidden() ? change : nullptr;
  }

  /// Reads the row with the id of `entity` into `fresh`.
  void Reread(const void* entity, const store::PredicateNode* where) {
    const auto load = [&](store::Connection& connection) {
      return LoadFresh(connection, entity, where) ? 1 : 0;
    };
    if (ReadIn(m_, table_, load) == 0) RefuseUntouched(m_);
  }
  /// Returns whether there is such a row.
  bool LoadFresh(store::Connection& connection, const void* entity,
                 const store::PredicateNode* where) {
    return connection.Run(store::Find{{&table_, m_.op}, entity, fresh_, where});
  }

  FieldValue Id(const void* entity) const {
    return table_.Id().ops->to_value(table_.Id().at_const(entity));
  }
  AnyMutation& mutation_;
  Draft& m_;
  const Table& table_;
  void* entity_;
  void* fresh_ = nullptr;
};

}  // namespace grapnel::detail
