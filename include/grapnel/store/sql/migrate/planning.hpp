#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/store/driver/error.hpp>
#include <grapnel/store/driver/plan.hpp>
#include <grapnel/store/sql/migrate/catalog.hpp>
#include <grapnel/store/sql/migrate/dialect.hpp>
#include <grapnel/store/sql/migrate/renames.hpp>
#include <grapnel/store/sql/migrate/steps.hpp>
#include <grapnel/store/sql/migrate/wanted.hpp>
#include <grapnel/store/sql/sql.hpp>

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// What the parts of a planner share: what is in the database, and the plan so far.
namespace grapnel::store::sql {

/// What brings a database to the schema.
struct MigrationPlan {
  Plan plan{};
  Refusals refusals{};
};

class Planning {
 public:
  Planning(const Planning&) = delete;
  Planning& operator=(const Planning&) = delete;

 protected:
  Planning(const MigrationDialect& dialect, bool rehearse)
      : dialect_(dialect), rehearse_(rehearse) {}
  virtual ~Planning() = default;

  /// How a table, and columns of it, are called as yet.
  struct Former {
    std::string table;
    std::vector<Rename> columns{};
  };
  /// The foreign key of a column gets another name.
  struct KeyRename {
    std::string column, from, to;
  };
  /// What changes in the description of a table that is there.
  struct Change {
    std::vector<const WantedColumn*> nullable{}, retyped{};
    std::vector<KeyRename> keys{};
    std::vector<std::string> dropped{};  // columns
    std::vector<std::string> freed{};    // columns of an older program: they may be NULL
  };
  /// A unique index that goes.
  struct KeyGone {
    std::string name, table;
    std::vector<std::string> columns;
  };
  /// A column that the plan adds; required ones are filled with their Default.
  struct Added {
    const WantedTable* table;
    const WantedColumn* column;
  };

  // What the engine tells of the database, as the steps so far make it.

  virtual std::vector<Object> Objects() = 0;
  virtual std::string Describe(const Object& object) = 0;
  /// None where there is no such table.
  virtual std::vector<StoredColumn> Columns(std::string_view table) = 0;
  virtual StoredIndex Stored(const Object& index) = 0;
  virtual std::vector<StoredKey> KeysOf(std::string_view table) = 0;
  virtual std::vector<StoredKey> AllKeys() = 0;
  /// Whether Grapnel has made the table, or this column of it.
  virtual bool IsMade(const Object& table) = 0;
  virtual bool IsMade(const Object& table, std::string_view column) = 0;
  /// What of others acts when rows of the table are written, by its kind and name; "" for nothing.
  virtual std::string TriggerOf(std::string_view table) = 0;
  /// What names the column, of other columns and the constraints of its table, of indexes, views
  /// and triggers: an index as `index name`.
  virtual std::optional<std::string> UserOf(std::string_view table, std::string_view column) = 0;

  // What it tells of the rows as they are.

  virtual bool AnyRow(const std::string& query) = 0;

  // What it does with steps.

  /// From now on what it tells is what the steps so far, and those that come, make of the database.
  virtual void Follow() {}
  /// Throws: MigrationError where the engine would not take the step.
  virtual void Try(const Step& /*step*/) {}

  [[noreturn]] static void Refuse(const WantedTable& table, const WantedColumn& column,
                                  std::string_view reason) {
    throw MigrationError(Refusal(table, FieldName(column), reason));
  }
  static constexpr std::string_view kMend =
      "; a hook of OnMigrate can mend such rows first, by m.Sql(...)";
  /// Of rows as they are: a migration hook may mend them first.
  void RefuseRows(const WantedTable& table, const WantedColumn& column, std::string_view reason) {
    RefuseRows(Refusal(table, FieldName(column), reason));
  }
  void RefuseRows(std::string refusal) { plan_.plan.hindrances.push_back(std::move(refusal)); }
  static std::string_view FieldName(const WantedColumn& column) {
    return column.column != nullptr ? column.column->name : std::string_view(column.name);
  }
  static std::string Refusal(const WantedTable& table, std::string_view fields,
                             std::string_view reason) {
    return core::Concat({"cannot bring table ", Quote(table.name), " to the schema of ",
                         table.entity, ": ", fields, ": ", reason, ". Nothing was changed"});
  }

  void Add(Step step) {
    Try(step);
    plan_.plan.steps.push_back(std::move(step));
  }
  void Add(Step step, std::string statement) {
    step.statements.push_back(std::move(statement));
    Add(std::move(step));
  }

  bool Equal(std::string_view left, std::string_view right) const {
    return dialect_.Equal()(left, right);
  }
  bool Holds(const std::vector<std::string>& names, std::string_view name) const {
    return HoldsName(names, name, dialect_.Equal());
  }
  bool SameNames(const std::vector<std::string>& a, const std::vector<std::string>& b) const {
    const auto within = [this](const auto& some, const auto& all) {
      return std::all_of(some.begin(), some.end(),
                         [&](const std::string& each) { return Holds(all, each); });
    };
    return within(a, b) && within(b, a);
  }

  // What a table and a column of the schema are called in the database before the first step.

  std::string_view NowCalled(const WantedTable& table) const {
    const auto former = formers_.find(table.name);
    return former != formers_.end() ? std::string_view(former->second.table) : table.name;
  }
  std::string_view NowCalled(const WantedTable& table, std::string_view column) const {
    const auto former = formers_.find(table.name);
    if (former == formers_.end()) return column;
    for (const Rename& rename : former->second.columns) {
      if (Equal(rename.to, column)) return rename.from;
    }
    return column;
  }
  /// Whether the table has a row for which this holds, now.
  bool AnyRow(const WantedTable& table, std::string_view condition) {
    return AnyRow(core::Concat(
        {"SELECT '1' FROM ", Quote(NowCalled(table)), " WHERE ", condition, " LIMIT 1"}));
  }

  void ReadObjects() { objects_ = Objects(); }
  Object* Find(std::string_view name) {
    for (Object& each : objects_) {
      if (!each.gone && Equal(each.name, name)) return &each;
    }
    return nullptr;
  }

  /// A table with a foreign key to the columns of an index that goes.
  virtual std::optional<std::string> HolderOf(const KeyGone& gone) {
    for (const StoredKey& key : AllKeys()) {
      if (Equal(key.table, gone.table) && SameNames(key.to, gone.columns)) return key.holder;
    }
    return std::nullopt;
  }

  bool IsDropped(const WantedTable& table, std::string_view column) const {
    const auto change = changes_.find(table.name);
    return change != changes_.end() && Holds(change->second.dropped, column);
  }

  const MigrationDialect& dialect_;
  const bool rehearse_;
  bool may_drop_ = false;
  std::map<std::string, Former, std::less<>> formers_{};  // by what the tables are to be called
  std::map<std::string, Change, std::less<>> changes_{};  // the same
  std::vector<KeyGone> keys_gone_{};
  std::vector<Added> added_{};
  std::vector<Object> objects_{};
  MigrationPlan plan_{};
};

}  // namespace grapnel::store::sql
