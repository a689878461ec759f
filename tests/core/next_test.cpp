#include <grapnel/core/next.hpp>

#include "support/catch.hpp"
#include "support/trail.hpp"

#include <stdexcept>
#include <string>

namespace core = grapnel::core;
using core::detail::Once;

namespace {

/// A subject that has a scope opened around each next.
struct Scoped : Trail {
  struct NextScope {
    explicit NextScope(Scoped& s) : subject(s) { subject.lines.push_back("open"); }
    void Done() { subject.lines.push_back("done"); }
    ~NextScope() { subject.lines.push_back("close"); }
    Scoped& subject;
  };
};

}  // namespace

TEST_CASE("next is a function and its context, two words in all") {
  STATIC_REQUIRE(sizeof(TrailNext) == 2 * sizeof(void*));
  int calls = 0;
  const core::Next<Trail, int> next(
      [](void* context, Trail&) { return ++*static_cast<int*>(context); }, &calls);
  Trail trail;
  CHECK(next(trail) == 1);
  CHECK(core::Next<Trail, int>(next)(trail) == 2);
}

TEST_CASE("a callable that lives longer serves as a next") {
  const auto terminal = [](Trail& trail) { return static_cast<int>(trail.lines.size()); };
  Trail trail{{"one", "two"}};
  CHECK(core::detail::NextOf<Trail, int>(terminal)(trail) == 2);
}

TEST_CASE("B10 a next runs once, and again only after it threw") {
  Once once;
  once.Enter();
  CHECK_THROWS_WITH(once.Enter(), "next was called while the same next is running");
  once.Failed();
  once.Enter();
  once.Done();
  once.Failed();  // a success stays one
  CHECK_THROWS_WITH(once.Enter(),
                    "next was called again after it had succeeded; a hook may call it once, and "
                    "again only after it threw");
  CHECK_THROWS_AS(once.Enter(), grapnel::Error);
}

TEST_CASE("a subject's scope is told of success, and only closed after a failure") {
  Once once;
  Scoped subject;
  const auto fail = [&]() -> int { throw std::runtime_error("no"); };
  CHECK_THROWS_WITH((core::detail::Enter<Scoped, int>(once, subject, fail)), "no");
  CHECK(subject.lines == Lines{"open", "close"});

  subject.lines.clear();
  const auto succeed = [&] { return 7; };
  CHECK(core::detail::Enter<Scoped, int>(once, subject, succeed) == 7);
  CHECK(subject.lines == Lines{"open", "done", "close"});

  CHECK_THROWS_AS((core::detail::Enter<Scoped, int>(once, subject, succeed)), grapnel::Error);
  CHECK(subject.lines.size() == 3);  // refused before a scope was opened
}

TEST_CASE("a next without a result is entered the same way") {
  Once once;
  Trail trail;
  core::detail::Enter<Trail, void>(once, trail, [&] { trail.lines.push_back("ran"); });
  CHECK(trail.lines == Lines{"ran"});
  CHECK_THROWS_AS((core::detail::Enter<Trail, void>(once, trail, [] {})), grapnel::Error);
}
