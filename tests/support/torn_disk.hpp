#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <ios>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// What a disk holds of some files when the power goes: all that was synced, and of what was
/// written since then as much as it likes, by sectors, in any order. Threads: one.
class TornDisk {
 public:
  /// What it keeps of what was not synced.
  enum class Keeps { Nothing, Some, All };

  void Opened(const std::string& path) {
    if (files_.contains(path)) return;
    std::ifstream file(path, std::ios::binary);
    std::string& bytes = files_[path].synced;
    if (!file) return;
    bytes.resize(std::filesystem::file_size(path));
    file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  }
  void Wrote(const std::string& path, std::string_view bytes, std::size_t at) {
    files_[path].later.push_back({at, std::string(bytes), false});
  }
  void Truncated(const std::string& path, std::size_t size) {
    files_[path].later.push_back({size, {}, true});
  }
  void Synced(const std::string& path) {
    File& file = files_[path];
    for (const Change& change : file.later) Apply(file.synced, change);
    file.later.clear();
  }
  void Deleted(const std::string& path) { files_.erase(path); }

  /// Writes the files as they are when the power is back; nobody has them open.
  void Restore(Keeps keeps, std::uint32_t seed) {
    std::minstd_rand chance(seed + 1);
    for (auto& [path, file] : files_) {
      for (const Change& change : file.later) {
        if (keeps == Keeps::All) Apply(file.synced, change);
        if (keeps == Keeps::Some) ApplySome(file.synced, change, chance);
      }
      std::ofstream(path, std::ios::binary | std::ios::trunc) << file.synced;
      std::filesystem::remove(path + "-shm");
    }
    files_.clear();
  }

 private:
  struct Change {
    std::size_t at;
    std::string bytes;
    bool truncates;
  };
  struct File {
    std::string synced{};
    std::vector<Change> later{};
  };

  static void Apply(std::string& to, const Change& change) {
    if (change.truncates || to.size() < change.at) to.resize(change.at);
    to.replace(change.at, std::min(change.bytes.size(), to.size() - change.at), change.bytes);
  }
  static void ApplySome(std::string& to, const Change& change, std::minstd_rand& chance) {
    constexpr std::size_t kSector = 512;
    const auto heads = [&] { return (chance() >> 8) % 2 == 0; };
    if (change.truncates && heads()) Apply(to, change);
    for (std::size_t from = 0; from < change.bytes.size();) {
      const std::size_t size =
          std::min(kSector - (change.at + from) % kSector, change.bytes.size() - from);
      if (heads()) Apply(to, {change.at + from, change.bytes.substr(from, size), false});
      from += size;
    }
  }

  std::map<std::string, File> files_{};
};
