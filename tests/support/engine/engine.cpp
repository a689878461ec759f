#include "support/engine/engine.hpp"

#include <unistd.h>

#include <atomic>
#include <cctype>
#include <cstdlib>
#include <mutex>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "support/engine/spelling.hpp"
#include "support/scratch.hpp"
#ifdef GRAPNEL_TEST_WITH_POSTGRES
#include "support/engine/server.hpp"
#endif

namespace engine {

Kind Current() {
  static const Kind kind = [] {
    const char* named = std::getenv("GRAPNEL_TEST_ENGINE");
    const std::string name = named == nullptr ? "sqlite" : named;
    if (name == "sqlite") return Kind::Sqlite;
#ifdef GRAPNEL_TEST_WITH_POSTGRES
    if (name == "postgres") return Kind::Postgres;
#endif
    throw std::runtime_error("GRAPNEL_TEST_ENGINE: no engine named " + name + " is here");
  }();
  return kind;
}

std::string Spelled(std::string_view sql) {
  return Current() == Kind::Postgres ? PostgresSpelling(sql) : std::string(sql);
}

#ifdef GRAPNEL_TEST_WITH_POSTGRES
namespace {

/// The schemas that this process has made, each named after the path that it stands for.
class Schemas {
 public:
  static Schemas& Get() {
    static Schemas all;
    return all;
  }
  Schemas(const Schemas&) = delete;
  Schemas& operator=(const Schemas&) = delete;
  ~Schemas() {
    if (process_ == getpid()) Drop([](const std::string&) { return true; });
  }

  std::string For(const std::string& where) {
    static std::atomic<int> memories{0};
    const bool memory = where == ":memory:" || where.find("mode=memory") != std::string::npos;
    std::string name = memory
                           ? "memory_" + std::to_string(getpid()) + "_" + std::to_string(random_) +
                                 "_" + std::to_string(memories.fetch_add(1))
                           : where;
    for (char& c : name) {
      if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
    }
    if (name.size() > 60) name.erase(0, name.size() - 60);
    const std::scoped_lock lock(mutex_);
    if (made_.emplace(where + (memory ? name : ""), name).second) {
      // Another process may make it too, at the same time: one transaction, which ends the lock.
      Session(Server()).Run("SELECT pg_advisory_xact_lock(7); CREATE SCHEMA IF NOT EXISTS \"" +
                            name + "\"");
    }
    return name;
  }

 private:
  Schemas() {
    scratch_end = [](const std::string& folder) {
      Get().Drop([&](const std::string& where) { return where.starts_with(folder); });
    };
  }

  template <class Which>
  void Drop(Which which) {
    const std::scoped_lock lock(mutex_);
    for (auto at = made_.begin(); at != made_.end();) {
      if (!which(at->first)) {
        ++at;
        continue;
      }
      try {
        Session(Server()).Run("SET lock_timeout = '5s'; DROP SCHEMA IF EXISTS \"" + at->second +
                              "\" CASCADE");
      } catch (const std::exception&) {  // the server's folder goes after the tests
      }
      at = made_.erase(at);
    }
  }

  const pid_t process_ = getpid();
  const unsigned random_ = std::random_device()();
  std::mutex mutex_;
  std::set<std::pair<std::string, std::string>> made_;
};

}  // namespace

std::string Url(const std::string& where) {
  if (Current() == Kind::Sqlite) return where;
  return Server() + " options='-c search_path=\"" + Schemas::Get().For(where) + "\"'";
}
#else
std::string Url(const std::string& where) { return where; }
#endif

}  // namespace engine
