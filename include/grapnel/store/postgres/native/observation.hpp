#pragma once

#include <grapnel/core/limits.hpp>
#include <grapnel/store/driver/observers.hpp>
#include <grapnel/store/driver/statement_info.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace grapnel::postgres::detail {

/// What observers are to be told of one run of a statement.
class Observation {
 public:
  /// Null where nobody looks, or there is no memory for it.
  [[gnu::cold]] static std::unique_ptr<Observation> Of(const store::Observers& observers) noexcept {
    try {
      auto list = observers.Load();
      if (list == nullptr) return nullptr;
      return std::unique_ptr<Observation>(new Observation(std::move(list)));
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

  /// The statement is sent.
  [[gnu::cold]] void NoteSent(std::string_view text) noexcept {
    try {
      text_ = text;
      ran_ = true;
    } catch (const std::bad_alloc&) {  // NOLINT(bugprone-empty-catch): nothing is told then
    }
  }
  void NoteWaited(core::Elapsed waited) noexcept { waited_ = waited; }
  void Count(std::int64_t rows, std::int64_t changes) noexcept {
    rows_ += rows;
    changes_ += changes;
  }
  /// In words that are made of names alone.
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
      store::StatementInfo info{text_, core::Elapsed(std::chrono::nanoseconds(took).count()), rows_,
                                changes_, error_};
      info.waited = waited_;
      for (const auto& each : *list_) {
        if (each.with_values) info.values.swap(values_);
        each.tell(info);
        if (each.with_values) info.values.swap(values_);
      }
    } catch (...) {  // NOLINT(bugprone-empty-catch): it is only to be told
    }
  }

 private:
  explicit Observation(std::shared_ptr<const store::Observers::List> list)
      : list_(std::move(list)) {
    with_values_ = std::any_of(list_->begin(), list_->end(),
                               [](const auto& each) { return each.with_values; });
  }

  std::shared_ptr<const store::Observers::List> list_;
  std::string text_;
  std::int64_t rows_ = 0;
  std::int64_t changes_ = 0;
  core::Elapsed waited_{};
  bool ran_ = false;
  bool with_values_ = false;
  std::string error_;
  std::vector<std::string> values_;
  std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
};

}  // namespace grapnel::postgres::detail
