#pragma once

/// Programs that a test runs as its user would: by their command line, from outside.

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "support/scratch.hpp"

/// What a program came to.
struct Ran {
  int code = -1;  // its exit code, or minus the signal that killed it
  std::string out{}, err{};
};

/// A program that runs in a process group of its own, which is killed with the object, and when the
/// test ends however.
class Program {
 public:
  explicit Program(std::vector<std::string> command) {
    std::vector<char*> words;
    for (std::string& word : command) words.push_back(word.data());
    words.push_back(nullptr);
    constexpr int kNew = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC;
    const int out = open(scratch_.File("out").c_str(), kNew, 0600);
    const int err = open(scratch_.File("err").c_str(), kNew, 0600);
    const int none = open("/dev/null", O_RDONLY | O_CLOEXEC);
    const pid_t parent = getpid();
    pid_ = fork();
    if (pid_ == 0) {
      setpgid(0, 0);
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (getppid() != parent) _exit(126);
      dup2(none, STDIN_FILENO);
      dup2(out, STDOUT_FILENO);
      dup2(err, STDERR_FILENO);
      execvp(words[0], words.data());
      _exit(127);
    }
    close(out);
    close(err);
    close(none);
    if (pid_ < 0) throw std::runtime_error("fork has failed");
    setpgid(pid_, pid_);  // whoever comes first
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  ~Program() { Kill(); }

  /// What it has printed so far.
  std::string Out() const { return Read("out"); }
  void Kill() {
    if (pid_ <= 0) return;
    kill(-pid_, SIGKILL);
    Ended(0);
  }
  /// Waits for its end. Throws: std::runtime_error, behind killing it, when that takes too long.
  Ran End(std::chrono::seconds within = std::chrono::seconds(60)) {
    const auto end = std::chrono::steady_clock::now() + within;
    while (!Ended(WNOHANG)) {
      if (std::chrono::steady_clock::now() > end) {
        Kill();
        throw std::runtime_error("the program does not end:\n" + Read("out") + Read("err"));
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return {code_, Read("out"), Read("err")};
  }

 private:
  bool Ended(int how) {
    int status = 0;
    if (waitpid(pid_, &status, how) == 0) return false;
    code_ = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    pid_ = 0;
    return true;
  }
  std::string Read(const char* name) const {
    std::ifstream file(scratch_.File(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  Scratch scratch_{};
  pid_t pid_ = 0;
  int code_ = -1;
};

inline Ran RunProgram(std::vector<std::string> command) {
  return Program(std::move(command)).End();
}
