#include <grapnel/model/codec.hpp>

#include "support/catch.hpp"
#include "support/cell.hpp"

#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

using grapnel::FieldKind;
using grapnel::FieldValue;
using grapnel::detail::BadValue;
using grapnel::detail::Mapping;
using namespace std::chrono_literals;

namespace codecs {

enum class Level : std::uint8_t { Low = 1, High = 200 };
enum class Color { Red, Green, Unnamed };
enum class Letter : char { A = 'a', Last = std::numeric_limits<char>::max() };
enum class Flag : bool { Off, On };
enum class Wide : wchar_t { Euro = L'\u20ac' };
enum class Byte : char8_t { Most = 255 };
enum class Rune : char32_t { Most = 0xffffffff };
enum class Small : signed char { Least = -128 };
enum class Big : unsigned long long { One = 1, Most = ~0ULL };
enum class Named : bool { No, Yes };
struct Point {
  int x = 0, y = 0;
  friend bool operator==(const Point&, const Point&) = default;
};
struct Degrees {
  double value = 0;
};

}  // namespace codecs

template <>
struct grapnel::EnumNames<codecs::Color> {
  static constexpr std::pair<codecs::Color, std::string_view> Values[] = {
      {codecs::Color::Red, "red"}, {codecs::Color::Green, "green"}};
};
template <>
struct grapnel::EnumNames<codecs::Named> {
  static constexpr std::pair<codecs::Named, std::string_view> Values[] = {
      {codecs::Named::No, "no"}, {codecs::Named::Yes, "yes"}};
};
template <>
struct grapnel::Codec<codecs::Degrees> {
  using Stored = double;
  static double Encode(const codecs::Degrees& degrees) {
    if (degrees.value > 360) throw std::invalid_argument("too many degrees");
    return degrees.value;
  }
  static codecs::Degrees Decode(double stored) { return {stored}; }
};
template <>
struct grapnel::Codec<codecs::Point> {
  using Stored = std::string;
  static Stored Encode(const codecs::Point& p) {
    return std::to_string(p.x) + ";" + std::to_string(p.y);
  }
  static codecs::Point Decode(const Stored& stored) {
    const auto at = stored.find(';');
    if (at == stored.npos) throw std::invalid_argument("no point: " + stored);
    return {std::stoi(stored), std::stoi(stored.substr(at + 1))};
  }
};

namespace {

using codecs::Color;
using codecs::Level;
using codecs::Point;

/// Binds a value, reads it back, and does the same by FieldValue; returns what was stored.
template <class T>
FieldValue Through(const T& value) {
  Cell cell;
  Mapping<T>::Bind(value, cell, 1);
  T back{};
  Mapping<T>::Load(back, cell, 0);
  CHECK(back == value);
  T given{};
  CHECK(Mapping<T>::FromValue(given, Mapping<T>::ToValue(value)));
  CHECK(given == value);
  return cell.value;
}

template <class T>
T Load(FieldValue stored) {
  Cell cell(std::move(stored));
  T value{};
  Mapping<T>::Load(value, cell, 0);
  return value;
}

using Micros = std::chrono::time_point<std::chrono::system_clock, std::chrono::microseconds>;
using Days = std::chrono::time_point<std::chrono::system_clock, std::chrono::days>;
using Time = std::chrono::system_clock::time_point;

}  // namespace

TEST_CASE("every type goes to its storage class and back") {
  CHECK(Through(true) == FieldValue(1));
  CHECK(Through(std::int16_t{-7}) == FieldValue(-7));
  CHECK(Through(std::uint64_t{9}) == FieldValue(9));
  CHECK(Through(std::numeric_limits<std::int64_t>::min()) ==
        FieldValue(std::numeric_limits<std::int64_t>::min()));
  CHECK(Through(2.5) == FieldValue(2.5));
  CHECK(Through(std::string("a\0'b", 4)) == FieldValue(std::string_view("a\0'b", 4)));
  const Cell::Bytes bytes{std::byte{0}, std::byte{255}};
  CHECK(Through(bytes) == FieldValue(bytes));
  CHECK(Through(std::vector<std::uint8_t>{0, 255}) == FieldValue(bytes));
  CHECK(Through(Cell::Bytes()) == FieldValue(Cell::Bytes()));
  CHECK(Through(Level::High) == FieldValue(200));
  CHECK(Through(Color::Green) == FieldValue("green"));
  CHECK(Through(Point{3, -4}) == FieldValue("3;-4"));
  CHECK(Through(Micros(5us)) == FieldValue(5));
  CHECK(Through(Days(std::chrono::days(2))) == FieldValue(std::int64_t{2} * 86'400'000'000));
  CHECK(Through(std::optional<std::string>("x")) == FieldValue("x"));
  CHECK(Through(std::optional<Point>()) == FieldValue());
}

TEST_CASE("a kind is known at compile time, an optional has that of its value") {
  STATIC_REQUIRE(Mapping<bool>::Kind == FieldKind::Bool);
  STATIC_REQUIRE(Mapping<std::optional<Level>>::Kind == FieldKind::Int);
  STATIC_REQUIRE(Mapping<Time>::Kind == FieldKind::Int);
  STATIC_REQUIRE(Mapping<double>::Kind == FieldKind::Real);
  STATIC_REQUIRE(Mapping<Color>::Kind == FieldKind::Text);
  STATIC_REQUIRE(Mapping<Point>::Kind == FieldKind::Text);
  STATIC_REQUIRE(Mapping<std::vector<std::uint8_t>>::Kind == FieldKind::Blob);
}

TEST_CASE("a member is bound as it stands, what is made for the purpose has to be copied") {
  Cell cell;
  const std::string text = "member";
  Mapping<std::string>::Bind(text, cell, 1);
  CHECK_FALSE(cell.temporary);
  Mapping<Point>::Bind(Point{1, 2}, cell, 1);
  CHECK(cell.temporary);
}

TEST_CASE("a value of another storage class is refused, not converted") {
  CHECK_THROWS_AS(Load<std::int64_t>("1"), BadValue);
  CHECK_THROWS_AS(Load<std::string>(1), BadValue);
  CHECK_THROWS_AS(Load<std::string>({}), BadValue);
  std::int64_t number = 5;
  CHECK_FALSE(Mapping<std::int64_t>::FromValue(number, "1"));
  CHECK_FALSE(Mapping<std::int64_t>::FromValue(number, true));
  CHECK_FALSE(Mapping<std::int64_t>::FromValue(number, FieldValue()));
  CHECK(number == 5);
  std::optional<std::int64_t> maybe = 5;
  CHECK_FALSE(Mapping<std::optional<std::int64_t>>::FromValue(maybe, 1.5));
  CHECK(maybe == 5);
  CHECK(Mapping<std::optional<std::int64_t>>::FromValue(maybe, FieldValue()));
  CHECK(maybe == std::nullopt);
}

TEST_CASE("B79 integers that do not fit are refused on both ways") {
  Cell cell;
  const std::uint64_t big = std::uint64_t{1} << 63U;
  CHECK_THROWS_WITH(Mapping<std::uint64_t>::Bind(big, cell, 1),
                    "the value 9223372036854775808 is above 2^63 - 1");
  CHECK_THROWS_WITH(Load<std::int8_t>(128), "the value 128 is out of the field's range");
  CHECK_THROWS_AS(Load<std::uint32_t>(-1), BadValue);
  CHECK_THROWS_AS(Load<Level>(256), BadValue);
  CHECK(Load<std::int8_t>(-128) == -128);
}

TEST_CASE("B79 NaN is refused, and -0.0 becomes 0.0") {
  Cell cell;
  CHECK_THROWS_WITH(Mapping<double>::Bind(std::nan(""), cell, 1), "NaN cannot be stored");
  Mapping<double>::Bind(-0.0, cell, 1);
  REQUIRE(cell.value.As<double>() != nullptr);
  CHECK_FALSE(std::signbit(*cell.value.As<double>()));
  double zero = -0.0;
  grapnel::detail::Normalize(zero);
  CHECK_FALSE(std::signbit(zero));
}

TEST_CASE("B79 -0.0 becomes 0.0 by way of a Codec as well") {
  codecs::Degrees zero{-0.0};
  grapnel::detail::Normalize(zero);
  CHECK_FALSE(std::signbit(zero.value));
  std::optional<codecs::Degrees> maybe(codecs::Degrees{-0.0});
  grapnel::detail::Normalize(maybe);
  CHECK_FALSE(std::signbit(maybe->value));
  codecs::Degrees refused{400};  // where it is written, not here
  grapnel::detail::Normalize(refused);
  CHECK(refused.value == 400);
}

TEST_CASE("characters are integers, and so are enums over them or over bool") {
  using namespace codecs;
  CHECK(Through('a') == FieldValue(97));
  CHECK(Through(static_cast<signed char>(-128)) == FieldValue(-128));
  CHECK(Through(char8_t{255}) == FieldValue(255));
  CHECK(Through(char16_t{0xffff}) == FieldValue(0xffff));
  CHECK(Through(char32_t{0xffffffff}) == FieldValue(std::int64_t{0xffffffff}));
  CHECK(Through(L'\u20ac') == FieldValue(0x20ac));
  CHECK(Through(Letter::A) == FieldValue(97));
  CHECK(Through(Flag::On) == FieldValue(1));
  CHECK(Through(Flag::Off) == FieldValue(0));
  CHECK(Through(Wide::Euro) == FieldValue(0x20ac));
  CHECK(Through(Byte::Most) == FieldValue(255));
  CHECK(Through(Rune::Most) == FieldValue(std::int64_t{0xffffffff}));
  CHECK(Through(Small::Least) == FieldValue(-128));
  CHECK(Through(Big::One) == FieldValue(1));
  CHECK(Through(Named::Yes) == FieldValue("yes"));
  CHECK(Through(std::optional<Flag>(Flag::On)) == FieldValue(1));
  STATIC_REQUIRE(Mapping<Flag>::Kind == FieldKind::Int);
  CHECK_THROWS_WITH(Load<Flag>(2), "the value 2 is out of the field's range");
  CHECK_THROWS_AS(Load<Flag>(-1), BadValue);
  CHECK_THROWS_AS(Load<char>(1000), BadValue);
  CHECK_THROWS_AS(Load<char8_t>(-1), BadValue);
  Cell cell;
  CHECK_THROWS_AS(Mapping<Big>::Bind(Big::Most, cell, 1), BadValue);
}

TEST_CASE("an enum without the name that is asked for is refused on both ways") {
  Cell cell;
  CHECK_THROWS_WITH(Mapping<Color>::Bind(Color::Unnamed, cell, 1),
                    "the enum value 2 has no name in EnumNames");
  CHECK_THROWS_WITH(Load<Color>("blue"), "\"blue\" is no name in EnumNames");
}

TEST_CASE("what a codec throws is passed on") {
  CHECK_THROWS_WITH(Load<Point>("nowhere"), "no point: nowhere");
}

TEST_CASE("time points are floored to microseconds, also before 1970") {
  using std::chrono::nanoseconds;
  const auto floored = [](nanoseconds since_epoch) {
    std::optional<Time> time(Time(std::chrono::duration_cast<Time::duration>(since_epoch)));
    grapnel::detail::Normalize(time);
    CHECK(Through(*time) == Mapping<Time>::ToValue(*time));
    return nanoseconds(time->time_since_epoch());
  };
  CHECK(floored(nanoseconds(1'999)) == 1us);
  CHECK(floored(nanoseconds(-1)) == -1us);
  CHECK(floored(nanoseconds(-1'000)) == -1us);
}

TEST_CASE("a time that cannot be stored is refused") {
  Cell cell;
  CHECK_THROWS_AS(Mapping<Days>::Bind(Days::max(), cell, 1), BadValue);
  CHECK_THROWS_AS(Mapping<Days>::Bind(Days::min(), cell, 1), BadValue);
  if constexpr (std::is_same_v<Time::duration, std::chrono::nanoseconds>) {
    Time first = Time::min();  // the microsecond that it belongs to begins before it
    CHECK_THROWS_AS(grapnel::detail::Normalize(first), BadValue);
    Time last = Time::max();
    grapnel::detail::Normalize(last);
    CHECK(Through(last) == FieldValue(9'223'372'036'854'775));
  }
}

TEST_CASE("a time that the clock cannot hold is refused") {
  const std::int64_t most = std::numeric_limits<std::int64_t>::max();
  CHECK(Load<Micros>(most) == Micros::max());
  if constexpr (std::is_same_v<Time::duration, std::chrono::nanoseconds>) {
    CHECK_THROWS_AS(Load<Time>(most), BadValue);
    CHECK_THROWS_AS(Load<Time>(std::numeric_limits<std::int64_t>::min()), BadValue);
  }
}

TEST_CASE("times of any resolution are stored as chrono floors them, and read as what was stored") {
  using namespace std::chrono;
  std::mt19937_64 random(10);
  const auto check = [&]<class Duration>(Duration since) {
    using Point = time_point<system_clock, Duration>;
    Point point(since);
    const FieldValue stored = Mapping<Point>::ToValue(point);
    CHECK(stored == FieldValue(floor<microseconds>(since).count()));
    grapnel::detail::Normalize(point);
    CHECK(Mapping<Point>::ToValue(point) == stored);
    CHECK(Load<Point>(stored) == point);
    if constexpr (Duration(1) >= microseconds(1)) {
      CHECK(point.time_since_epoch() == since);
    } else {
      CHECK(point.time_since_epoch() < since + Duration(1));
      CHECK(point.time_since_epoch() > since - microseconds(1));
    }
  };
  for (int i = 0; i < 1000; ++i) {
    const auto ticks = static_cast<std::int64_t>(random()) >> (random() % 63 + 1);
    check(nanoseconds(ticks / 2 * 2));
    check(microseconds(ticks));
    check(milliseconds(ticks / 1000));
    check(seconds(ticks / 1'000'000));
    check(days(static_cast<int>(ticks % 100'000'000)));
    check(duration<std::int64_t, std::ratio<1, 3>>(ticks % 1'000'000'000'000));
    check(duration<std::int64_t, std::ratio<1, 90'000>>(ticks % 1'000'000'000'000));
    check(duration<std::int64_t, std::ratio<7, 1'000'000>>(ticks / 10));
    check(duration<std::int64_t, std::ratio<7, 5'000'000>>(ticks / 10));
    check(duration<std::int64_t, std::ratio<3, 7'000'000>>(ticks % 1'000'000'000'000));
    check(duration<std::int64_t, std::pico>(ticks));
  }
}

TEST_CASE("of a time that lies between two ticks, the one before it is read") {
  using namespace std::chrono;
  using Thirds = time_point<system_clock, duration<std::int64_t, std::ratio<1, 3>>>;
  using Seconds = time_point<system_clock, seconds>;
  CHECK(Load<Seconds>(1'999'999) == Seconds(1s));
  CHECK(Load<Seconds>(-1) == Seconds(-1s));
  CHECK(Load<Thirds>(333'332).time_since_epoch().count() == 0);
  CHECK(Load<Thirds>(333'333).time_since_epoch().count() == 1);
  CHECK(Load<Thirds>(333'334).time_since_epoch().count() == 1);
  CHECK(Load<Thirds>(-333'334).time_since_epoch().count() == -1);
  CHECK(Load<Thirds>(-333'335).time_since_epoch().count() == -2);
}

TEST_CASE("times of the coarsest and of the finest clocks are stored or refused") {
  using namespace std::chrono;
  using Ages = time_point<system_clock, duration<std::int64_t, std::peta>>;
  using Atoms = time_point<system_clock, duration<std::int64_t, std::atto>>;
  Cell cell;
  const std::int64_t most = std::numeric_limits<std::int64_t>::max();
  CHECK(Through(Ages(Ages::duration(0))) == FieldValue(0));
  for (const std::int64_t ticks : {std::int64_t{1}, std::int64_t{-1}, most, -most - 1}) {
    CHECK_THROWS_AS(Mapping<Ages>::Bind(Ages(Ages::duration(ticks)), cell, 1), BadValue);
  }
  CHECK(Load<Ages>(most) == Ages());
  CHECK(Mapping<Atoms>::ToValue(Atoms::max()) == FieldValue(9'223'372));
  CHECK(Mapping<Atoms>::ToValue(Atoms::min()) == FieldValue(-9'223'373));
  CHECK_THROWS_AS(Load<Atoms>(most), BadValue);
}

TEST_CASE("times that are counted in reals are stored floored, and read as what was stored") {
  using namespace std::chrono;
  std::mt19937_64 random(11);
  const auto check = [&]<class Duration>(Duration since) {
    time_point<system_clock, Duration> point(since);
    const FieldValue stored = Mapping<decltype(point)>::ToValue(point);
    for (int i = 0; i < 3; ++i) {
      grapnel::detail::Normalize(point);
      CHECK(Mapping<decltype(point)>::ToValue(point) == stored);
    }
  };
  for (int i = 0; i < 10'000; ++i) {
    const auto micros = static_cast<std::int64_t>(random()) >> (random() % 63 + 1);
    const double real = static_cast<double>(micros) + 0.25;
    check(duration<double>(real / 1e6));
    check(duration<double, std::milli>(real / 1e3));
    check(duration<double, std::ratio<1, 3>>(real / 3e6));
    check(duration<float>(static_cast<float>(real / 1e6)));
    check(duration<long double>(real / 1e6L));
  }
  using Seconds = time_point<system_clock, duration<double>>;
  CHECK(Through(Seconds(duration<double>(-1.25))) == FieldValue(-1'250'000));
  CHECK(Load<Seconds>(2'500'000) == Seconds(duration<double>(2.5)));
  Cell cell;
  CHECK_THROWS_AS(Mapping<Seconds>::Bind(Seconds(duration<double>(1e300)), cell, 1), BadValue);
  CHECK_THROWS_AS(Mapping<Seconds>::Bind(Seconds(duration<double>(std::nan(""))), cell, 1),
                  BadValue);
}

TEST_CASE("of the clocks, it is the system's whose times can be stored") {
  STATIC_REQUIRE(grapnel::detail::TimePoint<Time>);
  STATIC_REQUIRE(grapnel::detail::TimePoint<Days>);
  STATIC_REQUIRE_FALSE(grapnel::detail::TimePoint<std::chrono::steady_clock::time_point>);
  STATIC_REQUIRE_FALSE(grapnel::detail::TimePoint<std::chrono::seconds>);
  STATIC_REQUIRE_FALSE(grapnel::detail::TimePoint<int>);
}
