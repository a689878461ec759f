#include <grapnel/schema/mixin.hpp>

#include <grapnel/schema/schema.hpp>

#include "support/catch.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mixins {

struct Root {
  std::int64_t tenant = 0;
};
struct Versioned : Root {
  std::int64_t version = 0;
};
struct Noted {
  std::string note;
};
struct User : Versioned, Noted {
  std::int64_t id = 0;
  std::string name;
};
struct Plain {
  std::int64_t id = 0;
};
struct Owned {
  grapnel::One<Plain> owner{};
};
struct Card : Owned {
  std::int64_t id = 0;
};

}  // namespace mixins

template <>
struct grapnel::Schema<mixins::Root> {
  static constexpr auto Fields() { return grapnel::Fields(Field<&mixins::Root::tenant>("tenant")); }
  template <class E>
  static auto Hooks() {
    return grapnel::Hooks(std::string("root of ") += Schema<E>::Type);
  }
};
template <>
struct grapnel::Schema<mixins::Versioned> {
  using Mixins = grapnel::Mixins<mixins::Root>;
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&mixins::Versioned::version>("version").Default(1));
  }
  static constexpr auto Indexes() {
    return grapnel::Indexes(Index<&mixins::Versioned::version>().StorageKey("versions"));
  }
  template <class E>
  static auto Hooks() {
    return grapnel::Hooks(std::string("m1h1"), std::string("m1h2"));
  }
};
template <>
struct grapnel::Schema<mixins::Noted> {  // a mixin may consist of hooks alone, or of fields alone
  static constexpr auto Fields() { return grapnel::Fields(Field<&mixins::Noted::note>("note")); }
};
template <>
struct grapnel::Schema<mixins::Owned> {
  static constexpr auto Edges() { return grapnel::Edges(To<&mixins::Owned::owner>("owner")); }
};
template <>
struct grapnel::Schema<mixins::Card> {
  static constexpr std::string_view Type = "Card";
  using Mixins = grapnel::Mixins<mixins::Owned>;
};
template <>
struct grapnel::Schema<mixins::User> {
  static constexpr std::string_view Type = "User";
  using Mixins = grapnel::Mixins<mixins::Versioned, mixins::Noted>;
  static constexpr auto Fields() { return grapnel::Fields(Field<&mixins::User::name>("name")); }
  static constexpr auto Indexes() { return grapnel::Indexes(Index<&mixins::User::name>()); }
  static auto Hooks() { return grapnel::Hooks(std::string("own")); }
};
template <>
struct grapnel::Schema<mixins::Plain> {
  static constexpr std::string_view Type = "Plain";
};

using namespace std::string_view_literals;
using mixins::User;

TEST_CASE("an entity takes over the fields of its mixins, theirs first, the id in front of all") {
  std::vector<std::string_view> names;
  for (const auto& column : grapnel::detail::kTable<User>.columns) names.push_back(column.name);
  CHECK(names == std::vector<std::string_view>{"id", "tenant", "version", "note", "name"});
}

TEST_CASE("an inherited field keeps its options, and its member is found in the entity") {
  const auto& table = grapnel::detail::kTable<User>;
  const auto* version = table.Find("version"sv);
  REQUIRE(version != nullptr);
  User user;
  CHECK(version->at(&user) == &user.version);
  CHECK(table.Find("note"sv)->at(&user) == &user.note);
  REQUIRE(version->set_default != nullptr);
  version->set_default(version->at(&user), version->field);
  CHECK(user.version == 1);
  CHECK(version->tag == grapnel::F<&User::version>.Tag());
}

TEST_CASE("indexes are taken over as well") {
  const auto& indexes = grapnel::detail::kTable<User>.indexes;
  REQUIRE(indexes.size() == 2);
  CHECK(indexes[0].name == "versions");
  CHECK(indexes[1].fields[0] == grapnel::F<&User::name>.Tag());
}

TEST_CASE("B4 hooks come mixin by mixin, a mixin's own mixins first, the entity's last") {
  std::vector<std::string> texts;
  const auto visit = [&](const std::string& hook, std::string_view mixin) {
    texts.push_back(hook);
    CHECK(mixin.empty() == (hook == "own"));
  };
  grapnel::detail::VisitSchema<grapnel::detail::SchemaHooks, User>(visit);
  CHECK(texts == std::vector<std::string>{"root of User", "m1h1", "m1h2", "own"});
}

TEST_CASE("an edge of a mixin is found in the entity, and asked about by the mixin itself") {
  constexpr auto owner = &mixins::Owned::owner;
  const auto& edge = grapnel::detail::kEdgeOf<mixins::Card, owner>;
  CHECK(edge.relation().source == &grapnel::detail::kTable<mixins::Card>);
  CHECK(grapnel::detail::kTable<mixins::Card>.columns[edge.key].storage == "owner_id");
  // A mixin has no table of its own.
  static_assert(grapnel::detail::EdgeOf<mixins::Owned, owner>);
  static_assert(grapnel::detail::kIsColumn<mixins::Owned, owner>);
  CHECK(grapnel::detail::kEdgeOf<mixins::Owned, owner>.relation == nullptr);
}

TEST_CASE("without mixins there is just the id") {
  CHECK(grapnel::detail::kTable<mixins::Plain>.columns.size() == 1);
  const auto visit = [](const auto&, std::string_view) { FAIL("there are no hooks"); };
  grapnel::detail::VisitSchema<grapnel::detail::SchemaHooks, mixins::Plain>(visit);
}
