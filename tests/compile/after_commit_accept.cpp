#include "contract/model.hpp"

using model::User;

void Register(const grapnel::Mutation<User>& m) {
  m.AfterCommit([] {});
  m.AfterCommit(
      [](const grapnel::Client& client) { static_cast<void>(client.Of<User>().Query().Count()); });
}
