// B107: rows that Grapnel itself changes, because another one is deleted or joined, go through the
// hooks of their type.
#include "contract/fixture.hpp"
#include "support/catch.hpp"
#include "support/engine/traits.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>

namespace neighbours {

struct Shelf;
struct Book;
struct Desk;

struct Shelf {
  std::string id{};
  grapnel::Many<Book> books{};  // the other end: Book.shelf
  grapnel::Many<Desk> desks{};  // without another end: Desk's schema knows no such key
  grapnel::One<Shelf> under{};  // a list of shelves
  grapnel::One<Shelf> over{};
};
struct Book {
  std::int64_t id = 0;
  std::string title{};
  std::int64_t moved = 0;  // counted by its hook
  grapnel::One<Shelf> shelf{};
  grapnel::One<Book> sequel_of{};
  grapnel::One<Shelf> home{};     // a second key to the same type
  grapnel::One<Shelf> part_of{};  // goes with it
};
struct Desk {
  std::int64_t id = 0;
  std::int64_t touched = 0;  // by its update-default
};
struct Plain {  // with an update-default, without hooks
  std::int64_t id = 0;
  std::int64_t touched = 0;
  grapnel::One<Shelf> shelf{};
};

}  // namespace neighbours

template <>
struct grapnel::Schema<neighbours::Shelf> {
  static constexpr std::string_view Type = "Shelf";
  static constexpr auto Edges() {
    using neighbours::Shelf;
    return grapnel::Edges(To<&Shelf::books>("books"), To<&Shelf::desks>("desks"),
                          To<&Shelf::under>("under"),
                          From<&Shelf::over>("over").Ref<&Shelf::under>());
  }
};
template <>
struct grapnel::Schema<neighbours::Book> {
  static constexpr std::string_view Type = "Book";
  static constexpr auto Fields() {
    using neighbours::Book;
    return grapnel::Fields(Field<&Book::title>("title"), Field<&Book::moved>("moved").Default(0));
  }
  static constexpr auto Edges() {
    using neighbours::Book;
    return grapnel::Edges(From<&Book::shelf>("shelf").Ref<&neighbours::Shelf::books>(),
                          To<&Book::sequel_of>("sequel_of"), To<&Book::home>("home"),
                          To<&Book::part_of>("part_of").OnDelete(Cascade));
  }
};
template <>
struct grapnel::Schema<neighbours::Desk> {
  static constexpr std::string_view Type = "Desk";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&neighbours::Desk::touched>("touched").Default(0));
  }
};
template <>
struct grapnel::Schema<neighbours::Plain> {
  static constexpr std::string_view Type = "Plain";
  static constexpr auto Fields() {
    return grapnel::Fields(
        Field<&neighbours::Plain::touched>("touched").Default(0).UpdateDefault([] { return 7; }));
  }
  static constexpr auto Edges() { return grapnel::Edges(To<&neighbours::Plain::shelf>("shelf")); }
};

namespace {

using grapnel::AnyMutation;
using grapnel::Cause;
using grapnel::ConstraintError;
using grapnel::ConstraintKind;
using grapnel::F;
using grapnel::Mutation;
using grapnel::Next;
using grapnel::Op;
using grapnel::Value;
using grapnel::hook::Before;
using grapnel::hook::On;
using neighbours::Book;
using neighbours::Desk;
using neighbours::Plain;
using neighbours::Shelf;

constexpr auto kBooks = F<&Shelf::books>;
constexpr auto kShelf = F<&Book::shelf>;

/// Shelves "a" and "b"; as many books and desks as given, with the ids 1, 2, ..., without a shelf.
struct World : Fixture<Shelf, Book, Desk, Plain> {
  grapnel::store::HookedEntities<Shelf> shelves = client.Of<Shelf>();
  grapnel::store::HookedEntities<Book> books = client.Of<Book>();
  Lines log{};

  explicit World(int book_count = 0, int desk_count = 0) {
    for (const char* id : {"a", "b"}) AddShelf(id);
    for (int i = 1; i <= book_count; ++i) {
      books.Create().Set(F<&Book::title>, "t" + std::to_string(i)).Save();
    }
    for (int i = 0; i < desk_count; ++i) client.Of<Desk>().Create().Save();
  }
  void AddShelf(const std::string& id) { shelves.Create().Set(F<&Shelf::id>, id).Save(); }
  void Put(std::initializer_list<std::pair<std::int64_t, const char*>> places) {
    for (const auto& [book, shelf] : places) {
      Raw("UPDATE Book SET shelf_id = '" + std::string(shelf) +
          "' WHERE id = " + std::to_string(book));
    }
  }
  Lines Places() const { return Raw("SELECT id, shelf_id, moved FROM Book ORDER BY id"); }

  /// Logs each mutation of a type with a hook that reads all it can; returns the hook's handle.
  template <class E>
  auto Watch() {
    return client.Of<E>().Use(Before([this](Mutation<E>& m) {
      std::string line = ToString(m) + " for " + ToString(m.Cause()) + ":";
      auto rows = m.OldRows();
      std::sort(rows.begin(), rows.end(), [](const E& l, const E& r) { return l.id < r.id; });
      for (const E& row : rows) {
        if constexpr (std::is_same_v<E, Book>) {
          line += " " + std::to_string(row.id) + row.shelf.ID().value_or("-");
        } else if constexpr (std::is_same_v<E, Shelf>) {
          line += " " + row.id;
        } else {
          line += " " + std::to_string(row.id);
        }
      }
      if (m.Op() != Op::Create && m.IDs().size() != rows.size()) line += " not its rows";
      log.push_back(line);
    }));
  }
  /// Counts in each book how often it is moved.
  void CountMoves() {
    books.Use(On(Before([](Mutation<Book>& m) {
                   if (m.Get(kShelf) || m.EdgeCleared(kShelf)) m.Add(F<&Book::moved>, 1);
                 }),
                 Op::Update));
  }
};

ConstraintError Refused(const std::function<void()>& action) {
  return Thrown<ConstraintError>(action);
}

}  // namespace

TEST_CASE("B107 what loses its neighbour by a deletion is updated, by one mutation for all") {
  World db(5);
  db.Put({{1, "a"}, {2, "b"}, {3, "a"}, {4, "a"}});
  db.CountMoves();
  db.Watch<Book>();
  SECTION("DeleteOne") {
    db.shelves.DeleteOne("a").Exec();
    CHECK(db.log == Lines{"Book Update {moved+=1, shelf=NULL} for Cascade: 1a 3a 4a"});
    CHECK(db.Places() == Lines{"1|NULL|1", "2|b|0", "3|NULL|1", "4|NULL|1", "5|NULL|0"});
  }
  SECTION("Delete of several") {
    CHECK(db.shelves.Delete().Exec() == 2);
    CHECK(db.log == Lines{"Book Update {moved+=1, shelf=NULL} for Cascade: 1a 2b 3a 4a"});
    CHECK(db.Places() == Lines{"1|NULL|1", "2|NULL|1", "3|NULL|1", "4|NULL|1", "5|NULL|0"});
  }
  SECTION("a deletion that nothing hangs on runs nothing") {
    db.AddShelf("c");
    db.shelves.DeleteOne("c").Exec();
    CHECK(db.shelves.Delete().Where(F<&Shelf::id> == "none").Exec() == 0);
    CHECK(db.log.empty());
  }
  SECTION("each key by a mutation of its own") {
    db.Raw("UPDATE Book SET home_id = 'a' WHERE id IN (1, 2)");
    db.shelves.DeleteOne("a").Exec();
    std::sort(db.log.begin(), db.log.end());
    CHECK(db.log == Lines{"Book Update {home=NULL} for Cascade: 1- 2b",
                          "Book Update {moved+=1, shelf=NULL} for Cascade: 1a 3a 4a"});
  }
  SECTION("in a nested Tx, rolled back and done again") {
    auto tx = db.client.Tx();
    for (const bool keep : {false, true}) {
      auto inner = tx.Tx();
      inner.Of<Shelf>().DeleteOne("a").Exec();
      CHECK(inner.Of<Book>().Query().Where(F<&Book::moved> == 1).Count() == 3);
      keep ? inner.Commit() : inner.Rollback();
      CHECK(tx.Of<Book>().Query().Where(F<&Book::moved> == 1).Count() == (keep ? 3 : 0));
    }
    tx.Commit();
    CHECK(db.log.size() == 2);
  }
  SECTION("re-dispatched from another Op") {
    db.shelves.Use([](Mutation<Shelf>& m, Next<Shelf> next) -> Value<Shelf> {
      if (m.Op() != Op::UpdateOne) return next(m);
      m.SetOp(Op::DeleteOne);
      m.Client().Mutate(m);
      return 1;
    });
    CHECK_THROWS_AS(db.shelves.UpdateOne("a").Save(), grapnel::NotFoundError);  // nothing to return
    CHECK(db.log.size() == 1);
    CHECK(db.shelves.Query().Count() == 2);
  }
}

TEST_CASE("B107 rows that are deleted as well are not updated first; a self-edge, and a cascade") {
  World db(6);
  db.Put({{1, "a"}, {2, "a"}, {3, "a"}});
  db.Raw("UPDATE Book SET part_of_id = 'a' WHERE id = 1");           // goes with shelf a
  db.Raw("UPDATE Book SET sequel_of_id = 1 WHERE id IN (1, 2, 4)");  // refers to book 1
  db.Raw("UPDATE Book SET sequel_of_id = 2 WHERE id = 5");
  db.Watch<Book>();
  SECTION("a shelf takes book 1 along, whose sequels stay") {
    db.shelves.DeleteOne("a").Exec();
    REQUIRE(db.log.size() == 3);
    CHECK(db.log[0] == "Book Delete for Cascade: 1a");
    CHECK(db.log[1] == "Book Update {sequel_of=NULL} for Cascade: 2a 4-");
    CHECK(db.log[2] == "Book Update {shelf=NULL} for Cascade: 2a 3a");
    CHECK(db.Raw("SELECT id, shelf_id, sequel_of_id FROM Book") ==
          Lines{"2|NULL|NULL", "3|NULL|NULL", "4|NULL|NULL", "5|NULL|2", "6|NULL|NULL"});
  }
  SECTION("of rows of one type those that go") {
    CHECK(db.books.Delete().Where(F<&Book::id> <= 2).Exec() == 2);
    CHECK(db.log == Lines{"Book Delete for Caller: 1a 2a",
                          "Book Update {sequel_of=NULL} for Cascade: 4- 5-"});
  }
  SECTION("one that refers to itself alone") {
    db.Raw("UPDATE Book SET sequel_of_id = NULL WHERE id <> 1");
    db.books.DeleteOne(1).Exec();
    CHECK(db.log == Lines{"Book DeleteOne(id=1) for Caller: 1a"});
  }
}

TEST_CASE("B107 a child type without delete hooks is walked through where its own children look") {
  World db(3);
  // Book 1 goes with shelf a; nothing looks at deletions of books, but at updates of them.
  db.Raw("UPDATE Book SET part_of_id = 'a' WHERE id = 1");
  db.Raw("UPDATE Book SET sequel_of_id = 1 WHERE id = 2");
  db.books.Use(On(Before([&](Mutation<Book>& m) { db.log.push_back(ToString(m)); }), Op::Update));
  db.shelves.DeleteOne("a").Exec();
  CHECK(db.log == Lines{"Book Update {sequel_of=NULL}"});
  CHECK(db.Raw("SELECT id, sequel_of_id FROM Book") == Lines{"2|NULL", "3|NULL"});
}

TEST_CASE("B107 an update of a neighbour may be vetoed, and one that is kept keeps the other row") {
  World db(3);
  db.Put({{1, "a"}, {2, "a"}});
  const Lines before = db.Places();
  const auto unchanged = [&] {
    CHECK(db.Places() == before);
    CHECK(db.shelves.Query().Count() == 2);
  };
  const auto all = [&](const auto& check) {
    const auto cleared = [&](const grapnel::Client& client) {
      check("a", [&] { client.Of<Shelf>().DeleteOne("a").Exec(); });
      check("a", [&] { client.Of<Shelf>().Delete().Exec(); });
      check("books", [&] { client.Of<Shelf>().UpdateOne("a").ClearEdge(kBooks).Save(); });
      check("books", [&] { client.Of<Shelf>().UpdateOne("a").RemoveIDs(kBooks, {1, 2}).Save(); });
      check("books", [&] { client.Of<Shelf>().Update().Set(kBooks, {}).Save(); });
    };
    cleared(db.client);
    db.client.WithTx([&](grapnel::Tx& tx) {
      cleared(tx.Client());
      tx.Of<Book>().UpdateOne(3).Set(F<&Book::title>, "the Tx lives on").Save();
    });
    unchanged();
    CHECK(db.books.Get(3).title == "the Tx lives on");
  };
  SECTION("vetoed") {
    auto veto = db.books.Use(On(grapnel::hook::Reject(Op::Update), Op::Update));
    all([&](const std::string&, const std::function<void()>& action) {
      CHECK(std::string(Thrown<grapnel::RejectedError>(action).what()) ==
            "Book: Update is not allowed");
    });
    CHECK_THROWS_AS(db.shelves.UpdateOne("b").AddIDs(kBooks, {3}).Save(), grapnel::RejectedError);
    CHECK_THROWS_AS(db.shelves.Create().Set(F<&Shelf::id>, "c").AddIDs(kBooks, {3}).Save(),
                    grapnel::RejectedError);
    unchanged();
  }
  SECTION("kept: next is not called") {
    db.books.Use(On([](Mutation<Book>&, Next<Book>) -> Value<Book> { return 2; }, Op::Update));
    all([&](const std::string& edge, const std::function<void()>& action) {
      const auto error = Refused(action);
      CHECK(error.Entity() == "Shelf");
      CHECK(error.Kind() == ConstraintKind::ForeignKey);
      CHECK(error.Fields() == Lines{edge == "books" ? "books" : "Book.shelf"});
      CHECK(error.Detail().starts_with("a hook kept 2 Book as it was that "));
    });
    const auto error = Refused([&] { db.shelves.UpdateOne("b").AddIDs(kBooks, {3}).Save(); });
    CHECK(error.Detail() == "a hook kept 1 Book as it was that would be added");
    unchanged();
  }
  SECTION("kept: one row of two, or its edge reset") {
    const bool narrowed = GENERATE(true, false);
    db.books.Use(On(Before([&](Mutation<Book>& m) {
                      narrowed ? m.Where(F<&Book::title> != "t1") : m.ResetEdge(kShelf);
                    }),
                    Op::Update));
    all([&](const std::string&, const std::function<void()>& action) {
      CHECK(Refused(action).Detail().find(narrowed ? "kept 1 Book" : "kept 2 Book") !=
            std::string::npos);
    });
  }
  SECTION("failed after the write") {
    db.books.Use(On(grapnel::hook::After([](const Mutation<Book>&, Value<Book>&) {
                      throw std::domain_error("late");
                    }),
                    Op::Update));
    all([&](const std::string&, const std::function<void()>& action) {
      CHECK_THROWS_AS(action(), std::domain_error);
    });
  }
}

TEST_CASE("B107 a hook of the neighbour may send it elsewhere, or delete it instead") {
  World db(3);
  db.Put({{1, "a"}, {2, "a"}});
  SECTION("elsewhere") {
    db.books.Use(On(Before([](Mutation<Book>& m) {
                      if (m.EdgeCleared(kShelf)) m.Set(kShelf, "b");
                    }),
                    Op::Update));
    db.shelves.DeleteOne("a").Exec();
    CHECK(db.Places() == Lines{"1|b|0", "2|b|0", "3|NULL|0"});
  }
  SECTION("deleted: orphans go") {
    db.books.Use(On(
        [](Mutation<Book>& m, Next<Book> next) -> Value<Book> {
          if (m.EdgeCleared(kShelf)) m.SetOp(Op::Delete);
          return next(m);
        },
        Op::Update));
    db.Watch<Book>();
    SECTION("with the shelf") { db.shelves.DeleteOne("a").Exec(); }
    SECTION("cleared") { db.shelves.UpdateOne("a").ClearEdge(kBooks).Save(); }
    CHECK(db.Places() == Lines{"3|NULL|0"});
    REQUIRE(db.log.size() == 1);
    CHECK(db.log[0].starts_with("Book Delete"));
  }
}

TEST_CASE(
    "B107 neighbours set and cleared from the other end are updated, those that stay are not") {
  World db(4);
  db.CountMoves();
  db.Watch<Book>();
  db.shelves.UpdateOne("a").AddIDs(kBooks, {1, 2, 1}).Save();
  CHECK(Take(db.log) == Lines{"Book Update {moved+=1, shelf=\"a\"} for Cascade: 1- 2-"});
  db.shelves.UpdateOne("a").AddIDs(kBooks, {2, 3}).Save();  // 2 is there already
  CHECK(Take(db.log) == Lines{"Book Update {moved+=1, shelf=\"a\"} for Cascade: 3-"});
  db.shelves.UpdateOne("a").AddIDs(kBooks, {1, 2}).RemoveIDs(kBooks, {4, 99}).Save();
  CHECK(Take(db.log).empty());
  db.shelves.UpdateOne("a").Set(kBooks, {3, 4}).Save();  // 3 stays
  CHECK(Take(db.log) == Lines{"Book Update {moved+=1, shelf=NULL} for Cascade: 1a 2a",
                              "Book Update {moved+=1, shelf=\"a\"} for Cascade: 4-"});
  db.shelves.UpdateOne("a").RemoveIDs(kBooks, {3, 1}).Save();
  CHECK(Take(db.log) == Lines{"Book Update {moved+=1, shelf=NULL} for Cascade: 3a"});
  CHECK(db.Places() == Lines{"1|NULL|2", "2|NULL|2", "3|NULL|2", "4|a|1"});
  db.shelves.Create().Set(F<&Shelf::id>, "c").AddIDs(kBooks, {1, 2}).Save();
  CHECK(Take(db.log) == Lines{"Book Update {moved+=1, shelf=\"c\"} for Cascade: 1- 2-"});
  CHECK(db.shelves.Update().ClearEdge(kBooks).Save() == 3);  // of three shelves, by one mutation
  CHECK(Take(db.log) == Lines{"Book Update {moved+=1, shelf=NULL} for Cascade: 1c 2c 4a"});
  CHECK(db.shelves.Update().Where(F<&Shelf::id> == "b").AddIDs(kBooks, {4}).Save() == 1);
  CHECK(Take(db.log) == Lines{"Book Update {moved+=1, shelf=\"b\"} for Cascade: 4-"});
  CHECK(db.Places() == Lines{"1|NULL|4", "2|NULL|4", "3|NULL|2", "4|b|3"});
  // By name, in a bulk, and by a hook.
  db.shelves.Use(On(Before([](AnyMutation& m) { m.AddIDs("books", {3}); }), Op::UpdateOne));
  db.shelves.UpdateOne("a").Save();
  CHECK(Take(db.log) == Lines{"Book Update {moved+=1, shelf=\"a\"} for Cascade: 3-"});
  std::vector<grapnel::store::Create<Shelf>> bulk;
  for (const std::int64_t book : {1, 2}) {
    bulk.push_back(
        db.shelves.Create().Set(F<&Shelf::id>, "x" + std::to_string(book)).AddIDs(kBooks, {book}));
  }
  db.shelves.CreateBulk(bulk).Save();
  CHECK(Take(db.log) == Lines{"Book Update {moved+=1, shelf=\"x1\"} for Cascade: 1-",
                              "Book Update {moved+=1, shelf=\"x2\"} for Cascade: 2-"});
  // From its own end it is an update of the book alone.
  db.Watch<Shelf>();
  db.books.UpdateOne(1).Set(kShelf, "a").Save();
  CHECK(Take(db.log) == Lines{"Book UpdateOne(id=1) {shelf=\"a\"} for Caller: 1x1"});
}

TEST_CASE("B107 one-to-one of the type itself: the row that had it and the row that gets it") {
  World db;
  for (const char* id : {"c", "d"}) db.AddShelf(id);
  db.Watch<Shelf>();
  db.shelves.UpdateOne("a").Set(F<&Shelf::over>, "b").Save();  // b is the one that holds the key
  CHECK(Take(db.log) == Lines{"Shelf UpdateOne(id=\"a\") {over=\"b\"} for Caller: a",
                              "Shelf Update {under=\"a\"} for Cascade: b"});
  db.shelves.UpdateOne("a").Set(F<&Shelf::over>, "c").Save();
  CHECK(Take(db.log).size() == 3);
  CHECK(db.Raw("SELECT id, under_id FROM Shelf") == Lines{"a|NULL", "b|NULL", "c|a", "d|NULL"});
  db.shelves.UpdateOne("a").Set(F<&Shelf::over>, "a").Save();  // of itself
  CHECK(db.Raw("SELECT id, under_id FROM Shelf") == Lines{"a|a", "b|NULL", "c|NULL", "d|NULL"});
  db.shelves.UpdateOne("a").ClearEdge(F<&Shelf::over>).Save();
  CHECK(db.Raw("SELECT id, under_id FROM Shelf") == Lines{"a|NULL", "b|NULL", "c|NULL", "d|NULL"});
}

TEST_CASE("B107 a row that is created as its own neighbour is returned as it is then stored") {
  World db;
  const bool watched = GENERATE(false, true);
  if (watched) db.Watch<Shelf>();
  const auto own = [&] {
    return db.client.Of<Shelf>().Create().Set(F<&Shelf::id>, "x").Set(F<&Shelf::over>, "x");
  };
  CHECK(own().Save().under.ID() == "x");
  db.shelves.DeleteOne("x").Exec();
  std::vector<decltype(own())> rows;
  rows.push_back(own());
  CHECK(db.client.Of<Shelf>().CreateBulk(rows).Save().front().under.ID() == "x");
}

TEST_CASE(
    "B107 a key that the neighbour's schema does not know: an update of its rows all the same") {
  World db(0, 3);
  db.client.Of<Desk>().Use(
      On(Before([](Mutation<Desk>& m) { m.Add(F<&Desk::touched>, 1); }), Op::Update));
  db.Watch<Desk>();
  const auto desks = [&] { return db.Raw("SELECT id, Shelf_desks, touched FROM Desk"); };
  db.shelves.UpdateOne("a").AddIDs(F<&Shelf::desks>, {1, 2}).Save();
  CHECK(Take(db.log) == Lines{"Desk Update {touched+=1} for Cascade: 1 2"});
  CHECK(desks() == Lines{"1|a|1", "2|a|1", "3|NULL|0"});
  db.shelves.UpdateOne("a").Set(F<&Shelf::desks>, {2, 3}).Save();
  CHECK(desks() == Lines{"1|NULL|2", "2|a|1", "3|a|1"});
  db.shelves.DeleteOne("a").Exec();
  CHECK(desks() == Lines{"1|NULL|2", "2|NULL|2", "3|NULL|2"});
  CHECK(db.log.back() == "Desk Update {touched+=1} for Cascade: 2 3");
  // A hook that changes nothing leaves the key to be set.
  World plain(0, 1);
  plain.Watch<Desk>();
  plain.shelves.UpdateOne("b").AddIDs(F<&Shelf::desks>, {1}).Save();
  CHECK(plain.Raw("SELECT Shelf_desks FROM Desk") == Lines{"b"});
  plain.client.Of<Desk>().Use(
      On([](Mutation<Desk>&, Next<Desk>) -> Value<Desk> { return 0; }, Op::Update));
  CHECK(Refused([&] { plain.shelves.DeleteOne("b").Exec(); }).Fields() == Lines{"Shelf.desks"});
  CHECK(plain.Raw("SELECT Shelf_desks FROM Desk") == Lines{"b"});
}

TEST_CASE("B107 an update-default is set though no hook looks") {
  World db;
  db.client.Of<Plain>().Create().Set(F<&Plain::shelf>, "a").Save();
  db.client.Of<Plain>().Create().Set(F<&Plain::shelf>, "b").Save();
  db.shelves.DeleteOne("a").Exec();
  CHECK(db.Raw("SELECT shelf_id, touched FROM Plain") == Lines{"NULL|7", "b|0"});
}

TEST_CASE("B107 errors name the edge and the id, whether or not anything looks") {
  World db(3);
  db.Put({{1, "b"}});
  const auto check = [&] {
    const auto missing = Refused([&] { db.shelves.UpdateOne("a").AddIDs(kBooks, {2, 99}).Save(); });
    CHECK(
        std::string(missing.what()) ==
        "Shelf: UpdateOne breaks a foreign key constraint on books (there is no Book with id 99)");
    const auto taken = Refused([&] { db.shelves.UpdateOne("a").AddIDs(kBooks, {2, 1}).Save(); });
    CHECK(taken.Kind() == ConstraintKind::Unique);
    CHECK(taken.Fields() == Lines{"books"});
    CHECK(taken.Detail() ==
          "a Book already belongs to another Shelf: move it by setting its own end");
    CHECK(Refused([&] { db.shelves.Update().AddIDs(kBooks, {2}).Save(); }).Op() == Op::Update);
    CHECK(db.Places() == Lines{"1|b|0", "2|NULL|0", "3|NULL|0"});
  };
  check();
  db.Watch<Book>();
  check();
  // What its hook breaks is told as its own.
  db.books.Use(On(Before([](Mutation<Book>& m) { m.Set(F<&Book::home>, "none"); }), Op::Update));
  const auto own = Refused([&] { db.shelves.UpdateOne("a").AddIDs(kBooks, {2}).Save(); });
  CHECK(own.Entity() == "Book");
  CHECK(own.Fields() == Lines{"home"});
}

TEST_CASE("B107 updates of neighbours that change neighbours end at the depth limit") {
  World db;
  for (int i = 100; i < 200; ++i) db.AddShelf(std::to_string(i));
  db.shelves.Use(On(Before([](Mutation<Shelf>& m) {
                      m.Set(F<&Shelf::over>, std::to_string(std::stoi(m.IDs().front()) + 1));
                    }),
                    Op::Update));
  CHECK_THROWS_AS(db.shelves.UpdateOne("a").Set(F<&Shelf::over>, "100").Save(),
                  grapnel::RecursionError);
  CHECK(db.Raw("SELECT count(under_id) FROM Shelf") == Lines{"0"});
}

TEST_CASE("B107 a deletion in the hook of a neighbour that is updated takes rows that are listed") {
  World db(3);
  db.Put({{1, "a"}, {2, "a"}});
  // The list of rows to be updated is none of rows to be deleted.
  db.books.Use(On(Before([](Mutation<Book>& m) {
                    if (m.EdgeCleared(kShelf)) {
                      m.Client().Of<Book>().Delete().Where(F<&Book::id> == 1).Exec();
                    }
                  }),
                  Op::Update));
  SECTION("cleared") { db.shelves.UpdateOne("a").ClearEdge(kBooks).Save(); }
  SECTION("deleted") { db.shelves.DeleteOne("a").Exec(); }
  CHECK(db.Places() == Lines{"2|NULL|0", "3|NULL|0"});
}

TEST_CASE("B107 where nothing could look the database does it alone") {
  World db(2, 1);
  Lines sql;
  const auto traced = db.client.Debug(
      [&](std::string_view text) { sql.push_back(std::string(text.substr(0, text.find(' ')))); });
  const auto verbs = [&](const std::function<void()>& action) {
    action();
    return Take(sql);
  };
  db.books.Use(On(Before([](auto&) {}), ~Op::Update));
  const auto shelves = traced.Of<Shelf>();
  CHECK(verbs([&] { shelves.UpdateOne("a").AddIDs(kBooks, {1}).Save(); }) ==
        Lines{"BEGIN", "SELECT", "UPDATE", "SELECT"});
  CHECK(verbs([&] { shelves.UpdateOne("a").AddIDs(F<&Shelf::desks>, {1}).Save(); }).size() == 4);
  CHECK(verbs([&] { shelves.UpdateOne("a").ClearEdge(kBooks).Save(); }).size() == 4);
  CHECK(verbs([&] { db.client.Of<Desk>().Delete().Exec(); }).empty());
}

TEST_CASE("B140 which hooks apply is asked when a mutation starts, for its cascade as well") {
  World db(2);
  db.Put({{1, "a"}});
  db.Raw("UPDATE Book SET part_of_id = 'a' WHERE id = 2");
  bool first = true;
  db.shelves.Use(Before([&](Mutation<Shelf>& m) {
    if (std::exchange(first, false)) db.Watch<Book>();
    static_cast<void>(m.IDs());
  }));
  SECTION("a deletion") {
    db.shelves.DeleteOne("a").Exec();
    CHECK(db.log.empty());
    CHECK(db.Places() == Lines{"1|NULL|0"});
  }
  SECTION("an edge") {
    db.shelves.UpdateOne("a").ClearEdge(kBooks).Save();
    CHECK(db.log.empty());
    db.shelves.UpdateOne("b").AddIDs(kBooks, {1}).Save();
    CHECK(db.log.size() == 1);
  }
  SECTION("taken out meanwhile") {
    auto handle = db.Watch<Book>();
    db.shelves.Use(Before([&](auto&) { handle.Remove(); }));
    db.shelves.DeleteOne("a").Exec();
    CHECK(db.log.size() == 2);  // Delete of book 2, Update of book 1: once each
  }
  SECTION("registered by the hook of a row further down") {
    db.books.Use(On(Before([&](Mutation<Book>&) {
                      db.books.Use(On(Before([&](auto&) { db.log.push_back("late"); }),
                                      Op::Update | Op::Delete));
                    }),
                    Op::Delete));
    db.shelves.DeleteOne("a").Exec();
    CHECK(db.log.empty());
    CHECK(db.Places() == Lines{"1|NULL|0"});
  }
}

namespace {

/// A database in memory, and all that is in it.
struct Place {
  grapnel::Database<Shelf, Book, Desk, Plain> client =
      engine::Open<Shelf, Book, Desk, Plain>(":memory:");

  Place() { client.Migrate(); }

  /// "Book 1" and what is stored of it.
  std::map<std::string, std::string> Rows() const {
    std::map<std::string, std::string> rows;
    const auto key = [](const auto& one) { return " " + std::string(one.ID().value_or("-")); };
    for (const Shelf& shelf : client.Of<Shelf>().Query().With(F<&Shelf::desks>).All()) {
      rows["Shelf " + shelf.id] = key(shelf.under);
      for (const Desk& desk : shelf.desks) rows["Desk " + std::to_string(desk.id)] = shelf.id;
    }
    for (const Desk& desk : client.Of<Desk>().Query().All()) {
      rows.emplace("Desk " + std::to_string(desk.id), "-");
    }
    for (const Book& book : client.Of<Book>().Query().All()) {
      rows["Book " + std::to_string(book.id)] = key(book.shelf) + key(book.home) +
                                                key(book.part_of) + " " +
                                                std::to_string(book.sequel_of.ID().value_or(0));
    }
    return rows;
  }
};

/// Something done to the shelves and books, at random; what it threw, or "".
std::string Act(const grapnel::Client& client, std::uint32_t seed) {
  std::mt19937 random(seed);
  const auto below = [&](unsigned n) { return static_cast<std::int64_t>(random() % n); };
  const auto shelf = [&] { return std::string(1, static_cast<char>('a' + below(4))); };
  const auto books = [&] {
    std::vector<std::int64_t> ids;
    for (auto left = below(4); left >= 0; --left) ids.push_back(1 + below(below(8) == 0 ? 9 : 6));
    return ids;
  };
  const auto change_shelf = [&](auto& builder) {
    for (auto left = below(2); left >= 0; --left) {
      switch (below(8)) {
        case 0:
          builder.AddIDs(kBooks, books());
          break;
        case 1:
          builder.RemoveIDs(kBooks, books());
          break;
        case 2:
          builder.Set(kBooks, books());
          break;
        case 3:
          builder.ClearEdge(kBooks);
          break;
        case 4:
          builder.AddIDs(F<&Shelf::desks>, {1 + below(3)});
          break;
        case 5:
          builder.Set(F<&Shelf::desks>, {1 + below(3), 1 + below(3)});
          break;
        case 6:
          builder.Set(F<&Shelf::over>, shelf());
          break;
        default:
          builder.ClearEdge(F<&Shelf::over>);
          break;
      }
    }
  };
  const auto change_book = [&](auto& builder) {
    switch (below(5)) {
      case 0:
        builder.Set(kShelf, shelf());
        break;
      case 1:
        builder.Set(F<&Book::home>, shelf());
        break;
      case 2:
        builder.Set(F<&Book::part_of>, shelf());
        break;
      case 3:
        builder.Set(F<&Book::sequel_of>, 1 + below(6));
        break;
      default:
        builder.ClearEdge(kShelf);
        break;
    }
  };
  try {
    switch (below(10)) {
      case 0: {
        auto builder = client.Of<Shelf>().Create();
        builder.Set(F<&Shelf::id>, shelf());
        if (below(2) == 0) builder.AddIDs(kBooks, books());
        builder.Save();
        break;
      }
      case 1:
        client.Of<Shelf>().DeleteOne(shelf()).Exec();
        break;
      case 2:
        client.Of<Shelf>().Delete().Where(F<&Shelf::id> <= shelf()).Exec();
        break;
      case 3:
        client.Of<Book>().Delete().Where(F<&Book::id>.In(books())).Exec();
        break;
      case 4: {
        auto builder = client.Of<Shelf>().Update();
        builder.Where(F<&Shelf::id> >= shelf());
        change_shelf(builder);
        builder.Save();
        break;
      }
      case 5:
      case 6: {
        auto builder = client.Of<Shelf>().UpdateOne(shelf());
        change_shelf(builder);
        builder.Save();
        break;
      }
      case 7:
        client.Of<Book>().Create().Set(F<&Book::id>, 1 + below(6)).Save();
        break;
      default: {
        auto builder = client.Of<Book>().Update();
        builder.Where(F<&Book::id>.In(books()));
        change_book(builder);
        builder.Save();
        break;
      }
    }
  } catch (const grapnel::Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE(
    "B107 at random: what is stored is the same whether or not a hook looks, which sees all of "
    "it") {
  const Place alone, seen;
  std::set<std::string> hooked, cascaded;
  seen.client.Use(Before([&]<class E>(Mutation<E>& m) {
    if (m.Op() == Op::Create) return;
    for (const E& row : m.OldRows()) {
      std::string name = std::string(m.Type()) + " ";
      if constexpr (std::is_same_v<E, Shelf>) {
        name += row.id;
      } else {
        name += std::to_string(row.id);
      }
      hooked.insert(name);
      if (m.Cause() == Cause::Cascade) cascaded.insert(name);
    }
  }));
  for (const Place* each : {&alone, &seen}) {
    for (int i = 0; i < 3; ++i) each->client.Of<Desk>().Create().Save();
  }
  int done = 0;
  auto before = seen.Rows();
  for (std::uint32_t seed = 0; seed < 1500; ++seed) {
    CAPTURE(seed);
    hooked.clear(), cascaded.clear();
    const std::string thrown = Act(alone.client, seed);
    REQUIRE(Act(seen.client, seed) == thrown);
    auto after = seen.Rows();
    REQUIRE(after == alone.Rows());
    if (thrown.empty()) {
      ++done;
      for (const auto& [name, row] : before) {
        const auto now = after.find(name);
        const bool changed = now == after.end() || now->second != row;
        INFO(name << " was" << row << ", is" << (now == after.end() ? " gone" : now->second));
        if (changed) REQUIRE(hooked.contains(name));
        if (!changed) REQUIRE_FALSE(cascaded.contains(name));
      }
    } else {
      REQUIRE(after == before);
    }
    before = std::move(after);
  }
  CHECK(done > 400);
}
