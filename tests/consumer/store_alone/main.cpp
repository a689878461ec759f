// What a library writes that hooks into its users' clients and opens none itself: the store,
// without an engine.
#include <grapnel/store.hpp>

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

grapnel::Value<Note> Trimmed(grapnel::Mutation<Note>& m, grapnel::Next<Note> next) {
  if (const std::string* text = m.Get(grapnel::F<&Note::text>)) {
    m.Set(grapnel::F<&Note::text>, text->substr(0, 80));
  }
  return next(m);
}

void UseTrimmed(const grapnel::Database<Note>& database) { database.Of<Note>().Use(Trimmed); }

int main() {
  const auto kept = grapnel::F<&Note::text> == "kept";
  static_cast<void>(kept);
}
