#include "report.hpp"

#include "entities.hpp"

#include <fmt/format.h>
#include <grapnel/grapnel.hpp>

#include <iterator>
#include <utility>

using grapnel::Asc;
using grapnel::Desc;
using grapnel::F;

std::string Report(const grapnel::Client& client) {
  std::string text;
  const auto add = [&]<class... Args>(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(text), format, std::forward<Args>(args)...);
  };
  const grapnel::ReadTx snapshot = client.ReadTx();
  const auto agents = snapshot.Of<Agent>();
  const auto organisations = snapshot.Of<Organisation>();
  for (const Organisation& each : organisations.Query().Order(Asc(F<&Organisation::name>)).All()) {
    add("{}\n", each.name);
    const auto theirs = F<&Tenanted::organisation> == each.id;
    for (const auto& [status, count, priority] :
         snapshot.Of<Ticket>()
             .Query()
             .Where(theirs)
             .GroupBy(F<&Ticket::status>)
             .Select(grapnel::Count(), grapnel::Avg(F<&Ticket::priority>))
             .Order(Desc(grapnel::Count()), Asc(F<&Ticket::status>))
             .All()) {
      add("  {} {}, priority {:.1f}\n", count, Name(status), priority);
    }
    const auto tickets = grapnel::CountOf(F<&Agent::tickets>);
    for (const Agent& agent :
         agents.Query().Where(theirs).Order(Desc(tickets), Asc(F<&Agent::name>)).Limit(3).All()) {
      const auto of = snapshot.Of<Ticket>().Query().Where(F<&Ticket::agent> == agent);
      add("  {} has {}\n", agent.name, of.Count());
    }
  }
  return text;
}
