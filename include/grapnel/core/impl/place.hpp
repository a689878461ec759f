#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/base/concat.hpp>
#include <grapnel/core/error.hpp>
#include <grapnel/core/place.hpp>

#include <string_view>

namespace grapnel::core::detail {

GRAPNEL_DEFINE void RefuseOther(std::string_view subject) {
  throw Error(Concat({"next was given another subject, a ", subject,
                      ", than its hook was given: pass on that one"}));
}
GRAPNEL_DEFINE void RefuseThread() {
  throw Error("next was called on another thread than the one that runs its hook");
}

GRAPNEL_DEFINE void Once::Refuse(bool done) {
  throw Error(done ? "next was called again after it had succeeded; a hook may call it once, and "
                     "again only after it threw"
                   : "next was called while the same next is running");
}

}  // namespace grapnel::core::detail
