#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/store/predicate/tree.hpp>

#include <cstddef>
#include <string>
#include <string_view>

/// What comparisons are made of in any engine's language.
namespace grapnel::store::sql {

/// Appends one of the six comparisons that are written alike everywhere; false: it is none.
inline bool AppendOperator(std::string& to, PredicateKind kind, std::string_view column,
                           std::string_view operand) {
  static constexpr std::string_view operators[] = {" = ", " <> ", " < ", " <= ", " > ", " >= "};
  if (kind > PredicateKind::GreaterEqual) return false;
  core::Append(to, {column, operators[static_cast<std::size_t>(kind)], operand});
  return true;
}

/// The least bytes that stand behind all that begin so, byte by byte; empty: nothing does.
template <class Bytes>
Bytes BeyondBytes(Bytes prefix) {
  using Byte = typename Bytes::value_type;
  while (!prefix.empty() && static_cast<unsigned char>(prefix.back()) == 0xff) prefix.pop_back();
  if (!prefix.empty()) {
    prefix.back() = static_cast<Byte>(static_cast<unsigned char>(prefix.back()) + 1);
  }
  return prefix;
}

}  // namespace grapnel::store::sql
