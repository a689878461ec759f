// expect: With takes what a call asks, not what stops it
// expect: source.get_token()
#include "contract/model.hpp"

#include <stop_token>

using model::User;

void Call(const grapnel::Database<User>& client, const std::stop_source& source) {
  static_cast<void>(client.With(source).Of<User>().Query().Count());
}
