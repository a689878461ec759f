#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/model/error.hpp>
#include <grapnel/model/row.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/store/driver/error.hpp>
#include <grapnel/store/driver/plan.hpp>
#include <grapnel/store/postgres/migrate/columns.hpp>
#include <grapnel/store/postgres/migrate/dialect.hpp>
#include <grapnel/store/postgres/migrate/rows.hpp>
#include <grapnel/store/postgres/native/native_connection.hpp>
#include <grapnel/store/sql/migrate/literal.hpp>
#include <grapnel/store/sql/migrate/steps.hpp>
#include <grapnel/store/sql/names.hpp>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

/// How the steps of a migration are carried out.
namespace grapnel::postgres::detail {

/// What an UPDATE of all rows, each with Defaults of its own, stands for.
struct Fill {
  std::string table;
  std::string_view entity;
  std::vector<const Column*> columns{};
};
/// By the statement in the plan.
using Fills = std::map<std::string, Fill, std::less<>>;

/// A new value of its Default. Throws: MigrationError for what cannot be stored.
inline FieldValue DefaultOf(const Column& column, std::string_view entity) {
  std::string reason;
  try {
    FieldValue value = column.DefaultValue();
    if (const auto* text = value.As<std::string>()) RefuseText(*text);
    return value;
  } catch (const grapnel::detail::BadValue& error) {
    reason = error.what();
  }
  throw MigrationError(core::Concat({entity, ".", column.name, ": its Default cannot be stored: ",
                                     column.IsSecret() ? grapnel::detail::kHidden : reason,
                                     ". Nothing was changed"}));
}

class StepRunner {
 public:
  StepRunner(NativeConnection& native, const Refusals& refusals, const Fills& fills)
      : native_(native), refusals_(refusals), fills_(fills) {}

  /// Throws: MigrationError, with some of its statements run.
  void Run(const store::Step& step) {
    for (const std::string& statement : step.statements) {
      const auto fill = fills_.find(statement);
      if (step.kind == store::StepKind::FillColumns && fill != fills_.end()) {
        FillRows(step, fill->second);
      } else {
        Run(step, statement);
      }
    }
    Mark(step);
    native_.ForgetStatements();
  }

 private:
  void Run(const store::Step& step, const std::string& statement) {
    NativeConnection::Running running(native_);
    running.Bind(0);
    try {
      running.RunOnce(statement, native_.Say());
    } catch (const Error&) {
      if (!running.Failed()) throw;
      const Failure& failure = *running.Failed();
      if (failure.IsConstraint()) RefuseRows(step, statement, failure);
      // What others have in the database stands in the way.
      const bool refused = failure.IsOf("42") || failure.IsOf("2B") || failure.IsOf("0A") ||
                           failure.IsOf("22") || failure.IsOf("54") || failure.state == "55006";
      if (!refused) throw;
      throw MigrationError(
          core::Concat({"cannot ", store::sql::Doing(step), ": PostgreSQL says of ", statement,
                        ": ", failure.message, failure.detail.empty() ? "" : ". ", failure.detail,
                        failure.detail.ends_with('.') ? " " : ". ", "Nothing was changed"}));
    }
  }
  [[noreturn]] void RefuseRows(const store::Step& step, const std::string& statement,
                               const Failure& failure) const {
    const auto known = refusals_.find(statement);
    if (known != refusals_.end()) throw MigrationError(known->second);
    throw MigrationError(core::Concat({"cannot ", store::sql::Doing(step),
                                       ": the rows that are there break what the schema asks for: ",
                                       failure.message, ". Nothing was changed"}));
  }

  /// Many rows at once, by their places in the table, which nobody else changes meanwhile.
  void FillRows(const store::Step& step, const Fill& fill) {
    constexpr std::size_t kAtOnce = 1000;
    const std::string table = Quote(fill.table);
    const auto places =
        RowsOf(native_, core::Concat({"SELECT ctid::text FROM ", table, " ORDER BY ctid"}));
    std::string sets, names;
    for (const Column* column : fill.columns) {
      core::Append(sets, {sets.empty() ? "" : ", ", Quote(column->storage), " = grapnel_new.",
                          Quote(column->storage)});
      core::Append(names, {", ", Quote(column->storage)});
    }
    for (std::size_t at = 0; at < places.size(); at += kAtOnce) {
      std::string rows;
      for (std::size_t i = at; i < std::min(places.size(), at + kAtOnce); ++i) {
        core::Append(rows, {rows.empty() ? "" : ", ", "('", places[i][0], "'::tid"});
        for (const Column* column : fill.columns) {
          core::Append(rows, {", ", DefaultText(fill, *column)});
        }
        rows += ')';
      }
      Run(step, core::Concat({"UPDATE ", table, " SET ", sets, " FROM (VALUES ", rows,
                              ") AS grapnel_new (grapnel_place", names, ") WHERE ", table,
                              ".ctid = grapnel_new.grapnel_place"}));
    }
  }
  static std::string DefaultText(const Fill& fill, const Column& column) {
    return core::Concat({"CAST(", LiteralText(kMigrationDialect, DefaultOf(column, fill.entity)),
                         " AS ", kMigrationDialect.TypeName(column.Kind()), ")"});
  }

  // Marks, behind the comments of columns and indexes: see Catalog.

  void Mark(const store::Step& step) {
    if (step.kind == store::StepKind::CreateIndex) return MarkIndex(step);
    const bool one = step.kind == store::StepKind::AddColumn;
    if (!one && step.kind != store::StepKind::CreateTable) return;
    for (const Cells& row :
         RowsOf(native_,
                "SELECT attname::text, col_description(attrelid, attnum) FROM pg_attribute WHERE "
                "attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped AND ($2 = '' OR "
                "attname = $2)",
                {Quote(step.table), one ? std::string_view(step.name) : ""})) {
      Comment(step, core::Concat({"COLUMN ", Quote(step.table, row[0])}),
              core::Concat({row[1], row[1].empty() ? "" : " ", kMark}));
    }
  }
  void MarkIndex(const store::Step& step) {
    const auto row = RowsOf(native_,
                            "SELECT COALESCE(pg_get_expr(indpred, indrelid), '') FROM pg_index "
                            "WHERE indexrelid = to_regclass($1)",
                            {Quote(step.name)});
    std::string mark(kMark);
    const std::string& statement = step.statements.front();
    if (!row.empty() && !row.front()[0].empty()) {
      const auto where = statement.find(kWhere);
      mark = core::Concat(
          {statement.substr(where + kWhere.size()), "\n", row.front()[0], "\n", kMark});
    }
    Comment(step, core::Concat({"INDEX ", Quote(step.name)}), mark);
  }
  void Comment(const store::Step& step, std::string_view on, std::string_view text) {
    Run(step, core::Concat({"COMMENT ON ", on, " IS ", QuoteText(text)}));
  }

  static constexpr std::string_view kWhere = ") WHERE ";

  NativeConnection& native_;
  const Refusals& refusals_;
  const Fills& fills_;
};

}  // namespace grapnel::postgres::detail
