// expect: to leave early, write for
#include "contract/model.hpp"

using model::User;

void Look(const grapnel::Client& client) {
  client.Of<User>().Query().ForEach([](const User& user) { return user.age > 3; });
}
