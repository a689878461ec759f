// B253: the inbox, on each engine.
#include <grapnel/extras/inbox.hpp>

#include <grapnel/extras/clock.hpp>
#include <grapnel/grapnel.hpp>

#include "contract/fixture.hpp"
#include "support/catch.hpp"
#include "support/engine/traits.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace inboxed {

struct Invoice {
  std::int64_t id = 0;
  std::string text{};
};

}  // namespace inboxed

template <>
struct grapnel::Schema<inboxed::Invoice> {
  static constexpr std::string_view Type = "Invoice";
  static constexpr auto Fields() { return grapnel::Fields(Field<&inboxed::Invoice::text>("text")); }
};

using namespace inboxed;
using namespace std::chrono_literals;
using grapnel::F;
using grapnel::Tx;
using grapnel::extras::Clock;
namespace inbox = grapnel::extras::inbox;

namespace {

struct Inbox : Fixture<Invoice, inbox::Seen> {
  Clock::Time now = std::chrono::sys_days(std::chrono::year(2024) / 2 / 29);
  const grapnel::extras::ScopedClock clock{[this] { return now; }};

  template <class Id>
  bool Receive(const std::string& source, Id id, const std::string& text = "paid") const {
    return client.WithTx(
        [&](Tx& tx) {
          return inbox::Once(tx, source, id,
                             [&](Tx& once) { once.Of<Invoice>().Create({.text = text}).Save(); });
        },
        grapnel::Retry{});
  }
  std::int64_t Invoices() const { return client.Of<Invoice>().Query().Count(); }
  std::int64_t Known() const { return client.Of<inbox::Seen>().Query().Count(); }
};

struct Failed : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace

TEST_CASE_METHOD(Inbox, "B253 a message has its effect once, of each source and id") {
  CHECK(Receive("shop", 7));
  CHECK_FALSE(Receive("shop", 7));
  CHECK_FALSE(Receive("shop", "7"));
  CHECK(Receive("shop", "7 "));
  CHECK(Receive("bank", 7));
  CHECK(Receive("shop", std::string("a\"'\xc3\xa9")));
  CHECK_FALSE(Receive("shop", std::string("a\"'\xc3\xa9")));
  CHECK(Invoices() == 4);
  CHECK(Known() == 4);
}

TEST_CASE_METHOD(Inbox, "B253 the body may take the transaction or nothing") {
  client.WithTx([&](Tx& tx) {
    CHECK(inbox::Once(tx, "shop", "1", [] {}));
    CHECK(inbox::Once(tx, "shop", "2",
                      [](Tx& once) { once.Of<Invoice>().Create({.text = "paid"}).Save(); }));
    CHECK_FALSE(inbox::Once(tx, "shop", "1", [] { FAIL("it has been seen"); }));
  });
  CHECK(Invoices() == 1);
}

TEST_CASE_METHOD(Inbox, "B253 a body that throws leaves nothing, and may run again") {
  client.WithTx([&](Tx& tx) {
    CHECK_THROWS_AS(inbox::Once(tx, "shop", 1,
                                [](Tx& once) {
                                  once.Of<Invoice>().Create({.text = "half"}).Save();
                                  throw Failed("no");
                                }),
                    Failed);
    tx.Of<Invoice>().Create({.text = "other"}).Save();  // the transaction goes on
  });
  CHECK(Known() == 0);
  CHECK(client.Of<Invoice>().Query().Only().text == "other");
  CHECK(Receive("shop", 1));
  CHECK(Invoices() == 2);
}

TEST_CASE_METHOD(Inbox, "B253 what is rolled back has not been seen") {
  CHECK_THROWS_AS(client.WithTx([&](Tx& tx) {
    CHECK(inbox::Once(tx, "shop", 1, [] {}));
    throw Failed("no");
  }),
                  Failed);
  CHECK(Known() == 0);
  CHECK(Receive("shop", 1));
}

TEST_CASE_METHOD(Inbox, "B253 no message is without a source and an id") {
  client.WithTx([&](Tx& tx) {
    CHECK_THROWS_WITH(inbox::Once(tx, "", 1, [] {}), "extras::inbox::Once: the source is empty");
    CHECK_THROWS_WITH(inbox::Once(tx, "shop", "", [] {}),
                      "extras::inbox::Once: the id of the event is empty");
    CHECK_THROWS_AS(inbox::Once(tx, "shop", std::string(2001, 'x'), [] {}),
                    grapnel::ValidationError);
  });
}

TEST_CASE_METHOD(Inbox, "B253 messages are forgotten by their age") {
  for (int id = 0; id < 2500; ++id) {
    client.Of<inbox::Seen>()
        .Create({.source = "shop", .event_id = std::to_string(id), .at = now})
        .Save();
  }
  now += 24h;
  CHECK(Receive("shop", 2500));
  CHECK(inbox::Prune(client, 25h) == 0);
  CHECK(inbox::Prune(client, std::chrono::years(500)) == 0);
  CHECK(inbox::Prune(client, std::chrono::hours::max()) == 0);
  CHECK(inbox::Prune(client, 24h) == 2500);
  CHECK(Known() == 1);
  CHECK_FALSE(Receive("shop", 2500));
  CHECK(Receive("shop", 7));
}

TEST_CASE_METHOD(Inbox, "B253 rules of the application do not stop it") {
  client.Of<inbox::Seen>().Guard(
      [](const grapnel::Mutation<inbox::Seen>&) { return grapnel::guard::Deny("no"); });
  CHECK(Receive("shop", 1));
  CHECK_FALSE(Receive("shop", 1));
}

TEST_CASE_METHOD(Inbox, "B253 receivers beside each other: once for each") {
  constexpr int kMessages = 40;
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 3; ++thread) {
    threads.emplace_back([&] {
      for (int id = 0; id < 2 * kMessages; ++id) {
        Receive("shop", id % kMessages, std::to_string(id % kMessages));
      }
    });
  }
  threads.clear();
  std::multiset<std::string> texts;
  for (const Invoice& invoice : client.Of<Invoice>().Query().All()) texts.insert(invoice.text);
  CHECK(texts.size() == kMessages);
  for (int id = 0; id < kMessages; ++id) CHECK(texts.count(std::to_string(id)) == 1);
}
