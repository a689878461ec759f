// expect: a callback takes nothing or a client
#include "contract/model.hpp"

using model::User;

void Register(const grapnel::Mutation<User>& m) {
  m.AfterCommit([](grapnel::Tx&) {});
}
