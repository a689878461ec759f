// Generic hooks: one hook for every entity type. By token, it asks with `requires` whether the type
// has the member; by name, it asks at run time, and a wrong name or a wrong type throws. A mutation
// can be printed, and fields marked Sensitive show as ***.
//
// Output:
//   User Create {name="Ada", password=***, updated_by="cli"}
//   Tag Create {label="new"}
//   User UpdateOne(id=1) {password=***, updated_by="cli"}
//   User UpdateOne(id=1) {age+=1, password=NULL, updated_by="cli"}
//   fields set in the last one: updated_by
//   Tag.updated_by: the schema has no field of this name
//   User.age: the field is of type integer, the value of type text

#include <grapnel/grapnel.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

using grapnel::F;
using grapnel::Op;

struct User {
  std::int64_t id = 0;
  std::string name;
  std::optional<std::int64_t> age{};
  std::optional<std::string> password{};
  std::optional<std::string> updated_by{};
};
struct Tag {
  std::int64_t id = 0;
  std::string label;
};

template <>
struct grapnel::Schema<User> {
  static constexpr std::string_view Type = "User";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&User::name>("name"), Field<&User::age>("age"),
                           Field<&User::password>("password").Sensitive(),
                           Field<&User::updated_by>("updated_by"));
  }
};
template <>
struct grapnel::Schema<Tag> {
  static constexpr std::string_view Type = "Tag";
  static constexpr auto Fields() { return grapnel::Fields(Field<&Tag::label>("label")); }
};

// By token: checked at compile time, and no cost for types that lack the member.
constexpr auto Stamped = []<class E>(grapnel::Mutation<E>& m, grapnel::Next<E> next) {
  if constexpr (requires { &E::updated_by; }) m.Set(F<&E::updated_by>, "cli");
  return next(m);
};

// The mutation as a text.
constexpr auto Printed = []<class E>(grapnel::Mutation<E>& m, grapnel::Next<E> next) {
  fmt::print("{}\n", m);
  return next(m);
};

// By name: for names that come from a configuration, say. Nothing is silently ignored.
auto Sets(std::string field, grapnel::FieldValue value) {
  return [field, value]<class E>(grapnel::Mutation<E>& m, grapnel::Next<E> next) {
    m.SetField(field, value);
    return next(m);
  };
}

int main() {
  auto client = grapnel::Open<User, Tag>(":memory:");
  client.Migrate();
  std::vector<std::string> names;
  auto hooks = client.Use(grapnel::hook::Unless(Stamped, Op::Delete | Op::DeleteOne), Printed);
  client.Use([&names]<class E>(grapnel::Mutation<E>& m, grapnel::Next<E> next) {
    const auto set = m.Fields();
    names.assign(set.begin(), set.end());
    return next(m);
  });

  const auto users = client.Of<User>();
  users.Create().Set(F<&User::name>, "Ada").Set(F<&User::password>, "secret").Save();
  client.Of<Tag>().Create().Set(F<&Tag::label>, "new").Save();
  users.UpdateOne(1).Set(F<&User::password>, "more secret").Save();
  users.UpdateOne(1).Add(F<&User::age>, 1).Clear(F<&User::password>).Save();
  fmt::print("fields set in the last one: {}\n", fmt::join(names, ", "));
  hooks.Remove();

  const auto attempt = [](const auto& entities, auto hook) {
    auto handle = entities.Use(hook);
    try {
      entities.Delete().Exec();
    } catch (const grapnel::FieldError& error) {
      fmt::print("{}\n", error);
    }
    handle.Remove();
  };
  attempt(client.Of<Tag>(), Sets("updated_by", "cli"));
  attempt(users, Sets("age", "forty"));
}
