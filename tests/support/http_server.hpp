#pragma once

/// An HTTP/1.1 server of a test's own on 127.0.0.1, with TLS where it is given a certificate. What
/// it answers, byte for byte, or does not, is the test's script.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

/// A key, and a certificate that it has signed itself, for a host: "IP:127.0.0.1", "DNS:localhost".
class Certificate {
 public:
  explicit Certificate(const std::string& host, long days = 1) {
    X509_set_version(x509_.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x509_.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(x509_.get()), -2 * 24 * 3600);
    X509_gmtime_adj(X509_getm_notAfter(x509_.get()), days * 24 * 3600);
    X509_set_pubkey(x509_.get(), key_.get());
    X509_NAME* name = X509_get_subject_name(x509_.get());
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
    X509_set_issuer_name(x509_.get(), name);
    X509_EXTENSION* hosts =
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, host.c_str());
    X509_add_ext(x509_.get(), hosts, -1);
    X509_EXTENSION_free(hosts);
    if (X509_sign(x509_.get(), key_.get(), EVP_sha256()) == 0) std::abort();
  }

  EVP_PKEY* Key() const { return key_.get(); }
  X509* Get() const { return x509_.get(); }
  /// Writes the certificate, for who is to trust it. Returns: the path.
  std::string WriteTo(const std::string& path) const {
    std::FILE* file = std::fopen(path.c_str(), "w");
    if (file == nullptr || PEM_write_X509(file, x509_.get()) != 1) std::abort();
    std::fclose(file);
    return path;
  }

 private:
  std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key_{EVP_EC_gen("P-256"), &EVP_PKEY_free};
  std::unique_ptr<X509, void (*)(X509*)> x509_{X509_new(), &X509_free};
};

struct HttpRequest {
  std::string method{}, target{}, body{};
  std::map<std::string, std::string> headers{};  // the names in small letters
  int connection = 0;                            // 1, 2, 3 ...

  std::string Header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? "" : found->second;
  }
};

/// The server's end of a connection, for a script.
class HttpPeer {
 public:
  HttpPeer(int socket, SSL* tls, const std::atomic<bool>& over)
      : socket_(socket), tls_(tls), over_(over) {}

  /// Sends it as it is. Returns: false where nobody is there any more.
  bool Send(std::string_view text) {
    while (!text.empty()) {
      const auto most = static_cast<int>(std::min<std::size_t>(text.size(), 1 << 20));
      const auto sent = tls_ != nullptr
                            ? SSL_write(tls_, text.data(), most)
                            : static_cast<int>(send(socket_, text.data(),
                                                    static_cast<std::size_t>(most), MSG_NOSIGNAL));
      if (sent <= 0) return false;
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  /// A whole answer. `headers`: lines that end with "\r\n".
  bool Answer(int status, const std::string& headers = "", const std::string& body = "") {
    return Send("HTTP/1.1 " + std::to_string(status) + " Some Reason\r\n" + headers +
                "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  }
  /// Says nothing until the client has gone, or the server ends.
  void Hang() {
    char byte = 0;
    while (!over_ && recv(socket_, &byte, 1, MSG_PEEK | MSG_DONTWAIT) != 0) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    Close();
  }
  /// Nothing more is said on this connection.
  void Close() { is_closed_ = true; }
  /// The same, and the client's end is reset.
  void Reset() {
    const linger now{1, 0};
    setsockopt(socket_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    is_reset_ = is_closed_ = true;
  }

  bool IsClosed() const { return is_closed_; }
  bool IsReset() const { return is_reset_; }
  std::size_t Read(char* to, std::size_t size) {
    const auto got = tls_ != nullptr ? SSL_read(tls_, to, static_cast<int>(size))
                                     : static_cast<int>(recv(socket_, to, size, 0));
    return got > 0 ? static_cast<std::size_t>(got) : 0;
  }

 private:
  const int socket_;
  SSL* const tls_;
  const std::atomic<bool>& over_;
  bool is_closed_ = false, is_reset_ = false;
};

/// Calls the script, on a thread for each connection, with each request. Ends with all connections.
class HttpServer {
 public:
  using Script = std::function<void(const HttpRequest&, HttpPeer&)>;

  explicit HttpServer(Script script, const Certificate* certificate = nullptr)
      : HttpServer(Listen(), std::move(script), certificate) {}
  /// At a socket of Listen(), which others may have too: another server goes on with it, when this
  /// one's process has died.
  HttpServer(int listener, Script script, const Certificate* certificate = nullptr)
      : script_(std::move(script)), is_tls_(certificate != nullptr), listener_(listener) {
    sockaddr_in at{};
    socklen_t size = sizeof at;
    if (getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size) != 0) std::abort();
    port_ = ntohs(at.sin_port);
    if (certificate != nullptr) {
      if (SSL_CTX_use_certificate(tls_.get(), certificate->Get()) != 1 ||
          SSL_CTX_use_PrivateKey(tls_.get(), certificate->Key()) != 1) {
        std::abort();
      }
    }
    accepting_ = std::thread([this] { Accept(); });
  }
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  ~HttpServer() {
    over_ = true;
    shutdown(listener_, SHUT_RDWR);
    accepting_.join();
    {
      const std::lock_guard lock(mutex_);
      for (const int socket : sockets_) shutdown(socket, SHUT_RDWR);
    }
    for (std::thread& thread : threads_) thread.join();
    close(listener_);
  }

  /// A socket that listens on a free port.
  static int Listen() {
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(listener, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0 ||
        listen(listener, 64) != 0) {
      std::abort();
    }
    return listener;
  }

  std::uint16_t Port() const { return port_; }
  std::string Url(const std::string& path = "/") const {
    return (is_tls_ ? "https://127.0.0.1:" : "http://127.0.0.1:") + std::to_string(port_) + path;
  }
  /// Connections so far.
  int Connections() const { return connections_; }

  /// Of a body so many bytes are read; then the connection is closed.
  std::atomic<std::size_t> read_most = std::numeric_limits<std::size_t>::max();

 private:
  void Accept() {
    for (;;) {
      const int socket = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (socket < 0) return;
      const int yes = 1;  // small answers go at once
      setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
      const std::lock_guard lock(mutex_);
      sockets_.push_back(socket);
      threads_.emplace_back([this, socket, number = ++connections_] { Serve(socket, number); });
    }
  }

  void Serve(int socket, int number) {
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
    bool is_reset = false;
    {
      std::unique_ptr<SSL, void (*)(SSL*)> tls(nullptr, &SSL_free);
      if (is_tls_) {
        tls.reset(SSL_new(tls_.get()));
        SSL_set_fd(tls.get(), socket);
      }
      if (!tls || SSL_accept(tls.get()) == 1) {
        HttpPeer peer(socket, tls.get(), over_);
        std::string buffer;
        HttpRequest request;
        while (!over_ && !peer.IsClosed() && Read(peer, buffer, request)) {
          request.connection = number;
          script_(request, peer);
        }
        is_reset = peer.IsReset();
      }
    }
    const std::lock_guard lock(mutex_);
    std::erase(sockets_, socket);
    if (!is_reset) shutdown(socket, SHUT_RDWR);
    close(socket);
  }

  bool Fill(HttpPeer& peer, std::string& buffer) const {
    std::vector<char> chunk(1 << 16);
    const std::size_t got = peer.Read(chunk.data(), chunk.size());
    buffer.append(chunk.data(), got);
    return got > 0;
  }
  bool Read(HttpPeer& peer, std::string& buffer, HttpRequest& request) const {
    request = {};
    std::size_t end = 0;
    while ((end = buffer.find("\r\n\r\n")) == std::string::npos) {
      if (!Fill(peer, buffer)) return false;
    }
    const std::string head = buffer.substr(0, end + 2);
    buffer.erase(0, end + 4);
    std::size_t at = head.find("\r\n");
    const std::string first = head.substr(0, at);
    request.method = first.substr(0, first.find(' '));
    request.target = first.substr(first.find(' ') + 1);
    request.target.resize(request.target.find(' '));
    for (at += 2; at < head.size();) {
      const std::size_t line_end = head.find("\r\n", at);
      const std::size_t colon = head.find(':', at);
      std::string name = head.substr(at, colon - at);
      std::ranges::transform(name, name.begin(),
                             [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
      const std::size_t value = std::min(head.find_first_not_of(' ', colon + 1), line_end);
      request.headers[name] = head.substr(value, line_end - value);
      at = line_end + 2;
    }
    const std::string length = request.Header("content-length");
    const std::size_t size = length.empty() ? 0 : std::stoull(length);
    while (buffer.size() < size) {
      if (buffer.size() >= read_most || !Fill(peer, buffer)) return false;
    }
    request.body = buffer.substr(0, size);
    buffer.erase(0, size);
    return true;
  }

  const Script script_;
  const bool is_tls_;
  const std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> tls_{SSL_CTX_new(TLS_server_method()),
                                                          &SSL_CTX_free};
  const int listener_;
  std::uint16_t port_ = 0;
  std::atomic<bool> over_ = false;
  std::atomic<int> connections_ = 0;
  std::mutex mutex_{};
  std::vector<int> sockets_{};
  std::vector<std::thread> threads_{};
  std::thread accepting_{};
};
