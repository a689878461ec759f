// A rule over whole rows: hook::Check sees each row as a write leaves it, of what is given,
// defaults and what is stored, whichever write it is. What it refuses is undone.
//
// Output:
//   Create: Ticket: the row with id 1 breaks a hook::Check (Create)
//   opened: 2
//   one update: "write docs" is closed, and nobody did it
//   all of them: "fix bug" is closed, and nobody did it
//   closed: 0
//   with names, closed: 2

#include <grapnel/grapnel.hpp>

#include <fmt/format.h>

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

using grapnel::F;

struct Ticket {
  std::int64_t id = 0;
  std::string title;
  bool closed = false;
  std::int64_t opened_day = 0;
  std::int64_t due_day = 0;
  std::optional<std::string> done_by{};
};

template <>
struct grapnel::Schema<Ticket> {
  static constexpr std::string_view Type = "Ticket";
  static constexpr auto Fields() {
    return grapnel::Fields(
        Field<&Ticket::title>("title"), Field<&Ticket::closed>("closed").Default(false),
        Field<&Ticket::opened_day>("opened_day").Default(0),
        Field<&Ticket::due_day>("due_day").Default(7), Field<&Ticket::done_by>("done_by"));
  }
  // Among the schema's own hooks a check sees what all others have made of the row.
  static auto Hooks() {
    return grapnel::Hooks(
        // Whether the row may be so,
        hook::Check<Ticket>([](const Ticket& t) { return t.opened_day <= t.due_day; }),
        // or what is wrong with it, in an error of one's own.
        hook::Check<Ticket>([](const Ticket& t) {
          if (!t.closed || t.done_by) return;
          throw std::runtime_error(fmt::format("\"{}\" is closed, and nobody did it", t.title));
        }));
  }
};

void Try(std::string_view what, auto write) {
  try {
    write();
    fmt::print("{}: done\n", what);
  } catch (const std::exception& error) {
    fmt::print("{}: {}\n", what, error.what());
  }
}

int main() {
  auto client = grapnel::Open<Ticket>(":memory:");
  client.Migrate();
  const auto tickets = client.Of<Ticket>();

  // The day that is given does not fit the one that is the default.
  Try("Create", [&] {
    tickets.Create().Set(F<&Ticket::title>, "late").Set(F<&Ticket::opened_day>, 8).Save();
  });
  const Ticket bug = tickets.Create().Set(F<&Ticket::title>, "fix bug").Save();
  const Ticket docs = tickets.Create().Set(F<&Ticket::title>, "write docs").Save();
  fmt::print("opened: {}\n", tickets.Query().Count());

  // What is set does not fit what is stored, of one row or of any of many.
  Try("one update", [&] { tickets.UpdateOne(docs.id).Set(F<&Ticket::closed>, true).Save(); });
  tickets.UpdateOne(docs.id).Set(F<&Ticket::done_by>, "Ada").Save();
  Try("all of them", [&] { tickets.Update().Set(F<&Ticket::closed>, true).Save(); });
  fmt::print("closed: {}\n", tickets.Query().Where(F<&Ticket::closed> == true).Count());

  tickets.UpdateOne(bug.id).Set(F<&Ticket::done_by>, "Bob").Save();
  tickets.Update().Set(F<&Ticket::closed>, true).Save();
  fmt::print("with names, closed: {}\n", tickets.Query().Where(F<&Ticket::closed> == true).Count());
}
