// B241: which events are written, on each engine.
#include <grapnel/extras/outbox/publish.hpp>

#include "contract/fixture.hpp"
#include "contract/outbox_model.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <cstdint>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace outboxed;

namespace {

struct Published : Outbox {
  Published() { Users().Use(Publisher()); }
};

struct Stop : std::runtime_error {
  using runtime_error::runtime_error;
};

}  // namespace

TEST_CASE_METHOD(Published, "B241 every Op tells of each row that it changed, as it was and is") {
  const User ada = Make("Ada", 1);
  CHECK(New() == Lines{"1#1 Create ->Ada1"});
  Age(1);
  CHECK(New() == Lines{"1#2 UpdateOne Ada1>Ada2"});
  Users().UpdateOne(1).Set(F<&User::name>, "Ada").Save();
  CHECK(New().empty());  // nothing has changed
  Users().CreateBulk({{.name = "Bob"}, {.name = "Cy", .age = 5}}).Save();
  CHECK(New() == Lines{"2#1 Create ->Bob0", "3#1 Create ->Cy5"});
  Users().Update().Where(F<&User::age> > 0).Set(F<&User::age>, 5).Save();
  CHECK(New() == Lines{"1#3 Update Ada2>Ada5"});  // Cy was 5
  Users().Create({.name = "Bob", .age = 7}).OnConflict(F<&User::name>).UpdateNewValues().Save();
  CHECK(New() == Lines{"2#2 UpdateOne Bob0>Bob7"});
  Users().Create({.name = "Bob", .age = 8}).OnConflict(F<&User::name>).Ignore().Save();
  CHECK(New().empty());
  Users().Create({.name = "Di"}).OnConflict(F<&User::name>).UpdateNewValues().Save();
  CHECK(New().size() == 1);
  Users().DeleteOne(2).Exec();
  CHECK(New() == Lines{"2#3 DeleteOne Bob7>-"});
  Users().Delete().Where(F<&User::age> == 5).Exec();
  CHECK(New() == Lines{"1#4 Delete Ada5>-", "3#2 Delete Cy5>-"});
  Users().Delete().Where(F<&User::age> == 99).Exec();
  CHECK(New().empty());
  CHECK(Counted("1") == 4);
  CHECK(LaneOf("1").waiting);
}

TEST_CASE_METHOD(Outbox, "B241 rows that stay as they are are told of where that is asked for") {
  Users().Use(Publisher().AlsoUnchanged());
  Make("Ada", 1);
  Users().UpdateOne(1).Set(F<&User::name>, "Ada").Save();
  Users().Update().Set(F<&User::age>, 1).Save();
  CHECK(All() == Lines{"1#1 Create ->Ada1", "1#2 UpdateOne Ada1>Ada1", "1#3 Update Ada1>Ada1"});
}

TEST_CASE_METHOD(Published, "B241 cascades and edges of the same type are told of, each row once") {
  Make("Boss");
  Users().Create({.name = "Ada"}).Set(F<&User::boss>, 1).Save();
  Users().Create({.name = "Bob"}).Set(F<&User::boss>, 2).Save();
  New();
  Users().DeleteOne(1).Exec();
  CHECK(New() == Lines{"1#2 DeleteOne Boss0>-", "2#2 Delete Ada0>-", "3#2 Delete Bob0>-"});
}

TEST_CASE_METHOD(Outbox, "B241 what is undone was never told") {
  bool fails = false;
  Users().Use(grapnel::hook::After([&](const Mutation<User>&, Value<User>&) {
    if (fails) throw Stop("outside");
  }));
  Users().Use(Publisher());
  Make("Ada");
  fails = true;
  CHECK_THROWS_AS(Age(1), Stop);
  fails = false;
  CHECK_THROWS_AS(client.WithTx([&](grapnel::Tx& tx) {
    tx.Of<User>().UpdateOne(1).Set(F<&User::age>, 5).Save();
    throw Stop("the caller");
  }),
                  Stop);
  client.WithTx([&](grapnel::Tx& tx) {
    tx.Of<User>().UpdateOne(1).Set(F<&User::age>, 6).Save();
    try {
      tx.WithTx([&](grapnel::Tx& inner) {
        inner.Of<User>().UpdateOne(1).Set(F<&User::age>, 7).Save();
        throw Stop("a savepoint");
      });
    } catch (const Stop&) {
    }
    tx.Of<User>().UpdateOne(1).Set(F<&User::age>, 8).Save();
  });
  CHECK(All() == Lines{"1#1 Create ->Ada0", "1#2 UpdateOne Ada0>Ada6", "1#3 UpdateOne Ada6>Ada8"});
  CHECK(Counted("1") == 3);
  CHECK(Pending("1") == 3);
}

TEST_CASE_METHOD(Published, "B241 hooks that write the row again are told of once, at the end") {
  int mode = 0;
  Users().Use([&](Mutation<User>& m, Next<User> next) {
    const bool is_first = m.Cause() == grapnel::Cause::Caller;
    const auto again = [&](std::int64_t age) {
      m.Client().Of<User>().UpdateOne(1).Set(F<&User::age>, age).Save();
    };
    if (is_first && mode == 2) again(50);
    auto value = next(m);
    if (!is_first) return value;
    if (mode == 1) again(40);
    if (mode == 3) m.Client().Of<User>().DeleteOne(*m.ID()).Exec();
    if (mode == 4) {
      try {
        m.Client().WithTx([&](grapnel::Tx& tx) {
          tx.Of<User>().UpdateOne(1).Set(F<&User::age>, 60).Save();
          throw Stop("undone");
        });
      } catch (const Stop&) {
      }
    }
    if (mode == 5) m.Client().Of<User>().UpdateOne(2).Set(F<&User::age>, 9).Save();
    return value;
  });
  mode = 1;
  Make("Ada");
  CHECK(New() == Lines{"1#1 Create ->Ada40"});
  mode = 2;
  Age(1);
  CHECK(New() == Lines{"1#2 UpdateOne Ada40>Ada51"});
  mode = 3;
  Make("Gone");
  CHECK(New().empty());
  mode = 4;
  Age(1);
  CHECK(New() == Lines{"1#3 UpdateOne Ada51>Ada52"});
  mode = 0;
  const User bob = Make("Bob");
  Age(1);
  CHECK(New().size() == 2);
  if (bob.id != 2) return;  // an id is not used again
  mode = 5;
  Age(1);
  CHECK(New().size() == 2);
}

TEST_CASE_METHOD(Published, "B241 a mutation that is run again, or kept from happening") {
  int mode = 0;
  Users().Use([&](Mutation<User>& m, Next<User> next) -> Value<User> {
    if (mode == 1 && m.Op() == Op::DeleteOne) {
      m.SetOp(Op::UpdateOne);
      m.Set(F<&User::age>, 99);
      return m.Client().Mutate(m);
    }
    if (mode == 2 && m.Op() == Op::DeleteOne) return 0;
    if (mode == 3 && m.Op() == Op::DeleteOne) {
      m.SetOp(Op::UpdateOne);
      m.Set(F<&User::age>, 98);
    }
    return next(m);
  });
  Make("Ada", 1);
  New();
  mode = 1;
  Users().DeleteOne(1).Exec();
  CHECK(New() == Lines{"1#2 UpdateOne Ada1>Ada99"});
  mode = 2;
  Users().DeleteOne(1).Exec();
  CHECK(New().empty());
  mode = 3;
  Users().DeleteOne(1).Exec();
  CHECK(New() == Lines{"1#3 UpdateOne Ada99>Ada98"});
}

TEST_CASE_METHOD(Published, "B241 what is changed and changed back is told by nobody") {
  bool goes_on = false;
  Users().Use(grapnel::hook::After([&](const Mutation<User>& m, Value<User>&) {
    if (m.Cause() != grapnel::Cause::Caller || m.Op() == Op::Create) return;
    const auto users = m.Client().Of<User>();
    users.UpdateOne(1).Set(F<&User::age>, 7).Save();
    if (goes_on) users.UpdateOne(1).Set(F<&User::name>, "Eve").Save();
  }));
  Make("Ada", 7);
  New();
  Users().UpdateOne(1).Set(F<&User::age>, 8).Save();
  CHECK(New().empty());
  goes_on = true;
  Users().UpdateOne(1).Set(F<&User::age>, 9).Save();
  CHECK(New() == Lines{"1#2 UpdateOne Ada7>Eve7"});
}

TEST_CASE_METHOD(Published,
                 "B241 what Mutate has carried out, and a hook has undone, is told by nobody") {
  int mode = 0;
  Users().Use([&](Mutation<User>& m, Next<User> next) -> Value<User> {
    if (mode == 0 || m.Cause() != grapnel::Cause::Caller) return next(m);
    const int now = std::exchange(mode, 0);
    try {
      m.Client().WithTx([&](grapnel::Tx& tx) {
        tx.Client().Mutate(m);
        if (now == 1) throw Stop("undone");
      });
    } catch (const Stop&) {
    }
    if (m.Op() == Op::Update || m.Op() == Op::Delete) return 0;
    return User{.id = 77, .name = "of the hook"};
  });
  Make("Ada", 1);
  New();
  for (const int each : {1, 2}) {
    mode = each;
    Users().UpdateOne(1).Set(F<&User::age>, 2).Save();
    mode = each;
    Users().Update().Set(F<&User::age>, 3).Save();
    mode = each;
    Users().Create({.name = "Bob"}).Save();
    mode = each;
    Users().Delete().Where(F<&User::name> == "Bob").Exec();
    const Lines lines = New();
    CHECK(lines.size() == (each == 1 ? 0 : 4));
  }
}

TEST_CASE_METHOD(Outbox, "B241 a write that does not happen is told by nobody") {
  Users().Use(Publisher().AlsoUnchanged());
  Make("Ada", 1);
  Users().Use(grapnel::hook::On([](Mutation<User>&, Next<User>) -> Value<User> { return 0; },
                                Op::Delete | Op::DeleteOne));
  Users().DeleteOne(1).Exec();
  Users().Delete().Exec();
  CHECK(All().size() == 1);
}

TEST_CASE_METHOD(Outbox, "B241 a Create that has met a row is told by its update alone") {
  Users().Use(grapnel::hook::On(Publisher(), Op::Create));
  Make("Ada", 1);
  Users().Create({.name = "Ada", .age = 2}).OnConflict(F<&User::name>).UpdateNewValues().Save();
  CHECK(Users().Get(1).age == 2);
  CHECK(All() == Lines{"1#1 Create ->Ada1"});
}

TEST_CASE_METHOD(Outbox, "B241 it is a hook like any other, with keys and sinks of its own") {
  using grapnel::hook::On;
  Users().Use(On(outbox::Publish<User>("user.made")
                     .To("search", "mail")
                     .Key([](const auto& change) { return "team " + change.New()->name; })
                     .Payload([](const auto& change) { return change.New()->name; }),
                 Op::Create));
  Make("Ada");
  Age(1);
  CHECK(All() == Lines{"team Ada#1 Ada"});
  CHECK(All("search") == Lines{"team Ada#1 Ada"});
  const Event event = client.Of<Event>().Query().Where(F<&Event::sink> == "mail").Only();
  CHECK(event.type == "user.made");
  CHECK(event.committed_at <= Clock::Now());
  const std::string hooks = fmt::format("{}", client.Explain<User>(Op::Create));
  CHECK(hooks.find("user.made") != std::string::npos);
}

TEST_CASE_METHOD(Outbox, "B241 what a rule says of the tables does not stop the outbox") {
  const auto nobody = [](auto&) { return grapnel::guard::Deny("nobody"); };
  client.Of<Event>().Guard(nobody);
  client.Of<Lane>().Guard(nobody);
  Users().Use(Publisher());
  Make("Ada");
  const auto all = client.With(grapnel::guard::Decide(grapnel::guard::Allow));
  CHECK(all.Of<Event>().Query().Count() == 1);
  CHECK_THROWS_AS(client.Of<Event>().Query().Count(), grapnel::PolicyError);
}

TEST_CASE_METHOD(Outbox, "B241 bad input is refused, and undoes the write") {
  using outbox::Publish;
  CHECK_THROWS_AS(Publish<User>(""), grapnel::Error);
  CHECK_THROWS_AS(Publish<User>("x").To(""), grapnel::Error);
  CHECK_THROWS_WITH(
      Publish<User>("x").To("a", outbox::CounterOf("mail")),
      "extras::outbox::Publish: the name of a sink may not begin with the character \\x1f");
  CHECK_THROWS_WITH(Publish<User>("x").To(std::string(201, 'm')),
                    "extras::outbox::Publish: the name of a sink is longer than 200 bytes");
  CHECK_THROWS_AS(Publish<User>("x").To("a", "a"), grapnel::Error);
  CHECK_THROWS_AS(Publish<User>("x").To("a").To("a"), grapnel::Error);
  {
    auto handle = Users().Use(Publish<User>("x").Payload(Told()));
    CHECK_THROWS_AS(Make("Ada"), grapnel::Error);  // to no sink
    handle.Remove();
  }
  auto handle = Users().Use(Publish<User>("x").To("mail").Payload(
      [](const auto&) -> std::string { throw Stop("payload"); }));
  CHECK_THROWS_AS(Make("Ada"), Stop);
  handle.Remove();
  CHECK(Users().Query().Count() == 0);
  CHECK(All().empty());
  const Scratch elsewhere;
  const auto other = engine::Open<User>(elsewhere.File("other.db"));
  other.Migrate();
  other.Of<User>().Use(Publisher());
  CHECK_THROWS_AS(other.Of<User>().Create({.name = "Ada"}).Save(), grapnel::Error);
  CHECK(other.Of<User>().Query().Count() == 0);
}

TEST_CASE_METHOD(Outbox, "B241 B242 one hook in two databases tells each of its own rows") {
  const Scratch elsewhere;
  const auto other = engine::Open<User, Event, Lane>(elsewhere.File("other.db"));
  other.Migrate();
  const grapnel::Hook<User> publish = Publisher();
  Users().Use(publish);
  other.Of<User>().Use(publish);
  Users().Use(grapnel::hook::After([&](const Mutation<User>&, Value<User>& value) {
    other.Of<User>().Create({.name = value.Entity().name + "'s copy"}).Save();
  }));
  Make("Ada");
  CHECK(All() == Lines{"1#1 Create ->Ada0"});
  CHECK(other.Of<Event>().Query().Only().payload == "Create ->Ada's copy0");
}

TEST_CASE_METHOD(Outbox, "B241 B243 rows of one mutation that share a key are counted at once") {
  constexpr std::int64_t kRows = 2500;
  std::vector<User> rows;
  for (std::int64_t i = 1; i <= kRows; ++i) rows.push_back({.name = std::to_string(i), .age = i});
  Users().CreateBulk(std::move(rows)).Save();
  const auto large = [](std::int64_t age) { return age % 1000 == 3; };
  Users().Use(outbox::Publish<User>("user.changed")
                  .To("mail", "copies")
                  .Key([](const auto& change) { return change.New()->age == 1 ? "one" : "all"; })
                  .Payload([&](const auto& change) {
                    const std::int64_t age = change.New()->age;
                    return std::to_string(age) + std::string(large(age) ? 1 << 20 : 0, '.');
                  }));
  std::int64_t counted = 0;
  const auto handle = client.Of<Lane>().Use(
      grapnel::hook::On(grapnel::hook::Before([&](Mutation<Lane>&) { ++counted; }), Op::Update));
  for (const int times : {1, 2}) {
    counted = 0;
    Users().Update().Set(F<&User::boss>, times).Save();
    CHECK(counted == (times == 1 ? 0 : 4));  // the counters of two keys and two sinks
    for (const std::string sink : {"mail", "copies"}) {
      std::int64_t seq = 0;
      std::set<std::string> told;
      for (const Event& event : client.Of<Event>()
                                    .Query()
                                    .Where(F<&Event::sink> == sink && F<&Event::key> == "all")
                                    .Order(grapnel::Asc(F<&Event::id>))
                                    .All()) {
        REQUIRE(event.seq == ++seq);
        const std::string age = event.payload.substr(0, event.payload.find('.'));
        CHECK(event.payload.size() == age.size() + (large(std::stoll(age)) ? 1 << 20 : 0));
        told.insert(age);
      }
      CHECK(seq == times * (kRows - 1));
      CHECK(told.size() == kRows - 1);
      CHECK(Counted("all", sink) == seq);
      CHECK(Counted("one", sink) == times);
      CHECK(LaneOf("all", sink).seq == 1);
      CHECK(Pending("all", sink) == seq);
    }
  }
}

TEST_CASE_METHOD(Published, "B241 B243 writers in threads: seq and id are in one order") {
  for (const char* name : {"Ada", "Bob"}) Make(name);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 10; ++n) Age(1 + n % 2);
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const char* key : {"1", "2"}) {
    std::int64_t age = -1, seq = 0;
    for (const Event& event : client.Of<Event>()
                                  .Query()
                                  .Where(F<&Event::key> == key)
                                  .Order(grapnel::Asc(F<&Event::id>))
                                  .All()) {
      CHECK(event.seq == ++seq);
      CHECK(event.payload.ends_with(std::to_string(++age)));
    }
    CHECK(seq == 21);
    CHECK(Counted(key) == 21);
    CHECK(Pending(key) == 21);
    CHECK(LaneOf(key).waiting);
  }
}
