#pragma once

/// What the contract's tests share: a database in a file of its own that SQLite alone reads back,
/// hooks that log, and a look at what was thrown.

#include <grapnel/grapnel.hpp>

#include <sqlite3.h>

#include <stdexcept>
#include <string>
#include <string_view>
#include <typeinfo>
#include <utility>
#include <vector>

#include "support/scratch.hpp"

using Lines = std::vector<std::string>;

/// The rows that `sql` gives in the file, columns joined by '|', read past Grapnel.
inline Lines RawRows(const std::string& file, const std::string& sql) {
  sqlite3* db = nullptr;
  Lines rows;
  const auto add = [](void* to, int count, char** values, char**) -> int {
    std::string row;
    for (int i = 0; i < count; ++i) {
      row += (i == 0 ? "" : "|") + std::string(values[i] == nullptr ? "NULL" : values[i]);
    }
    static_cast<Lines*>(to)->push_back(row);
    return 0;
  };
  const bool ok = sqlite3_open_v2(file.c_str(), &db, SQLITE_OPEN_READWRITE, nullptr) == SQLITE_OK &&
                  sqlite3_exec(db, sql.c_str(), add, &rows, nullptr) == SQLITE_OK;
  const std::string reason = ok ? "" : sqlite3_errmsg(db);
  sqlite3_close(db);
  if (!ok) throw std::runtime_error(reason);
  return rows;
}

/// An open and migrated database in a file.
template <class... Es>
struct Fixture {
  Scratch scratch{};
  grapnel::Database<Es...> client = grapnel::Open<Es...>(scratch.File("test.db"));

  Fixture() { client.Migrate(); }
  Lines Raw(const std::string& sql) const { return RawRows(scratch.File("test.db"), sql); }
};

/// A hook of every type: logs "name" before the rest and "/name" after it succeeded.
inline auto Logged(Lines& log, std::string name) {
  return [&log, name = std::move(name)]<class E>(grapnel::Mutation<E>& m, grapnel::Next<E> next) {
    log.push_back(name);
    auto value = next(m);
    log.push_back("/" + name);
    return value;
  };
}

/// A hook of every type: logs "name" before the rest.
inline auto Noted(Lines& log, std::string name) {
  return grapnel::hook::Before([&log, name = std::move(name)](auto&) { log.push_back(name); });
}

/// Takes the log and leaves an empty one.
inline Lines Take(Lines& log) { return std::exchange(log, {}); }

/// What `action` throws, which must be an E itself, not something derived from it.
template <class E, class Action>
E Thrown(Action action) {
  try {
    action();
  } catch (const E& error) {
    if (typeid(error) == typeid(E)) return error;
    throw;
  }
  throw std::logic_error("nothing was thrown");
}
