#pragma once

/// Testing hooks: one alone without a database, and clients of a test's own. Not part of
/// <grapnel/grapnel.hpp>: tests include it.

#include <grapnel/testing/error.hpp>
#include <grapnel/testing/fault.hpp>
#include <grapnel/testing/open.hpp>
#include <grapnel/testing/read.hpp>
#include <grapnel/testing/run.hpp>
