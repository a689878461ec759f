#pragma once

/// The engine that a test of the contract runs on. GRAPNEL_TEST_ENGINE names it, `sqlite` or
/// `postgres`; without it, by hand, it is SQLite. In what they differ the traits say: traits.hpp.

#include <grapnel/sqlite.hpp>
#if defined(GRAPNEL_TEST_WITH_POSTGRES) && __has_include(<grapnel/postgres.hpp>)
#define GRAPNEL_TEST_OPENS_POSTGRES
#include <grapnel/postgres.hpp>
#endif

#include <stdexcept>
#include <string>
#include <string_view>

namespace engine {

enum class Kind { Sqlite, Postgres };

/// The engine under test. Throws: std::runtime_error when the environment names none that is here.
Kind Current();

/// What differs between the engines as text: SQL, or part of a message.
struct Forms {
  std::string sqlite;
  std::string postgres;

  const std::string& Text() const { return Current() == Kind::Sqlite ? sqlite : postgres; }
};

/// `sql`, which is written as SQLite takes it, as the engine under test takes it: see spelling.hpp.
std::string Spelled(std::string_view sql);

/// The database at `where`: as it is for SQLite, a path or ":memory:"; for PostgreSQL the
/// connection string of a schema of its own, made when a path is met first and for each ":memory:",
/// dropped with the Scratch that the path lies in, or else when the program ends.
std::string Url(const std::string& where);

/// Opens the database at `where`.
template <class... Es>
grapnel::Database<Es...> Open(const std::string& where) {
#ifdef GRAPNEL_TEST_OPENS_POSTGRES
  if (Current() == Kind::Postgres) return grapnel::OpenPostgres<Es...>(Url(where), {.pool = 16});
#endif
  return grapnel::Open<Es...>(where);
}

}  // namespace engine
