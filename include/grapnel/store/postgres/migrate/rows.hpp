#pragma once

#include <grapnel/store/postgres/native/native_connection.hpp>
#include <grapnel/store/postgres/native/values.hpp>

#include <libpq-fe.h>

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel::postgres::detail {

using Cells = std::vector<std::string>;

/// What a query of the engine's own gives, all of it as text; NULL as "".
inline std::vector<Cells> RowsOf(NativeConnection& native, const std::string& sql,
                                 std::initializer_list<std::string_view> values = {}) {
  Parameters parameters;
  parameters.Reset(values.size(), nullptr);
  int at = 0;
  for (const std::string_view value : values) parameters.Name(++at, value);
  const Result result = native.Ask(sql, parameters);
  ResultRow row(result.get());
  std::vector<Cells> rows;
  for (int i = 0; i < PQntuples(result.get()); ++i) {
    row.MoveTo(i);
    Cells& cells = rows.emplace_back();
    for (int column = 0; column < PQnfields(result.get()); ++column) {
      cells.emplace_back(row.IsNull(column) ? std::string_view() : row.Text(column));
    }
  }
  return rows;
}

}  // namespace grapnel::postgres::detail
