#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/core/compose.hpp>
#include <grapnel/core/error.hpp>

namespace grapnel::core::detail {

GRAPNEL_DEFINE const void* FactoryFrame::Find(const void* key) {
  for (const FactoryFrame* frame = top; frame != nullptr; frame = frame->outer_) {
    if (frame->key_ == key) return frame->next_;
  }
  throw Error("next was called outside of its hook, or on another thread");
}

}  // namespace grapnel::core::detail
