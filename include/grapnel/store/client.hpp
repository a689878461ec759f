#pragma once

#include <grapnel/base/callable.hpp>
#include <grapnel/core/context.hpp>
#include <grapnel/core/hook_list.hpp>
#include <grapnel/core/op.hpp>
#include <grapnel/store/describe/types.hpp>
#include <grapnel/store/entities.hpp>
#include <grapnel/store/mutation/mutation.hpp>
#include <grapnel/store/query/reading.hpp>
#include <grapnel/store/query/sql.hpp>
#include <grapnel/store/read_tx.hpp>
#include <grapnel/store/tx/dependencies.hpp>
#include <grapnel/store/tx/handle.hpp>
#include <grapnel/store/tx/retry.hpp>
#include <grapnel/store/tx/tx.hpp>
#include <grapnel/store/write/explanation.hpp>
#include <grapnel/store/write/hooks.hpp>
#include <grapnel/store/write/run.hpp>

#include <string_view>
#include <type_traits>
#include <utility>

namespace grapnel {

/// The way to the entities: of a whole database, of a transaction, or of a running mutation. Copies
/// are alike; each keeps the database open.
///
/// Threads: any, several at once, unless it is a transaction's or a mutation's.
/// Source: ent's Client.
class Client : public detail::TakesNoHooks {
 public:
  /// The entities of type E.
  template <class E>
  store::Entities<E> Of() const {
    return store::Entities<E>(Held());
  }

  /// What mutations of type E go through now, outermost first, and its reads: hooks, transaction's
  /// and mixins' too, with their names (see hook::Named), origins, Ops and forms; of the hooks
  /// those that run for `ops`, whatever conditions inside of them say. `fmt::print("{}",
  /// client.Explain<User>(Op::Create))`; as pictures, `ToMermaid(...)` and `ToDot(...)`. Throws:
  /// SchemaError for a type that was not opened.
  template <class E>
  store::Explanation Explain(Op ops = AnyOp) const {
    return detail::Explain(Held(), detail::kTable<E>, ops);
  }
  /// The entity types with their fields and edges, in the order of `Open<...>`; shown as
  /// explanations are.
  store::EntityGraph Types() const { return detail::DescribeTypes(Held()); }

  /// Begins a transaction; inside one, a transaction nested in it. Waits for the lock to write.
  /// Throws: BusyError after 5 seconds, or its LockWait, CancelledError at the context's deadline
  /// or stop; TxError inside a transaction or running mutation of the same thread, when this is the
  /// base client.
  [[nodiscard("it is rolled back when its object is gone")]] grapnel::Tx Tx() const {
    return grapnel::Tx::Begin(Held());
  }

  /// Tx() takes no function: this does not compile.
  template <class F>
  void Tx(F&&) const {
    static_assert(
        !std::is_same_v<F, F>,
        "Tx() begins a transaction and takes no function: to run one inside it and commit, "
        "write client.WithTx([&](grapnel::Tx& tx) { ... })");
  }
  /// Runs `body(tx)` in a transaction and commits it; rolls back when it throws, and passes that
  /// on. Returns: what `body` returned. Throws: as Tx and Tx::Commit; Error, and nothing is begun,
  /// for a body that holds nothing to call.
  template <class F>
  decltype(auto) WithTx(F&& body) const {
    core::detail::RefuseNone(body);
    return grapnel::Tx::Within(Tx(), std::forward<F>(body));
  }

  /// The same, and runs `body` again, in a new transaction, when another one was in the way: after
  /// a BusyError that is Retryable(), also one that `body` has caught, for its transaction has
  /// ended with it. Where a LockWait says how long one try waits for locks, also after such a wait:
  /// `client.With(grapnel::LockWait{200ms}).WithTx(body, grapnel::Retry{.times = 5})`. In between
  /// are pauses that grow and differ by chance; it goes on as long as `retry` says, which is for as
  /// long as a single mutation is run again, and then throws what the last try did. Behind a COMMIT
  /// that took place, or that may have, nothing is run again. All of a failed try is undone: its
  /// rollback hooks and AfterRollback callbacks run, its AfterCommit callbacks do not. What `body`,
  /// and the hooks of what it writes, do elsewhere (a mail, a counter in memory) they do again, so
  /// it belongs into AfterCommit. Inside a transaction nothing runs again: it is undone with that
  /// one.
  template <class F>
  decltype(auto) WithTx(F&& body, Retry retry) const {
    core::detail::RefuseNone(body);
    if (detail::HasTransaction(*Held())) return grapnel::Tx::Within(Tx(), body);
    detail::Reruns reruns(Context(), retry);
    while (true) {
      detail::HandlePtr run;
      try {
        auto tx = Tx();
        run = tx.Held();
        return grapnel::Tx::Within(std::move(tx), body);
      } catch (...) {
        reruns.WaitForNext(detail::HindranceOf(run, Context()));
      }
    }
  }

  /// Begins one snapshot for many reads; inside a transaction it reads what that one sees.
  [[nodiscard("it ends with its object")]] grapnel::ReadTx ReadTx() const {
    const detail::HandlePtr& handle = Held();
    if (detail::HasTransaction(*handle)) return {handle, false};
    return {detail::BeginTransaction(handle, detail::TxKind::ReadOnly), true};
  }

  /// Runs one statement of SQL at once:
  ///
  ///   auto sums = client.Sql("SELECT sum(minutes) FROM Ticket WHERE due >= ?1", day)
  ///                   .As<std::optional<std::int64_t>>();
  ///
  /// Each value is bound to its parameter, ?1, ?2 ... or ? for each in turn, and never pasted into
  /// the text; it is of any type that a field can have, stored as it would be there, and
  /// std::nullopt is NULL. Inside a transaction (tx.Sql, tx.Client().Sql, m.Client().Sql) the
  /// statement is part of it, may write, and undoes itself alone when it fails; outside it only
  /// reads. No hook and no interceptor sees it, nor what it writes or reads, and no edge's OnDelete
  /// but the database's own. What says itself that it ends the transaction when it fails, INSERT OR
  /// ROLLBACK and RAISE(ROLLBACK) in a trigger, does: all of it is undone, with those it is nested
  /// in, and what runs in it after that throws TxError. Refused before anything runs are what
  /// begins or ends transactions, ATTACH, PRAGMA (SELECT from its functions, pragma_table_info and
  /// the like, is fine), what is temporary, and changes of Grapnel's own tables, whose names begin
  /// with grapnel_. What a function does that it calls is not seen; what that leaves behind on a
  /// connection to PostgreSQL, settings, locks of the session, cursors, LISTEN, temporary tables,
  /// is gone when the transaction has ended. Throws: SqlError, when it is not one such statement,
  /// when a parameter has no value or a value no parameter, and in SQLite's words when that does
  /// not take it; TxError when it writes outside of a transaction; ValidationError for a value that
  /// cannot be stored; ConstraintError, without an entity; and as queries do.
  template <class... Vs>
  store::SqlRows Sql(std::string_view text, const Vs&... values) const {
    return detail::RunSql(Held(), text, {detail::SqlValue::Of(values)...});
  }

  /// Runs a mutation, whose Op a hook has changed, from the start of the chain. Its hook returns
  /// the result and does not call next.
  template <class E>
  Value<E> Mutate(Mutation<E>& m) const {
    E into{};
    auto result = detail::AnyResult::Copied(detail::kTable<E>, &into);
    detail::RunMutation(Held(), m, result);
    if (!result.HasEntity()) return result.Count();
    return into;
  }

  /// This client with one thing more for its calls: a std::stop_token, a deadline
  /// (std::chrono::steady_clock::time_point), a duration from now, or a value of any other type,
  /// which hooks find by `m.Context().Get<V>()`.
  template <class V>
  [[nodiscard("it returns another client and leaves this one as it is")]] Client With(
      V value) const {
    return Client(Longer(Context().With(std::move(value))));
  }
  /// This client, with every statement's text handed to `trace`; by default to standard error.
  [[nodiscard("it returns another client and leaves this one as it is")]] Client Debug(
      core::Context::Trace trace = detail::PrintStatement) const {
    return Client(Longer(Context().WithTrace(std::move(trace))));
  }

  const core::Context& Context() const { return detail::ContextOf(*Held()); }
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

  // What only the object that Open returned has: these do not compile.
  template <class... Hs>
  void OnCommit(Hs&&...) const {
    RefuseOnClient<Hs...>();
  }
  template <class... Hs>
  void OnRollback(Hs&&...) const {
    RefuseOnClient<Hs...>();
  }
  template <class... Given>
  void OnStatement(Given&&...) const {
    RefuseOnClient<Given...>();
  }
  template <class... Nothing>
  void Migrate(Nothing&&...) const {
    RefuseOnClient<Nothing...>();
  }
  template <class T = void, class... Objects>
  void Provide(Objects&&...) const {
    RefuseOnClient<Objects...>();
  }

  // Nobody assigns to what m.Client() returns: it is a copy.
  Client(const Client&) = default;
  Client(Client&&) noexcept = default;
  Client& operator=(const Client&) & = default;
  Client& operator=(Client&&) & noexcept = default;
  ~Client() = default;

  // What follows is for the other parts of the store.
  explicit Client(detail::HandlePtr handle) noexcept : handle_(std::move(handle)) {}

 protected:
  detail::HandlePtr Longer(core::Context context) const {
    return detail::WithContext(*handle_, std::move(context));
  }

  /// Throws: Error after it was moved from; StorageError in a child of fork().
  const detail::HandlePtr& Held() const { return detail::CheckHeld(handle_, {}, "a client"); }

 private:
  template <class... Given>
  static constexpr void RefuseOnClient() {
    static_assert(sizeof...(Given) > sizeof...(Given),
                  "this is said to the whole database: call it on the grapnel::Database<User, "
                  "Card> that grapnel::Open<User, Card>(...) returned, and take that, or a "
                  "reference to it, in place of a grapnel::Client");
  }

  detail::HandlePtr handle_;
};

template <class E>
store::TxEntities<E> store::Transaction::Of() const {
  return TxEntities<E>(Held());
}

template <class... Vs>
store::SqlRows store::Transaction::Sql(std::string_view text, const Vs&... values) const {
  return detail::RunSql(Held(), text, {detail::SqlValue::Of(values)...});
}

inline grapnel::Client store::Transaction::Client() const { return grapnel::Client(Held()); }

grapnel::Client AnyMutation::Client() const { return grapnel::Client(core_.GetHandle()); }

grapnel::Client AnyReading::Client() const { return grapnel::Client(handle_); }

Tx AnyMutation::Tx() const {
  if (!InTx()) RefuseTx();
  return grapnel::Tx::Handed(core_.GetHandle(), false);
}

template <class F>
core::Callable<void()> detail::Deferred(const HandlePtr& handle, F callback) {
  constexpr bool takes_client = std::is_invocable_v<F&, const Client&>;
  static_assert(takes_client || std::is_invocable_v<F&>,
                "a callback takes nothing or a client: write [=] { ... } or "
                "[=](const grapnel::Client& client) { ... }");
  static_assert(std::is_copy_constructible_v<F>,
                "a callback has to be copyable: let it keep what is not by a std::shared_ptr");
  if constexpr (takes_client) {
    if (core::HoldsNone(callback)) return nullptr;
    return [client = Client(OutsideOf(*handle)), callback = std::move(callback)]() mutable {
      callback(std::as_const(client));
    };
  } else {
    return callback;
  }
}

// Where `m` depends on a template parameter, these spare the `.template`.

/// `m.Client().Of<C>()`.
template <class C>
store::Entities<C> Of(const AnyMutation& m) {
  return m.Client().template Of<C>();
}
/// `m.Dep<T>()`.
template <class T, class M>
T& Dep(const M& m) {
  return m.template Dep<T>();
}
/// `m.Dep<T>(name)`.
template <class T, class M>
T& Dep(const M& m, std::string_view name) {
  return m.template Dep<T>(name);
}
/// `m.Context().Get<V>()`.
template <class V, class M>
const V* PerCall(const M& m) {
  return m.Context().template Get<V>();
}

}  // namespace grapnel
