#pragma once

/// Two entities with a field of every kind: Plain has the values, Maybe std::optionals of them.

#include <grapnel/grapnel.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kinds {

enum class Level : std::int16_t { Low = -3, Middle, High = 300 };  // stored as its number
enum class Mood : std::uint8_t { Calm, Angry, Odd };               // stored as text

using Time = std::chrono::system_clock::time_point;
using Day = std::chrono::sys_days;
using Bytes = std::vector<std::byte>;
using Octets = std::vector<std::uint8_t>;

/// A type of the user's own: degrees, stored in tenths.
struct Celsius {
  double degrees = 0;
  bool operator==(const Celsius&) const = default;
};

template <template <class> class W>
struct All {
  std::int64_t id = 0;
  W<bool> flag{};
  W<std::int8_t> i8{};
  W<std::int16_t> i16{};
  W<std::int32_t> i32{};
  W<std::int64_t> i64{};
  W<std::uint8_t> u8{};
  W<std::uint16_t> u16{};
  W<std::uint32_t> u32{};
  W<std::uint64_t> u64{};
  W<double> real{};
  W<std::string> text{};
  W<Bytes> bytes{};
  W<Octets> octets{};
  W<Level> level{};
  W<Mood> mood{};
  W<Time> time{};
  W<Day> day{};
  W<Celsius> warmth{};

  bool operator==(const All&) const = default;
};

template <class T>
using Itself = T;
using Plain = All<Itself>;
using Maybe = All<std::optional>;

}  // namespace kinds

template <>
struct grapnel::EnumNames<kinds::Mood> {
  static constexpr std::pair<kinds::Mood, std::string_view> Values[] = {
      {kinds::Mood::Calm, "calm"}, {kinds::Mood::Angry, "it's \"angry\""}};  // Odd has no name
};

template <>
struct grapnel::Codec<kinds::Celsius> {
  using Stored = std::int64_t;
  static Stored Encode(const kinds::Celsius& value) {
    return static_cast<Stored>(value.degrees * 10);
  }
  static kinds::Celsius Decode(const Stored& stored) { return {static_cast<double>(stored) / 10}; }
};

template <template <class> class W>
struct grapnel::Schema<kinds::All<W>> {
  using All = kinds::All<W>;
  static constexpr std::string_view Type =
      std::is_same_v<All, kinds::Plain> ? std::string_view("Plain") : std::string_view("Maybe");
  static constexpr auto Fields() {
    return grapnel::Fields(
        Field<&All::flag>("flag"), Field<&All::i8>("i8"), Field<&All::i16>("i16"),
        Field<&All::i32>("i32"), Field<&All::i64>("i64"), Field<&All::u8>("u8"),
        Field<&All::u16>("u16"), Field<&All::u32>("u32"), Field<&All::u64>("u64"),
        Field<&All::real>("real"), Field<&All::text>("text"), Field<&All::bytes>("bytes"),
        Field<&All::octets>("octets"), Field<&All::level>("level"), Field<&All::mood>("mood"),
        Field<&All::time>("time"), Field<&All::day>("day"), Field<&All::warmth>("warmth"));
  }
};
