// A pointer is not true, and nullptr is not NULL, without a word.
// expect: a pointer is no value of this field, and would be true
// expect: a nullptr is no text: write std::nullopt for NULL, and ask for it by IsNull\(\)
// expect: pointer_value_reject\.cpp:36
// expect: pointer_value_reject\.cpp:37
// expect: pointer_value_reject\.cpp:38
// expect: pointer_value_reject\.cpp:39
// expect: pointer_value_reject\.cpp:40
// expect: pointer_value_reject\.cpp:41
// expect: pointer_value_reject\.cpp:42
// expect: pointer_value_reject\.cpp:44
// expect: pointer_value_reject\.cpp:45
#include <grapnel/grapnel.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

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
void Change(const grapnel::store::Entities<User>& users, grapnel::Mutation<User>& m) {
  m.SetField("on", m.Get(F<&User::on>));
  m.SetField("nick", nullptr);
  m.Set(F<&User::on>, m.Get(F<&User::on>));
  m.Set(F<&User::nick>, nullptr);
  users.Update().Set(F<&User::on>, "yes").Save();
  users.Query().Where(F<&User::on> == &m).All();
  users.Query().Where(F<&User::on>.In(&users)).All();
  const auto none = nullptr;
  users.Query().Where(F<&User::nick> == none).All();
  users.Query().Where(std::move(none) != F<&User::nick>).All();
}
