#include "benchmark/raw.hpp"

#include <stdexcept>

namespace benchmark {

namespace {

/// The row on which a SELECT of all columns stands.
void Read(sqlite3_stmt* statement, Account& account) {
  const auto text = [&](int column) {
    return reinterpret_cast<const char*>(sqlite3_column_text(statement, column));
  };
  const auto size = [&](int column) {
    return static_cast<std::size_t>(sqlite3_column_bytes(statement, column));
  };
  account.id = sqlite3_column_int64(statement, 0);
  const char* name = text(1);
  account.name.assign(name, size(1));
  account.age = sqlite3_column_int64(statement, 2);
  if (sqlite3_column_type(statement, 3) != SQLITE_NULL) {
    const char* nickname = text(3);
    account.nickname.emplace(nickname, size(3));
  }
  account.score = sqlite3_column_double(statement, 4);
}

}  // namespace

Raw::Raw(const std::string& table, std::size_t rows) {
  Open(":memory:");
  Fill(table, rows);
}

Raw::Raw(const std::string& table, std::size_t rows, const std::string& path) {
  Open(path);
  Execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
  Fill(table, rows);
}

void Raw::Open(const std::string& path) {
  sqlite3* db = nullptr;
  const int opened = sqlite3_open_v2(
      path.c_str(), &db,
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, nullptr);
  db_.reset(db);
  Check(opened);
  Check(sqlite3_busy_timeout(db, 5000));
  Check(sqlite3_extended_result_codes(db, 1));
  Check(sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DML, 0, nullptr));
  Check(sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DDL, 0, nullptr));
  Execute("PRAGMA foreign_keys = ON");
}

void Raw::Fill(const std::string& table, std::size_t rows) {
  Execute(table);
  PrepareAll();
  Begin();
  for (const Account& row : MakeRows(rows)) Create(row);
  Commit();
}

void Raw::PrepareAll() {
  begin_ = Prepare("BEGIN IMMEDIATE");
  commit_ = Prepare("COMMIT");
  rollback_ = Prepare("ROLLBACK");
  savepoint_ = Prepare("SAVEPOINT grapnel_1");
  release_ = Prepare("RELEASE grapnel_1");
  insert_ =
      Prepare(R"(INSERT INTO "Account" ("name", "age", "nickname", "score") VALUES (?, ?, ?, ?))");
  update_ = Prepare(R"(UPDATE "Account" SET "age" = ?1 WHERE "id" = ?2)");
  delete_ = Prepare(R"(DELETE FROM "Account" WHERE "id" = ?1)");
  select_ =
      Prepare(R"(SELECT "id", "name", "age", "nickname", "score" FROM "Account" WHERE "id" = ?1)");
  select_all_ = Prepare(R"(SELECT "id", "name", "age", "nickname", "score" FROM "Account")");
  delete_all_ = Prepare(R"(DELETE FROM "Account")");
}

Raw::Statement Raw::Prepare(const char* sql) {
  sqlite3_stmt* statement = nullptr;
  Check(sqlite3_prepare_v3(db_.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr));
  return Statement(statement);
}

void Raw::Execute(const std::string& sql) {
  Check(sqlite3_exec(db_.get(), sql.c_str(), nullptr, nullptr, nullptr));
}

int Raw::Note(unsigned, void* texts, void* statement, void*) {
  static_cast<std::vector<std::string>*>(texts)->emplace_back(
      sqlite3_sql(static_cast<sqlite3_stmt*>(statement)));
  return 0;
}

void Raw::Fail() { throw std::runtime_error(sqlite3_errmsg(db_.get())); }

void Raw::Finish(sqlite3_stmt* statement) {
  if (sqlite3_step(statement) != SQLITE_DONE) Fail();
  Check(sqlite3_reset(statement));
}

Account Raw::Create(const std::string& name, std::int64_t age, const std::string& nickname,
                    double score) {
  sqlite3_stmt* insert = insert_.get();
  Check(sqlite3_bind_text(insert, 1, name.data(), static_cast<int>(name.size()), SQLITE_STATIC));
  Check(sqlite3_bind_int64(insert, 2, age));
  Check(sqlite3_bind_text(insert, 3, nickname.data(), static_cast<int>(nickname.size()),
                          SQLITE_STATIC));
  Check(sqlite3_bind_double(insert, 4, score));
  Finish(insert);
  return {sqlite3_last_insert_rowid(db_.get()), name, age, nickname, score};
}

Account Raw::UpdateAge(std::int64_t id, std::int64_t age) {
  Check(sqlite3_bind_int64(update_.get(), 1, age));
  Check(sqlite3_bind_int64(update_.get(), 2, id));
  Finish(update_.get());
  if (sqlite3_changes64(db_.get()) != 1) throw std::runtime_error("no row to update");
  return Get(id);
}

void Raw::Delete(std::int64_t id) {
  Check(sqlite3_bind_int64(delete_.get(), 1, id));
  Finish(delete_.get());
  if (sqlite3_changes64(db_.get()) != 1) throw std::runtime_error("no row to delete");
}

Account Raw::Get(std::int64_t id) {
  sqlite3_stmt* select = select_.get();
  Check(sqlite3_bind_int64(select, 1, id));
  if (sqlite3_step(select) != SQLITE_ROW) Fail();
  Account account;
  Read(select, account);
  Check(sqlite3_reset(select));
  return account;
}

void Raw::Select::Load(Account& account) const { Read(Get(), account); }

std::vector<Account> Raw::All() {
  sqlite3_stmt* select = select_all_.get();
  std::vector<Account> all;
  int result = 0;
  while ((result = sqlite3_step(select)) == SQLITE_ROW) Read(select, all.emplace_back());
  if (result != SQLITE_DONE) Fail();
  Check(sqlite3_reset(select));
  return all;
}

}  // namespace benchmark
