#include <grapnel/store/query/reading.hpp>

#include <grapnel/grapnel.hpp>

#include "contract/graph_model.hpp"
#include "support/catch.hpp"
#include "support/running.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace hook = grapnel::hook;
using graph::Card;
using graph::Pet;
using graph::User;
using grapnel::F;
using grapnel::Found;
using grapnel::NextRead;
using grapnel::Reading;
using grapnel::ReadKind;
using grapnel::ReadStep;

namespace {

/// A mixin that no type has.
struct Marked {
  bool marked = false;
};

}  // namespace
template <>
struct grapnel::Schema<Marked> {
  static constexpr auto Fields() { return grapnel::Fields(Field<&Marked::marked>("marked")); }
};
namespace {

struct World : Opened<User, Card, Pet> {
  World() {
    for (const char* name : {"Ada", "Bob", "Eve"}) {
      Of<User>().Create().Set(F<&User::name>, name).Save();
    }
  }
};

}  // namespace

TEST_CASE("kinds and steps have names") {
  CHECK(Name(ReadKind::Aggregate) == "Aggregate");
  CHECK(Name(ReadStep::Condition) == "Condition");
}

TEST_CASE_METHOD(World, "a reading by name narrows by fields and by the neighbour's id") {
  Of<Pet>().Create().Set(F<&Pet::name>, "Rex").Set(F<&Pet::owner>, 2).Save();
  std::int64_t owner = 2;
  Intercept(hook::Before([&](grapnel::AnyReading& r) {
    if (r.Type() == "User") r.WhereField("name", "Bob");
    if (r.Type() == "User") r.WhereField("nickname", std::nullopt);
    if (r.Type() == "Pet") r.WhereField("owner", owner);
  }));
  CHECK(Of<User>().Query().Only().name == "Bob");
  CHECK(Of<Pet>().Query().Count() == 1);
  owner = 3;
  CHECK(Of<Pet>().Query().Count() == 0);
}

TEST_CASE_METHOD(World, "a condition on a mixin's fields is refused where the type has none") {
  const auto taken = Of<User>().Intercept(
      hook::Before([](grapnel::AnyReading& r) { r.Where(F<&Marked::marked> == true); }));
  CHECK_THROWS_AS(Of<User>().Query().All(), grapnel::SchemaError);
}

TEST_CASE_METHOD(World, "a reading by name refuses names that are not there and other types") {
  std::string field;
  grapnel::FieldValue value;
  Of<User>().Intercept(hook::Before([&](grapnel::AnyReading& r) { r.WhereField(field, value); }));
  field = "nom";
  CHECK_THROWS_AS(Of<User>().Query().All(), grapnel::UnknownFieldError);
  field = "age";
  value = "old";
  CHECK_THROWS_AS(Of<User>().Query().All(), grapnel::TypeMismatchError);
}

TEST_CASE_METHOD(World, "what was found is rows, ids or a number, as was asked for") {
  std::string seen;
  Of<User>().Intercept(hook::After([&](const Reading<User>& r, Found<User>& f) {
    seen += std::string(Name(r.Kind())) + (f.Rows() != nullptr ? "+rows" : "") +
            (f.Ids() != nullptr ? "+ids" : "") + (f.Count() != nullptr ? "+count " : " ");
    if (f.Rows() != nullptr) f.Rows()->resize(1);
    if (f.Ids() != nullptr) f.Ids()->push_back(9);
    if (f.Count() != nullptr) *f.Count() = r.Kind() == ReadKind::Exist ? 0 : 7;
  }));
  CHECK(Of<User>().Query().All().size() == 1);
  CHECK(Of<User>().Query().IDs() == std::vector<std::int64_t>{1, 2, 3, 9});
  CHECK(Of<User>().Query().Count() == 7);
  CHECK_FALSE(Of<User>().Query().Exist());
  CHECK(seen == "Rows+rows Ids+ids Count+count Exist+count ");
}

TEST_CASE_METHOD(World, "an interceptor may answer by itself; nothing is whatever was asked for") {
  int mode = 0;
  Of<User>().Intercept([&](Reading<User>& r, NextRead<User> next) -> Found<User> {
    if (mode == 1) return {};
    if (mode == 2) return std::vector<User>(2);
    if (mode == 3) return 5;
    return next(r);
  });
  CHECK(Of<User>().Query().Count() == 3);
  mode = 1;
  CHECK(Of<User>().Query().Count() == 0);
  CHECK(Of<User>().Query().All().empty());
  CHECK(Of<User>().Query().IDs().empty());
  CHECK_FALSE(Of<User>().Find(1));
  CHECK_THROWS_WITH(Of<User>().Get(1), "User not found: id 1");
  mode = 2;
  CHECK(Of<User>().Query().All().size() == 2);
  CHECK_THROWS_AS(Of<User>().Query().Count(), grapnel::TypeMismatchError);
  mode = 3;
  CHECK(Of<User>().Query().Count() == 5);
  CHECK_THROWS_AS(Of<User>().Query().All(), grapnel::TypeMismatchError);
}

TEST_CASE_METHOD(World, "what is said after next would be lost, and is an error") {
  bool limits = false;
  Of<User>().Intercept([&](Reading<User>& r, NextRead<User> next) {
    auto found = next(r);
    limits ? r.AtMost(1) : r.Where(F<&User::age> > 3);
    return found;
  });
  CHECK_THROWS_AS(Of<User>().Query().All(), grapnel::Error);
  limits = true;
  CHECK_THROWS_AS(Of<User>().Get(1), grapnel::Error);
}
