#include <grapnel/grapnel.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

struct Note {
  std::int64_t id = 0;
  std::string tags;
};

template <>
struct grapnel::Schema<Note> {
  static constexpr std::string_view Type = "Note";
  static constexpr auto Fields() { return grapnel::Fields(Field<&Note::tags>("tags")); }
};

auto OpenNotes() { return grapnel::Open<Note>(":memory:"); }
