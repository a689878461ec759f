// expect: hook::Before returns void
#include "contract/model.hpp"

using model::User;

void Register(const grapnel::Database<User>& client) {
  client.OnCommit(grapnel::hook::Before([](grapnel::Tx&) { return false; }));
}
