#include <sys/wait.h>

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <utility>

#include "benchmark/account.hpp"
#include "benchmark/measure.hpp"

namespace benchmark {
namespace {

/// ent's side: the program that ent.sh has built. Each measurement is a process of its own, which
/// warms up before its clock starts.
class EntSide {
 public:
  explicit EntSide(std::string program) : program_(std::move(program)) {}

  double InTx(std::size_t count) const { return Run("tx", count); }
  double Autocommit(std::size_t count) const { return Run("auto", count); }

 private:
  double Run(const char* mode, std::size_t count) const {
    const std::string command = Quoted() + " " + mode + " " + std::to_string(count);
    std::FILE* output = popen(command.c_str(), "r");
    if (output == nullptr) throw std::runtime_error("cannot run " + command);
    double each = 0;
    const int read = std::fscanf(output, "%lf", &each);
    const int status = pclose(output);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0 || read != 1 || each <= 0) {
      throw std::runtime_error("this did not end well: " + command);
    }
    return each;
  }

  /// The program as one word of the shell.
  std::string Quoted() const {
    std::string quoted = "'";
    for (const char c : program_) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return quoted + "'";
  }

  std::string program_;
};

/// A hook that does next to nothing, as those of ent's side.
auto Counted(std::size_t& calls) {
  return [&calls](grapnel::Mutation<Account>& m, grapnel::Next<Account> next) {
    ++calls;
    return next(m);
  };
}

// What each side creates before its clock starts, for the other one has had the processor until
// then. ent's program does the same.
constexpr std::size_t kWarmUp = 2'000;
constexpr std::size_t kCount = 5'000;

double InTx(const Client& client) {
  TimeCreate(client, kWarmUp);
  return TimeCreate(client, kCount);
}

double Autocommit(const Client& client) {
  const auto accounts = client.Of<Account>();
  const auto create = [&](std::size_t i) { Keep(Create(accounts, Input(i))); };
  NanosecondsOf(kWarmUp, create);
  return NanosecondsOf(kCount, create);
}

/// The values are ent's time divided by Grapnel's.
void MeasureEnt(Report& report) {
  const char* program = std::getenv("GRAPNEL_BENCHMARK_ENT");
  if (program == nullptr || *program == '\0') {
    std::fprintf(stderr,
                 "vs_ent: not measured; GRAPNEL_BENCHMARK_ENT does not name ent's program\n");
    return;
  }
  const EntSide ent(program);
  std::size_t calls = 0;
  const Client client = OpenFilled();
  client.Of<Account>().Use(Counted(calls), Counted(calls), Counted(calls));

  const Compared in_tx = Interleave([&] { return ent.InTx(kCount); }, [&] { return InTx(client); });
  report.push_back({"vs_ent", in_tx.ratio, AtLeast(10), Duration(in_tx.theirs),
                    Duration(in_tx.ours),
                    "ent 0.5.4, create with 3 hooks in a transaction; its time / ours"});
  const Compared alone =
      Interleave([&] { return ent.Autocommit(kCount); }, [&] { return Autocommit(client); });
  report.push_back({"vs_ent_autocommit", alone.ratio, NoTarget(), Duration(alone.theirs),
                    Duration(alone.ours), "the same, each in a transaction of its own"});
  if (calls == 0 || calls % (3 * (kWarmUp + kCount)) != 0)
    throw std::runtime_error("not every hook ran");
}
const Registration ent_registration({"vs_ent", MeasureEnt, "peers"});

}  // namespace
}  // namespace benchmark
