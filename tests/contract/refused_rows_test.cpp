// B116: what validation says of a row; B122: rows that the database leaves out; Add to what is no
// number.
#include "contract/fixture.hpp"
#include "support/catch.hpp"
#include "support/engine/traits.hpp"

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace refused_rows {

struct Tag;
struct Item {
  std::int64_t id = 0;
  std::string name{};
  std::int64_t size = 0;
  double weight = 0;
  std::uint64_t serial = 0;
  std::string maker{};
  std::optional<double> mean{};
  grapnel::Many<Tag> tags{};
};
struct Tag {
  std::string id;
  std::string text{};
  std::int64_t hits = 0;
  grapnel::One<Item> item{};
};

struct Loose {
  std::int64_t id = 0;
  double weight = 0;
  double height = 0;
};

}  // namespace refused_rows

template <>
struct grapnel::Schema<refused_rows::Loose> {
  static constexpr std::string_view Type = "Loose";
  static constexpr auto Fields() {
    using refused_rows::Loose;
    return grapnel::Fields(Field<&Loose::weight>("weight"), Field<&Loose::height>("height"));
  }
};
template <>
struct grapnel::Schema<refused_rows::Item> {
  static constexpr std::string_view Type = "Item";
  static constexpr auto Fields() {
    using refused_rows::Item;
    using refused_rows::Loose;
    return grapnel::Fields(
        Field<&Item::name>("name").NotEmpty().Unique(), Field<&Item::size>("size").Range(0, 10),
        Field<&Item::weight>("weight"), Field<&Item::serial>("serial").Default(std::uint64_t{1}),
        Field<&Item::maker>("maker").Default("nobody").Immutable(), Field<&Item::mean>("mean"));
  }
  static constexpr auto Edges() {
    return grapnel::Edges(To<&refused_rows::Item::tags>("tags").Required());
  }
};
template <>
struct grapnel::Schema<refused_rows::Tag> {
  static constexpr std::string_view Type = "Tag";
  static constexpr auto Fields() {
    using refused_rows::Tag;
    return grapnel::Fields(Field<&Tag::id>("id"), Field<&Tag::text>("text").Unique(),
                           Field<&Tag::hits>("hits").Default(0));
  }
  static constexpr auto Edges() {
    using namespace refused_rows;
    return grapnel::Edges(From<&Tag::item>("item").Ref<&Item::tags>());
  }
};

namespace {

using grapnel::ConstraintError;
using grapnel::ConstraintKind;
using grapnel::F;
using grapnel::Mutation;
using grapnel::Op;
using grapnel::SchemaError;
using grapnel::ValidationError;
using refused_rows::Item;
using refused_rows::Loose;
using refused_rows::Tag;
namespace hook = grapnel::hook;

constexpr auto kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr auto kText = F<&Tag::text>;
constexpr auto kHits = F<&Tag::hits>;

Lines FieldsOf(const ValidationError& error) {
  Lines fields;
  for (const auto& problem : error.Problems()) {
    CHECK_FALSE(problem.reason.empty());
    fields.push_back(problem.field);
  }
  return fields;
}

struct World : Fixture<Item, Tag> {
  grapnel::store::HookedEntities<Item> items = client.Of<Item>();
  grapnel::store::HookedEntities<Tag> tags = client.Of<Tag>();

  static auto Named(const auto& in, const std::string& text) {
    return in.template Of<Tag>().Create().Set(F<&Tag::id>, "id of " + text).Set(kText, text);
  }
  static std::vector<Tag> Tags(int count, const std::string& prefix) {
    std::vector<Tag> rows;
    for (int i = 0; i < count; ++i) {
      const std::string text = prefix + std::to_string(i);
      rows.push_back({.id = "id of " + text, .text = text});
    }
    return rows;
  }
  Lines Texts() const { return Raw("SELECT text FROM Tag ORDER BY text"); }
};

}  // namespace

TEST_CASE("B116 a ValidationError lists every field that is bad, and every edge") {
  World world;
  const auto create = Thrown<ValidationError>([&] {
    world.items.Create()
        .Set(F<&Item::size>, 11)
        .Set(F<&Item::serial>, std::uint64_t{1} << 63)
        .Save();
  });
  CHECK(FieldsOf(create) == Lines{"name", "size", "weight", "serial", "tags"});
  CHECK(create.Field() == "name");
  CHECK(create.Op() == Op::Create);
  const auto stored = Thrown<ValidationError>([&] {
    world.items.Create()
        .Set(F<&Item::name>, "a")
        .Set(F<&Item::size>, 1)
        .Set(F<&Item::weight>, kNaN)
        .Set(F<&Item::mean>, kNaN)
        .AddIDs(F<&Item::tags>, {"t"})
        .Save();
  });
  CHECK(FieldsOf(stored) == Lines{"weight", "mean"});
  World::Named(world.client, "t").Save();
  const Item item = world.items.Create()
                        .Set(F<&Item::name>, "a")
                        .Set(F<&Item::size>, 1)
                        .Set(F<&Item::weight>, 1)
                        .AddIDs(F<&Item::tags>, {"id of t"})
                        .Save();
  const auto update = Thrown<ValidationError>([&] {
    world.items.UpdateOne(item.id)
        .Set(F<&Item::name>, "")
        .Set(F<&Item::size>, -1)
        .ClearEdge(F<&Item::tags>)
        .Save();
  });
  CHECK(FieldsOf(update) == Lines{"name", "size", "tags"});
  CHECK(update.Row() == std::nullopt);
  // A field that became immutable with the Op.
  world.items.Use(hook::On(hook::Before([](Mutation<Item>& m) {
                             m.Set(F<&Item::maker>, "me");
                             m.Set(F<&Item::name>, "");
                             m.SetOp(Op::UpdateOne);
                           }),
                           Op::DeleteOne));
  CHECK(FieldsOf(Thrown<ValidationError>([&] { world.items.DeleteOne(item.id).Exec(); })) ==
        Lines{"name", "maker"});
}

TEST_CASE("B116 in a bulk a ValidationError names the row") {
  World world;
  const int kind = GENERATE(0, 1, 2);
  if (kind == 1) world.tags.Use(hook::Before([](Mutation<Tag>&) {}));
  if (kind == 2) world.tags.Use([](Mutation<Tag>& m, grapnel::Next<Tag> next) { return next(m); });
  for (const std::size_t row : {0U, 1U, 130U, 199U}) {
    std::vector<grapnel::store::Create<Tag>> rows;
    for (std::size_t i = 0; i < 200; ++i) {
      auto create = world.tags.Create();
      if (i != row) create.Set(F<&Tag::id>, std::to_string(i)).Set(kText, std::to_string(i));
      rows.push_back(std::move(create));
    }
    const auto error = Thrown<ValidationError>([&] { world.tags.CreateBulk(rows).Save(); });
    CHECK(error.Row() == row);
    CHECK(FieldsOf(error) == Lines{"id", "text"});
    CHECK(world.Texts().empty());
  }
  // What a hook throws of its own kind is not touched.
  struct Mine : ValidationError {
    using ValidationError::ValidationError;
  };
  world.tags.Use(hook::Before([](Mutation<Tag>&) { throw Mine("Tag", "text", Op::Create, "no"); }));
  CHECK_THROWS_AS(world.tags.CreateBulk(World::Tags(3, "x")).Save(), Mine);
}

TEST_CASE("B116 a value that cannot be stored is told with its row, batched too") {
  grapnel::Database<Loose> loose = engine::Open<Loose>(":memory:");
  loose.Migrate();
  std::vector<Loose> rows(150);
  const std::size_t row = GENERATE(0U, 127U, 128U, 149U);
  rows[row].weight = kNaN;
  rows[row].height = kNaN;
  const auto error = Thrown<ValidationError>([&] { loose.Of<Loose>().CreateBulk(rows).Save(); });
  CHECK(error.Row() == row);
  CHECK(FieldsOf(error) == Lines{"weight", "height"});
  CHECK(loose.Of<Loose>().Query().Count() == 0);
}

TEST_CASE(
    "B122 a row that the database leaves out is an Error, undone; a surrounding Tx lives on") {
  World world;
  World::Named(world.client, "first").Save();
  const std::string how =
      GENERATE(as<std::string>(), "quiet trigger", "trigger that writes", "conflict");
  if (how == "conflict") {
    const std::string table =
        "CREATE TABLE Tag (id TEXT PRIMARY KEY NOT NULL, text TEXT UNIQUE ON CONFLICT IGNORE, hits "
        "INTEGER, item_id INTEGER)";
    world.Raw("DROP TABLE Tag");
    if (!engine::TablesSettleConflicts()) {
      CHECK_THROWS_WITH(world.Raw(table), Catch::Contains("syntax error"));
      return;
    }
    world.Raw(table);
    world.Raw("INSERT INTO Tag VALUES ('id of first', 'first', 0, NULL)");
    world.Raw("INSERT INTO Tag VALUES ('id of bad', 'bad', 0, NULL)");
  } else {
    world.Raw("CREATE TABLE tried (text TEXT)");
    world.Raw("CREATE TRIGGER guard BEFORE INSERT ON Tag WHEN new.text LIKE 'bad%' BEGIN " +
              std::string(how == "quiet trigger" ? "" : "INSERT INTO tried VALUES (new.text); ") +
              "SELECT RAISE(IGNORE); END");
  }
  const Lines before = world.Texts();
  if (GENERATE(false, true)) {
    world.tags.Use([](Mutation<Tag>& m, grapnel::Next<Tag> next) { return next(m); });
  }
  const auto skipped = [&](auto action) {
    const auto error = Thrown<ConstraintError>(action);
    CHECK(error.Kind() == ConstraintKind::Skipped);
    CHECK(error.Entity() == "Tag");
    CHECK(error.Op() == Op::Create);
    CHECK_THAT(error.what(), Catch::Contains("skipped"));
    return error.Row();
  };
  const auto bad = [](const auto& in) {
    World::Named(in, "bad").Set(F<&Tag::id>, "another id").Save();
  };
  std::vector<Tag> rows = World::Tags(300, "row ");
  const std::size_t at = GENERATE(0U, 127U, 260U);
  rows[at].text = "bad";
  skipped([&] { bad(world.client); });
  CHECK(skipped([&] { world.tags.CreateBulk(rows).Save(); }) == at);
  CHECK(world.Texts() == before);
  auto tx = world.client.Tx();
  World::Named(tx, "kept").Save();
  skipped([&] { bad(tx); });
  CHECK(skipped([&] { tx.Of<Tag>().CreateBulk(rows).Save(); }) == at);
  {
    auto nested = tx.Tx();
    skipped([&] { bad(nested); });
    World::Named(nested, "nested").Save();
    nested.Commit();
  }
  tx.Commit();
  CHECK(world.Texts().size() == before.size() + 2);
  if (how != "conflict") CHECK(world.Raw("SELECT * FROM tried").empty());
}

TEST_CASE("B122 ids that the database makes are never another row's") {
  Scratch scratch;
  auto file = engine::Open<Loose>(scratch.File("loose.db"));
  file.Migrate();
  file.Of<Loose>().Create().Set(F<&Loose::weight>, 1).Set(F<&Loose::height>, 1).Save();
  RawRows(scratch.File("loose.db"),
          "CREATE TRIGGER guard BEFORE INSERT ON Loose WHEN new.weight > 9 BEGIN SELECT "
          "RAISE(IGNORE); END");
  CHECK_THROWS_AS(
      file.Of<Loose>().Create().Set(F<&Loose::weight>, 10).Set(F<&Loose::height>, 1).Save(),
      ConstraintError);
  std::vector<Loose> rows(200);
  rows[150].weight = 10;
  CHECK_THROWS_AS(file.Of<Loose>().CreateBulk(rows).Save(), ConstraintError);
  CHECK(file.Of<Loose>().Query().Count() == 1);
}

TEST_CASE("B122 UpdateOne and DeleteOne say skipped, not not found; counts are of rows changed") {
  World world;
  for (const char* text : {"a", "b", "c"}) World::Named(world.client, text).Save();
  world.Raw(
      "CREATE TRIGGER keep BEFORE DELETE ON Tag WHEN old.text = 'b' BEGIN SELECT RAISE(IGNORE); "
      "END");
  world.Raw(
      "CREATE TRIGGER hold BEFORE UPDATE ON Tag WHEN old.text = 'b' BEGIN SELECT RAISE(IGNORE); "
      "END");
  const bool narrowed = GENERATE(false, true), looks = GENERATE(false, true);
  if (looks) {
    world.tags.Use(hook::Unless(hook::Before([](Mutation<Tag>& m) { m.OldRows(); }), Op::Create));
  }
  const auto where = narrowed ? kText != "z" : F<&Tag::id> != "";
  auto tx = world.client.Tx();
  const auto tags = tx.Of<Tag>();
  const auto skipped = [&](Op op, auto action) {
    const auto error = Thrown<ConstraintError>(action);
    CHECK(error.Kind() == ConstraintKind::Skipped);
    CHECK(error.Op() == op);
  };
  skipped(Op::UpdateOne, [&] { tags.UpdateOne("id of b").Where(where).Set(kHits, 1).Save(); });
  skipped(Op::UpdateOne, [&] { tags.UpdateOne("id of b").Set(kHits, 1).Save(); });
  skipped(Op::DeleteOne, [&] { tags.DeleteOne("id of b").Where(where).Exec(); });
  skipped(Op::DeleteOne, [&] { tags.DeleteOne("id of b").Exec(); });
  skipped(Op::UpdateOne, [&] {
    World::Named(tx, "b").OnConflict(kText).Update([](auto& m) { m.Add(kHits, 1); }).Save();
  });
  CHECK_THROWS_AS(tags.UpdateOne("none").Set(kHits, 1).Save(), grapnel::NotFoundError);
  CHECK_THROWS_AS(tags.UpdateOne("id of b").Where(kText == "z").Set(kHits, 1).Save(),
                  grapnel::StaleError);
  CHECK(tags.Update().Set(kHits, 5).Save() == 2);
  CHECK(tags.Delete().Exec() == 2);
  tx.Commit();
  CHECK(world.Raw("SELECT text, hits FROM Tag") == Lines{"b|0"});
}

TEST_CASE("B122 what a view's INSTEAD OF trigger writes is undone, for nothing tells what it was") {
  World world;
  World::Named(world.client, "base").Save();
  world.Raw("ALTER TABLE Tag RENAME TO base");
  world.Raw("CREATE VIEW Tag AS SELECT id, text, hits, item_id FROM base");
  world.Raw(
      "CREATE TRIGGER made INSTEAD OF INSERT ON Tag BEGIN INSERT INTO base VALUES (new.id, "
      "new.text, "
      "new.hits, NULL); END");
  world.Raw(
      "CREATE TRIGGER changed INSTEAD OF UPDATE ON Tag BEGIN UPDATE base SET hits = new.hits WHERE "
      "id = "
      "old.id; END");
  auto client = engine::Open<Item, Tag>(world.scratch.File("test.db"));
  auto tx = client.Tx();
  if (engine::CountsWhatTriggersReturn()) {  // they tell that it is there
    World::Named(tx, "new").Save();
    CHECK(tx.Of<Tag>().UpdateOne("id of base").Set(kHits, 1).Save().hits == 1);
    tx.Commit();
    CHECK(world.Raw("SELECT text, hits FROM base ORDER BY text") == Lines{"base|1", "new|0"});
    return;
  }
  CHECK_THROWS_AS(World::Named(tx, "new").Save(), ConstraintError);
  CHECK_THROWS_AS(tx.Of<Tag>().UpdateOne("id of base").Set(kHits, 1).Save(), ConstraintError);
  CHECK(tx.Of<Tag>().Update().Set(kHits, 1).Save() == 0);
  tx.Rollback();
  CHECK_THROWS_AS(World::Named(client, "new").Save(), ConstraintError);
  CHECK(world.Raw("SELECT text, hits FROM base") == Lines{"base|0"});
}

TEST_CASE(
    "Add to a cell that holds no number is a SchemaError with id and field, the row untouched") {
  World world;
  for (const char* text : {"a", "b"}) World::Named(world.client, text).Save();
  const std::string value = GENERATE(as<std::string>(), "'12 apples'", "x'31'", "1.5");
  const std::string spoil = "UPDATE Tag SET hits = " + value + " WHERE text = 'b'";
  if (!engine::StoresAnyType()) {
    if (value == "1.5") return;  // the engine makes a number of the column's type of it
    CHECK_FALSE(engine::Spoiled([&] { world.Raw(spoil); }));
    return;
  }
  world.Raw(spoil);
  const Lines before = world.Raw("SELECT text, quote(hits) FROM Tag");
  const auto refused = [&](auto action) {
    const auto error = Thrown<SchemaError>(action);
    CHECK(error.Entity() == "Tag");
    CHECK(error.Field() == "hits");
    CHECK_THAT(error.what(), Catch::Contains("id of b"));
    CHECK(world.Raw("SELECT text, quote(hits) FROM Tag") == before);
  };
  refused([&] { world.tags.Update().Add(kHits, 1).Save(); });
  refused([&] { world.tags.Update().Where(kText > "a").Add(kHits, 1).Save(); });
  refused([&] { world.tags.UpdateOne("id of b").Where(kText == "b").Add(kHits, 1).Save(); });
  CHECK_THROWS_AS(world.tags.UpdateOne("id of b").Add(kHits, 1).Save(), SchemaError);
  CHECK(world.tags.UpdateOne("id of a").Add(kHits, 2).Save().hits == 2);
  CHECK_THROWS_AS(
      world.tags.UpdateOne("id of a").Add(kHits, std::numeric_limits<std::int64_t>::max()).Save(),
      ValidationError);
}

TEST_CASE("B122 an edge that a trigger of others keeps as it was is an Error") {
  World world;
  for (const char* text : {"a", "b"}) World::Named(world.client, text).Save();
  world.Raw(
      "CREATE TRIGGER hold BEFORE UPDATE ON Tag WHEN old.text = 'b' BEGIN SELECT RAISE(IGNORE); "
      "END");
  const auto create = [&](const grapnel::Client& in) {
    return in.Of<Item>()
        .Create()
        .Set(F<&Item::name>, "x")
        .Set(F<&Item::size>, 1)
        .Set(F<&Item::weight>, 1)
        .AddIDs(F<&Item::tags>, {"id of a", "id of b"})
        .Save();
  };
  const auto skipped = [&](auto action) {
    CHECK(Thrown<ConstraintError>(action).Kind() == ConstraintKind::Skipped);
  };
  skipped([&] { create(world.client); });
  auto tx = world.client.Tx();
  skipped([&] { create(tx.Client()); });
  World::Named(tx, "kept").Save();
  tx.Commit();
  CHECK(world.Raw("SELECT count(*) FROM Item") == Lines{"0"});
  CHECK(world.Raw("SELECT count(*) FROM Tag WHERE item_id IS NULL") == Lines{"3"});
}
