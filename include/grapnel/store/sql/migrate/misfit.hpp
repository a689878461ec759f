#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/model/error.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/model/value.hpp>
#include <grapnel/store/driver/error.hpp>
#include <grapnel/store/sql/migrate/catalog.hpp>
#include <grapnel/store/sql/migrate/dialect.hpp>
#include <grapnel/store/sql/names.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Tables in the database that do not hold what the schema says.
namespace grapnel::store::sql {

inline std::string KeyReason(std::string_view table, std::string_view id) {
  return core::Concat(
      {"in table ", Quote(table), " the primary key is not column ", Quote(id), " alone"});
}
inline std::string MissingReason(std::string_view table, std::string_view column) {
  return core::Concat({"in table ", Quote(table), " there is no column ", Quote(column)});
}
inline std::string GeneratedReason(std::string_view table, std::string_view column) {
  return core::Concat({"in table ", Quote(table), " column ", Quote(column),
                       " is generated, so that nothing can be written to it"});
}
inline std::string TypeReason(std::string_view table, std::string_view column,
                              std::string_view stored, std::string_view wanted) {
  return core::Concat({"in table ", Quote(table), " column ", Quote(column), " is of type \"",
                       stored, "\", not ", wanted});
}

/// The first field that the table has no fitting column for, and why.
inline std::optional<std::pair<std::string_view, std::string>> Misfit(
    const Table& table, const std::vector<StoredColumn>& stored, const MigrationDialect& dialect) {
  for (const Column& column : table.columns) {
    const auto found = std::find_if(stored.begin(), stored.end(), [&](const StoredColumn& each) {
      return dialect.Equal()(each.name, column.storage);
    });
    if (found == stored.end()) {
      const std::string_view remedy = &column == &table.Id() ? "" : "; call Migrate()";
      return std::pair(column.name,
                       core::Concat({MissingReason(table.name, column.storage), remedy}));
    }
    if (found->generated) {
      return std::pair(column.name, GeneratedReason(table.name, column.storage));
    }
    if (!found->in_view && found->is_key != (&column == &table.Id())) {
      return std::pair(table.Id().name, KeyReason(table.name, table.Id().storage));
    }
    if (&column == &table.Id() && table.generates_ids && !found->in_view && !found->makes_ids &&
        column.Kind() == FieldKind::Int &&
        dialect.Reads(found->type, dialect.TypeName(FieldKind::Int))) {
      return std::pair(column.name, dialect.MakesNoIds(table.name, column.storage));
    }
    if (!dialect.Reads(found->type, dialect.TypeName(column.Kind()))) {
      return std::pair(column.name, TypeReason(table.name, column.storage, found->type,
                                               dialect.TypeName(column.Kind())));
    }
  }
  return std::nullopt;
}

/// Throws: SchemaError unless the table is there and has every column, of a type that fits.
/// `stored`: what is there.
inline void VerifyTable(const Table& table, const std::vector<StoredColumn>& stored,
                        const MigrationDialect& dialect) {
  if (stored.empty()) {
    throw SchemaError(
        table.entity, "",
        core::Concat({"the database has no table ", Quote(table.name), "; call Migrate()"}));
  }
  if (const auto reason = Misfit(table, stored, dialect)) {
    throw SchemaError(table.entity, reason->first, reason->second);
  }
}

}  // namespace grapnel::store::sql
