#pragma once

/// Processes of a test's own that are killed at any instant, and started again.

#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <exception>
#include <functional>
#include <new>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

namespace crash {

using Random = std::minstd_rand;

/// One process, which does the same thing again each time that it is started. Start it where this
/// process has neither a thread nor a connection besides.
class Worker {
 public:
  /// What it does: counts its steps, and takes chance from a number that differs each time. It does
  /// not end by itself.
  using Body = std::function<void(std::atomic<int>& steps, std::uint32_t chance)>;

  Worker(std::string name, Body body)
      : name_(std::move(name)), body_(std::move(body)), steps_(new (Page()) std::atomic<int>(0)) {}
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  ~Worker() {
    if (process_ > 0) {
      kill(process_, SIGKILL);
      waitpid(process_, nullptr, 0);
    }
    munmap(static_cast<void*>(steps_), sizeof *steps_);
  }

  void Start(std::uint32_t chance) {
    *steps_ = 0;
    std::fflush(nullptr);
    process_ = fork();
    if (process_ < 0) throw std::runtime_error("no process can be made");
    if (process_ > 0) return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    try {
      body_(*steps_, chance);
      std::fprintf(stderr, "%s has ended\n", name_.c_str());
    } catch (const std::exception& error) {
      std::fprintf(stderr, "%s: %s\n", name_.c_str(), error.what());
    }
    _exit(1);
  }
  /// Until it has made so many steps since it was started.
  void Await(int steps) const {
    using std::chrono_literals::operator""s;
    const auto end = std::chrono::steady_clock::now() + 60s;
    while (*steps_ < steps) {
      if (waitpid(process_, nullptr, WNOHANG) != 0) throw std::runtime_error(name_ + " has ended");
      if (std::chrono::steady_clock::now() > end) throw std::runtime_error(name_ + " stands still");
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
  }
  /// Throws: std::runtime_error where it had ended before.
  void Kill() {
    kill(process_, SIGKILL);
    int status = 0;
    const bool is_dead = waitpid(std::exchange(process_, -1), &status, 0) > 0;
    if (!is_dead || !WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL) {
      throw std::runtime_error(name_ + " had ended by itself");
    }
  }

 private:
  static void* Page() {
    void* page = mmap(nullptr, sizeof(std::atomic<int>), PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) throw std::bad_alloc();
    return page;
  }

  std::string name_;
  Body body_;
  std::atomic<int>* steps_;
  pid_t process_ = -1;
};

/// Some of them, beside each other.
class Workers {
 public:
  explicit Workers(std::uint32_t seed) : chance_(seed) {}

  void Add(std::string name, Worker::Body body) { all_.emplace_back(std::move(name), body); }
  void Start() {
    for (Worker& worker : all_) worker.Start(Number());
  }
  /// One of them at a time, at any instant behind its first step, and starts it again. `between` is
  /// called while all of them run.
  void KillAtRandom(int kills, const std::function<void(int)>& between = {}) {
    for (int i = 0; i < kills; ++i, ++kills_) {
      if (between) between(i);
      Worker& worker = all_[Number() % all_.size()];
      worker.Await(1 + static_cast<int>(Number() % 4));
      std::this_thread::sleep_for(std::chrono::microseconds(Number() % 9000));
      worker.Kill();
      worker.Start(Number());
    }
  }
  void KillAll() {
    for (Worker& worker : all_) worker.Kill(), ++kills_;
  }
  int Kills() const { return kills_; }

 private:
  std::uint32_t Number() { return static_cast<std::uint32_t>(chance_()) >> 4; }

  std::deque<Worker> all_{};
  Random chance_;
  int kills_ = 0;
};

}  // namespace crash
