#pragma once

#include <grapnel/store/postgres/native/native_connection.hpp>
#include <grapnel/store/postgres/native/values.hpp>
#include <grapnel/store/sql/names.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace grapnel::postgres::detail {

/// Whether others interfere with what is written to a table. Asked once in each transaction: a
/// trigger that is made while it writes the table waits for its end.
class Interference {
 public:
  /// The answer for one table, as it was in this transaction.
  struct Known {
    std::int64_t seen_in = -1;
    bool holds = false;
  };

  explicit Interference(NativeConnection& native) noexcept : native_(native) {}

  /// A transaction has begun, or what was seen in it was undone or changed.
  void Begin() noexcept { ++transaction_; }

  /// Whether a statement changes of this table what it says, and nothing else.
  bool WritesPlainly(std::string_view table, Known& known) {
    if (known.seen_in == transaction_) return known.holds;
    const Result found = native_.Ask(kWritesPlainly, store::sql::Quote(table));
    known.holds = PQntuples(found.get()) == 1 && ResultRow(found.get()).Bool(0);
    known.seen_in = transaction_;
    return known.holds;
  }
  bool WritesPlainly(std::string_view table) {
    auto found = others_.find(table);
    if (found == others_.end()) found = others_.try_emplace(std::string(table)).first;
    return WritesPlainly(table, found->second);
  }

 private:
  /// A trigger, a rule, a column or a key of others may change more than a statement says, or less.
  /// So may a trigger on another table that the actions of foreign keys change along.
  static constexpr const char* kWritesPlainly =
      "SELECT c.relkind IN ('r', 'p') AND NOT c.relhasrules AND NOT EXISTS (SELECT 1 FROM "
      "pg_attribute AS a WHERE a.attrelid = c.oid AND a.attgenerated <> '') AND NOT "
      "(c.relhastriggers AND (EXISTS (SELECT 1 FROM pg_constraint AS k WHERE k.contype = 'f' AND "
      "k.confrelid = c.oid AND k.conrelid = c.oid AND k.confupdtype NOT IN ('a', 'r')) OR EXISTS "
      "(WITH RECURSIVE changed (oid) AS (SELECT c.oid UNION SELECT k.conrelid FROM changed AS d "
      "JOIN pg_constraint AS k ON k.confrelid = d.oid WHERE k.contype = 'f' AND (k.confdeltype "
      "NOT IN ('a', 'r') OR k.confupdtype NOT IN ('a', 'r'))) SELECT 1 FROM changed AS d JOIN "
      "pg_trigger AS t ON t.tgrelid = d.oid WHERE NOT t.tgisinternal))) FROM pg_class AS c WHERE "
      "c.oid = to_regclass($1)";

  NativeConnection& native_;
  std::int64_t transaction_ = 0;
  std::map<std::string, Known, std::less<>> others_;
};

}  // namespace grapnel::postgres::detail
