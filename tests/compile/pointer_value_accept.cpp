#include <grapnel/grapnel.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

struct User {
  std::int64_t id = 0;
  bool on = false;
  std::optional<std::string> nick{};
};

template <>
struct grapnel::Schema<User> {
  static constexpr std::string_view Type = "User";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&User::on>("on"), Field<&User::nick>("nick"));
  }
};

using grapnel::F;

void Change(const grapnel::Database<User>& client, grapnel::Mutation<User>& m, const char* text) {
  const auto users = client.Of<User>();
  const bool* on = m.Get(F<&User::on>);
  if (on != nullptr) m.SetField("on", *on);
  m.SetField("nick", text);
  m.SetField("nick", std::nullopt);
  m.Set(F<&User::on>, on != nullptr);
  m.Set(F<&User::nick>, text);
  users.Update().Set(F<&User::nick>, std::nullopt).Set(F<&User::on>, on != nullptr).Save();
  users.Query().Where(F<&User::on> == true || F<&User::nick>.IsNull()).All();
  users.Query().Where(F<&User::on>.In(true, false) && F<&User::nick> != text).All();
}
