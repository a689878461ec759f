#pragma once

#include <grapnel/base/concat.hpp>
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
inline std::string ToString(const EffectiveChain& chain) {
  std::string text = core::Concat({chain.entity, "\n  defaults\n"});
  for (const HookInfo& hook : chain.hooks) {
    core::Append(text, {"  ", hook.stage, ": ", hook.name});
    if (hook.ops != AnyOp) core::Append(text, {" on ", ToString(hook.ops)});
    text += '\n';
  }
  core::Append(text, {"  validation\n  SQL\n"});
  return text;
}

}  // namespace grapnel::store
