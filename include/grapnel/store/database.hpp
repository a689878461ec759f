#pragma once

#include <grapnel/base/callable.hpp>
#include <grapnel/base/type.hpp>
#include <grapnel/core/hook_list.hpp>
#include <grapnel/schema/schema.hpp>
#include <grapnel/store/client.hpp>
#include <grapnel/store/driver/owned_driver.hpp>
#include <grapnel/store/driver/plan.hpp>
#include <grapnel/store/driver/statement_info.hpp>
#include <grapnel/store/entities.hpp>
#include <grapnel/store/migrate/migration.hpp>
#include <grapnel/store/tx/dependencies.hpp>
#include <grapnel/store/tx/handle.hpp>
#include <grapnel/store/tx/tx.hpp>
#include <grapnel/store/write/hooks.hpp>
#include <grapnel/store/write/run.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace grapnel {

namespace store {

/// A client of a whole database that knows its entity types: what Database::With returns.
template <class... Es>
class View : public Client {
 public:
  /// The entities of type E, one of Es.
  template <class E>
  Entities<E> Of() const {
    CheckType<E>();
    return Entities<E>(Held());
  }

  /// Brings the database to the schema, in one transaction: renames what a WasNamed tells of,
  /// creates the tables, columns, tables of pairs and indexes that are missing, lets a column be
  /// NULL whose field became optional, and one of integers hold reals. Drops nothing but indexes of
  /// Grapnel's own making that the schema does not ask for any more. The rows that are there get
  /// the Default of a new required field, each row its own. Runs the migration hooks around it: see
  /// Database::OnMigrate. With nothing to do it only reads, and waits for no writer of a file.
  /// `Migrate(grapnel::Allow::Drop)` also drops, with what is in them, the columns and tables that
  /// Grapnel has made and that the types of this client do not have: never those of somebody else,
  /// but those of a newer program too, which an older one cannot tell from its own.
  /// On PostgreSQL a column's new type rewrites its table, which a transaction that began before
  /// then sees without rows (https://www.postgresql.org/docs/current/mvcc-caveats.html): let no
  /// writer run meanwhile.
  /// Throws: MigrationError, which says what stands in the way, nothing changed; what a hook
  /// throws; StorageError, BusyError, CancelledError; TxError inside a transaction of the same
  /// thread.
  void Migrate(Allow allowed = Allow{}) const { detail::RunMigration(Held(), false, allowed); }
  /// A dry run: what Migrate would do, `fmt::print("{}", client.PlanMigration())`. Hooks run, and
  /// see that it is one; nothing is changed. Of their SQL only what reads the database as it is
  /// runs: what the rest would do, and whether it would be taken, Migrate alone tells, and rows
  /// that stand in the way are Hindrances() then, which a hook may be about to mend. Throws: as
  /// Migrate; a Default that is a function, of a new field that is to be unique, is called for each
  /// row to find out.
  Migration PlanMigration(Allow allowed = Allow{}) const {
    return detail::RunMigration(Held(), true, allowed);
  }

  /// As Client::With, keeping the types.
  template <class V>
  [[nodiscard("it returns another client and leaves this one as it is")]] View With(V value) const {
    return View(Longer(this->Context().With(std::move(value))));
  }
  /// As Client::Debug, keeping the types.
  [[nodiscard("it returns another client and leaves this one as it is")]] View Debug(
      core::Context::Trace trace = detail::PrintStatement) const {
    return View(Longer(this->Context().WithTrace(std::move(trace))));
  }

 protected:
  explicit View(detail::HandlePtr handle) noexcept : Client(std::move(handle)) {}

  template <class E>
  static constexpr void CheckType() {
    static_assert(
        (std::same_as<E, Es> || ...),
        "this type was not named when the database was opened: add it to grapnel::Open<...>");
  }
};

}  // namespace store

/// An open database of the entity types Es. It is a Client; copies share everything, and the last
/// of all clients, transactions and builders closes it.
template <class... Es>
class Database : public store::View<Es...> {
  static_assert(sizeof...(Es) > 0, "name the entity types: grapnel::Open<User, Card>(url)");

 public:
  /// The entities of type E, one of Es; takes runtime hooks of that type.
  template <class E>
  store::HookedEntities<E> Of() const {
    this->template CheckType<E>();
    return store::HookedEntities<E>(this->Held());
  }

  /// Puts hooks of every type behind those already registered: generic ones,
  /// `[]<class E>(grapnel::Mutation<E>& m, grapnel::Next<E> next) { return next(m); }`. Each is one
  /// object, shared by all types. See HookedEntities::Use for the rest.
  template <class... Hs>
  core::HookHandle Use(Hs... hooks) const {
    return UseShared(core::MakeShared<const Hs>(std::move(hooks))...);
  }

  /// Puts interceptors of every type behind those already registered: generic ones,
  /// `[]<class E>(grapnel::Reading<E>& r, grapnel::NextRead<E> next) { return next(r); }`. Each is
  /// one object, shared by all types. See HookedEntities::Intercept for the rest.
  template <class... Hs>
  core::HookHandle Intercept(Hs... hooks) const {
    return InterceptShared(core::MakeShared<const Hs>(std::move(hooks))...);
  }

  /// Puts rules about every type behind those already registered: generic ones,
  /// `[](auto& asked) { ... return grapnel::guard::Skip; }` of mutations and reads,
  /// `[]<class E>(grapnel::Mutation<E>& m)` of mutations. Each is one object, shared by all types.
  /// See HookedEntities::Guard for the rest.
  template <class... Rules>
  core::HookHandle Guard(Rules... rules) const {
    return GuardShared(core::MakeShared<const Rules>(std::move(rules))...);
  }

  /// Puts hooks around every commit of this database, of mutations' own transactions as well;
  /// outside of those of a transaction. See Tx::OnCommit. What they write by a client after `next`
  /// is committed on its own, with commit hooks again: past 64 such commits inside one another, or
  /// 2,000 of them from the fourth level on, it is a RecursionError. Throws: TxError when a commit
  /// hook calls it, in whose commit the new one would not run.
  template <class... Hs>
  core::HookHandle OnCommit(Hs... hooks) const {
    return detail::AddCommitHooks(this->Held(), {TxHook(std::move(hooks))...});
  }
  /// Puts hooks around every rollback of this database. See Tx::OnRollback.
  template <class... Hs>
  core::HookHandle OnRollback(Hs... hooks) const {
    return detail::AddRollbackHooks(this->Held(), {TxHook(std::move(hooks))...});
  }

  /// Puts hooks `[](grapnel::store::Migration& m, auto next) { next(m); }`, or ent's form, around
  /// every migration. They see all types, fields and edges and the statements before anything is
  /// run; one that throws, or does not call next, vetoes: nothing is changed. They cannot use the
  /// client; SQL of their own they run by `m.Sql(...)`, in the migration's transaction.
  template <class... Hs>
  core::HookHandle OnMigrate(Hs... hooks) const {
    return detail::AddMigrateHooks(this->Held(), {MigrateHook(std::move(hooks))...});
  }

  /// Makes `object` available to hooks, transactions and clients as `Dep<T>()`.
  /// `Provide<Base>(object)` provides it as its base; a const object is had by `Dep<const T>()`
  /// alone. Throws: DependencyError when another T is there: tell them apart by names, or replace
  /// it on purpose. Lifetime: kept by reference; must outlive every use. Threads: any.
  template <class T>
  void Provide(T& object) const {
    detail::DependenciesOf(*this->Held()).template Provide<T>(object);
  }
  /// The same in place of an earlier T: `Provide(object, grapnel::Replace)`.
  template <class T>
  void Provide(T& object, detail::ReplaceTag) const {
    detail::DependenciesOf(*this->Held()).template Provide<T>(object, {}, true);
  }
  /// One of several objects of type T, by its name: `Provide<Mailer>("audit", mailer)`,
  /// `Dep<Mailer>("audit")`.
  template <class T>
  void Provide(std::string_view name, T& object) const {
    detail::DependenciesOf(*this->Held()).template Provide<T>(object, name);
  }
  template <class T>
  void Provide(std::string_view name, T& object, detail::ReplaceTag) const {
    detail::DependenciesOf(*this->Held()).template Provide<T>(object, name, true);
  }
  template <class T>
  void Provide(const T&&) const = delete;  // a temporary would be gone at its first use
  template <class T>
  void Provide(const T&&, detail::ReplaceTag) const = delete;
  template <class T>
  void Provide(std::string_view, const T&&) const = delete;
  template <class T>
  void Provide(std::string_view, const T&&, detail::ReplaceTag) const = delete;

  /// Hands what nobody can catch to `sink`: errors of rollback hooks in destructors and the like.
  /// By default they are printed to standard error. Threads: `sink` is called by any.
  // NOLINTNEXTLINE(performance-unnecessary-value-param): it is moved from
  void OnError(core::Callable<void(const std::exception&)> sink) const {
    detail::SetErrorSink(*this->Held(), std::move(sink));
  }

  /// Tells `tell`, a `void(const grapnel::store::StatementInfo&)`, of every statement that was sent
  /// to the database, by all clients, transactions and mutations, BEGIN, COMMIT, SAVEPOINT and
  /// ROLLBACK included, once it is over: its text, how long it took, rows and error. What was
  /// refused before it ran is told with its error too. With `grapnel::WithValues` the values of its
  /// parameters are told as well, but none that is or may be of a Sensitive field. Not told are the
  /// few that open a connection and ask for the schema.
  /// Order / Calls: first registered, first told. Where nobody is registered it costs nothing.
  /// Returns: a handle that takes it out again. What runs already is told to it still.
  /// Throws: Error for what holds nothing to call. What `tell` throws goes to OnError: the
  /// statement stands as it is. Threads: it is called by whichever thread runs the statement,
  /// several at once, in the middle of what that does: it cannot use this database, a TxError, and
  /// others may wait for it.
  // NOLINTNEXTLINE(performance-unnecessary-value-param): it is moved from
  core::HookHandle OnStatement(core::Callable<void(const store::StatementInfo&)> tell) const {
    return detail::AddObserver(this->Held(), std::move(tell), false);
  }
  // NOLINTNEXTLINE(performance-unnecessary-value-param): it is moved from
  core::HookHandle OnStatement(core::Callable<void(const store::StatementInfo&)> tell,
                               detail::WithValuesTag) const {
    return detail::AddObserver(this->Held(), std::move(tell), true);
  }

  /// Of a function that takes something else: these do not compile.
  template <class F, class... Rest>
  requires(!std::is_convertible_v<F, core::Callable<void(const store::StatementInfo&)>>)
      core::HookHandle OnStatement(F&&, const Rest&...)
  const {
    static_assert(
        sizeof(F) == 0,
        "OnStatement takes a function of what ran: "
        "client.OnStatement([](const grapnel::store::StatementInfo& ran) { log(ran.text); "
        "})");
    return {};
  }
  template <class F>
  requires(!std::is_convertible_v<F, core::Callable<void(const std::exception&)>>) void OnError(
      F&&) const {
    static_assert(sizeof(F) == 0,
                  "OnError takes a function of the error: client.OnError([](const std::exception& "
                  "error) { log(error.what()); })");
  }

  // What follows is for the engines.

  /// The database that `driver` has opened.
  static Database Adopt(store::OwnedDriver driver) {
    return Database(detail::OpenStore(std::move(driver), {&detail::kTypeActions<Es>...}));
  }

 private:
  explicit Database(detail::HandlePtr handle) noexcept : store::View<Es...>(std::move(handle)) {}

  template <class... Hs>
  core::HookHandle UseShared(const core::Shared<const Hs>&... hooks) const {
    return detail::AddHooks({PrepareFor<Es>(hooks...)...});
  }
  template <class E, class... Hs>
  detail::HookAddition PrepareFor(const core::Shared<const Hs>&... hooks) const {
    if constexpr (detail::IsInternal<E>()) {
      return detail::PrepareHooks(this->Held(), detail::kTable<E>, {});
    } else {
      const std::initializer_list<core::StoredHook> all = {detail::KeptAs<E, Hs>(hooks)...};
      return detail::PrepareHooks(this->Held(), detail::kTable<E>, {all.begin(), all.size()});
    }
  }
  template <class... Hs>
  core::HookHandle InterceptShared(const core::Shared<const Hs>&... hooks) const {
    return detail::AddReaders({PrepareReadersFor<Es>(hooks...)...});
  }
  template <class... Rules>
  core::HookHandle GuardShared(const core::Shared<const Rules>&... rules) const {
    return detail::AddGuard({PrepareGuardFor<Es>(rules...)...});
  }
  template <class E, class... Rules>
  detail::GuardAddition PrepareGuardFor(const core::Shared<const Rules>&... rules) const {
    guard::detail::Rules all;
    if constexpr (!detail::IsInternal<E>()) all = detail::RulesOf<E>(rules...);
    return detail::PrepareGuard(this->Held(), detail::kTable<E>, detail::kNarrowActions<E>, all);
  }
  template <class E, class... Hs>
  detail::ReaderAddition PrepareReadersFor(const core::Shared<const Hs>&... hooks) const {
    detail::ReaderHooks readers;
    if constexpr (!detail::IsInternal<E>()) readers = detail::ReadersOf<E>(hooks...);
    return detail::PrepareReaders(this->Held(), detail::kTable<E>, detail::kReadActions<E>,
                                  readers);
  }
};

}  // namespace grapnel
