#include "support/catch.hpp"
#include "support/engine/engine.hpp"
#include "support/engine/raw.hpp"

#include <grapnel/grapnel.hpp>

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// Values of other types than the field's, which C++ converts: what they are not is never stored,
// compared or looked up in their place.

namespace unfit {

enum Plain { Few = 3, Many = 300, Less = -1 };

struct Gauge {
  std::int64_t id = 0;
  std::int32_t level = 1;
  std::int64_t age = 5;
  std::uint8_t stock = 2;
  std::uint64_t total = 3;
  bool on = false;
  std::optional<std::int16_t> spare{};
  std::optional<std::string> note{};
  std::string name = "a";
  std::uint8_t secret = 0;
};

struct Part {
  std::uint32_t id = 0;
  std::string name;
  grapnel::One<Part> whole;
};

struct Given {
  std::int64_t id = 0;
  std::int32_t made = 0;
  std::uint8_t hidden = 0;
};

struct Heated {
  double heat = 0;
};
struct Oven : Heated {
  std::int64_t id = 0;
};

}  // namespace unfit

template <>
struct grapnel::Schema<unfit::Gauge> {
  static constexpr std::string_view Type = "Gauge";
  static constexpr auto Fields() {
    using unfit::Gauge;
    return grapnel::Fields(Field<&Gauge::level>("level"), Field<&Gauge::age>("age"),
                           Field<&Gauge::stock>("stock"), Field<&Gauge::total>("total"),
                           Field<&Gauge::on>("on"), Field<&Gauge::spare>("spare"),
                           Field<&Gauge::note>("note"), Field<&Gauge::name>("name"),
                           Field<&Gauge::secret>("secret").Sensitive());
  }
};
template <>
struct grapnel::Schema<unfit::Part> {
  static constexpr std::string_view Type = "Part";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&unfit::Part::name>("name").Default("p"));
  }
  static constexpr auto Edges() { return grapnel::Edges(To<&unfit::Part::whole>("whole")); }
};
template <>
struct grapnel::Schema<unfit::Given> {
  static constexpr std::string_view Type = "Given";
  static constexpr auto Fields() {
    using unfit::Given;
    return grapnel::Fields(
        Field<&Given::made>("made").Default([] { return 4294967297LL; }),
        Field<&Given::hidden>("hidden").Sensitive().Default(7).UpdateDefault([] { return -777; }));
  }
};
template <>
struct grapnel::Schema<unfit::Heated> {
  static constexpr auto Fields() { return grapnel::Fields(Field<&unfit::Heated::heat>("heat")); }
};
template <>
struct grapnel::Schema<unfit::Oven> {
  static constexpr std::string_view Type = "Oven";
  using Mixins = grapnel::Mixins<unfit::Heated>;
};

namespace {

using grapnel::F;
using grapnel::ValidationError;
using unfit::Gauge;
using unfit::Part;

constexpr std::int64_t kWide = 4294967297;  // 2^32 + 1: 1 in 32 bits
constexpr std::uint64_t kTop = std::numeric_limits<std::uint64_t>::max();

template <class F>
std::string Refused(F run) {
  try {
    run();
  } catch (const ValidationError& error) {
    return error.what();
  }
  return "nothing was refused";
}

struct Gauges {
  grapnel::Database<Gauge, Part, unfit::Oven> client =
      engine::Open<Gauge, Part, unfit::Oven>(":memory:");
  Gauges() {
    client.Migrate();
    client.Of<Gauge>().CreateBulk({Gauge{}}).Save();
  }
  grapnel::store::HookedEntities<Gauge> gauges = client.Of<Gauge>();
  auto Matched(const grapnel::store::Predicate<Gauge>& predicate) {
    return gauges.Query().Where(predicate).Count();
  }
};

}  // namespace

TEST_CASE_METHOD(Gauges, "a number that the field does not hold is not set") {
  auto one = [&] { return gauges.UpdateOne(1); };
  CHECK(Refused([&] { one().Set(F<&Gauge::level>, kWide).Save(); }) ==
        "Gauge.level: the value 4294967297 is out of the field's range (UpdateOne)");
  CHECK(Refused([&] { one().Set(F<&Gauge::age>, kTop).Save(); }) ==
        "Gauge.age: the value 18446744073709551615 is out of the field's range (UpdateOne)");
  CHECK(Refused([&] { one().Set(F<&Gauge::stock>, -1).Save(); }) ==
        "Gauge.stock: the value -1 is out of the field's range (UpdateOne)");
  CHECK(Refused([&] { one().Set(F<&Gauge::stock>, unfit::Many).Save(); }) ==
        "Gauge.stock: the value 300 is out of the field's range (UpdateOne)");
  CHECK(Refused([&] { one().Set(F<&Gauge::stock>, unfit::Less).Save(); }) ==
        "Gauge.stock: the value -1 is out of the field's range (UpdateOne)");
  CHECK(Refused([&] { one().Set(F<&Gauge::total>, -1).Save(); }) ==
        "Gauge.total: the value -1 is out of the field's range (UpdateOne)");
  CHECK(Refused([&] { one().Set(F<&Gauge::on>, 256).Save(); }) ==
        "Gauge.on: the value 256 is out of the field's range (UpdateOne)");
  CHECK(Refused([&] { one().Set(F<&Gauge::spare>, 1 << 16).Save(); }) ==
        "Gauge.spare: the value 65536 is out of the field's range (UpdateOne)");
  CHECK(Refused([&] { gauges.Create().Set(F<&Gauge::secret>, 777).Save(); }) ==
        "Gauge.secret: the value *** is not allowed (Create)");
  CHECK(gauges.Get(1).level == 1);
  auto update = one();
  update.Set(F<&Gauge::stock>, 255).Set(F<&Gauge::level>, std::int64_t{-7});
  update.Set(F<&Gauge::on>, 1).Set(F<&Gauge::spare>, 9LL).Set(F<&Gauge::total>, 8);
  const Gauge gauge = std::move(update).Set(F<&Gauge::age>, 6U).Save();
  CHECK((gauge.stock == 255 && gauge.level == -7 && gauge.on && gauge.spare == 9));
  CHECK((gauge.total == 8 && gauge.age == 6));
  CHECK(one().Set(F<&Gauge::stock>, unfit::Few).Save().stock == 3);
}

TEST_CASE_METHOD(Gauges, "nor added") {
  CHECK(Refused([&] { gauges.UpdateOne(1).Add(F<&Gauge::level>, kWide - 1).Save(); }) ==
        "Gauge.level: the value 4294967296 is out of the field's range (UpdateOne)");
  CHECK(Refused([&] { gauges.Update().Add(F<&Gauge::age>, kTop).Save(); }) ==
        "Gauge.age: the value 18446744073709551615 is out of the field's range (Update)");
  CHECK(gauges.UpdateOne(1).Add(F<&Gauge::level>, std::int64_t{2}).Save().level == 3);
}

TEST_CASE_METHOD(Gauges, "a mutation refuses it as a builder does, and is as it was") {
  std::string set, added;
  gauges.Use(grapnel::hook::Before([&](grapnel::Mutation<Gauge>& m) {
    set = Refused([&] { m.Set(F<&Gauge::level>, kWide); });
    added = Refused([&] { m.Add(F<&Gauge::level>, kWide); });
    m.Add(F<&Gauge::age>, std::uint64_t{2});
  }));
  const Gauge gauge = gauges.UpdateOne(1).Set(F<&Gauge::name>, "b").Save();
  CHECK(set == "Gauge.level: the value 4294967297 is out of the field's range (UpdateOne)");
  CHECK(added == set);
  CHECK((gauge.level == 1 && gauge.age == 7));
}

TEST_CASE_METHOD(Gauges, "a number is compared as the number that it is") {
  CHECK(Matched(F<&Gauge::level> == kWide) == 0);
  CHECK(Matched(F<&Gauge::level> != kWide) == 1);
  CHECK(Matched(F<&Gauge::level> < kWide - 1) == 1);
  CHECK(Matched(kWide >= F<&Gauge::level>) == 1);
  CHECK(Matched(kWide < F<&Gauge::level>) == 0);
  CHECK(Matched(F<&Gauge::level>.In(std::vector<std::int64_t>{kWide, 7})) == 0);
  CHECK(Matched(F<&Gauge::level>.In(kWide, 1)) == 1);
  CHECK(Matched(F<&Gauge::level>.NotIn(kWide)) == 1);
  CHECK(Matched(F<&Gauge::total> > -1) == 1);
  CHECK(Matched(F<&Gauge::stock> == 258) == 0);
  CHECK(Matched(F<&Gauge::stock> == 2) == 1);
  CHECK(Matched(F<&Gauge::stock> > unfit::Less) == 1);
  CHECK(Matched(F<&Gauge::on> == 2) == 0);
  CHECK(Matched(F<&Gauge::on> == 0) == 1);
  CHECK(Refused([&] { Matched(F<&Gauge::age> < kTop); }) ==
        "Gauge.age: the value 18446744073709551615 is out of the field's range");
  CHECK(Refused([&] { Matched(F<&Gauge::secret>.In(kTop)); }) ==
        "Gauge.secret: the value *** is not allowed");
}

TEST_CASE_METHOD(Gauges, "a number that is no id finds no row of another") {
  const auto parts = client.Of<Part>();
  const Part part = parts.Create().Save();
  REQUIRE(part.id == 1);
  const std::string why = "Part.id: the value 4294967297 is out of the field's range";
  CHECK(Refused([&] { parts.Get(kWide); }) == why);
  CHECK(Refused([&] { static_cast<void>(parts.Find(kWide)); }) == why);
  CHECK(Refused([&] { parts.UpdateOne(kWide).Set(F<&Part::name>, "q").Save(); }) ==
        why + " (UpdateOne)");
  CHECK(Refused([&] { parts.DeleteOne(kWide).Exec(); }) == why + " (DeleteOne)");
  CHECK(Refused([&] { parts.Create().Set(F<&Part::whole>, kWide).Save(); }) ==
        "Part.whole: the value 4294967297 is out of the field's range (Create)");
  CHECK(Refused([&] { gauges.Get(kTop); }) ==
        "Gauge.id: the value 18446744073709551615 is out of the field's range");
  CHECK(parts.Get(1).name == "p");
  CHECK(parts.Find(std::int64_t{1}).has_value());
  CHECK(parts.UpdateOne(1).Set(F<&Part::whole>, 1).Save().whole.ID() == 1U);
}

TEST_CASE_METHOD(Gauges, "a null pointer is no text") {
  const char* none = nullptr;
  const std::string why = ": a null pointer is no text: of an optional field, std::nullopt is NULL";
  CHECK(Refused([&] { gauges.UpdateOne(1).Set(F<&Gauge::name>, none).Save(); }) ==
        "Gauge.name" + why + " (UpdateOne)");
  CHECK(Refused([&] { Matched(F<&Gauge::note> == none); }) == "Gauge.note" + why);
  CHECK(Refused([&] { Matched(F<&Gauge::note>.In(none, "a")); }) == "Gauge.note" + why);
  CHECK_THROWS_AS(grapnel::FieldValue(none), grapnel::Error);
  const char* some = "some";
  CHECK(gauges.UpdateOne(1).Set(F<&Gauge::note>, some).Save().note == "some");
  CHECK(Matched(F<&Gauge::note> == some) == 1);
  CHECK(Matched(F<&Gauge::note>.In(some)) == 1);
}

TEST_CASE("a default that the field does not hold is a ValidationError") {
  auto client = engine::Open<unfit::Given>(":memory:");
  client.Migrate();
  const auto given = client.Of<unfit::Given>();
  CHECK(Refused([&] { given.Create().Save(); }) ==
        "Given.made: the value 4294967297 is out of the field's range (Create)");
  const auto row = given.Create().Set(F<&unfit::Given::made>, 1).Save();
  CHECK(row.hidden == 7);
  CHECK(Refused([&] { given.UpdateOne(row).Set(F<&unfit::Given::made>, 2).Save(); }) ==
        "Given.hidden: the value *** is not allowed (UpdateOne)");
}

TEST_CASE_METHOD(Gauges, "a value that a mixin's field cannot hold is told of that field") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::string told = Refused(
      [&] { client.Of<unfit::Oven>().Query().Where(F<&unfit::Oven::heat> == nan).Count(); });
  CHECK(told.find(".heat: NaN cannot be stored") != std::string::npos);
  CHECK(told.find("none") == std::string::npos);
}
