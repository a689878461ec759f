#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/core/op.hpp>

#include <string>

namespace grapnel {

GRAPNEL_DEFINE std::string ToString(Op mask) {
  std::string text;
  for (unsigned bit = 1; bit <= static_cast<unsigned>(Op::DeleteOne); bit <<= 1U) {
    const Op op = static_cast<Op>(bit);
    if (!Is(op, mask)) continue;
    if (!text.empty()) text += '|';
    text += Name(op);
  }
  return text.empty() ? "none" : text;
}

}  // namespace grapnel
