#pragma once

#include <grapnel/core/context.hpp>
#include <grapnel/core/separate.hpp>
#include <grapnel/store/driver.hpp>
#include <grapnel/store/error.hpp>
#include <grapnel/store/sqlite/connection.hpp>
#include <grapnel/store/sqlite/fair_lock.hpp>
#include <grapnel/store/sqlite/open.hpp>
#include <grapnel/store/sqlite/session.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace grapnel::sqlite::detail {

/// Whether "?a=1&b=2" holds this parameter.
inline bool HasParameter(std::string_view query, std::string_view parameter) {
  while (!query.empty()) {
    query.remove_prefix(1);
    const auto end = std::min(query.find('&'), query.size());
    if (query.substr(0, end) == parameter) return true;
    query.remove_prefix(end);
  }
  return false;
}

/// What a URL names: a file, or a database in memory.
/// Throws: StorageError of kind Open for what is neither.
inline Options ParseUrl(std::string_view url) {
  Options options;
  options.url = url;
  options.path = url;
  const bool is_uri = url.starts_with("file:");
  const auto scheme = url.find("://");
  if (!is_uri && scheme != url.npos && url.find('/') == scheme + 1) {
    throw StorageError(StorageKind::Open, url,
                       "there is no engine for this URL; write a path, file:PATH or :memory:");
  }
  if (url.find('\0') != url.npos) {
    throw StorageError(StorageKind::Open, url.substr(0, url.find('\0')), "the name contains a NUL");
  }
  const std::string_view path = url.substr(0, is_uri ? url.find('?') : url.npos);
  const std::string_view query = is_uri && path.size() < url.size() ? url.substr(path.size()) : "";
  if (path.empty() || path == "file:") {
    throw StorageError(StorageKind::Open, url,
                       "the name is empty; write a path, file:PATH or :memory:");
  }
  options.memory = path == ":memory:" || path == "file::memory:" || HasParameter(query, "mode=memory");
  if (options.memory) options.path = ":memory:";  // private to its opening, whatever its name
  return options;
}

/// An SQLite database: one connection that writes and, of a file, others that read beside it. A
/// database in memory has one connection, which readers wait for as well.
class Driver final : public store::Driver {
 public:
  explicit Driver(std::string_view url) : options_(ParseUrl(url)), writer_(options_) {}

  store::Lease Writer(const core::Context& context) override {
    lock_.Lock(context, kLockWait, options_.url);
    return {*this, writer_};
  }

  store::Lease Reader(const core::Context& context) override {
    if (options_.memory) return Writer(context);
    std::unique_ptr<Connection> reader;
    {
      const std::lock_guard lock(mutex_);
      if (!idle_.empty()) {
        reader = std::move(idle_.back());
        idle_.pop_back();
      }
    }
    if (!reader) {
      auto options = options_;
      options.reader = true;
      reader = std::make_unique<Connection>(options);
    }
    return {*this, *reader.release()};
  }

  std::string_view Url() const noexcept override { return options_.url; }

 private:
  static constexpr std::size_t kIdleReaders = 16;

  void Return(store::Connection& connection) noexcept override {
    connection.Watch(nullptr);
    if (&connection == &writer_) return lock_.Unlock();
    std::unique_ptr<Connection> reader(&static_cast<Connection&>(connection));
    const std::lock_guard lock(mutex_);
    if (idle_.size() < idle_.capacity()) idle_.push_back(std::move(reader));
  }

  static std::vector<std::unique_ptr<Connection>> ReserveIdle() {
    std::vector<std::unique_ptr<Connection>> idle;
    idle.reserve(kIdleReaders);
    return idle;
  }

  Options options_;
  Connection writer_;
  FairLock lock_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Connection>> idle_ = ReserveIdle();
};

GRAPNEL_DEFINE std::unique_ptr<store::Driver> OpenDriver(std::string_view url) {
  return std::make_unique<Driver>(url);
}

}  // namespace grapnel::sqlite::detail
