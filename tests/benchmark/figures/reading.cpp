/// Reading with interceptors, walking, grouping and paging, against SQLite itself.

#include <cstdint>
#include <stdexcept>
#include <vector>

#include "benchmark/account.hpp"
#include "benchmark/raw.hpp"

namespace benchmark {
namespace {

constexpr std::size_t kAll = 100'000;

void Add(Report& report, const char* name, const Compared& all, Target target,
         const char* against) {
  report.push_back({name, all.ratio, target, Duration(all.ours), Duration(all.theirs), against});
}

/// A database in which one before-interceptor narrows to rows of at least this age: to all of them.
Client OpenNarrowed(std::size_t rows) {
  auto client = OpenFilled(rows);
  client.Of<Account>().Intercept(
      grapnel::hook::Before([](grapnel::Reading<Account>& r) { r.Where(F<&Account::age> >= 0); }));
  return client;
}

void MeasureGetNarrowed(Report& report) {
  constexpr std::size_t kGets = 10'000;
  const auto client = OpenNarrowed(kRows);
  const auto accounts = client.Of<Account>();
  Raw raw(TableText());
  Raw::Select select(raw, R"(SELECT "id", "name", "age", "nickname", "score" FROM "Account" WHERE )"
                          R"("id" = ?1 AND "age" >= ?2)");
  const auto theirs = [&](std::size_t i) {
    select.Bind(1, AnyId(i));
    select.Bind(2, 0);
    Account account;
    if (!select.Next()) throw std::runtime_error("a row is missing");
    select.Load(account);
    Keep(account);
    if (select.Next()) throw std::runtime_error("a row too many");
  };
  const Compared all = Interleave(
      [&] { return NanosecondsOf(kGets, [&](std::size_t i) { Keep(accounts.Get(AnyId(i))); }); },
      [&] { return NanosecondsOf(kGets, theirs); });
  Add(report, "get_narrowed", all, AtMost(1.15), "raw SELECT by key with the condition");
}

void MeasureQueryNarrowed(Report& report) {
  const auto client = OpenNarrowed(kAll);
  Raw raw(TableText(), kAll);
  Raw::Select select(raw, R"(SELECT "id", "name", "age", "nickname", "score" FROM "Account" WHERE )"
                          R"("age" >= ?1)");
  const auto time = [](auto query) {
    std::vector<Account> all;  // destroyed when the clock has stopped
    const double took = NanosecondsOf(1, [&](std::size_t) { all = query(); });
    if (all.size() != kAll) throw std::runtime_error("rows are missing");
    return took / kAll;
  };
  const auto theirs = [&] {
    std::vector<Account> rows;
    select.Bind(1, 0);
    while (select.Next()) select.Load(rows.emplace_back());
    return rows;
  };
  const Compared all =
      Interleave([&] { return time([&] { return client.Of<Account>().Query().All(); }); },
                 [&] { return time(theirs); });
  Add(report, "query_narrowed", all, AtMost(1.15), "raw SELECT of 100,000 rows with the condition");
}

const Registration get({"get_narrowed", MeasureGetNarrowed});
const Registration query({"query_narrowed", MeasureQueryNarrowed});

}  // namespace
}  // namespace benchmark
