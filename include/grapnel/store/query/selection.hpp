#pragma once

#include <grapnel/model/type_ops.hpp>
#include <grapnel/schema/schema.hpp>
#include <grapnel/schema/token.hpp>
#include <grapnel/store/query/values.hpp>

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
/// and throws what a query does.
template <auto... Members>
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
};

}  // namespace store
}  // namespace grapnel
