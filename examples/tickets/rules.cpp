#include "rules.hpp"

#include <fmt/format.h>
#include <grapnel/grapnel.hpp>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

using grapnel::F;
using grapnel::Op;
using grapnel::extras::SoftDelete;

namespace {

constexpr std::pair<Status, Status> kMoves[] = {
    {Status::Open, Status::InProgress},   {Status::InProgress, Status::Open},
    {Status::Open, Status::Resolved},     {Status::InProgress, Status::Resolved},
    {Status::Resolved, Status::Closed},   {Status::Resolved, Status::InProgress},
    {Status::Closed, Status::InProgress},
};

std::string Describe(const Ticket& ticket, Status to) {
  return fmt::format("ticket {} cannot move from {} to {}", ticket.id, Name(ticket.status),
                     Name(to));
}

}  // namespace

TransitionError::TransitionError(const Ticket& moved, Status wanted)
    : runtime_error(Describe(moved, wanted)), ticket(moved.id), from(moved.status), to(wanted) {}

bool MayMove(Status from, Status to) {
  return from == to || std::ranges::find(kMoves, std::pair(from, to)) != std::end(kMoves);
}

void CheckTransition(const grapnel::Mutation<Ticket>& m) {
  const Status* const to = m.Get(F<&Ticket::status>);
  if (to == nullptr) return;
  if (m.Op() == Op::Create) {
    if (*to != Status::Open) throw TransitionError(Ticket(), *to);
    return;
  }
  for (const Ticket& ticket : m.OldRows()) {
    if (!MayMove(ticket.status, *to)) throw TransitionError(ticket, *to);
  }
}

grapnel::Value<Ticket> CheckSubtickets(grapnel::Mutation<Ticket>& m, grapnel::Next<Ticket> next) {
  const bool creates = m.Op() == Op::Create;
  const bool moves = !creates && m.Get(F<&Ticket::status>) != nullptr;
  const bool comes_back = m.Cleared(F<&SoftDelete::deleted_at>);
  if (!moves && !comes_back && !m.Get(F<&Ticket::parent>)) return next(m);

  std::vector<std::int64_t> ids;
  if (!creates) ids = m.IDs();
  auto value = next(m);
  if (creates) ids = {value.Entity().id};

  // Behind the write: one that closes a ticket and those below it at once is in order.
  const auto touched = F<&Ticket::id>.In(ids) || F<&Ticket::parent>.Has(F<&Ticket::id>.In(ids));
  const auto broken = F<&Ticket::status> != Status::Closed && F<&SoftDelete::deleted_at>.IsNull() &&
                      F<&Ticket::parent>.Has(F<&Ticket::status> == Status::Closed);
  for (const Ticket& child : m.Client().Of<Ticket>().Query().Where(touched && broken).Limit(1)) {
    throw OpenSubticketsError(fmt::format("ticket {} is closed, and its sub-ticket {} is {}",
                                          *child.parent.ID(), child.id, Name(child.status)));
  }
  return value;
}
