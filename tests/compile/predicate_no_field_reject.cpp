// expect: this member is not in Schema<\.\.\.>::Fields\(\), so it cannot stand in a predicate
// expect: add Field<&User::name>
#include <grapnel/grapnel.hpp>

#include <cstdint>
#include <string>
#include <string_view>

struct Note {
  std::int64_t id = 0;
  std::string text;
  std::int64_t draft = 0;
};

template <>
struct grapnel::Schema<Note> {
  static constexpr std::string_view Type = "Note";
  static constexpr auto Fields() { return grapnel::Fields(Field<&Note::text>("text")); }
};

void Read(const grapnel::Database<Note>& client) {
  client.Of<Note>().Query().Where(grapnel::F<&Note::draft> == 0).All();
}
