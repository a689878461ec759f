// B57: a million rows, with hooks, on a small stack and in little memory. A program of its own, to
// be built without sanitizers: it runs each measurement in a child of its own, under a stack of 256
// kB, which says by how much its peak memory grew.

#include "contract/graph_model.hpp"
#include "contract/model.hpp"
#include "support/scratch.hpp"

#include <grapnel/grapnel.hpp>

#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <fstream>
#include <ranges>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace {

using grapnel::F;
using grapnel::Mutation;
using grapnel::Next;
using grapnel::Op;

constexpr std::int64_t kRows = 1'000'000;
constexpr double kMegabyte = 1e6;
constexpr double kMostGrowth = 10 * kMegabyte;
constexpr rlim_t kStack = 256 * 1024;
constexpr int kSkipped = 77;

/// A field of /proc/self/status, in bytes; 0 where there is none.
double Status(std::string_view field) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(field))
      return 1024 * std::strtod(line.c_str() + field.size() + 1, nullptr);
  }
  return 0;
}

void Expect(bool holds, const std::string& what) {
  if (!holds) throw std::runtime_error(what);
}
void ExpectEqual(std::int64_t got, std::int64_t wanted, const std::string& what) {
  Expect(got == wanted, what + ": " + std::to_string(got) + ", not " + std::to_string(wanted));
}

/// By how much the peak of memory grew while this lived, beyond what there was before and `rows`
/// bytes.
class Peak {
 public:
  Peak() : before_(Start()) {}
  double Growth(double rows = 0) const { return Status("VmHWM:") - before_ - rows; }

 private:
  static double Start() {
    std::ofstream("/proc/self/clear_refs")
        << 5;  // where the kernel allows it, the peak starts anew
    return Status("VmHWM:");
  }
  double before_;
};

/// Runs SQL past Grapnel. Returns: the first number of its result.
std::int64_t Raw(const std::string& file, const std::string& sql) {
  sqlite3* db = nullptr;
  std::int64_t number = 0;
  const auto keep = [](void* to, int, char** values, char**) {
    if (values[0] != nullptr)
      *static_cast<std::int64_t*>(to) = std::strtoll(values[0], nullptr, 10);
    return 0;
  };
  const bool ok = sqlite3_open(file.c_str(), &db) == SQLITE_OK &&
                  sqlite3_exec(db, sql.c_str(), keep, &number, nullptr) == SQLITE_OK;
  const std::string reason = ok ? "" : sqlite3_errmsg(db);
  sqlite3_close(db);
  Expect(ok, reason);
  return number;
}

/// "INSERT INTO table (columns) SELECT values": a row for each i from 1 to kRows.
std::string Fill(const std::string& into, const std::string& values) {
  return "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " +
         std::to_string(kRows) + ") INSERT INTO " + into + " SELECT " + values + " FROM n;";
}

/// What the three hooks of every measurement were called for: before, around and after.
struct Calls {
  std::int64_t before = 0, around = 0, after = 0;

  template <class Database>
  void Count(const Database& client) {
    client.Use(
        grapnel::hook::Before([this](auto&) { ++before; }),
        [this]<class E>(Mutation<E>& m, Next<E> next) {
          ++around;
          return next(m);
        },
        grapnel::hook::After([this](const auto&, auto&) { ++after; }));
  }
  void Expect(std::int64_t wanted) const {
    ExpectEqual(before, wanted, "calls of the before-hook");
    ExpectEqual(around, wanted, "calls of the around-hook");
    ExpectEqual(after, wanted, "calls of the after-hook");
  }
};

/// Names short enough to be kept inside of their std::string: rows own no other memory.
model::Pet PetOf(std::int64_t i) { return {.name = "pet " + std::to_string(i), .owner_id = i}; }

/// Creates all rows of a range that `range(pets)` makes. Returns: the growth.
template <class Range>
double CreateBulk(const std::string& file, Range range) {
  const auto client = grapnel::Open<model::Pet>(file);
  client.Migrate();
  Calls calls;
  calls.Count(client);
  const auto pets = client.Of<model::Pet>();
  const Peak peak;
  const std::vector<model::Pet> made = pets.CreateBulk(range(pets)).Save();
  const double growth = peak.Growth(static_cast<double>(made.capacity() * sizeof(model::Pet)));
  calls.Expect(kRows);
  ExpectEqual(static_cast<std::int64_t>(made.size()), kRows, "rows returned");
  ExpectEqual(made.back().id, kRows, "last id");
  Expect(made.back().name == "pet " + std::to_string(kRows - 1), "last name: " + made.back().name);
  ExpectEqual(Raw(file, "SELECT count(*) FROM Pet WHERE owner_id = id - 1"), kRows, "rows stored");
  return growth;
}

double CreateEntities(const std::string& file) {
  return CreateBulk(file, [](const auto&) {
    return std::views::iota(std::int64_t{0}, kRows) | std::views::transform(PetOf);
  });
}
double CreateUnsized(const std::string& file) {
  return CreateBulk(file, [](const auto&) {
    return std::views::iota(std::int64_t{0}) |
           std::views::take_while([](auto i) { return i < kRows; }) | std::views::transform(PetOf);
  });
}
double CreateBuilders(const std::string& file) {
  return CreateBulk(file, [](const auto& pets) {
    return std::views::iota(std::int64_t{0}, kRows) | std::views::transform([pets](std::int64_t i) {
             const model::Pet pet = PetOf(i);
             return pets.Create()
                 .Set(F<&model::Pet::name>, pet.name)
                 .Set(F<&model::Pet::owner_id>, pet.owner_id);
           });
  });
}

using Graph = grapnel::Database<graph::User, graph::Card, graph::Pet>;

/// A database with kRows users, and what `more` fills in.
Graph OpenFilled(const std::string& file, const std::string& more = "") {
  Graph client = grapnel::Open<graph::User, graph::Card, graph::Pet>(file);
  client.Migrate();
  Raw(file, "BEGIN;" + Fill("User (name, age, version)", "'u', i, 0") + more + "COMMIT");
  return client;
}

/// Puts hooks on `hooked`, runs `action()`, a mutation of kRows rows, and asks `file` for the
/// number of rows that it left as it should. Returns: the growth.
template <class Hooked, class Action>
double Many(const std::string& file, const Hooked& hooked, Action action, const std::string& check,
            int mutations = 1) {
  Calls calls;
  calls.Count(hooked);
  const Peak peak;
  const std::int64_t rows = action();
  const double growth = peak.Growth();
  calls.Expect(mutations);
  ExpectEqual(rows, kRows, "rows counted");
  ExpectEqual(Raw(file, check), kRows, "rows changed");
  return growth;
}

double Update(const std::string& file) {
  const Graph client = OpenFilled(file, "UPDATE User SET best_friend_id = (id + 1) / 2;");
  return Many(
      file, client,
      [&] {
        return client.Of<graph::User>()
            .Update()
            .Where(F<&graph::User::age> > 0)
            .Set(F<&graph::User::nickname>, "nick")
            .Add(F<&graph::User::age>, 1)
            .ClearEdge(F<&graph::User::best_friend>)
            .Save();
      },
      "SELECT count(*) FROM User WHERE nickname = 'nick' AND age = id + 1 AND best_friend_id IS "
      "NULL");
}
double UpdateEdge(const std::string& file) {
  const Graph client = OpenFilled(file);
  return Many(
      file, client,
      [&] {
        return client.Of<graph::User>().Update().AddIDs(F<&graph::User::friends>, {7}).Save();
      },
      "SELECT count(*) FROM User_friends WHERE User_id = 7");
}
double Delete(const std::string& file) {
  const auto client = grapnel::Open<model::Pet>(file);
  client.Migrate();
  Raw(file, Fill("Pet (name, owner_id)", "'p', i"));
  return Many(
      file, client,
      [&] { return client.Of<model::Pet>().Delete().Where(F<&model::Pet::owner_id> > 0).Exec(); },
      "SELECT 1000000 - count(*) FROM Pet");
}
double DeleteHolders(const std::string& file) {
  const Graph client = OpenFilled(file, Fill("Pet (name, owner_id)", "'p', i"));
  return Many(
      file, client, [&] { return client.Of<graph::Pet>().Delete().Exec(); },
      "SELECT (SELECT count(*) FROM User) - (SELECT count(*) FROM Pet)");
}

/// Every user's card goes too: by the database or, where cards have hooks, by a mutation of their
/// own.
double DeleteCascade(const std::string& file, bool cards_have_hooks) {
  const Graph client = OpenFilled(file, Fill("Card (number, owner_id)", "i, i"));
  const auto remove = [&] {
    return client.Of<graph::User>().Delete().Where(F<&graph::User::age> > 0).Exec();
  };
  const std::string check =
      "SELECT 1000000 - (SELECT count(*) FROM User) - (SELECT count(*) FROM Card)";
  if (cards_have_hooks) return Many(file, client, remove, check, 2);
  return Many(file, client.Of<graph::User>(), remove, check);
}
double DeletePlainCascade(const std::string& file) { return DeleteCascade(file, false); }
double DeleteHookedCascade(const std::string& file) { return DeleteCascade(file, true); }

struct Measurement {
  const char* name;
  const char* text;
  double (*run)(const std::string& file);
};
constexpr Measurement kMeasurements[] = {
    {"create", "CreateBulk of entities", CreateEntities},
    {"unsized", "CreateBulk of a range of unknown length", CreateUnsized},
    {"builders", "CreateBulk of builders", CreateBuilders},
    {"update", "Update", Update},
    {"update_edge", "Update of an edge", UpdateEdge},
    {"delete", "Delete", Delete},
    {"delete_holders", "Delete of rows with a foreign key", DeleteHolders},
    {"delete_cascade", "Delete with a cascade of the database's", DeletePlainCascade},
    {"delete_hooked", "Delete with a cascade through hooks", DeleteHookedCascade},
};

/// The child: runs one measurement and says what it found.
int Measure(const Measurement& measurement) {
  rlimit stack{};
  getrlimit(RLIMIT_STACK, &stack);
  try {
    ExpectEqual(static_cast<std::int64_t>(stack.rlim_cur), kStack, "bytes of stack");
    const Scratch scratch;
    const double growth = measurement.run(scratch.File("test.db"));
    std::printf("%s, %lld rows: peak memory grew by %.1f MB\n", measurement.text,
                static_cast<long long>(kRows), growth / kMegabyte);
    Expect(growth < kMostGrowth, "that is more than 10 MB");
    return EXIT_SUCCESS;
  } catch (const std::exception& error) {
    std::printf("FAILED: %s: %s\n", measurement.text, error.what());
    return EXIT_FAILURE;
  }
}

/// Runs this program again for one measurement, with a small stack.
bool RunChild(const char* name) {
  std::fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    rlimit stack{};
    getrlimit(RLIMIT_STACK, &stack);
    stack.rlim_cur = kStack;
    if (setrlimit(RLIMIT_STACK, &stack) != 0) _exit(EXIT_FAILURE);
    execl("/proc/self/exe", "scale_test", name, nullptr);
    _exit(EXIT_FAILURE);
  }
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child) return false;
  if (WIFSIGNALED(status)) std::printf("FAILED: %s: killed by signal %d\n", name, WTERMSIG(status));
  return WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS;
}

}  // namespace

int main(int count, char** arguments) {
  if (Status("VmHWM:") == 0) {
    std::puts("skipped: this system does not tell the peak of a process's memory");
    return kSkipped;
  }
  bool ok = true;
  for (const Measurement& measurement : kMeasurements) {
    if (count < 2) {
      ok = RunChild(measurement.name) && ok;
    } else if (std::strcmp(arguments[1], measurement.name) == 0) {
      return Measure(measurement);
    }
  }
  return ok && count < 2 ? EXIT_SUCCESS : EXIT_FAILURE;
}
