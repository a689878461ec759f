#include <grapnel/store/driver/owned_driver.hpp>

#include "support/catch.hpp"
#include "support/fake_driver.hpp"

#include <memory>
#include <string_view>
#include <utility>

namespace store = grapnel::store;

namespace {

struct Noting final : store::Driver {
  explicit Noting(int& closed) : closed_(closed) {}
  ~Noting() override { ++closed_; }
  store::Lease Writer(const grapnel::core::Context&) override { return {}; }
  store::Lease Reader(const grapnel::core::Context&) override { return {}; }
  std::string_view Url() const noexcept override { return "noting"; }

 private:
  void Return(store::Connection&) noexcept override {}
  int& closed_;
};

}  // namespace

TEST_CASE("a driver that gets nowhere is closed, once") {
  int closed = 0;
  {
    store::OwnedDriver first = std::make_unique<Noting>(closed);
    const store::OwnedDriver second = std::move(first);
    CHECK(closed == 0);
  }
  CHECK(closed == 1);
}

TEST_CASE("a driver that is handed on is its new owner's") {
  int closed = 0;
  std::unique_ptr<store::Driver> taken;
  {
    store::OwnedDriver driver = std::make_unique<Noting>(closed);
    taken.reset(driver.Release());
  }
  CHECK(closed == 0);
  taken.reset();
  CHECK(closed == 1);
}
