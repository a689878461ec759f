// B141: interceptors that are none say what to write.
// expect: this is no interceptor for this type
// expect: take the reading by reference
// expect: end it with `return next\(r\);`
// expect: an interceptor is called const
// expect: this predicate is about another entity type
// expect: RegisterHooksOnTheDatabaseInstead
// expect: what is given to hook::After returns void
// expect: HasOp, On and Unless are about a subject with an Op
// expect: hook::Before takes a function of the mutation, the reading
// expect: next takes what the hook itself was given, by a reference that is not const
// expect: an interceptor lowers the number of rows and never raises it
// expect: goes to Intercept\. See examples/01_first_hook
// expect: One of the reading goes to Intercept, one of the mutation to Use
#include "contract/model.hpp"

using grapnel::F;
using model::Pet;
using model::User;
namespace hook = grapnel::hook;

void Register(const grapnel::Database<User, Pet>& client) {
  const auto users = client.Of<User>();
  users.Intercept([](grapnel::Reading<Pet>& r, grapnel::NextRead<Pet> next) { return next(r); });
  users.Intercept([](grapnel::Reading<User> r, grapnel::NextRead<User> next) { return next(r); });
  users.Intercept([](grapnel::Reading<User>& r, grapnel::NextRead<User> next) { next(r); });
  users.Intercept([n = 0](grapnel::Reading<User>& r, grapnel::NextRead<User> next) mutable {
    return ++n, next(r);
  });
  users.Intercept(hook::Before([](auto& r) { r.Where(F<&Pet::name> == ""); }));
  users.Intercept(hook::After([](const auto&, grapnel::Found<User>&) { return false; }));
  users.Intercept(hook::On(hook::Before([](auto& r) { r.AtMost(3); }), grapnel::Op::Update));
  users.Intercept(hook::Before([](grapnel::Reading<Pet>& r) { r.AtMost(3); }));
  users.Intercept([](const auto& r, auto next) { return next(r); });
  users.Intercept(hook::Before([](auto& r) { r.Limit(3); }));
  client.Use([](grapnel::Reading<User>& r, grapnel::NextRead<User> next) { return next(r); });
  users.Use(hook::Before([](grapnel::Reading<User>& r) { r.AtMost(3); }));
  client.With(42).Of<User>().Intercept(hook::Before([](auto&) {}));
}
