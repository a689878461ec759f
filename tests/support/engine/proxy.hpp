#pragma once

#include <atomic>
#include <string>
#include <thread>

namespace engine {

/// Stands between clients and the PostgreSQL server of the tests, and loses connections in COMMIT.
class Proxy {
 public:
  enum class Loses { Nothing, BeforeCommit, AfterCommit };

  /// `conninfo`: of the server. Throws: std::runtime_error.
  explicit Proxy(const std::string& conninfo);
  Proxy(const Proxy&) = delete;
  Proxy& operator=(const Proxy&) = delete;
  ~Proxy();

  /// A connection string that leads through here.
  const std::string& Url() const { return url_; }
  /// What becomes of the next COMMIT that is sent, once: the server never sees it, or the client
  /// does not learn what came of it.
  void Lose(Loses what) { loses_ = what; }
  int Lost() const { return lost_; }

 private:
  void Serve();
  void Carry(int client);
  int Connect() const;

  std::string url_;
  std::string server_;  // a socket's path, or a port
  int listener_ = -1;
  std::atomic<Loses> loses_{Loses::Nothing};
  std::atomic<int> lost_{0};
  std::atomic<bool> ends_{false};
  std::jthread serving_;
};

}  // namespace engine
