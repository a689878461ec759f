#pragma once

/// The PostgreSQL engine: grapnel::OpenPostgres.

#include <grapnel/store/postgres/open.hpp>
