#pragma once

#include "entities.hpp"

#include <grapnel/store/mutation/mutation.hpp>

#include <string>

/// Sends mails. What it sends does not come back.
class Mailer {
 public:
  virtual ~Mailer() = default;
  virtual void Send(const std::string& to, const std::string& text) = 0;
};

/// A per-call value: nobody is told, client.With(Quiet{}).
struct Quiet {};

/// A hook: who has a ticket is told after the commit when it is given to them, or moves.
grapnel::Value<Ticket> NotifyAgent(grapnel::Mutation<Ticket>& m, grapnel::Next<Ticket> next);
