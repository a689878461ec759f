// B1-B140 at random: programs of writes, transactions and hooks of two types, run by Grapnel and by
// a plain model, which says as well which hooks run, when, why and with which rows.
//
// GRAPNEL_PROGRAMS=60000 runs so many; GRAPNEL_SEED=7 begins with that seed, by default with 1. A
// program that comes out differently is made smaller and printed with its seed: GRAPNEL_SEED=7
// GRAPNEL_PROGRAMS=1 runs it again.
#include "contract/random_programs/generate.hpp"
#include "contract/random_programs/model.hpp"
#include "contract/random_programs/print.hpp"
#include "contract/random_programs/run.hpp"
#include "contract/random_programs/shrink.hpp"
#include "support/catch.hpp"
#include "support/engine/traits.hpp"

#include <cstdlib>
#include <memory>
#include <string>

/// What is freed stays away for 4 MB of frees, not for 256 MB: with that much memory touched again
/// and again the programs take twice the time.
extern "C" const char* __asan_default_options();
extern "C" const char* __asan_default_options() { return "quarantine_size_mb=4"; }

namespace {

using namespace programs;

#ifdef __SANITIZE_ADDRESS__
constexpr std::uint64_t kPrograms = 5'000;  // several times as slow; the other presets run them all
#else
constexpr std::uint64_t kPrograms = 20'000;
#endif
/// Where each statement is a message to a server and back.
constexpr std::uint64_t kProgramsFarAway = 1'000;

std::uint64_t Setting(const char* name, std::uint64_t otherwise) {
  const char* given = std::getenv(name);
  return given != nullptr ? std::strtoull(given, nullptr, 10) : otherwise;
}

/// How often things came up that the test would be worth little without.
struct Coverage {
  std::size_t steps = 0, failed = 0, cascades = 0, upserts = 0, old_rows = 0, retries = 0,
              in_tx = 0;

  void Add(const Program& program, const std::vector<Outcome>& outcomes) {
    std::size_t open = 0;
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
      const Step::What what = program.steps[i].what;
      if (what == Step::What::Begin) ++open;
      if (open > 0 && (what == Step::What::Commit || what == Step::What::Rollback)) --open;
      ++steps;
      failed += outcomes[i].error.empty() ? 0 : 1;
      in_tx += open > 0 ? 1 : 0;
      for (const Event& event : outcomes[i].events) {
        cascades += event.cause == 2 ? 1 : 0;
        upserts += event.cause == 3 ? 1 : 0;
        old_rows += event.old_rows.empty() ? 0 : 1;
        retries += event.when == Event::When::Failed ? 1 : 0;
      }
    }
  }
};

class Comparison {
 public:
  /// What first differs; empty when nothing does.
  std::string operator()(const Program& program, Coverage* coverage = nullptr) {
    const auto expected = model_.Run(program, Runner::kBudget);
    if (coverage != nullptr) coverage->Add(program, expected);
    const auto got = runner_->Run(program);
    for (std::size_t i = 0; i < got.size(); ++i) {
      if (expected[i] == got[i]) continue;
      const std::string what = Difference(program.steps[i].write.type, expected[i], got[i]);
      runner_ = std::make_unique<Runner>();  // the fault may have spoilt it
      return "step " + std::to_string(i) + " differs: " + what;
    }
    return "";
  }

 private:
  std::unique_ptr<Runner> runner_ = std::make_unique<Runner>();
  Model model_;
};

TEST_CASE("B1-B140 at random: programs come out as the promises say, with the hooks they say") {
  const auto first = Setting("GRAPNEL_SEED", 1),
             count =
                 Setting("GRAPNEL_PROGRAMS", engine::IsInProcess() ? kPrograms : kProgramsFarAway);
  Comparison compare;
  Coverage coverage;
  int faults = 0;
  for (std::uint64_t seed = first; seed < first + count && faults < 3; ++seed) {
    const Program program = Generator(seed).Make();
    if (compare(program, &coverage).empty()) continue;
    ++faults;
    const Program smallest = Shrink(program, [&](const Program& p) { return !compare(p).empty(); });
    UNSCOPED_INFO("seed " << seed << '\n' << ToString(smallest) << '\n' << compare(smallest));
    CHECK(faults == 0);
  }
  INFO(coverage.steps << " steps, failed " << coverage.failed << ", in a Tx " << coverage.in_tx
                      << "; hooks by Cascade " << coverage.cascades << ", by Upsert "
                      << coverage.upserts << ", with old rows " << coverage.old_rows
                      << ", after a failed next " << coverage.retries);
  if (count < 1000) return;
  CHECK(coverage.failed * 10 > coverage.steps);  // or the test tests less than it says
  CHECK(coverage.failed * 2 < coverage.steps);
  CHECK(coverage.in_tx * 10 > coverage.steps);
  CHECK(coverage.cascades * 50 > coverage.steps);
  CHECK(coverage.upserts * 300 > coverage.steps);
  CHECK(coverage.old_rows * 20 > coverage.steps);
  CHECK(coverage.retries * 100 > coverage.steps);
}

}  // namespace
