// B127, B136: SQLite without memory, at every allocation of whole programs.
#include "contract/faults_model.hpp"
#include "support/catch.hpp"
#include "support/fault_memory.hpp"
#include "support/scratch.hpp"

#include <string>

using faults::Counts;
using faults::Db;

namespace {

FaultMemory memory;

/// Plays all steps, the n-th allocation of which fails. Returns: whether there were so many.
bool Play(const Db& client, long n, bool lasting) {
  INFO("allocation " << n << (lasting ? " and all behind it" : ""));
  memory.Fail(n, lasting);
  return faults::Play(client, client, [] { return memory.Heal(); });
}

}  // namespace

TEST_CASE("B127 B136 no allocation that fails crashes, loses or leaves anything behind") {
  const bool file = GENERATE(false, true);
  const bool lasting = GENERATE(false, true);
  const Scratch scratch;
  const auto client = faults::OpenAt(file ? scratch.File("db") : ":memory:");
  Play(client, 1L << 50, false);  // now the statements are prepared
  // Every allocation; the bulk of those far in, which do the same again and again, by strides.
  long n = 1;
  while (Play(client, n, lasting)) n += n < 150 ? 1 : 17;
  CHECK(n > 150);
}

TEST_CASE("B127 B136 the same where every statement is still to be prepared") {
  const bool lasting = GENERATE(false, true);
  long n = 1;
  while (true) {
    const Scratch scratch;
    const auto client = faults::OpenAt(n % 2 == 0 ? scratch.File("db") : ":memory:");
    if (!Play(client, n, lasting)) break;
    n += 61;
  }
  CHECK(n > 1000);
}

TEST_CASE("B127 Open without memory is a typed error") {
  const Scratch scratch;
  const auto path = scratch.File("db");
  faults::OpenAt(path);
  for (long n = 1;; ++n) {
    memory.Fail(n, false);
    faults::Happened([&] { grapnel::Open<faults::Owner, faults::Item, faults::Note>(path); });
    if (!memory.Heal()) break;
  }
  REQUIRE(faults::Count(faults::OpenAt(path)) == Counts{});
}
