#pragma once

/// The composition alone: Op, Mutator, Hook, Next, Chain over any subject and result. Needs the
/// standard library and nothing else.

#include <grapnel/base/callable.hpp>
#include <grapnel/base/called_as.hpp>
#include <grapnel/base/concat.hpp>
#include <grapnel/base/function_ref.hpp>
#include <grapnel/base/lock.hpp>
#include <grapnel/base/pack.hpp>
#include <grapnel/base/shared.hpp>
#include <grapnel/base/type.hpp>
#include <grapnel/core/chain.hpp>
#include <grapnel/core/compose.hpp>
#include <grapnel/core/error.hpp>
#include <grapnel/core/form.hpp>
#include <grapnel/core/hook.hpp>
#include <grapnel/core/hook_handle.hpp>
#include <grapnel/core/hook_list.hpp>
#include <grapnel/core/hook_stack.hpp>
#include <grapnel/core/mutator.hpp>
#include <grapnel/core/next.hpp>
#include <grapnel/core/op.hpp>
#include <grapnel/core/place.hpp>
#include <grapnel/core/stack.hpp>
#include <grapnel/core/teach.hpp>
#include <grapnel/version.hpp>
