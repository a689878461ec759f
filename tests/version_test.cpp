#include <grapnel/version.hpp>

#include "support/catch.hpp"

TEST_CASE("the version can be compared by the preprocessor") {
#if GRAPNEL_VERSION_MAJOR > 0 || GRAPNEL_VERSION_MINOR > 0 || GRAPNEL_VERSION_PATCH > 0
  SUCCEED();
#else
  FAIL("it is 0.0.0");
#endif
}
