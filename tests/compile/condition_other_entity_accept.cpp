#include "contract/model.hpp"

using grapnel::F;
using model::Pet;
using model::User;

void Register(const grapnel::Database<User, Pet>& client) {
  client.Of<Pet>().Use(grapnel::hook::If(grapnel::hook::Reject(grapnel::AnyOp),
                                         grapnel::hook::HasFields(F<&Pet::name>)));
}
