// The core alone: the same hooks around something that is no database. <grapnel/core.hpp> needs the
// standard library and nothing else, and works over any subject, any result and any terminal.
//
// Output:
//   GET  /hello    -> 200 hello, ada
//   GET  /hello    -> 401 who are you?
//   POST /hello    -> 405 only GET
//   GET  /crash    -> 500 the disk is gone
//   3 requests were logged, the last was POST /hello
//   GET  /hello    -> 200 hello, ada (no hooks)

#include <grapnel/core.hpp>

#include <cstdio>
#include <stdexcept>
#include <string>
#include <vector>

namespace core = grapnel::core;

struct Request {
  std::string method;
  std::string path;
  std::string user;
};
struct Reply {
  int status = 200;
  std::string text;
};

using Next = core::Next<Request, Reply>;
using Server = core::Mutator<Request, Reply>;

// The terminal: what all the hooks stand around.
Reply Handle(void*, Request& request) {
  if (request.path == "/crash") throw std::runtime_error("the disk is gone");
  return {200, "hello, " + request.user};
}

// An around hook that turns exceptions into replies.
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
// Ent's form, a server in and a server out; its outer function runs once.
Server SignedIn(Server next) {
  return [next](Request& request) -> Reply {
    return request.user.empty() ? Reply{401, "who are you?"} : next(request);
  };
}

void Show(const Request& request, const Reply& reply, const char* remark = "") {
  std::printf("%-4s %-9s -> %d %s%s\n", request.method.c_str(), request.path.c_str(), reply.status,
              reply.text.c_str(), remark);
}

int main() {
  const Next terminal(Handle, nullptr);

  // Hooks whose types are known compose statically; a chain is a value, and a hook itself.
  const core::Chain checks(OnlyGet, SignedIn);

  // A list grows and shrinks at run time, also while other threads run it.
  std::vector<std::string> log;
  const auto logging = [&log](Request& request, Next next) -> Reply {
    log.push_back(request.method + " " + request.path);
    return next(request);
  };
  core::HookList<Request, Reply> hooks;
  hooks.Add({Guarded});
  const auto logging_id = hooks.Add({logging});
  hooks.Add({checks});

  const auto serve = [&](Request request) { Show(request, hooks.Load().Run(request, terminal)); };
  serve({"GET", "/hello", "ada"});
  serve({"GET", "/hello", ""});
  serve({"POST", "/hello", "ada"});
  hooks.Remove(logging_id);
  serve({"GET", "/crash", "ada"});
  std::printf("%zu requests were logged, the last was %s\n", log.size(), log.back().c_str());

  Request request{"GET", "/hello", "ada"};
  const core::Chain<> nothing;  // the identity
  Show(request, nothing(request, terminal), " (no hooks)");
}
