#include <grapnel/postgres.hpp>

#include "store/postgres/server.hpp"
#include "support/catch.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace postgres_header {

struct User {
  std::int64_t id = 0;
  std::string name;
};

}  // namespace postgres_header

template <>
struct grapnel::Schema<postgres_header::User> {
  static constexpr std::string_view Type = "User";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&postgres_header::User::name>("name"));
  }
};

TEST_CASE("the header alone opens a database") {
  using postgres_header::User;
  const OwnSchema schema;
  const auto db = grapnel::OpenPostgres<User>(schema.Conninfo());
  db.Migrate();
  db.Of<User>().Create().Set(grapnel::F<&User::name>, "Ada").Save();
  CHECK(schema.Run("SELECT name FROM \"User\"") == Rows{"Ada"});
}
