/// PostgreSQL on loopback, against libpq by hand: the server of GRAPNEL_TEST_POSTGRES.

#include <fmt/format.h>
#include <grapnel/postgres.hpp>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <thread>

#include "benchmark/account.hpp"
#include "benchmark/libpq.hpp"

namespace benchmark {
namespace {

constexpr std::size_t kCount = 2'000;
constexpr std::size_t kMany = 100'000;
constexpr const char* kSchema = "grapnel_benchmark";

std::string Server() {
  const char* server = std::getenv("GRAPNEL_TEST_POSTGRES");
  if (server == nullptr) throw std::runtime_error("GRAPNEL_TEST_POSTGRES names no server");
  return server;
}
std::string InSchema() { return Server() + " options='-c search_path=" + kSchema + "'"; }

/// A schema of its own, with `rows` rows of accounts, whose ids are 1, 2, 3 and so on.
class Filled {
 public:
  explicit Filled(std::size_t rows = kRows) : raw(Fresh()), client(Open()) {
    client.Migrate();
    raw.Execute(fmt::format(
        "INSERT INTO \"Account\" (name, age, nickname, score) SELECT 'name ' || i, i % 90, 'nick ' "
        "|| i % 1000, i / 8.0 FROM generate_series(0, {} - 1) AS i ORDER BY i",
        rows));
    raw.Execute("ANALYZE");
    raw.Prepare("savepoint", "SAVEPOINT by_hand");
    raw.Prepare("release", "RELEASE by_hand");
    raw.Prepare("insert",
                "INSERT INTO \"Account\" (name, age, nickname, score) VALUES ($1, $2, $3, $4) "
                "RETURNING id");
    raw.Prepare("get", "SELECT id, name, age, nickname, score FROM \"Account\" WHERE id = $1");
    raw.Prepare("all", "SELECT id, name, age, nickname, score FROM \"Account\" ORDER BY id");
  }

  Libpq raw;
  Client client;

 private:
  static std::string Fresh() {
    Libpq first(Server());
    first.Execute(std::string("DROP SCHEMA IF EXISTS ") + kSchema + " CASCADE");
    first.Execute(std::string("CREATE SCHEMA ") + kSchema);
    return InSchema();
  }
  static Client Open() { return grapnel::OpenPostgres<Account>(InSchema(), {.pool = 16}); }
};

/// Times calls in a transaction, which is rolled back.
template <class F>
double TimeByHand(Libpq& raw, std::size_t count, F body) {
  raw.Execute("BEGIN ISOLATION LEVEL REPEATABLE READ");
  const double each = NanosecondsOf(count, body);
  raw.Execute("ROLLBACK");
  return each;
}

void MeasureCreate(Report& report) {
  Filled filled;
  const auto compare = [&](const char* name, Target target, const char* against, bool savepoint) {
    const Compared all = Interleave([&] { return TimeCreate(filled.client, kCount); },
                                    [&] {
                                      return TimeByHand(filled.raw, kCount, [&](std::size_t i) {
                                        if (savepoint) filled.raw.Run("savepoint");
                                        Keep(filled.raw.Create("insert", Input(i)));
                                        if (savepoint) filled.raw.Run("release");
                                      });
                                    });
    report.push_back({name, all.ratio, target, Duration(all.ours), Duration(all.theirs), against});
  };
  compare("pg_create", AtMost(1.10), "libpq, SAVEPOINT, INSERT, RELEASE", true);
  compare("pg_create_alone", NoTarget(), "libpq, INSERT alone", false);
}

void MeasureGet(Report& report) {
  Filled filled;
  const Compared all = Interleave(
      [&] {
        return TimeInTx(filled.client, kCount,
                        [](const auto& accounts, std::size_t i) { Keep(accounts.Get(AnyId(i))); });
      },
      [&] {
        return TimeByHand(filled.raw, kCount,
                          [&](std::size_t i) { Keep(filled.raw.Get("get", AnyId(i))); });
      });
  report.push_back({"pg_get", all.ratio, AtMost(1.10), Duration(all.ours), Duration(all.theirs),
                    "libpq, SELECT by key"});
}

void MeasureQuery(Report& report) {
  Filled filled(kMany);
  const Compared all = Interleave(
      [&] {
        return TimeInTx(filled.client, 1, [](const auto& accounts, std::size_t) {
          Keep(accounts.Query().Order(grapnel::Asc(F<&Account::id>)).All());
        });
      },
      [&] { return TimeByHand(filled.raw, 1, [&](std::size_t) { Keep(filled.raw.All("all")); }); });
  report.push_back({"pg_query_all", all.ratio, AtMost(1.15), Duration(all.ours / kMany),
                    Duration(all.theirs / kMany), "libpq, SELECT of 100,000 rows, per row"});
}

void MeasureBulk(Report& report) {
  Filled filled(0);
  const std::vector<Account> rows = MakeRows(kMany);
  const auto empty = [&] { filled.raw.Execute("TRUNCATE \"Account\""); };
  const Compared all = Interleave(
      [&] {
        std::vector<Account> made;
        const double each = NanosecondsOf(
            1, [&](std::size_t) { made = filled.client.Of<Account>().CreateBulk(rows).Save(); });
        if (made.size() != kMany || made.back().id == 0)
          throw std::runtime_error("rows are missing");
        empty();
        return each;
      },
      [&] {
        const double each = NanosecondsOf(1, [&](std::size_t) {
          filled.raw.Execute("BEGIN ISOLATION LEVEL REPEATABLE READ");
          filled.raw.Copy("\"Account\"", rows);
          filled.raw.Execute("COMMIT");
        });
        empty();
        return each;
      });
  report.push_back({"pg_bulk", all.ratio, AtMost(1.25), Duration(all.ours / kMany),
                    Duration(all.theirs / kMany), "libpq, COPY of 100,000 rows, per row"});
}

// Writers beside one another.

constexpr int kWriters = 8;
constexpr int kSeconds = 5;

double OursPerSecond(const Client& client) {
  std::atomic<bool> stop = false;
  std::atomic<std::int64_t> done = 0;
  std::vector<std::thread> writers;
  for (int writer = 0; writer < kWriters; ++writer) {
    writers.emplace_back([&, writer] {
      for (std::int64_t i = 0; !stop; ++i) {
        const std::int64_t id = 1 + writer + kWriters * (i % 1'000);
        client.Of<Account>().UpdateOne(id).Set(F<&Account::age>, i).Save();
        ++done;
      }
    });
  }
  std::this_thread::sleep_for(std::chrono::seconds(kSeconds));
  stop = true;
  for (std::thread& writer : writers) writer.join();
  return static_cast<double>(done) / kSeconds;
}

/// What a mutation sends, as a script of pgbench's; each client has rows of its own.
std::string Script(const Client& client) {
  std::vector<std::string> texts;
  client.Debug([&](std::string_view text) { texts.emplace_back(text); })
      .Of<Account>()
      .UpdateOne(1)
      .Set(F<&Account::age>, 1)
      .Save();
  std::string script = fmt::format(
      "\\set at random(0, 999)\n\\set id 1 + :client_id + {} * :at\n\\set age random(0, 99)\n",
      kWriters);
  const auto replace = [](std::string& in, std::string_view what, std::string_view by) {
    for (auto at = in.find(what); at != in.npos; at = in.find(what))
      in.replace(at, what.size(), by);
  };
  for (std::string& text : texts) {
    const bool update = text.starts_with("UPDATE");
    replace(text, "$1", update ? ":age" : ":id");
    replace(text, "$2", ":id");
    script += text + ";\n";
  }
  return script + "COMMIT;\n";  // which Debug does not tell
}

double TheirsPerSecond(const std::string& script) {
  const std::string command =
      fmt::format("pgbench -n -M prepared -c {} -j 2 -T {} -f {} \"{}\" 2>&1", kWriters, kSeconds,
                  script, InSchema());
  std::FILE* const pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) throw std::runtime_error("pgbench cannot be run");
  std::string output;
  for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) output += static_cast<char>(c);
  pclose(pipe);
  const auto at = output.find("tps = ");
  if (at == output.npos) throw std::runtime_error("pgbench says: " + output);
  return std::stod(output.substr(at + 6));
}

void MeasureWriters(Report& report) {
  Filled filled;
  const std::string path = "grapnel_benchmark.pgbench";
  std::ofstream(path) << Script(filled.client);
  std::vector<double> ratios, ours, theirs;
  for (int round = 0; round < 3; ++round) {
    ours.push_back(OursPerSecond(filled.client));
    theirs.push_back(TheirsPerSecond(path));
    ratios.push_back(ours.back() / theirs.back());
  }
  std::remove(path.c_str());
  report.push_back({"pg_writers", Median(ratios), AtLeast(0.90),
                    fmt::format("{:.0f}/s", Median(ours)), fmt::format("{:.0f}/s", Median(theirs)),
                    "pgbench, 8 clients, the same transaction"});
}

const Registration create({"pg_create", MeasureCreate, "postgres"});
const Registration get({"pg_get", MeasureGet, "postgres"});
const Registration query({"pg_query_all", MeasureQuery, "postgres"});
const Registration bulk({"pg_bulk", MeasureBulk, "postgres"});
const Registration writers({"pg_writers", MeasureWriters, "postgres"});

}  // namespace
}  // namespace benchmark
