#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/store/sql/migrate/dialect.hpp>
#include <grapnel/store/sql/migrate/literal.hpp>
#include <grapnel/store/sql/sql.hpp>
#include <grapnel/store/sqlite/native/dialect.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace grapnel::sqlite::detail {

/// The affinity that SQLite derives from a declared type.
/// Source: https://www.sqlite.org/datatype3.html, section 3.1.
inline std::string_view Affinity(std::string declared) {
  for (char& c : declared) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  const auto has = [&](std::string_view part) { return declared.find(part) != declared.npos; };
  if (has("INT")) return "INTEGER";
  if (has("CHAR") || has("CLOB") || has("TEXT")) return "TEXT";
  if (has("BLOB") || declared.empty()) return "BLOB";
  if (has("REAL") || has("FLOA") || has("DOUB")) return "REAL";
  return "NUMERIC";
}

/// Whether a column that is declared so keeps values of a field exactly. What other tools call
/// BOOLEAN, DATETIME or DECIMAL has the affinity NUMERIC, which keeps numbers, and changes texts
/// that look like one.
inline bool Fits(const std::string& declared, std::string_view wanted) {
  const std::string_view affinity = Affinity(declared);
  if (affinity == wanted) return true;
  return affinity == "NUMERIC" && (wanted == "INTEGER" || wanted == "REAL");
}

/// How SQLite describes tables and indexes.
class SqliteMigrationDialect final : public MigrationDialect {
 public:
  SqliteMigrationDialect() noexcept : MigrationDialect(kDialect) {}

  NameRule Equal() const noexcept override { return EqualNames; }
  /// (It takes names that begin with pragma_, but they would hide the functions by which tables are
  /// looked at.)
  Fault ObjectNameFault(std::string_view name) const override {
    const std::string_view start = name.substr(0, 7);
    if (EqualNames(start, "sqlite_") || EqualNames(start, "pragma_")) {
      return "";
    }
    return ColumnNameFault(name);
  }
  Fault ColumnNameFault(std::string_view name) const override {
    if (!name.empty() && name.find('\0') == name.npos) return std::nullopt;
    return "";
  }

  bool Fits(const std::string& declared, std::string_view wanted) const override {
    return detail::Fits(declared, wanted);
  }
  std::string MakesNoIds(std::string_view table, std::string_view id) const override {
    return core::Concat({"in table ", Quote(table), " column ", Quote(id),
                         " is not INTEGER PRIMARY KEY of a table with rowids, so that SQLite makes "
                         "no ids"});
  }
  std::string IdText(const Column& id) const override {
    return id.never_reuse ? " PRIMARY KEY AUTOINCREMENT" : " PRIMARY KEY";
  }
  std::string CommentText(std::string_view comment) const override {
    std::string text(comment);
    for (auto end = text.find("*/"); end != text.npos; end = text.find("*/")) {
      text.replace(end, 2, "* ");
    }
    return core::Concat({" /* ", text, " */"});
  }

  std::string BytesText(std::string_view bytes) const override {
    return core::Concat({"X'", HexText(bytes), "'"});
  }
  std::string InfinityText(bool negative) const override { return negative ? "-9e999" : "9e999"; }
  std::string NulText(std::string_view text) const override {
    return core::Concat({"CAST(", BytesText(text), " AS TEXT)"});
  }
};

inline const SqliteMigrationDialect kMigrationDialect;

}  // namespace grapnel::sqlite::detail
