#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/store/driver/error.hpp>

#include <libpq-fe.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace grapnel::postgres::detail {

/// Where to connect to, and how: what libpq makes of a connection string, the environment and files
/// that it reads, with what Grapnel adds where none of them says it.
class Conninfo {
 public:
  using Options = std::vector<std::pair<std::string, std::string>>;

  /// Throws: StorageError of kind Open for a text that libpq does not take, without that text, in
  /// which a password may stand.
  explicit Conninfo(const std::string& text) {
    struct Free {
      void operator()(PQconninfoOption* all) const noexcept { PQconninfoFree(all); }
    };
    char* message = nullptr;
    const std::unique_ptr<PQconninfoOption, Free> all(PQconninfoParse(text.c_str(), &message));
    const std::string said = message != nullptr ? message : "";
    PQfreemem(message);
    if (all == nullptr) {
      if (said.find("invalid connection option") != said.npos) {
        throw StorageError(StorageKind::Open, "postgresql",
                           "the connection string cannot be parsed: libpq knows no option of the "
                           "name before one of the =, which is not repeated here, for it may be "
                           "of a password");
      }
      throw StorageError(StorageKind::Open, "postgresql",
                         "the connection string cannot be parsed: write \"host=localhost "
                         "dbname=app user=app\", values with blanks between single quotes, or "
                         "\"postgresql://app@localhost/app\"");
    }
    for (const PQconninfoOption* each = all.get(); each->keyword != nullptr; ++each) {
      if (each->val == nullptr) continue;
      options_.emplace_back(each->keyword, each->val);
      if (each->dispchar != nullptr && *each->dispchar == '*') secrets_.emplace_back(each->val);
    }
    RefuseTorn();
    url_ = Show();
    AddDefaults();
    hosts_ = Split();
  }

  /// Without passwords, for messages.
  const std::string& Url() const noexcept { return url_; }
  /// The options for each of the hosts, which are tried one after the other.
  const std::vector<Options>& Hosts() const noexcept { return hosts_; }
  /// How many seconds each of them has; 0: as long as it takes.
  int ConnectTimeout() const { return std::atoi(Find("connect_timeout")->c_str()); }

  /// A message of libpq's, without what is secret.
  std::string Clean(std::string_view message) const {
    std::string clean(message);
    for (const std::string& secret : secrets_) {
      if (secret.empty()) continue;
      for (auto at = clean.find(secret); at != clean.npos; at = clean.find(secret, at + 3)) {
        clean.replace(at, secret.size(), "***");
      }
    }
    while (!clean.empty() && (clean.back() == '\n' || clean.back() == ' ')) clean.pop_back();
    return clean;
  }

 private:
  /// How long each host is tried, in seconds.
  static constexpr const char* kConnectTimeout = "5";

  const std::string* Find(std::string_view keyword) const noexcept {
    for (const auto& [name, value] : options_) {
      if (name == keyword && !value.empty()) return &value;
    }
    return nullptr;
  }
  void Default(const char* keyword, const char* value, const char* environment = nullptr) {
    if (Find(keyword) != nullptr) return;
    if (environment != nullptr && std::getenv(environment) != nullptr) {
      value = std::getenv(environment);
    }
    std::erase_if(options_, [&](const auto& each) { return each.first == keyword; });
    options_.emplace_back(keyword, value);
  }
  /// A server that is gone is noticed within half a minute, though it never says so.
  void AddDefaults() {
    Default("connect_timeout", kConnectTimeout, "PGCONNECT_TIMEOUT");
    Default("keepalives_idle", "10");
    Default("keepalives_interval", "5");
    Default("keepalives_count", "3");
    Default("tcp_user_timeout", "25000");
    Default("application_name", "grapnel", "PGAPPNAME");
    std::erase_if(options_, [](const auto& each) { return each.first == "client_encoding"; });
    options_.emplace_back("client_encoding", "UTF8");
  }

  /// A password with characters that mean something in a URL is torn, and a piece of it would be
  /// told as a host or a port.
  void RefuseTorn() const {
    const std::string* port = Find("port");
    const std::string* host = Find("host");
    const bool whole = port == nullptr || port->find_first_not_of("0123456789,") == port->npos;
    if (whole && (host == nullptr || host->find('@', 1) == host->npos)) return;
    throw StorageError(StorageKind::Open, "postgresql",
                       "the connection string names a host or a port that is none: in the password "
                       "of a URL write %2F for /, %3A for :, %40 for @ and %25 for %");
  }
  std::string Show() const {
    std::string url;
    for (const char* keyword : {"service", "host", "hostaddr", "port", "dbname", "user"}) {
      const std::string* value = Find(keyword);
      if (value == nullptr) continue;
      // As a name of a database, libpq takes a whole connection string.
      if (value->find_first_of("= :@/") != value->npos && std::string_view(keyword) == "dbname") {
        continue;
      }
      core::Append(url, {url.empty() ? "" : " ", keyword, "=", *value});
    }
    return url.empty() ? "postgresql" : url;
  }

  static std::vector<std::string> List(const std::string* value) {
    std::vector<std::string> list;
    if (value == nullptr) return list;
    for (std::string_view rest = *value;;) {
      const auto comma = rest.find(',');
      list.emplace_back(rest.substr(0, comma));
      if (comma == rest.npos) return list;
      rest.remove_prefix(comma + 1);
    }
  }
  /// One for each host, so that each of them has its own time.
  std::vector<Options> Split() const {
    const auto hosts = List(Find("host"));
    const auto ports = List(Find("port"));
    const bool fits = ports.size() <= 1 || ports.size() == hosts.size();
    if (hosts.size() < 2 || Find("hostaddr") != nullptr || !fits) return {options_};
    const std::string* wanted = Find("target_session_attrs");
    const bool prefers = wanted != nullptr && *wanted == "prefer-standby";
    std::vector<Options> split;
    for (const char* attributes : {"standby", "any"}) {
      for (std::size_t i = 0; i < hosts.size(); ++i) {
        Options& options = split.emplace_back(options_);
        for (auto& [name, value] : options) {
          if (name == "host") value = hosts[i];
          if (name == "port" && ports.size() > 1) value = ports[i];
          if (name == "target_session_attrs" && prefers) value = attributes;
        }
      }
      if (!prefers) break;
    }
    return split;
  }

  Options options_;
  std::vector<std::string> secrets_;
  std::string url_;
  std::vector<Options> hosts_;
};

}  // namespace grapnel::postgres::detail
