// B206: hook::Check, a rule over rows as writes leave them, on each engine.
#include "contract/fixture.hpp"
#include "support/catch.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

namespace check {

struct Customer;

struct Order {
  std::int64_t id = 0;
  std::string code;
  std::int64_t total = 0;
  std::int64_t paid = 0;
  std::optional<std::int64_t> discount{};
  bool shipped = false;
  grapnel::One<Customer> customer{};
};
struct Customer {
  std::int64_t id = 0;
  std::string name;
  grapnel::Many<Order> orders{};
};

/// Nothing is shipped that was not paid, nor to nobody.
inline bool IsSound(const Order& order) {
  const std::int64_t due = order.total - order.discount.value_or(0);
  return !order.shipped || (order.paid >= due && order.customer.ID());
}

}  // namespace check

template <>
struct grapnel::Schema<check::Order> {
  using Order = check::Order;
  static constexpr std::string_view Type = "Order";
  static constexpr auto Fields() {
    return grapnel::Fields(
        Field<&Order::code>("code").Unique(), Field<&Order::total>("total").Default(10),
        Field<&Order::paid>("paid").Default(0), Field<&Order::discount>("discount"),
        Field<&Order::shipped>("shipped").Default(false));
  }
  static constexpr auto Edges() {
    return grapnel::Edges(From<&Order::customer>("customer").Ref<&check::Customer::orders>());
  }
};
template <>
struct grapnel::Schema<check::Customer> {
  static constexpr std::string_view Type = "Customer";
  static constexpr auto Fields() { return grapnel::Fields(Field<&check::Customer::name>("name")); }
  static constexpr auto Edges() { return grapnel::Edges(To<&check::Customer::orders>("orders")); }
};

namespace {

using check::Customer;
using check::Order;
using grapnel::F;
using grapnel::Op;
using grapnel::ValidationError;
using grapnel::hook::Before;
using grapnel::hook::Check;
using Mutation = grapnel::Mutation<Order>;

struct Shop : Fixture<Order, Customer> {
  grapnel::store::HookedEntities<Order> orders = client.Of<Order>();
  Customer ada = client.Of<Customer>().Create().Set(F<&Customer::name>, "Ada").Save();

  auto Make(const std::string& code) const {
    return orders.Create().Set(F<&Order::code>, code).Set(F<&Order::customer>, ada.id);
  }
  void Refuses(auto write, Op op, std::optional<std::int64_t> id) const {
    const Lines before = Rows();
    const auto error = Thrown<ValidationError>(write);
    CHECK(error.Entity() == "Order");
    CHECK(error.Op() == op);
    CHECK(std::string_view(error.what()).find("id " + (id ? std::to_string(*id) + " " : "")) !=
          std::string_view::npos);
    CHECK(Rows() == before);
  }
  Lines Rows() const {
    return Raw("SELECT code, total, paid, discount, shipped FROM \"Order\" ORDER BY id");
  }
};

TEST_CASE("B206 a Create is checked as it is written: given, by default, and by hooks further in") {
  Shop shop;
  shop.orders.Use(Check<Order>(check::IsSound));
  const Order plain = shop.Make("a").Save();
  shop.Refuses([&] { shop.Make("b").Set(F<&Order::shipped>, true).Save(); }, Op::Create,
               plain.id + 1);
  shop.Make("c").Set(F<&Order::shipped>, true).Set(F<&Order::paid>, 10).Save();
  shop.Make("d")
      .Set(F<&Order::shipped>, true)
      .Set(F<&Order::paid>, 4)
      .Set(F<&Order::discount>, 6)
      .Save();
  CHECK_THROWS_AS(shop.orders.Create()
                      .Set(F<&Order::code>, "e")
                      .Set(F<&Order::shipped>, true)
                      .Set(F<&Order::paid>, 10)
                      .Save(),
                  ValidationError);  // to nobody
  auto further_in = shop.orders.Use(Before([](Mutation& m) { m.Set(F<&Order::shipped>, true); }));
  CHECK_THROWS_AS(shop.Make("f").Save(), ValidationError);
  CHECK(shop.Rows() == Lines{"a|10|0|NULL|0", "c|10|10|NULL|1", "d|10|4|6|1"});
}

TEST_CASE("B206 an UpdateOne is checked with what is stored, whatever it changes") {
  Shop shop;
  const Order a = shop.Make("a").Set(F<&Order::paid>, 9).Save();
  shop.orders.Use(Check<Order>(check::IsSound));
  const auto update = [&] { return shop.orders.UpdateOne(a.id); };
  shop.Refuses([&] { update().Set(F<&Order::shipped>, true).Save(); }, Op::UpdateOne, a.id);
  update().Set(F<&Order::shipped>, true).Add(F<&Order::paid>, 1).Save();
  shop.Refuses([&] { update().Add(F<&Order::paid>, -1).Save(); }, Op::UpdateOne, a.id);
  shop.Refuses([&] { update().ClearEdge(F<&Order::customer>).Save(); }, Op::UpdateOne, a.id);
  update().Set(F<&Order::discount>, 5).Add(F<&Order::paid>, -5).Save();
  shop.Refuses([&] { update().Clear(F<&Order::discount>).Save(); }, Op::UpdateOne, a.id);
  CHECK_THROWS_AS(shop.orders.UpdateOne(77).Add(F<&Order::paid>, 1).Save(), grapnel::NotFoundError);

  // A hook further in that returns another row does not deceive it.
  shop.orders.Use([](Mutation& m, grapnel::Next<Order> next) -> grapnel::Value<Order> {
    next(m);
    return Order{};
  });
  shop.Refuses([&] { update().Set(F<&Order::paid>, 0).Save(); }, Op::UpdateOne, a.id);

  // In a transaction it undoes itself alone.
  shop.client.WithTx([&](grapnel::Tx& tx) {
    tx.Of<Order>().UpdateOne(a.id).Set(F<&Order::total>, 8).Save();
    CHECK_THROWS_AS(tx.Of<Order>().UpdateOne(a.id).Set(F<&Order::paid>, 1).Save(), ValidationError);
    CHECK(tx.Of<Order>().Get(a.id).paid == 5);
  });
  CHECK(shop.Rows() == Lines{"a|8|5|5|1"});
}

/// So many orders, each of a total of its number, from 1.
void MakeMany(const Shop& shop, std::size_t count) {
  std::vector<Order> rows(count);
  for (std::size_t i = 0; i < count; ++i) {
    rows[i].code = std::to_string(i);
    rows[i].total = static_cast<std::int64_t>(i) + 1;
    rows[i].customer = grapnel::One<Customer>(shop.ada);
  }
  shop.orders.CreateBulk(rows).Save();
}

TEST_CASE("B206 of an Update each row is checked once; one that may not be so undoes all") {
  for (const std::string outer : {"none", "pins", "narrows"}) {
    CAPTURE(outer);
    Shop shop;
    MakeMany(shop, 1'000);
    if (outer == "pins") {
      shop.orders.Use(Before([](Mutation& m) { CHECK(m.OldRows().size() == 1'000); }));
    }
    std::multiset<std::int64_t> seen;
    shop.orders.Use(Check<Order>([&](const Order& order) {
      seen.insert(order.id);
      return check::IsSound(order);
    }));
    if (outer == "narrows") {
      shop.orders.Use(Before([](Mutation& m) { m.Where(F<&Order::total> > 0); }));
    }
    const auto ship = [&](std::int64_t paid) {
      seen.clear();
      return shop.orders.Update()
          .Set(F<&Order::shipped>, true)
          .Set(F<&Order::paid>, paid)
          .Where(F<&Order::shipped> == false)  // not so any more of what was written
          .Save();
    };
    shop.Refuses([&] { ship(999); }, Op::Update, 1'000);
    CHECK(seen.size() == 1'000);
    CHECK(ship(1'000) == 1'000);
    CHECK(seen.size() == 1'000);
    CHECK(std::set(seen.begin(), seen.end()).size() == 1'000);
    if (outer == "pins") continue;
    CHECK(ship(1'000) == 0);
    CHECK(seen.empty());
  }
}

TEST_CASE("B206 an upsert is checked as what it comes to") {
  Shop shop;
  int calls = 0;
  shop.orders.Use(Check<Order>([&](const Order& order) {
    ++calls;
    return check::IsSound(order);
  }));
  shop.Make("a").Set(F<&Order::paid>, 9).Save();
  calls = 0;
  const auto upsert = [&] { return shop.Make("a").Set(F<&Order::shipped>, true); };
  // Alone it would not do; with what is stored it does.
  shop.Refuses(
      [&] {
        upsert().Set(F<&Order::total>, 10).OnConflict(F<&Order::code>).UpdateNewValues().Save();
      },
      Op::UpdateOne, 1);
  upsert().Set(F<&Order::total>, 9).OnConflict(F<&Order::code>).UpdateNewValues().Save();
  CHECK(calls == 2);  // the row that is there, once
  upsert().OnConflict(F<&Order::code>).Ignore().Save();
  CHECK(calls == 2);
  shop.Refuses(
      [&] {
        upsert()
            .OnConflict(F<&Order::code>)
            .Update([](Mutation& m) { m.Add(F<&Order::paid>, -1); })
            .Save();
      },
      Op::UpdateOne, 1);
  shop.Refuses(
      [&] {
        shop.Make("b")
            .Set(F<&Order::shipped>, true)
            .OnConflict(F<&Order::code>)
            .UpdateNewValues()
            .Save();
      },
      Op::Create, {});
  CHECK(shop.Rows() == Lines{"a|9|9|NULL|1"});
}

TEST_CASE("B206 rows that a cascade or the other end of an edge changes are checked") {
  Shop shop;
  shop.orders.Use(Check<Order>(check::IsSound));
  const auto customers = shop.client.Of<Customer>();
  const Order a = shop.Make("a").Set(F<&Order::paid>, 10).Set(F<&Order::shipped>, true).Save();
  shop.Refuses([&] { customers.DeleteOne(shop.ada.id).Exec(); }, Op::Update, a.id);
  shop.Refuses([&] { customers.Delete().Exec(); }, Op::Update, a.id);
  shop.Refuses(
      [&] { customers.UpdateOne(shop.ada.id).RemoveIDs(F<&Customer::orders>, {a.id}).Save(); },
      Op::Update, a.id);
  shop.Refuses([&] { customers.UpdateOne(shop.ada.id).ClearEdge(F<&Customer::orders>).Save(); },
               Op::Update, a.id);
  CHECK(customers.Query().Count() == 1);
  const Customer bob = customers.Create().Set(F<&Customer::name>, "Bob").Save();
  shop.orders.UpdateOne(a.id).Set(F<&Order::customer>, bob.id).Save();
  shop.orders.DeleteOne(a.id).Exec();
  customers.Delete().Exec();
  CHECK(shop.Rows().empty());
}

TEST_CASE("B206 in a bulk the row that may not be so is told, and none is there") {
  Shop shop;
  shop.orders.Use(Check<Order>(check::IsSound));
  MakeMany(shop, 10);
  std::vector<Order> rows(5);
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i].code = "x" + std::to_string(i);
  rows[3].shipped = true;
  const auto error =
      Thrown<ValidationError>([&] { shop.orders.CreateBulk(std::move(rows)).Save(); });
  CHECK(error.Row() == 3);
  CHECK(shop.Rows().size() == 10);
}

TEST_CASE("B206 what the rule throws arrives as it is, and undoes the write") {
  struct NotPaid : std::runtime_error {
    using std::runtime_error::runtime_error;
  };
  Shop shop;
  const Order a = shop.Make("a").Save();
  shop.orders.Use(Check<Order>([](const Order& order) {
    if (!check::IsSound(order)) throw NotPaid(order.code);
  }));
  CHECK_THROWS_AS(shop.Make("b").Set(F<&Order::shipped>, true).Save(), NotPaid);
  CHECK_THROWS_WITH(shop.orders.UpdateOne(a.id).Set(F<&Order::shipped>, true).Save(), "a");
  CHECK_THROWS_AS(shop.orders.Update().Set(F<&Order::shipped>, true).Save(), NotPaid);
  CHECK(shop.Rows() == Lines{"a|10|0|NULL|0"});
  shop.orders.Update().Set(F<&Order::total>, 1).Save();
  CHECK(shop.Rows() == Lines{"a|1|0|NULL|0"});
}

TEST_CASE("B206 a hook may try again what the rule refused; what was not written is not checked") {
  Shop shop;
  MakeMany(shop, 3);
  int calls = 0;
  // One further out puts right what the rule does not allow.
  auto mends = shop.orders.Use([](Mutation& m, grapnel::Next<Order> next) {
    try {
      return next(m);
    } catch (const ValidationError&) {
      m.Set(F<&Order::paid>, 100);
      return next(m);
    }
  });
  shop.orders.Use(Check<Order>([&](const Order& order) {
    ++calls;
    return check::IsSound(order);
  }));
  CHECK(shop.orders.Update().Set(F<&Order::shipped>, true).Where(F<&Order::paid> == 0).Save() == 3);
  CHECK(shop.Rows() == Lines{"0|1|100|NULL|1", "1|2|100|NULL|1", "2|3|100|NULL|1"});
  shop.orders.UpdateOne(1).Set(F<&Order::total>, 1'000).Set(F<&Order::paid>, 1'000).Save();
  mends.Remove();
  calls = 0;
  shop.orders.Use(grapnel::hook::On(
      [](Mutation&, grapnel::Next<Order>) -> grapnel::Value<Order> { return 0; }, Op::Update));
  CHECK(shop.orders.Update().Set(F<&Order::paid>, 0).Save() == 0);
  CHECK(calls == 0);
  CHECK(shop.orders.Query().Where(F<&Order::paid> == 0).Count() == 0);
}

TEST_CASE("B206 rows that a hook further in leaves out stay, and are looked at as well") {
  Shop shop;
  MakeMany(shop, 4);
  std::multiset<std::int64_t> seen;
  shop.orders.Use(Check<Order>([&](const Order& order) { seen.insert(order.id); }));
  auto narrows = shop.orders.Use(Before([](Mutation& m) { m.Where(F<&Order::total> > 2); }));
  CHECK(shop.orders.Update().Set(F<&Order::paid>, 1).Save() == 2);
  CHECK(seen == std::multiset<std::int64_t>{1, 2, 3, 4});
  narrows.Remove();
  seen.clear();
  shop.orders.Use(Before([](Mutation& m) {  // but not where it pins them
    if (m.Op() != Op::Update) return;
    CHECK(m.OldRows().size() == 4);
    m.Where(F<&Order::total> > 2);
  }));
  CHECK(shop.orders.Update().Set(F<&Order::paid>, 2).Save() == 2);
  CHECK(seen == std::multiset<std::int64_t>{3, 4});
}

TEST_CASE("B206 several rules, nested and re-dispatched, and old rows behind them") {
  Shop shop;
  MakeMany(shop, 600);
  int first = 0, second = 0;
  const auto counting = [](int& calls) {
    return Check<Order>([&calls](const Order& order) {
      ++calls;
      return check::IsSound(order);
    });
  };
  bool again = true;
  shop.orders.Use(grapnel::hook::On(
      [&](Mutation& m, grapnel::Next<Order> next) {
        return std::exchange(again, false) ? m.Client().Mutate(m) : next(m);
      },
      Op::Update));
  shop.orders.Use(counting(first), counting(second));
  shop.orders.Use(grapnel::hook::On(Before([](Mutation& m) { m.WatchChanges(); }), Op::Update));
  shop.orders.Use(grapnel::hook::After([](const Mutation& m, grapnel::Value<Order>&) {
    if (m.Op() == Op::Update) CHECK(m.Changes().size() == 600);
  }));
  CHECK(shop.orders.Update().Add(F<&Order::paid>, 1).Save() == 600);
  CHECK(first == 600);
  CHECK(second == 600);
  shop.Refuses([&] { shop.orders.Update().Set(F<&Order::shipped>, true).Save(); }, Op::Update, {});
}

TEST_CASE("B206 random writes: what is stored is sound, and what is sound is stored") {
  int refused = 0;
  for (unsigned seed = 0; seed < 20; ++seed) {
    CAPTURE(seed);
    std::minstd_rand random(seed);
    const auto any = [&](int below) {
      return static_cast<std::int64_t>(random() % unsigned(below));
    };
    Shop checked, free;
    checked.orders.Use(Check<Order>(check::IsSound));
    for (int step = 0; step < 40; ++step) {
      const std::int64_t what = any(6), number = any(4), id = any(10) + 1;
      const bool shipped = any(2) != 0;
      const std::string code = std::to_string(any(8));
      const auto act = [&](const grapnel::Client& client) {
        const auto orders = client.Of<Order>();
        if (what == 0) {
          orders.Create()
              .Set(F<&Order::code>, code)
              .Set(F<&Order::paid>, number * 5)
              .Set(F<&Order::shipped>, shipped)
              .Set(F<&Order::customer>, std::int64_t{1})
              .OnConflict(F<&Order::code>)
              .UpdateNewValues()
              .Save();
        } else if (what == 1) {
          orders.UpdateOne(id).Add(F<&Order::paid>, number).Set(F<&Order::shipped>, shipped).Save();
        } else if (what == 2) {
          orders.Update().Add(F<&Order::total>, number - 2).Where(F<&Order::paid> > number).Save();
        } else if (what == 3) {
          orders.Update().Set(F<&Order::shipped>, shipped).Where(F<&Order::id> > id).Save();
        } else if (what == 4) {
          orders.UpdateOne(id).Set(F<&Order::discount>, number).Save();
        } else {
          orders.UpdateOne(id).Clear(F<&Order::discount>).Save();
        }
      };
      // What a write without a rule comes to says what the rule must do.
      const Lines before = checked.Rows();
      bool sound = true, there = true;
      free.client.WithTx([&](grapnel::Tx& tx) {
        try {
          act(tx.Client());
        } catch (const grapnel::NotFoundError&) {
          there = false;
        }
        for (const Order& order : tx.Of<Order>().Query().All()) {
          sound = sound && check::IsSound(order);
        }
        if (!sound) tx.Rollback();
      });
      if (!sound) ++refused;
      if (!there) continue;
      if (sound) {
        act(checked.client);
        REQUIRE(checked.Rows() == free.Rows());
      } else {
        REQUIRE_THROWS_AS(act(checked.client), ValidationError);
        REQUIRE(checked.Rows() == before);
      }
    }
  }
  CHECK(refused > 20);
}

}  // namespace
