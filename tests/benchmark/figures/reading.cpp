/// Reading with interceptors, walking, grouping and paging, against SQLite itself.

#include <sqlite3.h>
#include <sys/resource.h>

#include <cstdint>
#include <stdexcept>
#include <tuple>
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

void MeasureForEach(Report& report) {
  const auto client = OpenFilled(kAll);
  Raw raw(TableText(), kAll);
  Raw::Select select(raw, R"(SELECT "id", "name", "age", "nickname", "score" FROM "Account")");
  std::int64_t ages = 0;
  const auto ours = [&] {
    return NanosecondsOf(1,
                         [&](std::size_t) {
                           client.Of<Account>().Query().ForEach(
                               [&](const Account& each) { ages += each.age; });
                         }) /
           kAll;
  };
  const auto theirs = [&] {
    return NanosecondsOf(1,
                         [&](std::size_t) {
                           Account each;
                           while (select.Next()) {
                             select.Load(each);
                             ages += each.age;
                           }
                         }) /
           kAll;
  };
  const Compared all = Interleave(ours, theirs);
  Keep(ages);
  Add(report, "foreach", all, AtMost(1.10), "raw stepping through 100,000 rows, into one struct");
}

/// The greatest size of the process so far, in MB.
double PeakMemory() {
  rusage usage{};
  if (getrusage(RUSAGE_SELF, &usage) != 0) throw std::runtime_error("getrusage fails");
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

void MeasureForEachMemory(Report& report) {
  constexpr std::int64_t kMany = 10'000'000;
  const auto client = OpenFilled();
  client.WithTx([&](grapnel::Tx& tx) {
    tx.Sql(
        "INSERT INTO Account (name, age, nickname, score) WITH RECURSIVE n(i) AS (SELECT 1 UNION "
        "ALL SELECT i + 1 FROM n WHERE i < ?1) SELECT 'a name', i % 90, NULL, i FROM n",
        kMany);
  });
  std::int64_t rows = 0;
  const double before = PeakMemory();
  for (const Account& each : client.Of<Account>().Query()) rows += each.age >= 0 ? 1 : 0;
  if (rows < kMany) throw std::runtime_error("rows are missing");
  report.push_back({"foreach_memory", PeakMemory() - before, AtMost(10), "", "",
                    "MB more at the peak, for going over 10,000,000 rows"});
}

void MeasureGroupBy(Report& report) {
  const auto client = OpenFilled(kAll);
  Raw raw(TableText(), kAll);
  Raw::Select select(raw, R"(SELECT "age", count(*), avg("score") FROM "Account" GROUP BY "age")");
  const auto ours = [&] {
    return NanosecondsOf(1, [&](std::size_t) {
      Keep(client.Of<Account>()
               .Query()
               .GroupBy(F<&Account::age>)
               .Select(grapnel::Count(), grapnel::Avg(F<&Account::score>))
               .All());
    });
  };
  const auto theirs = [&] {
    return NanosecondsOf(1, [&](std::size_t) {
      std::vector<std::tuple<std::int64_t, std::int64_t, double>> groups;
      while (select.Next()) {
        groups.emplace_back(sqlite3_column_int64(select.Get(), 0),
                            sqlite3_column_int64(select.Get(), 1),
                            sqlite3_column_double(select.Get(), 2));
      }
      Keep(groups);
    });
  };
  Add(report, "group_by", Interleave(ours, theirs), AtMost(1.10),
      "raw SELECT of count and mean of 90 groups of 100,000 rows");
}

void MeasurePages(Report& report) {
  constexpr std::size_t kDeep = 1'000'000;
  const auto client = OpenFilled(kDeep + 100);
  client.WithTx([](grapnel::Tx& tx) { tx.Sql("CREATE INDEX by_age ON Account (age)"); });
  const auto ordered = client.Of<Account>().Query().Order(grapnel::Asc(F<&Account::age>));
  const auto start = ordered.First();
  auto far = ordered;
  const auto deep = far.Offset(kDeep).First();
  const auto time = [&](const Account& after) {
    constexpr std::size_t kPages = 200;
    return NanosecondsOf(kPages, [&](std::size_t) {
      auto page = client.Of<Account>().Query().Order(grapnel::Asc(F<&Account::age>));
      if (page.After(after).Limit(50).All().size() != 50) throw std::runtime_error("no page");
    });
  };
  const Compared all = Interleave([&] { return time(deep); }, [&] { return time(start); });
  Add(report, "page_after", all, AtMost(1.20), "a page of 50 at depth 0; Grapnel's at 1,000,000");
}

const Registration get({"get_narrowed", MeasureGetNarrowed});
const Registration query({"query_narrowed", MeasureQueryNarrowed});
const Registration walk({"foreach", MeasureForEach});
const Registration memory({"foreach_memory", MeasureForEachMemory, "large"});
const Registration groups({"group_by", MeasureGroupBy});
const Registration pages({"page_after", MeasurePages});

}  // namespace
}  // namespace benchmark
