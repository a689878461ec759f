#pragma once

/// The side that Grapnel is compared with: SQLite's own interface, used as tightly as it allows.

#include <sqlite3.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "benchmark/measure.hpp"
#include "benchmark/row.hpp"

namespace benchmark {

/// A connection with the settings that Grapnel's connections have, and statements that are prepared
/// once. Every call throws std::runtime_error when SQLite reports anything but success.
class Raw {
 public:
  /// A database in memory, with `rows` rows in the table that `table` makes.
  explicit Raw(const std::string& table, std::size_t rows = kRows);
  /// The same in a file. The table is there already where `table` is empty.
  Raw(const std::string& table, std::size_t rows, const std::string& path);

  void Begin() { Finish(begin_.get()); }
  void Commit() { Finish(commit_.get()); }
  void Rollback() { Finish(rollback_.get()); }
  void Savepoint() { Finish(savepoint_.get()); }
  void Release() { Finish(release_.get()); }

  Account Create(const std::string& name, std::int64_t age, const std::string& nickname,
                 double score);
  Account Create(const Account& input) {
    return Create(input.name, input.age, *input.nickname, input.score);
  }
  Account UpdateAge(std::int64_t id, std::int64_t age);
  void Delete(std::int64_t id);
  Account Get(std::int64_t id);
  std::vector<Account> All();
  void DeleteAll() { Finish(delete_all_.get()); }

  /// Runs statements that are not kept.
  void Execute(const std::string& sql);

  /// Times `count` calls of `body(i)` in a transaction, which is rolled back after that.
  /// Returns: nanoseconds of each.
  template <class F>
  double TimeInTx(std::size_t count, F body) {
    Begin();
    const double each = NanosecondsOf(count, body);
    Rollback();
    return each;
  }
  /// The statements that `body()` runs inside a transaction, which is rolled back.
  template <class F>
  std::vector<std::string> Traced(F body) {
    std::vector<std::string> texts;
    Begin();
    Check(sqlite3_trace_v2(db_.get(), SQLITE_TRACE_STMT, &Note, &texts));
    body();
    Check(sqlite3_trace_v2(db_.get(), 0, nullptr, nullptr));
    Rollback();
    return texts;
  }

  /// A statement of the figure's own.
  class Select;

  double TimeCreate(std::size_t count) {
    return TimeInTx(count, [&](std::size_t i) { Keep(Create(Input(i))); });
  }

 private:
  struct Close {
    void operator()(sqlite3* db) const { sqlite3_close_v2(db); }
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  using Statement = std::unique_ptr<sqlite3_stmt, Close>;

  static int Note(unsigned, void* texts, void* statement, void*);
  void Open(const std::string& path);
  void Fill(const std::string& table, std::size_t rows);
  void PrepareAll();
  Statement Prepare(const char* sql);
  void Check(int result) {
    if (result != SQLITE_OK) Fail();
  }
  [[noreturn]] void Fail();
  void Finish(sqlite3_stmt* statement);

  std::unique_ptr<sqlite3, Close> db_;
  Statement begin_, commit_, rollback_, savepoint_, release_;
  Statement insert_, update_, delete_, select_, select_all_, delete_all_;
};

class Raw::Select {
 public:
  Select(Raw& raw, const char* sql) : raw_(raw), statement_(raw.Prepare(sql)) {}

  sqlite3_stmt* Get() const noexcept { return statement_.get(); }
  void Bind(int at, std::int64_t value) { raw_.Check(sqlite3_bind_int64(Get(), at, value)); }
  /// Whether there is a next row. Behind the last one it may be run again.
  bool Next() {
    const int result = sqlite3_step(Get());
    if (result == SQLITE_ROW) return true;
    if (result != SQLITE_DONE) raw_.Fail();
    raw_.Check(sqlite3_reset(Get()));
    return false;
  }
  void Load(Account& account) const;

 private:
  Raw& raw_;
  Statement statement_;
};

}  // namespace benchmark
