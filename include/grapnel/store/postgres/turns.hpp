#pragma once

#include <grapnel/model/value.hpp>
#include <grapnel/store/driver/driver.hpp>
#include <grapnel/store/postgres/native/native_connection.hpp>
#include <grapnel/store/postgres/native/values.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <string_view>
#include <vector>

namespace grapnel::postgres::detail {

/// The turn of one connection: locks on numbers, which are the session's, for they have to be there
/// before the snapshot of the transaction. All take them in one order, those of a table first.
class Turns {
 public:
  /// Of more rows it takes the whole table: the server has room for so many locks.
  static constexpr std::size_t kMost = 64;

  explicit Turns(NativeConnection& native) noexcept : native_(native) {}

  /// Outside of a transaction. Throws: what a lock that is waited for does.
  void Take(const store::Turn& turn) {
    const bool whole = turn.rows.empty() || turn.rows.size() > kMost;
    std::vector<FieldValue> numbers{std::int64_t{0}};  // of the table
    if (!whole) numbers.insert(numbers.end(), turn.rows.begin(), turn.rows.end());
    Parameters parameters;
    const std::string timeout = native_.LockTimeout();
    parameters.Reset(4, nullptr);
    parameters.List(1, numbers);
    parameters.Bool(2, !whole);
    parameters.Text(3, turn.table->name, false);
    parameters.Text(4, timeout, false);
    held_ = true;  // some of them also where it fails
    native_.Ask(
        "SELECT count(CASE WHEN $4 <> '' AND set_config('lock_timeout', $4, true) IS NULL THEN "
        "NULL "
        "WHEN place = 1 AND $2 THEN pg_advisory_lock_shared(number) ELSE "
        "pg_advisory_lock(number) END) FROM (SELECT hashtextextended(current_schema() || '.' || "
        "$3, n) AS number, place FROM unnest($1) WITH ORDINALITY AS turn (n, place)) AS numbers",
        parameters);
  }
  /// Behind the end of the transaction.
  void End() noexcept {
    if (!held_) return;
    held_ = false;
    try {
      native_.Ask("SELECT pg_advisory_unlock_all()");
    } catch (const std::exception&) {
      native_.GetSession().Lose();  // with which they go
    }
  }

 private:
  NativeConnection& native_;
  bool held_ = false;
};

}  // namespace grapnel::postgres::detail
