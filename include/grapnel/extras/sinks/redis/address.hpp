#pragma once

#include <grapnel/core/error.hpp>

#include <charconv>
#include <cstddef>
#include <string>
#include <string_view>
#include <system_error>

namespace grapnel::extras::sinks {

/// Where a Redis server is, and who one is there.
struct RedisAddress {
  std::string host = "127.0.0.1";
  int port = 6379;
  int database = 0;
  std::string user{};      // "" with a password: the default user
  std::string password{};  // "" where none is asked for
  std::string socket{};    // a path: a socket of this machine instead of host and port

  /// Of `redis://[[user]:password@]host[:port][/database]` or `unix:///path/to/socket`; user and
  /// password may be percent-encoded. Throws: Error, which does not repeat the URL.
  static RedisAddress Of(std::string_view url) {
    RedisAddress address;
    if (url.starts_with("unix://")) {
      address.socket = url.substr(7);
      Require(address.socket.starts_with('/'), "the path of a socket begins with /");
      return address;
    }
    Require(!url.starts_with("rediss://"), "TLS (rediss://) is not offered: use a tunnel");
    Require(url.starts_with("redis://"), "it begins with redis:// or unix://");
    url.remove_prefix(8);
    if (const auto slash = url.rfind('/'); slash != url.npos && url.find('@', slash) == url.npos) {
      if (slash + 1 < url.size()) {
        address.database = Number(url.substr(slash + 1), 1'000'000, "database");
      }
      url = url.substr(0, slash);
    }
    if (const auto at = url.rfind('@'); at != url.npos) {
      const std::string_view who = url.substr(0, at);
      const auto colon = who.find(':');
      Require(colon != who.npos, "before the @ stands user:password or :password");
      address.user = Decoded(who.substr(0, colon));
      address.password = Decoded(who.substr(colon + 1));
      url.remove_prefix(at + 1);
    }
    auto colon = url.rfind(':');
    if (url.starts_with('[')) {  // IPv6
      const auto end = url.find(']');
      Require(end != url.npos, "there is no ] behind [");
      address.host = url.substr(1, end - 1);
      Require(end + 1 == url.size() || url[end + 1] == ':', "behind ] stands :port");
      colon = end + 1 == url.size() ? url.npos : end + 1;
    } else {
      address.host = url.substr(0, colon);
    }
    Require(!address.host.empty(), "there is no host");
    if (colon != url.npos) address.port = Number(url.substr(colon + 1), 65535, "port");
    return address;
  }

  /// As people read it, without user and password.
  std::string Shown() const {
    const std::string place =
        !socket.empty()
            ? socket
            : (host.find(':') == host.npos ? host : "[" + host + "]") + ":" + std::to_string(port);
    return database == 0 ? place : place + "/" + std::to_string(database);
  }

 private:
  static void Require(bool holds, const char* what) {
    if (!holds) throw Error(std::string("extras::sinks::RedisAddress: ").append(what));
  }
  static int Number(std::string_view text, int most, const char* of) {
    int number = -1;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    Require(
        error == std::errc() && end == text.data() + text.size() && number >= 0 && number <= most,
        (std::string("no ") + of + " is a number like that").c_str());
    return number;
  }
  static std::string Decoded(std::string_view text) {
    std::string decoded;
    for (std::size_t i = 0; i < text.size(); ++i) {
      unsigned char code = 0;
      if (text[i] != '%') {
        decoded += text[i];
        continue;
      }
      const char* const first = text.data() + i + 1;
      const bool is_whole = i + 2 < text.size();
      Require(is_whole && std::from_chars(first, first + 2, code, 16).ptr == first + 2,
              "behind % stand two hexadecimal digits");
      decoded += static_cast<char>(code);
      i += 2;
    }
    return decoded;
  }
};

}  // namespace grapnel::extras::sinks
