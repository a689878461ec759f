#pragma once

/// An inbox: the receiving side of messages that may arrive twice, from an outbox, a queue or a
/// webhook. What a message causes in this database happens once.
///
///   auto db = grapnel::Open<Invoice, extras::inbox::Seen>("billing.db");
///   db.WithTx([&](Tx& tx) {
///     extras::inbox::Once(tx, "shop", message.id, [&] { tx.Of<Invoice>().Create(...).Save(); });
///   }, Retry{});
///
/// What it guarantees. `body` runs once for each source and id that is committed: the id is stored
/// in the same transaction as what `body` writes, so that both are there or none is, whatever
/// process dies when. Where `body` throws nothing is stored, not even in a transaction that goes
/// on: the message may come again. Two that receive one message at the same time are one behind the
/// other: SQLite has one writer at a time; on PostgreSQL the second one gets a BusyError, and
/// finds, where it is tried again (Retry), that the message has been seen.
///
/// What not: an id that Prune has forgotten runs again; keep ids for longer than any sender tries.
/// What `body` does outside of this database may happen again.
///
/// Cost: one SELECT and one INSERT of a message that is new, one SELECT of one that is not; a row
/// for each. Mutations of Seen are stored beside what rules, hooks and Audit of the application
/// say of it: the type is internal. Order with others: `body`'s writes have their own hooks.

#include <grapnel/core/error.hpp>
#include <grapnel/extras/clock.hpp>
#include <grapnel/hook/guard.hpp>
#include <grapnel/schema/field.hpp>
#include <grapnel/schema/index.hpp>
#include <grapnel/schema/schema.hpp>
#include <grapnel/schema/token.hpp>
#include <grapnel/store/client.hpp>
#include <grapnel/store/predicate/comparison.hpp>
#include <grapnel/store/predicate/members.hpp>
#include <grapnel/store/predicate/order.hpp>
#include <grapnel/store/tx/retry.hpp>
#include <grapnel/store/tx/tx.hpp>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace grapnel {

namespace extras::inbox {

/// A message that was received.
struct Seen {
  std::int64_t id = 0;
  std::string source{};
  std::string event_id{};
  Clock::Time at{};
};

}  // namespace extras::inbox

template <>
struct Schema<extras::inbox::Seen> {
  using Row = extras::inbox::Seen;

  static constexpr std::string_view Type = "InboxSeen";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&Row::source>("source").MaxLen(200).Immutable(),
                           Field<&Row::event_id>("event_id").MaxLen(2000).Immutable(),
                           Field<&Row::at>("at").Immutable());
  }
  static constexpr auto Indexes() {
    return grapnel::Indexes(Index<&Row::source, &Row::event_id>().Unique(), Index<&Row::at>());
  }
  static constexpr bool Internal = true;
};

namespace extras::inbox {

/// Runs `body()`, or `body(tx)`, unless this message has been seen: see above. Returns: whether it
/// has run. Throws: Error for an empty source or id, what `body` throws, and as mutations do; then
/// nothing of it is stored.
template <class Body>
bool Once(const Tx& tx, std::string_view source, std::string_view event_id, Body&& body) {
  if (source.empty()) throw Error("extras::inbox::Once: the source is empty");
  if (event_id.empty()) throw Error("extras::inbox::Once: the id of the event is empty");
  return tx.WithTx([&](Tx& once) {
    const auto seen = once.Client().With(guard::Decide(guard::Allow)).template Of<Seen>();
    const std::string from(source), id(event_id);
    if (seen.Query().Where(F<&Seen::source> == from && F<&Seen::event_id> == id).Exist()) {
      return false;
    }
    seen.Create({.source = from,
                 .event_id = id,
                 .at = std::chrono::floor<std::chrono::microseconds>(Clock::Now())})
        .OnConflict(F<&Seen::source>, F<&Seen::event_id>)
        .Ignore()  // only what this transaction does not see yet: then it is a BusyError
        .Save();
    constexpr bool takes_tx = std::invocable<Body, Tx&>, takes_nothing = std::invocable<Body>;
    static_assert(
        takes_tx || takes_nothing,
        "what is done once is a function: Once(tx, \"shop\", id, [&] { ... }), or [&](Tx& "
        "tx) { ... }");
    if constexpr (takes_tx) {
      std::forward<Body>(body)(once);
    } else if constexpr (takes_nothing) {
      std::forward<Body>(body)();
    }
    return true;
  });
}
/// The same of an id that is a number, such as an outbox's.
template <class Body>
bool Once(const Tx& tx, std::string_view source, std::int64_t event_id, Body&& body) {
  return Once(tx, source, std::string_view(std::to_string(event_id)), std::forward<Body>(body));
}

/// Forgets messages that are older than that, a thousand in one transaction. Returns: how many.
/// Throws: as WithTx.
template <class Rep, class Period>
std::int64_t Prune(const Client& client, std::chrono::duration<Rep, Period> age) {
  const Clock::Time until = Clock::Ago(age);
  std::int64_t all = 0;
  while (true) {
    const auto some = client.WithTx(
        [&](Tx& tx) -> std::int64_t {
          const auto seen = tx.Client().With(guard::Decide(guard::Allow)).template Of<Seen>();
          const auto ids =
              seen.Query().Where(F<&Seen::at> <= until).Order(Asc(F<&Seen::at>)).Limit(1000).IDs();
          if (ids.empty()) return 0;
          return seen.Delete().Where(F<&Seen::id>.In(ids)).Exec();
        },
        Retry{});
    if (some == 0) return all;
    all += some;
  }
}

}  // namespace extras::inbox

}  // namespace grapnel
