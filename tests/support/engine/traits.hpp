#pragma once

/// In what the engines differ, one trait each. A test asks it and asserts both answers.

#include <stdexcept>
#include <string>
#include <string_view>

#include "support/engine/engine.hpp"

namespace engine {

/// A failed statement undoes itself alone, with no savepoint.
inline bool UndoesStatements() { return Current() == Kind::Sqlite; }
/// A second writer waits until the first has ended, whatever either of them writes.
inline bool SerialisesWriters() { return Current() == Kind::Sqlite; }
/// A statement costs microseconds, not a message to a server and back.
inline bool IsInProcess() { return Current() == Kind::Sqlite; }
/// A list of values, however short, is one parameter.
inline bool BindsListsWhole() { return Current() == Kind::Postgres; }
/// What is in memory is private to its opening and has one connection.
inline bool HasMemory() { return Current() == Kind::Sqlite; }
/// "name" and "Name" are two names.
inline bool NameIsCaseSensitive() { return Current() == Kind::Postgres; }
/// A name may be of any bytes, be they UTF-8 or not, and of any length.
inline bool NameIsAnyBytes() { return Current() == Kind::Sqlite; }
/// A text holds NUL like any other character, and bytes that are not UTF-8.
inline bool StoresNulInText() { return Current() == Kind::Sqlite; }
/// A column holds values of other types than its own.
inline bool StoresAnyType() { return Current() == Kind::Sqlite; }
/// There is one zero, and no NaN.
inline bool StoresOneZero() { return Current() == Kind::Sqlite; }
/// What is added to a real and leaves the range of reals makes it infinite.
inline bool RealsOverflow() { return Current() == Kind::Sqlite; }
/// The next id follows on the largest that is or was there, given by a client or not; where it does
/// not, a sequence counts what was asked of it, and an insert that is undone leaves a gap.
inline bool IdsFollowTheLargest() { return Current() == Kind::Sqlite; }
/// A row keeps its place among the others when it is updated.
inline bool RowsStayInPlace() { return Current() == Kind::Sqlite; }
/// The definition of a table says what becomes of a row that breaks a constraint.
inline bool TablesSettleConflicts() { return Current() == Kind::Sqlite; }
/// The key of a table may be NULL.
inline bool KeysMayBeNull() { return Current() == Kind::Sqlite; }
/// A foreign key may refer to a column that is no key, and fails when it is used.
inline bool KeysReferToAnything() { return Current() == Kind::Sqlite; }
/// What a UNIQUE of a table makes has a name like any other index.
inline bool ConstraintsKeepNames() { return Current() == Kind::Postgres; }
/// A COMMIT that a deferred constraint refuses leaves the transaction open.
inline bool CommitGoesOn() { return Current() == Kind::Sqlite; }
/// A foreign key holds row by row, and not only when the statement ends.
inline bool ChecksKeysRowByRow() { return Current() == Kind::Sqlite; }
/// What a trigger in the place of a write returns counts as a row that was written.
inline bool CountsWhatTriggersReturn() { return Current() == Kind::Postgres; }
/// A trigger may end the transaction of the statement that set it off.
inline bool TriggersEndTransactions() { return Current() == Kind::Sqlite; }

/// `text` as the engine can store it. Where a text is UTF-8 without NUL, its bytes are taken for
/// characters of Latin-1, which stand in the same order, and NUL becomes the least one.
inline std::string Storable(std::string_view text) {
  if (StoresNulInText()) return std::string(text);
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      out += byte == 0 ? '\1' : c;
    } else {
      out += static_cast<char>(0xc0 | byte >> 6);
      out += static_cast<char>(0x80 | (byte & 0x3f));
    }
  }
  return out;
}

/// Runs `action`, which the engine takes or refuses as `trait` says. Returns: `trait`. Throws:
/// std::logic_error when it was refused or taken in spite of it.
template <class Action>
bool Takes(bool trait, Action action) {
  bool taken = true;
  try {
    action();
  } catch (const std::runtime_error&) {
    taken = false;
  }
  if (taken == trait) return trait;
  throw std::logic_error(taken ? "the engine took it, though it is said not to"
                               : "the engine refused it, though it is said to take it");
}

/// Runs `store`, which puts values of other types into columns. Returns: StoresAnyType().
template <class Store>
bool Spoiled(Store store) {
  return Takes(StoresAnyType(), store);
}

}  // namespace engine
