/// Chain(f, g, h) of known hooks over any subject: the core alone.

#include <grapnel/core.hpp>

#include <cstddef>
#include <cstdint>
#include <stdexcept>

#include "benchmark/measure.hpp"

namespace benchmark {
namespace {

struct Request {
  std::int64_t count = 0;
};
using Next = grapnel::core::Next<Request, std::int64_t>;

[[gnu::noinline]] std::int64_t Answer(void*, Request& request) { return ++request.count; }

/// Read at run time, so that no call of it is seen through.
Next::Function volatile terminal = &Answer;

void MeasureChain(Report& report) {
  constexpr std::size_t kCount = 4'000'000;
  const grapnel::core::Chain chain([](Request& request, Next next) { return next(request); },
                                   [](Request& request, Next next) { return next(request); },
                                   [](Request& request, Next next) { return next(request); });
  Request request;
  const Compared all = Interleave(
      [&] {
        const Next next(terminal, nullptr);
        return NanosecondsOf(kCount, [&](std::size_t) { Keep(chain(request, next)); });
      },
      [&] {
        const Next next(terminal, nullptr);
        return NanosecondsOf(kCount, [&](std::size_t) { Keep(next(request)); });
      });
  const auto calls = static_cast<std::size_t>(request.count);
  if (calls == 0 || calls % kCount != 0) throw std::runtime_error("calls are missing");
  report.push_back({"chain_static_ns", all.difference, AtMost(1.5), Duration(all.ours),
                    Duration(all.theirs), "a direct call of what the chain ends in"});
}

const Registration chain({"chain_static_ns", MeasureChain});

}  // namespace
}  // namespace benchmark
