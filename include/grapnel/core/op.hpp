#pragma once

#include <grapnel/base/compiled.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace grapnel {

/// What a subject does, where it says so by `Op()`. Ops are bits, so `Op::Create | Op::UpdateOne`
/// is a mask of two of them.
///
/// `Update` and `Delete` are for all that matches, `UpdateOne` and `DeleteOne` for one by its name.
/// Source: ent.Op.
enum class Op : std::uint8_t {
  Create = 1,
  Update = 2,
  UpdateOne = 4,
  Delete = 8,
  DeleteOne = 16,
};

/// The mask that holds every Op.
inline constexpr Op AnyOp{31};

constexpr Op operator|(Op left, Op right) noexcept {
  return static_cast<Op>(static_cast<unsigned>(left) | static_cast<unsigned>(right));
}

constexpr Op operator&(Op left, Op right) noexcept {
  return static_cast<Op>(static_cast<unsigned>(left) & static_cast<unsigned>(right));
}

/// Does not compile: of Ops a mask is made by `|`.
template <class T>
constexpr Op operator||(Op, T) {
  static_assert(sizeof(T) == 0, "a mask of Ops is made by one |: Op::Update | Op::UpdateOne");
  return {};
}

/// All Ops but those in `mask`.
constexpr Op operator~(Op mask) noexcept {
  return static_cast<Op>(~static_cast<unsigned>(mask) & static_cast<unsigned>(AnyOp));
}

/// Whether `op` is one of those in `mask`. An empty mask holds none.
constexpr bool Is(Op op, Op mask) noexcept { return (op & mask) != Op{}; }

/// The name of one Op, and "" for a mask of none or several: ToString spells those.
constexpr std::string_view Name(Op op) noexcept {
  switch (op) {
    case Op::Create:
      return "Create";
    case Op::Update:
      return "Update";
    case Op::UpdateOne:
      return "UpdateOne";
    case Op::Delete:
      return "Delete";
    case Op::DeleteOne:
      return "DeleteOne";
  }
  return {};
}

/// "Create", or "Update|UpdateOne" for a mask, or "none" for the empty mask.
[[gnu::cold]] GRAPNEL_DECLARE std::string ToString(Op mask);

}  // namespace grapnel

#ifndef GRAPNEL_SEPARATE_COMPILATION
#include <grapnel/core/impl/op.hpp>  // IWYU pragma: keep
#endif
