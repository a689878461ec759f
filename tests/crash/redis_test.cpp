// B242, B243, B244, B254: Redis streams, while relays, writers and the server are killed.
#include "crash/account.hpp"
#include "crash/model.hpp"
#include "crash/world.hpp"
#include "support/catch.hpp"
#include "support/service.hpp"

#include <grapnel/extras/outbox.hpp>
#include <grapnel/extras/sinks/redis.hpp>

#include <hiredis/hiredis.h>

#include <fmt/format.h>

#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

using namespace crash;
using std::chrono_literals::operator""ms;

namespace {

namespace sinks = grapnel::extras::sinks;

const Needs kNeeds{"redis-server"};

/// Another client, of hiredis alone.
class Reader {
 public:
  explicit Reader(const RedisServer& server)
      : context_(redisConnect("127.0.0.1", server.Port()), redisFree) {}

  /// All that the streams hold whose names begin so, one stream behind the other.
  std::vector<Delivery> Streams(const std::string& prefix) const {
    std::vector<Delivery> all;
    const auto names = Ask("KEYS " + prefix + "*");
    for (std::size_t i = 0; i < names->elements; ++i) {
      const auto entries = Ask(fmt::format("XRANGE {} - +", names->element[i]->str));
      for (std::size_t n = 0; n < entries->elements; ++n) {
        all.push_back(Read(*entries->element[n]->element[1]));
      }
    }
    return all;
  }

 private:
  using Reply = std::unique_ptr<redisReply, void (*)(redisReply*)>;

  Reply Ask(const std::string& command) const {
    Reply reply(static_cast<redisReply*>(redisCommand(context_.get(), command.c_str())),
                [](redisReply* one) { freeReplyObject(one); });
    if (reply == nullptr || reply->type != REDIS_REPLY_ARRAY) throw std::runtime_error(command);
    return reply;
  }
  static Delivery Read(const redisReply& fields) {
    std::map<std::string, std::string> of;
    for (std::size_t i = 0; i + 1 < fields.elements; i += 2) {
      of[fields.element[i]->str] = {fields.element[i + 1]->str, fields.element[i + 1]->len};
    }
    const std::string payload = of.at("payload");
    return Delivered(Whole(of.at("id")), Whole(of.at("seq")), payload,
                     fmt::format("{} {} {} {} {} {}", of.at("id"), of.at("seq"), of.at("key"),
                                 of.at("type"), of.at("committed_at"), payload));
  }

  std::unique_ptr<redisContext, void (*)(redisContext*)> context_;
};

}  // namespace

TEST_CASE("B242 B254 Redis streams hold what is committed, though the server is killed too") {
  RedisServer server(RedisServer::Keep::Always);
  World world(41, Appends::Within, [&](const Db& db, const Role& role) {
    sinks::RedisOptions options{.connect_timeout = 500ms, .command_timeout = 500ms};
    if (role.sink == 0) {
      const sinks::RedisStream one(server.Url(), "left", options);
      return std::make_unique<outbox::Relay>(db, role.Sink(), role.Counted(one), Options());
    }
    options.dedup = sinks::RedisDedup::ByEventId;
    const sinks::RedisStream many(
        server.Url(), [](const outbox::Event& event) { return "right:" + event.key; }, options);
    return std::make_unique<outbox::Relay>(db, role.Sink(), role.Counted(many), Options());
  });
  world.KillWith(server, 40);
  const Stored stored = world.Drain();
  const Reader reader(server);
  Require("one stream", world.Kills(), Compare(stored.journal, reader.Streams("left")), 40);
  const Account once = Compare(stored.journal, reader.Streams("right:"));
  Require("a stream for each key", world.Kills(), once, 40);
  CHECK(once.duplicates == 0);
}
