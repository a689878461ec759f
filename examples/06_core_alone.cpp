// The core alone: a request handler of your own becomes a server with middleware.
// <grapnel/core.hpp> needs the standard library and nothing else, and works over any subject, any
// result and anything callable.
//
// Output:
//   GET  /hello    -> 200 hello, ada
//   GET  /hello    -> 401 who are you?
//   POST /hello    -> 405 only GET
//   GET  /crash    -> 500 the disk is gone
//   3 requests were logged, the last was POST /hello
//   by hand: 200 hello, ada

#include <grapnel/core.hpp>

#include <cstdio>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

namespace core = grapnel::core;

// ---- What you have: a handler that knows of no hooks --------------------------------------------

struct Request {
  std::string method, path, user;
};
struct Reply {
  int status = 200;
  std::string text;
};

Reply Handle(Request& request) {
  if (request.path == "/crash") throw std::runtime_error("the disk is gone");
  return {200, "hello, " + request.user};
}

// ---- What you put around it ---------------------------------------------------------------------

using Next = core::Next<Request, Reply>;
using Server = core::Mutator<Request, Reply>;

// Around: the request and what comes next, which may throw.
Reply Guarded(Request& request, Next next) {
  try {
    return next(request);
  } catch (const std::exception& error) {
    return {500, error.what()};
  }
}
// One that answers itself, without calling next.
Reply OnlyGet(Request& request, Next next) {
  return request.method == "GET" ? next(request) : Reply{405, "only GET"};
}
// A server in and a server out, as Go's middleware; the outer function runs once.
Server SignedIn(Server next) {
  return [next](Request& request) -> Reply {
    return request.user.empty() ? Reply{401, "who are you?"} : next(request);
  };
}

void Show(const Request& request, const Reply& reply) {
  std::printf("%-4s %-9s -> %d %s\n", request.method.c_str(), request.path.c_str(), reply.status,
              reply.text.c_str());
}

int main() {
  // Hooks that come and go while the server runs are a list, which is a hook itself.
  std::vector<std::string> log;
  core::HookList<Request, Reply> changing;
  const auto logging = changing.Add({[&log](Request& request, Next next) -> Reply {
    log.push_back(request.method + " " + request.path);
    return next(request);
  }});

  // Guarded(changing(OnlyGet(SignedIn(Handle)))): the first is the outermost.
  const Server server = core::Chain(Guarded, std::cref(changing), OnlyGet, SignedIn).Then(Handle);

  const auto serve = [&](Request request) { Show(request, server(request)); };
  serve({"GET", "/hello", "ada"});
  serve({"GET", "/hello", ""});
  serve({"POST", "/hello", "ada"});
  changing.Remove(logging);
  serve({"GET", "/crash", "ada"});
  std::printf("%zu requests were logged, the last was %s\n", log.size(), log.back().c_str());

  // The same by hand: a hook around a server is a server.
  const core::Hook<Request, Reply> guarded(Guarded), only_get(OnlyGet);
  const Server by_hand = guarded(only_get(SignedIn(Handle)));
  Request request{"GET", "/hello", "ada"};
  const Reply reply = by_hand(request);
  std::printf("by hand: %d %s\n", reply.status, reply.text.c_str());
}
