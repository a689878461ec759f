#include <grapnel/base/compiled.hpp>

#include "support/catch.hpp"

namespace {

struct Counter {
  GRAPNEL_DECLARE int Next();
  static GRAPNEL_DECLARE int Twice(int number);
  int count = 0;
};

}  // namespace

GRAPNEL_DECLARE int SeparateTestSum(int left, int right);

GRAPNEL_DEFINE int SeparateTestSum(int left, int right) { return left + right; }
inline int Counter::Next() { return ++count; }
inline int Counter::Twice(int number) { return 2 * number; }

TEST_CASE("what is declared and defined by the macros is as if it had been defined at once") {
  Counter counter;
  CHECK(counter.Next() == 1);
  CHECK(counter.Next() == 2);
  CHECK(Counter::Twice(21) == 42);
  CHECK(SeparateTestSum(40, 2) == 42);
}
