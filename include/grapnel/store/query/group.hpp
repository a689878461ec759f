#pragma once

#include <grapnel/store/predicate/order.hpp>
#include <grapnel/store/predicate/predicate.hpp>
#include <grapnel/store/query/aggregate.hpp>
#include <grapnel/store/query/selection.hpp>
#include <grapnel/store/query/values.hpp>

#include <cstdint>
#include <type_traits>
#include <utility>

namespace grapnel::detail {

/// Does not compile: what is read of groups is not said yet.
template <class... Ts>
constexpr auto RefuseUnselected() {
  static_assert(sizeof...(Ts) > sizeof...(Ts),
                "Select says what is read of each group, and comes before All(), First() and a "
                "loop: GroupBy(F<&Ticket::status>).Select(grapnel::Count(), "
                "grapnel::Avg(F<&Ticket::minutes>)).All(). How many groups there are is "
                "query.Count(F<&Ticket::status>)");
}

/// What groups of which nothing is selected do not have: these do not compile.
struct Unselected {
  template <class... Ts>
  auto All(const Ts&...) const {
    return RefuseUnselected<Ts...>();
  }
  template <class... Ts>
  auto First(const Ts&...) const {
    return RefuseUnselected<Ts...>();
  }
  template <class... Ts>
  auto Count(const Ts&...) const {
    return RefuseUnselected<Ts...>();
  }
  template <class... Ts>
  auto Sum(const Ts&...) const {
    return RefuseUnselected<Ts...>();
  }
  template <class... Ts>
  auto ForEach(const Ts&...) const {
    return RefuseUnselected<Ts...>();
  }
  template <class... Ts>
  auto begin(const Ts&...) const {
    return RefuseUnselected<Ts...>();
  }
  template <class... Ts>
  auto end(const Ts&...) const {
    return RefuseUnselected<Ts...>();
  }
  template <class... Ts>
  auto Where(const Ts&...) const {
    return RefuseMadeRows<Ts...>();
  }
};

}  // namespace grapnel::detail

namespace grapnel::store {

/// Which groups, in which order, and how many. Each call returns the object itself, or a new one
/// where it was called on a temporary.
template <class Derived, class E>
class ChoosingGroups {
 public:
  /// Only groups that match, `Having(grapnel::Count() > 3 && grapnel::Sum(F<...>) >= 10)`; several
  /// calls must all match. What rows have to match before they are grouped is the query's Where.
  template <class O>
  Derived& Having(const Predicate<O>& predicate) & {
    static_assert(AppliesTo<O, GroupsOf<E>>,
                  "Having is about groups of this entity's rows: compare an aggregate, "
                  "Having(grapnel::Count() > 3); what is about rows stands before GroupBy, "
                  "Where(F<&User::age> > 3)");
    Of().AddHaving(predicate.Node());
    return Self();
  }
  template <class O>
  [[nodiscard("nothing is read before All() or First()")]] Derived Having(
      const Predicate<O>& predicate) && {
    return static_cast<Derived&&>(Self().Having(predicate));
  }

  /// Of what is no condition on groups: this does not compile.
  template <class... Ts>
  Derived& Having(const Ts&...) {
    detail::RefuseNoPredicate<Ts...>();
    return Self();
  }

  /// Orders the groups by what they are grouped by, or by aggregates:
  /// `Order(Desc(grapnel::Count()), Asc(F<&Ticket::status>))`. Throws, from a run: ValidationError
  /// for another field.
  template <class... Os>
  Derived& Order(const store::Order<Os>&... orders) & {
    (AddOrder(orders), ...);
    return Self();
  }
  template <class... Os>
  [[nodiscard("nothing is read before All() or First()")]] Derived Order(
      const store::Order<Os>&... orders) && {
    return static_cast<Derived&&>(Self().Order(orders...));
  }

  /// Of what has no direction, or is no order: this does not compile.
  template <class... Ts>
  requires(sizeof...(Ts) > 0) Derived& Order(const Ts&...) {
    detail::RefuseOrder<Ts...>();
    return Self();
  }

  /// At most so many groups. Throws: Error when negative.
  Derived& Limit(std::int64_t groups) & { return Of().SetLimit(groups), Self(); }
  [[nodiscard("nothing is read before All() or First()")]] Derived Limit(std::int64_t groups) && {
    return Of().SetLimit(groups), static_cast<Derived&&>(*this);
  }
  /// Leaves out the first so many groups. Throws: Error when negative.
  Derived& Offset(std::int64_t groups) & { return Of().SetOffset(groups), Self(); }
  [[nodiscard("nothing is read before All() or First()")]] Derived Offset(std::int64_t groups) && {
    return Of().SetOffset(groups), static_cast<Derived&&>(*this);
  }

 private:
  Derived& Self() noexcept { return static_cast<Derived&>(*this); }
  detail::AnyValues& Of() noexcept { return Self().values_; }

  template <class O>
  void AddOrder(const store::Order<O>& order) {
    static_assert(AppliesTo<O, E> || AppliesTo<O, GroupsOf<E>>,
                  "this order is about another entity type: groups are ordered by the fields that "
                  "they are grouped by, Asc(F<&Ticket::status>), and by aggregates, "
                  "Desc(grapnel::Count())");
    if constexpr (AppliesTo<O, E>) {
      Of().AddOrder(order.ordering);
    } else {
      Of().AddOrder(order.ordering, &Measure::Of(order.ordering.field));
    }
  }
};

/// Values of groups: what they are grouped by, and aggregates. Made by Query::GroupBy and Select.
/// Can be run any number of times, and throws what a query does.
template <class E, class... Each>
class [[nodiscard("nothing is read before All() or First()")]] Groups
    : public detail::ValueReader<Each...>,
      public ChoosingGroups<Groups<E, Each...>, E> {
  friend ChoosingGroups<Groups, E>;

 public:
  explicit Groups(detail::AnyValues && of) : detail::ValueReader<Each...>(std::move(of), true) {}
};

/// Rows that are alike in some fields, as groups: made by Query::GroupBy.
template <class E, auto... Keys>
class [[nodiscard("nothing is read before Select(...).All() or First()")]] Grouping
    : public ChoosingGroups<Grouping<E, Keys...>, E>,
      public detail::Unselected {
  friend ChoosingGroups<Grouping, E>;

 public:
  explicit Grouping(detail::AnyValues of) : values_(std::move(of)) {}

  /// What is read of each group: the fields that it is grouped by, as the entity's members are, and
  /// behind them these aggregates, `Select(grapnel::Count(), grapnel::Avg(F<&Ticket::minutes>))`.
  /// Its rows are std::tuples, or the field itself where it is all. Of a field that may be NULL a
  /// Sum, Avg, Min or Max is a std::optional.
  template <class... As>
  Groups<E, detail::FieldValueOf<Keys>..., As...> Select(As... aggregates) const {
    (CheckAggregateOf(aggregates), ...);
    return Groups<E, detail::FieldValueOf<Keys>..., As...>(detail::AnyValues(values_));
  }

 private:
  template <class A>
  static void CheckAggregateOf(const A&) {
    static_assert(kIsAggregate<A>,
                  "Select takes aggregates, Select(grapnel::Count(), grapnel::Sum(F<...>)): the "
                  "fields that rows are grouped by stand in front of them by themselves");
    if constexpr (kIsAggregate<A>) {
      static_assert(AppliesTo<typename A::Groups, GroupsOf<E>> ||
                        std::is_same_v<typename A::Groups, AnyGroups>,
                    "this aggregate is of a field of another entity type");
    }
  }

  detail::AnyValues values_;
};

}  // namespace grapnel::store
