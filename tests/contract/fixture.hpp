#pragma once

/// What the contract's tests share: a database of its own that the engine alone reads back,
/// hooks that log, and a look at what was thrown.

#include <grapnel/grapnel.hpp>

#include <stdexcept>
#include <string>
#include <string_view>
#include <typeinfo>
#include <utility>
#include <vector>

#include "support/engine/engine.hpp"
#include "support/engine/raw.hpp"
#include "support/scratch.hpp"

/// An open and migrated database in a file.
template <class... Es>
struct Fixture {
  Scratch scratch{};
  grapnel::Database<Es...> client = engine::Open<Es...>(scratch.File("test.db"));

  Fixture() { client.Migrate(); }
  Lines Raw(const RawSql& sql) const { return RawRows(scratch.File("test.db"), sql); }
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
