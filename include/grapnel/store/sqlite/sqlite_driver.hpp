#pragma once

#include <grapnel/core/context.hpp>
#include <grapnel/store/driver/driver.hpp>
#include <grapnel/store/driver/error.hpp>
#include <grapnel/store/driver/owned_driver.hpp>
#include <grapnel/store/driver/places.hpp>
#include <grapnel/store/sqlite/native/file.hpp>
#include <grapnel/store/sqlite/native/native_connection.hpp>
#include <grapnel/store/sqlite/sqlite_connection.hpp>

#include <sqlite3.h>

#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace grapnel::sqlite::detail {

/// An SQLite database: one connection that writes and, of a file, others that read beside it. A
/// database in memory has one connection, which readers wait for as well.
class SqliteDriver final : public store::Driver {
 public:
  explicit SqliteDriver(std::string_view url) : options_(ParseUrl(url)), writer_(At(place_)) {
    place_.Note(writer_.Handle(), options_);
  }

  store::Lease Writer(const core::Context& context) override {
    const core::Elapsed waited = writing_.Take(context, kLockWait, options_.url);
    store::Lease lease{*this, writer_};
    writer_.NoteWaited(waited);
    writer_.Rollback();  // what could not be undone when it came back
    if (writer_.InTransaction()) {
      throw StorageError(StorageKind::Other, options_.url,
                         "a transaction that failed cannot be rolled back", SQLITE_NOMEM);
    }
    place_.Check();
    return lease;
  }

  store::Lease Reader(const core::Context& context) override {
    if (options_.memory) return Writer(context);
    place_.Check();
    std::unique_ptr<SqliteConnection> reader;
    {
      const std::lock_guard lock(mutex_);
      if (!idle_.empty()) {
        reader = std::move(idle_.back());
        idle_.pop_back();
      }
    }
    if (!reader) {
      auto options = At(place_);
      options.path = place_.Later();
      options.reader = true;
      options.context = &context;
      reader = std::make_unique<SqliteConnection>(options);
      place_.CheckLog();
    }
    return {*this, *reader.release()};
  }

  bool HasOneConnection() const noexcept override { return options_.memory; }
  std::string_view Url() const noexcept override { return options_.url; }

 private:
  static constexpr std::size_t kIdleReaders = 16;

  void Return(store::Connection& connection) noexcept override {
    connection.Watch(nullptr);
    connection.Rollback();  // of a BEGIN that failed after it took effect
    if (!static_cast<SqliteConnection&>(connection).ReadsOnly()) return writing_.Give();
    std::unique_ptr<SqliteConnection> reader(&static_cast<SqliteConnection&>(connection));
    if (reader->InTransaction()) return;  // closed
    const std::lock_guard lock(mutex_);
    if (idle_.size() < idle_.capacity()) idle_.push_back(std::move(reader));
  }

  Options At(const Place& place) {
    Options options = options_;
    options.place = &place;
    options.observers = &GetObservers();
    return options;
  }
  static std::vector<std::unique_ptr<SqliteConnection>> ReserveIdle() {
    std::vector<std::unique_ptr<SqliteConnection>> idle;
    idle.reserve(kIdleReaders);
    return idle;
  }

  Options options_;
  Place place_;  // before the connections, which look at it
  SqliteConnection writer_;
  store::Places writing_{1, "another transaction of this program held the lock for too long"};
  std::mutex mutex_;
  std::vector<std::unique_ptr<SqliteConnection>> idle_ = ReserveIdle();
};

}  // namespace grapnel::sqlite::detail
