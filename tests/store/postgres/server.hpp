#pragma once

#include <libpq-fe.h>

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <unistd.h>

/// The PostgreSQL server of the tests: GRAPNEL_TEST_POSTGRES, or the first line of the file that
/// GRAPNEL_TEST_POSTGRES_FILE names.
inline std::string Server() {
  if (const char* given = std::getenv("GRAPNEL_TEST_POSTGRES"); given && *given) return given;
  if (const char* file = std::getenv("GRAPNEL_TEST_POSTGRES_FILE")) {
    std::string line;
    if (std::ifstream in(file); std::getline(in, line) && !line.empty()) return line;
  }
  throw std::runtime_error("no PostgreSQL server: GRAPNEL_TEST_POSTGRES is its conninfo");
}

/// A schema of its own, over a connection of its own, as long as this lives.
class OwnSchema {
 public:
  OwnSchema() : connection_(PQconnectdb(Server().c_str())) {
    static std::atomic<int> last{0};
    name_ = "unit_" + std::to_string(::getpid()) + "_" + std::to_string(++last);
    PQsetNoticeProcessor(
        connection_, [](void*, const char*) {}, nullptr);
    Run("CREATE SCHEMA " + name_);
    Run("SET search_path = " + name_);
  }
  OwnSchema(const OwnSchema&) = delete;
  OwnSchema& operator=(const OwnSchema&) = delete;
  ~OwnSchema() {
    PQclear(PQexec(connection_, ("DROP SCHEMA " + name_ + " CASCADE").c_str()));
    PQfinish(connection_);
  }

  /// What a program that works in it connects by.
  std::string Conninfo() const { return Server() + " options='-c search_path=" + name_ + "'"; }
  PGconn* Handle() const { return connection_; }

  /// The rows of a statement, each as "column|column". Throws: std::runtime_error.
  std::vector<std::string> Run(const std::string& sql) const {
    PGresult* result = PQexec(connection_, sql.c_str());
    std::vector<std::string> rows;
    for (int row = 0; row < PQntuples(result); ++row) {
      std::string line;
      for (int column = 0; column < PQnfields(result); ++column) {
        const bool is_null = PQgetisnull(result, row, column) != 0;
        line += (column == 0 ? "" : "|") +
                std::string(is_null ? "NULL" : PQgetvalue(result, row, column));
      }
      rows.push_back(line);
    }
    const std::string failed = PQresultErrorMessage(result);
    PQclear(result);
    if (!failed.empty()) throw std::runtime_error(failed);
    return rows;
  }

 private:
  PGconn* connection_;
  std::string name_;
};

using Rows = std::vector<std::string>;
