#pragma once

#include <grapnel/model/codec.hpp>
#include <grapnel/store/driver/error.hpp>
#include <grapnel/store/sqlite/native/values.hpp>

#include <sqlite3.h>

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace grapnel::sqlite::detail {

using grapnel::detail::BadValue;

/// A prepared statement.
class Prepared {
 public:
  Prepared() = default;
  explicit Prepared(sqlite3_stmt* handle) noexcept : handle_(handle) {}

  sqlite3_stmt* Get() const noexcept { return handle_.get(); }
  explicit operator bool() const noexcept { return handle_ != nullptr; }
  bool IsRunning() const noexcept { return sqlite3_stmt_busy(handle_.get()) != 0; }

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* handle) const noexcept { sqlite3_finalize(handle); }
  };
  std::unique_ptr<sqlite3_stmt, Finalize> handle_;
};

/// Binds parameters, counted from 1. Throws nothing: what SQLite refuses (a value too large) it
/// reports when the statement runs.
class Binding final : public grapnel::detail::Binder {
 public:
  /// `shown`: the values as observers are told them, each hidden until it is shown; null where
  /// nobody asks.
  explicit Binding(sqlite3_stmt* statement, std::vector<std::string>* shown = nullptr) noexcept
      : statement_(statement), shown_(shown) {}

  void Null(int at) override { Keep(sqlite3_bind_null(statement_, at)); }
  void Int(int at, std::int64_t value) override { Keep(sqlite3_bind_int64(statement_, at, value)); }
  void Real(int at, double value) override { Keep(sqlite3_bind_double(statement_, at, value)); }
  [[gnu::always_inline]] void Text(int at, std::string_view value, bool temporary) override {
    Keep(sqlite3_bind_text64(statement_, at, value.data() == nullptr ? "" : value.data(),
                             value.size(), temporary ? SQLITE_TRANSIENT : SQLITE_STATIC,
                             SQLITE_UTF8));
  }
  void Blob(int at, std::span<const std::byte> value, bool temporary) override {
    Keep(value.empty() ? sqlite3_bind_zeroblob(statement_, at, 0)
                       : sqlite3_bind_blob64(statement_, at, value.data(), value.size(),
                                             temporary ? SQLITE_TRANSIENT : SQLITE_STATIC));
  }

  /// Requires: the list lives as long as the statement runs.
  void List(int at, const ValueList& list) { Keep(ValuesFunction::Bind(statement_, at, list)); }

  /// Whether values are shown to observers, to which nothing is of a sensitive field.
  bool Shows() const noexcept { return shown_ != nullptr; }
  [[gnu::cold]] void Show(int at, std::string value) {
    if (shown_ != nullptr && static_cast<std::size_t>(at) <= shown_->size())
      (*shown_)[static_cast<std::size_t>(at) - 1] = std::move(value);
  }

  /// The first code that was not SQLITE_OK.
  int Result() const noexcept { return result_; }

 private:
  void Keep(int result) noexcept {
    if (result != SQLITE_OK && result_ == SQLITE_OK) [[unlikely]]
      result_ = result;
  }
  sqlite3_stmt* statement_;
  std::vector<std::string>* shown_;
  int result_ = SQLITE_OK;
};

/// SQLite had no memory to hand out a value.
[[noreturn, gnu::cold]] inline void RefuseForMemory(sqlite3_stmt* statement) {
  const char* file = sqlite3_db_filename(sqlite3_db_handle(statement), "main");
  throw StorageError(StorageKind::Other,
                     file != nullptr && *file != '\0' ? file : ":memory:", "out of memory",
                     SQLITE_NOMEM);
}

/// Reads the current row, columns counted from 0.
class ResultRow : public grapnel::detail::Row {
 public:
  explicit ResultRow(sqlite3_stmt* statement) noexcept : statement_(statement) {}
  sqlite3_stmt* Get() const noexcept { return statement_; }

  bool IsNull(int at) override { return sqlite3_column_type(statement_, at) == SQLITE_NULL; }
  std::int64_t Int(int at) override {
    Expect(at, SQLITE_INTEGER);
    return sqlite3_column_int64(statement_, at);
  }
  double Real(int at) override {
    if (sqlite3_column_type(statement_, at) != SQLITE_INTEGER) Expect(at, SQLITE_FLOAT);
    return sqlite3_column_double(statement_, at);
  }
  std::string_view Text(int at) override {
    Expect(at, SQLITE_TEXT);
    const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_, at));
    if (text == nullptr) RefuseForMemory(statement_);
    return {text, static_cast<std::size_t>(sqlite3_column_bytes(statement_, at))};
  }
  std::span<const std::byte> Blob(int at) override {
    Expect(at, SQLITE_BLOB);
    const auto* bytes = static_cast<const std::byte*>(sqlite3_column_blob(statement_, at));
    if (bytes == nullptr && sqlite3_column_bytes(statement_, at) != 0) RefuseForMemory(statement_);
    return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_, at))};
  }

 private:
  void Expect(int at, int type) const {
    const int stored = sqlite3_column_type(statement_, at);
    if (stored == type) return;
    static constexpr const char* names[] = {"", "an integer", "a real", "a text", "a blob", "NULL"};
    throw BadValue(std::string("it is ") + names[stored] + ", not " + names[type]);
  }
  sqlite3_stmt* statement_;
};

/// Keeps the statements used last, by their text: at most kCapacity of them.
template <class Statement>
class StatementCache {
 public:
  static constexpr std::size_t kCapacity = 128;

  /// The statement with this text, or null. Valid until the next Add.
  Statement* Find(std::string_view sql) {
    const auto found = by_text_.find(sql);
    if (found == by_text_.end()) return nullptr;
    used_.splice(used_.begin(), used_, found->second);
    return &found->second->second;
  }

  /// Takes out the statement with this text: it stays what it is, however many are added. None when
  /// there is none, or it is running.
  Statement Take(std::string_view sql) {
    const auto found = by_text_.find(sql);
    if (found == by_text_.end() || found->second->second.IsRunning()) return {};
    Statement taken = std::move(found->second->second);
    const auto at = found->second;
    by_text_.erase(found);
    used_.erase(at);
    return taken;
  }
  /// Puts back a statement that was taken out, unless there is another one meanwhile, or no memory.
  void PutBack(std::string sql, Statement statement) noexcept {
    try {
      if (!by_text_.contains(sql)) Add(std::move(sql), std::move(statement));
    } catch (const std::bad_alloc&) {  // NOLINT(bugprone-empty-catch): it is prepared anew then
    }
  }

  /// Requires: there is none with this text.
  Statement& Add(std::string sql, Statement statement) {
    if (used_.size() >= kCapacity) {
      by_text_.erase(used_.back().first);
      used_.pop_back();
    }
    used_.emplace_front(std::move(sql), std::move(statement));
    by_text_.emplace(used_.front().first, used_.begin());
    return used_.front().second;
  }

 private:
  using Entry = std::pair<std::string, Statement>;
  std::list<Entry> used_;  // the one used last in front
  std::unordered_map<std::string_view, typename std::list<Entry>::iterator> by_text_;
};

using PreparedCache = StatementCache<Prepared>;

}  // namespace grapnel::sqlite::detail
