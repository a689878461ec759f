#include <grapnel/grapnel.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace hook = grapnel::hook;

struct Note {
  std::int64_t id = 0;
  std::string text;
};

template <>
struct grapnel::Schema<Note> {
  static constexpr std::string_view Type = "Note";
  static constexpr auto Fields() { return grapnel::Fields(Field<&Note::text>("text")); }
  static auto Hooks() {
    return grapnel::Hooks(hook::Before([](grapnel::Mutation<Note>&) {}));
  }
  static auto Interceptors() {
    return grapnel::Interceptors(hook::Before([](grapnel::Reading<Note>& r) { r.AtMost(3); }));
  }
};

auto OpenNotes() { return grapnel::Open<Note>(":memory:"); }
