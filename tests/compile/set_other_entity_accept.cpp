#include "contract/model.hpp"

using grapnel::F;
using model::Pet;
using model::User;

void Create(const grapnel::Database<User, Pet>& client) {
  client.Of<Pet>().Create().Set(F<&Pet::name>, "Rex").Save();
}
