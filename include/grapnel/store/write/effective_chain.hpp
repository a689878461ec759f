#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/core/op.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace grapnel::store {

/// One hook of a chain, as it is shown to people.
struct HookInfo {
  std::string_view stage;  // "runtime", "transaction" or "schema" (mixins' included)
  std::string_view name;   // the hook's type, as the compiler spells it
  grapnel::Op ops;         // outside of these it does nothing
};

/// The hooks that a mutation of one type goes through, outermost first.
struct EffectiveChain {
  std::string_view entity;
  std::vector<HookInfo> hooks;
};

/// A line for each step, outermost first, from "defaults" to "SQL".
GRAPNEL_DECLARE std::string ToString(const EffectiveChain& chain);

}  // namespace grapnel::store

#ifndef GRAPNEL_SEPARATE_COMPILATION
#include <grapnel/store/write/impl/effective_chain.hpp>  // IWYU pragma: keep
#endif
