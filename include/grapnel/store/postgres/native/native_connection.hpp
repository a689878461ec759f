#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/core/context.hpp>
#include <grapnel/model/error.hpp>
#include <grapnel/store/driver/driver.hpp>
#include <grapnel/store/driver/error.hpp>
#include <grapnel/store/driver/lock_wait.hpp>
#include <grapnel/store/driver/observers.hpp>
#include <grapnel/store/postgres/native/conninfo.hpp>
#include <grapnel/store/postgres/native/error.hpp>
#include <grapnel/store/postgres/native/observation.hpp>
#include <grapnel/store/postgres/native/prepared.hpp>
#include <grapnel/store/postgres/native/session.hpp>
#include <grapnel/store/postgres/native/values.hpp>
#include <grapnel/store/postgres/native/waiting.hpp>

#include <libpq-fe.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace grapnel::postgres::detail {

class NarrowColumns;

/// What an engine's connections have in common.
struct Options {
  Conninfo info;
  std::size_t pool = 16;
  const store::Observers* observers = &store::Observers::None();
  std::shared_ptr<NarrowColumns> narrow{};  // what they know of tables; each its own without it
  // How many commits they have noted.
  std::shared_ptr<std::atomic<std::uint64_t>> noted =
      std::make_shared<std::atomic<std::uint64_t>>();
};

/// A connection: its settings, its statements, its errors. What begins a transaction or sets a
/// savepoint waits for the statement that follows, and goes along with it.
class NativeConnection {
 public:
  /// Throws: StorageError of kind Open; CancelledError.
  NativeConnection(const Options& options, const core::Context* context)
      : observers_(options.observers), session_(options.info, context) {
    SetUp();
    Watch(nullptr);
  }
  NativeConnection(const NativeConnection&) = delete;
  NativeConnection& operator=(const NativeConnection&) = delete;

  void Watch(const core::Context* context) noexcept { session_.GetWaiting().Watch(context); }
  bool IsTracing() const noexcept { return tracing_; }
  /// What is begun next has waited so long for the connection.
  void NoteWaited(core::Elapsed waited) noexcept { waited_ = waited; }
  const std::string& Url() const noexcept { return session_.Info().Url(); }
  Session& GetSession() noexcept { return session_; }
  const Session& GetSession() const noexcept { return session_; }

  Doing Say(const store::Statement& statement) const {
    return {Url(), statement.table, statement.op, session_.GetWaiting().Watched(),
            {},    LimitsLocks()};
  }
  Doing Say() const {
    return {Url(), nullptr, {}, session_.GetWaiting().Watched(), {}, LimitsLocks()};
  }

  bool InTransaction() const noexcept {
    const auto status = session_.Status();
    return begins_ || status == PQTRANS_INTRANS || status == PQTRANS_INERROR;
  }
  /// Whether a transaction is to begin with the statement that follows.
  bool IsBeginning() const noexcept { return begins_; }
  bool IsAborted() const noexcept { return session_.Status() == PQTRANS_INERROR; }

  /// Who is told of a statement in the end, when this goes.
  struct TellInTheEnd {
    void operator()(Observation* observation) const noexcept {
      observation->Tell();
      delete observation;
    }
  };
  using Observed = std::unique_ptr<Observation, TellInTheEnd>;
  /// What goes along with the next statement.
  struct Deferred {
    std::string text;
    Observed observed;
  };

  /// Runs what needs no parameters and gives no rows with the statement that follows.
  void Defer(std::string_view text, Patience patience = Patience::Work) {
    Trace(text, patience);
    pending_.push_back({std::string(text), Observe(text)});
  }
  /// Tells observers of a statement that need not be sent.
  void Tell(std::string_view text) noexcept { Observe(text); }
  /// The same of what begins a transaction.
  void DeferBegin(std::string_view text) {
    Defer(text);
    begins_ = true;
    const LockWait* given = OwnLockWait();
    limits_own_ = given != nullptr;
    if (limits_own_) DeferQuietly("SET LOCAL lock_timeout = " + ToSetting(*given));
  }
  /// How long the call that is watched waits for locks, in the form of lock_timeout; "" where it
  /// does not say.
  std::string LockTimeout() const {
    const LockWait* given = OwnLockWait();
    return given != nullptr ? ToSetting(*given) : std::string();
  }
  /// The same of what nobody is told.
  void DeferQuietly(std::string text) { pending_.push_back({std::move(text), nullptr}); }
  /// Begins and ends a transaction of its own around a statement, which nobody is told.
  void BeginQuietly(const char* text) {
    DeferQuietly(text);
    begins_ = true;
  }
  void EndQuietly() noexcept {
    DropPending(0);
    behind_.clear();
    if (session_.Status() == PQTRANS_IDLE || session_.IsLost()) return;
    session_.SendText("ROLLBACK");
    session_.Finish(Patience::Undoing, [](std::size_t, Result) {});
  }
  const std::vector<Deferred>& Pending() const noexcept { return pending_; }
  void DropPending(std::size_t from) noexcept {
    pending_.erase(pending_.begin() + static_cast<std::ptrdiff_t>(from), pending_.end());
    if (from == 0) begins_ = false;
  }

  /// A statement that goes along behind another one.
  struct Along {
    Prepared& statement;
    Parameters& parameters;
    Result result{};
    std::optional<Failure> failed{};  // itself, and not the one in front of it
  };

  /// A statement that is run once: traced, observed, bound, sent.
  class Running {
   public:
    explicit Running(NativeConnection& native, Patience patience = Patience::Work)
        : native_(native), patience_(patience) {
      if (native.observers_->IsAny()) [[unlikely]]
        observation_ = Observation::Of(*native.observers_);
    }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;
    ~Running() {
      if (observation_ != nullptr) [[unlikely]]
        observation_->Tell();
    }

    /// What so many parameters are bound by, until the next statement is bound.
    Parameters& Bind(std::size_t count) {
      parameters_ = native_.TakeParameters();
      parameters_->Reset(count, observation_ != nullptr ? observation_->Values() : nullptr);
      return *parameters_;
    }
    /// Runs a statement that is kept in `kept`, whose text is `text()`.
    template <class Text>
    Result Run(Prepared& kept, Text text, const Doing& doing) {
      if (kept.text.empty()) {
        kept.text = text();
        kept.types = parameters_->Types();
      } else if (kept.types != parameters_->Types()) [[unlikely]] {
        return Run(std::string(kept.text), doing);
      }
      return Send(kept, doing);
    }
    /// Has another one, which reads, sent behind this one in the same trip. Requires: what is kept
    /// of it lives until this one has run.
    template <class Text>
    void SendBehind(Running& next, Prepared& kept, Text text) {
      if (kept.text.empty()) {
        kept.text = text();
        kept.types = next.parameters_->Types();
      }
      if (kept.types != next.parameters_->Types()) return;
      next_ = &next;
      next_kept_ = &kept;
    }
    /// What that gave; null where it was not sent.
    Result TakeGiven() noexcept { return std::move(given_); }
    /// Runs a statement of the cache.
    Result Run(const std::string& text, const Doing& doing) {
      if (parameters_ == nullptr) Bind(0);
      return Send(native_.Find(text, parameters_->Types()), doing);
    }
    /// Runs a statement that is not kept.
    Result RunOnce(std::string text, const Doing& doing) {
      Prepared once{std::move(text), parameters_->Types()};
      Result result = Send(once, doing);
      native_.Drop(once);
      return result;
    }
    /// Tells observers that it failed, though the server did not fail it.
    void NoteError(std::string_view error) noexcept {
      if (observation_ != nullptr) observation_->NoteError(error);
    }
    /// What it failed with last.
    const std::optional<Failure>& Failed() const noexcept { return failed_; }
    /// In which form its rows come.
    void SetFormat(int format) noexcept { format_ = format; }

   private:
    Result Send(Prepared& statement, const Doing& doing) {
      native_.Trace(statement.text, patience_);
      std::optional<Along> along;
      if (next_ != nullptr) {
        native_.Trace(next_kept_->text, patience_);
        along.emplace(Along{*next_kept_, *next_->parameters_});
      }
      if (observation_ != nullptr) [[unlikely]]
        observation_->NoteSent(statement.text);
      Result result = native_.Exchange(statement, *parameters_, patience_, format_, failed_,
                                       along ? &*along : nullptr);
      if (failed_) [[unlikely]] {
        if (observation_ != nullptr) observation_->NoteError(failed_->ForObservers());
        native_.Fail(*failed_, doing);
      }
      const std::int64_t rows = PQntuples(result.get());
      const std::int64_t changes = ChangesOf(result.get());
      native_.changes_ += changes;
      if (observation_ != nullptr) [[unlikely]]
        observation_->Count(rows, changes);
      if (along) next_->Take(next_kept_->text, *along, doing);
      return result;
    }
    /// What came of it along with the one before, which has not failed.
    void Take(const std::string& text, Along& along, const Doing& doing) {
      if (observation_ != nullptr) [[unlikely]] {
        observation_->NoteSent(text);
        observation_->Count(PQntuples(along.result.get()), 0);
        if (along.failed) observation_->NoteError(along.failed->ForObservers());
      }
      if (along.failed) native_.Fail(*along.failed, doing);
      given_ = std::move(along.result);
    }

    NativeConnection& native_;
    Patience patience_;
    int format_ = 1;
    std::unique_ptr<Parameters> own_;
    std::unique_ptr<Observation> observation_;  // where somebody looks
    std::optional<Failure> failed_;
    Running* next_ = nullptr;  // goes along with this one
    Prepared* next_kept_ = nullptr;
    Result given_;

    /// Goes back when the statement has ended.
    struct GiveBack {
      NativeConnection* native;
      void operator()(Parameters* parameters) const noexcept {
        native->GiveBack(std::unique_ptr<Parameters>(parameters));
      }
    };
    friend NativeConnection;
    std::unique_ptr<Parameters, GiveBack> parameters_{nullptr, GiveBack{&native_}};
  };

  /// Runs a statement without parameters at once.
  Result Execute(const std::string& text, Patience patience = Patience::Work) {
    Running running(*this, patience);
    running.Bind(0);
    return running.Run(text, Say());
  }

  /// What a statement of the store's own asks for; no tracer or observer sees it.
  Result Ask(const std::string& text, Parameters& parameters) {
    std::optional<Failure> failed;
    Result result = Exchange(Find(text, parameters.Types()), parameters, Patience::Work, 1, failed);
    if (failed) Fail(*failed, Say());
    return result;
  }
  Result Ask(const std::string& text, std::string_view parameter) {
    Parameters parameters;
    parameters.Reset(1, nullptr);
    parameters.Name(1, parameter);
    return Ask(text, parameters);
  }
  Result Ask(const std::string& text) {
    Parameters parameters;
    return Ask(text, parameters);
  }

  /// The connection's own, which has been sent or not.
  Prepared& Find(std::string_view text, const std::vector<Oid>& types) {
    Prepared dropped;
    Prepared& found = cache_.Find(text, types, dropped);
    if (dropped.epoch == epoch_ && !dropped.name.empty()) dropped_.push_back(dropped.name);
    return found;
  }
  /// The server is to forget all statements: what they give may have changed.
  void ForgetStatements() {
    dropped_.assign(1, "ALL");
    ++epoch_;
  }
  /// A statement that is kept elsewhere goes.
  void Drop(Prepared& kept) {
    if (IsSent(kept)) dropped_.push_back(std::exchange(kept.name, {}));
  }

  [[noreturn]] void Fail(const Failure& failure, const Doing& doing) {
    if (failure.IsConstraint()) last_broken_ = failure;
    if (failure.IsLoss() || failure.state == kUnconfirmed) session_.Lose();
    Throw(failure, doing);
  }
  /// Throws: StorageError, where the server has ended the session meanwhile.
  void RefuseIfLost() {
    if (const auto failed = session_.LookForLoss()) Fail(*failed, Say());
  }
  /// The constraint that was broken last.
  const Failure& LastBroken() const noexcept { return last_broken_; }

  std::int64_t Changes() const noexcept { return changes_; }
  void CountChanges(std::int64_t changes) noexcept { changes_ += changes; }
  static std::int64_t ChangesOf(const PGresult* result) noexcept {
    const std::string_view status = PQcmdStatus(const_cast<PGresult*>(result));
    if (!status.starts_with("INSERT") && !status.starts_with("UPDATE") &&
        !status.starts_with("DELETE") && !status.starts_with("MERGE")) {
      return 0;
    }
    return std::atoll(PQcmdTuples(const_cast<PGresult*>(result)));
  }

  /// COPY ... FROM STDIN of what `next` gives, until it gives nothing. What that throws ends it.
  /// Returns how many rows came in.
  template <class Source>
  std::int64_t CopyIn(const std::string& text, const Doing& doing, Source next) {
    Flush();
    Trace(text, Patience::Work);
    const Observed observed = Observe(text);
    std::int64_t rows = 0;
    const auto failed = session_.Copy(text.c_str(), next, rows);
    if (observed != nullptr) {
      if (failed) observed->NoteError(failed->ForObservers());
      observed->Count(0, rows);
    }
    if (failed) Fail(*failed, doing);
    changes_ += rows;
    return rows;
  }

  /// Sends a statement of the store's own now and takes its answer when that is there: see
  /// Session::FinishLater.
  /// False: it has to be asked once before.
  bool AskLater(const std::string& text, Parameters& parameters, std::function<void(Result)> sink) {
    Prepared& statement = Find(text, parameters.Types());
    if (!IsSent(statement)) return false;
    session_.SendRun(statement.name.c_str(), parameters);
    session_.FinishLater(std::move(sink));
    return true;
  }
  /// For that answer.
  void Wait() {
    if (const auto failed = session_.Drain()) Fail(*failed, Say());
  }

  /// SQL of somebody's own is about to run, which may leave something behind on the connection.
  void NoteRaw() noexcept { touched_ = true; }
  bool IsTouched() const noexcept { return touched_; }
  /// Behind such SQL in a transaction: has the names that follow mean what they did before.
  void RestoreNames() { SendBehind(needed_); }
  /// Outside of a transaction: has the server forget all that it may have left behind, temporary
  /// tables too. The answer is waited for when the connection is used next.
  void StartReset() {
    Wait();
    std::size_t sent = 0;
    SendPending(sent);  // what it is to forget, and not what is prepared behind that
    Parameters none;
    for (const std::string_view text :
         {std::string_view("RESET SESSION AUTHORIZATION"), std::string_view("RESET ROLE"),
          std::string_view("RESET ALL"), std::string_view("CLOSE ALL"),
          std::string_view("UNLISTEN *"), std::string_view("DISCARD SEQUENCES"),
          std::string_view("DISCARD TEMP"), std::string_view(settings_)}) {
      Prepared& statement = Find(text, none.Types());
      if (!IsSent(statement)) {
        statement.name = NewName();
        statement.epoch = epoch_;  // if it is not, the connection goes
        session_.SendPrepare(statement, statement.name.c_str());
      }
      session_.SendRun(statement.name.c_str(), none);
    }
    session_.FinishLater([](const Result&) {});
    touched_ = false;
  }

  [[gnu::cold]] void TellRefused(std::string_view text, std::string_view error) const noexcept {
    Observation::TellRefused(*observers_, text, error);
  }

  /// What waits is sent now.
  void Flush() {
    if (pending_.empty() && dropped_.empty()) return;
    std::size_t sent = 0;
    SendPending(sent);
    const auto failed = session_.Finish(Patience::Work, [](std::size_t, Result) {});
    under_way_.clear();
    if (failed) Fail(*failed, Say());
  }

  /// Tells a tracer, who is told of no COMMIT.
  void Trace(std::string_view text, Patience patience) {
    const core::Context* context = session_.GetWaiting().Watched();
    if (context == nullptr || context->Tracer() == nullptr) return;
    if (patience == Patience::Commit) return;
    const bool outer = std::exchange(tracing_, true);
    try {
      (*context->Tracer())(text);
      tracing_ = outer;
    } catch (...) {
      tracing_ = outer;
      if (patience != Patience::Undoing) throw;
    }
  }

  /// What is sent behind the next statement in the same trip.
  void SendBehind(std::string text) { behind_.push_back(std::move(text)); }

  /// Has the server keep a statement, and tells what it found of it: nothing where it failed. In a
  /// transaction that undoes itself.
  Result Describe(Prepared& statement, std::optional<Failure>& failed) {
    static constexpr const char* kSavepoint = "grapnel_prepare";
    const bool inside = InTransaction();
    std::size_t sent = 0;
    SendPending(sent);
    const auto send = [&](std::string_view what) {
      session_.SendText(core::Concat({what, kSavepoint}).c_str()), ++sent;
    };
    if (inside) send("SAVEPOINT ");
    std::string name = NewName();
    const std::size_t prepared_at = sent++, described_at = sent++;
    session_.SendPrepare(statement, name.c_str());
    session_.SendDescribe(name.c_str());
    if (inside) send("RELEASE SAVEPOINT ");
    Result described;
    failed = session_.Finish(Patience::Work, [&](std::size_t at, Result result) {
      if (at == prepared_at) statement.name = name, statement.epoch = epoch_;
      if (at == described_at) described = std::move(result);
    });
    under_way_.clear();
    if (failed && inside && IsAborted()) {
      send("ROLLBACK TO SAVEPOINT ");
      send("RELEASE SAVEPOINT ");
      session_.Finish(Patience::Undoing, [](std::size_t, Result) {});
    }
    return described;
  }

  /// One trip: what waits, the statement, which is prepared where the server does not have it, and
  /// another one behind it.
  Result Exchange(Prepared& statement, Parameters& parameters, Patience patience, int format,
                  std::optional<Failure>& failed, Along* along = nullptr) {
    if (parameters.Count() > kMostParameters) [[unlikely]] {
      failed = Failure{"54000", "it has more than 65535 parameters", {}, {}, {}, {}, {}};
      return nullptr;
    }
    std::size_t sent = 0;
    SendPending(sent);
    Result last, behind;
    SentRun run(*this, statement, parameters, format, sent);
    std::optional<SentRun> next;
    if (along != nullptr) next.emplace(*this, along->statement, along->parameters, 1, sent);
    for (const std::string& text : behind_) session_.SendText(text.c_str());
    behind_.clear();
    failed = session_.Finish(patience, [&](std::size_t at, Result result) {
      run.Take(at, result, last);
      if (next) next->Take(at, result, behind);
    });
    under_way_.clear();
    if (failed && failed->IsOutdated()) [[unlikely]] {
      Forget(*failed, statement, along);
      if (session_.Status() == PQTRANS_IDLE && !std::exchange(again_, true)) {
        Result result = Exchange(statement, parameters, patience, format, failed, along);
        again_ = false;
        return result;
      }
    }
    if (along != nullptr) {
      along->result = std::move(behind);
      if (last != nullptr && along->result == nullptr) along->failed = std::exchange(failed, {});
    }
    return last;
  }

 private:
  static constexpr std::size_t kMostParameters = 65535;

  /// A statement on its way: where in the trip it is prepared, if it has to be, and run.
  class SentRun {
   public:
    SentRun(NativeConnection& native, Prepared& statement, Parameters& parameters, int format,
            std::size_t& sent)
        : native_(native), statement_(statement), prepares_(!native.IsSent(statement)) {
      if (prepares_) {
        name_ = native.NewName();
        native.session_.SendPrepare(statement, name_.c_str()), ++sent;
      }
      native.session_.SendRun(prepares_ ? name_.c_str() : statement.name.c_str(), parameters,
                              format);
      run_at_ = sent++;
    }

    /// One answer of the trip, which may be to this.
    void Take(std::size_t at, Result& answer, Result& given) {
      if (at == run_at_) {
        given = std::move(answer);
      } else if (prepares_ && at + 1 == run_at_) {
        statement_.name = std::move(name_);
        statement_.epoch = native_.epoch_;
      }
    }

   private:
    NativeConnection& native_;
    Prepared& statement_;
    const bool prepares_;
    std::string name_;
    std::size_t run_at_ = 0;
  };

  void SetUp() {
    // A lock is waited for as long as the user says, or as SQLite's is; what a client runs that is
    // gone ends, where the server can look (version 14, on Linux). To compile a large predicate
    // takes minutes and gigabytes, and pays for none. A warning tells of a COMMIT that is not
    // confirmed. What the catalog and SQL of somebody's own give as text is the same for all.
    static const std::string text = core::Concat(
        {"SELECT current_setting('search_path'), set_config('standard_conforming_strings', 'on', "
         "false), set_config('client_min_messages', 'warning', false), set_config('TimeZone', "
         "'UTC', false), set_config('DateStyle', 'ISO, YMD', false), set_config('bytea_output', "
         "'hex', false), CASE WHEN current_setting('lock_timeout') = '0' THEN "
         "set_config('lock_timeout', '",
         std::to_string(std::chrono::milliseconds(kLockWait).count()),
         "', false) END, (SELECT set_config('lc_messages', 'C', false) FROM pg_roles WHERE "
         "rolname = current_user AND rolsuper), (SELECT set_config(name, '1s', false) FROM "
         "pg_settings WHERE name = 'client_connection_check_interval' AND setting = '0' AND "
         "version() LIKE '%linux%'), (SELECT set_config(name, 'off', false) FROM pg_settings WHERE "
         "name = 'jit' AND source = 'default'), set_config('quote_all_identifiers', 'off', false), "
         "set_config('extra_float_digits', '1', false), set_config('IntervalStyle', 'postgres', "
         "false)"});
    static constexpr std::string_view kNames[] = {"search_path",
                                                  "standard_conforming_strings",
                                                  "client_min_messages",
                                                  "TimeZone",
                                                  "DateStyle",
                                                  "bytea_output",
                                                  "lock_timeout",
                                                  "lc_messages",
                                                  "client_connection_check_interval",
                                                  "jit",
                                                  "quote_all_identifiers",
                                                  "extra_float_digits",
                                                  "IntervalStyle"};
    constexpr int kNeeded = 3;  // of these, by the store's own statements
    session_.SendText(text.c_str());
    const auto failed = session_.Finish(Patience::Work, [&](std::size_t, const Result& made) {
      for (int at = 0; at < static_cast<int>(std::size(kNames)); ++at) {
        if (PQgetisnull(made.get(), 0, at) != 0) {
          if (kNames[at] == std::string_view("lock_timeout")) limits_locks_ = true;
          continue;
        }
        const std::string set =
            core::Concat({at == 0 ? "SELECT " : ", ", "pg_catalog.set_config('", kNames[at],
                          "', E'", Escaped(PQgetvalue(made.get(), 0, at)), "', false)"});
        settings_ += set;
        if (at < kNeeded) needed_ += set;
      }
    });
    if (failed) Fail(*failed, Say());
    settings_ += ", pg_catalog.pg_advisory_unlock_all()";
  }
  static std::string Escaped(std::string text) {
    for (std::size_t at = 0; (at = text.find_first_of("'\\", at)) != text.npos; at += 2) {
      text.insert(at, 1, text[at]);
    }
    return text;
  }

  /// What observers are told of a statement with this text.
  Observed Observe(std::string_view text) const noexcept {
    if (!observers_->IsAny()) return nullptr;
    Observed observed(Observation::Of(*observers_).release());
    if (observed != nullptr) {
      observed->NoteSent(text);
      observed->NoteWaited(std::exchange(waited_, {}));
    }
    return observed;
  }

  const LockWait* OwnLockWait() const noexcept {
    const core::Context* context = session_.GetWaiting().Watched();
    return context != nullptr ? context->Get<LockWait>() : nullptr;
  }
  /// In milliseconds, of which 0 would be no limit.
  static std::string ToSetting(LockWait wait) {
    return std::to_string(std::max(wait.Milliseconds(), 1));
  }
  bool LimitsLocks() const noexcept {
    return limits_locks_ || OwnLockWait() != nullptr || (limits_own_ && InTransaction());
  }

  void SendPending(std::size_t& sent) {
    // BEGIN is to come first, and where a transaction is aborted nothing else is taken.
    for (const Deferred& each : pending_) session_.SendText(each.text.c_str()), ++sent;
    if (session_.Status() != PQTRANS_INERROR) {
      for (const std::string& name : dropped_) {
        session_.SendText(core::Concat({"DEALLOCATE ", name}).c_str()), ++sent;
      }
      dropped_.clear();
    }
    under_way_ = std::exchange(pending_, {});
    begins_ = false;
  }
  bool IsSent(const Prepared& statement) const noexcept {
    return !statement.name.empty() && statement.epoch == epoch_;
  }
  std::string NewName() { return "g" + std::to_string(++last_name_); }

  /// The server has lost a statement of the trip, or what it gives has changed: they are prepared
  /// anew when they are run next. In a transaction that has been aborted by that, all of it can be
  /// run again.
  [[gnu::cold]] void Forget(const Failure& failed, Prepared& statement, Along* along) {
    if (failed.state == "26000") {  // and the others with it
      dropped_.clear();
      ++epoch_;
    }
    Drop(statement);
    if (along != nullptr) Drop(along->statement);
  }

  Parameters* LendParameters() {
    if (spare_.empty()) return new Parameters();
    Parameters* lent = spare_.back().release();
    spare_.pop_back();
    return lent;
  }
  std::unique_ptr<Parameters, Running::GiveBack> TakeParameters() {
    return {LendParameters(), Running::GiveBack{this}};
  }
  void GiveBack(std::unique_ptr<Parameters> parameters) noexcept {
    if (spare_.size() < spare_.capacity()) spare_.push_back(std::move(parameters));
  }
  static std::vector<std::unique_ptr<Parameters>> ReserveSpare() {
    std::vector<std::unique_ptr<Parameters>> spare;
    spare.reserve(4);
    return spare;
  }

  const store::Observers* observers_;
  Session session_;
  PreparedCache cache_;
  std::vector<Deferred> pending_;
  std::vector<Deferred> under_way_;   // sent, and not answered yet
  std::vector<std::string> dropped_;  // names of statements that the server is to forget
  std::vector<std::string> behind_;
  std::string settings_;            // what makes the settings what they were when it was opened
  std::string needed_;              // the same of those that the store's own statements need
  bool begins_ = false;             // a transaction, by what is pending
  bool limits_locks_ = false;       // the server, by a lock_timeout of the user's
  mutable core::Elapsed waited_{};  // until it is told
  bool limits_own_ = false;         // the transaction, by a LockWait
  bool touched_ = false;            // by SQL of somebody's own
  bool tracing_ = false;
  bool again_ = false;
  std::int64_t changes_ = 0;
  std::uint64_t last_name_ = 0;
  std::uint64_t epoch_ = 0;  // how often it has forgotten all statements
  Failure last_broken_;
  std::vector<std::unique_ptr<Parameters>> spare_ = ReserveSpare();
};

}  // namespace grapnel::postgres::detail
