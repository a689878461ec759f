/// What one hook more costs.

#include <algorithm>
#include <utility>

#include "benchmark/account.hpp"

namespace benchmark {
namespace {

// Hooks of several types, for the processor would guess the target of a call that is always the
// same.
template <int>
auto MakeAround() {
  return [](grapnel::Mutation<Account>& m, grapnel::Next<Account> next) { return next(m); };
}
template <int>
auto MakeBefore() {
  return grapnel::hook::Before([](grapnel::Mutation<Account>& m) { Keep(m); });
}

constexpr int kTypes = 10;

template <int... Is>
void UseAround(const Client& client, int i, std::integer_sequence<int, Is...>) {
  ((i % kTypes == Is ? void(client.Of<Account>().Use(MakeAround<Is>())) : void()), ...);
}
template <int... Is>
void UseBefore(const Client& client, int i, std::integer_sequence<int, Is...>) {
  ((i % kTypes == Is ? void(client.Of<Account>().Use(MakeBefore<Is>())) : void()), ...);
}

Client WithAround(int count) {
  auto client = OpenFilled();
  for (int i = 0; i < count; ++i) {
    UseAround(client, i, std::make_integer_sequence<int, kTypes>());
  }
  return client;
}
Client WithBefore(int count) {
  auto client = OpenFilled();
  for (int i = 0; i < count; ++i) {
    UseBefore(client, i, std::make_integer_sequence<int, kTypes>());
  }
  return client;
}

Compared Compare(const Client& many, const Client& few, std::size_t count) {
  return Interleave([&] { return TimeCreate(many, count); },
                    [&] { return TimeCreate(few, count); });
}

void MeasureBefore(Report& report) {
  const Compared all = Compare(WithBefore(100), WithBefore(0), 6'000);
  report.push_back({"hook_before_ns", all.difference / 100, AtMost(4), Duration(all.ours),
                    Duration(all.theirs), "Create with 100 before-only hooks, and with 0"});
}

void MeasureAround(Report& report) {
  const Compared all = Compare(WithAround(100), WithAround(3), 5'000);
  report.push_back({"hook_around_ns", all.difference / 97, AtMost(25), Duration(all.ours),
                    Duration(all.theirs), "Create with 100 around hooks, and with 3"});
}

void MeasureAllocations(Report& report) {
  const double around = CountAllocations(WithAround(100)) - CountAllocations(WithAround(3));
  const double before = CountAllocations(WithBefore(100)) - CountAllocations(WithBefore(0));
  report.push_back({"hook_allocs", std::max(around / 97, before / 100), AtMost(0), "", "",
                    "calls of operator new for each hook"});
}

/// Rules that skip in front of one that allows, and a hook behind them.
Client WithRules(int count) {
  auto client = WithBefore(1);
  for (int i = 0; i < count; ++i) {
    client.Of<Account>().Guard([i](auto& asked) {
      Keep(asked);
      return i % 100 == 99 ? grapnel::guard::Allow : grapnel::guard::Skip;
    });
  }
  return client;
}
void MeasureRules(Report& report) {
  const Compared all = Compare(WithRules(100), WithRules(0), 6'000);
  report.push_back({"guard_rule_ns", all.difference / 100, AtMost(20), Duration(all.ours),
                    Duration(all.theirs), "Create with 100 rules, and with 0"});
  const double rules = CountAllocations(WithRules(100)) - CountAllocations(WithRules(0));
  report.push_back(
      {"guard_allocs", rules / 100, AtMost(0), "", "", "calls of operator new for each rule"});
}

void MeasureLinear(Report& report) {
  constexpr std::size_t kCount = 1'000;
  const Compared around = Compare(WithAround(1'000), WithAround(100), kCount);
  report.push_back({"hooks_linear", around.ratio, AtMost(12), Duration(around.ours),
                    Duration(around.theirs), "Create with 1,000 around hooks, and with 100"});
  const Compared before = Compare(WithBefore(1'000), WithBefore(100), kCount);
  report.push_back({"hooks_linear_before", before.ratio, NoTarget(), Duration(before.ours),
                    Duration(before.theirs), "the same with before-only hooks"});
}

const Registration before({"hook_before_ns", MeasureBefore});
const Registration around({"hook_around_ns", MeasureAround});
const Registration allocations({"hook_allocs", MeasureAllocations});
const Registration rules({"guard_rule_ns", MeasureRules});
const Registration linear({"hooks_linear", MeasureLinear});

}  // namespace
}  // namespace benchmark
