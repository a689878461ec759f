// B77, B78, B89, B99: queries along edges: eager loading, Has and Traverse.
#include "contract/fixture.hpp"
#include "contract/graph_model.hpp"
#include "support/catch.hpp"
#include "support/engine/traits.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <utility>

namespace eager_test {

/// Stored as a blob.
struct Key {
  std::array<std::uint8_t, 4> bytes{};
  friend bool operator==(const Key&, const Key&) = default;
};

struct Word;
struct House {
  Key id{};
  grapnel::Many<Word> residents{};
  grapnel::Many<Word> visitors{};
};
struct Word {
  std::string id{};
  grapnel::One<House> home{};
  grapnel::Many<House> visited{};
};

}  // namespace eager_test

template <>
struct grapnel::Codec<eager_test::Key> {
  using Stored = std::vector<std::byte>;
  static Stored Encode(const eager_test::Key& key) {
    Stored stored;
    for (const auto byte : key.bytes) stored.push_back(static_cast<std::byte>(byte));
    return stored;
  }
  static eager_test::Key Decode(const Stored& stored) {
    eager_test::Key key;
    if (stored.size() != key.bytes.size()) throw std::runtime_error("a key has four bytes");
    for (std::size_t i = 0; i < 4; ++i) key.bytes[i] = std::to_integer<std::uint8_t>(stored[i]);
    return key;
  }
};
template <>
struct grapnel::Schema<eager_test::House> {
  static constexpr std::string_view Type = "House";
  static constexpr auto Edges() {
    using eager_test::House;
    return grapnel::Edges(To<&House::residents>("residents"), To<&House::visitors>("visitors"));
  }
};
template <>
struct grapnel::Schema<eager_test::Word> {
  static constexpr std::string_view Type = "Word";
  static constexpr auto Edges() {
    using eager_test::House;
    using eager_test::Word;
    return grapnel::Edges(From<&Word::home>("home").Ref<&House::residents>(),
                          From<&Word::visited>("visited").Ref<&House::visitors>());
  }
};

namespace {

using eager_test::House;
using eager_test::Key;
using eager_test::Word;
using graph::Card;
using graph::Pet;
using graph::User;
using grapnel::Asc;
using grapnel::Desc;
using grapnel::F;
using grapnel::NotLoadedError;

using Id = std::int64_t;
using Ids = std::vector<Id>;

constexpr auto kId = F<&User::id>;
constexpr auto kCards = F<&User::cards>;
constexpr auto kFriends = F<&User::friends>;
constexpr auto kBest = F<&User::best_friend>;
constexpr auto kOwner = F<&Card::owner>;

/// Three users; "a" has cards 1, 2, 3 and the friends "b" and "c"; "b" is best friend of "a" and
/// "c".
struct World : Fixture<User, Card, Pet> {
  World() {
    Raw("INSERT INTO User (id, name, age, version) VALUES (1, 'a', 10, 0), (2, 'b', 20, 0), "
        "(3, 'c', 30, 0); UPDATE User SET best_friend_id = 2 WHERE id <> 2;"
        "INSERT INTO Card (id, number, owner_id) VALUES (1, '1', 1), (2, '2', 1), (3, '3', 1), "
        "(4, '4', 2), (5, '5', NULL);"
        "INSERT INTO User_friends VALUES (1, 2), (2, 1), (1, 3), (3, 1)");
  }
  auto Users() const { return client.Of<User>().Query().Order(Asc(kId)); }
  auto Cards() const { return client.Of<Card>().Query().Order(Asc(F<&Card::id>)); }
};

/// What `read` throws, where an edge was not loaded.
NotLoadedError NotLoaded(const std::function<void()>& read) { return Thrown<NotLoadedError>(read); }

template <class Range, class T>
auto Column(const Range& rows, T member) {
  std::vector<std::remove_cvref_t<decltype((*rows.begin()).*member)>> values;
  for (const auto& row : rows) values.push_back(row.*member);
  return values;
}

TEST_CASE("B77 an edge that was not asked for throws, and names itself") {
  const World db;
  const User user = db.client.Of<User>().Get(1);
  const auto check = [](const std::string& edge, const std::function<void()>& read) {
    const auto error = NotLoaded(read);
    CHECK(error.What() == edge);
    CHECK(std::string(error.what()) ==
          edge + ": the edge was not loaded: ask for it in the query, .With(F<&...>)");
  };
  check("User.cards", [&] { static_cast<void>(user.cards.size()); });
  check("User.cards", [&] { static_cast<void>(user.cards.begin()); });
  check("User.friends", [&] { static_cast<void>(user.friends.empty()); });
  check("User.best_friend", [&] { static_cast<void>(user.best_friend.Get()); });
  check("User.best_friend", [&] { static_cast<void>(user.best_friend->name); });
  CHECK(user.best_friend.ID() == 2);  // the key is in the row
  const auto users = db.client.Of<User>();
  const User made = users.Create().Set(F<&User::name>, "d").AddIDs(kFriends, {1}).Save();
  check("User.friends", [&] { static_cast<void>(made.friends[0]); });
  const User updated = users.UpdateOne(1).Set(kBest, 3).Save();
  check("User.friends", [&] { static_cast<void>(updated.friends.Get()); });
  CHECK(updated.best_friend.ID() == 3);
  check("an edge to graph::Card", [] { static_cast<void>(User{}.cards.size()); });

  // Those asked for alone are loaded, at every depth.
  const User loaded = db.Users().With(kCards).First();
  CHECK(Column(loaded.cards, &Card::id) == Ids{1, 2, 3});
  check("User.friends", [&] { static_cast<void>(loaded.friends.size()); });
  check("Card.owner", [&] { static_cast<void>(loaded.cards[0].owner->name); });
  CHECK(loaded.cards[0].owner.ID() == 1);
  const Card lone = db.Cards().Where(F<&Card::id> == 5).With(kOwner).Only();
  CHECK(lone.owner.IsLoaded());
  CHECK(lone.owner.Get() == nullptr);
  CHECK(lone.owner.ID() == std::nullopt);
  CHECK_THROWS_WITH(lone.owner->name, "Card.owner: there is none");
}

TEST_CASE("B99 each edge takes one query, nested ones too, however often neighbours are shared") {
  const World db;
  Lines log;
  const auto traced = db.client.Debug([&](std::string_view sql) {
    if (const auto from = sql.find(" FROM \""); from != sql.npos) {
      log.emplace_back(sql.substr(from + 7, sql.find('"', from + 7) - from - 7));
    }
  });
  const auto load = [&] {
    return traced.Of<Card>()
        .Query()
        .Order(Asc(F<&Card::id>))
        .With(kOwner,
              [](auto& owners) {
                owners.With(kFriends, [](auto& friends) {
                  friends.Order(Desc(F<&User::age>)).With(kBest).With(kCards);
                });
              })
        .All();
  };
  load();  // looks at the tables as well, the first time
  Take(log);
  const auto cards = load();
  REQUIRE(log == Lines{"Card", "User", "User", "User", "Card"});
  REQUIRE(Column(cards, &Card::id) == Ids{1, 2, 3, 4, 5});
  for (std::size_t i = 0; i < 3; ++i) {
    const User& owner = *cards[i].owner;
    REQUIRE(owner.name == "a");
    REQUIRE(Column(owner.friends, &User::name) == Lines{"c", "b"});
    REQUIRE(owner.friends[0].best_friend->name == "b");
    REQUIRE(owner.friends[1].best_friend.Get() == nullptr);
    REQUIRE(owner.friends[0].cards.empty());
    REQUIRE(Column(owner.friends[1].cards, &Card::id) == Ids{4});
    REQUIRE_FALSE(owner.cards.IsLoaded());
  }
  REQUIRE(Column(cards[3].owner->friends, &User::name) == Lines{"a"});
  REQUIRE(Column(cards[3].owner->friends[0].cards, &Card::id) == Ids{1, 2, 3});
  REQUIRE(cards[4].owner.Get() == nullptr);

  Take(log);
  const auto none = traced.Of<User>().Query().Where(kId > 99).With(kCards).With(kBest).All();
  REQUIRE(none.empty());
  REQUIRE(log == Lines{"User"});
  // The edge asked for twice: it is loaded once, and the conditions hold.
  const User twice =
      db.Users()
          .With(kCards)
          .With(kCards, [](auto& c) { c.Where(F<&Card::id> >= 2).Order(Desc(F<&Card::id>)); })
          .First();
  REQUIRE(Column(twice.cards, &Card::id) == Ids{3, 2});
}

TEST_CASE("B115 several With of one edge are one: nested loads together, all filters, one query") {
  const World db;
  int queries = 0;
  const auto traced = db.client.Debug(
      [&](std::string_view sql) { queries += sql.find(" FROM \"") != sql.npos ? 1 : 0; });
  const auto load = [&] {
    queries = 0;
    return traced.Of<User>()
        .Query()
        .Order(Asc(kId))
        .With(kFriends, [](auto& f) { f.Where(kId >= 2).With(kBest); })
        .With(kFriends, [](auto& f) { f.With(kCards, [](auto& c) { c.Where(F<&Card::id> > 1); }); })
        .With(kFriends)
        .With(kFriends,
              [](auto& f) {
                f.Where(kId < 3).With(kCards,
                                      [](auto& c) { c.Where(F<&Card::id> < 9).With(kOwner); });
              })
        .All();
  };
  load();  // looks at the tables as well
  const auto users = load();
  CHECK(queries == 5);  // users, friends, their best friends, their cards, the cards' owners
  REQUIRE(users.size() == 3);
  REQUIRE(Column(users[0].friends, &User::id) == Ids{2});
  CHECK(users[0].friends[0].best_friend.IsLoaded());
  REQUIRE(Column(users[0].friends[0].cards, &Card::id) == Ids{4});
  CHECK(users[0].friends[0].cards[0].owner->name == "b");
  CHECK(users[1].friends.empty());  // "a" is 1

  // Conditions that exclude each other leave none; a second order comes within the first.
  CHECK(db.Users()
            .With(kCards, [](auto& c) { c.Where(F<&Card::id> == 1); })
            .With(kCards, [](auto& c) { c.Where(F<&Card::id> == 2); })
            .First()
            .cards.empty());
  const User ordered = db.Users()
                           .With(kFriends, [](auto& f) { f.Order(Asc(F<&User::version>)); })
                           .With(kFriends, [](auto& f) { f.Order(Desc(kId)); })
                           .First();
  CHECK(Column(ordered.friends, &User::id) == Ids{3, 2});
}

TEST_CASE("B99 100,000 parents take one query per edge as well") {
  World db;
  db.Raw(
      "DELETE FROM User_friends; DELETE FROM Card; DELETE FROM User;"
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) "
      "INSERT INTO User (id, name, age, version) SELECT i, i, 0, 0 FROM n;"
      "UPDATE User SET best_friend_id = 1 + id % 100000;"
      "INSERT INTO Card (number, owner_id) SELECT id, id FROM User WHERE id % 2 = 0;"
      "INSERT INTO User_friends SELECT id, best_friend_id FROM User WHERE id % 10 = 0");
  int queries = 0;
  const auto traced = db.client.Debug(
      [&](std::string_view sql) { queries += sql.find(" FROM \"") != sql.npos ? 1 : 0; });
  traced.Of<User>().Query().Where(kId == 1).With(kCards).All();
  queries = 0;
  const auto users =
      traced.Of<User>().Query().Order(Asc(kId)).With(kCards).With(kBest).With(kFriends).All();
  REQUIRE(queries == 4);
  REQUIRE(users.size() == 100'000);
  std::size_t wrong = 0;
  for (const User& user : users) {
    const Id next = 1 + user.id % 100'000;
    const std::size_t cards = user.id % 2 == 0 ? 1 : 0, friends = user.id % 10 == 0 ? 1 : 0;
    const bool right = user.best_friend->id == next && user.cards.size() == cards &&
                       user.friends.size() == friends &&
                       (cards == 0 || user.cards[0].number == std::to_string(user.id)) &&
                       (friends == 0 || user.friends[0].id == next);
    wrong += right ? 0 : 1;
  }
  REQUIRE(wrong == 0);
}

TEST_CASE("B89 all of an eager load is one snapshot, and a transaction's sees what it wrote") {
  World db;
  int commits = 0;
  const auto traced = db.client.Debug([&](std::string_view sql) {
    if (sql.find(" FROM \"Card\"") == sql.npos || commits > 0) return;
    db.Raw(
        "INSERT INTO Card (number, owner_id) VALUES ('late', 1); UPDATE User SET age = 99;"
        "DELETE FROM User_friends");
    ++commits;
  });
  db.Users().With(kCards).With(kFriends).All();  // looks at the tables
  const auto query = traced.Of<User>().Query().Where(kId == 1).With(kCards).With(kFriends);
  const User before = query.Only();
  REQUIRE(commits == 1);
  REQUIRE(before.cards.size() == 3);
  REQUIRE(Column(before.friends, &User::age) == Ids{20, 30});
  const User after = query.Only();
  REQUIRE(after.age == 99);
  REQUIRE(after.cards.size() == 4);
  REQUIRE(after.friends.empty());

  const auto count = [](const auto& of) {
    const User user = of.template Of<User>().Query().Where(kId == 1).With(kCards).Only();
    return user.cards.size();
  };
  auto tx = db.client.Tx();
  tx.Of<Card>().Create().Set(F<&Card::number>, "new").Set(kOwner, 1).Save();
  REQUIRE(count(tx) == 5);
  tx.Rollback();
  REQUIRE(count(db.client) == 4);
  {
    const auto snapshot = db.client.ReadTx();
    REQUIRE(count(snapshot) == 4);
    db.Raw("DELETE FROM Card");
    REQUIRE(count(snapshot) == 4);
  }
  REQUIRE(count(db.client) == 0);
}

TEST_CASE("B77 the neighbours that are loaded can be chosen and ordered") {
  const World db;
  const auto users =
      db.Users()
          .With(kCards,
                [](auto& cards) {
                  cards.Where(F<&Card::number> != "2" && kOwner.Has(F<&User::age> < 20));
                  cards.Order(Desc(F<&Card::number>));
                })
          .With(kFriends,
                [](auto& friends) { friends.Where(F<&User::age> == 10 || F<&User::age> == 30); })
          .With(kBest, [](auto& best) { best.Where(F<&User::name> == "x"); })
          .All();
  REQUIRE(Column(users[0].cards, &Card::number) == Lines{"3", "1"});
  REQUIRE(users[1].cards.empty());
  REQUIRE(Column(users[0].friends, &User::id) == Ids{3});
  REQUIRE(Column(users[1].friends, &User::id) == Ids{1});
  REQUIRE(users[0].best_friend.IsLoaded());
  REQUIRE(users[0].best_friend.Get() == nullptr);  // there is one, but it was not chosen
  CHECK(users[0].best_friend.ID() == 2);           // the end with the key knows it always
  CHECK(users[1].best_friend.ID() == std::nullopt);
  // Limit and Offset choose parents, not neighbours.
  const User second = db.Users().Offset(1).Limit(1).With(kFriends).Only();
  REQUIRE(Column(second.friends, &User::id) == Ids{1});
}

TEST_CASE("B77 copies share what is loaded, and outlive the original") {
  const World db;
  std::vector<User> users = db.Users().With(kCards).With(kBest).All();
  const User copy = users[0];
  const auto cards = users[0].cards;
  const auto best = users[0].best_friend;
  CHECK(&copy.cards[0] == &users[0].cards[0]);
  CHECK(&*copy.best_friend == &*users[0].best_friend);
  users = db.Users().All();  // not loaded any more
  CHECK_FALSE(users[0].cards.IsLoaded());
  CHECK(Column(copy.cards, &Card::id) == Ids{1, 2, 3});
  CHECK(Column(cards, &Card::id) == Ids{1, 2, 3});
  CHECK(best->name == "b");
  CHECK(best.ID() == 2);
}

Key KeyOf(int i) {
  return {{0, static_cast<std::uint8_t>(i / 256), static_cast<std::uint8_t>(i), '"'}};
}

TEST_CASE("B78 ids of text and of blobs: loaded, traversed and asked for, few and many") {
  Fixture<House, Word> db;
  const auto houses = db.client.Of<House>();
  const auto words = db.client.Of<Word>();
  const Lines odd = {engine::Storable({"a\0b", 3}), "a", "",  "'\"?1",
                     engine::Storable("\xff\xfe"),  "1", "01"};
  for (int i = 0; i < 3; ++i) houses.Create().Set(F<&House::id>, KeyOf(i)).Save();
  for (std::size_t i = 0; i < odd.size(); ++i) {
    if (odd[i].empty()) continue;  // means: generate
    words.Create()
        .Set(F<&Word::id>, odd[i])
        .Set(F<&Word::home>, KeyOf(static_cast<int>(i % 2)))
        .AddIDs(F<&Word::visited>, {KeyOf(2), KeyOf(static_cast<int>(i % 3))})
        .Save();
  }
  const auto check = [&](int i, const Lines& residents, const Lines& visitors) {
    const House house = houses.Query()
                            .Where(F<&House::id> == KeyOf(i))
                            .With(F<&House::residents>,
                                  [](auto& w) { w.With(F<&Word::home>).Order(Asc(F<&Word::id>)); })
                            .With(F<&House::visitors>, [](auto& w) { w.Order(Asc(F<&Word::id>)); })
                            .Only();
    CHECK(Column(house.residents, &Word::id) == residents);
    CHECK(Column(house.visitors, &Word::id) == visitors);
    for (const Word& word : house.residents) {
      CHECK(word.home->id == KeyOf(i));
      CHECK(word.home.ID() == KeyOf(i));
      auto visits = words.Query().Where(F<&Word::id> == word.id).Traverse(F<&Word::visited>);
      CHECK(visits.Where(F<&House::id> == KeyOf(2)).Count() == 1);
      CHECK(words.Query()
                .Where(F<&Word::home>.Has(F<&House::id> == KeyOf(i)) && F<&Word::id> == word.id)
                .Exist());
    }
  };
  check(0, {"01", odd[0], engine::Storable("\xff\xfe")}, {"'\"?1", "01", odd[0]});
  check(1, {"'\"?1", "1", "a"}, {"a", engine::Storable("\xff\xfe")});

  // So many that their ids go to the engine packed; keys with zeros and quotes in them.
  const engine::Forms key{"CAST(x'00' || char(i / 128, i % 128) || '\"' AS BLOB)",
                          "decode('00' || lpad(to_hex(i / 128), 2, '0') || lpad(to_hex(i % 128), "
                          "2, '0') || '22', 'hex')"};
  const engine::Forms text{"CAST(id AS TEXT)", "encode(id, 'hex')"};
  db.Raw(
      "DELETE FROM House_visitors; DELETE FROM Word; DELETE FROM House;"
      "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 2999) "
      "INSERT INTO House SELECT " +
      key.Text() + " FROM n; INSERT INTO Word SELECT 'w' || " + text.Text() +
      " || 'é', id FROM House;"
      "INSERT INTO House_visitors SELECT House.id, Word.id FROM House JOIN Word ON home_id = "
      "House.id");
  const auto loaded =
      words.Query()
          .With(F<&Word::home>)
          .With(F<&Word::visited>, [](auto& visited) { visited.With(F<&House::residents>); })
          .All();
  REQUIRE(loaded.size() == 3000);
  std::size_t wrong = 0;
  for (const Word& word : loaded) {
    const bool right = word.visited.size() == 1 && word.visited[0].id == word.home->id &&
                       word.visited[0].residents.size() == 1 &&
                       word.visited[0].residents[0].id == word.id;
    wrong += right ? 0 : 1;
  }
  REQUIRE(wrong == 0);
}

/// The graph in memory.
struct Graph {
  std::map<Id, Id> age, best, owner_of_card, owner_of_pet;  // 0: none
  std::map<Id, std::set<Id>> friends;

  using Edge = std::function<std::set<Id>(Id)>;

  static std::set<Id> Key(const std::map<Id, Id>& keys, Id id) {
    const Id key = keys.at(id);
    return key == 0 ? std::set<Id>() : std::set<Id>{key};
  }
  static std::set<Id> Holders(const std::map<Id, Id>& keys, Id id) {
    std::set<Id> ids;
    for (const auto& [holder, key] : keys) {
      if (key == id) ids.insert(holder);
    }
    return ids;
  }
};

using UserPredicate = grapnel::store::Predicate<User>;
using CardPredicate = grapnel::store::Predicate<Card>;
using Test = std::function<bool(Id)>;

/// A random graph, in the database and in memory.
struct RandomWorld : Fixture<User, Card, Pet> {
  static constexpr Id kUsers = 12, kCards = 20, kPets = 8;
  std::mt19937 random;
  Graph graph;

  explicit RandomWorld(unsigned seed) : random(seed) {
    const auto link = [&](Id user) {
      return user == 0 ? std::string("NULL") : std::to_string(user);
    };
    for (Id id = 1; id <= kUsers; ++id) {
      graph.age[id] = Pick(6);
      graph.best[id] = 0;
      Raw("INSERT INTO User (id, name, age, version) VALUES (" + std::to_string(id) + ", 'u', " +
          std::to_string(graph.age[id]) + ", 0)");
    }
    std::string sql;
    const auto add = [&](const char* insert, Id id, Id user) {
      sql += insert + std::to_string(id) + ", " + std::to_string(id) + ", " + link(user) + ");";
      return user;
    };
    for (Id id = 1; id <= kUsers; ++id) {
      graph.best[id] = Pick(kUsers + 1);
      sql += "UPDATE User SET best_friend_id = " + link(graph.best[id]) +
             " WHERE id = " + std::to_string(id) + ";";
      for (Id i = Pick(4); i > 0; --i) {
        const Id other = 1 + Pick(kUsers);
        graph.friends[id].insert(other), graph.friends[other].insert(id);
      }
    }
    for (const auto& [id, others] : graph.friends) {
      for (const Id other : others) {
        sql += "INSERT INTO User_friends VALUES (" + std::to_string(id) + ", " +
               std::to_string(other) + ");";
      }
    }
    for (Id id = 1; id <= kCards; ++id) {
      graph.owner_of_card[id] =
          add("INSERT INTO Card (id, number, owner_id) VALUES (", id, Pick(kUsers + 1));
    }
    for (Id id = 1; id <= kPets; ++id) {
      graph.owner_of_pet[id] =
          add("INSERT INTO Pet (id, name, owner_id) VALUES (", id, Pick(kUsers + 1));
    }
    Raw(sql);
  }

  Id Pick(Id below) { return static_cast<Id>(random() % static_cast<unsigned>(below)); }

  std::set<Id> FriendsOf(Id id) const {
    const auto found = graph.friends.find(id);
    return found == graph.friends.end() ? std::set<Id>() : found->second;
  }
  static bool Any(const std::set<Id>& ids, const Test& test) {
    return std::any_of(ids.begin(), ids.end(), test);
  }

  /// A condition on users, and the same in memory.
  std::pair<UserPredicate, Test> AboutUsers(int depth) {
    switch (Pick(depth > 0 ? 9 : 2)) {
      case 0: {
        const Id age = Pick(6);
        return {F<&User::age> <= age, [this, age](Id id) { return graph.age.at(id) <= age; }};
      }
      case 1:
        switch (Pick(3)) {
          case 0:
            return {kBest.Has(), [this](Id id) { return graph.best.at(id) != 0; }};
          case 1:
            return {kFriends.Has(), [this](Id id) { return !FriendsOf(id).empty(); }};
          default:
            return {F<&User::pets>.Has(),
                    [this](Id id) { return !Graph::Holders(graph.owner_of_pet, id).empty(); }};
        }
      case 2:
      case 3: {
        auto [about, test] = AboutUsers(depth - 1);
        return {kFriends.Has(about), [this, test](Id id) { return Any(FriendsOf(id), test); }};
      }
      case 4: {
        auto [about, test] = AboutUsers(depth - 1);
        return {kBest.Has(about),
                [this, test](Id id) { return Any(Graph::Key(graph.best, id), test); }};
      }
      case 5: {
        auto [about, test] = AboutCards(depth - 1);
        return {::kCards.Has(about),
                [this, test](Id id) { return Any(Graph::Holders(graph.owner_of_card, id), test); }};
      }
      case 6: {
        auto [about, test] = AboutUsers(depth - 1);
        return {!about, [test](Id id) { return !test(id); }};
      }
      default: {
        auto [left, first] = AboutUsers(depth - 1);
        auto [right, second] = AboutUsers(depth - 1);
        if (Pick(2) == 0) {
          return {left && right, [first, second](Id id) { return first(id) && second(id); }};
        }
        return {left || right, [first, second](Id id) { return first(id) || second(id); }};
      }
    }
  }
  std::pair<CardPredicate, Test> AboutCards(int depth) {
    const Id least = 1 + Pick(kCards);
    if (depth <= 0 || Pick(3) == 0) {
      return {F<&Card::id> >= least, [least](Id id) { return id >= least; }};
    }
    auto [about, test] = AboutUsers(depth - 1);
    const Test owner = [this, test](Id id) {
      return Any(Graph::Key(graph.owner_of_card, id), test);
    };
    if (Pick(2) == 0) return {kOwner.Has(about), owner};
    return {!kOwner.Has(about) && F<&Card::id> >= least,
            [owner, least](Id id) { return !owner(id) && id >= least; }};
  }

  /// Takes a random part of a query's rows, and the same part of the ids in memory.
  template <class E>
  void Choose(grapnel::store::Query<E>& query, Ids& ids) {
    std::sort(ids.begin(), ids.end());
    if (Pick(3) == 0) {
      const Id least = Pick(6);
      query.Where(F<&E::id> >= least);
      std::erase_if(ids, [&](Id id) { return id < least; });
    }
    if (Pick(2) == 0) return;
    if (Pick(2) == 0) {
      query.Order(Desc(F<&E::id>));
      std::reverse(ids.begin(), ids.end());
    } else {
      query.Order(Asc(F<&E::id>));
    }
    const Id offset = Pick(3), limit = Pick(6);
    if (Pick(2) == 0) {
      query.Offset(offset);
      ids.erase(ids.begin(), ids.begin() + std::min(offset, static_cast<Id>(ids.size())));
    }
    if (Pick(2) == 0) {
      query.Limit(limit);
      if (static_cast<Id>(ids.size()) > limit) ids.resize(static_cast<std::size_t>(limit));
    }
  }

  Ids Step(const Ids& from, const Graph::Edge& edge) const {
    std::set<Id> reached;
    for (const Id id : from) {
      for (const Id other : edge(id)) reached.insert(other);
    }
    return {reached.begin(), reached.end()};
  }
};

template <class E>
void Compare(const grapnel::store::Query<E>& query, Ids expected) {
  REQUIRE(query.Count() == static_cast<Id>(expected.size()));
  REQUIRE(query.Exist() == !expected.empty());
  auto ids = query.IDs();
  REQUIRE(std::set<Id>(ids.begin(), ids.end()).size() == ids.size());  // each once
  std::sort(ids.begin(), ids.end());
  std::sort(expected.begin(), expected.end());
  REQUIRE(ids == expected);
}

TEST_CASE("B77 random conditions on neighbours agree with a graph in memory") {
  for (unsigned seed = 1; seed <= 4; ++seed) {
    RandomWorld db(seed);
    for (int i = 0; i < 60; ++i) {
      INFO("seed " << seed << " condition " << i);
      const auto [about, test] = db.AboutUsers(4);
      Ids expected;
      for (Id id = 1; id <= RandomWorld::kUsers; ++id) {
        if (test(id)) expected.push_back(id);
      }
      Compare(db.client.Of<User>().Query().Where(about), expected);
      // The same condition picks the rows of an update.
      const auto count =
          db.client.Of<User>().Update().Where(about).Set(F<&User::version>, i + 1).Save();
      REQUIRE(count == static_cast<Id>(expected.size()));
      REQUIRE(
          db.client.Of<User>().Query().Where(F<&User::version> == i + 1).Order(Asc(kId)).IDs() ==
          expected);
    }
  }
}

TEST_CASE("B77 random traversals, each step chosen and limited, agree with a graph in memory") {
  for (unsigned seed = 1; seed <= 4; ++seed) {
    RandomWorld db(seed);
    for (int i = 0; i < 80; ++i) {
      INFO("seed " << seed << " traversal " << i);
      auto [about, test] = db.AboutUsers(2);
      auto query = db.client.Of<User>().Query().Where(about);
      Ids ids;
      for (Id id = 1; id <= RandomWorld::kUsers; ++id) {
        if (test(id)) ids.push_back(id);
      }
      db.Choose(query, ids);
      for (Id step = db.Pick(5); step > 0; --step) {
        switch (db.Pick(4)) {
          case 0:
            query = query.Traverse(kFriends);
            ids = db.Step(ids, [&](Id id) { return db.FriendsOf(id); });
            break;
          case 1:
            query = query.Traverse(kBest);
            ids = db.Step(ids, [&](Id id) { return Graph::Key(db.graph.best, id); });
            break;
          case 2: {
            auto cards = query.Traverse(kCards);
            ids = db.Step(ids, [&](Id id) { return Graph::Holders(db.graph.owner_of_card, id); });
            db.Choose(cards, ids);
            query = cards.Traverse(kOwner);
            ids = db.Step(ids, [&](Id id) { return Graph::Key(db.graph.owner_of_card, id); });
            break;
          }
          default: {
            auto pets = query.Traverse(F<&User::pets>);
            ids = db.Step(ids, [&](Id id) { return Graph::Holders(db.graph.owner_of_pet, id); });
            db.Choose(pets, ids);
            query = pets.Traverse(F<&Pet::owner>);
            ids = db.Step(ids, [&](Id id) { return Graph::Key(db.graph.owner_of_pet, id); });
          }
        }
        db.Choose(query, ids);
      }
      Compare(query, ids);
    }
  }
}

TEST_CASE("B77 a traversal of many steps and a condition nested deep are no different") {
  const World db;
  auto query = db.Users().Where(kId == 1);
  auto about = F<&User::name> == "b";
  for (int i = 0; i < 20; ++i) {
    query = query.Traverse(kCards).Traverse(kOwner);
    about = !kFriends.Has(about && F<&User::age> > 0);
  }
  CHECK(query.IDs() == Ids{1});
  // "b" and "c" have the one friend "a", whose friends they are.
  CHECK(db.Users().Where(about).IDs() == Ids{2, 3});
}

TEST_CASE("B77 a traversal from nothing, and of neighbours that several rows share") {
  const World db;
  REQUIRE(db.Users().Limit(0).Traverse(kFriends).All().empty());
  REQUIRE(db.Users().Where(kId > 99).Traverse(kCards).Count() == 0);
  REQUIRE(db.Cards().Traverse(kOwner).Count() == 2);  // five cards, four of them owned
  REQUIRE(Column(db.Users().Traverse(kBest).All(), &User::name) == Lines{"b"});
  // The order alone, without a limit, does not outlast the step.
  const auto owners = db.Cards().Traverse(kOwner).Order(Desc(kId)).With(kCards).All();
  REQUIRE(Column(owners, &User::id) == Ids{2, 1});
  REQUIRE(owners[1].cards.size() == 3);
  // Which cards the user with the most recent card has.
  const auto last =
      db.client.Of<Card>().Query().Where(kOwner.Has()).Order(Desc(F<&Card::id>)).Limit(1);
  REQUIRE(last.Traverse(kOwner).Traverse(kCards).IDs() == Ids{4});
}

}  // namespace
