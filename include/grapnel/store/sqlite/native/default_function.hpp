#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/model/row.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/model/value.hpp>
#include <grapnel/store/driver/error.hpp>

#include <sqlite3.h>

#include <cstdint>
#include <exception>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace grapnel::sqlite::detail {

/// `grapnel_default('table', 'column')` gives a value of that field's Default, a new one at each
/// call. SQLite calls it: it has to live longer than the handle.
class DefaultFunction {
 public:
  DefaultFunction() = default;
  DefaultFunction(const DefaultFunction&) = delete;
  DefaultFunction& operator=(const DefaultFunction&) = delete;

  /// Requires: the tables live as long as this.
  void Offer(std::span<const grapnel::detail::Table* const> tables) {
    tables_.assign(tables.begin(), tables.end());
  }
  /// Returns: SQLite's code.
  int Register(sqlite3* database) noexcept {
    return sqlite3_create_function_v2(database, "grapnel_default", 2,
                                      SQLITE_UTF8 | SQLITE_DIRECTONLY, this, &Make, nullptr,
                                      nullptr, nullptr);
  }
  /// Throws what a Default threw that SQLite has run, if one did.
  void Rethrow() {
    if (raised_) std::rethrow_exception(std::exchange(raised_, nullptr));
  }

 private:
  static void Make(sqlite3_context* result, int, sqlite3_value** arguments) {
    auto& self = *static_cast<DefaultFunction*>(sqlite3_user_data(result));
    const auto argument = [&](int at) {
      const auto* text = reinterpret_cast<const char*>(sqlite3_value_text(arguments[at]));
      return std::string_view(text == nullptr ? "" : text);
    };
    for (const grapnel::detail::Table* table : self.tables_) {
      if (table->name != argument(0)) continue;
      for (const grapnel::detail::Column& column : table->columns) {
        if (column.storage != argument(1) || !column.HasDefault()) continue;
        try {
          return Return(result, column.DefaultValue());
        } catch (const grapnel::detail::BadValue& error) {
          self.raised_ = std::make_exception_ptr(MigrationError(
              core::Concat({table->entity, ".", column.name, ": its Default cannot be stored: ",
                            column.IsSecret() ? grapnel::detail::kHidden : error.what(),
                            ". Nothing was changed"})));
        } catch (...) {
          self.raised_ = std::current_exception();
        }
        return sqlite3_result_error(result, "a Default failed", -1);
      }
    }
    sqlite3_result_error(result, "there is no such Default", -1);
  }
  static void Return(sqlite3_context* result, const FieldValue& value) {
    if (const auto* flag = value.As<bool>()) return sqlite3_result_int(result, *flag ? 1 : 0);
    if (const auto* whole = value.As<std::int64_t>()) return sqlite3_result_int64(result, *whole);
    if (const auto* real = value.As<double>()) return sqlite3_result_double(result, *real);
    if (const auto* text = value.As<std::string>()) {
      return sqlite3_result_text64(result, text->data(), text->size(), SQLITE_TRANSIENT,
                                   SQLITE_UTF8);
    }
    if (const auto* bytes = value.As<FieldValue::Bytes>()) {
      if (bytes->empty()) return sqlite3_result_zeroblob(result, 0);
      return sqlite3_result_blob64(result, bytes->data(), bytes->size(), SQLITE_TRANSIENT);
    }
    sqlite3_result_null(result);
  }

  std::vector<const grapnel::detail::Table*> tables_{};
  std::exception_ptr raised_{};
};

}  // namespace grapnel::sqlite::detail
