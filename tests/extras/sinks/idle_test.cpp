// B254: connections are used again, the one that was used last first, and only while they are good.
#include <grapnel/extras/sinks/idle.hpp>

#include "support/catch.hpp"

#include <memory>

using grapnel::extras::sinks::Idle;

TEST_CASE("B254 connections that are good are used again, the others closed") {
  Idle<int> idle;
  const auto any = [](const int&) { return true; };
  CHECK(idle.Take(any) == nullptr);
  for (int i = 1; i <= 4; ++i) idle.Keep(std::make_unique<int>(i));
  CHECK(*idle.Take(any) == 4);
  CHECK(*idle.Take([](const int& i) { return i < 3; }) == 2);
  CHECK(*idle.Take(any) == 1);
  CHECK(idle.Take(any) == nullptr);
  idle.Keep(std::make_unique<int>(5));
  idle.Close();
  CHECK(idle.Take(any) == nullptr);
}
