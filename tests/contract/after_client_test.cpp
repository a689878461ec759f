// B104: callbacks are given the base client.
#include "contract/tx_fixture.hpp"
#include "support/catch.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>

using grapnel::AnyMutation;
using grapnel::Client;
using grapnel::F;
using grapnel::Mutation;
using grapnel::Next;
using grapnel::Tx;
using model::Pet;
using model::User;
using namespace tx_fixture;

namespace {

struct Viewer {
  std::string name;
};
std::string NameOf(const Client& client) {
  const auto* viewer = client.Context().Get<Viewer>();
  return viewer == nullptr ? "nobody" : viewer->name;
}

}  // namespace

TEST_CASE("B104 an AfterCommit callback is given the base client, with the caller's values") {
  World world{GENERATE(Place::Memory, Place::File)};
  const std::string form = GENERATE("typed", "by name", "bulk", "in a Tx", "nested", "cascade");
  INFO(form);
  Lines log;
  const auto callback = [&log](const Client& client) {
    CHECK_FALSE(client.Context().CanBeCancelled());
    client.WithTx([&](Tx& tx) { AddPetOf(tx, 7); });
    auto tx = client.Tx();
    AddPetOf(tx, 8);
    tx.Commit();
    log.push_back(NameOf(client) + " " + std::to_string(client.Of<User>().Query().Count()));
  };
  if (form == "by name") {
    world.client.Of<User>().Use(
        grapnel::hook::Before([&](AnyMutation& m) { m.AfterCommit(callback); }));
  } else {
    world.client.Of<User>().Use(grapnel::hook::After(
        [&](const Mutation<User>& m, grapnel::Value<User>&) { m.AfterCommit(callback); }));
  }
  const auto client = world.client.With(Viewer{"bob"}).With(std::chrono::hours(1));
  if (form == "bulk") {
    client.Of<User>().CreateBulk(std::vector<User>{{.name = "Ada"}}).Save();
  } else if (form == "in a Tx") {
    client.WithTx([&](Tx& tx) {
      Add(tx, "Ada");
      CHECK(log.empty());
    });
  } else if (form == "nested") {
    client.WithTx([&](Tx& tx) { tx.WithTx([](Tx& inner) { Add(inner, "Ada"); }); });
  } else {
    Add(client, "Ada");
  }
  CHECK(log == Lines{"bob 1"});
  CHECK(world.client.Of<Pet>().Query().Count() == 2);
}

TEST_CASE("B104 callbacks of a Tx are given it too, after a rollback as well") {
  World world{GENERATE(Place::Memory, Place::File)};
  Lines log;
  const auto note = [&log](const char* what) {
    return [&log, what](const Client& client) {
      AddPetOf(client, 1);
      log.push_back(std::string(what) + " " + NameOf(client));
    };
  };
  const bool commit = GENERATE(true, false);
  const bool nested = GENERATE(true, false);
  {
    auto tx = world.client.With(Viewer{"eve"}).Tx();
    std::optional<Tx> inner;
    if (nested) inner.emplace(tx.Tx());
    Tx& used = nested ? *inner : tx;
    used.AfterCommit(note("committed"));
    used.AfterRollback(note("rolled back"));
    used.AfterCommit([&log] { log.push_back("plain"); });
    used.AfterCommit(std::function<void()>([&log] { log.push_back("erased"); }));
    used.AfterCommit([&log](auto&&... given) { log.push_back(std::to_string(sizeof...(given))); });
    if (commit && nested) inner->Commit();
    if (commit) tx.Commit();
  }
  CHECK(log ==
        (commit ? Lines{"committed eve", "plain", "erased", "1"} : Lines{"rolled back eve"}));
  CHECK(world.client.Of<Pet>().Query().Count() == 1);
}

TEST_CASE("B104 a deadline that the call met does not hold for its callbacks") {
  World world{GENERATE(Place::Memory, Place::File)};
  std::stop_source stop;
  int ran = 0;
  auto tx = world.client.With(Viewer{"bob"}).With(stop.get_token()).Tx();
  tx.AfterCommit([&](const Client& client) {
    stop.request_stop();
    AddPetOf(client, 1);
    ++ran;
  });
  tx.Commit();
  CHECK(ran == 1);
}

TEST_CASE("B104 a callback keeps the database open until it ran, and no longer") {
  Scratch scratch;
  auto kept = std::make_shared<int>(1);
  const std::weak_ptr<int> alive = kept;
  int ran = 0;
  {
    auto client =
        std::make_unique<Db>(engine::Open<User, model::Card, Pet>(scratch.File("test.db")));
    client->Migrate();
    client->Of<User>().Use(grapnel::hook::Before([&ran, kept = std::move(kept)](Mutation<User>& m) {
      m.AfterCommit(
          [&ran](const Client& base) { ran += base.Of<User>().Query().Count() == 1 ? 1 : 0; });
    }));
    auto tx = client->Tx();
    Add(tx, "Ada");
    client.reset();
    CHECK_FALSE(alive.expired());
    tx.Commit();
    CHECK(ran == 1);
  }
  CHECK(alive.expired());  // with its hooks the database is gone
}

TEST_CASE("B104 what a callback with a client throws is told as that of any other") {
  World world{Place::Memory};
  world.client.Of<User>().Use(grapnel::hook::Before([](Mutation<User>& m) {
    m.AfterCommit([](const Client&) { throw std::runtime_error("a callback"); });
  }));
  const auto error = Thrown<grapnel::CommittedError>([&] { Add(world.client, "Ada"); });
  CHECK(Causes(error) == Lines{"a callback"});
}
