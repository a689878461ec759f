#include <grapnel/store/sqlite/members.hpp>

#include <grapnel/schema/schema.hpp>
#include <grapnel/store/driver/loading.hpp>

#include "contract/all_kinds.hpp"
#include "support/catch.hpp"

#include <sqlite3.h>

#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace members {

struct Stamped {
  std::string stamp;
  std::int64_t version = 0;
};
struct Noted {
  std::optional<std::string> note{};
};
/// Its members lie in another order than its columns, and two of them in mixins.
struct Person : Stamped, Noted {
  std::string secret;
  double weight = 0;
  std::int64_t age = 0;
  std::string name;
  std::int64_t id = 0;

  bool operator==(const Person& other) const {
    return stamp == other.stamp && version == other.version && note == other.note &&
           secret == other.secret && weight == other.weight && age == other.age &&
           name == other.name && id == other.id;
  }
};

}  // namespace members

template <>
struct grapnel::Schema<members::Stamped> {
  static constexpr auto Fields() {
    using members::Stamped;
    return grapnel::Fields(Field<&Stamped::version>("version"), Field<&Stamped::stamp>("stamp"));
  }
};
template <>
struct grapnel::Schema<members::Noted> {
  static constexpr auto Fields() { return grapnel::Fields(Field<&members::Noted::note>("note")); }
};
template <>
struct grapnel::Schema<members::Person> {
  static constexpr std::string_view Type = "Person";
  using Mixins = grapnel::Mixins<members::Stamped, members::Noted>;
  static constexpr auto Fields() {
    using members::Person;
    return grapnel::Fields(Field<&Person::name>("name"), Field<&Person::age>("age"),
                           Field<&Person::weight>("weight"),
                           Field<&Person::secret>("secret").Sensitive());
  }
};

namespace {

using namespace std::string_literals;
using grapnel::detail::kTable;
using grapnel::detail::LoadColumn;
using grapnel::sqlite::detail::Binding;
using grapnel::sqlite::detail::EntityRow;
using grapnel::sqlite::detail::Members;
using grapnel::sqlite::detail::Prepared;
using grapnel::sqlite::detail::ResultRow;
using grapnel::sqlite::detail::Table;
using grapnel::store::FieldSet;
using kinds::Maybe;
using kinds::Plain;
using members::Person;
using Texts = std::vector<std::string>;

constexpr std::size_t kVersion = 1, kStamp = 2, kNote = 3, kName = 4, kAge = 5, kWeight = 6,
                      kSecret = 7;
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// A database in memory.
class Memory {
 public:
  Memory() { REQUIRE(sqlite3_open(":memory:", &handle_) == SQLITE_OK); }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  ~Memory() { sqlite3_close(handle_); }

  Prepared Prepare(const std::string& sql) {
    sqlite3_stmt* statement = nullptr;
    REQUIRE(sqlite3_prepare_v2(handle_, sql.c_str(), -1, &statement, nullptr) == SQLITE_OK);
    return Prepared(statement);
  }

 private:
  sqlite3* handle_ = nullptr;
};

FieldSet All(const Table& table) {
  FieldSet set;
  for (std::size_t i = 0; i < table.columns.size(); ++i) set.set(i);
  return set;
}

/// "SELECT WRAP(?1), WRAP(?2), ...", a parameter for each column.
std::string Selection(const Table& table, const std::string& wrap = "") {
  std::string sql;
  for (std::size_t i = 1; i <= table.columns.size(); ++i) {
    sql += (sql.empty() ? "SELECT " : ", ") + wrap + "(?" + std::to_string(i) + ")";
  }
  return sql;
}

/// What the database holds of each column once `bind(binding)` has bound them: "text 'Ada'".
template <class Bind>
Texts Bound(const Table& table, Bind bind) {
  Memory memory;
  Texts stored;
  std::vector<Prepared> statements;
  for (const char* wrap : {"typeof", "quote"}) {
    const auto& made = statements.emplace_back(memory.Prepare(Selection(table, wrap)));
    Binding binding(made.Get());
    bind(binding);
    CHECK(binding.Result() == SQLITE_OK);
    REQUIRE(sqlite3_step(made.Get()) == SQLITE_ROW);
  }
  ResultRow types(statements[0].Get()), values(statements[1].Get());
  for (int i = 0; i < static_cast<int>(table.columns.size()); ++i) {
    stored.push_back(std::string(types.Text(i)) + " " + std::string(values.Text(i)));
  }
  return stored;
}

/// Bound in place.
template <class E>
Texts InPlace(const E& entity, const FieldSet& set = All(kTable<E>)) {
  Members all(kTable<E>);
  return Bound(kTable<E>, [&](Binding& binding) {
    const grapnel::store::Statement statement{&kTable<E>, grapnel::Op::Create};
    const int last = all.BindRow(statement, set, 0, &entity, binding, 0);
    CHECK(last == static_cast<int>(kTable<E>.columns.size()));
  });
}
/// Bound column by column, by what is known of their types.
template <class E>
Texts OneByOne(const E& entity) {
  return Bound(kTable<E>, [&](Binding& binding) {
    int at = 0;
    for (const auto& column : kTable<E>.columns) {
      column.ops->bind(column.at_const(&entity), binding, ++at);
    }
  });
}

/// Reads the row that `sql` gives, in place and column by column, into entities that hold `old`.
template <class E>
E Read(const Prepared& statement, const E& old = {}) {
  if (!statement.IsRunning()) REQUIRE(sqlite3_step(statement.Get()) == SQLITE_ROW);
  E one_by_one = old, in_place = old;
  ResultRow row(statement.Get());
  int at = 0;
  for (const auto& column : kTable<E>.columns) {
    LoadColumn(kTable<E>, column, column.at(&one_by_one), row, at++);
  }
  Members all(kTable<E>);
  EntityRow whole(statement.Get(), all);
  CHECK(whole.LoadEntity(kTable<E>, &in_place));
  CHECK(in_place == one_by_one);
  return in_place;
}
template <class E>
E Read(const std::string& sql, const E& old = {}) {
  Memory memory;
  return Read<E>(memory.Prepare(sql), old);
}
/// Binds the entity in place, and reads it back.
template <class E>
E Echo(const E& entity, const E& old = {}) {
  Memory memory;
  const Prepared statement = memory.Prepare(Selection(kTable<E>));
  Members all(kTable<E>);
  Binding binding(statement.Get());
  all.BindRow({&kTable<E>, grapnel::Op::Create}, All(kTable<E>), 0, &entity, binding, 0);
  CHECK(binding.Result() == SQLITE_OK);
  return Read<E>(statement, old);
}

/// A value in every column; ordinary ones, the least and the greatest.
std::vector<Plain> PlainValues() {
  using std::chrono::microseconds;
  constexpr auto least = std::numeric_limits<std::int64_t>::min();
  constexpr auto most = std::numeric_limits<std::int64_t>::max();
  Plain ordinary{1,    true,   -8, -16, -32, -64, 8,  16, 32, 64,
                 -1.5, "text", {}, {},  {},  {},  {}, {}, {}};
  ordinary.bytes = {std::byte{0}, std::byte{255}};
  ordinary.octets = {1, 0, 2};
  ordinary.level = kinds::Level::High;
  ordinary.mood = kinds::Mood::Angry;
  ordinary.time = kinds::Time(microseconds(1'234'567));
  ordinary.day = std::chrono::sys_days(std::chrono::days(20'000));
  ordinary.warmth = {36.5};
  Plain low = ordinary, high = ordinary;
  low.id = low.i64 = least;
  low.i8 = std::numeric_limits<std::int8_t>::min();
  low.real = -kInfinity;
  low.time = kinds::Time(microseconds(-1));
  high.id = high.i64 = most;
  high.u64 = static_cast<std::uint64_t>(most);
  high.u32 = std::numeric_limits<std::uint32_t>::max();
  high.real = std::numeric_limits<double>::denorm_min();
  high.text = "quote ' and \"";
  return {Plain{}, ordinary, low, high};
}
std::vector<Maybe> MaybeValues() {
  std::vector<Maybe> values(1);
  for (const Plain& p : PlainValues()) {
    values.push_back({p.id, p.flag, p.i8, p.i16, p.i32, p.i64, p.u8, p.u16, p.u32, p.u64, p.real,
                      p.text, p.bytes, p.octets, p.level, p.mood, p.time, p.day, p.warmth});
  }
  return values;
}

/// A row of Person; `columns[i]` is its i-th column in SQL.
struct PersonRow {
  Texts columns{"7", "2", "'stamp'", "'note'", "'Ada'", "30", "1.5", "'secret'"};

  PersonRow With(std::size_t place, const std::string& value) const {
    PersonRow changed = *this;
    changed.columns[place] = value;
    return changed;
  }
  std::string Sql() const {
    std::string sql;
    for (const auto& value : columns) sql += (sql.empty() ? "SELECT " : ", ") + value;
    return sql;
  }
};

/// The row cannot be read, in place no more than column by column: the error names the field.
void Refuses(const PersonRow& row, const std::string& field, const std::string& reason) {
  Memory memory;
  const Prepared statement = memory.Prepare(row.Sql());
  REQUIRE(sqlite3_step(statement.Get()) == SQLITE_ROW);
  Members all(kTable<Person>);
  EntityRow whole(statement.Get(), all);
  Person person;
  try {
    whole.LoadEntity(kTable<Person>, &person);
    FAIL("it was read: " << row.Sql());
  } catch (const grapnel::SchemaError& error) {
    INFO(error.what());
    CHECK(error.Entity() == "Person");
    CHECK(error.Field() == field);
    CHECK(std::string_view(error.what()).ends_with(reason));
  }
}

Person Ada() {
  Person ada;
  ada.id = 7;
  ada.version = 2;
  ada.stamp = "stamp";
  ada.note = "note";
  ada.name = "Ada";
  ada.age = 30;
  ada.weight = 1.5;
  ada.secret = "secret";
  return ada;
}

}  // namespace

TEST_CASE("members know the table that they are of") {
  const Members people(kTable<Person>);
  CHECK(people.IsOf(kTable<Person>));
  CHECK_FALSE(people.IsOf(kTable<Plain>));
}

TEST_CASE("what is bound in place is what each type binds itself") {
  for (const Plain& value : PlainValues()) CHECK(InPlace(value) == OneByOne(value));
  for (const Maybe& value : MaybeValues()) CHECK(InPlace(value) == OneByOne(value));
  CHECK(InPlace(Ada()) == OneByOne(Ada()));
  CHECK(InPlace(Ada()) == Texts{"integer 7", "integer 2", "text 'stamp'", "text 'note'",
                                "text 'Ada'", "integer 30", "real 1.5", "text 'secret'"});
}

TEST_CASE("every kind of value comes back, in place as column by column") {
  for (const Plain& value : PlainValues()) CHECK(Echo(value) == value);
  for (const Maybe& value : MaybeValues()) CHECK(Echo(value) == value);
}

TEST_CASE("what an entity held before is overwritten, by values and by NULL") {
  const auto plain = PlainValues();
  const auto maybe = MaybeValues();
  for (const Plain& old : plain) CHECK(Echo(plain[0], old) == plain[0]);
  for (const Maybe& old : maybe) {
    CHECK(Echo(maybe[0], old) == maybe[0]);
    CHECK(Echo(maybe[2], old) == maybe[2]);
  }
}

TEST_CASE("members of mixins are found, wherever they lie") {
  CHECK(Echo(Ada()) == Ada());
  CHECK(Read<Person>(PersonRow().Sql()) == Ada());
}

TEST_CASE("one object serves all entities and rows of its table") {
  Memory memory;
  const Prepared rows = memory.Prepare("SELECT * FROM (" + PersonRow().Sql() + " UNION ALL " +
                                       PersonRow().With(0, "8").With(kNote, "NULL").Sql() + ")");
  Members all(kTable<Person>);
  EntityRow row(rows.Get(), all);
  std::vector<Person> people(2);
  for (Person& person : people) {
    REQUIRE(sqlite3_step(rows.Get()) == SQLITE_ROW);
    CHECK(row.LoadEntity(kTable<Person>, &person));
  }
  Person other = Ada();
  CHECK(people[0] == other);
  other.id = 8;
  other.note.reset();
  CHECK(people[1] == other);
  const Texts bound = Bound(kTable<Person>, [&](Binding& binding) {
    all.BindRow({&kTable<Person>, grapnel::Op::Create}, All(kTable<Person>), 0, &people[1], binding,
                0);
  });
  CHECK(bound == OneByOne(other));
}

TEST_CASE("a row is bound from a column on, with NULL for what is not set") {
  const Person ada = Ada();
  FieldSet set;
  for (const std::size_t place : {kName, kWeight}) set.set(place);
  CHECK(InPlace(ada, set) == Texts{"null NULL", "null NULL", "null NULL", "null NULL", "text 'Ada'",
                                   "null NULL", "real 1.5", "null NULL"});
  Members all(kTable<Person>);
  const Texts behind = Bound(kTable<Person>, [&](Binding& binding) {
    const grapnel::store::Statement statement{&kTable<Person>, grapnel::Op::Create};
    CHECK(all.BindRow(statement, All(kTable<Person>), kAge, &ada, binding, 2) == 5);
    all.Bind(statement, kStamp, &ada, binding, 1);
  });
  CHECK(behind == Texts{"text 'stamp'", "null NULL", "integer 30", "real 1.5", "text 'secret'",
                        "null NULL", "null NULL", "null NULL"});
}

TEST_CASE("B79 NaN is refused and named, and -0.0 becomes 0.0") {
  const auto refuses = [](const auto& entity, std::string_view field) {
    try {
      InPlace(entity);
      FAIL("it was bound");
    } catch (const grapnel::ValidationError& error) {
      CHECK(error.Field() == field);
      CHECK(error.Op() == grapnel::Op::Create);
      CHECK(std::string_view(error.what()).find("NaN") != std::string_view::npos);
    }
  };
  Person ada = Ada();
  ada.weight = kNan;
  refuses(ada, "weight");
  ada.weight = -kNan;
  refuses(ada, "weight");
  Maybe maybe;
  maybe.real = kNan;
  refuses(maybe, "real");

  ada.weight = -0.0;
  CHECK_FALSE(std::signbit(Echo(ada).weight));
  maybe.real = -0.0;
  CHECK_FALSE(std::signbit(Echo(maybe).real.value_or(-1)));
}

TEST_CASE("B79 what cannot be stored is refused and named, for types with a mapping of their own") {
  const auto refuses = [](const auto& entity, std::string_view field) {
    try {
      InPlace(entity);
      FAIL("it was bound");
    } catch (const grapnel::ValidationError& error) {
      CHECK(error.Field() == field);
    }
  };
  Plain plain;
  plain.u64 = std::uint64_t{1} << 63;
  refuses(plain, "u64");
  Maybe maybe;
  maybe.mood = kinds::Mood::Odd;
  refuses(maybe, "mood");
  FieldSet others = All(kTable<Maybe>);
  others.reset(kTable<Maybe>.PlaceOf(*kTable<Maybe>.Find("mood")));
  CHECK_NOTHROW(InPlace(maybe, others));  // what is not set is not looked at
}

TEST_CASE("B79 texts of any bytes and sizes come back: NUL, none at all, 5 MB, no UTF-8") {
  for (const std::string& text : {""s, "a\0b\0"s, "\0"s, "\xff\xfe\x80"s, std::string(5 << 20, 'x'),
                                  std::string(1000, '\0')}) {
    Person ada = Ada();
    ada.name = ada.stamp = text;
    ada.note = text;
    CHECK((Echo(ada) == ada));  // in parentheses, lest Catch print 5 MB
    const Person bob = Echo(ada, Ada());
    CHECK(bob.name.size() == text.size());
    CHECK(bob.note.has_value());
  }
}

TEST_CASE("numbers are read from what SQLite holds: a whole one may stand for a real") {
  CHECK(Read<Person>(PersonRow().With(kWeight, "3").Sql()).weight == 3.0);
  CHECK(Read<Person>(PersonRow().With(kWeight, "9e999").Sql()).weight == kInfinity);
  Texts nulls(kTable<Maybe>.columns.size(), "NULL");
  nulls[0] = "1";
  PersonRow row{nulls};
  row.columns[kTable<Maybe>.PlaceOf(*kTable<Maybe>.Find("real"))] = "-4";
  CHECK(Read<Maybe>(row.Sql()).real == -4.0);
}

TEST_CASE("NULL leaves an optional field empty") {
  const Person person = Read<Person>(PersonRow().With(kNote, "NULL").Sql(), Ada());
  CHECK(person.note == std::nullopt);
  CHECK(person.name == "Ada");
}

TEST_CASE("B95 NULL in a required column is a SchemaError that names the field") {
  for (const auto& [place, field] : {std::pair(std::size_t{0}, "id"),
                                     {kVersion, "version"},
                                     {kStamp, "stamp"},
                                     {kName, "name"},
                                     {kWeight, "weight"}}) {
    Refuses(PersonRow().With(place, "NULL"), field,
            "NULL, not " + std::string(place == 0 || place == kVersion ? "an integer"
                                       : place == kWeight              ? "a real"
                                                                       : "a text"));
  }
}

TEST_CASE("B95 a stored value of another type is a SchemaError that names the field") {
  Refuses(PersonRow().With(0, "'7'"), "id", "it is a text, not an integer");
  Refuses(PersonRow().With(kVersion, "2.0"), "version", "it is a real, not an integer");
  Refuses(PersonRow().With(kStamp, "5"), "stamp", "it is an integer, not a text");
  Refuses(PersonRow().With(kNote, "x'41'"), "note", "it is a blob, not a text");
  Refuses(PersonRow().With(kName, "1.5"), "name", "it is a real, not a text");
  Refuses(PersonRow().With(kAge, "x''"), "age", "it is a blob, not an integer");
  Refuses(PersonRow().With(kWeight, "'1.5'"), "weight", "it is a text, not a real");
  Refuses(PersonRow().With(kSecret, "123456"), "secret", "it is not valid");  // it is sensitive
}

TEST_CASE("B95 the same of types with a mapping of their own") {
  Memory memory;
  const auto refuses = [&](std::string_view field, const std::string& value) {
    Texts columns(kTable<Maybe>.columns.size(), "NULL");
    columns[0] = "1";
    columns[kTable<Maybe>.PlaceOf(*kTable<Maybe>.Find(field))] = value;
    const Prepared statement = memory.Prepare(PersonRow{columns}.Sql());
    REQUIRE(sqlite3_step(statement.Get()) == SQLITE_ROW);
    Members all(kTable<Maybe>);
    EntityRow whole(statement.Get(), all);
    Maybe into;
    try {
      whole.LoadEntity(kTable<Maybe>, &into);
      FAIL("it was read");
    } catch (const grapnel::SchemaError& error) {
      CHECK(error.Field() == field);
    }
  };
  refuses("flag", "'yes'");
  refuses("i8", "128");
  refuses("u32", "-1");
  refuses("i64", "1.5");
  refuses("real", "'1.5'");
  refuses("text", "1");
  refuses("bytes", "'text'");
  refuses("level", "40000");
  refuses("mood", "'sad'");
  refuses("time", "1.5");
  refuses("warmth", "'hot'");
}
