#pragma once

/// Counters, durations and log lines of a database, handed to callbacks.
///
///   auto handle = grapnel::extras::Observe(client, {
///       .measure = [](const grapnel::extras::Measured& m) { ... },
///       .log = [](std::string_view line) { std::clog << line << '\n'; },
///       .slow = 100ms});
///
/// Each measurement is what OpenTelemetry's C++ API and Prometheus' client take: an instrument's
/// name and unit, a value, labels.
///
///   // OpenTelemetry: one instrument for each name, Counter::Add or Histogram::Record
///   m.kind == Kind::Counter ? counter(m.name).Add(m.value, attributes(m.labels))
///                           : histogram(m.name).Record(m.value, attributes(m.labels), context);
///   // Prometheus: one family for each PrometheusName(m), with its labels
///   m.kind == Kind::Counter ? counter(PrometheusName(m)).Add(labels).Increment(m.value)
///                           : histogram(PrometheusName(m)).Add(labels, bounds).Observe(m.value);
///
/// | name | unit | kind | labels |
/// |---|---|---|---|
/// | grapnel.mutations | {mutation} | counter | entity, op, cause |
/// | grapnel.mutation.rows | {row} | counter | entity, op |
/// | grapnel.mutation.errors | {error} | counter | entity, op, error.type |
/// | grapnel.mutation.duration | s | histogram | entity, op: hooks and write, without COMMIT |
/// | grapnel.mutation.committed.duration | s | histogram | entity, op: with the COMMIT of its own |
/// | grapnel.commit.duration | s | histogram | of COMMIT alone |
/// | grapnel.rollbacks | {rollback} | counter | of transactions that were to write |
/// | grapnel.lock.waits | {wait} | counter | |
/// | grapnel.lock.wait.duration | s | histogram | |
/// | grapnel.statement.errors | {error} | counter | statement: its first word |
///
/// What it guarantees: every mutation of every type is counted, those that hooks and cascades begin
/// too, each row of a bulk as one Create, a row that an upsert meets as an UpdateOne of its own;
/// one that failed as an error too, each try of what is run again. An error's type is that of the
/// exception, "grapnel::StaleError"; a COMMIT that fails is a statement's. No label, and no line,
/// holds a value of a row. A callback that throws breaks nothing: what it threw is dropped. Its
/// labels are so many as there are types and Ops, and do not grow.
///
/// What not: reads, which only statements' errors tell of; types that are Internal; SQL of one's
/// own, but for its errors. Of waits, those of a transaction for its turn to write, on PostgreSQL
/// for a connection: how long the server lets a statement wait for a row it tells nobody, only a
/// BusyError that comes of it is counted, as of waits that end so. With COMMIT it measures
/// mutations that have a transaction of their own, a bulk as one. A rollback is what rollback hooks
/// see: of a mutation's own transaction too, though it has sent nothing yet; of no nested one.
///
/// Lines, in logfmt: each mutation that took as long as `slow`, and each that failed; each
/// statement that took as long, where `slow` is more than 0, and each that failed.
///
///   mutation entity=User op=UpdateOne cause=Caller rows=1 ms=0.214
///   mutation entity=User op=Create cause=Hook ms=0.087 error=grapnel::ValidationError
///   statement rows=0 ms=120.441 text="UPDATE \"User\" SET ..."
///
/// Cost: a hook around every mutation of every type, with what that means: a savepoint inside of a
/// transaction, rows of a bulk one by one, cascades and SetNull through hooks and not by the
/// database alone; each statement is told. Some microseconds a mutation.
///
/// Order with others: register it first, and it stands outside of all other runtime hooks and
/// measures them as well. Guards stand further out: what they deny never was a mutation.

#include <grapnel/base/callable.hpp>
#include <grapnel/core/error.hpp>
#include <grapnel/core/hook_handle.hpp>
#include <grapnel/core/op.hpp>
#include <grapnel/hook/named.hpp>
#include <grapnel/store/database.hpp>
#include <grapnel/store/driver/statement_info.hpp>
#include <grapnel/store/mutation/any_mutation.hpp>
#include <grapnel/store/mutation/cause.hpp>
#include <grapnel/store/mutation/mutation.hpp>
#include <grapnel/store/tx/tx.hpp>

#include <cxxabi.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <typeinfo>
#include <utility>

namespace grapnel::extras {

/// How the values of one name go together: counters are added up, of a histogram each is one.
enum class Kind { Counter, Histogram };

/// A property of what was measured, of few different values.
struct Label {
  std::string_view key;
  std::string_view value;
};

/// One measurement. What it refers to is valid until the call returns.
struct Measured {
  Kind kind = Kind::Counter;
  std::string_view name;  // "grapnel.mutation.duration"
  std::string_view unit;  // in the spelling of UCUM: "s", "{row}"
  double value = 0;
  std::span<const Label> labels{};
};

/// The name in the spelling of Prometheus: "grapnel_mutation_duration_seconds",
/// "grapnel_mutations_total".
inline std::string PrometheusName(const Measured& measured) {
  std::string name(measured.name);
  for (char& c : name) c = c == '.' ? '_' : c;
  if (measured.unit == "s") name += "_seconds";
  if (measured.kind == Kind::Counter) name += "_total";
  return name;
}

/// Who is told what, and which lines: see the top of this file. Either may be left out.
struct Observing {
  core::Callable<void(const Measured&)> measure{};
  core::Callable<void(std::string_view line)> log{};
  std::chrono::nanoseconds slow{0};
};

/// Makes the measurements and lines of one database. Threads: any.
class Observer {
 public:
  using Time = std::chrono::steady_clock;

  explicit Observer(Observing to) : to_(std::move(to)) {}
  Observer(const Observer&) = delete;
  Observer& operator=(const Observer&) = delete;

  /// Runs the rest of a mutation.
  AnyValue Around(AnyMutation& m, AnyNext next) const {
    const Time::time_point start = Time::now();
    const Op op = m.Op();
    const Own::Running own(m.Cause() == Cause::Caller && !m.InTx() ? OwnOf(m, start) : nullptr);
    try {
      AnyValue value = next(m);
      Tell(m, op, start, value.Count(), {});
      return value;
    } catch (const std::exception& error) {
      own.Fail();
      Tell(m, op, start, 0, NameOf(typeid(error)));
      throw;
    } catch (...) {
      own.Fail();
      Tell(m, op, start, 0, "unknown");
      throw;
    }
  }

  /// Runs the rest of a rollback, which takes place in any case.
  template <class Next>
  void Rollback(Tx& tx, Next next) const {
    struct Counted {
      const Observer& observer;
      ~Counted() { observer.Count("grapnel.rollbacks", "{rollback}", 1, {}); }
    } const counted{*this};
    next(tx);
  }

  void Statement(const store::StatementInfo& ran) const noexcept {
    const std::string_view word = ran.text.substr(0, ran.text.find_first_of(" (;"));
    const double seconds = std::chrono::duration<double>(ran.duration).count();
    if (ran.waited.Nanoseconds() > 0) {
      Count("grapnel.lock.waits", "{wait}", 1, {});
      Record("grapnel.lock.wait.duration", std::chrono::duration<double>(ran.waited).count(), {});
    }
    if (!ran.error.empty()) {
      Count("grapnel.statement.errors", "{error}", 1, {{"statement", word}});
    }
    Own* const own = Own::Open(*this);
    if (own != nullptr) own->Note(word == "BEGIN", ran.error.empty());
    const bool is_over = word == "COMMIT" || ran.text == "ROLLBACK";
    if (word == "COMMIT" && ran.error.empty()) {
      Record("grapnel.commit.duration", seconds, {});
      if (own != nullptr && own->is_open) {
        Record("grapnel.mutation.committed.duration", Since(own->start),
               {{"entity", own->entity}, {"op", Name(own->op)}});
      }
    }
    if (own != nullptr && is_over) own->is_open = false;
    const bool slow = to_.slow.count() > 0 && ran.duration >= to_.slow;
    if (!slow && ran.error.empty()) return;
    Log([&] {
      std::string line = "statement rows=" + std::to_string(ran.rows) + " ms=" + Millis(seconds);
      if (!ran.error.empty()) line += " error=" + Quoted(ran.error);
      return line + " text=" + Quoted(ran.text);
    });
  }

 private:
  /// A mutation, or bulk, that has a transaction of its own: there as long as that has not ended,
  /// whatever it ends by, which keeps it among the callbacks that wait for its commit.
  struct Own : std::enable_shared_from_this<Own> {
    Own(const Observer& observer, const AnyMutation& m, Time::time_point from) noexcept
        : of(observer), start(from), entity(m.Type()), op(m.Op()), next(std::exchange(all, this)) {}
    Own(const Own&) = delete;
    Own& operator=(const Own&) = delete;
    ~Own() {
      Own** at = &all;
      while (*at != this) at = &(*at)->next;
      *at = next;
    }

    /// What this thread is about to commit or roll back, or null.
    static Own* Open(const Observer& observer) noexcept {
      Own* own = all;
      while (own != nullptr && (&own->of != &observer || !own->is_open)) own = own->next;
      return own;
    }

    /// A statement of this thread: of the transaction, where a mutation runs in it. A BEGIN where
    /// none does is another one's, which cannot be before this one is over.
    void Note(bool begins, bool succeeded) noexcept {
      if (running > 0) {
        has_begun = has_begun || succeeded;
      } else if (begins) {
        is_open = false;
      }
    }

    /// While a mutation runs in it; of none that has one, null.
    class Running {
     public:
      explicit Running(std::shared_ptr<Own> own) noexcept : own_(std::move(own)) {
        if (own_ != nullptr) ++own_->running;
      }
      Running(const Running&) = delete;
      Running& operator=(const Running&) = delete;
      ~Running() {
        if (own_ != nullptr) --own_->running;
      }
      void Fail() const noexcept {
        if (own_ != nullptr) own_->is_open = false;
      }

     private:
      std::shared_ptr<Own> own_;
    };

    const Observer& of;
    Time::time_point start;
    std::string_view entity;
    Op op;
    int running = 0;
    bool has_begun = false;
    bool is_open = true;

   private:
    static inline thread_local constinit Own* all = nullptr;

    Own* next;
  };

  /// Of a further row of a bulk, which has begun already, that of the first one.
  std::shared_ptr<Own> OwnOf(const AnyMutation& m, Time::time_point start) const noexcept {
    try {
      if (Own* const open = Own::Open(*this)) {
        if (open->has_begun) return open->shared_from_this();
        open->is_open = false;
      }
      auto own = std::make_shared<Own>(*this, m, start);
      m.AfterCommit([own] { own->is_open = false; });
      return own;
    } catch (...) {
      return nullptr;  // it is only to be measured
    }
  }

  void Tell(const AnyMutation& m, Op op, Time::time_point start, std::int64_t rows,
            const std::string& error) const noexcept {
    const double seconds = Since(start);
    const Label entity{"entity", m.Type()}, of{"op", Name(op)};
    const std::string_view cause = Name(m.Cause());
    Count("grapnel.mutations", "{mutation}", 1, {entity, of, {"cause", cause}});
    Record("grapnel.mutation.duration", seconds, {entity, of});
    if (error.empty()) {
      Count("grapnel.mutation.rows", "{row}", static_cast<double>(rows), {entity, of});
    } else {
      Count("grapnel.mutation.errors", "{error}", 1, {entity, of, {"error.type", error}});
    }
    if (error.empty() && seconds < std::chrono::duration<double>(to_.slow).count()) return;
    Log([&] {
      std::string line = "mutation entity=";
      line.append(entity.value).append(" op=").append(of.value).append(" cause=").append(cause);
      if (error.empty()) line += " rows=" + std::to_string(rows);
      line += " ms=" + Millis(seconds);
      return error.empty() ? line : line + " error=" + error;
    });
  }

  using Labels = std::initializer_list<Label>;
  void Count(std::string_view name, std::string_view unit, double value,
             Labels labels) const noexcept {
    Measure({Kind::Counter, name, unit, value, {labels.begin(), labels.size()}});
  }
  void Record(std::string_view name, double seconds, Labels labels) const noexcept {
    Measure({Kind::Histogram, name, "s", seconds, {labels.begin(), labels.size()}});
  }
  void Measure(const Measured& measured) const noexcept {
    if (!to_.measure) return;
    try {
      to_.measure(measured);
    } catch (...) {  // NOLINT(bugprone-empty-catch): the write goes on
    }
  }
  template <class MakeLine>
  void Log(MakeLine make) const noexcept {
    if (!to_.log) return;
    try {
      to_.log(make());
    } catch (...) {  // NOLINT(bugprone-empty-catch): the write goes on
    }
  }

  static double Since(Time::time_point start) noexcept {
    return std::chrono::duration<double>(Time::now() - start).count();
  }
  static std::string Millis(double seconds) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.3f", seconds * 1e3);
    return text.data();
  }
  static std::string Quoted(std::string_view text) {
    std::string quoted = "\"";
    for (const char c : text) {
      if (c == '"' || c == '\\') quoted += '\\';
      quoted += c == '\n' ? ' ' : c;
    }
    return quoted + '"';
  }
  static std::string NameOf(const std::type_info& type) {
    int status = 0;
    const std::unique_ptr<char, void (*)(void*)> name(
        abi::__cxa_demangle(type.name(), nullptr, nullptr, &status), &std::free);
    return name != nullptr ? name.get() : type.name();
  }

  Observing to_;
};

/// Hands measurements and lines of this database to callbacks: see the top of this file.
/// Returns: a handle that ends it. Throws: Error for callbacks that are both none.
/// Threads: the callbacks are called by any that writes, several at once, in the middle of that: of
/// statements' errors, COMMIT and waits they cannot use the database.
template <class... Es>
core::HookHandle Observe(const Database<Es...>& client, Observing to) {
  if (!to.measure && !to.log) throw Error("extras::Observe: it was given neither measure nor log");
  const auto observer = std::make_shared<const Observer>(std::move(to));
  return core::JoinHandles(
      {client.Use(hook::Named("observe", AnyHook([observer](AnyMutation& m, AnyNext next) {
                                return observer->Around(m, next);
                              }))),
       client.OnRollback([observer](Tx& tx, auto next) { observer->Rollback(tx, next); }),
       client.OnStatement(
           [observer](const store::StatementInfo& ran) { observer->Statement(ran); })});
}

}  // namespace grapnel::extras
