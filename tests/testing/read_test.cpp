/// B211: an interceptor is run without a database.

#include <grapnel/testing/read.hpp>

#include <grapnel/grapnel.hpp>

#include "contract/graph_model.hpp"
#include "support/catch.hpp"

#include <stdexcept>
#include <string>

using graph::Card;
using graph::User;
using grapnel::F;
using grapnel::Found;
using grapnel::NextRead;
using grapnel::Reading;
using grapnel::ReadKind;
using grapnel::testing::RunRead;
namespace hook = grapnel::hook;

namespace {

struct Viewer {
  std::string name;
};

User Named(std::string name) {
  User user;
  user.name = std::move(name);
  return user;
}

/// Shows names to those who look for themselves.
const auto kMasked = [](Reading<User>& r, NextRead<User> next) -> Found<User> {
  const auto* viewer = r.Context().Get<Viewer>();
  if (viewer == nullptr) throw std::runtime_error("who asks?");
  Found<User> found = next(r);
  if (auto* rows = found.Rows()) {
    for (User& user : *rows) {
      if (user.name != viewer->name) user.name = "***";
    }
  }
  return found;
};

}  // namespace

TEST_CASE("B211 an interceptor sees the rows of the test, and what it makes of them is told") {
  const auto read =
      RunRead<User>(kMasked).Row(Named("Ada")).Row(Named("Bob")).With(Viewer{"Bob"}).Go();
  CHECK(read.CalledNext());
  CHECK_FALSE(read.Narrowed());
  CHECK_FALSE(read.Threw());
  REQUIRE(read.Rows().size() == 2);
  CHECK(read.Rows()[0].name == "***");
  CHECK(read.Rows()[1].name == "Bob");
  CHECK(RunRead<User>(kMasked, ReadKind::Count).Row(Named("A")).With(Viewer{"b"}).Go().Count() ==
        1);
  CHECK(RunRead<User>(kMasked, ReadKind::Exist).With(Viewer{"b"}).Go().Count() == 0);
}

TEST_CASE("B211 what an interceptor throws, and that it narrows") {
  const auto refused = RunRead<User>(kMasked).Go();
  CHECK(refused.Threw<std::runtime_error>());
  CHECK_FALSE(refused.CalledNext());
  CHECK_THROWS_AS(refused.Rows(), std::runtime_error);
  const auto narrows = hook::Before([](Reading<User>& r) { r.Where(F<&User::age> > 3); });
  CHECK(RunRead<User>(narrows).Go().Narrowed());
  User grown = Named("Ada");
  grown.age = 4;
  const auto narrowed = RunRead<User>(narrows).Row(Named("Bob")).Row(grown).Go();
  REQUIRE(narrowed.Rows().size() == 1);
  CHECK(narrowed.Rows().front().name == "Ada");
  CHECK(RunRead<User>(narrows, ReadKind::Count).Row(Named("Bob")).Go().Count() == 0);
  const auto by_cards = hook::Before([](Reading<User>& r) { r.Where(F<&User::cards>.Has()); });
  CHECK_THROWS_AS(RunRead<User>(by_cards).Row(grown).Go(), grapnel::testing::NotGivenError);
  const auto lowers = hook::Before([](Reading<User>& r) { r.AtMost(1); });
  const auto lowered = RunRead<User>(lowers).Row(Named("Ada")).Row(Named("Bob")).Go();
  CHECK(lowered.Rows().size() == 1);
  CHECK(lowered.Narrowed());
}

TEST_CASE("B211 a kind of read that is not run is refused at once") {
  CHECK_THROWS_AS(RunRead<User>(kMasked, ReadKind::Ids), grapnel::Error);
  CHECK_THROWS_AS(RunRead<User>(kMasked, ReadKind::Aggregate), grapnel::Error);
}

TEST_CASE("B211 what an interceptor reads itself is not the read that it was asked for") {
  const auto answers = [](Reading<User>& r, NextRead<User> next) -> Found<User> {
    static thread_local bool inside = false;
    if (inside) return next(r);
    inside = true;
    auto found = r.Client().Of<User>().Query().All();
    inside = false;
    return found;
  };
  const auto read = RunRead<User>(answers).Row(Named("Ada")).Go();
  CHECK_FALSE(read.CalledNext());
  CHECK(read.Rows().size() == 1);
}

TEST_CASE("B211 an interceptor that reads another type is told that there is no database") {
  const auto reads = hook::Before([](Reading<User>& r) { r.Client().Of<Card>().Query().All(); });
  CHECK_THROWS_AS(RunRead<User>(reads).Go(), grapnel::testing::NotGivenError);
}

TEST_CASE("B211 rules of a guard are asked about a read") {
  namespace guard = grapnel::guard;
  const auto closed = RunRead<User>().Guard([](auto&) { return guard::Deny("closed"); }).Go();
  CHECK(closed.Threw<grapnel::PolicyError>());
  const auto one = RunRead<User>(ReadKind::Count)
                       .Guard([](Reading<User>& r) { r.AtMost(1); })
                       .Row(Named("Ada"))
                       .Row(Named("Bob"))
                       .Go();
  CHECK((one.Narrowed() && one.CalledNext()));
}
