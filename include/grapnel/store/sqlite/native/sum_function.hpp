#pragma once

#include <grapnel/store/sql/names.hpp>
#include <grapnel/store/sqlite/native/dialect.hpp>

#include <sqlite3.h>

#include <cstdint>

namespace grapnel::sqlite::detail {

/// `grapnel_sum(x)` is the `sum(x)` of whole numbers, which is refused at the first partial sum
/// that leaves 64 bits: here only the sum of all has to fit, so that the order of rows says
/// nothing.
class SumFunction {
 public:
  /// Returns: SQLite's code.
  static int Register(sqlite3* database) noexcept {
    return sqlite3_create_function_v2(database, kSumFunction.data(), 1,
                                      SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY,
                                      nullptr, nullptr, &Add, &Finish, nullptr);
  }

 private:
  /// A number of 128 bits. SQLite gives it memory, zeroed, that is aligned for 64.
  struct Sum {
    std::uint64_t low;
    std::int64_t high;
    double real;  // the same, rounded
    bool is_real;
  };

  static void Add(sqlite3_context* context, int, sqlite3_value** values) {
    const int type = sqlite3_value_numeric_type(values[0]);
    if (type == SQLITE_NULL) return;
    auto* const sum = static_cast<Sum*>(sqlite3_aggregate_context(context, sizeof(Sum)));
    if (sum == nullptr) return sqlite3_result_error_nomem(context);
    sum->real += sqlite3_value_double(values[0]);
    if (type != SQLITE_INTEGER) sum->is_real = true;
    const std::int64_t value = sqlite3_value_int64(values[0]);
    const auto bits = static_cast<std::uint64_t>(value);
    sum->high += __builtin_add_overflow(sum->low, bits, &sum->low) ? 1 : 0;
    sum->high -= value < 0 ? 1 : 0;
  }
  static void Finish(sqlite3_context* context) {
    const auto* const sum = static_cast<const Sum*>(sqlite3_aggregate_context(context, 0));
    if (sum == nullptr) return sqlite3_result_null(context);
    if (sum->is_real) return sqlite3_result_double(context, sum->real);
    const auto whole = static_cast<std::int64_t>(sum->low);
    if (sum->high == (whole < 0 ? -1 : 0)) return sqlite3_result_int64(context, whole);
    sqlite3_result_error(context, "integer overflow", -1);  // as of sum(x)
  }
};

}  // namespace grapnel::sqlite::detail
