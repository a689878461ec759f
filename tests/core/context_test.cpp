#include <grapnel/core/context.hpp>

#include "support/catch.hpp"

#include <chrono>
#include <limits>
#include <ratio>
#include <stop_token>
#include <string>
#include <vector>

using grapnel::core::Context;
using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

namespace {

struct Viewer {
  std::string name;
};
struct Tenant {
  int number;
};

}  // namespace

TEST_CASE("an empty context holds nothing and is never cancelled") {
  const Context context;
  CHECK(context.Get<Viewer>() == nullptr);
  CHECK_FALSE(context.Deadline().has_value());
  CHECK_FALSE(context.CanBeCancelled());
  CHECK_FALSE(context.IsCancelled());
  CHECK(context.Tracer() == nullptr);
  CHECK_NOTHROW(context.ThrowIfCancelled());
}

TEST_CASE(
    "values are found by their type; the one given last counts, and the receiver keeps its own") {
  const Context empty;
  const Context bob = empty.With(Viewer{"bob"});
  const Context both = bob.With(Tenant{5});
  const Context eve = both.With(Viewer{"eve"});
  CHECK(empty.Get<Viewer>() == nullptr);
  CHECK(bob.Get<Viewer>()->name == "bob");
  CHECK(bob.Get<Tenant>() == nullptr);
  CHECK(both.Get<Viewer>() == bob.Get<Viewer>());
  CHECK(eve.Get<Viewer>()->name == "eve");
  CHECK(eve.Get<Tenant>()->number == 5);
}

TEST_CASE("a value lives as long as any copy of its context") {
  const Viewer* viewer = nullptr;
  Context kept;
  {
    const Context context = Context().With(Viewer{"a name too long for a small string"});
    viewer = context.Get<Viewer>();
    kept = context.With(Tenant{1});
  }
  CHECK(kept.Get<Viewer>() == viewer);
  CHECK(viewer->name == "a name too long for a small string");
}

TEST_CASE("of two deadlines the earlier one stays in force, whichever came first") {
  const auto soon = Clock::now() + 1h, late = soon + 1h;
  CHECK(Context().With(soon).With(late).Deadline() == soon);
  CHECK(Context().With(late).With(soon).Deadline() == soon);
  CHECK(Context().With(soon).With(24h).Deadline() == soon);
  CHECK_FALSE(Context().With(soon).IsCancelled());
}

TEST_CASE("a duration is a deadline that far from now") {
  const auto before = Clock::now();
  const auto deadline = Context().With(90min).Deadline();
  REQUIRE(deadline.has_value());
  CHECK(*deadline >= before + 90min);
  CHECK(*deadline <= Clock::now() + 90min);
}

TEST_CASE("a deadline that has passed cancels, and the error says so") {
  const Context context = Context().With(Clock::now() - 1ms);
  CHECK(context.CanBeCancelled());
  CHECK(context.IsCancelled());
  CHECK_THROWS_AS(context.ThrowIfCancelled(), grapnel::CancelledError);
  CHECK_THROWS_WITH(context.ThrowIfCancelled(),
                    "the operation was cancelled: its deadline has passed");
}

TEST_CASE("a stop request cancels every context that carries its token") {
  std::stop_source source;
  const Context context = Context().With(source.get_token());
  const Context longer = context.With(Viewer{"bob"});
  CHECK(longer.CanBeCancelled());
  CHECK_FALSE(longer.IsCancelled());
  CHECK_NOTHROW(longer.ThrowIfCancelled());
  source.request_stop();
  CHECK(longer.IsCancelled());
  CHECK(context.StopToken().stop_requested());
  CHECK_THROWS_WITH(longer.ThrowIfCancelled(), "the operation was cancelled: a stop was requested");
}

TEST_CASE("a tracer receives texts, and travels with the values") {
  std::vector<std::string> seen;
  const Context context =
      Context().WithTrace([&](std::string_view text) { seen.emplace_back(text); }).With(Tenant{1});
  REQUIRE(context.Tracer() != nullptr);
  (*context.Tracer())("SELECT 1");
  CHECK(seen == std::vector<std::string>{"SELECT 1"});
}

TEST_CASE("B139 any duration may be given: what the clock cannot count is its end") {
  using std::chrono::duration;
  using std::chrono::hours;
  const auto deadline = [](auto wait) { return Context().With(wait).Deadline().value(); };
  const auto never = Clock::time_point::max();
  CHECK(deadline(hours::max()) == never);
  CHECK(deadline(std::chrono::nanoseconds::max()) == never);
  CHECK(deadline(std::chrono::years(1'000'000)) == never);
  CHECK(deadline(duration<double>(1e300)) == never);
  CHECK(deadline(duration<float>(std::numeric_limits<float>::infinity())) == never);
  CHECK(deadline(duration<unsigned long long, std::ratio<1, 3>>(~0ULL)) == never);
  CHECK_FALSE(Context().With(hours::max()).IsCancelled());
  CHECK(Context().With(hours::max()).With(1h).Deadline() < never);
  for (const auto& passed :
       {Context().With(hours::min()), Context().With(-1ns), Context().With(0s),
        Context().With(duration<double>(-1e300)), Context().With(duration<long double>(-1)),
        Context().With(duration<double>(std::numeric_limits<double>::quiet_NaN())),
        Context().With(duration<double>(-std::numeric_limits<double>::infinity()))}) {
    CHECK(passed.IsCancelled());
    CHECK_THROWS_AS(passed.ThrowIfCancelled(), grapnel::CancelledError);
  }
  const auto before = Clock::now();
  const auto soon = deadline(duration<double>(1.5));
  CHECK(soon >= before + 1499ms);
  CHECK(soon <= Clock::now() + 1501ms);
}

TEST_CASE("B139 time points of other clocks and precisions are converted") {
  using std::chrono::system_clock;
  const auto in_an_hour = [](const Context& context) {
    const auto left = context.Deadline().value() - Clock::now();
    return left > 59min && left < 61min;
  };
  CHECK(in_an_hour(Context().With(system_clock::now() + 1h)));
  CHECK(in_an_hour(
      Context().With(std::chrono::floor<std::chrono::seconds>(system_clock::now() + 1h))));
  CHECK(in_an_hour(Context().With(std::chrono::floor<std::chrono::seconds>(Clock::now() + 1h))));
  CHECK(in_an_hour(Context().With(std::chrono::time_point<Clock, std::chrono::duration<double>>(
      std::chrono::duration<double>((Clock::now() + 1h).time_since_epoch())))));
  CHECK(Context().With(system_clock::now() - 1s).IsCancelled());
  CHECK(Context().With(system_clock::time_point()).IsCancelled());
  CHECK(Context().With(system_clock::time_point::min()).IsCancelled());
  CHECK_FALSE(Context().With(system_clock::time_point::max()).IsCancelled());
  CHECK_FALSE(Context()
                  .With(std::chrono::sys_time<std::chrono::hours>(std::chrono::hours::max()))
                  .IsCancelled());
  CHECK(Context().With(Clock::time_point::max()).Deadline() == Clock::time_point::max());
  CHECK(Context().With(Clock::time_point::min()).IsCancelled());
  const auto exact = Clock::now();
  CHECK(Context().With(exact).Deadline() == exact);
}

TEST_CASE("B139 without limits the values stay") {
  std::stop_source source;
  source.request_stop();
  const Context context = Context().With(Tenant{1}).With(-1s).With(source.get_token());
  CHECK(context.IsCancelled());
  const Context free = context.WithoutLimits();
  CHECK_FALSE(free.CanBeCancelled());
  REQUIRE(free.Get<Tenant>() != nullptr);
}

TEST_CASE("a value is found as const as well") {
  const Context bob = Context().With(Viewer{"bob"});
  CHECK(bob.Get<const Viewer>() == bob.Get<Viewer>());
  CHECK(Context().With<const Viewer>(Viewer{"eve"}).Get<Viewer>()->name == "eve");
}

TEST_CASE("a context of a million values goes without a deep stack, its shared part stays") {
  Context longest;
  for (int i = 0; i < 1'000; ++i) longest = longest.With(Tenant{i});
  const Context shared = longest;
  for (int i = 1'000; i < 1'000'000; ++i) longest = longest.With(Tenant{i});
  longest = Context();
  CHECK(shared.Get<Tenant>()->number == 999);
}
