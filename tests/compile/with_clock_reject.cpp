// expect: a deadline is a time point of a clock that runs
#include "contract/model.hpp"

#include <chrono>

using model::User;

void Call(const grapnel::Database<User>& client, std::chrono::local_seconds until) {
  static_cast<void>(client.With(until).Of<User>().Query().Count());
}
