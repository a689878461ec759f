// expect: Default takes a value of the field.s type, or a function without parameters
// expect: an optional field is a std::optional member
// expect: a std::string cannot stand in a constant: write the text itself
#include <grapnel/grapnel.hpp>

#include <cstdint>
#include <string>
#include <string_view>

struct Note {
  std::int64_t id = 0;
  std::int64_t size = 0;
  std::string kind{};
  std::string state{};
};

template <>
struct grapnel::Schema<Note> {
  static constexpr std::string_view Type = "Note";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&Note::size>("size").Default("ten"),
                           Field<&Note::kind>("kind").Optional(),
                           Field<&Note::state>("state").Default(std::string("draft")));
  }
};

auto OpenNotes() { return grapnel::Open<Note>(":memory:"); }
