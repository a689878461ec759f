#pragma once

/// An audit trail: who changed what, when, from what to what, in a chain that shows tampering.
///
///   auto client = grapnel::Open<User, Card, extras::AuditEntry, extras::AuditHead>("app.db");
///   client.Migrate();
///   client.Use(extras::Audit());                                      // first of all hooks
///   client.With(extras::Actor{"ada"}).Of<User>().UpdateOne(7).Set(F<&User::name>, "Eve").Save();
///   client.Of<extras::AuditEntry>().Query().Where(F<&extras::AuditEntry::row> == "7").All();
///   extras::Verify(client);                                           // what is wrong; nothing
///
/// What it guarantees, of all types that are not Internal, in the transaction of the write, so that
/// both are stored or none is: one entry for each row that a mutation and all that happens inside
/// of it (what its hooks write, cascades, SetNull, the other ends of its edges) has changed, with
/// the values before the first and behind the last write of them: a row that a hook changes again,
/// and one that an upsert meets, is told once. A row that is as it was is not told, nor what a
/// savepoint has undone. An edge is told of the row that the mutation is of, and, where another
/// row holds the key, of that one; pairs of a many-to-many edge of the former alone. Sensitive
/// values, ids among them, are "***". An entry says what was asked, what was done (a deletion that
/// a hook made an update by SetOp: DeleteOne, UpdateOne) and what became of the row.
/// The trail: each entry's hash covers its content and the hash before it; a head row holds the
/// last one. Verify finds entries that were changed, removed, added or put in another order, and a
/// head that is not theirs. Whoever can write the tables can also make a new chain, or cut off the
/// end and set the head back: that, Verify finds against a head of Head() that is kept elsewhere.
/// A write that meets tables that are missing, or another head than the last write's, which does
/// not go with its entry, is refused, and undone: SchemaError of the table, AuditError.
///
/// What not: SQL of one's own, other programs, foreign-key actions and triggers of others,
/// migrations, reads. Each type that the program opens the database with is watched, no other. An
/// entry of a row whose id is Sensitive does not tell which row it was. Of Actor it takes the word
/// of whoever made the client of the outermost call, whatever clients its hooks use. Times are the
/// Clock's. Neighbours that are added and taken away again within one mutation, from both ends of
/// an edge, may be told of at the end that took them away. What others do to the last entry alone
/// is not seen by whoever wrote it, whose next write does not read it again: Verify tells. Of a row
/// that a hook makes behind a DeleteOne, and that is given the same id, the edges are not told.
/// Grapnel changes no entry, but deletes them as any rows where the program says so: Verify tells
/// of it.
///
/// Cost: beside the write the old row, the new row, and, for each mutation that a caller asks for,
/// one INSERT of its entries and one UPDATE of the head. Of a CreateBulk each row is one. SetNull
/// and the other ends of edges go through hooks, and no type is written without being read. All
/// that write share the head: on PostgreSQL a mutation that meets another one's runs again by
/// itself, hooks too, as any conflict; in a transaction of one's own that is a BusyError that may
/// be tried again: see WithTx and grapnel::Retry. Keep transactions short there.
///
/// Order with others: guards stand before it; what they deny is not told. Who may read the trail
/// says a rule of its tables, client.Of<AuditEntry>().Guard(...), which the trail itself passes by;
/// those of the whole client do not ask for it, for it is Internal: without one everybody may.
/// Register it first, so that it is outside of all other hooks and sees what they make of the
/// mutation. Hooks outside of it still count in what is stored, but what they write is told as
/// mutations of their own, and an Op that they have changed is told as what was asked. Once, for
/// every type: two Audits, of two types for instance, know nothing of each other, and tell a row
/// that both see twice.

#include <grapnel/core/context.hpp>
#include <grapnel/core/error.hpp>
#include <grapnel/core/op.hpp>
#include <grapnel/extras/audit_notes.hpp>
#include <grapnel/extras/audit_trail.hpp>
#include <grapnel/extras/clock.hpp>
#include <grapnel/hook/named.hpp>
#include <grapnel/store/client.hpp>
#include <grapnel/store/mutation/any_mutation.hpp>
#include <grapnel/store/mutation/mutation.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace grapnel::extras {

/// Who a call is for: `client.With(extras::Actor{"ada"})`.
struct Actor {
  std::string name;
};

/// The hook of Audit, called as AnyHook says.
class AuditHook {
 public:
  /// Says from the values of a call who it is for.
  using Who = std::function<std::string(const core::Context&)>;

  explicit AuditHook(Who who) : who_(std::move(who)) {}

  AnyValue operator()(AnyMutation& m, AnyNext next) const {
    const Frame* outer = Frame::Innermost(*trail_);
    for (const Frame* frame = outer; frame != nullptr; frame = frame->outer) {
      if (&frame->m == &m) return next(m);  // run again by Mutate: it is told where it began
    }
    const Op asked = m.Op();
    const bool is_first = outer != nullptr && m.Cause() == Cause::Hook && !outer->m.Executed();
    m.WatchChanges();
    Frame frame(*trail_, m);
    AnyValue value = next(m);
    std::vector<AuditNote> notes = frame.Notes(asked);
    if (notes.empty()) return value;
    if (outer == nullptr) {
      Write(m, notes);
    } else {
      outer->Keep(m, std::move(notes), is_first);
    }
    return value;
  }

 private:
  /// The rows that a mutation has touched.
  class Touched {
   public:
    struct Row {
      std::optional<AnyValue> value;  // none where it is not there any more
      bool existed, exists;
    };

    explicit Touched(const AnyMutation& m) : m_(m) {
      if (!m.Executed()) return;  // a hook has written something else in its place
      for (const AnyValue& row : m.OldRows()) Add(row, true, false);
      for (const AnyValue& row : m.NewRows()) Add(row, false, true);
      const bool met =
          m.Conflict() != nullptr && m.Conflict()->outcome != ConflictOutcome::Inserted;
      if (m.Op() != Op::Create || met) return;
      // A hook may have deleted it behind `next`.
      if (const auto id = m.ID())
        rows_.try_emplace(AuditNotes::Key(m.Type(), *id), Row{{}, false, false});
    }

    const Row* Find(const AuditNote& note) const {
      if (note.entity != m_.Type()) return nullptr;
      const auto found = rows_.find(AuditNotes::Key(note.entity, note.id));
      return found == rows_.end() ? nullptr : &found->second;
    }

    /// Takes out of a note what the mutation's own Changes tell from further back to now.
    void LeaveOutTold(AuditNote& note, const Row& row) const {
      std::erase_if(note.changes, [&](const store::FieldChange& change) {
        return !change.is_edge || Tells(change.name) || IsStored(row, change.name);
      });
      note.existed = row.existed;
    }

   private:
    void Add(const AnyValue& row, bool existed, bool exists) {
      Row& known =
          rows_.try_emplace(AuditNotes::Key(m_.Type(), row.Field("id")), Row{row, existed, exists})
              .first->second;
      known.exists = exists;
    }
    /// Of edges that the rows do not hold.
    bool Tells(std::string_view edge) const {
      const store::Conflict* const conflict = m_.Conflict();
      return (conflict != nullptr && conflict->outcome != store::ConflictOutcome::Inserted) ||
             Is(m_.Op(), Op::Delete | Op::DeleteOne) || m_.EdgeCleared(edge) ||
             !m_.AddedIDs(edge).empty() || !m_.RemovedIDs(edge).empty();
    }
    static bool IsStored(const Row& row, std::string_view edge) {
      try {
        return row.value && (row.value->Field(edge), true);
      } catch (const TypeMismatchError&) {
        return false;
      }
    }

    const AnyMutation& m_;
    std::unordered_map<std::string, Row> rows_;
  };

  /// What mutations inside of another one have come to.
  struct Inner {
    std::vector<AuditNote> notes;
    bool is_first;                    // before the outer one's own write
    std::weak_ptr<const bool> alive;  // gone when it is undone
  };

  /// A mutation that runs.
  struct Frame {
    Frame(const AuditTrail& of, AnyMutation& mutation) noexcept
        : trail(of), m(mutation), outer(Innermost(of)), around(std::exchange(running, this)) {}
    Frame(const Frame&) = delete;
    Frame& operator=(const Frame&) = delete;
    ~Frame() { running = around; }

    static const Frame* Innermost(const AuditTrail& of) noexcept {
      const Frame* frame = running;
      while (frame != nullptr && &frame->trail != &of) frame = frame->around;
      return frame;
    }

    /// A savepoint takes back what mutations inside of it were to do after the commit: what it
    /// undoes is known by that.
    void Keep(const AnyMutation& from, std::vector<AuditNote> notes, bool is_first) const {
      const auto alive = std::make_shared<const bool>(true);
      inner.push_back({std::move(notes), is_first, alive});
      from.AfterCommit([alive] {});
    }

    /// What it and those inside of it have come to. Requires: it has run.
    std::vector<AuditNote> Notes(Op asked) const {
      std::vector<AuditNote> own = AuditNote::Of(m, asked);
      std::erase_if(inner, [](const Inner& each) { return each.alive.expired(); });
      if (inner.empty()) return own;
      const Touched touched(m);
      AuditNotes all;
      for (Inner& each : inner) {
        for (AuditNote& note : each.notes) {
          const Touched::Row* const row = touched.Find(note);
          if (row != nullptr) {
            if (!each.is_first) touched.LeaveOutTold(note, *row);
            note.asked = asked, note.done = m.Op(), note.cause = m.Cause();
            note.exists = row->exists;
          }
          all.Add(std::move(note));
        }
      }
      for (AuditNote& note : own) {
        const AuditNote said{note.entity, {}, false, note.asked, note.done, note.cause};
        AuditNote& told = all.Add(std::move(note));
        told.asked = said.asked, told.done = said.done, told.cause = said.cause;
      }
      return all.Take();
    }

    const AuditTrail& trail;
    AnyMutation& m;
    const Frame* const outer;
    mutable std::vector<Inner> inner{};

   private:
    static inline thread_local constinit const Frame* running = nullptr;

    const Frame* const around;
  };

  void Write(const AnyMutation& m, const std::vector<AuditNote>& notes) const {
    const std::string actor = who_(m.Context());
    const Clock::Time now = Clock::Now();
    std::vector<AuditEntry> entries;
    entries.reserve(notes.size());
    for (const AuditNote& note : notes) {
      AuditEntry& entry = entries.emplace_back();
      entry.at = now;
      entry.actor = actor;
      entry.entity = note.entity;
      entry.row = note.Row();
      entry.asked = ToString(note.asked);
      entry.done = ToString(note.done);
      entry.cause = Name(note.cause);
      entry.fate = Name(note.Fate());
      entry.changes = note.Changes();
    }
    trail_->Append(m.Client(), std::move(entries));
  }

  Who who_;
  std::unique_ptr<AuditTrail> trail_ = std::make_unique<AuditTrail>();
};

/// The hook that writes the trail: see the top of this file. Who a call is for says its Actor, or
/// `who(context)`, which may throw where nobody is known: what it throws undoes the write.
/// Throws, from writes: AuditError; SchemaError where the tables are not there; Error where the
/// program was not opened with AuditEntry and AuditHead.
[[nodiscard]] inline auto Audit(AuditHook::Who who) {
  if (!who) throw Error("extras::Audit: it was given no function that says who a call is for");
  return hook::Named("audit", AnyHook(AuditHook(std::move(who))));
}
[[nodiscard]] inline auto Audit() {
  return Audit([](const core::Context& context) {
    const Actor* const actor = context.Get<Actor>();
    return actor != nullptr ? actor->name : std::string();
  });
}

}  // namespace grapnel::extras
