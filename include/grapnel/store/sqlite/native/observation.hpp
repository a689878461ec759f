#pragma once

#include <grapnel/core/limits.hpp>
#include <grapnel/store/driver/observers.hpp>
#include <grapnel/store/driver/statement_info.hpp>
#include <grapnel/store/sqlite/native/waiting.hpp>

#include <sqlite3.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace grapnel::sqlite::detail {

/// What observers are to be told of one run of a statement.
class Observation {
 public:
  /// Null where nobody looks, or there is no memory for it.
  [[gnu::cold]] static std::unique_ptr<Observation> Of(const store::Observers& observers,
                                                       sqlite3_stmt* statement,
                                                       Waiting& waiting) noexcept {
    try {
      auto list = observers.Load();
      if (list == nullptr) return nullptr;
      return std::unique_ptr<Observation>(new Observation(std::move(list), statement, waiting));
    } catch (const std::bad_alloc&) {
      return nullptr;
    }
  }
  /// Of a text that the database did not take.
  [[gnu::cold]] static void TellRefused(const store::Observers& observers, std::string_view text,
                                        std::string_view error) noexcept {
    try {
      const auto list = observers.Load();
      if (list == nullptr) return;
      const store::StatementInfo info{text, core::Elapsed(0), 0, 0, error};
      for (const auto& each : *list) each.tell(info);
    } catch (...) {  // NOLINT(bugprone-empty-catch): it is only to be told
    }
  }

  [[gnu::cold]] void Count(int result) noexcept {
    ran_ = true;
    if (result == SQLITE_ROW) ++rows_;
  }
  /// What SQLite failed with: in its own words where these are made of names alone, and else only
  /// what kind of error it is, for they may quote a value that was given, or is stored.
  [[gnu::cold]] void NoteFailure(int extended, const char* words) noexcept {
    NoteError(HasOnlyNames(extended, words) ? words : sqlite3_errstr(extended));
  }
  [[gnu::cold]] void NoteError(std::string_view error) noexcept {
    try {
      error_ = error;
    } catch (const std::bad_alloc&) {  // NOLINT(bugprone-empty-catch): it is told without it
    }
  }
  /// A place for the value of each parameter, or null.
  std::vector<std::string>* Values() noexcept { return with_values_ ? &values_ : nullptr; }

  /// Tells it, unless it was not even sent.
  [[gnu::cold]] void Tell() noexcept {
    if (!ran_) return;
    try {
      const auto took = std::chrono::steady_clock::now() - begun_;
      const bool changed = sqlite3_total_changes64(database_) != changes_;
      store::StatementInfo info{text_, core::Elapsed(std::chrono::nanoseconds(took).count()), rows_,
                                changed ? sqlite3_changes64(database_) : 0, error_};
      info.waited = waiting_.TakeWaited();
      for (const auto& each : *list_) {
        if (each.with_values) info.values.swap(values_);
        each.tell(info);
        if (each.with_values) info.values.swap(values_);
      }
    } catch (...) {  // NOLINT(bugprone-empty-catch): it is only to be told
    }
  }

 private:
  Observation(std::shared_ptr<const store::Observers::List> list, sqlite3_stmt* statement,
              Waiting& waiting)
      : list_(std::move(list)),
        waiting_(waiting),
        database_(sqlite3_db_handle(statement)),
        text_(sqlite3_sql(statement)),
        changes_(sqlite3_total_changes64(database_)) {
    with_values_ = std::any_of(list_->begin(), list_->end(),
                               [](const auto& each) { return each.with_values; });
    if (with_values_) {
      values_.resize(static_cast<std::size_t>(sqlite3_bind_parameter_count(statement)), "***");
    }
  }

  static bool HasOnlyNames(int extended, std::string_view words) noexcept {
    switch (extended) {
      case SQLITE_CONSTRAINT_UNIQUE:
      case SQLITE_CONSTRAINT_PRIMARYKEY:
      case SQLITE_CONSTRAINT_ROWID:
      case SQLITE_CONSTRAINT_NOTNULL:
      case SQLITE_CONSTRAINT_CHECK:
      case SQLITE_CONSTRAINT_FOREIGNKEY:
        return true;
      default:  // that of RESTRICT counts as a trigger's
        return words == "FOREIGN KEY constraint failed";
    }
  }

  std::shared_ptr<const store::Observers::List> list_;
  Waiting& waiting_;
  sqlite3* database_;
  std::string_view text_;  // the statement's own
  std::int64_t changes_;
  std::int64_t rows_ = 0;
  bool ran_ = false;
  bool with_values_ = false;
  std::string error_;
  std::vector<std::string> values_;
  std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
};

}  // namespace grapnel::sqlite::detail
