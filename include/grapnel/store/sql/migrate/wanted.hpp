#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/model/graph.hpp>
#include <grapnel/model/old_names.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/store/driver/error.hpp>
#include <grapnel/store/sql/migrate/dialect.hpp>
#include <grapnel/store/sql/migrate/literal.hpp>
#include <grapnel/store/sql/migrate/renames.hpp>
#include <grapnel/store/sql/sql.hpp>

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// The tables and indexes that the schema wants, and their SQL.
namespace grapnel::store::sql {

using grapnel::detail::Graph;
using grapnel::detail::IndexInfo;

struct WantedKey {
  std::string table, column;  // referred to
  std::string_view action;
};

struct WantedColumn {
  std::string name;
  std::string_view type;
  bool not_null = false;
  const Column* column =
      nullptr;  // of the schema; null: of an edge that the table's entity does not know
  std::vector<WantedKey> key{};  // at most one
  std::vector<std::string> was{};
};

struct WantedIndex {
  std::string name;
  std::vector<std::string> columns;
  bool unique;
  std::string where{};      // of a partial one
  std::string unique_of{};  // the member that says Unique; its name is made of others
  bool of_edge = false;     // the same of an edge
};

struct WantedTable {
  std::string name;
  std::string_view entity;  // or the edge, of a table of pairs
  std::vector<WantedColumn> columns{};
  std::vector<WantedIndex> indexes{};
  bool pairs = false;
  std::vector<std::string> was{};
  NameRule equal = EqualNames;

  WantedColumn& Find(std::string_view column) {
    return *std::find_if(columns.begin(), columns.end(),
                         [&](const WantedColumn& each) { return each.name == column; });
  }
  /// The column that the engine takes for this name, or null.
  const WantedColumn* Named(std::string_view column) const {
    for (const WantedColumn& each : columns) {
      if (equal(each.name, column)) return &each;
    }
    return nullptr;
  }
};

/// What the foreign key of a column is called.
inline std::string KeyName(std::string_view table, std::string_view column) {
  return core::Concat({table, "_", column, "_fkey"});
}

/// Throws: MigrationError for an old name that is the one of now.
inline void CheckIsOld(std::string_view was, std::string_view now, std::string_view who,
                       NameRule equal) {
  if (!equal(was, now)) return;
  throw MigrationError(
      core::Concat({who, ": WasNamed says ", Quote(was), ", which is what it is called now"}));
}
inline std::vector<std::string> OldNamesOf(const Table& table, NameRule equal) {
  for (const std::string_view was : table.was) CheckIsOld(was, table.name, table.entity, equal);
  return {table.was.begin(), table.was.end()};
}
/// What a column was called: a field's by its name; the key of an edge by a name that was made of
/// the edge's, or was that itself.
inline std::vector<std::string> OldNamesOf(const Table& table, const Column& column,
                                           NameRule equal) {
  std::vector<std::string> was;
  for (const std::string_view name : column.was) {
    CheckIsOld(name, column.storage, core::Concat({table.entity, ".", column.name}), equal);
    std::string key = core::Concat({name, "_id"});
    if (column.target != nullptr && !equal(key, column.storage)) was.push_back(std::move(key));
    was.emplace_back(name);
  }
  return was;
}
/// What the table of an edge's pairs was called, or the column of its key in the neighbour's table:
/// names that were made of the type's table and the edge, and those that it was given.
inline std::vector<std::string> OldNamesOf(const Relation& relation, std::string_view now,
                                           NameRule equal) {
  const grapnel::detail::EdgeEnd& edge = *relation.edge;
  const Table& table = *relation.source;
  std::vector<std::string> tables{std::string(table.name)}, edges{std::string(edge.name)}, was;
  tables.insert(tables.end(), table.was.begin(), table.was.end());
  edges.insert(edges.end(), edge.was.begin(), edge.was.end());
  if (!edge.storage.empty() && edge.was.empty()) return was;
  // What an edge of its name made is another's now.
  const bool reused = std::any_of(table.edges.begin(), table.edges.end(), [&](const auto& other) {
    return std::any_of(other.was.begin(), other.was.end(),
                       [&](std::string_view name) { return equal(name, edge.name); });
  });
  if (reused) edges.erase(edges.begin());
  const auto add = [&](std::string name) {
    if (!equal(name, now) && !HoldsName(was, name, equal)) was.push_back(std::move(name));
  };
  for (const std::string_view name : edge.was) {
    CheckIsOld(name, now, core::Concat({table.entity, ".", edge.name}), equal);
    add(std::string(name));
  }
  for (const std::string& of : tables) {
    for (const std::string& name : edges) add(core::Concat({of, "_", name}));
  }
  return was;
}

inline WantedTable WantTable(const Table& table, const MigrationDialect& dialect) {
  const NameRule equal = dialect.Equal();
  WantedTable wanted{std::string(table.name), table.entity};
  wanted.equal = equal;
  wanted.was = OldNamesOf(table, equal);
  for (const Column& column : table.columns) {
    wanted.columns.push_back({std::string(column.storage),
                              dialect.TypeName(column.Kind()),
                              !column.nullable,
                              &column,
                              {},
                              OldNamesOf(table, column, equal)});
    if (column.unique && column.target == nullptr) {
      wanted.indexes.push_back({core::Concat({table.name, "_", column.storage, "_key"}),
                                {std::string(column.storage)},
                                true,
                                "",
                                std::string(column.name)});
    }
  }
  for (const IndexInfo& index : table.Indexes()) {
    std::string name(table.name);
    std::vector<std::string> columns;
    for (const auto tag : index.fields) {
      const Column* column = table.FindTag(tag);
      if (column == nullptr) {
        throw MigrationError(
            core::Concat({table.entity, ": an index names a member that is not in Fields()"}));
      }
      core::Append(name, {"_", column->storage});
      columns.emplace_back(column->storage);
    }
    if (!index.name.empty()) name = index.name;
    wanted.indexes.push_back(
        {std::move(name), std::move(columns), index.unique,
         index.where != nullptr ? IndexCondition(dialect, table, *index.where) : std::string()});
  }
  return wanted;
}

inline void WantKey(WantedTable& holder, const Relation& key, const Graph& graph,
                    const MigrationDialect& dialect) {
  const auto index = [&] {
    return WantedIndex{core::Concat({holder.name, "_", key.column, key.unique ? "_key" : ""}),
                       {key.column},
                       key.unique,
                       "",
                       "",
                       true};
  };
  if (key.kind == Relation::Kind::TheirKey) {
    holder.columns.push_back({key.column,
                              dialect.TypeName(key.Referred().Id().Kind()),
                              false,
                              nullptr,
                              {},
                              OldNamesOf(key, key.column, dialect.Equal())});
  }
  // Not RESTRICT, which could not even wait for the other rows of one deletion.
  std::string_view action = key.on_delete == SetNull ? "SET NULL" : "NO ACTION";
  if (key.on_delete == Cascade && !graph.IsCyclic(key)) action = "CASCADE";
  holder.Find(key.column)
      .key.push_back(
          {std::string(key.Referred().name), std::string(key.Referred().Id().storage), action});
  holder.indexes.push_back(index());
}

inline WantedTable WantPairs(const Relation& join, const MigrationDialect& dialect) {
  WantedTable wanted{join.table, join.edge->entity};
  wanted.pairs = true;
  wanted.equal = dialect.Equal();
  wanted.was = OldNamesOf(join, join.table, wanted.equal);
  const auto add = [&](const std::string& column, const Table& to,
                       const grapnel::detail::OldNames& of) {
    std::vector<std::string> was;
    for (const std::string_view name : of) was.push_back(core::Concat({name, "_id"}));
    wanted.columns.push_back(
        {column, dialect.TypeName(to.Id().Kind()), true, nullptr, {}, std::move(was)});
    wanted.columns.back().key.push_back(
        {std::string(to.name), std::string(to.Id().storage), "CASCADE"});
  };
  add(join.column, *join.source, join.source->was);
  add(join.other, *join.target, join.edge->was);
  wanted.indexes.push_back(
      {core::Concat({join.table, "_", join.other}), {join.other}, false, "", "", true});
  return wanted;
}

/// Throws: MigrationError unless the columns of a table have names, and no two the same.
inline void CheckColumnNames(const WantedTable& table, const MigrationDialect& dialect) {
  for (std::size_t at = 0; at < table.columns.size(); ++at) {
    const WantedColumn& column = table.columns[at];
    const std::string_view field = column.column != nullptr ? column.column->name : "an edge";
    const auto refuse = [&](std::string_view name, std::string_view what, std::string_view fault,
                            std::string_view remedy = "; give it another by StorageKey") {
      throw MigrationError(
          core::Concat({table.entity, ".", field, ": ", Quote(name), " cannot be ", what, " in ",
                        dialect.Engine(), fault, fault.empty() ? "" : remedy}));
    };
    if (const auto fault = dialect.ColumnNameFault(column.name)) {
      refuse(column.name, "a column's name", *fault);
    }
    for (std::size_t other = 0; other < at; ++other) {
      if (!table.equal(column.name, table.columns[other].name)) continue;
      throw MigrationError(core::Concat({table.entity, ".", field, ": there are two columns ",
                                         Quote(column.name), " in table ", Quote(table.name)}));
    }
    if (column.key.empty()) continue;
    const std::string key = KeyName(table.name, column.name);
    if (const auto fault = dialect.KeyNameFault(key)) {
      refuse(key, "the name of its foreign key", *fault,
             "; give the table a shorter name by Table, or the edge another by StorageKey");
    }
  }
}

/// How an index gets another name: one that is made of others follows those.
inline std::string Remedy(const WantedTable& table, const WantedIndex& index) {
  if (index.of_edge) {
    return "; give the table a shorter name by Table, or the edge another by StorageKey";
  }
  if (index.unique_of.empty()) return "; give it another name by StorageKey";
  return core::Concat(
      {"; give the table another name by Table, or the column by StorageKey, or "
       "instead of Unique() write Index<&",
       table.entity, "::", index.unique_of, ">().Unique().StorageKey(\"short\") in Indexes()"});
}

/// Throws: MigrationError for names that the engine does not take, or that are given twice: tables,
/// tables of pairs and indexes share one room of names.
inline void CheckNames(const std::vector<WantedTable>& tables, const MigrationDialect& dialect) {
  const NameRule equal = dialect.Equal();
  for (std::size_t at = 0; at < tables.size(); ++at) {
    const WantedTable& table = tables[at];
    if (const auto fault = dialect.ObjectNameFault(table.name)) {
      const std::string_view remedy = table.pairs ? "; give the edge another by StorageKey"
                                                  : "; give it another by Table, as StorageKey "
                                                    "does of a field";
      throw MigrationError(
          core::Concat({table.entity, ": ", Quote(table.name), " cannot be a table's name in ",
                        dialect.Engine(), *fault, fault->empty() ? "" : remedy}));
    }
    for (std::size_t other = 0; other < at; ++other) {
      if (!equal(table.name, tables[other].name)) continue;
      throw MigrationError(core::Concat({table.entity, " and ", tables[other].entity,
                                         " want the same table, ", Quote(table.name)}));
    }
    CheckColumnNames(table, dialect);
  }
  std::vector<std::string_view> seen;
  for (const WantedTable& table : tables) {
    for (const WantedIndex& index : table.indexes) {
      const auto refuse = [&](std::string_view reason, std::string_view fault = "") {
        throw MigrationError(core::Concat(
            {table.entity, ": ", reason, ", ", Quote(index.name), fault, Remedy(table, index)}));
      };
      if (const auto fault = dialect.ObjectNameFault(index.name)) {
        refuse(core::Concat({"an index cannot have this name in ", dialect.Engine()}), *fault);
      }
      for (const std::string_view other : seen) {
        if (equal(index.name, other)) refuse("there are two indexes of one name");
      }
      for (const WantedTable& other : tables) {
        if (equal(index.name, other.name)) {
          refuse(core::Concat({"an index has the name of ", other.entity, "'s table"}));
        }
      }
      seen.push_back(index.name);
    }
  }
}

/// Throws: MigrationError for edges in a circle of which each has to be there when its row is
/// created. Nothing could be the first.
inline void CheckCircles(std::span<const Table* const> tables) {
  struct Step {
    const Table* from;
    const grapnel::detail::EdgeEnd* edge;
  };
  for (const Table* start : tables) {
    std::vector<Step> path;
    std::vector<const Table*> seen;
    const auto walk = [&](const auto& self, const Table& table) -> bool {
      for (const grapnel::detail::EdgeEnd& edge : table.edges) {
        if (!edge.required) continue;
        path.push_back({&table, &edge});
        const Table& target = edge.target();
        if (target.type == start->type) return true;
        if (!Graph::Holds(seen, target)) {
          seen.push_back(&target);
          if (self(self, target)) return true;
        }
        path.pop_back();
      }
      return false;
    };
    if (!walk(walk, *start)) continue;
    std::string circle;
    for (const Step& step : path) {
      core::Append(circle, {step.from->entity, ".", step.edge->name, " -> "});
    }
    throw MigrationError(core::Concat(
        {circle, start->entity, ": each of these edges is Required, so that no row of ",
         start->entity, " could ever be the first; make one of them optional"}));
  }
}

/// How the columns of a table are and were called.
inline std::vector<Naming> NamingsOf(const WantedTable& table) {
  std::vector<Naming> namings;
  for (const WantedColumn& column : table.columns) {
    const std::string_view field =
        column.column != nullptr ? column.column->name : std::string_view(column.name);
    namings.push_back({column.name, column.was, core::Concat({table.entity, ".", field})});
  }
  return namings;
}
inline std::vector<Naming> NamingsOf(const std::vector<WantedTable>& tables) {
  std::vector<Naming> namings;
  for (const WantedTable& table : tables) {
    namings.push_back({table.name, table.was, std::string(table.entity)});
  }
  return namings;
}

/// Everything that the schema wants.
inline std::vector<WantedTable> WantAll(std::span<const Table* const> tables,
                                        const MigrationDialect& dialect) {
  const Graph graph(tables);
  CheckCircles(tables);
  std::vector<WantedTable> wanted;
  for (const Table* table : tables) wanted.push_back(WantTable(*table, dialect));
  CheckNames(wanted, dialect);  // keys are put into tables by their names
  for (const Relation* key : graph.Keys()) {
    const auto holder = std::find_if(wanted.begin(), wanted.end(), [&](const WantedTable& each) {
      return each.name == key->Holder().name;
    });
    WantKey(*holder, *key, graph, dialect);
  }
  for (const Relation* join : graph.Joins()) wanted.push_back(WantPairs(*join, dialect));
  CheckNames(wanted, dialect);
  CheckOldNames(NamingsOf(wanted), dialect.Equal());
  for (const WantedTable& table : wanted) CheckOldNames(NamingsOf(table), dialect.Equal());
  return wanted;
}

inline std::string KeyText(const WantedTable& table, const WantedColumn& column, bool named_column,
                           const MigrationDialect& dialect) {
  const WantedKey& key = column.key.front();
  return core::Concat(
      {"CONSTRAINT ", Quote(KeyName(table.name, column.name)),
       named_column ? core::Concat({" FOREIGN KEY (", Quote(column.name), ")"}) : "",
       " REFERENCES ", Quote(key.table), " (", Quote(key.column), ") ON DELETE ", key.action,
       dialect.KeyText()});
}

/// A column's description. `placeholder`: a DEFAULT that it has for as long as it is being filled.
inline std::string ColumnText(const WantedColumn& column, bool is_id,
                              const MigrationDialect& dialect, std::string_view placeholder = "") {
  std::string text =
      core::Concat({Quote(column.name), " ", column.type, dialect.CollationText(column.type),
                    is_id ? dialect.IdText(*column.column) : std::string(),
                    column.not_null ? " NOT NULL" : "", placeholder});
  if (column.column == nullptr || column.column->comment.empty()) return text;
  return text + dialect.CommentText(column.column->comment);
}

inline std::string CreateTableText(const WantedTable& table, const MigrationDialect& dialect) {
  std::string text = core::Concat({"CREATE TABLE ", Quote(table.name), " ("});
  for (const WantedColumn& column : table.columns) {
    const bool is_first = &column == &table.columns.front();
    core::Append(text,
                 {is_first ? "" : ", ", ColumnText(column, is_first && !table.pairs, dialect)});
  }
  if (table.pairs) {
    core::Append(text, {", PRIMARY KEY (", Quote(table.columns[0].name), ", ",
                        Quote(table.columns[1].name), ")"});
  }
  for (const WantedColumn& column : table.columns) {
    if (!column.key.empty()) core::Append(text, {", ", KeyText(table, column, true, dialect)});
  }
  text += ')';
  return text;
}

inline std::string CreateIndexText(const WantedTable& table, const WantedIndex& index,
                                   const MigrationDialect& dialect) {
  std::string columns;
  for (const std::string& column : index.columns) {
    const WantedColumn* found = table.Named(column);
    core::Append(columns, {columns.empty() ? "" : ", ",
                           dialect.IndexedText(column, found != nullptr && !found->not_null)});
  }
  return core::Concat({"CREATE ", index.unique ? "UNIQUE " : "", "INDEX ", Quote(index.name),
                       " ON ", Quote(table.name), " (", columns, ")",
                       index.where.empty() ? "" : " WHERE ", index.where});
}

}  // namespace grapnel::store::sql
