#include "contract/model.hpp"

using grapnel::F;
using model::User;

auto Sorted(const grapnel::Client& client) {
  return client.Of<User>().Query().Order(grapnel::Asc(F<&User::name>)).All();
}
