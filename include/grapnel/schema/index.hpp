#pragma once

#include <grapnel/base/pack.hpp>
#include <grapnel/base/type.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/schema/token.hpp>

#include <cstddef>
#include <string_view>
#include <utility>

namespace grapnel {

/// Describes an index over one field or several: what Index<...>() returns.
template <auto... Members>
class [[nodiscard]] IndexDescription {
  static_assert(sizeof...(Members) > 0, "an index needs a field: Index<&User::name>()");

 public:
  /// No two rows agree in all of these fields; rows with a NULL among them are never alike.
  constexpr IndexDescription Unique() const {
    IndexDescription longer = *this;
    longer.unique_ = true;
    return longer;
  }
  /// The index's name in the database, where it is not made of the table's and fields' names.
  constexpr IndexDescription StorageKey(std::string_view name) const {
    IndexDescription longer = *this;
    longer.name_ = name;
    return longer;
  }

  constexpr detail::IndexInfo Info() const { return {name_, Tags, unique_}; }

 private:
  static constexpr detail::FieldTag Tags[] = {&detail::kFieldTag<Members>...};

  std::string_view name_;
  bool unique_ = false;
};

/// Describes an index, inside `Schema<E>::Indexes()`: `Index<&User::last,
/// &User::first>().Unique()`. A function, so that it hides no struct of that name:
/// `Field<&Index::name>("name")` finds the user's.
template <auto... Members>
constexpr IndexDescription<Members...> Index() {
  return {};
}

/// The indexes of an entity or of a mixin: the result of `Schema<E>::Indexes()`.
template <class... Is>
constexpr core::Pack<Is...> Indexes(Is... indexes) {
  return core::Pack<Is...>(std::move(indexes)...);
}

}  // namespace grapnel
