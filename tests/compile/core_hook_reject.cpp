// expect: this is no hook for this subject
// expect: Subject& subject
#include <grapnel/core.hpp>

struct Request {
  Request() = default;
  Request(const Request&) = delete;
};

void Register(grapnel::core::HookList<Request, int>& hooks) {
  hooks.Add({[](int, grapnel::core::Next<Request, int>) { return 1; }});
}
