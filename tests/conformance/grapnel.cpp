// Runs the scenarios in Grapnel and prints their trace, a header and lines for each. Every file of
// grapnel/ but trace.hpp and model.hpp has a twin in Go of the same name in ent/; run.sh compares
// what the two print.
#include "grapnel/bulks.hpp"
#include "grapnel/conditions.hpp"
#include "grapnel/mutations.hpp"
#include "grapnel/order.hpp"
#include "grapnel/random.hpp"
#include "grapnel/transactions.hpp"

int main() {
  HookOrder();
  Conditions();
  Mutations();
  Bulks();
  Transactions();
  Random();
}
