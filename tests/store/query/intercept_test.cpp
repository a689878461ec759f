#include <grapnel/store/query/intercept.hpp>

#include <grapnel/grapnel.hpp>
#include <grapnel/store/query/narrower.hpp>
#include <grapnel/store/query/rows.hpp>

#include "contract/graph_model.hpp"
#include "support/catch.hpp"
#include "support/running.hpp"

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace detail = grapnel::detail;
namespace hook = grapnel::hook;
using detail::kTable;
using graph::Card;
using graph::Pet;
using graph::User;
using grapnel::F;
using grapnel::Found;
using grapnel::NextRead;
using grapnel::Reading;

namespace {

struct World : Opened<User, Card, Pet> {
  World() {
    for (const char* name : {"Ada", "Bob", "Eve"}) {
      Of<User>().Create().Set(F<&User::name>, name).Save();
    }
  }
};

}  // namespace

TEST_CASE_METHOD(World, "without interceptors a read goes as it was asked for") {
  detail::Asked asked((F<&User::age> > 3).Node());
  const grapnel::store::Rows* given = nullptr;
  std::int64_t number = 0;
  detail::ReadInto into;
  into.count = &number;
  detail::RunReading(Handle(), kTable<User>, grapnel::ReadStep::Query, grapnel::ReadKind::Count,
                     asked, into,
                     [&](const grapnel::store::Rows& rows, const detail::ReadInto& to) {
                       given = &rows;
                       *to.count = 4;
                     });
  CHECK(given == &detail::Narrower::AsAsked(asked));  // not even copied
  CHECK(number == 4);
}

TEST_CASE_METHOD(World, "a row by its id goes through the interceptors, or is not there") {
  User user{};
  user.id = 2;
  CHECK(detail::FindById(Handle(), kTable<User>, &user, &user));
  user.id = 9;
  CHECK_THROWS_WITH(detail::GetById(Handle(), kTable<User>, &user), "User not found: id 9");
  const auto handle = Of<User>().Intercept(
      hook::Before([](Reading<User>& r) { r.Where(F<&User::name> != "Bob"); }));
  user.id = 2;
  CHECK_FALSE(detail::FindById(Handle(), kTable<User>, &user, &user));
  CHECK(detail::ReadById(Handle(), kTable<User>, &user, &user));  // the machine's own
  handle.Remove();
  CHECK(detail::FindById(Handle(), kTable<User>, &user, &user));
}

TEST_CASE_METHOD(World, "a failed read may be tried again") {
  int tries = 0;
  Of<User>().Intercept(
      [&](Reading<User>& r, NextRead<User> next) {
        try {
          return next(r);
        } catch (const std::runtime_error&) {
          r.Where(F<&User::id> == 1);
          return next(r);
        }
      },
      [&](Reading<User>& r, NextRead<User> next) {
        if (++tries == 1) throw std::runtime_error("once");
        return next(r);
      });
  CHECK(Of<User>().Query().Only().name == "Ada");
}

TEST_CASE_METHOD(World, "a chain is taken apart: each part runs on its own ways") {
  std::string log;
  const auto narrow = hook::Before([&](Reading<User>& r) {
    log += "b";
    r.Where(F<&User::name> != "Bob");
  });
  const auto mask = hook::After([&](const Reading<User>&, Found<User>& f) {
    log += "a";
    if (f.Rows() == nullptr) return;
    for (User& each : *f.Rows()) each.name = "***";
  });
  const bool on = true;
  const auto always = [&](const auto&) -> bool { return on; };
  const auto handle = Of<User>().Intercept(grapnel::hook::Chain(narrow, mask),
                                           hook::If(grapnel::hook::Chain(narrow, mask), always));
  CHECK(Of<User>().Query().All().size() == 2);
  CHECK(log == "bbaa");
  Of<Card>().Create().Set(F<&Card::number>, "1").Set(F<&Card::owner>, 2).Save();
  Of<Card>().Create().Set(F<&Card::number>, "2").Set(F<&Card::owner>, 3).Save();
  CHECK(Of<Card>().Query().Where(F<&Card::owner>.Has()).Count() == 1);
  log.clear();
  const auto cards = Of<Card>().Query().With(F<&Card::owner>).All();
  CHECK(log == "bbaa");
  CHECK(cards[0].owner.Get() == nullptr);
  CHECK(cards[1].owner->name == "***");
  handle.Remove();
  CHECK(Of<User>().Query().Count() == 3);
  CHECK(Of<Card>().Query().With(F<&Card::owner>).All()[1].owner->name == "Eve");
}

TEST_CASE_METHOD(World, "an interceptor that reads its own type for ever is a RecursionError") {
  Of<User>().Intercept(hook::Before([](Reading<User>& r) {
    r.Client().Of<User>().Query().Where(F<&User::friends>.Has()).Count();
  }));
  CHECK_THROWS_AS(Of<User>().Query().All(), grapnel::RecursionError);
  CHECK_THROWS_AS(Of<User>().Get(1), grapnel::RecursionError);
  CHECK_THROWS_AS(Of<User>().Update().Set(F<&User::age>, 3).Save(), grapnel::RecursionError);
  CHECK(Of<Card>().Query().Count() == 0);
}
