#include <grapnel/grapnel.hpp>

#include <cstdint>
#include <string>
#include <string_view>

struct Note {
  std::int64_t id = 0;
  std::string text;
};

template <>
struct grapnel::Schema<Note> {
  static constexpr std::string_view Type = "Note";
  static constexpr auto Fields() { return grapnel::Fields(Field<&Note::text>("text")); }
};

auto OpenNotes() { return grapnel::Open<Note>(":memory:"); }
