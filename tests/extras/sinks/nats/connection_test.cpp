// B254: a connection to NATS, and servers that are none.
#include <grapnel/extras/sinks/nats/connection.hpp>

#include "support/catch.hpp"
#include "support/fake_server.hpp"
#include "support/service.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>

using namespace std::chrono_literals;
using grapnel::extras::sinks::JetStreamAddress;
using grapnel::extras::sinks::JetStreamConnection;
using grapnel::extras::sinks::JetStreamError;

namespace {

const Needs kNeeds{"nats-server"};

/// What comes of a message; "" where it is stored.
std::string Publish(const JetStreamAddress& address, const std::string& payload = "x",
                    std::chrono::milliseconds within = 1h, const std::stop_token& stop = {},
                    std::chrono::milliseconds connect = 1min, const std::string& stream = "") {
  try {
    JetStreamConnection connection(address, connect, within);
    connection.Publish("docs", "1", {{"key", "k"}}, payload, stream, within, stop);
  } catch (const JetStreamError& error) {
    return error.what();
  }
  return "";
}

JetStreamAddress At(std::uint16_t port) {
  return {.url = "nats://127.0.0.1:" + std::to_string(port)};
}

constexpr const char* kInfo =
    "INFO {\"server_id\":\"x\",\"version\":\"2.9.0\",\"headers\":true,\"max_payload\":1048576}\r\n";

/// A server of NATS that takes a connection, and answers a message so; `%` is whom it answers. It
/// closes the connection behind an answer that is not whole.
auto Answering(const std::string& answer) {
  return [answer](int socket, const std::stop_token& stop) {
    FakeServer::Write(socket, kInfo);
    std::string heard;
    while (!stop.stop_requested()) {
      const std::string more = FakeServer::Read(socket, stop);
      if (more.empty()) return;
      heard += more;
      if (more.find("PING\r\n") != more.npos) FakeServer::Write(socket, "PONG\r\n");
      const auto at = heard.find("HPUB docs ");
      if (at == heard.npos) continue;
      const std::string to = heard.substr(at + 10, heard.find(' ', at + 10) - at - 10);
      std::string said = answer;
      while (said.find('%') != said.npos) said.replace(said.find('%'), 1, to);
      if (!said.empty()) FakeServer::Write(socket, said);
      if (!said.ends_with("\r\n")) return;
      heard.clear();
    }
  };
}

}  // namespace

TEST_CASE("B254 the address of NATS is shown without passwords") {
  const auto shown = [](std::string url) {
    return JetStreamAddress{.url = std::move(url)}.Shown();
  };
  CHECK(shown("nats://localhost:4222") == "nats://localhost:4222");
  CHECK(shown("nats://ada:secret@localhost:4222") == "nats://localhost:4222");
  CHECK(shown("secret@localhost") == "localhost");
  CHECK(shown("nats://a:s@x@one,tls://secret@two:1,,three") == "nats://one,tls://two:1,three");
  CHECK(JetStreamAddress{.url = ","}.Servers().empty());
}

TEST_CASE("B254 where there is no NATS, or no JetStream, an error says why") {
  std::uint16_t port = 0;
  {
    const FakeServer other("HTTP/1.1 400 Bad Request\r\n\r\n");
    port = other.Port();
    CHECK(Publish(At(port), "x", 1h, {}, 100ms).starts_with("it cannot be reached: "));
  }
  CHECK(Publish(At(port)).starts_with("it cannot be reached: "));
  CHECK(Publish({.url = "nats://no.such.host.invalid"}).starts_with("it cannot be reached: "));
  const NatsServer server;
  CHECK(Publish({.url = server.Url()}) == "there is no stream for it");
  CHECK(Publish({.url = At(port).url + "," + server.Url()}) == "there is no stream for it");
}

TEST_CASE("B254 one is who the address says") {
  const NatsServer server({"--user", "ada", "--pass", "secret"});
  const std::string place = "127.0.0.1:" + std::to_string(server.Port());
  CHECK(Publish({.url = server.Url()}).starts_with("it cannot be reached: Auth"));
  CHECK(Publish({.url = "nats://ada:secret@" + place}) == "there is no stream for it");
  CHECK(Publish({.url = server.Url(), .user = "ada", .password = "secret"}) ==
        "there is no stream for it");
  CHECK(Publish({.url = server.Url(), .user = "ada", .password = "wrong"})
            .starts_with("it cannot be reached: "));
  CHECK(Publish({.url = server.Url(), .configure = [](natsOptions& options) {
                   natsOptions_SetUserInfo(&options, "ada", "secret");
                 }}) == "there is no stream for it");
  const NatsServer other({"--auth", "token"});
  CHECK(Publish({.url = other.Url(), .token = "token"}) == "there is no stream for it");
  CHECK(Publish({.url = other.Url()}).starts_with("it cannot be reached: "));
}

TEST_CASE("B254 answers that are cut off, or garbage, are errors") {
  const auto answered = [](const std::string& answer) {
    const FakeServer server(Answering(answer));
    return Publish(At(server.Port()));
  };
  CHECK(answered("MSG % 1 27\r\n{\"stream\":\"DOCS\",\"seq\":123}\r\n").empty());
  for (const std::string answer :
       {"", "MSG ", "MSG % 1 27\r\n{\"stream\":\"DO", "-ERR 'Maximum Payload Violation'\r\n",
        "HTTP/1.1 400 Bad Request\r\n\r\n", "MSG % 1 x\r\n", "MSG % 1 2\r\n{{\r\n",
        "MSG % 1 0\r\n\r\n", "MSG % 1 4\r\nnull\r\n",
        "MSG % 1 72\r\n{\"error\":{\"code\":503,\"err_code\":10077,\"description\":\"no space is "
        "left here\"}}"
        "\r\n"}) {
    INFO(answer);
    CHECK_FALSE(answered(answer).empty());
  }
}

TEST_CASE("B242 B254 who acknowledges without being the stream has stored nothing") {
  const auto answered = [](const std::string& json, const std::string& stream = "") {
    const FakeServer server(
        Answering("MSG % 1 " + std::to_string(json.size()) + "\r\n" + json + "\r\n"));
    return Publish(At(server.Port()), "x", 1h, {}, 1min, stream);
  };
  for (const std::string json : {"{}", R"({"ok":true})", R"({"error":{"message":"bad request"}})",
                                 R"({"seq":7})", R"({"stream":"","seq":7})", R"({"error":{}})"}) {
    INFO(json);
    CHECK(answered(json) == "no stream has acknowledged it");
  }
  CHECK(answered(R"({"stream":"OTHER","seq":1})", "DOCS") ==
        "another stream has acknowledged it: OTHER");
  CHECK(answered(R"({"stream":"DOCS","seq":1})", "DOCS").empty());
}

TEST_CASE("B254 NATS that hangs is waited for no longer than the limit, or a stop") {
  NatsServer server;
  const JetStreamAddress address{.url = server.Url()};
  JetStreamConnection connection(address, 1min, 50ms);
  server.Pause();
  const std::string big(1'000'000, 'x');
  CHECK_THROWS_WITH(connection.Publish("docs", "1", {}, "x", "", 20ms, {}),
                    "it did not answer in time");
  CHECK_THROWS_AS(([&] {
                    for (int i = 0; i < 20; ++i)
                      connection.Publish("d", "1", {}, big, "", 20ms, {});
                  }()),
                  JetStreamError);
  CHECK(Publish(address, "x", 1h, {}, 50ms).starts_with("it cannot be reached: "));
  server.Continue();

  JetStreamConnection other(address, 1min, 1h);
  server.Pause();
  std::stop_source source;
  const std::jthread soon([&] {
    std::this_thread::sleep_for(20ms);
    source.request_stop();
  });
  CHECK_THROWS_WITH(other.Publish("docs", "1", {}, "x", "", 1h, source.get_token()),
                    "it was stopped before an answer came");
}

TEST_CASE("B254 a connection to NATS that was closed is known, and so is a fork") {
  NatsServer server;
  const JetStreamConnection connection({.url = server.Url()}, 1min, 1min);
  CHECK(connection.IsOpen());
  CHECK(connection.Most() == 1 << 20);
  const pid_t child = fork();  // which does no more: it lacks the threads that may hold locks
  if (child == 0) _exit(connection.IsOpen() ? 1 : 0);
  int status = -1;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(status == 0);
  CHECK(connection.IsOpen());
  server.Kill();
  while (connection.IsOpen()) std::this_thread::sleep_for(1ms);
}
