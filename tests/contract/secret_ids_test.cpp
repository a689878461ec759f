#include "contract/fixture.hpp"
#include "support/catch.hpp"
#include "support/engine/traits.hpp"

#include <grapnel/grapnel.hpp>

#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

/// Types whose ids are secret: of text, and a number.
namespace secrets {

struct Item;
struct Vault {
  std::string id;
  std::string name;
  std::int64_t level = 0;
  grapnel::Many<Item> items{};
  grapnel::Many<Vault> friends{};
};
struct Badge {
  std::int64_t id = 0;
  grapnel::Many<Item> items{};
};
struct Item {
  std::int64_t id = 0;
  std::string name;
  grapnel::One<Vault> vault{};
  grapnel::One<Badge> badge{};
};

}  // namespace secrets

template <>
struct grapnel::Schema<secrets::Vault> {
  static constexpr std::string_view Type = "Vault";
  static constexpr auto Fields() {
    using secrets::Vault;
    return grapnel::Fields(Field<&Vault::id>("id").Sensitive().MinLen(4).MaxLen(30),
                           Field<&Vault::name>("name").Default(""),
                           Field<&Vault::level>("level").Default(0));
  }
  static constexpr auto Edges() {
    using secrets::Vault;
    return grapnel::Edges(To<&Vault::items>("items"), To<&Vault::friends>("friends"));
  }
};
template <>
struct grapnel::Schema<secrets::Badge> {
  static constexpr std::string_view Type = "Badge";
  static constexpr auto Fields() {
    return grapnel::Fields(
        Field<&secrets::Badge::id>("id").Sensitive().Default(1).Range(0, 987654322));
  }
  static constexpr auto Edges() { return grapnel::Edges(To<&secrets::Badge::items>("items")); }
};
template <>
struct grapnel::Schema<secrets::Item> {
  static constexpr std::string_view Type = "Item";
  static constexpr auto Fields() { return grapnel::Fields(Field<&secrets::Item::name>("name")); }
  static constexpr auto Edges() {
    using namespace secrets;
    return grapnel::Edges(From<&Item::vault>("vault").Ref<&Vault::items>(),
                          From<&Item::badge>("badge").Ref<&Badge::items>());
  }
};

namespace {

using grapnel::F;
using grapnel::FieldValue;
using secrets::Badge;
using secrets::Item;
using secrets::Vault;
using World = Fixture<Vault, Badge, Item>;

constexpr std::string_view kSecret = "s3cret";
constexpr std::int64_t kNumber = 987654321;
constexpr auto kHuge = std::numeric_limits<std::uint64_t>::max() - 7;

/// All that an error says.
Lines Said(const grapnel::Error& error) {
  Lines said{error.what()};
  if (const auto* of = dynamic_cast<const grapnel::FieldError*>(&error)) {
    said.push_back(of->Reason());
  }
  if (const auto* of = dynamic_cast<const grapnel::ValidationError*>(&error)) {
    for (const auto& each : of->Problems()) said.push_back(each.reason);
  }
  if (const auto* of = dynamic_cast<const grapnel::ConstraintError*>(&error)) {
    said.push_back(of->Detail());
  }
  return said;
}

void CheckSilent(const std::string& text) {
  INFO(text);
  CHECK(text.find(kSecret) == std::string::npos);
  CHECK(text.find(std::to_string(kNumber).substr(0, 8)) == std::string::npos);
  CHECK(text.find(std::to_string(kHuge)) == std::string::npos);
}

/// It throws an E, and that says no id.
template <class E>
void Hides(const std::function<void()>& fails) {
  bool threw = false;
  try {
    fails();
  } catch (const E& error) {
    threw = true;
    for (const std::string& text : Said(error)) CheckSilent(text);
  }
  CHECK(threw);
}

std::string Secret(std::string_view end) { return std::string(kSecret).append(end); }

}  // namespace

TEST_CASE("B157 a sensitive id stands in no error of a row that is not there, or is stale") {
  World world;
  const auto vaults = world.client.Of<Vault>();
  const auto badges = world.client.Of<Badge>();
  vaults.Create().Set(F<&Vault::id>, Secret("1")).Save();
  const std::string gone = Secret("2");
  Hides<grapnel::NotFoundError>([&] { vaults.Get(gone); });
  Hides<grapnel::NotFoundError>([&] { badges.Get(kNumber); });
  Hides<grapnel::NotFoundError>([&] { vaults.UpdateOne(gone).Set(F<&Vault::level>, 3).Save(); });
  Hides<grapnel::NotFoundError>([&] { vaults.DeleteOne(gone).Exec(); });
  Hides<grapnel::StaleError>([&] {
    vaults.UpdateOne(Secret("1")).Where(F<&Vault::level> > 3).Set(F<&Vault::level>, 4).Save();
  });
  Hides<grapnel::StaleError>(
      [&] { vaults.DeleteOne(Secret("1")).Where(F<&Vault::level> > 3).Exec(); });
  vaults.Use([](grapnel::Mutation<Vault>& m, grapnel::Next<Vault> next) -> grapnel::Value<Vault> {
    m.OldRows();
    return next(m);
  });
  Hides<grapnel::NotFoundError>([&] { vaults.UpdateOne(gone).Set(F<&Vault::level>, 3).Save(); });
  Hides<grapnel::NotFoundError>([&] { vaults.DeleteOne(gone).Exec(); });
  Hides<grapnel::StaleError>(
      [&] { vaults.DeleteOne(Secret("1")).Where(F<&Vault::level> > 3).Exec(); });
}

TEST_CASE("B157 a sensitive id stands in no error of an edge, from either end") {
  World world;
  const auto vaults = world.client.Of<Vault>();
  const auto items = world.client.Of<Item>();
  vaults.Create().Set(F<&Vault::id>, Secret("1")).Save();
  const Item item = items.Create().Set(F<&Item::name>, "i").Save();
  const std::string gone = Secret("2");
  using grapnel::ConstraintError;
  const auto all = [&] {
    Hides<ConstraintError>(
        [&] { items.Create().Set(F<&Item::name>, "j").Set(F<&Item::vault>, gone).Save(); });
    Hides<ConstraintError>([&] { items.UpdateOne(item).Set(F<&Item::vault>, gone).Save(); });
    Hides<ConstraintError>([&] { items.UpdateOne(item).Set(F<&Item::badge>, kNumber).Save(); });
    Hides<ConstraintError>([&] { items.Update().Set(F<&Item::vault>, gone).Save(); });
    Hides<ConstraintError>([&] {
      items.CreateBulk(std::vector<Item>{{0, "k"}, {0, "l", grapnel::One<Vault>(gone)}}).Save();
    });
    const std::vector<std::string> ids{Secret("1"), gone};
    Hides<ConstraintError>(
        [&] { vaults.UpdateOne(Secret("1")).AddIDs(F<&Vault::friends>, ids).Save(); });
    Hides<ConstraintError>([&] { vaults.Create().Set(F<&Vault::id>, Secret("1")).Save(); });
  };
  all();
  vaults.Use(grapnel::hook::Before([](grapnel::Mutation<Vault>&) {}));
  items.Use(
      grapnel::hook::On(grapnel::hook::Before([](grapnel::Mutation<Item>& m) { m.OldRows(); }),
                        grapnel::Op::UpdateOne));
  all();
  const std::vector<std::int64_t> missing{77};
  CHECK_THROWS_WITH(vaults.UpdateOne(Secret("1")).AddIDs(F<&Vault::items>, missing).Save(),
                    Catch::Contains("id 77"));  // which is none
}

TEST_CASE("B157 a sensitive id stands in no error of a value, by token or by name") {
  World world;
  const auto vaults = world.client.Of<Vault>();
  const auto badges = world.client.Of<Badge>();
  const auto items = world.client.Of<Item>();
  using grapnel::ValidationError;
  const std::string long_one = Secret(std::string(40, 'x'));
  Hides<ValidationError>([&] { vaults.Create().Set(F<&Vault::id>, long_one).Save(); });
  Hides<ValidationError>([&] { badges.Create().Set(F<&Badge::id>, kNumber + 5).Save(); });
  Hides<ValidationError>([&] { badges.Get(kHuge); });
  Hides<ValidationError>([&] { badges.DeleteOne(kHuge).Exec(); });
  Hides<ValidationError>(
      [&] { items.Create().Set(F<&Item::name>, "").Set(F<&Item::badge>, kHuge).Save(); });
  Hides<ValidationError>([&] { items.Query().Where(F<&Item::badge> == kHuge).Count(); });
  Hides<ValidationError>([&] { items.Query().Where(F<&Item::badge>.In(1, kHuge)).Count(); });
  Hides<ValidationError>([&] { badges.Query().Where(F<&Badge::id> < kHuge).Count(); });
  const auto by_name = [&](std::string_view field, const FieldValue& value) {
    const auto handle = items.Use(
        grapnel::hook::Before([&](grapnel::Mutation<Item>& m) { m.SetField(field, value); }));
    Hides<grapnel::FieldError>([&] { items.Create().Set(F<&Item::name>, "").Save(); });
    handle.Remove();
  };
  by_name("badge", std::string(kSecret));
  by_name("vault", kNumber);
  const auto narrow = [&](std::string_view field, const FieldValue& value) {
    const auto handle = items.Intercept(
        grapnel::hook::Before([&](grapnel::Reading<Item>& r) { r.WhereField(field, value); }));
    Hides<grapnel::FieldError>([&] { items.Query().Count(); });
    handle.Remove();
  };
  narrow("badge", std::string(kSecret));
  narrow("vault", kNumber);

  const auto pages = vaults.Query().Order(grapnel::Asc(F<&Vault::level>));
  CHECK_THROWS_WITH(grapnel::store::Query<Vault>(pages).After(Vault{}),
                    Catch::Contains("has no id"));
}

TEST_CASE("B157 a sensitive id stands in no error of what is stored, and nowhere where it is key") {
  World world;
  const auto vaults = world.client.Of<Vault>();
  const auto items = world.client.Of<Item>();
  vaults.Create().Set(F<&Vault::id>, Secret("1")).Save();
  items.Create().Set(F<&Item::name>, "i").Set(F<&Item::vault>, Secret("1")).Save();
  if (!engine::Spoiled([&] { world.Raw("UPDATE Vault SET level = 'many'"); })) return;
  using grapnel::SchemaError;
  Hides<SchemaError>([&] { vaults.Query().All(); });
  Hides<SchemaError>([&] { vaults.Get(Secret("1")); });
  Hides<SchemaError>([&] { items.Query().With(F<&Item::vault>).All(); });
  Hides<SchemaError>([&] { vaults.UpdateOne(Secret("1")).Add(F<&Vault::level>, 1).Save(); });
  Hides<SchemaError>([&] { vaults.Query().Select(F<&Vault::level>).All(); });
}

TEST_CASE("B157 mutations with sensitive ids say ***, and Changes which they are") {
  World world;
  const auto vaults = world.client.Of<Vault>();
  const auto items = world.client.Of<Item>();
  Lines told;
  std::vector<bool> secret;
  world.client.Use([&]<class E>(grapnel::Mutation<E>& m, grapnel::Next<E> next) {
    told.push_back(grapnel::ToString(m));
    m.WatchChanges();
    auto value = next(m);
    for (const auto& row : m.Changes()) {
      secret.push_back(row.sensitive);
      for (const auto& change : row.changes) {
        if (change.is_edge) secret.push_back(change.sensitive);
      }
    }
    return value;
  });
  vaults.Create().Set(F<&Vault::id>, Secret("1")).Save();
  CHECK(secret == std::vector{true});
  vaults.Create().Set(F<&Vault::id>, Secret("2")).Save();
  items.Create().Set(F<&Item::name>, "i").Set(F<&Item::vault>, Secret("1")).Save();
  CHECK(secret == std::vector{true, true, false, true});
  const std::vector<std::string> ids{Secret("2")};
  secret.clear();
  vaults.UpdateOne(Secret("1")).AddIDs(F<&Vault::friends>, ids).Save();
  CHECK(secret == std::vector{true, true});
  secret.clear();
  vaults.UpdateOne(Secret("1")).ClearEdge(F<&Vault::items>).Save();
  vaults.UpdateOne(Secret("1")).RemoveIDs(F<&Vault::friends>, ids).Save();
  REQUIRE(told.size() >= 6);
  for (const std::string& text : told) CheckSilent(text);
  CHECK(told.front() == R"(Vault Create(id=***) {name="", level=0})");
}
