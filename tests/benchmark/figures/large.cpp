/// Whether the number of rows matters: ten million in a table, against ten thousand.

#include <fmt/format.h>
#include <sqlite3.h>

#include <stdexcept>

#include "benchmark/account.hpp"
#include "support/scratch.hpp"

namespace benchmark {
namespace {

/// Makes a file with so many rows, quickly: SQLite makes them itself, and nothing is synced.
void Fill(const std::string& path, std::size_t rows) {
  const std::string sql = fmt::format(
      R"(PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; {};
         INSERT INTO "Account" ("name", "age", "nickname", "score")
         WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {})
         SELECT 'name ' || i, i % 90, 'nick ' || (i % 1000), i / 8.0 FROM n)",
      TableText(), rows);
  sqlite3* db = nullptr;
  const bool done = sqlite3_open(path.c_str(), &db) == SQLITE_OK &&
                    sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK;
  const std::string message = sqlite3_errmsg(db);
  sqlite3_close(db);
  if (!done) throw std::runtime_error(message);
}

void MeasureRows(Report& report) {
  constexpr std::size_t kCount = 8'000;
  constexpr std::size_t kMany = 10'000'000;
  const Scratch scratch;
  const auto open = [&](const char* name, std::size_t rows) {
    Fill(scratch.File(name), rows);
    return OpenFilled(0, scratch.File(name));
  };
  const auto few = open("few.db", kRows);
  std::optional<Client> many;
  const double fill = NanosecondsOf(1, [&](std::size_t) { many.emplace(open("many.db", kMany)); });
  const Compared all = Interleave([&] { return TimeCreate(*many, kCount); },
                                  [&] { return TimeCreate(few, kCount); });
  report.push_back(
      {"rows_flat", all.ratio, AtMost(1.5), Duration(all.ours), Duration(all.theirs),
       fmt::format("Create on a file of 10^7 rows (filled in {:.1f} s), and of 10^4", fill / 1e9)});
}

const Registration rows({"rows_flat", MeasureRows});

}  // namespace
}  // namespace benchmark
