#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/store/driver/owned_driver.hpp>
#include <grapnel/store/sqlite/open.hpp>
#include <grapnel/store/sqlite/sqlite_driver.hpp>

#include <memory>
#include <string_view>

namespace grapnel::sqlite::detail {

GRAPNEL_DEFINE store::OwnedDriver OpenDriver(std::string_view url) {
  return std::make_unique<SqliteDriver>(url);
}

}  // namespace grapnel::sqlite::detail
