#pragma once

#if defined(__linux__)
#include <pthread.h>
#else
#include <mutex>
#endif

namespace grapnel::core {

/// A std::mutex, without what <mutex> costs to include.
class Lock {
 public:
  Lock() = default;
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

#if defined(__linux__)
  void Acquire() noexcept { ::pthread_mutex_lock(&mutex_); }
  void Release() noexcept { ::pthread_mutex_unlock(&mutex_); }

 private:
  pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
#else
  void Acquire() { mutex_.lock(); }
  void Release() noexcept { mutex_.unlock(); }

 private:
  std::mutex mutex_;
#endif
};

/// Holds a lock as long as it lives.
class Locked {
 public:
  explicit Locked(Lock& lock) : lock_(lock) { lock_.Acquire(); }
  Locked(const Locked&) = delete;
  Locked& operator=(const Locked&) = delete;
  ~Locked() { lock_.Release(); }

 private:
  Lock& lock_;
};

}  // namespace grapnel::core
