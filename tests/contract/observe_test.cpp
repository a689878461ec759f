// B209: what Observe measures and logs, on each engine.
#include <grapnel/extras/observe.hpp>

#include "contract/fixture.hpp"
#include "contract/graph_model.hpp"
#include "contract/model.hpp"
#include "support/catch.hpp"
#include "support/engine/traits.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <map>
#include <mutex>
#include <regex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace {

using grapnel::F;
using grapnel::Mutation;
using grapnel::Op;
using grapnel::Tx;
using grapnel::extras::Kind;
using grapnel::extras::Measured;
using grapnel::extras::Observe;
using model::Card;
using model::User;
using namespace std::chrono_literals;

/// Adds measurements up, as a meter does: "name{key=value,...}" to the sum, of a histogram to how
/// many there were.
struct Meter {
  std::mutex mutex{};
  bool odd = false;  // one that cannot be
  std::map<std::string, double> sums{};
  Lines lines{};

  grapnel::extras::Observing To(std::chrono::nanoseconds slow = 0ns) {
    return {.measure = [this](const Measured& m) { Add(m); },
            .log =
                [this](std::string_view line) {
                  const std::lock_guard lock(mutex);
                  lines.emplace_back(line);
                },
            .slow = slow};
  }
  void Add(const Measured& m) {
    std::string name(m.name);
    name += '{';
    for (const auto& label : m.labels) {
      if (name.back() != '{') name += ',';
      name.append(label.key).append("=").append(label.value);
    }
    name += '}';
    const std::lock_guard lock(mutex);
    if (m.value < 0 || (m.unit == "s") != (m.kind == Kind::Histogram)) odd = true;
    sums[name] += m.kind == Kind::Counter ? m.value : 1;
  }
  /// What was added to it, and forgets all.
  std::map<std::string, double> Take() {
    CHECK_FALSE(odd);
    return std::exchange(sums, {});
  }
  double Of(const std::string& name) const {
    const auto found = sums.find(name);
    return found != sums.end() ? found->second : 0;
  }
};

struct Watched : Fixture<User, Card> {
  Meter meter{};
  grapnel::core::HookHandle handle = Observe(client, meter.To());

  User Make(const std::string& name) const {
    return client.Of<User>().Create().Set(F<&User::name>, name).Save();
  }
};

TEST_CASE_METHOD(Watched, "B209 mutations are counted by type and Op, with rows and durations") {
  const User ada = Make("Ada");
  CHECK(meter.Take() == std::map<std::string, double>{
                            {"grapnel.mutations{entity=User,op=Create,cause=Caller}", 1},
                            {"grapnel.mutation.rows{entity=User,op=Create}", 1},
                            {"grapnel.mutation.duration{entity=User,op=Create}", 1},
                            {"grapnel.mutation.committed.duration{entity=User,op=Create}", 1},
                            {"grapnel.commit.duration{}", 1}});
  Make("Bob");
  client.Of<User>().Update().Set(F<&User::age>, 3).Save();
  client.Of<User>().DeleteOne(ada.id).Exec();
  CHECK(meter.Of("grapnel.mutation.rows{entity=User,op=Create}") == 1);
  CHECK(meter.Of("grapnel.mutation.rows{entity=User,op=Update}") == 2);
  CHECK(meter.Of("grapnel.mutation.rows{entity=User,op=DeleteOne}") == 1);
  CHECK(meter.Of("grapnel.commit.duration{}") == 3);
  meter.Take();

  // In a transaction there is one COMMIT for all, and none of a mutation.
  client.WithTx([&](Tx& tx) {
    for (const auto* name : {"c", "d"}) tx.Of<User>().Create().Set(F<&User::name>, name).Save();
  });
  CHECK(meter.Of("grapnel.mutations{entity=User,op=Create,cause=Caller}") == 2);
  CHECK(meter.Of("grapnel.mutation.committed.duration{entity=User,op=Create}") == 0);
  CHECK(meter.Of("grapnel.commit.duration{}") == 1);
  meter.Take();

  handle.Remove();
  Make("e");
  CHECK(meter.Take().empty());
}

TEST_CASE_METHOD(Watched, "B209 a bulk is so many Creates, and one with its COMMIT") {
  std::vector<User> rows(50);
  for (User& row : rows) row.name = "x";
  for (int i = 0; i < 2; ++i) {
    client.Of<User>().CreateBulk(rows).Save();
    CHECK(meter.Of("grapnel.mutations{entity=User,op=Create,cause=Caller}") == 50);
    CHECK(meter.Of("grapnel.mutation.rows{entity=User,op=Create}") == 50);
    CHECK(meter.Of("grapnel.mutation.committed.duration{entity=User,op=Create}") == 1);
    CHECK(meter.Of("grapnel.commit.duration{}") == 1);
    meter.Take();
  }
}

TEST_CASE_METHOD(Watched,
                 "B209 what hooks begin is told with its cause, and no COMMIT of its own") {
  client.Of<User>().Use(grapnel::hook::After([](const Mutation<User>& m, grapnel::Value<User>&) {
    m.Client()
        .Of<Card>()
        .Create()
        .Set(F<&Card::number>, "1")
        .Set(F<&Card::owner_id>, 1)
        .Set(F<&Card::in_hook>, "x")
        .Save();
  }));
  Make("Ada");
  CHECK(meter.Of("grapnel.mutations{entity=User,op=Create,cause=Caller}") == 1);
  CHECK(meter.Of("grapnel.mutations{entity=Card,op=Create,cause=Hook}") == 1);
  CHECK(meter.Of("grapnel.mutation.committed.duration{entity=User,op=Create}") == 1);
  CHECK(meter.Of("grapnel.mutation.committed.duration{entity=Card,op=Create}") == 0);
}

TEST_CASE_METHOD(Watched, "B209 errors are counted by their type, and those of the database too") {
  CHECK_THROWS_AS(Make(""), grapnel::ValidationError);
  CHECK(meter.Of("grapnel.mutation.errors{entity=User,op=Create,error.type=grapnel::"
                 "ValidationError}") == 1);
  CHECK(meter.Of("grapnel.mutations{entity=User,op=Create,cause=Caller}") == 1);
  CHECK(meter.Of("grapnel.mutation.rows{entity=User,op=Create}") == 0);
  CHECK(meter.Of("grapnel.mutation.committed.duration{entity=User,op=Create}") == 0);
  Make("Ada");
  meter.Take();
  CHECK_THROWS(client.Of<User>().UpdateOne(77).Set(F<&User::age>, 1).Save());
  CHECK(meter.Of("grapnel.mutation.errors{entity=User,op=UpdateOne,error.type=grapnel::"
                 "NotFoundError}") == 1);
  CHECK(meter.Of("grapnel.rollbacks{}") == 1);
  client.Of<User>().Use(grapnel::hook::Before([](Mutation<User>&) { throw 7; }));
  CHECK_THROWS(Make("Bob"));
  CHECK(meter.Of("grapnel.mutation.errors{entity=User,op=Create,error.type=unknown}") == 1);
  CHECK_THROWS_AS(client.Sql("SELECT nothing FROM nowhere"), grapnel::SqlError);
  CHECK(meter.Of("grapnel.statement.errors{statement=SELECT}") == 1);
}

TEST_CASE_METHOD(Watched,
                 "B209 waits for the turn to write are counted, and what becomes of them") {
  const User ada = Make("Ada");
  meter.Take();
  const auto age = [&](const grapnel::Client& by, std::int64_t to) {
    by.Of<User>().UpdateOne(ada.id).Set(F<&User::age>, to).Save();
  };
  auto tx = client.Tx();
  age(tx.Client(), 1);
  std::thread other([&] {
    CHECK_THROWS_AS(age(client.With(grapnel::LockWait{20ms}), 2), grapnel::BusyError);
    age(client, 3);
  });
  std::this_thread::sleep_for(100ms);
  tx.Commit();
  other.join();
  const double waits = engine::SerialisesWriters() ? 1 : 0;  // the server tells of none
  CHECK(meter.Of("grapnel.lock.waits{}") == waits);
  CHECK(meter.Of("grapnel.lock.wait.duration{}") == waits);
  const auto busy =
      meter.Of("grapnel.mutation.errors{entity=User,op=UpdateOne,error.type=grapnel::BusyError}");
  CHECK(busy >= 1);
}

TEST_CASE_METHOD(Watched, "B209 a mutation that sent nothing has no COMMIT, nor has the next one") {
  const auto committed = [&] {
    double sum = 0;
    for (const auto& [name, value] : meter.Take()) {
      if (name.starts_with("grapnel.mutation.committed")) sum += value;
    }
    return sum;
  };
  const auto begin = [&] {
    client.WithTx([](Tx& tx) {
      tx.Of<Card>().Create().Set(F<&Card::number>, "1").Set(F<&Card::in_hook>, "").Save();
    });
  };
  bool kept = true;  // from happening
  client.Of<User>().Use([&](Mutation<User>& m, grapnel::Next<User> next) -> grapnel::Value<User> {
    if (!kept) return next(m);
    if (m.Op() == Op::Create) return User{.id = 1, .name = "none"};
    return 0;
  });
  client.Of<User>().Update().Set(F<&User::age>, 1).Save();
  begin();
  CHECK(committed() == 0);
  Make("Ada");
  client.WithTx([](Tx&) {});
  CHECK(committed() == 0);
  std::vector<User> rows(3);
  client.Of<User>().CreateBulk(rows).Save();
  client.WithTx([](Tx&) {});
  CHECK(committed() == 0);
  // In a transaction of the caller, whatever it becomes.
  client.WithTx([](Tx& tx) { tx.Of<User>().Update().Set(F<&User::age>, 1).Save(); });
  client.WithTx([](Tx&) {});
  CHECK(committed() == 0);
  kept = false;
  Make("Bob");
  CHECK(committed() == 1);
  // What fails before it has begun, and what is refused in its transaction.
  CHECK_THROWS_AS(Make(""), grapnel::ValidationError);
  client.WithTx([](Tx&) {});
  CHECK_THROWS(client.Of<User>().UpdateOne(77).Set(F<&User::age>, 1).Save());
  client.WithTx([](Tx&) {});
  CHECK(committed() == 0);
}

TEST_CASE_METHOD(Watched, "B209 what hooks outside of it do before and behind changes no measure") {
  handle.Remove();
  int behind = 0;  // what runs once the mutation's own transaction has ended
  bool reads = false;
  int cards = 0;
  const auto act = [&] {
    const int what = std::exchange(behind, 0);
    if (what == 1) client.WithTx([](Tx&) {});
    if (what == 2) {
      client.Of<Card>()
          .Create()
          .Set(F<&Card::number>, std::to_string(++cards))
          .Set(F<&Card::in_hook>, "")
          .Save();
    }
  };
  client.Of<User>().Use(grapnel::hook::Before([&](Mutation<User>& m) {
    if (reads) m.Client().Of<User>().Query().Count();
    m.AfterCommit(act);
  }));
  client.OnCommit([&](Tx& tx, auto next) {
    next(tx);
    if (behind > 2) {
      behind -= 2;
      act();
    }
  });
  Observe(client, meter.To());
  bool kept = true;
  client.Of<User>().Use([&](Mutation<User>& m, grapnel::Next<User> next) -> grapnel::Value<User> {
    return kept ? grapnel::Value<User>(User{.id = 1, .name = "none"}) : next(m);
  });
  const std::string user = "grapnel.mutation.committed.duration{entity=User,op=Create}";
  const std::string card = "grapnel.mutation.committed.duration{entity=Card,op=Create}";
  for (int each = 1; each <= 4; ++each) {
    for (const bool keep : {true, false}) {
      kept = keep;
      behind = each;
      Make("Ada");
      CAPTURE(each, keep);
      CHECK(meter.Of(user) == (keep ? 0 : 1));
      CHECK(meter.Of(card) == (each % 2 == 0 ? 1 : 0));
      meter.Take();
    }
  }
  reads = true;  // so that it has begun when it is first seen
  kept = false;
  Make("Bob");
  CHECK(cards == 4);
  CHECK(meter.Of(user) == 1);
  std::vector<User> rows(5);
  for (User& row : rows) row.name = "x";
  client.Of<User>().CreateBulk(rows).Save();
  CHECK(meter.Of(user) == 2);
}

TEST_CASE_METHOD(Watched, "B209 several observers of one database measure the same") {
  Meter second, third;
  auto other = Observe(client, second.To());
  Observe(client, third.To());
  Make("Ada");
  CHECK_THROWS(client.Of<User>().UpdateOne(77).Set(F<&User::age>, 1).Save());
  std::vector<User> rows(5);
  for (User& row : rows) row.name = "x";
  client.Of<User>().CreateBulk(rows).Save();
  const auto first = meter.Take();
  CHECK(first.at("grapnel.mutation.committed.duration{entity=User,op=Create}") == 2);
  CHECK(first.at("grapnel.rollbacks{}") == 1);
  CHECK(second.Take() == first);
  CHECK(third.Take() == first);
  for (int i = 0; i < 20; ++i) {  // others come and go
    other.Remove();
    other = Observe(client, second.To());
    Make("x");
    CHECK(meter.Of("grapnel.mutation.committed.duration{entity=User,op=Create}") == i + 1);
    CHECK(second.Of("grapnel.mutation.committed.duration{entity=User,op=Create}") == i + 1);
  }
}

TEST_CASE_METHOD(Watched, "B209 a COMMIT that fails is none, and nothing is left of it") {
  Raw("CREATE TABLE child (parent INTEGER REFERENCES User (id) DEFERRABLE INITIALLY DEFERRED)");
  client.Of<User>().Use(grapnel::hook::After([](const Mutation<User>& m, grapnel::Value<User>&) {
    if (m.Get(F<&User::age>) != nullptr && *m.Get(F<&User::age>) == 7) {
      m.Client().Sql("INSERT INTO child VALUES (999)");
    }
  }));
  const auto fail = [&] {
    CHECK_THROWS(client.Of<User>().Create().Set(F<&User::name>, "x").Set(F<&User::age>, 7).Save());
    CHECK(meter.Of("grapnel.statement.errors{statement=COMMIT}") == 1);
    CHECK(meter.Of("grapnel.commit.duration{}") == 0);
    CHECK(meter.Of("grapnel.rollbacks{}") == 1);
    CHECK(meter.Of("grapnel.mutation.committed.duration{entity=User,op=Create}") == 0);
    meter.Take();
  };
  fail();
  client.WithTx([](Tx&) {});
  CHECK(meter.Take() == std::map<std::string, double>{{"grapnel.commit.duration{}", 1}});
  fail();
  client.Of<Card>().Create().Set(F<&Card::number>, "1").Set(F<&Card::in_hook>, "").Save();
  CHECK(meter.Of("grapnel.mutation.committed.duration{entity=User,op=Create}") == 0);
  CHECK(meter.Of("grapnel.mutation.committed.duration{entity=Card,op=Create}") == 1);
}

TEST_CASE_METHOD(Watched, "B209 rollbacks are of what was to write, as rollback hooks see them") {
  double seen = 0;
  client.OnRollback([&](Tx& tx, auto next) {
    next(tx);
    ++seen;
  });
  const auto check = [&](double expected) {
    CHECK(seen == expected);
    CHECK(meter.Of("grapnel.rollbacks{}") == expected);
    seen = 0;
    meter.Take();
  };
  Make("Ada");
  {
    const auto read = client.ReadTx();
    CHECK(read.Of<User>().Query().Count() == 1);
  }
  for (const User& each : client.Of<User>().Query()) CHECK(each.name == "Ada");
  client.Of<User>().Query().All();
  client.Sql("SELECT 1");
  check(0);

  { auto tx = client.Tx(); }
  check(1);
  {
    auto tx = client.Tx();
    tx.Of<User>().Create().Set(F<&User::name>, "b").Save();
    tx.Rollback();
  }
  check(1);
  client.WithTx([](Tx& tx) {  // a nested one is a savepoint
    tx.Tx().Rollback();
  });
  check(0);
  CHECK_THROWS(client.WithTx([](Tx& tx) {
    tx.Of<User>().Create().Set(F<&User::name>, "b").Save();
    throw 7;
  }));
  check(1);
  CHECK_THROWS(Make(""));
  check(1);
  CHECK_THROWS(client.WithTx([](Tx& tx) { tx.Sql("SELECT nothing FROM nowhere"); }));
  check(1);
  auto refusing = client.OnCommit([](Tx&, auto) { throw std::runtime_error("no"); });
  CHECK_THROWS(Make("b"));
  refusing.Remove();
  check(1);
  client.OnRollback([](Tx&, auto) { throw std::runtime_error("hook"); });
  CHECK_THROWS(Make(""));
  CHECK(meter.Of("grapnel.rollbacks{}") == 1);
}

TEST_CASE_METHOD(Watched, "B209 lines are of what is slow or fails, and hold no value of a row") {
  Make("Ada");
  REQUIRE(meter.lines.size() == 1);
  const std::regex line("mutation entity=User op=Create cause=Caller rows=1 ms=[0-9]+\\.[0-9]{3}");
  CHECK(std::regex_match(meter.lines.front(), line));
  handle.Remove();

  Meter slow;
  Observe(client, slow.To(50ms));
  Make("Eve");
  CHECK(slow.lines.empty());
  CHECK_THROWS(client.Of<User>().UpdateOne(77).Set(F<&User::name>, "Secret").Save());
  REQUIRE(slow.lines.size() == 1);
  CHECK(slow.lines.front().starts_with("mutation entity=User op=UpdateOne cause=Caller ms="));
  CHECK(slow.lines.front().ends_with(" error=grapnel::NotFoundError"));
  slow.lines.clear();
  client.Of<User>().Use(
      grapnel::hook::Before([](Mutation<User>&) { std::this_thread::sleep_for(60ms); }));
  Make("Secret");
  REQUIRE(slow.lines.size() == 1);
  CHECK(slow.lines.front().starts_with("mutation entity=User op=Create cause=Caller rows=1 ms="));
  CHECK_THROWS(client.Sql("SELECT ?1 FROM nowhere", "Secret"));
  CHECK(slow.lines.back().starts_with("statement "));
  CHECK(slow.lines.back().ends_with("text=\"SELECT ?1 FROM nowhere\""));
  for (const std::string& each : slow.lines) CHECK(each.find("Secret") == std::string::npos);
}

TEST_CASE_METHOD(Watched,
                 "B209 a callback that throws breaks nothing, and none at all is refused") {
  handle.Remove();
  Observe(client, {.measure = [](const Measured&) { throw std::runtime_error("meter"); },
                   .log = [](std::string_view) { throw std::runtime_error("log"); }});
  CHECK(Make("Ada").name == "Ada");
  CHECK_THROWS_AS(Make(""), grapnel::ValidationError);
  CHECK(client.Of<User>().Query().Count() == 1);
  CHECK_THROWS_AS(Observe(client, {}), grapnel::Error);
  int measured = 0;
  const auto only = Observe(client, {.measure = [&](const Measured&) { ++measured; }});
  Make("Bob");
  CHECK(measured == 5);
}

TEST_CASE_METHOD(Watched, "B209 threads are measured each by itself, and nothing is lost") {
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 4; ++thread) {
      threads.emplace_back([&] {
        for (int i = 0; i < 25; ++i) Make("x");
      });
    }
  }
  CHECK(meter.Of("grapnel.mutation.rows{entity=User,op=Create}") == 100);
  CHECK(meter.Of("grapnel.mutation.committed.duration{entity=User,op=Create}") == 100);
  CHECK(meter.Of("grapnel.commit.duration{}") == 100);
  CHECK_FALSE(meter.odd);
}

TEST_CASE("B209 cascades and upserts are counted as what they are") {
  Fixture<graph::User, graph::Card, graph::Pet> db;
  Meter meter;
  Observe(db.client, meter.To());
  const auto users = db.client.Of<graph::User>();
  const auto ada = users.Create().Set(F<&graph::User::name>, "Ada").Save();
  const auto card = [&](const char* name) {
    return db.client.Of<graph::Card>()
        .Create()
        .Set(F<&graph::Card::number>, "1")
        .Set(F<&graph::Card::name>, name)
        .Set(F<&graph::Card::owner>, ada.id)
        .OnConflict(F<&graph::Card::number>)
        .UpdateNewValues()
        .Save();
  };
  card("a");
  card("b");
  CHECK(meter.Of("grapnel.mutations{entity=Card,op=Create,cause=Caller}") == 2);
  CHECK(meter.Of("grapnel.mutations{entity=Card,op=UpdateOne,cause=Upsert}") == 1);
  db.client.Of<graph::Pet>()
      .Create()
      .Set(F<&graph::Pet::name>, "Rex")
      .Set(F<&graph::Pet::owner>, ada.id)
      .Save();
  users.DeleteOne(ada.id).Exec();
  CHECK(meter.Of("grapnel.mutation.rows{entity=Card,op=Delete}") == 1);
  CHECK(meter.Of("grapnel.mutations{entity=Card,op=Delete,cause=Cascade}") == 1);
  CHECK(meter.Of("grapnel.mutations{entity=Pet,op=Update,cause=Cascade}") == 1);
  users.Query().With(F<&graph::User::cards>).All();  // reads in several steps
  CHECK(meter.Of("grapnel.rollbacks{}") == 0);
}

}  // namespace
