#include "support/engine/raw.hpp"

#include <sqlite3.h>

#include <stdexcept>
#include <string>

#ifdef GRAPNEL_TEST_WITH_POSTGRES
#include "support/engine/server.hpp"
#endif

class Raw::Connection {
 public:
  Connection() = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  virtual ~Connection() = default;
  virtual Rows Run(const std::string& sql) = 0;
};

namespace {

class SqliteConnection final : public Raw::Connection {
 public:
  explicit SqliteConnection(const std::string& path) {
    if (sqlite3_open_v2(path.c_str(), &db_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr) !=
        SQLITE_OK) {
      const std::string reason = sqlite3_errmsg(db_);
      sqlite3_close(db_);
      throw std::runtime_error(reason);
    }
  }
  ~SqliteConnection() override { sqlite3_close(db_); }

  Raw::Rows Run(const std::string& sql) override {
    Raw::Rows rows;
    const auto add = [](void* to, int columns, char** values, char**) {
      std::string row;
      for (int i = 0; i < columns; ++i) {
        row += (i == 0 ? "" : "|") + std::string(values[i] == nullptr ? "NULL" : values[i]);
      }
      static_cast<Raw::Rows*>(to)->push_back(row);
      return 0;
    };
    if (sqlite3_exec(db_, sql.c_str(), add, &rows, nullptr) != SQLITE_OK) {
      throw std::runtime_error(sqlite3_errmsg(db_));
    }
    return rows;
  }

 private:
  sqlite3* db_ = nullptr;
};

#ifdef GRAPNEL_TEST_WITH_POSTGRES
class PostgresConnection final : public Raw::Connection {
 public:
  explicit PostgresConnection(const std::string& where) : session_(engine::Url(where)) {}
  Raw::Rows Run(const std::string& sql) override { return session_.Run(sql); }

 private:
  engine::Session session_;
};
#endif

std::unique_ptr<Raw::Connection> Connected(const std::string& where) {
#ifdef GRAPNEL_TEST_WITH_POSTGRES
  if (engine::Current() == engine::Kind::Postgres) {
    return std::make_unique<PostgresConnection>(where);
  }
#endif
  return std::make_unique<SqliteConnection>(where);
}

}  // namespace

Raw::Raw(const std::string& where) : connection_(Connected(where)) {}
Raw::~Raw() = default;
Raw::Rows Raw::operator()(const RawSql& sql) { return connection_->Run(sql.Text()); }
