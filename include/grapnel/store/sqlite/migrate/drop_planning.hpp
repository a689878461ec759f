#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/store/driver/error.hpp>
#include <grapnel/store/driver/plan.hpp>
#include <grapnel/store/sql/renames.hpp>
#include <grapnel/store/sql/sql.hpp>
#include <grapnel/store/sql/wanted.hpp>
#include <grapnel/store/sqlite/migrate/index_planning.hpp>
#include <grapnel/store/sqlite/migrate/table_text.hpp>
#include <grapnel/store/sqlite/migrate/tables.hpp>
#include <grapnel/store/sqlite/native/dialect.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel::sqlite::detail {

/// Plans what becomes of columns and tables that the schema does not have.
class DropPlanning : protected IndexPlanning {
 protected:
  using IndexPlanning::IndexPlanning;

  void LookAtLeftover(const WantedTable& table, const StoredColumn& stored) {
    const Object& object = *Find(table.name);
    const bool made =
        object.kind == Kind::Table && !stored.is_key && TableText(object.sql).IsMade(stored.name);
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
  static bool WasColumnOf(const WantedTable& table, std::string_view name) {
    return std::any_of(table.columns.begin(), table.columns.end(),
                       [&](const WantedColumn& column) { return HoldsName(column.was, name); });
  }
  /// Whether it is a table that Grapnel has made, for a schema that had it.
  static bool IsUnasked(const Object& object, const std::vector<WantedTable>& wanted) {
    constexpr std::string_view kOwn = "grapnel_";
    if (object.kind != Kind::Table) return false;
    if (EqualNames(std::string_view(object.name).substr(0, kOwn.size()), kOwn)) return false;
    const bool asked = std::any_of(wanted.begin(), wanted.end(), [&](const WantedTable& table) {
      return EqualNames(object.name, table.name);
    });
    return !asked && TableText(object.sql).IsMade();
  }
  /// What of a table that Grapnel has made it has not made, and would go with it; "" for nothing.
  std::string OthersIn(const Object& table) {
    const TableText text(table.sql);
    for (const StoredColumn& column : ColumnsInDatabase(native_, table.name)) {
      if (!text.IsMade(column.name)) return core::Concat({"column ", Quote(column.name)});
    }
    for (const auto& row : Query("SELECT name FROM main.sqlite_schema WHERE type = 'trigger' AND "
                                 "tbl_name = ?1 COLLATE NOCASE",
                                 {table.name})) {
      return core::Concat({"trigger ", Quote(row.front())});
    }
    for (const Object& index : objects_) {
      const bool of_table = index.kind == Kind::Index && EqualNames(index.table, table.name);
      if (!of_table || index.gone || index.sql.empty()) continue;
      if (HasMadeText(index, Stored(index))) continue;
      return core::Concat({"index ", Quote(index.name)});
    }
    return "";
  }
  void DropColumn(const WantedTable& table, const std::string& column) {
    NeedSketch();
    while (const auto user = sketch_->UserOf(table.name, column)) {
      if (DropOwnIndex(table, *user)) continue;  // another one may use it as well
      throw MigrationError(core::Concat({"cannot drop column ", Quote(table.name, column), ": ",
                                         *user, " uses it. Nothing was changed"}));
    }
    for (const auto& key :
         Query("SELECT holder.name FROM main.sqlite_schema AS holder, "
               "pragma_foreign_key_list(holder.name) AS key WHERE holder.type = 'table' AND "
               "key.\"table\" = ?1 COLLATE NOCASE AND key.\"to\" = ?2 COLLATE NOCASE",
               {table.name, column})) {
      throw MigrationError(core::Concat({"cannot drop column ", Quote(table.name, column),
                                         ": a foreign key of table ", Quote(key.front()),
                                         " refers to it. Nothing was changed"}));
    }
    Add({StepKind::DropColumn, table.name, column},
        core::Concat({"ALTER TABLE ", Quote(table.name), " DROP COLUMN ", Quote(column)}));
  }
  /// Where what is in the way is an index of Grapnel's own making, known by its name or, where the
  /// names of today are not those it was made of, by its text: drops it.
  bool DropOwnIndex(const WantedTable& table, std::string_view user) {
    for (Object& object : objects_) {
      if (object.kind != Kind::Index || object.gone) continue;
      if (user != core::Concat({"index ", object.name})) continue;
      const bool own = EqualNames(object.table, table.name) &&
                       (IsOwnIndex(table, object) || HasMadeText(object, Stored(object)));
      if (own) Drop(object);
      return own;
    }
    return false;
  }
  void DropTables(const std::vector<std::string>& gone) {
    NeedSketch();
    for (const auto& key :
         Query("SELECT holder.name, key.\"table\" FROM main.sqlite_schema AS holder, "
               "pragma_foreign_key_list(holder.name) AS key WHERE holder.type = 'table'",
               {})) {
      if (HoldsName(gone, key[0]) || !HoldsName(gone, key[1])) continue;
      throw MigrationError(core::Concat({"cannot drop table ", Quote(key[1]), ": table ",
                                         Quote(key[0]), " refers to it. Nothing was changed"}));
    }
    for (const std::string& table : gone) {
      Add({StepKind::DropTable, table}, core::Concat({"DROP TABLE ", Quote(table)}));
    }
    const auto user = sketch_->Harmed();
    if (!user) return;
    const auto used = std::find_if(gone.begin(), gone.end(), [&](const std::string& table) {
      return user->reason.ends_with(table);  // no such table: main.t
    });
    throw MigrationError(core::Concat(
        {"cannot drop table ", Quote(used != gone.end() ? *used : gone.front()), ": ", user->what,
         " uses it. SQLite says: ", user->reason, ". Nothing was changed"}));
  }
};

}  // namespace grapnel::sqlite::detail
