#include <grapnel/store/sql/leaf.hpp>

#include <grapnel/store/sql/condition.hpp>

#include "store/sql/dialects.hpp"
#include "store/sqlite/texts.hpp"
#include "support/catch.hpp"

using grapnel::F;
using texts::User;

TEST_CASE("a member that is no field of the type is refused") {
  grapnel::store::sql::Sql made(texts::kDialect, grapnel::detail::kTable<texts::Alone>);
  CHECK_THROWS_AS(made.Where((F<&User::age> == 1).Node().Get()), grapnel::SchemaError);
}
