// B207: the ready-made mixins, on each engine.
#include <grapnel/extras/mixins.hpp>

#include "contract/fixture.hpp"
#include "support/catch.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace ready {

using namespace grapnel::extras;  // NOLINT: of a test
using Time = Clock::Time;

/// A soft delete: deletions become updates, by `next` or by Mutate.
struct Buried {
  bool buried = false;
};
bool by_mutate = false;

struct Folder;
struct Tag;

/// A note whose type lists its mixins in one of six orders.
template <int Order>
struct Note : Uuid, Timestamps, Versioned, Buried {
  std::string code;
  std::int64_t size = 0;
  grapnel::One<Folder> folder{};
  grapnel::Many<Tag> tags{};
};
using First = Note<0>;

struct Folder : Uuid, Timestamps, Versioned {
  std::string name;
  grapnel::Many<First> notes{};
};
struct Tag : Versioned {
  std::int64_t id = 0;
  grapnel::Many<First> notes{};
};

template <int Order, class A, class B, class C>
struct Ordered;
template <class A, class B, class C>
struct Ordered<0, A, B, C> {
  using type = grapnel::Mixins<Uuid, A, B, C>;
};
template <class A, class B, class C>
struct Ordered<1, A, B, C> {
  using type = grapnel::Mixins<A, C, Uuid, B>;
};
template <class A, class B, class C>
struct Ordered<2, A, B, C> {
  using type = grapnel::Mixins<B, A, C, Uuid>;
};
template <class A, class B, class C>
struct Ordered<3, A, B, C> {
  using type = grapnel::Mixins<B, Uuid, C, A>;
};
template <class A, class B, class C>
struct Ordered<4, A, B, C> {
  using type = grapnel::Mixins<C, A, B, Uuid>;
};
template <class A, class B, class C>
struct Ordered<5, A, B, C> {
  using type = grapnel::Mixins<Uuid, C, B, A>;
};

inline constexpr std::string_view kNames[] = {"Note", "Note1", "Note2", "Note3", "Note4", "Note5"};

}  // namespace ready

template <>
struct grapnel::Schema<ready::Buried> {
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&ready::Buried::buried>("buried").Default(false));
  }
  template <class E>
  static auto Hooks() {
    return grapnel::Hooks(hook::On(
        [](Mutation<E>& m, Next<E> next) {
          m.SetOp(m.Op() == Op::Delete ? Op::Update : Op::UpdateOne);
          m.Set(F<&ready::Buried::buried>, true);
          return ready::by_mutate ? m.Client().Mutate(m) : next(m);
        },
        Op::Delete | Op::DeleteOne));
  }
};
template <int Order>
struct grapnel::Schema<ready::Note<Order>> {
  using Note = ready::Note<Order>;
  static constexpr std::string_view Type = ready::kNames[Order];
  using Mixins =
      typename ready::Ordered<Order, ready::Timestamps, ready::Versioned, ready::Buried>::type;
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&Note::code>("code").Unique(),
                           Field<&Note::size>("size").Default(0));
  }
  static constexpr auto Edges() {
    if constexpr (Order == 0) {
      return grapnel::Edges(From<&Note::folder>("folder").template Ref<&ready::Folder::notes>(),
                            To<&Note::tags>("tags"));
    } else {
      return grapnel::Edges();
    }
  }
};
template <>
struct grapnel::Schema<ready::Folder> {
  static constexpr std::string_view Type = "Folder";
  using Mixins = grapnel::Mixins<ready::Versioned, ready::Uuid, ready::Timestamps>;
  static constexpr auto Fields() { return grapnel::Fields(Field<&ready::Folder::name>("name")); }
  static constexpr auto Edges() { return grapnel::Edges(To<&ready::Folder::notes>("notes")); }
};
template <>
struct grapnel::Schema<ready::Tag> {
  static constexpr std::string_view Type = "Tag";
  using Mixins = grapnel::Mixins<ready::Versioned>;
  static constexpr auto Edges() {
    return grapnel::Edges(From<&ready::Tag::notes>("notes").Ref<&ready::First::tags>());
  }
};

namespace {

using grapnel::F;
using grapnel::Mutation;
using grapnel::Op;
using grapnel::extras::IsUuid;
using grapnel::extras::ScopedClock;
using ready::First;
using ready::Folder;
using ready::Note;
using ready::Tag;
using ready::Time;
using namespace std::chrono_literals;

/// A clock of the test's own, which stands still unless it is told.
struct Clock {
  Time now = std::chrono::sys_days(std::chrono::year(2024) / 2 / 29);
  ScopedClock scoped{[this] { return now; }};
};

struct Db : Fixture<First, Folder, Tag> {
  Clock clock{};
  grapnel::store::HookedEntities<First> notes = client.Of<First>();

  First Make(const std::string& code) const {
    return notes.Create().Set(F<&First::code>, code).Save();
  }
  /// code, version, and how many seconds ago it was created and updated.
  Lines Notes() const {
    Lines lines;
    for (const First& note : notes.Query().Order(Asc(F<&First::code>)).All()) {
      const auto ago = [&](Time time) { return std::to_string((clock.now - time) / 1s); };
      lines.push_back(note.code + " v" + std::to_string(note.version) + " " + ago(note.created_at) +
                      " " + ago(note.updated_at));
    }
    return lines;
  }
};

TEST_CASE("B207 a row begins with one time and version 1, and every kind of update changes them") {
  Db db;
  Time& now = db.clock.now;
  const First a = db.Make("a");
  CHECK(a.version == 1);
  CHECK(a.created_at == now);
  CHECK(a.updated_at == now);
  CHECK(IsUuid(a.id));
  db.Make("b");
  now += 10s;

  const First changed = db.notes.UpdateOne(a.id).Set(F<&First::size>, 1).Save();
  CHECK(changed.version == 2);
  CHECK(changed.updated_at == now);
  CHECK(changed.created_at == now - 10s);
  CHECK(db.Notes() == Lines{"a v2 10 0", "b v1 10 10"});

  now += 10s;
  CHECK(db.notes.Update().Add(F<&First::size>, 1).Save() == 2);
  CHECK(db.Notes() == Lines{"a v3 20 0", "b v2 20 0"});
  now += 10s;
  db.notes.Update().Where(F<&First::code> == "none").Set(F<&First::size>, 1).Save();
  CHECK_THROWS_AS(db.notes.UpdateOne("no such").Set(F<&First::size>, 1).Save(),
                  grapnel::NotFoundError);
  CHECK(db.Notes() == Lines{"a v3 30 10", "b v2 30 10"});
  db.notes.UpdateOne(a.id).Save();  // says nothing, and is a write
  CHECK(db.Notes() == Lines{"a v4 30 0", "b v2 30 10"});
}

TEST_CASE("B207 times that are given stand; 1970 sharp is none in a Create") {
  Db db;
  const Time then = std::chrono::sys_days(std::chrono::year(2001) / 1 / 1);
  First row;
  row.code = "imported";
  row.created_at = then;
  row.updated_at = then + 1h;
  CHECK(db.notes.Create(row).Save().updated_at == then + 1h);
  const First half =
      db.notes.Create().Set(F<&First::code>, "half").Set(F<&First::created_at>, then).Save();
  CHECK(half.created_at == then);
  CHECK(half.updated_at == then);
  const First updated =
      db.notes.Create().Set(F<&First::code>, "updated").Set(F<&First::updated_at>, then).Save();
  CHECK(updated.created_at == db.clock.now);
  CHECK(updated.updated_at == then);
  CHECK(db.notes.UpdateOne(half.id).Set(F<&First::updated_at>, then + 1s).Save().updated_at ==
        then + 1s);
  CHECK(db.notes.UpdateOne(half.id).Set(F<&First::updated_at>, Time()).Save().updated_at == Time());
  // What a hook gives stands as well, and created_at alone dates both.
  db.notes.Use(grapnel::hook::On(grapnel::hook::Before([&](grapnel::Mutation<First>& m) {
                                   m.Set(F<&First::created_at>, then - 1s);
                                 }),
                                 Op::Create));
  const First hooked = db.Make("hooked");
  CHECK(hooked.created_at == then - 1s);
  CHECK(hooked.updated_at == then - 1s);
}

TEST_CASE("B207 who says which version was seen, and comes too late, gets a StaleError") {
  Db db;
  const First seen = db.Make("a");
  const auto save = [&](std::int64_t size) {
    First edited = seen;
    edited.size = size;
    return db.notes.UpdateOne(edited, F<&First::size>, F<&First::version>).Save();
  };
  CHECK(save(1).version == 2);
  db.clock.now += 1s;
  const auto late = Thrown<grapnel::StaleError>([&] { save(2); });
  CHECK(late.Entity() == "Note");
  CHECK(db.Notes() == Lines{"a v2 1 1"});
  CHECK(db.notes.Get(seen.id).size == 1);
  CHECK(
      db.notes.UpdateOne(seen.id).Set(F<&First::version>, 2).Add(F<&First::size>, 5).Save().size ==
      6);
  CHECK_THROWS_AS(db.notes.UpdateOne("none").Set(F<&First::version>, 2).Save(),
                  grapnel::NotFoundError);
  // By name, and inside a transaction, which goes on.
  db.client.WithTx([&](grapnel::Tx& tx) {
    CHECK_THROWS_AS(tx.Of<First>().UpdateOne(seen.id).Set(F<&First::version>, 2).Save(),
                    grapnel::StaleError);
    tx.Of<First>().UpdateOne(seen.id).Set(F<&First::version>, 3).Save();
  });
  CHECK(db.Notes() == Lines{"a v4 1 0"});

  // Nobody else says it: of many rows it is refused, an addition is one like any other.
  const auto many = Thrown<grapnel::ValidationError>(
      [&] { db.notes.Update().Set(F<&First::version>, 4).Set(F<&First::size>, 0).Save(); });
  CHECK(many.Entity() == "Note");
  CHECK(many.Field() == "version");
  CHECK(many.Op() == Op::Update);
  CHECK(db.notes.Update().Where(F<&First::version> == 4).Set(F<&First::size>, 0).Save() == 1);
  db.notes.UpdateOne(seen.id).Add(F<&First::version>, 100).Save();
  db.client.Of<First>().Use(grapnel::hook::Before(
      [](grapnel::AnyMutation& m) { m.AddField("version", std::int64_t{3}); }));
  db.notes.UpdateOne(seen.id).Save();
  CHECK(db.Notes() == Lines{"a v7 1 0"});
  CHECK(db.Make("b").version == 1);
}

TEST_CASE("B207 in a bulk each row has its own, whatever its members hold") {
  Db db;
  std::vector<First> rows(300);
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i].code = std::to_string(i);
  rows[1].version = 7;
  rows[2].created_at = rows[2].updated_at = Time(1h);
  rows[3].id = "0190163d-8694-739b-aea5-966c26f8ad91";
  const auto made = db.notes.CreateBulk(rows).Save();
  std::set<std::string> ids;
  for (std::size_t i = 0; i < made.size(); ++i) {
    REQUIRE(made[i].version == 1);
    REQUIRE(made[i].created_at == (i == 2 ? Time(1h) : db.clock.now));
    REQUIRE(made[i].updated_at == made[i].created_at);
    if (i != 3) ids.insert(made[i].id);
  }
  CHECK(ids.size() == 299);
  CHECK(made[3].id == rows[3].id);
  CHECK(made[0].id < made[1].id);
  CHECK(made[1].id < made[299].id);
  const auto stored = db.notes.Query().Where(F<&First::id> != rows[3].id).Order(Asc(F<&First::id>));
  std::vector<First> sorted = stored.All();
  std::size_t at = 0;
  for (const First& each : made) {
    if (each.id == rows[3].id) continue;
    REQUIRE(sorted[at].code == each.code);
    CHECK(sorted[at++].version == 1);
  }

  rows.resize(2);
  rows[0].code = "x";
  rows[1].code = "y";
  rows[1].id = "no UUID";
  const auto error = Thrown<grapnel::ValidationError>([&] { db.notes.CreateBulk(rows).Save(); });
  CHECK(error.Field() == "id");
  CHECK(error.Row() == 1);
  CHECK(db.notes.Query().Count() == 300);
}

TEST_CASE("B207 of an upsert the row that is there keeps its id, creation and count") {
  Db db;
  Time& now = db.clock.now;
  const First a = db.Make("a");
  const auto upsert = [&] {
    return db.notes.Create()
        .Set(F<&First::code>, "a")
        .Set(F<&First::size>, 5)
        .OnConflict(F<&First::code>);
  };
  now += 1s;
  const First updated = upsert().UpdateNewValues().Save();
  CHECK(updated.id == a.id);
  CHECK(updated.size == 5);
  CHECK(db.Notes() == Lines{"a v2 1 0"});
  now += 1s;
  CHECK(upsert().Ignore().Save().version == 2);
  CHECK(db.Notes() == Lines{"a v2 2 1"});
  upsert().Update([](grapnel::Mutation<First>& m) { m.Add(F<&First::size>, 1); }).Save();
  CHECK(db.Notes() == Lines{"a v3 2 0"});
  now += 1s;
  // An update that says a version comes too late for a row that has another one.
  const auto saw = [&](std::int64_t version) {
    upsert()
        .Update([&](grapnel::Mutation<First>& m) {
          m.Set(F<&First::version>, version);
          m.Add(F<&First::size>, 1);
        })
        .Save();
  };
  CHECK(Thrown<grapnel::StaleError>([&] { saw(2); }).Entity() == "Note");
  CHECK(db.Notes() == Lines{"a v3 3 1"});
  saw(3);
  CHECK(db.Notes() == Lines{"a v4 3 0"});
  // A whole row, whose members say nothing of the one that is there.
  First row;
  row.code = "a";
  row.size = 9;
  row.version = 77;
  now += 1s;
  const First whole = db.notes.Create(row).OnConflict(F<&First::code>).UpdateNewValues().Save();
  CHECK(whole.size == 9);
  CHECK(db.Notes() == Lines{"a v5 4 0"});
  row.code = "b";
  db.notes.Create(row).OnConflict(F<&First::code>).UpdateNewValues().Save();
  CHECK(db.Notes() == Lines{"a v5 4 0", "b v1 0 0"});
}

TEST_CASE("B207 an upsert that says which version was seen, and comes too late, changes nothing") {
  Db db;
  const First a = db.Make("a");
  db.Make("b");
  db.client.Of<First>().Use(
      grapnel::hook::On(grapnel::hook::Before([](Mutation<First>& m) {  // undone with it
                          if (*m.Get(F<&First::size>) < 90) return;
                          m.Client().Of<Folder>().Create().Set(F<&Folder::name>, "f").Save();
                        }),
                        Op::Create));
  const auto upsert = [](const auto& notes, const std::string& code, std::int64_t version) {
    return notes.Create()
        .Set(F<&First::code>, code)
        .Set(F<&First::size>, 90)
        .OnConflict(F<&First::code>)
        .UpdateNewValues()
        .Update([&](Mutation<First>& m) { m.Set(F<&First::version>, version); })
        .Save();
  };
  db.notes.UpdateOne(a.id).Save();
  for (const std::int64_t version : {1, 3, 0, -1}) {
    CHECK_THROWS_AS(upsert(db.notes, "a", version), grapnel::StaleError);
  }
  CHECK(db.client.Of<Folder>().Query().Count() == 0);
  CHECK(db.Notes() == Lines{"a v2 0 0", "b v1 0 0"});
  CHECK(upsert(db.notes, "a", 2).version == 3);
  CHECK(upsert(db.notes, "new", 7).version == 1);  // which nobody has seen
  CHECK(db.client.Of<Folder>().Query().Count() == 2);

  // In a transaction, which goes on, and of a bulk, which is undone whole.
  db.client.WithTx([&](grapnel::Tx& tx) {
    CHECK_THROWS_AS(upsert(tx.Of<First>(), "a", 2), grapnel::StaleError);
    CHECK(upsert(tx.Of<First>(), "a", 3).version == 4);
  });
  const auto bulk = [&](const std::vector<const char*>& codes, std::int64_t version) {
    std::vector<grapnel::store::Create<First>> rows;
    for (const char* code : codes) {
      rows.push_back(db.notes.Create()
                         .Set(F<&First::code>, code)
                         .OnConflict(F<&First::code>)
                         .Update([&](Mutation<First>& m) { m.Set(F<&First::version>, version); }));
    }
    db.notes.CreateBulk(rows).Save();
  };
  CHECK_THROWS_AS(bulk({"c", "a", "b"}, 4), grapnel::StaleError);  // which b is not
  CHECK(db.Notes() == Lines{"a v4 0 0", "b v1 0 0", "new v1 0 0"});
  db.notes.UpdateOne(a.id).Set(F<&First::version>, 4).Save();
  bulk({"c", "a"}, 5);
  CHECK(db.Notes() == Lines{"a v6 0 0", "b v1 0 0", "c v1 0 0", "new v1 0 0"});

  // What else stands in the way of a row leaves it as it is, as without the mixin.
  const auto big = [&](std::int64_t version) {
    return db.notes.Create()
        .Set(F<&First::code>, "b")
        .OnConflict(F<&First::code>)
        .Update([&](Mutation<First>& m) {
          m.Where(F<&First::size> > 5);
          m.Set(F<&First::version>, version);
        })
        .Save();
  };
  CHECK(big(1).version == 1);
  CHECK(big(9).version == 1);
  // Said by a hook.
  db.client.Of<First>().Use(grapnel::hook::On(
      grapnel::hook::Before([](Mutation<First>& m) { m.Set(F<&First::version>, 5); }),
      Op::UpdateOne));
  const auto plain = [&](const char* code) {
    db.notes.Create()
        .Set(F<&First::code>, code)
        .Set(F<&First::size>, 1)
        .OnConflict(F<&First::code>)
        .UpdateNewValues()
        .Save();
  };
  CHECK_THROWS_AS(plain("a"), grapnel::StaleError);
  db.notes.Update().Where(F<&First::code> == "b").Add(F<&First::version>, 4).Save();
  CHECK(db.notes.Query().Where(F<&First::code> == "b").Only().version == 2);
}

TEST_CASE("B207 rows that another one's deletion or edges change are dated and counted") {
  Db db;
  Time& now = db.clock.now;
  const First a = db.Make("a"), b = db.Make("b");
  const auto folders = db.client.Of<Folder>();
  now += 1s;
  const Folder folder =
      folders.Create().Set(F<&Folder::name>, "f").AddIDs(F<&Folder::notes>, {a.id}).Save();
  CHECK(folder.version == 1);
  CHECK(db.Notes() == Lines{"a v2 1 0", "b v1 1 1"});
  now += 1s;
  const Folder changed = folders.UpdateOne(folder.id)
                             .AddIDs(F<&Folder::notes>, {b.id})
                             .RemoveIDs(F<&Folder::notes>, {a.id})
                             .Save();
  CHECK(changed.version == 2);
  CHECK(changed.updated_at == now);
  CHECK(db.Notes() == Lines{"a v3 2 0", "b v2 2 0"});
  now += 1s;
  db.notes.UpdateOne(a.id).Set(F<&First::folder>, folder.id).Save();
  now += 1s;
  folders.DeleteOne(folder.id).Exec();  // SetNull
  CHECK(db.Notes() == Lines{"a v5 4 0", "b v3 4 0"});
  CHECK(db.notes.Query().Where(F<&First::folder>.IsNull()).Count() == 2);

  const Tag tag = db.client.Of<Tag>().Create().AddIDs(F<&Tag::notes>, {a.id}).Save();
  now += 1s;
  db.client.Of<Tag>().UpdateOne(tag.id).AddIDs(F<&Tag::notes>, {b.id}).Save();  // pairs alone
  CHECK(db.client.Of<Tag>().Get(tag.id).version == 2);
  CHECK(db.Notes() == Lines{"a v5 5 1", "b v3 5 1"});
  db.notes.UpdateOne(a.id).ClearEdge(F<&First::tags>).Save();
  CHECK(db.Notes() == Lines{"a v6 5 0", "b v3 5 1"});
  CHECK(db.client.Of<Tag>().Get(tag.id).version == 2);
}

TEST_CASE("B207 a clock may stand still, jump back, and throw: what was written stays whole") {
  Db db;
  Time& now = db.clock.now;
  const First a = db.Make("a");
  CHECK(db.notes.UpdateOne(a.id).Set(F<&First::size>, 1).Save().updated_at == now);
  CHECK(db.notes.UpdateOne(a.id).Set(F<&First::size>, 2).Save().version == 3);
  now -= 24h;
  const First back = db.notes.UpdateOne(a.id).Set(F<&First::size>, 3).Save();
  CHECK(back.version == 4);
  CHECK(back.updated_at == now);
  CHECK(back.created_at == now + 24h);
  const First b = db.Make("b");
  CHECK(a.id < b.id);
  CHECK(b.created_at == now);
  now = Time() - 1h;  // before 1970
  CHECK(db.Make("c").created_at == now);
  now = Time();
  CHECK(db.Make("d").updated_at == now);
  {
    const ScopedClock broken([]() -> Time { throw std::runtime_error("no time"); });
    CHECK_THROWS_WITH(db.Make("e"), "no time");
    CHECK_THROWS_WITH(db.notes.UpdateOne(a.id).Set(F<&First::size>, 9).Save(), "no time");
    CHECK_THROWS_WITH(db.notes.Update().Set(F<&First::size>, 9).Save(), "no time");
  }
  CHECK(db.notes.Get(a.id).version == 4);
  CHECK(db.notes.Query().Count() == 4);
}

TEST_CASE("B207 a table that was not migrated lacks a column, and the error names it") {
  const Scratch scratch;
  const auto client = engine::Open<First, Folder, Tag>(scratch.File("old.db"));
  client.Migrate();
  Raw raw(scratch.File("old.db"));
  const auto refused = [&](const char* column) {
    raw(std::string("ALTER TABLE \"Note\" DROP COLUMN ") + column);
    const auto error = Thrown<grapnel::SchemaError>([&] {
      engine::Open<First, Folder, Tag>(scratch.File("old.db")).Of<First>().Query().All();
    });
    CHECK(std::string_view(error.what()).find(column) != std::string_view::npos);
    const auto created = Thrown<grapnel::SchemaError>([&] {
      engine::Open<First, Folder, Tag>(scratch.File("old.db"))
          .Of<First>()
          .Create()
          .Set(F<&First::code>, "a")
          .Save();
    });
    CHECK(std::string_view(created.what()).find(column) != std::string_view::npos);
    engine::Open<First, Folder, Tag>(scratch.File("old.db")).Migrate();
  };
  refused("version");
  refused("updated_at");
  refused("created_at");
}

TEST_CASE("B207 rows that were there before the mixins get version 1 and the time of migration") {
  const Scratch scratch;
  {
    const auto client = engine::Open<First, Folder, Tag>(scratch.File("old.db"));
    client.Migrate();
    client.Of<First>().Create().Set(F<&First::code>, "a").Save();
  }
  Raw raw(scratch.File("old.db"));
  for (const char* column : {"version", "updated_at", "created_at"}) {
    raw(std::string("ALTER TABLE \"Note\" DROP COLUMN ") + column);
  }
  const Clock clock;
  const auto client = engine::Open<First, Folder, Tag>(scratch.File("old.db"));
  client.Migrate();
  const First a = client.Of<First>().Query().Only();
  CHECK(a.version == 1);
  CHECK(a.created_at == clock.now);
  CHECK(a.updated_at == clock.now);
}

TEST_CASE("B207 whatever the clock does in a migration, no row seems to be changed since") {
  const Scratch scratch;
  const auto open = [&] { return engine::Open<First, Folder, Tag>(scratch.File("old.db")); };
  const auto drop = [&](std::initializer_list<const char*> columns) {
    Raw raw(scratch.File("old.db"));
    for (const char* table : {"Note", "Folder"}) {
      for (const char* column : columns) {
        raw(std::string("ALTER TABLE \"") + table + "\" DROP COLUMN " + column);
      }
    }
  };
  Time now = std::chrono::sys_days(std::chrono::year(2024) / 2 / 29);
  const ScopedClock clock([&] { return now += 1s; });  // it ticks whenever it is asked
  {
    const auto client = open();
    client.Migrate();
    std::vector<First> rows(30);
    for (std::size_t i = 0; i < rows.size(); ++i) rows[i].code = std::to_string(i);
    client.Of<First>().CreateBulk(rows).Save();
    client.Of<Folder>().Create().Set(F<&Folder::name>, "f").Save();
    for (const First& each : client.Of<First>().Query().All()) {
      REQUIRE(each.created_at == each.updated_at);
    }
  }
  const auto migrate = [&] {
    const Time began = now += 24h;
    const auto client = open();
    client.Migrate();
    const auto check = [&](const auto& rows) {
      for (const auto& each : rows) {
        REQUIRE(each.updated_at > began);
        REQUIRE(each.updated_at <= now);
      }
    };
    check(client.Of<First>().Query().All());
    check(client.Of<Folder>().Query().All());
    return std::pair(client.Of<First>().Query().All(), client.Of<Folder>().Query().All());
  };
  const auto alike = [](const auto& rows) {
    for (const auto& each : rows) REQUIRE(each.created_at == each.updated_at);
  };
  drop({"created_at", "updated_at"});
  const auto [notes, folders] = migrate();
  CHECK(notes.size() == 30);
  alike(notes);
  alike(folders);
  drop({"updated_at", "version", "created_at"});
  const auto again = migrate();
  alike(again.first);
  alike(again.second);
  // One of them alone is of its own migration, whatever was asked for before.
  open().Of<First>().Create().Set(F<&First::code>, "x").Set(F<&First::updated_at>, now).Save();
  drop({"updated_at"});
  const auto only = migrate();
  for (const First& each : only.first) CHECK(each.created_at < each.updated_at);
}

TEST_CASE("B207 eight writers raise a version by as much as they write, and one of each wins") {
  Db db;
  const First a = db.Make("a");
  constexpr int each = 20;
  std::atomic<int> won{0};
  {
    std::vector<std::jthread> writers;
    for (int writer = 0; writer < 8; ++writer) {
      writers.emplace_back([&] {
        for (int i = 0; i < each; ++i) {
          db.notes.UpdateOne(a.id).Add(F<&First::size>, 1).Save();
          try {
            const First seen = db.notes.Get(a.id);
            db.notes.UpdateOne(a.id)
                .Set(F<&First::version>, seen.version)
                .Set(F<&First::size>, seen.size + 1)
                .Save();
            ++won;
          } catch (const grapnel::StaleError&) {
          }
        }
      });
    }
  }
  const First end = db.notes.Get(a.id);
  CHECK(end.version == 1 + 8 * each + won);
  CHECK(end.size == 8 * each + won);
}

/// What an entity of these mixins must do in whatever order they are listed, with deletions that
/// become updates.
template <int Order>
void CheckOrder() {
  using E = Note<Order>;
  CAPTURE(Order);
  for (const bool by_mutate : {false, true}) {
    ready::by_mutate = by_mutate;
    const auto client = engine::Open<E, Folder, First, Tag>(":memory:");
    client.Migrate();
    const auto notes = client.template Of<E>();
    Clock clock;
    const auto make = [&](const char* code) {
      return notes.Create().Set(F<&E::code>, code).Save();
    };
    const E a = make("a"), b = make("b");
    const auto check = [&](const E& was, std::int64_t version, bool buried) {
      const E is = notes.Get(was.id);
      CHECK(is.version == version);
      CHECK(is.updated_at == clock.now);
      CHECK(is.created_at == was.created_at);
      CHECK(is.buried == buried);
    };
    check(a, 1, false);
    clock.now += 1s;
    CHECK(notes.UpdateOne(a.id).Set(F<&E::version>, 1).Save().version == 2);
    check(a, 2, false);
    clock.now += 1s;
    notes.DeleteOne(a.id).Exec();
    check(a, 3, true);
    clock.now += 1s;
    CHECK(notes.Delete().Exec() == 2);
    check(a, 4, true);
    check(b, 2, true);
    CHECK_THROWS_AS(notes.UpdateOne(a.id).Set(F<&E::version>, 3).Save(), grapnel::StaleError);
    clock.now += 1s;
    notes.Create().Set(F<&E::code>, "a").OnConflict(F<&E::code>).UpdateNewValues().Save();
    notes.Create().Set(F<&E::code>, "b").OnConflict(F<&E::code>).UpdateNewValues().Save();
    check(a, 5, true);
    check(b, 3, true);
  }
}

TEST_CASE("B207 in every order of the mixins, with deletions that become updates") {
  CheckOrder<1>();
  CheckOrder<2>();
  CheckOrder<3>();
  CheckOrder<4>();
  CheckOrder<5>();
}

/// What a note must be.
struct Wanted {
  std::string id{};
  std::int64_t size = 0, version = 1;
  Time created{}, updated{};
  bool in_folder = false;
};

TEST_CASE("B207 random programs, with a clock that stands still and jumps, against a model") {
  for (unsigned seed = 0; seed < 12; ++seed) {
    CAPTURE(seed);
    std::minstd_rand random(seed);
    const auto any = [&](unsigned below) { return static_cast<std::int64_t>(random() % below); };
    ready::by_mutate = seed % 2 == 0;
    Db db;
    const auto folders = db.client.Of<Folder>();
    std::map<std::string, Wanted> model;
    std::string folder;  // its id, where there is one
    std::string last_id;
    const auto touch = [&](Wanted& note) {
      ++note.version;
      note.updated = db.clock.now;
    };
    const auto created = [&](const First& note, Wanted wanted) {
      REQUIRE(last_id < note.id);
      last_id = wanted.id = note.id;
      wanted.created = wanted.updated = db.clock.now;
      model[note.code] = std::move(wanted);
    };
    for (int step = 0; step < 60; ++step) {
      const std::int64_t jump = any(4);
      db.clock.now += jump == 0 ? 0s : jump == 1 ? 1s : jump == 2 ? -3600s : 90000s;
      const std::int64_t size = any(100);
      const std::string code = std::to_string(any(12));
      const auto found = model.find(code);
      switch (any(9)) {
        case 0:
        case 1: {  // an upsert
          const First note = db.notes.Create()
                                 .Set(F<&First::code>, code)
                                 .Set(F<&First::size>, size)
                                 .OnConflict(F<&First::code>)
                                 .UpdateNewValues()
                                 .Save();
          if (found == model.end()) {
            created(note, {.size = size});
          } else {
            found->second.size = size;
            touch(found->second);
          }
          break;
        }
        case 2: {  // a bulk of rows whose members say nothing
          std::vector<First> rows(2);
          for (std::size_t at = 0; at < 2; ++at) {
            rows[at].code = "s" + std::to_string(step) + std::to_string(at);
            rows[at].version = size;
          }
          for (const First& note : db.notes.CreateBulk(rows).Save()) created(note, {});
          break;
        }
        case 3:  // with the version that was seen, or another one
          if (found == model.end()) break;
          if (any(2) == 0) {
            db.notes.UpdateOne(found->second.id)
                .Set(F<&First::version>, found->second.version)
                .Set(F<&First::size>, size)
                .Save();
            found->second.size = size;
            touch(found->second);
          } else {
            const std::int64_t wrong = found->second.version + (any(2) == 0 ? 1 : -1);
            REQUIRE_THROWS_AS(db.notes.UpdateOne(found->second.id)
                                  .Set(F<&First::version>, wrong)
                                  .Set(F<&First::size>, size)
                                  .Save(),
                              grapnel::StaleError);
          }
          break;
        case 4:
          db.notes.Update().Set(F<&First::size>, size).Where(F<&First::size> < size).Save();
          for (auto& [name, note] : model) {
            if (note.size >= size) continue;
            note.size = size;
            touch(note);
          }
          break;
        case 5:  // becomes an update
          db.notes.Delete().Where(F<&First::size> < size).Exec();
          for (auto& [name, note] : model) {
            if (note.size < size) touch(note);
          }
          break;
        case 6:
          if (found == model.end()) break;
          db.notes.DeleteOne(found->second.id).Exec();
          touch(found->second);
          break;
        case 7: {  // from the other end
          if (found == model.end()) break;
          if (folder.empty()) folder = folders.Create().Set(F<&Folder::name>, "f").Save().id;
          const bool takes = !found->second.in_folder;
          auto update = folders.UpdateOne(folder);
          takes ? update.AddIDs(F<&Folder::notes>, {found->second.id})
                : update.RemoveIDs(F<&Folder::notes>, {found->second.id});
          update.Save();
          found->second.in_folder = takes;
          touch(found->second);
          break;
        }
        default:  // SetNull
          if (folder.empty()) break;
          folders.DeleteOne(folder).Exec();
          folder.clear();
          for (auto& [name, note] : model) {
            if (std::exchange(note.in_folder, false)) touch(note);
          }
      }
      const auto notes = db.notes.Query().All();
      REQUIRE(notes.size() == model.size());
      for (const First& note : notes) {
        CAPTURE(step, note.code);
        const Wanted& wanted = model.at(note.code);
        REQUIRE(note.id == wanted.id);
        REQUIRE(note.size == wanted.size);
        REQUIRE(note.version == wanted.version);
        REQUIRE(note.created_at == wanted.created);
        REQUIRE(note.updated_at == wanted.updated);
      }
    }
  }
}

}  // namespace
