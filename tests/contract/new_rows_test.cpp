// B147: what hooks learn of the rows after the write: NewRows, and Changes.

#include "contract/fixture.hpp"
#include "contract/graph_model.hpp"
#include "support/catch.hpp"
#include "support/engine/ids.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace new_rows {

using Time = std::chrono::system_clock::time_point;

struct Tag {
  std::string id;
};

/// Has what is stored otherwise than it is given, and every kind of edge.
struct Note {
  std::string id;
  std::string text;
  std::string secret{};
  double weight = 0;
  std::optional<Time> read_at{};
  std::optional<Time> gone_at{};
  grapnel::Many<Tag> tags{};     // its key is in the tag's row, where no member tells of it
  grapnel::One<Note> parent{};   // its key is here
  grapnel::One<Note> follows{};  // one-to-one, its key is here
  grapnel::One<Note> leads{};    // the other end of it
};

}  // namespace new_rows

template <>
struct grapnel::Schema<new_rows::Tag> {
  static constexpr std::string_view Type = "Tag";
  static constexpr auto Fields() { return grapnel::Fields(); }
};
template <>
struct grapnel::Schema<new_rows::Note> {
  using Note = new_rows::Note;
  static constexpr std::string_view Type = "Note";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&Note::text>("text").Unique(),
                           Field<&Note::secret>("secret").Sensitive(),
                           Field<&Note::weight>("weight").Default(0.0),
                           Field<&Note::read_at>("read_at"), Field<&Note::gone_at>("gone_at"));
  }
  static constexpr auto Edges() {
    return grapnel::Edges(To<&Note::tags>("tags"), To<&Note::parent>("parent"),
                          To<&Note::follows>("follows"),
                          From<&Note::leads>("leads").Ref<&Note::follows>());
  }
};

namespace {

using graph::Card;
using graph::Pet;
using graph::User;
using grapnel::AnyMutation;
using grapnel::AnyNext;
using grapnel::AnyValue;
using grapnel::F;
using grapnel::FieldValue;
using grapnel::Mutation;
using grapnel::Next;
using grapnel::NotLoadedError;
using grapnel::Op;
using grapnel::hook::After;
using grapnel::hook::Before;
using new_rows::Note;
using new_rows::Tag;

std::string Listed(const std::vector<FieldValue>& ids) {
  std::string text;
  for (const FieldValue& id : ids) text += (text.empty() ? "" : ",") + ToString(id);
  return text;
}

/// `Card UpdateOne 7 updated: name NULL>"x"; tags +1 -2`, of each row that changed.
void Record(Lines& log, const AnyMutation& m) {
  for (const auto& row : m.Changes()) {
    std::string line = std::string(m.Type()) + " " + ToString(m.Op()) + " " + ToString(row.id) +
                       " " + std::string(Name(row.fate)) + ":";
    for (const auto& change : row.changes) {
      line += " " + std::string(change.name);
      if (change.is_edge) line += "*";
      if (change.sensitive) line += "!";
      if (!change.added.empty()) line += " +" + Listed(change.added);
      if (!change.removed.empty()) line += " -" + Listed(change.removed);
      if (change.added.empty() && change.removed.empty()) {
        line += " " + ToString(change.before) + ">" + ToString(change.after);
      }
    }
    log.push_back(line);
  }
}

/// A hook of every type that records what changed.
auto Recorder(Lines& log) {
  return grapnel::AnyHook([&log](AnyMutation& m, AnyNext next) {
    m.WatchChanges();
    AnyValue value = next(m);
    Record(log, m);
    return value;
  });
}

/// Rows in the order of their ids, for nothing says in which they come.
Lines InOrder(Lines rows) {
  if (!engine::RowsStayInPlace()) std::ranges::sort(rows);
  return rows;
}

struct World : Fixture<User, Card, Pet> {
  Lines log{};
  World() {
    for (const char* name : {"Ada", "Bob", "Cy"}) {
      client.Of<User>().Create({.name = name, .age = 10}).Save();
    }
  }
  auto Users() const { return client.Of<User>(); }
};

struct Notes : Fixture<Note, Tag> {
  Lines log{};
  Notes() {
    for (const char* id : {"a", "b", "c"}) client.Of<Tag>().Create({.id = id}).Save();
  }
  auto All() const { return client.Of<Note>(); }
  void Make(const char* id) { All().Create({.id = id, .text = id}).Save(); }
};

std::vector<std::string> Names(const std::vector<User>& rows) {
  std::vector<std::string> names;
  for (const User& row : rows) {
    names.push_back(std::to_string(row.id) + row.name + std::to_string(row.age));
  }
  return names;
}

}  // namespace

TEST_CASE_METHOD(World, "B147 NewRows are the rows as they are after next, in OldRows' order") {
  Lines before, after, by_name;
  Users().Use([&](Mutation<User>& m, Next<User> next) {
    CHECK_THROWS_AS(m.NewRows(), NotLoadedError);
    CHECK_THROWS_AS(static_cast<const AnyMutation&>(m).NewRows(), NotLoadedError);
    before = InOrder(Names(m.OldRows()));
    auto value = next(m);
    after = InOrder(Names(m.NewRows()));
    by_name.clear();
    for (const AnyValue& row : static_cast<const AnyMutation&>(m).NewRows()) {
      by_name.push_back(*row.Field("name").As<std::string>());
    }
    by_name = InOrder(by_name);
    CHECK(&m.NewRows() == &m.NewRows());
    return value;
  });
  Users().Create({.name = "Di"}).Save();
  CHECK(before.empty());
  CHECK(after == Lines{"4Di0"});
  Users().UpdateOne(2).Add(F<&User::age>, 1).Save();
  CHECK(before == Lines{"2Bob10"});
  CHECK(after == Lines{"2Bob11"});
  Users().Update().Where(F<&User::age> >= 10).Add(F<&User::age>, 5).Save();
  CHECK(before == Lines{"1Ada10", "2Bob11", "3Cy10"});
  CHECK(after == Lines{"1Ada15", "2Bob16", "3Cy15"});
  CHECK(by_name == Lines{"Ada", "Bob", "Cy"});
  Users().DeleteOne(2).Exec();
  CHECK(before == Lines{"2Bob16"});
  CHECK(after.empty());
  Users().Delete().Where(F<&User::id> > 2).Exec();
  CHECK(before.size() == 2);
  CHECK(after.empty());
  Users().Update().Where(F<&User::id> > 9).Set(F<&User::age>, 1).Save();
  CHECK(after.empty());
  // In bulk each row has its own; in a nested transaction too.
  auto tx = client.Tx();
  auto nested = tx.Tx();
  nested.Of<User>().CreateBulk({{.name = "x"}, {.name = "y"}}).Save();
  CHECK(after == Lines{engine::IdsFollowTheLargest() ? "3y0" : "6y0"});
}

TEST_CASE_METHOD(World,
                 "B147 without a question before the write: what can be known, or the error") {
  Users().Use(After([&](const Mutation<User>& m, grapnel::Value<User>&) {
    if (m.Op() != Op::Update) return log.push_back(std::to_string(m.NewRows().size()));
    CHECK_THROWS_WITH(m.NewRows(),
                      "User Update: the rows that it touches were not asked for before the write: "
                      "call OldRows(), IDs() or WatchChanges() before next");
    CHECK_THROWS_WITH(m.Changes(),
                      "User Update: Changes were not asked for before the write: call "
                      "WatchChanges() before next");
  }));
  Users().Create({.name = "Di"}).Save();
  Users().UpdateOne(1).Set(F<&User::age>, 3).Save();
  Users().UpdateOne(1).Save();
  Users().DeleteOne(1).Exec();
  Users().Delete().Where(F<&User::id> == 2).Exec();
  Users().Update().Set(F<&User::age>, 3).Save();
  CHECK(log == Lines{"1", "1", "1", "0", "0"});
  // IDs are a question too.
  const auto ids = Users().Use([&](Mutation<User>& m, Next<User> next) {
    CHECK(m.IDs().size() == 2);
    auto value = next(m);
    CHECK(m.NewRows().size() == 2);
    CHECK_THROWS_AS(m.WatchChanges(), NotLoadedError);
    return value;
  });
}

TEST_CASE_METHOD(World, "B147 Changes say of each row what is not as it was, by name") {
  client.Use(Recorder(log));
  Users().Create({.name = "Di", .age = 4}).Save();
  CHECK(Take(log) == Lines{R"(User Create 4 created: name NULL>"Di" age NULL>4 version NULL>0)"});
  Users().UpdateOne(1).Set(F<&User::age>, 10).Set(F<&User::nickname>, "A").Save();
  CHECK(Take(log) == Lines{R"(User UpdateOne 1 updated: nickname NULL>"A")"});
  Users().UpdateOne(1).Set(F<&User::age>, 10).Save();
  Users().UpdateOne(1).Save();
  CHECK(Take(log).empty());  // nothing really changed
  Users().Update().Set(F<&User::age>, 4).Set(F<&User::nickname>, std::nullopt).Save();
  CHECK(InOrder(Take(log)) == Lines{R"(User Update 1 updated: age 10>4 nickname "A">NULL)",
                                    "User Update 2 updated: age 10>4",
                                    "User Update 3 updated: age 10>4"});
  Users().DeleteOne(4).Exec();
  CHECK(Take(log) ==
        Lines{R"(User DeleteOne 4 deleted: name "Di">NULL age 4>NULL version 0>NULL)"});
  Users().CreateBulk({{.name = "x"}, {.name = "y"}}).Save();
  CHECK(log.size() == 2);
  Take(log);
  Users().Delete().Where(F<&User::name>.In("x", "y")).Exec();
  CHECK(log.size() == 2);
}

TEST_CASE_METHOD(World, "B147 Changes say the ids of edges, from the end that the mutation is of") {
  const Card visa = client.Of<Card>().Create({.number = "1"}).Set(F<&Card::owner>, 1).Save();
  client.Of<Pet>().CreateBulk({{.name = "p"}, {.name = "q"}}).Save();
  const auto remove = client.Use(Recorder(log));
  client.Of<Card>().UpdateOne(visa).Set(F<&Card::owner>, 2).Save();
  CHECK(Take(log) == Lines{"Card UpdateOne 1 updated: owner* 1>2"});
  client.Of<Card>().UpdateOne(visa).ClearEdge(F<&Card::owner>).Save();
  CHECK(Take(log) == Lines{"Card UpdateOne 1 updated: owner* 2>NULL"});
  // Pairs: what is there already, or is not there, is no change.
  Users().UpdateOne(1).AddIDs(F<&User::friends>, {2, 3}).Save();
  CHECK(Take(log) == Lines{"User UpdateOne 1 updated: friends* +2,3"});
  Users().UpdateOne(1).AddIDs(F<&User::friends>, {2}).Save();
  CHECK(Take(log).empty());
  Users().Update().Where(F<&User::id> <= 2).Set(F<&User::friends>, {3}).Save();
  CHECK(Take(log) ==
        Lines{"User Update 1 updated: friends* -2", "User Update 2 updated: friends* +3 -1"});
  // A key in the other row: that row tells of it as well.
  Users().UpdateOne(1).AddIDs(F<&User::pets>, {1, 2}).Save();
  CHECK(Take(log) == Lines{"Pet Update 1 updated: owner* NULL>1",
                           "Pet Update 2 updated: owner* NULL>1",
                           "User UpdateOne 1 updated: pets* +1,2"});
  Users().UpdateOne(1).Set(F<&User::pets>, {2}).Save();
  CHECK(Take(log) ==
        Lines{"Pet Update 1 updated: owner* 1>NULL", "User UpdateOne 1 updated: pets* -1"});
  Users().Create({.name = "Di"}).AddIDs(F<&User::pets>, {1}).AddIDs(F<&User::friends>, {1}).Save();
  CHECK(log.back() == R"(User Create 4 created: name NULL>"Di" age NULL>0 version NULL>0)"
                      " pets* +1 friends* +1");
  Take(log);
  // Deleted: cards cascade, pets lose their owner, pairs go.
  client.Of<Card>().UpdateOne(visa).Set(F<&Card::owner>, 4).Save();
  Take(log);
  Users().DeleteOne(4).Exec();
  CHECK(log.size() == 3);
  CHECK(log.at(0) == R"(Card Delete 1 deleted: number "1">NULL owner* 4>NULL)");
  CHECK(log.at(1) == "Pet Update 1 updated: owner* 4>NULL");
  CHECK(log.at(2) == R"(User DeleteOne 4 deleted: name "Di">NULL age 0>NULL version 0>NULL)"
                     " friends* -1");
}

TEST_CASE_METHOD(Notes, "B147 Changes compare what is stored, and say which fields are Sensitive") {
  using new_rows::Time;
  using std::chrono::nanoseconds;
  client.Use(Recorder(log));
  Note note{.id = "n", .text = "t"};
  note.secret = "s";
  note.read_at = Time(nanoseconds(1'500));
  All().Create(note).Save();
  CHECK(Take(log) == Lines{R"(Note Create "n" created: text NULL>"t" secret! NULL>"s")"
                           R"( weight NULL>0 read_at NULL>1)"});
  All()
      .UpdateOne(note)
      .Set(F<&Note::weight>, -0.0)
      .Set(F<&Note::read_at>, Time(nanoseconds(1'999)))
      .Save();
  CHECK(Take(log).empty());
  All().UpdateOne(note).Set(F<&Note::secret>, "z").Set(F<&Note::weight>, 0.5).Save();
  CHECK(Take(log) == Lines{R"(Note UpdateOne "n" updated: secret! "s">"z" weight 0>0.5)"});
}

TEST_CASE_METHOD(Notes, "B147 Changes of pairs, keys to its own type and a one-to-one") {
  for (const char* id : {"1", "2", "3"}) Make(id);
  client.Use(Recorder(log));
  All().UpdateOne("1").AddIDs(F<&Note::tags>, {"a", "b"}).Set(F<&Note::parent>, "2").Save();
  CHECK(Take(log) == Lines{R"(Note UpdateOne "1" updated: parent* NULL>"2" tags* +"a","b")"});
  All().UpdateOne("1").ClearEdge(F<&Note::tags>).Save();
  CHECK(Take(log) == Lines{R"(Note UpdateOne "1" updated: tags* -"a","b")"});
  All().UpdateOne("1").Set(F<&Note::leads>, "2").Save();
  CHECK(Take(log) == Lines{R"(Note Update "2" updated: follows* NULL>"1")",
                           R"(Note UpdateOne "1" updated: leads* NULL>"2")"});
  All().UpdateOne("1").Set(F<&Note::leads>, "3").Save();
  CHECK(log.back() == R"(Note UpdateOne "1" updated: leads* "2">"3")");
  Take(log);
  All().UpdateOne("2").Set(F<&Note::tags>, {"c"}).Save();
  Take(log);
  All().DeleteOne("2").Exec();  // whose key is the parent of 1
  CHECK(log.front() == R"(Note Update "1" updated: parent* "2">NULL)");
  CHECK(log.back() ==
        R"(Note DeleteOne "2" deleted: text "2">NULL secret! "">NULL weight 0>NULL tags* -"c")");
}

TEST_CASE_METHOD(World, "B147 a Before-hook asks, and an After-hook reads") {
  Users().Use(Before([](Mutation<User>& m) { m.WatchChanges(); }),
              After([&](const Mutation<User>& m, grapnel::Value<User>&) { Record(log, m); }));
  Users().Update().Where(F<&User::id> == 1).Set(F<&User::friends>, {2}).Save();
  Users().DeleteOne(1).Exec();
  CHECK(log.at(0) == "User Update 1 updated: friends* +2");
  CHECK(log.at(1).ends_with("friends* -2"));
}

TEST_CASE_METHOD(Notes, "B147 Changes of both outcomes of an upsert") {
  client.Use(Recorder(log));
  const auto put = [&](double weight) {
    return All()
        .Create({.id = "", .text = "t", .weight = weight})
        .Set(F<&Note::id>, "n")
        .OnConflict(F<&Note::text>);
  };
  put(1).AddIDs(F<&Note::tags>, {"a"}).UpdateNewValues().Save();
  CHECK(
      Take(log) ==
      Lines{R"(Note Create "n" created: text NULL>"t" secret! NULL>"" weight NULL>1 tags* +"a")"});
  put(2).AddIDs(F<&Note::tags>, {"a", "b"}).UpdateNewValues().Save();
  CHECK(Take(log) == Lines{R"(Note UpdateOne "n" updated: weight 1>2 tags* +"b")",
                           R"(Note Create "n" updated: weight 1>2 tags* +"b")"});
  put(3).Ignore().Save();
  CHECK(Take(log).empty());
  put(3).Update([](Mutation<Note>& m) { m.RemoveIDs(F<&Note::tags>, {"a"}); }).Save();
  CHECK(Take(log) == Lines{R"(Note UpdateOne "n" updated: tags* -"a")",
                           R"(Note Create "n" updated: tags* -"a")"});
}

TEST_CASE_METHOD(Notes, "B147 Changes of a deletion that a hook turns into an update") {
  for (const char* id : {"1", "2"}) Make(id);
  client.Use(Recorder(log));
  const bool all_the_way = GENERATE(true, false);
  All().Use([=](Mutation<Note>& m, Next<Note> next) -> grapnel::Value<Note> {
    if (!Is(m.Op(), Op::Delete | Op::DeleteOne)) return next(m);
    m.SetOp(m.Op() == Op::Delete ? Op::Update : Op::UpdateOne);
    m.Set(F<&Note::gone_at>, new_rows::Time());
    if (!all_the_way) return next(m);
    return m.Client().Mutate(m);
  });
  All().DeleteOne("1").Exec();
  const std::string one = R"(Note UpdateOne "1" updated: gone_at NULL>0)";
  CHECK(Take(log) == (all_the_way ? Lines{one, one} : Lines{one}));
  All().Delete().Where(F<&Note::gone_at>.IsNull()).Exec();
  CHECK(Take(log).back() == R"(Note Update "2" updated: gone_at NULL>0)");
}

TEST_CASE_METHOD(World, "B147 a write that a hook kept from happening has changed nothing") {
  client.Use(Recorder(log));
  Lines rows;
  Users().Use([&](Mutation<User>& m, Next<User> next) {
    auto value = next(m);
    rows = Names(m.NewRows());
    return value;
  });
  Users().Use([](Mutation<User>& m, Next<User>) -> grapnel::Value<User> {
    if (m.Op() == Op::Create) return User{};
    if (m.Op() == Op::UpdateOne) return User{};
    return 0;
  });
  Users().Create({.id = 7, .name = "Di"}).Save();
  CHECK(rows.empty());
  Users().UpdateOne(1).Set(F<&User::age>, 1).Save();
  CHECK(rows == Lines{"1Ada10"});
  Users().Update().Where(F<&User::id> < 3).Set(F<&User::age>, 1).Save();
  CHECK(rows == Lines{"1Ada10", "2Bob10"});
  Users().Delete().Exec();
  CHECK(rows.size() == 3);
  CHECK(log.empty());
}

TEST_CASE_METHOD(World, "B147 only rows that were touched, and as the last hook's predicate says") {
  client.Use(Recorder(log));
  Users().Use(Before([](Mutation<User>& m) {
    static_cast<void>(m.IDs());
    m.Where(F<&User::name> != "Bob");
  }));
  Users().Update().Set(F<&User::age>, 1).Save();
  CHECK(log == Lines{"User Update 1 updated: age 10>1", "User Update 3 updated: age 10>1"});
  CHECK_THROWS_AS(Users().UpdateOne(2).Set(F<&User::age>, 1).Save(), grapnel::StaleError);
  CHECK_THROWS_AS(Users().UpdateOne(9).Set(F<&User::age>, 1).Save(), grapnel::NotFoundError);
  Take(log);
  Users().Delete().Exec();
  CHECK(log.size() == 2);
}

TEST_CASE_METHOD(World, "B147 after a next that failed NewRows and Changes are those of the last") {
  int tries = 0;
  Users().Use([&](Mutation<User>& m, Next<User> next) {
    m.WatchChanges();
    try {
      static_cast<void>(next(m));
      FAIL("it throws at first");
    } catch (const std::runtime_error&) {
      CHECK_THROWS_AS(m.Changes(), NotLoadedError);
    }
    m.Set(F<&User::age>, 30);
    auto value = next(m);
    Record(log, m);
    CHECK(Names(m.NewRows()) == Lines{"1Ada30"});
    return value;
  });
  Users().Use([&](Mutation<User>& m, Next<User> next) {
    auto value = next(m);
    CHECK(m.NewRows().size() == 1);
    if (++tries == 1) throw std::runtime_error("once");
    return value;
  });
  Users().UpdateOne(1).Set(F<&User::age>, 20).Save();
  CHECK(log == Lines{"User UpdateOne 1 updated: age 10>30"});
}

TEST_CASE_METHOD(World, "B145 B147 no interceptor narrows NewRows, nor Changes") {
  client.Use(Recorder(log));
  Users().Intercept(Before([](grapnel::Reading<User>& r) { r.Where(F<&User::age> < 50); }));
  Lines rows;
  Users().Use([&](Mutation<User>& m, Next<User> next) {
    auto value = next(m);
    rows = Names(m.NewRows());
    return value;
  });
  Users().UpdateOne(3).Set(F<&User::age>, 99).Save();
  CHECK(rows == Lines{"3Cy99"});
  CHECK(Take(log) == Lines{"User UpdateOne 3 updated: age 10>99"});
  Users().UpdateOne(1).AddIDs(F<&User::friends>, {2, 3}).Save();
  CHECK(Take(log) == Lines{"User UpdateOne 1 updated: friends* +2,3"});
  Users().Update().Set(F<&User::age>, 98).Save();
  CHECK(rows == Lines{"1Ada98", "2Bob98"});
  CHECK(Users().Query().Count() == 0);
}

TEST_CASE_METHOD(World,
                 "B147 the row that an UpdateOne has returned is read again once it may be older") {
  const User ada =
      client.Of<User>().Create().Set(F<&User::name>, "Ada").Set(F<&User::age>, 1).Save();
  enum { Nothing, Sql, Mutation, Undone } inside = Nothing;
  std::vector<User> seen;
  client.Of<User>().Use([&](grapnel::Mutation<User>& m, grapnel::Next<User> next) {
    if (m.Cause() == grapnel::Cause::Hook) return next(m);
    m.WatchChanges();
    auto value = next(m);
    value.Entity().name = "of a hook";
    const auto age = [&](const grapnel::Client& in, std::int64_t to) {
      in.Of<User>().UpdateOne(ada.id).Set(F<&User::age>, to).Save();
    };
    if (inside == Sql) m.Tx().Sql(R"(UPDATE "User" SET "age" = 7)");
    if (inside == Mutation) age(m.Client(), 8);
    if (inside == Undone) {
      try {
        m.Client().WithTx([&](grapnel::Tx& tx) {
          age(tx.Client(), 9);
          throw std::runtime_error("no");
        });
      } catch (const std::runtime_error&) {
      }
    }
    seen = m.NewRows();
    return value;
  });
  const auto age_seen = [&](auto what) {
    inside = what;
    client.WithTx(
        [&](grapnel::Tx& tx) { tx.Of<User>().UpdateOne(ada.id).Set(F<&User::age>, 2).Save(); });
    CHECK((seen.size() == 1 && seen.at(0).name == "Ada"));
    return seen.at(0).age;
  };
  CHECK(age_seen(Nothing) == 2);
  CHECK(age_seen(Sql) == 7);
  CHECK(age_seen(Mutation) == 8);
  CHECK(age_seen(Undone) == 2);
}

TEST_CASE_METHOD(World, "B147 who does not ask pays no statement") {
  std::vector<std::string> sent;
  const auto traced = client.Debug([&](std::string_view sql) { sent.emplace_back(sql); });
  const auto all = [&](const auto& of) {
    sent.clear();
    of.template Of<User>().UpdateOne(1).AddIDs(F<&User::friends>, {2}).Save();
    of.template Of<User>().Update().Add(F<&User::age>, 1).Save();
    of.template Of<User>().DeleteOne(3).Exec();
    return sent.size();
  };
  Users().Use([](Mutation<User>& m, Next<User> next) { return next(m); });
  auto tx = traced.Tx();
  const std::size_t without = all(tx);
  tx.Rollback();
  Users().Use([](Mutation<User>& m, Next<User> next) {
    auto value = next(m);
    if (m.Op() != Op::Update) static_cast<void>(m.NewRows());
    return value;
  });
  auto again = traced.Tx();
  CHECK(all(again) == without + 2);
}

namespace {

/// What the changes of all mutations come to, one after the other, starting from nothing.
struct Replica {
  using Row = std::map<std::string, std::string, std::less<>>;
  std::map<std::string, Row> rows{};  // by type and id; without NULLs
  std::set<std::pair<std::string, std::string>> friends{};

  void Apply(const AnyMutation& m) {
    for (const auto& row : m.Changes()) {
      const std::string id = ToString(row.id), key = std::string(m.Type()) + id;
      CHECK((row.fate == grapnel::RowFate::Created) == !rows.contains(key));
      Row& values = rows[key];
      for (const auto& change : row.changes) Apply(id, values, change, m.Conflict() == nullptr);
      if (row.fate == grapnel::RowFate::Deleted) {
        CHECK(values.empty());
        rows.erase(key);
      }
    }
  }
  void Apply(const std::string& id, Row& values, const grapnel::store::FieldChange& change,
             bool once) {
    for (const FieldValue& other : change.added) {
      if (change.name == "friends") friends.insert(std::minmax(id, ToString(other)));
    }
    for (const FieldValue& other : change.removed) {
      if (change.name == "friends") friends.erase(std::minmax(id, ToString(other)));
    }
    if (change.before == change.after) return;
    const auto stored = values.find(change.name);
    if (once) {
      CHECK(ToString(change.before) == (stored == values.end() ? "NULL" : stored->second));
    }
    if (stored != values.end()) values.erase(stored);
    if (!change.after.IsNull()) values.emplace(change.name, ToString(change.after));
  }
};

struct Programs : World {
  std::mt19937 random{4711};
  Replica replica{};
  Programs() {
    Users().Delete().Exec();
    for (const char* table : {"User", "Card", "Pet"}) {
      engine::LetIdsFollow(scratch.File("test.db"), table);
    }
    client.Use(grapnel::AnyHook([this](AnyMutation& m, AnyNext next) {
      m.WatchChanges();
      AnyValue value = next(m);
      replica.Apply(m);
      return value;
    }));
  }
  std::int64_t Below(std::int64_t most) {
    return std::uniform_int_distribution<std::int64_t>(0, most - 1)(random);
  }
  std::int64_t AnyId() { return 1 + Below(8); }
  std::optional<std::int64_t> Maybe() {
    return Below(3) == 0 ? std::nullopt : std::optional(AnyId());
  }

  void Step(const grapnel::Client& in) {
    const auto users = in.Of<User>();
    const auto cards = in.Of<Card>();
    const auto pets = in.Of<Pet>();
    const std::string name = "n" + std::to_string(Below(4));
    switch (Below(13)) {
      case 0:
        users.CreateBulk({{.name = name}, {.name = name, .age = Below(3)}}).Save();
        break;
      case 1:
        users.Create({.name = name})
            .Set(F<&User::best_friend>, Maybe())
            .AddIDs(F<&User::friends>, {AnyId()})
            .Save();
        break;
      case 2:
        users.UpdateOne(AnyId())
            .Set(F<&User::name>, name)
            .Set(F<&User::best_friend>, Maybe())
            .AddIDs(F<&User::friends>, {AnyId(), AnyId()})
            .Save();
        break;
      case 3:
        users.Update()
            .Where(F<&User::id> > AnyId())
            .Add(F<&User::age>, Below(2))
            .RemoveIDs(F<&User::friends>, {AnyId()})
            .Save();
        break;
      case 4:
        users.Update().Where(F<&User::name> == name).Set(F<&User::friends>, {AnyId()}).Save();
        break;
      case 5:
        users.DeleteOne(AnyId()).Exec();
        break;
      case 6:
        users.Delete().Where(F<&User::name> == name && F<&User::age> > 0).Exec();
        break;
      case 7:
      case 8:
        cards.Create({.number = name})
            .Set(F<&Card::owner>, Maybe())
            .OnConflict(F<&Card::number>)
            .UpdateNewValues()
            .Save();
        break;
      case 9:
        users.UpdateOne(AnyId()).Set(F<&User::pets>, {AnyId()}).ClearEdge(F<&User::cards>).Save();
        break;
      case 10:
        pets.Create({.name = name}).Set(F<&Pet::owner>, Maybe()).Save();
        break;
      case 11:
        pets.Update().Where(F<&Pet::name> == name).Set(F<&Pet::owner>, Maybe()).Save();
        break;
      default:
        pets.Delete().Where(F<&Pet::id> >= AnyId()).Exec();
    }
  }
  void Compare() {
    std::map<std::string, Replica::Row> rows;
    std::set<std::pair<std::string, std::string>> friends;
    const auto put = [](Replica::Row& row, const char* field, const FieldValue& value) {
      if (!value.IsNull()) row.emplace(field, ToString(value));
    };
    const auto id_of = [](const auto& one) {
      return one.ID() ? FieldValue(*one.ID()) : FieldValue();
    };
    for (const User& user : Users().Query().With(F<&User::friends>).All()) {
      const std::string id = std::to_string(user.id);
      Replica::Row& row = rows["User" + id];
      put(row, "name", user.name);
      put(row, "age", user.age);
      put(row, "version", user.version);
      put(row, "best_friend", id_of(user.best_friend));
      for (const User& other : user.friends) {
        friends.insert(std::minmax(id, std::to_string(other.id)));
      }
    }
    for (const Card& card : client.Of<Card>().Query().All()) {
      Replica::Row& row = rows["Card" + std::to_string(card.id)];
      put(row, "number", card.number);
      put(row, "owner", id_of(card.owner));
    }
    for (const Pet& pet : client.Of<Pet>().Query().All()) {
      Replica::Row& row = rows["Pet" + std::to_string(pet.id)];
      put(row, "name", pet.name);
      put(row, "owner", id_of(pet.owner));
    }
    REQUIRE(replica.rows == rows);
    REQUIRE(replica.friends == friends);
  }
};

}  // namespace

TEST_CASE_METHOD(Programs, "B147 what Changes say, put together, is what is stored") {
  std::size_t rows = 0, friends = 0;  // so many at once
  for (int i = 0; i < 120; ++i) {
    CAPTURE(i);
    const Replica before = replica;
    try {
      auto tx = client.Tx();
      {
        auto nested = tx.Tx();
        Step(nested.Client());
        nested.Commit();
      }
      tx.Commit();
    } catch (const grapnel::Error&) {  // no such row, or a neighbour of another: all is undone
      replica = before;
    }
    Compare();
    rows = std::max(rows, replica.rows.size());
    friends = std::max(friends, replica.friends.size());
  }
  CHECK(rows > 8);
  CHECK(friends > 3);
}
