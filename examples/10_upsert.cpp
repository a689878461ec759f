// Create that meets a row that is there already: OnConflict names the fields that make it the same
// row, and says what becomes of it. Hooks see a Create, and an UpdateOne of the row that is there;
// those of the Create learn afterwards what it came to.
//
// Output:
//   /home: inserted
//   /home: updated, visits were 1
//   /home: updated, visits were 2
//   /home: unchanged, visits were 3
//   /home "Start" 3

#include <grapnel/grapnel.hpp>

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>

using grapnel::F;
using grapnel::Op;

struct Page {
  std::int64_t id = 0;
  std::string path;
  std::string title;
  std::int64_t visits = 0;
};

template <>
struct grapnel::Schema<Page> {
  static constexpr std::string_view Type = "Page";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&Page::path>("path").Unique(), Field<&Page::title>("title"),
                           Field<&Page::visits>("visits").Default(1));
  }
};

// What was there before is in OldRows.
inline void Report(const grapnel::Mutation<Page>& m, grapnel::Value<Page>& value) {
  if (m.Conflict() == nullptr) return;
  fmt::print("{}: {}", value.Entity().path, grapnel::store::Name(m.Conflict()->outcome));
  for (const Page& before : m.OldRows()) fmt::print(", visits were {}", before.visits);
  fmt::print("\n");
}

int main() {
  auto client = grapnel::Open<Page>(":memory:");
  client.Migrate();
  client.Of<Page>().Use(grapnel::hook::On(grapnel::hook::After(Report), Op::Create));

  const auto visit = [&](const char* title) {
    return client.Of<Page>().Create().Set(F<&Page::path>, "/home").Set(F<&Page::title>, title);
  };
  const auto count = [](grapnel::Mutation<Page>& m) { m.Add(F<&Page::visits>, 1); };
  visit("Home").OnConflict(F<&Page::path>).Update(count).Save();
  visit("Home").OnConflict(F<&Page::path>).Update(count).Save();

  // The values that were given, and not the Default of visits.
  visit("Start").Set(F<&Page::visits>, 3).OnConflict(F<&Page::path>).UpdateNewValues().Save();

  const Page page = visit("Other").OnConflict(F<&Page::path>).Ignore().Save();
  fmt::print("{} \"{}\" {}\n", page.path, page.title, page.visits);
}
