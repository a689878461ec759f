// Ready-made mixins: a key that sorts by time, the times of creation and of the last change, and a
// version that tells who comes too late. An entity derives from them and lists them.
//
// Output:
//   Note of 2024-02-29 08:00, changed 08:00, version 1
//   Note of 2024-02-29 08:00, changed 08:05, version 2
//   Bob was late: Note keeps "milk, bread"
//   all of them: Note of 2024-02-29 08:00, changed 08:06, version 3
//   the second key sorts behind the first: true

#include <grapnel/extras/mixins.hpp>
#include <grapnel/grapnel.hpp>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <chrono>
#include <string>
#include <string_view>

using grapnel::F;
using namespace std::chrono_literals;

struct Note : grapnel::extras::Uuid, grapnel::extras::Timestamps, grapnel::extras::Versioned {
  std::string text;
};

template <>
struct grapnel::Schema<Note> {
  static constexpr std::string_view Type = "Note";
  using Mixins = grapnel::Mixins<extras::Uuid, extras::Timestamps, extras::Versioned>;
  static constexpr auto Fields() { return grapnel::Fields(Field<&Note::text>("text")); }
};

std::string Told(const Note& note) {
  return fmt::format("Note of {:%F %H:%M}, changed {:%H:%M}, version {}",
                     std::chrono::floor<std::chrono::minutes>(note.created_at),
                     std::chrono::floor<std::chrono::minutes>(note.updated_at), note.version);
}

int main() {
  // A program leaves the system's clock alone; a test says what time it is.
  grapnel::extras::Clock::Time now = std::chrono::sys_days(2024y / 2 / 29) + 8h;
  const grapnel::extras::ScopedClock clock([&] { return now; });

  auto client = grapnel::Open<Note>(":memory:");
  client.Migrate();
  const auto notes = client.Of<Note>();
  const Note first = notes.Create().Set(F<&Note::text>, "milk").Save();
  fmt::print("{}\n", Told(first));

  // Ada and Bob have both read version 1. Each says so, by the row that they edited.
  now += 5min;
  Note ada = first, bob = first;
  ada.text = "milk, bread";
  bob.text = "milk, eggs";
  fmt::print("{}\n", Told(notes.UpdateOne(ada, F<&Note::text>, F<&Note::version>).Save()));
  try {
    notes.UpdateOne(bob, F<&Note::text>, F<&Note::version>).Save();
  } catch (const grapnel::StaleError& error) {
    fmt::print("Bob was late: {} keeps \"{}\"\n", error.Entity(), notes.Get(bob.id).text);
  }

  // Whoever says no version is not asked; all is dated and counted.
  now += 1min;
  notes.Update().Set(F<&Note::text>, "all bought").Save();
  fmt::print("all of them: {}\n", Told(notes.Get(first.id)));

  now -= 24h;  // keys are ordered even then
  const Note second = notes.Create().Set(F<&Note::text>, "tea").Save();
  fmt::print("the second key sorts behind the first: {}\n", second.id > first.id);
}
