// B87: a view takes no hooks.
#include "contract/model.hpp"

using model::User;

void Register(const grapnel::Database<User>& client) {
  const auto hook = []<class E>(grapnel::Mutation<E>& m, grapnel::Next<E> next) { return next(m); };
  client.Use(hook);
}
