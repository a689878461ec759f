#include "benchmark/measure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <new>
#include <stdexcept>

namespace benchmark {

namespace {

std::size_t rounds_to_run = 21;

}  // namespace

bool Target::IsReachedBy(double value) const {
  switch (kind) {
    case Kind::AtMost:
      return value <= bound;
    case Kind::AtLeast:
      return value >= bound;
    case Kind::Exactly:
      return value == bound;
    case Kind::None:
      break;
  }
  return true;
}

std::string Target::Text() const {
  switch (kind) {
    case Kind::AtMost:
      return fmt::format("<= {:g}", bound);
    case Kind::AtLeast:
      return fmt::format(">= {:g}", bound);
    case Kind::Exactly:
      return fmt::format("= {:g}", bound);
    case Kind::None:
      break;
  }
  return "";
}

std::vector<Figure>& Figures() {
  static std::vector<Figure> figures;
  return figures;
}

std::size_t Rounds() { return rounds_to_run; }

void SetRounds(std::size_t rounds) {
  if (rounds < 15) throw std::runtime_error("a median needs at least 15 alternations");
  rounds_to_run = rounds;
}

double Median(std::vector<double> values) {
  if (values.empty()) throw std::runtime_error("nothing was measured");
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

std::string Duration(double nanoseconds) {
  if (nanoseconds < 1e4) return fmt::format("{:.1f} ns", nanoseconds);
  if (nanoseconds < 1e7) return fmt::format("{:.1f} us", nanoseconds / 1e3);
  return fmt::format("{:.1f} ms", nanoseconds / 1e6);
}

std::string OtherSql(const std::vector<std::string>& ours, const std::vector<std::string>& theirs) {
  if (ours == theirs) return "";
  return fmt::format("; BUT Grapnel runs [{}] and the other side [{}]", fmt::join(ours, "; "),
                     fmt::join(theirs, "; "));
}

void CheckAllocationsAreCounted() {
  const std::int64_t before = Allocations();
  void* memory = ::operator new(1);
  Keep(memory);
  ::operator delete(memory);
  if (Allocations() != before + 1) throw std::runtime_error("operator new is not counted");
}

}  // namespace benchmark
