#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/base/type.hpp>
#include <grapnel/model/old_names.hpp>
#include <grapnel/model/row.hpp>
#include <grapnel/model/value.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace grapnel {

/// What happens to the rows that hold a foreign key when the row that it refers to is deleted. A
/// hook of theirs that refuses it, or keeps a row as it was, keeps the other row as well. Rows that
/// are being deleted themselves are not updated first. Where no hook could look, and no
/// update-default is to be set, the database does it alone.
enum class DeleteAction : std::uint8_t {
  Cascade,  // they are deleted too, through their own hooks: a Delete for each type and level
  SetNull,  // their key is cleared, through their own hooks: an Update for each key. The default of
            // an edge that is not required
  Restrict,  // the deletion is refused: the default of a required edge
};
using enum DeleteAction;

/// "cascade", "set null" or "restrict".
constexpr std::string_view Name(DeleteAction action) noexcept {
  constexpr std::string_view names[] = {"cascade", "set null", "restrict"};
  return names[static_cast<std::size_t>(action)];
}

template <class T>
class One;
template <class T>
class Many;

/// Edges with their types forgotten.
namespace detail {

struct Table;
struct TypeOps;
struct Relation;
struct EdgeEnd;
template <class T>
struct OneOps;
template <class T>
struct ManyOps;

template <class T>
using IdOfNeighbour = std::remove_cvref_t<decltype(std::declval<T&>().id)>;

/// What can be done with a One or Many at an address.
struct EdgeOps {
  void (*attach)(void* member, const EdgeEnd& edge);  // tells the member what to say of itself
  FieldValue (*unload)(void* member);       // not loaded; returns the id that a One was made of
  void (*start)(void* member);              // loaded, still without neighbours
  void* (*emplace)(void* member);           // one neighbour more; returns it
  std::size_t (*size)(const void* member);  // of a loaded one
  void* (*at)(void* member, std::size_t place);
  void (*take)(void* member, void* rows);  // of a loaded one: moves the neighbours to a std::vector
  void (*give)(void* member, void* rows);  // moves what is in it back; of a One, the first
};

template <class Member>
struct EdgeOpsOf;
template <class T>
struct EdgeOpsOf<One<T>> {
  using Ops = OneOps<T>;
};
template <class T>
struct EdgeOpsOf<Many<T>> {
  using Ops = ManyOps<T>;
};
template <class Member>
inline constexpr EdgeOps kEdgeOps = {
    &EdgeOpsOf<Member>::Ops::Attach, &EdgeOpsOf<Member>::Ops::Unload,
    &EdgeOpsOf<Member>::Ops::Start,  &EdgeOpsOf<Member>::Ops::Emplace,
    &EdgeOpsOf<Member>::Ops::Size,   &EdgeOpsOf<Member>::Ops::At,
    &EdgeOpsOf<Member>::Ops::Take,   &EdgeOpsOf<Member>::Ops::Give};

/// One end of an edge, as its entity's schema describes it.
struct EdgeEnd {
  static constexpr std::size_t kNoKey = std::size_t(-1);

  std::string_view entity;
  std::string_view name;
  std::string_view storage;  // of the foreign key's column or of the join table; "": made of names
  FieldTag tag;
  FieldTag inverse_of;  // of From: the other end; null for To
  std::size_t key;      // place of the foreign key's column, or kNoKey
  bool many;
  bool required;
  bool unique;
  bool immutable;
  std::optional<DeleteAction> on_delete;
  const Table& (*target)();
  const Relation& (*relation)();
  void* (*at)(void* entity);  // the member's address
  const EdgeOps* ops;
  const TypeOps* key_ops;     // of the foreign key; null where this end holds none
  std::string_view key_name;  // the name of its column, where `storage` says none
  OldNames was;

  constexpr bool HoldsKey() const noexcept { return key != kNoKey; }
};

/// Both ends of an edge put together, seen from one of them, the source.
struct Relation {
  enum class Kind : std::uint8_t {
    OwnKey,    // the source's table holds the foreign key
    TheirKey,  // the target's does
    Join,      // a table of its own holds pairs of ids
  };

  Kind kind{};
  const EdgeEnd* edge = nullptr;
  const EdgeEnd* inverse = nullptr;  // the other end's, or null
  const Table* source = nullptr;
  const Table* target = nullptr;
  std::string table;         // that holds the keys
  std::string column;        // the foreign key; of Join: to the source
  std::string other;         // of Join: the foreign key to the target
  bool mirrored = false;     // of Join: each pair stands both ways round
  bool unique = false;       // a foreign key that no two rows share
  bool required = false;     // a foreign key that is not NULL
  DeleteAction on_delete{};  // of a foreign key

  /// The table with the foreign key, and the one that it refers to. Not of Join.
  const Table& Holder() const noexcept { return kind == Kind::OwnKey ? *source : *target; }
  const Table& Referred() const noexcept { return kind == Kind::OwnKey ? *target : *source; }
  /// The foreign key's place among the holder's columns; kNoKey where the holder has no end of its
  /// own.
  std::size_t KeyPlace() const noexcept {
    if (kind == Kind::OwnKey) return edge->key;
    return inverse != nullptr ? inverse->key : EdgeEnd::kNoKey;
  }
  /// The edge's name, as its own or as the other end's entity knows it.
  GRAPNEL_DECLARE std::string Name() const;
};

/// "User.cards", or, of an edge that no store has filled, the type it leads to.
GRAPNEL_DECLARE std::string Describe(const EdgeEnd* edge, std::string_view neighbour);
[[noreturn, gnu::cold]] GRAPNEL_DECLARE void RefuseNotLoaded(const EdgeEnd* edge,
                                                             std::string_view neighbour);
[[noreturn, gnu::cold]] GRAPNEL_DECLARE void RefuseNoNeighbour(const EdgeEnd* edge,
                                                               std::string_view neighbour);

/// Binds a value of any kind, which outlives the statement.
GRAPNEL_DECLARE void BindValue(const FieldValue& value, Binder& to, int at);

}  // namespace detail
}  // namespace grapnel

#ifndef GRAPNEL_SEPARATE_COMPILATION
#include <grapnel/model/impl/relation.hpp>  // IWYU pragma: keep
#endif
