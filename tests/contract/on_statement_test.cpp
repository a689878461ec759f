// B157: who is told of statements.
#include <grapnel/grapnel.hpp>

#include "contract/fixture.hpp"
#include "contract/tx_fixture.hpp"
#include "support/catch.hpp"
#include "support/engine/traits.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace watched {

struct Item;

/// An account with secrets of every kind.
struct Account {
  std::int64_t id = 0;
  std::string name;
  std::string secret;
  std::optional<std::int64_t> pin{};
  std::int64_t level = 0;
};

/// What is known by a secret key.
struct Vault {
  std::string id;
  std::string name;
  grapnel::Many<Item> items;
};

struct Item {
  std::int64_t id = 0;
  std::string name;
  grapnel::One<Vault> vault;
};

}  // namespace watched

template <>
struct grapnel::Schema<watched::Account> {
  static constexpr std::string_view Type = "Account";
  static constexpr auto Fields() {
    using watched::Account;
    return grapnel::Fields(
        Field<&Account::name>("name"), Field<&Account::secret>("secret").Sensitive().Unique(),
        Field<&Account::pin>("pin").Sensitive(), Field<&Account::level>("level").Default(0));
  }
};
template <>
struct grapnel::Schema<watched::Vault> {
  static constexpr std::string_view Type = "Vault";
  static constexpr auto Fields() {
    using watched::Vault;
    return grapnel::Fields(Field<&Vault::id>("id").Sensitive(), Field<&Vault::name>("name"));
  }
  static constexpr auto Edges() {
    return grapnel::Edges(To<&watched::Vault::items>("items").OnDelete(Cascade));
  }
};
template <>
struct grapnel::Schema<watched::Item> {
  static constexpr std::string_view Type = "Item";
  static constexpr auto Fields() { return grapnel::Fields(Field<&watched::Item::name>("name")); }
  static constexpr auto Edges() {
    return grapnel::Edges(From<&watched::Item::vault>("vault").Ref<&watched::Vault::items>());
  }
};

namespace {

using grapnel::F;
using grapnel::Tx;
using grapnel::TxError;
using grapnel::WithValues;
using grapnel::store::StatementInfo;
using model::User;
using namespace tx_fixture;
using watched::Account;
using watched::Item;
using watched::Vault;

constexpr Place kPlaces[] = {Place::File, Place::Memory};

/// What was told, kept beyond the call.
struct Told {
  std::string text;
  std::int64_t nanoseconds, rows, changes;
  std::string error;
  Lines values;
};
using Log = std::vector<Told>;

auto Into(Log& log) {
  return [&log](const StatementInfo& info) {
    log.push_back({std::string(info.text), info.duration.Nanoseconds(), info.rows, info.changes,
                   std::string(info.error), info.values});
  };
}

Lines Texts(const Log& log) {
  Lines texts;
  for (const Told& each : log) texts.push_back(each.text);
  return texts;
}

/// The one whose text begins so.
const Told& Find(const Log& log, std::string_view begin) {
  const auto found =
      std::ranges::find_if(log, [&](const Told& each) { return each.text.starts_with(begin); });
  if (found == log.end()) throw std::runtime_error("nobody told of " + std::string(begin));
  return *found;
}

}  // namespace

TEST_CASE("B157 every statement is told once it is over: text, duration, rows, changes") {
  const std::string names = engine::Spelled("SELECT name FROM User");
  for (const Place place : kPlaces) {
    World world(place);
    Log log;
    world.client.OnStatement(Into(log));
    Add(world.client, "Ada");
    const engine::Forms begin{"BEGIN IMMEDIATE", "BEGIN ISOLATION LEVEL REPEATABLE READ"};
    CHECK(Find(log, begin.Text()).error.empty());
    CHECK(Find(log, "INSERT INTO \"User\"").changes == 1);
    CHECK(log.back().text == "COMMIT");
    {
      Tx tx = world.client.Tx();
      Add(tx, "Bob");
      Tx nested = tx.Tx();
      Add(nested, "Eve");
      nested.Rollback();
      log.clear();
      CHECK(tx.Of<User>().Query().All().size() == 2);
      CHECK(tx.Of<User>().Update().Set(F<&User::age>, 5).Save() == 2);
      tx.Sql(names);
    }
    CHECK(Find(log, "SELECT \"id\"").rows == 2);
    CHECK(Find(log, "UPDATE").changes == 2);
    CHECK(Find(log, names).rows == 2);
    CHECK(Find(log, names).changes == 0);
    CHECK(log.back().text == "ROLLBACK");
    for (const Told& each : log) {
      CHECK(each.nanoseconds >= 0);
      CHECK(each.values.empty());
    }
    log.clear();
    world.client.Of<User>().Query().Count();
    world.client.ReadTx().Of<User>().Find(1);
    world.client.Sql("SELECT 1");
    Find(log, "SELECT count(*)");
    Find(log, "BEGIN");
    CHECK(log.back().text == "SELECT 1");
  }
}

TEST_CASE("B157 savepoints are told, and how they end") {
  World world;
  Log log;
  world.client.OnStatement(Into(log));
  Tx tx = world.client.Tx();
  Add(tx, "Ada");
  {
    Tx nested = tx.Tx();
    Add(nested, "Bob");
    nested.Rollback();
  }
  tx.WithTx([](Tx& nested) { Add(nested, "Eve"); });
  tx.Commit();
  Find(log, "SAVEPOINT grapnel_1");
  Find(log, "ROLLBACK TO grapnel_1");
  Find(log, "RELEASE grapnel_1");
}

TEST_CASE("B157 the duration is that of the statement") {
  World world(Place::Memory);
  bool slow = false;
  world.client.OnStatement([&](const StatementInfo& info) {
    slow = info.duration > std::chrono::microseconds(200) && info.duration < std::chrono::hours(1);
    const std::chrono::nanoseconds exact = info.duration;
    CHECK(exact.count() == info.duration.Nanoseconds());
  });
  world.client.Sql(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) "
      "SELECT max(i) FROM n");
  CHECK(slow);
}

TEST_CASE("B209 of a transaction it is told how long it waited for its turn") {
  Fixture<User> db;
  db.client.Of<User>().Create().Set(F<&User::name>, "Ada").Save();
  std::mutex mutex;
  std::vector<std::int64_t> waited;
  db.client.OnStatement([&](const StatementInfo& ran) {
    const std::lock_guard lock(mutex);
    if (ran.text.starts_with("BEGIN")) {
      waited.push_back(ran.waited.Nanoseconds());
    } else if (ran.waited.Nanoseconds() != 0) {
      waited.push_back(-1);
    }
  });
  db.client.Of<User>().UpdateOne(1).Set(F<&User::age>, 1).Save();
  REQUIRE(waited == std::vector<std::int64_t>{0});
  auto tx = db.client.Tx();
  std::thread other([&] { db.client.Of<User>().UpdateOne(1).Set(F<&User::age>, 2).Save(); });
  std::this_thread::sleep_for(std::chrono::milliseconds(60));
  tx.Commit();
  other.join();
  REQUIRE(waited.size() == 3);
  CHECK(waited[1] + waited[2] >= (engine::SerialisesWriters() ? 20'000'000 : 0));
  waited.clear();
  db.client.Of<User>().UpdateOne(1).Set(F<&User::age>, 3).Save();
  CHECK(waited == std::vector<std::int64_t>{0});
}

TEST_CASE("B157 what fails is told with its error, also when it was refused before it ran") {
  World world;
  Log log;
  world.client.OnStatement(Into(log));
  Tx tx = world.client.Tx();
  const auto is = [](const std::string& error, const engine::Forms& forms) {
    CHECK(error == forms.Text());
  };
  tx.Sql(engine::Spelled("CREATE TABLE t (n INTEGER PRIMARY KEY)"));
  CHECK_THROWS_AS(tx.Sql("INSERT INTO t VALUES (1), (1)"), grapnel::ConstraintError);
  is(Find(log, "INSERT INTO t").error,
     {"UNIQUE constraint failed: t.n",
      "duplicate key value violates unique constraint \"t_pkey\""});
  CHECK_THROWS_AS(tx.Sql("SELECT nix"), grapnel::SqlError);
  const Told& refused = Find(log, "SELECT nix");
  is(refused.error, {"no such column: nix",
                     "column \"nix\" does not exist; names are case-sensitive, and in lower case "
                     "where they stand without double quotes"});
  CHECK_THROWS_AS(tx.Sql("COMMIT"), grapnel::SqlError);
  CHECK_FALSE(Find(log, "COMMIT").error.empty());
  tx.Sql(
      engine::Spelled("CREATE TABLE child (n INTEGER REFERENCES t DEFERRABLE INITIALLY DEFERRED)"));
  tx.Sql("INSERT INTO child VALUES (9)");
  log.clear();
  CHECK_THROWS_AS(tx.Commit(), grapnel::ConstraintError);
  is(Find(log, "COMMIT").error,
     {"FOREIGN KEY constraint failed",
      "insert or update on table \"child\" violates foreign key constraint \"child_n_fkey\""});
  if (engine::CommitGoesOn()) CHECK(Find(log, "ROLLBACK").error.empty());
  log.clear();
  CHECK_THROWS_AS(world.client.With(std::chrono::milliseconds(5))
                      .Sql("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
                           "SELECT max(i) FROM n"),
                  grapnel::CancelledError);
  is(Find(log, "WITH RECURSIVE").error, {"interrupted", "canceling statement due to user request"});
}

TEST_CASE("B157 SQL that is refused for where it stands, or for its values, is told too") {
  for (const Place place : kPlaces) {
    World world(place);
    Log log;
    world.client.OnStatement(Into(log));
    const auto refused = [&](const auto& client, std::string_view sql, const auto&... values) {
      log.clear();
      std::string why;
      try {
        client.Sql(sql, values...);
        FAIL("it passed");
      } catch (const grapnel::SqlError& error) {
        why = error.Reason();
      } catch (const TxError& error) {
        why = error.what();
      }
      const auto tells = [&](const Told& each) { return each.text == sql && each.error == why; };
      CHECK_FALSE(why.empty());
      CHECK(std::ranges::count_if(log, tells) == 1);
      CHECK(std::ranges::count(log, sql, &Told::text) == 1);
    };
    const std::string writes = engine::Spelled("DELETE FROM User");
    const std::string of_one = engine::Spelled("DELETE FROM User WHERE id = ?1");
    refused(world.client, writes);
    refused(world.client, "SELECT ?1");
    refused(world.client, "SELECT 1", 2);
    refused(world.client.ReadTx(), writes);
    refused(world.client.ReadTx(), "SELECT ?1, ?2", 1);
    Tx tx = world.client.Tx();
    Add(tx, "Ada");
    refused(tx, of_one);
    refused(tx, "SELECT ?1", 1, 2);
    refused(tx.Client().ReadTx(), writes);
    for (const User& user : tx.Of<User>().Query()) {
      CHECK(user.name == "Ada");
      refused(tx, writes);
    }
    CHECK(tx.Of<User>().Query().Count() == 1);
  }
}

TEST_CASE("B157 SQL that is undone for the name it gave is told with its error") {
  World world;
  Log log;
  world.client.OnStatement(Into(log));
  Tx tx = world.client.Tx();
  tx.Sql("CREATE TABLE mine (a TEXT)");
  CHECK_THROWS_AS(tx.Sql("ALTER TABLE mine RENAME TO grapnel_mine"), grapnel::SqlError);
  CHECK(Find(log, "ALTER TABLE").error == "grapnel_mine is Grapnel's own");
  CHECK(log.back().text.starts_with("RELEASE"));
}

TEST_CASE("B157 an error tells no value, be it given or stored, to nobody") {
  for (const Place place : kPlaces) {
    World world(place);
    Log plain, full;
    world.client.OnStatement(Into(plain));
    world.client.OnStatement(Into(full), WithValues);
    Tx tx = world.client.Tx();
    Add(tx, "secret");
    const std::pair<const char*, const char*> made[] = {
        {"CREATE TABLE t (n CHECK (json_extract('{}', n) IS NULL))",
         "CREATE TABLE t (n TEXT CHECK (n::bigint > 0))"},
        {"CREATE TRIGGER tr AFTER UPDATE ON User BEGIN SELECT json_extract('{}', new.name); END",
         "CREATE FUNCTION tr() RETURNS trigger LANGUAGE plpgsql AS "
         "$$ BEGIN PERFORM new.name::bigint; RETURN new; END $$"},
        {"SELECT 1",
         "CREATE TRIGGER tr AFTER UPDATE ON \"User\" FOR EACH ROW EXECUTE FUNCTION tr()"}};
    const auto sql = [](const auto& forms) {
      return engine::Forms{forms.first, forms.second}.Text();
    };
    for (const auto& each : made) tx.Sql(sql(each));
    const std::function<void()> failing[] = {
        [&] {
          tx.Sql(sql(std::pair("SELECT json_extract('{}', ?1)", "SELECT $1::text::bigint")),
                 "secret");
        },
        [&] {
          tx.Sql(sql(std::pair("SELECT json_extract('{}', name) FROM User",
                               "SELECT name::bigint FROM \"User\"")));
        },
        [&] { tx.Sql(engine::Spelled("INSERT INTO t VALUES (?1)"), "secret"); },
        [&] { tx.Of<User>().UpdateOne(1).Set(F<&User::age>, 7).Save(); }};
    for (const auto& fails : failing) {
      plain.clear();
      full.clear();
      CHECK_THROWS(fails());
      REQUIRE(plain.size() == full.size());
      bool told = false;
      for (std::size_t i = 0; i < plain.size(); ++i) {
        told = told || !plain[i].error.empty();
        CHECK(plain[i].error == full[i].error);
        CHECK(plain[i].error.find("secret") == std::string::npos);
      }
      CHECK(told);
    }
  }
}

TEST_CASE("B157 first registered is first told, with values or without") {
  World world;
  std::string log;
  world.client.OnStatement([&](const StatementInfo& s) { log += s.values.empty() ? "1-" : "1v"; },
                           WithValues);
  world.client.OnStatement([&](const StatementInfo& s) { log += s.values.empty() ? "2-" : "2v"; });
  world.client.OnStatement([&](const StatementInfo& s) { log += s.values.empty() ? "3-" : "3v"; },
                           WithValues);
  world.client.OnStatement([&](const StatementInfo& s) { log += s.values.empty() ? "4-" : "4v"; });
  world.client.Sql(engine::Spelled("SELECT ?1"), 7);
  CHECK(log == "1v2-3v4-");
}

TEST_CASE("B157 what a tracer sees, and COMMIT, is what observers are told") {
  World world;
  Log log;
  Lines traced;
  world.client.OnStatement(Into(log));
  const auto client = world.client.Debug([&](std::string_view sql) { traced.emplace_back(sql); });
  Add(client, "Ada");
  client.Of<User>().UpdateOne(1).Add(F<&User::age>, 1).Save();
  client.Of<User>().Query().Where(F<&User::age> == 1).All();
  client.WithTx([](Tx& tx) { Add(tx, "Bob"); });
  client.Of<User>().Delete().Exec();
  CHECK_FALSE(traced.empty());
  Lines texts = Texts(log);
  std::erase(texts, "COMMIT");
  CHECK(texts == traced);
}

TEST_CASE("B157 values are told to who asks for them, of fields that are not sensitive") {
  Fixture<Account> world;
  Log log, plain;
  world.client.OnStatement(Into(plain));
  world.client.OnStatement(Into(log), WithValues);
  const auto accounts = world.client.Of<Account>();
  accounts.Create()
      .Set(F<&Account::name>, "Ada")
      .Set(F<&Account::secret>, "s3cret")
      .Set(F<&Account::pin>, 1234)
      .Save();
  CHECK(Find(log, "INSERT").values == Lines{"\"Ada\"", "***", "***", "0"});
  log.clear();
  accounts.UpdateOne(1).Set(F<&Account::name>, "Bob").Set(F<&Account::secret>, "other").Save();
  CHECK(Find(log, "UPDATE").values == Lines{"\"Bob\"", "***", "1"});
  log.clear();
  accounts.Query()
      .Where(F<&Account::name> == "Bob" && F<&Account::secret> == "other" &&
             F<&Account::level>.In(0, 1, 2))
      .Limit(7)
      .All();
  CHECK(Find(log, "SELECT").values == (engine::BindsListsWhole()
                                           ? Lines{"\"Bob\"", "***", "list(0, 1, 2)", "7"}
                                           : Lines{"\"Bob\"", "***", "0", "1", "2", "2", "7"}));
  log.clear();
  accounts.Update().Where(F<&Account::pin> == 1234).Add(F<&Account::level>, 3).Save();
  CHECK(Find(log, "UPDATE").values.front() == "3");
  CHECK(Find(log, "UPDATE").values.back() == "***");
  log.clear();
  accounts.Get(1);
  CHECK(Find(log, "SELECT").values == Lines{"1"});
  log.clear();
  const auto narrow =
      world.client.Of<Account>().Intercept(grapnel::hook::Before([](grapnel::Reading<Account>& r) {
        r.Where(F<&Account::name> == "Bob" && F<&Account::secret> == "other");
      }));
  accounts.Get(1);
  CHECK(Find(log, "SELECT").values == Lines{"1", "\"Bob\"", "***"});
  narrow.Remove();
  log.clear();
  world.client.Sql(engine::Spelled("SELECT ?1, ?2"), "of whatever", 1);
  CHECK(log.at(0).values == Lines{"***", "***"});
  log.clear();
  std::vector<std::int64_t> many(2000);
  accounts.Query().Where(F<&Account::level>.In(many)).Count();
  CHECK(Find(log, "SELECT").values == Lines{"list(2000 values)"});
  for (const Told& each : plain) CHECK(each.values.empty());
}

TEST_CASE("B157 no sensitive value is ever told, by whichever way it goes to the database") {
  Fixture<Account, Vault, Item> world;
  Log log;
  world.client.OnStatement(Into(log), WithValues);
  const auto accounts = world.client.Of<Account>();
  const std::string secret = "s3cret";
  constexpr std::int64_t pin = 987654321;
  int made = 0;
  const auto next = [&] { return secret + std::to_string(++made); };
  const auto create = [&](const auto& client) {
    return client.template Of<Account>()
        .Create()
        .Set(F<&Account::name>, "n")
        .Set(F<&Account::secret>, next())
        .Set(F<&Account::pin>, pin);
  };
  const Account first = create(world.client).Save();
  std::vector<Account> rows(30);
  for (Account& row : rows) row = {0, "n", next(), pin, 1};
  accounts.CreateBulk(rows).Save();
  CHECK_THROWS_AS(
      accounts.Create().Set(F<&Account::name>, "n").Set(F<&Account::secret>, first.secret).Save(),
      grapnel::ConstraintError);
  accounts.Create()
      .Set(F<&Account::name>, "upserted")
      .Set(F<&Account::secret>, first.secret)
      .Set(F<&Account::pin>, pin)
      .OnConflict(F<&Account::secret>)
      .UpdateNewValues()
      .Save();
  accounts.UpdateOne(first.id).Add(F<&Account::pin>, 1).Set(F<&Account::secret>, next()).Save();
  accounts.Update().Where(F<&Account::id> == 3).Set(F<&Account::secret>, next()).Save();
  accounts.UpdateOne(first.id)
      .Where(F<&Account::secret>.HasPrefix(secret))
      .Set(F<&Account::level>, 2)
      .Save();
  grapnel::store::Predicate<Account> any = F<&Account::secret> == next();
  for (int i = 0; i < 2000; ++i) any = any || F<&Account::secret> == next();
  std::vector<std::string> list;
  for (int i = 0; i < 1500; ++i) list.push_back(next());
  for (const grapnel::store::Predicate<Account>& each :
       std::vector<grapnel::store::Predicate<Account>>{
           F<&Account::secret> == next(), F<&Account::secret> != next(),
           F < &Account::secret >> next(), F<&Account::secret>.In(next(), next()),
           F<&Account::secret>.In(list), !F<&Account::secret>.In(list),
           F<&Account::secret>.Contains(secret), F<&Account::secret>.HasPrefix(secret),
           F<&Account::secret>.HasSuffix(secret), F<&Account::secret>.EqualFold(secret),
           F<&Account::secret>.ContainsFold(secret), F<&Account::pin> == pin,
           F<&Account::name> == "n" && !(F<&Account::pin> < pin || F<&Account::secret> == secret),
           any, !any}) {
    accounts.Query().Where(each).All();
    accounts.Query().Where(each).Count();
    accounts.Query().Where(each).Order(grapnel::Desc(F<&Account::secret>)).Limit(2).IDs();
    accounts.Delete().Where(each && F<&Account::id> < 0).Exec();
  }
  for (const Account& each : accounts.Query().Where(F < &Account::secret >> secret)) {
    if (each.id > 5) break;
  }
  accounts.Query().Where(F<&Account::secret> > secret).ForEach([](const Account&) {});
  const auto last = accounts.Query().Order(grapnel::Asc(F<&Account::secret>)).First();
  accounts.Query().Order(grapnel::Asc(F<&Account::secret>)).After(last).Limit(2).All();
  accounts.Query()
      .GroupBy(F<&Account::name>)
      .Select(grapnel::Count(), grapnel::Min(F<&Account::secret>), grapnel::Sum(F<&Account::pin>))
      .Having(grapnel::Min(F<&Account::secret>) != secret && grapnel::Sum(F<&Account::pin>) > pin)
      .All();
  accounts.Query().GroupBy(F<&Account::secret>).Select(grapnel::Count()).All();
  world.client.WithTx([&](Tx& tx) { create(tx).Save(); });
  world.client.Of<Account>().Use([&](grapnel::Mutation<Account>& m, grapnel::Next<Account> rest) {
    if (grapnel::Is(m.Op(), grapnel::Op::Update)) m.OldRows();
    return rest(m);
  });
  accounts.Update().Where(F<&Account::secret> > secret).Set(F<&Account::pin>, pin).Save();

  const auto vaults = world.client.Of<Vault>();
  const auto items = world.client.Of<Item>();
  for (const char* end : {"a", "b"}) {
    vaults.Create().Set(F<&Vault::id>, secret + end).Set(F<&Vault::name>, "v").Save();
    items.Create().Set(F<&Item::name>, "i").Set(F<&Item::vault>, secret + end).Save();
  }
  vaults.Get(secret + "a");
  vaults.Query().With(F<&Vault::items>).All();
  items.Query().With(F<&Item::vault>).All();
  items.Query().Where(F<&Item::vault>.Has(F<&Vault::id> == secret + "a")).All();
  items.Query().Where(F<&Item::vault> == secret + "a").All();
  items.UpdateOne(1).Set(F<&Item::vault>, secret + "b").Save();
  const std::vector<std::int64_t> moved{2};
  vaults.UpdateOne(secret + "b").RemoveIDs(F<&Vault::items>, moved).Save();
  vaults.UpdateOne(secret + "a").AddIDs(F<&Vault::items>, moved).Save();
  vaults.UpdateOne(secret + "b").ClearEdge(F<&Vault::items>).Save();
  items.UpdateOne(1).Set(F<&Item::vault>, secret + "a").Save();
  items.Use(grapnel::hook::Before([](grapnel::Mutation<Item>&) {}));
  vaults.DeleteOne(secret + "a").Exec();
  vaults.Delete().Exec();

  std::size_t shown = 0;
  for (const Told& each : log) {
    Lines all = each.values;
    all.push_back(each.text);
    all.push_back(each.error);
    for (const std::string& text : all) {
      INFO(each.text << ": " << text);
      REQUIRE(text.find(secret) == std::string::npos);
      REQUIRE(text.find(std::to_string(pin)) == std::string::npos);
    }
    shown += static_cast<std::size_t>(
        std::ranges::count_if(each.values, [](const auto& value) { return value != "***"; }));
  }
  CHECK(shown > (engine::BindsListsWhole() ? 50 : 100));
}

TEST_CASE("B157 what an observer throws goes to OnError, and breaks nothing") {
  for (const Place place : kPlaces) {
    World world(place);
    Lines errors;
    Log log;
    world.client.OnError([&](const std::exception& error) { errors.emplace_back(error.what()); });
    world.client.OnStatement([](const StatementInfo&) { throw std::runtime_error("no disk"); });
    world.client.OnStatement([](const StatementInfo&) { throw 7; });
    world.client.OnStatement(Into(log));
    Add(world.client, "Ada");
    {
      Tx tx = world.client.Tx();
      Add(tx, "Bob");
      CHECK_THROWS_AS(tx.Sql(engine::Spelled("INSERT INTO User (id) VALUES (1)")),
                      grapnel::ConstraintError);
      tx.WithTx([](Tx& nested) { Add(nested, "Eve"); });
      tx.Commit();
    }
    CHECK(Names(world.client) == Lines{"Ada", "Bob", "Eve"});
    CHECK(errors.size() == 2 * log.size());
    CHECK(errors.at(0) == "no disk");
  }
}

TEST_CASE("B157 an observer that uses the database is refused at once, whatever it uses") {
  for (const Place place : kPlaces) {
    World world(place);
    Add(world.client, "Ada");
    const auto db = world.client;
    const Tx* open = nullptr;
    std::optional<grapnel::Client> inner;
    const std::vector<std::function<void()>> uses{
        [&] { db.Of<User>().Query().Count(); },
        [&] { Add(db, "no"); },
        [&] { db.Sql("SELECT 1"); },
        [&] { static_cast<void>(db.Tx()); },
        [&] { static_cast<void>(db.ReadTx()); },
        [&] { db.Migrate(); },
        [&] { db.Of<User>().Delete().Exec(); },
        [&] { open != nullptr ? void(Add(*open, "no")) : throw TxError("none"); },
        [&] { open != nullptr ? void(Names(*open)) : throw TxError("none"); },
        [&] { open != nullptr ? void(open->Sql("SELECT 1")) : throw TxError("none"); },
        [&] { open != nullptr ? void(open->Tx()) : throw TxError("none"); },
        [&] { inner ? void(Add(*inner, "no")) : throw TxError("none"); },
        [&] { inner ? void(inner->Sql("DELETE FROM User")) : throw TxError("none"); }};
    int refused = 0, told = 0;
    const auto handle = world.client.OnStatement([&](const StatementInfo&) {
      ++told;
      for (const auto& use : uses) {
        try {
          use();
        } catch (const TxError&) {
          ++refused;
        }
      }
    });
    const auto hook =
        world.client.Of<User>().Use([&](grapnel::Mutation<User>& m, grapnel::Next<User> next) {
          inner.emplace(m.Client());
          auto value = next(m);
          inner.reset();
          return value;
        });
    Names(world.client);
    Add(world.client, "Bob");
    std::vector<User> rows(3);
    for (User& row : rows) row.name = "bulk";
    world.client.Of<User>().CreateBulk(rows).Save();
    {
      Tx tx = world.client.Tx();
      open = &tx;
      Add(tx, "Eve");
      tx.WithTx([](Tx& nested) { Add(nested, "Joe"); });
      {
        Tx nested = tx.Tx();
        Add(nested, "gone");
      }
      open = nullptr;
      tx.Commit();
    }
    world.client.ReadTx().Of<User>().Query().Count();
    CHECK(refused == told * static_cast<int>(uses.size()));
    handle.Remove();
    CHECK(Names(world.client) == Lines{"Ada", "Bob", "bulk", "bulk", "bulk", "Eve", "Joe"});
  }
}

TEST_CASE("B157 an observer may write to another database") {
  World world, log(Place::Memory);
  world.client.OnStatement([&](const StatementInfo& info) {
    if (info.text.starts_with("INSERT")) {
      log.client.WithTx([](Tx& tx) { Add(tx, "an insert"); });
    }
  });
  Add(world.client, "Ada");
  world.client.WithTx([](Tx& tx) { Add(tx, "Bob"); });
  CHECK(Names(log.client) == Lines{"an insert", "an insert"});
}

TEST_CASE("B157 observers come and go, and are told in their order") {
  World world(Place::Memory);
  Lines log;
  const auto first = world.client.OnStatement([&](const StatementInfo&) { log.push_back("1"); });
  grapnel::core::HookHandle second;
  second = world.client.OnStatement([&](const StatementInfo&) {
    log.push_back("2");
    second.Remove();
  });
  world.client.Sql("SELECT 1");
  world.client.Sql("SELECT 1");
  first.Remove();
  first.Remove();
  world.client.Sql("SELECT 1");
  CHECK(log == Lines{"1", "2", "1"});
  CHECK_THROWS_AS(world.client.OnStatement(std::function<void(const StatementInfo&)>()),
                  grapnel::Error);
  CHECK_THROWS_AS(world.client.OnStatement(nullptr), grapnel::Error);
}

TEST_CASE("B157 a handle may outlive the database, and readers of a file are told of too") {
  grapnel::core::HookHandle handle;
  std::atomic<int> told{0};
  {
    World world;
    handle = world.client.OnStatement([&](const StatementInfo&) { ++told; });
    const auto one = world.client.ReadTx();
    std::thread([&] {
      const auto two = world.client.ReadTx();
      const int before = told;
      two.Of<User>().Query().Count();
      CHECK(told > before);
    }).join();
  }
  handle.Remove();
}

TEST_CASE("B157 observers come and go while other threads write and read") {
  World world;
  std::atomic<bool> stop{false};
  std::atomic<int> told{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&] {
      while (!stop) {
        Add(world.client, "x");
        world.client.Of<User>().Query().Limit(3).All();
      }
    });
  }
  for (int i = 0; i < 50; ++i) {
    const auto handle = world.client.OnStatement([&](const StatementInfo&) { ++told; }, WithValues);
    std::this_thread::yield();
    handle.Remove();
  }
  const auto handle = world.client.OnStatement([&](const StatementInfo&) { ++told; });
  const int before = told;
  while (told < before + 10) std::this_thread::yield();
  stop = true;
  for (std::thread& thread : threads) thread.join();
}
