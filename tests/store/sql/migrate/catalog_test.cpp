#include <grapnel/store/sql/migrate/catalog.hpp>

#include "support/catch.hpp"

using grapnel::store::sql::Object;
using grapnel::store::sql::ObjectKind;
using grapnel::store::sql::StoredIndex;

TEST_CASE("B160 what is in a database is there until a plan says that it goes") {
  const Object object{ObjectKind::Table, "t"};
  CHECK((object.name == "t" && object.table.empty() && !object.gone));
  const StoredIndex index;
  CHECK((index.plain && !index.unique && !index.partial && !index.made && !index.of_constraint));
}
