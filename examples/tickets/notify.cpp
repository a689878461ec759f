#include "notify.hpp"

#include <fmt/format.h>
#include <grapnel/grapnel.hpp>

using grapnel::F;
using grapnel::Op;

grapnel::Value<Ticket> NotifyAgent(grapnel::Mutation<Ticket>& m, grapnel::Next<Ticket> next) {
  const bool creates = m.Op() == Op::Create;
  const bool moves = !creates && m.Get(F<&Ticket::status>) != nullptr;
  const bool quiet = m.Context().Get<Quiet>() != nullptr;
  if (quiet || (!moves && !m.Get(F<&Ticket::agent>))) return next(m);

  if (!creates) m.IDs();  // so that NewRows knows which
  auto value = next(m);
  for (const Ticket& ticket : m.NewRows()) {
    const auto agent = ticket.agent.ID();
    if (!agent) continue;
    // What the mail needs is read inside of the transaction; it goes when that is certain.
    m.AfterCommit([&mailer = m.Dep<Mailer>(), to = m.Client().Of<Agent>().Get(*agent).email,
                   text = fmt::format("ticket {}, {}, is {}", ticket.id, ticket.title,
                                      Name(ticket.status))] { mailer.Send(to, text); });
  }
  return value;
}
