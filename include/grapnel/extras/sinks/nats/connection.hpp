#pragma once

#include <grapnel/core/error.hpp>

#include <nats/nats.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace grapnel::extras::sinks {

/// NATS could not be reached, or has refused, or has acknowledged nothing in time; then it may
/// still have stored what it was given.
class JetStreamError : public Error {
 public:
  /// `code`: what JetStream's error is numbered, such as 10060; 0 where it said nothing.
  JetStreamError(const std::string& what, natsStatus status, int code = 0)
      : Error(what), status_(status), code_(code) {}
  JetStreamError(std::string server, std::string subject, const JetStreamError& why)
      : Error("NATS at " + server + ", subject \"" + subject + "\": " + why.what()),
        server_(std::move(server)),
        subject_(std::move(subject)),
        status_(why.status_),
        code_(why.code_) {}

  /// Its URL, or more of them, without user and password.
  const std::string& Server() const noexcept { return server_; }
  const std::string& Subject() const noexcept { return subject_; }
  /// What cnats calls it.
  natsStatus Status() const noexcept { return status_; }
  int Code() const noexcept { return code_; }

 private:
  std::string server_{};
  std::string subject_{};
  natsStatus status_;
  int code_;
};

/// Where NATS is, and who one is there.
struct JetStreamAddress {
  /// One or more of `nats://[user:password@]host[:port]`, with commas between them.
  std::string url = "nats://127.0.0.1:4222";
  std::string user{}, password{}, token{};
  /// Is given the options of each connection behind all others: for TLS and credentials.
  std::function<void(natsOptions&)> configure{};

  /// As people read it, without user and password.
  std::string Shown() const {
    std::string shown;
    for (const std::string& server : Servers()) {
      const auto scheme = server.find("://");
      const auto begin = scheme == server.npos ? 0 : scheme + 3;
      const auto at = server.rfind('@');
      if (!shown.empty()) shown += ',';
      shown += at == server.npos ? server : server.substr(0, begin) + server.substr(at + 1);
    }
    return shown;
  }
  std::vector<std::string> Servers() const {
    std::vector<std::string> servers;
    for (std::size_t begin = 0; begin <= url.size();) {
      const std::size_t end = std::min(url.find(',', begin), url.size());
      if (end > begin) servers.push_back(url.substr(begin, end - begin));
      begin = end + 1;
    }
    return servers;
  }
};

/// Gives back what cnats has made.
struct NatsEnd {
  void operator()(natsOptions* options) const noexcept { natsOptions_Destroy(options); }
  void operator()(natsConnection* connection) const noexcept { natsConnection_Destroy(connection); }
  void operator()(natsMsg* message) const noexcept { natsMsg_Destroy(message); }
  void operator()(jsCtx* context) const noexcept { jsCtx_Destroy(context); }
};

/// One connection of cnats, which is not opened anew by itself: behind an error it is of no use.
/// Threads: one at a time.
class JetStreamConnection {
 public:
  using Span = std::chrono::milliseconds;
  using Headers = std::vector<std::pair<const char*, std::string>>;

  /// Connected. A server that does not answer takes `connect` at most, and a write `write`. Throws:
  /// JetStreamError.
  JetStreamConnection(const JetStreamAddress& address, Span connect, Span write) {
    static const pid_t user = getpid();
    if (!IsOwn(user)) {  // cnats would wait for its threads without end
      throw JetStreamError("cnats was used before this process was forked", NATS_ILLEGAL_STATE);
    }
    natsOptions* made = nullptr;
    Check(natsOptions_Create(&made), "cnats cannot be used");
    const std::unique_ptr<natsOptions, NatsEnd> options(made);
    const std::vector<std::string> servers = address.Servers();
    std::vector<const char*> urls;
    for (const std::string& server : servers) urls.push_back(server.c_str());
    const std::string what = "it cannot be reached";
    Check(natsOptions_SetServers(made, urls.data(), static_cast<int>(urls.size())), what);
    if (!address.user.empty()) {
      Check(natsOptions_SetUserInfo(made, address.user.c_str(), address.password.c_str()), what);
    }
    if (!address.token.empty()) Check(natsOptions_SetToken(made, address.token.c_str()), what);
    Check(natsOptions_SetTimeout(made, connect.count()), what);
    Check(natsOptions_SetWriteDeadline(made, write.count()), what);
    Check(natsOptions_SetAllowReconnect(made, false), what);
    Check(natsOptions_SetSendAsap(made, true), what);
    // By default cnats writes what a server says against it to standard error.
    Check(natsOptions_SetErrorHandler(
              made, [](natsConnection*, natsSubscription*, natsStatus, void*) {}, nullptr),
          what);
    if (address.configure) address.configure(*made);
    natsConnection* connection = nullptr;
    Check(natsConnection_Connect(&connection, made), what);
    connection_.reset(connection);

    jsOptions how;
    Check(jsOptions_Init(&how), what);
    how.PublishAsync.AckHandler = Answered;
    how.PublishAsync.AckHandlerClosure = std::bit_cast<void*>(answer_.Id());
    jsCtx* context = nullptr;
    Check(natsConnection_JetStream(&context, connection, &how), what);
    context_.reset(context);
  }
  JetStreamConnection(const JetStreamConnection&) = delete;
  JetStreamConnection& operator=(const JetStreamConnection&) = delete;
  ~JetStreamConnection() {
    if (IsOwn(process_)) return;
    // The threads that a fork lacks cannot be waited for.
    static_cast<void>(context_.release());
    static_cast<void>(connection_.release());
  }

  bool IsOpen() const { return IsOwn(process_) && !natsConnection_IsClosed(connection_.get()); }
  /// How much a message may hold, in bytes.
  std::int64_t Most() const { return natsConnection_GetMaxPayload(connection_.get()); }

  /// Publishes it, and waits until a stream has stored it: `stream`, where that is not empty.
  /// Looks for a stop twenty times a second. Throws: JetStreamError.
  void Publish(const std::string& subject, const std::string& id, const Headers& headers,
               std::string_view payload, const std::string& stream, Span within,
               const std::stop_token& stop) {
    constexpr Span kLook(50);
    const auto end = std::chrono::steady_clock::now() + within;
    natsMsg* made = nullptr;
    const std::string what = "it cannot be published";
    Check(natsMsg_Create(&made, subject.c_str(), nullptr, payload.data(),
                         static_cast<int>(payload.size())),
          what);
    std::unique_ptr<natsMsg, NatsEnd> message(made);
    for (const auto& [name, value] : headers) {
      Check(natsMsgHeader_Set(made, name, value.c_str()), what);
    }
    jsPubOptions options;
    Check(jsPubOptions_Init(&options), what);
    options.MsgId = id.c_str();
    if (!stream.empty()) options.ExpectStream = stream.c_str();
    const natsStatus sent = js_PublishMsgAsync(context_.get(), &made, &options);
    if (made == nullptr) static_cast<void>(message.release());  // it is the library's now
    Check(sent, what);

    while (true) {
      if (stop.stop_requested()) {
        throw JetStreamError("it was stopped before an answer came", NATS_TIMEOUT);
      }
      const auto left = std::chrono::ceil<Span>(end - std::chrono::steady_clock::now());
      if (left.count() <= 0) throw JetStreamError("it did not answer in time", NATS_TIMEOUT);
      jsPubOptions wait;
      Check(jsPubOptions_Init(&wait), what);
      wait.MaxWait = std::min(left, kLook).count();
      const natsStatus status = js_PublishAsyncComplete(context_.get(), &wait);
      if (status == NATS_OK) break;
      if (status != NATS_TIMEOUT) Check(status, what);
      if (natsConnection_IsClosed(connection_.get())) {
        throw JetStreamError("the connection was closed before an answer came",
                             NATS_CONNECTION_CLOSED);
      }
    }
    // Whoever listens to the subject may answer: a stream tells its name.
    const Answer::Said said = answer_.Take();
    if (said.refused) throw *said.refused;
    if (said.stream.empty()) throw JetStreamError("no stream has acknowledged it", NATS_ERR);
    if (!stream.empty() && said.stream != stream) {
      throw JetStreamError("another stream has acknowledged it: " + said.stream, NATS_ERR);
    }
  }

 private:
  /// What was said to the message that is under way. cnats tells it on a thread of its own, perhaps
  /// when the connection is no more: by an id, then, which nobody has any longer.
  class Answer {
   public:
    struct Said {
      std::optional<JetStreamError> refused{};
      std::string stream{};  // that has stored it
    };

    Answer() {
      const std::lock_guard lock(mutex_);
      id_ = ++last_;
      all_[id_];
    }
    Answer(const Answer&) = delete;
    Answer& operator=(const Answer&) = delete;
    ~Answer() {
      const std::lock_guard lock(mutex_);
      all_.erase(id_);
    }

    std::uintptr_t Id() const { return id_; }
    Said Take() const {
      const std::lock_guard lock(mutex_);
      return std::exchange(all_[id_], {});
    }
    static void Put(std::uintptr_t id, Said said) {
      const std::lock_guard lock(mutex_);
      if (const auto found = all_.find(id); found != all_.end()) found->second = std::move(said);
    }

   private:
    static inline std::mutex mutex_;
    static inline std::uintptr_t last_ = 0;
    static inline std::map<std::uintptr_t, Said> all_{};

    std::uintptr_t id_;
  };

  static void Answered(jsCtx*, natsMsg* sent, jsPubAck* stored, jsPubAckErr* error, void* id) {
    const std::unique_ptr<natsMsg, NatsEnd> message(sent);
    Answer::Said said;
    if (error != nullptr) {
      std::string what = error->ErrText != nullptr ? error->ErrText : "";
      if (error->Err == NATS_NO_RESPONDERS) what = "there is no stream for it";
      said.refused.emplace(what, error->Err, static_cast<int>(error->ErrCode));
    } else if (stored != nullptr && stored->Stream != nullptr) {
      said.stream = stored->Stream;
    }
    Answer::Put(std::bit_cast<std::uintptr_t>(id), std::move(said));
  }
  static void Check(natsStatus status, const std::string& what) {
    if (status != NATS_OK) throw JetStreamError(what + ": " + natsStatus_GetText(status), status);
  }
  static bool IsOwn(pid_t process) { return process == getpid(); }

  const Answer answer_{};
  std::unique_ptr<natsConnection, NatsEnd> connection_{};
  std::unique_ptr<jsCtx, NatsEnd> context_{};
  pid_t process_ = getpid();
};

}  // namespace grapnel::extras::sinks
