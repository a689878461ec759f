#pragma once

#include <grapnel/model/type_ops.hpp>
#include <grapnel/schema/schema.hpp>
#include <grapnel/schema/token.hpp>
#include <grapnel/store/predicate/order.hpp>
#include <grapnel/store/predicate/predicate.hpp>
#include <grapnel/store/query/values.hpp>

#include <cstdint>
#include <utility>

namespace grapnel {
namespace detail {

/// A field's own value, as one of a row of values.
template <auto Member>
struct FieldValueOf {
  using Type = typename MemberToken<Member>::Type;
  static constexpr ValueInfo Info{MemberToken<Member>::Tag(), nullptr, &kTypeOps<Type>};
};

}  // namespace detail

namespace store {

/// Fields of rows, in place of whole rows: made by Query::Select. Can be run any number of times,
/// and throws what a query does. What is said of order, limit and offset before Select and behind
/// it is the same.
template <class E, auto... Members>
class [[nodiscard("nothing is read before All() or First()")]] Selection
    : public detail::ValueReader<detail::FieldValueOf<Members>...> {
  using Reader = detail::ValueReader<detail::FieldValueOf<Members>...>;

 public:
  explicit Selection(detail::AnyValues && of) : Reader(std::move(of), false) {}

  /// Each row of values once; NULL is like NULL. The query's Limit and Offset count them.
  /// Throws, from a run: ValidationError where the query is ordered by a field that is not
  /// selected.
  Selection& Distinct()& { return this->values_.SetDistinct(), *this; }
  Selection Distinct()&& { return this->values_.SetDistinct(), static_cast<Selection&&>(*this); }

  /// Orders the rows, as Query::Order does: also by fields that are not selected.
  template <class... Os>
  Selection& Order(const store::Order<Os>&... orders)& {
    if constexpr (!(AppliesTo<Os, E> && ...)) detail::RefuseOrdersOf<E, Os...>();
    return this->values_.OrderRows({orders.ordering...}), *this;
  }
  template <class... Os>
  [[nodiscard("nothing is read before All() or First()")]] Selection Order(
      const store::Order<Os>&... orders)&& {
    return static_cast<Selection&&>(Order(orders...));
  }
  template <class... Ts>
  requires(sizeof...(Ts) > 0) Selection& Order(const Ts&...) {
    detail::RefuseOrder<Ts...>();
    return *this;
  }
  /// At most so many rows. Throws: Error when negative.
  Selection& Limit(std::int64_t rows)& { return this->values_.LimitRows(rows), *this; }
  [[nodiscard("nothing is read before All() or First()")]] Selection Limit(std::int64_t rows)&& {
    return static_cast<Selection&&>(Limit(rows));
  }
  /// Leaves out the first so many rows. Throws: Error when negative.
  Selection& Offset(std::int64_t rows)& { return this->values_.OffsetRows(rows), *this; }
  [[nodiscard("nothing is read before All() or First()")]] Selection Offset(std::int64_t rows)&& {
    return static_cast<Selection&&>(Offset(rows));
  }
};

}  // namespace store
}  // namespace grapnel
