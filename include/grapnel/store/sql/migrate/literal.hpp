#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/model/error.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/model/value.hpp>
#include <grapnel/store/predicate/tree.hpp>
#include <grapnel/store/sql/condition.hpp>
#include <grapnel/store/sql/migrate/dialect.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

/// Values in SQL that take no parameters: that of an index, which stays in the database.
namespace grapnel::store::sql {

/// Two digits for each byte.
inline std::string HexText(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += kDigits[byte >> 4U];
    text += kDigits[byte & 15U];
  }
  return text;
}

/// A real that is read back as the same.
inline std::string RealText(double real) {
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), real).ptr;
  std::string text(digits.data(), end);
  if (text.find_first_of(".e") == text.npos) text += ".0";
  return text;
}

/// A value as it stands in SQL.
inline std::string LiteralText(const MigrationDialect& dialect, const FieldValue& value) {
  if (const auto* flag = value.As<bool>()) {
    return std::string(*flag ? dialect.Statements().True() : dialect.Statements().False());
  }
  if (const auto* whole = value.As<std::int64_t>()) return std::to_string(*whole);
  if (const auto* real = value.As<double>()) {
    return std::isinf(*real) ? dialect.InfinityText(*real < 0) : RealText(*real);
  }
  if (const auto* text = value.As<std::string>()) {
    // The text of a statement ends at a NUL.
    return text->find('\0') == text->npos ? QuoteText(*text) : dialect.NulText(*text);
  }
  if (const auto* bytes = value.As<FieldValue::Bytes>()) {
    return dialect.BytesText({reinterpret_cast<const char*>(bytes->data()), bytes->size()});
  }
  return "NULL";
}

/// Values of one type, where the engine has lists of one type.
inline std::string ListText(const MigrationDialect& dialect, const ValueList& list) {
  std::string text;
  for (const FieldValue& value : list) {
    core::Append(text, {text.empty() ? "" : ", ", LiteralText(dialect, value)});
  }
  return core::Concat({"ARRAY[", text, "]"});
}

/// The condition of an index: the predicate, with its values in the text. Throws: SchemaError for
/// what only a query can ask.
inline std::string IndexCondition(const MigrationDialect& dialect, const Table& table,
                                  const PredicateNode& predicate) {
  const auto refuse = [&](std::string_view reason) {
    throw SchemaError(table.entity, "an index",
                      core::Concat({"its Where ", reason,
                                    ": it takes comparisons of the row's own fields, as in "
                                    "Where(F<&User::deleted_at>.IsNull())"}));
  };
  Sql sql(dialect.Statements(), table);
  sql.Render(predicate);
  for (const Sql::Bound& bound : sql.parameters) {
    const bool typed = dialect.Statements().HasTypedLists();
    if (bound.list != nullptr && !typed) refuse("has too many values");
  }
  const std::string text = sql.Finish();
  if (text.starts_with("WITH ")) refuse("asks for neighbours");
  std::string condition;
  char quote = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (quote != 0 || c != dialect.Statements().Placeholder()) {
      if (quote == 0 && (c == '"' || c == '\'')) {
        quote = c;
      } else if (c == quote) {
        quote = 0;
      }
      condition += c;
      continue;
    }
    std::size_t number = 0;
    while (at + 1 < text.size() && text[at + 1] >= '0' && text[at + 1] <= '9') {
      number = number * 10 + static_cast<std::size_t>(text[++at] - '0');
    }
    const Sql::Bound& bound = sql.parameters[number - 1];
    condition +=
        bound.list != nullptr ? ListText(dialect, *bound.list) : LiteralText(dialect, *bound);
  }
  return condition;
}

}  // namespace grapnel::store::sql
