// A real is not cut off to a whole number without a word.
// expect: compare it with a whole number, as in F<&User::age> < 1 in place of 0.5
// expect: round it first, as in std::llround\(x\), or make the member a double
// expect: Default takes a value of the field.s type
// expect: fraction_reject\.cpp:20
// expect: fraction_reject\.cpp:25
// expect: fraction_reject\.cpp:26
// expect: fraction_reject\.cpp:27
// expect: fraction_reject\.cpp:28
// expect: fraction_reject\.cpp:29
// expect: fraction_reject\.cpp:30
// expect: fraction_reject\.cpp:31
#include "contract/graph_model.hpp"

using graph::Card;
using graph::Pet;
using graph::User;
using grapnel::F;

constexpr auto age = grapnel::Field<&User::age>("age").Default(0.5);

void Change(const grapnel::Database<User, Card, Pet>& client, grapnel::Mutation<User>& m,
            const double real) {
  const auto users = client.Of<User>();
  users.Query().Where(F<&User::age> < 0.5F).All();
  users.Query().Where(real != F<&User::age>).All();
  users.Query().Where(F<&User::age>.In(1, 2.5)).All();
  users.Query().Where(F<&User::age>.In(std::vector<float>{2.5F})).All();
  users.Update().Set(F<&User::age>, real).Add(F<&User::age>, 0.5).Save();
  m.Set(F<&User::age>, 3.7F);
  m.Add(F<&User::age>, 0.5L);
  static_cast<void>(age);
}
