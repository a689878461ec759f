#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/store/driver/driver.hpp>
#include <grapnel/store/driver/owned_driver.hpp>

namespace grapnel::store {

GRAPNEL_DEFINE OwnedDriver::~OwnedDriver() {
  if (driver_ != nullptr) Driver::Close()(driver_);
}

}  // namespace grapnel::store
