#pragma once

#include <grapnel/core/error.hpp>
#include <grapnel/extras/outbox/tables.hpp>
#include <grapnel/store/tx/tx.hpp>

#include <concepts>
#include <functional>
#include <type_traits>
#include <utility>

namespace grapnel::extras::outbox {

/// What a relay is given in place of a sink where the events cause writes of the same database:
///
///   outbox::Relay relay(db, "totals", outbox::Handler([](Tx& tx, const outbox::Event& event) {
///     tx.Of<Total>().Update().Add(F<&Total::orders>, 1).Save();
///   }));
///
/// What it writes by `tx` and that the event is delivered are one transaction: each event has its
/// effect once, whatever process dies when. A transaction for each event, by the client that the
/// relay was made of, with its rules and its context; it may run again where another one was in its
/// way, so that what it does elsewhere may be done twice. Where it throws nothing is written, and
/// the event is tried again as a sink's is. The database's locks are held while it runs.
class Handler {
 public:
  using Body = std::function<void(Tx&, const Event&)>;

  /// Throws: Error for a function that holds nothing.
  template <std::invocable<Tx&, const Event&> F>
  explicit Handler(F body) : body_(std::move(body)) {
    if (!body_) throw Error("extras::outbox::Handler: it was given no function that handles");
  }
  template <class F>
  requires(!std::invocable<F&, Tx&, const Event&> &&
           !std::same_as<std::remove_cvref_t<F>, Handler>) explicit Handler(F&&) {
    static_assert(std::invocable<F&, Tx&, const Event&>,
                  "a handler is a function: outbox::Handler([](Tx& tx, const outbox::Event& event) "
                  "{ ... })");
  }

  const Body& Function() const noexcept { return body_; }

 private:
  Body body_;
};

}  // namespace grapnel::extras::outbox
