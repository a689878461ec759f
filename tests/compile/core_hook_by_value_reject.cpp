// expect: take the subject by reference
#include <grapnel/core.hpp>

struct Request {
  Request() = default;
  Request(const Request&) = delete;
};

void Register(grapnel::core::HookList<Request, int>& hooks) {
  hooks.Add({[](auto request, grapnel::core::Next<Request, int> next) { return next(request); }});
}
