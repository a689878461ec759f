#pragma once

#include <grapnel/base/function_ref.hpp>

#include <cstddef>
#include <cstdint>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

/// What the machine does with whole entities, and with lists of them, whose type it does not know.
namespace grapnel::detail {

enum class EntityAction : std::uint8_t {
  // With an entity `at` an address, and `other` one.
  Make,        // where there is none
  Copy,        // where there is none, from another
  Move,        // where there is none, from another, which is there still
  Assign,      // from another
  MoveAssign,  // from another, which is there still
  Destroy,
  // With a std::vector of entities `at` an address.
  MakeRows,     // where there is none
  DestroyRows,  //
  SwapRows,     // with another
  ReserveRows,  // as many as another address holds, behind those that are there
  AppendRow,    // returns the new one
  AppendMoved,  // from an entity, which is there still; returns the new one
  DropRow,      // the last
  FirstRow,     // returns it, or null
  EndOfRows,    // returns what is behind the last, or null
};

/// Does what `action` says. One function for each type: the functions of entities and vectors are
/// made here once, not wherever they are used.
template <class E>
[[gnu::hot]] void* ActOnEntity(EntityAction action, void* at, void* other) {
  using Rows = std::vector<E>;
  switch (action) {
    case EntityAction::Make:
      return ::new (at) E{};
    case EntityAction::Copy:
      return ::new (at) E(*static_cast<const E*>(other));
    case EntityAction::Move:
      return ::new (at) E(static_cast<E&&>(*static_cast<E*>(other)));
    case EntityAction::Assign:
      *static_cast<E*>(at) = *static_cast<const E*>(other);
      break;
    case EntityAction::MoveAssign:
      *static_cast<E*>(at) = static_cast<E&&>(*static_cast<E*>(other));
      break;
    case EntityAction::Destroy:
      static_cast<E*>(at)->~E();
      break;
    case EntityAction::MakeRows:
      static_assert(sizeof(Rows) == sizeof(std::vector<std::byte>), "see EntityRows");
      return ::new (at) Rows();
    case EntityAction::DestroyRows:
      static_cast<Rows*>(at)->~Rows();
      break;
    case EntityAction::SwapRows:
      static_cast<Rows*>(at)->swap(*static_cast<Rows*>(other));
      break;
    case EntityAction::ReserveRows:
      static_cast<Rows*>(at)->reserve(static_cast<Rows*>(at)->size() +
                                      *static_cast<const std::size_t*>(other));
      break;
    case EntityAction::AppendRow:
      return &static_cast<Rows*>(at)->emplace_back();
    case EntityAction::AppendMoved:
      return &static_cast<Rows*>(at)->emplace_back(static_cast<E&&>(*static_cast<E*>(other)));
    case EntityAction::DropRow:
      static_cast<Rows*>(at)->pop_back();
      break;
    case EntityAction::FirstRow:
      return static_cast<Rows*>(at)->data();
    case EntityAction::EndOfRows:
      return static_cast<Rows*>(at)->data() + static_cast<Rows*>(at)->size();
  }
  return at;
}

/// The same for one entity type, as data and calls. `rows` is the address of a std::vector of it.
struct EntityOps {
  std::size_t size;
  std::size_t align;
  bool moves_safely;  // MoveAssign throws nothing
  void* (*act)(EntityAction action, void* at, void* other);

  // What makes an entity returns its address, `at`. Throws: what the entity's members throw; then
  // there is none.
  void* Make(void* at) const { return act(EntityAction::Make, at, nullptr); }
  void* Copy(void* at, const void* from) const {
    return act(EntityAction::Copy, at, const_cast<void*>(from));
  }
  void* Move(void* at, void* from) const { return act(EntityAction::Move, at, from); }
  void Assign(void* to, const void* from) const {
    act(EntityAction::Assign, to, const_cast<void*>(from));
  }
  void MoveAssign(void* to, void* from) const { act(EntityAction::MoveAssign, to, from); }
  void Destroy(void* entity) const noexcept { act(EntityAction::Destroy, entity, nullptr); }

  void* MakeRows(void* at) const { return act(EntityAction::MakeRows, at, nullptr); }
  void DestroyRows(void* rows) const noexcept { act(EntityAction::DestroyRows, rows, nullptr); }
  void SwapRows(void* rows, void* with) const noexcept { act(EntityAction::SwapRows, rows, with); }
  /// Makes room for so many more.
  void ReserveRows(void* rows, std::size_t count) const {
    act(EntityAction::ReserveRows, rows, &count);
  }
  /// Puts a new entity behind the others. Returns: its address, which the next one may change.
  void* AppendRow(void* rows) const { return act(EntityAction::AppendRow, rows, nullptr); }
  /// Puts what is moved from `entity`, or a copy of it, behind the others.
  void* AppendMoved(void* rows, void* entity) const {
    return act(EntityAction::AppendMoved, rows, entity);
  }
  void* AppendCopy(void* rows, const void* entity) const {
    void* const row = AppendRow(rows);
    Assign(row, entity);
    return row;
  }
  std::size_t RowCount(const void* rows) const noexcept {
    return static_cast<std::size_t>(End(rows) - First(rows)) / size;
  }
  /// Requires: there are so many.
  void* RowAt(void* rows, std::size_t place) const noexcept { return First(rows) + place * size; }
  const void* RowAt(const void* rows, std::size_t place) const noexcept {
    return First(rows) + place * size;
  }
  /// Leaves the first so many.
  void Shorten(void* rows, std::size_t count) const noexcept {
    for (std::size_t rest = RowCount(rows); rest > count; --rest) {
      act(EntityAction::DropRow, rows, nullptr);
    }
  }
  void ClearRows(void* rows) const noexcept { Shorten(rows, 0); }
  /// Leaves those that `stays(row)` says, in their order.
  void KeepRows(void* rows, core::FunctionRef<bool(const void*)> stays) const {
    const std::size_t count = RowCount(rows);
    std::size_t kept = 0;
    for (std::size_t at = 0; at < count; ++at) {
      void* const row = RowAt(rows, at);
      if (!stays(row)) continue;
      if (kept != at) MoveAssign(RowAt(rows, kept), row);
      ++kept;
    }
    Shorten(rows, kept);
  }
  /// Puts copies of the rows of `from` behind those of `rows`: all of them or, when one throws,
  /// none.
  void AppendRows(void* rows, const void* from) const {
    const std::size_t before = RowCount(rows);
    const std::size_t count = RowCount(from);
    try {
      for (std::size_t at = 0; at < count; ++at) AppendCopy(rows, RowAt(from, at));
    } catch (...) {
      Shorten(rows, before);
      throw;
    }
  }

 private:
  std::byte* First(const void* rows) const noexcept {
    return static_cast<std::byte*>(act(EntityAction::FirstRow, const_cast<void*>(rows), nullptr));
  }
  std::byte* End(const void* rows) const noexcept {
    return static_cast<std::byte*>(act(EntityAction::EndOfRows, const_cast<void*>(rows), nullptr));
  }
};

/// A std::vector of entities whose type is not known. Made when it is first asked for.
class EntityRows {
 public:
  explicit EntityRows(const EntityOps& ops) noexcept : ops_(&ops) {}
  EntityRows(const EntityRows&) = delete;
  EntityRows& operator=(const EntityRows&) = delete;
  ~EntityRows() {
    if (made_) ops_->DestroyRows(storage_);
  }

  /// The address of the vector.
  void* Get() {
    if (!made_) ops_->MakeRows(storage_);
    made_ = true;
    return storage_;
  }
  void* Append() { return ops_->AppendRow(Get()); }
  std::size_t Count() const noexcept { return made_ ? ops_->RowCount(storage_) : 0; }
  /// Requires: there are so many.
  void* At(std::size_t place) noexcept { return ops_->RowAt(storage_, place); }
  void Clear() noexcept {
    if (made_) ops_->ClearRows(storage_);
  }

 private:
  const EntityOps* ops_;
  bool made_ = false;
  alignas(void*) std::byte storage_[sizeof(std::vector<std::byte>)];
};

/// Says it once of a type that is only declared, before the compiler does at length.
template <class E>
consteval bool CheckComplete() {
  static_assert(
      requires { sizeof(E); },
      "an edge leads to this type, which is only declared here: include the header that defines it "
      "and its Schema in every source that uses an entity with such an edge");
  return true;
}

template <class E>
inline constexpr EntityOps kEntityOps = {sizeof(E), alignof(E),
                                         std::is_nothrow_move_assignable_v<E>, &ActOnEntity<E>};

}  // namespace grapnel::detail
