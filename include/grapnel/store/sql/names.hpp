#pragma once

#include <grapnel/model/table.hpp>
#include <grapnel/model/value.hpp>

#include <string>
#include <string_view>

/// How names, texts and types are written in SQL.
namespace grapnel::store::sql {

/// The function that sums whole numbers.
inline constexpr const char* kSumFunction = "grapnel_sum";

using grapnel::detail::Column;

/// Behind a text, another one between quotes, with those in it doubled.
inline void AppendQuoted(std::string& to, std::string_view text, char quote) {
  to += quote;
  for (auto at = text.find(quote); at != text.npos; at = text.find(quote)) {
    to.append(text.substr(0, at + 1)) += quote;
    text.remove_prefix(at + 1);
  }
  to.append(text) += quote;
}

inline std::string Quote(std::string_view name) {
  std::string quoted;
  quoted.reserve(name.size() + 2);
  AppendQuoted(quoted, name, '"');
  return quoted;
}
inline std::string QuoteText(std::string_view text) {
  std::string quoted;
  AppendQuoted(quoted, text, '\'');
  return quoted;
}

/// "table"."column", for statements in which several tables may have a column of that name.
inline std::string Quote(std::string_view table, std::string_view column) {
  std::string quoted;
  quoted.reserve(table.size() + column.size() + 5);
  AppendQuoted(quoted, table, '"');
  quoted += '.';
  AppendQuoted(quoted, column, '"');
  return quoted;
}

inline std::string_view TypeName(FieldKind kind) {
  switch (kind) {
    case FieldKind::Bool:
    case FieldKind::Int:
      return "INTEGER";
    case FieldKind::Real:
      return "REAL";
    case FieldKind::Text:
      return "TEXT";
    case FieldKind::Blob:
      break;
  }
  return "BLOB";
}

/// Lists of rows: a table of the connection's own, on disk where it is long.
inline constexpr std::string_view kLists = "temp.grapnel_lists";

}  // namespace grapnel::store::sql
