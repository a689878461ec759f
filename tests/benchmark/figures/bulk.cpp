/// CreateBulk of 100,000 rows in its own transaction, against row by row in one transaction.

#include <stdexcept>

#include "benchmark/account.hpp"
#include "benchmark/raw.hpp"

namespace benchmark {
namespace {

constexpr std::size_t kCount = 100'000;

/// Times `make`, which returns the rows made. They are destroyed when the clock has stopped.
template <class F>
double TimeBulk(F make) {
  std::vector<Account> made;
  const double took = NanosecondsOf(1, [&](std::size_t) { made = make(); });
  if (made.size() != kCount || made.back().id == 0) throw std::runtime_error("rows are missing");
  return took / kCount;
}

void Compare(Report& report, const char* name, Target target, const Client& client) {
  const std::vector<Account> rows = MakeRows(kCount);
  Raw raw(TableText(), 0);
  const Compared all = Interleave(
      [&] {
        const double each = TimeBulk([&] { return client.Of<Account>().CreateBulk(rows).Save(); });
        client.Of<Account>().Delete().Exec();
        return each;
      },
      [&] {
        const double each = TimeBulk([&] {
          std::vector<Account> made;
          made.reserve(rows.size());
          raw.Begin();
          for (const Account& row : rows) made.push_back(raw.Create(row));
          raw.Commit();
          return made;
        });
        raw.DeleteAll();
        return each;
      });
  report.push_back({name, all.ratio, target, Duration(all.ours), Duration(all.theirs),
                    "raw BEGIN, 100,000 times INSERT, COMMIT"});
}

void MeasureBulk(Report& report) { Compare(report, "bulk", AtMost(0.60), OpenFilled(0)); }

void MeasureBefore(Report& report) {
  const auto client = OpenFilled(0);
  std::size_t calls = 0;
  for (int i = 0; i < 3; ++i) {
    client.Of<Account>().Use(grapnel::hook::Before([&calls](grapnel::Mutation<Account>& m) {
      if (m.Get(F<&Account::age>) != nullptr) ++calls;
    }));
  }
  Compare(report, "bulk_before3", AtMost(0.85), client);
  if (calls == 0 || calls % (3 * kCount) != 0) throw std::runtime_error("a hook did not run");
}

const Registration bulk({"bulk", MeasureBulk});
const Registration before({"bulk_before3", MeasureBefore});

}  // namespace
}  // namespace benchmark
