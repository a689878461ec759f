#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/model/error.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/store/driver/error.hpp>

#include <exception>
#include <new>
#include <string>
#include <string_view>

/// What an engine has found, put into entities with their types forgotten.
namespace grapnel::detail {

/// What is stored in a column, whatever it is, for messages.
inline std::string DescribeStored(Row& row, int at) {
  if (row.IsNull(at)) return "NULL";
  try {
    return ToString(FieldValue(row.Int(at)));
  } catch (const BadValue&) {  // NOLINT(bugprone-empty-catch): it is something else
  }
  try {
    return ToString(FieldValue(std::string(row.Text(at))));
  } catch (const BadValue&) {
    return "that is neither a number nor a text";
  }
}

/// The error of a value that cannot be read, in a row that begins with its id.
inline SchemaError Unreadable(const Table& table, const Column& column, Row& row,
                              std::string_view reason) {
  return {
      table.entity, column.name,
      core::Concat(
          {"in the row with id ", table.Id().sensitive ? "***" : DescribeStored(row, 0),
           " a stored value cannot be read: ", column.IsSecret() ? "it is not valid" : reason})};
}

/// Reads one column of a row that begins with its id into a member. Throws: SchemaError, which
/// names the field and the row.
inline void LoadColumn(const Table& table, const Column& column, void* member, Row& row, int at) {
  try {
    if (column.nullable && row.IsNull(at)) {
      column.ops->reset(member);
    } else {
      column.ops->load(member, row, at);
    }
  } catch (const StorageError&) {
    throw;
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& error) {
    throw Unreadable(table, column, row, error.what());
  }
}

/// Reads the id that a row begins with. Throws: SchemaError for one that is of another type.
inline FieldValue LoadId(const Table& table, Row& row, int at) {
  try {
    switch (table.Id().Kind()) {
      case FieldKind::Text:
        return row.Text(at);
      case FieldKind::Blob: {
        const auto bytes = row.Blob(at);
        return FieldValue::Bytes(bytes.begin(), bytes.end());
      }
      default:
        return row.Int(at);
    }
  } catch (const BadValue& error) {
    throw Unreadable(table, table.Id(), row, error.what());
  }
}

/// Fills `entity` from a row that holds all columns of its table.
inline void LoadRow(const Table& table, void* entity, Row& row) {
  if (!row.LoadEntity(table, entity)) {
    int at = 0;
    for (const Column& column : table.columns) {
      LoadColumn(table, column, column.at(entity), row, at++);
    }
  }
  table.AttachEdges(entity);
}

}  // namespace grapnel::detail
