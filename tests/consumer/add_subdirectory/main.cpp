// A user's program that has Grapnel as a subdirectory, with warnings as errors: none of them may
// come from Grapnel.
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
  static constexpr auto Fields() { return grapnel::Fields(Field<&Note::text>("text").NotEmpty()); }
};

int main() {
  auto client = grapnel::Open<Note>("file:consumer?mode=memory");
  client.Migrate();
  const Note kept = client.Of<Note>().Create().Set(grapnel::F<&Note::text>, "kept").Save();
  return client.Of<Note>().Get(kept.id).text == "kept" ? 0 : 1;
}
