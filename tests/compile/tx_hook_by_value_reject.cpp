// expect: take the transaction by reference
#include "contract/model.hpp"

void Register(grapnel::Tx& tx) {
  tx.OnCommit([](grapnel::Tx ending, auto next) { next(ending); });
}
