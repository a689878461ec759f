// expect: say in which direction: Order\(grapnel::Asc\(F<&User::name>\)\)
#include "contract/model.hpp"

using grapnel::F;
using model::User;

auto Sorted(const grapnel::Client& client) {
  return client.Of<User>().Query().Order(F<&User::name>).All();
}
