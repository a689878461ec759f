#include <grapnel/store/sqlite/sqlite_connection.hpp>

#include <grapnel/schema/schema.hpp>

#include "support/catch.hpp"
#include "support/scratch.hpp"

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace connections {

struct User {
  std::int64_t id = 0;
  std::string name;
  std::optional<std::int64_t> age;
  std::uint8_t level = 0;
};
struct Missing {
  std::int64_t id = 0;
};

}  // namespace connections

template <>
struct grapnel::Schema<connections::User> {
  static constexpr std::string_view Type = "User";
  static constexpr auto Fields() {
    using connections::User;
    return grapnel::Fields(Field<&User::name>("name").Unique(), Field<&User::age>("age"),
                           Field<&User::level>("level").Range(0, 99));
  }
};
template <>
struct grapnel::Schema<connections::Missing> {
  static constexpr std::string_view Type = "Missing";
};

namespace sqlite = grapnel::sqlite::detail;
namespace store = grapnel::store;
using connections::User;
using grapnel::F;
using grapnel::Op;

namespace {

const auto& kUsers = grapnel::detail::kTable<User>;
constexpr std::size_t kName = 1, kAge = 2, kLevel = 3;

store::FieldSet Set(std::initializer_list<std::size_t> fields) {
  store::FieldSet set;
  for (const std::size_t field : fields) set.set(field);
  return set;
}

/// Brings the database to the schema of these types.
void Migrate(sqlite::SqliteConnection& connection, std::span<const sqlite::Table* const> tables) {
  connection.BeginWrite();
  for (const auto& step : connection.PlanMigration(tables, {}).steps) connection.Apply(step);
  connection.Commit();
}

/// A database in memory with the table of User.
struct Database {
  sqlite::SqliteConnection connection{{":memory:", ":memory:", true, false}};

  Database() {
    const sqlite::Table* tables[] = {&kUsers};
    Migrate(connection, tables);
  }
  sqlite::SqliteConnection* operator->() { return &connection; }

  std::int64_t Create(const std::string& name, std::uint8_t level = 1, std::int64_t id = 0) {
    const User user{id, name, {}, level};
    auto set = Set({kName, kLevel});
    if (id != 0) set.set(0);
    return connection.Run(store::Insert{{&kUsers, Op::Create}, &user, set});
  }
  /// All rows: "1 Ada NULL 1".
  std::vector<std::string> Rows() {
    std::vector<std::string> rows;
    connection.Run(store::Select{{&kUsers}}, [&](grapnel::detail::Row& row) {
      rows.push_back(std::to_string(row.Int(0)) + " " + std::string(row.Text(1)) + " " +
                     (row.IsNull(2) ? "NULL" : std::to_string(row.Int(2))) + " " +
                     std::to_string(row.Int(3)));
    });
    return rows;
  }
};

using Rows = std::vector<std::string>;

}  // namespace

TEST_CASE("an insert gives back the id that was made, and 0 for one that was given") {
  Database db;
  CHECK(db.Create("Ada") == 1);
  CHECK(db.Create("Bob", 2, 7) == 0);
  CHECK(db.Create("Eve") == 8);
  CHECK(db.Rows() == Rows{"1 Ada NULL 1", "7 Bob NULL 2", "8 Eve NULL 1"});
}

TEST_CASE("an update sets, adds and clears in one statement, and counts the rows that match") {
  Database db;
  db.Create("Ada");
  db.Create("Bob");
  const User changes{0, "", 5, 3};
  store::Update update{{&kUsers, Op::Update}, &changes};
  update.added = Set({kAge, kLevel});
  CHECK(db->Run(update) == 2);
  CHECK(db->Run(update) == 2);
  CHECK(db.Rows() == Rows{"1 Ada 10 7", "2 Bob 10 7"});

  const User ada{1, "Ada L.", {}, 0};
  store::Update one{{&kUsers, Op::UpdateOne}, &ada, Set({kName}), {}, Set({kAge}), true, nullptr};
  CHECK(db->Run(one) == 1);
  const auto other = F<&User::name> == "Bob";
  one.where = other.Node().Get();
  CHECK(db->Run(one) == 0);
  CHECK(db.Rows() == Rows{"1 Ada L. NULL 7", "2 Bob 10 7"});
}

TEST_CASE("B79 an addition that leaves the range is refused, no row touched") {
  Database db;
  db.Create("Ada", 50);
  db.Create("Bob", 60);
  const User changes{0, "", std::numeric_limits<std::int64_t>::max(), 40};
  store::Update update{{&kUsers, Op::Update}, &changes};
  update.added = Set({kLevel});
  try {
    db->Run(update);
    FAIL("it was added");
  } catch (const grapnel::ValidationError& error) {
    CHECK(error.Field() == "level");
    CHECK(error.Op() == Op::Update);
  }
  CHECK(db.Rows() == Rows{"1 Ada NULL 50", "2 Bob NULL 60"});
  update.added = Set({kAge});
  CHECK(db->Run(update) == 2);
  CHECK_THROWS_AS(db->Run(update), grapnel::ValidationError);
}

TEST_CASE("a delete is of one row, or of all that match") {
  Database db;
  for (const char* name : {"Ada", "Bob", "Eve"}) db.Create(name);
  const User second{2, "", {}, 0};
  CHECK(db->Run(store::Delete{{&kUsers, Op::DeleteOne}, &second, true, nullptr}) == 1);
  CHECK(db->Run(store::Delete{{&kUsers, Op::DeleteOne}, &second, true, nullptr}) == 0);
  const auto late = F<&User::name> > "B";
  CHECK(db->Run(store::Delete{{&kUsers, Op::Delete}, nullptr, false, late.Node().Get()}) == 1);
  CHECK(db.Rows() == Rows{"1 Ada NULL 1"});
}

TEST_CASE("rows are counted, and asked for, without being read") {
  Database db;
  for (const char* name : {"Ada", "Bob", "Eve"}) db.Create(name);
  store::Select select{{&kUsers}};
  select.want = store::Select::Want::Count;
  CHECK(db->Count(select) == 3);
  select.limit = 2;
  CHECK(db->Count(select) == 2);
  select.offset = 2;
  CHECK(db->Count(select) == 1);
  select = {{&kUsers}};
  select.want = store::Select::Want::Exist;
  CHECK(db->Count(select) == 1);
  const auto nobody = F<&User::name> == "Zoe";
  select.where = nobody.Node().Get();
  CHECK(db->Count(select) == 0);
}

TEST_CASE("savepoints nest by their depth, inside a transaction") {
  Database db;
  CHECK_FALSE(db->InTransaction());
  db->BeginWrite();
  db.Create("Ada");
  db->Savepoint(1);
  db.Create("Bob");
  db->Savepoint(2);
  db.Create("Eve");
  db->RollbackTo(2);
  db->Release(2);
  CHECK(db.Rows().size() == 2);
  db->RollbackTo(1);
  db->Release(1);
  CHECK(db->InTransaction());
  db->Commit();
  CHECK_FALSE(db->InTransaction());
  CHECK(db.Rows() == Rows{"1 Ada NULL 1"});

  db->BeginWrite();
  db.Create("Bob");
  db->Rollback();
  db->Rollback();  // nothing is open any more
  CHECK(db.Rows() == Rows{"1 Ada NULL 1"});
}

TEST_CASE("a constraint that breaks names entity, op and field, and undoes its statement alone") {
  Database db;
  db->BeginWrite();
  db.Create("Ada");
  try {
    db.Create("Ada");
    FAIL("there are two of them");
  } catch (const grapnel::ConstraintError& error) {
    CHECK(error.Kind() == grapnel::ConstraintKind::Unique);
    CHECK(error.Op() == Op::Create);
    CHECK(error.Fields() == std::vector<std::string>{"name"});
  }
  CHECK(db->InTransaction());
  db->Commit();
  CHECK(db.Rows().size() == 1);
}

TEST_CASE("a read transaction sees one snapshot, from its beginning") {
  const Scratch scratch;
  const std::string path = scratch.File("app.db");
  sqlite::SqliteConnection writer({path, path, false, false});
  const sqlite::Table* tables[] = {&kUsers};
  Migrate(writer, tables);
  sqlite::SqliteConnection reader({path, path, false, true});
  const auto count = [&] {
    store::Select select{{&kUsers}};
    select.want = store::Select::Want::Count;
    return reader.Count(select);
  };
  reader.BeginRead();
  const User ada{0, "Ada", {}, 1};
  const store::Insert insert{{&kUsers, Op::Create}, &ada, Set({kName, kLevel})};
  writer.Run(insert);
  CHECK(count() == 0);
  CHECK_THROWS_AS(reader.Run(insert), grapnel::StorageError);  // it only reads
  reader.Rollback();
  CHECK(count() == 1);
}

TEST_CASE("B80 B95 tables are verified, and a migration that fails changes nothing") {
  Database db;
  CHECK_NOTHROW(db->Verify(kUsers));
  CHECK_THROWS_AS(db->Verify(grapnel::detail::kTable<connections::Missing>), grapnel::SchemaError);

  sqlite::Table renamed = kUsers;
  renamed.name = "sqlite_users";
  const sqlite::Table* wanted[] = {&grapnel::detail::kTable<connections::Missing>, &renamed};
  db->BeginWrite();
  CHECK_THROWS_AS(db->PlanMigration(wanted, {}), grapnel::MigrationError);
  db->Rollback();
  CHECK_THROWS_AS(db->Verify(grapnel::detail::kTable<connections::Missing>), grapnel::SchemaError);
}

TEST_CASE("a cursor walks along rows while others are read, and may be left") {
  Database database;
  const auto& connection = &database.connection;
  User user;
  for (const char* name : {"Ada", "Bob", "Cid"}) {
    user.name = name;
    connection->Run(store::Insert{{&kUsers}, &user, Set({kName, kLevel})});
  }
  store::Select select{{&kUsers}};
  const std::vector<store::Ordering> order{grapnel::Desc(F<&User::name>).ordering};
  select.order = order;
  const auto cursor = connection->Open(select);
  REQUIRE(cursor->Next(&user));
  CHECK(user.name == "Cid");
  {
    const auto other = connection->Open(select);
    User seen;
    REQUIRE(other->Next(&seen));
    CHECK(seen.name == "Cid");
  }
  for (std::size_t i = 2; i < 2 * sqlite::PreparedCache::kCapacity; ++i) {
    store::Select some{{&kUsers}};
    const std::vector<store::Ordering> longer(i, order.front());
    some.order = longer;
    some.want = store::Select::Want::Ids;
    connection->Run(some, [](grapnel::detail::Row&) {});
  }
  REQUIRE(cursor->Next(&user));
  CHECK(user.name == "Bob");
  REQUIRE(cursor->Next(&user));
  CHECK(user.name == "Ada");
  CHECK_FALSE(cursor->Next(&user));
}

TEST_CASE("a sum that leaves 64 bits names the field") {
  Database database;
  User user;
  user.age = std::numeric_limits<std::int64_t>::max();
  for (const char* name : {"Ada", "Bob"}) {
    user.name = name;
    database.connection.Run(store::Insert{{&kUsers}, &user, Set({kName, kAge, kLevel})});
  }
  const store::Measure sum{0, store::AggregateKind::Sum, kUsers.columns[kAge].tag};
  const store::Output output{&kUsers.columns[kAge], &sum};
  store::Tabulate values{{&kUsers}};
  values.grouped = true;
  values.outputs = {&output, 1};
  const auto read = [&] { database.connection.Run(values, [](grapnel::detail::Row&) {}); };
  CHECK_THROWS_AS(read(), grapnel::ValidationError);
  CHECK_THROWS_WITH(read(), "User.age: the sum is no number of 64 bits; Avg has no such limit");
}
