#pragma once

/// The composition alone: Op, Mutator, Hook, Next, Chain over any subject and result. Needs the
/// standard library and nothing else.

#include <grapnel/core/chain.hpp>
#include <grapnel/core/concat.hpp>
#include <grapnel/core/error.hpp>
#include <grapnel/core/function_ref.hpp>
#include <grapnel/core/hook.hpp>
#include <grapnel/core/hook_list.hpp>
#include <grapnel/core/mutator.hpp>
#include <grapnel/core/next.hpp>
#include <grapnel/core/op.hpp>
#include <grapnel/core/stack.hpp>
#include <grapnel/core/type.hpp>
#include <grapnel/version.hpp>
