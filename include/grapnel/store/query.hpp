#pragma once

#include <grapnel/core/op.hpp>
#include <grapnel/schema/schema.hpp>
#include <grapnel/store/detail/execute.hpp>
#include <grapnel/store/detail/transaction.hpp>
#include <grapnel/store/driver.hpp>
#include <grapnel/store/error.hpp>
#include <grapnel/store/predicate.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace grapnel::store {

/// Reads rows. Can be run any number of times; each run reads afresh.
///
/// Throws, from each run: SchemaError when the database does not fit the schema; CancelledError,
/// BusyError, StorageError; TxError when the base client is used inside a transaction.
template <class E>
class Query {
 public:
  explicit Query(detail::HandlePtr handle) : handle_(std::move(handle)) {}

  /// Only rows that match; several calls must all match.
  template <class O>
  Query& Where(const Predicate<O>& predicate) & {
    static_assert(AppliesTo<O, E>, "this predicate is about another entity type");
    where_ = Both(where_, predicate.Node());
    return *this;
  }
  template <class O>
  Query&& Where(const Predicate<O>& predicate) && {
    return std::move(Where(predicate));
  }

  /// Orders the rows, `Order(Asc(F<&User::name>), Desc(F<&User::id>))`; a second call orders within the
  /// first. Without it the order is the engine's.
  template <class... Os>
  Query& Order(const store::Order<Os>&... orders) & {
    static_assert((AppliesTo<Os, E> && ...), "this order is about another entity type");
    (order_.push_back(orders.ordering), ...);
    return *this;
  }
  template <class... Os>
  Query&& Order(const store::Order<Os>&... orders) && {
    return std::move(Order(orders...));
  }

  /// At most so many rows. Throws: Error when negative.
  Query& Limit(std::int64_t rows) & {
    if (rows < 0) throw Error("Limit takes a number of rows, not " + std::to_string(rows));
    limit_ = rows;
    return *this;
  }
  Query&& Limit(std::int64_t rows) && { return std::move(Limit(rows)); }
  /// Leaves out the first so many rows. Throws: Error when negative.
  Query& Offset(std::int64_t rows) & {
    if (rows < 0) throw Error("Offset takes a number of rows, not " + std::to_string(rows));
    offset_ = rows;
    return *this;
  }
  Query&& Offset(std::int64_t rows) && { return std::move(Offset(rows)); }

  /// All rows.
  std::vector<E> All() const { return Rows(limit_); }

  /// The first row. Throws: NotFoundError when there is none.
  E First() const {
    auto rows = Rows(Least(1));
    if (rows.empty()) throw NotFoundError(detail::kTable<E>.entity, "no row matches");
    return std::move(rows.front());
  }

  /// The only row. Throws: NotFoundError when there is none, NotSingularError when there are more.
  E Only() const {
    auto rows = Rows(Least(2));
    if (rows.empty()) throw NotFoundError(detail::kTable<E>.entity, "no row matches");
    if (rows.size() > 1) throw NotSingularError(detail::kTable<E>.entity);
    return std::move(rows.front());
  }

  /// How many rows.
  std::int64_t Count() const {
    return Read([statement = Describe(Select::Want::Count, limit_)](Connection& connection) {
      return connection.Count(statement);
    });
  }

  /// Whether there is a row.
  bool Exist() const {
    return Read([statement = Describe(Select::Want::Exist, limit_)](Connection& connection) {
             return connection.Count(statement);
           }) != 0;
  }

  /// The ids of all rows.
  std::vector<detail::IdOf<E>> IDs() const {
    std::vector<detail::IdOf<E>> ids;
    Read([&, statement = Describe(Select::Want::Ids, limit_)](Connection& connection) {
      connection.Run(statement, [&](detail::Row& row) {
        detail::LoadColumn(detail::kTable<E>, detail::kTable<E>.Id(), &ids.emplace_back(), row, 0);
      });
      return 0;
    });
    return ids;
  }

 private:
  std::optional<std::int64_t> Least(std::int64_t rows) const {
    return limit_ && *limit_ < rows ? limit_ : rows;
  }

  Select Describe(Select::Want want, std::optional<std::int64_t> limit) const {
    Select statement{{&detail::kTable<E>}};
    statement.want = want;
    statement.where = where_.get();
    statement.order = order_;
    statement.limit = limit;
    statement.offset = offset_;
    return statement;
  }

  template <class F>
  auto Read(F statement) const {
    return detail::RunRead(handle_, detail::kTable<E>, std::move(statement));
  }

  std::vector<E> Rows(std::optional<std::int64_t> limit) const {
    std::vector<E> rows;
    Read([&, statement = Describe(Select::Want::Rows, limit)](Connection& connection) {
      connection.Run(statement, [&](detail::Row& row) {
        detail::LoadRow(detail::kTable<E>, &rows.emplace_back(), row);
      });
      return 0;
    });
    return rows;
  }

  detail::HandlePtr handle_;
  PredicatePtr where_;
  std::vector<Ordering> order_;
  std::optional<std::int64_t> limit_;
  std::int64_t offset_ = 0;
};

}  // namespace grapnel::store
