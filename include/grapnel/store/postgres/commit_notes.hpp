#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/core/context.hpp>
#include <grapnel/store/driver/error.hpp>
#include <grapnel/store/postgres/native/native_connection.hpp>
#include <grapnel/store/postgres/native/values.hpp>

#include <libpq-fe.h>

#include <atomic>
#include <cstdint>
#include <exception>
#include <string>
#include <string_view>
#include <utility>

namespace grapnel::postgres::detail {

/// What tells whether a COMMIT in which the connection was lost took place: a row of its own that
/// the transaction has written.
class CommitNotes {
 public:
  CommitNotes(NativeConnection& native, const Options& options) noexcept
      : native_(native), options_(options) {}

  void Note(std::string_view id) {
    Expect();
    NativeConnection::Running running(native_);
    running.Bind(1).Text(1, id, false);
    running.Run("INSERT INTO grapnel_commits (id) VALUES ($1)", native_.Say());
    noted_ = true;
  }
  /// Writes the same note itself, of a time that nobody lives to see, by which it is known where
  /// somebody asks again: that waits for a transaction that has written it and has not ended, and
  /// one that comes later cannot write it any more. What is found may be on this server alone, one
  /// that took over just now: it is told when a commit behind it is where commits wait to be.
  bool Find(std::string_view id) {
    Expect();
    NativeConnection::Running running(native_);
    running.Bind(1).Text(1, id, false);
    const Result found = running.Run(
        "INSERT INTO grapnel_commits AS noted (id, at) VALUES ($1, now() + interval '200 years') "
        "ON CONFLICT (id) DO UPDATE SET at = CASE WHEN noted.at < now() + interval '100 years' "
        "THEN now() ELSE noted.at END RETURNING at < now() + interval '100 years'",
        native_.Say());
    return PQntuples(found.get()) == 1 && ResultRow(found.get()).Bool(0);
  }
  void NoteUndone() noexcept { noted_ = false; }
  /// Behind the first commit that a client notes, and every kSweep-th of all its connections',
  /// those go that are older than a day, whose clients ask no more: each time ten times as many as
  /// came meanwhile, so that it takes no long time, and what was left behind goes too.
  void NoteCommitted() noexcept {
    if (!std::exchange(noted_, false)) return;
    if (options_.noted->fetch_add(1, std::memory_order_relaxed) % kSweep != 0) return;
    try {
      static const std::string text = core::Concat(
          {"DELETE FROM grapnel_commits WHERE ctid = ANY (ARRAY(SELECT ctid FROM grapnel_commits "
           "WHERE at < now() - interval '1 day' OR at BETWEEN now() + interval '100 years' AND "
           "now() + interval '200 years' - interval '1 day' LIMIT ",
           std::to_string(10 * kSweep), " FOR UPDATE SKIP LOCKED))"});
      native_.Ask(text);
    } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): the next time
    }
  }

 private:
  static constexpr std::uint64_t kSweep = 1'000;

  /// Makes the table, once, by a connection of its own: a transaction that makes it would hold up
  /// all others, and might be undone.
  void Expect() {
    if (known_) return;
    const Result found = native_.Ask("SELECT to_regclass('grapnel_commits') IS NOT NULL");
    if (!ResultRow(found.get()).Bool(0)) {
      Make(native_.GetSession().GetWaiting().Watched());
    }
    known_ = true;
  }
  void Make(const core::Context* context) {
    NativeConnection other(options_, context);
    other.Watch(context);
    try {
      other.Ask("SELECT pg_advisory_lock(7453290123)");
      other.Ask(
          "CREATE TABLE IF NOT EXISTS grapnel_commits (id text COLLATE \"C\" PRIMARY KEY, at "
          "timestamptz NOT NULL DEFAULT now())");
      other.Ask("CREATE INDEX IF NOT EXISTS grapnel_commits_at ON grapnel_commits (at)");
    } catch (const StorageError&) {  // it is there, and perhaps not on a standby
      if (context != nullptr) context->ThrowIfCancelled();
      throw;
    }
  }

  NativeConnection& native_;
  const Options& options_;
  bool known_ = false;
  bool noted_ = false;  // in the transaction that is open
};

}  // namespace grapnel::postgres::detail
