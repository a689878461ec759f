#include <grapnel/core/place.hpp>

#include "support/catch.hpp"
#include "support/trail.hpp"

#include <stdexcept>
#include <string>
#include <thread>

namespace core = grapnel::core;
using core::detail::Once;
using core::detail::Place;
using core::detail::Running;

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

/// One and the same by its number, whichever object it is.
struct Numbered {
  int number;
  bool IsSameAs(const Numbered& other) const { return number == other.number; }
};

template <class Action>
std::string Refused(Action action) {
  try {
    action();
  } catch (const grapnel::Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("B10 a next runs once, and again only after it threw") {
  Once once;
  once.Enter();
  CHECK_THROWS_WITH(once.Enter(), "next was called while the same next is running");
  once.Leave();
  once.Enter();
  CHECK_THROWS_WITH(once.Enter(), "next was called while the same next is running");
  once.Leave();
  once.Enter();
  once.Done();
  once.Leave();  // a success stays one
  CHECK_THROWS_WITH(once.Enter(),
                    "next was called again after it had succeeded; a hook may call it once, and "
                    "again only after it threw");
  CHECK_THROWS_AS(once.Enter(), grapnel::Error);
}

TEST_CASE("B10 a next that was undone with another one runs again when that one does") {
  Once undoing, undone, before, between;
  const auto run = [](Once& once) {
    const Running running(once);
    once.Done();
  };
  run(before);
  for (int tries = 0; tries < 3; ++tries) {
    const Running running(undoing);
    run(undone);
    CHECK_THROWS_AS(run(undone), grapnel::Error);
    CHECK_THROWS_AS(run(before), grapnel::Error);
  }
  CHECK_THROWS_AS(run(undone), grapnel::Error);  // outside of it all
  run(between);
  {
    const Running running(undoing);
    CHECK_THROWS_AS(run(between), grapnel::Error);
    {
      Once inner;
      { const Running fails(inner); }
      const Running again(inner);
      run(undone);
      inner.Done();
    }
    undoing.Done();
  }
  CHECK_THROWS_AS(run(undoing), grapnel::Error);
  CHECK_THROWS_AS(run(undone), grapnel::Error);
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

TEST_CASE("B102 the next of a place is for its subject and its thread alone") {
  Trail trail, other;
  const auto rest = [](Trail& given) -> int {
    given.lines.push_back("rest");
    return 7;
  };
  Place<Trail, int, decltype(rest)> place(trail, rest);
  const TrailNext next = place.Next();
  CHECK_THAT(Refused([&] { next(other); }), Catch::Contains("another subject"));
  std::string elsewhere;
  std::thread([&] { elsewhere = Refused([&] { next(trail); }); }).join();
  CHECK_THAT(elsewhere, Catch::Contains("on another thread"));
  CHECK(trail.lines.empty());
  CHECK(next(trail) == 7);
  CHECK_THAT(Refused([&] { next(trail); }), Catch::Contains("called again"));
  CHECK(trail.lines == Lines{"rest"});
  CHECK(other.lines.empty());
}

TEST_CASE("a subject may be known by several objects") {
  Numbered one{1}, same{1}, two{2};
  const auto rest = [](Numbered& given) -> int { return given.number; };
  Place<Numbered, int, decltype(rest)> place(one, rest);
  CHECK_THAT(Refused([&] { place.Next()(two); }), Catch::Contains("another subject"));
  CHECK(place.Next()(same) == 1);
}
