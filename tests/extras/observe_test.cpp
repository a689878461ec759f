#include <grapnel/extras/observe.hpp>

#include "support/catch.hpp"

namespace {

using grapnel::extras::Kind;
using grapnel::extras::Measured;
using grapnel::extras::PrometheusName;

TEST_CASE(
    "B209 names in the spelling of Prometheus say their unit, and of counters that they sum") {
  CHECK(PrometheusName(Measured{Kind::Histogram, "grapnel.mutation.duration", "s"}) ==
        "grapnel_mutation_duration_seconds");
  CHECK(PrometheusName(Measured{Kind::Counter, "grapnel.mutations", "{mutation}"}) ==
        "grapnel_mutations_total");
  CHECK(PrometheusName(Measured{Kind::Counter, "grapnel.lock.waits", "{wait}"}) ==
        "grapnel_lock_waits_total");
}

}  // namespace
