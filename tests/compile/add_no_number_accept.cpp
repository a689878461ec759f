#include "contract/model.hpp"

using grapnel::F;
using model::User;

void Raise(const grapnel::Database<User>& client) {
  client.Of<User>().Update().Add(F<&User::worth>, 1).Save();
}
