#include "contract/all_kinds.hpp"
#include "support/catch.hpp"
#include "support/engine/engine.hpp"
#include "support/engine/traits.hpp"

#include <grapnel/grapnel.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <limits>
#include <optional>
#include <random>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace {

using grapnel::F;
using kinds::Maybe;

/// Values at random, of a kind that likes to go wrong and to come twice.
class Dice {
 public:
  explicit Dice(unsigned seed) : engine_(seed) {}

  std::size_t Below(std::size_t n) { return engine_() % n; }
  bool Once(std::size_t in) { return Below(in) == 0; }

  template <class N>
  N Number() {
    switch (Below(4)) {
      case 0:
        return std::numeric_limits<N>::min();
      case 1:
        return Top<N>();
      case 2:
        return static_cast<N>(engine_()) & Top<N>();
      default:
        return static_cast<N>(Below(5));
    }
  }
  double Real() {
    const double inf = std::numeric_limits<double>::infinity();
    switch (Below(4)) {
      case 0:
        return std::vector{0.0, -0.0, inf, -inf, 0.1, 1e300, 5e-324}[Below(7)];
      case 1:
        return static_cast<double>(Below(5));
      default:
        return std::ldexp(static_cast<double>(static_cast<std::int64_t>(Bits())),
                          static_cast<int>(Below(200)) - 100);
    }
  }
  std::string Text() {
    static const std::string bytes("aAb\0%_'\"\xff\xc3\xa9 ", 12);
    std::string text;
    for (std::size_t left = Below(4); left > 0; --left) text += bytes[Below(bytes.size())];
    return engine::Storable(text);
  }
  kinds::Octets Octets() {
    const std::string text = Text();
    return {text.begin(), text.end()};
  }
  kinds::Level Level() { return static_cast<kinds::Level>(Number<std::int16_t>()); }
  kinds::Time Time() {
    return kinds::Time(
        std::chrono::microseconds(static_cast<std::int64_t>(Bits() >> 14) - (1 << 20)));
  }

  template <class Make>
  auto Perhaps(Make make) -> std::optional<decltype(make())> {
    if (Once(6)) return std::nullopt;
    return make();
  }

  Maybe Row() {
    Maybe row;
    row.flag = Perhaps([&] { return Once(2); });
    row.i8 = Perhaps([&] { return Number<std::int8_t>(); });
    row.i16 = Perhaps([&] { return Number<std::int16_t>(); });
    row.i32 = Perhaps([&] { return Number<std::int32_t>(); });
    row.i64 = Perhaps([&] { return Number<std::int64_t>(); });
    row.u8 = Perhaps([&] { return Number<std::uint8_t>(); });
    row.u16 = Perhaps([&] { return Number<std::uint16_t>(); });
    row.u32 = Perhaps([&] { return Number<std::uint32_t>(); });
    row.u64 = Perhaps([&] { return Number<std::uint64_t>(); });
    row.real = Perhaps([&] { return Real(); });
    row.text = Perhaps([&] { return Text(); });
    row.octets = Perhaps([&] { return Octets(); });
    row.level = Perhaps([&] { return Level(); });
    row.mood = Perhaps([&] { return static_cast<kinds::Mood>(Below(2)); });
    row.time = Perhaps([&] { return Time(); });
    row.warmth = Perhaps([&] { return kinds::Celsius{static_cast<double>(Below(50)) / 10}; });
    return row;
  }

 private:
  template <class N>
  static constexpr N Top() {
    if constexpr (std::is_same_v<N, std::uint64_t>) return std::uint64_t{1} << 63 >> 1;
    return std::numeric_limits<N>::max();
  }
  std::uint64_t Bits() { return engine_() >> Below(60); }

  std::mt19937_64 engine_;
};

/// A predicate, and what it means: nothing where a NULL is compared, as in SQL.
struct Both {
  grapnel::store::Predicate<Maybe> where;
  std::function<std::optional<bool>(const Maybe&)> holds;
  std::string text;
};

/// The rows by their ids that are in one list only; nothing when the lists are alike.
std::string Difference(const std::vector<std::int64_t>& found,
                       const std::vector<std::int64_t>& expected) {
  std::vector<std::int64_t> extra, missing;
  std::set_difference(found.begin(), found.end(), expected.begin(), expected.end(),
                      std::back_inserter(extra));
  std::set_difference(expected.begin(), expected.end(), found.begin(), found.end(),
                      std::back_inserter(missing));
  if (found == expected) return "";
  return fmt::format("too many: {}, too few: {}", fmt::join(extra, " "), fmt::join(missing, " "));
}

class Predicates {
 public:
  explicit Predicates(unsigned seed) : dice_(seed) {}

  Both Any(int depth) {
    if (depth == 0 || dice_.Once(4)) return Leaf();
    const Both left = Any(depth - 1);
    if (dice_.Once(3)) return Not(left);
    const Both right = Any(depth - 1);
    const bool all = dice_.Once(2);
    return {all ? left.where && right.where : left.where || right.where,
            [=](const Maybe& row) -> std::optional<bool> {
              const auto a = left.holds(row), b = right.holds(row);
              if (a == !all || b == !all) return !all;
              return a && b ? std::optional(all) : std::nullopt;
            },
            fmt::format("({} {} {})", left.text, all ? "&&" : "||", right.text)};
  }

 private:
  static Both Not(const Both& of) {
    return {!of.where,
            [of](const Maybe& row) {
              const auto holds = of.holds(row);
              return holds ? std::optional(!*holds) : std::nullopt;
            },
            "!" + of.text};
  }

  Both Leaf() {
    switch (dice_.Below(13)) {
      case 0:
        return Compared<&Maybe::flag>("flag", [&] { return dice_.Once(2); });
      case 1:
        return Compared<&Maybe::i8>("i8", [&] { return dice_.Number<std::int8_t>(); });
      case 2:
        return Compared<&Maybe::i64>("i64", [&] { return dice_.Number<std::int64_t>(); });
      case 3:
        return Compared<&Maybe::u32>("u32", [&] { return dice_.Number<std::uint32_t>(); });
      case 4:
        return Compared<&Maybe::u64>("u64", [&] { return dice_.Number<std::uint64_t>(); });
      case 5:
        return Compared<&Maybe::real>("real", [&] { return dice_.Real(); });
      case 6:
        return Compared<&Maybe::text>("text", [&] { return dice_.Text(); });
      case 7:
        return Compared<&Maybe::octets>("octets", [&] { return dice_.Octets(); });
      case 8:
        return Compared<&Maybe::level>("level", [&] { return dice_.Level(); });
      case 9:
        return Compared<&Maybe::time>("time", [&] { return dice_.Time(); });
      case 10:
        return Part<&Maybe::octets>("octets", dice_.Octets());
      default:
        return Part<&Maybe::text>("text", dice_.Text());
    }
  }

  /// A test of the field's value; a NULL passes none and fails none.
  template <auto Member, class Test>
  static auto When(Test test) {
    return [test](const Maybe& row) -> std::optional<bool> {
      if (!(row.*Member)) return std::nullopt;
      return test(*(row.*Member));
    };
  }

  static std::string Show(const std::string& text) {
    std::string shown = "\"";
    for (const char c : text) {
      shown +=
          c > ' ' ? std::string(1, c) : fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    }
    return shown + '"';
  }
  template <class T>
  static std::string Show(const T& value) {
    if constexpr (std::is_arithmetic_v<T>) return fmt::format("{}", value);
    if constexpr (std::is_enum_v<T>) return fmt::format("{}", static_cast<int>(value));
    if constexpr (requires { value.begin(); }) return Show(std::string(value.begin(), value.end()));
    return "value";
  }

  template <auto Member, class Make>
  Both Compared(const std::string& name, Make make) {
    using T = decltype(make());
    constexpr auto field = F<Member>;
    const T value = make();
    const auto both = [&](const char* op, const auto& where, auto test) {
      return Both{where, When<Member>(std::move(test)), name + op + Show(value)};
    };
    switch (dice_.Below(9)) {
      case 0:
        return both(" == ", field == value, [=](const T& is) { return is == value; });
      case 1:
        return both(" != ", field != value, [=](const T& is) { return is != value; });
      case 2:
        return both(" < ", field < value, [=](const T& is) { return is < value; });
      case 3:
        return both(" > ", value < field, [=](const T& is) { return value < is; });
      case 4:
        return both(" <= ", field <= value, [=](const T& is) { return is <= value; });
      case 5:
        return both(" >= ", value <= field, [=](const T& is) { return value <= is; });
      case 6:
        return {field.IsNull(), [](const Maybe& row) { return std::optional(!(row.*Member)); },
                name + " is null"};
      default:
        break;
    }
    std::vector<T> list(dice_.Once(3) ? 1030 : dice_.Below(6));  // long ones are sent packed
    std::generate(list.begin(), list.end(), make);
    const std::string text = fmt::format("{} in {}", name, list.size());
    if (list.empty())
      return {field.In(list), [](const Maybe&) { return std::optional(false); }, text};
    return {field.In(list), When<Member>([=](const T& is) {
              return std::find(list.begin(), list.end(), is) != list.end();
            }),
            text};
  }

  template <auto Member, class T>
  Both Part(const std::string& name, const T& part) {
    const auto both = [&](const char* op, const auto& where, auto test) {
      return Both{where, When<Member>(std::move(test)), name + op + Show(part)};
    };
    switch (dice_.Below(3)) {
      case 0:
        return both(" contains ", F<Member>.Contains(part), [=](const T& is) {
          return part.empty() ||
                 std::search(is.begin(), is.end(), part.begin(), part.end()) != is.end();
        });
      case 1:
        return both(" has prefix ", F<Member>.HasPrefix(part), [=](const T& is) {
          return is.size() >= part.size() && std::equal(part.begin(), part.end(), is.begin());
        });
      default:
        return both(" has suffix ", F<Member>.HasSuffix(part), [=](const T& is) {
          return is.size() >= part.size() && std::equal(part.rbegin(), part.rend(), is.rbegin());
        });
    }
  }

  Dice dice_;
};

}  // namespace

TEST_CASE("B79 random rows come back, and predicates find what they mean") {
  const auto seed = GENERATE(1U, 2U, 3U);
  INFO("seed " << seed);
  Dice dice(seed);
  std::vector<Maybe> rows(150);
  std::generate(rows.begin(), rows.end(), [&] { return dice.Row(); });

  const auto client = engine::Open<Maybe>(":memory:");
  client.Migrate();
  const auto all = client.Of<Maybe>();
  const auto made = all.CreateBulk(rows).Save();
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i].id = made[i].id;
  REQUIRE((made == rows));
  REQUIRE((all.Query().Order(grapnel::Asc(F<&Maybe::id>)).All() == rows));

  Predicates predicates(seed);
  for (int i = 0; i < 400; ++i) {
    const Both both = predicates.Any(3);
    INFO("predicate " << i << ": " << both.text);
    std::vector<std::int64_t> expected;
    for (const Maybe& row : rows) {
      if (both.holds(row) == true) expected.push_back(row.id);
    }
    const auto query = all.Query().Where(both.where).Order(grapnel::Asc(F<&Maybe::id>));
    CHECK(Difference(query.IDs(), expected) == "");
    CHECK(query.Count() == static_cast<std::int64_t>(expected.size()));
    CHECK(query.Exist() == !expected.empty());
  }
}

TEST_CASE("B79 random rows come in the order of their fields, NULL first") {
  Dice dice(4);
  std::vector<Maybe> rows(200);
  std::generate(rows.begin(), rows.end(), [&] { return dice.Row(); });
  const auto client = engine::Open<Maybe>(":memory:");
  client.Migrate();
  rows = client.Of<Maybe>().CreateBulk(rows).Save();

  const auto sorted = [&](auto less) {
    std::vector<Maybe> by = rows;
    std::sort(by.begin(), by.end(), [&](const Maybe& a, const Maybe& b) {
      return less(a, b) || (!less(b, a) && a.id < b.id);
    });
    std::vector<std::int64_t> ids;
    for (const Maybe& row : by) ids.push_back(row.id);
    return ids;
  };
  const auto check = [&]<auto Member>(grapnel::MemberToken<Member> field) {
    const auto asked = [&](const auto& order) {
      return client.Of<Maybe>().Query().Order(order, grapnel::Asc(F<&Maybe::id>)).IDs();
    };
    CHECK(asked(grapnel::Asc(field)) ==
          sorted([](const Maybe& a, const Maybe& b) { return a.*Member < b.*Member; }));
    CHECK(asked(grapnel::Desc(field)) ==
          sorted([](const Maybe& a, const Maybe& b) { return b.*Member < a.*Member; }));
  };
  check(F<&Maybe::flag>);
  check(F<&Maybe::i8>);
  check(F<&Maybe::i64>);
  check(F<&Maybe::u64>);
  check(F<&Maybe::real>);
  check(F<&Maybe::text>);
  check(F<&Maybe::octets>);
  check(F<&Maybe::level>);
  check(F<&Maybe::time>);
}
