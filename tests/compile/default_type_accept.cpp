#include <grapnel/grapnel.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

struct Note {
  std::int64_t id = 0;
  std::int64_t size = 0;
  std::optional<std::string> kind{};
  std::string state{};
};

template <>
struct grapnel::Schema<Note> {
  static constexpr std::string_view Type = "Note";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&Note::size>("size").Default(10),
                           Field<&Note::kind>("kind").Optional(),
                           Field<&Note::state>("state").Default("draft"));
  }
};

auto OpenNotes() { return grapnel::Open<Note>(":memory:"); }
