#include <grapnel/store/mutation/describe.hpp>

#include <grapnel/grapnel.hpp>

#include "contract/graph_model.hpp"
#include "contract/model.hpp"
#include "support/catch.hpp"

#include <cstdint>
#include <string_view>

using grapnel::Op;
using grapnel::detail::Describe;
using grapnel::detail::Draft;
using grapnel::detail::kTable;

namespace {

struct Meter {
  std::int64_t id = 0;
  std::uint64_t total = 0;
};

}  // namespace

template <>
struct grapnel::Schema<Meter> {
  static constexpr std::string_view Type = "Meter";
  static constexpr auto Fields() { return grapnel::Fields(Field<&Meter::total>("total")); }
};

TEST_CASE(
    "a mutation is told by its type, its Op, its row and what it changes, in the schema's order") {
  graph::User user;
  Draft m(kTable<graph::User>, Op::UpdateOne, &user);
  CHECK(Describe(m) == "User UpdateOne");
  user.id = 3;
  m.has_id = true;
  const std::int64_t one = 1;
  m.Clear(3);
  m.Add(2, &one);
  m.SetField("name", "Ada");
  CHECK(Describe(m) == R"(User UpdateOne(id=3) {name="Ada", age+=1, nickname=NULL})");
}

TEST_CASE("edges stand behind the fields: neighbours that come, go, and take the place of all") {
  graph::User user;
  Draft m(kTable<graph::User>, Op::UpdateOne, &user);
  m.AddIDs(m.EdgePlaceOf("friends"), {7, 9});
  m.RemoveIDs(m.EdgePlaceOf("friends"), {8});
  m.SetEdge(m.EdgePlaceOf("cards"), {1});
  m.ClearEdge(m.EdgePlaceOf("pets"));
  m.AddIDs(m.EdgePlaceOf("best_friend"), {5});
  CHECK(Describe(m) ==
        "User UpdateOne {best_friend=5, friends+=[7, 9], friends-=[8], cards=[], cards+=[1], "
        "pets=[]}");
}

TEST_CASE("a sensitive value is ***, but that it is cleared may be told") {
  model::User user;
  Draft m(kTable<model::User>, Op::Update, &user);
  m.SetField("password", "hunter2");
  CHECK(Describe(m) == "User Update {password=***}");
  m.ClearField("password");
  CHECK(Describe(m) == "User Update {password=NULL}");
}

TEST_CASE("a value that no database could hold is told as that, and does not throw") {
  Meter meter;
  meter.total = ~std::uint64_t{0};
  Draft m(kTable<Meter>, Op::Create, &meter);
  m.MarkSet(1);
  CHECK(Describe(m) == "Meter Create {total=a value that cannot be stored}");
}
