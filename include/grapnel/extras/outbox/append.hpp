#pragma once

#include <grapnel/core/op.hpp>
#include <grapnel/extras/clock.hpp>
#include <grapnel/extras/outbox/tables.hpp>
#include <grapnel/hook/guard.hpp>
#include <grapnel/model/error.hpp>
#include <grapnel/schema/schema.hpp>
#include <grapnel/schema/token.hpp>
#include <grapnel/store/client.hpp>
#include <grapnel/store/predicate/comparison.hpp>
#include <grapnel/store/tx/retry.hpp>
#include <grapnel/store/tx/tx.hpp>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace grapnel::extras::outbox {

/// Wakes the relays of this process when events were committed. Threads: any.
class Poke {
 public:
  static void All() {
    {
      const std::lock_guard lock(mutex_);
      ++count_;
    }
    woken_.notify_all();
  }
  static std::uint64_t Count() {
    const std::lock_guard lock(mutex_);
    return count_;
  }
  /// Until there was one since Count() was `seen`, a stop is requested, or the time is over.
  static void Wait(const std::stop_token& stop, std::uint64_t seen,
                   std::chrono::milliseconds longest) {
    std::unique_lock lock(mutex_);
    woken_.wait_for(lock, stop, longest, [&] { return count_ != seen; });
  }

 private:
  static inline std::mutex mutex_;
  static inline std::condition_variable_any woken_;
  static inline std::uint64_t count_ = 0;
};

/// Counts so many events more of a key, and has its lane wait. Requires: a transaction's client.
/// Returns: the seq of the first of them. Holds the counter until the COMMIT, where writers run
/// beside each other: so the order of seq and id is that of commits.
///
/// What it writes follows from what it has read: a transaction is one snapshot, and where another
/// one has written the counter since, the write is refused. A relay that finds nothing left writes
/// the counter as well: so a lane that waits is not written, and yet never left behind.
inline std::int64_t TakeSeqs(const Client& client, const std::string& sink, const std::string& key,
                             std::int64_t count) {
  struct Known {
    std::int64_t id = 0, seq = 0;
    bool waiting = false;
  };
  std::optional<Known> counter, lane;
  const auto lanes = client.Of<Lane>();
  const std::string counts = CounterOf(sink), counted = CounterOf(key);
  for (const auto& [id, of, seq, waiting] :
       lanes.Query()
           .Where((F<&Lane::sink> == sink && F<&Lane::key> == key) ||
                  (F<&Lane::sink> == counts && F<&Lane::key> == counted))
           .Select(F<&Lane::id>, F<&Lane::sink>, F<&Lane::seq>, F<&Lane::waiting>)
           .All()) {
    (of == sink ? lane : counter) = Known{id, seq, waiting};
  }
  std::int64_t last = count;
  if (counter) {
    last += counter->seq;
    lanes.Update().Where(F<&Lane::id> == counter->id).Set(F<&Lane::seq>, last).Save();
  } else {
    if (lane) {  // somebody has deleted its counter
      const auto is_its = F<&Event::sink> == sink && F<&Event::key> == key;
      const auto known = client.Of<Event>().Query().Where(is_its).Max(F<&Event::seq>);
      last += std::max(lane->seq, known.value_or(0));
    }
    last = lanes.Create({.sink = counts, .key = counted, .seq = last})
               .OnConflict(F<&Lane::sink>, F<&Lane::key>)
               .Update([&](auto& one) { one.Add(F<&Lane::seq>, count); })
               .Save()
               .seq;
  }
  const std::int64_t seq = last - count + 1;
  const auto wait = [&](auto& one) {
    one.Set(F<&Lane::waiting>, true);
    one.Set(F<&Lane::seq>, seq);
  };
  if (!lane) {
    lanes
        .Create({.sink = sink,
                 .key = key,
                 .seq = seq,
                 .waiting = true,
                 .next_at = std::chrono::floor<std::chrono::microseconds>(Clock::Now())})
        .OnConflict(F<&Lane::sink>, F<&Lane::key>)
        .Update(wait)
        .Save();
  } else if (!lane->waiting || !counter) {  // without it only this is known to relays
    auto one = lanes.Update().Where(F<&Lane::id> == lane->id);
    wait(one);
    one.Save();
  }
  return seq;
}

/// Writes events of one key, one for each payload, in the transaction of this client: what Publish
/// does. Throws: as mutations do; what it has written before stays then, and goes with what the
/// exception undoes: a hook's mutation, a transaction.
inline void AppendAll(const Client& in_transaction, std::string_view sink, std::string_view key,
                      std::string_view type, std::span<const std::string> payloads) {
  const auto refuse = [](std::string_view field, std::string_view why) {
    throw ValidationError(Schema<Event>::Type, field, Op::Create, why);
  };
  if (!IsSink(sink)) refuse("sink", "the name " + std::string(WhyNoSink(sink)));
  if (key.size() > kLongestKey) refuse("key", "the value is longer than 2000 bytes");
  const Client client = in_transaction.With(guard::Decide(guard::Allow));
  Event event;
  event.sink = sink;
  event.key = key;
  event.type = type;
  event.seq = TakeSeqs(client, event.sink, event.key, static_cast<std::int64_t>(payloads.size()));
  event.committed_at = std::chrono::floor<std::chrono::microseconds>(Clock::Now());
  const auto events = client.Of<Event>();
  while (!payloads.empty()) {
    std::vector<Event> some;  // not all, for a statement holds them a second time
    std::size_t bytes = 0;
    for (const std::string& payload :
         payloads.first(std::min<std::size_t>(payloads.size(), 1000))) {
      bytes += payload.size();
      if (bytes > (1 << 20) && !some.empty()) break;
      some.push_back(event);
      some.back().payload = payload;
      ++event.seq;
    }
    payloads = payloads.subspan(some.size());
    if (some.size() > 1) {
      events.CreateBulk(std::move(some)).Save();
    } else {
      events.Create(std::move(some.front())).Save();
    }
  }
}
/// Writes one event of one's own: `outbox::Append(tx, "mail", "7", "user.welcome", json)`, in the
/// transaction of this client, or, where it has none, in one of its own. Where it throws it has
/// written nothing, and the transaction may go on. Throws: as WithTx and mutations do.
inline void Append(const Client& client, std::string_view sink, std::string_view key,
                   std::string_view type, std::string_view payload) {
  const std::string text(payload);
  client.WithTx(
      [&](Tx& tx) {
        AppendAll(tx.Client(), sink, key, type, {&text, 1});
        tx.AfterCommit([] { Poke::All(); });
      },
      Retry{});
}
inline void Append(const Tx& tx, std::string_view sink, std::string_view key, std::string_view type,
                   std::string_view payload) {
  Append(tx.Client(), sink, key, type, payload);
}

}  // namespace grapnel::extras::outbox
