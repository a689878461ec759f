#include "contract/model.hpp"

using model::User;

void Look(const grapnel::Client& client) {
  client.Of<User>().Query().ForEach([](const User& user) { static_cast<void>(user.age); });
}
