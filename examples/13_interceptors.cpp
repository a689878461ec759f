// Hooks around reading. A mixin leaves out deleted rows wherever they would be read, until a call
// says that it wants them; the client keeps everybody to the rows of one tenant; and phone numbers
// are masked in whatever is found.
//
// Output:
//   users: Ada ***, Bob ***
//   with those deleted: Ada ***, Bob ***, Cid ***
//   owners of cards: Ada ***
//   cards of the deleted: 0
//   updated among the deleted: 0 rows
//   tenant 2 sees 1 user

#include <grapnel/grapnel.hpp>

#include <fmt/format.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

using grapnel::F;
namespace hook = grapnel::hook;

struct WithDeleted {};  // per-call values
struct Tenant {
  std::int64_t id;
};

struct SoftDelete {
  std::optional<std::int64_t> deleted_at{};
};
struct Card;
struct User : SoftDelete {
  std::int64_t id = 0;
  std::string name{};
  std::string phone{};
  std::int64_t tenant = 0;
  grapnel::Many<Card> cards{};
};
struct Card {
  std::int64_t id = 0;
  std::string number{};
  grapnel::One<User> owner{};
};

template <>
struct grapnel::Schema<SoftDelete> {
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&SoftDelete::deleted_at>("deleted_at"));
  }
  // Before the rest: it narrows every way on which a read comes to the type.
  template <class E>
  static auto Interceptors() {
    return grapnel::Interceptors(hook::Before([](grapnel::Reading<E>& r) {
      if (!r.Context().template Get<WithDeleted>()) r.Where(F<&SoftDelete::deleted_at>.IsNull());
    }));
  }
};
template <>
struct grapnel::Schema<User> {
  static constexpr std::string_view Type = "User";
  using Mixins = grapnel::Mixins<SoftDelete>;
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&User::name>("name"), Field<&User::phone>("phone"),
                           Field<&User::tenant>("tenant").Default(1));
  }
  static constexpr auto Edges() { return grapnel::Edges(To<&User::cards>("cards")); }
};
template <>
struct grapnel::Schema<Card> {
  static constexpr std::string_view Type = "Card";
  static constexpr auto Fields() { return grapnel::Fields(Field<&Card::number>("number")); }
  static constexpr auto Edges() {
    return grapnel::Edges(From<&Card::owner>("owner").Ref<&User::cards>());
  }
};

std::string Names(const std::vector<User>& users) {
  std::string names;
  for (const User& user : users) {
    names += fmt::format("{}{} {}", names.empty() ? "" : ", ", user.name, user.phone);
  }
  return names;
}

int main() {
  auto client = grapnel::Open<User, Card>(":memory:");
  client.Migrate();

  // Of every type, in a hook that is compiled once; of one type, behind the rest.
  client.Intercept(hook::Before([](grapnel::AnyReading& r) {
    const auto* tenant = r.Context().Get<Tenant>();
    if (tenant != nullptr && r.Type() == "User") r.WhereField("tenant", tenant->id);
  }));
  client.Of<User>().Intercept(
      hook::After([](const grapnel::Reading<User>&, grapnel::Found<User>& found) {
        if (auto* rows = found.Rows()) {
          for (User& user : *rows) user.phone = "***";
        }
      }));

  for (const char* name : {"Ada", "Bob", "Cid"}) {
    const User user =
        client.Of<User>().Create().Set(F<&User::name>, name).Set(F<&User::phone>, "555").Save();
    if (user.name == "Bob") continue;
    client.Of<Card>().Create().Set(F<&Card::number>, name).Set(F<&Card::owner>, user.id).Save();
  }
  const auto users = client.Of<User>();
  users.Update().Where(F<&User::name> == "Cid").Set(F<&SoftDelete::deleted_at>, 1).Save();

  fmt::print("users: {}\n", Names(users.Query().All()));
  const auto everybody = client.With(WithDeleted());
  fmt::print("with those deleted: {}\n", Names(everybody.Of<User>().Query().All()));

  // Neighbours, conditions and the rows of updates are read as well.
  std::vector<User> owners;
  for (const Card& card : client.Of<Card>().Query().With(F<&Card::owner>).All()) {
    if (card.owner.Get() != nullptr) owners.push_back(*card.owner);
  }
  fmt::print("owners of cards: {}\n", Names(owners));
  fmt::print("cards of the deleted: {}\n",
             client.Of<Card>().Query().Where(F<&Card::owner>.Has(F<&User::name> == "Cid")).Count());
  fmt::print("updated among the deleted: {} rows\n",
             users.Update().Where(F<&User::name> == "Cid").Set(F<&User::phone>, "").Save());

  users.UpdateOne(1).Set(F<&User::tenant>, 2).Save();
  fmt::print("tenant 2 sees {} user\n", client.With(Tenant{2}).Of<User>().Query().Count());
}
