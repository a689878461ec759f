#pragma once

#include <grapnel/store/postgres/migrate/planner.hpp>

#include "support/engine/server.hpp"

#include <unistd.h>

#include <string>
#include <vector>

/// A schema of its own on the tests' server, which goes with it.
struct Database {
  explicit Database(const std::vector<std::string>& statements = {}) {
    for (const std::string& each : {"DROP SCHEMA IF EXISTS " + schema + " CASCADE",
                                    "CREATE SCHEMA " + schema, "SET search_path TO " + schema}) {
      Run(each);
    }
    for (const std::string& each : statements) Run(each);
  }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database() {
    native.EndQuietly();
    Run("DROP SCHEMA " + schema + " CASCADE");
  }

  void Run(const std::string& statement) { native.Execute(statement); }
  /// Each row as its cells with "|" between them.
  std::vector<std::string> Rows(const std::string& sql) {
    std::vector<std::string> rows;
    for (const auto& cells : grapnel::postgres::detail::RowsOf(native, sql)) {
      std::string& row = rows.emplace_back();
      for (const auto& cell : cells) row += (&cell == cells.data() ? "" : "|") + cell;
    }
    return rows;
  }

  std::string schema = "grapnel_migrate_" + std::to_string(getpid());
  grapnel::postgres::detail::Options options{grapnel::postgres::detail::Conninfo(engine::Server())};
  grapnel::postgres::detail::NativeConnection native{options, nullptr};
};
