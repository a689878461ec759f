#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/store/driver/error.hpp>
#include <grapnel/store/driver/plan.hpp>
#include <grapnel/store/sql/migrate/catalog.hpp>
#include <grapnel/store/sql/migrate/planning.hpp>
#include <grapnel/store/sql/migrate/wanted.hpp>
#include <grapnel/store/sql/names.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace grapnel::store::sql {

/// Plans indexes: those that are made, and those of Grapnel's own making that go.
class IndexPlanning : protected Planning {
 protected:
  using Planning::Planning;

  /// What gives a value of the column's Default, for each row in which it stands; "" where the
  /// engine can tell that only when it fills the rows.
  virtual std::string DefaultText(const WantedTable& table, const WantedColumn& column) = 0;

  /// Whether a foreign key holds as well by another index on the columns that it refers to.
  virtual bool KeysChangeIndex() const { return true; }

  /// The indexes that Grapnel made for a schema that asks for them no more, or for others of their
  /// names. They go before columns do, which their conditions may be about.
  void DropIndexes(const WantedTable& table) {
    for (Object& object : objects_) {
      if (object.kind != ObjectKind::Index || !Equal(object.table, table.name)) continue;
      const auto asked =
          std::find_if(table.indexes.begin(), table.indexes.end(),
                       [&](const WantedIndex& index) { return Equal(object.name, index.name); });
      if (asked == table.indexes.end()) {
        if (IsOwnIndex(table, object)) Drop(object);
        continue;
      }
      const auto stored = Stored(object);
      const bool goes = IsOn(stored, *asked)
                            ? stored.plain && IsAsMade(stored) && !IsAsAsked(stored, *asked)
                            : stored.made;
      if (goes) Drop(object);
    }
  }
  void Drop(Object& index) {
    auto stored = Stored(index);
    if (stored.unique && !stored.partial) {
      keys_gone_.push_back({index.name, index.table, std::move(stored.columns)});
    }
    Add({StepKind::DropIndex, index.table, index.name},
        core::Concat({"DROP INDEX ", Quote(index.name)}));
    index.gone = true;
  }
  /// Throws: MigrationError where a foreign key refers to the columns of a unique index that goes,
  /// and no other takes its place: SQLite would refuse everything that meets the key.
  void CheckReferred(const std::vector<WantedTable>& wanted) {
    for (const KeyGone& gone : keys_gone_) {
      const auto holder = HolderOf(gone);
      if (!holder || (KeysChangeIndex() && IsUnique(wanted, gone.table, gone.columns))) continue;
      throw MigrationError(
          core::Concat({"cannot drop index ", Quote(gone.name), " of table ", Quote(gone.table),
                        ": a foreign key of table ", Quote(*holder),
                        " refers to what it keeps unique. Nothing was changed"}));
    }
  }
  /// Whether it bears the name that Grapnel gives to an index on its columns, which the schema
  /// knows.
  bool IsOwnIndex(const WantedTable& table, const Object& object) {
    const auto stored = Stored(object);
    if (!stored.plain || stored.columns.empty() || !IsAsMade(stored)) return false;
    std::string name(NowCalled(table));
    for (const std::string& column : stored.columns) {
      if (table.Named(column) == nullptr && !IsDropped(table, column)) return false;
      core::Append(name, {"_", NowCalled(table, column)});
    }
    const bool is_key = stored.unique && stored.columns.size() == 1;
    return Equal(object.name, name) || (is_key && Equal(object.name, core::Concat({name, "_key"})));
  }

  /// Of partial ones Grapnel knows those of its own making by what the engine keeps of them.
  static bool IsAsMade(const StoredIndex& stored) { return !stored.partial || stored.made; }
  /// Whether it is on the columns that are asked for, in their order.
  bool IsOn(const StoredIndex& stored, const WantedIndex& index) const {
    return std::equal(stored.columns.begin(), stored.columns.end(), index.columns.begin(),
                      index.columns.end(), dialect_.Equal());
  }
  /// Of one that is as made, on the columns that are asked for: whether the rest is too.
  static bool IsAsAsked(const StoredIndex& stored, const WantedIndex& index) {
    if (stored.unique != index.unique || stored.partial == index.where.empty()) return false;
    return !stored.partial || stored.where == index.where;
  }

  /// Whether something keeps unique already what the index is to, such as a constraint of a table
  /// that others have made, which may even bear its name.
  bool IsKept(const WantedTable& table, const WantedIndex& index) {
    if (!index.unique || !index.where.empty()) return false;
    return std::any_of(objects_.begin(), objects_.end(), [&](const Object& each) {
      if (each.kind != ObjectKind::Index || each.gone || !Equal(each.table, table.name)) {
        return false;
      }
      const auto stored = Stored(each);
      return stored.keeps_unique && IsOn(stored, index);
    });
  }
  /// Where there is one already, it is as asked: else DropIndexes has dropped it, or it is refused.
  void PlanIndex(const WantedTable& table, const WantedIndex& index) {
    const auto refuse = [&](std::string_view reason) {
      throw MigrationError(core::Concat({"cannot make index ", Quote(index.name), " of ",
                                         table.entity, ": ", reason, ". Nothing was changed"}));
    };
    if (IsKept(table, index)) return;
    if (const Object* there = Find(index.name)) {
      if (there->kind != ObjectKind::Index)
        refuse(core::Concat({Describe(*there), " has this name"}));
      const auto stored = Stored(*there);
      const bool same = Equal(there->table, table.name) && stored.plain && IsOn(stored, index);
      if (!same || !IsAsMade(stored)) {
        const bool elsewhere = !Equal(there->table, table.name);
        refuse(core::Concat({"there is another one of this name",
                             elsewhere ? ", of table " + Quote(there->table) : std::string()}));
      }
      return;
    }
    const Object* on = Find(table.name);
    if (on != nullptr && on->kind != ObjectKind::Table) {
      refuse(core::Concat({Quote(table.name), " is ", Describe(*on), ", which has no indexes"}));
    }
    std::string text = CreateIndexText(table, index, dialect_);
    if (index.unique && on != nullptr) CheckUnique(table, index, text);
    Add({StepKind::CreateIndex, table.name, index.name}, std::move(text));
  }

  bool IsNew(const WantedTable& table, const WantedColumn& column) const {
    return std::any_of(added_.begin(), added_.end(), [&](const Added& added) {
      return added.table == &table && added.column == &column;
    });
  }
  /// What a column will hold, where it stands in a query about the rows as they are now.
  std::string ValueText(const WantedTable& table, const WantedColumn& column, bool& known) {
    if (!IsNew(table, column)) return Quote(NowCalled(table, column.name));
    const bool filled = column.not_null && column.column != nullptr && column.column->HasDefault();
    if (!filled) return core::Concat({"CAST(NULL AS ", column.type, ")"});
    std::string text = DefaultText(table, column);
    known = known && !text.empty();
    return text;
  }

  /// Refuses an index that rows break as they are, or as they will be filled.
  void CheckUnique(const WantedTable& table, const WantedIndex& index, const std::string& text) {
    std::string values, given, names, fields;
    bool varies = false, known = true;
    int at = 0;
    for (const std::string& name : index.columns) {
      const WantedColumn& column = *table.Named(name);
      const bool is_new = IsNew(table, column);
      if (is_new && !column.not_null) return;              // NULL in every row
      if (is_new && !column.column->HasDefault()) return;  // there are no rows
      varies = varies || (is_new && column.column->default_varies);
      const std::string alias = core::Concat({"grapnel_", std::to_string(++at)});
      const std::string_view comma = at > 1 ? ", " : "";
      // Rows of a condition have the names already.
      core::Append(values,
                   {comma, index.where.empty() ? ValueText(table, column, known) : Quote(name),
                    " AS ", alias});
      core::Append(given, {at > 1 ? " AND " : "", alias, " IS NOT NULL"});
      core::Append(names, {comma, alias});
      core::Append(fields, {comma, FieldName(column)});
    }
    std::string in;
    for (const std::string& name : index.columns) {
      core::Append(in, {in.empty() ? "" : ", ", table.name, ".", name});
    }
    std::string refusal = Refusal(
        table, fields,
        core::Concat({"it is to be unique, but there are rows that are alike in ", in, kMend}));
    std::string rows = Quote(NowCalled(table));
    if (!index.where.empty()) {  // which speaks of columns by the names that they will have
      std::string all;
      for (const WantedColumn& column : table.columns) {
        core::Append(all, {all.empty() ? "" : ", ", ValueText(table, column, known), " AS ",
                           Quote(column.name)});
        varies = varies || (IsNew(table, column) && column.not_null &&
                            column.column->HasDefault() && column.column->default_varies);
      }
      rows = core::Concat({"(SELECT * FROM (SELECT ", all, " FROM ", rows, ") AS ",
                           Quote(table.name), " WHERE ", index.where, ") AS grapnel_matching"});
    }
    if (known && (!varies || rehearse_)) {
      const std::string query =
          core::Concat({"WITH grapnel_rows AS MATERIALIZED (SELECT ", values, " FROM ", rows,
                        ") SELECT '1' FROM grapnel_rows WHERE ", given, " GROUP BY ", names,
                        " HAVING count(*) > 1 LIMIT 1"});
      if (AnyRow(query)) RefuseRows(refusal);
    }
    plan_.refusals.emplace(text, std::move(refusal));
  }

 private:
  bool IsUnique(const std::vector<WantedTable>& wanted, const std::string& table,
                const std::vector<std::string>& columns) {
    for (const WantedTable& each : wanted) {
      for (const WantedIndex& index : each.indexes) {
        const bool keeps = index.unique && index.where.empty() && Equal(each.name, table);
        if (keeps && SameNames(index.columns, columns)) return true;
      }
    }
    for (const Object& each : objects_) {
      if (each.kind != ObjectKind::Index || each.gone || !Equal(each.table, table)) continue;
      const auto stored = Stored(each);
      if (stored.unique && !stored.partial && SameNames(stored.columns, columns)) return true;
    }
    return false;
  }
};

}  // namespace grapnel::store::sql
