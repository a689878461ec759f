// B127: a program without memory of its own, at every allocation of what it does.
#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <exception>
#include <iterator>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "contract/faults_model.hpp"
#include "contract/fixture.hpp"
#include "contract/model.hpp"
#include "support/catch.hpp"

namespace {

/// Is known by a text.
struct Page {
  std::string id;
  std::string path;
  std::string text;
};

}  // namespace

template <>
struct grapnel::Schema<Page> {
  static constexpr std::string_view Type = "Page";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&Page::path>("path").Unique(),
                           Field<&Page::text>("text").Default(""));
  }
};

namespace {

using grapnel::F;
using model::User;

long left = 0;         // allocations until one fails; 0: none does
bool lasting = false;  // then all behind it fail as well
bool failing = false;

void* Given(std::size_t size) {
  if (left > 0 && --left == 0) failing = true;
  if (failing) {
    failing = lasting;
    throw std::bad_alloc();
  }
  if (void* const memory = std::malloc(size != 0 ? size : 1)) return memory;
  throw std::bad_alloc();
}

/// Returns: whether one has failed.
bool Heal() {
  lasting = failing = false;
  return std::exchange(left, 0) == 0;
}

/// Runs `body()`, the n-th allocation of which fails. Returns: whether there were so many.
template <class F>
bool Fails(long n, F body) {
  left = n;
  bool failed = false;
  try {
    body();
  } catch (const std::bad_alloc&) {
    failed = true;
  }
  return std::exchange(left, 0) == 0 || failed;
}

}  // namespace

void* operator new(std::size_t size) { return Given(size); }
void* operator new[](std::size_t size) { return Given(size); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return std::malloc(size != 0 ? size : 1);
}
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

TEST_CASE("B127 a nested Tx for which there is no memory leaves the outer one as it was") {
  const Fixture<User> db;
  const auto& client = db.client;
  long n = 0;
  for (bool failed = true; failed;) {
    ++n;
    auto tx = client.Tx();
    failed = Fails(n, [&] {
      auto nested = tx.Tx();
      nested.Rollback();
    });
    tx.Of<User>().Create().Set(F<&User::name>, "Ada").Save();
    tx.Commit();
    REQUIRE(client.Of<User>().Query().Count() == n);
  }
  CHECK(n > 2);
}

namespace {

/// What hooks and callbacks did during one call.
struct Seen {
  int commit_hooks = 0, rollback_hooks = 0;
  int to_commit = 0, to_roll_back = 0;  // callbacks that were registered
  int committed = 0, rolled_back = 0;   // and that ran
};

/// Allocates, as every callback may.
void Allocate() { const std::string text(64, 'x'); }

template <class M>
void Register(M& m, Seen& seen) {
  m.AfterCommit([&seen] { ++seen.committed, Allocate(); });
  ++seen.to_commit;
  m.AfterRollback([&seen] { ++seen.rolled_back, Allocate(); });
  ++seen.to_roll_back;
}

/// Hooks of every form that register callbacks, and hooks around the ends of transactions.
void Hook(const grapnel::Database<User>& client, Seen& seen) {
  client.OnError([](const std::exception&) {});
  client.OnCommit([&seen](grapnel::Tx& tx, auto next) {
    next(tx);
    ++seen.commit_hooks;
    Allocate();
  });
  client.OnRollback([&seen](grapnel::Tx& tx, auto next) {
    ++seen.rollback_hooks;
    Allocate();
    next(tx);
  });
  client.Use(grapnel::hook::Before([&seen](auto& m) { Register(m, seen); }));
  client.Of<User>().Use(
      [&seen](grapnel::Mutation<User>& m, grapnel::Next<User> next) -> grapnel::Value<User> {
        Register(m, seen);
        if (m.Op() != grapnel::Op::Create) static_cast<void>(m.OldRows());
        auto value = next(m);
        Register(m, seen);
        return value;
      });
}

std::vector<User> Rows(const grapnel::Database<User>& client) {
  return client.Of<User>().Query().Order(grapnel::Asc(F<&User::id>)).All();
}
std::string Text(const std::vector<User>& rows) {
  std::string text;
  for (const User& row : rows) text += row.name + "/" + std::to_string(row.age) + " ";
  return text;
}

const std::string kLong(40, 'n');  // no short string

auto Named(const auto& of, const std::string& name) {
  return of.Create().Set(F<&User::name>, name + kLong).Set(F<&User::age>, 1);
}

using Call = void (*)(const grapnel::Database<User>&, Seen&);

const Call kCalls[] = {
    [](const auto& client, Seen&) { Named(client.template Of<User>(), "new").Save(); },
    [](const auto& client, Seen&) {
      client.template Of<User>().UpdateOne(1).Set(F<&User::age>, 7).Save();
    },
    [](const auto& client, Seen&) {
      client.template Of<User>().Update().Where(F<&User::id> < 3).Set(F<&User::age>, 8).Save();
    },
    [](const auto& client, Seen&) { client.template Of<User>().DeleteOne(1).Exec(); },
    [](const auto& client, Seen&) {
      client.template Of<User>().Delete().Where(F<&User::id> < 3).Exec();
    },
    [](const auto& client, Seen&) {
      const auto users = client.template Of<User>();
      std::vector<grapnel::store::Create<User>> rows;
      for (const char* name : {"x", "y", "z"}) rows.push_back(Named(users, name));
      users.CreateBulk(rows).Save();
    },
    [](const auto& client, Seen& seen) {
      auto tx = client.Tx();
      tx.OnCommit([&](grapnel::Tx& t, auto next) { next(t); });
      Register(tx, seen);
      Named(tx.template Of<User>(), "in").Save();
      tx.template Of<User>().DeleteOne(2).Exec();
      tx.Commit();
    },
    [](const auto& client, Seen& seen) {
      client.WithTx([&](grapnel::Tx& tx) {
        Register(tx, seen);
        return Named(tx.Of<User>(), "with").Save();
      });
    },
    [](const auto& client, Seen& seen) {
      client.WithTx([&](grapnel::Tx& tx) {
        Named(tx.Of<User>(), "outer").Save();
        tx.WithTx([&](grapnel::Tx& nested) {
          nested.OnCommit([&](grapnel::Tx& t, auto next) { next(t); });
          nested.OnRollback([&](grapnel::Tx& t, auto next) { next(t); });
          Register(nested, seen);
          Named(nested.Of<User>(), "nested").Save();
        });
      });
    },
};

}  // namespace

TEST_CASE(
    "B66 B68 B71 B72 B127 whatever allocation fails, a call is done whole and says so, or not at "
    "all") {
  const auto at = GENERATE(range(0, static_cast<int>(std::size(kCalls))));
  const Call call = kCalls[at];
  const bool all_behind = GENERATE(false, true);
  long n = 0;
  for (bool failed = true; failed;) {
    ++n;
    INFO("call " << at << ", allocation " << n);
    const auto client = grapnel::Open<User>(":memory:");
    client.Migrate();
    for (const char* name : {"a", "b", "c"}) Named(client.Of<User>(), name).Save();
    const std::string before = Text(Rows(client));
    Seen seen;
    Hook(client, seen);
    bool told_committed = false, threw = false;
    left = n;
    lasting = all_behind;
    try {
      call(client, seen);
    } catch (const grapnel::CommittedError&) {
      threw = told_committed = true;
    } catch (const std::exception&) {
      threw = true;
    }
    failed = Heal();
    const bool stored = Text(Rows(client)) != before;
    CAPTURE(stored, threw, told_committed);
    REQUIRE(stored == (!threw || told_committed));
    if (stored) {
      REQUIRE(seen.committed == seen.to_commit);
      REQUIRE(seen.rolled_back == 0);
      REQUIRE(seen.rollback_hooks == 0);
    } else {
      REQUIRE(seen.committed == 0);
      REQUIRE(seen.rolled_back == seen.to_roll_back);
      REQUIRE(seen.rollback_hooks <= 1);
      REQUIRE(seen.rollback_hooks >= std::min(1, seen.to_roll_back));
    }
    REQUIRE(Named(client.Of<User>(), "later").Save().id != 0);
  }
  CHECK(n > 10);
}

namespace {

using Database = grapnel::Database<User, model::Pet>;

/// What registers something that ran `ran` times in the end.
const std::pair<const char*, void (*)(const Database&, grapnel::Tx&, int&)> kRegistrations[] = {
    {"Use", [](const Database& client, grapnel::Tx&,
               int& ran) { client.Use(grapnel::hook::Before([&ran](auto&) { ++ran; })); }},
    {"Of().Use",
     [](const Database& client, grapnel::Tx&, int& ran) {
       client.Of<User>().Use(grapnel::hook::Before([&ran](auto&) { ++ran; }),
                             grapnel::hook::Before([&ran](auto&) { ++ran; }));
     }},
    {"tx.Of().Use",
     [](const Database&, grapnel::Tx& tx, int& ran) {
       tx.Of<User>().Use(grapnel::hook::Before([&ran](auto&) { ++ran; }));
     }},
    {"OnCommit",
     [](const Database& client, grapnel::Tx&, int& ran) {
       client.OnCommit([&ran](grapnel::Tx& t, auto next) { ++ran, next(t); });
     }},
    {"tx.OnCommit",
     [](const Database&, grapnel::Tx& tx, int& ran) {
       tx.OnCommit([&ran](grapnel::Tx& t, auto next) { ++ran, next(t); });
     }},
    {"OnRollback",
     [](const Database& client, grapnel::Tx&, int& ran) {
       client.OnRollback([&ran](grapnel::Tx& t, auto next) { ++ran, next(t); });
     }},
    {"tx.OnRollback",
     [](const Database&, grapnel::Tx& tx, int& ran) {
       tx.OnRollback([&ran](grapnel::Tx& t, auto next) { ++ran, next(t); });
     }},
    {"OnMigrate",
     [](const Database& client, grapnel::Tx&, int& ran) {
       client.OnMigrate([&ran](grapnel::store::Migration& m, auto next) { ++ran, next(m); });
     }},
    {"tx.AfterCommit",
     [](const Database&, grapnel::Tx& tx, int& ran) { tx.AfterCommit([&ran] { ++ran; }); }},
    {"tx.AfterRollback",
     [](const Database&, grapnel::Tx& tx, int& ran) { tx.AfterRollback([&ran] { ++ran; }); }},
};

}  // namespace

TEST_CASE("B14 B127 what could not be registered for lack of memory never runs") {
  const auto at = GENERATE(range(0, static_cast<int>(std::size(kRegistrations))));
  const bool commits_all = GENERATE(true, false);
  INFO(kRegistrations[at].first);
  bool failed = true;
  for (long n = 1; failed; ++n) {
    INFO("allocation " << n);
    const auto client = grapnel::Open<User, model::Pet>(":memory:");
    client.Migrate();
    int ran = 0;
    auto tx = client.Tx();
    left = n;
    try {
      kRegistrations[at].second(client, tx, ran);
    } catch (const std::bad_alloc&) {
    }
    failed = std::exchange(left, 0) == 0;
    for (const bool commits : {true, false}) {
      auto nested = tx.Tx();
      Named(nested.Of<User>(), "Ada").Save();
      nested.Of<model::Pet>()
          .Create()
          .Set(F<&model::Pet::name>, "Tom")
          .Set(F<&model::Pet::owner_id>, 1)
          .Save();
      commits ? nested.Commit() : nested.Rollback();
    }
    commits_all ? tx.Commit() : tx.Rollback();
    client.Migrate();
    REQUIRE((failed ? ran == 0 : ran >= 0));
  }
}

TEST_CASE("B29 B116 B127 a value that there is no memory for is not said to be wrong") {
  const Fixture<User> db;
  const grapnel::FieldValue value(kLong);
  bool failed = true;
  long n = 1;
  for (; failed; ++n) {
    INFO("allocation " << n);
    const auto handle = db.client.Of<User>().Use(grapnel::hook::Before([&](auto& m) {
      left = n;
      m.SetField("name", value);
      m.SetField("nickname", value);
      static_cast<void>(m.Field("name"));
      static_cast<void>(ToString(m));
    }));
    std::string told;
    try {
      db.client.Of<User>().Create().Save();
    } catch (const std::bad_alloc&) {
      told = "no memory";
    } catch (const std::exception& error) {
      told = error.what();
    }
    failed = std::exchange(left, 0) == 0;
    handle.Remove();
    REQUIRE(told == (failed ? "no memory" : ""));
  }
  CHECK(n > 3);
}

TEST_CASE("B127 no allocation that fails in a program of many writes loses or leaves anything") {
  const bool file = GENERATE(false, true);
  const bool all_behind = GENERATE(false, true);
  const Scratch scratch;
  const auto client = faults::OpenAt(file ? scratch.File("db") : ":memory:");
  const auto play = [&](long n) {
    INFO("allocation " << n << (all_behind ? " and all behind it" : ""));
    left = n;
    lasting = all_behind;
    return faults::Play(client, client, Heal);
  };
  play(1L << 50);  // now the statements are prepared
  long n = 1;
  while (play(n)) n += file ? 3 : 1;
  CHECK(n > 100);
}

TEST_CASE("B80 B127 a migration is done whole or not at all, whatever allocation fails") {
  const bool all_behind = GENERATE(false, true);
  bool failed = true;
  for (long n = 1; failed; n += n < 150 ? 1 : 7) {
    INFO("allocation " << n);
    const auto client = grapnel::Open<User, model::Pet>(":memory:");
    left = n;
    lasting = all_behind;
    try {
      client.Migrate();
    } catch (const std::bad_alloc&) {
    } catch (const grapnel::Error&) {
    }
    failed = Heal();
    const auto rest = client.PlanMigration();
    REQUIRE((rest.Statements().empty() || failed));
    client.Migrate();
    Named(client.Of<User>(), "Ada").Save();
  }
}

TEST_CASE("B10 B108 B127 an upsert that is tried again has the id that was given") {
  const bool all_behind = GENERATE(false, true);
  const std::string given(60, 'g'), there(20, 't');
  bool failed = true;
  for (long n = 1; failed; ++n) {
    INFO("allocation " << n);
    const auto client = grapnel::Open<Page>(":memory:");
    client.Migrate();
    const auto pages = client.Of<Page>();
    pages.Create().Set(F<&Page::id>, there).Set(F<&Page::path>, "/").Save();
    bool again = false;
    failed = false;
    pages.Use(grapnel::hook::On(
        [&](grapnel::Mutation<Page>& m, grapnel::Next<Page> next) -> grapnel::Value<Page> {
          left = n;
          lasting = all_behind;
          try {
            auto value = next(m);
            failed = Heal();
            return value;
          } catch (const std::bad_alloc&) {
            failed = Heal();
          }
          again = true;
          m.Client().Of<Page>().Update().Set(F<&Page::path>, "/moved").Save();
          return next(m);
        },
        grapnel::Op::Create));
    const auto page = pages.Create()
                          .Set(F<&Page::id>, given)
                          .Set(F<&Page::path>, "/")
                          .Set(F<&Page::text>, "new")
                          .OnConflict(F<&Page::path>)
                          .UpdateNewValues()
                          .Save();
    REQUIRE(page.id == (again ? given : there));
    REQUIRE(page.text == "new");
  }
}

TEST_CASE("B127 what could not be provided for lack of memory is not there, and the next one is") {
  const std::string name(40, 'm');
  bool failed = true;
  for (long n = 1; failed; ++n) {
    INFO("allocation " << n);
    const auto client = grapnel::Open<User>(":memory:");
    int given = 1;
    left = n;
    try {
      client.Provide(name, given);
    } catch (const std::bad_alloc&) {
    }
    failed = Heal();
    CHECK_THROWS_AS(client.Dep<int>(), grapnel::DependencyError);
    if (failed) {
      CHECK_THROWS_AS(client.Dep<int>(name), grapnel::DependencyError);
    } else {
      CHECK(&client.Dep<int>(name) == &given);
    }
    int next = 2;
    client.Provide(name, next, grapnel::Replace);
    CHECK(&client.Dep<int>(name) == &next);
  }
}

TEST_CASE("B151 going over rows takes no memory for each, and without any it leaves nothing open") {
  const auto client = grapnel::Open<User>(":memory:");
  client.Migrate();
  const auto add = [&](const auto& to, int count) {
    for (int i = 0; i < count; ++i) to.template Of<User>().Create().Set(F<&User::name>, "x").Save();
  };
  add(client, 200);
  const auto go_over = [](const auto& of, std::int64_t rows) {
    std::int64_t seen = 0;
    for (const User& user : of.template Of<User>().Query().Limit(rows)) seen += user.id > 0 ? 1 : 0;
    return seen;
  };
  const auto taken = [&](std::int64_t rows) {
    left = 1000;
    const bool all = go_over(client, rows) == rows;
    return all ? 1000 - std::exchange(left, 0) : -1;
  };
  static_cast<void>(taken(1));  // the statement is kept from here on
  CHECK(taken(10) == taken(200));
  long n = 0;
  for (bool failed = true; failed;) {
    failed = Fails(++n, [&] { go_over(client, 200); });
    add(client, 1);  // the connection is free
    auto tx = client.Tx();
    const bool failed_inside = Fails(n, [&] { go_over(tx, 200); });
    failed = failed || failed_inside;
    add(tx, 1);  // nothing is walked over any more
    tx.Commit();
  }
  CHECK(n > 2);
}
