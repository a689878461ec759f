/// One row by its id, and all rows, against SQLite itself.

#include <stdexcept>

#include "benchmark/account.hpp"
#include "benchmark/raw.hpp"

namespace benchmark {
namespace {

constexpr std::size_t kCount = 5'000;  // no id twice: kRows are there

void Add(Report& report, const char* name, const Compared& all, Target target, const char* against,
         const std::string& other_sql = "") {
  report.push_back(
      {name, all.ratio, target, Duration(all.ours), Duration(all.theirs), against + other_sql});
}

/// Compares `ours(accounts, i)` with `theirs(raw, i)`, each inside a transaction.
template <class Ours, class Theirs>
void CompareInTx(Report& report, const char* name, Target target, const char* against,
                 std::size_t count, Ours ours, Theirs theirs) {
  const auto client = OpenFilled();
  Raw raw(TableText());
  const std::string other_sql =
      OtherSql(Traced(client, [&](const auto& accounts) { ours(accounts, 0); }),
               raw.Traced([&] { theirs(raw, 0); }));
  const Compared all =
      Interleave([&] { return TimeInTx(client, count, ours); },
                 [&] { return raw.TimeInTx(count, [&](std::size_t i) { theirs(raw, i); }); });
  Add(report, name, all, target, against, other_sql);
}

void MeasureUpdate(Report& report) {
  const auto age = [](std::size_t i) { return static_cast<std::int64_t>(100 + i % 100); };
  CompareInTx(
      report, "update_one", AtMost(1.25), "raw UPDATE and SELECT by key", kCount,
      [&](const auto& accounts, std::size_t i) {
        Keep(accounts.UpdateOne(AnyId(i)).Set(F<&Account::age>, age(i)).Save());
      },
      [&](Raw& raw, std::size_t i) { Keep(raw.UpdateAge(AnyId(i), age(i))); });
}

void MeasureDelete(Report& report) {
  CompareInTx(
      report, "delete_one", AtMost(1.20), "raw DELETE by key", kCount,
      [](const auto& accounts, std::size_t i) { accounts.DeleteOne(AnyId(i)).Exec(); },
      [](Raw& raw, std::size_t i) { raw.Delete(AnyId(i)); });
}

void MeasureGet(Report& report) {
  constexpr std::size_t kGets = 2 * kCount;
  const auto ours = [](const auto& accounts, std::size_t i) { Keep(accounts.Get(AnyId(i))); };
  const auto theirs = [](Raw& raw, std::size_t i) { Keep(raw.Get(AnyId(i))); };
  CompareInTx(report, "get", AtMost(1.25), "raw SELECT by key", kGets, ours, theirs);

  const auto client = OpenFilled();
  const auto accounts = client.Of<Account>();
  Raw raw(TableText());
  const Compared outside =
      Interleave([&] { return NanosecondsOf(kGets, [&](std::size_t i) { ours(accounts, i); }); },
                 [&] { return NanosecondsOf(kGets, [&](std::size_t i) { theirs(raw, i); }); });
  Add(report, "get_no_tx", outside, AtMost(1.15), "the same outside of a transaction");
}

void MeasureQuery(Report& report) {
  constexpr std::size_t kAll = 100'000;
  const auto client = OpenFilled(kAll);
  Raw raw(TableText(), kAll);
  const auto ours = [&] { return client.Of<Account>().Query().All(); };
  const auto theirs = [&] { return raw.All(); };
  const auto time = [](auto query) {
    std::vector<Account> all;  // destroyed when the clock has stopped
    const double took = NanosecondsOf(1, [&](std::size_t) { all = query(); });
    if (all.size() != kAll) throw std::runtime_error("rows are missing");
    return took / kAll;
  };
  const std::string other_sql =
      OtherSql(Traced(client, [](const auto& accounts) { accounts.Query().All(); }),
               raw.Traced([&] { raw.All(); }));
  const Compared all = Interleave([&] { return time(ours); }, [&] { return time(theirs); });
  Add(report, "query_all", all, AtMost(1.15), "raw SELECT of 100,000 rows", other_sql);
}

const Registration update({"update_one", MeasureUpdate});
const Registration delete_one({"delete_one", MeasureDelete});
const Registration get({"get", MeasureGet});
const Registration query({"query_all", MeasureQuery});

}  // namespace
}  // namespace benchmark
