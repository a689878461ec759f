#include <grapnel/grapnel.hpp>

#include <cstdint>
#include <string>
#include <string_view>

struct Note {
  std::int64_t id = 0;
  std::string size{};
  std::int64_t count{};
  double share{};
};

template <>
struct grapnel::Schema<Note> {
  static constexpr std::string_view Type = "Note";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&Note::size>("size").NotEmpty(),
                           Field<&Note::count>("count").Positive(),
                           Field<&Note::share>("share").Range(0, 1));
  }
};

auto OpenNotes() { return grapnel::Open<Note>(":memory:"); }
