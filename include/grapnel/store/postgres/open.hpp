#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/store/database.hpp>
#include <grapnel/store/driver/owned_driver.hpp>

#include <cstddef>
#include <string_view>

namespace grapnel {

/// How OpenPostgres connects.
struct PostgresOptions {
  /// How many connections there are at most. Each transaction, and each read outside of one, has
  /// one for as long as it takes; who finds none waits as for a lock.
  std::size_t pool = 16;
  /// Whether each transaction that writes can be found when the connection is lost in its COMMIT:
  /// see FindLostCommits, by which one call asks for it.
  bool find_lost_commits = false;
};

namespace postgres::detail {

/// Opens the database itself.
GRAPNEL_DECLARE store::OwnedDriver OpenDriver(std::string_view conninfo,
                                              const PostgresOptions& options);

}  // namespace postgres::detail

/// Opens a PostgreSQL database, of version 13 or newer, of the entity types Es.
///
/// `conninfo` is what libpq takes: "host=a,b dbname=app target_session_attrs=read-write",
/// "postgresql://app@localhost/app", "service=app"; what it does not say the environment does
/// (PGHOST, PGPASSWORD), and passwords may stand in ~/.pgpass. Of several hosts the first that
/// answers is taken, each within connect_timeout (5 seconds, where that is not given). TLS is
/// libpq's sslmode. A password stands in no error, no log, and not in Url().
///
/// Writers run beside each other, each in a snapshot (REPEATABLE READ): one that another was in the
/// way of is run again, until the deadline, or for 5 seconds where there is none; then, and in a
/// transaction of the caller's, it ends by a BusyError that is Retryable(). A lock is waited for as
/// long as the server's lock_timeout says, and the BusyError behind it is not Retryable(); where it
/// says nothing, for 5 seconds. A deadline and a stop token cancel on the server, and end the
/// transaction; a statement_timeout of the server's, and who cancels there, ends the statement, by
/// a CancelledError. A connection that is lost is replaced: what was not committed is
/// undone.
///
/// Throws: StorageError of kind Open (no server, wrong password or database, a standby where one
/// that writes is asked for, a server that is too old, connections exhausted). Threads: any; the
/// result may be shared by all threads. Processes: what was opened before fork() is the parent's;
/// see Open.
template <class... Es>
Database<Es...> OpenPostgres(std::string_view conninfo, const PostgresOptions& options = {}) {
  return Database<Es...>::Adopt(postgres::detail::OpenDriver(conninfo, options));
}

}  // namespace grapnel

#ifndef GRAPNEL_SEPARATE_COMPILATION
#include <grapnel/store/postgres/impl/open.hpp>  // IWYU pragma: keep
#endif
