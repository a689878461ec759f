// The core over somebody's own subject, result and terminal; nothing else is linked or even looked
// for.
#include <grapnel/core.hpp>

#include <string>

struct Request {
  std::string path;
};
using Reply = int;
using Next = grapnel::core::Next<Request, Reply>;

int main() {
  const grapnel::core::Chain hooks([](Request& request, Next next) -> Reply {
    return request.path == "/" ? next(request) : 404;
  });
  const grapnel::core::Mutator<Request, Reply> serve = [hooks](Request& request) -> Reply {
    return hooks(request, Next([](void*, Request&) -> Reply { return 200; }, nullptr));
  };
  Request root{"/"};
  Request other{"/other"};
  return serve(root) == 200 && serve(other) == 404 ? 0 : 1;
}
