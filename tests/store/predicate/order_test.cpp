#include <grapnel/store/predicate/order.hpp>

#include "store/predicate/model.hpp"
#include "support/catch.hpp"

using grapnel::F;
using predicates::Pet;
using predicates::User;
using predicates::Versioned;

TEST_CASE("orders name their field and direction") {
  const auto up = grapnel::Asc(F<&User::age>).ordering;
  const auto down = grapnel::Desc(F<&User::version>).ordering;
  CHECK((up.field == F<&User::age>.Tag() && !up.descending));
  CHECK((down.field == F<&Versioned::version>.Tag() && down.descending));
}

TEST_CASE("orders say where NULL stands, and lead along edges") {
  using grapnel::Asc, grapnel::Desc, grapnel::CountOf;
  const auto last = Asc(F<&User::age>).NullsLast().ordering;
  CHECK((!last.NullsFirst() && !last.descending && last.edge == nullptr));
  CHECK(Desc(F<&User::age>).NullsFirst().ordering.NullsFirst());
  const auto counted = Desc(CountOf(F<&User::pets>)).ordering;
  CHECK((counted.edge == F<&User::pets>.Tag() && counted.field == nullptr && counted.descending));
  const auto along = Asc(F<&Pet::owner>, F<&User::name>).ordering;
  CHECK((along.edge == F<&Pet::owner>.Tag() && along.field == F<&User::name>.Tag()));
}
