// B181: eight writers on a cluster whose primary is killed again and again (run.sh); half of them
// have lost commits found. In the end it counts what they were told of each row and what is there,
// and refuses
//   lost      rows that were acknowledged and are not there
//   untold    rows that are there, though their write was said to have failed
//   unbound   rows that are not there, though AfterCommit ran for them
//   told both ways  rows for which AfterCommit ran, though their outcome was said to be unknown, or
//             ran twice, or did not run, though they were acknowledged
//   torn      pairs written in one transaction of which one is there
// Takes: the cluster's conninfo. Works in the current folder: writes how many rows are acknowledged
// into `acknowledged`, several times a second, and ends when there is a file `stop`.
#include <grapnel/grapnel.hpp>
#include <grapnel/postgres.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using grapnel::F;

struct Entry {
  std::int64_t id = 0;
  std::string key;
};

}  // namespace

template <>
struct grapnel::Schema<Entry> {
  static constexpr std::string_view Type = "Entry";
  static constexpr auto Fields() { return grapnel::Fields(Field<&Entry::key>("key").Unique()); }
};

namespace {

using Keys = std::vector<std::string>;

/// What the writers were told.
class Told {
 public:
  void Acknowledged(const Keys& keys) { Add(acknowledged, keys); }
  void Unknown(const Keys& keys) { Add(unknown, keys); }
  void AfterCommit(const std::string& key) {
    const std::scoped_lock lock(mutex_);
    ++after_commit[key];
  }
  void Error(const std::exception& error) {
    const std::scoped_lock lock(mutex_);
    ++errors[error.what()];
  }
  /// How many rows are acknowledged by now; notes how long there was none.
  std::size_t Count() {
    const std::scoped_lock lock(mutex_);
    const auto now = std::chrono::steady_clock::now();
    if (acknowledged.size() != counted_) last_ = now;
    counted_ = acknowledged.size();
    longest_pause = std::max(longest_pause, now - last_);
    return counted_;
  }

  std::set<std::string> acknowledged, unknown;
  std::map<std::string, int> after_commit;
  std::map<std::string, int> errors;
  std::chrono::steady_clock::duration longest_pause{};

 private:
  void Add(std::set<std::string>& to, const Keys& keys) {
    const std::scoped_lock lock(mutex_);
    to.insert(keys.begin(), keys.end());
  }

  std::mutex mutex_;
  std::size_t counted_ = 0;
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

/// Which writers have lost commits found.
bool LooksForCommits(int writer) { return writer % 2 != 0; }

bool Stopped() { return std::filesystem::exists("stop"); }

/// Writes a row by itself and a pair in a transaction, by turns, until stopped. What fails is never
/// tried again here: the next is another row.
void Write(const grapnel::Client& base, Told& told, int writer) {
  const auto create = [](const auto& through, const std::string& key) {
    through.template Of<Entry>().Create().Set(F<&Entry::key>, key).Save();
  };
  for (int n = 0; !Stopped(); ++n) {
    const std::string name = fmt::format("{}-{}", writer, n);
    const bool pair = n % 4 == 0;
    // By the deadline another node has taken over, and a lost commit can be found.
    const grapnel::Client client =
        LooksForCommits(writer) ? base.With(30s).With(grapnel::FindLostCommits{}) : base.With(30s);
    const Keys keys = pair ? Keys{name + "a", name + "b"} : Keys{name};
    try {
      if (pair) {
        client.WithTx([&](grapnel::Tx& tx) {
          for (const std::string& key : keys) create(tx, key);
        });
      } else {
        create(client, name);
      }
      told.Acknowledged(keys);
      std::this_thread::sleep_for(2ms);  // the cluster shares the machine with us
      continue;
    } catch (const grapnel::CommittedError& e) {
      told.Acknowledged(keys);
      told.Error(e);
    } catch (const grapnel::TxError& e) {
      if (e.Outcome() == grapnel::TxOutcome::Unknown) told.Unknown(keys);
      told.Error(e);
    } catch (const std::exception& e) {
      told.Error(e);
    }
    std::this_thread::sleep_for(50ms);
  }
}

/// Returns: whether every count that has to be 0 is.
bool Judge(const Told& told, const std::set<std::string>& there) {
  const auto is_there = [&](const std::string& key) { return there.contains(key); };
  const auto count = [](const auto& keys, const auto& which) {
    return std::count_if(keys.begin(), keys.end(), which);
  };
  const auto lost = count(told.acknowledged, [&](auto& key) { return !is_there(key); });
  const auto untold = count(there, [&](auto& key) {
    return !told.acknowledged.contains(key) && !told.unknown.contains(key);
  });
  const auto unbound = count(told.after_commit, [&](auto& one) { return !is_there(one.first); });
  const auto both =
      count(told.after_commit,
            [&](auto& one) { return one.second != 1 || told.unknown.contains(one.first); }) +
      count(told.acknowledged, [&](auto& key) { return !told.after_commit.contains(key); });
  const auto torn = count(there, [&](const std::string& key) {
    const std::string name = key.substr(0, key.size() - 1);
    return (key.ends_with('a') && !is_there(name + "b")) ||
           (key.ends_with('b') && !is_there(name + "a"));
  });
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(told.longest_pause).count();
  const auto in_vain = count(
      told.unknown, [](const std::string& key) { return LooksForCommits(key.front() - '0'); });
  fmt::print(
      "rows acknowledged {}, of unknown outcome {} ({} are there, {} were looked for in vain), "
      "longest pause {} s\n",
      told.acknowledged.size(), told.unknown.size(), count(told.unknown, is_there), in_vain,
      seconds);
  fmt::print("AfterCommit ran for {} rows\n", told.after_commit.size());
  fmt::print("lost {}, untold {}, unbound {}, told both ways {}, torn {}\n", lost, untold, unbound,
             both, torn);
  for (const auto& [text, times] : told.errors) fmt::print("  {} times: {}\n", times, text);
  return lost + untold + unbound + both + torn == 0;
}

int Run(const char* conninfo) {
  auto client = grapnel::OpenPostgres<Entry>(conninfo, {.pool = 8});
  client.Migrate();
  Told told;
  client.Use([&told]<class E>(grapnel::Mutation<E>& m, grapnel::Next<E> next) {
    m.AfterCommit([&told, key = *m.Get(F<&E::key>)] { told.AfterCommit(key); });
    return next(m);
  });

  std::vector<std::thread> writers;
  for (int writer = 0; writer < 8; ++writer) {
    writers.emplace_back([&, writer] { Write(client, told, writer); });
  }
  while (!Stopped()) {
    std::ofstream("acknowledged.new") << told.Count() << "\n";
    std::filesystem::rename("acknowledged.new", "acknowledged");
    std::this_thread::sleep_for(200ms);
  }
  for (std::thread& writer : writers) writer.join();

  std::set<std::string> there;
  for (Entry& entry : client.Of<Entry>().Query().All()) there.insert(std::move(entry.key));
  return Judge(told, there) ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (argc == 2) return Run(argv[1]);
    fmt::print(stderr, "usage: writers CONNINFO\n");
  } catch (const std::exception& e) {
    fmt::print(stderr, "{}\n", e.what());
  }
  return 2;
}
