#pragma once

/// The SQLite engine: grapnel::Open.

#include <grapnel/store/sqlite/open.hpp>
