// B77, B31, B32, B33, B91: edges of every kind, written and read from either end.
#include "contract/fixture.hpp"
#include "support/catch.hpp"
#include "support/engine/traits.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <map>
#include <random>
#include <set>
#include <utility>

namespace edges_test {

struct Badge;
struct Task;
struct Note;
struct Tag;
struct Team;

struct Node {
  std::int64_t id = 0;
  std::string name;
  grapnel::One<Badge> badge{};    // one-to-one, holds the key
  grapnel::Many<Task> tasks{};    // one-to-many; the other end is required
  grapnel::Many<Note> notes{};    // one-to-many without another end
  grapnel::Many<Tag> tags{};      // many-to-many, ids of another type
  grapnel::Many<Node> peers{};    // symmetric
  grapnel::Many<Node> follows{};  // directed
  grapnel::Many<Node> followers{};
  grapnel::Many<Node> children{};  // a tree
  grapnel::One<Node> parent{};
  grapnel::One<Node> next{};  // a list: one-to-one of the type itself
  grapnel::One<Node> previous{};
};
struct Badge {
  std::int64_t id = 0;
  grapnel::One<Node> holder{};
};
struct Task {
  std::int64_t id = 0;
  grapnel::One<Node> owner{};
  grapnel::One<Node> author{};  // set once
  grapnel::One<Node> locker{};  // unique without another end
};
struct Note {
  std::uint64_t id = 0;
};
struct Tag {
  std::string id{};
  grapnel::Many<Node> nodes{};
};
struct Team {
  std::int64_t id = 0;
  grapnel::Many<Badge> members{};  // at least one
};

}  // namespace edges_test

template <>
struct grapnel::Schema<edges_test::Node> {
  static constexpr std::string_view Type = "Node";
  static constexpr std::string_view Table = "nodes";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&edges_test::Node::name>("name").Default("-").Unique());
  }
  static constexpr auto Edges() {
    using edges_test::Node;
    return grapnel::Edges(
        To<&Node::badge>("badge"), To<&Node::tasks>("tasks"),
        To<&Node::notes>("notes").StorageKey("note of"), To<&Node::tags>("tags"),
        To<&Node::peers>("peers"), To<&Node::follows>("follows").StorageKey("follow\"ing"),
        From<&Node::followers>("followers").Ref<&Node::follows>(), To<&Node::children>("children"),
        From<&Node::parent>("parent").Ref<&Node::children>(), To<&Node::next>("next"),
        From<&Node::previous>("previous").Ref<&Node::next>());
  }
};
template <>
struct grapnel::Schema<edges_test::Badge> {
  static constexpr std::string_view Type = "Badge";
  static constexpr auto Edges() {
    using edges_test::Badge;
    return grapnel::Edges(From<&Badge::holder>("holder").Ref<&edges_test::Node::badge>());
  }
};
template <>
struct grapnel::Schema<edges_test::Task> {
  static constexpr std::string_view Type = "Task";
  static constexpr auto Edges() {
    using edges_test::Task;
    return grapnel::Edges(
        From<&Task::owner>("owner").Ref<&edges_test::Node::tasks>().Required().StorageKey("own"),
        To<&Task::author>("author").Immutable(), To<&Task::locker>("locker").Unique());
  }
};
template <>
struct grapnel::Schema<edges_test::Note> {
  static constexpr std::string_view Type = "Note";
};
template <>
struct grapnel::Schema<edges_test::Tag> {
  static constexpr std::string_view Type = "Tag";
  static constexpr auto Edges() {
    using edges_test::Tag;
    return grapnel::Edges(From<&Tag::nodes>("nodes").Ref<&edges_test::Node::tags>());
  }
};
template <>
struct grapnel::Schema<edges_test::Team> {
  static constexpr std::string_view Type = "Team";
  static constexpr auto Edges() {
    return grapnel::Edges(To<&edges_test::Team::members>("members").Required());
  }
};

namespace {

using edges_test::Badge;
using edges_test::Node;
using edges_test::Note;
using edges_test::Tag;
using edges_test::Task;
using edges_test::Team;
using grapnel::ConstraintError;
using grapnel::ConstraintKind;
using grapnel::F;
using grapnel::FieldValue;
using grapnel::Op;
using grapnel::ValidationError;
using grapnel::hook::Before;

using Id = std::int64_t;
using Ids = std::vector<Id>;

struct World : Fixture<Node, Badge, Task, Note, Tag, Team> {
  grapnel::store::HookedEntities<Node> nodes = client.Of<Node>();

  /// As many nodes, "a", "b", ..., with the ids 1, 2, ...
  explicit World(int count = 0) {
    for (int i = 0; i < count; ++i) Add(std::string(1, static_cast<char>('a' + i)));
  }
  Id Add(const std::string& name) { return nodes.Create().Set(F<&Node::name>, name).Save().id; }
  template <class E>
  void Add(int count) {
    for (int i = 0; i < count; ++i) client.template Of<E>().Create().Save();
  }

  /// The ids of the neighbours, as an eager load and as a traversal have them, which must agree.
  template <auto Edge, class SourceId>
  auto Along(const SourceId& id) const {
    using E = typename grapnel::MemberToken<Edge>::Owner;
    constexpr auto key = F<&E::id>;
    const auto query = client.template Of<E>().Query().Where(key == id);
    auto ids = query.Traverse(F<Edge>).IDs();
    std::sort(ids.begin(), ids.end());
    const E loaded = grapnel::store::Query(query).With(F<Edge>).Only();
    decltype(ids) eager;
    if constexpr (requires { (loaded.*Edge).ID(); }) {
      if (const auto one = (loaded.*Edge).ID()) eager.push_back(*one);
    } else {
      for (const auto& each : loaded.*Edge) eager.push_back(each.id);
    }
    std::sort(eager.begin(), eager.end());
    REQUIRE(eager == ids);
    return ids;
  }

  /// Every row of every table.
  Lines Everything() const {
    Lines rows;
    for (const auto& table : engine::Tables(scratch.File("test.db"))) {
      std::string quoted;
      for (const char c : table) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
      for (const auto& row : Raw("SELECT * FROM \"" + quoted + "\"")) {
        rows.push_back(table + ": " + row);
      }
    }
    std::sort(rows.begin(), rows.end());
    return rows;
  }

  /// `action()` throws exactly an E, and everything stays as it is. Returns: the error.
  template <class E>
  E Refused(const std::function<void()>& action) const {
    const Lines before = Everything();
    E error = Thrown<E>(action);
    CHECK(Everything() == before);
    return error;
  }
  /// A constraint on one edge is broken.
  void Broken(ConstraintKind kind, const std::string& text,
              const std::function<void()>& action) const {
    const auto error = Refused<ConstraintError>(action);
    const std::string what = error.what();  // its reason is in the engine's own words
    CHECK(what == engine::Forms{text, text.substr(0, text.find(" (")) +
                                          what.substr(std::min(what.find(" ("), what.size()))}
                      .Text());
    CHECK(error.Kind() == kind);
    REQUIRE(error.Fields().size() == 1);
    const std::string start = error.Entity() + ": " + ToString(error.Op()) + " breaks a " +
                              std::string(Name(kind)) + " constraint on " + error.Fields().front();
    CHECK(text.starts_with(start + " ("));
  }
};

TEST_CASE("B77 foreign keys and tables of pairs have names and indexes") {
  const World db;
  const std::string kHere = "o.relnamespace = quote_ident(current_schema())::regnamespace";
  const auto keys = [&](const std::string& table) {
    return db.Raw(engine::Forms{
        "SELECT \"from\", \"table\", \"to\", on_delete FROM pragma_foreign_key_list('" + table +
            "') ORDER BY 1",
        "SELECT a.attname::text COLLATE \"C\", t.relname, f.attname, CASE confdeltype "
        "WHEN 'n' THEN 'SET NULL' WHEN 'a' THEN 'NO ACTION' WHEN 'c' THEN 'CASCADE' END "
        "FROM pg_constraint k JOIN pg_class o ON o.oid = conrelid "
        "JOIN pg_class t ON t.oid = confrelid "
        "JOIN pg_attribute a ON a.attrelid = conrelid AND a.attnum = conkey[1] "
        "JOIN pg_attribute f ON f.attrelid = confrelid AND f.attnum = confkey[1] "
        "WHERE contype = 'f' AND o.relname = '" +
            table + "' AND " + kHere + " ORDER BY 1"});
  };
  REQUIRE(engine::Tables(db.scratch.File("test.db")) == Lines{"Badge", "Note", "Tag", "Task",
                                                              "Team", "follow\"ing", "nodes",
                                                              "nodes_peers", "nodes_tags"});
  REQUIRE(keys("nodes") == Lines{"badge_id|Badge|id|SET NULL", "next_id|nodes|id|SET NULL",
                                 "parent_id|nodes|id|SET NULL"});
  REQUIRE(keys("Task") == Lines{"author_id|nodes|id|SET NULL", "locker_id|nodes|id|SET NULL",
                                "own|nodes|id|NO ACTION"});
  REQUIRE(keys("Note") == Lines{"note of|nodes|id|SET NULL"});
  REQUIRE(keys("Badge") == Lines{"Team_members|Team|id|SET NULL"});
  REQUIRE(keys("nodes_tags") == Lines{"nodes_id|nodes|id|CASCADE", "tags_id|Tag|id|CASCADE"});
  REQUIRE(keys("nodes_peers") == Lines{"nodes_id|nodes|id|CASCADE", "peers_id|nodes|id|CASCADE"});
  REQUIRE(keys("follow\"ing") == Lines{"follows_id|nodes|id|CASCADE", "nodes_id|nodes|id|CASCADE"});
  REQUIRE(keys("Tag") == Lines{});
  // Every key is named, and stands first in an index; one-to-one and Unique in a unique one.
  for (const std::string name :
       {"nodes_badge_id", "Task_own", "Note_note of", "nodes_tags_tags_id"}) {
    INFO(name);
    REQUIRE(
        db.Raw(engine::Forms{
            "SELECT count(*) FROM sqlite_schema WHERE sql LIKE '%CONSTRAINT \"" + name +
                "_fkey\"%'",
            "SELECT count(*) FROM pg_constraint WHERE connamespace = quote_ident(current_schema())"
            "::regnamespace AND conname = '" +
                name + "_fkey'"}) == Lines{"1"});
  }
  REQUIRE(db.Raw(engine::Forms{
              "SELECT name, \"unique\" FROM sqlite_schema JOIN pragma_index_list(tbl_name) "
              "USING (name) WHERE sql NOT NULL ORDER BY 1",
              "SELECT relname::text COLLATE \"C\", indisunique FROM pg_index JOIN pg_class o ON "
              "o.oid = indexrelid WHERE NOT indisprimary AND " +
                  kHere + " ORDER BY 1"}) ==
          Lines{"Badge_Team_members|0", "Note_note of|0", "Task_author_id|0",
                "Task_locker_id_key|1", "Task_own|0", "follow\"ing_follows_id|0",
                "nodes_badge_id_key|1", "nodes_name_key|1", "nodes_next_id_key|1",
                "nodes_parent_id|0", "nodes_peers_peers_id|0", "nodes_tags_tags_id|0"});
  REQUIRE(db.Raw(engine::Forms{
              "SELECT name, \"notnull\" FROM pragma_table_info('Task') ORDER BY 1",
              "SELECT attname::text COLLATE \"C\", attnotnull FROM pg_attribute WHERE attnum > 0 "
              "AND attrelid = '\"Task\"'::regclass ORDER BY 1"}) ==
          Lines{"author_id|0", "id|1", "locker_id|0", "own|1"});
}

TEST_CASE("B77 one-to-one: set, replaced and cleared from either end") {
  World db(2);
  db.Add<Badge>(3);
  const auto badges = db.client.Of<Badge>();
  const auto rows = [&] { return db.Raw("SELECT id, badge_id FROM nodes ORDER BY 1"); };
  const Node made = db.nodes.UpdateOne(1).Set(F<&Node::badge>, 1).Save();
  REQUIRE(made.badge.ID() == 1);
  REQUIRE(db.Along<&Badge::holder>(1) == Ids{1});
  db.nodes.UpdateOne(1).Set(F<&Node::badge>, 2).Save();  // in place of the other
  REQUIRE(rows() == Lines{"1|2", "2|NULL"});
  REQUIRE(db.Along<&Badge::holder>(1) == Ids{});

  badges.UpdateOne(3).Set(F<&Badge::holder>, 2).Save();
  REQUIRE(rows() == Lines{"1|2", "2|3"});
  REQUIRE(db.Along<&Node::badge>(2) == Ids{3});
  badges.UpdateOne(3).Set(F<&Badge::holder>, 2).Save();  // as it was
  REQUIRE(rows() == Lines{"1|2", "2|3"});
  const auto taken = [&](const std::string& op, auto action) {
    db.Broken(ConstraintKind::Unique,
              "Badge: " + op +
                  " breaks a unique constraint on holder (a Node already belongs to "
                  "another Badge: move it by setting its own end)",
              action);
  };
  taken("UpdateOne", [&] { badges.UpdateOne(1).Set(F<&Badge::holder>, 2).Save(); });
  taken("UpdateOne", [&] { badges.UpdateOne(3).Set(F<&Badge::holder>, 1).Save(); });
  taken("Create", [&] { badges.Create().Set(F<&Badge::holder>, 1).Save(); });
  const auto twice = [&](const std::string& op, auto action) {
    db.Broken(ConstraintKind::Unique,
              "Node: " + op +
                  " breaks a unique constraint on badge (UNIQUE constraint failed: "
                  "nodes.badge_id)",
              action);
  };
  twice("UpdateOne", [&] { db.nodes.UpdateOne(1).Set(F<&Node::badge>, 3).Save(); });
  twice("Create", [&] { db.nodes.Create().Set(F<&Node::badge>, 3).Save(); });
  twice("Update", [&] { db.nodes.Update().Set(F<&Node::badge>, 1).Save(); });

  badges.UpdateOne(3).ClearEdge(F<&Badge::holder>).Save();
  db.nodes.UpdateOne(1).ClearEdge(F<&Node::badge>).Save();
  REQUIRE(rows() == Lines{"1|NULL", "2|NULL"});
  const auto fourth = badges.Create().Set(F<&Badge::holder>, 1).Save().id;
  if (engine::IdsFollowTheLargest()) REQUIRE(fourth == 4);
  REQUIRE(rows() == Lines{"1|" + std::to_string(fourth), "2|NULL"});
  badges.UpdateOne(fourth).Set(F<&Badge::holder>, 2).Save();  // moves: it is left by node 1
  REQUIRE(rows() == Lines{"1|NULL", "2|" + std::to_string(fourth)});
  REQUIRE(badges.Update().Where(F<&Badge::id> <= 2).ClearEdge(F<&Badge::holder>).Save() == 2);
  REQUIRE(rows() == Lines{"1|NULL", "2|" + std::to_string(fourth)});
  REQUIRE(badges.Update().ClearEdge(F<&Badge::holder>).Save() == 4);
  REQUIRE(rows() == Lines{"1|NULL", "2|NULL"});
}

TEST_CASE("B77 one-to-one of the type itself is a list that is read both ways") {
  World db(3);
  db.nodes.UpdateOne(1).Set(F<&Node::next>, 2).Save();
  db.nodes.UpdateOne(3).Set(F<&Node::previous>, 2).Save();
  REQUIRE(db.Raw("SELECT id, next_id FROM nodes ORDER BY 1") == Lines{"1|2", "2|3", "3|NULL"});
  REQUIRE(db.Along<&Node::previous>(2) == Ids{1});
  REQUIRE(db.Along<&Node::next>(2) == Ids{3});
  REQUIRE(db.Along<&Node::previous>(1) == Ids{});
  db.Broken(ConstraintKind::Unique,
            "Node: UpdateOne breaks a unique constraint on next (UNIQUE constraint failed: "
            "nodes.next_id)",
            [&] { db.nodes.UpdateOne(3).Set(F<&Node::next>, 2).Save(); });
  db.nodes.UpdateOne(2).ClearEdge(F<&Node::previous>).Save();
  db.nodes.UpdateOne(2).Set(F<&Node::next>, 2).Save();  // of itself
  REQUIRE(db.Along<&Node::previous>(2) == Ids{2});
  REQUIRE(db.Raw("SELECT id, next_id FROM nodes ORDER BY 1") == Lines{"1|NULL", "2|2", "3|NULL"});
}

TEST_CASE("B77 one-to-many: from either end, with and without another end") {
  World db(4);
  const auto parents = [&] { return db.Raw("SELECT id, parent_id FROM nodes ORDER BY 1"); };
  db.nodes.UpdateOne(1).AddIDs(F<&Node::children>, {2, 3, 2}).Save();
  db.nodes.UpdateOne(4).Set(F<&Node::parent>, 2).Save();
  REQUIRE(parents() == Lines{"1|NULL", "2|1", "3|1", "4|2"});
  REQUIRE(db.Along<&Node::children>(1) == Ids{2, 3});
  REQUIRE(db.Along<&Node::parent>(4) == Ids{2});
  db.nodes.UpdateOne(1).AddIDs(F<&Node::children>, {3}).Save();         // there already
  db.nodes.UpdateOne(1).RemoveIDs(F<&Node::children>, {4, 99}).Save();  // not there
  REQUIRE(parents() == Lines{"1|NULL", "2|1", "3|1", "4|2"});
  db.Broken(ConstraintKind::Unique,
            "Node: UpdateOne breaks a unique constraint on children (a Node already belongs to "
            "another Node: move it by setting its own end)",
            [&] {
              db.nodes.UpdateOne(1).AddIDs(F<&Node::children>, {1, 4}).Save();
            });
  db.nodes.UpdateOne(4).Set(F<&Node::parent>, 1).Save();
  db.nodes.UpdateOne(1).RemoveIDs(F<&Node::children>, {2}).Save();
  REQUIRE(parents() == Lines{"1|NULL", "2|NULL", "3|1", "4|1"});
  db.nodes.UpdateOne(1).Set(F<&Node::children>, {2, 3}).Save();  // replaces
  REQUIRE(parents() == Lines{"1|NULL", "2|1", "3|1", "4|NULL"});
  const Id made = db.nodes.Create().Set(F<&Node::children>, {4}).Save().id;
  REQUIRE(db.Along<&Node::children>(made) == Ids{4});
  REQUIRE(db.nodes.Update().Where(F<&Node::id> <= 3).ClearEdge(F<&Node::children>).Save() == 3);
  REQUIRE(parents() == Lines{"1|NULL", "2|NULL", "3|NULL", "4|5", "5|NULL"});
  REQUIRE(db.nodes.Update().Where(F<&Node::id> <= 2).Set(F<&Node::parent>, 3).Save() == 2);
  REQUIRE(db.Along<&Node::children>(3) == Ids{1, 2});

  const auto notes = [&] { return db.Raw("SELECT id, \"note of\" FROM Note ORDER BY 1"); };
  db.Add<Note>(3);
  db.nodes.UpdateOne(1).AddIDs(F<&Node::notes>, {1, 3}).Save();
  REQUIRE(notes() == Lines{"1|1", "2|NULL", "3|1"});
  REQUIRE(db.Along<&Node::notes>(1) == std::vector<std::uint64_t>{1, 3});
  db.nodes.UpdateOne(1).RemoveIDs(F<&Node::notes>, {1}).AddIDs(F<&Node::notes>, {2}).Save();
  REQUIRE(notes() == Lines{"1|NULL", "2|1", "3|1"});
  db.nodes.UpdateOne(1).Set(F<&Node::notes>, {}).Save();
  REQUIRE(notes() == Lines{"1|NULL", "2|NULL", "3|NULL"});
}

TEST_CASE("B77 many-to-many: ids of any bytes, from either end") {
  World db(3);
  const auto tags = db.client.Of<Tag>();
  const std::string odd = engine::Storable({"x\0'\"?1\xff", 7});
  for (const std::string& id : {std::string("red"), odd, std::string("1")}) {
    REQUIRE(tags.Create().Set(F<&Tag::id>, id).AddIDs(F<&Tag::nodes>, {1}).Save().id == id);
  }
  using Texts = std::vector<std::string>;
  const auto count = [&] { return db.Raw("SELECT count(*) FROM nodes_tags").front(); };
  REQUIRE(db.Along<&Node::tags>(1) == Texts{"1", "red", odd});
  REQUIRE(db.Raw(engine::Forms{
              "SELECT DISTINCT typeof(tags_id) || typeof(nodes_id) FROM nodes_tags",
              "SELECT DISTINCT pg_typeof(tags_id)::text || pg_typeof(nodes_id) FROM nodes_tags"}) ==
          Lines{engine::Forms{"textinteger", "textbigint"}.Text()});
  db.nodes.UpdateOne(2).AddIDs(F<&Node::tags>, {odd, "1", odd}).Save();
  REQUIRE(db.Along<&Tag::nodes>(odd) == Ids{1, 2});
  db.nodes.UpdateOne(2).AddIDs(F<&Node::tags>, {odd}).Save();
  REQUIRE(count() == "5");
  tags.UpdateOne(odd).RemoveIDs(F<&Tag::nodes>, {1, 3}).Save();
  REQUIRE(db.Along<&Node::tags>(1) == Texts{"1", "red"});
  tags.UpdateOne("red").Set(F<&Tag::nodes>, {2, 3}).Save();
  REQUIRE(db.Along<&Node::tags>(1) == Texts{"1"});
  REQUIRE(db.Along<&Tag::nodes>(std::string("red")) == Ids{2, 3});
  REQUIRE(db.nodes.Update().Where(F<&Node::id> > 1).AddIDs(F<&Node::tags>, {"1"}).Save() == 2);
  REQUIRE(db.Along<&Tag::nodes>(std::string("1")) == Ids{1, 2, 3});
  REQUIRE(db.nodes.Update().Set(F<&Node::tags>, {"red"}).Save() == 3);
  REQUIRE(count() == "3");
  db.nodes.DeleteOne(3).Exec();  // its pairs go with it
  REQUIRE(db.Along<&Tag::nodes>(std::string("red")) == Ids{1, 2});
  tags.DeleteOne("red").Exec();
  REQUIRE(count() == "0");
}

TEST_CASE("B77 a symmetric edge is the same from both rows, a directed one is not") {
  World db(4);
  db.nodes.UpdateOne(1).AddIDs(F<&Node::peers>, {2, 3, 1}).Save();  // its own peer too
  REQUIRE(db.Along<&Node::peers>(1) == Ids{1, 2, 3});
  REQUIRE(db.Along<&Node::peers>(2) == Ids{1});
  db.nodes.UpdateOne(2).AddIDs(F<&Node::peers>, {1, 4}).Save();  // one of them there already
  db.nodes.UpdateOne(3).RemoveIDs(F<&Node::peers>, {1}).Save();
  REQUIRE(db.Raw("SELECT nodes_id, peers_id FROM nodes_peers ORDER BY 1, 2") ==
          Lines{"1|1", "1|2", "2|1", "2|4", "4|2"});
  db.nodes.UpdateOne(2).Set(F<&Node::peers>, {3}).Save();
  REQUIRE(db.Along<&Node::peers>(1) == Ids{1});
  REQUIRE(db.Along<&Node::peers>(3) == Ids{2});
  REQUIRE(db.Along<&Node::peers>(4) == Ids{});
  db.nodes.Update().Where(F<&Node::id> >= 3).Set(F<&Node::peers>, {1, 3}).Save();
  REQUIRE(db.Raw("SELECT nodes_id, peers_id FROM nodes_peers ORDER BY 1, 2") ==
          Lines{"1|1", "1|3", "1|4", "3|1", "3|3", "3|4", "4|1", "4|3"});
  db.nodes.UpdateOne(1).ClearEdge(F<&Node::peers>).Save();
  REQUIRE(db.Raw("SELECT nodes_id, peers_id FROM nodes_peers ORDER BY 1, 2") ==
          Lines{"3|3", "3|4", "4|3"});

  db.nodes.UpdateOne(1).AddIDs(F<&Node::follows>, {2, 3}).Save();
  db.nodes.UpdateOne(1).AddIDs(F<&Node::followers>, {1, 2}).Save();
  REQUIRE(db.Raw("SELECT nodes_id, follows_id FROM \"follow\"\"ing\" ORDER BY 1, 2") ==
          Lines{"1|1", "1|2", "1|3", "2|1"});
  REQUIRE(db.Along<&Node::followers>(2) == Ids{1});
  REQUIRE(db.Along<&Node::follows>(2) == Ids{1});
  REQUIRE(db.Along<&Node::followers>(1) == Ids{1, 2});
  db.nodes.UpdateOne(3).Set(F<&Node::followers>, {2, 4}).Save();
  REQUIRE(db.Along<&Node::follows>(1) == Ids{1, 2});
  REQUIRE(db.Along<&Node::follows>(4) == Ids{3});
  db.nodes.UpdateOne(1).ClearEdge(F<&Node::followers>).RemoveIDs(F<&Node::follows>, {2}).Save();
  REQUIRE(db.Raw("SELECT nodes_id, follows_id FROM \"follow\"\"ing\" ORDER BY 1, 2") ==
          Lines{"2|3", "4|3"});
}

TEST_CASE("B31 B32 B33 what is said of an edge later takes the place of what was said before") {
  World db(5);
  db.Add<Badge>(2);
  const auto once = [&](auto change, auto... reads) {
    auto hook = db.nodes.Use(Before([&](grapnel::Mutation<Node>& m) { change(m); }));
    db.nodes.UpdateOne(1).Save();
    hook.Remove();
    (reads(), ...);
  };
  const auto peers = [&](Ids ids) {
    return [&db, ids] { CHECK(db.Along<&Node::peers>(1) == ids); };
  };
  const auto parent = [&](Ids ids) {
    return [&db, ids] { CHECK(db.Along<&Node::parent>(1) == ids); };
  };
  const auto p = F<&Node::peers>;
  const auto o = F<&Node::parent>;
  using M = grapnel::Mutation<Node>;
  once([&](M& m) { m.AddIDs(p, {2, 3}), m.Set(o, 2); }, peers({2, 3}), parent({2}));
  once([&](M& m) { m.ClearEdge(p), m.ResetEdge(p), m.ClearEdge(o), m.ResetEdge(o); }, peers({2, 3}),
       parent({2}));                                                                // B32
  once([&](M& m) { m.AddIDs(p, {4, 5}), m.RemoveIDs(p, {2, 4}); }, peers({3, 5}));  // B33
  once([&](M& m) { m.RemoveIDs(p, {3}), m.AddIDs(p, {3, 4}); }, peers({3, 4, 5}));
  once([&](M& m) { m.ClearEdge(p), m.AddIDs(p, {2}); }, peers({2}));
  once([&](M& m) { m.AddIDs(p, {3}), m.ClearEdge(p); }, peers({}));
  once([&](M& m) { m.Set(p, {2, 3}), m.RemoveIDs(p, {3}), m.AddIDs(p, {4}); }, peers({2, 4}));
  once([&](M& m) { m.AddIDs(p, {5}), m.Set(p, {3}); }, peers({3}));
  once([&](M& m) { m.Set(p, {}), m.ResetEdge(p); }, peers({3}));
  once([&](M& m) { m.ClearEdge(o), m.Set(o, 3); }, parent({3}));  // B31
  once([&](M& m) { m.Set(o, 4), m.ClearEdge(o); }, parent({}));
  once([&](M& m) { m.Set(o, 4), m.AddIDs(o, {5}), m.AddIDs(o, {}); }, parent({5}));
  once([&](M& m) { m.Set(o, 4), m.ResetEdge(o); }, parent({5}));
  // The end of a one-to-one without the key.
  const auto holders = [&] {
    return db.Raw("SELECT id, badge_id FROM nodes WHERE badge_id IS NOT NULL ORDER BY 1");
  };
  const auto badge = [&](auto change) {
    auto hook = db.client.Of<Badge>().Use(Before([&](grapnel::Mutation<Badge>& m) { change(m); }));
    db.client.Of<Badge>().UpdateOne(1).Save();
    hook.Remove();
  };
  const auto h = F<&Badge::holder>;
  badge([&](auto& m) {
    m.Set(h, 2), m.Set(h, 3);
    CHECK(m.Get(h) == 3);
    CHECK(ToString(m) == "Badge UpdateOne(id=1) {holder=3}");  // as at the other end
    CHECK_FALSE(m.EdgeCleared(h));
  });
  CHECK(holders() == Lines{"3|1"});
  badge([&](auto& m) { m.Set(h, 4), m.ResetEdge(h); });
  CHECK(holders() == Lines{"3|1"});
  badge([&](auto& m) { m.ClearEdge(h), m.Set(h, 4); });
  CHECK(holders() == Lines{"4|1"});
  badge([&](auto& m) { m.Set(h, 5), m.ClearEdge(h); });
  CHECK(holders() == Lines{});
}

TEST_CASE("B91 an edge is optional unless required; set once when immutable; unique but for none") {
  World db(3);
  const auto tasks = db.client.Of<Task>();
  const auto missing = db.Refused<ValidationError>([&] { tasks.Create().Save(); });
  CHECK(std::string(missing.what()) == "Task.owner: a value is required (Create)");
  for (int i = 0; i < 3; ++i)
    tasks.Create().Set(F<&Task::owner>, 1).Set(F<&Task::author>, 2).Save();
  REQUIRE(db.Raw("SELECT id, own, author_id, locker_id FROM Task") ==
          Lines{"1|1|2|NULL", "2|1|2|NULL", "3|1|2|NULL"});  // Unique: many without a neighbour
  tasks.UpdateOne(1).Set(F<&Task::locker>, 3).Save();
  db.Broken(ConstraintKind::Unique,
            "Task: UpdateOne breaks a unique constraint on locker (UNIQUE constraint failed: "
            "Task.locker_id)",
            [&] { tasks.UpdateOne(2).Set(F<&Task::locker>, 3).Save(); });

  const auto immutable = [&](auto change) {
    auto hook = tasks.Use(Before([&](grapnel::Mutation<Task>& m) { change(m); }));
    const auto error = db.Refused<ValidationError>([&] { tasks.UpdateOne(1).Save(); });
    hook.Remove();
    CHECK(std::string(error.what()) ==
          "Task.author: the edge is immutable: it can be set only when "
          "the entity is created (UpdateOne)");
  };
  immutable([](auto& m) { m.Set(F<&Task::author>, 1); });
  immutable([](auto& m) { m.AddIDs("author", {1}); });
  immutable([](auto& m) { m.ClearEdge(F<&Task::author>); });
  auto clearing = db.client.Of<Task>().Use(
      grapnel::hook::Before([](grapnel::AnyMutation& m) { m.ClearEdge("owner"); }));
  const auto kept = db.Refused<grapnel::TypeMismatchError>([&] { tasks.UpdateOne(1).Save(); });
  clearing.Remove();
  CHECK(std::string(kept.what()) == "Task.owner: it cannot be cleared: it is required");

  // The other end of a required edge: neighbours can be moved by their own end only.
  const auto needed = [&](auto action) {
    db.Broken(
        ConstraintKind::NotNull,
        "Node: UpdateOne breaks a not null constraint on tasks (Task requires the other end: a "
        "neighbour cannot be taken away)",
        action);
  };
  needed([&] { db.nodes.UpdateOne(1).RemoveIDs(F<&Node::tasks>, {2}).Save(); });
  needed([&] { db.nodes.UpdateOne(1).ClearEdge(F<&Node::tasks>).Save(); });
  needed([&] { db.nodes.UpdateOne(1).Set(F<&Node::tasks>, {1, 3}).Save(); });
  db.nodes.UpdateOne(1).Set(F<&Node::tasks>, {1, 2, 3}).Save();
  db.nodes.UpdateOne(2).RemoveIDs(F<&Node::tasks>, {1, 2}).ClearEdge(F<&Node::tasks>).Save();
  REQUIRE(db.Along<&Node::tasks>(1) == Ids{1, 2, 3});
  db.Broken(ConstraintKind::ForeignKey,
            "Node: DeleteOne breaks a foreign key constraint on Task.owner (3 Task refer to it)",
            [&] { db.nodes.DeleteOne(1).Exec(); });

  const auto teams = db.client.Of<Team>();
  db.Add<Badge>(3);
  const auto empty = [&](const std::string& text, auto action) {
    CHECK(std::string(db.Refused<ValidationError>(action).what()) == "Team.members: " + text);
  };
  empty("the edge is required: it needs a neighbour (Create)", [&] { teams.Create().Save(); });
  teams.Create().AddIDs(F<&Team::members>, {1, 2}).Save();
  empty("the edge is required: it needs a neighbour (UpdateOne)",
        [&] { teams.UpdateOne(1).ClearEdge(F<&Team::members>).Save(); });
  empty("the edge is required: it keeps no neighbour (UpdateOne)", [&] {
    teams.UpdateOne(1).RemoveIDs(F<&Team::members>, {1, 2}).Save();
  });
  empty("the edge is required: it keeps no neighbour (Update)", [&] {
    teams.Update().RemoveIDs(F<&Team::members>, {2, 1}).Save();
  });
  teams.UpdateOne(1).RemoveIDs(F<&Team::members>, {1, 2}).AddIDs(F<&Team::members>, {3}).Save();
  teams.UpdateOne(1).RemoveIDs(F<&Team::members>, {1}).Save();
  REQUIRE(db.Along<&Team::members>(1) == Ids{3});
}

TEST_CASE("B77 an entity's One in a bulk is its edge, at the end without the key as well") {
  World db(2);
  const auto badges = db.client.Of<Badge>();
  const auto nodes = db.nodes.CreateBulk(std::vector<Node>{{.name = "x"}, {.name = "y"}}).Save();
  CHECK(nodes[1].badge.ID() == std::nullopt);
  const auto made =
      badges.CreateBulk(std::vector<Badge>{{.holder = grapnel::One<Node>(2)}, {}}).Save();
  CHECK(db.Raw("SELECT id, badge_id FROM nodes ORDER BY 1") ==
        Lines{"1|NULL", "2|1", "3|NULL", "4|NULL"});
  // Only a query that asks for it knows it.
  const auto error =
      Thrown<grapnel::NotLoadedError>([&] { static_cast<void>(made[1].holder.ID()); });
  CHECK(error.What() == "Badge.holder");
}

TEST_CASE("B77 an edge to a row that is not there is a ConstraintError, and nothing is written") {
  World db(2);
  const auto tasks = db.client.Of<Task>();
  const auto absent = [&](const std::string& what, const std::string& id, auto action) {
    const std::string type = what.find("tags") != what.npos ? "Tag" : "Node";
    const auto on = what.rfind(' ');
    db.Broken(ConstraintKind::ForeignKey,
              what.substr(0, on) + " breaks a foreign key constraint on " + what.substr(on + 1) +
                  " (there is no " + type + " with id " + id + ")",
              action);
  };
  absent("Task: Create owner", "99", [&] { tasks.Create().Set(F<&Task::owner>, 99).Save(); });
  absent("Task: Create author", "0",
         [&] { tasks.Create().Set(F<&Task::owner>, 1).Set(F<&Task::author>, 0).Save(); });
  absent("Node: UpdateOne parent", "99",
         [&] { db.nodes.UpdateOne(1).Set(F<&Node::name>, "n").Set(F<&Node::parent>, 99).Save(); });
  absent("Node: Update parent", "-1", [&] { db.nodes.Update().Set(F<&Node::parent>, -1).Save(); });
  absent("Node: UpdateOne children", "77", [&] {
    db.nodes.UpdateOne(1).Set(F<&Node::name>, "n").AddIDs(F<&Node::children>, {2, 77}).Save();
  });
  absent("Node: Create peers", "4", [&] {  // 3 will be its own id
    db.nodes.Create().Set(F<&Node::name>, "n").AddIDs(F<&Node::peers>, {1, 3, 4, 2}).Save();
  });
  absent("Node: Update follows", "5", [&] {
    db.nodes.Update().AddIDs(F<&Node::follows>, {1, 5}).Save();
  });
  absent("Node: UpdateOne followers", "6", [&] {
    db.nodes.UpdateOne(1).Set(F<&Node::followers>, {2, 6}).Save();
  });
  absent("Node: UpdateOne previous", "7",
         [&] { db.nodes.UpdateOne(1).Set(F<&Node::previous>, 7).Save(); });
  absent("Node: UpdateOne tags", "\"red\"",
         [&] { db.nodes.UpdateOne(1).AddIDs(F<&Node::tags>, {"red"}).Save(); });
  const auto huge = db.Refused<ValidationError>([&] {  // an id that no row can have
    db.nodes.UpdateOne(1).AddIDs(F<&Node::notes>, {std::uint64_t{1} << 63}).Save();
  });
  CHECK(huge.Entity() == "Node");
  CHECK(huge.Field() == "notes");
  // The row itself is not there.
  const auto nowhere = [&](auto action) {
    CHECK(std::string(db.Refused<grapnel::NotFoundError>(action).what()) ==
          "Node not found: id 99");
  };
  nowhere([&] { db.nodes.UpdateOne(99).AddIDs(F<&Node::peers>, {1}).Save(); });
  nowhere([&] { db.nodes.UpdateOne(99).ClearEdge(F<&Node::tags>).Save(); });
  nowhere([&] { db.nodes.UpdateOne(99).Set(F<&Node::parent>, 1).Save(); });
  db.Refused<grapnel::StaleError>([&] {
    db.nodes.UpdateOne(1).Where(F<&Node::name> == "z").AddIDs(F<&Node::peers>, {1}).Save();
  });
  REQUIRE(db.nodes.Update().Where(F<&Node::id> == 99).AddIDs(F<&Node::peers>, {98}).Save() == 0);
}

TEST_CASE("B95 a table of pairs or a key's column that is missing is a SchemaError") {
  World db(2);
  db.Raw("DROP TABLE nodes_peers; ALTER TABLE Note RENAME COLUMN \"note of\" TO other");
  const auto refused = [&](const std::string& missing, auto action) {
    const auto error = db.Refused<grapnel::SchemaError>(action);
    INFO(error.what());
    CHECK(error.Entity() == "Node");
    CHECK(error.Reason().find(missing) != std::string::npos);
  };
  refused("nodes_peers", [&] { db.nodes.UpdateOne(1).AddIDs(F<&Node::peers>, {2}).Save(); });
  refused("nodes_peers", [&] { db.nodes.Query().With(F<&Node::peers>).All(); });
  refused("nodes_peers", [&] { db.nodes.Query().Where(F<&Node::peers>.Has()).All(); });
  refused("note of", [&] { db.nodes.Query().Where(F<&Node::notes>.Has()).All(); });
}

TEST_CASE("B77 a long list of neighbours is added, removed and replaced whole") {
  World db(1);
  Ids ids, odd;
  for (Id id = 2; id <= 2501; ++id) {
    ids.push_back(id);
    if (id % 2 == 1) odd.push_back(id);
  }
  db.Raw(
      "WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 2501) "
      "INSERT INTO nodes (id, name) SELECT i, i FROM n");
  db.nodes.UpdateOne(1).AddIDs(F<&Node::children>, ids).AddIDs(F<&Node::peers>, ids).Save();
  REQUIRE(db.Along<&Node::children>(1) == ids);
  REQUIRE(db.Along<&Node::peers>(1) == ids);
  REQUIRE(db.Raw("SELECT count(*) FROM nodes_peers") == Lines{"5000"});
  Ids even;
  std::set_difference(ids.begin(), ids.end(), odd.begin(), odd.end(), std::back_inserter(even));
  db.nodes.UpdateOne(1).RemoveIDs(F<&Node::children>, odd).RemoveIDs(F<&Node::peers>, odd).Save();
  REQUIRE(db.Along<&Node::children>(1) == even);
  REQUIRE(db.Along<&Node::peers>(1) == even);
  REQUIRE(db.Raw("SELECT count(*) FROM nodes_peers") == Lines{"2500"});
  db.nodes.UpdateOne(1).Set(F<&Node::children>, odd).ClearEdge(F<&Node::peers>).Save();
  REQUIRE(db.Along<&Node::children>(1) == odd);
  REQUIRE(db.Raw("SELECT count(*) FROM nodes_peers") == Lines{"0"});
}

/// Edges of nodes in memory, as sets of neighbours by node.
using Model = std::map<Id, std::set<Id>>;

/// What happens to one node's neighbours: cleared, then some taken away, then some added.
struct Change {
  bool clear;
  std::set<Id> remove, add;

  std::set<Id> Of(std::set<Id> ids) const {
    if (clear) ids.clear();
    for (const Id id : remove) ids.erase(id);
    ids.insert(add.begin(), add.end());
    return ids;
  }
  template <auto Edge, class Builder>
  void Tell(Builder& builder) const {
    const Ids added(add.begin(), add.end()), removed(remove.begin(), remove.end());
    if (clear) builder.ClearEdge(F<Edge>);
    builder.RemoveIDs(F<Edge>, removed).AddIDs(F<Edge>, added);
  }
};

TEST_CASE("B77 random changes of self-edges from either end agree with sets in memory") {
  constexpr Id kNodes = 7;
  World db(static_cast<int>(kNodes));
  std::mt19937 random(7);
  const auto pick = [&](Id below) {
    return static_cast<Id>(random() % static_cast<unsigned>(below));
  };
  const auto some = [&] {
    std::set<Id> ids;
    for (Id i = pick(4); i > 0; --i) ids.insert(1 + pick(kNodes));
    return ids;
  };
  Model peers, follows, followers, children;
  for (Id id = 1; id <= kNodes; ++id) peers[id], follows[id], followers[id], children[id];
  /// Makes row `id` of `one` be `to`, and the rows of `other` say the same.
  const auto assign = [](Model& one, Model& other, Id id, const std::set<Id>& to) {
    for (auto& [node, ids] : other) to.contains(node) ? void(ids.insert(id)) : void(ids.erase(id));
    one[id] = to;
  };
  for (int step = 0; step < 150; ++step) {
    const Id first = 1 + pick(kNodes), last = pick(3) == 0 ? std::min(kNodes, first + 2) : first;
    Change change{pick(3) == 0, some(), some()};
    for (const Id id : change.add) change.remove.erase(id);
    const auto write = [&](auto tell) {
      if (first == last) return static_cast<void>(tell(db.nodes.UpdateOne(first)).Save());
      auto many = db.nodes.Update().Where(F<&Node::id> >= first && F<&Node::id> <= last);
      const auto count = tell(many).Save();  // may throw
      REQUIRE(count == last - first + 1);
    };
    const auto apply = [&](Model& one, Model& other) {
      for (Id id = first; id <= last; ++id) assign(one, other, id, change.Of(one[id]));
    };
    const auto kind = pick(4);
    INFO("step " << step << " kind " << kind << " rows " << first << "-" << last);
    if (kind == 0) {
      write([&](auto&& b) -> auto& { return change.Tell<&Node::peers>(b), b; });
      apply(peers, peers);
    } else if (kind == 1) {
      write([&](auto&& b) -> auto& { return change.Tell<&Node::follows>(b), b; });
      apply(follows, followers);
    } else if (kind == 2) {
      write([&](auto&& b) -> auto& { return change.Tell<&Node::followers>(b), b; });
      apply(followers, follows);
    } else {  // a child has one parent: those of other nodes cannot be added
      Model changed = children;
      bool taken = false;
      for (Id id = first; id <= last; ++id) {
        changed[id] = change.Of(changed[id]);
        for (const auto& [node, ids] : changed) {
          for (const Id child : change.add) taken = taken || (node != id && ids.contains(child));
        }
      }
      const auto go = [&] {
        write([&](auto&& b) -> auto& { return change.Tell<&Node::children>(b), b; });
      };
      if (taken) {
        CHECK(db.Refused<ConstraintError>(go).Kind() == ConstraintKind::Unique);
      } else {
        go();
        children = changed;
      }
    }
    if (step % 10 != 9) continue;
    for (Id id = 1; id <= kNodes; ++id) {
      const auto list = [&](Model& model) { return Ids(model[id].begin(), model[id].end()); };
      REQUIRE(db.Along<&Node::peers>(id) == list(peers));
      REQUIRE(db.Along<&Node::follows>(id) == list(follows));
      REQUIRE(db.Along<&Node::followers>(id) == list(followers));
      REQUIRE(db.Along<&Node::children>(id) == list(children));
      for (const Id child : children[id]) REQUIRE(db.Along<&Node::parent>(child) == Ids{id});
    }
  }
}

}  // namespace
