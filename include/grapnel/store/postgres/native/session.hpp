#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/core/context.hpp>
#include <grapnel/store/driver/error.hpp>
#include <grapnel/store/postgres/native/conninfo.hpp>
#include <grapnel/store/postgres/native/error.hpp>
#include <grapnel/store/postgres/native/prepared.hpp>
#include <grapnel/store/postgres/native/values.hpp>
#include <grapnel/store/postgres/native/waiting.hpp>

#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace grapnel::postgres::detail {

/// The oldest server that is supported.
inline constexpr int kOldestServer = 130000;

/// Throws: StorageError of kind Open.
inline void CheckVersion(int version, std::string_view url) {
  if (version >= kOldestServer) return;
  const auto number = [](int n) { return std::to_string(n); };
  throw StorageError(
      StorageKind::Open, url,
      core::Concat({"the server is PostgreSQL ", number(version / 10000), ".",
                    number(version >= 100000 ? version % 10000 : version / 100 % 100),
                    "; Grapnel takes ", number(kOldestServer / 10000), " and newer"}));
}

/// A session with a server, in libpq's pipeline mode: what is sent is answered in its order, and
/// once something has failed the rest of that trip is left out.
/// Source: https://www.postgresql.org/docs/current/libpq-pipeline-mode.html
class Session {
 public:
  /// Connects to the first host that takes it. Throws: StorageError of kind Open; CancelledError.
  Session(const Conninfo& info, const core::Context* context) : info_(info) {
    waiting_.Watch(context);
    std::string why;
    for (const auto& options : info.Hosts()) {
      if (context != nullptr) context->ThrowIfCancelled();
      if (Connect(options, why)) break;
    }
    if (PQstatus(Handle()) != CONNECTION_OK) {
      if (context != nullptr) context->ThrowIfCancelled();
      throw StorageError(StorageKind::Open, info.Url(), info.Clean(why));
    }
    CheckVersion(PQserverVersion(Handle()), info.Url());
    PQsetnonblocking(Handle(), 1);
    PQenterPipelineMode(Handle());
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  PGconn* Handle() const noexcept { return connection_.get(); }
  Waiting& GetWaiting() noexcept { return waiting_; }
  const Waiting& GetWaiting() const noexcept { return waiting_; }
  const Conninfo& Info() const noexcept { return info_; }

  /// Whether nothing can be sent any more.
  bool IsLost() const noexcept { return lost_ || PQstatus(Handle()) != CONNECTION_OK; }
  /// Whether the server has said something unasked, which is most often that it goes; of an idle
  /// one.
  bool IsStale() const noexcept {
    pollfd socket{PQsocket(Handle()), POLLIN, 0};
    return IsLost() || ::poll(&socket, 1, 0) != 0;
  }
  void Lose() noexcept { lost_ = true; }
  /// Takes in what the server has said unasked. Returns: what it said when it went, if it did.
  std::optional<Failure> LookForLoss() {
    while (!IsLost() && IsStale() && PQconsumeInput(Handle()) == 1) PQisBusy(Handle());
    if (!farewell_.empty()) lost_ = true;
    if (!IsLost()) return std::nullopt;
    Failure failure;
    failure.message = farewell_.empty() ? Explain() : farewell_;
    return failure;
  }
  /// Of the last trip.
  PGTransactionStatusType Status() const noexcept {
    if (IsLost()) return PQTRANS_UNKNOWN;
    return ahead_ != 0 ? status_ : PQtransactionStatus(Handle());
  }

  // One trip: what is sent, then the answers.

  void SendText(const char* text) {
    Count(PQsendQueryParams(Handle(), text, 0, nullptr, nullptr, nullptr, nullptr, 1));
  }
  /// Has the server keep a statement under that name.
  void SendPrepare(const Prepared& statement, const char* name) {
    Count(PQsendPrepare(Handle(), name, statement.text.c_str(),
                        static_cast<int>(statement.types.size()), statement.types.data()));
  }
  void SendDescribe(const char* name) { Count(PQsendDescribePrepared(Handle(), name)); }
  /// `format`: 1: its rows come in binary; 0: as text.
  void SendRun(const char* name, Parameters& with, int format = 1) {
    Count(PQsendQueryPrepared(Handle(), name, static_cast<int>(with.Count()), with.Values(),
                              with.Lengths(), with.Formats(), format));
  }

  /// Sends the trip and waits for all its answers. Returns the first failure, if there is one.
  /// `sink(i, result)` gets the answer to the i-th of what was sent.
  template <class Sink>
  std::optional<Failure> Finish(Patience patience, Sink sink) {
    const std::size_t sent = std::exchange(sent_, 0);
    waiting_.Start(patience);
    unconfirmed_ = false;
    std::optional<Failure> failed;
    bool answered = false;
    if (!unsent_ && PQpipelineSync(Handle()) == 1 && Flush()) {
      if (ahead_ != 0) TakeAhead(failed);
      for (std::size_t i = 0; i < sent && !IsLost(); ++i) Take(i, sink, failed);
      answered = TakeSync(failed);
    }
    if (unsent_) lost_ = true;
    if (!IsLost() && !waiting_.Finish()) lost_ = true;
    if (unconfirmed_ && !failed) failed = Failure{std::string(kUnconfirmed), kOnlyHere};
    // What came of a COMMIT is said; where more was to follow, that is not there any more.
    if (answered && patience == Patience::Commit) return failed;
    if (IsLost() && (!failed || !failed->IsLoss())) failed = Loss();
    return failed;
  }

  /// Sends the trip, whose answers are waited for when they are needed, or before those of the
  /// next.
  void FinishLater(std::function<void(Result)> sink) {
    ahead_ = std::exchange(sent_, 0);
    ahead_sink_ = std::move(sink);
    if (unsent_ || PQpipelineSync(Handle()) != 1 || PQflush(Handle()) < 0) lost_ = true;
  }
  /// Waits for them. Returns the first failure, if there is one.
  std::optional<Failure> Drain() {
    std::optional<Failure> failed;
    if (ahead_ == 0) return failed;
    waiting_.Start(Patience::Work);
    if (Flush()) TakeAhead(failed);
    if (!IsLost() && !waiting_.Finish()) lost_ = true;
    if (IsLost() && (!failed || !failed->IsLoss())) failed = Loss();
    return failed;
  }

  /// Outside of pipeline mode: COPY of what `next` gives, until it gives nothing. What that throws
  /// has the server undo it. `rows`: how many came in.
  template <class Source>
  std::optional<Failure> Copy(const char* text, Source next, std::int64_t& rows) {
    if (auto failed = Drain()) return failed;
    waiting_.Start(Patience::Work);
    if (PQexitPipelineMode(Handle()) != 1) lost_ = true;
    std::optional<Failure> failed;
    std::exception_ptr thrown;
    const auto note = [&](Result result) {
      if (!failed && PQresultStatus(result.get()) == PGRES_FATAL_ERROR) {
        failed = Failure::Of(result.get());
      }
      if (PQresultStatus(result.get()) == PGRES_COMMAND_OK) {
        rows = std::atoll(PQcmdTuples(result.get()));
      }
    };
    if (PQsendQuery(Handle(), text) == 1 && Flush()) {
      Result begun = Next();
      const bool copies = PQresultStatus(begun.get()) == PGRES_COPY_IN;
      note(std::move(begun));
      if (copies) PutAll(next, thrown);
      while (!IsLost()) {
        Result result = Next();
        if (result == nullptr) break;
        note(std::move(result));
      }
    }
    if (!IsLost() && !waiting_.Finish()) lost_ = true;
    if (!IsLost() && PQenterPipelineMode(Handle()) != 1) lost_ = true;
    if (IsLost() && (!failed || !failed->IsLoss())) failed = Loss();
    if (thrown) std::rethrow_exception(thrown);
    return failed;
  }

 private:
  static constexpr const char* kOnlyHere =
      "it has taken place on this server, and was cancelled while it waited for a standby to have "
      "it too";

  struct Close {
    void operator()(PGconn* connection) const noexcept { PQfinish(connection); }
  };

  /// False: why not is in `why`.
  bool Connect(const Conninfo::Options& options, std::string& why) {
    std::vector<const char*> names, values;
    for (const auto& [name, value] : options) {
      names.push_back(name.c_str());
      values.push_back(value.c_str());
    }
    names.push_back(nullptr);
    values.push_back(nullptr);
    connection_.reset(PQconnectStartParams(names.data(), values.data(), 0));
    if (connection_ == nullptr) {
      why = "out of memory";
      return false;
    }
    PQsetNoticeReceiver(Handle(), Notice, this);  // else they are printed
    const int seconds = info_.ConnectTimeout();
    const auto end = Clock::now() + std::chrono::seconds(seconds > 0 ? seconds : 24 * 3600);
    for (auto state = PGRES_POLLING_WRITING; PQstatus(Handle()) != CONNECTION_BAD;
         state = PQconnectPoll(Handle())) {
      if (state == PGRES_POLLING_OK) return true;
      if (state == PGRES_POLLING_FAILED) break;
      if (waiting_.WaitToConnect(Handle(), state == PGRES_POLLING_WRITING, end)) continue;
      const char* host = PQhost(Handle());
      core::Append(why, {why.empty() ? "" : "; ", host != nullptr ? host : "",
                         ": it did not answer in time"});
      PQfinish(connection_.release());
      return false;
    }
    core::Append(why, {why.empty() ? "" : "; ", PQerrorMessage(Handle())});
    return false;
  }

  /// By a COMMIT, whosever it was, that was cancelled while it waited for a standby, the server
  /// tells no error. What it says when it goes, unasked, comes this way too.
  static void Notice(void* session, const PGresult* notice) {
    const char* severity = PQresultErrorField(notice, PG_DIAG_SEVERITY_NONLOCALIZED);
    if (severity != nullptr && std::string_view(severity) == "FATAL") {
      static_cast<Session*>(session)->farewell_ = Failure::Of(notice).message;
    }
    const char* function = PQresultErrorField(notice, PG_DIAG_SOURCE_FUNCTION);
    if (function != nullptr && std::string_view(function) == "SyncRepWaitForLSN") {
      static_cast<Session*>(session)->unconfirmed_ = true;
    }
  }

  void Count(int is_sent) noexcept {
    ++sent_;
    if (is_sent != 1) unsent_ = true;
  }
  /// False: the connection is lost.
  bool Flush() {
    while (true) {
      const int left = PQflush(Handle());
      if (left == 0) return true;
      if (left < 0) {  // what the server said before it went
        PQconsumeInput(Handle());
        return !IsLost();
      }
      if (!waiting_.Wait(Handle(), true)) return lost_ = true, false;
      if (PQconsumeInput(Handle()) != 1) return false;
    }
  }
  /// The next result; null behind the last one of a statement.
  Result Next() {
    while (PQisBusy(Handle()) == 1) {
      if (!waiting_.Wait(Handle(), false)) return lost_ = true, nullptr;
      if (PQconsumeInput(Handle()) != 1) break;
    }
    return Result(PQgetResult(Handle()));
  }
  template <class Sink>
  void Take(std::size_t at, const Sink& sink, std::optional<Failure>& failed) {
    while (!lost_) {
      Result result = Next();
      if (result == nullptr) return;
      const auto status = PQresultStatus(result.get());
      if (status == PGRES_FATAL_ERROR) {
        Note(result.get(), failed);
      } else if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) {
        sink(at, std::move(result));
      }
    }
  }
  void TakeAhead(std::optional<Failure>& failed) {
    const auto sink = [&](std::size_t, Result result) { ahead_sink_(std::move(result)); };
    for (std::size_t i = 0; i < ahead_ && !IsLost(); ++i) Take(i, sink, failed);
    TakeSync(failed);
    ahead_ = 0;
    ahead_sink_ = nullptr;
  }
  /// The end of a trip. Outside of a transaction what its statements did is committed there, and a
  /// constraint that is checked late may refuse it. False: it does not come.
  bool TakeSync(std::optional<Failure>& failed) {
    while (!IsLost()) {
      const Result result = Next();
      if (result == nullptr) continue;
      if (PQresultStatus(result.get()) == PGRES_FATAL_ERROR) Note(result.get(), failed);
      if (PQresultStatus(result.get()) != PGRES_PIPELINE_SYNC) continue;
      status_ = PQtransactionStatus(Handle());
      return true;
    }
    return false;
  }
  /// The first failure of a trip is the one that is told.
  void Note(const PGresult* result, std::optional<Failure>& failed) const {
    if (failed) return;
    failed = Failure::Of(result);
    if (failed->state.empty()) failed->message = Explain();
  }
  template <class Source>
  void PutAll(Source& next, std::exception_ptr& thrown) {
    try {
      for (std::string_view bytes = next(); !bytes.empty() && !IsLost(); bytes = next()) {
        int put = 0;
        while ((put = PQputCopyData(Handle(), bytes.data(), static_cast<int>(bytes.size()))) == 0) {
          if (!waiting_.Wait(Handle(), true)) return static_cast<void>(lost_ = true);
        }
        if (put < 0) break;
        waiting_.Look(Handle());
      }
    } catch (...) {
      thrown = std::current_exception();
    }
    int ended = 0;
    while ((ended = PQputCopyEnd(Handle(), thrown ? "given up" : nullptr)) == 0) {
      if (!waiting_.Wait(Handle(), true)) return static_cast<void>(lost_ = true);
    }
    Flush();
  }

  std::string Explain() const {
    const std::string said = info_.Clean(PQerrorMessage(Handle()));
    return said.empty() ? "the connection to the server was lost" : said;
  }
  Failure Loss() const {
    Failure failure;
    const bool commits = waiting_.Of() == Patience::Commit;
    if (waiting_.IsCancelling() && !commits) failure.state = "57014";
    if (PQstatus(Handle()) != CONNECTION_OK) {
      failure.message = Explain();
    } else if (commits && waiting_.IsCancelling()) {
      failure.message = core::Concat({"the server has answered neither COMMIT nor, within ",
                                      std::to_string(Waiting::kCommitGrace.count()),
                                      " ms, that it be cancelled"});
    } else {
      failure.message = "the server does not answer any more";
    }
    return failure;
  }

  const Conninfo& info_;
  std::unique_ptr<PGconn, Close> connection_{};
  Waiting waiting_;
  std::size_t sent_ = 0;
  std::size_t ahead_ = 0;  // what has been sent before, and is not answered yet
  std::function<void(Result)> ahead_sink_{};
  PGTransactionStatusType status_ = PQTRANS_IDLE;  // behind the last trip
  bool unconfirmed_ = false;                       // by a standby, and committed
  bool unsent_ = false;
  std::string farewell_{};  // of a server that ended the session
  bool lost_ = false;
};

}  // namespace grapnel::postgres::detail
