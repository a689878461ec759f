#pragma once

/// A server that says what a test wants to hear said.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

/// Takes connections on a port of 127.0.0.1, one after the other: `serve` reads and writes the
/// socket of one, which is closed when it returns. It ends with the object, which closes the
/// socket.
class FakeServer {
 public:
  using Serve = std::function<void(int socket, const std::stop_token& stop)>;

  explicit FakeServer(Serve serve)
      : serve_(std::move(serve)), listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    auto* const address = reinterpret_cast<sockaddr*>(&at);
    if (bind(listener_, address, size) != 0 || listen(listener_, 8) != 0 ||
        getsockname(listener_, address, &size) != 0) {
      throw std::runtime_error("no server can listen");
    }
    port_ = ntohs(at.sin_port);
    thread_ = std::jthread([this](const std::stop_token& stop) { Run(stop); });
  }
  /// Answers the first that it reads of each connection with that, and closes it.
  explicit FakeServer(std::string answer)
      : FakeServer([answer = std::move(answer)](int socket, const std::stop_token& stop) {
          Read(socket, stop);
          Write(socket, answer);
        }) {}
  FakeServer(const FakeServer&) = delete;
  FakeServer& operator=(const FakeServer&) = delete;
  ~FakeServer() {
    thread_.request_stop();
    thread_.join();
    close(listener_);
  }

  std::uint16_t Port() const { return port_; }

  /// Returns: what there is to read, "" where there is no more.
  static std::string Read(int socket, const std::stop_token& stop) {
    char buffer[65536];
    if (!Wait(socket, stop)) return "";
    const ssize_t size = recv(socket, buffer, sizeof buffer, 0);
    return size > 0 ? std::string(buffer, static_cast<std::size_t>(size)) : "";
  }
  /// Returns: whether the other end takes it.
  static bool Write(int socket, std::string_view text) {
    return send(socket, text.data(), text.size(), MSG_NOSIGNAL) >= 0;
  }

 private:
  static bool Wait(int socket, const std::stop_token& stop) {
    pollfd waiting{socket, POLLIN, 0};
    while (!stop.stop_requested()) {
      if (poll(&waiting, 1, 10) > 0) return true;
    }
    return false;
  }
  void Run(const std::stop_token& stop) const {
    while (Wait(listener_, stop)) {
      const int socket = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (socket < 0) continue;
      serve_(socket, stop);
      close(socket);
    }
  }

  Serve serve_;
  int listener_;
  std::uint16_t port_ = 0;
  std::jthread thread_{};
};
