// B254: a connection to a Redis server, and servers that are none.
#include <grapnel/extras/sinks/redis/connection.hpp>

#include "support/catch.hpp"
#include "support/child.hpp"
#include "support/fake_server.hpp"
#include "support/service.hpp"

#include <chrono>
#include <stop_token>
#include <string>
#include <thread>

using namespace std::chrono_literals;
using grapnel::extras::sinks::RedisAddress;
using grapnel::extras::sinks::RedisConnection;
using grapnel::extras::sinks::RedisError;
using grapnel::extras::sinks::RedisLimit;

namespace {

const Needs kNeeds{"redis-server"};

RedisLimit Patient(std::stop_token stop = {}) { return {1h, std::move(stop)}; }

/// What it says to PING; "CODE: text" of an error.
std::string Ping(const RedisAddress& address, const RedisLimit& limit = Patient()) {
  try {
    RedisConnection connection(address, limit);
    return connection.Ask({"PING"}, limit)->str;
  } catch (const RedisError& error) {
    return error.Code() + ": " + error.what();
  }
}

}  // namespace

TEST_CASE("B254 a connection to Redis is who and where the address says") {
  const RedisServer server(RedisServer::Keep::Nothing, {"--requirepass", "secret"});
  RedisAddress address{.port = server.Port(), .database = 3, .password = "secret"};
  CHECK(Ping(address) == "PONG");
  CHECK(Ping({.database = 3, .password = "secret", .socket = server.Socket()}) == "PONG");
  RedisConnection connection(address, Patient());
  CHECK(std::string(connection.Ask({"CLIENT", "INFO"}, Patient())->str).find(" db=3 ") !=
        std::string::npos);
  const std::string big(20'000'000, 'x');
  connection.Ask({"SET", "big", big}, Patient());
  CHECK(connection.Ask({"GET", "big"}, Patient())->len == big.size());

  connection.Ask({"ACL", "SETUSER", "ada", "on", ">lovelace", "+ping", "+select"}, Patient());
  address.user = "ada";
  CHECK(Ping(address).starts_with("WRONGPASS: WRONGPASS "));
  address.password = "lovelace";
  CHECK(Ping(address) == "PONG");
  CHECK(Ping({.port = server.Port()}).starts_with("NOAUTH: NOAUTH "));
  address.database = 99;
  CHECK(Ping(address).starts_with("ERR: ERR DB index is out of range"));
}

TEST_CASE("B254 where there is no Redis, an error says why") {
  std::uint16_t port = 0;
  {
    const FakeServer nobody{"bye"};
    port = nobody.Port();
    CHECK(Ping({.port = port}) ==
          ": it answers what Redis does not: Protocol error, got \"b\" as "
          "reply type byte");
  }
  CHECK(Ping({.port = port}) == ": it cannot be reached: Connection refused");
  CHECK(Ping({.host = "no.such.host.invalid"}).starts_with(": it is not found: "));
  CHECK(Ping({.socket = "/no/such/socket"}).starts_with(": it cannot be reached: "));
  CHECK(Ping({.socket = std::string(200, '/')}) == ": the path of the socket is too long");
}

TEST_CASE("B254 answers of a server that are cut off, or garbage, are errors") {
  const auto answered = [](std::string answer) {
    const FakeServer server(std::move(answer));
    return Ping({.port = server.Port()});
  };
  CHECK(answered("+PONG\r\n") == "PONG");
  CHECK(answered("-LOADING Redis is loading\r\n") == "LOADING: LOADING Redis is loading");
  CHECK(answered("-\r\n") == ": ");
  for (const std::string cut :
       {"", "+", "+PONG", "+PONG\r", "$4\r\nPO", "$4\r\n", "*2\r\n+PONG\r\n"}) {
    INFO(cut);
    CHECK(answered(cut) == ": it closed the connection before it answered");
  }
  for (const std::string garbage : {"HTTP/1.1 400 Bad Request\r\n\r\n", "$x\r\n", "*-7\r\n", "\n",
                                    "$-99999999999999999999\r\n"}) {
    INFO(garbage);
    CHECK(answered(garbage).starts_with(": it answers what Redis does not: "));
  }
}

TEST_CASE("B254 a server that hangs, or drips, is waited for no longer than the limit") {
  RedisServer server;
  const RedisAddress address{.port = server.Port()};
  RedisConnection connection(address, Patient());
  server.Pause();
  CHECK_THROWS_WITH(connection.Ask({"PING"}, RedisLimit(20ms, {})), "it did not answer in time");
  CHECK(Ping(address, {20ms, {}}) == ": it did not answer in time");  // the system has connected it

  const FakeServer dripping([](int socket, const std::stop_token& stop) {
    FakeServer::Write(socket, "$1000000000\r\n");
    while (!stop.stop_requested() && FakeServer::Write(socket, ".")) {
      std::this_thread::sleep_for(1ms);
    }
  });
  CHECK(Ping({.port = dripping.Port()}, {50ms, {}}) == ": it did not answer in time");

  std::stop_source source;
  std::thread soon([&] {
    std::this_thread::sleep_for(20ms);
    source.request_stop();
  });
  CHECK(Ping(address, Patient(source.get_token())) == ": it was stopped before an answer came");
  soon.join();
  CHECK(Ping(address, Patient(source.get_token())) == ": it was stopped before an answer came");
}

TEST_CASE("B254 a connection that the server has closed is known, and raises no signal") {
  RedisServer server;
  const RedisAddress address{.port = server.Port()};
  RedisConnection connection(address, Patient());
  CHECK(connection.IsOpen());
  connection.Ask({"PING"}, Patient());
  CHECK(connection.IsOpen());
  CHECK(InChild([&] { return connection.IsOpen() ? 1 : 0; }).code == 0);
  CHECK(connection.IsOpen());
  server.Kill();
  CHECK_FALSE(connection.IsOpen());
  const std::string big(20'000'000, 'x');
  for (int i = 0; i < 3; ++i)
    CHECK_THROWS_AS(connection.Ask({"SET", "a", big}, Patient()), RedisError);
}

TEST_CASE("B254 what a server says while it is still being told is heard") {
  RedisServer server;
  RedisConnection connection({.port = server.Port()}, Patient());
  connection.Ask({"CONFIG", "SET", "proto-max-bulk-len", "1mb"}, Patient());
  const std::string big(20'000'000, 'x');
  CHECK_THROWS_WITH(connection.Ask({"SET", "a", big}, Patient()),
                    "ERR Protocol error: invalid bulk length");
}
