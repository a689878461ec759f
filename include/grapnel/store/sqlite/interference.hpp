#pragma once

#include <grapnel/store/sqlite/native/native_connection.hpp>
#include <grapnel/store/sqlite/native/prepared.hpp>

#include <cstdint>
#include <string_view>

namespace grapnel::sqlite::detail {

/// Whether others interfere with what is written to a table.
class Interference {
 public:
  /// The answer for one table, as it was in this version of the schema.
  struct Known {
    std::int64_t seen_in = -1;
    bool holds = false;
  };

  explicit Interference(NativeConnection& native) noexcept : native_(native) {}

  /// A transaction that writes has begun: from now on nobody else changes the schema.
  void Begin() noexcept { schema_seen_ = schema_in_flux_ = false; }
  /// SQL of somebody's own has changed the schema in this transaction.
  void NoteChange() noexcept { schema_in_flux_ = true; }

  /// Whether a statement changes of this table what it says, and nothing else.
  bool WritesPlainly(std::string_view table, Known& known) {
    // What is undone takes the version back, and another change gives it again.
    if (schema_in_flux_) return native_.Ask(kWritesPlainly, table) != 0;
    if (!schema_seen_) SeeSchema();
    if (known.seen_in != schema_version_) {
      known.holds = native_.Ask(kWritesPlainly, table) != 0;
      known.seen_in = schema_version_;
    }
    return known.holds;
  }

 private:
  /// A trigger, a column or a key of others may change more than a statement says, or less: ON
  /// CONFLICT leaves out rows, replaces values, or stops half way. So may a trigger on another
  /// table that the actions of foreign keys change along.
  static constexpr std::string_view kWritesPlainly =
      "SELECT NOT (EXISTS (SELECT 1 FROM sqlite_schema WHERE tbl_name = ?1 COLLATE NOCASE AND "
      "(type = "
      "'trigger' OR sql LIKE '%CONFLICT%')) OR EXISTS (SELECT 1 FROM temp.sqlite_schema WHERE "
      "tbl_name = ?1 COLLATE NOCASE AND type = 'trigger') OR EXISTS (SELECT 1 FROM "
      "pragma_table_xinfo(?1) WHERE hidden > 1) OR EXISTS (SELECT 1 FROM "
      "pragma_foreign_key_list(?1) "
      "WHERE \"table\" = ?1 COLLATE NOCASE AND on_update NOT IN ('NO ACTION', 'RESTRICT')) OR "
      "((EXISTS "
      "(SELECT 1 FROM sqlite_schema WHERE type = 'trigger') OR EXISTS (SELECT 1 FROM "
      "temp.sqlite_schema "
      "WHERE type = 'trigger')) AND EXISTS (SELECT 1 FROM sqlite_schema AS other, "
      "pragma_foreign_key_list(other.name) AS key WHERE other.type = 'table' AND key.\"table\" = "
      "?1 COLLATE "
      "NOCASE AND (key.on_delete NOT IN ('NO ACTION', 'RESTRICT') OR key.on_update NOT IN ('NO "
      "ACTION', "
      "'RESTRICT')))))";

  void SeeSchema() {
    schema_version_ = native_.Ask(see_schema_, "PRAGMA schema_version");
    schema_seen_ = true;
  }

  NativeConnection& native_;
  Prepared see_schema_{};
  std::int64_t schema_version_ = -1;
  bool schema_seen_ = false;     // since the transaction began
  bool schema_in_flux_ = false;  // since then
};

}  // namespace grapnel::sqlite::detail
