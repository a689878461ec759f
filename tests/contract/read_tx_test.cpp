// B89: one snapshot for many reads.
#include "contract/tx_fixture.hpp"
#include "support/catch.hpp"
#include "support/engine/traits.hpp"

#include <atomic>
#include <chrono>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

using grapnel::F;
using grapnel::Tx;
using grapnel::TxError;
using model::User;
using namespace tx_fixture;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

namespace {

template <class T>
concept Writes = requires(const T& of) {
  of.template Of<User>().Create();
};
static_assert(Writes<Tx>);
static_assert(!Writes<grapnel::ReadTx>, "a ReadTx offers reads alone");

}  // namespace

TEST_CASE("B89 a ReadTx is one snapshot: it sees nothing of what others commit meanwhile") {
  World world;
  const auto ada = Add(world.client, "Ada");
  {
    const auto read = world.client.ReadTx();
    std::thread([&] {  // this program
      Add(world.client, "Grace");
      world.client.Of<User>().UpdateOne(ada.id).Set(F<&User::age>, 36).Save();
    })
        .join();
    REQUIRE(Names(read) == Lines{"Ada"});
    Add(world.Another(), "Joan");  // another connection
    world.Raw("DELETE FROM User WHERE name = 'Ada'");
    REQUIRE(Names(read) == Lines{"Ada"});
    const auto users = read.Of<User>();
    REQUIRE(users.Get(ada.id).age == 0);
    REQUIRE(users.Find(ada.id + 1) == std::nullopt);
    REQUIRE(users.Query().Count() == 1);
    REQUIRE(users.Query().Where(F<&User::name> == "Grace").Exist() == false);
    REQUIRE(users.Query().IDs() == std::vector{ada.id});
  }
  REQUIRE(Names(world.client) == Lines{"Grace", "Joan"});
  REQUIRE(Names(world.client.ReadTx()) == Lines{"Grace", "Joan"});
}

TEST_CASE("B89 the snapshot is taken at ReadTx(), not at the first read") {
  World world;
  const auto read = world.client.ReadTx();
  std::thread([&] { Add(world.client, "Ada"); }).join();
  REQUIRE(Names(read) == Lines{});
}

TEST_CASE("B89 several snapshots and a writer do not wait for one another") {
  World world;
  Add(world.client, "Ada");
  const auto read = world.client.ReadTx();
  std::thread([&] {
    auto tx = world.client.With(2s).Tx();
    Add(tx, "Grace");
    Lines seen;
    std::thread([&] { seen = Names(world.client.With(2s).ReadTx()); }).join();
    REQUIRE(seen == Lines{"Ada"});
    tx.Commit();
    std::thread([&] { seen = Names(world.client.With(2s).ReadTx()); }).join();
    REQUIRE(seen == Lines{"Ada", "Grace"});
  }).join();
  REQUIRE(Names(read) == Lines{"Ada"});
}

TEST_CASE("B89 in memory a ReadTx keeps writers waiting until it ends") {
  World world{Place::Memory};
  Add(world.client, "Ada");
  std::atomic<bool> ended{false};
  bool waited = false;
  std::jthread writer;
  {
    const auto read = world.client.ReadTx();
    REQUIRE(Names(read) == Lines{"Ada"});
    writer = std::jthread([&] {
      Add(world.client, "Grace");
      waited = ended;
    });
    std::this_thread::sleep_for(20ms);
    REQUIRE(Names(read) == Lines{"Ada"});
    ended = true;
  }
  writer.join();
  if (engine::HasMemory()) REQUIRE(waited);
  REQUIRE(Names(world.client) == Lines{"Ada", "Grace"});
}

TEST_CASE("B89 inside a transaction a ReadTx reads what that one sees, and leaves it open") {
  World world{GENERATE(Place::Memory, Place::File)};
  Add(world.client, "Ada");
  auto tx = world.client.Tx();
  Add(tx, "Grace");
  {
    const auto read = tx.Client().ReadTx();
    REQUIRE(Names(read) == Lines{"Ada", "Grace"});
  }
  Add(tx, "Joan");
  tx.Commit();
  REQUIRE(Names(world.client) == Lines{"Ada", "Grace", "Joan"});
}

TEST_CASE("B89 a ReadTx runs no tx hooks, moves, and ends with its scope") {
  World world{GENERATE(Place::Memory, Place::File)};
  Lines log;
  world.client.OnCommit(Around(log, "commit"));
  world.client.OnRollback(Around(log, "rollback"));
  {
    auto read = world.client.ReadTx();
    auto moved = std::move(read);
    REQUIRE(Names(moved) == Lines{});
  }
  REQUIRE(log == Lines{});
  std::optional<grapnel::ReadTx> read = world.client.ReadTx();
  const auto users = read->Of<User>();
  REQUIRE(users.Query().Count() == 0);
  read.reset();
  REQUIRE_THROWS_AS(users.Query().Count(), TxError);
  Add(world.client, "Ada");
  REQUIRE(log == Lines{"before commit", "after commit"});
}

TEST_CASE("B89 a ReadTx belongs to its thread and keeps the context of its client") {
  World world{GENERATE(Place::Memory, Place::File)};
  Lines sent;
  std::stop_source stop;
  const auto client =
      world.client.With(stop.get_token()).With(std::string("bob")).Debug([&](std::string_view sql) {
        sent.emplace_back(sql.substr(0, 6));
      });
  const auto read = client.ReadTx();
  REQUIRE(*read.Context().Get<std::string>() == "bob");
  REQUIRE(Names(read) == Lines{});
  REQUIRE(sent.back() == "SELECT");
  bool refused = false;
  std::thread([&] {
    try {
      Names(read);
    } catch (const TxError&) {
      refused = true;
    }
  }).join();
  REQUIRE(refused);
  REQUIRE(Names(read) == Lines{});
  stop.request_stop();
  REQUIRE_THROWS_AS(Names(read), grapnel::CancelledError);
  REQUIRE_THROWS_AS(client.ReadTx(), grapnel::Error);
}

TEST_CASE("B89 what is refused inside a ReadTx is told what a ReadTx can do") {
  World world{GENERATE(Place::Memory, Place::File)};
  Add(world.client, "Ada");
  const auto message = [&](auto action) {
    return std::string(Thrown<TxError>([&] { action(world.client); }).what());
  };
  {
    const auto read = world.client.ReadTx();
    for (const std::string& refused :
         {message([](const auto& client) { Names(client); }),
          message([](const auto& client) { Add(client, "Grace"); }),
          message([](const auto& client) { static_cast<void>(client.ReadTx()); }),
          message([](const auto& client) { static_cast<void>(client.With(1s).Tx()); })}) {
      INFO(refused);
      CHECK(refused.find("inside a ReadTx of the same thread") != std::string::npos);
      CHECK(refused.find("rtx.Of<...>().Query()") != std::string::npos);
      CHECK(refused.find("use the transaction") == std::string::npos);
    }
    CHECK(Names(read) == Lines{"Ada"});
  }
  auto tx = world.client.Tx();
  CHECK(message([](const auto& client) { Names(client); }).find("tx.Client()") !=
        std::string::npos);
}
