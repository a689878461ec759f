#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/model/relation.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/store/driver/driver.hpp>
#include <grapnel/store/sql/condition.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

/// The SQL text of statements.
namespace grapnel::store::sql {

/// Names in SQL ignore ASCII case.
inline bool EqualNames(std::string_view left, std::string_view right) {
  const auto lower = [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  };
  return std::ranges::equal(left, right, {}, lower, lower);
}

inline std::string ColumnList(const Table& table) {
  std::string list;
  for (const Column& column : table.columns) {
    core::Append(list, {list.empty() ? "" : ", ", Quote(column.storage)});
  }
  return list;
}

/// " FROM" neighbours and what else says of whom they are.
inline std::string FromNeighbours(const Table& table, const Relation& relation) {
  const std::string id = Quote(table.name, table.Id().storage);
  std::string from = core::Concat({" FROM ", Quote(table.name)});
  if (relation.kind == Relation::Kind::Join) {
    core::Append(from, {" JOIN ", Quote(relation.table), " ON ", id, " = ",
                        Quote(relation.table, relation.other)});
  }
  return from;
}
/// SELECT of so many neighbours for each source: they are looked up source by source.
inline void AppendLimitedNeighbours(Sql& sql, const store::Select& select, std::string_view columns,
                                    const std::string& sources, std::string_view is_source) {
  const Table& table = *select.table;
  const std::string id = Quote(table.name, table.Id().storage);
  const bool lateral = sql.GetDialect().HasLateral();
  core::Append(sql.text, {"SELECT ", columns, "grapnel_source.place FROM ", sources, " CROSS JOIN ",
                          lateral ? "LATERAL (SELECT " : "", Quote(table.name)});
  if (lateral) {
    sql.text += ".*";
  } else {
    core::Append(sql.text, {" WHERE ", id, " IN (SELECT ", id});
  }
  core::Append(sql.text, {FromNeighbours(table, *select.through), " WHERE ", is_source});
  if (select.where != nullptr) {
    sql.text += " AND ";
    sql.Render(*select.where);
  }
  sql.OrderBy(select.order);
  sql.Limit(select.limit, select.offset);
  sql.text += ')';
  if (lateral) core::Append(sql.text, {" AS ", Quote(table.name)});
}
/// SELECT of neighbours, each with the place of the source that it is for. The database itself says
/// what is equal, by the collation of the id that is referred to: `collation` of it where the key
/// has another one.
inline Sql NeighboursText(const Dialect& dialect, const store::Select& select,
                          std::string_view collation = "") {
  const Table& table = *select.table;
  const Relation& relation = *select.through;
  Sql sql(dialect, table);
  std::string columns;
  for (const Column& column : table.columns) {
    core::Append(columns, {Quote(table.name, column.storage), ", "});
  }
  const std::string key = relation.kind == Relation::Kind::OwnKey
                              ? Quote(table.name, table.Id().storage)
                              : Quote(relation.table, relation.column);
  std::string is_source = core::Concat({key, " = ", dialect.Untyped("grapnel_source.value")});
  if (!collation.empty()) core::Append(is_source, {" COLLATE ", Quote(collation)});
  const std::string sources = core::Concat({sql.Values(select.sources), " AS grapnel_source"});
  if (select.limit || select.offset != 0) {
    AppendLimitedNeighbours(sql, select, columns, sources, is_source);
  } else {
    core::Append(sql.text, {"SELECT ", columns, "grapnel_source.place",
                            FromNeighbours(table, relation), " JOIN ", sources, " ON ", is_source});
    sql.Where(select.where);
  }
  sql.OrderBy(select.order);
  return sql;
}

/// UPDATE of keys, INSERT or DELETE of pairs. Parameter 1 is the source's id.
inline Sql EdgeText(const Dialect& dialect, const store::EdgeWrite& write) {
  using Do = store::EdgeWrite::Do;
  const Relation& relation = *write.relation;
  const Table& target = *relation.target;
  Sql sql(dialect, target, 2);
  const std::string source = sql.Place(1);
  const std::string table = Quote(relation.table), key = Quote(relation.column);
  if (relation.kind == Relation::Kind::Join && write.what == Do::Add) {
    core::Append(sql.text, {dialect.InsertOrIgnore(), table, " (", key, ", ", Quote(relation.other),
                            ") VALUES (", source, ", ", sql.Parameter(write.targets.front()), ")",
                            dialect.OnConflictIgnore()});
    return sql;
  }
  std::string id = Quote(target.Id().storage);
  if (relation.kind == Relation::Kind::Join) {
    id = Quote(relation.other);
    core::Append(sql.text, {"DELETE FROM ", table, " WHERE ", key, " = ", source});
  } else if (write.what == Do::Add) {
    core::Append(sql.text, {"UPDATE ", table, " SET ", key, " = ", source, " WHERE (", key,
                            " IS NULL OR ", key, " = ", source, ")"});
  } else {
    core::Append(sql.text, {"UPDATE ", table, " SET ", key, " = NULL WHERE ", key, " = ", source});
  }
  if (write.what != Do::RemoveAll) {
    sql.text += " AND ";
    sql.text += sql.In(write.targets, id);
  }
  return sql;
}

/// INSERT of all columns in the table's order, with or without the id; of one row or of several.
inline std::string InsertText(const Dialect& dialect, const Table& table, bool with_id,
                              std::size_t rows = 1) {
  std::string columns;
  const std::size_t first = with_id ? 0 : 1;
  for (std::size_t i = first; i < table.columns.size(); ++i) {
    core::Append(columns, {columns.empty() ? "" : ", ", Quote(table.columns[i].storage)});
  }
  std::string text = core::Concat({"INSERT INTO ", Quote(table.name)});
  if (columns.empty()) {
    text += " DEFAULT VALUES";
  } else {
    core::Append(text, {" (", columns, ") VALUES "});
  }
  std::size_t parameter = 0;
  for (std::size_t row = 0; row < rows && !columns.empty(); ++row) {
    text += row == 0 ? "(" : ", (";
    for (std::size_t i = first; i < table.columns.size(); ++i) {
      if (i > first) text += ", ";
      text += dialect.Placeholder();
      if (!dialect.CountsPlaceholders()) text += std::to_string(++parameter);
    }
    text += ')';
  }
  if (!with_id) text += dialect.Returning(table.Id().storage);
  return text;
}

/// " WHERE ..." of a statement about one row, whose id is the parameter of that number, or, where
/// that is 0, about all rows that match.
inline void WhereIdAnd(Sql& sql, const Table& table, int id_parameter, const PredicateNode* where) {
  if (id_parameter == 0) return sql.Where(where);
  core::Append(sql.text,
               {" WHERE ", Quote(table.name, table.Id().storage), " = ", sql.Place(id_parameter)});
  if (where == nullptr) return;
  sql.text += " AND ";
  sql.Render(*where);
}

/// WhereIdAnd of a statement that writes. Which rows match is settled before it changes the first,
/// where the engine (SQLite before version 3.41) may compute a subselect when it first needs it,
/// and changes a row as soon as it matches: a later row would be compared with what is written.
inline void WhereWritten(Sql& sql, const Table& table, int id_parameter,
                         const PredicateNode* where) {
  const std::size_t before = sql.text.size();
  WhereIdAnd(sql, table, id_parameter, where);
  if (id_parameter != 0 || sql.GetDialect().WritesAsItReads() || !sql.AsksForRows()) return;
  const std::string id = Quote(table.name, table.Id().storage);
  const std::string name = Quote(table.name);
  sql.text.insert(before, core::Concat({" WHERE ", id, " IN (SELECT ", id, " FROM ", name}));
  sql.text += ')';
}

/// " WHERE ..." of a SELECT of so many rows, which are looked for in two parts.
inline void WhereInParts(Sql& sql, const store::Select& select, const PredicateNode& parted) {
  const Table& table = *select.table;
  const std::string id = Quote(table.name, table.Id().storage);
  std::int64_t most = 0;  // of each part
  if (__builtin_add_overflow(*select.limit, select.offset, &most)) most = -1;
  core::Append(sql.text, {" WHERE ", id, " IN ("});
  for (const Sql::Part part : {Sql::Part::First, Sql::Part::Second}) {
    core::Append(sql.text, {part == Sql::Part::First ? "" : " UNION ALL ", "SELECT * FROM (SELECT ",
                            id, " FROM ", Quote(table.name), " WHERE "});
    sql.RenderPart(*select.where, parted, part);
    sql.OrderBy(select.order);
    sql.Limit(most, 0);
    sql.text += ") AS grapnel_part";
  }
  sql.text += ')';
}

/// SELECT of rows, ids, a count or a yes or no. Parameter 1 is the id of one that is by id.
inline Sql SelectText(const Dialect& dialect, const store::Select& select) {
  using Want = store::Select::Want;
  const Table& table = *select.table;
  Sql sql(dialect, table, select.by_id ? 2 : 1);
  switch (select.want) {
    case Want::Rows:
      core::Append(sql.text, {"SELECT ", ColumnList(table)});
      break;
    case Want::Ids:
      core::Append(sql.text, {"SELECT ", Quote(table.Id().storage)});
      break;
    case Want::Count:
      sql.text = "SELECT count(*) FROM (SELECT 1";
      break;
    case Want::Exist:
      sql.text = "SELECT EXISTS (SELECT 1";
      break;
  }
  core::Append(sql.text, {" FROM ", Quote(table.name)});
  const bool some = select.limit && !select.order.empty() && !select.by_id;
  if (const PredicateNode* parted = some ? sql.InTwoParts(select.where) : nullptr) {
    WhereInParts(sql, select, *parted);
  } else {
    WhereIdAnd(sql, table, select.by_id ? 1 : 0, select.where);
  }
  sql.OrderBy(select.order);
  sql.Limit(select.limit, select.offset);
  if (select.want == Want::Count) sql.text += ") AS grapnel_counted";
  if (select.want == Want::Exist) sql.text += ')';
  return sql;
}

/// UPDATE. Its parameters are, for each column: what it is set to, or what is added and the bounds
/// of the sum; then the id of one that is by id; then the condition's.
inline Sql UpdateText(const Dialect& dialect, const store::Update& update) {
  const Table& table = *update.table;
  std::string assignments;
  int parameters = 0;
  const auto parameter = [&] { return dialect.Placeholder() + std::to_string(++parameters); };
  for (std::size_t i = 1; i < table.columns.size(); ++i) {
    const Column& column = table.columns[i];
    if (!update.set.test(i) && !update.added.test(i) && !update.cleared.test(i)) continue;
    const std::string name = Quote(column.storage);
    core::Append(assignments, {assignments.empty() ? "" : ", ", name, " = "});
    if (update.set.test(i)) {
      assignments += parameter();
    } else if (update.added.test(i)) {
      const std::string delta = parameter();
      assignments += dialect.Sum(column, name, delta, parameter);
    } else {
      assignments += "NULL";
    }
  }
  const int id = update.by_id ? ++parameters : 0;
  Sql sql(dialect, table, parameters + 1);
  if (update.key != nullptr) {
    core::Append(assignments, {assignments.empty() ? "" : ", ", Quote(update.key->column), " = ",
                               sql.Parameter(*update.to)});
  }
  core::Append(sql.text, {"UPDATE ", Quote(table.name), " SET ", assignments});
  WhereWritten(sql, table, id, update.where);
  return sql;
}

/// SELECT of whether a row of values, its first parameters, matches.
inline Sql MatchingText(const Dialect& dialect, const store::Matching& matching) {
  const Table& table = *matching.table;
  Sql sql(dialect, table, static_cast<int>(table.columns.size()) + 1);
  sql.text = "SELECT EXISTS (SELECT 1 FROM (SELECT ";
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    core::Append(sql.text, {i == 0 ? "" : ", ", sql.Place(static_cast<int>(i) + 1), " AS ",
                            Quote(table.columns[i].storage)});
  }
  core::Append(sql.text, {") AS ", Quote(table.name)});
  sql.Where(matching.where);
  sql.text += ')';
  return sql;
}

/// INSERT of ids into a list. Parameter 1 is the type, 2 the list, 3 the id of one row.
inline Sql KeepText(const Dialect& dialect, const store::Keep& keep) {
  const bool by_id = keep.entity != nullptr;
  Sql sql(dialect, *keep.table, by_id ? 4 : 3);
  core::Append(sql.text, {dialect.InsertOrIgnore(), dialect.Lists(keep.table->Id().Kind()),
                          " (type, list, id) SELECT ", sql.Place(1), ", ", sql.Place(2), ", ",
                          Quote(keep.table->Id().storage), " FROM ", Quote(keep.table->name)});
  WhereIdAnd(sql, *keep.table, by_id ? 3 : 0, keep.where);
  sql.text += dialect.OnConflictIgnore();
  return sql;
}

inline Sql DeleteText(const Dialect& dialect, const store::Delete& statement) {
  Sql sql(dialect, *statement.table, statement.by_id ? 2 : 1);
  core::Append(sql.text, {"DELETE FROM ", Quote(statement.table->name)});
  WhereWritten(sql, *statement.table, statement.by_id ? 1 : 0, statement.where);
  return sql;
}

}  // namespace grapnel::store::sql
