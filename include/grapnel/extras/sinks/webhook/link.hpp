#pragma once

#include <grapnel/core/error.hpp>
#include <grapnel/extras/sinks/idle.hpp>
#include <grapnel/extras/sinks/webhook/answer.hpp>
#include <grapnel/extras/sinks/webhook/no_sigpipe.hpp>

#include <curl/curl.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <new>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>

#if LIBCURL_VERSION_NUM < 0x074400
#error "grapnel::webhook needs libcurl 7.68 or newer: curl_multi_wakeup"
#endif

namespace grapnel::extras::sinks {

/// The lines of a request's head.
class HeaderList {
 public:
  /// An empty value takes a header away that libcurl would send by itself.
  void Add(const std::string& name, const std::string& value) {
    const std::string line = value.empty() ? name + ":" : name + ": " + value;
    curl_slist* longer = curl_slist_append(list_.get(), line.c_str());
    if (longer == nullptr) throw std::bad_alloc();
    static_cast<void>(list_.release());
    list_.reset(longer);
  }
  curl_slist* Get() const noexcept { return list_.get(); }

 private:
  std::unique_ptr<curl_slist, void (*)(curl_slist*)> list_{nullptr, &curl_slist_free_all};
};

/// The connections to one URL: as many as there are requests at a time, each reused. Threads: any.
class Links {
 public:
  /// Throws: Error for a URL that is not one of http or https.
  Links(const std::string& url, std::string ca_file, std::chrono::milliseconds timeout)
      : url_(url), ca_file_(std::move(ca_file)), timeout_(timeout) {
    static const bool ready = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
    const std::unique_ptr<CURLU, void (*)(CURLU*)> parsed(curl_url(), &curl_url_cleanup);
    if (!ready || !parsed) throw Error("extras::sinks::Webhook: libcurl does not start");
    std::string scheme, host, port, path;
    const bool good = url.find('\0') == std::string::npos &&
                      curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) == CURLUE_OK &&
                      Part(parsed.get(), CURLUPART_SCHEME, scheme) &&
                      Part(parsed.get(), CURLUPART_HOST, host) &&
                      Part(parsed.get(), CURLUPART_PATH, path);
    if (!good || (scheme != "http" && scheme != "https")) {
      throw Error("extras::sinks::Webhook: the URL cannot be read, or is none of http or https");
    }
    if (Part(parsed.get(), CURLUPART_PORT, port)) port.insert(0, 1, ':');
    shown_ = scheme + "://" + host + port + path;
  }

  Links(const Links&) = delete;
  Links& operator=(const Links&) = delete;
  ~Links() {
    const NoSigpipe quiet;  // TLS says farewell
    idle_.Close();
  }

  /// The URL without what may be secret in it: a user, a password, a query.
  const std::string& Shown() const noexcept { return shown_; }

  /// Sends the body, which has to stay as it is meanwhile. Returns: a whole answer, or the head and
  /// the beginning of one that is too long. Throws: WebhookError where there is none;
  /// CancelledError when a stop is requested.
  WebhookAnswer Post(const HeaderList& headers, const std::string& body,
                     const std::stop_token& stop) {
    const NoSigpipe quiet;
    Reply reply;  // outlives the link, which writes to it
    std::unique_ptr<Link> link = Take();
    const CURLcode code = Try(*link, headers, body, stop, reply);
    if (code != CURLE_OK && !(reply.is_too_long && reply.answer.status >= 200)) {
      throw WebhookError("POST " + shown_ + ": " +
                         (reply.error[0] != 0 ? reply.error : curl_easy_strerror(code)));
    }
    curl_easy_reset(link->easy.get());  // its connections stay
    idle_.Keep(std::move(link));
    return std::move(reply.answer);
  }

 private:
  static constexpr std::size_t kKept = 1000;      // of an answer's body
  static constexpr std::size_t kMost = 64 << 10;  // what is read of it
  static constexpr std::size_t kLongestHeader = 100;

  struct Link {
    std::unique_ptr<CURLM, CURLMcode (*)(CURLM*)> multi{curl_multi_init(), &curl_multi_cleanup};
    std::unique_ptr<CURL, void (*)(CURL*)> easy{curl_easy_init(), &curl_easy_cleanup};
  };
  struct Reply {
    WebhookAnswer answer{};
    std::size_t read = 0;
    bool is_too_long = false;
    bool has_whole_head = false;
    char error[CURL_ERROR_SIZE] = {};
  };

  static bool Part(CURLU* url, CURLUPart part, std::string& out) {
    char* text = nullptr;
    if (curl_url_get(url, part, &text, 0) != CURLUE_OK) return false;
    out = text;
    curl_free(text);
    return true;
  }

  std::unique_ptr<Link> Take() {
    if (auto idle = idle_.Take([](const Link&) { return true; })) return idle;
    auto link = std::make_unique<Link>();
    if (!link->easy || !link->multi) throw std::bad_alloc();
    return link;
  }

  CURLcode Try(Link& link, const HeaderList& headers, const std::string& body,
               const std::stop_token& stop, Reply& reply) const {
    // What libcurl calls must not throw: there is room for all that is kept.
    reply.answer.body.reserve(kKept);
    reply.answer.retry_after.reserve(kLongestHeader);
    reply.answer.date.reserve(kLongestHeader);
    CURL* easy = link.easy.get();
    SetUp(easy);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers.Get());
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body.data());
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &OnHeader);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, &reply);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &OnBody);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &reply);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, reply.error);

    const CURLcode code = Perform(link, stop);
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    reply.answer.status = static_cast<int>(status);
    // libcurl takes a head that breaks off for one that is done.
    return code == CURLE_OK && !reply.has_whole_head ? CURLE_PARTIAL_FILE : code;
  }

  void SetUp(CURL* easy) const {
    curl_easy_setopt(easy, CURLOPT_URL, url_.c_str());
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(timeout_.count()));
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(timeout_.count()));
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    if (!ca_file_.empty()) {
      curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file_.c_str());
      curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr);
    }
#if LIBCURL_VERSION_NUM >= 0x075500
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
#else
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS, static_cast<long>(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
#if LIBCURL_VERSION_NUM >= 0x075700
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);  // no wait for a name that is still looked up
#endif
  }

  /// As curl_easy_perform, which a stop ends at once.
  CURLcode Perform(Link& link, const std::stop_token& stop) const {
    CURLM* multi = link.multi.get();
    CURL* easy = link.easy.get();
    if (curl_multi_add_handle(multi, easy) != CURLM_OK) return CURLE_FAILED_INIT;
    const std::unique_ptr<CURL, std::function<void(CURL*)>> added(
        easy, [multi](CURL* done) { curl_multi_remove_handle(multi, done); });
    const std::stop_callback wake(stop, [multi] { curl_multi_wakeup(multi); });
    for (;;) {
      int running = 0, left = 0;
      if (curl_multi_perform(multi, &running) != CURLM_OK) return CURLE_FAILED_INIT;
      while (const CURLMsg* message = curl_multi_info_read(multi, &left)) {
        if (message->msg == CURLMSG_DONE) return message->data.result;
      }
      if (stop.stop_requested()) {
        throw CancelledError("POST " + shown_ + ": a stop was requested");
      }
      if (curl_multi_poll(multi, nullptr, 0, 1000, nullptr) != CURLM_OK) return CURLE_FAILED_INIT;
    }
  }

  static std::size_t OnHeader(char* data, std::size_t, std::size_t size, void* to) noexcept {
    Reply& reply = *static_cast<Reply*>(to);
    WebhookAnswer& answer = reply.answer;
    const std::string_view line(data, size);
    if (line.starts_with("HTTP/")) {  // of another answer, behind 103 for example
      answer.retry_after.clear(), answer.date.clear();
      reply.has_whole_head = false;
    } else if (line == "\r\n" || line == "\n") {
      reply.has_whole_head = true;
    }
    for (const auto& [name, value] :
         {std::pair("retry-after:", &answer.retry_after), std::pair("date:", &answer.date)}) {
      const std::string_view wanted = name;
      const auto is_same = [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a | 32 : a) == b; };
      if (line.size() < wanted.size() || line.size() > kLongestHeader ||
          !std::ranges::equal(line.substr(0, wanted.size()), wanted, is_same)) {
        continue;
      }
      const std::string_view text = line.substr(wanted.size());
      const std::size_t from = text.find_first_not_of(" \t\r\n");
      if (from == std::string_view::npos) continue;
      *value = text.substr(from, text.find_last_not_of(" \t\r\n") + 1 - from);
    }
    return size;
  }
  static std::size_t OnBody(char* data, std::size_t, std::size_t size, void* to) noexcept {
    Reply& reply = *static_cast<Reply*>(to);
    std::string& body = reply.answer.body;
    body.append(data, std::min(size, kKept - body.size()));
    reply.read += size;
    reply.is_too_long = reply.read > kMost;
    return reply.is_too_long ? 0 : size;
  }

  const std::string url_, ca_file_;
  const std::chrono::milliseconds timeout_;
  std::string shown_;
  Idle<Link> idle_;
};

}  // namespace grapnel::extras::sinks
