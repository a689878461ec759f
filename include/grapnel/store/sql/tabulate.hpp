#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/model/type_ops.hpp>
#include <grapnel/store/driver/driver.hpp>
#include <grapnel/store/predicate/measure.hpp>
#include <grapnel/store/sql/condition.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

/// The SQL text of what makes a table of values out of rows.
namespace grapnel::store::sql {

/// Writes the text of one store::Tabulate.
class TabulateWriter {
 public:
  TabulateWriter(const Dialect& dialect, const store::Tabulate& statement)
      : dialect_(dialect), made_(statement), table_(*statement.table), sql_(dialect, table_) {}

  Sql Write() {
    const bool again = made_.having != nullptr || !made_.order_made.empty() || made_.limit_made ||
                       made_.offset_made != 0;
    if (again) core::Append(sql_.text, {"SELECT ", Names(), " FROM ("});
    core::Append(sql_.text, {"SELECT ", made_.distinct ? "DISTINCT " : "", Outputs()});
    From();
    GroupBy();
    if (again) Again();
    return std::move(sql_);
  }

 private:
  static constexpr std::string_view kMade = "grapnel_made";

  std::string NameOf(const store::Column& column) const {
    return Quote(table_.name, column.storage);
  }
  static std::string Name(std::size_t at) { return "grapnel_" + std::to_string(at + 1); }

  std::string OutputText(const store::Output& output) const {
    if (output.measure == nullptr) return NameOf(*output.column);
    if (output.column == nullptr) return "count(*)";
    return dialect_.Aggregate(output.measure->kind, *output.column, NameOf(*output.column));
  }
  std::string Outputs() const {
    std::string list;
    for (std::size_t at = 0; at < made_.outputs.size(); ++at) {
      core::Append(list, {at == 0 ? "" : ", ", OutputText(made_.outputs[at]), " AS ", Name(at)});
    }
    return list;
  }
  std::string Names() const {
    std::string list;
    for (std::size_t at = 0; at < made_.outputs.size(); ++at) {
      core::Append(list, {at == 0 ? "" : ", ", Name(at)});
    }
    return list;
  }

  /// Groups are made of the table's rows, or of only so many of them, by a SELECT in its place. In
  /// which order rows come says nothing of a group.
  void From() {
    const bool in_place = made_.grouped && (made_.limit || made_.offset != 0);
    if (in_place) core::Append(sql_.text, {" FROM (SELECT ", Needed()});
    core::Append(sql_.text, {" FROM ", Quote(table_.name)});
    sql_.Where(made_.where);
    if (in_place || !made_.grouped) {
      sql_.OrderBy(made_.order, made_.distinct ? Sql::Ties::AsTheyCome : Sql::Ties::ById);
    }
    sql_.Limit(made_.limit, made_.offset);
    if (in_place) core::Append(sql_.text, {") AS ", Quote(table_.name)});
  }
  /// The columns that outputs are made of.
  std::string Needed() const {
    std::vector<const store::Column*> seen;
    std::string list;
    for (const store::Output& output : made_.outputs) {
      const store::Column* const column = output.column;
      if (column == nullptr || std::find(seen.begin(), seen.end(), column) != seen.end()) continue;
      seen.push_back(column);
      core::Append(list,
                   {list.empty() ? "" : ", ", NameOf(*column), " AS ", Quote(column->storage)});
    }
    return list.empty() ? "1" : list;
  }

  void GroupBy() {
    if (!made_.grouped) return;
    bool first = true;
    for (const store::Output& output : made_.outputs) {
      if (output.measure != nullptr) continue;
      core::Append(sql_.text, {first ? " GROUP BY " : ", ", NameOf(*output.column)});
      first = false;
    }
  }

  /// Around it: which of the rows that are made, as if they were those of a table.
  void Again() {
    std::deque<std::string> names;
    std::vector<store::Column> columns;
    for (std::size_t at = 0; at < made_.outputs.size(); ++at) {
      const store::Output& output = made_.outputs[at];
      const store::Column* const of = output.column;
      names.push_back(Name(at));
      columns.push_back(grapnel::detail::PlainColumn(
          names.back(), output.measure != nullptr ? &output.measure->tag : of->tag,
          of != nullptr ? of->ops : &grapnel::detail::kTypeOps<std::int64_t>, true));
      columns.back().sensitive = of != nullptr && of->IsSecret();
    }
    store::Table made{};
    made.entity = table_.entity;
    made.name = kMade;
    made.columns = {columns.data(), columns.size()};
    core::Append(sql_.text, {") AS ", kMade});
    sql_.TurnTo(made);
    sql_.Where(made_.having);
    sql_.OrderBy(made_.order_made, Sql::Ties::AsTheyCome);
    sql_.Limit(made_.limit_made, made_.offset_made);
    sql_.TurnTo(table_);
  }

  const Dialect& dialect_;
  const store::Tabulate& made_;
  const store::Table& table_;
  Sql sql_;
};

inline Sql TabulateText(const Dialect& dialect, const store::Tabulate& statement) {
  return TabulateWriter(dialect, statement).Write();
}

}  // namespace grapnel::store::sql
