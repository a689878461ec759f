#pragma once

#include <grapnel/base/pack.hpp>
#include <grapnel/base/type.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/schema/token.hpp>

#include <cstddef>
#include <string_view>
#include <utility>

namespace grapnel {

/// Named for the error of a constexpr Indexes(): the compiler says that this type is no literal
/// one.
namespace write_static_auto_without_constexpr {
template <class Predicate, auto... Members>
class PartialIndex;
}  // namespace write_static_auto_without_constexpr

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

  /// Only the rows for which a predicate holds are in the index: `.Where(F<&User::deleted_at>
  /// .IsNull())`, and of a Unique one no others are alike. The predicate compares fields of the
  /// row, or of a mixin of its type, with values. A predicate is no constant: write `static auto
  /// Indexes()`, without constexpr.
  template <class Predicate>
  auto Where(Predicate predicate) const {
    constexpr bool is_predicate = requires { predicate.Node(); };
    static_assert(
        is_predicate,
        "Where takes a predicate: Index<&User::email>().Unique().Where(F<&User::left>.IsNull())");
    if constexpr (is_predicate) {
      return write_static_auto_without_constexpr::PartialIndex<Predicate, Members...>(
          *this, std::move(predicate));
    } else {
      return *this;
    }
  }

  constexpr detail::IndexInfo Info() const { return {name_, Tags, unique_}; }

 private:
  static constexpr detail::FieldTag Tags[] = {&detail::kFieldTag<Members>...};

  std::string_view name_;
  bool unique_ = false;
};

namespace write_static_auto_without_constexpr {

/// An index that holds some rows: what Index<...>().Where(...) returns.
template <class Predicate, auto... Members>
class [[nodiscard]] PartialIndex {
 public:
  using About = typename Predicate::Entity;

  PartialIndex(IndexDescription<Members...> index, Predicate where)
      : index_(index), where_(std::move(where)) {}

  /// As of the index: no two rows that are in it agree in all of these fields.
  PartialIndex Unique() const { return {index_.Unique(), where_}; }
  PartialIndex StorageKey(std::string_view name) const { return {index_.StorageKey(name), where_}; }

  /// Lifetime: of this object.
  detail::IndexInfo Info() const {
    detail::IndexInfo info = index_.Info();
    info.where = where_.Node().Get();
    return info;
  }

 private:
  IndexDescription<Members...> index_;
  Predicate where_;
};

}  // namespace write_static_auto_without_constexpr

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
