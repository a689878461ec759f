#pragma once

#include "../bucket.hpp"
#include "sigv4.hpp"

#include <curl/curl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <grapnel/extras/sinks/webhook/no_sigpipe.hpp>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <ctime>
#include <initializer_list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Where a bucket of S3 is, and who asks.
struct S3Options {
  std::string bucket{};
  std::string endpoint{};  // "https://s3.eu-west-1.amazonaws.com": no path
  std::string region{};
  sigv4::Credentials who{};
};

/// s3://BUCKET?endpoint=URL&region=NAME: a bucket of a server that speaks the API of Amazon's S3,
/// addressed by the path, as all such servers understand it.
///
/// It asks once for each call: to try again is the outbox's, which knows for how long. A call ends
/// within ten minutes, and behind 30 seconds in which nothing moves. What the server refuses is a
/// BucketError with its status and its own words.
class S3Bucket final : public Bucket {
 public:
  /// Asks nothing yet. Throws: BucketError for an endpoint that is none.
  explicit S3Bucket(S3Options options) : options_(std::move(options)) {
    const std::string& at = options_.endpoint;
    const bool is_plain = at.starts_with("http://"), is_secure = at.starts_with("https://");
    host_ = at.substr(std::min(at.size(), at.find("://") + 3));
    if (host_.ends_with('/')) host_.pop_back();
    if (!(is_plain || is_secure) || host_.empty() || host_.find_first_of("/?#@ ") != host_.npos) {
      throw BucketError(fmt::format("{:?} is no endpoint: write https://HOST or http://HOST", at));
    }
    base_ = (is_plain ? "http://" : "https://") + host_;
    // The port that goes without saying is not in the header Host, which is signed.
    const std::string_view usual = is_plain ? ":80" : ":443";
    if (host_.ends_with(usual)) host_.resize(host_.size() - usual.size());
    static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (ready != CURLE_OK) throw BucketError("libcurl does not start");
  }
  /// Throws: BucketError where the bucket is not there, or not for these credentials.
  void Check() const {
    Expect(Send("GET", "", {{"list-type", "2"}, {"max-keys", "1"}}), {200}, "open the bucket");
  }

  bool Exists(const std::string& key) const override {
    CheckKey(key);
    const Answer answer = Send("HEAD", key);
    Expect(answer, {200, 404}, "look for " + key);
    // Nothing else tells an object that is not there from a bucket that is not.
    if (answer.status == 404) Expect(Send("HEAD", ""), {200}, "look into the bucket for " + key);
    return answer.status == 200;
  }
  void Write(const std::string& key, std::string_view bytes) override {
    CheckKey(key);
    Expect(Send("PUT", key, {}, bytes), {200}, "write " + key);
  }
  std::string Read(const std::string& key) const override {
    CheckKey(key);
    Answer answer = Send("GET", key);
    if (answer.status == 404 && Inside(answer.body, "Code") == "NoSuchKey") Missing(key);
    Expect(answer, {200}, "read " + key);
    return std::move(answer.body);
  }
  void Delete(const std::string& key) override {
    CheckKey(key);
    const Answer answer = Send("DELETE", key);
    if (answer.status == 404 && Inside(answer.body, "Code") == "NoSuchKey") return;
    Expect(answer, {200, 204}, "delete " + key);
  }
  std::vector<std::string> Keys() const override {
    std::vector<std::string> keys;
    std::map<std::string, std::string> query{{"list-type", "2"}, {"encoding-type", "url"}};
    while (true) {
      const Answer page = Send("GET", "", query);
      Expect(page, {200}, "list the bucket");
      if (page.body.find("<ListBucketResult") == std::string::npos) {
        throw BucketError("cannot list the bucket: what was answered is no list");
      }
      const bool is_encoded = Inside(page.body, "EncodingType") == "url";
      for (std::string_view rest = page.body; Skip(rest, "<Contents>");) {
        const std::string key = Unescaped(Inside(rest, "Key"));
        keys.push_back(is_encoded ? Decoded(key) : key);
      }
      if (Inside(page.body, "IsTruncated") != "true") break;
      const std::string next = Unescaped(Inside(page.body, "NextContinuationToken"));
      if (next.empty()) throw BucketError("cannot list the bucket: the list does not go on");
      query["continuation-token"] = next;
    }
    std::sort(keys.begin(), keys.end());
    return keys;
  }

  struct Answer {
    long status = 0;
    std::string body{};
  };
  /// Asks for what is under `key`, or for the bucket itself. Returns: whatever is answered. Throws:
  /// BucketError where nothing is.
  Answer Send(const std::string& method, const std::string& key,
              const std::map<std::string, std::string>& query = {},
              std::string_view body = "") const {
    sigv4::Request request{method, "/" + sigv4::Encoded(options_.bucket), query, {}, {}};
    if (!key.empty()) request.path += '/' + sigv4::Encoded(key, "/");
    request.payload_sha256 = sigv4::Sha256Hex(body);
    const std::string time = fmt::format("{:%Y%m%dT%H%M%SZ}", fmt::gmtime(std::time(nullptr)));
    request.headers = {
        {"host", host_}, {"x-amz-content-sha256", request.payload_sha256}, {"x-amz-date", time}};
    if (!options_.who.token.empty()) request.headers["x-amz-security-token"] = options_.who.token;
    const std::string signature =
        sigv4::Authorization(request, options_.who, {options_.region, "s3", time});

    // What libcurl would add by itself is either signed here or taken away.
    Headers headers;
    for (const auto& [name, value] : request.headers)
      headers.Add(fmt::format("{}: {}", name, value));
    headers.Add("authorization: " + signature);
    headers.Add("expect:");
    headers.Add("content-type:");
    std::string url = base_ + request.path;
    if (!query.empty()) url += '?' + sigv4::QueryText(query);

    const grapnel::extras::sinks::NoSigpipe no_sigpipe;
    Lease lease(*this);
    CURL* const curl = lease.curl;
    Answer answer;
    char why[CURL_ERROR_SIZE] = "";
    curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.list);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, why);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, 10L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, 600L);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, 30L);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &Receive);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer.body);
    if (method == "HEAD") curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    if (method == "PUT") {
      curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
      curl_easy_setopt(curl, CURLOPT_READFUNCTION, &Give);
      curl_easy_setopt(curl, CURLOPT_READDATA, &body);
      curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(body.size()));
    }
    if (method == "DELETE") curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, "DELETE");
    if (const CURLcode code = curl_easy_perform(curl); code != CURLE_OK) {
      throw BucketError(fmt::format("{} does not answer: {}", base_,
                                    *why != '\0' ? why : curl_easy_strerror(code)));
    }
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer.status);
    return answer;
  }

 private:
  struct Headers {
    curl_slist* list = nullptr;

    Headers() = default;
    Headers(const Headers&) = delete;
    Headers& operator=(const Headers&) = delete;
    ~Headers() { curl_slist_free_all(list); }
    void Add(const std::string& line) { list = curl_slist_append(list, line.c_str()); }
  };
  struct Cleanup {
    void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
  };
  /// A handle of libcurl with its connection, for one call at a time.
  struct Lease {
    const S3Bucket& bucket;
    CURL* curl = nullptr;

    explicit Lease(const S3Bucket& of) : bucket(of) {
      const std::lock_guard lock(bucket.mutex_);
      if (bucket.idle_.empty()) bucket.idle_.emplace_back(curl_easy_init());
      curl = bucket.idle_.back().release();
      bucket.idle_.pop_back();
      if (curl == nullptr) throw BucketError("libcurl makes no handle");
    }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    ~Lease() {
      curl_easy_reset(curl);
      const std::lock_guard lock(bucket.mutex_);
      bucket.idle_.emplace_back(curl);
    }
  };

  static std::size_t Receive(char* bytes, std::size_t, std::size_t size, void* into) {
    static_cast<std::string*>(into)->append(bytes, size);
    return size;
  }
  static std::size_t Give(char* into, std::size_t, std::size_t room, void* from) {
    auto& rest = *static_cast<std::string_view*>(from);
    const std::size_t size = std::min(room, rest.size());
    std::memcpy(into, rest.data(), size);
    rest.remove_prefix(size);
    return size;
  }

  static void Expect(const Answer& answer, std::initializer_list<long> good,
                     const std::string& what) {
    if (std::find(good.begin(), good.end(), answer.status) != good.end()) return;
    throw BucketError(fmt::format("cannot {}: {} {} {}", what, answer.status,
                                  Inside(answer.body, "Code"), Inside(answer.body, "Message")));
  }

  /// Leaves what follows on the first `mark`. False where there is none.
  static bool Skip(std::string_view& text, std::string_view mark) {
    const std::size_t at = text.find(mark);
    text.remove_prefix(at == text.npos ? text.size() : at + mark.size());
    return at != text.npos;
  }
  /// What stands in the first element of that name: the answers of S3 need no more of XML.
  static std::string Inside(std::string_view xml, const std::string& name) {
    if (!Skip(xml, "<" + name + ">")) return "";
    return std::string(xml.substr(0, xml.find('<')));
  }
  static std::string Unescaped(std::string text) {
    for (const auto& [escape, c] :
         {std::pair("&lt;", "<"), std::pair("&gt;", ">"), std::pair("&quot;", "\""),
          std::pair("&apos;", "'"), std::pair("&#39;", "'"), std::pair("&amp;", "&")}) {
      for (std::size_t at = 0; (at = text.find(escape, at)) != text.npos; ++at) {
        text.replace(at, std::strlen(escape), c);
      }
    }
    return text;
  }
  static std::string Decoded(std::string_view text) {
    std::string decoded;
    for (std::size_t at = 0; at < text.size(); ++at) {
      unsigned char byte = 0;
      const char* const digits = text.data() + std::min(at + 1, text.size());
      const char* const end = text.data() + std::min(at + 3, text.size());
      if (text[at] == '%' && std::from_chars(digits, end, byte, 16).ptr == digits + 2) {
        decoded += static_cast<char>(byte);
        at += 2;
      } else {
        decoded += text[at] == '+' ? ' ' : text[at];
      }
    }
    return decoded;
  }

  S3Options options_;
  std::string base_, host_;
  mutable std::mutex mutex_;
  mutable std::vector<std::unique_ptr<CURL, Cleanup>> idle_;
};
