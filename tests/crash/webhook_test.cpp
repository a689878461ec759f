// B242, B243, B244, B254: a webhook, while relays, writers and its server are killed.
#include "crash/account.hpp"
#include "crash/model.hpp"
#include "crash/processes.hpp"
#include "crash/world.hpp"
#include "support/catch.hpp"
#include "support/http_server.hpp"
#include "support/scratch.hpp"

#include <grapnel/extras/outbox.hpp>
#include <grapnel/extras/sinks/webhook.hpp>

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>

using namespace crash;
using std::chrono_literals::operator""ms;

namespace {

namespace sinks = grapnel::extras::sinks;

/// The event of a request: "/left" is the sink, and it was signed.
outbox::Event Received(const HttpRequest& request) {
  const std::string id = request.Header("webhook-id");
  outbox::Event event;
  event.id = Whole(id.substr(id.rfind('-') + 1));
  event.sink = request.target.substr(1);
  event.key = request.Header("grapnel-key");
  event.type = request.Header("grapnel-type");
  event.seq = Whole(request.Header("grapnel-seq"));
  event.payload = request.body;
  return event;
}

/// An endpoint whose process may die; each request is in a log before it is answered.
class Endpoint {
 public:
  Endpoint()
      : process_("the endpoint", [this](std::atomic<int>& steps, std::uint32_t chance) {
          std::mutex one;
          FileSink left(logs_.File("left"), chance), right(logs_.File("right"), chance + 1);
          const HttpServer server(listener_, [&](const HttpRequest& request, HttpPeer& peer) {
            const std::lock_guard lock(one);
            const outbox::Event event = Received(request);
            try {
              (event.sink == "left" ? left : right)(event, {});
              peer.Answer(204);
            } catch (const std::runtime_error& error) {
              if (std::string(error.what()) == "no route") peer.Answer(503);
              peer.Close();
            }
            ++steps;
          });
          while (true) pause();
        }) {
    Start();
  }
  Endpoint(const Endpoint&) = delete;
  Endpoint& operator=(const Endpoint&) = delete;
  ~Endpoint() { close(listener_); }

  void Start() { process_.Start(++starts_); }
  void Kill() { process_.Kill(); }
  std::string Url() const {
    sockaddr_in at{};
    socklen_t size = sizeof at;
    getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size);
    return "http://127.0.0.1:" + std::to_string(ntohs(at.sin_port)) + "/";
  }
  std::string Log(const std::string& sink) const { return logs_.File(sink); }

 private:
  Scratch logs_{};
  int listener_ = HttpServer::Listen();
  std::uint32_t starts_ = 0;
  Worker process_;
};

}  // namespace

TEST_CASE("B242 B254 a webhook is told what is committed, though its server is killed too") {
  Endpoint endpoint;
  World world(47, Appends::Within, [&](const Db& db, const Role& role) {
    const sinks::Webhook sink(endpoint.Url() + role.Sink(), {.secret = "s", .timeout = 500ms});
    return std::make_unique<outbox::Relay>(db, role.Sink(), role.Counted(sink), Options());
  });
  world.KillWith(endpoint, 40);
  const Stored stored = world.Drain();
  for (const std::string& sink : kSinks) {
    const Account account = Compare(stored.journal, ReadLog(endpoint.Log(sink)));
    Require(sink, world.Kills(), account, 40);
    CHECK(account.duplicates > 0);
  }
}
