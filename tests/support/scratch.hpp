#pragma once

#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

/// What else goes with a Scratch, called with its folder: the databases of a server that stand for
/// files in it.
inline void (*scratch_end)(const std::string& folder) = nullptr;

/// A folder of a test's own, removed with everything in it at the end.
class Scratch {
 public:
  Scratch() {
    std::string pattern = (std::filesystem::temp_directory_path() / "grapnel-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) std::abort();
    folder_ = pattern;
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() {
    if (scratch_end != nullptr) scratch_end(folder_.string());
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  const std::filesystem::path& Folder() const { return folder_; }
  /// The path of a file in it, which need not exist.
  std::string File(std::string_view name) const { return (folder_ / name).string(); }

 private:
  std::filesystem::path folder_;
};
