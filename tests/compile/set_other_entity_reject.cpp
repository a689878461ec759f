// expect: this member is not a field of this entity: name it in Schema<\.\.\.>::Fields\(\)
#include "contract/model.hpp"

using grapnel::F;
using model::Pet;
using model::User;

void Create(const grapnel::Database<User, Pet>& client) {
  client.Of<Pet>().Create().Set(F<&User::name>, "Rex").Save();
}
