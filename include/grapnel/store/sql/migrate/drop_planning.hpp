#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/store/driver/error.hpp>
#include <grapnel/store/driver/plan.hpp>
#include <grapnel/store/sql/migrate/catalog.hpp>
#include <grapnel/store/sql/migrate/index_planning.hpp>
#include <grapnel/store/sql/migrate/wanted.hpp>
#include <grapnel/store/sql/names.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel::store::sql {

/// Plans what becomes of columns and tables that the schema does not have.
class DropPlanning : protected IndexPlanning {
 protected:
  using IndexPlanning::IndexPlanning;

  /// What goes with a column that is dropped, where it goes; and the table's statement.
  virtual void PlanColumnGone(const WantedTable& table, const std::string& column) {
    Add({StepKind::DropColumn, table.name, column},
        core::Concat({"ALTER TABLE ", Quote(table.name), " DROP COLUMN ", Quote(column)}));
  }
  /// Throws: MigrationError where others use the tables.
  virtual void PlanTablesGone(const std::vector<std::string>& gone) = 0;

  void LookAtLeftover(const WantedTable& table, const StoredColumn& stored) {
    const Object& object = *Find(table.name);
    const bool made =
        object.kind == ObjectKind::Table && !stored.is_key && IsMade(object, stored.name);
    if (made && may_drop_) {
      changes_[table.name].dropped.push_back(stored.name);
      return;
    }
    if (stored.not_null && !stored.has_default && !stored.is_key && !stored.generated) {
      if (made && WasColumnOf(table, stored.name)) {  // an older program has made it anew
        changes_[table.name].freed.push_back(stored.name);
        plan_.plan.leftovers.push_back({table.name, stored.name, made});
        return;
      }
      throw MigrationError(core::Concat(
          {"in table ", Quote(table.name), " column ", Quote(stored.name),
           " is NOT NULL and unknown to the schema of ", table.entity, ": no row could be created",
           "; a field that took its place says so by .WasNamed(\"", stored.name, "\")",
           made ? "; else it may be a newer program's; where no program needs it, "
                  "Migrate(Allow::Drop) "
                  "drops it, with what is in it"
                : "",
           ". Nothing was changed"}));
    }
    plan_.plan.leftovers.push_back({table.name, stored.name, made});
  }
  void PlanDrops(const std::vector<WantedTable>& wanted) {
    for (const WantedTable& table : wanted) {
      const auto change = changes_.find(table.name);
      if (change == changes_.end()) continue;
      for (const std::string& column : change->second.dropped) DropColumn(table, column);
    }
    std::vector<std::string> gone;
    for (const Object& each : objects_) {
      if (!IsUnasked(each, wanted)) continue;
      const std::string others = OthersIn(each);
      if (!may_drop_) {
        plan_.plan.leftovers.push_back({each.name, "", others.empty()});
      } else if (others.empty()) {
        gone.push_back(each.name);
      } else {
        throw MigrationError(core::Concat({"cannot drop table ", Quote(each.name), ": ", others,
                                           " is somebody else's. Nothing was changed"}));
      }
    }
    if (!gone.empty()) DropTables(gone);
  }

 private:
  bool WasColumnOf(const WantedTable& table, std::string_view name) const {
    return std::any_of(table.columns.begin(), table.columns.end(),
                       [&](const WantedColumn& column) { return Holds(column.was, name); });
  }
  /// Whether it is a table that Grapnel has made, for a schema that had it.
  bool IsUnasked(const Object& object, const std::vector<WantedTable>& wanted) {
    constexpr std::string_view kOwn = "grapnel_";
    if (object.kind != ObjectKind::Table) return false;
    if (Equal(std::string_view(object.name).substr(0, kOwn.size()), kOwn)) return false;
    const bool asked = std::any_of(wanted.begin(), wanted.end(), [&](const WantedTable& table) {
      return Equal(object.name, table.name);
    });
    return !asked && IsMade(object);
  }
  /// What of a table that Grapnel has made it has not made, and would go with it; "" for nothing.
  std::string OthersIn(const Object& table) {
    for (const StoredColumn& column : Columns(table.name)) {
      if (!IsMade(table, column.name)) return core::Concat({"column ", Quote(column.name)});
    }
    if (auto trigger = TriggerOf(table.name); !trigger.empty()) return trigger;
    for (const Object& index : objects_) {
      const bool of_table = index.kind == ObjectKind::Index && Equal(index.table, table.name);
      if (!of_table || index.gone) continue;
      const auto stored = Stored(index);
      if (stored.made || stored.of_constraint) continue;
      return core::Concat({"index ", Quote(index.name)});
    }
    return "";
  }
  void DropColumn(const WantedTable& table, const std::string& column) {
    Follow();
    while (const auto user = UserOf(table.name, column)) {
      if (DropOwnIndex(table, *user)) continue;  // another one may use it as well
      throw MigrationError(core::Concat({"cannot drop column ", Quote(table.name, column), ": ",
                                         *user, " uses it. Nothing was changed"}));
    }
    for (const StoredKey& key : AllKeys()) {
      if (!Equal(key.table, table.name) || !Holds(key.to, column)) continue;
      throw MigrationError(core::Concat({"cannot drop column ", Quote(table.name, column),
                                         ": a foreign key of table ", Quote(key.holder),
                                         " refers to it. Nothing was changed"}));
    }
    PlanColumnGone(table, column);
  }
  /// Where what is in the way is an index of Grapnel's own making, known by its name or, where the
  /// names of today are not those it was made of, by its text: drops it.
  bool DropOwnIndex(const WantedTable& table, std::string_view user) {
    for (Object& object : objects_) {
      if (object.kind != ObjectKind::Index || object.gone) continue;
      if (user != core::Concat({"index ", object.name})) continue;
      const bool own =
          Equal(object.table, table.name) && (IsOwnIndex(table, object) || Stored(object).made);
      if (own) Drop(object);
      return own;
    }
    return false;
  }
  void DropTables(const std::vector<std::string>& gone) {
    Follow();
    for (const StoredKey& key : AllKeys()) {
      if (Holds(gone, key.holder) || !Holds(gone, key.table)) continue;
      throw MigrationError(core::Concat({"cannot drop table ", Quote(key.table), ": table ",
                                         Quote(key.holder), " refers to it. Nothing was changed"}));
    }
    PlanTablesGone(gone);
  }
};

}  // namespace grapnel::store::sql
