#include "contract/all_kinds.hpp"
#include "contract/fixture.hpp"
#include "support/catch.hpp"
#include "support/engine/engine.hpp"
#include "support/engine/raw.hpp"
#include "support/engine/traits.hpp"

#include <grapnel/grapnel.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <ratio>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace limits {

struct Gauge {
  std::int64_t id = 0;
  std::int32_t level = 0;
  std::optional<std::int64_t> spare{};
  double heat = 0;
  std::uint16_t stock = 1;
  std::string name;
};

struct Hours {  // a clock coarser than what is stored
  std::int64_t id = 0;
  std::chrono::time_point<std::chrono::system_clock,
                          std::chrono::duration<std::int64_t, std::ratio<3600>>>
      at{};
};

}  // namespace limits

template <>
struct grapnel::Schema<limits::Gauge> {
  static constexpr std::string_view Type = "Gauge";
  static constexpr auto Fields() {
    using limits::Gauge;
    return grapnel::Fields(Field<&Gauge::level>("level").Range(-10, 10).Default(0),
                           Field<&Gauge::spare>("spare").Range(0, 5),
                           Field<&Gauge::heat>("heat").Range(-1.5, 1.5).Default(0.0),
                           Field<&Gauge::stock>("stock").Positive().Default(1),
                           Field<&Gauge::name>("name").MinLen(2).MaxLen(4).Default("ab"));
  }
};

template <>
struct grapnel::Schema<limits::Hours> {
  static constexpr std::string_view Type = "Hours";
  static constexpr auto Fields() { return grapnel::Fields(Field<&limits::Hours::at>("at")); }
};

namespace {

using grapnel::F;
using grapnel::ValidationError;
using kinds::Maybe;
using limits::Gauge;
using namespace std::string_literals;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr std::uint64_t kTooBig = std::uint64_t{1} << 63;

auto OpenMaybe() {
  auto client = engine::Open<Maybe>(":memory:");
  client.Migrate();
  return client;
}

/// A row with `first` in the field; adding `delta` is refused, the row and its neighbours
/// untouched.
template <auto Member, class N>
void RefusesAdd(std::string_view name, N first, N delta) {
  INFO(name << ": " << +first << " + " << +delta);
  const auto client = OpenMaybe();
  const auto all = client.Of<Maybe>();
  const Maybe before = all.Create().Set(F<Member>, first).Set(F<&Maybe::text>, "before"s).Save();
  const Maybe other = all.Create().Set(F<&Maybe::text>, "other"s).Save();
  const auto untouched = [&] { return all.Get(before.id) == before && all.Get(other.id) == other; };
  const auto one = [&] {
    all.UpdateOne(before.id).Add(F<Member>, delta).Set(F<&Maybe::text>, "after"s).Save();
  };
  const auto many = [&] {
    all.Update().Add(F<Member>, delta).Set(F<&Maybe::text>, "after"s).Save();
  };
  CHECK_THROWS_AS(one(), ValidationError);
  CHECK(untouched());
  CHECK_THROWS_AS(many(), ValidationError);
  CHECK(untouched());
  try {
    one();
  } catch (const ValidationError& error) {
    CHECK(error.Entity() == "Maybe");
    CHECK(error.Field() == name);
  } catch (const std::exception&) {
    // Checked above.
  }
  CHECK(untouched());
}

/// The sum is just inside of the type.
template <auto Member, class N>
void Adds(N first, N delta) {
  const auto client = OpenMaybe();
  const auto all = client.Of<Maybe>();
  const auto made = all.Create().Set(F<Member>, first).Save();
  const auto sum = static_cast<N>(first + delta);
  REQUIRE(all.UpdateOne(made.id).Add(F<Member>, delta).Save().*Member == sum);
  REQUIRE(all.Get(made.id).*Member == sum);
}

template <auto Member>
void Edges(std::string_view name) {
  using N = typename grapnel::MemberToken<Member>::Bare;
  constexpr N most = std::is_same_v<N, std::uint64_t>
                         ? static_cast<N>(std::numeric_limits<std::int64_t>::max())
                         : std::numeric_limits<N>::max();
  constexpr N least = std::numeric_limits<N>::min();
  const N last = static_cast<N>(most - 1);
  RefusesAdd<Member, N>(name, most, 1);
  RefusesAdd<Member, N>(name, most, most);
  RefusesAdd<Member, N>(name, 2, last);
  Adds<Member, N>(last, 1);
  if constexpr (std::is_signed_v<N>) {
    RefusesAdd<Member, N>(name, least, -1);
    RefusesAdd<Member, N>(name, least, least);
    Adds<Member, N>(static_cast<N>(least + 1), -1);
    Adds<Member, N>(most, least);
  }
}

}  // namespace

TEST_CASE("B79 an Add that leaves the range of the field's type is refused") {
  Edges<&Maybe::i8>("i8");
  Edges<&Maybe::i16>("i16");
  Edges<&Maybe::i32>("i32");
  Edges<&Maybe::i64>("i64");
  Edges<&Maybe::u8>("u8");
  Edges<&Maybe::u16>("u16");
  Edges<&Maybe::u32>("u32");
  Edges<&Maybe::u64>("u64");
  RefusesAdd<&Maybe::u64>("u64", std::uint64_t{0}, kTooBig);
}

TEST_CASE("B79 an Add that gives no number is refused") {
  const double inf = std::numeric_limits<double>::infinity();
  RefusesAdd<&Maybe::real>("real", 1.0, kNan);
  RefusesAdd<&Maybe::real>("real", inf, -inf);
  Adds<&Maybe::real>(inf, 1.0);
  Adds<&Maybe::real>(0.1, 0.2);
}

TEST_CASE("B79 Range and Positive hold for the result of Add as for Set") {
  const auto client = engine::Open<Gauge>(":memory:");
  client.Migrate();
  const auto all = client.Of<Gauge>();
  const auto id = all.Create().Set(F<&Gauge::level>, 9).Save().id;
  all.Create().Set(F<&Gauge::level>, -9).Save();
  const auto rows = [&] {
    Raw::Rows shown;
    for (const Gauge& row : all.Query().Order(grapnel::Asc(F<&Gauge::id>)).All()) {
      shown.push_back(
          fmt::format("{} {} {} {}", row.level, row.spare.value_or(-1), row.heat, row.stock));
    }
    return shown;
  };
  const Raw::Rows before{"9 -1 0 1", "-9 -1 0 1"};
  REQUIRE(rows() == before);

  CHECK_THROWS_AS(all.UpdateOne(id).Set(F<&Gauge::level>, 11).Save(), ValidationError);
  CHECK_THROWS_AS(all.UpdateOne(id).Add(F<&Gauge::level>, 2).Save(), ValidationError);
  CHECK_THROWS_AS(all.Update().Add(F<&Gauge::level>, 2).Save(), ValidationError);
  CHECK_THROWS_AS(all.Update().Add(F<&Gauge::level>, -2).Save(), ValidationError);
  CHECK_THROWS_AS(all.Update().Add(F<&Gauge::spare>, -1).Save(), ValidationError);  // NULL: from 0
  CHECK_THROWS_AS(all.Update().Add(F<&Gauge::spare>, 6).Save(), ValidationError);
  CHECK_THROWS_AS(all.Update().Add(F<&Gauge::heat>, 1.6).Save(), ValidationError);
  CHECK_THROWS_AS(all.Update().Add(F<&Gauge::heat>, -1.6).Save(), ValidationError);
  CHECK_THROWS_AS(all.UpdateOne(id).Set(F<&Gauge::stock>, std::uint16_t{0}).Save(),
                  ValidationError);
  CHECK_THROWS_AS(all.Update().Add(F<&Gauge::stock>, std::uint16_t{65535}).Save(), ValidationError);
  CHECK(rows() == before);

  // The error names what left its range, and not what stayed in its own.
  try {
    all.Update().Add(F<&Gauge::spare>, 1).Add(F<&Gauge::level>, 2).Save();
    FAIL("the sum is out of range");
  } catch (const ValidationError& error) {
    CHECK_THAT(error.what(), Catch::Matchers::Contains("level"));
    CHECK(error.Op() == grapnel::Op::Update);
  }
  CHECK(rows() == before);

  CHECK(all.Update().Add(F<&Gauge::spare>, 5).Add(F<&Gauge::heat>, -1.5).Save() == 2);
  CHECK(all.UpdateOne(id).Add(F<&Gauge::level>, -19).Save().level == -10);
  CHECK(rows() == Raw::Rows{"-10 5 -1.5 1", "-9 5 -1.5 1"});
}

TEST_CASE("bad input: values out of range are ValidationErrors that name the field") {
  const auto client = engine::Open<Gauge>(":memory:");
  client.Migrate();
  const auto all = client.Of<Gauge>();
  CHECK_THROWS_WITH(all.Create().Set(F<&Gauge::level>, 11).Save(),
                    "Gauge.level: the value 11 is out of range (Create)");
  CHECK_THROWS_WITH(all.Create().Set(F<&Gauge::spare>, -1).Save(),
                    "Gauge.spare: the value -1 is out of range (Create)");
  CHECK_THROWS_WITH(all.CreateBulk(std::vector<Gauge>{{.name = "a"}}).Save(),
                    "Gauge.name: the value is shorter than 2 bytes (Create, row 0)");
  CHECK_THROWS_WITH(all.Update().Set(F<&Gauge::name>, "abcde").Save(),
                    "Gauge.name: the value is longer than 4 bytes (Update)");
  const std::string four = engine::Storable({"a\0\0b", 4});
  CHECK(all.Create().Set(F<&Gauge::name>, four).Save().name.size() == 4);
  CHECK(all.Query().Count() == 1);

  // By name, in a hook: the value comes in another type than the field's.
  std::string name;
  grapnel::FieldValue value;
  all.Use(grapnel::hook::Before([&](grapnel::Mutation<Gauge>& m) { m.SetField(name, value); }));
  const auto set = [&](std::string_view field, grapnel::FieldValue to) {
    name = field;
    value = std::move(to);
    all.Create().Save();
  };
  CHECK_THROWS_AS(set("level", std::int64_t{1} << 31), ValidationError);
  CHECK_THROWS_AS(set("stock", -1), ValidationError);
  CHECK_THROWS_AS(set("heat", kNan), ValidationError);
  CHECK_THROWS_AS(set("heat", 2.0), ValidationError);
  CHECK_THROWS_AS(set("level", "1"), grapnel::TypeMismatchError);
  CHECK_THROWS_WITH(set("levle", 1), "Gauge.levle: the schema has no field of this name");
  CHECK_THROWS_AS(set("levle", 1), grapnel::UnknownFieldError);
  CHECK_THROWS_AS(set(std::string("level\0", 6), 1), grapnel::UnknownFieldError);
  CHECK(all.Query().Count() == 1);
}

TEST_CASE("bad input: a type that was not named when the database was opened") {
  const auto client = engine::Open<Gauge>(":memory:");
  client.Migrate();
  auto tx = client.Tx();
  const auto stranger = tx.Of<Maybe>();
  CHECK_THROWS_AS(stranger.Query().All(), grapnel::SchemaError);
  CHECK_THROWS_AS(stranger.Create().Save(), grapnel::SchemaError);
  CHECK_THROWS_WITH(stranger.Create().Save(), Catch::Matchers::StartsWith("Maybe"));
}

TEST_CASE("B79 B178 a text with NUL, or that is not UTF-8, comes back or is refused") {
  const auto client = OpenMaybe();
  const auto all = client.Of<Maybe>();
  const auto row = all.Create().Set(F<&Maybe::text>, "x").Save();
  const auto refused = [](const auto& action, std::optional<std::size_t> place = {}) {
    const auto error = Thrown<ValidationError>(action);
    CHECK(error.Entity() == "Maybe");
    CHECK(error.Field() == "text");
    CHECK(error.Row() == place);
  };
  for (const std::string& text :
       {std::string("a\0b", 3), std::string(1, '\0'), std::string("a\xFF"), std::string("\xC3"),
        std::string("\xED\xA0\x80 half of a pair")}) {
    INFO(text);
    if (engine::StoresNulInText()) {
      CHECK(all.UpdateOne(row.id).Set(F<&Maybe::text>, text).Save().text == text);
      CHECK(all.Query().Where(F<&Maybe::text> == text).Count() == 1);
      continue;
    }
    refused([&] { all.Create().Set(F<&Maybe::text>, text).Save(); });
    for (const std::size_t size : {2U, 100U, 300U}) {  // row by row, by a list, copied
      std::vector<Maybe> rows(size);
      rows.back().text = text;
      refused([&] { all.CreateBulk(rows).Save(); }, size - 1);
    }
    refused([&] { all.UpdateOne(row.id).Set(F<&Maybe::text>, text).Save(); });
    refused([&] { all.Update().Set(F<&Maybe::text>, text).Save(); });
    CHECK_THROWS_AS(all.Query().Where(F<&Maybe::text> == text).Count(), ValidationError);
    CHECK_THROWS_AS(all.Query().Where(F<&Maybe::text>.In(std::vector{text})).Count(),
                    ValidationError);
    auto tx = client.Tx();
    refused([&] { tx.Of<Maybe>().Create().Set(F<&Maybe::text>, text).Save(); });
    CHECK(tx.Of<Maybe>().Query().Count() == 1);
  }
  CHECK(all.Query().Count() == 1);
}

TEST_CASE("B79 NaN is refused wherever a value is given") {
  const auto client = OpenMaybe();
  const auto all = client.Of<Maybe>();
  const auto row = all.Create().Set(F<&Maybe::real>, 1.0).Save();
  CHECK_THROWS_WITH(all.Create().Set(F<&Maybe::real>, kNan).Save(),
                    "Maybe.real: NaN cannot be stored (Create)");
  CHECK_THROWS_AS(all.CreateBulk(std::vector<Maybe>{{}, {.real = kNan}}).Save(), ValidationError);
  CHECK_THROWS_AS(all.UpdateOne(row.id).Set(F<&Maybe::real>, -kNan).Save(), ValidationError);
  CHECK_THROWS_AS(all.Update().Set(F<&Maybe::real>, kNan).Save(), ValidationError);
  CHECK_THROWS_AS(all.Query().Where(F<&Maybe::real> == kNan).All(), ValidationError);
  CHECK_THROWS_AS(all.Query().Where(F<&Maybe::real>.In(1.0, kNan)).All(), ValidationError);
  CHECK(all.Query().All() == std::vector{row});
}

TEST_CASE("B79 a uint64 above 2^63 - 1 is refused wherever a value is given") {
  const auto client = OpenMaybe();
  const auto all = client.Of<Maybe>();
  const auto row = all.Create().Set(F<&Maybe::u64>, kTooBig - 1).Save();
  CHECK_THROWS_WITH(all.Create().Set(F<&Maybe::u64>, kTooBig).Save(),
                    "Maybe.u64: the value 9223372036854775808 is above 2^63 - 1 (Create)");
  CHECK_THROWS_AS(all.CreateBulk(std::vector<Maybe>{{}, {.u64 = kTooBig}}).Save(), ValidationError);
  CHECK_THROWS_AS(all.UpdateOne(row.id).Set(F<&Maybe::u64>, ~std::uint64_t{0}).Save(),
                  ValidationError);
  CHECK_THROWS_AS(all.Update().Set(F<&Maybe::u64>, kTooBig).Save(), ValidationError);
  CHECK_THROWS_AS(all.Query().Where(F<&Maybe::u64> < kTooBig).All(), ValidationError);
  CHECK_THROWS_AS(all.Query().Where(F<&Maybe::u64>.In(std::vector{kTooBig})).All(),
                  ValidationError);
  CHECK(all.Query().All() == std::vector{row});
}

TEST_CASE("bad input: a predicate's bad value names its field") {
  CHECK_THROWS_WITH(F<&Maybe::u64> == kTooBig, Catch::Matchers::Contains("u64"));
  CHECK_THROWS_WITH(F<&Maybe::real> == kNan, Catch::Matchers::Contains("real"));
}

TEST_CASE("B178 a text that cannot be stored, nor be found, names the field it is compared with") {
  if (engine::StoresNulInText()) return;
  const auto client = OpenMaybe();
  const auto all = client.Of<Maybe>();
  const std::string nul("a\0b", 3);
  const std::string why = "Maybe.text: it holds a NUL, which no text of PostgreSQL can";
  CHECK_THROWS_WITH(all.Query().Where(F<&Maybe::text> == nul).Count(), why);
  CHECK_THROWS_WITH(all.Query().Where(F<&Maybe::text>.HasPrefix(nul)).Count(), why);
  CHECK_THROWS_WITH(all.Query().Where(F<&Maybe::text>.Contains(nul)).Count(), why);
  CHECK_THROWS_WITH(all.Query().Where(F<&Maybe::text>.In(std::vector{"x"s, nul})).Count(), why);
  CHECK_THROWS_WITH(
      all.Update().Where(F<&Maybe::i8> == std::int8_t{1} || F<&Maybe::text> != nul).Save(),
      why + " (Update)");
}

TEST_CASE("B171 a sum of reals beyond them is infinite, or refused") {
  const auto client = OpenMaybe();
  const auto all = client.Of<Maybe>();
  const double most = std::numeric_limits<double>::max();
  const auto row = all.Create().Set(F<&Maybe::real>, most).Save();
  const auto add = [&] { all.UpdateOne(row.id).Add(F<&Maybe::real>, most).Save(); };
  if (engine::RealsOverflow()) {
    add();
    CHECK(all.Get(row.id).real == std::numeric_limits<double>::infinity());
  } else {
    CHECK_THROWS_AS(add(), ValidationError);
    CHECK(all.Get(row.id).real == most);
  }
}

TEST_CASE(
    "B79 an Add to a value that was set leaves the field's range: the mutation is as it was") {
  const auto client = OpenMaybe();
  const auto all = client.Of<Maybe>();
  const auto row = all.Create().Save();
  auto update = all.UpdateOne(row.id);
  update.Set(F<&Maybe::i8>, std::int8_t{127});
  CHECK_THROWS_AS(update.Add(F<&Maybe::i8>, std::int8_t{1}), ValidationError);
  auto added = all.UpdateOne(row.id);
  added.Add(F<&Maybe::i16>, std::int16_t{32000});
  CHECK_THROWS_AS(added.Add(F<&Maybe::i16>, std::int16_t{1000}), ValidationError);
  const double inf = std::numeric_limits<double>::infinity();
  auto endless = all.UpdateOne(row.id);
  endless.Set(F<&Maybe::real>, inf);
  CHECK_THROWS_AS(endless.Add(F<&Maybe::real>, -inf), ValidationError);
  CHECK(update.Save().i8 == std::int8_t{127});
  CHECK(added.Save().i16 == std::int16_t{32000});
  CHECK(endless.Save().real == inf);
}

TEST_CASE("B79 a time that microseconds in 64 bits or the field's clock cannot hold is refused") {
  const auto client = engine::Open<Maybe, limits::Hours>(":memory:");
  client.Migrate();
  const auto all = client.Of<Maybe>();
  // The floor of the least nanosecond is before it.
  CHECK_THROWS_AS(all.Create().Set(F<&Maybe::time>, kinds::Time::min()).Save(), ValidationError);
  CHECK(all.Query().Count() == 0);
  const auto latest = all.Create().Set(F<&Maybe::time>, kinds::Time::max()).Save();
  CHECK(kinds::Time::max() - *latest.time < std::chrono::microseconds(1));
  CHECK(all.Get(latest.id) == latest);

  using limits::Hours;
  using At = decltype(Hours::at);
  const auto hours = client.Of<Hours>();
  CHECK_THROWS_AS(hours.Create().Set(F<&Hours::at>, At::max()).Save(), ValidationError);
  CHECK_THROWS_AS(hours.CreateBulk(std::vector<Hours>{{.at = At::min()}}).Save(), ValidationError);
  CHECK_THROWS_AS(hours.Query().Where(F<&Hours::at> == At::max()).All(), ValidationError);
  CHECK(hours.Query().Count() == 0);
}
