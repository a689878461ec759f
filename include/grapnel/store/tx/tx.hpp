#pragma once

#include <grapnel/base/callable.hpp>
#include <grapnel/base/compiled.hpp>
#include <grapnel/core/chain.hpp>
#include <grapnel/core/hook.hpp>
#include <grapnel/core/hook_list.hpp>
#include <grapnel/core/mutator.hpp>
#include <grapnel/store/driver/error.hpp>
#include <grapnel/store/tx/dependencies.hpp>
#include <grapnel/store/tx/handle.hpp>
#include <grapnel/store/tx/retry.hpp>

#include <concepts>
#include <exception>
#include <initializer_list>
#include <string_view>
#include <type_traits>
#include <utility>

namespace grapnel {

class Client;
namespace store {
class Transaction;
}
using Tx = store::Transaction;

namespace core::detail {

template <>
struct Teach<Tx> {
  template <class H, Fault fault>
  static consteval void Say() {
    static_assert(fault != Fault::TakesCopy, "take the transaction by reference: grapnel::Tx& tx");
    static_assert(
        fault != Fault::NotConst,
        "a hook is called const, possibly by several threads at once: take `mutable` away, "
        "or make its call operator const, and keep what it changes outside of it, behind a "
        "reference");
    static_assert(fault != Fault::Result && fault != Fault::Other,
                  "this is no hook around the end of a transaction. Write [](grapnel::Tx& tx, auto "
                  "next) { next(tx); }. See examples/04_transaction_hooks.cpp");
  }
};

}  // namespace core::detail

namespace detail {

/// Never holds: its name is what the compiler says of client.With(...).Use(...),
/// m.Client().Use(...) and of the same behind Of<User>(). Register by client.Of<User>().Use(hook)
/// where client is what Open returned, or for one transaction by tx.Of<User>().Use(hook).
/// Interceptors are of no transaction or view alone: let one read a value that
/// client.With(WithDeleted{}) gives, r.Context().Get<WithDeleted>().
template <class... Hs>
concept RegisterHooksOnTheDatabaseInstead = sizeof...(Hs) > sizeof...(Hs);

}  // namespace detail

/// What a commit or rollback goes through: `void(Tx&)`.
using Committer = core::Mutator<Tx, void>;
using Rollbacker = core::Mutator<Tx, void>;
using TxHook = core::Hook<Tx, void>;

namespace store {

template <class E>
class TxEntities;
class SqlRows;

/// A transaction, or one nested in another. Leaving its scope without Commit rolls it back.
///
/// Throws, from every call: TxError after the end, while one nested in it is open, and on another
/// thread than the one that began it. Any storage error and any cancellation ends it whole.
/// Its name in programs is `grapnel::Tx`. (A class cannot have a member of its own name.)
/// Source: ent's Tx.
class Transaction {
 public:
  Transaction(Transaction&&) noexcept = default;
  Transaction& operator=(Transaction&& other) noexcept {
    std::swap(handle_, other.handle_);
    std::swap(owner_, other.owner_);
    return *this;
  }
  /// Rolls back what is open. Never throws: what rollback hooks throw goes to OnError.
  GRAPNEL_DECLARE ~Transaction();

  /// The entities of type E, inside this transaction. `.Use(hook)` lasts as long as it.
  template <class E>
  TxEntities<E> Of() const;
  /// A client that works inside this transaction.
  grapnel::Client Client() const;

  /// Runs one statement of SQL at once, inside this transaction, each value bound to its parameter
  /// ?1, ?2 ...: see Client::Sql.
  template <class... Vs>
  SqlRows Sql(std::string_view text, const Vs&... values) const;

  /// Runs the commit hooks around COMMIT: before-parts, COMMIT, after-parts from the inside out,
  /// then the AfterCommit callbacks in their order. Of a nested one: keeps its work for the outer
  /// one, to which its hooks and callbacks move. Throws: what a hook threw before COMMIT,
  /// unchanged, rolled back; TxError when a hook neither threw nor called next, rolled back;
  /// CommittedError when something failed after COMMIT; BusyError, ConstraintError, StorageError,
  /// rolled back; TxError with outcome Unknown after an I/O error, or when the connection was lost
  /// in COMMIT and nobody looks for what came of it: see FindLostCommits. Lost before COMMIT was
  /// sent, or in that of a transaction that has only read, it is a StorageError, rolled back. On
  /// PostgreSQL a deadline and a stop token of the transaction's own client end what COMMIT waits
  /// for: CancelledError, rolled back, or, where it has taken place and waited for a standby,
  /// TxError with outcome Unknown.
  GRAPNEL_DECLARE void Commit();
  /// Runs the rollback hooks around ROLLBACK, then the AfterRollback callbacks.
  /// Throws: what they threw first, after the rollback.
  GRAPNEL_DECLARE void Rollback();

  /// Adds hooks `[](Tx&, auto next) { next(tx); }`, or ent's form, around the commit of this
  /// transaction. First added, outermost; those of the client are outside of them.
  /// Throws: TxError once they run, for it would not.
  template <class... Hs>
  core::HookHandle OnCommit(Hs... hooks) {
    return Add(End::Commit, {TxHook(std::move(hooks))...});
  }
  /// The same around its rollback.
  template <class... Hs>
  core::HookHandle OnRollback(Hs... hooks) {
    return Add(End::Rollback, {TxHook(std::move(hooks))...});
  }

  /// Hooks around mutations are registered for a type: this does not compile.
  template <class H, class... Hs>
  core::HookHandle Use(H, Hs...) const {
    static_assert(
        !std::is_same_v<H, H>,
        "a transaction takes hooks of one type at a time: tx.Of<User>().Use(hook); around "
        "its own commit and rollback they are tx.OnCommit(hook) and tx.OnRollback(hook)");
    return {};
  }
  /// Interceptors are the database's: this does not compile.
  template <class... Hs>
  requires detail::RegisterHooksOnTheDatabaseInstead<Hs...>
  void Intercept(const Hs&...) const = delete;

  /// A transaction keeps the values of who began it: this does not compile.
  template <class V>
  void With(const V&) const {
    static_assert(sizeof(V) == 0,
                  "a value, a deadline or a stop token is given to a client: "
                  "tx.Client().With(value).Of<User>(), or to the one that begins the transaction, "
                  "client.With(value).Tx()");
  }

  /// Runs `callback()`, or `callback(client)` where it takes a `const grapnel::Client&`, once the
  /// outermost transaction is committed and durable; never when the work that it was added in is
  /// rolled back. It cannot change the outcome: what it throws is reported as a CommittedError once
  /// all callbacks ran; what callbacks of callbacks throw goes to OnError. The client is the base
  /// client with the transaction's per-call values, but no deadline or stop token, which the call
  /// has met; it may begin transactions. What they write has callbacks again: past 64 such
  /// generations, or 2,000 transactions from the fourth on, they are refused with a RecursionError.
  template <class F>
  void AfterCommit(F callback) {
    AddCallback(End::Commit, detail::Deferred(Held(), std::move(callback)));
  }
  /// Runs such a callback once the outermost transaction has ended, when the work that it was added
  /// in was rolled back, in whatever way.
  template <class F>
  void AfterRollback(F callback) {
    AddCallback(End::Rollback, detail::Deferred(Held(), std::move(callback)));
  }

  /// A transaction nested in this one, as a savepoint. Until it ends this one cannot be used.
  [[nodiscard("it is rolled back when its object is gone")]] GRAPNEL_DECLARE Transaction Tx() const;
  /// Tx() takes no function: this does not compile.
  template <class F>
  void Tx(F&&) const {
    static_assert(
        !std::is_same_v<F, F>,
        "Tx() begins a nested transaction and takes no function: to run one inside it and "
        "commit, write tx.WithTx([&](grapnel::Tx& nested) { ... })");
  }
  /// Runs `body(tx)` in a nested transaction; see Client::WithTx.
  template <class F>
  decltype(auto) WithTx(F&& body) const {
    core::detail::RefuseNone(body);
    return Within(Tx(), std::forward<F>(body));
  }

  /// The object of type T that was given to Provide. Throws: DependencyError.
  template <class T>
  T& Dep() const {
    return Dep<T>({});
  }
  /// The one that was given to Provide by this name.
  template <class T>
  T& Dep(std::string_view name) const {
    return detail::DependenciesOf(*Held()).Get<T>(name);
  }
  const core::Context& Context() const { return detail::ContextOf(*Held()); }
  /// Open, Committed, RolledBack or Unknown: also for hooks, at any time.
  GRAPNEL_DECLARE TxOutcome Outcome() const;

  /// Whether both stand for the same transaction: hooks may pass on either.
  GRAPNEL_DECLARE bool IsSameAs(const Transaction& other) const noexcept;

  // What follows is for the other parts of the store.
  struct Access;
  static Transaction Handed(detail::HandlePtr handle, bool owner) {
    return {std::move(handle), owner};
  }

 private:
  friend Access;
  friend grapnel::Client;

  Transaction(detail::HandlePtr handle, bool owner) noexcept
      : handle_(std::move(handle)), owner_(owner) {}

  GRAPNEL_DECLARE detail::Session& Use() const;
  GRAPNEL_DECLARE const detail::HandlePtr& Held() const;

  /// Begins one, nested where `outer` is of a transaction.
  static GRAPNEL_DECLARE Transaction Begin(const detail::HandlePtr& outer);
  static GRAPNEL_DECLARE Transaction Nested(const detail::HandlePtr& outer);

  template <class F>
  static decltype(auto) Within(Transaction tx, F&& body) {
    if constexpr (!std::is_invocable_v<F, Transaction&>) {
      static_assert(sizeof(F) == 0,
                    "WithTx takes a function of the transaction, by reference: "
                    "WithTx([&](grapnel::Tx& tx) { tx.Of<User>().Create()... }); it commits when "
                    "that returns, and rolls back when it throws");
    } else if constexpr (std::is_void_v<std::invoke_result_t<F, Transaction&>>) {
      std::forward<F>(body)(tx);
      tx.CommitUnlessEnded();
    } else {
      auto result = std::forward<F>(body)(tx);
      try {
        tx.CommitUnlessEnded();
      } catch (CommittedError& error) {
        if constexpr (std::move_constructible<decltype(result)>) {
          try {
            error.SetValue(std::move(result));
          } catch (...) {  // NOLINT(bugprone-empty-catch): that all is committed matters more
          }
        }
        throw;
      }
      return result;
    }
  }
  GRAPNEL_DECLARE void CommitUnlessEnded();

  enum class End : bool { Commit, Rollback };
  GRAPNEL_DECLARE core::HookHandle Add(End of, std::initializer_list<TxHook> hooks);
  GRAPNEL_DECLARE void AddCallback(End of, core::Callable<void()> callback);

  static GRAPNEL_DECLARE void CommitNested(const detail::Handle& handle);
  static GRAPNEL_DECLARE std::exception_ptr RollbackNested(const detail::HandlePtr& handle);

  detail::HandlePtr handle_;
  bool owner_;
};

}  // namespace store

namespace detail {

/// Hooks around every commit, or rollback, of the handle's store. Throws: TxError when a commit
/// hook adds one around commits.
GRAPNEL_DECLARE core::HookHandle AddCommitHooks(const HandlePtr& handle,
                                                std::initializer_list<TxHook> hooks);
GRAPNEL_DECLARE core::HookHandle AddRollbackHooks(const HandlePtr& handle,
                                                  std::initializer_list<TxHook> hooks);

/// Begins a transaction that its caller holds. Throws: TxError when the base client is used inside
/// one.
GRAPNEL_DECLARE HandlePtr BeginTransaction(const HandlePtr& handle, TxKind kind);
/// In the handler of what ended a transaction, which is null where it did not begin: whether that
/// was because of another one. `context`: of its caller, who may have said how long to wait for it.
GRAPNEL_DECLARE Hindrance HindranceOf(const HandlePtr& handle, const core::Context& context);
/// Begins a snapshot beside which the base client may be used, where the engine has a connection
/// for each.
GRAPNEL_DECLARE HandlePtr BeginWalk(const HandlePtr& handle);
/// Ends a snapshot, where it is still open.
GRAPNEL_DECLARE void EndSnapshot(const Handle& handle) noexcept;

}  // namespace detail
}  // namespace grapnel

#ifndef GRAPNEL_SEPARATE_COMPILATION
#include <grapnel/store/tx/impl/tx.hpp>  // IWYU pragma: keep
#endif
