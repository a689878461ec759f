#pragma once

#include <grapnel/core/context.hpp>
#include <grapnel/store/driver/driver.hpp>
#include <grapnel/store/driver/error.hpp>
#include <grapnel/store/driver/places.hpp>
#include <grapnel/store/postgres/native/conninfo.hpp>
#include <grapnel/store/postgres/native/native_connection.hpp>
#include <grapnel/store/postgres/native/waiting.hpp>
#include <grapnel/store/postgres/pool.hpp>
#include <grapnel/store/postgres/postgres_connection.hpp>
#include <grapnel/store/postgres/verify.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace grapnel::postgres::detail {

/// A PostgreSQL database: connections that are made when they are needed, and all write and read.
class PostgresDriver final : public store::Driver {
 public:
  /// Throws: StorageError of kind Open.
  PostgresDriver(std::string_view conninfo, std::size_t pool, bool finds_lost_commits = false)
      : Driver(OwnTraits(finds_lost_commits)),
        options_{Conninfo(std::string(conninfo)), pool, &GetObservers(),
                 std::make_shared<NarrowColumns>()},
        pool_(pool) {
    const core::Context context;
    Writer(context).Return();  // what is wrong is told where it was opened
    is_open_ = true;
  }

  store::Lease Writer(const core::Context& context) override {
    const auto end = store::EndOfLockWait(context, Clock::now(), kLockWait);
    while (true) {
      core::Elapsed waited;
      Place place = pool_.Take(context, kLockWait, options_.info.Url(), &waited);
      try {
        // Others may be lost at once, by a failover.
        if (place != nullptr && !IsUsable(*place, context)) place = nullptr;
        if (place == nullptr) place = std::make_unique<PostgresConnection>(options_, &context);
        place->Native().NoteWaited(waited);
        return {*this, *place.release()};
      } catch (const StorageError& error) {
        pool_.Put(nullptr);
        // One that is there already may come back, or another program's go.
        if (!is_open_ || !IsExhausted(error.what()) || Clock::now() >= end) throw;
      } catch (...) {
        pool_.Put(nullptr);
        throw;
      }
      context.ThrowIfCancelled();
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }
  store::Lease Reader(const core::Context& context) override { return Writer(context); }

  bool HasOneConnection() const noexcept override { return options_.pool <= 1; }
  std::string_view Url() const noexcept override { return options_.info.Url(); }

 private:
  using Place = Pool<PostgresConnection>::Place;

  /// Takes what was still to be answered, too.
  static bool IsUsable(PostgresConnection& connection, const core::Context& context) {
    Session& session = connection.Native().GetSession();
    connection.Watch(&context);
    const bool well = !session.Drain();
    connection.Watch(nullptr);
    return well && !session.IsStale();
  }
  /// Whether the server takes no more connections; libpq tells it by the text alone.
  static bool IsExhausted(std::string_view error) noexcept {
    return error.find("too many c") != error.npos ||
           error.find("remaining connection slots") != error.npos;
  }
  static store::DriverTraits OwnTraits(bool finds_lost_commits) noexcept {
    store::DriverTraits traits;
    traits.undoes_statements = false;
    traits.serialises_writers = false;
    traits.checks_deferred = true;
    traits.notes_commits = true;
    traits.finds_lost_commits = finds_lost_commits;
    traits.bulk_least = 8;
    traits.bulk_most = 8192;
    return traits;
  }

  void Return(store::Connection& connection) noexcept override {
    std::unique_ptr<PostgresConnection> place(&static_cast<PostgresConnection&>(connection));
    place->Watch(nullptr);
    place->Rollback();
    if (!place->InTransaction()) place->Clean();
    if (place->InTransaction() || place->Native().GetSession().IsLost()) place = nullptr;
    pool_.Put(std::move(place));
  }

  const Options options_;
  Pool<PostgresConnection> pool_;
  bool is_open_ = false;
};

}  // namespace grapnel::postgres::detail
