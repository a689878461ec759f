#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/base/type.hpp>
#include <grapnel/core/op.hpp>
#include <grapnel/model/codec.hpp>
#include <grapnel/model/relation.hpp>
#include <grapnel/model/value.hpp>
#include <grapnel/schema/one.hpp>
#include <grapnel/schema/token.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

/// The schema with its types forgotten: what the engine, and all code that is compiled once, works on.
namespace grapnel::detail {

inline constexpr std::size_t kMaxFields = 128;

/// A set of an entity's fields, by their place in Table::columns.
class FieldSet {
 public:
  constexpr void set(std::size_t place) noexcept { Word(place) |= Bit(place); }
  constexpr void reset(std::size_t place) noexcept { Word(place) &= ~Bit(place); }
  constexpr bool test(std::size_t place) const noexcept {
    return (words_[place / 64] & Bit(place)) != 0;
  }
  constexpr bool any() const noexcept { return (words_[0] | words_[1]) != 0; }
  constexpr bool none() const noexcept { return !any(); }

  friend constexpr FieldSet operator|(FieldSet left, FieldSet right) noexcept {
    return {left.words_[0] | right.words_[0], left.words_[1] | right.words_[1]};
  }
  friend constexpr FieldSet operator&(FieldSet left, FieldSet right) noexcept {
    return {left.words_[0] & right.words_[0], left.words_[1] & right.words_[1]};
  }
  friend constexpr FieldSet operator~(FieldSet set) noexcept {
    return {~set.words_[0], ~set.words_[1]};
  }
  friend constexpr bool operator==(FieldSet, FieldSet) noexcept = default;

  /// Calls `visit(place)` for each field of the set, in their order.
  template <class Visitor>
  constexpr void ForEach(Visitor visit) const {
    for (std::size_t word = 0; word < 2; ++word) {
      for (std::uint64_t rest = words_[word]; rest != 0; rest &= rest - 1) {
        visit(word * 64 + static_cast<std::size_t>(std::countr_zero(rest)));
      }
    }
  }

  constexpr FieldSet() = default;

 private:
  constexpr FieldSet(std::uint64_t low, std::uint64_t high) noexcept : words_{low, high} {}
  constexpr std::uint64_t& Word(std::size_t place) noexcept { return words_[place / 64]; }
  static constexpr std::uint64_t Bit(std::size_t place) noexcept {
    return std::uint64_t{1} << (place % 64);
  }

  std::uint64_t words_[2] = {};
};

/// Types that an engine may read and write in place, without a call for each value.
enum class Plain : std::uint8_t { None, Int, Real, Text, OptionalInt, OptionalReal, OptionalText };

template <class T>
inline constexpr Plain kPlain = std::same_as<T, std::int64_t>  ? Plain::Int
                                : std::same_as<T, double>      ? Plain::Real
                                : std::same_as<T, std::string> ? Plain::Text
                                                               : Plain::None;
template <class T>
inline constexpr Plain kPlain<std::optional<T>> =
    std::same_as<T, std::int64_t>  ? Plain::OptionalInt
    : std::same_as<T, double>      ? Plain::OptionalReal
    : std::same_as<T, std::string> ? Plain::OptionalText
                                   : Plain::None;

/// What can be done with a value of one C++ type at an address.
struct TypeOps {
  FieldKind kind;
  Plain plain;
  bool number;  // Add applies
  std::int64_t least, most;  // of an integer type
  void (*bind)(const void* value, Binder& to, int at);
  void (*load)(void* value, Row& from, int at);
  FieldValue (*to_value)(const void* value);
  bool (*from_value)(void* value, const FieldValue& from);
  void (*normalize)(void* value);               // null: every value is as it will be read back
  void (*copy)(void* value, const void* from);
  void (*reset)(void* value);
  bool (*add)(void* value, const void* delta);  // false: it would leave the type's range
  bool (*is_null)(const void* value);           // a std::optional without a value; null: never
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
  ops.plain = kPlain<T>;
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
  if constexpr (kHasNormalForm<T>) {
    ops.normalize = [](void* v) { Normalize(*static_cast<T*>(v)); };
  }
  ops.copy = [](void* v, const void* from) {
    *static_cast<T*>(v) = *static_cast<const T*>(from);
  };
  if constexpr (kIsOptional<T>) {
    ops.is_null = [](const void* v) { return !static_cast<const T*>(v)->has_value(); };
  }
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
  bool default_varies;                                       // it is called for each row
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
  // Of the columns, those that have a default, an update-default or a validator, those that need a
  // value when a row is created, and those that cannot be updated.
  FieldSet defaulted{}, update_defaulted{}, validated{}, required{}, immutable{};
  bool generates_ids = false;  // the database makes them: integers that have no default

  /// Finds out these from the columns.
  constexpr void SumUp() noexcept {
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const Column& column = columns[i];
      if (column.set_default != nullptr) defaulted.set(i);
      if (column.set_update_default != nullptr) update_defaulted.set(i);
      if (column.validate != nullptr) validated.set(i);
      if (i != 0 && !column.nullable) required.set(i);
      if (column.immutable) immutable.set(i);
    }
    generates_ids = Id().ops->kind == FieldKind::Int && Id().set_default == nullptr;
  }

  constexpr const Column& Id() const noexcept { return columns.front(); }

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
GRAPNEL_DECLARE Relation Resolve(const Table& source, const EdgeInfo& edge);

}  // namespace grapnel::detail

#ifndef GRAPNEL_SEPARATE_COMPILATION
#include <grapnel/model/graph.hpp>  // IWYU pragma: keep
#endif
