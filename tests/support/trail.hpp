#pragma once

#include <grapnel/core/next.hpp>
#include <grapnel/core/op.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// The subject of the tests of core/: whatever passes it adds a line.
struct Trail {
  std::vector<std::string> lines{};
};

/// The subject of the tests of hook/: the same, with an Op and a type as a mutation has them.
struct Write : Trail {
  grapnel::Op op = grapnel::Op::Create;

  Write() = default;
  explicit Write(grapnel::Op of) : op(of) {}
  grapnel::Op Op() const { return op; }
  std::string_view Type() const { return "User"; }
};

using TrailNext = grapnel::core::Next<Trail, int>;
using WriteNext = grapnel::core::Next<Write, int>;
using Lines = std::vector<std::string>;

/// What the hooks stand around: adds "end" and results in 42.
template <class Subject = Trail>
grapnel::core::Next<Subject, int> End() {
  return {[](void*, Subject& subject) -> int {
            subject.lines.push_back("end");
            return 42;
          },
          nullptr};
}

/// A hook that adds its name on the way in, and "/name" on the way out.
inline auto Pass(std::string name) {
  return [name = std::move(name)]<class Subject>(Subject& subject,
                                                 grapnel::core::Next<Subject, int> next) -> int {
    subject.lines.push_back(name);
    const int result = next(subject);
    subject.lines.push_back("/" + name);
    return result;
  };
}
