#pragma once

/// Soft deletes: a deletion hides rows, and what hangs on them, and can be taken back.
///
///   struct User : grapnel::extras::SoftDelete { std::int64_t id = 0; std::string email; };
///   template <>
///   struct grapnel::Schema<User> {
///     static constexpr std::string_view Type = "User";
///     using Mixins = grapnel::Mixins<extras::SoftDelete>;
///     ...
///     static auto Indexes() {       // unique among those that are not deleted
///       return grapnel::Indexes(Index<&User::email>().Unique().Where(
///           F<&extras::SoftDelete::deleted_at>.IsNull()));
///     }
///   };
///
///   client.Of<User>().DeleteOne(7).Exec();                            // hidden
///   client.With(extras::ShowDeleted{}).Of<User>().Get(7);             // is there
///   extras::Restore<User>(client, 7);                                 // as before
///   extras::Purge(client, std::chrono::days(30));                     // for good
///
/// It guarantees: DeleteOne, Delete and cascades hide rows, which stay in the table. No query,
/// Count, sum, Has, Traverse or With, no update and no deletion finds them, nor may an edge be
/// given their ids, unless the call says ShowDeleted; with it a deletion is one for good. What
/// hangs on them, by edges with OnDelete(Cascade), is hidden with them, at any depth; its types
/// need the mixin too, or the deletion is a ConstraintError, for nothing could bring their rows
/// back, and what a guard or a hook leaves out of that refuses it. Keys that OnDelete(SetNull)
/// would clear stay, and lead to rows that are not shown. An edge that restricts refuses the
/// deletion while rows that are shown refer to it. Restore undoes one deletion whole: all rows of
/// all types that the same call hid, and none that others did. A row that is really deleted takes
/// along the hidden ones that hang on it by OnDelete(Cascade), if that is required, and clears the
/// key of the others.
///
/// What not: a unique index without Where counts hidden rows: a Create that meets one is a
/// ConstraintError, with OnConflict too. An edge that restricts does so for hidden rows as well
/// where a row is really deleted, until they are purged. Below such a row each type and level is a
/// deletion of its own, and types without the mixin go for good. What hooks delete themselves are
/// deletions of their own, for good where the caller's client has ShowDeleted, for theirs has it
/// too. On PostgreSQL a transaction that gives an edge the id of a row, while another one hides
/// that, succeeds as well: what it wrote is shown, below a row that is not. SQL of one's own and
/// other programs see all rows; so does a Has in what a rule or an interceptor adds to a read. Who
/// lifts the guards, by guard::Decide or a rule that allows before, may give edges the ids of
/// hidden rows. A table that was not migrated has no such columns: a SchemaError that names them.
///
/// Cost: one condition more in every statement that reads; an index on deleted_at, or partial ones,
/// are up to the schema. A deletion is an update, with one SELECT for each type that could hang on
/// it, and some more for each where rows do.
///
/// Order with others: hooks outside of it see a Delete, those inside of it an Update, with its
/// update-defaults. Mixins before it in the list stand outside.

#include <grapnel/core/op.hpp>
#include <grapnel/extras/clock.hpp>
#include <grapnel/extras/uuid.hpp>
#include <grapnel/hook/guard.hpp>
#include <grapnel/hook/if.hpp>
#include <grapnel/hook/named.hpp>
#include <grapnel/hook/point.hpp>
#include <grapnel/schema/field.hpp>
#include <grapnel/schema/schema.hpp>
#include <grapnel/schema/token.hpp>
#include <grapnel/store/database.hpp>
#include <grapnel/store/driver/error.hpp>
#include <grapnel/store/mutation/cause.hpp>
#include <grapnel/store/mutation/mutation.hpp>
#include <grapnel/store/mutation/value.hpp>
#include <grapnel/store/predicate/comparison.hpp>
#include <grapnel/store/predicate/members.hpp>
#include <grapnel/store/query/reading.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

namespace grapnel {

namespace extras {

/// When the row was deleted, and in which deletion: all that one call hid has the same. Empty of a
/// row that is there. Written by the mixin alone.
struct SoftDelete {
  std::optional<Clock::Time> deleted_at{};
  std::optional<std::string> deletion{};
};

/// A per-call value that shows deleted rows too, `client.With(ShowDeleted{})`. Deletions by such a
/// client are for good.
struct ShowDeleted {};

/// Per-call values of Restore's and Purge's own: which deleted rows they look at.
struct Restoring {
  std::string deletion;
};
struct Purging {
  Clock::Time until;
  std::shared_ptr<std::atomic<bool>> goes_on = std::make_shared<std::atomic<bool>>(true);
};

}  // namespace extras

template <>
struct Schema<extras::SoftDelete> {
  using Row = extras::SoftDelete;

  static constexpr auto Fields() {
    return grapnel::Fields(Field<&Row::deleted_at>("deleted_at"),
                           Field<&Row::deletion>("deletion"));
  }
  static auto Hooks() {
    return grapnel::Hooks(
        hook::Named("soft_delete", hook::On(hook::Before(&Hide), Op::Delete | Op::DeleteOne)));
  }
  static auto Interceptors() {
    return grapnel::Interceptors(hook::Named("soft_delete", hook::Before(&Narrow)));
  }
  static auto Guard() { return grapnel::Guard(hook::Named("soft_delete", &NarrowJoins)); }

 private:
  static const store::Predicate<Row>& Living() {
    static const store::Predicate<Row> living = F<&Row::deleted_at>.IsNull();  // one for all
    return living;
  }
  static void Narrow(AnyReading& r) {
    if (r.Context().Get<extras::ShowDeleted>() != nullptr) return;
    if (const auto* restored = r.Context().Get<extras::Restoring>()) {
      r.Where(Living() || F<&Row::deletion> == restored->deletion);
    } else if (const auto* purged = r.Context().Get<extras::Purging>()) {
      r.Where(Living() || F<&Row::deleted_at> <= purged->until);
    } else {
      r.Where(Living());
    }
  }
  static void NarrowJoins(AnyReading& r) {
    if (r.Step() == ReadStep::Join) Narrow(r);
  }
  static void RefuseLiving(const AnyMutation& m) {
    for (const AnyValue& row : m.OldRows()) {
      if (!row.Field("deleted_at").IsNull()) continue;
      throw ConstraintError(m.Type(), m.Op(), ConstraintKind::ForeignKey, {},
                            "a row that was not deleted, or came back, hangs on one that was");
    }
  }
  /// That of the deletion for which this one runs, or a new one.
  static FieldValue DeletionOf(const AnyMutation& m) {
    const AnyMutation* const cause = m.CausedBy();
    const auto given = cause != nullptr ? cause->Field(F<&Row::deletion>) : std::nullopt;
    return given ? *given : FieldValue(extras::NewUuid());
  }
  /// Whether it is Purge's deletion, or what hangs on it goes, and no hook has begun it.
  static bool Purges(const AnyMutation& m) {
    const auto* purging = m.Context().Get<extras::Purging>();
    if (purging == nullptr || !*purging->goes_on) return false;
    const AnyMutation* first = &m;
    while (first->CausedBy() != nullptr) first = first->CausedBy();
    return first->Cause() == Cause::Caller;
  }
  static void Hide(AnyMutation& m) {
    if (m.Context().Get<extras::ShowDeleted>() != nullptr) return;
    const bool hangs_on_others = m.Cause() == Cause::Cascade;
    if (Purges(m)) {
      if (hangs_on_others) RefuseLiving(m);
      return;
    }
    m.KeepRows();
    if (hangs_on_others) m.Where(Living());  // others keep their deletion
    const auto now = extras::Clock::Now().time_since_epoch();
    m.SetField("deleted_at", std::chrono::floor<std::chrono::microseconds>(now).count());
    m.SetField("deletion", DeletionOf(m));
  }
};

namespace extras {

template <class E>
concept IsSoftlyDeleted = std::is_base_of_v<SoftDelete, E>;

/// Takes back the deletion in which this row went, in one transaction: an Update, with its hooks,
/// of each type. Returns: how many rows came back; 0 where the row is not deleted. Throws:
/// NotFoundError where there is no such row; ConstraintError, and nothing has come back, where a
/// unique value has been taken since; TxError inside of a transaction.
template <IsSoftlyDeleted E, class... Es, class Id>
std::int64_t Restore(const store::View<Es...>& client, const Id& id) {
  return client.WithTx([&](Tx& tx) {
    const grapnel::Client shown = tx.Client().With(ShowDeleted{});
    const grapnel::Client all = shown.With(guard::Decide(guard::Allow));
    const auto deletion = shown.Of<E>().Get(id).deletion;
    std::int64_t count = 0;
    if (!deletion) return count;
    const grapnel::Client view = tx.Client().With(Restoring{*deletion});
    const auto restore = [&]<class T>(const T* /*type*/) {
      if constexpr (IsSoftlyDeleted<T>) {
        const auto gone = F<&SoftDelete::deletion> == *deletion;
        if (!all.Of<T>().Query().Where(gone).Exist()) return;
        count += view.Of<T>()
                     .Update()
                     .Where(gone)
                     .Clear(F<&SoftDelete::deleted_at>)
                     .Clear(F<&SoftDelete::deletion>)
                     .Save();
      }
    };
    (restore(static_cast<const Es*>(nullptr)), ...);
    return count;
  });
}

/// Deletes for good, with their hooks, the rows of all types that were deleted longer ago than
/// this, in one transaction. Returns: how many, without what hangs on them. Throws:
/// ConstraintError, and nothing is deleted, where rows that stay refer to them, those too that were
/// not deleted and would go with them; TxError inside of a transaction.
template <class... Es, class Rep, class Period>
std::int64_t Purge(const store::View<Es...>& client, std::chrono::duration<Rep, Period> age) {
  const Purging purging{Clock::Now() - std::chrono::duration_cast<Clock::Time::duration>(age)};
  return client.WithTx([&](Tx& tx) {
    struct Ends {  // what is begun once it has ended deletes as ever
      std::atomic<bool>& goes_on;
      ~Ends() { goes_on = false; }
    } const ends{*purging.goes_on};
    ends.goes_on = true;
    const grapnel::Client view = tx.Client().With(purging);
    const grapnel::Client all = view.With(guard::Decide(guard::Allow));
    std::int64_t count = 0;
    std::exception_ptr refused;
    bool goes_on = false;
    const auto purge = [&]<class T>(const T* /*type*/) {
      if constexpr (IsSoftlyDeleted<T>) {
        const auto due = F<&SoftDelete::deleted_at> <= purging.until;
        if (!all.Of<T>().Query().Where(due).Exist()) return;
        try {
          const auto gone = view.Of<T>().Delete().Where(due).Exec();
          goes_on = goes_on || gone > 0;
          count += gone;
        } catch (const ConstraintError&) {  // of rows that a later type's deletion takes away
          refused = std::current_exception();
        }
      }
    };
    do {
      goes_on = false;
      refused = nullptr;
      (purge(static_cast<const Es*>(nullptr)), ...);
    } while (refused && goes_on);
    if (refused) std::rethrow_exception(refused);
    return count;
  });
}

}  // namespace extras
}  // namespace grapnel
