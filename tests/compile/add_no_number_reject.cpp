// expect: Add is for numbers: Set the field instead
#include "contract/model.hpp"

using grapnel::F;
using model::User;

void Raise(const grapnel::Database<User>& client) {
  client.Of<User>().Update().Add(F<&User::active>, 1).Save();
}
