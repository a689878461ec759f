// expect: this member is not a field of this entity: name it in Schema<\.\.\.>::Fields\(\)
#include "contract/model.hpp"

using grapnel::F;
using model::Pet;
using model::User;

void Register(const grapnel::Database<User, Pet>& client) {
  client.Of<Pet>().Use(grapnel::hook::If(grapnel::hook::Reject(grapnel::AnyOp),
                                         grapnel::hook::HasFields(F<&User::name>)));
}
