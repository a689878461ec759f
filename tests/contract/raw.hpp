#pragma once

#include <sqlite3.h>

#include <stdexcept>
#include <string>
#include <vector>

/// A database file behind Grapnel's back: what it really holds.
class Raw {
 public:
  using Rows = std::vector<std::string>;

  explicit Raw(const std::string& path) {
    if (sqlite3_open(path.c_str(), &db_) != SQLITE_OK) Fail();
  }
  Raw(const Raw&) = delete;
  Raw& operator=(const Raw&) = delete;
  ~Raw() { sqlite3_close(db_); }

  /// Runs SQL. Returns: its rows, each as "column|column", NULL as "NULL".
  Rows operator()(const std::string& sql) {
    Rows rows;
    const auto add = [](void* to, int columns, char** values, char**) {
      std::string row;
      for (int i = 0; i < columns; ++i) {
        row += (i == 0 ? "" : "|") + std::string(values[i] == nullptr ? "NULL" : values[i]);
      }
      static_cast<Rows*>(to)->push_back(row);
      return 0;
    };
    if (sqlite3_exec(db_, sql.c_str(), add, &rows, nullptr) != SQLITE_OK) Fail();
    return rows;
  }

 private:
  [[noreturn]] void Fail() { throw std::runtime_error(std::string("raw: ") + sqlite3_errmsg(db_)); }

  sqlite3* db_ = nullptr;
};
