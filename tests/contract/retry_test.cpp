// What fails in a transaction undoes itself alone, writers do not hinder each other, and what was
// in the way of one another runs again.
#include "contract/fixture.hpp"
#include "support/catch.hpp"
#include "support/engine/traits.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <iterator>
#include <latch>
#include <ranges>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

using grapnel::BusyError;
using grapnel::F;
using grapnel::Mutation;
using grapnel::Next;
using grapnel::Retry;
using grapnel::Tx;
using grapnel::TxOutcome;
using grapnel::Value;
using namespace std::chrono_literals;

namespace {

struct Account {
  std::int64_t id = 0;
  std::string owner;
  std::int64_t balance = 0;
};

}  // namespace

template <>
struct grapnel::Schema<Account> {
  static constexpr std::string_view Type = "Account";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&Account::owner>("owner").NotEmpty().Unique(),
                           Field<&Account::balance>("balance").Default(0));
  }
};

namespace {

constexpr int kWriters = 8;

/// Runs `write(i)` on so many threads at once. Throws what the first of them threw.
void Beside(int writers, const std::function<void(int)>& write) {
  std::latch start(writers);
  std::vector<std::exception_ptr> thrown(static_cast<std::size_t>(writers));
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < writers; ++i) {
      threads.emplace_back([&, i] {
        start.arrive_and_wait();
        try {
          write(i);
        } catch (...) {
          thrown[static_cast<std::size_t>(i)] = std::current_exception();
        }
      });
    }
  }
  for (const auto& each : thrown) {
    if (each) std::rethrow_exception(each);
  }
}

struct World : Fixture<Account> {
  std::int64_t Put(const std::string& owner) const {
    return client.Of<Account>().Create().Set(F<&Account::owner>, owner).Save().id;
  }
  /// On a slow machine all of them take longer than the 5 seconds that one is tried for.
  auto Patient() const { return client.With(60s); }
  std::int64_t BalanceOf(std::int64_t id) const { return client.Of<Account>().Get(id).balance; }
};

/// Adds by what a hook has read, as none should that runs beside others unprotected.
Value<Account> ReadAndAdd(Mutation<Account>& m, Next<Account> next) {
  if (m.Op() == grapnel::Op::UpdateOne) {
    m.Set(F<&Account::balance>, m.Old(F<&Account::balance>) + *m.Get(F<&Account::balance>));
  }
  return next(m);
}

}  // namespace

TEST_CASE_METHOD(
    World, "B173 mutations of one row lose nothing, and their hooks start from what is given") {
  constexpr int times = 10;
  const std::int64_t id = Put("Ada");
  std::atomic<int> committed = 0, tried = 0;
  client.Of<Account>().Use([&](Mutation<Account>& m, Next<Account> next) -> Value<Account> {
    ++tried;
    m.AfterCommit([&] { ++committed; });
    return ReadAndAdd(m, next);
  });
  Beside(kWriters, [&](int) {
    for (int i = 0; i < times; ++i) {
      Patient().Of<Account>().UpdateOne(id).Set(F<&Account::balance>, 1).Save();
    }
  });
  CHECK(BalanceOf(id) == kWriters * times);
  CHECK(committed == kWriters * times);
  CHECK((engine::SerialisesWriters() ? tried == kWriters * times : tried >= kWriters * times));
}

TEST_CASE_METHOD(World, "B176 an upsert of one key by all at once gives one row and no error") {
  std::atomic<int> inserted = 0, updated = 0;
  client.Of<Account>().Use([&](Mutation<Account>& m, Next<Account> next) -> Value<Account> {
    auto value = next(m);
    if (m.Op() == grapnel::Op::Create) {
      const bool is_new = m.Conflict()->outcome == grapnel::ConflictOutcome::Inserted;
      m.AfterCommit([&, is_new] { ++(is_new ? inserted : updated); });
    }
    return value;
  });
  for (const std::string owner : {"Ada", "Bob", "Cy", "Dot"}) {
    Beside(kWriters, [&](int i) {
      Patient()
          .Of<Account>()
          .Create()
          .Set(F<&Account::owner>, owner)
          .Set(F<&Account::balance>, i)
          .OnConflict(F<&Account::owner>)
          .UpdateNewValues()
          .Save();
    });
  }
  CHECK(client.Of<Account>().Query().Count() == 4);
  CHECK((inserted == 4 && updated == 4 * (kWriters - 1)));
}

TEST_CASE_METHOD(World, "B176 so do bulks of upserts, in whatever order they meet") {
  Beside(kWriters, [&](int i) {
    const auto inside = Patient();  // each deadlock takes the server a second to find
    std::vector<grapnel::store::Create<Account>> rows;
    for (int row = 0; row < 6; ++row) {
      const int owner = i % 2 == 0 ? row : 5 - row;
      rows.push_back(inside.Of<Account>().Create().Set(F<&Account::owner>, std::to_string(owner)));
      rows.back().OnConflict(F<&Account::owner>).UpdateNewValues();
    }
    inside.Of<Account>().CreateBulk(rows).Save();
  });
  CHECK(client.Of<Account>().Query().Count() == 6);
}

TEST_CASE_METHOD(World, "B173 a bulk that runs again has the rows that it was given") {
  if (engine::SerialisesWriters()) return;  // nothing runs again
  const std::int64_t hot = Put("hot");
  int runs = 0;
  client.Of<Account>().Use([&](Mutation<Account>& m, Next<Account> next) -> Value<Account> {
    if (m.Op() != grapnel::Op::Create) return next(m);
    m.Client().Of<Account>().Query().Count();
    if (++runs == 2) {
      std::jthread([&] {
        client.Of<Account>().UpdateOne(hot).Add(F<&Account::balance>, 1).Save();
      }).join();
      m.Client().Of<Account>().UpdateOne(hot).Add(F<&Account::balance>, 1).Save();
    }
    return next(m);
  });
  const std::string name = " whose name does not stand within its string";
  std::vector<Account> given;
  for (const char* first : {"Ada", "Bob", "Cy"}) given.push_back({.owner = first + name});
  SECTION("taken out of others by a view") {
    const auto take = [](Account& account) { return std::move(account); };
    client.Of<Account>().CreateBulk(std::views::transform(given, take)).Save();
  }
  SECTION("moved in") {
    client.Of<Account>()
        .CreateBulk(std::ranges::subrange(std::move_iterator(given.begin()),
                                          std::move_iterator(given.end())))
        .Save();
  }
  CHECK(runs > 3);
  CHECK(client.Of<Account>().Query().Where(F<&Account::owner>.HasSuffix(name)).Count() == 3);
}

TEST_CASE_METHOD(World,
                 "B173 bulks that update the same rows crosswise wait, and none has to run again") {
  constexpr int times = 5;
  constexpr int owners = 40;
  std::atomic<int> tried = 0;
  client.Of<Account>().Use([&](Mutation<Account>& m, Next<Account> next) -> Value<Account> {
    if (m.Op() == grapnel::Op::Create) ++tried;
    return next(m);
  });
  Beside(kWriters, [&](int i) {
    const auto inside = Patient();
    for (int round = 0; round < times; ++round) {
      std::vector<grapnel::store::Create<Account>> rows;
      for (int row = 0; row < owners; ++row) {
        const int owner = i % 2 == 0 ? row : owners - 1 - row;
        rows.push_back(inside.Of<Account>()
                           .Create()
                           .Set(F<&Account::owner>, std::to_string(owner))
                           .Set(F<&Account::balance>, 1));
        rows.back().OnConflict(F<&Account::owner>).Update([](auto& m) {
          m.Add(F<&Account::balance>, 1);
        });
      }
      inside.Of<Account>().CreateBulk(rows).Save();
    }
  });
  const auto accounts = client.Of<Account>().Query().All();
  CHECK(accounts.size() == owners);
  for (const Account& each : accounts) CHECK(each.balance == kWriters * times);
  CHECK(tried == kWriters * times * owners);
}

TEST_CASE_METHOD(
    World, "B173 transactions that are run again lose nothing, even where they lock crosswise") {
  const std::int64_t ada = Put("Ada"), bob = Put("Bob");
  std::atomic<int> committed = 0;
  Beside(kWriters, [&](int i) {
    client.WithTx(
        [&](Tx& tx) {
          tx.AfterCommit([&] { ++committed; });
          const std::int64_t from = i % 2 == 0 ? ada : bob;
          const std::int64_t balance = tx.Of<Account>().Get(from).balance;
          tx.Of<Account>().UpdateOne(from).Set(F<&Account::balance>, balance - 1).Save();
          tx.Of<Account>().UpdateOne(ada + bob - from).Add(F<&Account::balance>, 1).Save();
        },
        Retry{.within = 60s});
  });
  CHECK(committed == kWriters);
  CHECK((BalanceOf(ada) == 0 && BalanceOf(bob) == 0));
}

TEST_CASE_METHOD(
    World, "B173 in a caller's transaction it is a BusyError that says so, and that has ended") {
  if (engine::SerialisesWriters()) return;  // the second waits for the first
  const std::int64_t id = Put("Ada");
  int rolled_back = 0;
  auto tx = client.Tx();
  tx.AfterRollback([&] { ++rolled_back; });
  CHECK(tx.Of<Account>().Get(id).balance == 0);
  std::thread([&] {
    client.Of<Account>().UpdateOne(id).Set(F<&Account::balance>, 5).Save();
  }).join();
  CHECK(tx.Of<Account>().Get(id).balance == 0);  // its snapshot
  try {
    tx.Of<Account>().UpdateOne(id).Add(F<&Account::balance>, 1).Save();
    FAIL("nothing was thrown");
  } catch (const BusyError& error) {
    CHECK(error.Retryable());
  }
  CHECK(tx.Outcome() == TxOutcome::RolledBack);
  CHECK(rolled_back == 1);
  CHECK_THROWS_AS(tx.Of<Account>().Get(id), grapnel::TxError);
  CHECK(BalanceOf(id) == 5);
}

TEST_CASE_METHOD(World,
                 "B173 writers of different rows do not wait for each other where they may not") {
  const std::int64_t ada = Put("Ada"), bob = Put("Bob");
  auto tx = client.Tx();
  tx.Of<Account>().UpdateOne(ada).Set(F<&Account::balance>, 1).Save();
  std::atomic<bool> through = false;
  std::thread([&] {
    try {
      client.With(300ms).Of<Account>().UpdateOne(bob).Set(F<&Account::balance>, 1).Save();
      through = true;
    } catch (const grapnel::CancelledError&) {
    }
  }).join();
  CHECK(through == !engine::SerialisesWriters());
  tx.Commit();
}

TEST_CASE_METHOD(World, "B173 a lock that is held for too long ends within the deadline") {
  const std::int64_t id = Put("Ada");
  auto tx = client.Tx();
  tx.Of<Account>().UpdateOne(id).Set(F<&Account::balance>, 1).Save();
  std::thread([&] {
    const auto start = std::chrono::steady_clock::now();
    CHECK_THROWS_AS(
        client.With(300ms).Of<Account>().UpdateOne(id).Set(F<&Account::balance>, 2).Save(),
        grapnel::Error);
    CHECK(std::chrono::steady_clock::now() - start < 3s);
  }).join();
  tx.Commit();
  CHECK(BalanceOf(id) == 1);
}

TEST_CASE_METHOD(World, "B172 a transaction goes on after whatever has failed in it") {
  Put("Ada");
  std::vector<std::function<void(const grapnel::Client&)>> failures{
      [&](const grapnel::Client& c) {
        c.Of<Account>().Create().Set(F<&Account::owner>, "Ada").Save();
      },
      [&](const grapnel::Client& c) { c.Of<Account>().Create().Save(); },
      [&](const grapnel::Client& c) {
        c.Of<Account>().Update().Set(F<&Account::owner>, "one").Save();
      },
      [&](const grapnel::Client& c) { c.Sql("SELECT nothing FROM nowhere"); },
      [&](const grapnel::Client& c) { c.Sql("INSERT INTO nowhere VALUES (1)"); },
      [&](const grapnel::Client& c) { c.Of<Account>().Get(99); },
      [&](const grapnel::Client& c) {
        c.WithTx([&](Tx& nested) {
          nested.Of<Account>().Create().Set(F<&Account::owner>, "lost").Save();
          nested.Of<Account>().Create().Set(F<&Account::owner>, "Ada").Save();
        });
      },
      [&](const grapnel::Client& c) {
        std::vector<Account> rows(40);
        for (std::size_t i = 0; i < rows.size(); ++i) rows[i].owner = std::to_string(i);
        rows[33].owner = "Ada";
        c.Of<Account>().CreateBulk(rows).Save();
      },
  };
  std::int64_t kept = 1;
  const auto check = [&](const grapnel::Client& c) {
    for (const auto& fail : failures) {
      CHECK_THROWS_AS(fail(c), grapnel::Error);
      CHECK(c.Of<Account>().Query().Count() == kept);
      c.Of<Account>().Create().Set(F<&Account::owner>, "kept " + std::to_string(kept)).Save();
      ++kept;
      CHECK_THROWS_AS(fail(c), grapnel::Error);
      CHECK_THROWS_AS(fail(c), grapnel::Error);
    }
  };
  SECTION("in a Tx") {
    client.WithTx([&](Tx& tx) {
      tx.Of<Account>().Create().Set(F<&Account::owner>, "two").Save();
      ++kept;
      check(tx.Client());
    });
  }
  SECTION("in a nested one") {
    client.WithTx([&](Tx& tx) {
      tx.Of<Account>().Create().Set(F<&Account::owner>, "two").Save();
      ++kept;
      tx.WithTx([&](Tx& nested) { check(nested.Client()); });
    });
  }
  SECTION("in a hook") {
    bool first = true;
    client.Of<Account>().Use([&](Mutation<Account>& m, Next<Account> next) -> Value<Account> {
      if (!std::exchange(first, false)) return next(m);
      ++kept;
      auto value = next(m);
      check(m.Client());
      return value;
    });
    Put("two");
  }
  CHECK(client.Of<Account>().Query().Count() == kept);
}

TEST_CASE_METHOD(World,
                 "B172 a hook that goes on after next has failed finds the transaction as it was") {
  Put("Ada");
  client.Of<Account>().Use([&](Mutation<Account>& m, Next<Account> next) -> Value<Account> {
    if (m.Op() != grapnel::Op::Create) return next(m);
    try {
      return next(m);
    } catch (const grapnel::ConstraintError&) {
      m.Set(F<&Account::owner>, *m.Get(F<&Account::owner>) + "'");
      CHECK(m.Client().Of<Account>().Query().Count() == 1);
      return next(m);
    }
  });
  CHECK(client.Of<Account>().Get(Put("Ada")).owner == "Ada'");
}
