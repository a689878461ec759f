#pragma once

#include <grapnel/core/chain.hpp>

namespace grapnel::hook {

/// Several hooks as one, an alias of core::Chain beside the other helpers.
using core::Chain;

}  // namespace grapnel::hook
