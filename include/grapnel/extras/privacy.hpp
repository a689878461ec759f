#pragma once

/// Ready rules for guards, and what makes rules of rules.
///
///   struct Viewer { std::int64_t tenant; bool admin; };
///   struct Tenanted { std::int64_t tenant = 0; };
///   template <>
///   struct grapnel::Schema<Tenanted> {          // a mixin: tenants that know nothing of each
///   other
///     static constexpr auto Fields() {
///       return grapnel::Fields(Field<&Tenanted::tenant>("tenant").Immutable());
///     }
///     template <class E>
///     static auto Guard() {
///       return grapnel::Guard(
///           extras::TenantBy<Viewer>(F<&Tenanted::tenant>, &Viewer::tenant));
///     }
///   };
///
///   client.Guard(extras::DenyWithout<Viewer>(), extras::AllowIf<Viewer>(&Viewer::admin));
///   client.With(Viewer{7, false}).Of<Ticket>().Query().All();   // those of tenant 7
///
/// It guarantees, of TenantBy: no query, sum, count, Has, Traverse or With, no update, deletion or
/// upsert, and no change of an edge from either end finds a row of another tenant: it is as not
/// there, and errors say so in the same words. A row that is created gets the tenant of its caller;
/// one that is given another is refused.
///
/// It does not guarantee that a unique value is free: where another tenant's row has it, a write
/// says that it is taken, and no more. Make it unique for each tenant, Unique(tenant, email). Ids
/// that count upwards tell how many rows there are: see Uuid. SQL of one's own is not looked at.
/// Hooks and interceptors run behind the rules, and are trusted: what a hook sets, as another
/// tenant, is not judged again; what it does by m.Client() is, with the caller's values.
///
/// Cost: no statement, but for the rows that a write gives an edge or takes from it, which are
/// looked up in one SELECT each time; a rule that only allows costs some nanoseconds and no memory.
///
/// Order: a guard stands before all hooks and interceptors, those of other batteries too. Rules of
/// the client are asked first, then those of mixins, then the schema's; an Allow of the client's
/// (AllowIf<Viewer>(&Viewer::admin)) lifts the tenant's rule as well. A rule that looks at the rows
/// of a mutation, by Old or OldRows, belongs behind it, into the schema's Guard(): before it, it
/// sees those of other tenants, and what it denies tells of them.

#include <grapnel/core/op.hpp>
#include <grapnel/hook/guard.hpp>
#include <grapnel/schema/token.hpp>
#include <grapnel/store/mutation/mutation.hpp>
#include <grapnel/store/query/reading.hpp>

#include <concepts>
#include <functional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

namespace grapnel::extras {

/// Denies calls that bring no V: who is not known may do nothing.
template <class V>
[[nodiscard]] auto DenyWithout(std::string reason = "the call does not say who it is for") {
  return [reason = std::move(reason)](auto& asked) {
    return asked.Context().template Get<V>() == nullptr ? guard::Deny(reason) : guard::Skip;
  };
}

/// Allows calls that bring a V for which `condition(v)` holds, which may be a member:
/// AllowIf<Viewer>(&Viewer::admin).
template <class V, class Condition>
[[nodiscard]] auto AllowIf(Condition condition) {
  return [condition = std::move(condition)](auto& asked) {
    const V* const value = asked.Context().template Get<V>();
    return value != nullptr && std::invoke(condition, *value) ? guard::Allow : guard::Skip;
  };
}

/// Denies all others: DenyUnless<Viewer>(&Viewer::admin, "only admins").
template <class V, class Condition>
[[nodiscard]] auto DenyUnless(Condition condition, std::string reason) {
  return [condition = std::move(condition), reason = std::move(reason)](auto& asked) {
    const V* const value = asked.Context().template Get<V>();
    return value != nullptr && std::invoke(condition, *value) ? guard::Skip : guard::Deny(reason);
  };
}

/// A rule that allows whatever comes to it, and one that denies it: behind others.
[[nodiscard]] inline auto AlwaysAllow() {
  return [](auto&) { return guard::Allow; };
}
[[nodiscard]] inline auto AlwaysDeny(std::string reason) {
  return [reason = std::move(reason)](auto&) { return guard::Deny(reason); };
}

/// A rule for mutations with these Ops alone: what OnMutation returns.
template <class Rule>
struct MutationRule {
  grapnel::Op ops;
  Rule rule;

  grapnel::Op Mask() const noexcept { return ops; }
  template <class E>
  requires std::invocable < const Rule&, Mutation<E>
  & > guard::Verdict operator()(Mutation<E>& m) const {
    return Is(m.Op(), ops) ? guard::Ask(rule, m) : guard::Skip;
  }
};
/// Asks `rule` about mutations with these Ops alone, and never about reads:
/// OnMutation(Op::Delete | Op::DeleteOne, AlwaysDeny("nothing is deleted here")).
template <class Rule>
[[nodiscard]] MutationRule<Rule> OnMutation(grapnel::Op ops, Rule rule) {
  return {ops, std::move(rule)};
}

/// A rule for reads alone: what OnRead returns.
template <class Rule>
struct ReadRule {
  Rule rule;

  template <class E>
  requires std::invocable < const Rule&, Reading<E>
  & > guard::Verdict operator()(Reading<E>& r) const { return guard::Ask(rule, r); }
};
/// Asks `rule` about reads alone.
template <class Rule>
[[nodiscard]] ReadRule<Rule> OnRead(Rule rule) {
  return {std::move(rule)};
}

/// Several rules as one, asked in turn: the first that allows or denies is followed.
template <class... Rules>
[[nodiscard]] auto FirstOf(Rules... rules) {
  return [all = std::make_tuple(std::move(rules)...)](auto& asked) {
    guard::Verdict verdict;
    const auto ask = [&](const auto& rule) {
      if constexpr (std::is_invocable_v<decltype(rule), decltype(asked)>) {
        if (verdict.Skips()) verdict = guard::Ask(rule, asked);
      }
    };
    std::apply([&](const auto&... each) { (ask(each), ...); }, all);
    return verdict;
  };
}

/// Several rules as one, which allows where all of them allow: the first that denies is followed;
/// where one skips, or none is about what is asked, it skips.
template <class... Rules>
[[nodiscard]] auto AllOf(Rules... rules) {
  return [all = std::make_tuple(std::move(rules)...)](auto& asked) {
    guard::Verdict verdict = guard::Allow;
    bool any = false;
    const auto ask = [&](const auto& rule) {
      if constexpr (std::is_invocable_v<decltype(rule), decltype(asked)>) {
        if (verdict.Denies()) return;
        any = true;
        guard::Verdict next = guard::Ask(rule, asked);
        if (!next.Allows()) verdict = std::move(next);
      }
    };
    std::apply([&](const auto&... each) { (ask(each), ...); }, all);
    return any ? verdict : guard::Skip;
  };
}

/// The rule of TenantBy.
template <class V, auto Member, class Of>
struct TenantRule {
  Of of;

  template <class E>
  guard::Verdict operator()(Mutation<E>& m) const {
    const V* const caller = m.Context().template Get<V>();
    if (caller == nullptr) return Unknown();
    const auto tenant = std::invoke(of, *caller);
    const auto* const given = m.Get(F<Member>);
    if (given == nullptr && m.Op() == Op::Create) {
      m.Set(F<Member>, tenant);
    } else if (m.Added(F<Member>) || m.Cleared(F<Member>) || (given && !(*given == tenant))) {
      return guard::Deny("it would be another tenant's");
    }
    const bool finds_rows = m.Op() != Op::Create || m.Conflict() != nullptr;
    if (finds_rows) m.Where(F<Member> == tenant);
    return guard::Skip;
  }
  template <class E>
  guard::Verdict operator()(Reading<E>& r) const {
    const V* const caller = r.Context().template Get<V>();
    if (caller == nullptr) return Unknown();
    r.Where(F<Member> == std::invoke(of, *caller));
    return guard::Skip;
  }

 private:
  static guard::Verdict Unknown() {
    return guard::Deny("the call does not say which tenant it is for");
  }
};
/// Keeps tenants apart: of a type with this field, which should be Immutable, a call reads and
/// writes the rows of its caller's tenant, which `of` says of its V, and creates no others:
/// TenantBy<Viewer>(F<&Tenanted::tenant>, &Viewer::tenant). See the top of this file. It narrows,
/// denies, and never allows: rules behind it are asked.
template <class V, auto Member, class Of>
[[nodiscard]] TenantRule<V, Member, Of> TenantBy(MemberToken<Member> /*field*/, Of of) {
  return {std::move(of)};
}

}  // namespace grapnel::extras
