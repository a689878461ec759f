// A database that grows with the program: Migrate adds what is missing and keeps what is there.
// PlanMigration says beforehand what it would run, and hooks may look at it and refuse.
//
// Output:
//   planned first: ALTER TABLE "Note" ADD COLUMN "stars" INTEGER NOT NULL DEFAULT 0
//   planned last: CREATE INDEX "Note_stars" ON "Note" ("stars")
//   refused: Note.stars has no comment
//   is it still planned? true
//   migrated: first note, 3 stars
//   is it still planned? false

#include <grapnel/grapnel.hpp>

#include <fmt/format.h>

#include <cstdint>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>

using grapnel::F;

namespace yesterday {

struct Note {
  std::int64_t id = 0;
  std::string text;
};

}  // namespace yesterday

struct Note {
  std::int64_t id = 0;
  std::string text;
  std::int64_t stars = 0;
};

template <>
struct grapnel::Schema<yesterday::Note> {
  static constexpr std::string_view Type = "Note";
  static constexpr auto Fields() { return grapnel::Fields(Field<&yesterday::Note::text>("text")); }
};
template <>
struct grapnel::Schema<Note> {
  static constexpr std::string_view Type = "Note";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&Note::text>("text"), Field<&Note::stars>("stars").Default(3));
  }
  static constexpr auto Indexes() { return grapnel::Indexes(Index<&Note::stars>()); }
};

// A rule of the house: every number says what it counts.
inline void WantComments(grapnel::store::Migration& migration) {
  for (const auto& type : migration.Types()) {
    for (const auto& field : type.fields) {
      const bool number = field.kind == grapnel::FieldKind::Int && field.name != "id";
      if (!number || !field.comment.empty()) continue;
      throw std::runtime_error(fmt::format("{}.{} has no comment", type.name, field.name));
    }
  }
}

int main() {
  std::filesystem::remove("notes.db");
  {
    auto client = grapnel::Open<yesterday::Note>("notes.db");
    client.Migrate();
    client.Of<yesterday::Note>().Create().Set(F<&yesterday::Note::text>, "first note").Save();
  }

  auto client = grapnel::Open<Note>("notes.db");
  const auto plan = client.PlanMigration();  // fmt prints the whole of it
  fmt::print("planned first: {}\n", plan.Statements().front());
  fmt::print("planned last: {}\n", plan.Statements().back());

  auto rule = client.OnMigrate([](grapnel::store::Migration& migration, auto next) {
    if (!migration.IsDryRun()) WantComments(migration);
    next(migration);
  });
  try {
    client.Migrate();
  } catch (const std::runtime_error& error) {
    fmt::print("refused: {}\n", error.what());
  }
  fmt::print("is it still planned? {}\n", !client.PlanMigration().Statements().empty());

  rule.Remove();
  client.Migrate();
  const Note note = client.Of<Note>().Query().Only();
  fmt::print("migrated: {}, {} stars\n", note.text, note.stars);
  fmt::print("is it still planned? {}\n", !client.PlanMigration().Statements().empty());
}
