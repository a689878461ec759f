#pragma once

/// The engine that a test of the contract runs on. GRAPNEL_TEST_ENGINE names it, `sqlite` or
/// `postgres`; without it, by hand, it is SQLite. Where the engines differ, a test asks one of the
/// traits below and asserts both answers.

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

/// A failed statement of the engine undoes itself alone, with no savepoint.
inline bool UndoesStatements() { return Current() == Kind::Sqlite; }
/// A second writer waits until the first has ended, whatever either of them writes.
inline bool SerialisesWriters() { return Current() == Kind::Sqlite; }
/// A statement costs microseconds, not a message to a server and back.
inline bool IsInProcess() { return Current() == Kind::Sqlite; }
/// What is in memory is private to its opening and has one connection.
inline bool HasMemory() { return Current() == Kind::Sqlite; }
/// "name" and "Name" are two names.
inline bool NameIsCaseSensitive() { return Current() == Kind::Postgres; }
/// A text holds NUL like any other character.
inline bool StoresNulInText() { return Current() == Kind::Sqlite; }
/// A column holds values of other types than its own.
inline bool StoresAnyType() { return Current() == Kind::Sqlite; }
/// The definition of a table says what becomes of a row that breaks a constraint.
inline bool TablesSettleConflicts() { return Current() == Kind::Sqlite; }
/// The next id follows on the largest that is or was there, given by a client or not; where it does
/// not, a sequence counts what was asked of it, and an insert that is undone leaves a gap.
inline bool IdsFollowTheLargest() { return Current() == Kind::Sqlite; }
/// A row keeps its place among the others when it is updated.
inline bool RowsStayInPlace() { return Current() == Kind::Sqlite; }
/// NULL comes before every value in an ascending order that does not say where.
inline bool NullsComeFirst() { return Current() == Kind::Sqlite; }
/// A trigger may end the transaction of the statement that set it off.
inline bool TriggersEndTransactions() { return Current() == Kind::Sqlite; }

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
