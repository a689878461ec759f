// B69, B83, B84: transactions inside one another, and inside mutations.
#include "contract/tx_fixture.hpp"
#include "support/catch.hpp"
#include "support/engine/traits.hpp"

#include <functional>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <utility>

using grapnel::CancelledError;
using grapnel::F;
using grapnel::Mutation;
using grapnel::Next;
using grapnel::Op;
using grapnel::Tx;
using grapnel::TxError;
using grapnel::TxOutcome;
using model::Card;
using model::User;
using namespace tx_fixture;

TEST_CASE("B69 rolling an inner transaction back keeps the outer one, and drops its AfterCommit") {
  World world{GENERATE(Place::Memory, Place::File)};
  Lines log;
  auto outer = world.client.Tx();
  const auto add = [&](Tx& tx, const char* name) {
    Add(tx, name);
    tx.AfterCommit(Note(log, name));
  };
  add(outer, "first");
  {
    auto inner = outer.Tx();
    add(inner, "dropped");
    auto innermost = inner.Tx();
    add(innermost, "kept by the innermost alone");
    innermost.Commit();
    REQUIRE(Names(inner) == Lines{"first", "dropped", "kept by the innermost alone"});
    inner.Rollback();
  }
  REQUIRE(Names(outer) == Lines{"first"});
  {
    auto inner = outer.Tx();
    add(inner, "second");
    {
      auto innermost = inner.Tx();
      add(innermost, "left without Commit");
    }
    add(inner, "third");
    inner.Commit();
  }
  add(outer, "fourth");
  REQUIRE(log == Lines{});
  outer.Commit();
  REQUIRE(log == Lines{"first", "second", "third", "fourth"});
  REQUIRE(Names(world.client) == log);
}

TEST_CASE("B69 the outer one decides over what an inner one kept") {
  World world{GENERATE(Place::Memory, Place::File)};
  Lines log;
  auto outer = world.client.Tx();
  outer.WithTx([&](Tx& inner) {
    Add(inner, "Ada");
    inner.AfterCommit(Note(log, "committed"));
    inner.AfterRollback(Note(log, "rolled back"));
  });
  REQUIRE(Names(outer) == Lines{"Ada"});
  outer.Rollback();
  REQUIRE(log == Lines{"rolled back"});
  REQUIRE(Names(world.client) == Lines{});
}

TEST_CASE("B69 WithTx returns what its body returns, and passes on what it throws") {
  World world{GENERATE(Place::Memory, Place::File)};
  const auto id = world.client.WithTx([](Tx& tx) {
    REQUIRE_THROWS_WITH(tx.WithTx([](Tx& inner) {
      Add(inner, "Ada");
      throw std::runtime_error("stop");
    }),
                        "stop");
    return tx.WithTx([](Tx& inner) { return Add(inner, "Grace"); }).id;
  });
  REQUIRE(world.client.Of<User>().Query().Only().id == id);
  REQUIRE(Names(world.client) == Lines{"Grace"});
}

TEST_CASE("B69 hooks of a nested transaction last as long as it") {
  World world{GENERATE(Place::Memory, Place::File)};
  Lines log;
  auto outer = world.client.Tx();
  outer.Of<User>().Use(Noted(log, "outer"));
  auto inner = outer.Tx();
  inner.Of<User>().Use(Noted(log, "inner"));
  Add(inner, "Ada");
  inner.Commit();
  Add(outer, "Grace");
  outer.Commit();
  Add(world.client, "Joan");
  REQUIRE(log == Lines{"outer", "inner", "outer"});
}

TEST_CASE("B68 rollback hooks of a nested transaction run once, also when the whole one dies") {
  using Way =
      std::pair<const char*, std::function<void(std::optional<Tx>&, Tx&, std::stop_source&)>>;
  const auto way = GENERATE_COPY(values<Way>({
      {"Rollback of its own", [](auto&, Tx& inner, auto&) { inner.Rollback(); }},
      {"the outer destructor", [](auto& outer, Tx&, auto&) { outer.reset(); }},
      {"cancellation",
       [](auto&, Tx& inner, std::stop_source& stop) {
         stop.request_stop();
         REQUIRE_THROWS_AS(Add(inner, "Grace"), CancelledError);
       }},
  }));
  INFO(way.first);
  World world{GENERATE(Place::Memory, Place::File)};
  Lines log;
  std::stop_source stop;
  {
    std::optional<Tx> outer = world.client.With(stop.get_token()).Tx();
    Tx inner = outer->Tx();
    inner.OnRollback(Around(log, "rollback"));
    inner.AfterRollback(Note(log, "callback"));
    Add(inner, "Ada");
    way.second(outer, inner, stop);
  }
  REQUIRE(log == Lines{"before rollback", "after rollback", "callback"});
  REQUIRE(Names(world.client) == Lines{});
}

TEST_CASE("B83 an outer transaction cannot be used or ended while an inner one is open") {
  World world{GENERATE(Place::Memory, Place::File)};
  auto outer = world.client.Tx();
  auto prepared = outer.Of<User>().Create().Set(F<&User::name>, "prepared");
  auto inner = outer.Tx();
  REQUIRE(Thrown<TxError>([&] { Add(outer, "Ada"); }).Outcome() == TxOutcome::Open);
  REQUIRE_THROWS_AS(prepared.Save(), TxError);
  REQUIRE_THROWS_AS(Names(outer), TxError);
  REQUIRE_THROWS_AS(Names(outer.Client()), TxError);
  REQUIRE_THROWS_AS(outer.Tx(), TxError);
  REQUIRE_THROWS_AS(outer.AfterCommit([] {}), TxError);
  REQUIRE_THROWS_AS(outer.OnCommit([](Tx& t, auto next) { next(t); }), TxError);
  REQUIRE_THROWS_AS(outer.Commit(), TxError);
  REQUIRE_THROWS_AS(outer.Rollback(), TxError);

  Add(inner, "Grace");  // all that did no harm
  inner.Commit();
  REQUIRE_THROWS_AS(Add(inner, "Ada"), TxError);
  REQUIRE_THROWS_AS(inner.Commit(), TxError);
  REQUIRE_THROWS_AS(inner.Rollback(), TxError);
  outer.Commit();
  REQUIRE_THROWS_AS(Names(inner), TxError);
  REQUIRE(Names(world.client) == Lines{"Grace"});
}

TEST_CASE("B83 Commit inside a running mutation is a TxError") {
  World world{GENERATE(Place::Memory, Place::File)};
  const bool nested = GENERATE(false, true);
  auto outer = world.client.Tx();
  std::optional<Tx> inner;
  if (nested) inner.emplace(outer.Tx());
  Tx& tx = nested ? *inner : outer;
  int refused = 0;
  tx.Of<User>().Use([&](Mutation<User>& m, Next<User> next) {
    for (int i = 0; i < 2; ++i) {  // before and after the write
      refused += Thrown<TxError>([&] { m.Tx().Commit(); }).Outcome() == TxOutcome::Open;
      REQUIRE_THROWS_AS(tx.Commit(), TxError);
      REQUIRE_THROWS_AS(outer.Commit(), TxError);
      if (i == 1) break;
      const auto value = next(m);
      refused += value.Entity().name == "Ada";
    }
    return grapnel::Value<User>(User{.name = "replaced"});
  });
  REQUIRE(Add(tx, "Ada").name == "replaced");
  REQUIRE(refused == 3);
  if (nested) inner->Commit();
  outer.Commit();
  REQUIRE(Names(world.client) == Lines{"Ada"});
}

TEST_CASE("B83 Rollback in a hook and then next: TxError, nothing written") {
  World world{GENERATE(Place::Memory, Place::File)};
  const std::string before = GENERATE("nothing", "a write", "a write that fails");
  INFO("before the rollback: " << before);
  Lines log;
  auto tx = world.client.Tx();
  LogEnd(tx, log);
  Add(tx, "Ada");
  tx.Of<User>().Use([&](Mutation<User>& m, Next<User> next) {
    const auto card = [&] {
      m.Client().Of<Card>().Create().Set(F<&Card::number>, "1").Set(F<&Card::in_hook>, "").Save();
    };
    if (before != "nothing") card();
    if (before == "a write that fails") REQUIRE_THROWS_AS(card(), grapnel::ConstraintError);
    m.Tx().Rollback();
    return next(m);
  });
  REQUIRE(Thrown<TxError>([&] { Add(tx, "Grace"); }).Outcome() == TxOutcome::RolledBack);
  REQUIRE(log == Lines{"hook: rolled back", "after rollback"});
  REQUIRE_THROWS_AS(tx.Commit(), TxError);
  REQUIRE(Names(world.client) == Lines{});
  REQUIRE(world.client.Of<Card>().Query().Count() == 0);
}

TEST_CASE("B83 a failed write, Rollback and then next: TxError as well") {
  World world{GENERATE(Place::Memory, Place::File)};
  auto tx = world.client.Tx();
  tx.Of<Card>().Create().Set(F<&Card::number>, "1").Set(F<&Card::in_hook>, "").Save();
  tx.Of<User>().Use([&](Mutation<User>& m, Next<User> next) {
    auto twice = m.Client().Of<Card>().Create().Set(F<&Card::number>, "1");
    REQUIRE_THROWS_AS(twice.Set(F<&Card::in_hook>, "").Save(), grapnel::ConstraintError);
    m.Tx().Rollback();
    return next(m);
  });
  REQUIRE(Thrown<TxError>([&] { Add(tx, "Ada"); }).Outcome() == TxOutcome::RolledBack);
  REQUIRE(Names(world.client) == Lines{});
}

TEST_CASE("B83 the same in a nested transaction ends that one alone") {
  World world{GENERATE(Place::Memory, Place::File)};
  const std::string before = GENERATE("nothing", "a write", "a write that fails");
  INFO("before the rollback: " << before);
  Lines log;
  auto outer = world.client.Tx();
  Add(outer, "Ada");
  outer.Of<Card>().Create().Set(F<&Card::number>, "1").Set(F<&Card::in_hook>, "").Save();
  auto inner = outer.Tx();
  inner.AfterRollback(Note(log, "inner rolled back"));
  Add(inner, "Grace");
  inner.Of<User>().Use([&](Mutation<User>& m, Next<User> next) {
    const auto card = [&](const char* number) {
      m.Client()
          .Of<Card>()
          .Create()
          .Set(F<&Card::number>, number)
          .Set(F<&Card::in_hook>, "")
          .Save();
    };
    if (before == "a write") card("2");
    if (before == "a write that fails") REQUIRE_THROWS_AS(card("1"), grapnel::ConstraintError);
    m.Tx().Rollback();
    return next(m);
  });
  REQUIRE_THROWS_AS(Add(inner, "Joan"), TxError);
  REQUIRE_THROWS_AS(inner.Commit(), TxError);
  REQUIRE(outer.Of<Card>().Query().Count() == 1);
  Add(outer, "Edsger");
  outer.Commit();
  REQUIRE(log == Lines{"inner rolled back"});
  REQUIRE(Names(world.client) == Lines{"Ada", "Edsger"});
}

TEST_CASE(
    "B83 a nested transaction that a hook leaves open is rolled back with the end of the hook") {
  World world{GENERATE(Place::Memory, Place::File)};
  std::optional<Tx> left;
  world.client.Of<User>().Use([&](Mutation<User>& m, Next<User> next) {
    auto value = next(m);
    left.emplace(m.Client().Tx());
    left->Of<Card>().Create().Set(F<&Card::number>, "1").Set(F<&Card::in_hook>, "").Save();
    return value;
  });
  world.client.WithTx([&](Tx& tx) {
    Add(tx, "Ada");
    REQUIRE_THROWS_AS(left->Commit(), TxError);
    REQUIRE(tx.Of<Card>().Query().Count() == 0);
  });
  REQUIRE_THROWS_AS(left->Commit(), TxError);
  REQUIRE(Names(world.client) == Lines{"Ada"});
}

TEST_CASE("B84 m.Client().WithTx nests, in an explicit and in an implicit transaction") {
  World world{GENERATE(Place::Memory, Place::File)};
  const bool explicitly = GENERATE(false, true);
  Lines log;
  world.client.Of<User>().Use(grapnel::hook::On(
      [&](Mutation<User>& m, Next<User> next) {
        const auto card = [&](bool fail) {
          m.Client().WithTx([&](Tx& tx) {
            tx.AfterCommit(Note(log, fail ? "never" : "card committed"));
            tx.Of<Card>()
                .Create()
                .Set(F<&Card::number>, fail ? "2" : "1")
                .Set(F<&Card::in_hook>, *m.Get(F<&User::name>))
                .Save();
            if (fail) throw std::runtime_error("no second card");
          });
        };
        card(false);
        REQUIRE_THROWS_WITH(card(true), "no second card");
        auto value = next(m);
        if (value.Entity().name == "bad") throw std::runtime_error("no bad users");
        return value;
      },
      Op::Create));
  const auto add = [&](const char* name) {
    explicitly ? world.client.WithTx([&](Tx& tx) { Add(tx, name); })
               : static_cast<void>(Add(world.client, name));
  };
  REQUIRE_THROWS_WITH(add("bad"), "no bad users");
  REQUIRE(world.client.Of<Card>().Query().Count() == 0);
  REQUIRE(log == Lines{});
  add("Ada");
  const Card card = world.client.Of<Card>().Query().Only();
  REQUIRE(card.number == "1");
  REQUIRE(card.in_hook == "Ada");
  REQUIRE(log == Lines{"card committed"});
  REQUIRE(Names(world.client) == Lines{"Ada"});
}

TEST_CASE("B82 the AfterRollback callbacks of an inner Tx run in the order they were added") {
  const auto client = engine::Open<model::User>(":memory:");
  client.Migrate();
  std::vector<int> ran;
  auto tx = client.Tx();
  {
    auto inner = tx.Tx();
    for (const int i : {1, 2, 3}) inner.AfterRollback([&ran, i] { ran.push_back(i); });
  }
  REQUIRE(ran.empty());
  tx.Commit();
  REQUIRE(ran == std::vector<int>{1, 2, 3});
}

TEST_CASE("B127 a nested transaction that cannot be kept is undone, and the outer one goes on") {
  World world{GENERATE(Place::Memory, Place::File)};
  const bool always = GENERATE(false, true);
  const bool hooked = GENERATE(false, true);
  if (hooked) {
    world.client.Of<User>().Use([](Mutation<User>& m, Next<User> next) { return next(m); });
  }
  bool fails = false;
  const auto traced = world.client.Debug([&](std::string_view sql) {
    if (!fails || !sql.starts_with("RELEASE")) return;
    fails = always;
    throw std::runtime_error("no release");
  });
  Lines log;
  auto outer = traced.Tx();
  Add(outer, "kept");
  for (int i = 0; i < 2; ++i) {
    auto inner = outer.Tx();
    inner.OnRollback([&](Tx& tx, auto next) {
      next(tx);
      log.push_back("rolled back");
    });
    inner.AfterCommit(Note(log, "never"));
    Add(inner, "lost");
    fails = true;
    REQUIRE_THROWS_WITH(inner.Commit(), "no release");
    fails = false;
    REQUIRE_THROWS_AS(inner.Rollback(), TxError);
    // Nothing is read here: for what reads there may be a savepoint, which the next one shares.
  }
  REQUIRE(Names(outer) == Lines{"kept"});
  outer.WithTx([](Tx& inner) { Add(inner, "kept too"); });
  REQUIRE(Names(outer) == Lines{"kept", "kept too"});
  outer.Commit();
  REQUIRE(Names(world.client) == Lines{"kept", "kept too"});
}

TEST_CASE("B167 a tracer cannot end the transaction whose statement it is told of") {
  World world{GENERATE(Place::Memory, Place::File)};
  std::optional<Tx> tx;
  const std::string at = GENERATE("INSERT", "SELECT", "UPDATE");
  const bool commits = GENERATE(false, true);
  int refused = 0;
  const auto traced = world.client.Debug([&](std::string_view sql) {
    if (!tx || !sql.starts_with(at)) return;
    try {
      commits ? tx->Commit() : tx->Rollback();
    } catch (const TxError&) {
      ++refused;
    }
  });
  tx.emplace(traced.Tx());
  const User ada = Add(*tx, "Ada");
  tx->Of<User>().UpdateOne(ada.id).Set(F<&User::age>, 3).Save();
  REQUIRE(Names(*tx) == Lines{"Ada"});
  REQUIRE(refused > 0);
  tx->Commit();
  REQUIRE(Names(world.client) == Lines{"Ada"});
}
