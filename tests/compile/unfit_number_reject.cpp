// A default that the field's type does not hold, and an id with a fraction.
// expect: this Default does not fit the field: its type holds smaller numbers, or none below 0
// expect: Default takes a value of the field.s type
// expect: round it first, as in std::llround\(x\), or make the member a double
// expect: unfit_number_reject\.cpp:22
// expect: unfit_number_reject\.cpp:23
// expect: unfit_number_reject\.cpp:24
// expect: unfit_number_reject\.cpp:28
// expect: unfit_number_reject\.cpp:29
// expect: unfit_number_reject\.cpp:30
// expect: unfit_number_reject\.cpp:32

#include "contract/graph_model.hpp"
using graph::Card;
using graph::Pet;
using graph::User;

struct Gauge {
  std::int64_t id = 0;
  std::uint8_t stock = 0;
};
constexpr auto stock = grapnel::Field<&Gauge::stock>("stock").Default(300);
constexpr auto below = grapnel::Field<&Gauge::stock>("stock").UpdateDefault(-1);
constexpr auto called = grapnel::Field<&Gauge::stock>("stock").Default([] { return 0.5; });

void Change(const grapnel::Database<User, Card, Pet>& client, const double real) {
  const auto users = client.Of<User>();
  users.Get(1.5);
  static_cast<void>(users.Find(1.5F));
  users.UpdateOne(1.5L).Save();
  users.DeleteOne(1.9).Exec();
  client.Of<Card>().Create().Set(grapnel::F<&Card::owner>, real).Save();
  static_cast<void>(stock.Traits().name.size() + below.Traits().name.size() +
                    called.Traits().name.size());
}
