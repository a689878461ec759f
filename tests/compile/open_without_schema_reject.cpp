// expect: this type has no schema: write template <> struct grapnel::Schema<User>
#include <grapnel/grapnel.hpp>

#include <cstdint>
#include <string>
#include <string_view>

struct Note {
  std::int64_t id = 0;
  std::string text;
};

auto OpenNotes() { return grapnel::Open<Note>(":memory:"); }
