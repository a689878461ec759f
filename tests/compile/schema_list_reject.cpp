// expect: Hooks\(\) returns a list, grapnel::Hooks\(first, second\)
// expect: VisitSchema.*SchemaHooks
// expect: VisitSchema.*SchemaInterceptors
// expect: a Schema says what the entity is called
// expect: nothing reads what is called Field, Edge, Index, Hook, Interceptor, Guards or Mixin
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
    return hook::Before([](grapnel::Mutation<Note>&) {});
  }
  static auto Interceptors() {
    return hook::Before([](grapnel::Reading<Note>& r) { r.AtMost(3); });
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
struct grapnel::Schema<Unnamed> {};
template <>
struct grapnel::Schema<Timed> {
  static constexpr auto Fields() { return grapnel::Fields(Field<&Timed::at>("at")); }
};
template <>
struct grapnel::Schema<Entry> {
  static constexpr std::string_view Type = "Entry";
  using Mixin = grapnel::Mixins<Timed>;
};

auto OpenNotes() { return grapnel::Open<Note>(":memory:"); }
auto OpenUnnamed() { return grapnel::Open<Unnamed>(":memory:"); }
auto OpenEntries() { return grapnel::Open<Entry>(":memory:"); }
