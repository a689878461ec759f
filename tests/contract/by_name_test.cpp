// B29: the mutation by name, for hooks that serve any type.
#include "contract/fixture.hpp"
#include "contract/model.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <functional>
#include <iterator>
#include <limits>

namespace by_name {

enum class Color { Red, Green };

struct Thing {
  std::int64_t id = 0;
  std::string code;
  std::int8_t level = 0;
  double ratio = 0;
  bool flag = false;
  std::vector<std::byte> data{};
  Color color = Color::Red;
  model::Time seen{};
  std::optional<std::int64_t> score{};
  std::optional<std::string> note{};
};

}  // namespace by_name

template <>
struct grapnel::EnumNames<by_name::Color> {
  static constexpr std::pair<by_name::Color, std::string_view> Values[] = {
      {by_name::Color::Red, "red"}, {by_name::Color::Green, "green"}};
};

template <>
struct grapnel::Schema<by_name::Thing> {
  static constexpr std::string_view Type = "Thing";
  static constexpr auto Fields() {
    using by_name::Thing;
    return grapnel::Fields(
        Field<&Thing::code>("code").Immutable(), Field<&Thing::level>("level").Default(0),
        Field<&Thing::ratio>("ratio").Default(0.0), Field<&Thing::flag>("flag").Default(false),
        Field<&Thing::data>("data").Default(std::vector<std::byte>{}),
        Field<&Thing::color>("color").StorageKey("colour").Default(by_name::Color::Red),
        Field<&Thing::seen>("seen").Default(model::Epoch), Field<&Thing::score>("score"),
        Field<&Thing::note>("note"));
  }
};

namespace {

using by_name::Thing;
using grapnel::F;
using grapnel::FieldError;
using grapnel::FieldValue;
using grapnel::Op;
using grapnel::TypeMismatchError;
using grapnel::UnknownFieldError;
using grapnel::ValidationError;

using Mutation = grapnel::Mutation<Thing>;
using Names = std::vector<std::string_view>;
using Bytes = FieldValue::Bytes;

/// Everything that can be asked of the mutation by name.
Lines StateOf(const Mutation& m) {
  Lines state = {ToString(m), m.ID() ? std::to_string(*m.ID()) : "no id"};
  for (const auto name : m.Fields()) {
    state.push_back(std::string(name) + "=" + ToString(m.Field(name).value()));
  }
  for (const auto name : m.AddedFields()) {
    state.push_back(std::string(name) + "+=" + ToString(m.AddedField(name).value()));
  }
  for (const auto name : m.ClearedFields()) state.push_back("no " + std::string(name));
  return state;
}

/// Runs `body(m)` as the only hook of one update of a row, whose write is then suppressed.
void InUpdate(const std::function<void(Mutation&)>& body) {
  Fixture<Thing> db;
  db.client.Of<Thing>().Create().Set(F<&Thing::code>, "c").Save();
  bool ran = false;
  db.client.Of<Thing>().Use([&](Mutation& m, grapnel::Next<Thing>) -> grapnel::Value<Thing> {
    body(m);
    ran = true;
    return Thing{};
  });
  db.client.Of<Thing>().UpdateOne(1).Save();
  REQUIRE(ran);
}

/// `action()` throws exactly an E about that field, and changes nothing in `m`.
template <class E>
void Refused(const Mutation& m, std::string_view field, const std::function<void()>& action) {
  INFO("field " << field);
  const Lines before = StateOf(m);
  const E error = Thrown<E>(action);
  CHECK(error.Entity() == "Thing");
  CHECK(error.Field() == field);
  CHECK(StateOf(m) == before);
}

TEST_CASE("B29 SetField sets fields of every kind; Field reads them back") {
  Fixture<Thing> db;
  db.client.Of<Thing>().Use(grapnel::hook::Before([](Mutation& m) {
    REQUIRE(m.Fields() == Names{"level", "ratio", "flag", "data", "color", "seen"});  // defaults
    REQUIRE(m.Field("code") == std::nullopt);
    m.SetField("code", "abc");
    m.SetField("level", -3);
    m.SetField("ratio", 1.5);
    m.SetField("flag", true);
    m.SetField("data", Bytes{std::byte{7}, std::byte{0}});
    m.SetField("color", "green");
    m.SetField("seen", 1'000'000);
    m.SetField("score", 42);
    m.SetField("note", std::nullopt);
    REQUIRE(m.Field("code") == FieldValue("abc"));
    REQUIRE(m.Field("ratio") == FieldValue(1.5));
    REQUIRE(m.Field("flag") == FieldValue(true));
    REQUIRE(m.Field("color") == FieldValue("green"));
    REQUIRE(m.Field("note") == std::nullopt);
    REQUIRE(m.FieldCleared("note"));
    REQUIRE(*m.Get(F<&Thing::color>) == by_name::Color::Green);
    REQUIRE(*m.Get(F<&Thing::seen>) == model::Epoch() + std::chrono::seconds(1));
    REQUIRE(m.Fields() ==
            Names{"code", "level", "ratio", "flag", "data", "color", "seen", "score"});
  }));
  const Thing made = db.client.Of<Thing>().Create().Save();
  REQUIRE(made.code == "abc");
  REQUIRE(made.score == 42);
  const std::string data = engine::Forms{"hex(data)", "encode(data, 'hex')"}.Text();
  REQUIRE(db.Raw("SELECT code, level, ratio, flag, " + data +
                 ", colour, seen, score, note FROM Thing") ==
          Lines{"abc|-3|1.5|1|0700|green|1000000|42|NULL"});
}

TEST_CASE("B29 AddField, ClearField and ResetField do what Add, Clear and Reset do") {
  Fixture<Thing> db;
  const auto things = db.client.Of<Thing>();
  things.Create()
      .Set(F<&Thing::code>, "c")
      .Set(F<&Thing::level>, 10)
      .Set(F<&Thing::note>, "n")
      .Save();
  things.Use(grapnel::hook::Before([](Mutation& m) {
    m.AddField("level", 5);
    m.AddField("level", -1);
    m.AddField("ratio", 0.25);
    m.AddField("score", 3);
    m.ClearField("note");
    m.SetField("flag", true);
    m.SetField("seen", 5);
    m.ResetField("seen");
    REQUIRE(m.AddedFields() == Names{"level", "ratio", "score"});
    REQUIRE(m.AddedField("level") == FieldValue(4));
    REQUIRE(*m.Added(F<&Thing::ratio>) == 0.25);
    REQUIRE(m.AddedField("flag") == std::nullopt);
    REQUIRE(m.ClearedFields() == Names{"note"});
    REQUIRE(m.Fields() == Names{"flag"});
  }));
  const Thing got = things.UpdateOne(1).Save();
  REQUIRE(got.level == 14);
  REQUIRE(db.Raw("SELECT level, ratio, score, note, flag, seen FROM Thing") ==
          Lines{"14|0.25|3|NULL|1|0"});
}

TEST_CASE("B29 a name that the type does not have is an UnknownFieldError, everywhere") {
  InUpdate([](Mutation& m) {
    for (const std::string_view name : {"nosuch", "", "Code", "code ", "colour", "\"level\""}) {
      const auto unknown = [&](auto action) { Refused<UnknownFieldError>(m, name, action); };
      unknown([&] { m.SetField(name, 1); });
      unknown([&] { m.SetField(name, std::nullopt); });
      unknown([&] { m.AddField(name, 1); });
      unknown([&] { m.ClearField(name); });
      unknown([&] { m.ResetField(name); });
      unknown([&] { static_cast<void>(m.Field(name)); });
      unknown([&] { static_cast<void>(m.AddedField(name)); });
      unknown([&] { static_cast<void>(m.FieldCleared(name)); });
      unknown([&] { static_cast<void>(m.FieldDefaulted(name)); });
    }
  });
}

/// Everything that does not fit, on the mutation as it is now.
void RefuseMismatches(Mutation& m) {
  const FieldValue values[] = {std::nullopt, true, 1, 1.0, "1", Bytes{}};
  const auto set = [&](std::string_view field, std::initializer_list<std::size_t> fitting) {
    for (std::size_t i = 0; i < std::size(values); ++i) {
      if (std::find(fitting.begin(), fitting.end(), i) != fitting.end()) continue;
      Refused<TypeMismatchError>(m, field, [&] { m.SetField(field, values[i]); });
    }
  };
  set("level", {2});
  set("ratio", {3});
  set("flag", {1});
  set("data", {5});
  set("color", {4});
  set("seen", {2});
  set("score", {0, 2});
  set("note", {0, 4});

  for (const std::string_view field : {"code", "flag", "data", "color", "seen", "note"}) {
    Refused<TypeMismatchError>(m, field, [&] { m.AddField(field, 1); });
    Refused<TypeMismatchError>(m, field, [&] { m.AddField(field, "1"); });
  }
  for (const auto& value : {FieldValue(), FieldValue(1.0), FieldValue("1"), FieldValue(true)}) {
    Refused<TypeMismatchError>(m, "level", [&] { m.AddField("level", value); });
    Refused<TypeMismatchError>(m, "score", [&] { m.AddField("score", value); });
  }
  for (const std::string_view field : {"id", "code", "level", "ratio", "flag", "color", "seen"}) {
    Refused<TypeMismatchError>(m, field, [&] { m.ClearField(field); });
  }
}

TEST_CASE("B29 what does not fit the field is a TypeMismatchError, whatever the field holds") {
  InUpdate([](Mutation& m) {
    RefuseMismatches(m);  // nothing is set
    m.SetField("level", 1);
    m.SetField("ratio", 1.5);
    m.SetField("color", "green");
    m.SetField("score", 1);
    m.SetField("note", "n");
    RefuseMismatches(m);
    m.ResetField("level");
    m.AddField("level", 2);
    m.ResetField("ratio");
    m.AddField("ratio", 0.5);
    m.ClearField("score");
    m.ClearField("note");
    RefuseMismatches(m);
  });
}

TEST_CASE("B29 a value of the right type that the field cannot hold is a ValidationError") {
  InUpdate([](Mutation& m) {
    const auto refused = [&](std::string_view field, auto action) {
      Refused<ValidationError>(m, field, action);
    };
    m.SetField("level", 100);
    refused("level", [&] { m.SetField("level", 128); });
    refused("level", [&] { m.AddField("level", -129); });
    refused("level", [&] { m.AddField("level", 28); });  // the sum
    REQUIRE(*m.Get(F<&Thing::level>) == 100);
    m.ResetField("level");
    m.AddField("level", -100);
    refused("level", [&] { m.AddField("level", -29); });
    REQUIRE(*m.Added(F<&Thing::level>) == -100);
    refused("ratio", [&] { m.SetField("ratio", std::numeric_limits<double>::quiet_NaN()); });
    m.SetField("color", "green");
    refused("color", [&] { m.SetField("color", "blue"); });

    // Immutable on update, by name as by token.
    refused("code", [&] { m.SetField("code", "x"); });
    refused("id", [&] { m.SetField("id", 2); });
    refused("id", [&] { m.AddField("id", 1); });
  });
}

TEST_CASE("B29 an error in a hook that goes by names prevents the write") {
  Fixture<Thing, model::Pet> db;
  db.client.Use([]<class E>(grapnel::Mutation<E>& m, grapnel::Next<E> next) {
    m.SetField("note", "set by name");
    return next(m);
  });
  REQUIRE(db.client.Of<Thing>().Create().Set(F<&Thing::code>, "c").Save().note == "set by name");
  const auto error = Thrown<UnknownFieldError>(
      [&] { db.client.Of<model::Pet>().Create().Set(F<&model::Pet::name>, "Rex").Save(); });
  REQUIRE(error.Entity() == "Pet");
  REQUIRE(error.Field() == "note");
  REQUIRE(dynamic_cast<const FieldError*>(&error) != nullptr);
  REQUIRE(db.Raw("SELECT count(*) FROM Pet") == Lines{"0"});
}

TEST_CASE("B29 by name and by token are one state") {
  InUpdate([](Mutation& m) {
    m.Set(F<&Thing::score>, 7);
    REQUIRE(m.Field("score") == FieldValue(7));
    m.AddField("score", 1);
    REQUIRE(*m.Get(F<&Thing::score>) == 8);
    m.Clear(F<&Thing::score>);
    REQUIRE(m.FieldCleared("score"));
    REQUIRE(m.Field("score") == std::nullopt);
    m.SetField("score", 9);
    REQUIRE_FALSE(m.Cleared(F<&Thing::score>));
    m.Reset(F<&Thing::score>);
    REQUIRE(m.Fields() == Names{});
    REQUIRE(m.Field("id") == std::nullopt);  // the row that is updated, not a value to set
    REQUIRE(m.ID() == 1);
  });
}

}  // namespace
