#include <grapnel/store/sql/migrate/steps.hpp>

#include "support/catch.hpp"

using grapnel::store::Step;
using grapnel::store::StepKind;
using grapnel::store::sql::Doing;

TEST_CASE("B160 of a step it is said what it does, to what, by the names of before") {
  CHECK(Doing({StepKind::CreateTable, "t"}) == R"(create table "t")");
  CHECK(Doing({StepKind::AddColumn, "t", "a"}) == R"(add column "t"."a")");
  CHECK(Doing({StepKind::RenameTable, "n", "", "t"}) == R"(rename table "t" to "n")");
  CHECK(Doing({StepKind::RenameColumn, "t", "b", "a"}) == R"(rename column "t"."a" to "b")");
}
