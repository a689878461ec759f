#pragma once

#include <grapnel/core/op.hpp>
#include <grapnel/core/type.hpp>
#include <grapnel/schema/codec.hpp>
#include <grapnel/schema/one.hpp>
#include <grapnel/schema/relation.hpp>
#include <grapnel/schema/token.hpp>
#include <grapnel/schema/value.hpp>

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

/// The schema with its types forgotten: what the engine, and all code that is compiled once, works on.
namespace grapnel::detail {

/// A set of an entity's fields, by their place in Table::columns.
inline constexpr std::size_t kMaxFields = 128;
using FieldSet = std::bitset<kMaxFields>;

/// What can be done with a value of one C++ type at an address.
struct TypeOps {
  FieldKind kind;
  bool number;  // Add applies
  std::int64_t least, most;  // of an integer type
  void (*bind)(const void* value, Binder& to, int at);
  void (*load)(void* value, Row& from, int at);
  FieldValue (*to_value)(const void* value);
  bool (*from_value)(void* value, const FieldValue& from);
  void (*normalize)(void* value);
  void (*copy)(void* value, const void* from);
  void (*reset)(void* value);
  bool (*add)(void* value, const void* delta);  // false: it would leave the type's range
  bool (*is_null)(const void* value);           // a std::optional without a value
  bool (*is_zero)(const void* value);           // 0, "" or T{}: as an id, it means "generate"
};

template <class T>
bool AddTo(BareType<T>& value, const BareType<T>& delta) {
  using N = BareType<T>;
  N sum{};
  if constexpr (std::same_as<N, double>) {
    sum = value + delta;
    if (std::isnan(sum)) return false;
  } else {
    if (__builtin_add_overflow(value, delta, &sum)) return false;
  }
  value = sum;
  return true;
}

template <class T>
inline constexpr TypeOps kTypeOps = [] {
  using N = BareType<T>;
  TypeOps ops{};
  ops.kind = Mapping<T>::Kind;
  ops.number = Number<N>;
  if constexpr (Number<N> && std::integral<N>) {
    ops.least = static_cast<std::int64_t>(std::numeric_limits<N>::min());
    ops.most = std::in_range<std::int64_t>(std::numeric_limits<N>::max())
                   ? static_cast<std::int64_t>(std::numeric_limits<N>::max())
                   : std::numeric_limits<std::int64_t>::max();
  }
  ops.bind = [](const void* v, Binder& to, int at) {
    Mapping<T>::Bind(*static_cast<const T*>(v), to, at);
  };
  ops.load = [](void* v, Row& from, int at) { Mapping<T>::Load(*static_cast<T*>(v), from, at); };
  ops.to_value = [](const void* v) { return Mapping<T>::ToValue(*static_cast<const T*>(v)); };
  ops.from_value = [](void* v, const FieldValue& from) {
    return Mapping<T>::FromValue(*static_cast<T*>(v), from);
  };
  ops.normalize = [](void* v) { Normalize(*static_cast<T*>(v)); };
  ops.copy = [](void* v, const void* from) {
    *static_cast<T*>(v) = *static_cast<const T*>(from);
  };
  ops.is_null = [](const void* v) {
    if constexpr (kIsOptional<T>) return !static_cast<const T*>(v)->has_value();
    return false;
  };
  ops.reset = [](void* v) { *static_cast<T*>(v) = T{}; };
  if constexpr (Number<N>) {
    ops.add = [](void* v, const void* delta) {
      T& value = *static_cast<T*>(v);
      const T& more = *static_cast<const T*>(delta);
      if constexpr (kIsOptional<T>) {
        return AddTo<T>(*value, *more);  // only of a value that is set or added
      } else {
        return AddTo<T>(value, more);
      }
    };
  }
  if constexpr (std::integral<T>) {
    ops.is_zero = [](const void* v) { return *static_cast<const T*>(v) == T{}; };
  } else if constexpr (std::same_as<T, std::string>) {
    ops.is_zero = [](const void* v) { return static_cast<const T*>(v)->empty(); };
  } else if constexpr (HasCodec<T> && std::equality_comparable<T>) {
    ops.is_zero = [](const void* v) { return *static_cast<const T*>(v) == T{}; };
  }
  return ops;
}();

/// A One is bound and loaded as the foreign key that it holds.
template <class T>
inline constexpr TypeOps kTypeOps<One<T>> = [] {
  using One = OneOps<T>;
  TypeOps ops{};
  ops.bind = &One::Bind;
  ops.load = &One::Load;
  ops.to_value = &One::ToValue;
  ops.from_value = &One::FromValue;
  ops.normalize = &One::Normalize;
  ops.copy = &One::Copy;
  ops.reset = &One::Reset;
  ops.is_null = &One::IsNull;
  return ops;
}();

/// One field of an entity type, or the foreign key of an edge.
struct Column {
  std::string_view name;     // in the schema, in errors and by name
  std::string_view storage;  // in the database
  std::string_view comment;
  FieldTag tag;
  const TypeOps* ops;
  bool nullable;   // Optional, or of a std::optional type
  bool immutable;  // cannot be set on update
  bool unique;
  bool sensitive;  // redacted wherever it is printed
  bool never_reuse;
  void* (*at)(void* entity);                                 // the member's address
  void (*set_default)(void* member);                         // null: none
  void (*set_update_default)(void* member);                  // null: none
  FieldValue (*default_value)();                             // null: none
  std::optional<std::string> (*validate)(const void* member);  // the reason it is refused; null: none
  std::optional<std::int64_t> least, most;                   // Range and Positive, for integers
  std::optional<double> least_real, most_real;               // Range, for double
  bool above_zero;                                           // Positive, for double
  const Table& (*target)();  // of a foreign key: the table that it refers to; else null

  inline FieldKind Kind() const;
  const void* at_const(const void* entity) const { return at(const_cast<void*>(entity)); }
};

struct IndexInfo {
  std::string_view name;  // "" : made of the table's and the columns' names
  std::span<const FieldTag> fields;
  bool unique;
};

/// An entity type. The id is the first column; foreign keys stand behind the fields.
struct Table {
  std::string_view entity;  // Schema::Type
  std::string_view name;    // in the database
  std::span<const Column> columns;
  std::size_t fields;  // how many of the columns are fields
  std::span<const IndexInfo> indexes;
  std::span<const EdgeInfo> edges;
  core::TypeId type;

  const Column& Id() const noexcept { return columns.front(); }

  /// Whether the database makes the ids: integers that have no default.
  bool GeneratesIds() const noexcept {
    return Id().ops->kind == FieldKind::Int && Id().set_default == nullptr;
  }

  /// The column of that name in the schema, or null.
  const Column* Find(std::string_view field) const noexcept {
    for (const Column& column : columns.first(fields)) {
      if (column.name == field) return &column;
    }
    return nullptr;
  }
  const EdgeInfo* FindEdge(std::string_view edge) const noexcept {
    for (const EdgeInfo& each : edges) {
      if (each.name == edge) return &each;
    }
    return nullptr;
  }
  const EdgeInfo* FindEdgeTag(FieldTag tag) const noexcept {
    for (const EdgeInfo& each : edges) {
      if (each.tag == tag) return &each;
    }
    return nullptr;
  }
  const Column* FindTag(FieldTag tag) const noexcept {
    for (const Column& column : columns) {
      if (column.tag == tag) return &column;
    }
    return nullptr;
  }
  std::size_t PlaceOf(const Column& column) const noexcept {
    return static_cast<std::size_t>(&column - columns.data());
  }
  std::size_t PlaceOf(const EdgeInfo& edge) const noexcept {
    return static_cast<std::size_t>(&edge - edges.data());
  }
  /// Tells the edges of an entity what they are.
  void AttachEdges(void* of) const {
    for (const EdgeInfo& edge : edges) edge.ops->attach(edge.at(of), edge);
  }
};

FieldKind Column::Kind() const { return target != nullptr ? target().Id().ops->kind : ops->kind; }

/// Puts the two ends of an edge together. Throws: SchemaError when they do not fit.
inline Relation Resolve(const Table& source, const EdgeInfo& edge) {
  const auto refuse = [&](std::string_view reason) {
    throw SchemaError(source.entity, edge.name, reason);
  };
  const Table& target = edge.target();
  Relation relation;
  relation.edge = &edge;
  relation.source = &source;
  relation.target = &target;
  if (edge.inverse_of != nullptr) {
    relation.inverse = target.FindEdgeTag(edge.inverse_of);
    if (relation.inverse == nullptr) {
      refuse(core::Concat({"its Ref names a member that is no edge of ", target.entity}));
    }
    if (relation.inverse->target().type != source.type) {
      refuse(core::Concat({"its Ref names ", target.entity, ".", relation.inverse->name,
                           ", which leads to ", relation.inverse->target().entity}));
    }
  } else {
    for (const EdgeInfo& other : target.edges) {
      if (other.inverse_of != edge.tag || other.target().type != source.type) continue;
      if (relation.inverse != nullptr) refuse("two edges say by Ref that they are its other end");
      relation.inverse = &other;
    }
  }
  const EdgeInfo* const other = relation.inverse;
  const auto choose = [&](std::string_view given, std::string made) {
    return given.empty() ? std::move(made) : std::string(given);
  };
  if (edge.HoldsKey()) {
    relation.kind = Relation::Kind::OwnKey;
    relation.table = source.name;
    relation.column = source.columns[edge.key].storage;
    relation.unique = edge.unique || (other != nullptr && !other->many);
    relation.required = edge.required;
  } else if (other != nullptr && other->HoldsKey()) {
    if (!edge.storage.empty()) {
      refuse(core::Concat({"StorageKey goes to the end that holds the foreign key: ", target.entity, ".",
                           other->name}));
    }
    relation.kind = Relation::Kind::TheirKey;
    relation.table = target.name;
    relation.column = target.columns[other->key].storage;
    relation.unique = other->unique || !edge.many;
    relation.required = other->required;
  } else if (other != nullptr || source.type == target.type) {
    const bool is_to = edge.inverse_of == nullptr;
    const Table& first = is_to ? source : target;
    const EdgeInfo& to = is_to ? edge : *other;
    relation.kind = Relation::Kind::Join;
    relation.table = choose(edge.storage.empty() && other != nullptr ? other->storage : edge.storage,
                            core::Concat({first.name, "_", to.name}));
    relation.column = core::Concat({first.name, "_id"});
    relation.other = core::Concat({to.name, "_id"});
    if (relation.column == relation.other) relation.other += "_2";
    if (!is_to) std::swap(relation.column, relation.other);
    relation.mirrored = other == nullptr;
  } else {
    relation.kind = Relation::Kind::TheirKey;
    relation.table = target.name;
    relation.column = choose(edge.storage, core::Concat({source.name, "_", edge.name}));
  }
  if (edge.on_delete && other != nullptr && other->on_delete && *edge.on_delete != *other->on_delete) {
    refuse("its two ends ask for different OnDelete actions");
  }
  const auto asked = edge.on_delete ? edge.on_delete : other != nullptr ? other->on_delete : std::nullopt;
  if (asked && relation.kind == Relation::Kind::Join) {
    refuse("OnDelete is for edges with a foreign key; pairs of ids always go with either of their rows");
  }
  if (asked == SetNull && relation.required) refuse("a required edge cannot be SetNull");
  relation.on_delete = asked.value_or(relation.required ? Restrict : SetNull);
  return relation;
}

}  // namespace grapnel::detail
