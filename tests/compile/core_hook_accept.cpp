#include <grapnel/core.hpp>

struct Request {
  Request() = default;
  Request(const Request&) = delete;
};

void Register(grapnel::core::HookList<Request, int>& hooks) {
  hooks.Add(
      {[](Request& request, grapnel::core::Next<Request, int> next) { return next(request); }});
}
