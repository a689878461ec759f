#pragma once

/// How figures are measured, and the list of all figures. A file of figures registers its own:
///
///     void MeasureGet(Report& report) {
///       const Compared all = Interleave([&] { return NanosecondsOf(...); }, [&] { ... });
///       report.push_back({"get", all.ratio, AtMost(1.25), Duration(all.ours),
///                         Duration(all.theirs), "raw SELECT by key"});
///     }
///     const Registration get({"get", MeasureGet});

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace benchmark {

/// What a value is to reach.
struct Target {
  enum class Kind { None, AtMost, AtLeast, Exactly };
  Kind kind = Kind::None;
  double bound = 0;

  bool IsReachedBy(double value) const;
  std::string Text() const;
};
inline Target AtMost(double bound) { return {Target::Kind::AtMost, bound}; }
inline Target AtLeast(double bound) { return {Target::Kind::AtLeast, bound}; }
inline Target Exactly(double bound) { return {Target::Kind::Exactly, bound}; }
/// For values that are only told.
inline Target NoTarget() { return {}; }

/// One value that was measured: a line of the table.
struct Line {
  std::string name;
  double value;
  Target target;
  std::string ours;     // what Grapnel's side took
  std::string theirs;   // what the other side took
  std::string against;  // what the other side is
};
using Report = std::vector<Line>;

/// What `--figure NAME` runs. It may add several lines, and throws when it cannot be measured.
struct Figure {
  std::string_view name;
  void (*measure)(Report& report);
  /// The figures of the group "" run by default, others only with `--group NAME` or by their names.
  std::string_view group = "";
};

/// All figures, in the order of their registration.
std::vector<Figure>& Figures();

/// Adds a figure for as long as the program runs.
struct Registration {
  explicit Registration(const Figure& figure) { Figures().push_back(figure); }
};

/// How many alternations a comparison has: at least 15.
std::size_t Rounds();
void SetRounds(std::size_t rounds);

double Median(std::vector<double> values);

/// "812.4 ns", and the like with larger units.
std::string Duration(double nanoseconds);

/// What to say of a comparison whose sides do not run the same statements; "" when they do.
std::string OtherSql(const std::vector<std::string>& ours, const std::vector<std::string>& theirs);

/// Keeps the compiler from leaving out what makes `value`.
template <class T>
void Keep(const T& value) {
  asm volatile("" : : "r"(&value) : "memory");
}

/// Times `count` calls of `body(i)` as a whole. Returns: nanoseconds of each.
template <class F>
double NanosecondsOf(std::size_t count, F body) {
  const auto start = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < count; ++i) body(i);
  const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - start;
  return took.count() / static_cast<double>(count);
}

/// Two sides, measured in turn.
struct Compared {
  double ratio;       // the median of ours / theirs of each alternation
  double difference;  // the median of ours - theirs of each alternation
  double ours;        // the median of each side alone
  double theirs;
};

/// Measures two sides in turn: A B, B A, A B, ... Each call of a side returns what its timed part
/// took; what it does before and after that is not counted.
template <class A, class B>
Compared Interleave(A ours, B theirs, std::size_t rounds = Rounds()) {
  constexpr std::size_t kWarmUps = 3;
  std::vector<double> ratios, differences, all_ours, all_theirs;
  for (std::size_t round = 0; round < kWarmUps + rounds; ++round) {
    double one = 0, other = 0;
    if (round % 2 == 0) {
      one = ours();
      other = theirs();
    } else {
      other = theirs();
      one = ours();
    }
    if (round < kWarmUps) continue;
    ratios.push_back(one / other);
    differences.push_back(one - other);
    all_ours.push_back(one);
    all_theirs.push_back(other);
  }
  return {Median(ratios), Median(differences), Median(all_ours), Median(all_theirs)};
}

/// How often this thread has called global operator new, in any of its forms.
std::int64_t Allocations();

/// Throws: std::runtime_error unless calls of operator new are counted.
void CheckAllocationsAreCounted();

/// Returns: the calls of operator new of each of `count` calls of `body(i)`.
template <class F>
double AllocationsOf(std::size_t count, F body) {
  CheckAllocationsAreCounted();
  const std::int64_t before = Allocations();
  for (std::size_t i = 0; i < count; ++i) body(i);
  return static_cast<double>(Allocations() - before) / static_cast<double>(count);
}

}  // namespace benchmark
