#pragma once

#include <grapnel/base/pack.hpp>
#include <grapnel/base/type.hpp>
#include <grapnel/model/entity_ops.hpp>
#include <grapnel/model/relation.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/schema/edge.hpp>
#include <grapnel/schema/field.hpp>
#include <grapnel/schema/index.hpp>
#include <grapnel/schema/mixin.hpp>
#include <grapnel/schema/token.hpp>

#include <cstddef>
#include <string_view>
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
///     static constexpr std::string_view WasNamed = "people";   // optional: what the table was
///                                                              // called; or an array of them:
///                                                              // see Field::WasNamed
///     using Mixins = grapnel::Mixins<Versioned>;               // optional
///     static constexpr auto Fields() { return grapnel::Fields(...); }
///     static constexpr auto Edges() { return grapnel::Edges(...); }      // optional
///     static constexpr auto Indexes() { return grapnel::Indexes(...); }  // optional; one with a
///                                                              // Where is no constant: static
///                                                              auto
///     static auto Hooks();                                     // optional, may be defined later
///     static auto Interceptors();                              // optional, may be defined later
///     static auto Guard();                                     // optional, may be defined later
///     static constexpr bool Internal = true;                   // optional
///   };
///
/// In a mixin's Schema the last three functions are templates: `template <class E> static auto
/// Hooks()`. Client-wide hooks, interceptors and rules pass by a type that is Internal: one that
/// keeps the books of others.
///
/// The member `id` is the primary key; it stands in Fields() only when it has options. In the body
/// the names of namespace grapnel come first: a struct of yours called Client, Value or Field is
/// `::Client` there.
template <class E>
struct Schema;

/// The schema hooks of an entity, outermost first: the result of `Schema<E>::Hooks()`.
template <class... Hs>
constexpr core::Pack<Hs...> Hooks(Hs... hooks) {
  return core::Pack<Hs...>(std::move(hooks)...);
}
/// The interceptors of an entity or mixin, outermost first: the result of
/// `Schema<E>::Interceptors()`.
template <class... Hs>
constexpr core::Pack<Hs...> Interceptors(Hs... hooks) {
  return core::Pack<Hs...>(std::move(hooks)...);
}

/// The rules of an entity or mixin, in the order in which they are asked: the result of
/// `Schema<E>::Guard()`. See <grapnel/hook/guard.hpp>.
template <class... Rules>
constexpr core::Pack<Rules...> Guard(Rules... rules) {
  return core::Pack<Rules...>(std::move(rules)...);
}

namespace detail {

/// Finds a member by its name alone. Asking for a call instead would find an `auto` function that
/// is declared but not yet defined to be missing, silently; this way its use is an error.
struct HasAllNames {
  void Hooks();
  void Fields();
  void Edges();
  void Indexes();
  void Interceptors();
  void Guard();
  // What nothing reads, and stands for one of those above.
  void Hook();
  void Field();
  void Edge();
  void Index();
  void Interceptor();
  void Guards();
  void Mixin();
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
concept NamesInterceptors = !requires {
  &SchemaAndAll<E>::Interceptors;
};
template <class E>
concept NamesGuard = !requires {
  &SchemaAndAll<E>::Guard;
};
/// Whether none of its names lacks the s at its end, or has one too many.
template <class E>
concept NamesArePlural = requires {
  &SchemaAndAll<E>::Hook;
  &SchemaAndAll<E>::Field;
  &SchemaAndAll<E>::Edge;
  &SchemaAndAll<E>::Index;
  &SchemaAndAll<E>::Interceptor;
  &SchemaAndAll<E>::Guards;
  &SchemaAndAll<E>::Mixin;
};

/// Whether they are known at compile time: a predicate is not.
template <class E>
concept ConstantIndexes = requires {
  typename std::bool_constant<(static_cast<void>(Schema<E>::Indexes()), true)>;
};

template <class E>
concept NamesMixins = requires {
  typename Schema<E>::Mixins;
};

// What a struct's own Schema lists, without its mixins.
template <class Of>
inline constexpr auto kOwnFields = Schema<Of>::Fields();
template <class Of>
inline constexpr auto kOwnEdges = Schema<Of>::Edges();
template <class Of>
inline constexpr auto kOwnIndexes = Schema<Of>::Indexes();

/// How much of everything an entity has.
struct Sizes {
  std::size_t fields = 0, keys = 0, edges = 0, indexes = 0;
  bool late_indexes = false;
  bool describes_id = false;
};

template <class... Fs>
constexpr void CountFields(Sizes& sizes, [[maybe_unused]] FieldTag id, const core::Pack<Fs...>&) {
  sizes.fields += sizeof...(Fs);
  sizes.describes_id = sizes.describes_id || ((id == &kFieldTag<Fs::kMember>) || ...);
}
template <class... Es>
constexpr void CountEdges(Sizes& sizes, const core::Pack<Es...>&) {
  sizes.edges += sizeof...(Es);
  sizes.keys += (std::size_t{Es::HoldsKey} + ... + 0);
}

template <class E, class Of>
constexpr void Count(Sizes& sizes, FieldTag id);
template <class E, class... Bases>
constexpr void CountMixins(Sizes& sizes, [[maybe_unused]] FieldTag id, Mixins<Bases...>) {
  static_assert((std::is_base_of_v<Bases, E> && ...),
                "an entity must derive from each of its mixins: struct User : Versioned { ... }");
  (Count<E, Bases>(sizes, id), ...);
}
template <class E, class Of>
constexpr void Count(Sizes& sizes, FieldTag id) {
  static_assert(
      NamesArePlural<Of>,
      "nothing reads what is called Field, Edge, Index, Hook, Interceptor, Guards or Mixin in a "
      "Schema: it lists Fields(), Edges(), Indexes(), Hooks(), Interceptors(), Guard() and Mixins");
  if constexpr (NamesMixins<Of>) CountMixins<E>(sizes, id, typename Schema<Of>::Mixins());
  if constexpr (NamesFields<Of>) CountFields(sizes, id, kOwnFields<Of>);
  if constexpr (NamesEdges<Of>) CountEdges(sizes, kOwnEdges<Of>);
  if constexpr (NamesIndexes<Of>) {
    sizes.indexes += decltype(Schema<Of>::Indexes())::kSize;
    sizes.late_indexes = sizes.late_indexes || !ConstantIndexes<Of>;
  }
}

/// The tag of the id; null of a mixin, which has none.
template <class E>
constexpr FieldTag IdTag() {
  if constexpr (requires { &E::id; }) {
    return &kFieldTag<&E::id>;
  } else {
    return nullptr;
  }
}

/// Of an entity, or of a mixin by itself. An id is counted in any case.
template <class E>
inline constexpr Sizes kSizes = [] {
  Sizes sizes;
  if constexpr (HasSchema<E>) Count<E, E>(sizes, IdTag<E>());
  if (IdTag<E>() != nullptr && !sizes.describes_id) ++sizes.fields;
  return sizes;
}();

template <class E>
inline constexpr std::size_t kFieldCount = kSizes<E>.fields;
template <class E>
inline constexpr std::size_t kEdgeCount = kSizes<E>.edges;

/// Several of T, or none.
template <class T, std::size_t N>
struct Items {
  T items[N]{};
  constexpr Listed<T> All() const noexcept { return {items, N}; }
};
template <class T>
struct Items<T, 0> {
  static constexpr T* items = nullptr;
  constexpr Listed<T> All() const noexcept { return {}; }
};

/// A member's address.
template <class E, auto Member>
void* MemberAt(void* entity) {
  return __builtin_addressof(static_cast<E*>(entity)->*Member);
}

/// "owner_id": the name of a foreign key's column, where the schema gives none.
template <class Of, std::size_t I>
inline constexpr auto kKeyName = [] {
  constexpr std::string_view name = core::Get<I>(kOwnEdges<Of>).Traits().name;
  Items<char, name.size() + 3> key;
  std::size_t at = 0;
  for (const char c : name) key.items[at++] = c;
  for (const char c : std::string_view("_id")) key.items[at++] = c;
  return key;
}();

/// An entity type's table, made where it is used: E may be incomplete where its address is taken.
template <class E>
const Table& TableOf();
template <class E, auto Member>
const Relation& RelationOf();

/// Null of a mixin by itself, which has no table.
template <class E, auto Member>
constexpr const Relation& (*RelationIn())() {
  if constexpr (IdTag<E>() != nullptr) {
    return &RelationOf<E, Member>;
  } else {
    return nullptr;
  }
}

/// Where edges are put.
struct EdgeList {
  EdgeEnd* next;
  std::string_view entity;
  std::size_t next_key;

  constexpr void Add(const EdgeEnd& described, void* (*at)(void* entity), const Table& (*target)(),
                     const Relation& (*relation)(), std::string_view key_name) {
    EdgeEnd& edge = *next++;
    edge = described;
    edge.entity = entity;
    edge.at = at;
    edge.target = target;
    edge.relation = relation;
    if (edge.key_ops == nullptr) return;
    edge.key = next_key++;
    edge.key_name = key_name;
  }
};

template <class Of, class Edge, std::size_t I>
constexpr std::string_view KeyName() {
  if constexpr (Edge::HoldsKey) {
    return {kKeyName<Of, I>.items, sizeof(kKeyName<Of, I>)};
  } else {
    return {};
  }
}
template <class E, class Of, class... Es, std::size_t... I>
constexpr void AddOwnEdges(EdgeList& to, const core::Pack<Es...>& edges,
                           std::index_sequence<I...>) {
  (to.Add(core::Get<I>(edges).Traits(), &MemberAt<E, Es::kMember>,
          &TableOf<typename Es::Type::Neighbour>, RelationIn<E, Es::kMember>(),
          KeyName<Of, Es, I>()),
   ...);
}
template <class E, class Of>
constexpr void AddEdges(EdgeList& to);
template <class E, class... Bases>
constexpr void AddMixinEdges(EdgeList& to, Mixins<Bases...>) {
  (AddEdges<E, Bases>(to), ...);
}
template <class E, class Of>
constexpr void AddEdges(EdgeList& to) {
  if constexpr (NamesMixins<Of>) AddMixinEdges<E>(to, typename Schema<Of>::Mixins());
  if constexpr (NamesEdges<Of>) {
    AddOwnEdges<E, Of>(to, kOwnEdges<Of>, std::make_index_sequence<kOwnEdges<Of>.kSize>());
  }
}

/// The edges of E and of its mixins, mixins' first.
template <class E>
inline constexpr auto kEdgeInfos = [] {
  Items<EdgeEnd, kEdgeCount<E>> edges;
  if constexpr (kSizes<E>.edges != 0) {
    EdgeList list{edges.items, {}, kFieldCount<E>};
    if constexpr (requires { Schema<E>::Type; }) list.entity = Schema<E>::Type;
    AddEdges<E, E>(list);
  }
  return edges;
}();

/// Where columns are put: the id first, wherever it is described.
struct ColumnList {
  Column* columns;
  FieldTag id;
  std::size_t next;

  constexpr void Add(const Column& described, void* (*at)(void* entity), const void* field) {
    const bool is_id = described.tag == id;
    Column& column = columns[is_id ? 0 : next++];
    column = described;
    column.at = at;
    column.field = field;
    if (!is_id) return;
    column.nullable = false;
    column.unique = false;
    column.immutable = true;
  }
  constexpr void AddKey(const EdgeEnd& edge) {
    Column& column = columns[edge.key];
    column = PlainColumn(edge.name, edge.tag, edge.key_ops, !edge.required);
    column.storage = edge.storage.empty() ? edge.key_name : edge.storage;
    column.immutable = edge.immutable;
    column.was = edge.was;
    column.at = edge.at;
    column.target = edge.target;
  }
};

template <class E, class... Fs>
constexpr void AddOwnFields(ColumnList& to, const core::Pack<Fs...>& fields) {
  fields.Apply([&](const Fs&... field) {
    (to.Add(field.Traits(), &MemberAt<E, Fs::kMember>, &field), ...);
  });
}
template <class E, class Of>
constexpr void AddFields(ColumnList& to);
template <class E, class... Bases>
constexpr void AddMixinFields(ColumnList& to, Mixins<Bases...>) {
  (AddFields<E, Bases>(to), ...);
}
template <class E, class Of>
constexpr void AddFields(ColumnList& to) {
  if constexpr (NamesMixins<Of>) AddMixinFields<E>(to, typename Schema<Of>::Mixins());
  if constexpr (NamesFields<Of>) AddOwnFields<E>(to, kOwnFields<Of>);
}

/// The id, the fields of E and of its mixins, mixins' first, and the foreign keys.
template <class E>
inline constexpr auto kColumns = [] {
  Items<Column, kFieldCount<E> + kSizes<E>.keys> columns;
  if constexpr (kSizes<E>.fields != 0) {
    ColumnList list{columns.items, IdTag<E>(), IdTag<E>() != nullptr};
    if constexpr (IdTag<E>() != nullptr && !kSizes<E>.describes_id) {
      using Id = typename MemberOf<decltype(&E::id)>::Type;
      list.Add(PlainColumn("id", IdTag<E>(), &kTypeOps<Id>, false), &MemberAt<E, &E::id>, nullptr);
    }
    if constexpr (HasSchema<E>) AddFields<E, E>(list);
    for (const EdgeEnd& edge : kEdgeInfos<E>.All()) {
      if (edge.HoldsKey()) list.AddKey(edge);
    }
  }
  return columns;
}();

/// Where a tag stands in a list; the list's size when it does not.
template <class Listed>
constexpr std::size_t PlaceOfTag(const Listed* list, std::size_t size, FieldTag tag) {
  std::size_t place = 0;
  while (place < size && list[place].tag != tag) ++place;
  return place;
}

/// Where an edge stands among E's edges; kEdgeCount when it is none of them.
template <class E, auto Member>
inline constexpr std::size_t kEdgePlaceOf = PlaceOfTag<EdgeEnd>(kEdgeInfos<E>.items, kEdgeCount<E>,
                                                                &kFieldTag<Member>);
template <class E, auto Member>
concept EdgeOf = kEdgePlaceOf<E, Member> < kEdgeCount<E>;

/// Whether a member is a column of E's own table: a field, or an edge whose foreign key stands
/// there.
template <class E, auto Member>
inline constexpr bool kIsColumn = [] {
  if constexpr (!EdgeMember<Member>) {
    return true;
  } else if constexpr (EdgeOf<E, Member>) {
    return kEdgeInfos<E>.items[kEdgePlaceOf<E, Member>].HoldsKey();
  } else {
    return OneMember<Member>;
  }
}();

/// Where a field stands among E's fields; kFieldCount when it is none of them.
template <class E, auto Member>
inline constexpr std::size_t kPlaceOf = PlaceOfTag<Column>(kColumns<E>.items, kFieldCount<E>,
                                                           &kFieldTag<Member>);
template <class E, auto Member>
concept FieldOf = kPlaceOf<E, Member> < kFieldCount<E>;

/// The column of a field, or of the foreign key of an edge.
template <class E, auto Member>
inline constexpr const Column& kFieldOf = kColumns<E>.items[kPlaceOf<E, Member>];
template <class E, auto Member>
inline constexpr const EdgeEnd& kEdgeOf = kEdgeInfos<E>.items[kEdgePlaceOf<E, Member>];

/// Whether a field may be NULL; whether it can be set only when its entity is created.
template <class E, auto Member>
inline constexpr bool kIsNullable = kFieldOf<E, Member>.nullable;
template <class E, auto Member>
inline constexpr bool kIsImmutable = kFieldOf<E, Member>.immutable;

/// Where a field, or the foreign key of an edge, stands among E's columns.
template <class E, auto Member>
inline constexpr std::size_t kColumnPlaceOf = [] {
  static_assert(FieldOf<E, Member> || EdgeOf<E, Member>,
                "this member is neither a field nor an edge of this entity");
  if constexpr (FieldOf<E, Member>) {
    return kPlaceOf<E, Member>;
  } else {
    constexpr std::size_t place = kEdgeOf<E, Member>.key;
    static_assert(place != EdgeEnd::kNoKey, "this edge has no foreign key in the entity's own row");
    return place;
  }
}();

/// The indexes that a struct's own Schema lists, where they are no constant. They are never
/// destroyed: clients may be used until the program's very end.
template <class Of>
const auto& LateOwnIndexes() {
  static const auto& indexes = *new auto(Schema<Of>::Indexes());
  return indexes;
}

/// Does not compile for an index whose predicate is about another type. (What joins predicates of
/// two mixins is an empty type.)
template <class E, class Index>
constexpr void CheckAbout() {
  if constexpr (requires { typename Index::About; }) {
    static_assert(std::is_base_of_v<typename Index::About, E> ||
                      (std::is_empty_v<typename Index::About> &&
                       !requires { typename Index::About::AreGroups; }),
                  "the predicate in Where is about another type than the index: compare fields of "
                  "the entity itself, or of one of its mixins");
  }
}

// The indexes of E and of its mixins, mixins' first.
template <class E, class... Is>
constexpr IndexInfo* AddOwnIndexes(IndexInfo* next, const core::Pack<Is...>& indexes) {
  (CheckAbout<E, Is>(), ...);
  indexes.Apply([&](const Is&... index) { ((*next++ = index.Info()), ...); });
  return next;
}
template <class E, class Of>
constexpr IndexInfo* AddIndexes(IndexInfo* next);
template <class E, class... Bases>
constexpr IndexInfo* AddMixinIndexes(IndexInfo* next, Mixins<Bases...>) {
  ((next = AddIndexes<E, Bases>(next)), ...);
  return next;
}
template <class E, class Of>
constexpr IndexInfo* AddIndexes(IndexInfo* next) {
  if constexpr (NamesMixins<Of>) next = AddMixinIndexes<E>(next, typename Schema<Of>::Mixins());
  if constexpr (NamesIndexes<Of>) {
    if constexpr (ConstantIndexes<Of>) {
      next = AddOwnIndexes<E>(next, kOwnIndexes<Of>);
    } else {
      next = AddOwnIndexes<E>(next, LateOwnIndexes<Of>());
    }
  }
  return next;
}
template <class E>
inline constexpr auto kIndexes = [] {
  Items<IndexInfo, kSizes<E>.late_indexes ? 0 : kSizes<E>.indexes> indexes;
  if constexpr (kSizes<E>.indexes != 0 && !kSizes<E>.late_indexes) {
    AddIndexes<E, E>(indexes.items);
  }
  return indexes;
}();
template <class E>
Listed<IndexInfo> LateIndexes() {
  static const auto indexes = [] {
    Items<IndexInfo, kSizes<E>.indexes> late;
    AddIndexes<E, E>(late.items);
    return late;
  }();
  return indexes.All();
}

/// Whether no column that never changes has an update-default.
constexpr bool UpdateDefaultsFit(const Listed<Column>& columns) {
  for (const Column& column : columns) {
    if (column.immutable && column.set_update_default != nullptr) return false;
  }
  return true;
}

constexpr void AddNames(OldNames& to, std::string_view name) { to.Add(name); }
template <std::size_t N>
constexpr void AddNames(OldNames& to, const std::string_view (&names)[N]) {
  for (const std::string_view name : names) to.Add(name);
}

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
  static_assert(kFieldCount<E> + kSizes<E>.keys <= kMaxFields,
                "an entity can have at most 128 fields and foreign keys");
  static_assert(UpdateDefaultsFit(kColumns<E>.All()),
                "an Immutable field, as every id is, does not change after its creation: leave out "
                "UpdateDefault, or Immutable");
  constexpr bool has_type = requires { Schema<E>::Type; };
  static_assert(has_type || !HasSchema<E>,
                "a Schema says what the entity is called: static constexpr std::string_view Type = "
                "\"User\";");
  Table table{};
  if constexpr (has_type) table.entity = Schema<E>::Type;
  table.name = table.entity;
  if constexpr (requires { Schema<E>::Table; }) table.name = Schema<E>::Table;
  if constexpr (requires { Schema<E>::WasNamed; }) AddNames(table.was, Schema<E>::WasNamed);
  table.columns = kColumns<E>.All();
  table.fields = kFieldCount<E>;
  table.edges = kEdgeInfos<E>.All();
  table.indexes = kIndexes<E>.All();
  if constexpr (kSizes<E>.late_indexes) table.late_indexes = &LateIndexes<E>;
  table.type = core::TypeIdOf<E>();
  table.ops = kEntityOps<E>;
  table.SumUp();
  return table;
}

/// Everything about E that is known at compile time, its types forgotten.
template <class E>
inline constexpr Table kTable = MakeTable<E>();

template <class E>
const Table& TableOf() {
  return kTable<E>;
}
template <class E, auto Member>
const Relation& RelationOf() {
  static const Relation relation = Resolve(kTable<E>, kEdgeOf<E, Member>);
  return relation;
}

/// The type of E's primary key.
template <class E>
using IdOf = typename MemberOf<decltype(&E::id)>::Type;

template <class T>
inline constexpr bool kIsPack = false;
template <class... Ts>
inline constexpr bool kIsPack<core::Pack<Ts...>> = true;

/// `visit(hook, mixin)` for what a schema lists; `mixin`: its name, "" for the entity itself.
template <class Listed, class Visitor>
void VisitAll(Listed listed, Visitor& visit, std::string_view mixin) {
  static_assert(kIsPack<Listed>,
                "Hooks() returns a list, grapnel::Hooks(first, second), Interceptors() one of "
                "grapnel::Interceptors(first, second), Guard() one of grapnel::Guard(first, "
                "second), also where there is one");
  if constexpr (kIsPack<Listed>) listed.ForEach([&](auto& hook) { visit(hook, mixin); });
}

/// What a schema may list of what runs: whether it does, and the list. A mixin's is a template,
/// unless it is the same for all types.
struct SchemaHooks {
  template <class Of>
  static constexpr bool kNamed = NamesHooks<Of>;
  template <class E, class Of>
  static auto List() {
    if constexpr (std::is_same_v<E, Of> || requires { Schema<Of>::Hooks(); }) {
      return Schema<Of>::Hooks();
    } else {
      return Schema<Of>::template Hooks<E>();
    }
  }
};
struct SchemaInterceptors {
  template <class Of>
  static constexpr bool kNamed = NamesInterceptors<Of>;
  template <class E, class Of>
  static auto List() {
    if constexpr (std::is_same_v<E, Of> || requires { Schema<Of>::Interceptors(); }) {
      return Schema<Of>::Interceptors();
    } else {
      return Schema<Of>::template Interceptors<E>();
    }
  }
};
struct SchemaGuard {
  template <class Of>
  static constexpr bool kNamed = NamesGuard<Of>;
  template <class E, class Of>
  static auto List() {
    if constexpr (std::is_same_v<E, Of> || requires { Schema<Of>::Guard(); }) {
      return Schema<Of>::Guard();
    } else {
      return Schema<Of>::template Guard<E>();
    }
  }
};

template <class What, class E, class Of = E, class Visitor>
void VisitSchema(Visitor& visit);
template <class What, class E, class Visitor, class... Bases>
void VisitMixins(Visitor& visit, Mixins<Bases...>) {
  (VisitSchema<What, E, Bases>(visit), ...);
}
/// `visit(hook, mixin)` for what the mixins of E list, in their order; then, for an entity, its
/// own.
template <class What, class E, class Of, class Visitor>
void VisitSchema(Visitor& visit) {
  if constexpr (NamesMixins<Of>) VisitMixins<What, E>(visit, typename Schema<Of>::Mixins());
  if constexpr (What::template kNamed<Of>) {
    VisitAll(What::template List<E, Of>(), visit,
             std::is_same_v<E, Of> ? std::string_view() : core::TypeName<Of>());
  }
}

/// Whether there are any.
template <class What, class Of>
consteval bool Lists();
template <class What, class... Bases>
consteval bool MixinsList(Mixins<Bases...>) {
  return (Lists<What, Bases>() || ...);
}
template <class What, class Of>
consteval bool Lists() {
  if constexpr (What::template kNamed<Of>) {
    return true;
  } else if constexpr (NamesMixins<Of>) {
    return MixinsList<What>(typename Schema<Of>::Mixins());
  } else {
    return false;
  }
}

/// Whether client-wide hooks, interceptors and rules pass the type by.
template <class E>
consteval bool IsInternal() {
  if constexpr (requires { Schema<E>::Internal; }) {
    return Schema<E>::Internal;
  } else {
    return false;
  }
}

}  // namespace detail
}  // namespace grapnel
