#pragma once

/// Everything: the composition, the hook helpers, the schema, the store and the SQLite engine.

#include <grapnel/core.hpp>
#include <grapnel/hook.hpp>
#include <grapnel/schema.hpp>
#include <grapnel/sqlite.hpp>
#include <grapnel/store.hpp>
#include <grapnel/version.hpp>
