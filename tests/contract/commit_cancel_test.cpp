// B177 in COMMIT: a deadline and a stop end what it waits for, and the truth is told of what came
// of it.
#include "contract/fixture.hpp"
#include "support/catch.hpp"
#include "support/engine/engine.hpp"
#include "support/engine/raw.hpp"
#include "support/engine/traits.hpp"

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>

using grapnel::F;
using grapnel::Tx;
using grapnel::TxError;
using grapnel::TxOutcome;
using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

namespace {

struct Parcel {
  std::int64_t id = 0;
  std::string label;
};

/// The promise is 100 ms; the rest is for sanitizers and busy machines.
constexpr auto kSlack = 1s;
constexpr auto kEndAfter = 500ms;

}  // namespace

template <>
struct grapnel::Schema<Parcel> {
  static constexpr std::string_view Type = "Parcel";
  static constexpr auto Fields() { return grapnel::Fields(Field<&Parcel::label>("label")); }
};

namespace {

void Add(const grapnel::Client& client) {
  client.Of<Parcel>().Create().Set(F<&Parcel::label>, "tea").Save();
}

/// What a transaction ended by that was to be cancelled in its COMMIT.
struct Ended {
  TxOutcome outcome = TxOutcome::Open;
  std::string error{};
  int committed = 0, rolled_back = 0;
  bool in_time = false;
};

Ended CommitOf(const grapnel::Client& client, bool by_stop) {
  std::stop_source source;
  Ended ended;
  const auto begun = Clock::now();
  const std::jthread stopper([&] {
    std::this_thread::sleep_for(kEndAfter);
    source.request_stop();
  });
  Tx tx = (by_stop ? client.With(source.get_token()) : client.With(kEndAfter)).Tx();
  tx.AfterCommit([&] { ++ended.committed; });
  tx.AfterRollback([&] { ++ended.rolled_back; });
  Add(tx.Client());
  try {
    tx.Commit();
  } catch (const grapnel::CancelledError& error) {
    ended.error = error.what();
  } catch (const TxError& error) {
    CHECK(error.Outcome() == TxOutcome::Unknown);
    ended.error = error.what();
  }
  ended.outcome = tx.Outcome();
  const auto took = Clock::now() - begun;
  ended.in_time = took >= kEndAfter && took < kEndAfter + kSlack;
  return ended;
}

}  // namespace

TEST_CASE("B177 a COMMIT that checks what takes too long is rolled back at a deadline or a stop") {
  if (engine::IsInProcess()) return;  // nothing is checked at COMMIT that others wrote
  const bool by_stop = GENERATE(false, true);
  Fixture<Parcel> db;
  db.Raw(engine::Forms{"", R"(CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
             'BEGIN PERFORM pg_sleep(30); RETURN NULL; END';
             CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON "Parcel" DEFERRABLE INITIALLY DEFERRED
             FOR EACH ROW EXECUTE FUNCTION slow())"});
  const Ended ended = CommitOf(db.client, by_stop);
  CHECK(ended.outcome == TxOutcome::RolledBack);
  CHECK(ended.in_time);
  CHECK((ended.committed == 0 && ended.rolled_back == 1));
  CHECK(ended.error == (by_stop ? "the operation was cancelled: a stop was requested"
                                : "the operation was cancelled: its deadline has passed"));
  CHECK(db.client.Of<Parcel>().Query().Count() == 0);
  db.Raw(engine::Forms{"", R"(DROP TRIGGER slow ON "Parcel")"});
  Add(db.client);
  CHECK(db.client.Of<Parcel>().Query().Count() == 1);
}

TEST_CASE("B177 a COMMIT that no cancellation ends is given up, and what came of it is unknown") {
  if (engine::IsInProcess()) return;
  Fixture<Parcel> db;
  // A cancellation that comes while an earlier one is handled goes to the block around it.
  db.Raw(engine::Forms{"", R"(CREATE FUNCTION deaf(blocks integer, until timestamptz)
             RETURNS void LANGUAGE plpgsql AS 'BEGIN WHILE clock_timestamp() < until LOOP BEGIN
               IF blocks > 0 THEN PERFORM deaf(blocks - 1, until); ELSE PERFORM pg_sleep(1); END IF;
             EXCEPTION WHEN query_canceled THEN NULL; END; END LOOP; END';
             CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
             'BEGIN PERFORM deaf(5, clock_timestamp() + interval ''15 seconds''); RETURN NULL; END';
             CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON "Parcel" DEFERRABLE INITIALLY DEFERRED
             FOR EACH ROW EXECUTE FUNCTION slow())"});
  const auto begun = Clock::now();
  const Ended ended = CommitOf(db.client, GENERATE(false, true));
  CHECK(Clock::now() - begun < kEndAfter + 2s + 2 * kSlack);
  CHECK(ended.outcome == TxOutcome::Unknown);
  CHECK(ended.committed == 0);
  CHECK(ended.error.find("answered neither COMMIT nor") != std::string::npos);
  CHECK(db.client.Of<Parcel>().Query().Count() == 0);  // by another connection
}

TEST_CASE("B177 a stop that came before COMMIT does not undo one that nothing holds up") {
  Fixture<Parcel> db;
  std::stop_source source;
  Tx tx = db.client.With(source.get_token()).Tx();
  Add(tx.Client());
  source.request_stop();
  tx.Commit();
  CHECK(tx.Outcome() == TxOutcome::Committed);
  CHECK(db.client.Of<Parcel>().Query().Count() == 1);
}

#ifdef GRAPNEL_TEST_OPENS_POSTGRES
#include "support/engine/server.hpp"

namespace {

/// A server whose commits wait for a standby that is not there.
class Unreplicated {
 public:
  Unreplicated() {
    const char* script = std::getenv("GRAPNEL_TEST_POSTGRES_SCRIPT");
    if (script == nullptr) throw std::runtime_error("GRAPNEL_TEST_POSTGRES_SCRIPT is not set");
    script_ = script;
    Run("start", " fsync=off");
  }
  Unreplicated(const Unreplicated&) = delete;
  Unreplicated& operator=(const Unreplicated&) = delete;
  ~Unreplicated() { static_cast<void>(std::system(Command("stop", "").c_str()) == 0); }

  std::string Conninfo() const {
    std::string line;
    std::ifstream in(Directory() + "/conninfo");
    std::getline(in, line);
    return line;
  }
  void WaitFor(const std::string& standby) {
    engine::Session session(Conninfo());
    session.Run("ALTER SYSTEM SET synchronous_standby_names = '" + standby + "'");
    session.Run("SELECT pg_reload_conf()");
    const auto end = Clock::now() + 20s;
    while (session.Run("SHOW synchronous_standby_names") != Lines{standby}) {
      if (Clock::now() > end) throw std::runtime_error("the server does not take its settings");
      std::this_thread::sleep_for(10ms);
    }
    std::this_thread::sleep_for(100ms);  // until the checkpointer has told all others
  }

 private:
  std::string Directory() const { return scratch_.File("server"); }
  std::string Command(const char* action, const char* settings) const {
    return "sh '" + script_ + "' " + action + " '" + Directory() + "'" + settings + " >/dev/null";
  }
  void Run(const char* action, const char* settings) const {
    if (std::system(Command(action, settings).c_str()) != 0) {
      throw std::runtime_error("there is no server of its own");
    }
  }

  Scratch scratch_{};
  std::string script_;
};

}  // namespace

TEST_CASE("B174 B177 a COMMIT that waits for a standby ends, and says that it may be lost") {
  if (engine::Current() != engine::Kind::Postgres) return;
  Unreplicated server;
  const auto client = grapnel::OpenPostgres<Parcel>(server.Conninfo());
  client.Migrate();
  const grapnel::Client plain = client;
  server.WaitFor("nobody");
  // What a COMMIT is to be found by is not there yet, and cannot be made either.
  const Ended unmade = CommitOf(plain.With(grapnel::FindLostCommits{}), true);
  CHECK((unmade.outcome == TxOutcome::RolledBack && unmade.in_time));
  CHECK(unmade.error == "the operation was cancelled: a stop was requested");
  std::int64_t rows = 0;
  for (const bool by_stop : {false, true}) {
    for (const bool finds : {false, true}) {
      INFO(by_stop << finds);
      const grapnel::Client used = finds ? plain.With(grapnel::FindLostCommits{}) : plain;
      const Ended ended = CommitOf(used, by_stop);
      CHECK(ended.outcome == TxOutcome::Unknown);
      CHECK(ended.in_time);
      CHECK(ended.committed == 0);
      CHECK(ended.error.find("unknown what came of COMMIT") != std::string::npos);
      CHECK(ended.error.find("taken place on this server") != std::string::npos);
      CHECK(ended.error.find("lost") == std::string::npos);
      CHECK(client.Of<Parcel>().Query().Count() == ++rows);  // which others see
    }
  }
  // A mutation of its own too.
  CHECK_THROWS_AS(Add(client.With(kEndAfter)), TxError);
  CHECK(client.Of<Parcel>().Query().Count() == ++rows);
  SECTION("and goes on when the standby is there again, or need not be") {
    std::jthread later([&] {
      std::this_thread::sleep_for(300ms);
      server.WaitFor("");
    });
    Add(client.With(30s));
    CHECK(client.Of<Parcel>().Query().Count() == ++rows);
  }
  SECTION("whoever has cancelled it") {
    std::jthread canceller([&] {
      engine::Session session(server.Conninfo());
      while (session
                 .Run("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = "
                      "'SyncRep'")
                 .empty()) {
        std::this_thread::sleep_for(5ms);
      }
      std::this_thread::sleep_for(300ms);
      server.WaitFor("");
    });
    const bool finds = GENERATE(false, true);
    if (finds) {
      Add(client.With(grapnel::FindLostCommits{}));  // it is found when others wait no more
    } else {
      CHECK_THROWS_AS(Add(client), TxError);
    }
    CHECK(client.Of<Parcel>().Query().Count() == ++rows);
  }
}
#endif
