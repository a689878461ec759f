// Tickets of several organisations.
//
// Output:
//   1 ticket

#include "entities.hpp"

#include <fmt/format.h>
#include <grapnel/grapnel.hpp>

using grapnel::F;

int main() {
  auto client = grapnel::Open<Organisation, Agent, Ticket, Comment, Tag>(":memory:");
  client.Migrate();
  const auto ada = client.With(Viewer{1, "ada"});
  ada.Of<Ticket>().Create().Set(F<&Ticket::title>, "Printer on fire").Save();
  fmt::print("{} ticket\n", ada.Of<Ticket>().Query().Count());
}
