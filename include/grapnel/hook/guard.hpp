#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/base/shared.hpp>
#include <grapnel/core/context.hpp>
#include <grapnel/core/hook.hpp>
#include <grapnel/core/hook_stack.hpp>
#include <grapnel/core/op.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

/// Who may do what: rules that are asked before all hooks of a mutation and all interceptors of a
/// read.
///
/// A rule is a function of the mutation, or of the reading, that returns a Verdict:
///
///   auto AdminsOnly() {
///     return [](auto& asked) {  // Mutation<E>& and Reading<E>& alike
///       const Viewer* viewer = asked.Context().template Get<Viewer>();
///       return viewer && viewer->admin ? guard::Allow : guard::Deny("only admins");
///     };
///   }
///   client.Guard(AdminsOnly());               // every type
///   client.Of<User>().Guard(f, g);            // one type; or Schema<User>::Guard()
///
/// Order: rules are asked in the order of their registration, a schema's behind them, its mixins'
/// first. The first that allows or denies is followed; one that skips leaves it to the next; where
/// all skip it is allowed. A rule that only narrows, by `Where(...)`, may return nothing, and
/// skips: rows that do not match are then as not there, for this read or write. What a rule adds to
/// a read is neither judged nor intercepted: a Has in it finds rows that are hidden, too, unless it
/// leaves them out itself.
namespace grapnel::guard {

class Verdict;
namespace detail {
constexpr Verdict MakeAllow() noexcept;
}

/// What a rule answers.
class Verdict {
 public:
  /// Leaves it to the next rule.
  constexpr Verdict() noexcept = default;

  bool Allows() const noexcept { return answer_ == Answer::Allow; }
  bool Denies() const noexcept { return answer_ == Answer::Deny; }
  bool Skips() const noexcept { return answer_ == Answer::Skip; }
  /// Why it denies; "" where it does not.
  const std::string& Reason() const noexcept { return reason_; }

 private:
  enum class Answer : std::uint8_t { Skip, Allow, Deny };
  friend constexpr Verdict detail::MakeAllow() noexcept;
  friend Verdict Deny(std::string reason);

  Answer answer_ = Answer::Skip;
  std::string reason_{};
};

constexpr Verdict detail::MakeAllow() noexcept {
  Verdict verdict;
  verdict.answer_ = Verdict::Answer::Allow;
  return verdict;
}

/// It may be done, whatever the rules say that would be asked next.
inline const Verdict Allow = detail::MakeAllow();
/// The next rule says it.
inline const Verdict Skip;
/// It may not be done: a PolicyError with this reason. Nothing has run then, and nothing is told of
/// any row.
[[nodiscard]] inline Verdict Deny(std::string reason) {
  Verdict verdict;
  verdict.answer_ = Verdict::Answer::Deny;
  verdict.reason_ = std::move(reason);
  return verdict;
}

/// What a caller has decided for his calls: a per-call value.
struct Decision {
  Verdict verdict{};
};

/// Decides for the calls of a view of the client, in place of the rules of every type:
/// `client.With(guard::Decide(guard::Allow)).Of<User>().Delete().Exec()`. It also holds for what
/// Grapnel begins for such a call, cascades and the update of an upsert, and for the rows that it
/// finds; not for what hooks, interceptors, rules and callbacks begin, whose clients do not have
/// it: they decide themselves. Of a transaction that such a view begins it holds for all calls by
/// its Tx. `guard::Decide(guard::Skip)` takes it back.
[[nodiscard]] inline Decision Decide(Verdict verdict) { return {std::move(verdict)}; }

/// Asks a rule about a mutation or a reading, for rules that are made of rules. Returns: what it
/// says; Skip where it returns nothing.
template <class Rule, class Subject>
Verdict Ask(const Rule& rule, Subject& subject) {
  using Answer = std::invoke_result_t<const Rule&, Subject&>;
  static_assert(std::is_void_v<Answer> || std::is_convertible_v<Answer, Verdict>,
                "a rule returns a grapnel::guard::Verdict: guard::Allow, guard::Deny(\"why\") or "
                "guard::Skip; one that only narrows, by Where(...), may return nothing");
  if constexpr (std::is_void_v<Answer>) {
    rule(subject);
    return {};
  } else {
    return rule(subject);
  }
}

namespace detail {

/// What rules are asked, the type of the mutation or reading forgotten, and what the last one said.
struct Case {
  void* subject;
  Verdict verdict{};
};

/// Whether a rule can be asked about a subject.
template <class Rule, class Subject>
inline constexpr bool kJudges = std::is_invocable_v<const Rule&, Subject&>;

/// A rule as it is kept: a hook over cases.
template <class Rule, class Subject>
struct Asks {
  using BeforeOnly = void;
  using Wrapped = Rule;
  core::Shared<const Rule> rule;

  Op Mask() const { return core::detail::MaskOf(*rule); }
  void operator()(Case& asked) const {
    asked.verdict = Ask(*rule, *static_cast<Subject*>(asked.subject));
  }
};

template <class Subject, class Rule>
core::StoredHook Keep(const core::Shared<const Rule>& rule) {
  core::Hook<Case, void> kept(Asks<Rule, Subject>{rule});
  kept.SetName(core::detail::ShownName(*rule), rule);
  return kept;
}

/// The rules of one type, about its mutations and about its reads.
struct Rules {
  std::vector<core::StoredHook> mutations{}, reads{};
};

/// Lists a rule, for the mutations and the readings, of types M and R, that it can be asked about.
template <class M, class R, class Rule>
void AddRule(Rules& to, const core::Shared<const Rule>& rule, std::string_view mixin) {
  if constexpr (requires { rule->HookName(), rule->inner; }) {  // hook::Named
    using Inner = std::remove_cvref_t<decltype(rule->inner)>;
    Rules named;
    AddRule<M, R>(named, core::Shared<const Inner>(rule, &rule->inner), mixin);
    const auto add = [&](std::vector<core::StoredHook>& all, std::vector<core::StoredHook>& more) {
      for (core::StoredHook& each : more) {
        each.SetName(rule->HookName(), rule);
        all.push_back(each);
      }
    };
    add(to.mutations, named.mutations);
    add(to.reads, named.reads);
  } else {
    constexpr bool judges = kJudges<Rule, M> || kJudges<Rule, R>;
    static_assert(
        judges,
        "this is no rule for this type. Write []<class E>(grapnel::Mutation<E>& m) { "
        "return grapnel::guard::Deny(\"why\"); }, the same of a grapnel::Reading<E>& r, "
        "or (auto& asked) for both; it is called const and has no `next`; for some Ops there "
        "is extras::OnMutation(ops, rule). See "
        "examples/23_guard.cpp");
    core::detail::RefuseNone(*rule);
    const auto add = [&](std::vector<core::StoredHook>& all, core::StoredHook kept) {
      kept.SetMixin(mixin);
      all.push_back(std::move(kept));
    };
    if constexpr (kJudges<Rule, M>) add(to.mutations, Keep<M>(rule));
    if constexpr (kJudges<Rule, R>) add(to.reads, Keep<R>(rule));
  }
}

/// Asks the rules of a mutation or a read whose Op is `op`, none of a read; `decision` may be null.
/// Throws: PolicyError; what a rule throws.
GRAPNEL_DECLARE void Judge(core::detail::HookRange rules, const Verdict* decision,
                           std::string_view type, std::optional<Op> op, void* subject);

/// What the caller has decided, null where the rules are to be asked. Valid as long as the context.
inline const Verdict* DecisionOf(const core::Context& context) noexcept {
  const Decision* decision = context.Get<Decision>();
  return decision != nullptr && !decision->verdict.Skips() ? &decision->verdict : nullptr;
}

/// The context without that: for what is begun inside of his call.
inline core::Context WithoutDecision(const core::Context& context) {
  return DecisionOf(context) == nullptr ? context : context.With(Decision());
}

}  // namespace detail
}  // namespace grapnel::guard

#ifndef GRAPNEL_SEPARATE_COMPILATION
#include <grapnel/hook/impl/guard.hpp>  // IWYU pragma: keep
#endif
