#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/store/driver/owned_driver.hpp>
#include <grapnel/store/postgres/open.hpp>
#include <grapnel/store/postgres/postgres_driver.hpp>

#include <memory>
#include <string_view>

namespace grapnel::postgres::detail {

GRAPNEL_DEFINE store::OwnedDriver OpenDriver(std::string_view conninfo,
                                             const PostgresOptions& options) {
  return std::make_unique<PostgresDriver>(conninfo, options.pool, options.find_lost_commits);
}

}  // namespace grapnel::postgres::detail
