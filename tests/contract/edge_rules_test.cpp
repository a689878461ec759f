// B109, B126: what is set once stays set, and rows without an id go as all others do.
#include "contract/fixture.hpp"
#include "support/catch.hpp"
#include "support/engine/raw.hpp"
#include "support/engine/traits.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <tuple>
#include <utility>

namespace edge_rules {

struct Person;
struct Pass;
struct Badge;

struct Person {
  std::int64_t id = 0;
  grapnel::Many<Pass> passes{};   // Pass.holder is immutable
  grapnel::Many<Badge> badges{};  // immutable at this end
  grapnel::One<Pass> main{};      // one-to-one, immutable at the end that holds the key
  grapnel::Many<Person> knows{};  // pairs, immutable at this end
  grapnel::Many<Person> known_by{};
};
struct Pass {
  std::int64_t id = 0;
  std::int64_t uses = 0;
  grapnel::One<Person> holder{};
  grapnel::One<Person> main_of{};
};
struct Badge {
  std::int64_t id = 0;
  grapnel::One<Person> owner{};
};

// In tables that others made, where a key of text may be NULL.
struct Part;
struct Tree {
  std::string id{};
  std::string name{};
  grapnel::Many<Part> parts{};
  grapnel::Many<Part> marks{};
  grapnel::Many<Tree> below{};
  grapnel::One<Tree> above{};
};
struct Part {
  std::string id{};
  grapnel::One<Tree> tree{};  // goes with it
  grapnel::One<Tree> mark{};  // set null
};

}  // namespace edge_rules

template <>
struct grapnel::Schema<edge_rules::Person> {
  static constexpr std::string_view Type = "Person";
  static constexpr auto Edges() {
    using edge_rules::Person;
    return grapnel::Edges(To<&Person::passes>("passes"), To<&Person::badges>("badges").Immutable(),
                          From<&Person::main>("main").Ref<&edge_rules::Pass::main_of>(),
                          To<&Person::knows>("knows").Immutable(),
                          From<&Person::known_by>("known_by").Ref<&Person::knows>());
  }
};
template <>
struct grapnel::Schema<edge_rules::Pass> {
  static constexpr std::string_view Type = "Pass";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&edge_rules::Pass::uses>("uses").Default(0));
  }
  static constexpr auto Edges() {
    using edge_rules::Pass;
    return grapnel::Edges(
        From<&Pass::holder>("holder").Ref<&edge_rules::Person::passes>().Immutable(),
        To<&Pass::main_of>("main_of").Immutable());
  }
};
template <>
struct grapnel::Schema<edge_rules::Badge> {
  static constexpr std::string_view Type = "Badge";
  static constexpr auto Edges() {
    using edge_rules::Badge;
    return grapnel::Edges(From<&Badge::owner>("owner").Ref<&edge_rules::Person::badges>());
  }
};
template <>
struct grapnel::Schema<edge_rules::Tree> {
  static constexpr std::string_view Type = "Tree";
  static constexpr auto Fields() { return grapnel::Fields(Field<&edge_rules::Tree::name>("name")); }
  static constexpr auto Edges() {
    using edge_rules::Tree;
    return grapnel::Edges(To<&Tree::parts>("parts").OnDelete(Cascade), To<&Tree::marks>("marks"),
                          To<&Tree::below>("below").OnDelete(Cascade),
                          From<&Tree::above>("above").Ref<&Tree::below>());
  }
};
template <>
struct grapnel::Schema<edge_rules::Part> {
  static constexpr std::string_view Type = "Part";
  static constexpr auto Edges() {
    using edge_rules::Part;
    return grapnel::Edges(From<&Part::tree>("tree").Ref<&edge_rules::Tree::parts>(),
                          From<&Part::mark>("mark").Ref<&edge_rules::Tree::marks>());
  }
};

namespace {

using edge_rules::Badge;
using edge_rules::Part;
using edge_rules::Pass;
using edge_rules::Person;
using edge_rules::Tree;
using grapnel::AnyMutation;
using grapnel::F;
using grapnel::Mutation;
using grapnel::Op;
using grapnel::ValidationError;
using grapnel::hook::Before;

/// Persons 1 and 2; passes 1 and 2 of person 1, 3 of nobody; badge 1 of person 1, 2 of nobody; 1
/// knows 2; pass 1 is person 1's main one.
struct World : Fixture<Person, Pass, Badge> {
  grapnel::store::HookedEntities<Person> persons = client.Of<Person>();
  grapnel::store::HookedEntities<Pass> passes = client.Of<Pass>();
  grapnel::store::HookedEntities<Badge> badges = client.Of<Badge>();

  World() {
    for (int i = 0; i < 3; ++i) passes.Create().Save();
    for (int i = 0; i < 2; ++i) badges.Create().Save();
    persons.Create()
        .Set(F<&Person::passes>, {1, 2})
        .Set(F<&Person::badges>, {1})
        .Set(F<&Person::main>, 1)
        .Save();
    persons.Create().AddIDs(F<&Person::known_by>, {1}).Save();
    REQUIRE(All() == kAll);
  }
  Lines All() const {
    Lines all =
        Raw("SELECT 'pass', holder_id, main_of_id FROM Pass UNION ALL SELECT 'badge', owner_id, "
            "NULL FROM Badge UNION ALL SELECT 'knows', Person_id, knows_id FROM Person_knows");
    std::ranges::sort(all);
    return all;
  }
  const Lines kAll = {"badge|1|NULL", "badge|NULL|NULL", "knows|1|2",
                      "pass|1|1",     "pass|1|NULL",     "pass|NULL|NULL"};

  void Stays(std::string_view edge, const std::function<void()>& action) const {
    INFO(edge);
    const auto error = Thrown<ValidationError>(action);
    CHECK(error.Field() == edge);
    CHECK(error.Reason().find("is immutable") != std::string::npos);
    CHECK(All() == kAll);
  }
};

/// Trees and parts in tables that others made; those of text may have rows without an id.
struct Woods {
  Scratch scratch{};
  grapnel::Database<Tree, Part> client = Open();

  grapnel::Database<Tree, Part> Open() {
    ::Raw others(scratch.File("test.db"));
    others(R"(CREATE TABLE "Tree" (id TEXT PRIMARY KEY, name TEXT NOT NULL,)"
           R"( above_id TEXT REFERENCES "Tree" (id));)"
           R"(CREATE TABLE "Part" (id TEXT PRIMARY KEY, tree_id TEXT)"
           R"( REFERENCES "Tree" (id) ON DELETE CASCADE,)"
           R"( mark_id TEXT REFERENCES "Tree" (id) ON DELETE SET NULL);)"
           R"(INSERT INTO "Tree" VALUES ('a', 'x', NULL), (NULL, 'x', NULL), (NULL, 'y', NULL),)"
           R"( ('b', 'y', 'a'),)"
           R"( (NULL, 'z', 'b'), ('c', 'z', NULL);)"
           R"(INSERT INTO "Part" VALUES ('1', 'a', NULL), (NULL, 'b', NULL), (NULL, 'c', 'a'),)"
           R"( ('2', 'c', 'b'),)"
           R"( (NULL, NULL, 'c');)");
    return engine::Open<Tree, Part>(scratch.File("test.db"));
  }
  Lines Raw(const RawSql& sql) const { return RawRows(scratch.File("test.db"), sql); }
  Lines All() const {
    return Raw(R"(SELECT 'tree', id, name FROM "Tree" UNION ALL)"
               R"( SELECT 'part', tree_id, mark_id FROM "Part")");
  }
};

}  // namespace

TEST_CASE("B109 an immutable edge that is set is neither changed nor cleared from either end") {
  World db;
  const bool looked_at = GENERATE(false, true);
  int seen = 0;
  if (looked_at) db.client.Use(Before([&](AnyMutation&) { ++seen; }));
  // By its own end: what the builders refuse to compile, by name.
  for (const bool clears : {true, false}) {
    auto handle = db.passes.Use(
        Before([&](AnyMutation& m) { clears ? m.ClearEdge("holder") : m.AddIDs("holder", {2}); }));
    db.Stays("holder", [&] { db.passes.UpdateOne(1).Save(); });
    db.Stays("holder", [&] { db.passes.Update().Save(); });
    handle.Remove();
  }
  // From the end that holds no key.
  const auto passes = F<&Person::passes>;
  db.Stays("passes", [&] { db.persons.UpdateOne(1).ClearEdge(passes).Save(); });
  db.Stays("passes", [&] { db.persons.UpdateOne(1).RemoveIDs(passes, {2, 3}).Save(); });
  db.Stays("passes", [&] { db.persons.UpdateOne(1).Set(passes, {2, 3}).Save(); });
  db.Stays("passes", [&] { db.persons.Update().ClearEdge(passes).Save(); });
  db.Stays("main", [&] { db.persons.UpdateOne(1).ClearEdge(F<&Person::main>).Save(); });
  db.Stays("main", [&] { db.persons.UpdateOne(1).Set(F<&Person::main>, 2).Save(); });
  CHECK_THROWS_AS(db.persons.UpdateOne(2).AddIDs(passes, {1}).Save(), grapnel::ConstraintError);
  // From the end that holds the key, of an edge that is immutable at the other.
  const auto owner = F<&Badge::owner>;
  db.Stays("owner", [&] { db.badges.UpdateOne(1).Set(owner, 2).Save(); });
  db.Stays("owner", [&] { db.badges.UpdateOne(1).ClearEdge(owner).Save(); });
  db.Stays("owner", [&] { db.badges.Update().Set(owner, 2).Save(); });
  db.Stays("owner", [&] { db.badges.Update().Where(F<&Badge::id> > 0).ClearEdge(owner).Save(); });
  // Pairs.
  db.Stays("known_by", [&] { db.persons.UpdateOne(2).ClearEdge(F<&Person::known_by>).Save(); });
  db.Stays("known_by",
           [&] { db.persons.UpdateOne(2).RemoveIDs(F<&Person::known_by>, {1}).Save(); });
  db.Stays("known_by", [&] { db.persons.Update().Set(F<&Person::known_by>, {2}).Save(); });
  // In a transaction, which lives on.
  db.client.WithTx([&](grapnel::Tx& tx) {
    CHECK_THROWS_AS(tx.Of<Person>().UpdateOne(1).ClearEdge(passes).Save(), ValidationError);
    CHECK_THROWS_AS(tx.Of<Badge>().UpdateOne(1).ClearEdge(owner).Save(), ValidationError);
    tx.Of<Pass>().UpdateOne(1).Add(F<&Pass::uses>, 1).Save();
  });
  CHECK(db.passes.Get(1).uses == 1);
  CHECK(db.All() == db.kAll);
}

TEST_CASE(
    "B109 what changes nothing is allowed, what was not set may be set, and deletion ends it") {
  World db;
  const bool looked_at = GENERATE(false, true);
  if (looked_at) db.client.Use(Before([](AnyMutation&) {}));
  const auto passes = F<&Person::passes>;
  db.persons.UpdateOne(1).Set(passes, {1, 2}).RemoveIDs(F<&Person::known_by>, {2}).Save();
  db.persons.UpdateOne(2).ClearEdge(passes).Set(F<&Person::known_by>, {1}).Save();
  db.badges.UpdateOne(1).Set(F<&Badge::owner>, 1).Save();
  CHECK(db.All() == db.kAll);
  db.persons.UpdateOne(2).AddIDs(passes, {3}).Save();
  db.badges.UpdateOne(2).Set(F<&Badge::owner>, 2).Save();
  CHECK(db.All() == Lines{"badge|1|NULL", "badge|2|NULL", "knows|1|2", "pass|1|1", "pass|1|NULL",
                          "pass|2|NULL"});
  db.persons.DeleteOne(1).Exec();
  CHECK(db.All() == Lines{"badge|2|NULL", "badge|NULL|NULL", "pass|2|NULL", "pass|NULL|NULL",
                          "pass|NULL|NULL"});
  db.persons.Delete().Exec();
  CHECK(db.All() == Lines{"badge|NULL|NULL", "badge|NULL|NULL", "pass|NULL|NULL", "pass|NULL|NULL",
                          "pass|NULL|NULL"});
}

TEST_CASE("B126 a deletion takes the same rows whether or not a hook looks, rows without ids too") {
  if (!engine::Takes(engine::KeysMayBeNull(), [] { const Woods any; })) return;
  Lines expected[3];
  std::int64_t counts[3] = {};
  const int way = GENERATE(1, 2, 3);
  for (int which = 0; which < 3; ++which) {
    const auto run = [&](int how) {
      Woods woods;
      Lines log;
      if (how > 0) {
        woods.client.Use(Before([&](AnyMutation& m) {
          if (how == 2 && m.Op() != Op::Create) static_cast<void>(m.IDs());
          log.push_back(ToString(m));
        }));
      }
      const auto trees = woods.client.Of<Tree>();
      auto go = [&](const grapnel::Client& in) {
        if (which == 0) return in.Of<Tree>().Delete().Exec();
        if (which == 1) return in.Of<Tree>().Delete().Where(F<&Tree::name> == "x").Exec();
        in.Of<Tree>().DeleteOne("a").Exec();
        return std::int64_t{1};
      };
      std::int64_t count = 0;
      if (how == 3) {
        woods.client.WithTx([&](grapnel::Tx& tx) { count = go(tx.Client()); });
      } else {
        count = go(woods.client);
      }
      CHECK(log.empty() == (how == 0));
      return std::pair(count, woods.All());
    };
    std::tie(counts[which], expected[which]) = run(0);
    const auto [count, rows] = run(way);
    CHECK(count == counts[which]);
    CHECK(rows == expected[which]);
  }
  CHECK(counts[0] == 6);
  CHECK(expected[0] == Lines{"part|NULL|NULL"});
  CHECK(counts[1] == 2);
  CHECK(expected[1] ==
        Lines{"tree|NULL|y", "tree|c|z", "part|c|NULL", "part|c|NULL", "part|NULL|c"});
  CHECK(expected[2] == Lines{"tree|NULL|x", "tree|NULL|y", "tree|c|z", "part|c|NULL", "part|c|NULL",
                             "part|NULL|c"});
}
