// B154: an entity in place of what it says: Create of it, UpdateOne of some of its members, and
// itself where an edge takes an id. B152: what else Set takes.

#include "contract/all_kinds.hpp"
#include "contract/graph_model.hpp"
#include "support/catch.hpp"
#include "support/engine/engine.hpp"
#include "support/engine/traits.hpp"

#include <grapnel/grapnel.hpp>

#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using graph::Card;
using graph::Pet;
using graph::User;
using grapnel::F;
using grapnel::Mutation;

namespace given {

struct Versioned {
  std::int64_t version = 0;
};

struct Book;

struct Author {
  std::string id;
  std::string name;
  grapnel::Many<Book> books{};
};

struct Cover {
  std::int64_t id = 0;
  grapnel::One<Book> book{};  // the other end holds the key
};

struct Book : Versioned {
  std::int64_t id = 0;
  std::string isbn;
  std::string title;
  std::optional<std::string> blurb{};
  std::optional<bool> sold_out{};
  grapnel::One<Author> author{};  // required
  grapnel::One<Author> editor{};
  grapnel::One<Cover> cover{};
};

inline std::string NewKey() {
  static int made = 0;
  return "key " + std::to_string(++made);
}

}  // namespace given

template <>
struct grapnel::Schema<given::Versioned> {
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&given::Versioned::version>("version").Default(1));
  }
};
template <>
struct grapnel::Schema<given::Author> {
  static constexpr std::string_view Type = "Author";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&given::Author::id>("id").Default(given::NewKey),
                           Field<&given::Author::name>("name"));
  }
  static constexpr auto Edges() { return grapnel::Edges(To<&given::Author::books>("books")); }
};
template <>
struct grapnel::Schema<given::Cover> {
  static constexpr std::string_view Type = "Cover";
  static constexpr auto Fields() { return grapnel::Fields(); }
  static constexpr auto Edges() {
    return grapnel::Edges(From<&given::Cover::book>("book").Ref<&given::Book::cover>());
  }
};
template <>
struct grapnel::Schema<given::Book> {
  using Book = given::Book;
  static constexpr std::string_view Type = "Book";
  using Mixins = grapnel::Mixins<given::Versioned>;
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&Book::isbn>("isbn").Immutable().Unique(),
                           Field<&Book::title>("title").NotEmpty(), Field<&Book::blurb>("blurb"),
                           Field<&Book::sold_out>("sold_out").Default(false));
  }
  static constexpr auto Edges() {
    return grapnel::Edges(From<&Book::author>("author").Ref<&given::Author::books>().Required(),
                          To<&Book::editor>("editor"), To<&Book::cover>("cover"));
  }
};

namespace {

using given::Author;
using given::Book;
using given::Cover;
using given::Versioned;
using Ids = std::vector<std::int64_t>;

struct Library {
  grapnel::Database<Author, Book, Cover> client =
      engine::Open<Author, Book, Cover>("file:given?mode=memory");
  Author ada, bob;
  Library() {
    client.Migrate();
    ada = client.Of<Author>().Create({.id = "ada", .name = "Ada"}).Save();
    bob = client.Of<Author>().Create({.id = "", .name = "Bob"}).Save();
  }
  auto Books() const { return client.Of<Book>(); }
  Book Stored(std::int64_t id) const { return Books().Get(id); }
  Book Written(const char* isbn) const {
    Book book;
    book.isbn = isbn;
    book.title = "T";
    book.author = grapnel::One<Author>(ada);
    return book;
  }
};

struct Town {
  grapnel::Database<User, Card, Pet> client = engine::Open<User, Card, Pet>(":memory:");
  User ada, bob, eve;
  Card visa;
  Town() {
    client.Migrate();
    ada = client.Of<User>().Create({.name = "Ada"}).Save();
    bob = client.Of<User>().Create({.name = "Bob"}).Save();
    eve = client.Of<User>().Create({.name = "Eve"}).Save();
    visa = client.Of<Card>().Create({.number = "1", .owner = grapnel::One<User>(ada)}).Save();
  }
  std::optional<std::int64_t> Owner() const { return client.Of<Card>().Get(visa.id).owner.ID(); }
  std::set<std::int64_t> Friends(const User& of) const {
    std::set<std::int64_t> ids;
    const auto rows = client.Of<User>().Query().With(F<&User::friends>).All();
    for (const User& each : rows) {
      if (each.id != of.id) continue;
      for (const User& other : each.friends) ids.insert(other.id);
    }
    return ids;
  }
};

}  // namespace

TEST_CASE_METHOD(Library, "B154 Create takes an entity, every member as it is given") {
  CHECK(ada.id == "ada");
  CHECK(bob.id.starts_with("key "));  // an empty id is made
  Book book = Written("1");
  book.version = 7;
  book.blurb = "good";
  book.editor = grapnel::One<Author>(bob);
  Book made = Books().Create(book).Save();
  CHECK(made.id == 1);
  CHECK(made.version == 7);
  CHECK(made.blurb == "good");
  CHECK(made.sold_out == std::nullopt);  // given as NULL, whatever the default
  made = Stored(1);
  CHECK(made.author.ID() == "ada");
  CHECK(made.editor.ID() == bob.id);
  book.id = 9;
  book.isbn = "2";
  CHECK(Books().Create(std::move(book)).Save().id == 9);
}

TEST_CASE_METHOD(Library, "B154 Create of an entity is a builder: Omit, Set, Save, bulk, upsert") {
  const Book given = Written("1");
  Book made = Books()
                  .Create(given)
                  .Omit(F<&Book::sold_out>, F<&Versioned::version>, F<&Book::id>)
                  .Set(F<&Book::title>, "other")
                  .Set(F<&Book::editor>, ada)
                  .Save();
  CHECK(made.sold_out == false);
  CHECK(made.version == 1);
  CHECK(made.title == "other");
  CHECK(made.editor.ID() == "ada");
  auto builder = Books().Create(Written("2"));
  builder.Omit(F<&Book::author>);
  CHECK_THROWS_AS(builder.Save(), grapnel::ValidationError);
  builder = Books().Create(Written("3"));
  builder.Omit(F<&Book::title>);
  CHECK_THROWS_AS(builder.Save(), grapnel::ValidationError);

  std::vector<grapnel::store::Create<Book>> builders;
  builders.push_back(Books().Create(Written("4")));
  builders.push_back(Books().Create(Written("5")).Set(F<&Book::title>, "five"));
  CHECK(Books().CreateBulk(builders).Save().at(1).title == "five");

  Book again = Written("5");
  again.title = "cinq";
  made = Books().Create(again).OnConflict(F<&Book::isbn>).UpdateNewValues().Save();
  CHECK(made.title == "cinq");
  CHECK(Books().Query().Count() == 3);
}

TEST_CASE_METHOD(Library, "B154 hooks see what an entity has set") {
  std::vector<std::string_view> names;
  const auto watch =
      client.Of<Book>().Use(grapnel::hook::Before([&](Mutation<Book>& m) { names = m.Fields(); }));
  const auto book = Books().Create(Written("1")).Omit(F<&Book::sold_out>).Save();
  CHECK(names == std::vector<std::string_view>{"version", "isbn", "title", "sold_out"});
  Books().UpdateOne(book, F<&Book::title>, F<&Book::editor>, F<&Book::author>).Save();
  CHECK(names == std::vector<std::string_view>{"title"});
}

TEST_CASE("B154 Create takes every kind of field as CreateBulk does") {
  using kinds::Maybe;
  using kinds::Plain;
  auto client = engine::Open<Plain, Maybe>(":memory:");
  client.Migrate();
  Plain row;
  row.i8 = -7;
  row.real = -0.0;
  row.text = engine::Storable({"a\0b", 3});
  row.bytes = {std::byte{0}, std::byte{9}};
  row.level = kinds::Level::High;
  row.mood = kinds::Mood::Angry;
  row.time = kinds::Time(std::chrono::nanoseconds(1'999));
  row.warmth = {36.6};
  const Plain one = client.Of<Plain>().Create(row).Save();
  Plain many = client.Of<Plain>().CreateBulk(std::vector{row}).Save().at(0);
  CHECK(client.Of<Plain>().Get(1) == one);
  many.id = one.id;
  CHECK(many == one);
  CHECK(one.time == kinds::Time(std::chrono::microseconds(1)));

  Maybe maybe;
  maybe.mood = kinds::Mood::Calm;
  maybe.time = row.time;
  maybe = client.Of<Maybe>().Create(maybe).Save();
  CHECK(client.Of<Maybe>().Get(1) == maybe);
  CHECK(maybe.mood == kinds::Mood::Calm);
  CHECK(maybe.text == std::nullopt);

  // UpdateOne of the entity: set, cleared, and all others untouched.
  Maybe changed;
  changed.id = 1;
  changed.time = kinds::Time(std::chrono::nanoseconds(-1));
  changed.flag = true;
  changed = client.Of<Maybe>()
                .UpdateOne(changed, F<&Maybe::time>, F<&Maybe::mood>, F<&Maybe::real>)
                .Save();
  CHECK(changed.time == kinds::Time(std::chrono::microseconds(-1)));
  CHECK(changed.mood == std::nullopt);
  CHECK(changed.flag == std::nullopt);
  CHECK(client.Of<Maybe>().Get(1) == changed);
  row.mood = kinds::Mood::Odd;  // no name, no form to be stored in
  CHECK_THROWS_AS(
      client.Of<Plain>().UpdateOne(one, F<&Plain::i8>).Set(F<&Plain::mood>, row.mood).Save(),
      grapnel::ValidationError);
  row.id = 1;
  CHECK_THROWS_AS(client.Of<Plain>().UpdateOne(row, F<&Plain::mood>).Save(),
                  grapnel::ValidationError);
  row.day = kinds::Day(std::chrono::days(std::numeric_limits<int>::max()));
  CHECK_THROWS_AS(client.Of<Plain>().UpdateOne(row, F<&Plain::day>), grapnel::ValidationError);
  CHECK(client.Of<Plain>().Get(1) == one);
}

TEST_CASE_METHOD(Library, "B154 UpdateOne of an entity sets those members and no others") {
  Book book = Books().Create(Written("1")).Omit(F<&Versioned::version>).Save();
  book.title = "new";
  book.blurb = "new";
  book.version = 5;
  book.editor = grapnel::One<Author>(bob);
  Book now = Books().UpdateOne(book, F<&Book::title>, F<&Book::editor>).Save();
  CHECK(now.title == "new");
  CHECK(now.editor.ID() == bob.id);
  CHECK(now.blurb == std::nullopt);
  CHECK(now.version == 1);
  book.editor = {};
  book.title = "not taken";
  now = Books()
            .UpdateOne(book, F<&Book::editor>, F<&Book::blurb>, F<&Versioned::version>)
            .Where(F<&Versioned::version> == 1)
            .Save();
  CHECK(now.editor.ID() == std::nullopt);
  CHECK(now.blurb == "new");
  CHECK(now.version == 5);
  CHECK(now.title == "new");
  CHECK_THROWS_AS(
      Books().UpdateOne(book, F<&Book::title>).Where(F<&Versioned::version> == 1).Save(),
      grapnel::StaleError);
  // What is said after it holds.
  CHECK(Books().UpdateOne(book, F<&Book::title>).Set(F<&Book::title>, "last").Save().title ==
        "last");
  book.title.clear();
  CHECK_THROWS_AS(Books().UpdateOne(book, F<&Book::title>).Save(), grapnel::ValidationError);
  book.id = 99;
  CHECK_THROWS_AS(Books().UpdateOne(book, F<&Book::blurb>).Save(), grapnel::NotFoundError);
  CHECK_THROWS_AS(Books().DeleteOne(book).Exec(), grapnel::NotFoundError);
}

TEST_CASE_METHOD(Library, "B154 a Required edge that is empty in the entity is a ValidationError") {
  Book book = Books().Create(Written("1")).Save();
  book.author = {};
  try {
    static_cast<void>(Books().UpdateOne(book, F<&Book::author>));
    FAIL("it is required");
  } catch (const grapnel::ValidationError& error) {
    CHECK(error.Field() == "author");
    CHECK(error.Reason() == "the edge is required: it needs a neighbour (UpdateOne)");
  }
  CHECK_THROWS_AS(Books().Create(book).Save(), grapnel::ValidationError);
  CHECK(Stored(1).author.ID() == "ada");
}

TEST_CASE_METHOD(Town, "B154 an entity stands for its id in Set, of builders and mutations") {
  CHECK(Owner() == ada.id);
  client.Of<Card>().UpdateOne(visa).Set(F<&Card::owner>, bob).Save();
  CHECK(Owner() == bob.id);
  client.Of<Card>().Update().Set(F<&Card::owner>, std::as_const(eve)).Save();
  CHECK(Owner() == eve.id);
  client.Of<Card>().UpdateOne(visa).Set(F<&Card::owner>, client.Of<User>().Find(ada.id)).Save();
  CHECK(Owner() == ada.id);
  client.Of<Card>().UpdateOne(visa).Set(F<&Card::owner>, client.Of<User>().Find(99)).Save();
  CHECK(Owner() == std::nullopt);
  const auto hook = client.Of<Card>().Use(
      grapnel::hook::Before([&](Mutation<Card>& m) { m.Set(F<&Card::owner>, bob); }));
  client.Of<Card>().Create({.number = "1"}).OnConflict(F<&Card::number>).UpdateNewValues().Save();
  CHECK(Owner() == bob.id);
  const User nobody;
  CHECK_THROWS_AS(client.Of<Pet>().Create({.name = "p"}).Set(F<&Pet::owner>, nobody).Save(),
                  grapnel::ConstraintError);
}

TEST_CASE_METHOD(Town, "B154 entities stand for their ids in AddIDs, RemoveIDs and Set of a Many") {
  const auto users = client.Of<User>();
  users.UpdateOne(ada).AddIDs(F<&User::friends>, {bob, eve}).Save();
  CHECK(Friends(ada) == std::set{bob.id, eve.id});
  users.UpdateOne(ada).RemoveIDs(F<&User::friends>, {bob}).Save();
  CHECK(Friends(ada) == std::set{eve.id});
  const std::vector<User> all{bob, eve};
  users.UpdateOne(ada).AddIDs(F<&User::friends>, all).Save();
  CHECK(Friends(ada) == std::set{bob.id, eve.id});
  users.Update().Where(F<&User::id> == ada.id).RemoveIDs(F<&User::friends>, all).Save();
  CHECK(Friends(ada).empty());
  users.UpdateOne(ada).Set(F<&User::friends>, {bob}).Save();
  users.UpdateOne(ada).Set(F<&User::friends>, std::vector{eve}).Save();
  CHECK(Friends(ada) == std::set{eve.id});
  // Neighbours that were loaded are entities too.
  const User loaded = users.Query().Where(F<&User::id> == ada.id).With(F<&User::friends>).Only();
  users.UpdateOne(bob).AddIDs(F<&User::friends>, loaded.friends).Save();
  CHECK(Friends(bob) == std::set{eve.id});
  client.Of<Card>().UpdateOne(visa).Set(F<&Card::owner>, std::nullopt).Save();
  // Ids are what they were.
  const Ids ids{ada.id};
  users.UpdateOne(bob).Set(F<&User::friends>, ids).Save();
  users.UpdateOne(bob).AddIDs(F<&User::friends>, {eve.id, ada.id}).Save();
  users.UpdateOne(bob).AddIDs(F<&User::friends>, {}).Save();
  CHECK(Friends(bob) == std::set{ada.id, eve.id});
  users.UpdateOne(bob).Set(F<&User::friends>, {}).Save();
  CHECK(Friends(bob).empty());
  const auto hook = client.Of<User>().Use(grapnel::hook::Before([&](Mutation<User>& m) {
    m.AddIDs(F<&User::friends>, {ada, eve});
    m.RemoveIDs(F<&User::friends>, std::vector{eve});
    CHECK(m.AddedIDs(F<&User::friends>) == Ids{ada.id});
    m.Set(F<&User::cards>, {visa});
  }));
  users.UpdateOne(bob).Save();
  CHECK(Friends(bob) == std::set{ada.id});
  CHECK(Owner() == bob.id);
}

TEST_CASE_METHOD(Library, "B152 Set takes a string_view, wherever it sets text") {
  const std::string_view text = std::string_view("abcdef").substr(1, 3);
  const auto made = Books()
                        .Create()
                        .Set(F<&Book::isbn>, text)
                        .Set(F<&Book::title>, std::string_view("t"))
                        .Set(F<&Book::blurb>, text)
                        .Set(F<&Book::author>, std::string_view("ada"))
                        .Save();
  CHECK(made.isbn == "bcd");
  CHECK(made.blurb == "bcd");
  CHECK(made.author.ID() == "ada");
  std::optional<std::string_view> maybe = std::string_view("maybe");
  CHECK(Books().UpdateOne(made).Set(F<&Book::blurb>, maybe).Save().blurb == "maybe");
  maybe.reset();
  Books().Update().Set(F<&Book::blurb>, maybe).Set(F<&Book::title>, text).Save();
  CHECK(Stored(1).blurb == std::nullopt);
  CHECK(Stored(1).title == "bcd");
  Books()
      .Create(Written("bcd"))
      .OnConflict(F<&Book::isbn>)
      .Update([&](Mutation<Book>& m) {
        m.Set(F<&Book::blurb>, text);
        m.Set(F<&Book::title>, std::as_const(text));
      })
      .Save();
  CHECK(Stored(1).blurb == "bcd");
  // Not text at all is empty text.
  CHECK(Books().UpdateOne(made).Set(F<&Book::blurb>, std::string_view()).Save().blurb == "");
}

TEST_CASE_METHOD(Town, "B152 an edge's Set takes an optional id: set or cleared") {
  const auto cards = client.Of<Card>();
  cards.UpdateOne(visa).Set(F<&Card::owner>, std::optional(bob.id)).Save();
  CHECK(Owner() == bob.id);
  cards.UpdateOne(visa).Set(F<&Card::owner>, std::optional<std::int64_t>()).Save();
  CHECK(Owner() == std::nullopt);
  cards.UpdateOne(visa).Set(F<&Card::owner>, std::optional<int>(1)).Save();
  CHECK(Owner() == 1);
  cards.UpdateOne(visa).Set(F<&Card::owner>, std::nullopt).Save();
  CHECK(Owner() == std::nullopt);
  const Card twin =
      cards.Create().Set(F<&Card::number>, "2").Set(F<&Card::owner>, visa.owner.ID()).Save();
  CHECK(twin.owner.ID() == ada.id);
  const auto hook = client.Of<Card>().Use(grapnel::hook::Before([&](Mutation<Card>& m) {
    m.Set(F<&Card::owner>, std::optional<std::int64_t>());
    CHECK(m.EdgeCleared(F<&Card::owner>));
    m.Set(F<&Card::owner>, std::optional<std::size_t>(bob.id));
    CHECK(m.Get(F<&Card::owner>) == bob.id);
  }));
  cards.UpdateOne(visa).Save();
  CHECK(Owner() == bob.id);
}

TEST_CASE_METHOD(Library,
                 "B152 an empty optional is a ValidationError for a Required edge, and clears one "
                 "whose key the other row holds") {
  const Cover cover = client.Of<Cover>().Create().Save();
  const Book book = Books().Create(Written("1")).Set(F<&Book::cover>, cover).Save();
  const std::optional<std::string> none;
  CHECK_THROWS_WITH(Books().UpdateOne(book).Set(F<&Book::author>, none),
                    "Book.author: the edge is required: it needs a neighbour (UpdateOne)");
  CHECK_THROWS_AS(Books().Create().Set(F<&Book::author>, none), grapnel::ValidationError);
  client.Of<Cover>().UpdateOne(cover).Set(F<&Cover::book>, std::optional<std::int64_t>()).Save();
  CHECK(Stored(1).cover.ID() == std::nullopt);
  client.Of<Cover>().UpdateOne(cover).Set(F<&Cover::book>, book).Save();
  CHECK(Stored(1).cover.ID() == cover.id);
}
