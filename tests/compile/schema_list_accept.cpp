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

struct Unnamed {
  std::int64_t id = 0;
};
struct Timed {
  std::string at;
};
struct Entry : Timed {
  std::int64_t id = 0;
};
template <>
struct grapnel::Schema<Unnamed> {
  static constexpr std::string_view Type = "Unnamed";
};
template <>
struct grapnel::Schema<Timed> {
  static constexpr auto Fields() { return grapnel::Fields(Field<&Timed::at>("at")); }
};
template <>
struct grapnel::Schema<Entry> {
  static constexpr std::string_view Type = "Entry";
  using Mixins = grapnel::Mixins<Timed>;
};

auto OpenNotes() { return grapnel::Open<Note>(":memory:"); }
auto OpenUnnamed() { return grapnel::Open<Unnamed>(":memory:"); }
auto OpenEntries() { return grapnel::Open<Entry>(":memory:"); }
