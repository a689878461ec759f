#pragma once

#include <memory>
#include <string>
#include <vector>

#include "support/engine/engine.hpp"

using Lines = std::vector<std::string>;

/// SQL for the engine under test: one text that is spelled for it, or two forms that are not.
class RawSql {
 public:
  RawSql(const char* sql) : text_(engine::Spelled(sql)) {}         // NOLINT(*-explicit-*)
  RawSql(const std::string& sql) : text_(engine::Spelled(sql)) {}  // NOLINT(*-explicit-*)
  RawSql(const engine::Forms& forms) : text_(forms.Text()) {}      // NOLINT(*-explicit-*)

  const std::string& Text() const { return text_; }

 private:
  std::string text_;
};

/// A database behind Grapnel's back, over a connection of its own: what it really holds.
class Raw {
 public:
  using Rows = Lines;

  explicit Raw(const std::string& where);
  Raw(const Raw&) = delete;
  Raw& operator=(const Raw&) = delete;
  ~Raw();

  /// Runs SQL. Returns: its rows, each as "column|column"; NULL as "NULL", true and false as 1 and
  /// 0, a whole floating point number with ".0". Throws: std::runtime_error.
  Rows operator()(const RawSql& sql);

  class Connection;

 private:
  std::unique_ptr<Connection> connection_;
};

/// The rows that `sql` gives in the database at `where`.
inline Lines RawRows(const std::string& where, const RawSql& sql) { return Raw(where)(sql); }

namespace engine {

/// The names of the tables in the database at `where`, in order.
inline Lines Tables(const std::string& where) {
  return RawRows(where,
                 Forms{"SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE "
                       "'sqlite\\_%' ESCAPE '\\' ORDER BY 1",
                       "SELECT tablename::text COLLATE \"C\" FROM pg_tables "
                       "WHERE schemaname = current_schema() ORDER BY 1"});
}

}  // namespace engine
