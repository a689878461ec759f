#pragma once

/// The helpers that combine hooks and conditions.

#include <grapnel/hook/chain.hpp>
#include <grapnel/hook/condition.hpp>
#include <grapnel/hook/guard.hpp>
#include <grapnel/hook/if.hpp>
#include <grapnel/hook/named.hpp>
#include <grapnel/hook/point.hpp>
#include <grapnel/hook/reject.hpp>
