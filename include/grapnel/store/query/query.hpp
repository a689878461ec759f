#pragma once

#include <grapnel/core/op.hpp>
#include <grapnel/schema/schema.hpp>
#include <grapnel/store/driver/driver.hpp>
#include <grapnel/store/driver/error.hpp>
#include <grapnel/store/predicate/predicate.hpp>
#include <grapnel/store/query/eager.hpp>
#include <grapnel/store/query/rows.hpp>
#include <grapnel/store/tx/handle.hpp>
#include <grapnel/store/tx/session.hpp>
#include <grapnel/store/tx/tx.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace grapnel::store {

/// What a query and the neighbours that it loads have in common: which rows, in which order, with
/// which neighbours. Each call returns the object itself, as an rvalue when it was called on one.
template <class Derived, class E>
class Choosing {
 public:
  /// Only rows that match; several calls must all match.
  template <class O>
  Derived& Where(const Predicate<O>& predicate) & {
    static_assert(AppliesTo<O, E>, "this predicate is about another entity type");
    rows_.where = Both(rows_.where, predicate.Node());
    return Self();
  }
  template <class O>
  [[nodiscard]] Derived&& Where(const Predicate<O>& predicate) && {
    return std::move(Where(predicate));
  }

  /// Orders the rows, `Order(Asc(F<&User::name>), Desc(F<&User::id>))`; a second call orders within
  /// the first. Without it the order is the engine's.
  template <class... Os>
  Derived& Order(const store::Order<Os>&... orders) & {
    static_assert((AppliesTo<Os, E> && ...), "this order is about another entity type");
    (rows_.order.push_back(orders.ordering), ...);
    return Self();
  }
  template <class... Os>
  [[nodiscard]] Derived&& Order(const store::Order<Os>&... orders) && {
    return std::move(Order(orders...));
  }

  /// Loads the neighbours along an edge too, by one query more for all rows together. `choose`,
  /// when it is given, says which, in which order, and with which neighbours of their own:
  ///
  ///   .With(F<&User::cards>, [](auto& cards) {
  ///   cards.Order(Asc(F<&Card::number>)).With(F<&Card::owner>); })
  ///
  /// Asked for again, an edge is loaded once: all conditions hold, and all that is nested is
  /// loaded. An edge that was not asked for throws NotLoadedError when it is read.
  template <auto M, class Choose = std::nullptr_t>
  Derived& With(MemberToken<M>, Choose choose = nullptr) & {
    static_assert(detail::EdgeOf<E, M>,
                  "With names an edge of this entity: see Schema<...>::Edges()");
    detail::Eager wanted{&detail::kEdgeInfos<E>[detail::kEdgePlaceOf<E, M>]};
    if constexpr (!std::is_same_v<Choose, std::nullptr_t>) Chosen<M>(choose, wanted);
    detail::Want(eager_, std::move(wanted));
    return Self();
  }
  template <auto M, class Choose = std::nullptr_t>
  [[nodiscard]] Derived&& With(MemberToken<M> edge, Choose choose = nullptr) && {
    return std::move(With(edge, std::move(choose)));
  }

 protected:
  template <auto M, class Choose>
  static void Chosen(Choose& choose, detail::Eager& eager);

  Derived& Self() {
    static_cast<const Derived&>(*this).CheckUsable();
    return static_cast<Derived&>(*this);
  }
  void CheckUsable() const noexcept {}

  Rows rows_;
  std::vector<detail::Eager> eager_;
};

/// The neighbours that a query loads along an edge: see Choosing::With.
template <class E>
class Neighbours : public Choosing<Neighbours<E>, E> {
  template <class, class>
  friend class Choosing;
};

template <class Derived, class E>
template <auto M, class Choose>
void Choosing<Derived, E>::Chosen(Choose& choose, detail::Eager& eager) {
  Neighbours<detail::NeighbourOf<M>> neighbours;
  choose(neighbours);
  eager.rows = std::move(neighbours.rows_);
  eager.nested = std::move(neighbours.eager_);
}

/// Reads rows. Can be run any number of times; each run reads afresh. A run that loads neighbours
/// reads everything from one snapshot.
///
/// Throws, from each run: SchemaError when the database does not fit the schema; CancelledError,
/// BusyError, StorageError; TxError when the base client is used inside a transaction.
template <class E>
class [[nodiscard]] Query : public Choosing<Query<E>, E> {
 public:
  explicit Query(detail::HandlePtr handle, PredicatePtr where = nullptr)
      : handle_(std::move(handle)) {
    this->rows_.where = std::move(where);
  }

  /// At most so many rows. Throws: Error when negative.
  Query& Limit(std::int64_t rows) & {
    if (rows < 0) throw Error("Limit takes a number of rows, not " + std::to_string(rows));
    this->rows_.limit = rows;
    return this->Self();
  }
  [[nodiscard]] Query&& Limit(std::int64_t rows) && { return std::move(Limit(rows)); }
  /// Leaves out the first so many rows. Throws: Error when negative.
  Query& Offset(std::int64_t rows) & {
    if (rows < 0) throw Error("Offset takes a number of rows, not " + std::to_string(rows));
    this->rows_.offset = rows;
    return this->Self();
  }
  [[nodiscard]] Query&& Offset(std::int64_t rows) && { return std::move(Offset(rows)); }

  /// The neighbours of these rows along an edge, each once: `users.Traverse(F<&User::cards>)` is a
  /// query of cards.
  template <auto M>
  Query<detail::NeighbourOf<M>> Traverse(MemberToken<M>) const {
    static_assert(detail::EdgeOf<E, M>,
                  "Traverse names an edge of this entity: see Schema<...>::Edges()");
    const auto& edge = detail::kEdgeInfos<E>[detail::kEdgePlaceOf<E, M>];
    return Query<detail::NeighbourOf<M>>(Held(), NeighboursOf(edge.relation(), this->rows_));
  }

  /// All rows.
  std::vector<E> All() const { return ReadRows(this->rows_.limit); }

  /// The first row. Throws: NotFoundError when there is none.
  E First() const {
    auto rows = ReadRows(Least(1));
    if (rows.empty()) throw NotFoundError(detail::kTable<E>.entity, "no row matches");
    return std::move(rows.front());
  }

  /// The only row. Throws: NotFoundError when there is none, NotSingularError when there are more.
  E Only() const {
    auto rows = ReadRows(Least(2));
    if (rows.empty()) throw NotFoundError(detail::kTable<E>.entity, "no row matches");
    if (rows.size() > 1) throw NotSingularError(detail::kTable<E>.entity);
    return std::move(rows.front());
  }

  /// How many rows.
  std::int64_t Count() const {
    return Read([statement = Describe(Select::Want::Count, this->rows_.limit)](
                    Connection& connection) { return connection.Count(statement); });
  }

  /// Whether there is a row.
  bool Exist() const {
    return Read([statement = Describe(Select::Want::Exist, this->rows_.limit)](
                    Connection& connection) { return connection.Count(statement); }) != 0;
  }

  /// The ids of all rows.
  std::vector<detail::IdOf<E>> IDs() const {
    std::vector<detail::IdOf<E>> ids;
    Read([&, statement = Describe(Select::Want::Ids, this->rows_.limit)](Connection& connection) {
      connection.Run(statement, [&](detail::Row& row) {
        detail::LoadColumn(detail::kTable<E>, detail::kTable<E>.Id(), &ids.emplace_back(), row, 0);
      });
      return 0;
    });
    return ids;
  }

 private:
  template <class, class>
  friend class Choosing;

  /// Throws: Error after it was moved from; StorageError in a child of fork().
  const detail::HandlePtr& Held() const {
    return detail::CheckHeld(handle_, detail::kTable<E>.entity, "this query");
  }
  void CheckUsable() const { Held(); }

  std::optional<std::int64_t> Least(std::int64_t rows) const {
    const auto& limit = this->rows_.limit;
    return limit && *limit < rows ? limit : rows;
  }

  Select Describe(Select::Want want, std::optional<std::int64_t> limit) const {
    Select statement{{&detail::kTable<E>}};
    statement.want = want;
    statement.where = this->rows_.where.get();
    statement.order = this->rows_.order;
    statement.limit = limit;
    statement.offset = this->rows_.offset;
    return statement;
  }

  std::int64_t Read(detail::Session::Statement statement) const {
    return detail::RunRead(Held(), detail::kTable<E>, statement);
  }

  std::vector<E> ReadRows(std::optional<std::int64_t> limit) const {
    const auto handle = this->eager_.empty() || Held()->transaction
                            ? Held()
                            : detail::BeginTransaction(Held(), detail::Session::Kind::ReadOnly);
    std::vector<E> rows;
    detail::ReadRows(handle, Describe(Select::Want::Rows, limit),
                     [&]() -> void* { return &rows.emplace_back(); });
    if (!this->eager_.empty()) {
      std::vector<void*> entities;
      for (E& row : rows) entities.push_back(&row);
      detail::LoadEager(handle, detail::kTable<E>, entities, this->eager_);
    }
    return rows;
  }

  detail::HandlePtr handle_;
};

}  // namespace grapnel::store
