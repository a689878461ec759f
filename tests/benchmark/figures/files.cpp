/// Creations on a file, each in a transaction of its own: system calls and time.

#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>

#include "benchmark/account.hpp"
#include "benchmark/raw.hpp"
#include "support/scratch.hpp"

namespace {

std::int64_t writes = 0;
std::int64_t syncs = 0;

}  // namespace

// SQLite lets no one replace these two, but the dynamic linker does: they take the C library's
// place.
extern "C" int fsync(int file) {
  ++syncs;
  return static_cast<int>(syscall(SYS_fsync, file));
}
extern "C" int fdatasync(int file) {
  ++syncs;
  return static_cast<int>(syscall(SYS_fdatasync, file));
}

namespace benchmark {
namespace {

/// One of SQLite's ways to write, counted while this lives.
template <class... Arguments>
class CountedWrite {
 public:
  explicit CountedWrite(const char* name) : name_(name) {
    const auto function = vfs_->xGetSystemCall(vfs_, name);
    if (function == nullptr) return;  // this build of SQLite does not use it
    original = reinterpret_cast<Function>(function);
    const auto counted = reinterpret_cast<sqlite3_syscall_ptr>(&Count);
    if (vfs_->xSetSystemCall(vfs_, name, counted) != SQLITE_OK) {
      throw std::runtime_error("SQLite's system calls cannot be counted");
    }
  }
  CountedWrite(const CountedWrite&) = delete;
  CountedWrite& operator=(const CountedWrite&) = delete;
  ~CountedWrite() { vfs_->xSetSystemCall(vfs_, name_, nullptr); }

 private:
  using Function = ssize_t (*)(int, const void*, std::size_t, Arguments...);
  static inline Function original = nullptr;

  static ssize_t Count(int file, const void* bytes, std::size_t size, Arguments... arguments) {
    ++writes;
    return original(file, bytes, size, arguments...);
  }

  sqlite3_vfs* vfs_ = sqlite3_vfs_find(nullptr);
  const char* name_;
};

struct Calls {
  double writes;
  double syncs;
};

/// Returns: the calls that each mutation makes. Too few run for a checkpoint to come in between.
template <class F>
Calls CountCalls(F create) {
  constexpr int kCreates = 200;
  for (int i = 0; i < 20; ++i) create();
  writes = syncs = 0;
  for (int i = 0; i < kCreates; ++i) create();
  if (writes == 0 || syncs == 0) throw std::runtime_error("system calls could not be counted");
  return {static_cast<double>(writes) / kCreates, static_cast<double>(syncs) / kCreates};
}

Account CreateAlone(Raw& raw) {
  raw.Begin();
  Account made = raw.Create(Input(0));
  raw.Commit();
  return made;
}

std::string Text(const Calls& calls) {
  return fmt::format("{:g} + {:g}", calls.writes, calls.syncs);
}

void MeasureCalls(Report& report) {
  const Scratch scratch;
  const CountedWrite<> write("write");
  const CountedWrite<off_t> pwrite("pwrite");
  const CountedWrite<off64_t> pwrite64("pwrite64");
  const auto client = OpenFilled(100, scratch.File("ours.db"));
  const Calls ours = CountCalls([&] { Keep(Create(client.Of<Account>(), Input(0))); });
  Raw raw(TableText(), 100, scratch.File("raw.db"));
  const Calls theirs = CountCalls([&] { Keep(CreateAlone(raw)); });
  report.push_back({"file_syscalls",
                    std::max(ours.writes / theirs.writes, ours.syncs / theirs.syncs), AtMost(1),
                    Text(ours), Text(theirs), "writes + syncs of raw BEGIN, INSERT, COMMIT"});
}

void MeasureTime(Report& report) {
  constexpr std::size_t kCount = 20;  // a sync may take milliseconds
  const Scratch scratch;
  const auto client = OpenFilled(kRows, scratch.File("ours.db"));
  Raw raw(TableText(), kRows, scratch.File("raw.db"));
  const auto accounts = client.Of<Account>();
  const Compared all = Interleave(
      [&] {
        return NanosecondsOf(kCount, [&](std::size_t i) { Keep(Create(accounts, Input(i))); });
      },
      [&] { return NanosecondsOf(kCount, [&](std::size_t) { Keep(CreateAlone(raw)); }); });
  report.push_back({"create_file", all.ratio, NoTarget(), Duration(all.ours), Duration(all.theirs),
                    "raw BEGIN, INSERT, COMMIT on a file"});
}

const Registration calls({"file_syscalls", MeasureCalls});
const Registration time({"create_file", MeasureTime});

}  // namespace
}  // namespace benchmark
