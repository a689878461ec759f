#include <grapnel/store/tx/handle_ptr.hpp>

#include "support/catch.hpp"

TEST_CASE("a handle is held, shared and dropped where nobody knows what it is") {
  const grapnel::detail::HandlePtr none;
  grapnel::detail::HandlePtr copy = none;
  CHECK(copy == nullptr);
  CHECK_FALSE(copy);
}
