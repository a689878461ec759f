#include <grapnel/store/driver/driver.hpp>

#include "support/catch.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace store = grapnel::store;

namespace {

/// A connection to nothing.
class Session final : public store::Connection {
 public:
  void Watch(const grapnel::core::Context*) noexcept override {}
  void BeginWrite() override { open_ = true; }
  void BeginRead() override { open_ = true; }
  void Commit() override { open_ = false; }
  void Rollback() noexcept override { open_ = false; }
  bool InTransaction() const noexcept override { return open_; }
  void Savepoint(int) override {}
  void RollbackTo(int) override {}
  void Release(int) override {}
  void Discard(int) override {}
  std::optional<store::BrokenKey> FindBrokenKey() override { return {}; }
  void Verify(const store::Table&) override {}
  bool WritesPlainly(const store::Table&) override { return true; }
  std::int64_t Changes() const noexcept override { return 0; }
  std::int64_t Run(const store::Insert&) override { return 1; }
  std::optional<std::int64_t> Run(const store::InsertMany&) override { return {}; }
  std::int64_t Run(const store::Update&) override { return 2; }
  std::int64_t Run(const store::Delete&) override { return 3; }
  std::int64_t Run(const store::EdgeWrite&) override { return 5; }
  void Run(const store::Select&, RowSink) override {}
  std::int64_t Count(const store::Select&) override { return 4; }
  std::vector<std::string> PlanMigration(std::span<const store::Table* const>) override { return {}; }
  std::int64_t Run(const store::Keep&) override { return 6; }
  void Run(const store::Page&, RowSink) override {}
  void KeepLast(std::int64_t) override {}
  void Forget(std::int64_t) override {}
  void Apply(const std::string&) override {}
  void DeferForeignKeys(bool) override {}

 private:
  bool open_ = false;
};

/// Lends its two connections and notes which come back.
class Engine final : public store::Driver {
 public:
  store::Lease Writer(const grapnel::core::Context&) override { return {*this, writer}; }
  store::Lease Reader(const grapnel::core::Context&) override { return {*this, reader}; }
  std::string_view Url() const noexcept override { return "engine"; }

  Session writer, reader;
  std::vector<const store::Connection*> returned;

 private:
  void Return(store::Connection& connection) noexcept override { returned.push_back(&connection); }
};

using Returned = std::vector<const store::Connection*>;

}  // namespace

TEST_CASE("a lease gives its connection back once, at its end") {
  Engine engine;
  {
    const store::Lease lease = engine.Writer({});
    CHECK(lease);
    CHECK(&*lease == &engine.writer);
    CHECK(lease->Run(store::Delete{}) == 3);
    CHECK(engine.returned.empty());
  }
  CHECK(engine.returned == Returned{&engine.writer});
}

TEST_CASE("a lease can be given back early, and an empty one gives back nothing") {
  Engine engine;
  {
    store::Lease lease = engine.Reader({});
    lease.Return();
    CHECK_FALSE(lease);
    lease.Return();
    const store::Lease empty;
    CHECK_FALSE(empty);
  }
  CHECK(engine.returned == Returned{&engine.reader});
}

TEST_CASE("a lease moves; what it is moved onto keeps what it had until then") {
  Engine engine;
  {
    store::Lease first = engine.Writer({});
    store::Lease second = std::move(first);
    CHECK_FALSE(first);
    CHECK(second);
    first = engine.Reader({});
    second = std::move(first);
    CHECK(&*second == &engine.reader);
  }
  CHECK(engine.returned.size() == 2);
  STATIC_REQUIRE_FALSE(std::is_copy_constructible_v<store::Lease>);
}

TEST_CASE("a driver is used through its face") {
  Engine engine;
  store::Driver& driver = engine;
  CHECK(driver.Url() == "engine");
  const store::Lease lease = driver.Writer({});
  lease->BeginWrite();
  CHECK(lease->InTransaction());
  lease->Rollback();
  CHECK_FALSE(lease->InTransaction());
}

TEST_CASE("a statement says nothing that it was not told") {
  const store::Select select{};
  CHECK(select.want == store::Select::Want::Rows);
  CHECK_FALSE(select.by_id);
  CHECK(select.where == nullptr);
  CHECK_FALSE(select.limit.has_value());
  CHECK(select.offset == 0);
  CHECK(select.order.empty());
  const store::Update update{};
  CHECK((update.set.none() && update.added.none() && update.cleared.none()));
}
