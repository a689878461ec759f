// A file that lives on while its schema changes: renamed fields and types keep what is in them, a
// required field becomes optional, rows are unique among those that count, a hook mends rows on the
// way, and what the schema has no more goes when it is told to. All of it in one transaction.
//
// Output:
//   rename table Book
//   rename column author_name
//   add column gone
//   fill columns Book
//   change table Book
//   change table Book
//   create index Book_isbn
//   stays: Book.shelf
//   Dune by Herbert, no year
//   two of one isbn, as long as one is gone: 2
//   another: ConstraintError
//   dropped: drop column shelf

#include <grapnel/grapnel.hpp>

#include <fmt/format.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

using grapnel::F;

namespace yesterday {

struct Volume {
  std::int64_t id = 0;
  std::string title{};
  std::string author{};
  std::int64_t year = 0;
  std::string isbn{};
  std::optional<std::int64_t> shelf{};
};

}  // namespace yesterday

struct Book {
  std::int64_t id = 0;
  std::string title{};
  std::string author_name{};
  std::optional<std::int64_t> year{};
  std::string isbn{};
  bool gone = false;
};

template <>
struct grapnel::Schema<yesterday::Volume> {
  using Volume = yesterday::Volume;
  static constexpr std::string_view Type = "Volume";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&Volume::title>("title"), Field<&Volume::author>("author"),
                           Field<&Volume::year>("year"), Field<&Volume::isbn>("isbn"),
                           Field<&Volume::shelf>("shelf"));
  }
};
template <>
struct grapnel::Schema<Book> {
  static constexpr std::string_view Type = "Book";
  static constexpr std::string_view WasNamed = "Volume";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&Book::title>("title"),
                           Field<&Book::author_name>("author_name").WasNamed("author"),
                           Field<&Book::year>("year"), Field<&Book::isbn>("isbn"),
                           Field<&Book::gone>("gone").Default(false));
  }
  static auto Indexes() {  // not constexpr, for a predicate is none
    return grapnel::Indexes(Index<&Book::isbn>().Unique().Where(F<&Book::gone> == false));
  }
};

int main() {
  std::filesystem::remove("books.db");
  {
    auto client = grapnel::Open<yesterday::Volume>("books.db");
    client.Migrate();
    client.Of<yesterday::Volume>()
        .CreateBulk({{0, "Dune", "Herbert", 0, "1", 7}, {0, "Dune", "Herbert", 1965, "1", 8}})
        .Save();
  }

  auto client = grapnel::Open<Book>("books.db");
  // It runs at every migration, of a new file too, and asks for the step that it belongs to. Before
  // next it meets the old tables, behind it the new ones.
  client.OnMigrate([](grapnel::store::Migration& migration, auto next) {
    const bool renames = migration.HasStep(grapnel::store::StepKind::RenameTable, "Book");
    if (renames) migration.Sql("DELETE FROM Volume WHERE year = ?1", 1965);
    next(migration);
    if (renames) migration.Sql("UPDATE Book SET year = NULL WHERE year = 0");
  });
  const auto plan = client.PlanMigration();
  for (const auto& step : plan.Steps()) {
    if (step.kind == grapnel::store::StepKind::CheckKeys) continue;
    fmt::print("{} {}\n", Name(step.kind), step.name.empty() ? step.table : step.name);
  }
  for (const auto& left : plan.Leftovers()) fmt::print("stays: {}.{}\n", left.table, left.column);
  client.Migrate();

  const auto books = client.Of<Book>();
  const Book dune = books.Query().Only();
  fmt::print("{} by {}, {}\n", dune.title, dune.author_name, dune.year ? "a year" : "no year");
  books.UpdateOne(dune).Set(F<&Book::gone>, true).Save();
  Book again = dune;
  again.id = 0;
  books.Create(again).Save();
  fmt::print("two of one isbn, as long as one is gone: {}\n", books.Query().Count());
  try {
    books.Create(again).Save();
  } catch (const grapnel::ConstraintError&) {
    fmt::print("another: ConstraintError\n");
  }

  for (const auto& step : client.PlanMigration(grapnel::Allow::Drop).Steps()) {
    if (step.kind != grapnel::store::StepKind::DropColumn) continue;
    fmt::print("dropped: {} {}\n", Name(step.kind), step.name);
  }
  client.Migrate(grapnel::Allow::Drop);
}
