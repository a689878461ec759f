#pragma once

#include <grapnel/store/postgres/native/native_connection.hpp>
#include <grapnel/store/postgres/native/values.hpp>

#include <libpq-fe.h>

#include <cstdint>
#include <exception>
#include <string>
#include <string_view>

namespace grapnel::postgres::detail {

/// What tells whether a COMMIT in which the connection was lost took place: a row of its own that
/// the transaction has written.
class CommitNotes {
 public:
  CommitNotes(NativeConnection& native, const Options& options) noexcept
      : native_(native), options_(options) {}

  void Note(std::string_view id) {
    Expect();
    Write("INSERT INTO grapnel_commits (id) VALUES ($1)", id);
    ++noted_;
  }
  /// Writes the same note itself: that waits for a transaction that has written it and has not
  /// ended, and one that comes later cannot write it any more. What is found may be on this server
  /// alone, one that took over just now: it is told when a commit behind it is where commits wait
  /// to be.
  bool Find(std::string_view id) {
    Expect();
    if (Write("INSERT INTO grapnel_commits (id) VALUES ($1) ON CONFLICT DO NOTHING", id) != 0) {
      return false;
    }
    Write("UPDATE grapnel_commits SET at = now() WHERE id = $1", id);
    return true;
  }
  /// From time to time those go that nobody asks for any more.
  void NoteCommitted() noexcept {
    if (noted_ < kSweep) return;
    noted_ = 0;
    try {
      native_.Ask("DELETE FROM grapnel_commits WHERE at < now() - interval '1 day'");
    } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): the next time
    }
  }

 private:
  static constexpr std::uint64_t kSweep = 10'000;

  std::int64_t Write(const std::string& text, std::string_view id) {
    NativeConnection::Running running(native_);
    running.Bind(1).Text(1, id, false);
    return NativeConnection::ChangesOf(running.Run(text, native_.Say()).get());
  }
  /// Makes the table, once, by a connection of its own: a transaction that makes it would hold up
  /// all others, and might be undone.
  void Expect() {
    if (known_) return;
    const Result found = native_.Ask("SELECT to_regclass('grapnel_commits') IS NOT NULL");
    if (!ResultRow(found.get()).Bool(0)) {
      NativeConnection other(options_, native_.GetSession().GetWaiting().Watched());
      other.Ask("SELECT pg_advisory_lock(7453290123)");
      other.Ask(
          "CREATE TABLE IF NOT EXISTS grapnel_commits (id text COLLATE \"C\" PRIMARY KEY, at "
          "timestamptz NOT NULL DEFAULT now())");
    }
    known_ = true;
  }

  NativeConnection& native_;
  const Options& options_;
  bool known_ = false;
  std::uint64_t noted_ = 0;
};

}  // namespace grapnel::postgres::detail
