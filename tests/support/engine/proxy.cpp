#include "support/engine/proxy.hpp"

#include <arpa/inet.h>
#include <libpq-fe.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace engine {
namespace {

/// A descriptor of its own.
struct Socket {
  explicit Socket(int of) noexcept : fd(of) {}
  Socket(Socket&& from) noexcept : fd(std::exchange(from.fd, -1)) {}
  Socket& operator=(Socket&&) = delete;
  ~Socket() {
    if (fd >= 0) ::close(fd);
  }
  int fd;
};

bool SendAll(int to, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(to, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

std::string Receive(int from) {
  std::string bytes(65536, '\0');
  const ssize_t count = ::recv(from, bytes.data(), bytes.size(), 0);
  bytes.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  return bytes;
}

/// Whether a client that has sent these bytes commits: by the text, or by the name of a statement
/// that it has prepared of it, which is kept in `name` then.
bool Commits(std::string_view bytes, std::string& name) {
  const auto text = bytes.find(std::string_view("\0COMMIT\0", 8));
  if (text != bytes.npos) {
    const auto before = bytes.substr(0, text);
    const auto start = before.find_last_of(std::string_view("\0", 1));
    // In front of the name stands how long the message is, in four bytes.
    if (start != before.npos) name = before.substr(start + 2);
    return true;
  }
  const std::string bound = std::string(1, '\0') + name + std::string(1, '\0');
  return !name.empty() && bytes.find(bound) != bytes.npos;
}

sockaddr_in Loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  return address;
}

}  // namespace

Proxy::Proxy(const std::string& conninfo) {
  std::string host, port = "5432";
  PQconninfoOption* const all = PQconninfoParse(conninfo.c_str(), nullptr);
  for (PQconninfoOption* each = all; each != nullptr && each->keyword != nullptr; ++each) {
    if (each->val == nullptr) continue;
    const std::string_view name = each->keyword;
    if (name == "host") host = each->val;
    if (name == "port") port = each->val;
  }
  PQconninfoFree(all);
  server_ = host.starts_with("/") ? host + "/.s.PGSQL." + port : port;

  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof(address);
  auto* const at = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener_, at, size) != 0 || ::listen(listener_, 16) != 0 ||
      ::getsockname(listener_, at, &size) != 0) {
    throw std::runtime_error("proxy: it finds no port");
  }
  url_ = conninfo + " host=127.0.0.1 port=" + std::to_string(ntohs(address.sin_port));
  serving_ = std::jthread([this] { Serve(); });
}

Proxy::~Proxy() {
  ends_ = true;
  serving_.join();
  ::close(listener_);
}

void Proxy::Serve() {
  std::vector<std::jthread> carrying;
  while (!ends_) {
    pollfd waiting{listener_, POLLIN, 0};
    if (::poll(&waiting, 1, 20) <= 0) continue;
    const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client >= 0) carrying.emplace_back([this, client] { Carry(client); });
  }
}

int Proxy::Connect() const {
  if (!server_.starts_with("/")) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = Loopback(std::atoi(server_.c_str()));
    ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
    return fd;
  }
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  server_.copy(address.sun_path, sizeof(address.sun_path) - 1);
  ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  return fd;
}

void Proxy::Carry(int accepted) {
  const Socket client(accepted), server(Connect());
  bool hides = false;  // what the server says
  std::string commit;  // the name of a statement
  while (!ends_) {
    pollfd both[] = {{client.fd, POLLIN, 0}, {server.fd, POLLIN, 0}};
    if (::poll(both, 2, 20) <= 0) continue;
    if (both[0].revents != 0) {
      const std::string bytes = Receive(client.fd);
      if (bytes.empty()) return;
      if (Commits(bytes, commit)) {
        const Loses loses = loses_.exchange(Loses::Nothing);
        if (loses != Loses::Nothing) ++lost_;
        if (loses == Loses::BeforeCommit) return;
        hides = loses == Loses::AfterCommit;
      }
      if (!SendAll(server.fd, bytes)) return;
    }
    if (both[1].revents != 0) {
      const std::string bytes = Receive(server.fd);
      if (bytes.empty() || hides || !SendAll(client.fd, bytes)) return;
    }
  }
}

}  // namespace engine
