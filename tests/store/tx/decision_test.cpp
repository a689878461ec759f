// B202: what a caller decides is his call's, and not of what begins inside of it.
#include <grapnel/store/tx/decision.hpp>

#include "support/catch.hpp"

#include <chrono>

namespace guard = grapnel::guard;
using grapnel::detail::Decided;

namespace {

struct Viewer {
  int number;
};

}  // namespace

TEST_CASE("B202 a handle without a decision is handed on as it is") {
  const auto handle = grapnel::detail::MakeHandle({{}, {}, {}, {}});
  const Decided decided(handle);
  CHECK(decided.Verdict() == nullptr);
  CHECK(&decided.Inside() == &handle);
}

TEST_CASE("B202 the handle for what begins inside has all but the decision") {
  const auto context = grapnel::core::Context()
                           .With(guard::Decide(guard::Allow))
                           .With(Viewer{7})
                           .With(std::chrono::seconds(60));
  const auto handle = grapnel::detail::MakeHandle({{}, {}, {}, context});
  const Decided decided(handle);
  REQUIRE(decided.Verdict() != nullptr);
  CHECK(decided.Verdict()->Allows());
  const grapnel::core::Context& inside = decided.Inside()->context;
  CHECK(guard::detail::DecisionOf(inside) == nullptr);
  CHECK(inside.Get<Viewer>()->number == 7);
  CHECK(inside.Deadline() == context.Deadline());
}
