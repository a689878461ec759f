#include "contract/model.hpp"
#include "support/catch.hpp"
#include "support/engine/engine.hpp"
#include "support/engine/raw.hpp"
#include "support/engine/traits.hpp"
#include "support/scratch.hpp"

#include <grapnel/grapnel.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <ranges>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using grapnel::F;
using model::Pet;
using model::User;
using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

/// The promise is 100 ms; the rest is for sanitizers and busy machines.
constexpr auto kSlack = 1s;
constexpr auto kStopAfter = 100ms;

/// A file in which each of these would take much longer than 10 s: reading pets, and creating a
/// user with the name "slow".
class Slow {
 public:
  Slow() : client(engine::Open<User, Pet>(path_)), raw(path_) {
    client.Migrate();
    client.Of<User>().Create().Set(F<&User::name>, "kept").Save();
    raw("ALTER TABLE \"Pet\" RENAME TO many");
    raw("INSERT INTO many (name, owner_id) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 "
        "FROM n WHERE i < 3000) SELECT 'pet ' || i, 0 FROM n");
    raw("CREATE VIEW \"Pet\" AS SELECT a.id, a.name, b.delete_time, c.owner_id "
        "FROM many AS a, many AS b, many AS c");
    raw("CREATE TRIGGER slow AFTER INSERT ON \"User\" WHEN new.name = 'slow' BEGIN "
        "UPDATE \"User\" SET worth = (SELECT count(*) FROM \"Pet\"); END");
  }

  Raw::Rows Users() { return raw("SELECT name FROM \"User\" ORDER BY id"); }

 private:
  Scratch scratch_;
  std::string path_ = scratch_.File("db");

 public:
  grapnel::Database<User, Pet> client;
  Raw raw;
};

enum class How { Stop, Deadline, Both };

/// Runs `body(client)`, which is to be cancelled after a while. Returns: how it ended.
std::string Cancelled(const grapnel::Client& client, How how,
                      const std::function<void(const grapnel::Client&)>& body) {
  const auto start = Clock::now();
  std::stop_source source;
  auto limited = client;
  if (how != How::Deadline) limited = limited.With(source.get_token());
  if (how != How::Stop) limited = limited.With(how == How::Both ? kStopAfter + 60s : kStopAfter);
  std::jthread stopper([&] {
    std::this_thread::sleep_for(kStopAfter);
    source.request_stop();
  });
  std::string end = "not cancelled";
  try {
    body(limited);
  } catch (const grapnel::CancelledError& error) {
    end = error.what();
  }
  const auto took = Clock::now() - start;
  if (took < kStopAfter) end += ", too early";
  if (took > kStopAfter + kSlack) end += ", too late";
  return end;
}

const std::string kStopped = "the operation was cancelled: a stop was requested";
const std::string kPassed = "the operation was cancelled: its deadline has passed";

const std::vector<std::pair<How, std::string>> kWays = {
    {How::Stop, kStopped}, {How::Deadline, kPassed}, {How::Both, kStopped}};

void AddUser(const grapnel::Client& client, const std::string& name) {
  client.Of<User>().Create().Set(F<&User::name>, name).Save();
}

/// Changes the one row that every writer wants.
void Change(const grapnel::Client& client) {
  client.Of<User>().UpdateOne(1).Add(F<&User::version>, 1).Save();
}

/// What has another program keep all others from writing users.
const engine::Forms kKeepWriters{"BEGIN IMMEDIATE",
                                 R"(BEGIN; LOCK TABLE "User" IN SHARE ROW EXCLUSIVE MODE)"};

}  // namespace

TEST_CASE("B97 a query of more than 10 s stops at a stop request or deadline") {
  Slow slow;
  for (const auto& [how, error] : kWays) {
    CHECK(Cancelled(slow.client, how, [](const auto& client) {
            client.template Of<Pet>().Query().Where(F<&Pet::name>.Contains("pet")).Count();
          }) == error);
  }
  CHECK(Cancelled(slow.client, How::Stop, [](const auto& client) {
          client.template Of<Pet>().Query().Order(grapnel::Desc(F<&Pet::name>)).Limit(1).All();
        }) == kStopped);
  CHECK(slow.client.Of<User>().Query().Count() == 1);  // and the client lives on
}

TEST_CASE("B97 a stop that came before is seen at once, by reads and writes") {
  Slow slow;
  std::stop_source source;
  source.request_stop();
  for (const auto& client : {slow.client.With(source.get_token()), slow.client.With(-1ms)}) {
    CHECK_THROWS_AS(client.Of<User>().Get(1), grapnel::CancelledError);
    CHECK_THROWS_AS(client.Of<User>().Query().Count(), grapnel::CancelledError);
    CHECK_THROWS_AS(AddUser(client, "x"), grapnel::CancelledError);
    CHECK_THROWS_AS(client.Tx(), grapnel::CancelledError);
    CHECK_THROWS_AS(client.ReadTx(), grapnel::CancelledError);
    CHECK_THROWS_AS(client.Migrate(), grapnel::CancelledError);
  }
  CHECK(slow.Users() == Raw::Rows{"kept"});
}

TEST_CASE("B97 a slow query cancels the transaction around it whole") {
  Slow slow;
  for (const auto& [how, error] : kWays) {
    int rolled_back = 0;
    std::string later;
    CHECK(Cancelled(slow.client, how, [&](const auto& client) {
            auto tx = client.Tx();
            tx.AfterRollback([&] { ++rolled_back; });
            AddUser(tx.Client(), "gone");
            try {
              tx.template Of<Pet>().Query().Count();
            } catch (const grapnel::CancelledError&) {
              CHECK(tx.Outcome() == grapnel::TxOutcome::RolledBack);
              CHECK_THROWS_AS(AddUser(tx.Client(), "late"), grapnel::TxError);
              CHECK_THROWS_AS(tx.Commit(), grapnel::TxError);
              throw;
            }
          }) == error);
    CHECK(rolled_back == 1);
    CHECK(slow.Users() == Raw::Rows{"kept"});
  }
  AddUser(slow.client, "next");  // the lock is free
  CHECK(slow.Users() == Raw::Rows{"kept", "next"});
}

TEST_CASE("B97 a slow statement that writes is cancelled, with what its hooks wrote") {
  Slow slow;
  auto handle = slow.client.Of<User>().Use(
      [](grapnel::Mutation<User>& m, grapnel::Next<User> next) -> grapnel::Value<User> {
        if (*m.Get(F<&User::name>) != "by a hook") AddUser(m.Client(), "by a hook");
        return next(m);
      });
  for (const auto& [how, error] : kWays) {
    CHECK(Cancelled(slow.client, how, [](const auto& client) { AddUser(client, "slow"); }) ==
          error);
    CHECK(Cancelled(slow.client, how, [](const auto& client) {
            client.WithTx([](grapnel::Tx& tx) {
              AddUser(tx.Client(), "first");
              tx.WithTx([](grapnel::Tx& inner) { AddUser(inner.Client(), "slow"); });
            });
          }) == error);
    CHECK(slow.Users() == Raw::Rows{"kept"});
  }
  CHECK(slow.raw("SELECT worth FROM \"User\"") == Raw::Rows{"0"});
}

TEST_CASE("B97 a hook may not go on with a transaction that was cancelled inside of it") {
  Slow slow;
  std::vector<std::string> log;
  slow.client.Of<User>().Use(
      [&](grapnel::Mutation<User>& m, grapnel::Next<User> next) -> grapnel::Value<User> {
        try {
          m.Client().Of<Pet>().Query().Count();
        } catch (const grapnel::CancelledError&) {
          log.push_back("cancelled");
        }
        return next(m);
      });
  CHECK_THROWS_AS(AddUser(slow.client.With(kStopAfter), "never"), grapnel::Error);
  CHECK(log == std::vector<std::string>{"cancelled"});
  CHECK(slow.Users() == Raw::Rows{"kept"});
}

TEST_CASE("B97 a bulk insert stops, and none of its rows stays") {
  Slow slow;
  const auto endless = std::views::iota(0) | std::views::transform([](int i) {
                         return User{.name = "row " + std::to_string(i)};
                       });
  for (const auto& [how, error] : kWays) {
    CHECK(Cancelled(slow.client, how, [&](const auto& client) {
            client.template Of<User>().CreateBulk(endless).Save();
          }) == error);
    CHECK(slow.Users() == Raw::Rows{"kept"});
  }
}

TEST_CASE("B97 the wait for the lock of another transaction of the program stops") {
  Slow slow;
  auto holder = slow.client.Tx();
  AddUser(holder.Client(), "holder");
  Change(holder.Client());
  const auto elsewhere = [&](How how, const std::function<void(const grapnel::Client&)>& body) {
    std::string end;
    std::jthread([&] { end = Cancelled(slow.client, how, body); }).join();
    return end;
  };
  for (const auto& [how, error] : kWays) {
    CHECK(elsewhere(how, [](const auto& client) { Change(client); }) == error);
    CHECK(elsewhere(how, [](const auto& client) {
            client.template Of<User>().Update().Add(F<&User::version>, 1).Save();
          }) == error);
    if (!engine::SerialisesWriters()) {  // who writes other rows does not wait
      std::jthread([&] {
        auto tx = slow.client.Tx();
        AddUser(tx.Client(), "x");
      }).join();
      continue;
    }
    CHECK(elsewhere(how, [](const auto& client) { AddUser(client, "x"); }) == error);
    CHECK(elsewhere(how, [](const auto& client) { static_cast<void>(client.Tx()); }) == error);
    CHECK(elsewhere(how, [](const auto& client) {
            client.template Of<User>().CreateBulk(std::vector<User>{{.name = "x"}}).Save();
          }) == error);
  }
  holder.Commit();
  CHECK(slow.Users() == Raw::Rows{"kept", "holder"});
}

TEST_CASE("B97 the wait for the lock of another program stops") {
  Slow slow;
  slow.raw(kKeepWriters);
  slow.raw(
      "INSERT INTO \"User\" (name, age, active, worth, version) VALUES ('other', 1, true, 1, 1)");
  for (const auto& [how, error] : kWays) {
    CHECK(Cancelled(slow.client, how, [](const auto& client) { AddUser(client, "x"); }) == error);
    if (!engine::SerialisesWriters()) continue;  // to begin is not to write
    CHECK(Cancelled(slow.client, how, [](const auto& client) { static_cast<void>(client.Tx()); }) ==
          error);
  }
  slow.raw("COMMIT");
  CHECK(slow.Users() == Raw::Rows{"kept", "other"});
  AddUser(slow.client, "next");
  CHECK(slow.Users() == Raw::Rows{"kept", "other", "next"});
}

TEST_CASE("B97 in a database in memory readers wait, and stop waiting") {
  const auto client = engine::Open<User, Pet>(":memory:");
  client.Migrate();
  auto holder = client.Tx();
  AddUser(holder.Client(), "holder");
  std::string end;
  std::jthread([&] {
    end = Cancelled(client, How::Deadline,
                    [](const auto& limited) { limited.template Of<User>().Query().Count(); });
  }).join();
  CHECK(end == (engine::HasMemory() ? kPassed : "not cancelled, too early"));
  holder.Commit();
  CHECK(client.Of<User>().Query().Count() == 1);
}

TEST_CASE("B97 without a deadline a lock wait ends after 5 s with BusyError") {
  Slow slow;
  slow.raw(kKeepWriters);
  const auto start = Clock::now();
  CHECK_THROWS_AS(AddUser(slow.client, "x"), grapnel::BusyError);
  const auto took = Clock::now() - start;
  CHECK(took > 4s);
  CHECK(took < 5s + kSlack);
  slow.raw("ROLLBACK");
  AddUser(slow.client, "next");
  CHECK(slow.Users() == Raw::Rows{"kept", "next"});
}

TEST_CASE("B97 a context that was not cancelled in time cancels nothing that comes later") {
  Slow slow;
  std::stop_source source;
  const auto stoppable = slow.client.With(source.get_token());
  AddUser(stoppable, "one");
  source.request_stop();
  CHECK_THROWS_AS(AddUser(stoppable, "two"), grapnel::CancelledError);
  const auto rows = std::views::iota(0, 2000) |
                    std::views::transform([](int i) { return User{.name = std::to_string(i)}; });
  CHECK(slow.client.Of<User>().CreateBulk(rows).Save().size() == 2000);
  CHECK(slow.client.Of<User>().Query().Where(F<&User::name>.Contains("1")).Exist());
}

TEST_CASE("B139 every duration limits a call, or does not, on every way to a lock") {
  Scratch scratch;
  const auto client = engine::Open<User, model::Card, model::Pet>(
      GENERATE(true, false) ? scratch.File("limits.db") : ":memory:");
  client.Migrate();
  const auto add = [](const grapnel::Client& c) {
    c.Of<User>().Create().Set(F<&User::name>, "Ada").Save();
  };
  add(client.With(std::chrono::hours::max()));
  add(client.With(std::chrono::duration<double>(1e300)));
  add(client.With(std::chrono::system_clock::now() + std::chrono::hours(1)));
  CHECK_THROWS_AS(add(client.With(std::chrono::hours::min())), grapnel::CancelledError);
  CHECK_THROWS_AS(add(client.With(std::chrono::system_clock::time_point::min())),
                  grapnel::CancelledError);
  CHECK_THROWS_AS(client.With(std::chrono::nanoseconds(-1)).Of<User>().Query().All(),
                  grapnel::CancelledError);
  // A wait for the lock with no end in sight ends when the lock is free.
  std::optional<grapnel::Tx> open(client.Tx());
  std::thread waiting([&] { add(client.With(std::chrono::hours::max())); });
  std::this_thread::yield();
  open.reset();
  waiting.join();
  CHECK(client.Of<User>().Query().Count() == 4);
}
