#pragma once

#include <libpq-fe.h>

#include <string>
#include <vector>

namespace engine {

/// A connection to the PostgreSQL server of the tests, over libpq alone.
class Session {
 public:
  /// Throws: std::runtime_error.
  explicit Session(const std::string& conninfo);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session() { PQfinish(connection_); }

  /// Runs SQL of one or more statements. Returns: the rows of all of them, as Raw gives them. After
  /// an INSERT that gave ids itself the table's sequence goes on behind them, and the rows of one
  /// table come by their ids where no order is asked for, as SQLite has both.
  std::vector<std::string> Run(const std::string& sql);

 private:
  std::string InOrder(const std::string& sql);
  std::vector<std::string> Rows(const std::string& sql);

  PGconn* connection_;
};

/// The connection string of the server: GRAPNEL_TEST_POSTGRES, or the first line of the file that
/// GRAPNEL_TEST_POSTGRES_FILE names. Throws: std::runtime_error when neither is there.
std::string Server();

}  // namespace engine
