// B254: no SIGPIPE of a sink's reaches the program.
#include <grapnel/extras/sinks/webhook/no_sigpipe.hpp>

#include "support/catch.hpp"
#include "support/child.hpp"

#include <pthread.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

using grapnel::extras::sinks::NoSigpipe;

namespace {

/// Writes to a pipe that nobody reads.
bool Break() {
  int ends[2];
  if (pipe(ends) != 0) return false;
  close(ends[0]);
  const bool broken = write(ends[1], "x", 1) == -1 && errno == EPIPE;
  close(ends[1]);
  return broken;
}
bool IsBlocked() {
  sigset_t blocked;
  pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
  return sigismember(&blocked, SIGPIPE) == 1;
}
bool IsPending() {
  sigset_t pending;
  sigpending(&pending);
  return sigismember(&pending, SIGPIPE) == 1;
}

}  // namespace

TEST_CASE("B254 without it a broken pipe ends the process, with it it does not") {
  CHECK(InChild([] {
          std::signal(SIGPIPE, SIG_DFL);
          Break();
          return 0;
        }).code == -SIGPIPE);
  CHECK(InChild([] {
          std::signal(SIGPIPE, SIG_DFL);
          {
            const NoSigpipe quiet;
            if (!Break() || !Break()) return 1;
          }
          return IsBlocked() || IsPending() ? 2 : 0;
        }).code == 0);
}

TEST_CASE("B254 what the program had blocked, and what waited for it, stays so") {
  CHECK(InChild([] {
          sigset_t pipe;
          sigemptyset(&pipe);
          sigaddset(&pipe, SIGPIPE);
          pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
          {
            const NoSigpipe quiet;
            if (!Break()) return 1;
          }
          if (!IsBlocked() || IsPending()) return 2;
          if (!Break() || !IsPending()) return 3;  // the program's own
          {
            const NoSigpipe quiet;
            if (!Break()) return 4;
          }
          return IsPending() ? 0 : 5;
        }).code == 0);
}
