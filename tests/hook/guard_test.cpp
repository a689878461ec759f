// B201: what rules answer, over subjects that no store knows of.
#include <grapnel/hook/guard.hpp>

#include <grapnel/core/error.hpp>
#include <grapnel/hook/named.hpp>

#include "support/catch.hpp"

#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace guard = grapnel::guard;
using grapnel::Op;
using grapnel::PolicyError;

namespace {

struct Write {
  int value = 0;
};
struct Read {
  int narrowed = 0;
};

template <class Rule>
guard::detail::Rules RulesOf(Rule rule) {
  guard::detail::Rules rules;
  guard::detail::AddRule<Write, Read>(rules, grapnel::core::MakeShared<const Rule>(std::move(rule)),
                                      "Mixin");
  return rules;
}

/// "allowed", or what a rule has said.
template <class Subject>
std::string Judge(const std::vector<grapnel::core::StoredHook>& rules, Subject& subject,
                  std::optional<Op> op = {}, const guard::Verdict* decision = nullptr) {
  grapnel::core::HookStack stack;
  stack.Add(rules, 0);
  try {
    guard::detail::Judge(stack.Load().All(), decision, "Thing", op, &subject);
    return "allowed";
  } catch (const PolicyError& error) {
    return error.Rule() + ": " + error.Reason();
  }
}

struct DeniesUpdates {
  Op Mask() const { return Op::Update | Op::UpdateOne; }
  guard::Verdict operator()(Write&) const { return guard::Deny("no updates"); }
};

}  // namespace

TEST_CASE("B201 a verdict skips, allows or denies with a reason") {
  CHECK((guard::Skip.Skips() && !guard::Skip.Allows() && !guard::Skip.Denies()));
  CHECK((guard::Allow.Allows() && guard::Allow.Reason().empty()));
  CHECK((guard::Deny("why").Denies() && guard::Deny("why").Reason() == "why"));
  CHECK(guard::Verdict().Skips());
}

TEST_CASE("B201 a rule is asked about what it takes") {
  Write write;
  Read read;
  const auto writes = RulesOf([](Write&) { return guard::Deny("a write"); });
  CHECK((writes.mutations.size() == 1 && writes.reads.empty()));
  CHECK(writes.mutations[0].Mixin() == "Mixin");
  const auto both = RulesOf(grapnel::hook::Named("both", [](auto&) { return guard::Deny("no"); }));
  CHECK((both.mutations.size() == 1 && both.reads.size() == 1));
  CHECK(Judge(both.mutations, write) == "both: no");
  CHECK(Judge(both.reads, read) == "both: no");
  const auto narrows = RulesOf([](Read& r) { r.narrowed = 3; });
  CHECK(Judge(narrows.reads, read) == "allowed");
  CHECK(read.narrowed == 3);
  CHECK_THROWS_AS(RulesOf(static_cast<guard::Verdict (*)(Write&)>(nullptr)), grapnel::Error);
}

TEST_CASE("B201 a rule is asked for its Ops") {
  Write write;
  const auto rules = RulesOf(grapnel::hook::Named("updates", DeniesUpdates()));
  CHECK(Judge(rules.mutations, write, Op::Update) == "updates: no updates");
  CHECK(Judge(rules.mutations, write, Op::Create) == "allowed");
}

TEST_CASE("B202 a decision stands in place of the rules") {
  Write write;
  const auto rules = RulesOf([](Write&) -> guard::Verdict { throw std::logic_error("asked"); });
  CHECK(Judge(rules.mutations, write, {}, &guard::Allow) == "allowed");
  const guard::Verdict deny = guard::Deny("frozen");
  CHECK(Judge(rules.mutations, write, Op::Delete, &deny) == "decision: frozen");
  const auto context = grapnel::core::Context().With(guard::Decide(guard::Allow));
  REQUIRE(guard::detail::DecisionOf(context) != nullptr);
  CHECK(guard::detail::DecisionOf(context)->Allows());
  CHECK(guard::detail::DecisionOf(context.With(guard::Decide(guard::Skip))) == nullptr);
  CHECK(guard::detail::DecisionOf({}) == nullptr);
}

TEST_CASE("B73 a PolicyError says what of which type, by which rule and why") {
  const PolicyError error("User", Op::DeleteOne, "admins", "only admins");
  CHECK((error.Entity() == "User" && error.Op() == Op::DeleteOne && error.Rule() == "admins"));
  CHECK(std::string(error.what()) == "User: DeleteOne is not allowed: only admins");
  CHECK(std::string(PolicyError("User", {}, "admins", "only admins").what()) ==
        "User: a read is not allowed: only admins");
}
