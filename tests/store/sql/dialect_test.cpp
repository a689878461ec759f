#include <grapnel/store/sql/dialect.hpp>

#include "store/sql/dialects.hpp"
#include "support/catch.hpp"

#include <string>
#include <type_traits>

using grapnel::FieldKind;
using grapnel::FieldValue;
using texts::Dialect;

// An engine has one object, which nobody copies, and which costs nothing at the start or the end.
static_assert(!std::is_copy_constructible_v<Dialect>);
static_assert(std::is_trivially_destructible_v<grapnel::postgres::detail::PostgresDialect>);

TEST_CASE("B171 what every dialect says holds together") {
  for (const Dialect* dialect : {&texts::kDialect, &texts::kPostgres}) {
    CHECK(dialect->True() != dialect->False());
    CHECK_FALSE(dialect->Engine().empty());
    CHECK(dialect->MostInList() <= dialect->MostParameters());
    for (const FieldKind kind :
         {FieldKind::Bool, FieldKind::Int, FieldKind::Real, FieldKind::Text, FieldKind::Blob}) {
      CHECK_FALSE(dialect->TypeName(kind).empty());
      CHECK_FALSE(dialect->Lists(kind).empty());
      CHECK(dialect->NotNull("a", kind).find('a') == 0);
    }
    CHECK(dialect->Values("LIST").find("LIST") != std::string::npos);
    CHECK(dialect->ValueAt("LIST", 0) != dialect->ValueAt("LIST", 1));
    CHECK(dialect->InList("a", "LIST").find("LIST") != std::string::npos);
    CHECK(dialect->BeyondPrefix("a") == FieldValue("b"));
  }
}
