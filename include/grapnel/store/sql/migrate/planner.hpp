#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/model/codec.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/store/driver/error.hpp>
#include <grapnel/store/driver/plan.hpp>
#include <grapnel/store/sql/migrate/catalog.hpp>
#include <grapnel/store/sql/migrate/drop_planning.hpp>
#include <grapnel/store/sql/migrate/misfit.hpp>
#include <grapnel/store/sql/migrate/planning.hpp>
#include <grapnel/store/sql/migrate/renames.hpp>
#include <grapnel/store/sql/migrate/wanted.hpp>
#include <grapnel/store/sql/names.hpp>

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// From the database as it is to the database as the schema wants it: a list of steps.
namespace grapnel::store::sql {

/// Makes the plan of one database, and refuses what its statements could not do. What a Default's
/// function will give nobody knows before; to rehearse is to call it for every row, where it has to
/// be unique.
class Planner : protected DropPlanning {
 public:
  using DropPlanning::DropPlanning;

  MigrationPlan Plan(std::span<const Table* const> tables, Allow allowed = Allow{}) {
    may_drop_ = allowed == Allow::Drop;
    const auto wanted = WantAll(tables, dialect_);
    ReadObjects();
    PlanRenames(wanted);
    for (const WantedTable& table : wanted) DropIndexes(table);
    for (const WantedTable& table : wanted) {
      const Object* there = Find(table.name);
      if (there == nullptr) {
        Add(MakeTable(table));
      } else if (there->kind == ObjectKind::Index) {
        throw MigrationError(
            core::Concat({"cannot make table ", Quote(table.name), " of ", table.entity, ": ",
                          Describe(*there), " has this name. Nothing was changed"}));
      } else {
        Grow(table, Columns(table.name));
      }
      CheckKeys(table);
    }
    PlanFilled();
    for (const WantedTable& table : wanted) {
      const auto change = changes_.find(table.name);
      if (change != changes_.end()) PlanChange(table, change->second);
    }
    PlanDrops(wanted);
    for (const WantedTable& table : wanted) {
      for (const WantedIndex& index : table.indexes) PlanIndex(table, index);
    }
    CheckReferred(wanted);
    PlanChecks();
    return std::move(plan_);
  }

 protected:
  // What engines do in their own ways.

  /// What has a name that was made of the one that changes.
  virtual void RenameAlong(Step& /*step*/) {}
  virtual Step MakeTable(const WantedTable& table) = 0;
  virtual Step MakeColumn(const WantedTable& table, const WantedColumn& column) = 0;
  /// The step that gives the rows that are there the Defaults of the table's new columns, each row
  /// its own: those that are in `added_`, and required.
  virtual void PlanFill(const WantedTable& table) = 0;
  /// Behind that, of all tables.
  virtual void PlanFilled() {}
  /// Whether a column can become one that keeps the field's values, with all that is in it.
  virtual bool Widens(const StoredColumn& stored, const WantedColumn& column) const = 0;
  /// For which integers in the column that is not so; "" for none.
  virtual std::string TooWide(const StoredColumn& stored, const WantedColumn& column,
                              const std::string& name) const = 0;
  virtual void PlanChange(const WantedTable& table, const Change& change) = 0;
  /// Of an id: what it has to be besides.
  virtual void CheckId(const WantedTable& table, const WantedColumn& column,
                       const StoredColumn& stored) = 0;
  /// What is checked behind everything else.
  virtual void PlanChecks() {}
  /// Why a foreign key does not get another action, or why a column gets none.
  virtual std::string_view KeepsAction() const = 0;
  virtual std::string GetsNoKey(const WantedTable& table, const WantedColumn& column) const = 0;

 private:
  // What is called anew.

  void PlanRenames(const std::vector<WantedTable>& wanted) {
    std::vector<std::string> tables, made;
    for (const Object& each : objects_) {
      if (each.kind != ObjectKind::Table) continue;
      tables.push_back(each.name);
      if (IsMade(each)) made.push_back(each.name);
    }
    for (const Rename& rename :
         FindRenames(NamingsOf(wanted), tables, "in the database", dialect_.Equal(), made)) {
      if (const Object* there = Find(rename.to)) {
        throw MigrationError(
            core::Concat({"cannot rename table ", Quote(rename.from), " to ", Quote(rename.to),
                          ": ", Describe(*there), " has this name. Nothing was changed"}));
      }
      for (Object& each : objects_) {
        if (each.kind == ObjectKind::Table && Equal(each.name, rename.from)) each.name = rename.to;
      }
      formers_[rename.to].table = rename.from;
      Follow();
      Step step{StepKind::RenameTable, rename.to, "", rename.from};
      step.statements.push_back(
          core::Concat({"ALTER TABLE ", Quote(rename.from), " RENAME TO ", Quote(rename.to)}));
      RenameAlong(step);
      Add(std::move(step));
    }
    for (const WantedTable& table : wanted) PlanColumnRenames(table);
    if (!formers_.empty()) ReadObjects();
  }
  void PlanColumnRenames(const WantedTable& table) {
    const auto namings = NamingsOf(table);
    const bool any = std::any_of(namings.begin(), namings.end(),
                                 [](const Naming& naming) { return !naming.was.empty(); });
    const bool moved = formers_.find(table.name) != formers_.end();
    if (!any && !moved) return;
    std::vector<std::string> columns, made;
    if (const Object* there = Find(table.name)) {
      for (const StoredColumn& each : Columns(table.name)) {
        if (each.in_view) continue;
        columns.push_back(each.name);
        if (IsMade(*there, each.name)) made.push_back(each.name);
      }
    }
    const std::string before(NowCalled(table));
    for (const Rename& rename :
         FindRenames(namings, columns, core::Concat({"in table ", Quote(table.name)}),
                     dialect_.Equal(), made)) {
      Former& former = formers_[table.name];
      former.table = before;
      former.columns.push_back(rename);
      Follow();
      Step step{StepKind::RenameColumn, table.name, rename.to, rename.from};
      step.statements.push_back(core::Concat({"ALTER TABLE ", Quote(table.name), " RENAME COLUMN ",
                                              Quote(rename.from), " TO ", Quote(rename.to)}));
      RenameAlong(step);
      Add(std::move(step));
    }
    for (const WantedColumn& column : table.columns) {
      const std::string_view now = NowCalled(table, column.name);
      if (column.key.empty() || (before == table.name && now == column.name)) continue;
      changes_[table.name].keys.push_back(
          {column.name, KeyName(before, now), KeyName(table.name, column.name)});
    }
  }

  /// Keys to what is no plain table would be accepted, and never hold.
  void CheckKeys(const WantedTable& table) {
    for (const WantedColumn& column : table.columns) {
      if (column.key.empty()) continue;
      const Object* to = Find(column.key.front().table);
      if (to == nullptr || to->kind == ObjectKind::Table || to->kind == ObjectKind::Index) continue;
      Refuse(table, column,
             core::Concat({Quote(to->name), " is ", Describe(*to), ", to which ", dialect_.Engine(),
                           " has no foreign keys"}));
    }
  }

  void Grow(const WantedTable& table, const std::vector<StoredColumn>& stored) {
    for (const WantedColumn& column : table.columns) {
      const auto found = std::find_if(stored.begin(), stored.end(), [&](const StoredColumn& each) {
        return Equal(each.name, column.name);
      });
      if (found == stored.end()) {
        AddColumn(table, column);
      } else {
        Compare(table, column, *found);
      }
    }
    for (const StoredColumn& each : stored) {
      if (table.Named(each.name) == nullptr) LookAtLeftover(table, each);
    }
    PlanFill(table);
  }

  void AddColumn(const WantedTable& table, const WantedColumn& column) {
    const bool is_id = column.column != nullptr && &column == &table.columns.front();
    if (is_id || table.pairs || Find(table.name)->kind != ObjectKind::Table) {
      Refuse(table, column, MissingReason(table.name, column.name));
    }
    if (column.not_null) CheckFill(table, column);
    added_.push_back({&table, &column});
    Add(MakeColumn(table, column));
  }
  void CheckFill(const WantedTable& table, const WantedColumn& column) {
    if (!column.key.empty()) {
      Refuse(
          table, column,
          "a required edge cannot be added to a table that exists; add it without Required() and "
          "with "
          "the OnDelete that it is to have (Restrict where it says nothing), give every row its "
          "neighbour, and require it then");
    }
    if (!AnyRow(table, "true")) return;
    if (!column.column->HasDefault()) {
      return RefuseRows(
          table, column,
          "it is required and has no Default, and there are rows; give it a Default, or make it "
          "optional");
    }
    if (column.column->default_varies) return;
    try {
      static_cast<void>(column.column->DefaultValue());
    } catch (const grapnel::detail::BadValue& error) {
      Refuse(table, column,
             core::Concat({"its Default cannot be stored: ",
                           column.column->IsSecret() ? grapnel::detail::kHidden : error.what()}));
    }
  }

  void Compare(const WantedTable& table, const WantedColumn& column, const StoredColumn& stored) {
    const bool is_id = !table.pairs && &column == &table.columns.front();
    if (stored.generated) Refuse(table, column, GeneratedReason(table.name, column.name));
    if (!dialect_.Fits(stored.type, column.type)) Widen(table, column, stored);
    if (stored.in_view) return;
    if (stored.is_key != (is_id || table.pairs)) {
      Refuse(table, column, KeyReason(table.name, table.columns.front().name));
    }
    if (is_id) return CheckId(table, column, stored);
    if (stored.not_null && !column.not_null) changes_[table.name].nullable.push_back(&column);
    if (column.not_null && !stored.not_null &&
        AnyRow(table, core::Concat({Quote(NowCalled(table, column.name)), " IS NULL"}))) {
      RefuseRows(
          table, column,
          core::Concat({"it is required, but there are rows in which the column is NULL", kMend}));
    }
    if (!column.key.empty()) CompareKey(table, column);
  }

  void Widen(const WantedTable& table, const WantedColumn& column, const StoredColumn& stored) {
    const bool widens = Widens(stored, column) && column.key.empty() && !stored.in_view &&
                        !stored.is_key && Find(table.name)->kind == ObjectKind::Table;
    if (!widens) {
      if (dialect_.Reads(stored.type, column.type)) return;
      Refuse(
          table, column,
          core::Concat({TypeReason(table.name, column.name, stored.type, column.type),
                        &column == &table.columns.front() || !column.key.empty()
                            ? ""
                            : "; a new field can take its place, which a hook of OnMigrate fills "
                              "by m.Sql(...)"}));
    }
    const std::string wide = TooWide(stored, column, Quote(NowCalled(table, column.name)));
    if (!wide.empty() && AnyRow(table, wide)) {
      RefuseRows(
          table, column,
          core::Concat({"there are rows in which the integer is too large to be a real", kMend}));
    }
    changes_[table.name].retyped.push_back(&column);
  }

  void CompareKey(const WantedTable& table, const WantedColumn& column) {
    for (const StoredKey& key : KeysOf(table.name)) {
      for (std::size_t at = 0; at < key.columns.size(); ++at) {
        if (!Equal(key.columns[at], column.name)) continue;
        return CompareKey(table, column, key, key.to[at]);
      }
    }
    Refuse(table, column, GetsNoKey(table, column));
  }
  void CompareKey(const WantedTable& table, const WantedColumn& column, const StoredKey& key,
                  const std::string& to) {
    const WantedKey& wanted = column.key.front();
    const bool to_id = to.empty() || Equal(to, wanted.column);
    if (!Equal(key.table, wanted.table) || !to_id) {
      Refuse(table, column,
             core::Concat({"its foreign key refers to ", Quote(key.table, to), ", not to ",
                           Quote(wanted.table, wanted.column),
                           "; give the edge another StorageKey, and the column stays"}));
    }
    const bool same =
        key.action == wanted.action || (key.action == "RESTRICT" && wanted.action == "NO ACTION");
    if (same) return;
    Refuse(table, column,
           core::Concat({"its foreign key is ON DELETE ", key.action, ", not ", wanted.action,
                         KeepsAction()}));
  }
};

}  // namespace grapnel::store::sql
