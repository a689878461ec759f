#include <grapnel/store/driver/driver.hpp>

#include "support/catch.hpp"
#include "support/fake_driver.hpp"

#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace store = grapnel::store;

namespace {

using Returned = std::vector<const store::Connection*>;

}  // namespace

TEST_CASE("a lease gives its connection back once, at its end") {
  FakeDriver engine;
  {
    const store::Lease lease = engine.Writer({});
    CHECK(lease);
    CHECK(&*lease == &engine.writer);
    lease->Run(store::Delete{});
    CHECK(engine.writer.log == std::vector<std::string>{"DELETE"});
    CHECK(engine.returned.empty());
  }
  CHECK(engine.returned == Returned{&engine.writer});
}

TEST_CASE("a lease can be given back early, and an empty one gives back nothing") {
  FakeDriver engine;
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
  FakeDriver engine;
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
  FakeDriver engine;
  store::Driver& driver = engine;
  CHECK(driver.Url() == "fake");
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
