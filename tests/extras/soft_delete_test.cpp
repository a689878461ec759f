/// B49, B204: deletions that hide rows, and what hangs on them, and can be taken back.
#include <grapnel/extras/soft_delete.hpp>

#include "contract/fixture.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <vector>

using grapnel::ConstraintError;
using grapnel::F;
using grapnel::Mutation;
using grapnel::NotFoundError;
using grapnel::Op;
using grapnel::extras::Purge;
using grapnel::extras::Restore;
using grapnel::extras::ShowDeleted;
using grapnel::extras::SoftDelete;
namespace hook = grapnel::hook;
using namespace std::chrono_literals;

namespace soft {

struct Team;
struct Task;
struct Remark;
struct Label;
struct Firm {  // hard, over soft teams
  std::int64_t id = 0;
  std::string name;
  grapnel::Many<Team> teams{};
  grapnel::Many<Label> labels{};
};
struct Team : SoftDelete {
  std::int64_t id = 0;
  std::string name;
  grapnel::One<Firm> firm{};
  grapnel::Many<Task> tasks{};
  grapnel::Many<Team> peers{};
};
struct Task : SoftDelete {
  std::int64_t id = 0;
  std::string title;
  grapnel::One<Team> team{};
  grapnel::Many<Remark> remarks{};
  grapnel::One<Task> parent{};
  grapnel::Many<Task> parts{};
};
struct Remark : SoftDelete {
  std::int64_t id = 0;
  std::string text;
  grapnel::One<Task> task{};
};
struct Label : SoftDelete {  // cannot be without its firm
  std::int64_t id = 0;
  std::string text;
  grapnel::One<Firm> firm{};
};
struct Hall {  // nor is this
  std::int64_t id = 0;
  grapnel::Many<struct Shelf> shelves{};
};
struct Shelf : SoftDelete {  // with books that are not soft
  std::int64_t id = 0;
  grapnel::Many<struct Book> books{};
  grapnel::One<Hall> hall{};
};
struct Book {
  std::int64_t id = 0;
  grapnel::One<Shelf> shelf{};
};
struct Room : SoftDelete {  // with keys that refuse
  std::int64_t id = 0;
  grapnel::Many<struct Key> keys{};
};
struct Key : SoftDelete {
  std::int64_t id = 0;
  grapnel::One<Room> room{};
};

}  // namespace soft
using namespace soft;

template <>
struct grapnel::Schema<Firm> {
  static constexpr std::string_view Type = "Firm";
  static constexpr auto Fields() { return grapnel::Fields(Field<&Firm::name>("name")); }
  static constexpr auto Edges() {
    return grapnel::Edges(To<&Firm::teams>("teams").OnDelete(Cascade),
                          To<&Firm::labels>("labels").OnDelete(Cascade));
  }
};
template <>
struct grapnel::Schema<Team> {
  static constexpr std::string_view Type = "Team";
  using Mixins = grapnel::Mixins<extras::SoftDelete>;
  static constexpr auto Fields() { return grapnel::Fields(Field<&Team::name>("name")); }
  static constexpr auto Edges() {
    return grapnel::Edges(From<&Team::firm>("firm").Ref<&Firm::teams>(),
                          To<&Team::tasks>("tasks").OnDelete(Cascade), To<&Team::peers>("peers"));
  }
  static auto Indexes() {
    return grapnel::Indexes(
        Index<&Team::name>().Unique().Where(F<&SoftDelete::deleted_at>.IsNull()));
  }
};
template <>
struct grapnel::Schema<Task> {
  static constexpr std::string_view Type = "Task";
  using Mixins = grapnel::Mixins<extras::SoftDelete>;
  static constexpr auto Fields() { return grapnel::Fields(Field<&Task::title>("title")); }
  static constexpr auto Edges() {
    return grapnel::Edges(From<&Task::team>("team").Ref<&Team::tasks>(),
                          To<&Task::remarks>("remarks").OnDelete(Cascade),
                          From<&Task::parent>("parent").Ref<&Task::parts>(),
                          To<&Task::parts>("parts").OnDelete(Cascade));
  }
};
template <>
struct grapnel::Schema<Remark> {
  static constexpr std::string_view Type = "Remark";
  using Mixins = grapnel::Mixins<extras::SoftDelete>;
  static constexpr auto Fields() { return grapnel::Fields(Field<&Remark::text>("text")); }
  static constexpr auto Edges() {
    return grapnel::Edges(From<&Remark::task>("task").Ref<&Task::remarks>());
  }
};
template <>
struct grapnel::Schema<Label> {
  static constexpr std::string_view Type = "Label";
  using Mixins = grapnel::Mixins<extras::SoftDelete>;
  static constexpr auto Fields() { return grapnel::Fields(Field<&Label::text>("text")); }
  static constexpr auto Edges() {
    return grapnel::Edges(From<&Label::firm>("firm").Ref<&Firm::labels>().Required());
  }
};
template <>
struct grapnel::Schema<Hall> {
  static constexpr std::string_view Type = "Hall";
  static constexpr auto Edges() {
    return grapnel::Edges(To<&Hall::shelves>("shelves").OnDelete(Cascade));
  }
};
template <>
struct grapnel::Schema<Shelf> {
  static constexpr std::string_view Type = "Shelf";
  using Mixins = grapnel::Mixins<extras::SoftDelete>;
  static constexpr auto Edges() {
    return grapnel::Edges(To<&Shelf::books>("books").OnDelete(Cascade),
                          From<&Shelf::hall>("hall").Ref<&Hall::shelves>());
  }
};
template <>
struct grapnel::Schema<Book> {
  static constexpr std::string_view Type = "Book";
  static constexpr auto Edges() {
    return grapnel::Edges(From<&Book::shelf>("shelf").Ref<&Shelf::books>());
  }
};
template <>
struct grapnel::Schema<Room> {
  static constexpr std::string_view Type = "Room";
  using Mixins = grapnel::Mixins<extras::SoftDelete>;
  static constexpr auto Edges() { return grapnel::Edges(To<&Room::keys>("keys")); }
};
template <>
struct grapnel::Schema<Key> {
  static constexpr std::string_view Type = "Key";
  using Mixins = grapnel::Mixins<extras::SoftDelete>;
  static constexpr auto Edges() {
    return grapnel::Edges(From<&Key::room>("room").Ref<&Room::keys>().Required());
  }
};

namespace {

using Db = Fixture<Firm, Team, Task, Remark, Label, Hall, Shelf, Book, Room, Key>;

struct Model : Db {
  Firm firm = client.Of<Firm>().Create().Set(F<&Firm::name>, "Firm").Save();
  Team red = AddTeam("red"), blue = AddTeam("blue");
  Task a = AddTask("a", red.id), b = AddTask("b", red.id), c = AddTask("c", blue.id);
  Task a1 =
      client.Of<Task>().Create().Set(F<&Task::title>, "a1").Set(F<&Task::parent>, a.id).Save();
  Remark on_a = AddRemark("on a", a.id), on_a1 = AddRemark("on a1", a1.id),
         on_c = AddRemark("on c", c.id);
  grapnel::Client all = client.With(ShowDeleted{});

  Team AddTeam(std::string name) {
    return client.Of<Team>()
        .Create()
        .Set(F<&Team::name>, std::move(name))
        .Set(F<&Team::firm>, firm.id)
        .Save();
  }
  Task AddTask(std::string title, std::int64_t team) {
    return client.Of<Task>()
        .Create()
        .Set(F<&Task::title>, std::move(title))
        .Set(F<&Task::team>, team)
        .Save();
  }
  Remark AddRemark(std::string text, std::int64_t task) {
    return client.Of<Remark>()
        .Create()
        .Set(F<&Remark::text>, std::move(text))
        .Set(F<&Remark::task>, task)
        .Save();
  }
  /// What is there, and what is shown.
  Lines Shown() const {
    Lines lines;
    for (const Team& t : client.Of<Team>().Query().All()) lines.push_back(t.name);
    for (const Task& t : client.Of<Task>().Query().All()) lines.push_back(t.title);
    for (const Remark& r : client.Of<Remark>().Query().All()) lines.push_back(r.text);
    std::sort(lines.begin(), lines.end());
    return lines;
  }
  static Lines Sorted(Lines lines) {
    std::sort(lines.begin(), lines.end());
    return lines;
  }
};

}  // namespace

TEST_CASE_METHOD(Model, "B204 a deletion hides a row and what hangs on it, at any depth") {
  client.Of<Team>().DeleteOne(red.id).Exec();
  CHECK(Shown() == Sorted({"blue", "c", "on c"}));
  CHECK(Raw(R"(SELECT count(*) FROM "Task")") == Lines{"4"});
  CHECK(Raw(R"(SELECT count(DISTINCT deletion) FROM (SELECT deletion FROM "Team" UNION
               SELECT deletion FROM "Task" UNION SELECT deletion FROM "Remark") AS all_of_them)") ==
        Lines{"1"});
  CHECK(all.Of<Task>().Query().Count() == 4);
  CHECK(all.Of<Task>().Get(a.id).team.ID() == red.id);
  CHECK(Restore<Team>(client, red.id) == 6);
  CHECK(Shown().size() == 9);
  CHECK(Restore<Team>(client, red.id) == 0);
  CHECK_THROWS_AS(Restore<Team>(client, 99), NotFoundError);
}

TEST_CASE_METHOD(Model, "B49 B204 no read finds a hidden row, and a per-call value shows it") {
  client.Of<Team>().UpdateOne(blue.id).AddIDs(F<&Team::peers>, {red.id}).Save();
  client.Of<Task>().DeleteOne(c.id).Exec();
  client.Of<Team>().DeleteOne(red.id).Exec();
  const auto look = [&](const grapnel::Client& by, bool shown) {
    const auto teams = by.Of<Team>();
    const auto tasks = by.Of<Task>();
    const std::int64_t there = shown ? 1 : 0;
    CHECK(teams.Query().Where(F<&Team::id> == red.id).Count() == there);
    CHECK(teams.Query().Where(F<&Team::id> == red.id).Exist() == shown);
    CHECK(teams.Query().IDs().size() == (shown ? 2U : 1U));
    CHECK(teams.Find(red.id).has_value() == shown);
    CHECK(teams.Query().Where(F<&Team::tasks>.Has(F<&Task::id> == c.id)).Count() == there);
    CHECK(teams.Query().Where(F<&Team::id> == blue.id).Traverse(F<&Team::peers>).Count() == there);
    CHECK(teams.Query().Traverse(F<&Team::tasks>).Count() == (shown ? 3 : 0));
    CHECK(tasks.Query().GroupBy(F<&Task::title>).Select(grapnel::Count()).All().size() ==
          (shown ? 4U : 0U));
    CHECK(tasks.Query().Max(F<&Task::id>).has_value() == shown);
    const auto loaded = teams.Query()
                            .Where(F<&Team::id> == blue.id)
                            .With(F<&Team::tasks>)
                            .With(F<&Team::peers>)
                            .Only();
    CHECK((loaded.tasks.size() == (shown ? 1U : 0U) && loaded.peers.size() == (shown ? 1U : 0U)));
    int walked = 0;
    by.Of<Remark>().Query().ForEach([&](const Remark&) { ++walked; });
    CHECK(walked == (shown ? 3 : 0));
  };
  look(client, false);
  look(all, true);
}

TEST_CASE_METHOD(Model, "B204 no write finds a hidden row, nor gives an edge its id") {
  client.Of<Team>().DeleteOne(red.id).Exec();
  CHECK_THROWS_AS(client.Of<Team>().DeleteOne(red.id).Exec(), NotFoundError);
  CHECK_THROWS_AS(client.Of<Team>().UpdateOne(red.id).Set(F<&Team::name>, "x").Save(),
                  NotFoundError);
  CHECK(client.Of<Team>().Update().Set(F<&Team::name>, "blue").Save() == 1);
  CHECK(client.Of<Task>().Delete().Where(F<&Task::title> == "a").Exec() == 0);
  CHECK_THROWS_AS(AddTask("new", red.id), ConstraintError);
  CHECK_THROWS_AS(client.Of<Team>().UpdateOne(blue.id).AddIDs(F<&Team::tasks>, {a.id}).Save(),
                  ConstraintError);
  CHECK_THROWS_AS(client.Of<Team>().UpdateOne(blue.id).AddIDs(F<&Team::peers>, {red.id}).Save(),
                  ConstraintError);
}

TEST_CASE_METHOD(Model, "B204 what one deletion hid comes back together, and nothing else") {
  client.Of<Remark>().DeleteOne(on_a.id).Exec();
  client.Of<Task>().DeleteOne(b.id).Exec();
  CHECK(client.Of<Team>().Delete().Exec() == 2);
  CHECK(Shown().empty());
  CHECK(Restore<Team>(client, blue.id) == 7);  // of both teams, for one call hid them
  CHECK(Shown() == Sorted({"a", "a1", "blue", "c", "on a1", "on c", "red"}));
  CHECK(Restore<Task>(client, b.id) == 1);
  CHECK(Restore<Remark>(client, on_a.id) == 1);
  CHECK(Shown().size() == 9);
  CHECK(
      Raw(R"(SELECT count(*) FROM "Task" WHERE deletion IS NOT NULL OR deleted_at IS NOT NULL)") ==
      Lines{"0"});
}

TEST_CASE_METHOD(Model, "B204 a deletion that a hook tries again is one deletion") {
  bool fails = true;
  client.Of<Team>().Use([](Mutation<Team>& m, grapnel::Next<Team> next) -> grapnel::Value<Team> {
    try {
      return next(m);
    } catch (const std::runtime_error&) {
      return next(m);
    }
  });
  client.Of<Remark>().Use(grapnel::hook::On(grapnel::hook::Before([&fails](Mutation<Remark>&) {
                                              if (std::exchange(fails, false))
                                                throw std::runtime_error("once");
                                            }),
                                            grapnel::Op::Delete));
  client.Of<Team>().DeleteOne(red.id).Exec();
  CHECK((!fails && Shown() == Sorted({"blue", "c", "on c"})));
  CHECK(Restore<Team>(client, red.id) == 6);
}

TEST_CASE_METHOD(Model, "B204 a deletion that a hook begins inside of one is one of its own") {
  client.Of<Task>().Use(grapnel::hook::Before([&](Mutation<Task>& m) {
    if (m.Cause() == grapnel::Cause::Cascade && m.Op() == grapnel::Op::Delete)
      m.Client().Of<Task>().Delete().Where(F<&Task::id> == c.id).Exec();
  }));
  client.Of<Team>().DeleteOne(red.id).Exec();
  CHECK(Shown() == Lines{"blue"});
  CHECK(Restore<Team>(client, red.id) == 6);
  CHECK(Restore<Task>(client, c.id) == 2);
}

TEST_CASE_METHOD(Model, "B204 who may not change a type can restore what has none of its rows") {
  client.Of<Remark>().Use(grapnel::hook::Reject(grapnel::Op::Update | grapnel::Op::UpdateOne));
  client.Of<Task>().DeleteOne(b.id).Exec();
  const auto rule = client.Of<Remark>().Guard(
      [](grapnel::AnyReading&) { return grapnel::guard::Deny("nobody reads them"); });
  CHECK(Restore<Task>(client, b.id) == 1);
}

TEST_CASE_METHOD(Model, "B204 a rule that keeps what hangs on a row refuses its deletion") {
  const auto as_before = Shown();
  auto rule =
      client.Of<Remark>().Guard([](Mutation<Remark>& m) { m.Where(F<&Remark::text> != "on a1"); });
  const auto told = [&](auto deletion) -> std::string {
    try {
      deletion();
    } catch (const ConstraintError& error) {
      return error.what();
    }
    return "";
  };
  CHECK(told([&] { client.Of<Team>().DeleteOne(red.id).Exec(); }) ==
        "Team: DeleteOne breaks a foreign key constraint (a guard or a hook kept rows of Remark "
        "that would be deleted with it)");
  CHECK(Shown() == as_before);
  CHECK(told([&] { client.Of<Firm>().DeleteOne(firm.id).Exec(); }).find('1') == std::string::npos);
  CHECK((Shown() == as_before && client.Of<Firm>().Query().Count() == 1));
  rule.Remove();
  client.Of<Firm>().DeleteOne(firm.id).Exec();
  CHECK(Shown().empty());
}

TEST_CASE_METHOD(Model, "B204 what a hook hangs on a row while it is hidden refuses that") {
  const auto as_before = Shown();
  client.Of<Remark>().Use(grapnel::hook::After([&](const Mutation<Remark>& m,
                                                   grapnel::Value<Remark>&) {
    if (m.Cause() != grapnel::Cause::Cascade) return;
    m.Client().Of<Task>().Create().Set(F<&Task::title>, "new").Set(F<&Task::team>, red.id).Save();
  }));
  CHECK_THROWS_AS(client.Of<Team>().DeleteOne(red.id).Exec(), ConstraintError);
  CHECK(Shown() == as_before);
}

TEST_CASE_METHOD(Model, "B204 hooks see none of the rows that were hidden before") {
  client.Of<Remark>().DeleteOne(on_a.id).Exec();
  client.Of<Task>().DeleteOne(c.id).Exec();
  std::vector<std::string> seen;
  client.Of<Remark>().Use(hook::Before([&](Mutation<Remark>& m) {
    for (const Remark& each : m.OldRows()) seen.push_back(each.text);
  }));
  client.Of<Team>().Delete().Exec();
  CHECK(seen == Lines{"on a1"});
}

TEST_CASE_METHOD(Model, "B204 what hooks delete inside of Restore and Purge is hidden") {
  const auto there = [&] { return Raw(R"(SELECT count(*) FROM "Remark")").at(0); };
  client.Of<Task>().DeleteOne(b.id).Exec();
  auto hook = client.Of<Task>().Use(hook::Before([&](Mutation<Task>& m) {
    m.Client().Of<Remark>().DeleteOne(on_c.id).Exec();
    m.AfterCommit([&](const grapnel::Client& after) {
      after.Of<Remark>().Delete().Where(F<&Remark::id> == on_a.id).Exec();
      after.WithTx([&](grapnel::Tx& tx) { tx.Of<Remark>().DeleteOne(on_a1.id).Exec(); });
    });
  }));
  CHECK(Restore<Task>(client, b.id) == 1);
  CHECK((Shown() == Sorted({"a", "a1", "b", "blue", "c", "red"}) && there() == "3"));
  hook.Remove();
  CHECK(client.With(ShowDeleted{}).Of<Remark>().Query().Count() == 3);
  for (const Remark& each : {on_a, on_a1, on_c}) Restore<Remark>(client, each.id);
  client.Of<Task>().DeleteOne(b.id).Exec();
  client.Of<Task>().Use(hook::Before([&](Mutation<Task>& m) {
    if (m.Op() != grapnel::Op::Delete) return;
    m.Client().Of<Remark>().DeleteOne(on_c.id).Exec();
    m.AfterCommit([&](const grapnel::Client& after) {
      after.WithTx([&](grapnel::Tx& tx) { tx.Of<Remark>().DeleteOne(on_a1.id).Exec(); });
    });
  }));
  CHECK(grapnel::extras::Purge(client, std::chrono::hours(0)) == 1);
  CHECK((Shown() == Sorted({"a", "a1", "blue", "c", "on a", "red"}) && there() == "3"));
}

TEST_CASE_METHOD(Model, "B204 unique among the living, and a restore whose value is taken") {
  client.Of<Team>().DeleteOne(red.id).Exec();
  const Team other = AddTeam("red");
  CHECK_THROWS_AS(AddTeam("red"), ConstraintError);
  CHECK_THROWS_AS(Restore<Team>(client, red.id), ConstraintError);
  CHECK(Shown() == Sorted({"blue", "c", "on c", "red"}));
  client.Of<Team>().DeleteOne(other.id).Exec();
  CHECK(Restore<Team>(client, red.id) == 6);
}

TEST_CASE_METHOD(Model, "B204 a hard parent of soft children can be deleted") {
  client.Of<Label>().Create().Set(F<&Label::text>, "x").Set(F<&Label::firm>, firm.id).Save();
  const auto gone =
      client.Of<Label>().Create().Set(F<&Label::text>, "y").Set(F<&Label::firm>, firm.id).Save();
  client.Of<Label>().DeleteOne(gone.id).Exec();
  client.Of<Team>().DeleteOne(blue.id).Exec();
  client.Of<Firm>().DeleteOne(firm.id).Exec();
  CHECK(Raw(R"(SELECT count(*) FROM "Firm")") == Lines{"0"});
  CHECK(Raw(R"(SELECT count(*) FROM "Label")") == Lines{"0"});  // which cannot be without it
  CHECK(Raw(R"(SELECT count(*), count(firm_id) FROM "Team")") == Lines{"2|0"});
  CHECK(Raw(R"(SELECT count(*), count(deleted_at) FROM "Task")") == Lines{"4|4"});
  CHECK(Shown().empty());
  CHECK(Restore<Team>(client, blue.id) == 3);
  CHECK(Shown() == Sorted({"blue", "c", "on c"}));
}

TEST_CASE("B204 what could not come back is not deleted") {
  Db db;
  const Shelf shelf = db.client.Of<Shelf>().Create().Save();
  db.client.Of<Book>().Create().Set(F<&Book::shelf>, shelf.id).Save();
  const auto error =
      Thrown<ConstraintError>([&] { db.client.Of<Shelf>().DeleteOne(shelf.id).Exec(); });
  CHECK(std::string(error.what()).find("1 Book hangs on it and would be deleted for good") !=
        std::string::npos);
  CHECK(db.client.Of<Book>().Query().Count() == 1);
  CHECK(db.client.Of<Shelf>().Query().Count() == 1);
  db.client.Of<Book>().Delete().Exec();
  db.client.Of<Shelf>().DeleteOne(shelf.id).Exec();
  CHECK(db.client.Of<Shelf>().Query().Count() == 0);
}

TEST_CASE("B204 below a row that is really deleted types without the mixin go for good") {
  for (const bool hooked : {false, true}) {
    Db db;
    if (hooked) db.client.Of<Book>().Use(hook::Before([](Mutation<Book>&) {}));
    const Hall hall = db.client.Of<Hall>().Create().Save();
    const Shelf shelf = db.client.Of<Shelf>().Create().Set(F<&Shelf::hall>, hall.id).Save();
    db.client.Of<Book>().Create().Set(F<&Book::shelf>, shelf.id).Save();
    db.client.Of<Hall>().DeleteOne(hall.id).Exec();
    CHECK(
        (db.client.Of<Book>().Query().Count() == 0 && db.client.Of<Shelf>().Query().Count() == 0));
    CHECK(Restore<Shelf>(db.client, shelf.id) == 1);
    CHECK_FALSE(db.client.Of<Shelf>().Get(shelf.id).hall.ID());
  }
}

TEST_CASE("B204 an edge that restricts refuses for rows that are shown") {
  Db db;
  const Room room = db.client.Of<Room>().Create().Save();
  const Key key = db.client.Of<Key>().Create().Set(F<&Key::room>, room.id).Save();
  const auto remove = [&] { db.client.Of<Room>().DeleteOne(room.id).Exec(); };
  CHECK(std::string(Thrown<ConstraintError>(remove).what()).find("1 Key refers to it") !=
        std::string::npos);
  db.client.Of<Key>().DeleteOne(key.id).Exec();
  remove();
  CHECK(db.client.Of<Room>().Query().Count() == 0);
  CHECK(Purge(db.client, 0s) == 2);  // the room is refused until its key is gone
}

TEST_CASE_METHOD(Model, "B204 Purge deletes for good what was deleted long enough ago, by hooks") {
  auto now = std::chrono::system_clock::now();
  const grapnel::extras::ScopedClock clock([&] { return now; });
  Lines log;
  client.Use([&]<class E>(Mutation<E>& m, grapnel::Next<E> next) {
    log.push_back(std::string(m.Type()) + " " + ToString(m.Op()));
    return next(m);
  });
  client.Of<Task>().DeleteOne(c.id).Exec();
  now += 10h;
  client.Of<Team>().DeleteOne(red.id).Exec();
  now += 10h;
  Take(log);
  CHECK(Purge(client, 15h) == 1);
  CHECK(log == Lines{"Task Delete", "Remark Delete"});
  CHECK(Raw(R"(SELECT count(*) FROM "Task")") == Lines{"3"});
  CHECK(Raw(R"(SELECT count(*) FROM "Remark")") == Lines{"2"});
  Purge(client, 1h);
  CHECK(Raw(R"(SELECT name FROM "Team")") == Lines{"blue"});
  CHECK(Raw(R"(SELECT count(*) FROM "Remark")") == Lines{"0"});
  CHECK(Purge(client, 0s) == 0);
}

TEST_CASE_METHOD(Model, "B204 Purge takes no row along that has come back") {
  client.Of<Remark>().DeleteOne(on_c.id).Exec();
  client.Of<Task>().DeleteOne(c.id).Exec();
  Restore<Remark>(client, on_c.id);  // though its task is still deleted
  CHECK_THROWS_AS(Purge(client, 0s), ConstraintError);
  CHECK(client.Of<Remark>().Get(on_c.id).text == "on c");
  Restore<Task>(client, c.id);
  CHECK(Purge(client, 0s) == 0);
}

TEST_CASE_METHOD(Model, "B204 clearing an edge leaves hidden neighbours where they are") {
  client.Of<Task>().DeleteOne(a.id).Exec();
  client.Of<Team>().UpdateOne(red.id).ClearEdge(F<&Team::tasks>).Save();
  CHECK(all.Of<Task>().Get(a.id).team.ID() == red.id);
  CHECK(client.Of<Task>().Get(b.id).team.ID() == std::nullopt);
}

TEST_CASE_METHOD(Model, "B204 with ShowDeleted a deletion is for good") {
  client.Of<Task>().DeleteOne(a1.id).Exec();
  all.Of<Task>().DeleteOne(a.id).Exec();
  CHECK(Raw(R"(SELECT title FROM "Task" ORDER BY title)") == Lines{"b", "c"});
  CHECK(Raw(R"(SELECT text FROM "Remark")") == Lines{"on c"});
}

TEST_CASE_METHOD(Model,
                 "B204 a failed deletion hides nothing, and a hook of a child's may refuse") {
  client.Of<Remark>().Use(hook::Reject(Op::Delete));
  CHECK_THROWS_AS(client.Of<Team>().DeleteOne(red.id).Exec(), grapnel::RejectedError);
  CHECK(Shown().size() == 9);
  client.Of<Task>().DeleteOne(b.id).Exec();
  CHECK(Shown().size() == 8);
}

TEST_CASE("B204 KeepRows is said of a deletion") {
  Db db;
  db.client.Of<Firm>().Use(hook::Before([](Mutation<Firm>& m) { m.KeepRows(); }));
  CHECK_THROWS_AS(db.client.Of<Firm>().Create().Set(F<&Firm::name>, "x").Save(), grapnel::Error);
}

TEST_CASE("B204 whatever is deleted and restored, what is shown is what a model says") {
  for (unsigned seed = 0; seed < 6; ++seed) {
    INFO("seed " << seed);
    Db db;
    std::mt19937 random(seed);
    struct Row {
      std::optional<std::int64_t> parent;
      int deletion = 0;
    };
    std::map<std::int64_t, Row> rows;
    std::vector<std::int64_t> ids;
    int deletions = 0;
    const auto hide = [&](const auto& self, std::int64_t id, int deletion) -> void {
      if (rows[id].deletion == 0) rows[id].deletion = deletion;
      for (const auto& [child, row] : rows) {
        if (row.parent == id) self(self, child, deletion);
      }
    };
    for (int step = 0; step < 120; ++step) {
      const auto any = [&] { return ids.empty() ? 1 : ids[random() % ids.size()]; };
      const auto tasks = db.client.Of<Task>();
      switch (random() % 5) {
        case 0:
        case 1: {
          auto create = tasks.Create();
          create.Set(F<&Task::title>, "t");
          std::optional<std::int64_t> parent;
          if (!ids.empty() && random() % 4 != 0) parent = any();
          if (parent) create.Set(F<&Task::parent>, *parent);
          if (parent && rows[*parent].deletion != 0) {
            CHECK_THROWS_AS(create.Save(), ConstraintError);
            break;
          }
          const auto id = create.Save().id;
          rows[id].parent = parent;
          ids.push_back(id);
          break;
        }
        case 2: {
          const auto id = any();
          if (!rows.contains(id)) break;
          if (rows[id].deletion != 0) {
            CHECK_THROWS_AS(tasks.DeleteOne(id).Exec(), NotFoundError);
          } else {
            tasks.DeleteOne(id).Exec();
            hide(hide, id, ++deletions);
          }
          break;
        }
        case 3: {
          const auto least = any();
          ++deletions;
          std::int64_t direct = 0;
          std::vector<std::int64_t> going;
          for (const auto& [id, row] : rows) {
            if (id >= least && row.deletion == 0) going.push_back(id);
          }
          for (const auto id : going) hide(hide, id, deletions);
          direct = static_cast<std::int64_t>(going.size());
          CHECK(tasks.Delete().Where(F<&Task::id> >= least).Exec() <= direct);
          break;
        }
        default: {
          const auto id = any();
          if (!rows.contains(id)) break;
          const int deletion = rows[id].deletion;
          std::int64_t back = 0;
          for (auto& [other, row] : rows) {
            if (deletion != 0 && row.deletion == deletion) {
              row.deletion = 0;
              ++back;
            }
          }
          CHECK(Restore<Task>(db.client, id) == back);
        }
      }
      std::vector<std::int64_t> shown;
      for (const auto& [id, row] : rows) {
        if (row.deletion == 0) shown.push_back(id);
      }
      REQUIRE(tasks.Query().Order(Asc(F<&Task::id>)).IDs() == shown);
    }
  }
}
