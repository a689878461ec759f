// usage COMMAND ARGUMENT...: runs the command and prints "USER_SECONDS PEAK_MEMORY_KB", with all
// the processes that it started. Ends as the command does.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: usage COMMAND ARGUMENT...\n");
    return 2;
  }
  const pid_t child = fork();
  if (child < 0) {
    std::perror("fork");
    return 2;
  }
  if (child == 0) {
    execvp(argv[1], argv + 1);
    std::perror(argv[1]);
    _exit(127);
  }
  int status = 0;
  rusage used{};
  while (wait4(child, &status, 0, &used) < 0) {
    if (errno != EINTR) {
      std::perror("wait4");
      return 2;
    }
  }
  if (!WIFEXITED(status)) {
    std::fprintf(stderr, "%s was ended by signal %d\n", argv[1], WTERMSIG(status));
    return 2;
  }
  const double seconds =
      static_cast<double>(used.ru_utime.tv_sec) + static_cast<double>(used.ru_utime.tv_usec) / 1e6;
#ifdef __APPLE__
  const long kilobytes = used.ru_maxrss / 1024;  // bytes there, kilobytes elsewhere
#else
  const long kilobytes = used.ru_maxrss;
#endif
  std::printf("%.6f %ld\n", seconds, kilobytes);
  return WEXITSTATUS(status);
}
