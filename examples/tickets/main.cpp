// Tickets of several organisations: entities with a header each, rules, notifications, an import
// and a report, each with a source of its own, and helpdesk.cpp, which puts them in order.
//
// Output:
//     mail to ada@example.org: ticket 1, Printer, is open
//   ada moves Printer to closed: ticket 1 cannot move from open to closed
//     mail to ada@example.org: ticket 1, Printer, is resolved
//   ada moves Printer to resolved: done
//   ada moves Printer to closed: ticket 1 is closed, and its sub-ticket 2 is open
//   eve moves Printer to in progress: Ticket not found: id 1
//   both at once: no, wait
//   deleted: 0 tickets, 0 comments
//   restored: 3 rows
//   imported 10000
//   imported 20000
//   imported 30000
//   imported 40000
//   imported 50000
//   import: line 2: Ticket.priority: the value 0 is out of range (Create, row 1)
//   Acme
//     50001 open, priority 3.0
//     1 resolved, priority 3.0
//     ada has 25001
//   Initech
//     eve has 0
//   audit trail: 50015 entries, 0 faults

#include "entities.hpp"
#include "helpdesk.hpp"
#include "import.hpp"
#include "notify.hpp"
#include "report.hpp"
#include "rules.hpp"

#include <fmt/format.h>
#include <grapnel/grapnel.hpp>

#include <cstdint>
#include <exception>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>

using grapnel::F;
namespace extras = grapnel::extras;

namespace {

class Printer : public Mailer {
 public:
  void Send(const std::string& to, const std::string& text) override {
    fmt::print("  mail to {}: {}\n", to, text);
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

Agent AddAgent(const grapnel::Client& client, const std::string& name) {
  return client.Of<Agent>()
      .Create()
      .Set(F<&Agent::name>, name)
      .Set(F<&Agent::email>, fmt::format("{}@example.org", name))
      .Save();
}

void Move(std::string_view who, const grapnel::Client& client, const Ticket& ticket, Status to) {
  Try(fmt::format("{} moves {} to {}", who, ticket.title, Name(to)),
      [&] { client.Of<Ticket>().UpdateOne(ticket.id).Set(F<&Ticket::status>, to).Save(); });
}

/// A file as another program might have written it.
std::string MakeCsv(std::int64_t rows) {
  std::string csv;
  for (std::int64_t row = 1; row <= rows; ++row) {
    csv += fmt::format("Old ticket {},{},{}\n", row, row % 5 + 1,
                       row % 2 == 0 ? "ada@example.org" : "");
  }
  return csv;
}

/// What Ada does with a ticket, and Eve, of another organisation, may not. Returns: it, deleted.
Ticket Work(const grapnel::Client& ada, const grapnel::Client& eve, const Agent& agent) {
  const auto tickets = ada.Of<Ticket>();
  const auto comments = ada.Of<Comment>();
  const Tag urgent = ada.Of<Tag>().Create().Set(F<&Tag::name>, "urgent").Save();
  const Ticket printer = tickets.Create()
                             .Set(F<&Ticket::title>, "Printer")
                             .Set(F<&Ticket::agent>, agent)
                             .AddIDs(F<&Ticket::tags>, {urgent.id})
                             .Save();
  const Ticket toner =
      tickets.Create().Set(F<&Ticket::title>, "Toner").Set(F<&Ticket::parent>, printer).Save();
  comments.Create().Set(F<&Comment::text>, "It smokes").Set(F<&Comment::ticket>, printer).Save();

  Move("ada", ada, printer, Status::Closed);
  Move("ada", ada, printer, Status::Resolved);
  Move("ada", ada, printer, Status::Closed);
  Move("eve", eve, printer, Status::InProgress);
  Try("both at once", [&] {
    ada.WithTx([&](grapnel::Tx& tx) {
      const auto both = F<&Ticket::id>.In(printer.id, toner.id);
      tx.Of<Ticket>().Update().Where(both).Set(F<&Ticket::status>, Status::Resolved).Save();
      tx.Of<Ticket>().Update().Where(both).Set(F<&Ticket::status>, Status::Closed).Save();
      throw std::runtime_error("no, wait");  // and nobody gets a mail
    });
  });

  tickets.DeleteOne(printer.id).Exec();
  fmt::print("deleted: {} tickets, {} comments\n", tickets.Query().Count(),
             comments.Query().Count());
  return printer;
}

}  // namespace

int main() {
  Printer mailer;
  auto desk = OpenHelpdesk(":memory:", mailer);  // or "tickets.db"

  const auto staff = desk.With(Viewer{0, "staff", true});
  const auto organisations = staff.Of<Organisation>();
  const Organisation acme = organisations.Create().Set(F<&Organisation::name>, "Acme").Save();
  const Organisation initech = organisations.Create().Set(F<&Organisation::name>, "Initech").Save();
  const auto ada = desk.With(Viewer{acme.id, "ada"});
  const auto eve = desk.With(Viewer{initech.id, "eve"});
  const Agent agent = AddAgent(ada, "ada");
  AddAgent(eve, "eve");

  const Ticket printer = Work(ada, eve, agent);
  fmt::print("restored: {} rows\n", extras::Restore<Ticket>(ada, printer.id));

  std::istringstream csv(MakeCsv(50'000));
  ImportTickets(ada, csv, [](std::int64_t rows) { fmt::print("imported {}\n", rows); });
  std::istringstream bad("Fine,1,\nToo urgent,0,\n");
  Try("import", [&] { ImportTickets(eve, bad, [](std::int64_t) {}); });

  fmt::print("{}", Report(staff));
  const auto trail = staff.Of<extras::AuditEntry>().Query();
  fmt::print("audit trail: {} entries, {} faults\n", trail.Count(), extras::Verify(staff).size());
  return 0;
}
