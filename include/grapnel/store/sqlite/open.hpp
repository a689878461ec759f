#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/store/database.hpp>
#include <grapnel/store/driver/owned_driver.hpp>

#include <string_view>

namespace grapnel {

namespace sqlite::detail {

/// Opens the database itself.
GRAPNEL_DECLARE store::OwnedDriver OpenDriver(std::string_view url);

}  // namespace sqlite::detail

/// Opens an SQLite database of the entity types Es; creates a file that is not there.
///
/// `url` is a path ("app.db"), an SQLite URI ("file:app.db?mode=ro"), or names a database in memory
/// (":memory:", "file:any?mode=memory"), which is private to this opening and gone with it. A file
/// is run in WAL mode with synchronous=FULL: what was committed survives a crash and a power cut.
/// By `mode=ro` nothing is written to it, and it stays in the mode that it is in.
///
/// A path means one file from here on, whatever becomes of the working directory: when that file is
/// deleted, renamed or replaced, each BEGIN, read outside a transaction and COMMIT is a
/// StorageError of kind Moved; when that befalls the log beside it, each COMMIT and each new
/// connection.
///
/// A commit that finds more than 1,000 pages in the log copies them into the file. A reader that
/// takes long keeps the log growing; when it has ended, the log is used anew from its beginning,
/// and cut to 4 MB. Where readers never leave a gap, the commit that finds 4,000 pages more waits
/// for them, 100 ms at most.
///
/// Throws: StorageError, with the URL in it, of kind Open (there is no such file, no permission,
/// texts in UTF-16, cache=shared, a file system without WAL), NotADatabase, Io; BusyError. Threads:
/// any; the result may be shared by all threads. Processes: what was opened before fork() is the
/// parent's. In the child every use of it is a StorageError, and destroying it touches neither
/// transactions nor files and runs no hook. A child opens the database after exec, for SQLite's own
/// locks do not go along with fork; another file may be opened at once. Source:
/// https://www.sqlite.org/howtocorrupt.html, 2.6
template <class... Es>
Database<Es...> Open(std::string_view url) {
  return Database<Es...>::Adopt(sqlite::detail::OpenDriver(url));
}

}  // namespace grapnel

#ifndef GRAPNEL_SEPARATE_COMPILATION
#include <grapnel/store/sqlite/impl/open.hpp>  // IWYU pragma: keep
#endif
