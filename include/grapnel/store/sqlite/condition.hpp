#pragma once

#include <grapnel/core/concat.hpp>
#include <grapnel/schema/error.hpp>
#include <grapnel/schema/relation.hpp>
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
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// The SQL text of conditions. Names are quoted, values are always parameters.
namespace grapnel::sqlite::detail {

using grapnel::detail::Column;
using grapnel::detail::Relation;
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

/// 'text', with quotes doubled.
inline std::string QuoteText(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'') quoted += '\'';
    quoted += c;
  }
  return quoted + '\'';
}

/// "table"."column", for statements in which several tables may have a column of that name.
inline std::string Quote(std::string_view table, std::string_view column) {
  return core::Concat({Quote(table), ".", Quote(column)});
}

inline std::string_view TypeName(FieldKind kind) {
  switch (kind) {
    case FieldKind::Bool:
    case FieldKind::Int:
      return "INTEGER";
    case FieldKind::Real:
      return "REAL";
    case FieldKind::Text:
      return "TEXT";
    case FieldKind::Blob:
      break;
  }
  return "BLOB";
}

/// The SQL function that a session has for doubles: their eight bytes as a blob to the value,
/// exactly.
inline constexpr std::string_view kRealFromBytes = "grapnel_real";

/// Lists of rows: a table of the connection's own, on disk where it is long.
inline constexpr std::string_view kLists = "temp.grapnel_lists";

/// The text of a statement in the making, with the values of its parameters.
class Sql {
 public:
  std::string text;
  using Parameters = std::vector<const FieldValue*>;
  Parameters parameters;

  explicit Sql(const Table& table, int first_parameter = 1)
      : table_(&table), first_(first_parameter) {}

  /// The whole statement.
  std::string Finish() {
    std::string with;
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      core::Append(with, {i == 0 ? "WITH grapnel_" : ", grapnel_", std::to_string(i + 1),
                          "(id) AS (", parts_[i], ")"});
    }
    return with.empty() ? std::move(text) : core::Concat({with, " ", text});
  }

  /// " WHERE ...", or nothing.
  void Where(const PredicateNode* node) {
    if (node == nullptr) return;
    text += " WHERE ";
    Render(*node);
  }

  /// The condition in parentheses where needed.
  void Render(const PredicateNode& node) {
    switch (node.kind) {
      case PredicateKind::And:
        return Join(node, " AND ");
      case PredicateKind::Or:
        return Join(node, " OR ");
      case PredicateKind::Not:
        if (node.left->kind == PredicateKind::Not) return Render(*node.left->left);
        text += "NOT (";
        Render(*node.left);
        text += ')';
        return;
      case PredicateKind::Has:
        return Has(node);
      case PredicateKind::ReachedBy:
        return ReachedBy(node);
      case PredicateKind::InLists:
        return InLists(node);
      default:
        return Leaf(node);
    }
  }

  void OrderBy(std::span<const store::Ordering> order) {
    for (std::size_t i = 0; i < order.size(); ++i) {
      core::Append(text, {i == 0 ? " ORDER BY " : ", ", Quote(ColumnOf(order[i].field).storage),
                          order[i].descending ? " DESC" : ""});
    }
  }

  void Limit(const std::optional<std::int64_t>& limit, std::int64_t offset) {
    if (!limit && offset == 0) return;
    core::Append(text, {" LIMIT ", Own(limit.value_or(-1))});
    if (offset != 0) core::Append(text, {" OFFSET ", Own(offset)});
  }

  std::string Parameter(const FieldValue& value) {
    parameters.push_back(&value);
    return core::Concat({"?", std::to_string(first_ + static_cast<int>(parameters.size()) - 1)});
  }

  /// `column IN (values)`. A list is padded with its last value to a power of two, so that few
  /// texts serve all lengths.
  void In(std::span<const FieldValue> values, const std::string& column, FieldKind kind) {
    const std::size_t count = values.size();
    if (count == 0) {
      text += "0";
      return;
    }
    if (count > kMaxList) return PackedIn(values, column, kind);
    core::Append(text, {column, " IN ("});
    const std::size_t padded = std::bit_ceil(count);
    for (std::size_t i = 0; i < padded; ++i) {
      if (i > 0) text += ", ";
      text += Parameter(values[std::min(i, count - 1)]);
    }
    text += ')';
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
    const Column* column = table_->FindTag(field);
    if (column == nullptr) {
      throw SchemaError(table_->entity, "predicate",
                        "a predicate or order names a member that is no field of this type");
    }
    return *column;
  }

  /// "(SELECT id FROM ...": what `select` writes, about another table, stands in front of the
  /// statement under a name: SQLite's parser stops at a depth of 100.
  template <class F>
  void Select(const Table& table, F select) {
    const Table* const outer_table = std::exchange(table_, &table);
    std::string outer = std::exchange(text, {});
    select();
    parts_.push_back(std::exchange(text, std::move(outer)));
    core::Append(text, {"(SELECT id FROM grapnel_", std::to_string(parts_.size()), ")"});
    table_ = outer_table;
  }
  std::string Id(const Table& table) const { return Quote(table.name, table.Id().storage); }
  /// The ids of these rows of `table`.
  void Ids(const Table& table, const store::Rows& rows) {
    Select(table, [&] {
      core::Append(text, {"SELECT ", Id(table), " FROM ", Quote(table.name)});
      Where(rows.where.get());
      if (rows.limit || rows.offset != 0) {
        OrderBy(rows.order);
        Limit(rows.limit, rows.offset);
      }
    });
  }

  void Has(const PredicateNode& node) {
    const Relation* relation = node.relation;
    if (relation == nullptr) {
      const grapnel::detail::EdgeInfo* edge = table_->FindEdgeTag(node.field);
      if (edge == nullptr) {
        throw SchemaError(table_->entity, "predicate",
                          "Has names a member that is no edge of this type");
      }
      relation = &edge->relation();
    }
    const store::Rows neighbours{node.left};
    const std::string key = Quote(relation->table, relation->column);
    if (relation->kind == Relation::Kind::OwnKey) {
      core::Append(text, {"(", key, " IS NOT NULL"});
      if (node.left) {
        core::Append(text, {" AND ", key, " IN "});
        Ids(*relation->target, neighbours);
      }
      text += ')';
      return;
    }
    core::Append(text, {Id(*relation->source), " IN "});
    Select(*relation->target, [&] {
      core::Append(
          text, {"SELECT ", key, " FROM ", Quote(relation->table), " WHERE ", key, " IS NOT NULL"});
      if (!node.left) return;
      text += " AND ";
      if (relation->kind == Relation::Kind::TheirKey) return Render(*node.left);
      core::Append(text, {Quote(relation->table, relation->other), " IN "});
      Ids(*relation->target, neighbours);
    });
  }

  void ReachedBy(const PredicateNode& node) {
    const Relation& relation = *node.relation;
    const std::string key = Quote(relation.table, relation.column);
    if (relation.kind == Relation::Kind::TheirKey) {
      core::Append(text, {"(", key, " IS NOT NULL AND ", key, " IN "});
      Ids(*relation.source, *node.from);
      text += ')';
      return;
    }
    const bool own = relation.kind == Relation::Kind::OwnKey;
    core::Append(text, {Id(*relation.target), " IN "});
    Select(*relation.source, [&] {
      core::Append(text, {"SELECT ", own ? key : Quote(relation.table, relation.other), " FROM ",
                          Quote(relation.table), " WHERE ",
                          own ? core::Concat({key, " IS NOT NULL AND "}) : "",
                          own ? Id(*relation.source) : key, " IN "});
      Ids(*relation.source, *node.from);
    });
  }

  /// One list is walked along; several are looked up row by row. (The + keeps the column's affinity
  /// out of the comparison, which could not use the lists' index.)
  void InLists(const PredicateNode& node) {
    const std::string id =
        node.relation != nullptr ? Quote(node.relation->table, node.relation->column) : Id(*table_);
    if (node.values[0].IsNull()) {  // one list
      core::Append(text, {id, " IN (SELECT id FROM ", kLists, " WHERE list = ",
                          Parameter(node.values[1])});
      if (node.values.size() > 2) {
        if (!node.values[2].IsNull()) core::Append(text, {" AND id > ", Parameter(node.values[2])});
        core::Append(text, {" AND id <= ", Parameter(node.values[3])});
      }
      text += ')';
      return;
    }
    const std::string from = Parameter(node.values[1]);
    core::Append(
        text, {"EXISTS (SELECT 1 FROM ", kLists,
               " AS listed WHERE listed.type = ", Parameter(node.values[0]), " AND listed.id = +",
               id, " AND listed.list BETWEEN ", from, " AND ", Parameter(node.values[2]), ")"});
  }

  /// A chain of one operator is rendered as a balanced tree: SQLite's parser stops at a depth of
  /// 100.
  void Join(const PredicateNode& node, std::string_view with) {
    std::vector<const PredicateNode*> terms, open{&node};
    while (!open.empty()) {
      const PredicateNode* next = open.back();
      open.pop_back();
      if (next->kind != node.kind) {
        terms.push_back(next);
      } else {
        open.push_back(next->right.get());
        open.push_back(next->left.get());
      }
    }
    RenderBalanced(terms, with);
  }
  void RenderBalanced(std::span<const PredicateNode* const> terms, std::string_view with) {
    if (terms.size() == 1) return Render(*terms.front());
    const std::size_t half = terms.size() / 2;
    text += '(';
    RenderBalanced(terms.first(half), with);
    text += with;
    RenderBalanced(terms.subspan(half), with);
    text += ')';
  }

  void Leaf(const PredicateNode& node) {
    if (node.relation != nullptr) {
      const std::string key = Quote(node.relation->table, node.relation->column);
      if (node.kind == PredicateKind::IsNull) return core::Append(text, {key, " IS NULL"});
      return In(node.values, key, node.relation->Referred().Id().Kind());
    }
    const std::string column = Quote(ColumnOf(node.field).storage);
    const auto compare = [&](std::string_view op) {
      core::Append(text, {column, op, Parameter(node.values.front())});
    };
    // Byte-exact: as blobs, for text functions stop at NUL and ignore case.
    const std::string bytes = core::Concat({"CAST(", column, " AS BLOB)"});
    const auto part = [&] {
      return core::Concat({"CAST(", Parameter(node.values.front()), " AS BLOB)"});
    };
    switch (node.kind) {
      case PredicateKind::Equal:
        return compare(" = ");
      case PredicateKind::NotEqual:
        return compare(" <> ");
      case PredicateKind::Less:
        return compare(" < ");
      case PredicateKind::LessEqual:
        return compare(" <= ");
      case PredicateKind::Greater:
        return compare(" > ");
      case PredicateKind::GreaterEqual:
        return compare(" >= ");
      case PredicateKind::IsNull:
        return core::Append(text, {column, " IS NULL"});
      case PredicateKind::Contains:
        return core::Append(text, {"instr(", bytes, ", ", part(), ") > 0"});
      case PredicateKind::HasPrefix: {
        const std::string p = part();
        // substr of an empty blob is NULL.
        return core::Append(text, {"(length(", bytes, ") >= length(", p, ") AND (length(", p,
                                   ") = 0 OR substr(", bytes, ", 1, length(", p, ")) = ", p, "))"});
      }
      case PredicateKind::HasSuffix: {
        const std::string p = part();
        return core::Append(
            text, {"(length(", bytes, ") >= length(", p, ") AND (length(", p, ") = 0 OR substr(",
                   bytes, ", length(", bytes, ") - length(", p, ") + 1) = ", p, "))"});
      }
      case PredicateKind::In:
        return In(node.values, column, ColumnOf(node.field).Kind());
      default:
        return;
    }
  }

  /// One blob holds all values, each behind its length in ten digits; SQL takes it apart.
  void PackedIn(std::span<const FieldValue> values, const std::string& column, FieldKind kind) {
    FieldValue::Bytes packed;
    for (const FieldValue& value : values) Pack(value, packed);
    const std::string p = Own(std::move(packed));
    const auto length_at = [&](std::string_view at) {
      return core::Concat({"CAST(CAST(substr(", p, ", ", at, ", 10) AS TEXT) AS INTEGER)"});
    };
    const std::string_view type = TypeName(kind);
    const std::string part = core::Concat({"substr(", p, ", at + 10, size)"});
    const std::string value = type == "BLOB" ? part
                              : type == "REAL"
                                  ? core::Concat({kRealFromBytes, "(", part, ")"})
                                  : core::Concat({"CAST(CAST(", part, " AS TEXT) AS ", type, ")"});
    core::Append(text, {column, " IN (WITH RECURSIVE packed(at, size) AS (SELECT 1, ",
                        length_at("1"), " UNION ALL SELECT at + 10 + size, ",
                        length_at("at + 10 + size"), " FROM packed WHERE at + 10 + size <= length(",
                        p, ")) SELECT ", value, " FROM packed)"});
  }

  static void Pack(const FieldValue& value, FieldValue::Bytes& packed) {
    std::string text;
    if (const auto* number = value.As<std::int64_t>()) {
      text = std::to_string(*number);
    } else if (const auto* flag = value.As<bool>()) {
      text = *flag ? "1" : "0";
    } else if (const auto* real = value.As<double>()) {
      text.assign(reinterpret_cast<const char*>(real), sizeof *real);
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

  const Table* table_;
  int first_;
  std::list<FieldValue> owned_;
  std::vector<std::string> parts_;  // subselects
};

}  // namespace grapnel::sqlite::detail
