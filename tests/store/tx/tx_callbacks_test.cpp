#include <grapnel/store/tx/tx_callbacks.hpp>

#include "contract/model.hpp"
#include "support/catch.hpp"
#include "support/fake_driver.hpp"

#include <string>
#include <vector>

using grapnel::detail::CallbackBatch;
using grapnel::detail::TxCallbacks;
using model::User;

namespace {

using Lines = std::vector<std::string>;

struct World : FakeStore<User> {
  TxCallbacks callbacks{handle->store};
  Lines told;

  void Add(const std::string& text) {
    callbacks.AddAfterCommit([this, text] { told.push_back(text + " kept"); });
    callbacks.AddAfterRollback([this, text] { told.push_back(text + " undone"); });
  }
  Lines End(bool committed) {
    const auto batch = callbacks.Take(committed);
    if (batch != nullptr) {
      for (const auto& each : batch->callbacks) each();
    }
    return std::move(told);
  }
};

}  // namespace

TEST_CASE_METHOD(World, "what was added since a point is undone with it, and told at the end") {
  Add("first");
  const auto point = callbacks.Now();
  Add("second");
  CHECK(callbacks.Count() == 2);
  callbacks.RollBackTo(point);
  CHECK(callbacks.Count() == 2);  // one to tell that it is kept, one that it was undone
  Add("third");
  callbacks.ExpectCommit();
  SECTION("committed") { CHECK(End(true) == Lines{"first kept", "third kept", "second undone"}); }
  SECTION("rolled back") {
    CHECK(End(false) == Lines{"second undone", "first undone", "third undone"});
  }
  CHECK(callbacks.Take(true) == nullptr);  // each is handed out once
}

TEST_CASE_METHOD(World, "nothing waits: there is nothing to hand out") {
  callbacks.ExpectCommit();
  callbacks.RollBackTo(callbacks.Now());
  CHECK(callbacks.Count() == 0);
  CHECK(callbacks.Take(false) == nullptr);
}
