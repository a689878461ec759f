#include <grapnel/store/write/cascade.hpp>

#include <grapnel/grapnel.hpp>

#include "support/catch.hpp"
#include "support/running.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace {

struct Book;
struct Lamp;

struct Shelf {
  std::int64_t id = 0;
  grapnel::Many<Book> books{};
  grapnel::Many<Lamp> lamps{};
};
struct Page;
struct Book {
  std::int64_t id = 0;
  grapnel::One<Shelf> shelf{};
  grapnel::Many<Page> pages{};
};
struct Page {
  std::int64_t id = 0;
  grapnel::One<Book> book{};
};
struct Lamp {
  std::int64_t id = 0;
  grapnel::One<Shelf> shelf{};
};
struct Box {
  std::int64_t id = 0;
  grapnel::One<Box> outer{};
  grapnel::Many<Box> inner{};
};

}  // namespace

template <>
struct grapnel::Schema<Shelf> {
  static constexpr std::string_view Type = "Shelf";
  static constexpr auto Edges() {
    return grapnel::Edges(To<&Shelf::books>("books").OnDelete(Cascade), To<&Shelf::lamps>("lamps"));
  }
};
template <>
struct grapnel::Schema<Book> {
  static constexpr std::string_view Type = "Book";
  static constexpr auto Edges() {
    return grapnel::Edges(From<&Book::shelf>("shelf").Ref<&Shelf::books>(),
                          To<&Book::pages>("pages").OnDelete(Cascade));
  }
};
template <>
struct grapnel::Schema<Page> {
  static constexpr std::string_view Type = "Page";
  static constexpr auto Edges() {
    return grapnel::Edges(From<&Page::book>("book").Ref<&Book::pages>());
  }
};
template <>
struct grapnel::Schema<Lamp> {
  static constexpr std::string_view Type = "Lamp";
  static constexpr auto Edges() {
    return grapnel::Edges(From<&Lamp::shelf>("shelf").Ref<&Shelf::lamps>());
  }
};
template <>
struct grapnel::Schema<Box> {
  static constexpr std::string_view Type = "Box";
  static constexpr auto Edges() {
    return grapnel::Edges(To<&Box::inner>("inner").OnDelete(Cascade),
                          From<&Box::outer>("outer").Ref<&Box::inner>());
  }
};

namespace {

namespace detail = grapnel::detail;
using detail::kTable;
using grapnel::F;
using grapnel::Mutation;
using grapnel::Next;
using grapnel::Op;
using grapnel::Value;
using Lines = std::vector<std::string>;

/// Two shelves, the books 1 and 2 and the lamp 1 on the first, the pages 1 and 2 in the book 1.
struct World : Opened<Shelf, Book, Page, Lamp, Box> {
  Lines log{};

  World() {
    for (int i = 0; i < 2; ++i) Of<Shelf>().Create().Save();
    for (int i = 0; i < 2; ++i) Of<Book>().Create().Set(F<&Book::shelf>, 1).Save();
    for (int i = 0; i < 2; ++i) Of<Page>().Create().Set(F<&Page::book>, 1).Save();
    Of<Lamp>().Create().Set(F<&Lamp::shelf>, 1).Save();
  }
  /// A hook that logs what it sees.
  auto Logs() {
    return [this]<class E>(Mutation<E>& m, Next<E> next) {
      std::string line = std::string(m.Type()) + " " + ToString(m.Op());
      for (const auto id : m.IDs()) line += " " + std::to_string(id);
      log.push_back(line);
      return next(m);
    };
  }
};

/// The first row of a type in the middle of being deleted: what hangs on it is to go first.
template <class E>
struct Deletion : Running<E> {
  explicit Deletion(const World& world) : Running<E>(world.Handle(), Op::Delete) {
    this->core.where = grapnel::store::IdIn(kTable<E>, {1});
    list = lists.Keep(kTable<E>, this->core.where);
  }
  template <class T>
  std::int64_t Count() const {
    return this->Client().template Of<T>().Query().Count();
  }
  /// Deletes the row itself, with foreign keys deferred, and checks them.
  void Finish() {
    this->bound.transaction.Write(
        this->level, this->type, this->handle->context,
        [&](grapnel::store::Connection& connection) {
          connection.DeferForeignKeys(true);
          const grapnel::store::Delete own{
              {&kTable<E>, Op::Delete}, nullptr, false, this->core.where.Get()};
          const auto count = connection.Run(own);
          connection.DeferForeignKeys(false);
          return count;
        });
    cascade.Finish();
  }
  detail::RowLists lists{this->core};
  detail::Cascade cascade{this->core, lists};
  std::int64_t list = 0;
};

}  // namespace

TEST_CASE_METHOD(
    World, "it is needed where a hook could look at what goes along, on any level, and not else") {
  const auto needed = [&] { return detail::Cascade::IsNeeded(Deletion<Shelf>(*this).core); };
  CHECK_FALSE(needed());
  auto handle = Of<Page>().Use(grapnel::hook::On(Logs(), Op::Update));
  CHECK_FALSE(needed());  // pages are deleted, not updated
  Of<Page>().Use(grapnel::hook::On(Logs(), Op::Delete));
  CHECK(needed());
  CHECK_FALSE(detail::Cascade::IsNeeded(Deletion<Page>(*this).core));
}

TEST_CASE_METHOD(World, "a key that is cleared is seen by hooks of updates") {
  auto handle = Of<Lamp>().Use(grapnel::hook::On(Logs(), Op::Delete));
  CHECK_FALSE(detail::Cascade::IsNeeded(Deletion<Shelf>(*this).core));
  handle.Remove();
  Of<Lamp>().Use(grapnel::hook::On(Logs(), Op::Update));
  CHECK(detail::Cascade::IsNeeded(Deletion<Shelf>(*this).core));
}

TEST_CASE_METHOD(World,
                 "the deepest level goes first, then what is above it; then keys are cleared") {
  Use(Logs());
  Deletion<Shelf> shelf(*this);
  shelf.cascade.Run(shelf.list);
  CHECK(log == Lines{"Page Delete 1 2", "Book Delete 1 2", "Lamp Update 1"});
  CHECK((shelf.Count<Page>() == 0 && shelf.Count<Book>() == 0));
  CHECK(shelf.Count<Shelf>() == 2);  // the rows themselves are the caller's
  CHECK(shelf.Count<Lamp>() == 1);
  CHECK_FALSE(shelf.cascade.IsDeferred());
  CHECK_NOTHROW(shelf.cascade.Finish());
}

TEST_CASE_METHOD(World, "a hook that keeps what would go, or its key, stops the deletion") {
  SECTION("a row") {
    Of<Book>().Use([](Mutation<Book>&, Next<Book>) -> Value<Book> { return 2; });
    Deletion<Shelf> shelf(*this);
    CHECK_THROWS_WITH(shelf.cascade.Run(shelf.list),
                      Catch::Contains("a hook kept 2 Book that would be deleted with it"));
  }
  SECTION("a key") {
    Of<Lamp>().Use([](Mutation<Lamp>&, Next<Lamp>) -> Value<Lamp> { return 1; });
    Deletion<Shelf> shelf(*this);
    CHECK_THROWS_WITH(shelf.cascade.Run(shelf.list),
                      Catch::Contains("a hook kept 1 Lamp as it was that refers to it"));
  }
  SECTION("by a row that is new") {
    Of<Book>().Use([](Mutation<Book>& m, Next<Book> next) {
      if (m.Op() == Op::Delete) m.Client().Of<Book>().Create().Set(F<&Book::shelf>, 1).Save();
      return next(m);
    });
    Deletion<Shelf> shelf(*this);
    CHECK_THROWS_WITH(shelf.cascade.Run(shelf.list),
                      Catch::Contains("a hook made 1 Book refer to it while it is deleted"));
  }
}

TEST_CASE_METHOD(World,
                 "rows in a circle are reached once, and their keys are checked at the end") {
  for (int i = 0; i < 2; ++i) Of<Box>().Create().Save();
  Of<Box>().UpdateOne(1).Set(F<&Box::outer>, 2).Save();
  Of<Box>().UpdateOne(2).Set(F<&Box::outer>, 1).Save();
  Use(Logs());
  log.clear();
  Deletion<Box> box(*this);
  box.cascade.Run(box.list);
  CHECK(log == Lines{"Box Delete 2"});
  REQUIRE(box.cascade.IsDeferred());
  SECTION("nothing refers to them") { CHECK_NOTHROW(box.Finish()); }
  SECTION("a row that stays refers to one") {
    box.Client().Of<Box>().Create().Set(F<&Box::outer>, 1).Save();
    CHECK_THROWS_WITH(box.Finish(), Catch::Contains("1 Box still refers to what would be deleted"));
  }
}
