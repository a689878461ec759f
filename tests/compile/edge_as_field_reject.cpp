// expect: this member is an edge and stands in Schema<\.\.\.>::Edges\(\): write
#include <grapnel/grapnel.hpp>

#include <cstdint>
#include <string>
#include <string_view>

struct User {
  std::int64_t id = 0;
  std::string name;
  grapnel::One<User> boss;
};

template <>
struct grapnel::Schema<User> {
  static constexpr std::string_view Type = "User";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&User::name>("name"), Field<&User::boss>("boss"));
  }
};

using grapnel::F;

void Create(const grapnel::Database<User>& client) {
  client.Of<User>().Create().Set(F<&User::name>, "Ada").Save();
}
