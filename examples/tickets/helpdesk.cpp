#include "helpdesk.hpp"

#include "notify.hpp"
#include "rules.hpp"

#include <grapnel/grapnel.hpp>

#include <string>

namespace extras = grapnel::extras;
namespace guard = grapnel::guard;
namespace hook = grapnel::hook;
using grapnel::Op;

namespace {

std::string Actor(const grapnel::core::Context& context) {
  const Viewer* const viewer = context.Get<Viewer>();
  return viewer != nullptr ? viewer->name : "nobody";
}

/// The trail tells of all organisations: it is for staff. What remains is what Audit itself asks as
/// the caller: whether there is an entry, and which was the last, by its id.
guard::Verdict StaffReads(grapnel::Reading<extras::AuditEntry>& r) {
  const Viewer* const viewer = r.Context().Get<Viewer>();
  const bool by_audit = r.Step() == grapnel::ReadStep::Get || r.Kind() == grapnel::ReadKind::Exist;
  if (by_audit || (viewer != nullptr && viewer->staff)) return guard::Skip;
  return guard::Deny("it is for staff");
}
guard::Verdict AuditWrites(grapnel::Mutation<extras::AuditEntry>& m) {
  const bool by_hook = m.Cause() == grapnel::Cause::Hook;
  return by_hook ? guard::Skip : guard::Deny("only the audit writes it");
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
  desk.Of<extras::AuditEntry>().Guard(&StaffReads, &AuditWrites);
  desk.Use(extras::Audit(&Actor));  // first: it sees what all others make of a write
  const auto writes = Op::Create | Op::Update | Op::UpdateOne;
  desk.Of<Ticket>().Use(
      hook::Named("notify_agent", hook::On(&NotifyAgent, writes)),
      hook::Named("check_subtickets", hook::On(&CheckSubtickets, writes)),
      hook::Named("check_transition", hook::On(hook::Before(&CheckTransition), writes)));
}
