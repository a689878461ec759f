#include <grapnel/store/postgres/native/session.hpp>

#include "store/postgres/server.hpp"
#include "support/catch.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace grapnel::postgres::detail;
using namespace std::chrono_literals;
using grapnel::core::Context;

namespace {

/// Why there is no connection, and how long that took.
std::pair<std::string, std::chrono::milliseconds> Refusal(const std::string& conninfo,
                                                          const Context& context = {}) {
  const auto begun = Clock::now();
  const Conninfo info(conninfo);
  const auto took = [&] {
    return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begun);
  };
  try {
    const Session session(info, &context);
    return {"connected", took()};
  } catch (const grapnel::StorageError& error) {
    CHECK(error.Kind() == grapnel::StorageKind::Open);
    return {error.what(), took()};
  } catch (const grapnel::CancelledError& error) {
    return {error.what(), took()};
  }
}

/// A port of this machine that takes connections and never says a word.
class Mute {
 public:
  Mute() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    ::bind(socket_, reinterpret_cast<sockaddr*>(&address), size);
    ::listen(socket_, 8);
    ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
  }
  Mute(const Mute&) = delete;
  Mute& operator=(const Mute&) = delete;
  ~Mute() { ::close(socket_); }
  std::string Port() const { return std::to_string(port_); }

 private:
  int socket_ = ::socket(AF_INET, SOCK_STREAM, 0);
  int port_ = 0;
};

std::optional<Failure> Finish(Session& session, std::vector<std::string>& answers) {
  return session.Finish(Patience::Work, [&](std::size_t at, Result result) {
    answers.push_back(std::to_string(at) + PQcmdStatus(result.get()));
  });
}

}  // namespace

TEST_CASE("no server, no such database: an error that says so, and no password") {
  CHECK(Refusal("host=127.0.0.1 port=1 password=hunter2").first.find("refused") !=
        std::string::npos);
  const auto wrong = Refusal(Server() + " dbname=nope password=hunter2").first;
  CHECK(wrong.find("\"nope\" does not exist") != std::string::npos);
  CHECK(wrong.find("hunter2") == std::string::npos);
  CHECK(Refusal(Server() + " user=nobody_is_called_so").first.find("nobody_is_called_so") !=
        std::string::npos);
}

TEST_CASE("B177 a server that never answers is given up at the deadline, and in its time") {
  const Mute mute;
  const std::string where = "host=127.0.0.1 port=" + mute.Port();
  const auto late = Refusal(where, Context().With(100ms));
  CHECK(late.first.find("its deadline has passed") != std::string::npos);
  CHECK(late.second < 2s);
  const auto slow = Refusal(where + " connect_timeout=1");
  CHECK(slow.first.find("it did not answer in time") != std::string::npos);
  CHECK(slow.second < 4s);
}

TEST_CASE("a server that takes no writes is refused where one that does is asked for") {
  const std::string standby = Server() + " options='-c default_transaction_read_only=on'";
  CHECK(Refusal(standby + " target_session_attrs=read-write").first.find("read-only") !=
        std::string::npos);
  CHECK(Refusal(standby).first == "connected");
}

TEST_CASE("of several hosts the first that answers is taken") {
  const Mute mute;
  std::string host, port;
  const Conninfo real(Server());
  for (const auto& [name, value] : real.Hosts()[0]) {
    if (name == "host") host = value;
    if (name == "port") port = value;
  }
  CHECK(Refusal(Server() + " connect_timeout=1 host=127.0.0.1," + host + " port=" + mute.Port() +
                "," + port)
            .first == "connected");
}

TEST_CASE("a server that is too old is told with its version") {
  const auto refusal = [](int version) -> std::string {
    try {
      CheckVersion(version, "host=x");
      return "";
    } catch (const grapnel::StorageError& error) {
      CHECK(error.Kind() == grapnel::StorageKind::Open);
      return error.what();
    }
  };
  CHECK(refusal(130000).empty());
  CHECK(refusal(120017).find("PostgreSQL 12.17; Grapnel takes 13 and newer") != std::string::npos);
  CHECK(refusal(90624).find("PostgreSQL 9.6") != std::string::npos);
}

TEST_CASE("one trip takes several statements, and ends at the first that fails") {
  const Conninfo info(Server());
  Session session(info, nullptr);
  std::vector<std::string> answers;
  session.SendText("SELECT 1");
  session.SendText("BEGIN");
  CHECK_FALSE(Finish(session, answers));
  CHECK(answers == Rows{"0SELECT 1", "1BEGIN"});
  CHECK(session.Status() == PQTRANS_INTRANS);

  answers.clear();
  session.SendText("SELECT 1");
  session.SendText("SELECT nope");
  session.SendText("SELECT 2");
  const auto failed = Finish(session, answers);
  REQUIRE(failed);
  CHECK(failed->state == "42703");
  CHECK(answers == Rows{"0SELECT 1"});
  CHECK(session.Status() == PQTRANS_INERROR);
  session.SendText("ROLLBACK");
  CHECK_FALSE(Finish(session, answers));
}

TEST_CASE("answers can be waited for later") {
  const Conninfo info(Server());
  Session session(info, nullptr);
  std::vector<std::string> answers, later;
  session.SendText("SELECT 1");
  session.FinishLater([&](Result result) { later.emplace_back(PQcmdStatus(result.get())); });
  CHECK(session.Status() == PQTRANS_IDLE);
  session.SendText("SELECT 1 UNION SELECT 2");
  CHECK_FALSE(Finish(session, answers));
  CHECK(later == Rows{"SELECT 1"});
  CHECK(answers == Rows{"0SELECT 2"});
  CHECK_FALSE(session.Drain());
  session.SendText("SELECT nope");
  session.FinishLater([](Result) {});
  REQUIRE(session.Drain());
}

TEST_CASE("B177 what goes on in spite of its cancellation is cancelled, and the session is lost") {
  const Conninfo info(Server());
  Session session(info, nullptr);
  const Context context = Context().With(50ms);
  session.GetWaiting().Watch(&context);
  std::vector<std::string> answers;
  session.SendText(
      "DO $$ BEGIN FOR i IN 1..3 LOOP BEGIN FOR j IN 1..100 LOOP BEGIN PERFORM pg_sleep(0.1); "
      "EXCEPTION WHEN query_canceled THEN NULL; END; END LOOP; "
      "EXCEPTION WHEN query_canceled THEN NULL; END; END LOOP; END $$");
  const auto begun = Clock::now();
  const auto failed = Finish(session, answers);
  CHECK(Clock::now() - begun < Waiting::kGrace + 2s);
  REQUIRE(failed);
  CHECK(failed->state == "57014");
  CHECK_FALSE(failed->IsLoss());
  CHECK(session.IsLost());
}

TEST_CASE("COPY takes what it is given, and what fails there is undone") {
  const OwnSchema schema;
  schema.Run("CREATE TABLE t (a int)");
  const Conninfo info(schema.Conninfo());
  Session session(info, nullptr);
  int given = 0;
  std::int64_t rows = 0;
  const auto two = [&]() -> std::string_view { return given++ < 2 ? "7\n" : ""; };
  CHECK_FALSE(session.Copy("COPY t FROM STDIN", two, rows));
  CHECK(rows == 2);
  given = 0;
  const auto bad = [&]() -> std::string_view { return given++ < 1 ? "x\n" : ""; };
  const auto failed = session.Copy("COPY t FROM STDIN", bad, rows);
  REQUIRE(failed);
  CHECK(failed->state == "22P02");
  const auto throws = [&]() -> std::string_view { throw std::string("mine"); };
  CHECK_THROWS_AS(session.Copy("COPY t FROM STDIN", throws, rows), std::string);
  std::vector<std::string> answers;
  session.SendText("SELECT 1");
  CHECK_FALSE(Finish(session, answers));
  CHECK(schema.Run("SELECT * FROM t") == Rows{"7", "7"});
}

TEST_CASE("what is refused only when a trip ends fails it, and the next one goes on") {
  const OwnSchema schema;
  schema.Run("CREATE TABLE t (a int UNIQUE DEFERRABLE INITIALLY DEFERRED)");
  const Conninfo info(schema.Conninfo());
  Session session(info, nullptr);
  std::vector<std::string> answers;
  session.SendText("INSERT INTO t VALUES (1), (1)");  // outside of a transaction
  const auto failed = Finish(session, answers);
  REQUIRE(failed);
  CHECK(failed->state == "23505");
  session.SendText("INSERT INTO t VALUES (1)");
  CHECK_FALSE(Finish(session, answers));
  CHECK(schema.Run("SELECT * FROM t") == Rows{"1"});
}

TEST_CASE("a connection that was lost says so, before and while it is used") {
  const Conninfo info(Server());
  const OwnSchema schema;
  Session session(info, nullptr);
  CHECK_FALSE(session.IsStale());
  schema.Run("SELECT pg_terminate_backend(" + std::to_string(PQbackendPID(session.Handle())) + ")");
  const auto end = Clock::now() + 10s;
  while (!session.IsStale() && Clock::now() < end) {
  }
  CHECK(session.IsStale());
  session.SendText("SELECT 1");
  std::vector<std::string> answers;
  const auto failed = Finish(session, answers);
  REQUIRE(failed);
  CHECK(failed->IsLoss());
  CHECK(session.IsLost());
  CHECK(session.Status() == PQTRANS_UNKNOWN);
}
