#pragma once

/// AWS Signature Version 4, as the servers of S3 want it: who knows the secret signs what is asked.

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <cstddef>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>

namespace sigv4 {

struct Credentials {
  std::string id, secret, token;  // a token only where they are temporary ones
};

/// What is to be signed. Names of headers are in small letters, values without blanks around them.
struct Request {
  std::string method, path;  // the path percent-encoded
  std::map<std::string, std::string> query, headers;
  std::string payload_sha256;  // in hexadecimal
};

/// Where and when it is valid: `time` as "20130524T000000Z".
struct Scope {
  std::string region, service, time;

  std::string Text() const {
    return time.substr(0, 8) + '/' + region + '/' + service + "/aws4_request";
  }
};

inline std::string Hex(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

inline std::string Sha256Hex(std::string_view bytes) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest, &size, EVP_sha256(), nullptr) != 1) {
    throw std::runtime_error("OpenSSL has no SHA-256");
  }
  return Hex({reinterpret_cast<const char*>(digest), size});
}

inline std::string Hmac(std::string_view key, std::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
           reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest,
           &size) == nullptr) {
    throw std::runtime_error("OpenSSL has no HMAC-SHA-256");
  }
  return {reinterpret_cast<const char*>(digest), size};
}

/// Percent-encodes all but the unreserved characters of RFC 3986, and those of `kept`, with capital
/// letters: the only form that servers compute the signature of.
inline std::string Encoded(std::string_view text, std::string_view kept = "") {
  constexpr std::string_view kUnreserved =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  std::string encoded;
  for (const char c : text) {
    if (kUnreserved.find(c) != std::string_view::npos || kept.find(c) != std::string_view::npos) {
      encoded += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      encoded += '%';
      encoded += "0123456789ABCDEF"[byte >> 4];
      encoded += "0123456789ABCDEF"[byte & 15];
    }
  }
  return encoded;
}

/// What stands behind the '?' of a URL, in the order that is signed.
inline std::string QueryText(const std::map<std::string, std::string>& query) {
  std::map<std::string, std::string> encoded;
  for (const auto& [name, value] : query) encoded[Encoded(name)] = Encoded(value);
  std::string text;
  for (const auto& [name, value] : encoded) {
    if (!text.empty()) text += '&';
    text.append(name).append("=").append(value);
  }
  return text;
}

/// The value of the header Authorization.
inline std::string Authorization(const Request& request, const Credentials& who,
                                 const Scope& scope) {
  std::string headers, names;
  for (const auto& [name, value] : request.headers) {
    headers.append(name).append(":").append(value).append("\n");
    names.append(names.empty() ? "" : ";").append(name);
  }
  const std::string canonical = request.method + '\n' + request.path + '\n' +
                                QueryText(request.query) + '\n' + headers + '\n' + names + '\n' +
                                request.payload_sha256;
  const std::string to_sign =
      "AWS4-HMAC-SHA256\n" + scope.time + '\n' + scope.Text() + '\n' + Sha256Hex(canonical);
  std::string key = "AWS4" + who.secret;
  for (const std::string& part :
       {scope.time.substr(0, 8), scope.region, scope.service, std::string("aws4_request")}) {
    key = Hmac(key, part);
  }
  return "AWS4-HMAC-SHA256 Credential=" + who.id + '/' + scope.Text() + ",SignedHeaders=" + names +
         ",Signature=" + Hex(Hmac(key, to_sign));
}

}  // namespace sigv4
