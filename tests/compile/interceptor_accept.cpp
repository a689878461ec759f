// B141: interceptors that are none say what to write.
#include "contract/model.hpp"

using grapnel::F;
using model::Pet;
using model::User;
namespace hook = grapnel::hook;

void Register(const grapnel::Database<User, Pet>& client) {
  const auto users = client.Of<User>();
  users.Intercept([](grapnel::Reading<User>& r, grapnel::NextRead<User> next) { return next(r); });
  users.Intercept(hook::Before([](grapnel::Reading<User>& r) { r.AtMost(3); }));
  users.Intercept(hook::Before([](auto& r) { r.Where(F<&User::age> > 3); }));
  users.Intercept(hook::After([](const grapnel::Reading<User>&, grapnel::Found<User>&) {}));
  client.Intercept(hook::Before([](grapnel::AnyReading& r) { r.AtMost(3); }));
}
