#include <grapnel/store/write/effective_chain.hpp>

#include "contract/model.hpp"
#include "support/catch.hpp"

#include <fmt/format.h>

#include <string>

using grapnel::Op;
using model::User;

namespace {

struct Audited {
  grapnel::Value<User> operator()(grapnel::Mutation<User>& m, grapnel::Next<User> next) const {
    return next(m);
  }
};

}  // namespace

TEST_CASE("a chain is shown as a flat list, outermost first") {
  const grapnel::store::EffectiveChain chain{
      "User", {{"runtime", "Trace", grapnel::AnyOp}, {"schema", "Check", Op::Update | Op::Delete}}};
  CHECK(ToString(chain) ==
        "User\n  defaults\n  runtime: Trace\n  schema: Check on Update|Delete\n  validation\n  "
        "SQL\n");
  CHECK(fmt::format("{}", chain) == ToString(chain));
}

TEST_CASE("a type's chain holds the hooks that its mutations go through, wrappers left out") {
  const auto client = grapnel::Open<User>(":memory:");
  CHECK(client.Of<User>().Chain().hooks.empty());
  auto handle = client.Of<User>().Use(grapnel::hook::On(Audited(), Op::Create));
  client.Migrate();
  auto tx = client.Tx();
  tx.Of<User>().Use(Audited());

  const auto chain = tx.Of<User>().Chain();
  REQUIRE(chain.hooks.size() == 2);
  CHECK(chain.hooks[0].stage == "runtime");
  CHECK(chain.hooks[0].ops == Op::Create);
  CHECK(chain.hooks[0].name.ends_with("Audited"));
  CHECK(chain.hooks[1].stage == "transaction");
  CHECK(chain.hooks[1].name.ends_with("Audited"));
  handle.Remove();
  CHECK(tx.Of<User>().Chain().hooks.size() == 1);
}
