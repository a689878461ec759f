#pragma once

#include <grapnel/core/error.hpp>

namespace grapnel::testing {

/// What was run asked for something that the test has not given: a stored row, or a database.
class NotGivenError : public Error {
 public:
  using Error::Error;
};

}  // namespace grapnel::testing
