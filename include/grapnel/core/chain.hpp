#pragma once

#include <grapnel/base/called_as.hpp>
#include <grapnel/base/pack.hpp>
#include <grapnel/core/error.hpp>
#include <grapnel/core/hook.hpp>
#include <grapnel/core/mutator.hpp>
#include <grapnel/core/next.hpp>
#include <grapnel/core/op.hpp>
#include <grapnel/core/place.hpp>

#include <cstddef>
#include <type_traits>
#include <utility>

namespace grapnel::core {

/// Several hooks as one: `Chain(f, g, h)` is f(g(h(next))). The hooks' types are known, so that the
/// whole is inlined. A chain is a value: Append and Extend leave it as it was. The empty chain is
/// the identity. Source: ent's hook.Chain.
template <class... Hooks>
class Chain {
 public:
  using Parts = HookParts<Hooks...>;

  explicit(sizeof...(Hooks) > 0) constexpr Chain(Hooks... hooks) : hooks_(std::move(hooks)...) {
    hooks_.Apply([](const Hooks&... each) { detail::RefuseNone(each...); });
  }

  /// This chain with more hooks behind it, innermost last.
  template <class... More>
  constexpr Chain<Hooks..., std::decay_t<More>...> Append(More&&... more) const {
    return Extend(Chain<std::decay_t<More>...>(std::forward<More>(more)...));
  }
  /// This chain with another one behind it.
  template <class... More>
  constexpr Chain<Hooks..., More...> Extend(const Chain<More...>& inner) const {
    return Concat(hooks_, inner.hooks_).Apply([](const auto&... hooks) {
      return Chain<Hooks..., More...>(hooks...);
    });
  }

  /// The chain around what it ends in, `Result(Subject&)`: a mutator, whose hooks of ent's form are
  /// composed here, once. Of a terminal with several signatures, `Then<Request, Reply>(terminal)`.
  /// Source: alice's Then.
  template <class Terminal>
  auto Then(Terminal&& terminal) const {
    using Call = CallOf<std::decay_t<Terminal>>;
    return Then<typename Call::Subject, typename Call::Result>(std::forward<Terminal>(terminal));
  }
  template <class Subject, class Result, class Terminal>
  Mutator<Subject, Result> Then(Terminal&& terminal) const {
    const Hook<Subject, Result> hook(*this);
    return hook(Mutator<Subject, Result>(std::forward<Terminal>(terminal)));
  }

  template <class Subject, class Result>
  requires((FormOf<Hooks, Subject, Result>() != Form::None) && ...) Result operator()(
      Subject& subject, Next<Subject, Result> next) const {
    return Call<0>(hooks_, subject, next);
  }

  /// The Ops outside of which none of them does anything.
  Op Ops() const {
    if constexpr (sizeof...(Hooks) == 0) return AnyOp;
    return hooks_.Apply([](const Hooks&... each) { return (Op{} | ... | detail::OpsOf(each)); });
  }
  /// `visit(hook)` for each, outermost first.
  template <class Visitor>
  void ForEachPart(Visitor visit) const {
    hooks_.ForEach(visit);
  }

  template <class Subject, class Result>
  auto Compose() const {
    return hooks_.Apply([](const Hooks&... hooks) {
      // In braces, for the hooks are composed in their order.
      return Chain<decltype(detail::Compose<Subject, Result>(hooks))...>{
          detail::Compose<Subject, Result>(hooks)...};
    });
  }

 private:
  template <class...>
  friend class Chain;

  template <std::size_t I, class Subject, class Result>
  static Result Call(const Pack<Hooks...>& hooks, Subject& subject, Next<Subject, Result> last) {
    if constexpr (I == sizeof...(Hooks)) {
      return last(subject);
    } else if constexpr (FormOf<TypeAt<I, Hooks...>, Subject, Result>() == Form::Before) {
      Get<I>(hooks)(subject);
      return Call<I + 1>(hooks, subject, last);
    } else {
      const auto rest = [&hooks, last](Subject& inner) -> Result {
        return Call<I + 1>(hooks, inner, last);
      };
      detail::Place<Subject, Result, decltype(rest)> place(subject, rest);
      return Invoke(Get<I>(hooks), subject, place.Next());
    }
  }

  Pack<Hooks...> hooks_;
};

template <class... Hooks>
Chain(Hooks...) -> Chain<Hooks...>;

}  // namespace grapnel::core
