#pragma once

#include <grapnel/schema/field.hpp>
#include <grapnel/schema/index.hpp>
#include <grapnel/schema/mixin.hpp>
#include <grapnel/schema/table.hpp>
#include <grapnel/schema/token.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace grapnel {

/// Describes an entity type or a mixin: specialise it for each. In this order, because a function with
/// a deduced type must stand above its use:
///
///   template <>
///   struct grapnel::Schema<User> {
///     static constexpr std::string_view Type = "User";         // the entity's name
///     static constexpr std::string_view Table = "users";       // optional: the table's name
///     using Mixins = grapnel::Mixins<Versioned>;               // optional
///     static constexpr auto Fields() { return grapnel::Fields(...); }
///     static constexpr auto Indexes() { return grapnel::Indexes(...); }  // optional
///     static auto Hooks();                                     // optional, may be defined later
///   };
///
/// The member `id` is the primary key; it stands in Fields() only when it has options.
template <class E>
struct Schema;

/// The schema hooks of an entity, outermost first: the result of `Schema<E>::Hooks()`.
template <class... Hs>
constexpr std::tuple<Hs...> Hooks(Hs... hooks) {
  return {std::move(hooks)...};
}

namespace detail {

/// Finds a member by its name alone. Asking for a call instead would find an `auto` function that is
/// declared but not yet defined to be missing, silently; this way its use is an error.
struct HasAllNames {
  void Hooks();
  void Fields();
  void Indexes();
};
template <class E>
struct SchemaAndAll : Schema<E>, HasAllNames {};
template <class E>
concept HasSchema = requires { sizeof(Schema<E>); };
template <class E>
concept NamesHooks = !requires { &SchemaAndAll<E>::Hooks; };
template <class E>
concept NamesFields = !requires { &SchemaAndAll<E>::Fields; };
template <class E>
concept NamesIndexes = !requires { &SchemaAndAll<E>::Indexes; };

template <class E>
struct MixinsOf {
  using type = Mixins<>;
};
template <class E>
  requires requires { typename Schema<E>::Mixins; }
struct MixinsOf<E> {
  using type = typename Schema<E>::Mixins;
};

/// Calls `visit.template operator()<Base>()` for the mixins of E, theirs first, and joins the tuples.
template <class E, class Visitor>
constexpr auto FromMixins(Visitor visit) {
  return [&]<class... Bases>(Mixins<Bases...>) {
    static_assert((std::is_base_of_v<Bases, E> && ...),
                  "an entity must derive from each of its mixins: struct User : Versioned { ... }");
    return std::tuple_cat(visit.template operator()<Bases>()...);
  }(typename MixinsOf<E>::type{});
}

template <class E>
constexpr auto OwnFields() {
  if constexpr (NamesFields<E>) {
    return Schema<E>::Fields();
  } else {
    return std::tuple<>();
  }
}
/// The fields of E and of its mixins, mixins first.
template <class E>
constexpr auto AllFields() {
  return std::tuple_cat(FromMixins<E>([]<class Base>() { return AllFields<Base>(); }),
                        OwnFields<E>());
}

template <class E>
constexpr auto AllIndexes() {
  auto inherited = FromMixins<E>([]<class Base>() { return AllIndexes<Base>(); });
  if constexpr (NamesIndexes<E>) {
    return std::tuple_cat(inherited, Schema<E>::Indexes());
  } else {
    return inherited;
  }
}

template <class E, class F>
inline constexpr bool kDescribesId = false;
template <class E, auto Member, class... Rest>
inline constexpr bool kDescribesId<E, Field<Member, Rest...>> =
    std::is_same_v<Token<Member>, Token<&E::id>>;

/// The fields with the id in front, added where the schema does not describe it.
template <class E>
constexpr auto IdFirst() {
  constexpr auto all = AllFields<E>();
  return std::apply(
      [](const auto&... fields) {
        constexpr bool described = (kDescribesId<E, std::remove_cvref_t<decltype(fields)>> || ...);
        if constexpr (described) {
          const auto pick = [](const auto& field) {
            if constexpr (kDescribesId<E, std::remove_cvref_t<decltype(field)>>) {
              return std::tuple(field);
            } else {
              return std::tuple<>();
            }
          };
          const auto drop = [](const auto& field) {
            if constexpr (kDescribesId<E, std::remove_cvref_t<decltype(field)>>) {
              return std::tuple<>();
            } else {
              return std::tuple(field);
            }
          };
          return std::tuple_cat(pick(fields)..., drop(fields)...);
        } else {
          return std::tuple(Field<&E::id>("id"), fields...);
        }
      },
      all);
}

template <class E>
inline constexpr auto kFields = IdFirst<E>();

template <class E>
using FieldsOf = std::remove_const_t<decltype(kFields<E>)>;

template <class E>
inline constexpr std::size_t kFieldCount = std::tuple_size_v<FieldsOf<E>>;

template <class E, auto Member, std::size_t... I>
consteval std::size_t PlaceOf(std::index_sequence<I...>) {
  std::size_t place = kFieldCount<E>;
  ((std::is_same_v<typename std::tuple_element_t<I, FieldsOf<E>>::Token, Token<Member>>
        ? void(place = I)
        : void()),
   ...);
  return place;
}

/// Where a field stands among E's fields; kFieldCount when it is none of them.
template <class E, auto Member>
inline constexpr std::size_t kPlaceOf =
    PlaceOf<E, Member>(std::make_index_sequence<kFieldCount<E>>());

/// A description of the field, with its options.
template <class E, auto Member>
inline constexpr const auto& kFieldOf = std::get<kPlaceOf<E, Member>>(kFields<E>);

template <class E, auto Member>
concept FieldOf = kPlaceOf<E, Member> < kFieldCount<E>;

template <class N>
constexpr std::int64_t Saturate(N value) {
  return std::in_range<std::int64_t>(value) ? static_cast<std::int64_t>(value)
                                            : std::numeric_limits<std::int64_t>::max();
}

/// The column made of the I-th field of E.
template <class E, std::size_t I>
constexpr Column MakeColumn() {
  using F = std::tuple_element_t<I, FieldsOf<E>>;
  using T = typename F::Type;
  using Bare = typename F::Bare;
  constexpr const F& field = std::get<I>(kFields<E>);
  Column column{};
  column.name = field.Traits().name;
  column.storage = field.Traits().storage;
  column.comment = field.Traits().comment;
  column.tag = F::Token::Tag();
  column.ops = &kTypeOps<T>;
  column.nullable = I != 0 && (kIsOptional<T> || field.Traits().optional);
  column.immutable = I == 0 || field.Traits().immutable;
  column.unique = I != 0 && field.Traits().unique;
  column.sensitive = field.Traits().sensitive;
  column.never_reuse = field.Traits().never_reuse;
  column.at = [](void* entity) -> void* {
    return std::addressof(static_cast<E*>(entity)->*F::Token::Member);
  };
  if constexpr (F::HasDefault) {
    column.set_default = [](void* member) {
      *static_cast<T*>(member) = std::get<I>(kFields<E>).MakeDefault();
    };
  }
  if constexpr (F::HasUpdateDefault) {
    column.set_update_default = [](void* member) {
      *static_cast<T*>(member) = std::get<I>(kFields<E>).MakeUpdateDefault();
    };
  }
  if constexpr (std::get<I>(kFields<E>).NeedsCheck()) {
    column.validate = [](const void* member) -> std::optional<std::string> {
      const T& value = *static_cast<const T*>(member);
      if constexpr (kIsOptional<T>) {
        return value ? std::get<I>(kFields<E>).Check(*value) : std::nullopt;
      } else {
        return std::get<I>(kFields<E>).Check(value);
      }
    };
  }
  if constexpr (Number<Bare> && std::integral<Bare>) {
    if (field.Least()) column.least = Saturate(*field.Least());
    if (field.Most()) column.most = Saturate(*field.Most());
  }
  if constexpr (std::is_same_v<Bare, double>) {
    column.least_real = field.Least();
    column.most_real = field.Most();
    column.above_zero = field.IsAboveZero();
  }
  return column;
}

template <class E, std::size_t... I>
constexpr std::array<Column, sizeof...(I)> MakeColumns(std::index_sequence<I...>) {
  return {MakeColumn<E, I>()...};
}

template <class E>
inline constexpr auto kColumns =
    MakeColumns<E>(std::make_index_sequence<kFieldCount<E>>());

template <class E>
inline constexpr auto kIndexes = std::apply(
    [](const auto&... indexes) {
      return std::array<IndexInfo, sizeof...(indexes)>{
          IndexInfo{indexes.Name(), indexes.Tags, indexes.IsUnique()}...};
    },
    AllIndexes<E>());

template <class E>
constexpr Table MakeTable() {
  static_assert(HasSchema<E>,
                "this type has no schema: write template <> struct grapnel::Schema<User> { static "
                "constexpr std::string_view Type = \"User\"; static constexpr auto Fields() { ... } "
                "}; see examples/01_first_hook.cpp");
  static_assert(requires { &E::id; },
                "an entity needs a member `id`: std::int64_t id = 0; is its primary key");
  static_assert(kFieldCount<E> <= kMaxFields, "an entity can have at most 128 fields");
  Table table{};
  table.entity = Schema<E>::Type;
  table.name = table.entity;
  if constexpr (requires { Schema<E>::Table; }) table.name = Schema<E>::Table;
  table.columns = kColumns<E>;
  table.indexes = kIndexes<E>;
  table.type = core::TypeIdOf<E>();
  return table;
}

/// Everything about E that is known at compile time, its types forgotten.
template <class E>
inline constexpr Table kTable = MakeTable<E>();

/// The type of E's primary key.
template <class E>
using IdOf = typename Token<&E::id>::Type;

/// The hooks of the mixins of E, in their order; then, for an entity, its own.
template <class E, class Of = E>
auto SchemaHooks() {
  auto inherited = FromMixins<Of>([]<class Base>() { return SchemaHooks<E, Base>(); });
  if constexpr (!NamesHooks<Of>) {
    return inherited;
  } else if constexpr (std::is_same_v<E, Of>) {
    return std::tuple_cat(std::move(inherited), Schema<Of>::Hooks());
  } else {
    return std::tuple_cat(std::move(inherited), Schema<Of>::template Hooks<E>());
  }
}

}  // namespace detail
}  // namespace grapnel
