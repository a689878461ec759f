// B10, B71, B72, B105, B135: entities whose copies, moves and assignments throw.
#include <new>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "contract/fixture.hpp"
#include "support/catch.hpp"

namespace {

int left = 0;  // copies until one throws; 0: none does
bool full = false;

void Tick() {
  if (full || (left > 0 && --left == 0)) throw std::bad_alloc();
}

/// Is copied where others are moved, as many types are.
struct Copied {
  std::string text;

  Copied() = default;
  explicit Copied(std::string t) : text(std::move(t)) {}
  Copied(const Copied& from) : text(from.text) { Tick(); }
  Copied& operator=(const Copied& from) {
    Tick();
    text = from.text;
    return *this;
  }
  bool operator==(const Copied&) const = default;
};

/// Is moved safely; its copies may throw.
struct Moved {
  std::string text;

  Moved() = default;
  explicit Moved(std::string t) : text(std::move(t)) {}
  Moved(const Moved& from) : text(from.text) { Tick(); }
  Moved(Moved&&) noexcept = default;
  Moved& operator=(Moved&&) noexcept = default;
  Moved& operator=(const Moved& from) {
    Tick();
    text = from.text;
    return *this;
  }
  bool operator==(const Moved&) const = default;
};

template <class Text>
struct Note {
  std::int64_t id = 0;
  Text text;
  std::int64_t number = 0;
};

/// Is stamped when it is updated, by a function that may throw.
struct Stamped {
  std::int64_t id = 0;
  std::int64_t number = 0;
  std::int64_t stamp = 0;
};
std::int64_t Stamp() {
  Tick();
  return 7;
}

/// Nothing throws in the end, whatever the test has asserted.
struct Calm {
  ~Calm() {
    left = 0;
    full = false;
  }
};

}  // namespace

template <>
struct grapnel::Codec<Copied> {
  using Stored = std::string;
  static std::string Encode(const Copied& value) { return value.text; }
  static Copied Decode(const std::string& stored) { return Copied(stored); }
};
template <>
struct grapnel::Codec<Moved> {
  using Stored = std::string;
  static std::string Encode(const Moved& value) { return value.text; }
  static Moved Decode(const std::string& stored) { return Moved(stored); }
};
template <class Text>
struct grapnel::Schema<Note<Text>> {
  static constexpr std::string_view Type = "Note";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&Note<Text>::text>("text"),
                           Field<&Note<Text>::number>("number").Unique());
  }
};

template <>
struct grapnel::Schema<Stamped> {
  static constexpr std::string_view Type = "Stamped";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&Stamped::number>("number"),
                           Field<&Stamped::stamp>("stamp").Default(0).UpdateDefault(Stamp));
  }
};

namespace {

using grapnel::F;
using grapnel::Mutation;
using grapnel::Next;
using grapnel::Value;

template <class E>
using Notes = grapnel::Database<E>;

template <class E>
std::string Rows(const grapnel::Client& client) {
  std::string text;
  for (const E& row : client.Of<E>().Query().Order(grapnel::Asc(F<&E::id>)).All()) {
    text += row.text.text + std::to_string(row.number) + " ";
  }
  return text;
}

template <class E>
auto Add(const grapnel::Client& client, const std::string& text, std::int64_t number) {
  return client.Of<E>()
      .Create()
      .Set(F<&E::text>, decltype(E::text)(text))
      .Set(F<&E::number>, number);
}

/// Runs `call(client)`, in which the n-th copy throws, for every n, from the same rows. It is done
/// whole or not at all, and what surrounds it goes on.
template <class E, class F>
void WholeOrNot(const grapnel::Client& client, F call) {
  const Calm calm;
  bool threw = true;
  for (int n = 1; threw; ++n) {
    INFO("copy " << n);
    client.Of<E>().Delete().Exec();
    for (const std::int64_t number : {1, 2, 3}) Add<E>(client, "r", number).Save();
    const std::string before = Rows<E>(client);
    left = n;
    threw = false;
    try {
      call(client);
    } catch (const std::bad_alloc&) {
      threw = true;
    }
    left = 0;
    REQUIRE((Rows<E>(client) != before) == !threw);
    Add<E>(client, "later", 9).Save();
  }
}

template <class E>
void EveryCall(const grapnel::Client& client) {
  const auto first = [](const grapnel::Client& of) {
    return of.Of<E>().Query().Where(F<&E::number> == 1).Only().id;
  };
  const auto create = [](const auto& of) { Add<E>(of, "new", 4).Save(); };
  const auto update = [&](const auto& of) {
    const auto id = first(of);
    of.template Of<E>().UpdateOne(id).Set(F<&E::text>, decltype(E::text)("changed")).Save();
  };
  const auto erase = [&](const auto& of) { of.template Of<E>().DeleteOne(first(of)).Exec(); };
  const auto bulk = [](const auto& of) {
    const std::vector<E> rows = {{0, decltype(E::text)("x"), 5}, {0, decltype(E::text)("y"), 6}};
    of.template Of<E>().CreateBulk(rows).Save();
  };
  const auto upsert = [](const auto& of) {
    Add<E>(of, "again", 2).OnConflict(F<&E::number>).UpdateNewValues().Save();
  };
  WholeOrNot<E>(client, create);
  WholeOrNot<E>(client, update);
  WholeOrNot<E>(client, erase);
  WholeOrNot<E>(client, bulk);
  WholeOrNot<E>(client, upsert);
}

}  // namespace

TEMPLATE_TEST_CASE("B71 a result that cannot be handed over leaves nothing written", "",
                   Note<Copied>, Note<Moved>) {
  const Fixture<TestType> db;
  SECTION("without hooks") {}
  SECTION("with a hook around") {
    db.client.template Of<TestType>().Use(
        [](Mutation<TestType>& m, Next<TestType> next) -> Value<TestType> { return next(m); });
  }
  SECTION("with a hook that runs it again") {
    db.client.template Of<TestType>().Use(
        [](Mutation<TestType>& m, Next<TestType> next) -> Value<TestType> {
          if (m.Context().template Get<int>() != nullptr) return next(m);
          return m.Client().With(1).Mutate(m);
        });
  }
  EveryCall<TestType>(db.client);
}

TEMPLATE_TEST_CASE("B135 the same in a Tx, which lives on", "", Note<Copied>, Note<Moved>) {
  const Fixture<TestType> db;
  const bool hooked = GENERATE(false, true);
  if (hooked) {
    db.client.template Of<TestType>().Use(
        [](Mutation<TestType>& m, Next<TestType> next) -> Value<TestType> { return next(m); });
  }
  db.client.WithTx([](grapnel::Tx& tx) { EveryCall<TestType>(tx.Client()); });
  CHECK(db.client.template Of<TestType>().Query().Count() > 0);
}

TEMPLATE_TEST_CASE("B72 no copy that throws hides that all is committed", "", Note<Copied>,
                   Note<Moved>) {
  const Calm calm;
  const Fixture<TestType> db;
  const auto fail = [] {
    full = true;
    throw std::runtime_error("callback");
  };
  db.client.template Of<TestType>().Use(
      grapnel::hook::Before([&](Mutation<TestType>& m) { m.AfterCommit(fail); }));
  SECTION("of a mutation") {
    auto create = Add<TestType>(db.client, "x", 1);
    REQUIRE_THROWS_AS(create.Save(), grapnel::CommittedError);
  }
  SECTION("of a bulk") {
    const std::vector<TestType> rows(1);
    REQUIRE_THROWS_AS(db.client.template Of<TestType>().CreateBulk(rows).Save(),
                      grapnel::CommittedError);
  }
  SECTION("of WithTx") {
    REQUIRE_THROWS_AS(
        db.client.WithTx([](grapnel::Tx& tx) { return Add<TestType>(tx.Client(), "x", 1).Save(); }),
        grapnel::CommittedError);
  }
  full = false;
  CHECK(db.client.template Of<TestType>().Query().Count() == 1);
}

TEST_CASE("B72 a result that is only moved is in the CommittedError") {
  using E = Note<Moved>;
  const Calm calm;
  const Fixture<E> db;
  db.client.Of<E>().Use(grapnel::hook::Before([&](Mutation<E>& m) {
    m.AfterCommit([] {
      full = true;
      throw std::runtime_error("callback");
    });
  }));
  const auto told = [](auto call) {
    try {
      call();
    } catch (const grapnel::CommittedError& error) {
      return error;
    }
    throw std::logic_error("it did not throw");
  };
  const auto one = told([&] { Add<E>(db.client, "x", 1).Save(); });
  REQUIRE(one.template Value<Value<E>>() != nullptr);
  CHECK(one.template Value<Value<E>>()->Entity().text.text == "x");
  full = false;
  const auto all = told([&] {
    const std::vector<E> rows(1);
    db.client.Of<E>().CreateBulk(rows).Save();
  });
  REQUIRE(all.template Value<std::vector<E>>() != nullptr);
  CHECK(all.template Value<std::vector<E>>()->size() == 1);
}

TEMPLATE_TEST_CASE("B10 B105 the old rows are all there after a next that failed", "", Note<Copied>,
                   Note<Moved>) {
  using E = TestType;
  const Calm calm;
  const Fixture<E> db;
  for (const std::int64_t number : {1, 2, 3, 4}) Add<E>(db.client, "r", number).Save();
  bool over = false;
  for (int n = 1;; ++n) {
    INFO("copy " << n);
    const auto handle =
        db.client.template Of<E>().Use([&](Mutation<E>& m, Next<E> next) -> Value<E> {
          const auto numbers = [&] {
            std::string text;
            for (const E& row : m.OldRows()) text += row.text.text + std::to_string(row.number);
            return text;
          };
          REQUIRE(numbers() == "r1r2r3r4");
          m.Where(F<&E::number> >= 3);
          left = n;
          try {
            auto value = next(m);
            over = left > 0;
            left = 0;
            REQUIRE(numbers() == "r3r4");
            return value;
          } catch (const std::bad_alloc&) {
            left = 0;
            REQUIRE(m.IDs().size() == 4);
            REQUIRE(numbers() == "r1r2r3r4");
          }
          auto value = next(m);
          REQUIRE(m.IDs().size() == 2);
          REQUIRE(numbers() == "r3r4");
          return value;
        });
    REQUIRE(db.client.template Of<E>().Update().Add(F<&E::number>, 0).Save() == 2);
    handle.Remove();
    if (over) break;
  }
}

TEMPLATE_TEST_CASE("B86 builders say whether their moves throw, and are spent when they did", "",
                   Note<Copied>, Note<Moved>) {
  using E = TestType;
  const Calm calm;
  constexpr bool safe = std::is_same_v<E, Note<Moved>>;
  const Fixture<E> db;
  auto one = Add<E>(db.client, "one", 1);
  auto other = Add<E>(db.client, "other", 2);
  using Builder = decltype(one);
  STATIC_REQUIRE(std::is_nothrow_move_constructible_v<Builder> == safe);
  STATIC_REQUIRE(std::is_nothrow_move_assignable_v<Builder> == safe);
  full = true;
  if constexpr (!safe) {
    CHECK_THROWS_AS(one = std::move(other), std::bad_alloc);
    full = false;
    CHECK_THROWS_AS(one.Save(), grapnel::Error);
    CHECK_THROWS_AS(other.Save(), grapnel::Error);
    full = true;
    auto third = db.client.template Of<E>().Create();
    CHECK_THROWS_AS(Builder(std::move(third)), std::bad_alloc);
    CHECK_THROWS_AS(third.Save(), grapnel::Error);
  } else {
    one = std::move(other);
    Builder last(std::move(one));
    full = false;
    CHECK(last.Save().text.text == "other");
  }
  full = false;
}

TEST_CASE("B10 B105 a Mutate that failed leaves the mutation as it was, to be run again") {
  using E = Note<Moved>;
  const Fixture<E> db;
  for (const std::int64_t number : {1, 2, 3, 4}) Add<E>(db.client, "r", number).Save();
  const bool nested = GENERATE(false, true);
  const auto hide = [&](Mutation<E>& m, Next<E>) -> Value<E> {
    REQUIRE(m.OldRows().size() == 4);
    m.Where(F<&E::number> >= 3);
    m.SetOp(grapnel::Op::Update);
    m.Set(F<&E::number>, 1);
    const auto mutate = [&]() -> Value<E> {
      if (!nested) return m.Client().Mutate(m);
      return m.Client().WithTx([&](grapnel::Tx& tx) { return tx.Client().Mutate(m); });
    };
    REQUIRE_THROWS_AS(mutate(), grapnel::ConstraintError);
    REQUIRE(m.OldRows().size() == 4);
    REQUIRE(m.IDs().size() == 4);
    m.Reset(F<&E::number>);
    m.Set(F<&E::text>, Moved("hidden"));
    auto value = mutate();
    REQUIRE(m.OldRows().size() == 2);
    REQUIRE(m.IDs().size() == 2);
    return value;
  };
  db.client.Of<E>().Use(grapnel::hook::On(hide, grapnel::Op::Delete));
  CHECK(db.client.Of<E>().Delete().Exec() == 2);
  CHECK(Rows<E>(db.client) == "r1 r2 hidden3 hidden4 ");
}

TEST_CASE("B84 B29 a SetOp whose update-default throws leaves the mutation as it was") {
  const Calm calm;
  const Fixture<Stamped> db;
  for (const std::int64_t number : {1, 2}) {
    db.client.Of<Stamped>().Create().Set(F<&Stamped::number>, number).Save();
  }
  db.client.Of<Stamped>().Use([](Mutation<Stamped>& m, Next<Stamped> next) -> Value<Stamped> {
    full = true;
    CHECK_THROWS_AS(m.SetOp(grapnel::Op::Update), std::bad_alloc);
    full = false;
    CHECK(m.Op() == grapnel::Op::DeleteOne);
    CHECK(m.Get(F<&Stamped::stamp>) == nullptr);
    CHECK(m.IDs().size() == 1);
    return next(m);
  });
  db.client.Of<Stamped>().DeleteOne(2).Exec();
  CHECK(db.client.Of<Stamped>().Query().Count() == 1);
}
