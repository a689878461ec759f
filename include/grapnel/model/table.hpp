#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/base/type.hpp>
#include <grapnel/core/op.hpp>
#include <grapnel/model/entity_ops.hpp>
#include <grapnel/model/field_set.hpp>
#include <grapnel/model/old_names.hpp>
#include <grapnel/model/relation.hpp>
#include <grapnel/model/type_ops.hpp>
#include <grapnel/model/value.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// The schema with its types forgotten: what the engine, and all code that is compiled once, works
/// on.
namespace grapnel::store {
struct PredicateNode;
}

namespace grapnel::detail {

/// Several of T that stand elsewhere. As std::span, which has compilers look through all that
/// ranges are for each T.
template <class T>
class Listed {
 public:
  constexpr Listed() noexcept = default;
  constexpr Listed(const T* first, std::size_t size) noexcept : first_(first), size_(size) {}
  template <std::size_t N>
  constexpr Listed(const T (&all)[N]) noexcept  // NOLINT(google-explicit-constructor): as std::span
      : Listed(all, N) {}

  constexpr const T* data() const noexcept { return first_; }
  constexpr std::size_t size() const noexcept { return size_; }
  constexpr bool empty() const noexcept { return size_ == 0; }
  constexpr const T* begin() const noexcept { return first_; }
  constexpr const T* end() const noexcept { return first_ + size_; }
  constexpr const T& operator[](std::size_t at) const noexcept { return first_[at]; }
  constexpr const T& front() const noexcept { return *first_; }
  /// The first so many. Requires: there are.
  constexpr Listed first(std::size_t count) const noexcept { return {first_, count}; }

 private:
  const T* first_ = nullptr;
  std::size_t size_ = 0;
};

/// Why a value of a sensitive field is refused.
inline constexpr std::string_view kHidden = "the value *** is not allowed";

/// One field of an entity type, or the foreign key of an edge.
struct Column {
  std::string_view name;     // in the schema, in errors and by name
  std::string_view storage;  // in the database
  std::string_view comment;
  FieldTag tag;
  const TypeOps* ops;
  bool nullable;   // of a std::optional type, or an edge that is not required
  bool immutable;  // cannot be set on update
  bool unique;
  bool sensitive;  // redacted wherever it is printed
  bool never_reuse;
  bool default_varies;  // it is called for each row
  bool above_zero;      // Positive, for double
  std::size_t min_length, max_length;
  std::optional<std::int64_t> least, most;               // Range and Positive, for integers
  std::optional<double> least_real, most_real;           // Range, for double
  void* (*at)(void* entity);                             // the member's address
  const void* field;                                     // its description, for those that follow
  void (*set_default)(void* member, const void* field);  // null: none
  void (*set_update_default)(void* member, const void* field);  // null: none
  /// What the user's own validators say; what they throw is the reason. Null: none.
  bool (*validate)(const void* member, const void* field);
  const Table& (*target)();  // of a foreign key: the table that it refers to; else null
  OldNames was;              // what the column was called; of a foreign key: the edge

  inline FieldKind Kind() const;
  /// Whether its values are told to nobody: of a sensitive field, or the key of a row whose id is
  /// one.
  inline bool IsSecret() const;
  const void* at_const(const void* entity) const { return at(const_cast<void*>(entity)); }
  constexpr bool HasDefault() const noexcept { return set_default != nullptr; }
  /// The value of a row that is created without one, in the form in which it is stored. Requires:
  /// HasDefault().
  FieldValue DefaultValue() const { return ops->made_by(set_default, field); }
  /// Whether Check could refuse anything.
  constexpr bool NeedsCheck() const noexcept {
    return validate != nullptr || min_length > 0 || max_length != std::size_t(-1) || least ||
           most || least_real || most_real || above_zero || ops->may_not_be_stored;
  }
  /// Why a member's value is refused, or nothing.
  GRAPNEL_DECLARE std::optional<std::string> Check(const void* member) const;
};

/// The column of a field that has no options.
constexpr Column PlainColumn(std::string_view name, FieldTag tag, const TypeOps* ops,
                             bool nullable) {
  Column column{};
  column.name = name;
  column.storage = name;
  column.tag = tag;
  column.ops = ops;
  column.nullable = nullable;
  column.max_length = std::size_t(-1);
  return column;
}

struct IndexInfo {
  std::string_view name;  // "" : made of the table's and the columns' names
  Listed<FieldTag> fields;
  bool unique;
  const store::PredicateNode* where = nullptr;  // of a partial one: the rows that are in it
};

/// An entity type. The id is the first column; foreign keys stand behind the fields.
struct Table {
  std::string_view entity;  // Schema::Type
  std::string_view name;    // in the database
  OldNames was;             // what the table was called
  Listed<Column> columns;
  std::size_t fields;  // how many of the columns are fields
  Listed<IndexInfo> indexes;
  Listed<IndexInfo> (*late_indexes)() = nullptr;  // in their place, where they are no constant
  Listed<EdgeEnd> edges;
  core::TypeId type;
  EntityOps ops;
  // Of the columns, those that have a default, an update-default or a validator, those that need a
  // value when a row is created, and those that cannot be updated.
  FieldSet defaulted{}, update_defaulted{}, validated{}, required{}, immutable{};
  bool generates_ids = false;  // the database makes them: integers that have no default

  /// Finds out these from the columns.
  constexpr void SumUp() noexcept {
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const Column& column = columns[i];
      if (column.HasDefault()) defaulted.set(i);
      if (column.set_update_default != nullptr) update_defaulted.set(i);
      if (column.NeedsCheck()) validated.set(i);
      if (i != 0 && !column.nullable) required.set(i);
      if (column.immutable) immutable.set(i);
    }
    generates_ids = Id().ops->kind == FieldKind::Int && !Id().HasDefault();
  }

  constexpr const Column& Id() const noexcept { return columns.front(); }
  /// An id for people to read; a sensitive one is ***.
  GRAPNEL_DECLARE std::string ShowId(const FieldValue& id) const;
  Listed<IndexInfo> Indexes() const { return late_indexes != nullptr ? late_indexes() : indexes; }

  /// The column of that name in the schema, or null.
  GRAPNEL_DECLARE const Column* Find(std::string_view field) const noexcept;
  GRAPNEL_DECLARE const EdgeEnd* FindEdge(std::string_view edge) const noexcept;
  GRAPNEL_DECLARE const EdgeEnd* FindEdgeTag(FieldTag tag) const noexcept;
  GRAPNEL_DECLARE const Column* FindTag(FieldTag tag) const noexcept;
  /// Throws: ValidationError of a field or edge, whose value this is said of. It says no value of
  /// a field that is sensitive.
  [[noreturn, gnu::cold]] GRAPNEL_DECLARE void RefuseValue(std::string_view of, Op op,
                                                           std::string_view reason) const;
  std::size_t PlaceOf(const Column& column) const noexcept {
    return static_cast<std::size_t>(&column - columns.data());
  }
  std::size_t PlaceOf(const EdgeEnd& edge) const noexcept {
    return static_cast<std::size_t>(&edge - edges.data());
  }
  /// Tells the edges of an entity what they are.
  void AttachEdges(void* of) const {
    for (const EdgeEnd& edge : edges) edge.ops->attach(edge.at(of), edge);
  }
};

bool Column::IsSecret() const {
  return sensitive || (target != nullptr && target().Id().sensitive);
}

FieldKind Column::Kind() const { return target != nullptr ? target().Id().ops->kind : ops->kind; }

/// Puts the two ends of an edge together. Throws: SchemaError when they do not fit.
GRAPNEL_DECLARE Relation Resolve(const Table& source, const EdgeEnd& edge);

}  // namespace grapnel::detail

#ifndef GRAPNEL_SEPARATE_COMPILATION
#include <grapnel/model/impl/table.hpp>  // IWYU pragma: keep
#endif
