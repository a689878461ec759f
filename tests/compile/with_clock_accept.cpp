#include "contract/model.hpp"

#include <chrono>

using model::User;

void Call(const grapnel::Database<User>& client, std::chrono::sys_seconds until) {
  static_cast<void>(client.With(until).Of<User>().Query().Count());
}
