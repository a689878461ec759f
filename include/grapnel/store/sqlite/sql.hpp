#pragma once

#include <grapnel/schema/error.hpp>
#include <grapnel/schema/table.hpp>
#include <grapnel/schema/value.hpp>
#include <grapnel/store/driver.hpp>
#include <grapnel/store/predicate.hpp>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <list>
#include <string>
#include <string_view>
#include <vector>

/// The SQL text of statements. Names are quoted, values are always parameters.
namespace grapnel::sqlite::detail {

using grapnel::detail::Column;
using grapnel::detail::Table;
using store::PredicateKind;
using store::PredicateNode;

inline std::string Quote(std::string_view name) {
  std::string quoted = "\"";
  for (const char c : name) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

inline std::string_view TypeName(FieldKind kind) {
  switch (kind) {
    case FieldKind::Bool:
    case FieldKind::Int: return "INTEGER";
    case FieldKind::Real: return "REAL";
    case FieldKind::Text: return "TEXT";
    case FieldKind::Blob: break;
  }
  return "BLOB";
}

/// The text of a statement in the making, with the values of its parameters.
class Sql {
 public:
  std::string text;
  std::vector<const FieldValue*> parameters;

  explicit Sql(const Table& table, int first_parameter = 1)
      : table_(table), first_(first_parameter) {}

  /// " WHERE ...", or nothing.
  void Where(const PredicateNode* node) {
    if (node == nullptr) return;
    text += " WHERE ";
    Render(*node);
  }

  /// The condition in parentheses where needed.
  void Render(const PredicateNode& node) {
    switch (node.kind) {
      case PredicateKind::And: return Join(node, " AND ");
      case PredicateKind::Or: return Join(node, " OR ");
      case PredicateKind::Not:
        text += "NOT (";
        Render(*node.left);
        text += ')';
        return;
      default: return Leaf(node);
    }
  }

  void OrderBy(std::span<const store::Ordering> order) {
    for (std::size_t i = 0; i < order.size(); ++i) {
      text += i == 0 ? " ORDER BY " : ", ";
      text += Quote(ColumnOf(order[i].field).storage);
      if (order[i].descending) text += " DESC";
    }
  }

  /// A parameter with a value that lives in this object.
  std::string Own(FieldValue value) {
    owned_.push_back(std::move(value));
    return Parameter(owned_.back());
  }

 private:
  /// Longer lists become one packed parameter, for SQLite limits the number of parameters.
  static constexpr std::size_t kMaxList = 1024;

  const Column& ColumnOf(grapnel::detail::FieldTag field) const {
    const Column* column = table_.Find(field);
    if (column == nullptr) {
      throw SchemaError(table_.entity, "predicate",
                        "a predicate or order names a member that is no field of this type");
    }
    return *column;
  }

  std::string Parameter(const FieldValue& value) {
    parameters.push_back(&value);
    return "?" + std::to_string(first_ + static_cast<int>(parameters.size()) - 1);
  }

  void Join(const PredicateNode& node, std::string_view with) {
    text += '(';
    Render(*node.left);
    text += with;
    Render(*node.right);
    text += ')';
  }

  void Leaf(const PredicateNode& node) {
    const std::string column = Quote(ColumnOf(node.field).storage);
    const auto compare = [&](std::string_view op) {
      text += column;
      text += op;
      text += Parameter(node.values.front());
    };
    // Byte-exact: as blobs, for text functions stop at NUL and ignore case.
    const std::string bytes = "CAST(" + column + " AS BLOB)";
    const auto part = [&] { return "CAST(" + Parameter(node.values.front()) + " AS BLOB)"; };
    switch (node.kind) {
      case PredicateKind::Equal: return compare(" = ");
      case PredicateKind::NotEqual: return compare(" <> ");
      case PredicateKind::Less: return compare(" < ");
      case PredicateKind::LessEqual: return compare(" <= ");
      case PredicateKind::Greater: return compare(" > ");
      case PredicateKind::GreaterEqual: return compare(" >= ");
      case PredicateKind::IsNull: text += column + " IS NULL"; return;
      case PredicateKind::Contains: text += "instr(" + bytes + ", " + part() + ") > 0"; return;
      case PredicateKind::HasPrefix: {
        const std::string p = part();
        text += "substr(" + bytes + ", 1, length(" + p + ")) = " + p;
        return;
      }
      case PredicateKind::HasSuffix: {
        const std::string p = part();
        text += "(length(" + bytes + ") >= length(" + p + ") AND substr(" + bytes + ", length(" +
                bytes + ") - length(" + p + ") + 1) = " + p + ")";
        return;
      }
      case PredicateKind::In: return In(node, column);
      default: return;
    }
  }

  /// A list is padded with its last value to a power of two, so that few texts serve all lengths.
  void In(const PredicateNode& node, const std::string& column) {
    const std::size_t count = node.values.size();
    if (count == 0) {
      text += "0";
      return;
    }
    if (count > kMaxList) return PackedIn(node, column);
    text += column + " IN (";
    const std::size_t padded = std::bit_ceil(count);
    for (std::size_t i = 0; i < padded; ++i) {
      if (i > 0) text += ", ";
      text += Parameter(node.values[std::min(i, count - 1)]);
    }
    text += ')';
  }

  /// One blob holds all values, each behind its length in ten digits; SQL takes it apart.
  void PackedIn(const PredicateNode& node, const std::string& column) {
    FieldValue::Bytes packed;
    for (const FieldValue& value : node.values) Pack(value, packed);
    const std::string p = Own(std::move(packed));
    const auto length_at = [&](const std::string& at) {
      return "CAST(CAST(substr(" + p + ", " + at + ", 10) AS TEXT) AS INTEGER)";
    };
    const std::string_view type = TypeName(ColumnOf(node.field).ops->kind);
    text += column + " IN (WITH RECURSIVE packed(at, size) AS (SELECT 1, " + length_at("1") +
            " UNION ALL SELECT at + 10 + size, " + length_at("at + 10 + size") +
            " FROM packed WHERE at + 10 + size <= length(" + p + ")) SELECT CAST(" +
            (type == "BLOB" ? "" : "CAST(") + "substr(" + p + ", at + 10, size)" +
            (type == "BLOB" ? "" : " AS TEXT)") + " AS " + std::string(type) + ") FROM packed)";
  }

  static void Pack(const FieldValue& value, FieldValue::Bytes& packed) {
    std::string text;
    if (const auto* number = value.As<std::int64_t>()) {
      text = std::to_string(*number);
    } else if (const auto* flag = value.As<bool>()) {
      text = *flag ? "1" : "0";
    } else if (const auto* real = value.As<double>()) {
      char digits[32];
      std::snprintf(digits, sizeof digits, "%.17g", *real);
      text = digits;
    }
    std::string_view content = text;
    if (const auto* given = value.As<std::string>()) content = *given;
    if (const auto* bytes = value.As<FieldValue::Bytes>()) {
      content = {reinterpret_cast<const char*>(bytes->data()), bytes->size()};
    }
    char size[16];
    std::snprintf(size, sizeof size, "%010zu", content.size());
    for (const char c : std::string_view(size, 10)) packed.push_back(static_cast<std::byte>(c));
    for (const char c : content) packed.push_back(static_cast<std::byte>(c));
  }

  const Table& table_;
  int first_;
  std::list<FieldValue> owned_;
};

inline std::string ColumnList(const Table& table) {
  std::string list;
  for (const Column& column : table.columns) {
    if (!list.empty()) list += ", ";
    list += Quote(column.storage);
  }
  return list;
}

/// INSERT of all columns in the table's order, with or without the id.
inline std::string InsertText(const Table& table, bool with_id) {
  std::string columns, values;
  for (std::size_t i = with_id ? 0 : 1; i < table.columns.size(); ++i) {
    columns += (columns.empty() ? "" : ", ") + Quote(table.columns[i].storage);
    values += values.empty() ? "?" : ", ?";
  }
  if (columns.empty()) return "INSERT INTO " + Quote(table.name) + " DEFAULT VALUES";
  return "INSERT INTO " + Quote(table.name) + " (" + columns + ") VALUES (" + values + ")";
}

inline std::string CreateTableText(const Table& table) {
  std::string text = "CREATE TABLE " + Quote(table.name) + " (";
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    const Column& column = table.columns[i];
    if (i > 0) text += ", ";
    text += Quote(column.storage) + " " + std::string(TypeName(column.ops->kind));
    if (i == 0) text += " PRIMARY KEY";
    if (i == 0 && column.never_reuse) text += " AUTOINCREMENT";
    if (!column.nullable) text += " NOT NULL";
    if (column.comment.empty()) continue;
    std::string comment(column.comment);
    for (auto end = comment.find("*/"); end != comment.npos; end = comment.find("*/")) {
      comment.replace(end, 2, "* ");
    }
    text += " /* " + comment + " */";
  }
  return text + ")";
}

inline std::vector<std::string> CreateIndexTexts(const Table& table) {
  std::vector<std::string> texts;
  const auto add = [&](std::string_view name, bool unique, const std::string& columns) {
    texts.push_back("CREATE " + std::string(unique ? "UNIQUE " : "") + "INDEX IF NOT EXISTS " +
                    Quote(name) + " ON " + Quote(table.name) + " (" + columns + ")");
  };
  for (const Column& column : table.columns) {
    if (!column.unique) continue;
    add(std::string(table.name) + "_" + std::string(column.storage) + "_key", true,
        Quote(column.storage));
  }
  for (const grapnel::detail::IndexInfo& index : table.indexes) {
    std::string name(table.name), columns;
    for (const auto tag : index.fields) {
      const Column* column = table.Find(tag);
      if (column == nullptr) {
        throw MigrationError(std::string(table.entity) +
                             ": an index names a member that is not in Fields()");
      }
      name += "_" + std::string(column->storage);
      columns += (columns.empty() ? "" : ", ") + Quote(column->storage);
    }
    add(index.name.empty() ? name : std::string(index.name), index.unique, columns);
  }
  return texts;
}

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

}  // namespace grapnel::sqlite::detail
