#include <grapnel/store/read_tx.hpp>

#include <grapnel/grapnel.hpp>

#include "contract/model.hpp"
#include "support/catch.hpp"
#include "support/scratch.hpp"

#include <cstdint>
#include <thread>
#include <utility>

using grapnel::F;
using model::User;

namespace {

using Database = grapnel::Database<User>;

void Create(const grapnel::Client& client, const char* name) {
  client.Of<User>().Create().Set(F<&User::name>, name).Save();
}
std::int64_t Count(const grapnel::ReadTx& snapshot) { return snapshot.Of<User>().Query().Count(); }
/// Runs on a thread of its own, where the mark of this one's transactions is not.
template <class F>
void Elsewhere(F body) {
  std::thread(body).join();
}

}  // namespace

TEST_CASE("B89 a snapshot sees nothing of what others commit meanwhile") {
  const Scratch scratch;
  const auto client = grapnel::Open<User>(scratch.File("app.db"));
  client.Migrate();
  Create(client, "Ada");
  {
    const auto snapshot = client.ReadTx();
    Elsewhere([&] { Create(client, "Bob"); });
    CHECK(Count(snapshot) == 1);
    CHECK(snapshot.Of<User>().Find(2) == std::nullopt);
    CHECK(snapshot.Of<User>().Get(1).name == "Ada");
  }
  CHECK(client.Of<User>().Query().Count() == 2);
}

TEST_CASE("it ends with its scope, also when it was moved") {
  const auto client = grapnel::Open<User>(":memory:");
  client.Migrate();
  {
    auto first = client.ReadTx();
    const auto second = std::move(first);
    CHECK(Count(second) == 0);
  }
  Create(client, "Ada");  // the one connection is free again
  CHECK(client.Of<User>().Query().Count() == 1);
}

TEST_CASE("inside a transaction it sees what that one has written") {
  const auto client = grapnel::Open<User>(":memory:");
  client.Migrate();
  auto tx = client.Tx();
  Create(tx.Client(), "Ada");
  {
    const auto snapshot = tx.Client().ReadTx();
    CHECK(Count(snapshot) == 1);
  }
  Create(tx.Client(), "Bob");  // its end was not the transaction's
  tx.Commit();
  CHECK(client.Of<User>().Query().Count() == 2);
}

TEST_CASE("B87 it belongs to its thread") {
  const auto client = grapnel::Open<User>(":memory:");
  client.Migrate();
  const auto snapshot = client.ReadTx();
  bool refused = false;
  Elsewhere([&] {
    try {
      Count(snapshot);
    } catch (const grapnel::TxError&) {
      refused = true;
    }
  });
  CHECK(refused);
}

TEST_CASE("it keeps the values of its call") {
  const auto client = grapnel::Open<User>(":memory:");
  CHECK(*client.With(5).ReadTx().Context().Get<int>() == 5);
}
