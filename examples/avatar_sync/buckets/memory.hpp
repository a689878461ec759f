#pragma once

#include "../bucket.hpp"

#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

/// mem://NAME: blobs in memory, gone with the object.
class MemoryBucket final : public Bucket {
 public:
  bool Exists(const std::string& key) const override {
    CheckKey(key);
    const std::lock_guard lock(mutex_);
    return blobs_.count(key) != 0;
  }
  void Write(const std::string& key, std::string_view bytes) override {
    CheckKey(key);
    const std::lock_guard lock(mutex_);
    blobs_.insert_or_assign(key, std::string(bytes));
  }
  std::string Read(const std::string& key) const override {
    CheckKey(key);
    const std::lock_guard lock(mutex_);
    const auto found = blobs_.find(key);
    if (found == blobs_.end()) Missing(key);
    return found->second;
  }
  void Delete(const std::string& key) override {
    CheckKey(key);
    const std::lock_guard lock(mutex_);
    blobs_.erase(key);
  }
  std::vector<std::string> Keys() const override {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> keys;
    for (const auto& [key, bytes] : blobs_) keys.push_back(key);
    return keys;
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::string> blobs_;
};
