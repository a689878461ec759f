#include "helpdesk.hpp"

#include "notify.hpp"
#include "rules.hpp"

#include <grapnel/grapnel.hpp>

#include <string>

namespace extras = grapnel::extras;
namespace hook = grapnel::hook;
using grapnel::Op;

namespace {

std::string Actor(const grapnel::core::Context& context) {
  const Viewer* const viewer = context.Get<Viewer>();
  return viewer != nullptr ? viewer->name : "nobody";
}

}  // namespace

Helpdesk OpenHelpdesk(const std::string& url, Mailer& mailer) {
  Helpdesk desk = grapnel::Open<Organisation, Agent, Ticket, Comment, Tag, extras::AuditEntry,
                                extras::AuditHead>(url);
  Prepare(desk, mailer);
  return desk;
}

void Prepare(Helpdesk& desk, Mailer& mailer) {
  desk.Migrate();
  desk.Provide(mailer);
  // Before all hooks. The mixin's rule, which keeps organisations apart, comes behind these two.
  desk.Guard(extras::DenyWithout<Viewer>(), extras::AllowIf<Viewer>(&Viewer::staff));
  // The trail tells of all organisations; Audit itself is asked by no rule of its tables.
  const auto for_staff = extras::DenyUnless<Viewer>(&Viewer::staff, "it is for staff");
  const auto by_nobody =
      extras::OnMutation(grapnel::AnyOp, extras::AlwaysDeny("only the audit writes it"));
  desk.Of<extras::AuditEntry>().Guard(for_staff, by_nobody);
  desk.Of<extras::AuditHead>().Guard(for_staff, by_nobody);
  desk.Use(extras::Audit(&Actor));  // first: it sees what all others make of a write
  const auto writes = Op::Create | Op::Update | Op::UpdateOne;
  desk.Of<Ticket>().Use(
      hook::Named("notify_agent", hook::On(&NotifyAgent, writes)),
      hook::Named("check_subtickets", hook::On(&CheckSubtickets, writes)),
      hook::Named("check_transition", hook::On(hook::Before(&CheckTransition), writes)));
}
