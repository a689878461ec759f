// B142, B143, B150-B153 at random: queries of every kind, asked of Grapnel and of a plain model
// that looks at rows one after another, with and without interceptors.
//
// GRAPNEL_QUERIES=200000 asks so many; GRAPNEL_SEED=7 begins with that seed, by default with 1. A
// query that is answered differently is made smaller, and so are the rows that it is asked of; it
// is printed with its seed: GRAPNEL_SEED=7 GRAPNEL_QUERIES=1 asks it again.
#include "contract/random_queries/generate.hpp"
#include "contract/random_queries/model.hpp"
#include "contract/random_queries/print.hpp"
#include "contract/random_queries/query.hpp"
#include "contract/random_queries/run.hpp"
#include "contract/random_queries/shrink.hpp"
#include "support/catch.hpp"
#include "support/engine/traits.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>

namespace {

using namespace queries;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kIsSlow = true;
#elif defined(__has_feature)
constexpr bool kIsSlow = __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
constexpr bool kIsSlow = false;
#endif
constexpr std::uint64_t kQueries = kIsSlow ? 2'000 : 10'000;  // the other presets ask them all
constexpr std::uint64_t kQueriesFarAway = 2'000;  // each is a message to a server and back
constexpr std::uint64_t kOfOneWorld = 250;

std::uint64_t Setting(const char* name, std::uint64_t otherwise) {
  const char* given = std::getenv(name);
  return given != nullptr ? std::strtoull(given, nullptr, 10) : otherwise;
}

/// What differs; empty when nothing does.
std::string Difference(const Lines& expected, const Lines& got) {
  if (expected == got) return "";
  return "expected\n  " + JoinedBy("\n  ", expected) + "\ngot\n  " + JoinedBy("\n  ", got) + "\n";
}
std::string Difference(const Case& what) {
  return Difference(Model(what.world).Answer(what.ask), Runner(what.world).Answer(what.ask));
}

/// The worlds of the seeds, one at a time.
class Worlds {
 public:
  void MoveTo(std::uint64_t seed) {
    const std::uint64_t number = seed / kOfOneWorld;
    if (model_ && number == number_) return;
    number_ = number;
    world_ = Generator(~number).MakeWorld();
    model_.emplace(world_);
    runner_.emplace(world_);
  }
  const World& Now() const { return world_; }
  Lines Expected(const Ask& ask) { return model_->Answer(ask); }
  Lines Got(const Ask& ask) const { return runner_->Answer(ask); }

 private:
  std::uint64_t number_ = 0;
  World world_;
  std::optional<Model> model_;
  std::optional<Runner> runner_;
};

TEST_CASE("B142 B143 B150-B153 at random: queries are answered as a plain model answers them") {
  const auto first = Setting("GRAPNEL_SEED", 1),
             count = Setting("GRAPNEL_QUERIES", engine::IsInProcess() ? kQueries : kQueriesFarAway);
  Worlds worlds;
  std::size_t faults = 0, empty = 0;
  for (std::uint64_t seed = first; seed < first + count && faults < 3; ++seed) {
    worlds.MoveTo(seed);
    const Ask ask = Generator(seed).MakeAsk(worlds.Now());
    const Lines expected = worlds.Expected(ask);
    empty += expected.empty() ? 1 : 0;
    if (Difference(expected, worlds.Got(ask)).empty()) continue;
    ++faults;
    const Case smallest =
        Shrink(Case{worlds.Now(), ask}, [](const Case& each) { return !Difference(each).empty(); });
    UNSCOPED_INFO("seed " << seed << '\n' << ToString(smallest) << Difference(smallest));
    CHECK(faults == 0);
  }
  if (count >= 1000) CHECK(empty * 2 < count);  // or the test tests little
}

}  // namespace
