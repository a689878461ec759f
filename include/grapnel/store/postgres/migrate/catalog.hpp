#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/store/driver/error.hpp>
#include <grapnel/store/driver/plan.hpp>
#include <grapnel/store/postgres/migrate/columns.hpp>
#include <grapnel/store/postgres/migrate/rows.hpp>
#include <grapnel/store/postgres/native/native_connection.hpp>
#include <grapnel/store/sql/migrate/catalog.hpp>
#include <grapnel/store/sql/names.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// What is in the schema in which tables are made, as PostgreSQL's catalog tells it.
/// Source: https://www.postgresql.org/docs/current/catalogs.html
namespace grapnel::postgres::detail {

using namespace store::sql;

/// The tables, indexes and foreign keys that are there, and what steps make of them.
class Catalog {
 public:
  struct TableColumn {
    std::string number;  // by which the database knows it
    StoredColumn stored;
    bool made = false;
  };
  struct Relation {
    Object object;
    std::string oid, what;
    std::vector<TableColumn> columns{};

    const TableColumn* Find(std::string_view column) const {
      for (const TableColumn& each : columns) {
        if (each.stored.name == column) return &each;
      }
      return nullptr;
    }
  };
  struct Index {
    std::string name;
    StoredIndex stored;
  };
  struct Key {
    std::string name, index;  // on what it refers to
    StoredKey stored;
  };

  explicit Catalog(NativeConnection& native) {
    if (RowsOf(native, "SELECT current_schema()::text").front().front().empty()) {
      throw MigrationError(
          "no schema of the search_path is there, so that tables could be made in none. Nothing "
          "was changed");
    }
    ReadRelations(native);
    ReadColumns(native);
    ReadIndexes(native);
    ReadKeys(native);
  }

  const std::vector<Relation>& Relations() const noexcept { return relations_; }
  const std::vector<Key>& Keys() const noexcept { return keys_; }
  const Relation* Find(std::string_view table) const {
    for (const Relation& each : relations_) {
      if (each.object.name == table) return &each;
    }
    return nullptr;
  }
  const Index* FindIndex(std::string_view name) const {
    for (const Index& each : indexes_) {
      if (each.name == name) return &each;
    }
    return nullptr;
  }

  /// Calls an index or a sequence anew.
  void Rename(const std::string& was, const std::string& now) {
    for (Relation& each : relations_) {
      if (each.object.name == was) each.object.name = now;
    }
    for (Index& each : indexes_) {
      if (each.name == was) each.name = now;
    }
    for (Key& each : keys_) {
      if (each.index == was) each.index = now;
    }
  }
  void RenameKey(const std::string& was, const std::string& holder, const std::string& now) {
    for (Key& each : keys_) {
      if (each.name == was && each.stored.holder == holder) each.name = now;
    }
  }
  /// From now on it is as that step leaves it; what steps make nobody asks it for.
  void Take(const store::Step& step) {
    switch (step.kind) {
      case store::StepKind::RenameTable:
        return RenameTable(step.was, step.table);
      case store::StepKind::RenameColumn:
        return RenameColumn(step.table, step.was, step.name);
      case store::StepKind::DropIndex:
        std::erase_if(indexes_, [&](const Index& each) { return each.name == step.name; });
        return EraseRelation(step.name);
      case store::StepKind::DropTable:
        std::erase_if(keys_, [&](const Key& each) { return each.stored.holder == step.table; });
        return EraseRelation(step.table);
      case store::StepKind::DropColumn:
        std::erase_if(keys_, [&](const Key& each) {
          return each.stored.holder == step.table && HoldsText(each.stored.columns, step.name);
        });
        for (Relation& each : relations_) {
          if (each.object.name != step.table) continue;
          std::erase_if(each.columns,
                        [&](const TableColumn& column) { return column.stored.name == step.name; });
        }
        return;
      default:
        return;
    }
  }

 private:
  static constexpr std::string_view kOwnSchema =
      "(SELECT oid FROM pg_namespace WHERE nspname = current_schema())";

  static bool HoldsText(const std::vector<std::string>& texts, std::string_view text) {
    return std::find(texts.begin(), texts.end(), text) != texts.end();
  }
  void EraseRelation(std::string_view name) {
    std::erase_if(relations_, [&](const Relation& each) { return each.object.name == name; });
  }
  void RenameTable(const std::string& was, const std::string& now) {
    for (Relation& each : relations_) {
      if (each.object.name == was && each.object.kind != ObjectKind::Index) each.object.name = now;
      if (each.object.table == was) each.object.table = now;
    }
    for (Key& each : keys_) {
      if (each.stored.holder == was) each.stored.holder = now;
      if (each.stored.table == was) each.stored.table = now;
    }
  }
  void RenameColumn(const std::string& table, const std::string& was, const std::string& now) {
    const auto rename = [&](std::vector<std::string>& names) {
      std::replace(names.begin(), names.end(), was, now);
    };
    for (Relation& each : relations_) {
      if (each.object.name == table) {
        for (TableColumn& column : each.columns) {
          if (column.stored.name == was) column.stored.name = now;
        }
      }
      if (each.object.kind != ObjectKind::Index || each.object.table != table) continue;
      for (Index& index : indexes_) {
        if (index.name == each.object.name) rename(index.stored.columns);
      }
    }
    for (Key& each : keys_) {
      if (each.stored.holder == table) rename(each.stored.columns);
      if (each.stored.table == table) rename(each.stored.to);
    }
  }

  void ReadRelations(NativeConnection& native) {
    static const std::string text = core::Concat(
        {"SELECT c.oid::text, c.relkind::text, c.relname::text, t.relname::text FROM pg_class AS c "
         "LEFT JOIN pg_index AS i ON i.indexrelid = c.oid LEFT JOIN pg_class AS t ON t.oid = "
         "i.indrelid WHERE c.relkind <> 't' AND c.relnamespace = ",
         kOwnSchema, " ORDER BY c.oid"});
    for (Cells& row : RowsOf(native, text)) {
      const char kind = row[1].front();
      Relation& relation = relations_.emplace_back();
      relation.oid = row[0];
      relation.what = What(kind, row[3]);
      relation.object = {kind == 'r'                  ? ObjectKind::Table
                         : kind == 'v' || kind == 'm' ? ObjectKind::View
                         : kind == 'i' || kind == 'I' ? ObjectKind::Index
                                                      : ObjectKind::Other,
                         std::move(row[2]), std::move(row[3])};
    }
  }
  static std::string What(char kind, std::string_view table) {
    switch (kind) {
      case 'v':
        return "a view";
      case 'm':
        return "a materialized view";
      case 'i':
      case 'I':
        return core::Concat({"an index of table ", Quote(table)});
      case 'p':
        return "a partitioned table";
      case 'f':
        return "a foreign table";
      case 'S':
        return "a sequence";
      case 'c':
        return "a type";
      default:
        return "a table";
    }
  }
  void ReadColumns(NativeConnection& native) {
    static const std::string text = ColumnsText(core::Concat({"c.relnamespace = ", kOwnSchema}));
    std::size_t at = 0;
    for (const Cells& row : RowsOf(native, text)) {
      while (at < relations_.size() && relations_[at].oid != row[0]) ++at;
      if (at == relations_.size()) return;  // it was made meanwhile
      relations_[at].columns.push_back({row[1], ColumnOf(row), !row[10].empty()});
    }
  }
  /// The mark of an index stands behind its condition, where it has one, as it was asked for, and
  /// as PostgreSQL understood it: as long as that is the same, nothing in it was called anew.
  void ReadIndexes(NativeConnection& native) {
    static const std::string text = core::Concat(
        {"SELECT c.relname::text, CASE WHEN i.indisunique THEN '1' END, pg_get_expr(i.indpred, "
         "i.indrelid), CASE WHEN k.oid IS NOT NULL THEN '1' END, CASE WHEN m.amname = 'btree' AND "
         "k.oid IS NULL AND i.indisvalid AND i.indnkeyatts = i.indnatts AND NOT "
         "COALESCE((to_jsonb(i) ->> 'indnullsnotdistinct')::boolean, false) THEN '1' END, "
         "obj_description(c.oid, 'pg_class'), a.attname::text, CASE WHEN i.indoption[n.at - 1] & 1 "
         "= 0 THEN '1' END, CASE WHEN i.indcollation[n.at - 1] = a.attcollation AND o.opcdefault "
         "THEN '1' END, CASE WHEN m.amname = 'btree' AND i.indisunique AND i.indisvalid AND "
         "i.indimmediate AND i.indpred IS NULL AND NOT COALESCE((to_jsonb(i) ->> "
         "'indnullsnotdistinct')::boolean, false) THEN '1' END FROM "
         "pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid JOIN pg_am AS m ON m.oid = "
         "c.relam CROSS JOIN generate_series(1, i.indnkeyatts) AS n (at) LEFT JOIN pg_constraint "
         "AS k ON k.conindid = c.oid AND k.contype IN ('p', 'u', 'x') LEFT JOIN pg_attribute AS a "
         "ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n.at - 1] AND a.attnum <> 0 JOIN "
         "pg_opclass AS o ON o.oid = i.indclass[n.at - 1] WHERE c.relnamespace = ",
         kOwnSchema, " ORDER BY c.oid, n.at"});
    for (Cells& row : RowsOf(native, text)) {
      if (indexes_.empty() || indexes_.back().name != row[0]) {
        Index& index = indexes_.emplace_back();
        index.name = std::move(row[0]);
        index.stored.unique = !row[1].empty();
        index.stored.partial = !row[2].empty();
        index.stored.of_constraint = !row[3].empty();
        index.stored.plain = !row[4].empty();
        index.stored.keeps_unique = !row[9].empty();
        ReadMark(row[5], row[2], index.stored);
      }
      StoredIndex& stored = indexes_.back().stored;
      const bool whole = !row[6].empty() && !row[8].empty();
      stored.plain = stored.plain && whole && !row[7].empty();
      stored.keeps_unique = stored.keeps_unique && whole;
      stored.columns.push_back(std::move(row[6]));
    }
  }
  static void ReadMark(std::string_view comment, std::string_view condition, StoredIndex& stored) {
    if (!comment.ends_with(kMark)) return;
    stored.made = true;
    comment.remove_suffix(kMark.size());
    const std::string end = core::Concat({"\n", condition, "\n"});
    if (!comment.ends_with(end)) return;
    comment.remove_suffix(end.size());
    stored.where = comment;
  }
  void ReadKeys(NativeConnection& native) {
    static const std::string text = core::Concat(
        {"SELECT k.oid::text, k.conname::text, c.relname::text, t.relname::text, "
         "k.confdeltype::text, "
         "a.attname::text, b.attname::text, i.relname::text FROM pg_constraint AS k JOIN pg_class "
         "AS c ON c.oid = "
         "k.conrelid JOIN pg_class AS t ON t.oid = k.confrelid JOIN pg_class AS i ON i.oid = "
         "k.conindid CROSS JOIN "
         "generate_subscripts(k.conkey, 1) AS n (at) JOIN pg_attribute AS a ON a.attrelid = "
         "k.conrelid AND a.attnum = k.conkey[n.at] JOIN pg_attribute AS b ON b.attrelid = "
         "k.confrelid AND b.attnum = k.confkey[n.at] WHERE k.contype = 'f' AND ",
         kOwnSchema, " IN (c.relnamespace, t.relnamespace) ORDER BY c.relname, k.oid, n.at"});
    std::string last;
    for (Cells& row : RowsOf(native, text)) {
      if (row[0] != last) {
        last = row[0];
        keys_.push_back(
            {row[1], row[7], {row[2], {}, row[3], {}, std::string(ActionOf(row[4].front()))}});
      }
      keys_.back().stored.columns.push_back(std::move(row[5]));
      keys_.back().stored.to.push_back(std::move(row[6]));
    }
  }
  static std::string_view ActionOf(char action) noexcept {
    switch (action) {
      case 'c':
        return "CASCADE";
      case 'n':
        return "SET NULL";
      case 'd':
        return "SET DEFAULT";
      case 'r':
        return "RESTRICT";
      default:
        return "NO ACTION";
    }
  }

  std::vector<Relation> relations_{};
  std::vector<Index> indexes_{};
  std::vector<Key> keys_{};
};

}  // namespace grapnel::postgres::detail
