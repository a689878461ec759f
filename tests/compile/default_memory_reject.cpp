// expect: a Default that owns memory is given as a function: \.Default\(\[\]
// expect: a Default that owns memory cannot stand in a constant: give a function that makes it
// expect: Default takes a value of the field.s type, or a function without parameters
#include <grapnel/grapnel.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

using Words = std::map<std::string, int>;

template <>
struct grapnel::Codec<Words> {
  using Stored = std::string;
  static std::string Encode(const Words&) { return {}; }
  static Words Decode(const std::string&) { return {}; }
};

struct Note {
  std::int64_t id = 0;
  std::int64_t size = 0;
  std::vector<std::byte> bytes;
};
struct Text {
  std::int64_t id = 0;
  Words words;
};
struct Wrong {
  std::int64_t id = 0;
  std::int64_t size = 0;
};

template <>
struct grapnel::Schema<Note> {
  static constexpr std::string_view Type = "Note";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&Note::bytes>("bytes").Default(std::vector{std::byte{1}}));
  }
};
template <>
struct grapnel::Schema<Text> {
  static constexpr std::string_view Type = "Text";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&Text::words>("words").Default(Words{}));
  }
};
template <>
struct grapnel::Schema<Wrong> {
  static constexpr std::string_view Type = "Wrong";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&Wrong::size>("size").Default(std::vector<int>{}));
  }
};

auto OpenNotes() { return grapnel::Open<Note>(":memory:"); }
auto OpenTexts() { return grapnel::Open<Text>(":memory:"); }
auto OpenWrong() { return grapnel::Open<Wrong>(":memory:"); }
