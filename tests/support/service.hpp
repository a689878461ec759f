#pragma once

/// Servers of a test's own: a process on a free port of 127.0.0.1, with a folder of its own, which
/// ends with the test, however that ends.

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <initializer_list>
#include <iterator>
#include <random>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "support/scratch.hpp"

/// Where the program lies, "" where this machine has none: PATH, and where Debian puts servers.
inline std::string FindProgram(const std::string& name) {
  const char* given = std::getenv("PATH");
  std::stringstream folders(std::string(given != nullptr ? given : "") +
                            ":/usr/local/bin:/usr/bin:/usr/local/sbin:/usr/sbin:/sbin");
  for (std::string folder; std::getline(folders, folder, ':');) {
    const std::string file = folder + "/" + name;
    if (!folder.empty() && access(file.c_str(), X_OK) == 0) return file;
  }
  return "";
}

/// Programs that all tests of a test program need: where one is missing, it says so and ends as
/// skipped, before a test begins. `static const Needs needs{"redis-server"};`
class Needs {
 public:
  Needs(std::initializer_list<const char*> programs) {
    for (const char* program : programs) {
      if (!FindProgram(program).empty()) continue;
      std::printf("skipped: there is no %s\n", program);
      std::fflush(stdout);
      std::_Exit(77);
    }
  }
};

/// A TCP connection to 127.0.0.1, whose calls take two seconds at most.
class Caller {
 public:
  explicit Caller(std::uint16_t port) : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const timeval limit{2, 0};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(port);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = connect(socket_, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0;
  }
  Caller(const Caller&) = delete;
  Caller& operator=(const Caller&) = delete;
  ~Caller() { close(socket_); }

  bool IsConnected() const { return connected_; }
  /// Sends it. Returns: what comes first, "" where nothing does.
  std::string Ask(std::string_view text) const {
    if (!connected_) return "";
    if (!text.empty() && send(socket_, text.data(), text.size(), MSG_NOSIGNAL) < 0) return "";
    char buffer[4096];
    const ssize_t size = recv(socket_, buffer, sizeof buffer, 0);
    return size > 0 ? std::string(buffer, static_cast<std::size_t>(size)) : "";
  }

 private:
  int socket_;
  bool connected_ = false;
};

/// What a Service is made of.
struct ServiceSetup {
  /// The program and its arguments, for a port and a folder.
  std::function<std::vector<std::string>(std::uint16_t port, const std::string& folder)> command;
  /// Whether it answers: by default, whether it takes a connection.
  std::function<bool(std::uint16_t port)> answers = [](std::uint16_t port) {
    return Caller(port).IsConnected();
  };
  /// How long it may take until it does.
  std::chrono::seconds within{30};
  /// What it puts into its log where the port was taken by another.
  std::string port_taken = "ddress already in use";
};

/// A server that runs. It ends with the thread that started it, too: start it where the test runs.
class Service {
 public:
  /// Throws: std::runtime_error with the end of its log where it does not answer.
  explicit Service(ServiceSetup setup) : setup_(std::move(setup)) {
    for (int tries = 1;; ++tries) {
      port_ = FreePort();
      try {
        Start();
        return;
      } catch (const std::runtime_error&) {
        End(SIGKILL);
        if (tries == 5 || Log().find(setup_.port_taken) == std::string::npos) throw;
      }
      std::filesystem::resize_file(LogFile(), 0);
    }
  }
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;
  ~Service() { End(SIGKILL); }

  std::uint16_t Port() const { return port_; }
  pid_t Pid() const { return pid_; }
  /// A file in its folder.
  std::string File(std::string_view name) const { return scratch_.File(name); }
  /// What it has written so far, and what it wrote when it ran before.
  std::string Log() const {
    std::ifstream file(LogFile());
    return {std::istreambuf_iterator<char>(file), {}};
  }

  /// On the same port and folder. Throws: as the constructor.
  void Start() {
    if (pid_ > 0) throw std::logic_error("the server runs");
    Spawn();
    const auto end = std::chrono::steady_clock::now() + setup_.within;
    while (true) {
      const bool answered = setup_.answers(port_);
      int status = 0;
      if (waitpid(pid_, &status, WNOHANG) == pid_) {
        pid_ = 0;
        throw std::runtime_error("the server has ended:\n" + LastOfLog());
      }
      if (answered) return;
      if (std::chrono::steady_clock::now() > end) {
        throw std::runtime_error("the server does not answer:\n" + LastOfLog());
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }
  /// Without a word, as a power cut.
  void Kill() { End(SIGKILL); }
  /// As an administrator does; it has ended when this returns.
  void Terminate() { End(SIGTERM); }
  /// It keeps its connections and answers nothing, until it may Continue.
  void Pause() {
    kill(pid_, SIGSTOP);
    int status = 0;
    waitpid(pid_, &status, WUNTRACED);
    if (WIFEXITED(status) || WIFSIGNALED(status)) pid_ = 0;
  }
  void Continue() const {
    if (pid_ > 0) kill(pid_, SIGCONT);
  }

 private:
  std::string LogFile() const { return scratch_.File("service.log"); }
  std::string LastOfLog() const {
    const std::string log = Log();
    return log.substr(log.size() - std::min<std::size_t>(log.size(), 2000));
  }

  /// Below those that the system gives to connections, which could take it while the server is down
  /// (and connect to themselves).
  static std::uint16_t FreePort() {
    std::random_device chance;
    std::uniform_int_distribution<int> some(10000, 31999);
    for (int tries = 0; tries < 1000; ++tries) {
      const int probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      sockaddr_in at{};
      at.sin_family = AF_INET;
      at.sin_port = htons(static_cast<std::uint16_t>(some(chance)));
      at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      const bool free = bind(probe, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0;
      close(probe);
      if (free) return ntohs(at.sin_port);
    }
    throw std::runtime_error("there is no free port");
  }

  void Spawn() {
    const std::string folder = scratch_.Folder().string();
    std::vector<std::string> command = setup_.command(port_, folder);
    const std::string program =
        command.at(0).find('/') == std::string::npos ? FindProgram(command[0]) : command[0];
    if (program.empty()) throw std::runtime_error("there is no program " + command[0]);
    std::vector<char*> words;
    for (std::string& word : command) words.push_back(word.data());
    words.push_back(nullptr);
    const int log = open(LogFile().c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    const int none = open("/dev/null", O_RDONLY | O_CLOEXEC);
    const pid_t parent = getpid();
    pid_ = fork();
    if (pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (getppid() != parent || chdir(folder.c_str()) != 0) _exit(126);
      dup2(none, STDIN_FILENO);
      dup2(log, STDOUT_FILENO);
      dup2(log, STDERR_FILENO);
      execv(program.c_str(), words.data());
      _exit(127);
    }
    close(log);
    close(none);
    if (pid_ < 0) throw std::runtime_error("fork has failed");
  }

  void End(int signal) {
    if (pid_ <= 0) return;
    kill(pid_, signal);
    if (signal != SIGKILL) kill(pid_, SIGCONT);
    int status = 0;
    const auto end = std::chrono::steady_clock::now() + setup_.within;
    while (waitpid(pid_, &status, WNOHANG) == 0) {
      if (std::chrono::steady_clock::now() > end) kill(pid_, SIGKILL);
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    pid_ = 0;
  }

  ServiceSetup setup_;
  Scratch scratch_{};
  std::uint16_t port_ = 0;
  pid_t pid_ = 0;
};

/// A Redis server, which keeps each write over a kill with Keep::Always.
class RedisServer : public Service {
 public:
  enum class Keep : std::uint8_t { Nothing, Always };

  explicit RedisServer(Keep keep = Keep::Nothing, std::vector<std::string> more = {})
      : Service({.command =
                     [keep, more = std::move(more)](std::uint16_t port, const std::string& folder) {
                       std::vector<std::string> command{
                           "redis-server", "--port", std::to_string(port), "--bind", "127.0.0.1",
                           "--dir", folder, "--save", "", "--unixsocket", folder + "/redis.sock",
                           // so that a kill loses nothing that was answered
                           "--appendonly", keep == Keep::Always ? "yes" : "no", "--appendfsync",
                           "always"};
                       command.insert(command.end(), more.begin(), more.end());
                       return command;
                     },
                 .answers =
                     [](std::uint16_t port) {
                       const std::string answer = Caller(port).Ask("PING\r\n");
                       return answer.starts_with("+PONG") || answer.starts_with("-NOAUTH");
                     }}) {}

  std::string Url() const { return "redis://127.0.0.1:" + std::to_string(Port()); }
  std::string Socket() const { return File("redis.sock"); }
};

/// A NATS server with JetStream, whose streams are kept in its folder.
class NatsServer : public Service {
 public:
  explicit NatsServer(std::vector<std::string> more = {})
      : Service(
            {.command =
                 [more = std::move(more)](std::uint16_t port, const std::string& folder) {
                   std::vector<std::string> command{
                       "nats-server", "-js",       "-sd", folder,
                       "-a",          "127.0.0.1", "-p",  std::to_string(port)};
                   command.insert(command.end(), more.begin(), more.end());
                   return command;
                 },
             .answers =
                 [](std::uint16_t port) { return Caller(port).Ask("").starts_with("INFO "); }}) {}

  std::string Url() const { return "nats://127.0.0.1:" + std::to_string(Port()); }
};
