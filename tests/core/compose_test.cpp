#include <grapnel/core/compose.hpp>

#include "support/catch.hpp"
#include "support/trail.hpp"

#include <thread>

namespace core = grapnel::core;
using core::detail::Bound;
using core::detail::FactoryFrame;
using core::detail::NeedsComposing;
using Server = core::Mutator<Trail, int>;

namespace {

struct Greets {
  using BeforeOnly = void;
  void operator()(Trail& trail) const { trail.lines.push_back("hello"); }
};

struct Counting {
  int* factories;
  Server operator()(Server next) const {
    ++*factories;
    return [next](Trail& trail) -> int {
      trail.lines.push_back("ent");
      return next(trail);
    };
  }
};

/// Holds another hook.
template <class Inner>
struct Around {
  using Parts = core::HookParts<Inner>;
  Inner inner;
  int operator()(Trail& trail, TrailNext next) const {
    trail.lines.push_back("around");
    return core::Invoke(inner, trail, next);
  }
  template <class Subject, class Result>
  auto Compose() const {
    auto composed = core::detail::Compose<Subject, Result>(inner);
    return Around<decltype(composed)>{composed};
  }
};

}  // namespace

TEST_CASE("only ent's form, and what holds it, is composed") {
  STATIC_REQUIRE(NeedsComposing<Counting, Trail, int>());
  STATIC_REQUIRE(NeedsComposing<Around<Counting>, Trail, int>());
  STATIC_REQUIRE(NeedsComposing<Around<Around<Counting>>, Trail, int>());
  STATIC_REQUIRE_FALSE(NeedsComposing<Greets, Trail, int>());
  STATIC_REQUIRE_FALSE(NeedsComposing<Around<Greets>, Trail, int>());
}

TEST_CASE("B10 what is composed runs its outer function once, however deep it stands") {
  int factories = 0;
  using Nested = Around<Around<Counting>>;
  const Bound<Nested, Trail, int> bound(core::MakeShared<const Nested>(
      Around<Around<Counting>>{Around<Counting>{Counting{&factories}}}));
  CHECK(factories == 1);
  for (int i = 0; i < 2; ++i) {
    Trail trail;
    CHECK(bound(trail, End()) == 42);
    CHECK(trail.lines == Lines{"around", "around", "ent", "end"});
  }
  CHECK(factories == 1);
  Trail trail;
  CHECK(core::Invoke(Counting{&factories}, trail, End()) == 42);  // alone, at each call
  CHECK(core::Invoke(Greets(), trail, End()) == 42);
  CHECK(factories == 2);
}

TEST_CASE("a frame is found by its key, the innermost of several, on its thread alone") {
  const int key = 0, other = 0, outer_next = 1, inner_next = 2;
  CHECK_THROWS_AS(FactoryFrame::Find(&key), grapnel::Error);
  const FactoryFrame outer(&key, &outer_next);
  CHECK(FactoryFrame::Find(&key) == &outer_next);
  {
    const FactoryFrame between(&other, nullptr);
    const FactoryFrame inner(&key, &inner_next);
    CHECK(FactoryFrame::Find(&key) == &inner_next);
    bool refused = false;
    std::thread([&] {
      try {
        FactoryFrame::Find(&key);
      } catch (const grapnel::Error&) {
        refused = true;
      }
    }).join();
    CHECK(refused);
  }
  CHECK(FactoryFrame::Find(&key) == &outer_next);
  CHECK_THROWS_AS(FactoryFrame::Find(&other), grapnel::Error);
}
