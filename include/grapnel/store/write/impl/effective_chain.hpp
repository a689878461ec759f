#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/base/concat.hpp>
#include <grapnel/core/op.hpp>
#include <grapnel/store/write/effective_chain.hpp>

#include <string>

namespace grapnel::store {

GRAPNEL_DEFINE std::string ToString(const EffectiveChain& chain) {
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
