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
struct Point {
  int x = 0, y = 0;
  friend bool operator==(const Point&, const Point&) = default;
};

}  // namespace codecs

template <>
struct grapnel::EnumNames<codecs::Color> {
  static constexpr std::pair<codecs::Color, std::string_view> Values[] = {
      {codecs::Color::Red, "red"}, {codecs::Color::Green, "green"}};
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

TEST_CASE("times of any resolution are stored as chrono floors them") {
  using namespace std::chrono;
  std::mt19937_64 random(10);
  const auto check = [&]<class Duration>(Duration since) {
    using Point = time_point<system_clock, Duration>;
    const Point point(since);
    const std::int64_t expected = floor<microseconds>(since).count();
    CHECK(Mapping<Point>::ToValue(point) == FieldValue(expected));
    CHECK(Load<Point>(expected) == Point(floor<Duration>(microseconds(expected))));
  };
  for (int i = 0; i < 1000; ++i) {
    const auto ticks = static_cast<std::int64_t>(random()) >> (random() % 63 + 1);
    check(nanoseconds(ticks / 2 * 2));
    check(microseconds(ticks));
    check(milliseconds(ticks / 1000));
    check(seconds(ticks / 1'000'000));
    check(days(static_cast<int>(ticks % 100'000'000)));
    check(duration<std::int64_t, std::ratio<1, 3>>(ticks % 1'000'000'000'000));
    check(duration<std::int64_t, std::ratio<7, 5'000'000>>(ticks / 10));
    check(duration<std::int64_t, std::pico>(ticks));
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
