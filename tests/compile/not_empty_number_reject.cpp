// expect: NotEmpty, MinLen and MaxLen are for fields of text and blob
// expect: Range and Positive are for fields of numbers
#include <grapnel/grapnel.hpp>

#include <cstdint>
#include <string>
#include <string_view>

struct Note {
  std::int64_t id = 0;
  std::int64_t size{};
  std::string text{};
  std::string word{};
};

template <>
struct grapnel::Schema<Note> {
  static constexpr std::string_view Type = "Note";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&Note::size>("size").NotEmpty(),
                           Field<&Note::text>("text").Positive(),
                           Field<&Note::word>("word").Range("a", "b"));
  }
};

auto OpenNotes() { return grapnel::Open<Note>(":memory:"); }
