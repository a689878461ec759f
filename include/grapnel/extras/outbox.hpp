#pragma once

/// A transactional outbox: what a write is to cause elsewhere, a mail, an index, a queue, is stored
/// with the write, and delivered once it is committed, until it has arrived.
///
///   auto db = grapnel::Open<User, extras::outbox::Event, extras::outbox::Lane>("app.db");
///   db.Migrate();
///   db.Of<User>().Use(extras::outbox::Publish<User>("user.changed").To("search", "mail")
///                         .Key([](const auto& change) { return change.Id(); })
///                         .Payload([](const auto& change) { return Json(change.New()); }));
///                         // New() is null for a deletion, Old() for a creation
///   extras::outbox::Relay relay(db, "mail",
///       [](const extras::outbox::Event& e, std::stop_token) { Send(e.id, e.payload); },
///       {.lease = 30s, .attempts = 8});
///   std::jthread worker([&](std::stop_token stop) { relay.Run(stop); });  // or relay.RunOnce()
///
/// Here and below: Append writes an event of one's own; Sinks tells what waits, also for a sink
/// that no relay serves; Dead, Replay and Discard are about dead letters, Prune about age. Handler
/// and errors have headers of their own in outbox/.
///
/// What it guarantees. An event for each row that a mutation has changed, and each sink, in the
/// transaction of the mutation, so that both are committed or none is, savepoints too; none for a
/// row that is as it was, unless AlsoUnchanged says so. What a mutation and those that its hooks
/// begin of the same type make of a row is told once, as it was before and is behind all of them.
/// Every event that is committed reaches its sink, at least once, whatever process dies when. Of
/// one sink and key the first deliveries are in the order of the commits (rows of one mutation that
/// share a key, in any); a key that fails holds no other one up. A delivery has the event's id,
/// which grows along its key and is never used again, and its seq; one that is repeated differs in
/// nothing but `attempts` and `error`. A sink that throws is tried again after a time that doubles
/// and differs by chance (RetryAfter: after the time that it says); after so many attempts (by
/// default one to two minutes behind the first one), or at once (Rejected), the event is a dead
/// letter, and its key waits for Replay or Discard, or goes on (OnDead::Skip). Several relays, in
/// threads and processes, take a key by a lease: no event is delivered by two of them while it
/// lasts, and one that has lost it changes nothing. No sink is called while the relay has a
/// transaction open. A clock that jumps stops nothing: what lies further ahead than any wait is
/// due.
///
/// What not: nothing is delivered exactly once; but what is to be written to the same database is
/// written once for each event by an outbox::Handler in place of the sink, and what is received in
/// another one by inbox::Once (<grapnel/extras/inbox.hpp>). What a relay that dies has taken waits
/// until the lease is over, by default 30 seconds. One that dies between a delivery and its COMMIT,
/// or takes longer than its lease, delivers again: let the sink drop an id that it knows, or one
/// that is not above the last of the key; then what it does happens once. Deliveries of one relay
/// go one after the other: a sink with a hundred keys that hang is helped by more relays, and by a
/// time limit of its own; the token of a delivery is stopped behind 4/5 of the lease, and the keys
/// that are left are given back then. A sink that goes on for longer than the lease holds up what
/// was taken with it until then, and counts as having failed, or not, when its relay has the key
/// again, unless its process has died before. A key has 2,000 bytes at most, and may be empty; a
/// sink's name has 200. A row whose neighbours are added and taken away again within one mutation
/// may be told. A relay is made of the database's client: one of a transaction's is refused when it
/// has something to deliver. A delivery that kills the process is no failure that counts. Relays of
/// one sink have the same options, and clocks that differ by less than a lease. SQL of one's own,
/// other programs, triggers and foreign-key actions of others tell nothing. `committed_at` is when
/// the event was written: its COMMIT comes after it. Without the sync that SQLite does at each
/// COMMIT by default a power cut loses what was committed last, events too.
///
/// Cost: the old row and the new one are read; for each row and sink its key's lane and counter are
/// read, two rows for each sink and key, the counter is written, and the event. An idle relay
/// reads, once for each `poll`, and locks nothing; a busy one commits once for up to `lanes` keys,
/// and holds the payloads of `events` events. Events are deleted when they are delivered; Prune
/// takes dead letters and keys away that are old. On PostgreSQL a transaction walks past all that
/// it has made of a row: thousands of writes of one key belong into one Update or Delete, which
/// counts once, or into several transactions.
///
/// Beside each other: writers of one key wait for each other, on PostgreSQL as on SQLite, so that
/// seq and id follow the commits; there one of two that meet gets a BusyError that may be tried
/// again, which a mutation of its own does by itself, and a transaction of one's own by
/// client.WithTx(body, grapnel::Retry{}). A relay writes nothing that writers write, but where it
/// finds that nothing is left of a key, and nothing was written of it for a second or two (or that
/// a thousand such keys wait for that already; RunOnce does not wait): a transaction that has begun
/// before that, and writes the key behind it, is the one that may have to be tried again. On SQLite
/// all wait for one lock: in a process each has its turn, but processes have none: beside one that
/// writes without a pause a relay in another one may wait for long. Replay and Discard are tried
/// again for 5 seconds.
///
/// Order with others: rules of guards stand before it; those about Event and Lane bind all but the
/// outbox itself. It does not matter on which side of Audit it stands, for neither sees the other's
/// tables. Register it outside of hooks that change the mutation or write the row again: it tells
/// what they have made of it. Hooks outside of it, too, count in what is stored, but a row that
/// they write again is told again. Two Publish of one type are two events. A soft delete is told as
/// an update, whose New() says that the row is deleted.

#include <grapnel/extras/clock.hpp>
#include <grapnel/extras/outbox/append.hpp>
#include <grapnel/extras/outbox/errors.hpp>
#include <grapnel/extras/outbox/newer.hpp>
#include <grapnel/extras/outbox/publish.hpp>
#include <grapnel/extras/outbox/relay.hpp>
#include <grapnel/extras/outbox/tables.hpp>
#include <grapnel/hook/guard.hpp>
#include <grapnel/schema/token.hpp>
#include <grapnel/store/client.hpp>
#include <grapnel/store/entities.hpp>
#include <grapnel/store/predicate/comparison.hpp>
#include <grapnel/store/predicate/measure.hpp>
#include <grapnel/store/predicate/members.hpp>
#include <grapnel/store/predicate/order.hpp>
#include <grapnel/store/tx/retry.hpp>
#include <grapnel/store/tx/tx.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <iterator>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace grapnel::extras::outbox {

/// What one sink has before it.
struct SinkState {
  std::string sink{};
  std::int64_t pending = 0;  // events that are neither delivered nor dead
  std::int64_t dead = 0;
  std::int64_t blocked = 0;     // keys behind a dead letter
  Clock::Time::duration lag{};  // the age of the oldest pending event, not older than of 1970
};

/// Each sink that has events, by its name. Reads all that are pending, in one snapshot.
inline std::vector<SinkState> Sinks(const Client& client) {
  const ReadTx snapshot = client.ReadTx();
  const Clock::Time now = Clock::Now();
  std::map<std::string, SinkState> states;
  const auto of = [&](const std::string& sink) -> SinkState& {
    SinkState& state = states[sink];
    state.sink = sink;
    return state;
  };
  for (const auto& [sink, dead, count, oldest] :
       snapshot.Of<Event>()
           .Query()
           .GroupBy(F<&Event::sink>, F<&Event::dead>)
           .Select(grapnel::Count(), grapnel::Min(F<&Event::committed_at>))
           .All()) {
    if (dead) {
      of(sink).dead = count;
    } else {
      of(sink).pending = count;
      of(sink).lag = std::max(now - std::max(oldest, Clock::Time()), Clock::Time::duration::zero());
    }
  }
  for (const auto& [sink, count] : snapshot.Of<Lane>()
                                       .Query()
                                       .Where(F<&Lane::blocked> == true)
                                       .GroupBy(F<&Lane::sink>)
                                       .Select(grapnel::Count())
                                       .All()) {
    of(sink).blocked = count;
  }
  std::vector<SinkState> all;
  for (auto& [sink, state] : states) all.push_back(std::move(state));
  return all;
}

/// Dead letters of one sink that failed alike.
struct DeadLetters {
  std::string sink{}, error{};
  std::int64_t count = 0;
  Clock::Time oldest{};
};

/// All of them, by sink and error. The letters themselves are the events with
/// `F<&Event::dead> == true`.
inline std::vector<DeadLetters> Dead(const Client& client) {
  std::vector<DeadLetters> all;
  for (auto& [sink, error, count, oldest] :
       client.Of<Event>()
           .Query()
           .Where(F<&Event::dead> == true)
           .GroupBy(F<&Event::sink>, F<&Event::error>)
           .Select(grapnel::Count(), grapnel::Min(F<&Event::committed_at>))
           .Order(Asc(F<&Event::sink>), Asc(F<&Event::error>))
           .All()) {
    all.push_back({sink, error, count, oldest});
  }
  return all;
}

/// The dead letters that Replay and Discard are about, by the lane that they belong to. Threads:
/// one.
class Letters {
 public:
  Letters(const Client& client, const store::Predicate<Event>& which) : client_(client) {
    client.WithTx([](Tx& tx) { RefuseNewer(tx); }, Retry{});
    for (const auto& [id, sink, key] : client.Of<Event>()
                                           .Query()
                                           .Where(F<&Event::dead> == true)
                                           .Where(which)
                                           .Select(F<&Event::id>, F<&Event::sink>, F<&Event::key>)
                                           .All()) {
      ids_[{sink, key}].push_back(id);
    }
  }

  std::int64_t Revive() const {
    return InParts(true, [](const store::Entities<Event>& events, const auto& letters) {
      return events.Update()
          .Where(letters)
          .Set(F<&Event::dead>, false)
          .Set(F<&Event::attempts>, 0)
          .Set(F<&Event::error>, "")
          .Save();
    });
  }
  std::int64_t Remove() const {
    return InParts(false, [](const store::Entities<Event>& events, const auto& letters) {
      return events.Delete().Where(letters).Exec();
    });
  }

 private:
  using Lanes = std::map<std::pair<std::string, std::string>, std::vector<std::int64_t>>;
  static constexpr int kLanes = 8;  // at a time: relays that work on them are in the way

  /// Returns: how many letters `what` was done to.
  template <class Do>
  std::int64_t InParts(bool revives, const Do& what) const {
    std::int64_t count = 0;
    for (auto first = ids_.begin(); first != ids_.end();) {
      const auto end = std::ranges::next(first, kLanes, ids_.end());
      count += client_.WithTx(
          [&](Tx& tx) {
            const Client client = tx.Client().With(guard::Decide(guard::Allow));
            std::vector<std::int64_t> ids;
            for (auto lane = first; lane != end; ++lane) {
              ids.insert(ids.end(), lane->second.begin(), lane->second.end());
            }
            const std::int64_t done =
                what(client.Of<Event>(), F<&Event::id>.In(ids) && F<&Event::dead> == true);
            for (auto lane = first; lane != end; ++lane) Unblock(client, lane->first, revives);
            return done;
          },
          Retry{});
      Poke::All();
      first = end;
    }
    return count;
  }
  /// A key goes on that no dead letter is left of.
  static void Unblock(const Client& client, const Lanes::key_type& lane, bool revives) {
    const auto& [sink, key] = lane;
    const bool is_blocked =
        client.Of<Event>()
            .Query()
            .Where(F<&Event::sink> == sink && F<&Event::key> == key && F<&Event::dead> == true)
            .Exist();
    auto update = client.Of<Lane>().Update().Where(F<&Lane::sink> == sink && F<&Lane::key> == key);
    // Written in any case: of two that each leave a letter to the other one, one runs again.
    update.Add(F<&Lane::attempts>, 0);
    if (revives) update.Set(F<&Lane::waiting>, true);
    if (!is_blocked) update.Set(F<&Lane::blocked>, false);
    update.Save();
  }

  const Client client_;
  Lanes ids_{};
};

/// Has dead letters delivered as if they had never failed, before all else of their keys, which go
/// on where no other one is left: `Replay(client, F<&Event::sink> == "mail" && F<&Event::error> ==
/// "550")`. A key that waits because a later event has failed (OnDead::Skip) waits on. Returns: how
/// many. Those of a few keys in one transaction. Throws: as queries and WithTx, and what was done
/// before stays; ConstraintError where a newer program has made the tables.
inline std::int64_t Replay(const Client& client, const store::Predicate<Event>& which) {
  return Letters(client, which).Revive();
}

/// Deletes dead letters: their keys go on without them, where no other one is left. Returns: how
/// many. Those of a few keys in one transaction. Throws: as Replay.
inline std::int64_t Discard(const Client& client, const store::Predicate<Event>& which) {
  return Letters(client, which).Remove();
}

/// What Prune has taken away.
struct Pruned {
  std::int64_t letters = 0, lanes = 0;
  bool operator==(const Pruned&) const = default;
};

/// Discards dead letters that are older than that, and takes away the lanes of keys that nothing
/// was delivered of for as long, and that have no event: the `seq` of such a key begins at 1 again.
/// Returns: how many. Throws: as WithTx.
template <class Rep, class Period>
Pruned Prune(const Client& client, std::chrono::duration<Rep, Period> age) {
  const Clock::Time until = Clock::Ago(age);
  Pruned pruned;
  pruned.letters = Discard(client, F<&Event::committed_at> <= until);
  const auto idle = F<&Lane::blocked> == false && F<&Lane::lease> == "" &&
                    F<&Lane::next_at> <= until &&
                    !F<&Lane::sink>.HasPrefix(std::string(1, kCounter));
  std::int64_t last = 0;  // the lane up to which it has looked
  while (true) {
    const auto [looked_at, taken] = client.WithTx(
        [&](Tx& tx) {
          const Client all = tx.Client().With(guard::Decide(guard::Allow));
          const auto lanes = all.Of<Lane>()
                                 .Query()
                                 .Where(idle && F<&Lane::id> > last)
                                 .Order(Asc(F<&Lane::id>))
                                 .Limit(1000)
                                 .All();
          std::int64_t count = 0;
          for (const Lane& lane : lanes) {
            const auto of_lane = F<&Event::sink> == lane.sink && F<&Event::key> == lane.key;
            if (all.Of<Event>().Query().Where(of_lane).Exist()) continue;
            all.Of<Lane>()
                .Delete()
                .Where(F<&Lane::id> == lane.id || (F<&Lane::sink> == CounterOf(lane.sink) &&
                                                   F<&Lane::key> == CounterOf(lane.key)))
                .Exec();
            ++count;
          }
          return std::pair(lanes.empty() ? 0 : lanes.back().id, count);
        },
        Retry{});
    if (looked_at == 0) break;
    last = looked_at;
    pruned.lanes += taken;
  }
  return pruned;
}

}  // namespace grapnel::extras::outbox
