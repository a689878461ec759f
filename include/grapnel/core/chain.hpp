#pragma once

#include <grapnel/core/hook.hpp>
#include <grapnel/core/mutator.hpp>
#include <grapnel/core/next.hpp>

#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>

namespace grapnel::core {

/// Several hooks as one: `Chain(f, g, h)` is f(g(h(next))). The hooks' types are known, so that the
/// whole is inlined. A chain is a value: Append and Extend leave it as it was. The empty chain is
/// the identity. Source: ent's hook.Chain.
template <class... Hooks>
class Chain {
 public:
  explicit(sizeof...(Hooks) > 0) constexpr Chain(Hooks... hooks) : hooks_(std::move(hooks)...) {}

  /// This chain with more hooks behind it, innermost last.
  template <class... More>
  constexpr Chain<Hooks..., std::decay_t<More>...> Append(More&&... more) const {
    return Extend(Chain<std::decay_t<More>...>(std::forward<More>(more)...));
  }

  /// This chain with another one behind it.
  template <class... More>
  constexpr Chain<Hooks..., More...> Extend(const Chain<More...>& inner) const {
    return std::apply([](const auto&... hooks) { return Chain<Hooks..., More...>(hooks...); },
                      std::tuple_cat(hooks_, inner.hooks_));
  }

  /// The chain around what it ends in, `Result(Subject&)`: a mutator, whose hooks of ent's form are
  /// composed here, once. Of a terminal with several signatures, `Then<Request, Reply>(terminal)`.
  /// Source: alice's Then.
  template <class Terminal>
  auto Then(Terminal&& terminal) const {
    using Call = detail::CallOf<std::decay_t<Terminal>>;
    return Then<typename Call::Subject, typename Call::Result>(std::forward<Terminal>(terminal));
  }
  template <class Subject, class Result, class Terminal>
  Mutator<Subject, Result> Then(Terminal&& terminal) const {
    const Hook<Subject, Result> hook(*this);
    return hook(Mutator<Subject, Result>(std::forward<Terminal>(terminal)));
  }

  template <class Subject, class Result>
  requires(sizeof...(Hooks) == 0 || (detail::IsHook<Hooks, Subject, Result>() && ...)) Result
  operator()(Subject& subject, Next<Subject, Result> next) const {
    return Call<0, Subject, Result>(hooks_, subject, next);
  }

  /// The first of its hooks that is none says why.
  template <class Subject, class Result>
  static consteval detail::Fault FaultFor() {
    detail::Fault found = detail::Fault::None;
    const auto look = [&](detail::Fault fault) {
      if (found == detail::Fault::None) found = fault;
    };
    (look(detail::FaultOf<Hooks, Subject, Result>()), ...);
    return found;
  }
  template <class Subject, class Result>
  static consteval bool NeedsComposing() {
    return (detail::NeedsComposing<Hooks, Subject, Result>() || ...);
  }

  template <class Subject, class Result>
  auto Compose() const {
    return std::apply(
        [](const Hooks&... hooks) {
          // In braces, for the hooks are composed in their order.
          return Chain<decltype(ComposeOne<Subject, Result>(hooks))...>{
              ComposeOne<Subject, Result>(hooks)...};
        },
        hooks_);
  }

 private:
  template <class...>
  friend class Chain;

  template <class H>
  struct BorrowedBefore {
    using BeforeOnly = void;
    const H* hook;
    template <class Subject>
    void operator()(Subject& subject) const {
      (*hook)(subject);
    }
  };

  template <class Subject, class Result, class H>
  static auto ComposeOne(const H& hook) {
    if constexpr (requires { typename H::BeforeOnly; }) {
      return BorrowedBefore<H>{&hook};
    } else {
      return detail::Compose<Subject, Result>(hook);
    }
  }

  template <std::size_t I, class Subject, class Result>
  static Result Call(const std::tuple<Hooks...>& hooks, Subject& subject,
                     Next<Subject, Result> last) {
    if constexpr (I == sizeof...(Hooks)) {
      return last(subject);
    } else if constexpr (requires {
                           typename std::tuple_element_t<I, std::tuple<Hooks...>>::BeforeOnly;
                         }) {
      std::get<I>(hooks)(subject);
      return Call<I + 1, Subject, Result>(hooks, subject, last);
    } else {
      struct Frame {
        const std::tuple<Hooks...>& hooks;
        Next<Subject, Result> last;
        detail::Origin<Subject> origin;
        detail::Once once{};
      } frame{hooks, last, detail::Origin<Subject>(subject)};
      const auto rest = [](void* context, Subject& inner) -> Result {
        auto& f = *static_cast<Frame*>(context);
        f.origin.Check(inner);
        return detail::Enter<Subject, Result>(f.once, inner, [&]() -> Result {
          return Call<I + 1, Subject, Result>(f.hooks, inner, f.last);
        });
      };
      return Invoke(std::get<I>(hooks), subject, Next<Subject, Result>(rest, &frame));
    }
  }

  std::tuple<Hooks...> hooks_;
};

template <class... Hooks>
Chain(Hooks...) -> Chain<Hooks...>;

}  // namespace grapnel::core
