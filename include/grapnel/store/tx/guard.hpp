#pragma once

#include <grapnel/base/callable.hpp>
#include <grapnel/base/concat.hpp>
#include <grapnel/base/function_ref.hpp>
#include <grapnel/base/type.hpp>
#include <grapnel/core/context.hpp>
#include <grapnel/core/hook_list.hpp>
#include <grapnel/core/hook_stack.hpp>
#include <grapnel/core/op.hpp>
#include <grapnel/model/error.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/store/driver/driver.hpp>
#include <grapnel/store/driver/error.hpp>
#include <grapnel/store/predicate/tree.hpp>
#include <grapnel/store/tx/dependencies.hpp>
#include <grapnel/store/tx/handle_ptr.hpp>
#include <grapnel/store/tx/type_actions.hpp>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace grapnel {

class AnyMutation;
namespace store {
class Migration;
class Transaction;
}  // namespace store
using Tx = store::Transaction;

namespace detail {

class Graph;
class HookPlan;
struct Draft;

/// What a store knows of one entity type, with its hooks.
struct TypeEntry {
  explicit TypeEntry(const TypeActions& of) : actions(of), table(&of.table) {
    actions.add_schema_hooks(hooks);
  }
  TypeEntry(const TypeEntry&) = delete;
  TypeEntry& operator=(const TypeEntry&) = delete;

  /// Compares the schema with the database, until it fits once.
  void Verify(store::Connection& connection) {
    if (verified_.load(std::memory_order_acquire)) return;
    connection.Verify(*table);
    verified_.store(true, std::memory_order_release);
  }
  /// Compares them again at the next use. Threads: any.
  void Forget() noexcept { verified_.store(false, std::memory_order_release); }

  const TypeActions& actions;
  const Table* table;
  core::HookStack hooks;                          // in the stages of HookChain
  core::HookStack readers;                        // interceptors, in the stages of hooks
  std::atomic<const ReadActions*> read{nullptr};  // there before the first of them
  std::span<const Relation* const> referrers;     // the foreign keys that refer to it
  std::vector<const TypeEntry*>
      reached;  // types whose rows go, or lose a key, when its rows are deleted
  bool runs_nothing =
      false;  // of the user's in a mutation without hooks, nor does one begin another

 private:
  std::atomic<bool> verified_{false};
};

/// What all clients, transactions and builders of one Open share.
struct Store {
  using ErrorSink = core::Callable<void(const std::exception&)>;

  /// Whether it is another process's, of which fork() made this one.
  bool IsInherited() const noexcept { return driver->IsInherited(); }

  std::unique_ptr<store::Driver, store::Driver::Close> driver;
  Dependencies dependencies;
  core::HookList<Tx, void> commit_hooks;
  core::HookList<Tx, void> rollback_hooks;
  core::HookList<store::Migration, void> migrate_hooks;
  std::unordered_map<core::TypeId, std::unique_ptr<TypeEntry>> types;  // fixed once opened
  std::unique_ptr<const Graph> graph;                                  // of these types
  std::atomic<bool> intercepts{false};  // whether any of them ever had an interceptor

  TypeEntry& TypeOf(const Table& table) const {
    const auto found = types.find(table.type);
    if (found == types.end()) driver->RefuseType(table);
    return *found->second;
  }

  void SetErrorSink(ErrorSink sink) {
    const std::lock_guard lock(sink_mutex_);
    std::swap(sink_, sink);  // the old one goes outside of the lock: it may own anything
  }

  /// Hands on what nobody can catch. Never throws: what the sink throws is dropped.
  void Report(const std::exception_ptr& error) noexcept {
    if (IsInherited()) return;  // the parent's to tell
    try {
      ErrorSink sink;
      if (!reporting) {  // what a sink does and fails in is not told to itself
        const std::lock_guard lock(sink_mutex_);
        sink = sink_;
      }
      const Reporting now;
      try {
        std::rethrow_exception(error);
      } catch (const std::exception& caught) {
        Send(sink, caught);
      } catch (...) {
        Send(sink, Error("an exception of no standard type"));
      }
    } catch (...) {  // NOLINT(bugprone-empty-catch): there is nowhere left to tell it
    }
  }

 private:
  static void Send(const ErrorSink& sink, const std::exception& error) {
    if (sink) {
      sink(error);
    } else {
      std::fprintf(stderr, "grapnel: %s\n", error.what());
    }
  }

  static inline thread_local constinit bool reporting = false;
  struct Reporting {
    ~Reporting() { reporting = outer; }
    bool outer = std::exchange(reporting, true);
  };

  std::mutex sink_mutex_;
  ErrorSink sink_;
};

/// What a thread is inside of.
enum class Inside : std::uint8_t { Tx, ReadTx, Walk };

/// Says that a thread is inside a transaction of a store, so that the base client must not be used
/// there. The thread and the transaction own it together, for either may end first.
struct Mark {
  using Abandon = void (*)(const HandlePtr&) noexcept;

  Mark(const HandlePtr& of, const Store& s, Abandon a, Inside i) noexcept
      : handle(of), store(&s), abandon(a), inside(i) {}
  void Release() noexcept {
    if (owners.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

  const core::Weak<const Handle> handle;
  const Store* const store;
  const Abandon abandon;  // ends what its thread left open
  const Inside inside;
  Mark* next = nullptr;  // of the thread alone
  std::atomic<bool> active{true};
  std::atomic<int> owners{2};
};

/// The marks of this thread. All of it is there for as long as the thread runs any code:
/// destructors of static and thread_local objects may use clients.
class Marks {
 public:
  /// Returns: the transaction's share.
  static Mark* Add(const HandlePtr& handle, const Store& store, Mark::Abandon abandon,
                   Inside inside) {
    Sweep();
    if (!ended) {
      static thread_local const AtThreadEnd at_end;
      at_end.Expect();
    }
    Mark* mark = new Mark(handle, store, abandon, inside);
    mark->next = std::exchange(first, mark);
    return mark;
  }
  /// Threads: any. On another thread than its own it is swept there, later.
  static void TakeOff(Mark& mark) noexcept {
    mark.active.store(false, std::memory_order_release);
    Unlink([&](const Mark& each) { return &each == &mark; });
  }

  /// Throws: TxError when this thread is inside a transaction or a running mutation of `store`.
  static void Guard(const Store& store) {
    for (const Running* running = Running::top; running != nullptr; running = running->outer) {
      if (running->store == &store && running->active) {
        throw TxError(
            core::Concat({"the base client was used inside a running ", running->what,
                          " of the same thread, where it would wait for itself", running->remedy}));
      }
    }
    if (first == nullptr) return;
    Sweep();
    for (const Mark* mark = first; mark != nullptr; mark = mark->next) {
      if (mark->store == &store) throw TxError(Refusal(mark->inside));
    }
  }

  /// The mark of a mutation that runs in a transaction of its own, or of a migration.
  struct Running {
    explicit Running(const Store& s, std::string_view running = "mutation",
                     std::string_view instead = ": use the mutation's client, m.Client()") noexcept
        : store(&s), what(running), remedy(instead), outer(top) {
      top = this;
    }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;
    ~Running() { top = outer; }

    const Store* store;
    std::string_view what, remedy;
    Running* outer;
    bool active = true;
    static inline thread_local constinit Running* top = nullptr;
  };

 private:
  static const char* Refusal(Inside inside) noexcept {
    switch (inside) {
      case Inside::ReadTx:
        return "the base client was used inside a ReadTx of the same thread: read by that one, "
               "rtx.Of<...>().Query() or rtx.Of<...>().Get(id); it has no tx.Client(), so end it "
               "before you write";
      case Inside::Walk:
        return "the base client was used while it walks over rows on the same thread, and a "
               "database in memory has one connection: collect the rows first, query.All(), or "
               "walk inside a ReadTx or Tx and read by that one";
      default:
        return "the base client was used inside a transaction of the same thread: use the "
               "transaction, tx.Of<...>() or tx.Client()";
    }
  }

  /// Ends what the thread began and leaves open: nobody else may use it any more.
  struct AtThreadEnd {
    void Expect() const noexcept {}
    ~AtThreadEnd() {
      ended = true;
      while (Mark* mark = first) {
        if (const auto handle = mark->handle.Lock(); handle && mark->active) mark->abandon(handle);
        Unlink([&](const Mark& each) { return &each == mark; });
      }
    }
  };

  template <class F>
  static void Unlink(F goes) noexcept {
    for (Mark** at = &first; *at != nullptr;) {
      Mark* mark = *at;
      if (!goes(*mark)) {
        at = &mark->next;
        continue;
      }
      *at = mark->next;
      mark->Release();
    }
  }
  static void Sweep() noexcept {
    Unlink([](const Mark& mark) { return !mark.active.load(std::memory_order_acquire); });
  }

  static inline thread_local constinit Mark* first = nullptr;
  static inline thread_local constinit bool ended = false;
};

/// An observer of statements that this thread runs, by which no client and no transaction of the
/// store is to be used: the statement is not over yet.
class Telling {
 public:
  explicit Telling(const Store& store) noexcept
      : mark_(store, "OnStatement callback", ": it is told of statements, and sends none"),
        outer_(std::exchange(top, this)) {}
  Telling(const Telling&) = delete;
  Telling& operator=(const Telling&) = delete;
  ~Telling() { top = outer_; }

  static bool IsOf(const Store& store) noexcept {
    for (const Telling* each = top; each != nullptr; each = each->outer_) {
      if (each->mark_.store == &store) return true;
    }
    return false;
  }

 private:
  static inline thread_local constinit const Telling* top = nullptr;

  const Marks::Running mark_;  // for the base client
  const Telling* outer_;
};

/// The commits whose hooks this thread runs.
class Committing {
 public:
  explicit Committing(const Store& store) noexcept
      : store_(&store), outer_(std::exchange(top, this)) {}
  Committing(const Committing&) = delete;
  Committing& operator=(const Committing&) = delete;
  ~Committing() { top = outer_; }

  /// Throws: TxError when this thread runs commit hooks of `store`, which a hook added now would
  /// not join.
  static void Guard(const Store& store) {
    for (const Committing* each = top; each != nullptr; each = each->outer_) {
      if (each->store_ != &store) continue;
      throw TxError(
          "a commit hook was added by a commit hook, in whose commit it would not run: add it "
          "before the commit");
    }
  }

 private:
  static inline thread_local constinit const Committing* top = nullptr;

  const Store* store_;
  const Committing* outer_;
};

}  // namespace detail
}  // namespace grapnel
