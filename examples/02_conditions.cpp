// Conditions: the helpers that say when a hook runs. Each is made of simpler ones: On(h, ops) is
// If(h, HasOp(ops)), Unless is If(h, Not(HasOp(ops))), Reject(ops) is On with a hook that throws.
//
// Output:
//   [seen Create] create: done
//   update-many of the balance: done
//   update-many of the pin: refused, a pin is changed one account at a time
//   update-many that clears the pin: refused, a pin is changed one account at a time
//   [seen UpdateOne] update-one of the pin: done
//   [deposit of 5] [seen UpdateOne] deposit: done
//   delete-many: refused, Account: Delete is not allowed
//   [seen DeleteOne] delete-one: done

#include <grapnel/grapnel.hpp>

#include <fmt/format.h>

#include <cstdint>
#include <exception>
#include <optional>
#include <string>

using grapnel::F;
using grapnel::Op;

struct Account {
  std::int64_t id = 0;
  std::string owner;
  std::optional<std::string> pin{};
  std::int64_t balance = 0;
};

template <>
struct grapnel::Schema<Account> {
  static constexpr std::string_view Type = "Account";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&Account::owner>("owner"), Field<&Account::pin>("pin").Sensitive(),
                           Field<&Account::balance>("balance").Default(0));
  }
};

using Accounts = grapnel::Mutation<Account>;

template <class Action>
void Try(const char* what, Action action) {
  try {
    action();
    fmt::print("{}: done\n", what);
  } catch (const std::exception& error) {
    fmt::print("{}: refused, {}\n", what, error.what());
  }
}

int main() {
  namespace hook = grapnel::hook;
  auto client = grapnel::Open<Account>(":memory:");
  client.Migrate();
  const auto accounts = client.Of<Account>();

  const auto deposit = hook::Before(
      [](Accounts& m) { fmt::print("[deposit of {}] ", *m.Added(F<&Account::balance>)); });
  const auto seen = hook::Before([](Accounts& m) { fmt::print("[seen {}] ", m.Op()); });

  const auto touches_pin =
      hook::Or(hook::HasFields(F<&Account::pin>), hook::HasClearedFields(F<&Account::pin>));
  const auto adds = hook::HasAddedFields(F<&Account::balance>);

  accounts.Use(hook::Reject(Op::Delete));
  accounts.Use(hook::If(hook::FixedError("a pin is changed one account at a time"),
                        hook::And(hook::HasOp(Op::Update), touches_pin)));
  accounts.Use(hook::On(hook::If(deposit, adds), Op::UpdateOne));
  accounts.Use(hook::Unless(seen, Op::Update));

  Try("create", [&] { accounts.Create().Set(F<&Account::owner>, "Ada").Save(); });
  Try("update-many of the balance", [&] { accounts.Update().Set(F<&Account::balance>, 1).Save(); });
  Try("update-many of the pin", [&] { accounts.Update().Set(F<&Account::pin>, "1234").Save(); });
  Try("update-many that clears the pin", [&] { accounts.Update().Clear(F<&Account::pin>).Save(); });
  Try("update-one of the pin", [&] { accounts.UpdateOne(1).Set(F<&Account::pin>, "1234").Save(); });
  Try("deposit", [&] { accounts.UpdateOne(1).Add(F<&Account::balance>, 5).Save(); });
  Try("delete-many", [&] { accounts.Delete().Exec(); });
  Try("delete-one", [&] { accounts.DeleteOne(1).Exec(); });
}
