// expect: this predicate is about another entity type
#include "contract/model.hpp"

using grapnel::F;
using model::Pet;
using model::User;

void Delete(const grapnel::Database<User, Pet>& client) {
  client.Of<Pet>().Delete().Where(F<&User::name> == "Rex").Exec();
}
