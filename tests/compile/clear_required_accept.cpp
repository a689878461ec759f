#include "contract/model.hpp"

using grapnel::F;
using model::User;

void Forget(const grapnel::Database<User>& client) {
  client.Of<User>().UpdateOne(1).Clear(F<&User::nickname>).Save();
}
