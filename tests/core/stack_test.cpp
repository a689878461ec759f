#include <grapnel/core/stack.hpp>

#include "support/catch.hpp"

#include <pthread.h>

#include <cstddef>
#include <string>

namespace {

using grapnel::core::Stack;

/// Goes down until the stack is low, and returns how deep that was.
int Descend(int depth) {
  volatile char frame[1024];
  frame[0] = 'x';
  if (depth > 1'000'000) return depth;
  Stack::Check([] { return "a test"; });
  return Descend(depth + 1) + (frame[0] == 'x' ? 0 : 1);
}

/// What Descend throws on a thread with so much stack.
std::string OnStack(std::size_t bytes) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, bytes);
  pthread_t thread{};
  std::string text;
  const auto run = [](void* to) -> void* {
    try {
      Descend(0);
    } catch (const grapnel::RecursionError& error) {
      *static_cast<std::string*>(to) = error.what();
    }
    return nullptr;
  };
  if (pthread_create(&thread, &attributes, run, &text) != 0) return "no thread";
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
  return text;
}

}  // namespace

TEST_CASE("B165 a stack is enough until little of it is left, on any thread") {
  CHECK(!Stack::IsLow());
  CHECK_THROWS_AS(Descend(0), grapnel::RecursionError);
  CHECK(!Stack::IsLow());
  for (const std::size_t size : {64U, 256U, 1024U, 8192U}) {
    CHECK_THAT(OnStack(size * 1024), Catch::Contains("a test: hooks run inside one another"));
  }
}
