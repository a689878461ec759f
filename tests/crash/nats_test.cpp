// B242, B243, B244, B254: JetStream streams, while relays, writers and the server are killed.
#include "crash/account.hpp"
#include "crash/model.hpp"
#include "crash/world.hpp"
#include "support/catch.hpp"
#include "support/child.hpp"
#include "support/service.hpp"

#include <grapnel/extras/outbox.hpp>
#include <grapnel/extras/sinks/nats.hpp>

#include <nats/nats.h>

#include <fmt/format.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

using namespace crash;
using std::chrono_literals::operator""ms;

namespace {

namespace sinks = grapnel::extras::sinks;

const Needs kNeeds{"nats-server"};

/// Another client, of cnats alone, which has threads.
class Client {
 public:
  explicit Client(const NatsServer& server) {
    Check(natsConnection_ConnectTo(&connection_, server.Url().c_str()));
    Check(natsConnection_JetStream(&context_, connection_, nullptr));
  }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client() {
    jsCtx_Destroy(context_);
    natsConnection_Destroy(connection_);
  }

  /// It takes a message again with that id behind `window`.
  void MakeStream(const std::string& name, std::chrono::nanoseconds window) const {
    jsStreamConfig config;
    Check(jsStreamConfig_Init(&config));
    const std::string subjects = name + ".*";
    const char* const subject = subjects.c_str();
    config.Name = name.c_str();
    config.Subjects = const_cast<const char**>(&subject);
    config.SubjectsLen = 1;
    config.Duplicates = window.count();
    Check(js_AddStream(nullptr, context_, &config, nullptr, nullptr));
  }
  std::vector<Delivery> Stream(const std::string& name) const {
    jsStreamInfo* info = nullptr;
    Check(js_GetStreamInfo(&info, context_, name.c_str(), nullptr, nullptr));
    const std::uint64_t last = info->State.LastSeq;
    jsStreamInfo_Destroy(info);
    std::vector<Delivery> all;
    for (std::uint64_t seq = 1; seq <= last; ++seq) {
      natsMsg* message = nullptr;
      Check(js_GetMsg(&message, context_, name.c_str(), seq, nullptr, nullptr));
      const auto header = [&](const char* field) {
        const char* value = nullptr;
        return std::string(natsMsgHeader_Get(message, field, &value) == NATS_OK ? value : "");
      };
      const std::string payload(natsMsg_GetData(message),
                                static_cast<std::size_t>(natsMsg_GetDataLength(message)));
      all.push_back(
          Delivered(Whole(header("id")), Whole(header("seq")), payload,
                    fmt::format("{} {} {} {} {} {}", header("id"), header("seq"), header("key"),
                                header("type"), header("committed_at"), payload)));
      natsMsg_Destroy(message);
    }
    return all;
  }

 private:
  static void Check(natsStatus status) {
    if (status != NATS_OK) throw std::runtime_error(nats_GetLastError(nullptr));
  }

  natsConnection* connection_ = nullptr;
  jsCtx* context_ = nullptr;
};

}  // namespace

TEST_CASE("B242 B254 JetStream holds what is committed, though the server is killed too") {
  NatsServer server;
  const Ended made = InChild([&] {
    const Client client(server);
    client.MakeStream("left", 100ms);
    client.MakeStream("right", std::chrono::minutes(10));
    return 0;
  });
  INFO(made.text);
  REQUIRE(made.code == 0);
  World world(43, Appends::Within, [&](const Db& db, const Role& role) {
    const sinks::JetStream sink(
        server.Url(), [](const outbox::Event& event) { return event.sink + "." + event.key; },
        {.connect_timeout = 500ms, .command_timeout = 500ms});
    return std::make_unique<outbox::Relay>(db, role.Sink(), role.Counted(sink), Options());
  });
  world.KillWith(server, 40);
  const Stored stored = world.Drain();
  const Client client(server);
  Require("a short window", world.Kills(), Compare(stored.journal, client.Stream("left")), 40);
  const Account once = Compare(stored.journal, client.Stream("right"));
  Require("a long window", world.Kills(), once, 40);
  CHECK(once.duplicates == 0);
}
