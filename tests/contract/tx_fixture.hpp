#pragma once

/// What the tests of transactions share: a database in memory or in a file, and tx hooks that log.

#include <grapnel/grapnel.hpp>

#include <cstdint>
#include <exception>
#include <string>
#include <string_view>
#include <utility>

#include "contract/fixture.hpp"
#include "contract/model.hpp"

namespace tx_fixture {

using Db = grapnel::Database<model::User, model::Card, model::Pet>;
enum class Place { Memory, File };

/// An open and migrated database.
struct World {
  Scratch scratch{};
  Db client;

  explicit World(Place place = Place::File)
      : client(engine::Open<model::User, model::Card, model::Pet>(
            place == Place::Memory ? ":memory:" : scratch.File("test.db"))) {
    client.Migrate();
  }
  /// Another connection to the same file.
  Db Another() const {
    return engine::Open<model::User, model::Card, model::Pet>(scratch.File("test.db"));
  }
  /// Runs SQL on the file, past Grapnel.
  Lines Raw(const RawSql& sql) const { return RawRows(scratch.File("test.db"), sql); }
};

/// Creates a user with this name.
template <class C>
model::User Add(const C& client, std::string_view name) {
  return client.template Of<model::User>()
      .Create()
      .Set(grapnel::F<&model::User::name>, std::string(name))
      .Save();
}

/// The users' names, oldest first, as this client, transaction or snapshot sees them.
template <class C>
Lines Names(const C& client) {
  Lines names;
  const auto order = grapnel::Asc(grapnel::F<&model::User::id>);
  for (auto& user : client.template Of<model::User>().Query().Order(order).All()) {
    names.push_back(std::move(user.name));
  }
  return names;
}

/// A tx hook: logs "before NAME" and, once next succeeded, "after NAME".
inline auto Around(Lines& log, std::string name) {
  return [&log, name = std::move(name)](grapnel::Tx& tx, auto next) {
    log.push_back("before " + name);
    next(tx);
    log.push_back("after " + name);
  };
}

/// A callback that logs `line`.
inline auto Note(Lines& log, std::string line) {
  return [&log, line = std::move(line)] { log.push_back(line); };
}

/// Logs what a transaction tells of its end: its outcome to a rollback hook, and its callbacks.
template <class T>
void LogEnd(T& tx, Lines& log) {
  tx.OnRollback([&log](grapnel::Tx& t, auto next) {
    next(t);
    log.push_back("hook: " + std::string(Name(t.Outcome())));
  });
  tx.AfterRollback(Note(log, "after rollback"));
  tx.AfterCommit(Note(log, "after commit"));
}

/// Creates a pet of this owner.
template <class C>
void AddPetOf(const C& client, std::int64_t owner) {
  client.template Of<model::Pet>()
      .Create()
      .Set(grapnel::F<&model::Pet::name>, "Rex")
      .Set(grapnel::F<&model::Pet::owner_id>, owner)
      .Save();
}

/// The texts of what failed after the commit.
inline Lines Causes(const grapnel::CommittedError& error) {
  Lines causes;
  for (const std::exception_ptr& cause : error.Causes()) {
    try {
      std::rethrow_exception(cause);
    } catch (const std::exception& caught) {
      causes.emplace_back(caught.what());
    }
  }
  return causes;
}

}  // namespace tx_fixture
