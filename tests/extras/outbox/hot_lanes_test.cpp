// B243, B248: lanes that are likely to be filled again.
#include <grapnel/extras/outbox/hot_lanes.hpp>

#include "support/catch.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using grapnel::extras::outbox::HotLanes;
using grapnel::extras::outbox::Lane;

namespace {

std::vector<Lane> Lanes(std::int64_t count) {
  std::vector<Lane> lanes;
  for (std::int64_t id = 1; id <= count; ++id) {
    lanes.push_back({.id = id, .sink = "mail", .key = std::to_string(id)});
  }
  return lanes;
}

}  // namespace

TEST_CASE("B248 what was served is hot for a while") {
  HotLanes lanes;
  CHECK_FALSE(lanes.WasServed(1));
  lanes.Serve({1, 2});
  CHECK(lanes.WasServed(1));
  CHECK_FALSE(lanes.WasServed(3));
  for (std::int64_t id = 100; id < 3000; id += 100) {
    std::vector<std::int64_t> many;
    for (std::int64_t i = 0; i < 100; ++i) many.push_back(id + i);
    lanes.Serve(many);
  }
  CHECK_FALSE(lanes.WasServed(1));  // of so many none is
}

TEST_CASE("B243 B248 lanes are left alone until they are filled, or their time is over") {
  HotLanes lanes;
  CHECK_FALSE(lanes.Next());
  lanes.Cool(Lanes(3), 1h);
  CHECK(lanes.Keys() == std::vector<std::string>{"1", "2", "3"});
  CHECK(lanes.Next() > 59min);
  lanes.Wake({"2", "9"});
  CHECK(lanes.Keys() == std::vector<std::string>{"1", "3"});
  lanes.Cool(Lanes(1), 0h);
  CHECK(lanes.Next() == 0ms);
  CHECK(lanes.Keys() == std::vector<std::string>{"1", "3"});
  CHECK(lanes.HasRoomFor(900));
  lanes.Cool(Lanes(5000), 1h);
  CHECK_FALSE(lanes.HasRoomFor(1));
  CHECK(lanes.Keys().size() == 1000);  // more are not remembered
}
