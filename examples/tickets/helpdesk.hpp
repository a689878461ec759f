#pragma once

#include "entities.hpp"

#include <grapnel/extras/audit.hpp>
#include <grapnel/store/database.hpp>

#include <string>

class Mailer;

using Helpdesk = grapnel::Database<Organisation, Agent, Ticket, Comment, Tag,
                                   grapnel::extras::AuditEntry, grapnel::extras::AuditHead>;

/// Opens the database with all rules and hooks. The mailer outlives it.
Helpdesk OpenHelpdesk(const std::string& url, Mailer& mailer);

/// The same of one that was just opened, whichever engine it is of: its tables, rules and hooks.
void Prepare(Helpdesk& desk, Mailer& mailer);
