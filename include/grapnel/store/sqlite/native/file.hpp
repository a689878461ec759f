#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/core/context.hpp>
#include <grapnel/store/driver/error.hpp>
#include <grapnel/store/driver/observers.hpp>

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

/// What a URL names, and whether it is still there.
namespace grapnel::sqlite::detail {

class Place;

/// How a database is opened.
struct Options {
  std::string url;   // as the user wrote it, for messages
  std::string path;  // as SQLite opens it
  bool memory = false;
  bool reader = false;
  const core::Context* context = nullptr;  // of the call that opens it: its deadline and stop hold
  const Place* place = nullptr;  // where the file lay when it was first opened; null: nobody looks
  const store::Observers* observers = &store::Observers::None();
};

/// A name of SQLite's, taken apart as SQLite does it, percent signs decoded.
/// Source: https://www.sqlite.org/uri.html
struct Name {
  std::string path;
  std::vector<std::pair<std::string, std::string>> parameters{};

  /// The value of a parameter, of which the last counts; "" where there is none.
  std::string_view Find(std::string_view name) const {
    std::string_view value;
    for (const auto& each : parameters) {
      if (each.first == name) value = each.second;
    }
    return value;
  }
};

/// Decodes up to the first of `ends`, which stays in front of `text`. What follows a %00 is
/// dropped.
inline std::string TakeDecoded(std::string_view& text, std::string_view ends) {
  const auto digit = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    const char lower = static_cast<char>(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
  };
  const std::string_view part = text.substr(0, text.find_first_of(ends));
  text.remove_prefix(part.size());
  std::string decoded;
  for (std::size_t i = 0; i < part.size(); ++i) {
    const bool is_code =
        part[i] == '%' && i + 2 < part.size() && digit(part[i + 1]) >= 0 && digit(part[i + 2]) >= 0;
    const char c =
        is_code ? static_cast<char>(digit(part[i + 1]) * 16 + digit(part[i + 2])) : part[i];
    if (c == '\0') break;
    decoded += c;
    if (is_code) i += 2;
  }
  return decoded;
}

inline Name TakeApart(std::string_view url) {
  if (!url.starts_with("file:")) return {std::string(url)};
  url = url.substr(5, url.find('#') == url.npos ? url.npos : url.find('#') - 5);
  if (url.starts_with("//")) url.remove_prefix(std::min(url.find('/', 2), url.size()));
  Name name{TakeDecoded(url, "?")};
  while (!url.empty()) {
    url.remove_prefix(1);
    std::string parameter = TakeDecoded(url, "=&");
    std::string value;
    if (url.starts_with('=')) {
      url.remove_prefix(1);
      value = TakeDecoded(url, "&");
    }
    if (!parameter.empty()) name.parameters.emplace_back(std::move(parameter), std::move(value));
  }
  return name;
}

/// The URI that SQLite takes apart into this name.
inline std::string PutTogether(const Name& name) {
  const auto encode = [](std::string_view part) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string encoded;
    for (const char c : part) {
      if (std::string_view("%?#&=").find(c) == std::string_view::npos) {
        encoded += c;
      } else {
        const auto byte = static_cast<unsigned char>(c);
        encoded += '%';
        encoded += digits[byte >> 4];
        encoded += digits[byte & 15];
      }
    }
    return encoded;
  };
  std::string uri =
      core::Concat({name.path.starts_with('/') ? "file://" : "file:", encode(name.path)});
  for (std::size_t i = 0; i < name.parameters.size(); ++i) {
    const auto& [parameter, value] = name.parameters[i];
    core::Append(uri, {i == 0 ? "?" : "&", encode(parameter), "=", encode(value)});
  }
  return uri;
}

/// What a URL names: a file, or a database in memory, which is private to its opening whatever its
/// name. Throws: StorageError of kind Open for what is neither, and for a file with a shared cache.
inline Options ParseUrl(std::string_view url) {
  const auto refuse = [&](std::string_view reason) {
    throw StorageError(StorageKind::Open, url.substr(0, url.find('\0')), reason);
  };
  const bool is_uri = url.starts_with("file:");
  const auto scheme = url.find("://");
  if (!is_uri && scheme != url.npos && url.find('/') == scheme + 1) {
    refuse("there is no engine for this URL; write a path, file:PATH or :memory:");
  }
  if (url.find('\0') != url.npos) refuse("the name contains a NUL");
  const Name name = TakeApart(url);
  const std::string vfs(name.Find("vfs"));
  const sqlite3_vfs* found = sqlite3_vfs_find(vfs.empty() ? nullptr : vfs.c_str());
  Options options{std::string(url), std::string(url)};
  options.memory = name.path == ":memory:" || name.Find("mode") == "memory" ||
                   (found != nullptr && std::string_view(found->zName) == "memdb");
  if (options.memory) {
    options.path = ":memory:";
    return options;
  }
  if (name.path.empty()) refuse("the name is empty; write a path, file:PATH or :memory:");
  if (name.Find("cache") == "shared") {
    refuse(
        "cache=shared is refused on a file, for its connections would lock each other's tables; "
        "leave it out");
  }
  return options;
}

/// A file, told from every other one.
struct FileIdentity {
  dev_t device;
  ino_t number;
  friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};

inline std::optional<FileIdentity> Identify(const std::string& path) noexcept {
  struct stat found;
  if (stat(path.c_str(), &found) != 0) return std::nullopt;
  return FileIdentity{found.st_dev, found.st_ino};
}

/// Where a database's file and its log lay when it was first opened: what every later connection
/// opens, and every transaction finds, is that file. Immutable once noted. Threads: any.
class Place {
 public:
  /// Notes what `database` has opened, once its log is there. Throws: StorageError of kind Moved.
  void Note(sqlite3* database, const Options& options) {
    const char* path = sqlite3_db_filename(database, "main");
    if (options.memory || path == nullptr || *path == '\0') return;
    url_ = options.url;
    name_ = TakeApart(options.url);
    const bool reads = name_.Find("mode") == "ro";
    std::erase_if(name_.parameters,
                  [](const auto& each) { return each.first == "mode" || each.first == "cache"; });
    name_.path = path;
    name_.parameters.emplace_back("mode", reads ? "ro" : "rw");  // never create
    log_path_ = name_.path + "-wal";
    file_ = Identify(name_.path);
    log_ = Identify(log_path_);
    RefuseMoved(database);
  }
  /// The name that later connections open. Throws: StorageError of kind Moved.
  std::string Later() const {
    Check();
    CheckLog();
    return PutTogether(name_);
  }
  /// Throws: StorageError of kind Moved unless the file is where it was. (A file system of its own
  /// kind, where the operating system sees no file, is not asked.)
  void Check() const {
    if (file_ && Identify(name_.path) != file_) Refuse(name_.path);
  }
  void CheckLog() const {
    if (log_ && Identify(log_path_) != log_) Refuse(log_path_);
  }
  /// Throws: StorageError of kind Moved unless `database` has opened the file, and it is there.
  void Check(sqlite3* database) const {
    Check();
    RefuseMoved(database);
  }

 private:
  void RefuseMoved(sqlite3* database) const {
    int moved = 0;
    sqlite3_file_control(database, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
    if (moved != 0) Refuse(name_.path);
  }
  [[noreturn, gnu::cold]] void Refuse(std::string_view path) const {
    throw StorageError(StorageKind::Moved, url_,
                       core::Concat({"the file ", path,
                                     " is not the one that was opened: it was deleted, renamed or "
                                     "replaced. Put it back, or open the database anew"}));
  }

  std::string url_;
  Name name_;
  std::string log_path_;
  std::optional<FileIdentity> file_, log_;
};

/// Why a file may not be opened or written, as the file system says now; "" where it does not tell.
inline std::string Diagnose(std::string_view url, bool writes) {
  const Name name = TakeApart(url);
  const std::string& path = name.path;
  const auto slash = path.rfind('/');
  const std::string folder = slash == path.npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
  const auto may = [](const std::string& what, int how) {
    return faccessat(AT_FDCWD, what.c_str(), how, AT_EACCESS) == 0;
  };
  struct stat found;
  if (stat(path.c_str(), &found) != 0) {
    const int error = errno;
    if (error != ENOENT) return core::Concat({path, ": ", std::generic_category().message(error)});
    if (stat(folder.c_str(), &found) != 0) return core::Concat({"there is no folder ", folder});
    if (!may(folder, W_OK | X_OK)) {
      return core::Concat({"permission denied: no file can be made in the folder ", folder});
    }
    return "there is no such file";
  }
  if (S_ISDIR(found.st_mode)) return "it is a folder";
  if (!may(path, R_OK)) return "permission denied: the file may not be read";
  if (name.Find("mode") == "ro" && writes) return "it was opened by mode=ro";
  if (name.Find("immutable") == "1" && writes) return "it was opened by immutable=1";
  if (writes && !may(path, W_OK)) return "permission denied: the file may not be written";
  if (!may(folder, W_OK | X_OK)) {
    return core::Concat(
        {"permission denied: in the folder ", folder,
         " no file can be made, and a "
         "database in WAL mode has files beside it; one that nobody writes to is opened "
         "by file:PATH?immutable=1"});
  }
  return "";
}

}  // namespace grapnel::sqlite::detail
