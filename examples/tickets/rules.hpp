#pragma once

#include "entities.hpp"

#include <grapnel/store/mutation/mutation.hpp>

#include <cstdint>
#include <stdexcept>

/// A ticket's status was to move where it may not.
struct TransitionError : std::runtime_error {
  TransitionError(const Ticket& ticket, Status to);
  std::int64_t ticket;
  Status from, to;
};

/// A closed ticket would have a sub-ticket that is not closed.
struct OpenSubticketsError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Whether a ticket may move from one status to the other.
bool MayMove(Status from, Status to);

/// A hook: tickets are made open, and move as MayMove says.
void CheckTransition(const grapnel::Mutation<Ticket>& m);

/// A hook: what is below a closed ticket is closed, however a write comes by it.
grapnel::Value<Ticket> CheckSubtickets(grapnel::Mutation<Ticket>& m, grapnel::Next<Ticket> next);
