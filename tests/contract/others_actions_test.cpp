// B105, B122, B126, B135 where others interfere out of sight: triggers behind the actions of
// foreign keys, ON CONFLICT clauses, the other half of a pair, rows without an id, INSTEAD OF
// triggers.
#include "contract/fixture.hpp"
#include "contract/graph_model.hpp"
#include "support/catch.hpp"
#include "support/engine/traits.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace others_actions {

struct Leaf {
  std::int64_t id = 0;
  std::string name{};
  std::int64_t age = 0;
  std::optional<std::string> nick{};
  std::optional<std::int64_t> worth{};
};
struct Label {
  std::string id;
  std::int64_t hits = 0;
};

}  // namespace others_actions

template <>
struct grapnel::Schema<others_actions::Leaf> {
  static constexpr std::string_view Type = "Leaf";
  static constexpr auto Fields() {
    using others_actions::Leaf;
    return grapnel::Fields(Field<&Leaf::name>("name"), Field<&Leaf::age>("age"),
                           Field<&Leaf::nick>("nick"), Field<&Leaf::worth>("worth"));
  }
};
template <>
struct grapnel::Schema<others_actions::Label> {
  static constexpr std::string_view Type = "Label";
  static constexpr auto Fields() {
    using others_actions::Label;
    return grapnel::Fields(Field<&Label::id>("id"), Field<&Label::hits>("hits").Default(0));
  }
};

namespace {

using graph::Card;
using graph::Pet;
using graph::User;
using grapnel::ConstraintError;
using grapnel::ConstraintKind;
using grapnel::F;
using grapnel::Mutation;
using grapnel::Op;
using grapnel::Tx;
using others_actions::Label;
using others_actions::Leaf;
namespace hook = grapnel::hook;

constexpr auto kName = F<&Leaf::name>;
constexpr auto kAge = F<&Leaf::age>;

/// The table of leaves with these columns, as others would have made it.
std::string Table(const std::string& columns) {
  return "CREATE TABLE Leaf (id INTEGER PRIMARY KEY, " + columns + ")";
}

/// Leaves a, b, c with the ids 1 to 3, in a table of Grapnel's or of others.
struct World : Fixture<Leaf, Label, User, Card, Pet> {
  grapnel::store::HookedEntities<Leaf> leaves = client.Of<Leaf>();

  explicit World(const std::string& columns = "") {
    if (!columns.empty()) {
      Raw("DROP TABLE Leaf");
      Raw(Table(columns));
    }
    for (const char* name : {"a", "b", "c"}) {
      leaves.Create()
          .Set(kName, name)
          .Set(kAge, 1)
          .Set(F<&Leaf::worth>, 1)
          .Set(F<&Leaf::nick>, "n")
          .Save();
    }
  }
  Lines Stored() const { return Raw("SELECT id, name, age, nick, worth FROM Leaf ORDER BY id"); }
  void AddUsers() const {
    for (const char* name : {"1", "2", "3"}) {
      client.Of<User>().Create().Set(F<&User::name>, name).Set(F<&User::age>, 1).Save();
    }
  }
};

constexpr const char* kOwn = "name TEXT NOT NULL, age INTEGER NOT NULL, nick TEXT, worth INTEGER";

using Act = std::function<void(const grapnel::Client&)>;

/// Runs `act`, which fails, in each place that it can be in, and looks at what was kept.
void FailsAlone(const World& world, const Act& act, const std::function<Lines()>& stored) {
  const Lines before = stored();
  const std::string where = GENERATE("tx", "nested", "written", "hook", "none");
  INFO(where);
  const auto fails = [&](const grapnel::Client& client) {
    CHECK_THROWS_AS(act(client), ConstraintError);
  };
  const auto note = [](const grapnel::Client& client) {
    client.Of<Label>().Create().Set(F<&Label::id>, "note").Save();
  };
  if (where == "none") fails(world.client);
  if (where == "tx" || where == "written") {
    auto tx = world.client.Tx();
    if (where == "written") note(tx.Client());
    fails(tx.Client());
    tx.Commit();
  }
  if (where == "nested") {
    auto tx = world.client.Tx();
    {
      auto inner = tx.Tx();
      fails(inner.Client());
      inner.Commit();
    }
    tx.Commit();
  }
  if (where == "hook") {
    world.client.Of<Label>().Use(hook::Before([&](Mutation<Label>& m) {
      if (m.Get(F<&Label::id>) != nullptr && *m.Get(F<&Label::id>) == "outer") {
        note(m.Client());
        fails(m.Client());
      }
    }));
    world.client.Of<Label>().Create().Set(F<&Label::id>, "outer").Save();
    CHECK(world.Raw("SELECT count(*) FROM Label") == Lines{"2"});
  }
  CHECK(stored() == before);
  // An engine that checks its keys whatever happens needs nobody to look.
  const engine::Forms broken{"SELECT * FROM pragma_foreign_key_check", "SELECT WHERE false"};
  CHECK(world.Raw(broken) == Lines{});
}

/// Whether tables settle conflicts themselves; where they do not, `columns` makes no table.
bool Settles(const std::string& columns) {
  const Scratch scratch;
  return engine::Takes(engine::TablesSettleConflicts(),
                       [&] { RawRows(scratch.File("db"), Table(columns)); });
}

}  // namespace

TEST_CASE("B135 a trigger behind a cascade of others that fails undoes the deletion alone") {
  World world;
  world.Raw("CREATE TABLE other (leaf INTEGER REFERENCES Leaf (id) ON DELETE CASCADE)");
  world.Raw("INSERT INTO other VALUES (1), (2)");
  world.Raw(
      GENERATE("CREATE TRIGGER t AFTER DELETE ON other WHEN old.leaf = 2 BEGIN SELECT RAISE(FAIL, "
               "'no'); END",
               "CREATE TRIGGER t BEFORE DELETE ON other WHEN old.leaf = 2 BEGIN SELECT RAISE(FAIL, "
               "'no'); END"));
  const bool one = GENERATE(true, false);
  FailsAlone(
      world,
      [&](const grapnel::Client& client) {
        if (one) client.Of<Leaf>().DeleteOne(2).Exec();
        if (!one) client.Of<Leaf>().Delete().Exec();
      },
      [&] {
        Lines all = world.Stored();
        for (auto& row : world.Raw("SELECT leaf FROM other ORDER BY 1")) all.push_back(row);
        return all;
      });
}

TEST_CASE("B135 a trigger behind ON UPDATE CASCADE of others that fails undoes the update alone") {
  World world(std::string(kOwn) + ", UNIQUE (name)");
  world.Raw("CREATE TABLE other (leaf TEXT REFERENCES Leaf (name) ON UPDATE CASCADE)");
  world.Raw("INSERT INTO other VALUES ('b')");
  world.Raw("CREATE TRIGGER t AFTER UPDATE ON other BEGIN SELECT RAISE(FAIL, 'no'); END");
  const bool one = GENERATE(true, false);
  FailsAlone(
      world,
      [&](const grapnel::Client& client) {
        if (one) client.Of<Leaf>().UpdateOne(2).Set(kName, "z").Save();
        if (!one) client.Of<Leaf>().Update().Where(kName == "b").Set(kName, "z").Save();
      },
      [&] {
        Lines all = world.Stored();
        for (auto& row : world.Raw("SELECT leaf FROM other ORDER BY 1")) all.push_back(row);
        return all;
      });
}

TEST_CASE("B135 a trigger behind a key that Grapnel sets to NULL undoes the deletion alone") {
  World world;
  world.AddUsers();
  for (const char* name : {"x", "y"}) {
    world.client.Of<Pet>().Create().Set(F<&Pet::name>, name).Set(F<&Pet::owner>, 1).Save();
  }
  world.Raw(
      "CREATE TRIGGER t AFTER UPDATE ON Pet WHEN new.name = 'y' BEGIN SELECT RAISE(FAIL, 'no'); "
      "END");
  FailsAlone(
      world, [](const grapnel::Client& client) { client.Of<User>().DeleteOne(1).Exec(); },
      [&] {
        return world.Raw("SELECT name, owner_id, (SELECT count(*) FROM User) FROM Pet ORDER BY id");
      });
}

TEST_CASE("the row that an UpdateOne in a Tx returns is the stored one, whatever others do to it") {
  SECTION("ON CONFLICT REPLACE puts a default in the place of a NULL") {
    const std::string columns =
        "name TEXT NOT NULL, age INTEGER NOT NULL, nick TEXT NOT NULL ON CONFLICT REPLACE DEFAULT "
        "'dflt', worth INTEGER";
    if (!Settles(columns)) return;
    World world(columns);
    auto tx = world.client.Tx();
    CHECK(tx.Of<Leaf>().UpdateOne(1).Clear(F<&Leaf::nick>).Save().nick == "dflt");
  }
  SECTION("a trigger behind a key of others changes it back") {
    World world(std::string(kOwn) + ", UNIQUE (name)");
    world.Raw("CREATE TABLE other (leaf TEXT REFERENCES Leaf (name) ON UPDATE CASCADE)");
    world.Raw("INSERT INTO other VALUES ('a')");
    world.Raw(
        "CREATE TRIGGER t AFTER UPDATE ON other BEGIN UPDATE Leaf SET age = 99 WHERE name = "
        "new.leaf; END");
    auto tx = world.client.Tx();
    const Leaf leaf = tx.Of<Leaf>().UpdateOne(1).Set(kName, "y").Save();
    CHECK((leaf.name == "y" && leaf.age == 99));
  }
  SECTION("an unreadable value is mended in a Tx as it is outside of one") {
    World world(kOwn);
    if (!engine::Spoiled([&] { world.Raw("UPDATE Leaf SET age = 'abc'"); })) return;
    const auto mend = [](const auto& leaves, std::int64_t id) {
      return leaves.UpdateOne(id).Set(kAge, 5).Save().age;
    };
    CHECK(mend(world.leaves, 1) == 5);
    auto tx = world.client.Tx();
    CHECK(mend(tx.Of<Leaf>(), 2) == 5);
    CHECK_THROWS_AS(tx.Of<Leaf>().UpdateOne(3).Set(kName, "x").Save(), grapnel::SchemaError);
    tx.Commit();
    CHECK(world.Stored() == Lines{"1|a|5|n|1", "2|b|5|n|1", "3|c|abc|n|1"});
  }
}

TEST_CASE(
    "B105 rows that ON CONFLICT IGNORE of others leaves as they were are not among those touched") {
  const std::string columns =
      "name TEXT UNIQUE ON CONFLICT IGNORE, age INTEGER NOT NULL, nick TEXT, worth INTEGER NOT "
      "NULL ON CONFLICT IGNORE";
  if (!Settles(columns)) return;
  World world(columns);
  std::vector<std::int64_t> ids;
  std::size_t old = 0;
  world.leaves.Use(hook::On(
      [&](Mutation<Leaf>& m, grapnel::Next<Leaf> next) -> grapnel::Value<Leaf> {
        m.OldRows();
        auto value = next(m);
        ids = m.IDs();
        old = m.OldRows().size();
        return value;
      },
      Op::Update));
  auto tx = world.client.Tx();
  CHECK(tx.Of<Leaf>().Update().Set(kName, "z").Save() == 1);
  CHECK((ids == std::vector<std::int64_t>{1} && old == 1));
  CHECK(tx.Of<Leaf>().Update().Clear(F<&Leaf::worth>).Save() == 0);
  CHECK((ids.empty() && old == 0));
}

TEST_CASE("B122 an Update whose row a trigger keeps leaves the row's edges as well") {
  World world;
  world.AddUsers();
  for (const int owner : {1, 2}) {
    world.client.Of<Pet>().Create().Set(F<&Pet::name>, "p").Set(F<&Pet::owner>, owner).Save();
  }
  world.Raw(
      "CREATE TRIGGER t BEFORE UPDATE ON User WHEN old.id = 2 BEGIN SELECT RAISE(IGNORE); END");
  std::vector<std::int64_t> ids;
  const bool asks = GENERATE(false, true);
  if (asks) {
    world.client.Of<User>().Use(hook::On(
        [&](Mutation<User>& m, grapnel::Next<User> next) -> grapnel::Value<User> {
          m.IDs();
          auto value = next(m);
          ids = m.IDs();
          return value;
        },
        Op::Update));
  }
  CHECK(world.client.Of<User>().Update().Set(F<&User::age>, 5).ClearEdge(F<&User::pets>).Save() ==
        2);
  if (asks) CHECK(ids == std::vector<std::int64_t>{1, 3});
  CHECK(world.Raw("SELECT age FROM User ORDER BY id") == Lines{"5", "1", "5"});
  CHECK(world.Raw("SELECT owner_id FROM Pet ORDER BY id") == Lines{"NULL", "2"});
}

TEST_CASE("B122 a key that ON CONFLICT IGNORE of others keeps is an Error") {
  World world;
  world.AddUsers();
  world.Raw("DROP TABLE Pet");
  const std::string table =
      "CREATE TABLE Pet (id INTEGER PRIMARY KEY, name TEXT, owner_id INTEGER NOT NULL ON CONFLICT "
      "IGNORE REFERENCES User (id))";
  if (!engine::Takes(engine::TablesSettleConflicts(), [&] { world.Raw(table); })) return;
  world.client.Of<Pet>().Create().Set(F<&Pet::name>, "x").Set(F<&Pet::owner>, 1).Save();
  const auto users = world.client.Of<User>();
  const auto skipped = [](auto action) {
    CHECK(Thrown<ConstraintError>(action).Kind() == ConstraintKind::Skipped);
  };
  skipped([&] { users.UpdateOne(1).RemoveIDs(F<&User::pets>, {1}).Save(); });
  skipped([&] { users.UpdateOne(1).ClearEdge(F<&User::pets>).Save(); });
  skipped([&] { users.Update().ClearEdge(F<&User::pets>).Save(); });
}

TEST_CASE("B122 of an edge that goes both ways neither half is kept or left out alone") {
  World world;
  world.AddUsers();
  const auto users = world.client.Of<User>();
  users.UpdateOne(1).AddIDs(F<&User::friends>, {2}).Save();
  const bool upper = GENERATE(false, true);
  const std::string which = upper ? ".User_id > " : ".User_id < ";
  const auto half = [&](const std::string& row) { return row + which + row + ".friends_id"; };
  world.Raw("CREATE TRIGGER keep BEFORE DELETE ON User_friends WHEN " + half("old") +
            " BEGIN SELECT RAISE(IGNORE); END");
  world.Raw("CREATE TRIGGER refuse BEFORE INSERT ON User_friends WHEN " + half("new") +
            " BEGIN SELECT RAISE(IGNORE); END");
  const auto skipped = [&](auto action) {
    CHECK(Thrown<ConstraintError>(action).Kind() == ConstraintKind::Skipped);
    CHECK(world.Raw("SELECT count(*) FROM User_friends") == Lines{"2"});
  };
  for (const int user : {1, 2}) {
    const int other = 3 - user;
    skipped([&] { users.UpdateOne(user).RemoveIDs(F<&User::friends>, {other}).Save(); });
    skipped([&] { users.UpdateOne(user).ClearEdge(F<&User::friends>).Save(); });
    skipped([&] { users.UpdateOne(user).AddIDs(F<&User::friends>, {3}).Save(); });
    skipped([&] { users.UpdateOne(user).Set(F<&User::friends>, {3}).Save(); });
  }
  skipped([&] {
    users.Create()
        .Set(F<&User::name>, "4")
        .Set(F<&User::age>, 1)
        .AddIDs(F<&User::friends>, {1, 2})
        .Save();
  });
  users.UpdateOne(1).AddIDs(F<&User::friends>, {2}).Save();  // they are there already
}

TEST_CASE("B126 B105 rows without an id: hooks may look, and kept rows are told") {
  World world;
  world.Raw("DROP TABLE Label");
  world.Raw("CREATE TABLE Label (id TEXT PRIMARY KEY, hits INTEGER NOT NULL)");
  world.Raw("INSERT INTO Label VALUES ('a', 0), ('b', 0)");
  const bool one_without = engine::Takes(engine::KeysMayBeNull(),
                                         [&] { world.Raw("INSERT INTO Label VALUES (NULL, 0)"); });
  world.Raw(
      "CREATE TRIGGER keep BEFORE DELETE ON Label WHEN old.id = 'a' BEGIN SELECT RAISE(IGNORE); "
      "END");
  const bool rows = GENERATE(false, true);
  std::vector<std::string> ids;
  world.client.Of<Label>().Use(hook::On(
      [&](Mutation<Label>& m, grapnel::Next<Label> next) -> grapnel::Value<Label> {
        rows ? void(m.OldRows()) : void(m.IDs());
        auto value = next(m);
        ids = m.IDs();
        return value;
      },
      Op::Delete));
  CHECK(world.client.Of<Label>().Delete().Exec() == (one_without ? 2 : 1));
  CHECK(ids == std::vector<std::string>{"b"});
  CHECK(world.Raw("SELECT id FROM Label") == Lines{"a"});
}

TEST_CASE("B58 the row of a bulk that ON CONFLICT of others refuses is told") {
  const std::string clause = GENERATE("FAIL", "ROLLBACK", "ABORT", "IGNORE");
  const std::string columns =
      "name TEXT UNIQUE ON CONFLICT " + clause + ", age INTEGER, nick TEXT, worth INTEGER";
  if (!Settles(columns)) return;
  World world(columns);
  world.Raw("INSERT INTO Leaf (name) VALUES ('n10')");
  std::vector<Leaf> rows(20);
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i].name = "n" + std::to_string(i);
  const auto error = Thrown<ConstraintError>([&] { world.leaves.CreateBulk(rows).Save(); });
  CHECK(error.Row() == 10U);
  CHECK(world.Raw("SELECT count(*) FROM Leaf") == Lines{"4"});
}

TEST_CASE("B122 a row that an INSTEAD OF trigger deletes was skipped, not missing") {
  World world;
  world.Raw("ALTER TABLE Leaf RENAME TO base");
  world.Raw("CREATE VIEW Leaf AS SELECT * FROM base");
  world.Raw(
      "CREATE TRIGGER t INSTEAD OF DELETE ON Leaf BEGIN DELETE FROM base WHERE id = old.id; END");
  auto client = engine::Open<Leaf>(world.scratch.File("test.db"));
  CHECK_THROWS_AS(client.Of<Leaf>().DeleteOne(9).Exec(), grapnel::NotFoundError);
  if (engine::CountsWhatTriggersReturn()) {
    client.Of<Leaf>().DeleteOne(1).Exec();
    CHECK(world.Raw("SELECT count(*) FROM base") == Lines{"2"});
    return;
  }
  const auto error = Thrown<ConstraintError>([&] { client.Of<Leaf>().DeleteOne(1).Exec(); });
  CHECK(error.Kind() == ConstraintKind::Skipped);
  CHECK(world.Raw("SELECT count(*) FROM base") == Lines{"3"});
}

TEST_CASE(
    "B122 a row that an INSTEAD OF trigger takes away when it is updated was skipped as well") {
  World world;
  world.Raw("ALTER TABLE Leaf RENAME TO base");
  world.Raw("CREATE VIEW Leaf AS SELECT * FROM base");
  world.Raw(
      "CREATE TRIGGER t INSTEAD OF UPDATE ON Leaf BEGIN DELETE FROM base WHERE id = old.id; END");
  auto client = engine::Open<Leaf>(world.scratch.File("test.db"));
  const bool in_tx = GENERATE(false, true);
  const auto update = [](const auto& in) {
    in.template Of<Leaf>().UpdateOne(1).Set(kAge, 2).Save();
  };
  const auto act = [&] {
    if (!in_tx) return update(client);
    auto tx = client.Tx();
    update(tx);
  };
  if (engine::CountsWhatTriggersReturn()) {  // it was updated, and is not there
    CHECK_THROWS_AS(act(), grapnel::NotFoundError);
  } else {
    CHECK(Thrown<ConstraintError>(act).Kind() == ConstraintKind::Skipped);
  }
  CHECK(world.Raw("SELECT count(*) FROM base") == Lines{"3"});
}

TEST_CASE("a key of others that restricts a deletion is a foreign key") {
  World world;
  const std::string action = GENERATE("RESTRICT", "NO ACTION");
  world.Raw("CREATE TABLE other (leaf INTEGER REFERENCES Leaf (id) ON DELETE " + action + ")");
  world.Raw("INSERT INTO other VALUES (1)");
  for (const bool one : {true, false}) {
    const auto error = Thrown<ConstraintError>(
        [&] { one ? world.leaves.DeleteOne(1).Exec() : void(world.leaves.Delete().Exec()); });
    CHECK(error.Kind() == ConstraintKind::ForeignKey);
  }
}
