#pragma once

/// A sink of the outbox: each event becomes a message of a JetStream stream of NATS. Needs cnats:
/// the component `nats` of the CMake package, or -lnats.
///
///   sinks::JetStream sink("nats://127.0.0.1:4222",
///                         [](const Event& e) { return "orders." + sinks::SubjectToken(e.key); });
///   outbox::Relay relay(db, "orders", sink);
///
/// What it guarantees. A delivery that returns was acknowledged by a stream that has stored the
/// payload, with the headers id, seq, key, type, committed_at ("2024-02-29T08:00:00.000000Z") and
/// attempt (1, 2, 3 ...). In `key` and `type` control characters, "%", and spaces at the ends are
/// percent-encoded. Messages of one key have the order of their first deliveries. Each has the id
/// `[source:]sink:id` (Nats-Msg-Id), the same over all tries: a stream stores it once within its
/// window of duplicates, 2 minutes where it does not say otherwise. Whatever else happens is a
/// JetStreamError, which names server and subject and no password, and the relay tries again: the
/// server is down, wants a password, hangs for `command_timeout`; no stream takes the subject, or
/// another one than `stream`. It is a dead letter at once (outbox::Rejected) where the message is
/// longer than the server or the stream takes (max_payload, 1 MB by default; the headers count), or
/// what names subjects makes none: subjects have neither spaces nor wildcards nor empty tokens. A
/// connection that was closed is opened anew by the next delivery.
///
/// What not: what is delivered again behind the window is stored again: let readers drop an `id`
/// that they know, or make the window (`duplicate_window`) longer than the relay's longest wait. A
/// new database begins with id 1 again: give it another `source` where an old one has just written
/// to the stream. It makes no streams. A server syncs to its disk every two minutes: a stream that
/// is to outlive its machine has replicas.
///
/// Cost: one exchange with the server for an event, and a copy of the payload. A connection, with
/// two threads of cnats, for each thread that delivers at a time, kept open. It ends within 50 ms
/// of the stop of its token, but for a connection that is being made (`connect_timeout`, for each
/// server) and a payload that the server does not take (`command_timeout`). Copies share them.
/// Threads: any. A process that delivers makes the sink itself, not before a fork. cnats has
/// SIGPIPE ignored.

#include <grapnel/core/error.hpp>
#include <grapnel/extras/outbox/errors.hpp>
#include <grapnel/extras/outbox/tables.hpp>
#include <grapnel/extras/sinks/idle.hpp>
#include <grapnel/extras/sinks/json.hpp>
#include <grapnel/extras/sinks/nats/connection.hpp>

#include <nats/nats.h>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <functional>
#include <limits>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace grapnel::extras::sinks {

struct JetStreamOptions {
  /// In front of the ids, where several databases write to one stream.
  std::string source{};
  /// The stream that is to take them; "" for the one that takes the subject.
  std::string stream{};
  /// Until a connection is there, for each server; and until an event is acknowledged.
  std::chrono::milliseconds connect_timeout = std::chrono::seconds(5);
  std::chrono::milliseconds command_timeout = std::chrono::seconds(5);
};

/// The text without bytes of which `is_special` holds: these are percent-encoded, and "%" is.
template <class Special>
std::string PercentEncoded(std::string_view text, Special is_special) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string encoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x20 || byte == 0x7f || byte == '%' || is_special(i)) {
      encoded.append({'%', kDigits[byte >> 4U], kDigits[byte & 15U]});
    } else {
      encoded += text[i];
    }
  }
  return encoded;
}

/// One token of a subject that stands for any text, and for no other one: spaces, dots, wildcards
/// and control characters are percent-encoded; "%" alone is the empty text.
inline std::string SubjectToken(std::string_view text) {
  if (text.empty()) return "%";
  return PercentEncoded(
      text, [&](std::size_t i) { return std::string_view(" .*>").find(text[i]) != text.npos; });
}

/// Writes events to JetStream streams: see <grapnel/extras/sinks/nats.hpp>. An outbox::Sink.
class JetStream {
 public:
  /// A subject, or what finds it for an event: called by all threads that deliver.
  using Name = std::variant<std::string, std::function<std::string(const outbox::Event&)>>;

  /// Opens nothing yet. Throws: Error for an address, name or option that makes no sense.
  template <std::convertible_to<std::string_view> Url>
  JetStream(const Url& url, Name subject, JetStreamOptions options = {})
      : JetStream(JetStreamAddress{.url = std::string(std::string_view(url))}, std::move(subject),
                  std::move(options)) {}
  JetStream(JetStreamAddress address, Name subject, JetStreamOptions options = {})
      : state_(
            std::make_shared<State>(std::move(address), std::move(subject), std::move(options))) {
    const auto* name = std::get_if<std::string>(&state_->subject);
    Require(name == nullptr || IsSubject(*name), "a subject has tokens with dots between them");
    Require(name != nullptr || std::get<1>(state_->subject) != nullptr,
            "no function names subjects");
    Require(!state_->address.Servers().empty(), "no server is named");
    Require(
        state_->options.connect_timeout.count() > 0 && state_->options.command_timeout.count() > 0,
        "a time limit is longer than 0");
  }

  /// Throws: JetStreamError; outbox::Rejected; what the function throws that names subjects.
  void operator()(const outbox::Event& event, const std::stop_token& stop) const {
    const std::string subject = SubjectOf(event);
    const JetStreamOptions& options = state_->options;
    if (event.payload.size() > std::size_t{std::numeric_limits<int>::max()}) {
      Reject(subject, "the payload is longer than 2 GB, which NATS does not take");
    }
    const std::string source = options.source.empty() ? "" : options.source + ":";
    const std::string id = Header(source + event.sink + ":" + std::to_string(event.id));
    try {
      std::unique_ptr<JetStreamConnection> connection = state_->Connect(stop);
      connection->Publish(subject, id, Headers(event), event.payload, options.stream,
                          options.command_timeout, stop);
      state_->idle.Keep(std::move(connection));
    } catch (const JetStreamError& error) {
      if (error.Status() == NATS_MAX_PAYLOAD || error.Code() == JSStreamMessageExceedsMaximumErr) {
        Reject(subject, error.what());
      }
      throw JetStreamError(state_->address.Shown(), subject, error);
    }
  }

 private:
  struct State {
    State(JetStreamAddress where, Name name, JetStreamOptions how)
        : address(std::move(where)), subject(std::move(name)), options(std::move(how)) {}

    /// One that is open and not in use, or a new one.
    std::unique_ptr<JetStreamConnection> Connect(const std::stop_token& stop) {
      auto open = idle.Take([](const JetStreamConnection& known) { return known.IsOpen(); });
      if (open) return open;
      if (stop.stop_requested()) throw JetStreamError("it was stopped", NATS_TIMEOUT);
      return std::make_unique<JetStreamConnection>(address, options.connect_timeout,
                                                   options.command_timeout);
    }

    const JetStreamAddress address;
    const Name subject;
    const JetStreamOptions options;
    Idle<JetStreamConnection> idle{};
  };

  static void Require(bool holds, const char* what) {
    if (!holds) throw Error(std::string("extras::sinks::JetStream: ").append(what));
  }
  [[noreturn]] void Reject(const std::string& subject, const std::string& why) const {
    throw outbox::Rejected("NATS at " + state_->address.Shown() + ", subject \"" + subject +
                           "\": " + why);
  }

  /// A server reads a subject in a line of 4 KB at most, with other words.
  static bool IsSubject(std::string_view text) {
    bool has_token = false;
    for (const char c : text) {
      const auto byte = static_cast<unsigned char>(c);
      if (byte <= 0x20 || byte == 0x7f || c == '*' || c == '>' || (c == '.' && !has_token)) {
        return false;
      }
      has_token = c != '.';
    }
    return has_token && text.size() <= 2000;
  }
  std::string SubjectOf(const outbox::Event& event) const {
    if (const auto* name = std::get_if<std::string>(&state_->subject)) return *name;
    std::string name = std::get<1>(state_->subject)(event);
    if (!IsSubject(name)) Reject(name, "no subject is like that");
    return name;
  }

  static std::string Header(std::string_view text) {
    return PercentEncoded(
        text, [&](std::size_t i) { return text[i] == ' ' && (i == 0 || i + 1 == text.size()); });
  }
  static JetStreamConnection::Headers Headers(const outbox::Event& event) {
    return {{"id", std::to_string(event.id)},
            {"seq", std::to_string(event.seq)},
            {"key", Header(event.key)},
            {"type", Header(event.type)},
            {"committed_at", Timestamp(event.committed_at)},
            {"attempt", std::to_string(event.attempts + 1)}};
  }

  std::shared_ptr<State> state_;
};

}  // namespace grapnel::extras::sinks
