#pragma once

#include <string>
#include <string_view>

/// How names and texts are written in SQL.
namespace grapnel::store::sql {

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

}  // namespace grapnel::store::sql
