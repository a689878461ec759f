#include "contract/all_kinds.hpp"
#include "support/catch.hpp"
#include "support/engine/engine.hpp"
#include "support/engine/raw.hpp"
#include "support/engine/traits.hpp"
#include "support/scratch.hpp"

#include <grapnel/grapnel.hpp>

#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace odd {

/// Every name that the user may choose needs quoting.
struct Odd {
  std::int64_t id = 0;
  std::string quoted;
  std::optional<std::string> keyword{};
  std::int64_t bytes = 0;
};
struct Cut {
  std::int64_t id = 0;
  std::string name;
};

/// Stored in small letters.
struct Mail {
  std::string text{};
};
struct Box {
  Mail id{};
  Mail mail{};
  std::optional<Mail> copy{};
};

}  // namespace odd

template <>
struct grapnel::Schema<odd::Odd> {
  static constexpr std::string_view Type = "Odd";
  static constexpr std::string_view Table = "o\"dd'; DROP TABLE [x]; --\n";
  static constexpr auto Fields() {
    using odd::Odd;
    return grapnel::Fields(
        Field<&Odd::quoted>("quoted").StorageKey("a\"b'c]`?1").Unique().Comment("*/, evil '\" /*"),
        Field<&Odd::keyword>("keyword").StorageKey("select"),
        Field<&Odd::bytes>("bytes").StorageKey("\xff\xfe \xc3").Default(0));
  }
  static constexpr auto Indexes() {
    return grapnel::Indexes(Index<&odd::Odd::keyword, &odd::Odd::bytes>(),
                            Index<&odd::Odd::bytes>().StorageKey("in\"dex'"));
  }
};

template <>
struct grapnel::Codec<odd::Mail> {
  using Stored = std::string;
  static Stored Encode(const odd::Mail& mail) {
    Stored stored = mail.text;
    for (char& c : stored) {
      if (c == '!') throw std::invalid_argument("no address");
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return stored;
  }
  static odd::Mail Decode(const Stored& stored) { return {stored}; }
};
template <>
struct grapnel::Schema<odd::Box> {
  static constexpr std::string_view Type = "Box";
  static constexpr auto Fields() {
    using odd::Box;
    return grapnel::Fields(Field<&Box::mail>("mail").Unique(), Field<&Box::copy>("copy"));
  }
};

template <>
struct grapnel::Schema<odd::Cut> {
  static constexpr std::string_view Type = "Cut";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&odd::Cut::name>("name").StorageKey({"na\0me", 5}));
  }
};

namespace {

using grapnel::F;
using kinds::Maybe;
using kinds::Plain;
using namespace std::chrono_literals;

template <class Builder, class Text>
concept SetsKeyword = requires(Builder builder, Text text) {
  builder.Set(F<&odd::Odd::keyword>, text);
  Builder(std::move(builder)).Set(F<&odd::Odd::keyword>, text);
};

template <class T>
constexpr T kMin = std::numeric_limits<T>::min();
template <class T>
constexpr T kMax = std::numeric_limits<T>::max();

kinds::Bytes AllBytes() {
  kinds::Bytes bytes;
  for (int i = 0; i < 512; ++i) bytes.push_back(static_cast<std::byte>(i));
  return bytes;
}

/// Zeros, the least and the greatest of everything, and something in between.
template <class E>
std::vector<E> Samples() {
  const auto day = kinds::Day(std::chrono::days(19000));
  const std::string bad = engine::Storable({"'\"\0 \xff\xc3\x28 %_?1; --", 17});
  return {
      {.id = 1,
       .flag = false,
       .i8 = 0,
       .i16 = 0,
       .i32 = 0,
       .i64 = 0,
       .u8 = 0,
       .u16 = 0,
       .u32 = 0,
       .u64 = 0,
       .real = 0.0,
       .text = "",
       .bytes = kinds::Bytes(),
       .octets = kinds::Octets(),
       .level = kinds::Level{},
       .mood = kinds::Mood::Calm,
       .time = kinds::Time(),
       .day = kinds::Day(),
       .warmth = kinds::Celsius()},
      {.id = 2,
       .flag = true,
       .i8 = kMin<std::int8_t>,
       .i16 = kMin<std::int16_t>,
       .i32 = kMin<std::int32_t>,
       .i64 = kMin<std::int64_t>,
       .u8 = 1,
       .u16 = 1,
       .u32 = 1,
       .u64 = 1,
       .real = std::numeric_limits<double>::denorm_min(),
       .text = bad,
       .bytes = AllBytes(),
       .octets = kinds::Octets{0},
       .level = kinds::Level::Low,
       .mood = kinds::Mood::Angry,
       .time = kinds::Time(-1us),
       .day = day,
       .warmth = kinds::Celsius{-273.1}},
      {.id = 3,
       .flag = true,
       .i8 = kMax<std::int8_t>,
       .i16 = kMax<std::int16_t>,
       .i32 = kMax<std::int32_t>,
       .i64 = kMax<std::int64_t>,
       .u8 = kMax<std::uint8_t>,
       .u16 = kMax<std::uint16_t>,
       .u32 = kMax<std::uint32_t>,
       .u64 = static_cast<std::uint64_t>(kMax<std::int64_t>),
       .real = -kMax<double>,
       .text = engine::Storable({"\0\0\0", 3}),
       .bytes = kinds::Bytes(70000, std::byte{0xff}),
       .octets = kinds::Octets{0xff, 0, 0xff},
       .level = kinds::Level::High,
       .mood = kinds::Mood::Calm,
       .time = kinds::Time(day) + 123456us,
       .day = -day.time_since_epoch() + kinds::Day(),
       .warmth = kinds::Celsius{0.1}},
      {.id = 4,
       .flag = false,
       .i8 = -1,
       .i16 = -1,
       .i32 = -1,
       .i64 = -1,
       .u8 = 128,
       .u16 = 32768,
       .u32 = 2147483648,
       .u64 = 9007199254740993,
       .real = 0.1,
       .text = "\xc3\xa9t\xc3\xa9",
       .bytes = kinds::Bytes{std::byte{0}},
       .octets = kinds::Octets(1),
       .level = kinds::Level::Middle,
       .mood = kinds::Mood::Angry,
       .time = kinds::Time(1us),
       .day = day,
       .warmth = kinds::Celsius{36.6}},
  };
}

}  // namespace

TEMPLATE_TEST_CASE("B79 every kind of field comes back as it went in", "", Plain, Maybe) {
  const Scratch scratch;
  const auto samples = Samples<TestType>();
  const auto written = [&] {
    const auto client = engine::Open<TestType>(scratch.File("db"));
    client.Migrate();
    return client.template Of<TestType>().CreateBulk(samples).Save();
  }();
  REQUIRE(written == samples);

  const auto client = engine::Open<TestType>(scratch.File("db"));
  const auto all = client.template Of<TestType>();
  REQUIRE(all.Query().Order(grapnel::Asc(F<&TestType::id>)).All() == samples);

  // Through their names, in the stored form, onto the first row.
  all.Use(
      [](grapnel::Mutation<TestType>& m, grapnel::Next<TestType> next) -> grapnel::Value<TestType> {
        for (const auto name : m.Fields()) {
          const auto value = *m.Field(name);
          m.ResetField(name);
          m.SetField(name, value);
        }
        return next(m);
      });
  const TestType& last = samples[3];
  auto update = all.UpdateOne(1);
  update.Set(F<&TestType::flag>, last.flag).Set(F<&TestType::i8>, last.i8);
  update.Set(F<&TestType::i16>, last.i16).Set(F<&TestType::i32>, last.i32);
  update.Set(F<&TestType::i64>, last.i64).Set(F<&TestType::u8>, last.u8);
  update.Set(F<&TestType::u16>, last.u16).Set(F<&TestType::u32>, last.u32);
  update.Set(F<&TestType::u64>, last.u64).Set(F<&TestType::real>, last.real);
  update.Set(F<&TestType::text>, last.text).Set(F<&TestType::bytes>, last.bytes);
  update.Set(F<&TestType::octets>, last.octets).Set(F<&TestType::level>, last.level);
  update.Set(F<&TestType::mood>, last.mood).Set(F<&TestType::time>, last.time);
  update.Set(F<&TestType::day>, last.day).Set(F<&TestType::warmth>, last.warmth);
  TestType expected = last;
  expected.id = 1;
  REQUIRE(update.Save() == expected);
  REQUIRE(all.Get(1) == expected);
}

TEST_CASE("B79 an optional without a value is NULL, and zero is not") {
  const Scratch scratch;
  const auto client = engine::Open<Maybe>(scratch.File("db"));
  client.Migrate();
  const auto all = client.Of<Maybe>();
  const Maybe empty = all.Create().Save();
  REQUIRE(empty == Maybe{.id = empty.id});
  REQUIRE(all.Get(empty.id) == empty);
  Maybe zero = Samples<Maybe>()[0];
  zero.id = 0;
  zero = all.CreateBulk(std::vector{zero}).Save().at(0);

  Raw raw(scratch.File("db"));
  const std::string nulls =
      "SELECT count(*) - count(flag) + count(*) - count(i8) + count(*) - count(i16) + count(*) - "
      "count(i32) + "
      "count(*) - count(i64) + count(*) - count(u8) + count(*) - count(u16) + count(*) - "
      "count(u32) + "
      "count(*) - count(u64) + count(*) - count(real) + count(*) - count(text) + count(*) - "
      "count(bytes) + "
      "count(*) - count(octets) + count(*) - count(level) + count(*) - count(mood) + count(*) - "
      "count(time) + "
      "count(*) - count(day) + count(*) - count(warmth) FROM \"Maybe\"";
  REQUIRE(raw(nulls) == Raw::Rows{"18"});

  const Maybe cleared = all.UpdateOne(zero.id)
                            .Clear(F<&Maybe::text>)
                            .Set(F<&Maybe::bytes>, std::nullopt)
                            .Set(F<&Maybe::time>, std::optional<kinds::Time>())
                            .Save();
  REQUIRE(cleared.text == std::nullopt);
  REQUIRE(cleared.bytes == std::nullopt);
  REQUIRE(cleared.time == std::nullopt);
  REQUIRE(raw(nulls) == Raw::Rows{"21"});
}

TEST_CASE("B79 how values are stored: enums by number or by text, times in microseconds") {
  const Scratch scratch;
  const auto client = engine::Open<Plain>(scratch.File("db"));
  client.Migrate();
  client.Of<Plain>().CreateBulk(Samples<Plain>()).Save();
  Raw raw(scratch.File("db"));
  REQUIRE(raw("SELECT level, mood, time, day, warmth, flag FROM \"Plain\" ORDER BY id") ==
          Raw::Rows{"0|calm|0|0|0|0", "-3|it's \"angry\"|-1|1641600000000000|-2731|1",
                    "300|calm|1641600000123456|-1641600000000000|1|1",
                    "-2|it's \"angry\"|1|1641600000000000|366|0"});
  const std::string of = engine::Forms{"typeof", "pg_typeof"}.Text();
  std::string types = "SELECT DISTINCT 0";
  for (const char* column : {"level", "mood", "time", "flag", "u64", "real", "text", "bytes"}) {
    types += ", " + of + "(" + column + ")";
  }
  const engine::Forms stored{"0|integer|text|integer|integer|integer|real|text|blob",
                             "0|bigint|text|bigint|boolean|bigint|double precision|text|bytea"};
  REQUIRE(raw(types + " FROM \"Plain\"") == Raw::Rows{stored.Text()});

  REQUIRE_THROWS_WITH(client.Of<Plain>().UpdateOne(1).Set(F<&Plain::mood>, kinds::Mood::Odd).Save(),
                      "Plain.mood: the enum value 2 has no name in EnumNames (UpdateOne)");
  REQUIRE_THROWS_AS(client.Of<Plain>().Query().Where(F<&Plain::mood> == kinds::Mood::Odd).All(),
                    grapnel::ValidationError);
  REQUIRE(client.Of<Plain>().Get(1).mood == kinds::Mood::Calm);
}

TEST_CASE("B79 time points are floored to microseconds, before 1970 too") {
  const auto client = engine::Open<Maybe>(":memory:");
  client.Migrate();
  const auto all = client.Of<Maybe>();
  const auto stored = [&](std::chrono::nanoseconds since_epoch) {
    const auto given = kinds::Time(std::chrono::duration_cast<kinds::Time::duration>(since_epoch));
    const Maybe made = all.Create().Set(F<&Maybe::time>, given).Save();
    REQUIRE(all.Get(made.id) == made);  // what Save returned
    REQUIRE(all.CreateBulk(std::vector<Maybe>{{.time = given}}).Save()[0].time == made.time);
    REQUIRE(all.Query().Where(F<&Maybe::time> == given).Count() == 2);  // floored as well
    all.Delete().Exec();
    return std::chrono::nanoseconds(made.time->time_since_epoch());
  };
  REQUIRE(stored(1999ns) == 1us);
  REQUIRE(stored(2000ns) == 2us);
  REQUIRE(stored(-1ns) == -1us);
  REQUIRE(stored(-1001ns) == -2us);
  REQUIRE(stored(1700000000123456789ns) == 1700000000123456us);
}

TEST_CASE("B79 blobs and texts of 20 MB") {
  const Scratch scratch;
  constexpr std::size_t size = 20'000'000;
  kinds::Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(i * i >> 7);
  const std::string text = engine::Storable(std::string(size, '\0'));
  {
    const auto client = engine::Open<Maybe>(scratch.File("db"));
    client.Migrate();
    client.Of<Maybe>().Create().Set(F<&Maybe::bytes>, bytes).Set(F<&Maybe::text>, text).Save();
  }
  const auto client = engine::Open<Maybe>(scratch.File("db"));
  const Maybe row = client.Of<Maybe>().Query().Only();
  REQUIRE((row.bytes == bytes));  // not to be printed
  REQUIRE((row.text == text));
  const kinds::Bytes end(bytes.end() - 1000, bytes.end());
  REQUIRE(client.Of<Maybe>().Query().Where(F<&Maybe::bytes>.HasSuffix(end)).Count() == 1);
  REQUIRE(client.Of<Maybe>().Query().Where(F<&Maybe::bytes> == bytes).Count() == 1);
  REQUIRE(client.Of<Maybe>().Query().Where(F<&Maybe::text>.Contains(text + 'x')).Count() == 0);
}

TEST_CASE("B79 -0.0 comes back as 0.0, also from Save and in predicates") {
  const auto client = engine::Open<Maybe>(":memory:");
  client.Migrate();
  const auto all = client.Of<Maybe>();
  const auto plus = [](const Maybe& row) { return row.real == 0.0 && !std::signbit(*row.real); };
  const auto made = all.Create().Set(F<&Maybe::real>, -0.0).Save();
  REQUIRE(plus(made));
  REQUIRE(plus(all.Get(made.id)));
  REQUIRE(plus(all.CreateBulk(std::vector<Maybe>{{.real = -0.0}}).Save()[0]));
  REQUIRE(plus(all.UpdateOne(made.id).Set(F<&Maybe::real>, -0.0).Save()));
  REQUIRE(plus(all.UpdateOne(made.id).Add(F<&Maybe::real>, -0.0).Save()));
  REQUIRE(all.Query().Where(F<&Maybe::real> == -0.0).Count() == 2);
  REQUIRE(all.Query().Where(F<&Maybe::real>.In(-0.0)).Count() == 2);

  const double inf = std::numeric_limits<double>::infinity();
  REQUIRE(all.UpdateOne(made.id).Set(F<&Maybe::real>, -inf).Save().real == -inf);
  REQUIRE(all.Query().Where(F<&Maybe::real> < -kMax<double>).IDs() == std::vector{made.id});
}

TEST_CASE("B79 what a write returns is as it is stored, whatever a Codec makes of values") {
  const auto client = engine::Open<odd::Box>(":memory:");
  client.Migrate();
  using odd::Box;
  const auto boxes = client.Of<Box>();
  const auto texts = [](const Box& box) {
    return box.id.text + " " + box.mail.text + " " + (box.copy ? box.copy->text : "-");
  };
  std::vector<std::string> in_hooks;
  boxes.Use(grapnel::hook::Before([&](grapnel::Mutation<Box>& m) {
    const odd::Mail* mail = m.Get(F<&Box::mail>);
    in_hooks.push_back(mail != nullptr ? mail->text : m.ID()->text);
  }));
  const Box made = boxes.Create()
                       .Set(F<&Box::id>, {"A"})
                       .Set(F<&Box::mail>, {"Ada@X"})
                       .Set(F<&Box::copy>, odd::Mail{"BOB"})
                       .Save();
  CHECK(texts(made) == "a ada@x bob");
  CHECK(texts(boxes.Get(odd::Mail{"A"})) == texts(made));
  CHECK(texts(boxes.Create(Box{{"C"}, {"CYD"}}).Save()) == "c cyd -");
  const auto rows = boxes.CreateBulk(std::vector<Box>{{{"D"}, {"DAN"}, odd::Mail{"D"}}}).Save();
  CHECK(texts(rows.front()) == "d dan d");
  CHECK(texts(boxes.UpdateOne(odd::Mail{"D"}).Set(F<&Box::mail>, {"EVE"}).Save()) == "d eve d");
  const auto upsert = boxes.Create(Box{{"F"}, {"EVE"}}).OnConflict(F<&Box::mail>).Ignore().Save();
  CHECK(texts(upsert) == "d eve d");
  CHECK(boxes.Query().Where(F<&Box::mail> == odd::Mail{"EVE"}).Count() == 1);
  boxes.DeleteOne(odd::Mail{"D"}).Exec();
  boxes.UpdateOne(odd::Mail{"C"}).Set(F<&Box::copy>, odd::Mail{"X"}).Save();
  CHECK(in_hooks == std::vector<std::string>{"ada@x", "cyd", "dan", "eve", "eve", "d", "c"});
  CHECK_THROWS_AS(boxes.Create().Set(F<&Box::mail>, {"!"}).Save(), grapnel::ValidationError);
}

TEST_CASE("an optional text takes literals, strings and optionals") {
  using Create = grapnel::store::Create<odd::Odd>;
  using Update = grapnel::store::UpdateOne<odd::Odd>;
  CHECK(SetsKeyword<Create, const char*>);
  CHECK(SetsKeyword<Create, std::string>);
  CHECK(SetsKeyword<Create, std::optional<std::string>>);
  CHECK(SetsKeyword<Create, std::nullopt_t>);
  CHECK(SetsKeyword<Update, const char*>);
  CHECK(SetsKeyword<Update, std::nullopt_t>);
}

TEST_CASE("B79 table, column and index names of any bytes are quoted") {
  using odd::Odd;
  const Scratch scratch;
  const auto client = engine::Open<Odd>(scratch.File("db"));
  if (!engine::NameIsAnyBytes()) {
    CHECK_THROWS_AS(client.Migrate(), grapnel::MigrationError);
    CHECK(engine::Tables(scratch.File("db")).empty());
    return;
  }
  client.Migrate();
  client.Migrate();
  const auto all = client.Of<Odd>();
  const Odd made = all.Create().Set(F<&Odd::quoted>, "'; DROP TABLE x").Save();
  all.CreateBulk(std::vector<Odd>{{0, "b", "B", 2}, {0, "c", {}, 3}}).Save();
  REQUIRE(all.Update().Where(F<&Odd::keyword> == "B").Add(F<&Odd::bytes>, 5).Save() == 1);
  const std::string k = "k";
  REQUIRE(all.UpdateOne(made.id).Set(F<&Odd::keyword>, k).Save().keyword == "k");
  all.Delete().Where(F<&Odd::quoted> == "c").Exec();
  REQUIRE(all.Query().Order(grapnel::Desc(F<&Odd::bytes>), grapnel::Asc(F<&Odd::quoted>)).IDs() ==
          std::vector<std::int64_t>{2, 1});
  try {
    all.Create().Set(F<&Odd::quoted>, "b").Save();
    FAIL("two rows have the same unique value");
  } catch (const grapnel::ConstraintError& error) {
    REQUIRE(error.Fields() == std::vector<std::string>{"quoted"});
  }

  Raw raw(scratch.File("db"));
  const std::string table(grapnel::Schema<Odd>::Table);
  REQUIRE(engine::Tables(scratch.File("db")) == Raw::Rows{table});
  REQUIRE(
      raw("SELECT hex(name) FROM pragma_table_info((SELECT name FROM sqlite_schema LIMIT 1))") ==
      Raw::Rows{"6964", "61226227635D603F31", "73656C656374", "FFFE20C3"});
  REQUIRE(raw("SELECT count(*) FROM sqlite_schema WHERE type = 'index'") == Raw::Rows{"3"});
  REQUIRE(raw("SELECT count(*) FROM sqlite_schema WHERE name = 'in\"dex'''") == Raw::Rows{"1"});
}

TEST_CASE("bad input: a NUL in a name is a MigrationError that names the field") {
  const Scratch scratch;
  const auto client = engine::Open<odd::Odd, odd::Cut>(scratch.File("db"));
  REQUIRE_THROWS_AS(client.Migrate(), grapnel::MigrationError);
  REQUIRE_THROWS_WITH(client.Migrate(), Catch::Matchers::Contains("Cut.name"));
  REQUIRE(engine::Tables(scratch.File("db")).empty());
}

TEST_CASE("B79 Contains, HasPrefix and HasSuffix compare byte by byte") {
  const auto client = engine::Open<Maybe>(":memory:");
  client.Migrate();
  const auto all = client.Of<Maybe>();
  const std::string nul = engine::Storable({"a\0b", 3});
  const std::vector<std::optional<std::string>> texts = {
      "",          "Ada",  "ada", nul,        nul + "c",
      "100%",      "1000", "a_b", "\xc3\xa9", engine::Storable("\xa9"),
      std::nullopt};
  for (const auto& text : texts) {
    all.Create().Set(F<&Maybe::text>, text).Save();
  }
  constexpr auto text = F<&Maybe::text>;
  const auto match = [&](const grapnel::store::Predicate<Maybe>& where) {
    std::vector<std::string> found;
    for (const Maybe& row : all.Query().Where(where).Order(grapnel::Asc(F<&Maybe::id>)).All()) {
      found.push_back(*row.text);
    }
    return found;
  };
  using Texts = std::vector<std::string>;
  REQUIRE(match(text.Contains("da")) == Texts{"Ada", "ada"});
  REQUIRE(match(text.HasPrefix("A")) == Texts{"Ada"});
  REQUIRE(match(text.Contains("%")) == Texts{"100%"});
  REQUIRE(match(text.Contains("_")) == Texts{"a_b"});
  REQUIRE(match(text.Contains(engine::Storable({"\0", 1}))) == Texts{nul, nul + "c"});
  REQUIRE(match(text.HasPrefix(nul)) == Texts{nul, nul + "c"});
  REQUIRE(match(text.HasSuffix(nul.substr(1))) == Texts{nul});
  REQUIRE(match(text.HasSuffix("bc")) == Texts{nul + "c"});
  const std::string tail = engine::Storable("\xa9");  // of a character, or one of its own
  REQUIRE(match(text.HasSuffix(tail)) ==
          (tail.size() == 1 ? Texts{"\xc3\xa9", tail} : Texts{tail}));
  REQUIRE(match(text.HasPrefix(tail)) == Texts{tail});
  REQUIRE(match(text.HasSuffix("100%%")).empty());
  // The empty text is part of every text, the empty one included.
  CHECK(match(text.Contains("")).size() == 10);
  CHECK(match(text.HasPrefix("")).size() == 10);
  CHECK(match(text.HasSuffix("")).size() == 10);
  const Texts without_a{"", "100%", "1000", "\xc3\xa9", tail};
  CHECK(match(!text.Contains("a")) == without_a);
  CHECK(match(!text.HasPrefix("A") && !text.HasPrefix("a")) == without_a);
  CHECK(match(text.Contains("a") || !text.HasSuffix("a")).size() == 10);

  all.Create().Set(F<&Maybe::octets>, kinds::Octets{1, 0, 2, 255}).Save();
  constexpr auto octets = F<&Maybe::octets>;
  const auto count = [&](const auto& where) { return all.Query().Where(where).Count(); };
  REQUIRE(count(octets.Contains(kinds::Octets{0, 2})) == 1);
  REQUIRE(count(octets.HasPrefix(kinds::Octets{1, 0})) == 1);
  REQUIRE(count(octets.HasSuffix(kinds::Octets{2, 255})) == 1);
  REQUIRE(count(octets.HasSuffix(kinds::Octets{0, 1, 0, 2, 255})) == 0);
  REQUIRE(count(octets.Contains(kinds::Octets{})) == 1);
}
