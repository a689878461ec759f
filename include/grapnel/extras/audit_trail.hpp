#pragma once

#include <grapnel/core/error.hpp>
#include <grapnel/core/op.hpp>
#include <grapnel/extras/clock.hpp>
#include <grapnel/extras/sha256.hpp>
#include <grapnel/hook/guard.hpp>
#include <grapnel/model/error.hpp>
#include <grapnel/schema/field.hpp>
#include <grapnel/schema/index.hpp>
#include <grapnel/schema/schema.hpp>
#include <grapnel/schema/token.hpp>
#include <grapnel/store/client.hpp>
#include <grapnel/store/driver/error.hpp>
#include <grapnel/store/predicate/comparison.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace grapnel {

namespace extras {

/// What became of one row: see Audit.
struct AuditEntry {
  std::int64_t id = 0;  // 1, 2, 3 ...: the order in which they were committed
  Clock::Time at{};
  std::string actor{};        // "" where the call did not say
  std::string entity{};       // "User"
  std::string row{};          // its id
  std::string asked{};        // the Op that the mutation began with
  std::string done{};         // the one that was carried out
  std::string cause{};        // "Caller", "Hook", "Cascade" or "Upsert"
  std::string fate{};         // "created", "updated" or "deleted"
  std::string changes{};      // JSON, {"name":["old","new"]}: see AuditNote::Changes
  std::int64_t mutation = 0;  // the first entry of the same mutation and all inside of it
  std::string hash{};
};

/// The last entry's id and hash: one row, which all that write share.
struct AuditHead {
  std::int64_t id = 1;
  std::int64_t last = 0;  // 0, and an empty hash: there is no entry
  std::string hash{};
};

/// The audit trail is not as Audit has left it, so that nothing may be added: the write is undone.
class AuditError : public Error {
 public:
  AuditError(std::string_view entity, std::int64_t entry, const std::string& reason)
      : Error(std::string(entity).append(": ").append(reason)), entity_(entity), entry_(entry) {}

  /// "AuditEntry" or "AuditHead": whose table it is.
  std::string_view Entity() const noexcept { return entity_; }
  /// Which entry it is about.
  std::int64_t Entry() const noexcept { return entry_; }

 private:
  std::string entity_;
  std::int64_t entry_;
};

/// What is wrong with the trail.
enum class AuditFlaw : std::uint8_t {
  Changed,  // or out of its place, or the one before it is another one
  Missing,  // this entry and those up to the next one that is there
  CutOff,   // the trail ends before it
  Added,    // behind the head
  Head,     // it is not the head of these entries, or not there
};

/// "changed", "missing", "cut off", "added" or "head".
constexpr std::string_view Name(AuditFlaw flaw) noexcept {
  constexpr std::string_view names[] = {"changed", "missing", "cut off", "added", "head"};
  return names[static_cast<std::size_t>(flaw)];
}

/// One thing that Verify has found, and at which entry.
struct AuditFault {
  AuditFlaw flaw;
  std::int64_t entry;
  bool operator==(const AuditFault&) const = default;
};

}  // namespace extras

template <>
struct Schema<extras::AuditEntry> {
  using Row = extras::AuditEntry;

  static constexpr std::string_view Type = "AuditEntry";
  static constexpr auto Fields() {
    return grapnel::Fields(
        Field<&Row::at>("at").Immutable(), Field<&Row::actor>("actor").Immutable(),
        Field<&Row::entity>("entity").Immutable(), Field<&Row::row>("row").Immutable(),
        Field<&Row::asked>("asked").Immutable(), Field<&Row::done>("done").Immutable(),
        Field<&Row::cause>("cause").Immutable(), Field<&Row::fate>("fate").Immutable(),
        Field<&Row::changes>("changes").Immutable(), Field<&Row::mutation>("mutation").Immutable(),
        Field<&Row::hash>("hash").Immutable());
  }
  static constexpr auto Indexes() { return grapnel::Indexes(Index<&Row::entity, &Row::row>()); }
  static constexpr bool Internal = true;
};

template <>
struct Schema<extras::AuditHead> {
  using Row = extras::AuditHead;

  static constexpr std::string_view Type = "AuditHead";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&Row::last>("last"), Field<&Row::hash>("hash"));
  }
  static constexpr bool Internal = true;
};

namespace extras {

/// The hash that an entry has behind one with the hash `before`, over all of its members but its
/// own hash: texts with their lengths, times in microseconds.
inline std::string HashOf(const AuditEntry& entry, std::string_view before) {
  using std::chrono::microseconds;
  const auto at = std::chrono::floor<microseconds>(entry.at.time_since_epoch()).count();
  Sha256 hash;
  const auto add = [&](std::string_view text) {
    hash.Add(std::to_string(text.size())).Add(":").Add(text);
  };
  add(before);
  for (const std::int64_t number : {entry.id, std::int64_t{at}, entry.mutation}) {
    add(std::to_string(number));
  }
  for (const std::string* text : {&entry.actor, &entry.entity, &entry.row, &entry.asked,
                                  &entry.done, &entry.cause, &entry.fate, &entry.changes}) {
    add(*text);
  }
  return hash.Hex();
}

/// The trail's head as it is now, to be kept where those that write the database do not reach.
/// Of a client or ReadTx.
template <class Client>
AuditHead Head(const Client& client) {
  return client.template Of<AuditHead>().Find(1).value_or(AuditHead{});
}

/// What is wrong with the trail, in the order of its entries: nothing, where each is as it was
/// written, in its place, and the head is the last one's. `kept`: one that Head() had returned; it
/// tells as well whether the trail was cut off or made anew up to there. Reads all of it, in one
/// snapshot and constant memory, but for the faults.
inline std::vector<AuditFault> Verify(const Client& client,
                                      const std::optional<AuditHead>& kept = {}) {
  std::vector<AuditFault> faults;
  const ReadTx snapshot = client.ReadTx();
  const AuditHead head = Head(snapshot);
  std::int64_t last = 0;
  std::string before;
  const auto look = [&](const AuditEntry& entry) {
    const bool is_later = entry.id > last;
    if (is_later && entry.id - 1 > last) faults.push_back({AuditFlaw::Missing, last + 1});
    const bool is_next = is_later && entry.id - 1 == last;
    const bool follows = is_next && entry.hash == HashOf(entry, before);
    const bool is_kept = !kept || kept->last != entry.id || kept->hash == entry.hash;
    if (entry.id > head.last) {
      faults.push_back({AuditFlaw::Added, entry.id});
    } else if (entry.id < 1 || !is_kept || (is_next && !follows)) {
      faults.push_back({AuditFlaw::Changed, entry.id});
    }
    last = std::max(last, entry.id);
    before = entry.hash;
  };
  std::optional<std::int64_t> from;
  const auto rest = [&] {
    auto entries = snapshot.Of<AuditEntry>().Query().Order(Asc(F<&AuditEntry::id>));
    if (from) entries.Where(F<&AuditEntry::id> > *from);
    return entries;
  };
  while (true) {
    try {
      for (const AuditEntry& entry : rest()) {
        from = entry.id;
        look(entry);
      }
      break;
    } catch (const SchemaError&) {  // what stands there was never written so
      const auto ids = rest().Limit(1).IDs();
      if (ids.empty()) throw;
      AuditEntry unreadable;
      unreadable.id = ids.front();
      from = unreadable.id;
      look(unreadable);
    }
  }
  if (const std::int64_t most = std::max(head.last, kept ? kept->last : 0); last < most) {
    faults.push_back({AuditFlaw::CutOff, last + 1});
  } else if (head.last == last && head.hash != before) {
    faults.push_back({AuditFlaw::Head, last});
  }
  return faults;
}

/// Appends entries, in the transaction of a client, by one UPDATE of the head and one INSERT: for
/// Audit. Threads: any.
class AuditTrail {
 public:
  /// Gives the entries their ids and hashes, whatever rules say of their tables. Throws:
  /// AuditError, and as mutations do.
  void Append(const Client& caller, std::vector<AuditEntry> entries) {
    const Client client = caller.With(guard::Decide(guard::Allow));
    // What this process knew last spares a read. It may be of a transaction that was undone, or
    // others may have gone on: then no row is found that is as this says, and it is read.
    std::optional<AuditHead> known = Known();
    AuditHead next;
    if (!known || !Advance(client, *known, entries, next)) {
      known = Read(client);
      if (!Advance(client, *known, entries, next)) {
        throw AuditError(kHead, known->last, "it cannot be changed, or there are several");
      }
    }
    try {
      if (entries.size() == 1) {
        client.Of<AuditEntry>().Create(std::move(entries.front())).Save();
      } else {
        client.Of<AuditEntry>().CreateBulk(std::move(entries)).Save();
      }
    } catch (const ConstraintError& error) {
      throw AuditError(kEntry, next.last,
                       std::string("its entries up to this one are not as the head says: ")
                           .append(error.what()));
    }
    const std::lock_guard lock(mutex_);
    known_ = std::move(next);
  }

 private:
  static constexpr std::string_view kHead = Schema<AuditHead>::Type;
  static constexpr std::string_view kEntry = Schema<AuditEntry>::Type;

  std::optional<AuditHead> Known() const {
    const std::lock_guard lock(mutex_);
    return known_;
  }

  /// Puts `entries` behind `head`. Returns: whether it is the head.
  static bool Advance(const Client& client, const AuditHead& head, std::vector<AuditEntry>& entries,
                      AuditHead& next) {
    constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
    if (head.last < 0 || static_cast<std::uint64_t>(kMost - head.last) < entries.size()) {
      throw AuditError(kHead, head.last, "no entry can follow that number");
    }
    next = head;
    for (AuditEntry& entry : entries) {
      entry.id = ++next.last;
      entry.mutation = head.last + 1;
      entry.hash = next.hash = HashOf(entry, next.hash);
    }
    return client.Of<AuditHead>()
               .Update()
               .Where(F<&AuditHead::id> == 1 && F<&AuditHead::last> == head.last &&
                      F<&AuditHead::hash> == head.hash)
               .Set(F<&AuditHead::last>, next.last)
               .Set(F<&AuditHead::hash>, next.hash)
               .Save() == 1;
  }

  /// The head, which is made where there is no trail. Throws: AuditError where it is not its
  /// entry's.
  static AuditHead Read(const Client& client) {
    const auto heads = client.Of<AuditHead>();
    const auto entries = client.Of<AuditEntry>();
    std::optional<AuditHead> head = heads.Find(1);
    if (!head) {
      if (entries.Query().Exist()) {
        throw AuditError(kHead, 0, "its row is not there, though there are entries");
      }
      return heads.Create(AuditHead()).OnConflict(F<&AuditHead::id>).Ignore().Save();
    }
    if (head->last == 0 && head->hash.empty()) return *std::move(head);
    const std::optional<AuditEntry> last = entries.Find(head->last);
    if (!last) throw AuditError(kEntry, head->last, "the last entry is not there");
    if (last->hash != head->hash) {
      throw AuditError(kHead, head->last, "its hash is not the one of the last entry");
    }
    return *std::move(head);
  }

  mutable std::mutex mutex_;
  std::optional<AuditHead> known_;
};

}  // namespace extras
}  // namespace grapnel
