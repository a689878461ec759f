// B87: a view takes no hooks.
// expect: RegisterHooksOnTheDatabaseInstead
#include "contract/model.hpp"

using model::User;

void Register(const grapnel::Database<User>& client) {
  const auto hook = []<class E>(grapnel::Mutation<E>& m, grapnel::Next<E> next) { return next(m); };
  client.With(42).Use(hook);
}
