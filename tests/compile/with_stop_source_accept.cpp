#include "contract/model.hpp"

#include <stop_token>

using model::User;

void Call(const grapnel::Database<User>& client, const std::stop_source& source) {
  static_cast<void>(client.With(source.get_token()).Of<User>().Query().Count());
}
