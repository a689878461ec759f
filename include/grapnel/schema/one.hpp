#pragma once

#include <grapnel/base/shared.hpp>
#include <grapnel/base/type.hpp>
#include <grapnel/model/codec.hpp>
#include <grapnel/model/entity_ops.hpp>
#include <grapnel/model/relation.hpp>
#include <grapnel/model/type_ops.hpp>
#include <grapnel/model/value.hpp>

#include <concepts>
#include <optional>
#include <type_traits>
#include <utility>

namespace grapnel {

/// One end of an edge, as a member of an entity: at most one neighbour of type T, which may still
/// be incomplete. Describe it by To or From in `Schema<E>::Edges()`. A copy shares the loaded
/// neighbour, which nobody changes.
///
/// Builders and mutations set it by its token and an id: `.Set(F<&Card::owner>, ada.id)`. The
/// neighbour itself is read only where a query asks for it: `.With(F<&Card::owner>)`.
template <class T>
class One {
 public:
  using Neighbour = T;

  One() = default;
  /// Refers to the row with this id, `One<User>(7)`, or to the row of this entity, `card.owner =
  /// ada`: for entities that are given to Create, CreateBulk and UpdateOne.
  template <class Id>
  requires(!std::same_as<Id, One>) explicit(!std::same_as<Id, T>) One(const Id& id) {
    if constexpr (std::same_as<Id, T>) {
      key_ = detail::Mapping<std::remove_cvref_t<decltype(id.id)>>::ToValue(id.id);
    } else {
      key_ = detail::Mapping<Id>::ToValue(id);
    }
  }

  /// The neighbour's id, or nothing when there is none. The end that holds the foreign key knows it
  /// always; the other end once the neighbour is loaded.
  /// Throws: NotLoadedError.
  template <class N = T>
  auto ID() const {
    using Id = std::remove_cvref_t<decltype(std::declval<const N&>().id)>;
    std::optional<Id> id;
    if (!key_.IsNull()) {
      detail::Mapping<Id>::FromValue(id.emplace(), key_);
    } else if (neighbour_) {
      id = static_cast<const N&>(*neighbour_).id;
    } else if (!loaded_ && edge_ != nullptr && !edge_->HoldsKey()) {
      Refuse();
    }
    return id;
  }

  /// Whether the neighbour was asked for, be there one or not.
  bool IsLoaded() const noexcept { return loaded_; }
  /// The neighbour; null when there is none. Throws: NotLoadedError when it was not asked for.
  const T* Get() const {
    if (!loaded_) [[unlikely]]
      Refuse();
    return neighbour_.Get();
  }
  /// The neighbour. Throws: NotLoadedError when it was not asked for; Error when there is none.
  const T& operator*() const {
    const T* neighbour = Get();
    if (neighbour == nullptr) detail::RefuseNoNeighbour(edge_, core::TypeName<T>());
    return *neighbour;
  }
  const T* operator->() const { return &**this; }

 private:
  friend detail::OneOps<T>;

  [[noreturn]] void Refuse() const { detail::RefuseNotLoaded(edge_, core::TypeName<T>()); }

  FieldValue key_;
  core::Shared<T> neighbour_;
  const detail::EdgeEnd* edge_ = nullptr;
  bool loaded_ = false;
};

namespace detail {

/// What is done with a One at an address. Its functions are made where they are used, when T is
/// complete.
template <class T>
struct OneOps {
  // As a column: the foreign key.
  using Id = FieldValue;
  static void Bind(const void* member, Binder& to, int at) { BindValue(Of(member).key_, to, at); }
  static void Load(void* member, Row& from, int at) {
    static_assert(CheckComplete<T>());
    IdOfNeighbour<T> id{};
    Mapping<IdOfNeighbour<T>>::Load(id, from, at);
    Of(member).key_ = Mapping<IdOfNeighbour<T>>::ToValue(id);
  }
  static FieldValue ToValue(const void* member) { return Of(member).key_; }
  static bool FromValue(void* member, const FieldValue& value) {
    IdOfNeighbour<T> id{};
    if (!Mapping<IdOfNeighbour<T>>::FromValue(id, value)) return false;
    Reset(member);
    Of(member).key_ = value;
    return true;
  }
  static void Copy(void* member, const void* from) { Of(member) = Of(from); }
  static void Reset(void* member) {
    One<T>& one = Of(member);
    one.key_ = {};
    one.neighbour_.Reset();
    one.loaded_ = false;
  }
  static bool IsNull(const void* member) { return Of(member).key_.IsNull(); }

  // As an edge.
  static void Attach(void* member, const EdgeEnd& edge) {
    static_assert(CheckComplete<T>());
    Of(member).edge_ = &edge;
  }
  static FieldValue Unload(void* member) {
    One<T>& one = Of(member);
    one.neighbour_.Reset();
    one.loaded_ = false;
    return one.key_;
  }
  static void Start(void* member) {
    Of(member).neighbour_.Reset();
    Of(member).loaded_ = true;
  }
  static void* Emplace(void* member) {
    Of(member).neighbour_ = core::MakeShared<T>();
    return Of(member).neighbour_.Get();
  }
  static std::size_t Size(const void* member) { return Of(member).neighbour_ ? 1 : 0; }
  static void* At(void* member, std::size_t) { return Of(member).neighbour_.Get(); }
  static void Take(void* member, void* rows) {
    if (T* const neighbour = Of(member).neighbour_.Get()) {
      kEntityOps<T>.AppendMoved(rows, neighbour);
    }
    Start(member);
  }
  static void Give(void* member, void* rows) {
    if (kEntityOps<T>.RowCount(rows) == 0) return;
    kEntityOps<T>.MoveAssign(Emplace(member), kEntityOps<T>.RowAt(rows, 0));
  }

 private:
  static One<T>& Of(void* member) { return *static_cast<One<T>*>(member); }
  static const One<T>& Of(const void* member) { return *static_cast<const One<T>*>(member); }
};

/// A One is bound and loaded as the foreign key that it holds.
template <class T>
constexpr TypeOps MakeKeyOps() {
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
}
template <class T>
inline constexpr TypeOps kTypeOps<One<T>> = MakeKeyOps<T>();

}  // namespace detail
}  // namespace grapnel
