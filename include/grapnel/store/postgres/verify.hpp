#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/model/error.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/model/value.hpp>
#include <grapnel/store/driver/driver.hpp>
#include <grapnel/store/postgres/migrate/columns.hpp>
#include <grapnel/store/postgres/migrate/dialect.hpp>
#include <grapnel/store/postgres/native/native_connection.hpp>
#include <grapnel/store/postgres/native/text.hpp>
#include <grapnel/store/postgres/native/values.hpp>
#include <grapnel/store/sql/migrate/catalog.hpp>
#include <grapnel/store/sql/migrate/misfit.hpp>

#include <libpq-fe.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

/// What the catalog tells of tables.
namespace grapnel::postgres::detail {

/// Returns: its columns. Throws: SchemaError unless the table is there and has every column, of a
/// type that fits.
inline std::vector<store::sql::StoredColumn> VerifyTable(NativeConnection& native,
                                                         const Table& table) {
  auto stored = ColumnsInDatabase(native, table.name);
  store::sql::VerifyTable(table, stored, kMigrationDialect);
  return stored;
}

/// Whether a column of that type, as the catalog writes it, takes the value for its size.
inline bool IsTaken(const FieldValue& value, std::string_view type) {
  constexpr std::string_view kSized = "character varying(";
  if (const auto* number = value.As<std::int64_t>()) {
    if (type == "smallint") return static_cast<std::int16_t>(*number) == *number;
    return type != "integer" || static_cast<std::int32_t>(*number) == *number;
  }
  const auto* text = value.As<std::string>();
  if (text == nullptr || !type.starts_with(kSized)) return true;
  std::size_t most = 0;
  std::from_chars(type.data() + kSized.size(), type.data() + type.size(), most);
  std::size_t characters = 0;
  for (std::string_view rest = *text; !rest.empty(); ++characters) {
    // What is too much is left out where it is spaces.
    if (characters >= most && rest.front() != ' ') return false;
    rest.remove_prefix(std::min(rest.size(), std::max<std::size_t>(CharacterSize(rest), 1)));
  }
  return true;
}

/// Columns that others have made narrower than their fields, as they were when the tables were
/// verified: the server does not say which of them refuses a value. Threads: any.
class NarrowColumns {
 public:
  void Note(const Table& table, const std::vector<store::sql::StoredColumn>& stored) {
    std::vector<Narrow> narrow;
    for (const store::sql::StoredColumn& each : stored) {
      if (each.type != "smallint" && each.type != "integer" && !each.type.ends_with(')')) continue;
      for (std::size_t place = 0; place < table.columns.size(); ++place) {
        if (table.columns[place].storage == each.name) narrow.push_back({place, each.type});
      }
    }
    const std::lock_guard lock(mutex_);
    of_[&table] = std::move(narrow);
  }
  /// Of the entity's columns in `set` the first that does not take its value; null where all do, as
  /// far as is known.
  const Column* Find(const Table& table, const void* entity, const store::FieldSet& set) const {
    const std::lock_guard lock(mutex_);
    const auto found = of_.find(&table);
    if (found == of_.end()) return nullptr;
    for (const auto& [place, type] : found->second) {
      const Column& column = table.columns[place];
      if (set.test(place) && !IsTaken(column.ops->to_value(column.at_const(entity)), type)) {
        return &column;
      }
    }
    return nullptr;
  }

 private:
  struct Narrow {
    std::size_t place;
    std::string type;
  };

  mutable std::mutex mutex_;
  std::unordered_map<const Table*, std::vector<Narrow>> of_;
};

/// The key that was broken last, by the names in the database.
inline std::optional<store::BrokenKey> FindKey(NativeConnection& native) {
  const Failure& broken = native.LastBroken();
  Parameters parameters;
  parameters.Reset(3, nullptr);
  parameters.Name(1, broken.schema);
  parameters.Name(2, broken.table);
  parameters.Name(3, broken.constraint);
  const Result found = native.Ask(
      "SELECT (SELECT string_agg(a.attname, ', ' ORDER BY k.at) FROM unnest(c.conkey) WITH "
      "ORDINALITY AS k (number, at) JOIN pg_attribute AS a ON a.attrelid = c.conrelid AND a.attnum "
      "= k.number), f.relname FROM pg_constraint AS c JOIN pg_class AS t ON t.oid = c.conrelid "
      "JOIN pg_namespace AS n ON n.oid = t.relnamespace LEFT JOIN pg_class AS f ON f.oid = "
      "c.confrelid WHERE c.contype IN ('f', 'u', 'x') AND n.nspname = $1 AND t.relname = $2 AND "
      "c.conname = $3",
      parameters);
  ResultRow row(found.get());
  if (PQntuples(found.get()) == 0 || row.IsNull(0)) return std::nullopt;
  return store::BrokenKey{broken.table, std::string(row.Text(0)),
                          row.IsNull(1) ? std::string() : std::string(row.Text(1))};
}

}  // namespace grapnel::postgres::detail
