#pragma once

#include <grapnel/model/table.hpp>
#include <grapnel/schema/edge.hpp>
#include <grapnel/schema/field.hpp>
#include <grapnel/schema/index.hpp>
#include <grapnel/schema/mixin.hpp>
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

/// Describes an entity type or a mixin: specialise it for each. In this order, because a function
/// with a deduced type must stand above its use:
///
///   template <>
///   struct grapnel::Schema<User> {
///     static constexpr std::string_view Type = "User";         // the entity's name
///     static constexpr std::string_view Table = "users";       // optional: the table's name
///     using Mixins = grapnel::Mixins<Versioned>;               // optional
///     static constexpr auto Fields() { return grapnel::Fields(...); }
///     static constexpr auto Edges() { return grapnel::Edges(...); }      // optional
///     static constexpr auto Indexes() { return grapnel::Indexes(...); }  // optional
///     static auto Hooks();                                     // optional, may be defined later
///   };
///
/// The member `id` is the primary key; it stands in Fields() only when it has options. In the body
/// the names of namespace grapnel come first: a struct of yours called Client, Value or Field is
/// `::Client` there.
template <class E>
struct Schema;

/// The schema hooks of an entity, outermost first: the result of `Schema<E>::Hooks()`.
template <class... Hs>
constexpr std::tuple<Hs...> Hooks(Hs... hooks) {
  return {std::move(hooks)...};
}

namespace detail {

/// Finds a member by its name alone. Asking for a call instead would find an `auto` function that
/// is declared but not yet defined to be missing, silently; this way its use is an error.
struct HasAllNames {
  void Hooks();
  void Fields();
  void Edges();
  void Indexes();
};
template <class E>
struct SchemaAndAll : Schema<E>, HasAllNames {};
template <class E>
concept HasSchema = requires {
  sizeof(Schema<E>);
};
template <class E>
concept NamesHooks = !requires {
  &SchemaAndAll<E>::Hooks;
};
template <class E>
concept NamesFields = !requires {
  &SchemaAndAll<E>::Fields;
};
template <class E>
concept NamesEdges = !requires {
  &SchemaAndAll<E>::Edges;
};
template <class E>
concept NamesIndexes = !requires {
  &SchemaAndAll<E>::Indexes;
};

template <class E>
struct MixinsOf {
  using type = Mixins<>;
};
template <class E>
requires requires { typename Schema<E>::Mixins; }
struct MixinsOf<E> {
  using type = typename Schema<E>::Mixins;
};

/// Calls `visit.template operator()<Base>()` for the mixins of E, theirs first, and joins the
/// tuples.
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

/// The edges of E and of its mixins, mixins' first.
template <class E>
constexpr auto AllEdges() {
  auto inherited = FromMixins<E>([]<class Base>() { return AllEdges<Base>(); });
  if constexpr (NamesEdges<E>) {
    return std::tuple_cat(inherited, Schema<E>::Edges());
  } else {
    return inherited;
  }
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
    std::is_same_v<MemberToken<Member>, MemberToken<&E::id>>;

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

/// Where the Token of one of the tuple's elements is Member's; the tuple's size when none is.
template <class Tuple, auto Member>
inline constexpr std::size_t kPlaceIn = 0;
template <class... Ts, auto Member>
inline constexpr std::size_t kPlaceIn<std::tuple<Ts...>, Member> = [] {
  std::size_t place = 0;
  static_cast<void>(
      ((std::is_same_v<typename Ts::Token, MemberToken<Member>> || (++place, false)) || ...));
  return place;
}();

template <class E>
inline constexpr auto kEdges = AllEdges<E>();
template <class E>
using EdgesOf = std::remove_const_t<decltype(kEdges<E>)>;
template <class E>
inline constexpr std::size_t kEdgeCount = std::tuple_size_v<EdgesOf<E>>;

/// Where an edge stands among E's edges; kEdgeCount when it is none of them.
template <class E, auto Member>
inline constexpr std::size_t kEdgePlaceOf = kPlaceIn<EdgesOf<E>, Member>;
template <class E, auto Member>
concept EdgeOf = kEdgePlaceOf<E, Member> < kEdgeCount<E>;

/// Whether a member is a column of E's own table: a field, or an edge whose foreign key stands
/// there.
template <class E, auto Member>
inline constexpr bool kIsColumn = [] {
  if constexpr (!EdgeMember<Member>) {
    return true;
  } else if constexpr (EdgeOf<E, Member>) {
    return std::tuple_element_t<kEdgePlaceOf<E, Member>, EdgesOf<E>>::HoldsKey;
  } else {
    return OneMember<Member>;
  }
}();

template <class E, std::size_t Place>
inline constexpr bool kIsRequired = std::get<Place>(kEdges<E>).Traits().required;

/// Where the foreign key of the edge at this place stands among E's columns, or kNoKey.
template <class E, std::size_t Place>
inline constexpr std::size_t kKeyPlace = [] {
  if constexpr (!std::tuple_element_t<Place, EdgesOf<E>>::HoldsKey) return EdgeEnd::kNoKey;
  return [&]<std::size_t... I>(std::index_sequence<I...>) {
    return kFieldCount<E> + (std::size_t(std::tuple_element_t<I, EdgesOf<E>>::HoldsKey) + ... + 0);
  }
  (std::make_index_sequence<Place>());
}();
/// The places of the edges that hold a foreign key.
template <class E>
inline constexpr auto kKeyEdges = [] {
  return []<std::size_t... I>(std::index_sequence<I...>) {
    constexpr std::size_t count =
        (std::size_t(std::tuple_element_t<I, EdgesOf<E>>::HoldsKey) + ... + 0);
    std::array<std::size_t, count> places{};
    std::size_t at = 0;
    static_cast<void>(at);
    ((std::tuple_element_t<I, EdgesOf<E>>::HoldsKey ? void(places[at++] = I) : void()), ...);
    return places;
  }
  (std::make_index_sequence<kEdgeCount<E>>());
}();

/// Where a field stands among E's fields; kFieldCount when it is none of them.
template <class E, auto Member>
inline constexpr std::size_t kPlaceOf = kPlaceIn<FieldsOf<E>, Member>;

/// A description of the field, with its options.
template <class E, auto Member>
inline constexpr const auto& kFieldOf = std::get<kPlaceOf<E, Member>>(kFields<E>);

template <class E, auto Member>
concept FieldOf = kPlaceOf<E, Member> < kFieldCount<E>;

/// Whether a field may be NULL.
template <class E, auto Member>
inline constexpr bool kIsNullable = kPlaceOf<E, Member> != 0 &&
                                    (kIsOptional<typename MemberToken<Member>::Type> ||
                                     kFieldOf<E, Member>.Traits().optional);

/// Where a field, or the foreign key of an edge, stands among E's columns.
template <class E, auto Member>
inline constexpr std::size_t kColumnPlaceOf = [] {
  static_assert(FieldOf<E, Member> || EdgeOf<E, Member>,
                "this member is neither a field nor an edge of this entity");
  if constexpr (FieldOf<E, Member>) {
    return kPlaceOf<E, Member>;
  } else {
    constexpr std::size_t place = kKeyPlace<E, kEdgePlaceOf<E, Member>>;
    static_assert(place != EdgeEnd::kNoKey, "this edge has no foreign key in the entity's own row");
    return place;
  }
}();

/// Whether a field can be set only when its entity is created.
template <class E, auto Member>
inline constexpr bool kIsImmutable = kPlaceOf<E, Member> == 0 ||
                                     kFieldOf<E, Member>.Traits().immutable;

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
  static_assert(!F::HasUpdateDefault || !(I == 0 || field.Traits().immutable),
                "an Immutable field, as every id is, does not change after its creation: leave out "
                "UpdateDefault, or Immutable");
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
    column.default_varies = F::DefaultVaries;
    column.default_value = [] {
      T value(std::get<I>(kFields<E>).MakeDefault());
      Normalize(value);
      return Mapping<T>::ToValue(value);
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

/// "owner_id": the name of a foreign key's column, where the schema gives none.
template <class E, std::size_t Place>
inline constexpr auto kKeyName = [] {
  constexpr std::string_view name = std::get<Place>(kEdges<E>).Traits().name;
  std::array<char, name.size() + 3> key{};
  std::size_t at = 0;
  for (const char c : name) key[at++] = c;
  for (const char c : std::string_view("_id")) key[at++] = c;
  return key;
}();

template <class E>
const Table& TableOf();

/// The foreign key of the edge at this place.
template <class E, std::size_t Place>
constexpr Column MakeKeyColumn() {
  using Edge = std::tuple_element_t<Place, EdgesOf<E>>;
  using T = typename Edge::Token::Type;
  constexpr const EdgeTraits& traits = std::get<Place>(kEdges<E>).Traits();
  Column column{};
  column.name = traits.name;
  column.storage = traits.storage;
  if (traits.storage.empty())
    column.storage = {kKeyName<E, Place>.data(), kKeyName<E, Place>.size()};
  column.tag = Edge::Token::Tag();
  column.ops = &kTypeOps<T>;
  column.nullable = !traits.required;
  column.immutable = traits.immutable;
  column.at = [](void* entity) -> void* {
    return std::addressof(static_cast<E*>(entity)->*Edge::Token::Member);
  };
  column.target = &TableOf<typename T::Neighbour>;
  return column;
}

template <class E, std::size_t... I, std::size_t... K>
constexpr std::array<Column, sizeof...(I) + sizeof...(K)> MakeColumns(std::index_sequence<I...>,
                                                                      std::index_sequence<K...>) {
  return {MakeColumn<E, I>()..., MakeKeyColumn<E, kKeyEdges<E>[K]>()...};
}

template <class E>
inline constexpr auto kColumns = MakeColumns<E>(std::make_index_sequence<kFieldCount<E>>(),
                                                std::make_index_sequence<kKeyEdges<E>.size()>());

template <class E, std::size_t Place>
const Relation& RelationOf();

template <class E, std::size_t Place>
constexpr EdgeEnd MakeEdge() {
  using Edge = std::tuple_element_t<Place, EdgesOf<E>>;
  constexpr const EdgeTraits& traits = std::get<Place>(kEdges<E>).Traits();
  EdgeEnd edge{};
  edge.entity = Schema<E>::Type;
  edge.name = traits.name;
  edge.storage = traits.storage;
  edge.tag = Edge::Token::Tag();
  edge.inverse_of = Edge::Ref::Tag;
  edge.key = kKeyPlace<E, Place>;
  edge.many = Edge::IsMany;
  edge.required = traits.required;
  edge.unique = traits.unique;
  edge.immutable = traits.immutable;
  edge.on_delete = traits.on_delete;
  edge.target = &TableOf<typename Edge::Token::Type::Neighbour>;
  edge.relation = &RelationOf<E, Place>;
  edge.at = [](void* entity) -> void* {
    return std::addressof(static_cast<E*>(entity)->*Edge::Token::Member);
  };
  edge.ops = &kEdgeOps<typename Edge::Token::Type>;
  return edge;
}

template <class E>
inline constexpr auto kEdgeInfos = []<std::size_t... I>(std::index_sequence<I...>) {
  return std::array<EdgeEnd, sizeof...(I)>{MakeEdge<E, I>()...};
}
(std::make_index_sequence<kEdgeCount<E>>());

template <class E>
inline constexpr auto kIndexes = std::apply(
    [](const auto&... indexes) {
      return std::array<IndexInfo, sizeof...(indexes)>{
          IndexInfo{indexes.Name(), indexes.Tags, indexes.IsUnique()}...};
    },
    AllIndexes<E>());

template <class E>
constexpr Table MakeTable() {
  static_assert(
      HasSchema<E>,
      "this type has no schema: write template <> struct grapnel::Schema<User> { static "
      "constexpr std::string_view Type = \"User\"; static constexpr auto Fields() { ... } "
      "}; see examples/01_first_hook.cpp");
  static_assert(
      requires { &E::id; },
      "an entity needs a member `id`: std::int64_t id = 0; is its primary key");
  static_assert(kFieldCount<E> + kKeyEdges<E>.size() <= kMaxFields,
                "an entity can have at most 128 fields and foreign keys");
  Table table{};
  table.entity = Schema<E>::Type;
  table.name = table.entity;
  if constexpr (requires { Schema<E>::Table; }) table.name = Schema<E>::Table;
  table.columns = kColumns<E>;
  table.fields = kFieldCount<E>;
  table.edges = kEdgeInfos<E>;
  table.indexes = kIndexes<E>;
  table.type = core::TypeIdOf<E>();
  table.ops = kEntityOps<E>;
  table.SumUp();
  return table;
}

/// Everything about E that is known at compile time, its types forgotten.
template <class E>
inline constexpr Table kTable = MakeTable<E>();

/// The same, made where it is used: E may be incomplete where its address is taken.
template <class E>
const Table& TableOf() {
  return kTable<E>;
}
template <class E, std::size_t Place>
const Relation& RelationOf() {
  static const Relation relation = Resolve(kTable<E>, kEdgeInfos<E>[Place]);
  return relation;
}

/// The type of E's primary key.
template <class E>
using IdOf = typename MemberToken<&E::id>::Type;

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
