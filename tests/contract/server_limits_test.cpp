// B122, B172, B173: limits that the server sets, for time and locks, and rows that it hides, are
// told as what they are.
#include "contract/fixture.hpp"
#include "support/catch.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <thread>

using grapnel::F;
using grapnel::Mutation;
using grapnel::Next;
using grapnel::Tx;
using grapnel::TxOutcome;
using grapnel::Value;
using namespace std::chrono_literals;

namespace {

struct Customer {
  std::int64_t id = 0;
  std::string name;
  std::int64_t visits = 0;
};

}  // namespace

template <>
struct grapnel::Schema<Customer> {
  static constexpr std::string_view Type = "Customer";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&Customer::name>("name").Unique(),
                           Field<&Customer::visits>("visits").Default(0));
  }
};

namespace {

using World = Fixture<Customer>;
using Clock = std::chrono::steady_clock;

std::int64_t Put(const grapnel::Client& client, const std::string& name) {
  return client.Of<Customer>().Create().Set(F<&Customer::name>, name).Save().id;
}

}  // namespace

TEST_CASE_METHOD(World,
                 "B122 an upsert whose row a trigger renames to one that is there is no waiting") {
  Raw(engine::Forms{
      R"(CREATE TRIGGER renames AFTER INSERT ON "Customer" BEGIN
           UPDATE "Customer" SET name = 'Ada' WHERE id = NEW.id; END)",
      R"(CREATE FUNCTION renames() RETURNS trigger LANGUAGE plpgsql AS
           'BEGIN NEW.name = ''Ada''; RETURN NEW; END';
         CREATE TRIGGER renames BEFORE INSERT ON "Customer"
           FOR EACH ROW EXECUTE FUNCTION renames())"});
  Put(client, "Ada");
  const auto upsert = [](const auto& inside) {
    inside.template Of<Customer>()
        .Create()
        .Set(F<&Customer::name>, "Bob")
        .OnConflict(F<&Customer::name>)
        .UpdateNewValues()
        .Save();
  };
  const auto start = Clock::now();
  CHECK_THROWS_AS(upsert(client), grapnel::ConstraintError);
  CHECK_THROWS_AS(client.WithTx(upsert, grapnel::Retry{}), grapnel::ConstraintError);
  CHECK(Clock::now() - start < 3s);
  CHECK(client.Of<Customer>().Query().Count() == 1);
}

#ifdef GRAPNEL_TEST_OPENS_POSTGRES
namespace {

/// The same database, where the server limits what this client may do.
grapnel::Database<Customer> Limited(const World& world, const std::string& setting) {
  std::string url = engine::Url(world.scratch.File("test.db"));
  const std::string_view options = "options='";
  url.insert(url.find(options) + options.size(), "-c " + setting + " ");
  return grapnel::OpenPostgres<Customer>(url);
}

}  // namespace

TEST_CASE_METHOD(World, "B172 a statement that the server cancels is one that has failed") {
  if (engine::Current() != engine::Kind::Postgres) return;
  const auto limited = Limited(*this, "statement_timeout=200");
  const std::int64_t id = Put(client, "Ada");
  const auto sleep = [](const auto& inside) { inside.Sql("SELECT pg_sleep(5)"); };
  CHECK_THAT(Thrown<grapnel::CancelledError>([&] { sleep(limited); }).what(),
             Catch::Contains("the server cancelled the statement") &&
                 Catch::Contains("statement_timeout"));
  SECTION("in a hook") {
    limited.Of<Customer>().Use([&](Mutation<Customer>& m, Next<Customer> next) {
      CHECK_THROWS_AS(sleep(m.Client()), grapnel::CancelledError);
      auto value = next(m);
      CHECK_THROWS_AS(sleep(m.Client()), grapnel::CancelledError);
      return value;
    });
    limited.Of<Customer>().UpdateOne(id).Add(F<&Customer::visits>, 1).Save();
  }
  SECTION("in a transaction") {
    limited.WithTx([&](Tx& tx) {
      tx.Of<Customer>().UpdateOne(id).Add(F<&Customer::visits>, 1).Save();
      CHECK_THROWS_AS(sleep(tx), grapnel::CancelledError);
    });
  }
  CHECK(client.Of<Customer>().Get(id).visits == 1);
}

TEST_CASE_METHOD(World, "B177 what its own context cancels ends a transaction in spite of that") {
  if (engine::Current() != engine::Kind::Postgres) return;
  const auto limited = Limited(*this, "statement_timeout=3000");
  auto tx = limited.Tx();
  Put(tx.Client(), "Ada");
  CHECK_THROWS_AS(tx.Client().With(50ms).Sql("SELECT pg_sleep(5)"), grapnel::CancelledError);
  CHECK(tx.Outcome() == TxOutcome::RolledBack);
}

TEST_CASE_METHOD(World,
                 "B173 a lock is waited for once as long as the server's lock_timeout says") {
  if (engine::Current() != engine::Kind::Postgres) return;
  const auto limited = Limited(*this, "lock_timeout=100");
  const std::int64_t id = Put(client, "Ada");
  auto holder = client.Tx();
  holder.Of<Customer>().UpdateOne(id).Add(F<&Customer::visits>, 1).Save();
  std::thread([&] {
    const auto update = [&](const auto& inside) {
      inside.template Of<Customer>().UpdateOne(id).Add(F<&Customer::visits>, 1).Save();
    };
    const auto start = Clock::now();
    const auto error = Thrown<grapnel::BusyError>([&] { update(limited); });
    CHECK_FALSE(error.Retryable());
    CHECK_THAT(error.what(), Catch::StartsWith("Customer: UpdateOne: a lock of another transaction "
                                               "was waited for too long"));
    auto tx = limited.Tx();
    CHECK_THROWS_AS(update(tx), grapnel::BusyError);
    Put(tx.Client(), "Bob");  // it has failed alone
    tx.Commit();
    CHECK(Clock::now() - start < 3s);
  }).join();
  holder.Commit();
  CHECK(client.Of<Customer>().Query().Count() == 2);
}
#endif
