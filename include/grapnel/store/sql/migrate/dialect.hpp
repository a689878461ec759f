#pragma once

#include <grapnel/model/table.hpp>
#include <grapnel/model/value.hpp>
#include <grapnel/store/sql/dialect.hpp>
#include <grapnel/store/sql/names.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace grapnel::store::sql {

using grapnel::detail::Table;

using NameRule = bool (*)(std::string_view, std::string_view);

/// How an engine describes tables and indexes, where engines differ.
class MigrationDialect {
 public:
  explicit constexpr MigrationDialect(const Dialect& statements) noexcept
      : statements_(statements) {}
  MigrationDialect(const MigrationDialect&) = delete;
  MigrationDialect& operator=(const MigrationDialect&) = delete;
  virtual ~MigrationDialect() = default;

  /// That of its statements.
  const Dialect& Statements() const noexcept { return statements_; }
  /// What it is called, in messages.
  std::string_view Engine() const noexcept { return statements_.Engine(); }
  /// Whether two names are one to it.
  virtual NameRule Equal() const noexcept = 0;
  /// Why it does not take a name, where it does not: nothing, "", or how a sentence goes on that
  /// says so.
  using Fault = std::optional<std::string_view>;
  virtual Fault ObjectNameFault(std::string_view name) const = 0;
  virtual Fault ColumnNameFault(std::string_view name) const = 0;
  virtual Fault KeyNameFault(std::string_view /*name*/) const { return std::nullopt; }

  /// The name of a type alone.
  virtual std::string_view TypeName(FieldKind kind) const { return statements_.TypeName(kind); }
  /// Whether a column that is declared so keeps values of a field of such a type exactly.
  virtual bool Fits(const std::string& declared, std::string_view wanted) const = 0;
  /// Whether it holds most of them at least.
  virtual bool Reads(const std::string& declared, std::string_view wanted) const {
    return Fits(declared, wanted);
  }
  /// Why the id of a table that is there makes no ids.
  virtual std::string MakesNoIds(std::string_view table, std::string_view id) const = 0;
  /// Stands behind the type of a column.
  virtual std::string_view CollationText(std::string_view /*type*/) const { return ""; }
  /// Stands behind the type of an id.
  virtual std::string IdText(const Column& id) const = 0;
  /// Stands behind the description of a column; "" where comments are statements of their own.
  virtual std::string CommentText(std::string_view /*comment*/) const { return ""; }
  /// Stands behind a foreign key.
  virtual std::string_view KeyText() const { return ""; }
  /// A column of an index.
  virtual std::string IndexedText(std::string_view column, bool /*nullable*/) const {
    return Quote(column);
  }

  // Values, in texts that take no parameters.

  virtual std::string BytesText(std::string_view bytes) const = 0;
  virtual std::string InfinityText(bool negative) const = 0;
  /// Of a text with NUL in it.
  virtual std::string NulText(std::string_view text) const = 0;

 private:
  const Dialect& statements_;
};

}  // namespace grapnel::store::sql
