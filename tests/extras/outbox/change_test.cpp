// B241: what became of a row; which rows, extras/outbox/publish_test.cpp tells.
#include <grapnel/extras/outbox/change.hpp>

#include "support/catch.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace {

struct User {
  std::int64_t id = 0;
  std::string name{};
};
using grapnel::Op;
using Change = grapnel::extras::outbox::Change<User>;

}  // namespace

TEST_CASE("B241 a change has the row as it was and as it is, where it was or is there") {
  const Change made(Op::Create, std::nullopt, User{1, "Ada"});
  CHECK(made.Old() == nullptr);
  CHECK(made.New()->name == "Ada");
  CHECK(made.Id() == 1);
  CHECK(made.Op() == Op::Create);
  const Change gone(Op::DeleteOne, User{2, "Bob"}, std::nullopt);
  CHECK(gone.Old()->name == "Bob");
  CHECK(gone.New() == nullptr);
  CHECK(gone.Id() == 2);
  const Change changed(Op::UpdateOne, User{3, "Cy"}, User{3, "Di"});
  CHECK(changed.Old()->name == "Cy");
  CHECK(changed.New()->name == "Di");
}
