#include "support/catch.hpp"
#include "support/engine/engine.hpp"
#include "support/engine/raw.hpp"
#include "support/scratch.hpp"

#include <grapnel/grapnel.hpp>

#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Values, collations and declared types in tables that others made.
namespace others {

struct Thing;
struct Owner {
  std::string id;
  std::string name;
  grapnel::Many<Thing> things{};
  grapnel::Many<Thing> likes{};
};
struct Thing {
  std::int64_t id = 0;
  std::string label;
  std::optional<std::int64_t> size{};
  std::string secret;
  grapnel::One<Owner> owner{};
  grapnel::Many<Owner> likers{};
};

struct Record {
  std::int64_t id = 0;
  bool active = false;
  std::optional<bool> flag{};
  std::int64_t count = 0;
  std::optional<std::int32_t> small{};
  std::chrono::system_clock::time_point at{};
  double amount = 0;
};

}  // namespace others

template <>
struct grapnel::Schema<others::Owner> {
  static constexpr std::string_view Type = "Owner";
  static constexpr auto Fields() {
    using others::Owner;
    return grapnel::Fields(Field<&Owner::id>("id").Default([] { return std::string("new"); }),
                           Field<&Owner::name>("name"));
  }
  static constexpr auto Edges() {
    using others::Owner;
    return grapnel::Edges(To<&Owner::things>("things"), To<&Owner::likes>("likes"));
  }
};
template <>
struct grapnel::Schema<others::Thing> {
  static constexpr std::string_view Type = "Thing";
  static constexpr auto Fields() {
    using others::Thing;
    return grapnel::Fields(Field<&Thing::label>("label"), Field<&Thing::size>("size"),
                           Field<&Thing::secret>("secret").Sensitive());
  }
  static constexpr auto Edges() {
    using others::Owner;
    using others::Thing;
    return grapnel::Edges(From<&Thing::owner>("owner").Ref<&Owner::things>(),
                          From<&Thing::likers>("likers").Ref<&Owner::likes>());
  }
};
template <>
struct grapnel::Schema<others::Record> {
  static constexpr std::string_view Type = "Record";
  static constexpr auto Fields() {
    using others::Record;
    return grapnel::Fields(Field<&Record::active>("active"), Field<&Record::flag>("flag"),
                           Field<&Record::count>("count"), Field<&Record::small>("small"),
                           Field<&Record::at>("at"), Field<&Record::amount>("amount"));
  }
};

namespace {

using grapnel::Asc;
using grapnel::F;
using others::Owner;
using others::Record;
using others::Thing;

template <class Range, class T>
auto Column(const Range& rows, T member) {
  std::vector<std::remove_cvref_t<decltype((*rows.begin()).*member)>> values;
  for (const auto& row : rows) values.push_back(row.*member);
  return values;
}

}  // namespace

TEST_CASE("B125 what SQLite calls equal is equal to eager loading: collations of others' tables") {
  for (const std::string collation : {"", " COLLATE NOCASE", " COLLATE RTRIM"}) {
    INFO(collation);
    const Scratch scratch;
    const std::string path = scratch.File("db");
    const auto client = engine::Open<Owner, Thing>(path);
    client.Migrate();
    Raw raw(path);
    const auto pairs = raw("SELECT name FROM pragma_table_info('Owner_likes')");
    REQUIRE(pairs.size() == 2);
    raw("DROP TABLE \"Owner_likes\"; DROP TABLE \"Thing\"; DROP TABLE \"Owner\";"
        "CREATE TABLE \"Owner\" (id TEXT NOT NULL COLLATE NOCASE PRIMARY KEY, name TEXT NOT NULL);"
        "CREATE TABLE \"Thing\" (id INTEGER PRIMARY KEY, label TEXT NOT NULL, size INTEGER, secret "
        "TEXT NOT NULL,"
        " owner_id TEXT" +
        collation +
        " REFERENCES \"Owner\" (id));"
        "CREATE TABLE \"Owner_likes\" (" +
        pairs[0] + " TEXT" + collation + " REFERENCES \"Owner\", " + pairs[1] +
        " TEXT);"  // of numbers
        "INSERT INTO \"Owner\" VALUES ('ada', 'Ada'), ('bob', 'Bob');"
        "INSERT INTO \"Thing\" SELECT value ->> 0, value ->> 1, 0, '', value ->> 2 FROM json_each('"
        "[[1,\"x\",\"ADA\"],[2,\"y\",\"Ada\"],[3,\"z\",\"ada\"],[4,\"w\",\"BOB\"],[5,\"v\",null]]')"
        ";"
        "INSERT INTO \"Owner_likes\" VALUES ('ADA', 1), ('aDa', 4), ('bob', 5)");
    CHECK(raw("PRAGMA foreign_key_check(\"Thing\")").empty());

    const auto things =
        client.Of<Thing>()
            .Query()
            .Order(Asc(F<&Thing::id>))
            .With(F<&Thing::owner>,
                  [](auto& o) {
                    o.With(F<&Owner::things>, [](auto& t) { t.Order(Asc(F<&Thing::id>)); });
                  })
            .All();
    REQUIRE(things.size() == 5);
    for (std::size_t i = 0; i < 4; ++i) {
      REQUIRE(things[i].owner.Get() != nullptr);
      CHECK(things[i].owner->id == (i < 3 ? "ada" : "bob"));
      CHECK(Column(things[i].owner->things, &Thing::id) ==
            (i < 3 ? std::vector<std::int64_t>{1, 2, 3} : std::vector<std::int64_t>{4}));
    }
    CHECK(things[4].owner.Get() == nullptr);
    const auto owners = client.Of<Owner>()
                            .Query()
                            .Order(Asc(F<&Owner::id>))
                            .With(F<&Owner::likes>, [](auto& t) { t.Order(Asc(F<&Thing::id>)); })
                            .All();
    REQUIRE(owners.size() == 2);
    CHECK(Column(owners[0].likes, &Thing::id) == std::vector<std::int64_t>{1, 4});
    CHECK(Column(owners[1].likes, &Thing::id) == std::vector<std::int64_t>{5});

    // In a transaction, and by a view, it is no different.
    auto tx = client.Tx();
    CHECK(tx.Of<Owner>()
              .Query()
              .Where(F<&Owner::id> == "ADA")
              .With(F<&Owner::things>)
              .Only()
              .things.size() == 3);
    tx.Rollback();
    const auto view = client.With(1);
    CHECK(view.Of<Thing>()
              .Query()
              .Where(F<&Thing::id> == 1)
              .With(F<&Thing::owner>)
              .Only()
              .owner->id == "ada");
  }
}

TEST_CASE("B128 a value that cannot be read is a SchemaError that names row and field") {
  const Scratch scratch;
  const auto client = engine::Open<Owner, Thing>(scratch.File("db"));
  client.Migrate();
  Raw raw(scratch.File("db"));
  raw("INSERT INTO \"Owner\" VALUES ('ada', 'Ada');"
      "INSERT INTO \"Thing\" (id, label, size, secret, owner_id) VALUES "
      "(7, 'x', 1, '', 'ada'), (8, 'y', 'large', '', 'ada'), (9, 'z', 1, x'00', NULL)");
  const auto fails = [&](auto body, const std::string& field, const std::string& text) {
    try {
      body();
      FAIL("it was read");
    } catch (const grapnel::SchemaError& error) {
      CHECK(error.Field() == field);
      CHECK(std::string(error.what()) == text);
    }
  };
  const std::string size =
      "Thing.size: in the row with id 8 a stored value cannot be read: "
      "it is a text, not an integer";
  const auto of = client.Of<Thing>();
  fails([&] { of.Query().Where(F<&Thing::id> < 9).All(); }, "size", size);
  fails([&] { of.Get(8); }, "size", size);
  fails([&] { client.Of<Owner>().Query().With(F<&Owner::things>).All(); }, "size", size);
  fails([&] { of.UpdateOne(8).Set(F<&Thing::label>, "w").Save(); }, "size", size);
  fails([&] { client.ReadTx().Of<Thing>().Get(8); }, "size", size);
  fails([&] { of.Get(9); }, "secret",
        "Thing.secret: in the row with id 9 a stored value cannot be read: it is not valid");
  CHECK(raw("SELECT label FROM \"Thing\"") == Raw::Rows{"x", "y", "z"});
}

TEST_CASE("B130 what other tools declare fits bool and numbers where affinity keeps them exact") {
  using namespace std::chrono_literals;
  const Scratch scratch;
  int databases = 0;
  for (const std::string types : {"BOOLEAN|bool|NUMERIC|DECIMAL(10, 2)|DATETIME|decimal",
                                  "bool|BOOL|bigint|smallint unsigned|TIMESTAMP|NUMERIC",
                                  "boolean|Boolean|DECIMAL|numeric(9)|DATE|NUMBER(12,2)",
                                  "tinyint(1)|INT2|integer|int|time|REAL"}) {
    INFO(types);
    std::vector<std::string> each(1);
    for (const char c : types) {
      if (c == '|') {
        each.emplace_back();
      } else {
        each.back() += c;
      }
    }
    const std::string path = scratch.File("db" + std::to_string(databases++));
    Raw raw(path);
    raw("CREATE TABLE \"Record\" (id INTEGER PRIMARY KEY, active " + each[0] + " NOT NULL, flag " +
        each[1] + ", count " + each[2] + " NOT NULL, small " + each[3] + ", at " + each[4] +
        " NOT NULL, amount " + each[5] + " NOT NULL)");
    const auto client = engine::Open<Record>(path);
    client.Migrate();
    CHECK(client.PlanMigration().Statements().empty());
    constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
    const auto at = std::chrono::system_clock::time_point(1'700'000'000'123'456us);
    for (const double amount : {1.0, 0.1, 1e300, 9007199254740993.0, -5.5}) {
      const Record made = client.Of<Record>()
                              .Create()
                              .Set(F<&Record::active>, true)
                              .Set(F<&Record::flag>, false)
                              .Set(F<&Record::count>, kMost)
                              .Set(F<&Record::small>, -7)
                              .Set(F<&Record::at>, at)
                              .Set(F<&Record::amount>, amount)
                              .Save();
      const Record read = client.Of<Record>().Get(made.id);
      CHECK(read.active);
      CHECK(read.flag == false);
      CHECK(read.count == kMost);
      CHECK(read.small == -7);
      CHECK(read.at == at);
      CHECK(read.amount == amount);
    }
    const auto query = client.Of<Record>().Query();
    CHECK(client.Of<Record>()
              .Query()
              .Where(F<&Record::active> == true && F<&Record::count> == kMost)
              .Count() == 5);
    CHECK(client.Of<Record>()
              .Query()
              .Where(F<&Record::at> == at && F<&Record::amount> == 0.1)
              .Count() == 1);
    CHECK(client.Of<Record>().UpdateOne(1).Add(F<&Record::small>, 2).Save().small == -5);
    CHECK(raw("SELECT DISTINCT typeof(active), typeof(flag), typeof(count), typeof(at) FROM "
              "\"Record\"") == Raw::Rows{"integer|integer|integer|integer"});
  }
}

TEST_CASE("B130 bad input: what affinity would change does not fit") {
  const auto refused = [](const std::string& columns, const std::string& field) {
    const Scratch scratch;
    Raw raw(scratch.File("db"));
    raw("CREATE TABLE \"Thing\" (" + columns + ", owner_id TEXT)");
    raw("CREATE TABLE \"Owner\" (id TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL)");
    const auto client = engine::Open<Owner, Thing>(scratch.File("db"));
    try {
      client.Of<Thing>().Query().All();
      FAIL("it fits: " << columns);
    } catch (const grapnel::SchemaError& error) {
      CHECK(error.Field() == field);
    }
    CHECK_THROWS_AS(client.Migrate(), grapnel::MigrationError);
  };
  refused("id INTEGER PRIMARY KEY, label DATETIME, size INTEGER, secret TEXT", "label");
  refused("id INTEGER PRIMARY KEY, label TEXT, size REAL, secret TEXT", "size");
  refused("id INTEGER PRIMARY KEY, label TEXT, size VARCHAR(20), secret TEXT", "size");
  refused("id NUMERIC PRIMARY KEY, label TEXT, size INTEGER, secret TEXT", "id");
}
