#pragma once

#include <grapnel/core/error.hpp>
#include <grapnel/extras/sinks/redis/address.hpp>

#include <hiredis/hiredis.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <stop_token>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace grapnel::extras::sinks {

/// Redis could not be reached, or has refused, or has answered nothing in time; then it may still
/// have done what it was asked.
class RedisError : public Error {
 public:
  /// `code`: the first word of what Redis said, such as OOM, WRONGTYPE or LOADING; "" where it said
  /// nothing.
  RedisError(const std::string& what, std::string code) : Error(what), code_(std::move(code)) {}
  RedisError(std::string server, std::string stream, const RedisError& why)
      : Error("Redis at " + server + ", stream \"" + stream + "\": " + why.what()),
        server_(std::move(server)),
        stream_(std::move(stream)),
        code_(why.code_) {}

  /// `host:port/database`, or the socket's path; never a password.
  const std::string& Server() const noexcept { return server_; }
  const std::string& Stream() const noexcept { return stream_; }
  const std::string& Code() const noexcept { return code_; }

 private:
  std::string server_{};
  std::string stream_{};
  std::string code_;
};

/// How long a call may take. Whichever comes first ends it.
struct RedisLimit {
  RedisLimit(std::chrono::milliseconds within, std::stop_token asked)
      : end(std::chrono::steady_clock::now() + within), stop(std::move(asked)) {}

  std::chrono::steady_clock::time_point end;
  std::stop_token stop;
};

/// Gives back what the libraries of C have made.
struct RedisEnd {
  void operator()(redisReply* reply) const noexcept { freeReplyObject(reply); }
  void operator()(redisReader* reader) const noexcept { redisReaderFree(reader); }
  void operator()(addrinfo* found) const noexcept { freeaddrinfo(found); }
};

using RedisReply = std::unique_ptr<redisReply, RedisEnd>;

/// One connection, on which hiredis reads what comes: it waits by itself, so that a stop and a
/// limit of time end each wait, and no signal comes of a connection that was closed. Behind an
/// error it is of no use. Threads: one at a time.
class RedisConnection {
 public:
  /// Connected, and the one that the address says. Looking up the name of a host is not bounded.
  /// Throws: RedisError.
  RedisConnection(const RedisAddress& address, const RedisLimit& limit) {
    try {
      address.socket.empty() ? ConnectToHost(address, limit) : ConnectToSocket(address, limit);
      if (!address.user.empty()) {
        Ask({"AUTH", address.user, address.password}, limit);
      } else if (!address.password.empty()) {
        Ask({"AUTH", address.password}, limit);
      }
      if (address.database != 0) Ask({"SELECT", std::to_string(address.database)}, limit);
    } catch (...) {
      Close();
      throw;
    }
  }
  RedisConnection(const RedisConnection&) = delete;
  RedisConnection& operator=(const RedisConnection&) = delete;
  ~RedisConnection() { Close(); }

  /// Whether it may be asked: the server has not closed it, and the process is the one that opened
  /// it, not a fork.
  bool IsOpen() const {
    pollfd waiting{socket_, POLLIN, 0};
    return process_ == getpid() && poll(&waiting, 1, 0) == 0;
  }

  /// Throws: RedisError, where the answer is an error, too.
  RedisReply Ask(const std::vector<std::string_view>& words, const RedisLimit& limit) {
    const Formatted command(words);
    std::string_view left = command.Text();
    while (true) {
      if (RedisReply reply = Next()) {
        if (reply->type == REDIS_REPLY_ERROR) {
          std::string text(reply->str, reply->len);
          // What it says of a command that is long, before it would say so.
          if (text.find("Protocol error: unauthenticated") != text.npos) text.insert(0, "NOAUTH ");
          throw RedisError(text, text.substr(0, text.find(' ')));
        }
        if (!left.empty()) throw RedisError("it answered before it was asked", "");
        return reply;
      }
      const short events = left.empty() ? POLLIN : POLLIN | POLLOUT;
      const short came = Wait(socket_, events, limit, "it did not answer in time");
      if ((came & ~POLLOUT) != 0) {
        Read();
      } else {
        left = Send(left);
      }
    }
  }

 private:
  /// A command as it is sent.
  class Formatted {
   public:
    explicit Formatted(const std::vector<std::string_view>& words) {
      std::vector<const char*> texts;
      std::vector<std::size_t> sizes;
      for (const std::string_view word : words) {
        texts.push_back(word.data());
        sizes.push_back(word.size());
      }
      const auto size = redisFormatCommandArgv(&text_, static_cast<int>(words.size()), texts.data(),
                                               sizes.data());
      if (size < 0) throw std::bad_alloc();
      size_ = static_cast<std::size_t>(size);
    }
    Formatted(const Formatted&) = delete;
    Formatted& operator=(const Formatted&) = delete;
    ~Formatted() { redisFreeCommand(text_); }
    std::string_view Text() const { return {text_, size_}; }

   private:
    char* text_ = nullptr;
    std::size_t size_ = 0;
  };

  [[noreturn]] static void Fail(const std::string& what, int error) {
    throw RedisError(what + ": " + std::system_category().message(error), "");
  }

  /// Returns: what is there of `events`. Looks for a stop twenty times a second.
  static short Wait(int socket, short events, const RedisLimit& limit, const char* too_late) {
    constexpr std::chrono::milliseconds kLook(50);
    while (true) {
      if (limit.stop.stop_requested()) throw RedisError("it was stopped before an answer came", "");
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(
          limit.end - std::chrono::steady_clock::now());
      if (left.count() <= 0) throw RedisError(too_late, "");
      pollfd waiting{socket, events, 0};
      const int count = poll(&waiting, 1, static_cast<int>(std::min(left, kLook).count()));
      if (count > 0) return waiting.revents;
      if (count < 0 && errno != EINTR) Fail("it cannot be waited for", errno);
    }
  }

  void ConnectToHost(const RedisAddress& address, const RedisLimit& limit) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const int code =
        getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &found);
    if (code != 0)
      throw RedisError(std::string("it is not found: ").append(gai_strerror(code)), "");
    const std::unique_ptr<addrinfo, RedisEnd> end(found);
    for (const addrinfo* at = found;; at = at->ai_next) {
      try {
        Connect(at->ai_family, at->ai_addr, at->ai_addrlen, limit);
        break;
      } catch (const RedisError&) {
        if (at->ai_next == nullptr || limit.stop.stop_requested()) throw;
      }
    }
    const int on = 1;
    setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  void ConnectToSocket(const RedisAddress& address, const RedisLimit& limit) {
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    if (address.socket.size() >= sizeof at.sun_path) {
      throw RedisError("the path of the socket is too long", "");
    }
    std::memcpy(at.sun_path, address.socket.data(), address.socket.size());
    Connect(AF_UNIX, reinterpret_cast<const sockaddr*>(&at), sizeof at, limit);
  }
  void Connect(int family, const sockaddr* at, socklen_t size, const RedisLimit& limit) {
    Close();
    socket_ = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (socket_ < 0) Fail("there is no socket", errno);
    if (connect(socket_, at, size) == 0) return;
    if (errno != EINPROGRESS) Fail("it cannot be reached", errno);
    Wait(socket_, POLLOUT, limit, "it cannot be reached in time");
    int error = 0;
    socklen_t length = sizeof error;
    getsockopt(socket_, SOL_SOCKET, SO_ERROR, &error, &length);
    if (error != 0) Fail("it cannot be reached", error);
  }
  void Close() noexcept {
    if (socket_ >= 0) close(std::exchange(socket_, -1));
  }

  /// Returns: what is left to send. Where the server takes no more, it may have said why.
  std::string_view Send(std::string_view left) const {
    const ssize_t size = send(socket_, left.data(), left.size(), MSG_NOSIGNAL);
    if (size >= 0) return left.substr(static_cast<std::size_t>(size));
    if (errno == EAGAIN || errno == EINTR) return left;
    if (errno == EPIPE || errno == ECONNRESET) return {};
    Fail("it takes nothing", errno);
  }
  void Read() {
    std::array<char, 16384> buffer;
    const ssize_t size = recv(socket_, buffer.data(), buffer.size(), 0);
    if (size == 0) throw RedisError("it closed the connection before it answered", "");
    if (size < 0 && errno != EAGAIN && errno != EINTR) Fail("the connection broke", errno);
    if (size > 0) redisReaderFeed(reader_.get(), buffer.data(), static_cast<std::size_t>(size));
  }
  /// Returns: the next whole reply that was read, or nothing.
  RedisReply Next() {
    void* reply = nullptr;
    if (redisReaderGetReply(reader_.get(), &reply) != REDIS_OK) {
      throw RedisError(std::string("it answers what Redis does not: ").append(reader_->errstr), "");
    }
    return RedisReply(static_cast<redisReply*>(reply));
  }

  std::unique_ptr<redisReader, RedisEnd> reader_{redisReaderCreate()};
  int socket_ = -1;
  pid_t process_ = getpid();
};

}  // namespace grapnel::extras::sinks
