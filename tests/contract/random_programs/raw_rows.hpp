#pragma once

/// The rows of random programs, past Grapnel, on each engine.

#include "contract/random_programs/program.hpp"
#include "contract/random_programs/schema.hpp"

#include <grapnel/grapnel.hpp>

#include <sqlite3.h>

#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "support/engine/engine.hpp"
#include "support/engine/ids.hpp"
#include "support/engine/raw.hpp"
#include "support/scratch.hpp"

namespace programs {

/// The database of random programs, past Grapnel.
class RawRows {
 public:
  static std::unique_ptr<RawRows> Of(engine::Kind kind);
  RawRows() = default;
  RawRows(const RawRows&) = delete;
  RawRows& operator=(const RawRows&) = delete;
  virtual ~RawRows() = default;

  /// Where it is to be opened.
  virtual std::string Where() const = 0;
  /// Once the tables are there.
  virtual void Prepare() = 0;
  /// Before the database is closed.
  virtual void Release() = 0;
  /// The rows, as they are in the innermost transaction.
  virtual State Read(const grapnel::Client& innermost) = 0;
  /// Once no transaction is open.
  virtual void Fill(const State& state) = 0;
};

/// A database in memory, over its one connection.
class SqliteRows final : public RawRows {
 public:
  /// Takes the connection that is opened while this lives.
  SqliteRows() { sqlite3_auto_extension(reinterpret_cast<void (*)()>(&Opened)); }

  std::string Where() const override { return ":memory:"; }
  void Release() override {
    for (sqlite3_stmt*& statement : statements_)
      sqlite3_finalize(std::exchange(statement, nullptr));
  }

  void Prepare() override {
    sqlite3_cancel_auto_extension(reinterpret_cast<void (*)()>(&Opened));
    db_ = std::exchange(opened_, nullptr);
    // Prepared once: a PRAGMA would make SQLite prepare all statements anew, Grapnel's as well.
    constexpr const char* kTexts[kStatements] = {
        "SELECT id, substr(name, 2), substr(note, 2), count, stamp, parent_id, substr(badge_id, 2) "
        "FROM A",
        "SELECT substr(id, 2), substr(name, 2), substr(note, 2), count, stamp, owner_id, idol_id, "
        "substr(whole_id, 2) FROM B",
        "SELECT A_id, substr(tags_id, 2) FROM A_tags",
        "SELECT A_id, friends_id FROM A_friends",
        "INSERT INTO A (id, name, note, count, stamp) VALUES (?1, 'n' || ?2, 't' || ?3, ?4, ?5)",
        "INSERT INTO B (id, name, note, count, stamp) "
        "VALUES ('k' || ?1, 'n' || ?2, 't' || ?3, ?4, ?5)",
        "INSERT INTO A_tags VALUES (?1, 'k' || ?2)",
        "INSERT INTO A_friends VALUES (?1, ?2)",
        "UPDATE A SET parent_id = ?2, badge_id = 'k' || ?3 WHERE id = ?1",
        "UPDATE B SET owner_id = ?2, idol_id = ?3, whole_id = 'k' || ?4 WHERE id = 'k' || ?1",
        "BEGIN",
        "DELETE FROM B",
        "DELETE FROM A",
        "COMMIT",
    };
    for (std::size_t i = 0; i < kStatements; ++i) {
      Check(sqlite3_prepare_v2(db_, kTexts[i], -1, &statements_[i], nullptr));
    }
  }

  State Read(const grapnel::Client&) override {
    State state;
    for (const Type type : {kA, kB}) {
      sqlite3_stmt* rows = statements_[type];
      while (sqlite3_step(rows) == SQLITE_ROW) {
        Row row;
        row.id = sqlite3_column_int64(rows, 0);
        for (int i = 1; i < sqlite3_column_count(rows); ++i) {
          row.cells[static_cast<std::size_t>(i) - 1] = sqlite3_column_int64(rows, i);
        }
        state.rows[type].emplace_hint(state.rows[type].end(), row.id, row);
      }
      Check(sqlite3_reset(rows));
      sqlite3_stmt* pairs = statements_[2 + type];
      while (sqlite3_step(pairs) == SQLITE_ROW) {
        state.pairs[type].emplace(sqlite3_column_int64(pairs, 0), sqlite3_column_int64(pairs, 1));
      }
      Check(sqlite3_reset(pairs));
    }
    return state;
  }

  void Fill(const State& state) override {
    for (const std::size_t empty : {kBegin, kBegin + 1, kBegin + 2}) Run(statements_[empty]);
    for (const Type type : {kA, kB}) {
      for (const auto& [id, row] : state.rows[type]) Write(kInsert + type, row, 0, kFirstKey);
    }
    for (const Type type : {kA, kB}) {
      for (const auto& [id, row] : state.rows[type]) Write(kRefer + type, row, kFirstKey, kCells);
      for (const auto& [one, other] : state.pairs[type]) {
        sqlite3_bind_int64(statements_[kPair + type], 1, one);
        sqlite3_bind_int64(statements_[kPair + type], 2, other);
        Run(statements_[kPair + type]);
      }
    }
    Run(statements_[kStatements - 1]);
  }

 private:
  static constexpr std::size_t kInsert = 4, kPair = 6, kRefer = 8, kBegin = 10, kStatements = 14;

  static int Opened(sqlite3* db, char**, const sqlite3_api_routines*) {
    opened_ = db;
    return SQLITE_OK;
  }
  void Check(int code) const {
    if (code != SQLITE_OK) throw std::runtime_error(std::string("raw: ") + sqlite3_errmsg(db_));
  }
  void Write(std::size_t statement, const Row& row, std::size_t first, std::size_t end) const {
    sqlite3_stmt* write = statements_[statement];
    sqlite3_bind_int64(write, 1, row.id);
    for (std::size_t cell = first; cell < end; ++cell) {
      const int at = static_cast<int>(cell - first) + 2;
      if (at > sqlite3_bind_parameter_count(write)) break;
      const bool null = row.cells[cell] == 0 && (cell == kNote || cell >= kFirstKey);
      null ? sqlite3_bind_null(write, at) : sqlite3_bind_int64(write, at, row.cells[cell]);
    }
    Run(write);
  }
  void Run(sqlite3_stmt* statement) const {
    sqlite3_step(statement);
    Check(sqlite3_reset(statement));
  }

  static inline sqlite3* opened_ = nullptr;
  sqlite3* db_ = nullptr;
  sqlite3_stmt* statements_[kStatements] = {};
};

/// A database of PostgreSQL. What is not committed only its transaction sees, so it is asked; ids
/// follow on the largest, as the model has them.
class PostgresRows final : public RawRows {
 public:
  std::string Where() const override { return scratch_.File("programs"); }
  void Release() override { raw_.reset(); }
  void Prepare() override {
    raw_ = std::make_unique<Raw>(Where());
    engine::LetIdsFollow(Where(), "A");
  }

  State Read(const grapnel::Client& innermost) override {
    static const std::string texts[] = {
        engine::Spelled("SELECT id, substr(name, 2), substr(note, 2), count, stamp, parent_id, "
                        "substr(badge_id, 2) FROM A"),
        engine::Spelled("SELECT substr(id, 2), substr(name, 2), substr(note, 2), count, stamp, "
                        "owner_id, idol_id, substr(whole_id, 2) FROM B"),
        engine::Spelled("SELECT A_id, substr(tags_id, 2) FROM A_tags"),
        engine::Spelled("SELECT A_id, friends_id FROM A_friends")};
    State state;
    for (const Type type : {kA, kB}) {
      for (const auto& stored : innermost.Sql(texts[type])) {
        Row row;
        row.id = Number(stored[0]);
        for (std::size_t i = 1; i < stored.size(); ++i) row.cells[i - 1] = Number(stored[i]);
        state.rows[type].emplace(row.id, row);
      }
      for (const auto& stored : innermost.Sql(texts[2 + type])) {
        state.pairs[type].emplace(Number(stored[0]), Number(stored[1]));
      }
    }
    return state;
  }

  void Fill(const State& state) override {
    std::string sql = "BEGIN; DELETE FROM B; DELETE FROM A;";
    for (const auto& [id, row] : state.rows[kA]) {
      sql += "INSERT INTO A (id, name, note, count, stamp) VALUES (" + Shown("", id) + Plain(row);
    }
    for (const auto& [id, row] : state.rows[kB]) {
      sql += "INSERT INTO B (id, name, note, count, stamp) VALUES (" + Shown("k", id) + Plain(row);
    }
    for (const auto& [id, row] : state.rows[kA]) {
      sql += "UPDATE A SET parent_id = " + Key("", row, 0) + ", badge_id = " + Key("k", row, 1) +
             " WHERE id = " + Shown("", id) + ";";
    }
    for (const auto& [id, row] : state.rows[kB]) {
      sql += "UPDATE B SET owner_id = " + Key("", row, 0) + ", idol_id = " + Key("", row, 1) +
             ", whole_id = " + Key("k", row, 2) + " WHERE id = " + Shown("k", id) + ";";
    }
    for (const auto& [one, other] : state.pairs[kA]) {
      sql += "INSERT INTO A_tags VALUES (" + Shown("", one) + ", " + Shown("k", other) + ");";
    }
    for (const auto& [one, other] : state.pairs[kB]) {
      sql += "INSERT INTO A_friends VALUES (" + Shown("", one) + ", " + Shown("", other) + ");";
    }
    (*raw_)(engine::Forms{"", engine::Spelled(sql + "COMMIT")});
  }

 private:
  static std::int64_t Number(const grapnel::FieldValue& value) {
    if (const auto* number = value.As<std::int64_t>()) return *number;
    const auto* text = value.As<std::string>();
    return text != nullptr ? std::strtoll(text->c_str(), nullptr, 10) : 0;
  }
  static std::string Shown(const std::string& prefix, std::int64_t number) {
    const std::string text = std::to_string(number);
    return prefix.empty() ? text : "'" + prefix + text + "'";
  }
  static std::string Plain(const Row& row) {
    return ", " + Shown("n", row.cells[kName]) + ", " +
           (row.cells[kNote] == 0 ? "NULL" : Shown("t", row.cells[kNote])) + ", " +
           Shown("", row.cells[kCount]) + ", " + Shown("", row.cells[kStamp]) + ");";
  }
  static std::string Key(const std::string& prefix, const Row& row, std::size_t key) {
    const std::int64_t id = row.cells[kFirstKey + key];
    return id == 0 ? "NULL" : Shown(prefix, id);
  }

  Scratch scratch_{};
  std::unique_ptr<Raw> raw_{};
};

inline std::unique_ptr<RawRows> RawRows::Of(engine::Kind kind) {
  if (kind == engine::Kind::Sqlite) return std::make_unique<SqliteRows>();
  return std::make_unique<PostgresRows>();
}

}  // namespace programs
