#pragma once

#include <grapnel/extras/clock.hpp>
#include <grapnel/extras/outbox/tables.hpp>
#include <grapnel/hook/guard.hpp>
#include <grapnel/schema/token.hpp>
#include <grapnel/store/client.hpp>
#include <grapnel/store/predicate/comparison.hpp>
#include <grapnel/store/tx/tx.hpp>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <stop_token>
#include <string>
#include <utility>

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

/// Counts one event more in its lane. Requires: a transaction's client. Returns: its seq. Holds the
/// lane until the COMMIT, where writers run beside each other: so the order of seq and id is that
/// of commits.
///
/// What it writes follows from what it has read: a transaction is one snapshot, and where another
/// one has written the lane since, the write is refused.
inline std::int64_t TakeSeq(const Client& client, const std::string& sink, const std::string& key) {
  const auto lanes = client.Of<Lane>();
  const auto known = lanes.Query()
                         .Where(F<&Lane::sink> == sink && F<&Lane::key> == key)
                         .Select(F<&Lane::id>, F<&Lane::seq>, F<&Lane::pending>, F<&Lane::waiting>)
                         .All();
  if (!known.empty()) {
    const auto& [id, seq, pending, waiting] = known.front();
    auto lane = lanes.Update().Where(F<&Lane::id> == id);
    lane.Set(F<&Lane::seq>, seq + 1);
    lane.Set(F<&Lane::pending>, pending + 1);
    if (!waiting) lane.Set(F<&Lane::waiting>, true);  // an index has it
    lane.Save();
    return seq + 1;
  }
  return lanes
      .Create({.sink = sink,
               .key = key,
               .seq = 1,
               .pending = 1,
               .waiting = true,
               .next_at = std::chrono::floor<std::chrono::microseconds>(Clock::Now())})
      .OnConflict(F<&Lane::sink>, F<&Lane::key>)
      .Update([](auto& lane) {
        lane.Add(F<&Lane::seq>, 1);
        lane.Add(F<&Lane::pending>, 1);
        lane.Set(F<&Lane::waiting>, true);
      })
      .Save()
      .seq;
}

/// Writes one event, in the transaction of this client: what Publish does for each row that was
/// touched. Throws: as mutations do.
inline void Append(const Client& in_transaction, const std::string& sink, const std::string& key,
                   std::string type, std::string payload) {
  const Client client = in_transaction.With(guard::Decide(guard::Allow));
  Event event;
  event.sink = sink;
  event.key = key;
  event.type = std::move(type);
  event.payload = std::move(payload);
  event.seq = TakeSeq(client, sink, key);
  event.committed_at = std::chrono::floor<std::chrono::microseconds>(Clock::Now());
  client.Of<Event>().Create(std::move(event)).Save();
}
/// The same, of an event of one's own: `outbox::Append(tx, "mail", "7", "user.welcome", json)`.
inline void Append(Tx& tx, const std::string& sink, const std::string& key, std::string type,
                   std::string payload) {
  Append(tx.Client(), sink, key, std::move(type), std::move(payload));
  tx.AfterCommit([] { Poke::All(); });
}

}  // namespace grapnel::extras::outbox
