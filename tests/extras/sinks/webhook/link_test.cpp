// B254: requests against a server that hangs, breaks off, answers garbage or is somebody else.
#include <grapnel/extras/sinks/webhook/link.hpp>

#include "support/catch.hpp"
#include "support/child.hpp"
#include "support/http_server.hpp"
#include "support/scratch.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <set>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using grapnel::CancelledError;
using grapnel::extras::sinks::HeaderList;
using grapnel::extras::sinks::Links;
using grapnel::extras::sinks::WebhookAnswer;
using grapnel::extras::sinks::WebhookError;

namespace {

/// The tests' servers are called without a proxy, whatever the machine has.
const bool direct = [] {
  for (const char* name : {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"}) {
    unsetenv(name);
  }
  return true;
}();

/// Without the second that libcurl waits for a long body to be welcome.
HeaderList NoExpect() {
  HeaderList headers;
  headers.Add("Expect", "");
  return headers;
}
WebhookAnswer Post(Links& links, const std::string& body = "body",
                   const std::stop_token& stop = {}) {
  return links.Post(NoExpect(), body, stop);
}
/// What a request says that got no whole answer.
std::string Failure(const std::string& url, const std::string& body = "body",
                    std::chrono::milliseconds timeout = 20s, const std::string& ca_file = "") {
  try {
    Links links(url, ca_file, timeout);
    static_cast<void>(Post(links, body));
  } catch (const WebhookError& error) {
    CHECK(error.Status() == 0);
    return error.what();
  }
  return "";
}
auto Ok() {
  return [](const HttpRequest&, HttpPeer& peer) { peer.Answer(200); };
}

}  // namespace

TEST_CASE("B254 a request is a POST of the body, byte for byte, with its headers") {
  HttpRequest got;
  HttpServer server([&](const HttpRequest& request, HttpPeer& peer) {
    got = request;
    peer.Answer(202, "retry-AFTER:  7 \r\nDate: today\r\nX-Retry-After: 8\r\n", "thanks");
  });
  Links links(server.Url("/a/b?c=d"), "", 20s);
  HeaderList headers = NoExpect();
  headers.Add("X-One", "1");
  headers.Add("Content-Type", "text/x");
  for (const std::string& body : {std::string("text"), std::string(), std::string("\0\r\n\xff", 4),
                                  std::string(1, 0), std::string(10 << 20, 'x')}) {
    const WebhookAnswer answer = links.Post(headers, body, {});
    CHECK(answer.status == 202);
    CHECK(answer.retry_after == "7");
    CHECK(answer.date == "today");
    CHECK(answer.body == "thanks");
    CHECK(got.method == "POST");
    CHECK(got.target == "/a/b?c=d");
    CHECK(got.Header("x-one") == "1");
    CHECK(got.Header("content-type") == "text/x");
    CHECK((got.body == body));
  }
}

TEST_CASE("B254 headers of what came before the last answer do not count") {
  HttpServer server([](const HttpRequest&, HttpPeer& peer) {
    peer.Send("HTTP/1.1 103 Early Hints\r\nRetry-After: 9\r\n\r\n");
    peer.Answer(503, "", "later");
  });
  Links links(server.Url(), "", 20s);
  const WebhookAnswer answer = Post(links);
  CHECK(answer.status == 503);
  CHECK(answer.retry_after.empty());
}

TEST_CASE("B254 a connection is reused, and one that was closed meanwhile is made anew") {
  std::atomic<bool> close = false;
  HttpServer server([&](const HttpRequest&, HttpPeer& peer) {
    peer.Answer(200);
    if (close) peer.Close();
  });
  Links links(server.Url(), "", 20s);
  for (int i = 0; i < 5; ++i) CHECK(Post(links).status == 200);
  CHECK(server.Connections() == 1);
  close = true;
  for (int i = 0; i < 5; ++i) CHECK(Post(links).status == 200);
  CHECK(server.Connections() > 1);
}

TEST_CASE("B254 threads have a connection each") {
  std::mutex mutex;
  std::multiset<std::string> got;
  HttpServer server([&](const HttpRequest& request, HttpPeer& peer) {
    {
      const std::lock_guard lock(mutex);
      got.insert(request.body);
    }
    peer.Answer(200, "", request.body);
  });
  Links links(server.Url(), "", 60s);
  std::atomic<int> wrong = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < 25; ++i) {
          const std::string body = std::to_string(t) + "." + std::to_string(i);
          if (Post(links, body).body != body) ++wrong;
        }
      });
    }
  }
  CHECK(wrong == 0);
  CHECK(got.size() == 100);
  CHECK(std::set<std::string>(got.begin(), got.end()).size() == 100);
  CHECK(server.Connections() <= 4);
}

TEST_CASE("B254 whatever breaks off or is no HTTP is no answer, and the next one is") {
  using Script = std::function<void(HttpPeer&)>;
  const std::string long_body(5000, 'x');
  const std::vector<Script> scripts = {
      [](HttpPeer&) {},
      [](HttpPeer& peer) { peer.Send("HTTP/1.1 2"); },
      [](HttpPeer& peer) { peer.Send("HTTP/1.1 200 OK\r\nContent-Le"); },
      [](HttpPeer& peer) { peer.Send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"); },
      [](HttpPeer& peer) {
        peer.Send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhalf");
      },
      [](HttpPeer& peer) {
        peer.Send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n");
      },
      [](HttpPeer& peer) { peer.Send("\x16\x03\x01 garbage \xff\xfe\r\n\r\n"); },
      [](HttpPeer& peer) { peer.Send("<html>no HTTP at all</html>\n"); },
      [&](HttpPeer& peer) { peer.Send(long_body); },
      [](HttpPeer& peer) { peer.Send("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"); },
      [](HttpPeer& peer) {
        peer.Send("HTTP/1.1 200 OK\r\n" + std::string(200000, 'h') + ": x\r\n\r\n");
      },
  };
  std::atomic<std::size_t> at = 0;
  HttpServer server([&](const HttpRequest&, HttpPeer& peer) {
    if (at < scripts.size()) {
      scripts[at](peer);
      peer.Close();
    } else {
      peer.Answer(200);
    }
  });
  Links links(server.Url(), "", 20s);
  for (; at < scripts.size(); ++at) {
    INFO("script " << at);
    CHECK_THROWS_AS(Post(links), WebhookError);
  }
  CHECK(Post(links).status == 200);
}

TEST_CASE("B254 of a long answer the beginning is kept, and the rest is not waited for") {
  HttpServer server([&](const HttpRequest& request, HttpPeer& peer) {
    if (request.body == "endless") {
      peer.Send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
      while (peer.Send("10000\r\n" + std::string(0x10000, 'y') + "\r\n")) {
      }
      peer.Close();
    } else {
      peer.Answer(400, "", std::string(10 << 20, 'y'));
    }
  });
  Links links(server.Url(), "", 60s);
  for (const auto& [body, status] : {std::pair("long", 400), std::pair("endless", 200)}) {
    const WebhookAnswer answer = Post(links, body);
    CHECK(answer.status == status);
    CHECK(answer.body == std::string(1000, 'y'));
  }
}

TEST_CASE("B254 a server that hangs, or drips, has its time limit") {
  HttpServer server([](const HttpRequest& request, HttpPeer& peer) {
    if (request.body == "head") peer.Send("HTTP/1.1 200 OK\r\n");
    if (request.body == "body") peer.Send("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
    if (request.body == "drip") {
      peer.Send("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
      while (peer.Send(".")) std::this_thread::sleep_for(5ms);
    }
    peer.Hang();
  });
  for (const char* body : {"", "head", "body", "drip"}) {
    INFO(body);
    CHECK_THAT(Failure(server.Url(), body, 150ms), Catch::Contains("timed out"));
  }
}

TEST_CASE("B254 a stop ends a request at once, whatever it waits for") {
  std::atomic<int> waiting = 0;
  HttpServer server([&](const HttpRequest&, HttpPeer& peer) {
    ++waiting;
    peer.Hang();
  });
  Links links(server.Url(), "", 1h);
  for (int i = 1; i <= 3; ++i) {
    std::stop_source source;
    const std::jthread stopper([&] {
      while (waiting < i) std::this_thread::sleep_for(1ms);
      source.request_stop();
    });
    CHECK_THROWS_AS(Post(links, "body", source.get_token()), CancelledError);
  }
  std::stop_source stopped;
  stopped.request_stop();
  CHECK_THROWS_AS(Post(links, "body", stopped.get_token()), CancelledError);

  // Nobody takes the body, or the connection.
  const std::string body(10 << 20, 'x');
  const int full = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  REQUIRE(bind(full, reinterpret_cast<sockaddr*>(&at), size) == 0);
  REQUIRE(listen(full, 0) == 0);
  REQUIRE(getsockname(full, reinterpret_cast<sockaddr*>(&at), &size) == 0);
  const std::string url = "http://127.0.0.1:" + std::to_string(ntohs(at.sin_port));
  CHECK_THAT(Failure(url, body, 150ms), Catch::Contains("timed out"));
  Links silent(url, "", 1h);
  std::vector<std::jthread> stuck;
  std::stop_source source;
  std::atomic<int> cancelled = 0;
  for (int i = 0; i < 4; ++i) {
    stuck.emplace_back([&] {
      try {
        static_cast<void>(Post(silent, body, source.get_token()));
      } catch (const CancelledError&) {
        ++cancelled;
      }
    });
  }
  std::this_thread::sleep_for(50ms);
  source.request_stop();
  stuck.clear();
  CHECK(cancelled == 4);
  close(full);
}

TEST_CASE("B254 nobody there is no answer") {
  std::string url;
  {
    HttpServer gone(Ok());
    url = gone.Url();
  }
  CHECK_THAT(Failure(url), Catch::StartsWith("POST " + url + ": "));
  CHECK_FALSE(Failure("http://no-such-host.invalid/", "", 2s).empty());
}

TEST_CASE("B254 TLS is verified: the certificate, its name and its time") {
  const Scratch scratch;
  const Certificate mine("IP:127.0.0.1"), others("IP:127.0.0.1"), named("DNS:other.example"),
      old("IP:127.0.0.1", -1);
  const std::string trusted = mine.WriteTo(scratch.File("mine.pem"));
  std::atomic<int> requests = 0;
  const auto count = [&](const HttpRequest&, HttpPeer& peer) {
    ++requests;
    peer.Answer(200);
  };
  HttpServer server(count, &mine);
  Links links(server.Url(), trusted, 20s);
  for (int i = 0; i < 3; ++i) CHECK(Post(links, std::string(1 << 20, 'x')).status == 200);
  CHECK(server.Connections() == 1);
  CHECK(requests == 3);

  CHECK_FALSE(Failure(server.Url()).empty());  // the system does not know it
  CHECK_FALSE(Failure(server.Url(), "", 20s, others.WriteTo(scratch.File("others.pem"))).empty());
  CHECK_FALSE(Failure(server.Url(), "", 20s, scratch.File("none.pem")).empty());
  HttpServer wrong_name(count, &named), expired(count, &old), plain(count);
  CHECK_FALSE(Failure(wrong_name.Url(), "", 20s, named.WriteTo(scratch.File("named.pem"))).empty());
  CHECK_FALSE(Failure(expired.Url(), "", 20s, old.WriteTo(scratch.File("old.pem"))).empty());
  std::string tls_to_plain = plain.Url();
  tls_to_plain.insert(4, "s");
  CHECK_FALSE(Failure(tls_to_plain, "", 200ms, trusted).empty());
  CHECK(requests == 3);
}

TEST_CASE("B254 a peer that goes while a body is sent is no end of the process") {
  const Scratch scratch;
  const Certificate certificate("IP:127.0.0.1");
  const std::string trusted = certificate.WriteTo(scratch.File("mine.pem"));
  const std::string body(20 << 20, 'x');
  const Ended ended = InChild([&] {
    std::signal(SIGPIPE, SIG_DFL);
    for (const Certificate* tls : {static_cast<const Certificate*>(nullptr), &certificate}) {
      HttpServer server(Ok(), tls);
      server.read_most = 1000;
      for (int i = 0; i < 3; ++i) {
        if (Failure(server.Url(), body, 20s, trusted).empty()) return 1;
      }
    }
    // One that is reset while nobody uses it is found out later, and when it is given up.
    for (const bool again : {true, false}) {
      std::atomic<int> read = 0;  // a reset takes what is not read yet
      HttpServer server(
          [&](const HttpRequest& request, HttpPeer& peer) {
            peer.Answer(200);
            while (read < request.connection) std::this_thread::sleep_for(1ms);
            peer.Reset();
          },
          &certificate);
      Links links(server.Url(), trusted, 20s);
      for (int i = 0; i < (again ? 3 : 1); ++i) {
        if (Post(links).status != 200) return 4;
        read = server.Connections();
        std::this_thread::sleep_for(50ms);
      }
    }
    sigset_t blocked;
    pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
    if (sigismember(&blocked, SIGPIPE) != 0) return 2;
    sigset_t pending;
    sigpending(&pending);
    return sigismember(&pending, SIGPIPE) == 0 ? 0 : 3;
  });
  INFO(ended.text);
  CHECK(ended.code == 0);
}

TEST_CASE("B254 a URL is one of http or https, and what is secret in it is not shown") {
  for (const char* bad : {"", "x", "ftp://host/", "file:///etc/passwd", "gopher://host", "http://",
                          "://host", "http://ho st/", "http://host:99999/", "host/path"}) {
    INFO(bad);
    CHECK_THROWS_AS(Links(bad, "", 1s), grapnel::Error);
  }
  CHECK_THROWS_AS(Links(std::string("http://host/\0", 13), "", 1s), grapnel::Error);
  const Links links("https://user:password@host:8443/path?token=secret#part", "", 1s);
  CHECK(links.Shown() == "https://host:8443/path");
  CHECK(Links("HTTP://host", "", 1s).Shown() == "http://host/");
}
