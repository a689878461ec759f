/// Create, without hooks and with three of them, against SQLite itself.

#include <stdexcept>

#include "benchmark/account.hpp"
#include "benchmark/raw.hpp"

namespace benchmark {
namespace {

constexpr std::size_t kCount = 8'000;
constexpr std::size_t kHooks = 3;

void CreateRaw(Raw& raw, const Account& input, bool in_savepoint) {
  if (in_savepoint) raw.Savepoint();
  Keep(raw.Create(input));
  if (in_savepoint) raw.Release();
}

void Compare(Report& report, const char* name, Target target, const char* against,
             const Client& client, bool in_savepoint = false) {
  Raw raw(TableText());
  const std::string other =
      OtherSql(Traced(client, [](const auto& accounts) { Create(accounts, Input(0)); }),
               raw.Traced([&] { CreateRaw(raw, Input(0), in_savepoint); }));
  const Compared all = Interleave(
      [&] { return TimeCreate(client, kCount); },
      [&] {
        if (!in_savepoint) return raw.TimeCreate(kCount);
        return raw.TimeInTx(kCount, [&](std::size_t i) { CreateRaw(raw, Input(i), true); });
      });
  report.push_back(
      {name, all.ratio, target, Duration(all.ours), Duration(all.theirs), against + other});
}

/// Each hook has seen one Create whose statements were looked at, and kCount in each alternation.
void CheckThatAllRan(std::size_t calls) {
  if ((calls - kHooks) % (kCount * kHooks) != 0 || calls <= kHooks)
    throw std::runtime_error("a hook did not run");
}

void MeasureCreate(Report& report) {
  Compare(report, "create", AtMost(1.15), "raw INSERT", OpenFilled());
}

void MeasureBefore(Report& report) {
  const auto client = OpenFilled();
  std::size_t calls = 0;
  for (std::size_t i = 0; i < kHooks; ++i) {
    client.Of<Account>().Use(grapnel::hook::Before([&calls](grapnel::Mutation<Account>& m) {
      if (m.Get(F<&Account::age>) != nullptr) ++calls;
    }));
  }
  Compare(report, "create_before3", AtMost(1.20), "raw INSERT", client);
  CheckThatAllRan(calls);
}

void MeasureAround(Report& report) {
  const auto client = OpenFilled();
  std::size_t calls = 0;
  for (std::size_t i = 0; i < kHooks; ++i) {
    client.Of<Account>().Use([&calls](grapnel::Mutation<Account>& m, grapnel::Next<Account> next) {
      ++calls;
      return next(m);
    });
  }
  Compare(report, "create_around3", AtMost(1.20), "raw SAVEPOINT, INSERT, RELEASE", client, true);
  CheckThatAllRan(calls);
}

void MeasureAllocations(Report& report) {
  report.push_back({"create_allocs", CountAllocations(OpenFilled()), AtMost(1), "", "",
                    "calls of operator new"});
}

const Registration create({"create", MeasureCreate});
const Registration before({"create_before3", MeasureBefore});
const Registration around({"create_around3", MeasureAround});
const Registration allocations({"create_allocs", MeasureAllocations});

}  // namespace
}  // namespace benchmark
