#include <grapnel/store/sqlite/migrate/planner.hpp>

#include <grapnel/schema/schema.hpp>

#include "support/catch.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace migrations {

struct Book;

struct User {
  std::int64_t id = 0;
  std::string name;
  std::optional<std::int64_t> age;
  double score = 0;
  bool active = false;
  std::vector<std::byte> photo;
};
struct Odd {
  std::string id;
  std::int64_t value = 0;
};
struct Wrong {
  std::int64_t id = 0, unlisted = 0;
};
struct Writer {
  std::int64_t id = 0;
  grapnel::Many<Book> books;
  grapnel::Many<Book> drafts;
  grapnel::Many<Writer> friends;
  grapnel::One<Writer> teacher;
  grapnel::One<Writer> rival;
};
struct Book {
  std::string id;
  grapnel::One<Writer> author;
};

/// Defaults that the tests change.
inline std::int64_t whole = 0;
inline double real = 0;
inline std::string text;
inline std::vector<std::byte> blob;
struct Grown {
  std::int64_t id = 0;
  std::int64_t whole = 0;
  double real = 0;
  std::string text;
  std::vector<std::byte> blob;
};
/// Without defaults.
struct Strict {
  std::int64_t id = 0;
  std::int64_t whole = 0;
  double real = 0;
  std::string text;
  std::vector<std::byte> blob;
};

}  // namespace migrations

template <>
struct grapnel::Schema<migrations::User> {
  static constexpr std::string_view Type = "User";
  static constexpr std::string_view Table = "users";
  static constexpr auto Fields() {
    using migrations::User;
    return grapnel::Fields(Field<&User::id>("id").NeverReuse(), Field<&User::name>("name").Unique(),
                           Field<&User::age>("age"), Field<&User::score>("score"),
                           Field<&User::active>("active").Comment("not */ locked"),
                           Field<&User::photo>("photo").StorageKey("picture"));
  }
  static constexpr auto Indexes() {
    using migrations::User;
    return grapnel::Indexes(Index<&User::age, &User::photo>(),
                            Index<&User::name, &User::age>().Unique().StorageKey("by name"));
  }
};
template <>
struct grapnel::Schema<migrations::Odd> {
  static constexpr std::string_view Type = "Odd";
  static constexpr std::string_view Table = "a \"b\"; DROP";
  static constexpr auto Fields() {
    return grapnel::Fields(
        Field<&migrations::Odd::value>("value").StorageKey("v\"]'` --").Unique());
  }
};
template <>
struct grapnel::Schema<migrations::Wrong> {
  static constexpr std::string_view Type = "Wrong";
  static constexpr auto Indexes() {
    return grapnel::Indexes(Index<&migrations::Wrong::unlisted>());
  }
};
template <>
struct grapnel::Schema<migrations::Writer> {
  static constexpr std::string_view Type = "Writer";
  static constexpr auto Edges() {
    using migrations::Writer;
    return grapnel::Edges(To<&Writer::books>("books").OnDelete(Cascade),
                          To<&Writer::drafts>("drafts"), To<&Writer::friends>("friends"),
                          To<&Writer::teacher>("teacher").OnDelete(Cascade),
                          To<&Writer::rival>("rival").Unique().StorageKey("the \"rival\""));
  }
};
template <>
struct grapnel::Schema<migrations::Book> {
  static constexpr std::string_view Type = "Book";
  static constexpr auto Edges() {
    using migrations::Book;
    return grapnel::Edges(
        From<&Book::author>("author").Ref<&migrations::Writer::books>().Required());
  }
};
template <>
struct grapnel::Schema<migrations::Grown> {
  static constexpr std::string_view Type = "Grown";
  static constexpr auto Fields() {
    using migrations::Grown;
    return grapnel::Fields(Field<&Grown::whole>("whole").Default([] { return migrations::whole; }),
                           Field<&Grown::real>("real").Default([] { return migrations::real; }),
                           Field<&Grown::text>("text").Default([] { return migrations::text; }),
                           Field<&Grown::blob>("blob").Default([] { return migrations::blob; }));
  }
};
template <>
struct grapnel::Schema<migrations::Strict> {
  static constexpr std::string_view Type = "Strict";
  static constexpr auto Fields() {
    using migrations::Strict;
    return grapnel::Fields(Field<&Strict::whole>("whole"), Field<&Strict::real>("real"),
                           Field<&Strict::text>("text"), Field<&Strict::blob>("blob"));
  }
};

namespace sqlite = grapnel::sqlite::detail;
using grapnel::MigrationError;
using grapnel::detail::kTable;
using migrations::Book;
using migrations::Grown;
using migrations::User;
using migrations::Writer;
using sqlite::Table;

namespace {

using Texts = std::vector<std::string>;
using Tables = std::vector<const Table*>;
const Table& kUsers = kTable<User>;
const Tables kBoth{&kTable<Writer>, &kTable<Book>};

/// A database in memory in which these statements were run.
struct Database : sqlite::NativeConnection {
  explicit Database(const Texts& statements = {})
      : NativeConnection({":memory:", ":memory:", true, false}) {
    Run(statements);
  }
  void Run(const Texts& statements) {
    for (const std::string& statement : statements) Execute(statement);
  }
  /// Throws what the rows refuse as well.
  Texts Plan(const Tables& tables, bool rehearse = false) {
    Texts texts;
    const auto plan = sqlite::SqlitePlanner(*this, rehearse, tables).Plan().plan;
    if (!plan.hindrances.empty()) throw MigrationError(plan.hindrances.front());
    for (const auto& step : plan.steps) {
      texts.insert(texts.end(), step.statements.begin(), step.statements.end());
    }
    return texts;
  }
  /// The rows of a query, columns joined by '|'.
  Texts Rows(const std::string& sql) {
    Texts rows;
    auto statement = Prepare(sql, Say());
    Running running(*this, statement);
    const sqlite::Binding binding(statement.Get());
    while (running.Next(binding, Say())) {
      std::string& row = rows.emplace_back();
      for (int i = 0; i < sqlite3_column_count(statement.Get()); ++i) {
        const auto* cell = reinterpret_cast<const char*>(sqlite3_column_text(statement.Get(), i));
        row += (i == 0 ? "" : "|") + std::string(cell == nullptr ? "NULL" : cell);
      }
    }
    return rows;
  }
};

/// What a plan for these tables on that database is refused with.
std::string Refusal(const Texts& statements, const Tables& tables) {
  Database db(statements);
  try {
    return db.Plan(tables).empty() ? "nothing to do" : "planned";
  } catch (const MigrationError& error) {
    return error.what();
  }
}

/// The text that creates the table, and those of its indexes.
Texts Wanted(const Tables& tables, const std::string& name) {
  for (const sqlite::WantedTable& table : sqlite::WantAll(tables, sqlite::kMigrationDialect)) {
    if (table.name != name) continue;
    Texts texts{sqlite::CreateTableText(table, sqlite::kMigrationDialect)};
    for (const auto& index : table.indexes)
      texts.push_back(sqlite::CreateIndexText(table, index, sqlite::kMigrationDialect));
    return texts;
  }
  return {};
}

}  // namespace

TEST_CASE("B80 a table is created with its keys, NULLs, comments and indexes") {
  CHECK(Wanted({&kUsers}, "users") ==
        Texts{R"(CREATE TABLE "users" ("id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, )"
              R"("name" TEXT NOT NULL, "age" INTEGER, "score" REAL NOT NULL, )"
              R"("active" INTEGER NOT NULL /* not *  locked */, "picture" BLOB NOT NULL))",
              R"(CREATE UNIQUE INDEX "users_name_key" ON "users" ("name"))",
              R"(CREATE INDEX "users_age_picture" ON "users" ("age", "picture"))",
              R"(CREATE UNIQUE INDEX "by name" ON "users" ("name", "age"))"});
}

TEST_CASE("B79 names are quoted, whatever they hold") {
  const Tables odd{&kTable<migrations::Odd>};
  CHECK(
      Wanted(odd, "a \"b\"; DROP") ==
      Texts{
          R"(CREATE TABLE "a ""b""; DROP" ("id" TEXT PRIMARY KEY NOT NULL, )"
          R"("v""]'` --" INTEGER NOT NULL))",
          R"(CREATE UNIQUE INDEX "a ""b""; DROP_v""]'` --_key" ON "a ""b""; DROP" ("v""]'` --"))"});
  Database db;
  db.Run(db.Plan(odd));
  CHECK(db.Plan(odd).empty());
  db.Run({R"(DROP INDEX "a ""b""; DROP_v""]'` --_key")",
          R"(ALTER TABLE "a ""b""; DROP" DROP COLUMN "v""]'` --")"});
  CHECK(db.Plan(odd).front() ==
        R"(ALTER TABLE "a ""b""; DROP" ADD COLUMN "v""]'` --" INTEGER NOT NULL DEFAULT 0)");
}

TEST_CASE("B80 foreign keys are named and indexed, in the table that holds them") {
  CHECK(
      Wanted(kBoth, "Book") ==
      Texts{
          R"(CREATE TABLE "Book" ("id" TEXT PRIMARY KEY NOT NULL, "author_id" INTEGER NOT NULL, )"
          R"("Writer_drafts" INTEGER, CONSTRAINT "Book_author_id_fkey" FOREIGN KEY ("author_id") )"
          R"(REFERENCES "Writer" ("id") ON DELETE CASCADE, CONSTRAINT "Book_Writer_drafts_fkey" )"
          R"(FOREIGN KEY ("Writer_drafts") REFERENCES "Writer" ("id") ON DELETE SET NULL))",
          R"(CREATE INDEX "Book_Writer_drafts" ON "Book" ("Writer_drafts"))",
          R"(CREATE INDEX "Book_author_id" ON "Book" ("author_id"))"});
  CHECK(Wanted(kBoth, "Writer_friends") ==
        Texts{R"(CREATE TABLE "Writer_friends" ("Writer_id" INTEGER NOT NULL, )"
              R"("friends_id" INTEGER NOT NULL, PRIMARY KEY ("Writer_id", "friends_id"), )"
              R"(CONSTRAINT "Writer_friends_Writer_id_fkey" FOREIGN KEY ("Writer_id") )"
              R"(REFERENCES "Writer" ("id") ON DELETE CASCADE, )"
              R"(CONSTRAINT "Writer_friends_friends_id_fkey" FOREIGN KEY ("friends_id") )"
              R"(REFERENCES "Writer" ("id") ON DELETE CASCADE))",
              R"(CREATE INDEX "Writer_friends_friends_id" ON "Writer_friends" ("friends_id"))"});
}

TEST_CASE("B80 a cycle of cascades is not left to the database; a one-to-one key is unique") {
  CHECK(Wanted(kBoth, "Writer") ==
        Texts{R"(CREATE TABLE "Writer" ("id" INTEGER PRIMARY KEY NOT NULL, "teacher_id" INTEGER, )"
              R"("the ""rival""" INTEGER, CONSTRAINT "Writer_teacher_id_fkey" FOREIGN KEY )"
              R"(("teacher_id") REFERENCES "Writer" ("id") ON DELETE NO ACTION, )"
              R"(CONSTRAINT "Writer_the ""rival""_fkey" FOREIGN KEY ("the ""rival""") REFERENCES )"
              R"("Writer" ("id") ON DELETE SET NULL))",
              R"(CREATE INDEX "Writer_teacher_id" ON "Writer" ("teacher_id"))",
              R"(CREATE UNIQUE INDEX "Writer_the ""rival""_key" ON "Writer" ("the ""rival"""))"});
}

TEST_CASE("B80 a plan makes tables before indexes, and nothing is left to plan behind it") {
  Database db;
  const Texts plan = db.Plan(kBoth);
  Texts starts;
  for (const std::string& each : plan) starts.push_back(each.substr(0, each.find('"')));
  CHECK(starts == Texts{"CREATE TABLE ", "CREATE TABLE ", "CREATE TABLE ", "CREATE INDEX ",
                        "CREATE UNIQUE INDEX ", "CREATE INDEX ", "CREATE INDEX ", "CREATE INDEX "});
  CHECK(db.Rows("SELECT name FROM sqlite_schema").empty());
  db.Run(plan);
  CHECK(db.Plan(kBoth).empty());
  CHECK(db.Plan({&kTable<Book>, &kTable<Writer>}).empty());
}

TEST_CASE("B80 a table that is there gets its missing columns, tables of pairs and indexes") {
  Database db(
      {"CREATE TABLE wRITER (ID integer primary key)", "INSERT INTO Writer VALUES (5)",
       "CREATE TABLE book (id varchar(9) PRIMARY KEY, AUTHOR_id bigint NOT NULL, more REAL, "
       "FOREIGN KEY (author_ID) REFERENCES writeR (Id) ON DELETE CASCADE)",
       "INSERT INTO book VALUES ('b', 5, 0.5)", "CREATE INDEX bOOK_author_id ON book (author_id)"});
  const Texts plan = db.Plan(kBoth);
  REQUIRE(plan.size() == 8);
  CHECK(plan[0] == R"(ALTER TABLE "Writer" ADD COLUMN "teacher_id" INTEGER CONSTRAINT )"
                   R"("Writer_teacher_id_fkey" REFERENCES "Writer" ("id") ON DELETE NO ACTION)");
  CHECK(plan[2] == R"(ALTER TABLE "Book" ADD COLUMN "Writer_drafts" INTEGER CONSTRAINT )"
                   R"("Book_Writer_drafts_fkey" REFERENCES "Writer" ("id") ON DELETE SET NULL)");
  db.Run(plan);
  CHECK(db.Plan(kBoth).empty());
  CHECK(db.Rows("SELECT * FROM Writer") == Texts{"5|NULL|NULL"});
  CHECK(db.Rows("SELECT * FROM Book") == Texts{"b|5|0.5|NULL"});
  CHECK_THROWS_AS(db.Run({"UPDATE Book SET Writer_drafts = 6"}), grapnel::ConstraintError);
  db.Run({"UPDATE Book SET Writer_drafts = 5"});
  CHECK_THROWS_AS(db.Run({"UPDATE Writer SET \"the \"\"rival\"\"\" = 6"}),
                  grapnel::ConstraintError);
}

TEST_CASE("B80 what the rows that are there get is exactly the Default, or it is refused") {
  const Tables grown{&kTable<Grown>};
  const Texts stored{"CREATE TABLE Grown (id INTEGER PRIMARY KEY)",
                     "INSERT INTO Grown VALUES (1), (2)"};
  /// Returns: whether the columns were added.
  const auto check = [&] {
    Database db(stored);
    INFO(migrations::whole << ", " << migrations::real << ", " << migrations::text);
    try {
      db.Run(db.Plan(grown));
    } catch (const MigrationError&) {
      return false;
    }
    CHECK(db.Plan(grown).empty());
    auto statement = db.Prepare("SELECT whole, real, text, blob FROM Grown", db.Say());
    sqlite::NativeConnection::Running running(db, statement);
    const sqlite::Binding binding(statement.Get());
    sqlite::ResultRow row(statement.Get());
    int rows = 0;
    for (; running.Next(binding, db.Say()); ++rows) {
      CHECK(row.Int(0) == migrations::whole);
      CHECK(row.Real(1) == migrations::real);
      CHECK(row.Text(2) == migrations::text);
      const auto bytes = row.Blob(3);
      CHECK(std::vector(bytes.begin(), bytes.end()) == migrations::blob);
    }
    CHECK(rows == 2);
    return true;
  };
  constexpr auto whole = std::numeric_limits<std::int64_t>();
  constexpr auto real = std::numeric_limits<double>();
  for (const auto value : {whole.min(), whole.max(), std::int64_t{0}, std::int64_t{-1}}) {
    migrations::whole = value;
    CHECK(check());
  }
  for (const double value : {1.0, -0.5, 0.1, 1e300, -1e-300, real.max(), real.lowest(), 1e15,
                             real.infinity(), -real.infinity(), 123456789.125}) {
    migrations::real = value;
    CHECK(check());
  }
  for (const double value : {real.min(), real.denorm_min()}) {
    migrations::real = value;
    CHECK(check());
  }
  migrations::real = 0;
  for (const char* value :
       {"", "it's", "'; DROP TABLE Grown; --", "say \"hi\"", "?1 :a @b $c", "1",
        "\xC3\xBC \xF0\x9F\x90\x9F", "\xFF\xFE broken", "two\nlines\r\t", "''"}) {
    migrations::text = value;
    CHECK(check());
  }
  std::mt19937_64 random(80);
  for (int i = 0; i < 100; ++i) {
    migrations::whole = static_cast<std::int64_t>(random());
    do {
      const std::uint64_t bits = random();
      std::memcpy(&migrations::real, &bits, sizeof bits);
    } while (!std::isnormal(migrations::real));
    migrations::text.clear();
    for (auto left = random() % 20; left > 0; --left) {
      migrations::text += static_cast<char>(1 + random() % 255);
    }
    migrations::blob.clear();
    for (auto left = random() % 20; left > 0; --left)
      migrations::blob.push_back(std::byte(random()));
    check();
  }
}

namespace {

/// A schema that changes at random, and what has to come of the rows.
class Living {
 public:
  explicit Living(unsigned seed) : random_(seed) {
    for (auto left = 3 + Any(5); left > 0; --left) columns_.push_back(NewColumn());
    Migrate();
    for (auto left = Any(15); left > 0; --left) Insert();
    db_.Run(
        {"ALTER TABLE \"" + table_ + "\" ADD COLUMN theirs INTEGER DEFAULT 7",
         "CREATE TRIGGER theirs_too AFTER INSERT ON \"" + table_ + "\" BEGIN SELECT 1; END",
         "CREATE TABLE child (parent INTEGER REFERENCES \"" + table_ + "\" (id) ON DELETE CASCADE)",
         "INSERT INTO child SELECT id FROM \"" + table_ + "\""});
  }

  void Step() {
    std::vector<std::pair<std::string, Texts>> kept;  // what each column holds, by its new name
    std::vector<Col> next;
    for (Col column : columns_) {
      const Texts before = Values(column.name);
      column.was.clear();
      const bool goes = columns_.size() > 2 && Any(6) == 0;
      if (goes) continue;
      if (Any(4) == 0) column.was = std::exchange(column.name, NewName());
      if (Any(4) == 0) column.nullable = true;
      if (column.kind == 0 && Any(3) == 0) column.kind = 1;
      kept.emplace_back(column.name, before);
      next.push_back(column);
    }
    for (auto left = Any(3); left > 0; --left) next.push_back(NewColumn());
    std::shuffle(next.begin(), next.end(), random_);
    columns_ = std::move(next);
    was_ = "";
    if (Any(4) == 0) was_ = std::exchange(table_, NewName());
    const Texts children = db_.Rows("SELECT * FROM child ORDER BY 1");
    Migrate();
    for (const auto& [name, before] : kept) {
      INFO(name);
      CHECK(Values(name) == before);
    }
    CHECK(db_.Rows("SELECT DISTINCT theirs FROM \"" + table_ + "\"").size() <= 1);
    CHECK(db_.Rows("SELECT * FROM child ORDER BY 1") == children);
    CHECK(db_.Rows("SELECT name FROM sqlite_schema WHERE type = 'trigger'") == Texts{"theirs_too"});
    CHECK(db_.Rows("PRAGMA integrity_check") == Texts{"ok"});
    CHECK(db_.Rows("PRAGMA foreign_key_check").empty());
    for (const Col& column : columns_) {
      CHECK(db_.Rows("SELECT type || \"notnull\" FROM pragma_table_info(" +
                     sqlite::QuoteText(table_) +
                     ") WHERE name = " + sqlite::QuoteText(column.name)) ==
            Texts{std::string(kTypes[column.kind]) + (column.nullable ? "0" : "1")});
    }
    if (Any(2) == 0) Insert();
  }

 private:
  static constexpr const char* kTypes[] = {"INTEGER", "REAL", "TEXT", "BLOB"};
  struct Col {
    std::string name, was{};
    std::size_t kind;
    bool nullable, unique;
  };

  std::size_t Any(std::size_t below) { return random_() % below; }
  std::string NewName() { return "c" + std::to_string(++names_) + (Any(3) == 0 ? " it's" : ""); }
  Col NewColumn() {
    const bool nullable = Any(2) == 0;
    return {"c" + std::to_string(++names_), "", Any(4), nullable, nullable && Any(3) == 0};
  }
  Texts Values(const std::string& column) {
    return db_.Rows("SELECT id, \"" + column + "\" = CAST(\"" + column + "\" AS INTEGER), CAST(\"" +
                    column + "\" AS INTEGER), CASE typeof(\"" + column + "\") WHEN 'text' THEN \"" +
                    column + "\" WHEN 'blob' THEN hex(\"" + column + "\") END FROM \"" + table_ +
                    "\" ORDER BY id");
  }
  void Insert() {
    std::string names = "id", values = std::to_string(++rows_);
    for (const Col& column : columns_) {
      const std::string number = std::to_string(++values_);
      const std::string all[] = {number, number + ".5", "'text " + number + "'", "x'00'"};
      names += ", \"" + column.name + "\"";
      values += ", " + (column.nullable && Any(3) == 0 ? "NULL" : all[column.kind]);
      if (column.unique && column.kind == 3)
        values.replace(values.rfind(", "), std::string::npos, ", NULL");
    }
    db_.Run({"INSERT INTO \"" + table_ + "\" (" + names + ") VALUES (" + values + ")"});
  }

  /// The schema as it now is, run as a migration; nothing is left to do behind it.
  void Migrate() {
    const Table& grown = kTable<Grown>;
    std::vector<sqlite::Column> described{grown.columns[0]};
    for (const Col& column : columns_) {
      sqlite::Column& one = described.emplace_back(grown.columns[column.kind + 1]);
      one.name = one.storage = column.name;
      one.tag = reinterpret_cast<grapnel::detail::FieldTag>(&column);
      one.nullable = column.nullable;
      one.unique = column.unique;
      if (!column.was.empty()) one.was.Add(column.was);
    }
    Table table = grown;
    table.name = table_;
    if (!was_.empty()) table.was.Add(was_);
    table.columns = {described.data(), described.size()};
    table.fields = described.size();
    db_.Run({"BEGIN"});
    const Tables tables{&table};
    auto plan = sqlite::SqlitePlanner(db_, false, tables).Plan(grapnel::Allow::Drop);
    INFO("seed " << names_);
    for (const auto& step : plan.plan.steps) sqlite::StepRunner(db_, plan.refusals).Run(step);
    db_.Run({"COMMIT"});
    CHECK(sqlite::SqlitePlanner(db_, false, tables).Plan(grapnel::Allow::Drop).plan.steps.empty());
  }

  Database db_;
  std::mt19937 random_;
  std::size_t names_ = 0, rows_ = 0, values_ = 0;
  std::vector<Col> columns_;
  std::string table_ = "first", was_;
};

}  // namespace

TEST_CASE("B160 whatever becomes of a schema, the rows keep what it still has") {
  migrations::whole = 5;
  migrations::real = 0.5;
  migrations::text = "t";
  migrations::blob = {std::byte{1}};
  for (unsigned seed = 0; seed < 10; ++seed) {
    INFO("seed " << seed);
    Living living(seed);
    for (int step = 0; step < 4; ++step) living.Step();
  }
}

TEST_CASE(
    "B132 a Default with a NUL comes to the rows that are there; one that cannot be stored does "
    "not") {
  const Tables grown{&kTable<Grown>};
  Database db({"CREATE TABLE Grown (id INTEGER PRIMARY KEY)", "INSERT INTO Grown VALUES (1)"});
  migrations::text = std::string("a\0b", 3);
  db.Run({"BEGIN"});
  db.Run(db.Plan(grown));
  CHECK(db.Rows("SELECT hex(text) FROM Grown") == Texts{"610062"});
  db.Run({"ROLLBACK"});
  CHECK(db.Rows("SELECT * FROM Grown") == Texts{"1"});
  migrations::text.clear();
  migrations::real = std::numeric_limits<double>::quiet_NaN();
  const Texts plan = db.Plan(grown);  // nobody knows yet what the function will return
  db.Run({"BEGIN"});
  CHECK_THROWS_WITH(db.Run(plan), Catch::StartsWith("Grown.real: its Default cannot be stored") &&
                                      Catch::EndsWith("Nothing was changed"));
  db.Run({"ROLLBACK"});
  CHECK(db.Rows("SELECT * FROM Grown") == Texts{"1"});
  migrations::real = 0;
  db.Run(db.Plan(grown));
  CHECK(db.Plan(grown).empty());
}

TEST_CASE("B80 required columns without a Default come only to a table without rows") {
  const Tables strict{&kTable<migrations::Strict>};
  Database db({"CREATE TABLE Strict (id INTEGER PRIMARY KEY)"});
  const Texts plan = db.Plan(strict);
  REQUIRE(plan.size() == 7);
  CHECK(Texts(plan.begin(), plan.begin() + 5) ==
        Texts{R"(ALTER TABLE "Strict" ADD COLUMN "whole" INTEGER NOT NULL DEFAULT 0)",
              R"(ALTER TABLE "Strict" ADD COLUMN "real" REAL NOT NULL DEFAULT 0)",
              R"(ALTER TABLE "Strict" ADD COLUMN "text" TEXT NOT NULL DEFAULT '')",
              R"(ALTER TABLE "Strict" ADD COLUMN "blob" BLOB NOT NULL DEFAULT x'')",
              "PRAGMA writable_schema = ON"});
  CHECK(plan[6] == "PRAGMA writable_schema = RESET");
  db.Run({"INSERT INTO Strict VALUES (1)"});
  CHECK_THROWS_WITH(
      db.Plan(strict),
      "cannot bring table \"Strict\" to the schema of Strict: whole: it is required and has "
      "no Default, and there are rows; give it a Default, or make it optional. Nothing was "
      "changed");
  db.Run({"DELETE FROM Strict"});
  db.Run(plan);
  CHECK(db.Plan(strict).empty());
  CHECK(db.Rows("SELECT sql FROM sqlite_schema") ==
        Texts{R"(CREATE TABLE Strict (id INTEGER PRIMARY KEY, "whole" INTEGER NOT NULL, )"
              R"("real" REAL NOT NULL, "text" TEXT NOT NULL, "blob" BLOB NOT NULL))"});
}

TEST_CASE("B80 what cannot be made to fit is refused, with the reason") {
  const auto refuses = [](const Texts& statements, const std::string& reason) {
    CHECK(Refusal(statements, kBoth) == "cannot bring table " + reason + ". Nothing was changed");
  };
  const std::string writers = "\"Writer\" to the schema of Writer: ";
  const std::string books = "\"Book\" to the schema of Book: ";
  const std::string create = "CREATE TABLE Book (id TEXT PRIMARY KEY, author_id INTEGER ";
  refuses({"CREATE TABLE Writer (id TEXT PRIMARY KEY)"},
          writers + "id: in table \"Writer\" column \"id\" is of type \"TEXT\", not INTEGER");
  refuses({"CREATE TABLE Writer (id INTEGER, x PRIMARY KEY)"},
          writers + "id: in table \"Writer\" the primary key is not column \"id\" alone");
  refuses({"CREATE TABLE Writer (x INTEGER PRIMARY KEY)"},
          writers + "id: in table \"Writer\" there is no column \"id\"");
  refuses({"CREATE TABLE Writer (id INTEGER PRIMARY KEY, teacher_id INTEGER NOT NULL)"},
          writers + "teacher: the column has no foreign key, and SQLite cannot give it one");
  refuses(
      {"CREATE TABLE Book (id TEXT PRIMARY KEY)"},
      books +
          "author: a required edge cannot be added to a table that exists; add it without "
          "Required() and with the OnDelete that it is to have (Restrict where it says nothing), "
          "give every row its neighbour, and require it then");
  refuses({create + "NOT NULL)"},
          books + "author: the column has no foreign key, and SQLite cannot give it one");
  refuses({create + "NOT NULL REFERENCES Book (id))"},
          books +
              "author: its foreign key refers to \"Book\".\"id\", not to \"Writer\".\"id\"; give "
              "the edge another StorageKey, and the column stays");
  refuses({create + "NOT NULL REFERENCES Writer (id))"},
          books +
              "author: its foreign key is ON DELETE NO ACTION, not CASCADE, which SQLite cannot "
              "change");
  refuses(
      {"CREATE TABLE Writer (id INTEGER PRIMARY KEY)",
       create + "REFERENCES Writer (id) ON DELETE CASCADE)", "INSERT INTO Book VALUES ('a', NULL)"},
      books +
          "author: it is required, but there are rows in which the column is NULL; a hook of "
          "OnMigrate can mend such rows first, by m.Sql(...)");
  refuses({"CREATE VIEW Writer AS SELECT 1 AS id"},
          writers + "id: in table \"Writer\" column \"id\" is of type \"\", not INTEGER");
  CHECK(Refusal({create + "REFERENCES Writer (id) ON DELETE CASCADE)"}, kBoth) == "planned");
  CHECK(Refusal(
            {"CREATE TABLE Writer (id INTEGER PRIMARY KEY, teacher_id INTEGER REFERENCES Writer ON "
             "DELETE RESTRICT)"},
            kBoth) == "planned");
}

TEST_CASE(
    "B80 a foreign key to another column, and a table of pairs without its keys, are refused") {
  CHECK_THAT(
      Refusal({"CREATE TABLE Writer (id INTEGER PRIMARY KEY, x INTEGER UNIQUE)",
               "CREATE TABLE Book (id TEXT PRIMARY KEY, author_id INTEGER NOT NULL REFERENCES "
               "Writer (x) ON DELETE CASCADE)"},
              kBoth),
      Catch::Contains("foreign key"));
  const std::string ids = "CREATE TABLE Writer_friends (Writer_id INTEGER NOT NULL";
  const std::string cascade = " REFERENCES Writer ON DELETE CASCADE";
  CHECK_THAT(
      Refusal({ids + ", friends_id INTEGER NOT NULL, PRIMARY KEY (Writer_id, friends_id))"}, kBoth),
      Catch::Contains("foreign key"));
  CHECK_THAT(Refusal({ids + cascade + ", friends_id INTEGER NOT NULL" + cascade + ")"}, kBoth),
             Catch::Contains("primary key"));
}

TEST_CASE("B80 an integer id that is not the row's own number is refused: it would not be made") {
  for (const std::string type : {"INT", "BIGINT", "integer unsigned"}) {
    CHECK_THAT(Refusal({"CREATE TABLE Writer (id " + type + " PRIMARY KEY)"}, kBoth),
               Catch::Contains("\"Writer\"") && Catch::Contains("id"));
  }
  CHECK_THAT(Refusal({"CREATE TABLE Writer (id INTEGER PRIMARY KEY) WITHOUT ROWID"}, kBoth),
             Catch::Contains("\"Writer\"") && Catch::Contains("id"));
}

TEST_CASE("B92 NeverReuse cannot be asked of a table without AUTOINCREMENT") {
  const std::string columns =
      ", name TEXT NOT NULL, age INTEGER, score REAL NOT NULL, active INTEGER NOT "
      "NULL, picture BLOB NOT NULL)";
  CHECK_THAT(Refusal({"CREATE TABLE users (id INTEGER PRIMARY KEY" + columns}, {&kUsers}),
             Catch::Contains("id") && Catch::Contains("AUTOINCREMENT"));
  CHECK(Refusal({"CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT" + columns},
                {&kUsers}) == "planned");
}

TEST_CASE("B80 an index that is there under the name has to be the same") {
  const auto plan = [](const std::string& index) {
    return Refusal(
        {"CREATE TABLE Writer (id INTEGER PRIMARY KEY, teacher_id INTEGER REFERENCES Writer, "
         "x INTEGER)",
         "CREATE TABLE other (teacher_id INTEGER)", index},
        kBoth);
  };
  const std::string refused =
      "cannot make index \"Writer_teacher_id\" of Writer: there is another one of "
      "this name";
  CHECK(plan("CREATE INDEX writer_TEACHER_id ON writer (TEACHER_ID)") == "planned");
  CHECK(plan("CREATE UNIQUE INDEX Writer_teacher_id ON Writer (teacher_id)") == "planned");  // B133
  for (const char* index : {"CREATE INDEX Writer_teacher_id ON Writer (x)",
                            "CREATE INDEX Writer_teacher_id ON Writer (teacher_id, x)",
                            "CREATE INDEX Writer_teacher_id ON other (teacher_id)",
                            "CREATE INDEX Writer_teacher_id ON Writer (teacher_id + 1)",
                            "CREATE INDEX Writer_teacher_id ON Writer (teacher_id DESC)",
                            "CREATE INDEX Writer_teacher_id ON Writer (teacher_id COLLATE NOCASE)",
                            "CREATE INDEX Writer_teacher_id ON Writer (teacher_id) WHERE x > 3"}) {
    INFO(index);
    const bool elsewhere = std::string_view(index).find("ON other") != std::string_view::npos;
    CHECK(plan(index) ==
          refused + (elsewhere ? ", of table \"other\"" : "") + ". Nothing was changed");
  }
}

TEST_CASE("B80 names that do not fit SQLite, or one another, are refused before anything is read") {
  const auto refuses = [](const Tables& tables, const std::string& reason) {
    CHECK_THROWS_WITH(sqlite::WantAll(tables, sqlite::kMigrationDialect), reason);
    CHECK(Refusal({}, tables) == reason);
  };
  refuses({&kTable<migrations::Wrong>}, "Wrong: an index names a member that is not in Fields()");
  Table other = kUsers;
  other.entity = "Other";
  const auto renamed = [&](std::string_view name) {
    other.name = name;
    return Tables{&kUsers, &other};
  };
  refuses(renamed("sqlite_mine"), "Other: \"sqlite_mine\" cannot be a table's name in SQLite");
  refuses(renamed("PRAGMA_table_info"),
          "Other: \"PRAGMA_table_info\" cannot be a table's name in SQLite");
  refuses(renamed("SQLite_mine"), "Other: \"SQLite_mine\" cannot be a table's name in SQLite");
  refuses(renamed(""), "Other: \"\" cannot be a table's name in SQLite");
  refuses(renamed("USERS"), "Other and User want the same table, \"USERS\"");
  CHECK(Refusal({}, renamed("us")) != "planned");  // both want the index "by name"

  std::vector<sqlite::Column> columns(kUsers.columns.begin(), kUsers.columns.end());
  Table changed = kUsers;
  changed.columns = {columns.data(), columns.size()};
  changed.indexes = {};
  columns[2].storage = "NAME";
  refuses({&changed}, "User.age: there are two columns \"NAME\" in table \"users\"");
  columns[2].storage = "";
  refuses({&changed}, "User.age: \"\" cannot be a column's name in SQLite");
}

TEST_CASE("B80 two types that want the same table are refused, with edges too") {
  Table writers = kUsers;
  writers.name = "Writer";
  CHECK_THROWS_WITH(
      sqlite::WantAll(Tables{&writers, &kTable<Writer>, &kTable<Book>}, sqlite::kMigrationDialect),
      "Writer and User want the same table, \"Writer\"");
  writers.name = "Writer_friends";
  CHECK_THROWS_WITH(
      sqlite::WantAll(Tables{&writers, &kTable<Writer>, &kTable<Book>}, sqlite::kMigrationDialect),
      "Writer and User want the same table, \"Writer_friends\"");
}

TEST_CASE("B80 statements that the rows refuse leave an error that says so") {
  Database db({"CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL)",
               "INSERT INTO users VALUES (1, 'a'), (2, 'a')", "BEGIN"});
  const Texts plan =
      Database({"CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT)"})
          .Plan({&kUsers});
  CHECK(plan[3] == R"(ALTER TABLE "users" ADD COLUMN "picture" BLOB NOT NULL DEFAULT x'')");
  CHECK_THROWS_WITH(db.Run({plan.end() - 3, plan.end()}), Catch::Contains("users.name"));
  CHECK_THROWS_WITH(db.Plan({&kUsers}), Catch::Contains("there are rows"));
}

TEST_CASE("B80 a column that the schema does not know must not keep rows from being created") {
  const auto refusal = [](const std::string& more) {
    return Refusal({"CREATE TABLE Writer (id INTEGER PRIMARY KEY, teacher_id INTEGER REFERENCES "
                    "Writer (id), " +
                    more + ")"},
                   kBoth);
  };
  CHECK(
      refusal("old TEXT NOT NULL") ==
      "in table \"Writer\" column \"old\" is NOT NULL and unknown to the schema of Writer: no row "
      "could be created; a field that took its place says so by .WasNamed(\"old\"). Nothing was "
      "changed");
  for (const char* column : {"old TEXT", "old TEXT NOT NULL DEFAULT 'x'"}) {
    CHECK(refusal(column).find("old") == std::string::npos);
  }
}
