// B162: an index that holds some rows: unique among them, and what OnConflict knows of it.
#include "contract/fixture.hpp"
#include "support/catch.hpp"
#include "support/engine/traits.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace partial {

enum class State { Open, Closed };

/// A mixin with an index of its own, and what an entity's is about.
struct Mortal {
  std::optional<std::int64_t> deleted_at{};
  std::string tag;
};
struct User : Mortal {
  std::int64_t id = 0;
  std::string email;
  State state = State::Open;
  std::int64_t visits = 0;
};
/// The same table with another condition, with none, and without the index.
template <int Case>
struct Other {
  std::int64_t id = 0;
  std::string email;
  std::optional<std::int64_t> deleted_at{};
};
/// The same table without the column that the condition was about.
template <int Case>
struct Less {
  std::int64_t id = 0;
  std::string email;
};
/// Values of every kind in a condition.
struct Kinds {
  std::int64_t id = 0;
  std::int64_t whole = 0;
  double real = 0;
  std::string text;
  std::vector<std::byte> bytes;
  bool flag = false;
  State state = State::Open;
};
struct Node {
  std::int64_t id = 0;
  std::string name;
  grapnel::One<Node> parent{};
};

constexpr std::string_view kText = "it's \"?1\" -- \xC3\xBC";

}  // namespace partial

template <>
struct grapnel::EnumNames<partial::State> {
  static constexpr std::pair<partial::State, std::string_view> Values[] = {
      {partial::State::Open, "it's open"}, {partial::State::Closed, "closed"}};
};
template <>
struct grapnel::Schema<partial::Mortal> {
  static constexpr auto Fields() {
    using partial::Mortal;
    return grapnel::Fields(Field<&Mortal::deleted_at>("deleted_at"),
                           Field<&Mortal::tag>("tag").Default(""));
  }
  static auto Indexes() {
    using partial::Mortal;
    return grapnel::Indexes(Index<&Mortal::tag>().Unique().Where(F<&Mortal::deleted_at>.IsNull() &&
                                                                 F<&Mortal::tag> != ""));
  }
};
template <>
struct grapnel::Schema<partial::User> {
  static constexpr std::string_view Type = "User";
  using Mixins = grapnel::Mixins<partial::Mortal>;
  static constexpr auto Fields() {
    using partial::User;
    return grapnel::Fields(Field<&User::email>("email"), Field<&User::state>("state"),
                           Field<&User::visits>("visits").Default(0));
  }
  static auto Indexes() {
    using partial::User;
    return grapnel::Indexes(Index<&User::visits>(),
                            Index<&User::email>().Where(F<&User::deleted_at>.IsNull()).Unique(),
                            Index<&User::email, &User::state>()
                                .Unique()
                                .StorageKey("open ones")
                                .Where(F<&User::state> == partial::State::Open));
  }
};
template <int Case>
struct grapnel::Schema<partial::Other<Case>> {
  static constexpr std::string_view Type = "Other";
  static constexpr std::string_view Table = "other";
  static constexpr auto Fields() {
    using Other = partial::Other<Case>;
    return grapnel::Fields(Field<&Other::email>(Case == 4 ? "mail" : "email").WasNamed("email_"),
                           Field<&Other::deleted_at>("deleted_at"));
  }
  static auto Indexes() {
    using Other = partial::Other<Case>;
    if constexpr (Case == 0) {
      return grapnel::Indexes(
          Index<&Other::email>().Unique().Where(F<&Other::deleted_at>.IsNull()));
    } else if constexpr (Case == 1) {
      return grapnel::Indexes(Index<&Other::email>().Unique().Where(F<&Other::deleted_at> == 7));
    } else if constexpr (Case == 2) {
      return grapnel::Indexes(Index<&Other::email>().Unique());
    } else {
      return grapnel::Indexes();
    }
  }
};
template <int Case>
struct grapnel::Schema<partial::Less<Case>> {
  static constexpr std::string_view Type = "Other";
  static constexpr std::string_view Table = "other";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&partial::Less<Case>::email>("email"));
  }
  static auto Indexes() {
    constexpr auto index = Index<&partial::Less<Case>::email>();
    if constexpr (Case == 0) {
      return grapnel::Indexes(index);
    } else {
      return grapnel::Indexes(index.Unique().Where(F<&partial::Less<Case>::email> != "b"));
    }
  }
};
template <>
struct grapnel::Schema<partial::Kinds> {
  static constexpr std::string_view Type = "Kinds";
  static constexpr auto Fields() {
    using partial::Kinds;
    return grapnel::Fields(Field<&Kinds::whole>("whole"), Field<&Kinds::real>("real ?1"),
                           Field<&Kinds::text>("text"), Field<&Kinds::bytes>("bytes"),
                           Field<&Kinds::flag>("flag"), Field<&Kinds::state>("state"));
  }
  static auto Indexes() {
    using partial::Kinds;
    constexpr auto least = std::numeric_limits<std::int64_t>::min();
    return grapnel::Indexes(Index<&Kinds::whole>().Unique().Where(
        F<&Kinds::whole>.In(least, 3, 4) && F<&Kinds::real> > 0.1 &&
        (F<&Kinds::text> == std::string(partial::kText) ||
         F<&Kinds::text> == engine::Storable({"a\0b", 3}) || F<&Kinds::text>.HasPrefix("p")) &&
        F<&Kinds::bytes> != std::vector<std::byte>{std::byte{0}, std::byte{0xFF}} &&
        F<&Kinds::flag> == true && !(F<&Kinds::state> == partial::State::Closed)));
  }
};
template <>
struct grapnel::Schema<partial::Node> {
  static constexpr std::string_view Type = "Node";
  static constexpr auto Fields() { return grapnel::Fields(Field<&partial::Node::name>("name")); }
  static constexpr auto Edges() { return grapnel::Edges(To<&partial::Node::parent>("parent")); }
  static auto Indexes() {
    using partial::Node;
    return grapnel::Indexes(
        Index<&Node::name>().Unique().Where(F<&Node::parent>.Has(F<&Node::name> == "x")));
  }
};

namespace {

using engine::Open;
using grapnel::ConflictOutcome;
using grapnel::ConstraintError;
using grapnel::F;
using grapnel::MigrationError;
using namespace partial;

auto New(const grapnel::Client& client, const std::string& email) {
  return client.Of<User>().Create().Set(F<&User::email>, email).Set(F<&User::state>, State::Closed);
}
Lines Indexes(const std::string& file) {
  return RawRows(
      file, engine::Forms{"SELECT sql FROM sqlite_schema WHERE type = 'index' ORDER BY name",
                          "SELECT replace(indexdef, quote_ident(schemaname) || '.', '') FROM "
                          "pg_indexes WHERE schemaname = current_schema() AND indexname NOT LIKE "
                          "'%_pkey' ORDER BY indexname COLLATE \"C\""});
}
/// As Indexes gives it.
std::string Is(const engine::Forms& index) { return index.Text(); }

}  // namespace

TEST_CASE("B162 a partial index is unique among the rows that match, a mixin's too") {
  const Fixture<User> world;
  CHECK(world.client.PlanMigration().Statements() == Lines{});
  CHECK(Indexes(world.scratch.File("test.db")) ==
        Lines{Is({R"(CREATE UNIQUE INDEX "User_email" ON "User" ("email") )"
                  R"(WHERE "User"."deleted_at" IS NULL)",
                  R"(CREATE UNIQUE INDEX "User_email" ON "User" USING btree (email) )"
                  R"(WHERE (deleted_at IS NULL))"}),
              Is({R"(CREATE UNIQUE INDEX "User_tag" ON "User" ("tag") )"
                  R"(WHERE ("User"."deleted_at" IS NULL AND "User"."tag" <> ''))",
                  R"(CREATE UNIQUE INDEX "User_tag" ON "User" USING btree (tag) )"
                  R"(WHERE ((deleted_at IS NULL) AND (tag <> ''::text)))"}),
              Is({R"(CREATE INDEX "User_visits" ON "User" ("visits"))",
                  R"(CREATE INDEX "User_visits" ON "User" USING btree (visits))"}),
              Is({R"(CREATE UNIQUE INDEX "open ones" ON "User" ("email", "state") )"
                  R"(WHERE "User"."state" = 'it''s open')",
                  R"(CREATE UNIQUE INDEX "open ones" ON "User" USING btree (email, state) )"
                  R"(WHERE (state = 'it''s open'::text))"})});
  const User first = New(world.client, "ada").Save();
  const auto error = Thrown<ConstraintError>([&] { New(world.client, "ada").Save(); });
  CHECK((error.Kind() == grapnel::ConstraintKind::Unique && error.Fields() == Lines{"email"}));
  New(world.client, "ada").Set(F<&User::deleted_at>, 3).Save();
  world.client.Of<User>().UpdateOne(first.id).Set(F<&User::deleted_at>, 4).Save();
  const User second = New(world.client, "ada").Set(F<&User::tag>, "t").Save();
  CHECK_THROWS_AS(world.client.Of<User>().UpdateOne(first.id).Clear(F<&User::deleted_at>).Save(),
                  ConstraintError);
  CHECK(Thrown<ConstraintError>([&] {
          New(world.client, "eve").Set(F<&User::tag>, "t").Save();
        }).Fields() == Lines{"tag"});
  CHECK(world.client.Of<User>().Get(second.id).tag == "t");
}

TEST_CASE("B162 OnConflict takes a row that is in the index, and only where the new one would be") {
  const Fixture<User> world;
  const auto upsert = [&](const std::string& email, std::optional<std::int64_t> deleted) {
    auto create = New(world.client, email);
    if (deleted) create.Set(F<&User::deleted_at>, *deleted);
    return std::move(create)
        .OnConflict(F<&User::email>)
        .Update([](grapnel::Mutation<User>& m) { m.Add(F<&User::visits>, 1); })
        .Save();
  };
  const User ada = upsert("ada", {});
  CHECK(ada.visits == 0);
  CHECK(upsert("ada", {}).id == ada.id);
  CHECK(world.client.Of<User>().Get(ada.id).visits == 1);
  const User dead = upsert("ada", 3);  // would not be in the index
  CHECK((dead.id != ada.id && dead.visits == 0));
  CHECK(upsert("ada", 3).id != dead.id);
  world.client.Of<User>().UpdateOne(ada.id).Set(F<&User::deleted_at>, 9).Save();
  const User again = upsert("ada", {});  // the row that was there is not in it any more
  CHECK((again.id != ada.id && again.visits == 0));
  CHECK(upsert("ada", {}).id == again.id);
  // In bulk, by two fields, and where the value of the condition is the new row's own.
  const auto both = [&](State state) {
    return New(world.client, "eve")
        .Set(F<&User::state>, state)
        .Set(F<&User::deleted_at>, 1)
        .OnConflict(F<&User::state>, F<&User::email>)
        .Ignore()
        .Save()
        .id;
  };
  const auto open = both(State::Open);
  CHECK(both(State::Open) == open);
  CHECK(both(State::Closed) != both(State::Closed));
  world.client.WithTx([&](grapnel::Tx& tx) {
    CHECK(New(tx.Client(), "ada").OnConflict(F<&User::email>).Ignore().Save().id == again.id);
  });
  CHECK_THROWS_WITH(New(world.client, "x").OnConflict(F<&User::state>).Ignore(),
                    Catch::Contains("no unique index"));
}

TEST_CASE("B162 another condition in the schema makes the index anew, and only those of Grapnel") {
  const Scratch scratch;
  const std::string file = scratch.File("test.db");
  const auto plan = [&]<class E>(E) {
    const auto client = Open<E>(file);
    Lines kinds;
    for (const auto& step : client.PlanMigration().Steps()) {
      kinds.push_back(std::string(Name(step.kind)));
    }
    client.Migrate();
    CHECK(client.PlanMigration().Statements() == Lines{});
    return kinds;
  };
  const Lines anew{"drop index", "create index"};
  CHECK(plan(Other<0>()) == Lines{"create table", "create index"});
  CHECK(plan(Other<1>()) == anew);
  CHECK(plan(Other<2>()) == anew);
  CHECK(plan(Other<0>()) == anew);
  CHECK(plan(Other<3>()) == Lines{"drop index"});
  RawRows(file, "CREATE UNIQUE INDEX other_email ON other (email) WHERE deleted_at IS NULL");
  CHECK(plan(Other<3>()) == Lines{});
  CHECK_THROWS_WITH(Open<Other<0>>(file).Migrate(),
                    Catch::Contains("there is another one of this name"));
  RawRows(file, "DROP INDEX other_email");
  RawRows(file, "INSERT INTO other VALUES (1, 'a', NULL), (2, 'a', 7), (3, 'a', NULL)");
  const auto refusal = [&] {
    return Thrown<MigrationError>([&] { Open<Other<0>>(file).Migrate(); });
  };
  CHECK_THAT(refusal().what(), Catch::Contains("there are rows that are alike in other.email"));
  CHECK(Thrown<MigrationError>([&] { Open<Other<0>>(file).PlanMigration(); }).what() ==
        std::string(refusal().what()));
  RawRows(file, "DELETE FROM other WHERE id = 3");
  RawRows(file, "ALTER TABLE other RENAME COLUMN email TO email_");
  CHECK(plan(Other<0>()) == Lines{"rename column", "create index"});
}

TEST_CASE("B161 B162 an index gives way with the column that its condition is about") {
  const auto shorten = []<class E>(E) {
    const Scratch scratch;
    const std::string file = scratch.File("test.db");
    Open<Other<0>>(file).Migrate();
    RawRows(file, "INSERT INTO other VALUES (1, 'a', NULL), (2, 'b', 7)");
    const auto client = Open<E>(file);
    CHECK_FALSE(client.PlanMigration(grapnel::Allow::Drop).Statements().empty());
    client.Migrate(grapnel::Allow::Drop);
    CHECK(client.PlanMigration(grapnel::Allow::Drop).Statements() == Lines{});
    CHECK(RawRows(file, "SELECT * FROM other WHERE id = 1") == Lines{"1|a"});
    return Indexes(file);
  };
  CHECK(shorten(Less<0>()) == Lines{Is({R"(CREATE INDEX "other_email" ON "other" ("email"))",
                                        "CREATE INDEX other_email ON other USING btree (email)"})});
  CHECK(shorten(Less<1>()).size() == 1);
}

TEST_CASE("B162 values of every kind stand in the condition, and only the row's own fields") {
  const Fixture<Kinds> world;
  CHECK(world.client.PlanMigration().Statements() == Lines{});
  Kinds row{0, std::numeric_limits<std::int64_t>::min(), 0.2, std::string(kText), {}, true};
  const auto save = [&] { world.client.Of<Kinds>().CreateBulk(std::vector<Kinds>{row}).Save(); };
  save();
  CHECK_THROWS_AS(save(), ConstraintError);
  row.text = engine::Storable({"a\0b", 3});
  CHECK_THROWS_AS(save(), ConstraintError);
  row.text = "pqr";
  CHECK_THROWS_AS(save(), ConstraintError);
  for (int change = 0; change < 5; ++change) {
    Kinds out = row;
    if (change == 0) out.real = 0.1;
    if (change == 1) out.text = "a";
    if (change == 2) out.bytes = {std::byte{0}, std::byte{0xFF}};
    if (change == 3) out.flag = false;
    if (change == 4) out.state = State::Closed;
    std::swap(out, row);
    CHECK_NOTHROW(save());
    std::swap(out, row);
  }
  CHECK_THROWS_WITH(Open<Node>(":memory:").Migrate(),
                    Catch::Contains("its Where asks for neighbours"));
  CHECK_THROWS_AS(Open<Node>(":memory:").PlanMigration(), grapnel::SchemaError);
}
