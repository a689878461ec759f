/// A reader of a file, alone and beside a thread that writes.

#include <fmt/format.h>

#include <atomic>
#include <cstdio>
#include <thread>

#include "benchmark/account.hpp"
#include "benchmark/raw.hpp"
#include "support/scratch.hpp"

namespace benchmark {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kWindow{200};
constexpr std::size_t kWindows = 15;

struct Outcome {
  double alone = 0;  // nanoseconds of each read
  double beside = 0;
  double reads = 0;  // throughput beside the writer, over that alone
  std::int64_t writes = 0;
  std::atomic<std::int64_t> refused = 0;
};

/// Calls `call` and counts what it throws.
template <class F>
void Try(Outcome& outcome, F call) {
  try {
    call();
  } catch (const std::exception& error) {
    if (outcome.refused++ == 0) std::fprintf(stderr, "readers: %s\n", error.what());
  }
}

/// Reads for the length of a window. Returns: nanoseconds of each read.
template <class Read>
double ReadForAWindow(Outcome& outcome, Read read) {
  const auto start = Clock::now();
  auto now = start;
  std::size_t reads = 0;
  while (now - start < kWindow) {
    for (int i = 0; i < 64; ++i) Try(outcome, [&] { read(reads++); });
    now = Clock::now();
  }
  const std::chrono::duration<double, std::nano> took = now - start;
  return took.count() / static_cast<double>(reads);
}

/// A thread that writes without a pause for as long as this lives; it has begun when it is made.
template <class Write>
class Writing {
 public:
  Writing(Outcome& outcome, Write write)
      : thread_([this, &outcome, write] {
          for (std::size_t i = 0; !stop_; ++i) {
            Try(outcome, [&] { write(i); });
            ++outcome.writes;
            begun_ = true;
          }
        }) {
    while (!begun_) std::this_thread::yield();
  }
  Writing(const Writing&) = delete;
  Writing& operator=(const Writing&) = delete;
  ~Writing() {
    stop_ = true;
    thread_.join();
  }

 private:
  std::atomic<bool> stop_ = false;
  std::atomic<bool> begun_ = false;
  std::thread thread_;
};

template <class Read, class Write>
void Run(Outcome& outcome, Read read, Write write) {
  const Compared all = Interleave([&] { return ReadForAWindow(outcome, read); },
                                  [&] {
                                    const Writing<Write> writer(outcome, write);
                                    return ReadForAWindow(outcome, read);
                                  },
                                  kWindows);
  outcome.alone = all.ours;
  outcome.beside = all.theirs;
  outcome.reads = all.ours / all.theirs;
}

void Add(Report& report, const char* name, Target target, const Outcome& outcome,
         const char* against) {
  report.push_back({name, outcome.reads, target, Duration(outcome.beside), Duration(outcome.alone),
                    fmt::format("{} ({} writes beside)", against, outcome.writes)});
}

void MeasureReaders(Report& report) {
  const Scratch scratch;
  Outcome ours, theirs;
  {
    const auto client = OpenFilled(kRows, scratch.File("ours.db"));
    const auto accounts = client.Of<Account>();
    Run(
        ours, [&](std::size_t i) { Keep(accounts.Get(AnyId(i))); },
        [&](std::size_t i) { Keep(Create(accounts, Input(i))); });
  }
  {
    Raw writer(TableText(), kRows, scratch.File("raw.db"));
    Raw reader("", 0, scratch.File("raw.db"));
    Run(
        theirs, [&](std::size_t i) { Keep(reader.Get(AnyId(i))); },
        [&](std::size_t i) {
          writer.Begin();
          Keep(writer.Create(Input(i)));
          writer.Commit();
        });
  }
  Add(report, "readers", AtLeast(0.85), ours, "reads alone");
  report.push_back({"readers_refused", static_cast<double>(ours.refused.load()), Exactly(0), "", "",
                    "exceptions of the reader and the writer"});
  Add(report, "readers_raw", NoTarget(), theirs, "the same in raw SQLite: beside, and alone");
}

const Registration readers({"readers", MeasureReaders});

}  // namespace
}  // namespace benchmark
