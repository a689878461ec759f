#include <grapnel/core/hook.hpp>

#include <grapnel/core/hook_stack.hpp>

#include "support/catch.hpp"
#include "support/trail.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace core = grapnel::core;
using grapnel::Op;
using Hook = core::Hook<Trail, int>;
using Server = core::Mutator<Trail, int>;

namespace {

/// A hook without a next.
struct Greets {
  using BeforeOnly = void;
  void operator()(Trail& trail) const { trail.lines.push_back("hello"); }
};

/// A hook that says outside of which Ops it does nothing.
struct Masked {
  Op mask;
  Op Mask() const { return mask; }
  int operator()(Trail& trail, TrailNext next) const { return next(trail); }
};

/// A hook of any subject.
struct Counts {
  mutable int calls = 0;
  template <class Subject>
  int operator()(Subject& subject, core::Next<Subject, int> next) const {
    ++calls;
    return next(subject);
  }
};

auto Counting(int& factories) {
  return [&factories](Server next) -> Server {
    ++factories;
    return [next](Trail& trail) -> int {
      trail.lines.push_back("in");
      const int result = next(trail);
      trail.lines.push_back("out");
      return result;
    };
  };
}

}  // namespace

TEST_CASE("the three forms of a hook are told apart") {
  const auto around = [](Trail& trail, TrailNext next) -> int { return next(trail); };
  const auto factory = [](Server next) -> Server { return next; };
  const auto generic = []<class S, class R>(S& s, core::Next<S, R> next) { return next(s); };
  STATIC_REQUIRE(core::BeforeHook<Greets, Trail>);
  STATIC_REQUIRE(core::AroundHook<decltype(around), Trail, int>);
  STATIC_REQUIRE(core::AroundHook<decltype(generic), Trail, int>);
  STATIC_REQUIRE(core::FactoryHook<decltype(factory), Trail, int>);
  STATIC_REQUIRE_FALSE(core::AroundHook<decltype(factory), Trail, int>);
  STATIC_REQUIRE_FALSE(core::FactoryHook<decltype(around), Trail, int>);
  STATIC_REQUIRE_FALSE(core::AroundHook<decltype(around), std::string, int>);

  CHECK(Hook(Greets()).IsBefore());
  CHECK_FALSE(Hook(around).IsBefore());
  CHECK_FALSE(Hook(factory).IsBefore());
}

TEST_CASE("each form runs through the same face") {
  Trail trail;
  Hook(Greets()).Before(trail);
  CHECK(Hook(Pass("a")).Around(trail, End()) == 42);
  int factories = 0;
  CHECK(Hook(Counting(factories)).Around(trail, End()) == 42);
  CHECK(core::Invoke(Greets(), trail, End()) == 42);
  CHECK(trail.lines == Lines{"hello", "a", "end", "/a", "in", "end", "out", "hello", "end"});
}

TEST_CASE("B10 ent's form is composed once, when it becomes a hook, not at each run") {
  int factories = 0;
  const Hook hook = Counting(factories);
  const Hook copy = hook;
  CHECK(factories == 1);
  Trail trail;
  hook.Around(trail, End());
  copy.Around(trail, End());
  CHECK(factories == 1);
  CHECK(trail.lines == Lines{"in", "end", "out", "in", "end", "out"});
}

TEST_CASE("ent's form may run inside itself: each next goes on from its own place") {
  std::optional<Hook> hook;
  int factories = 0;
  hook.emplace(Counting(factories));
  const auto inner = [&](Trail& trail) -> int {
    trail.lines.push_back("inner");
    return trail.lines.size() < 4 ? hook->Around(trail, End()) : 0;
  };
  Trail trail;
  CHECK(hook->Around(trail, core::detail::NextOf<Trail, int>(inner)) == 42);
  CHECK(trail.lines == Lines{"in", "inner", "in", "end", "out", "out"});
}

TEST_CASE("the next of ent's form refuses to be called outside of its hook") {
  std::optional<Server> kept;
  const Hook hook = [&kept](Server next) -> Server {
    kept = next;
    return next;
  };
  Trail trail;
  REQUIRE(kept.has_value());
  constexpr auto text = "next was called outside of its hook, or on another thread";
  CHECK_THROWS_WITH((*kept)(trail), text);
  CHECK(hook.Around(trail, End()) == 42);
  CHECK_THROWS_AS((*kept)(trail), grapnel::Error);

  std::string said;
  const Hook elsewhere = [&](Server next) -> Server {
    return [&said, next](Trail& inner) -> int {
      std::thread([&] {
        try {
          next(inner);
        } catch (const grapnel::Error& error) {
          said = error.what();
        }
      }).join();
      return 1;
    };
  };
  CHECK(elsewhere.Around(trail, End()) == 1);
  CHECK(said == text);
  CHECK(trail.lines == Lines{"end"});
}

TEST_CASE("a hook of ent's form that throws leaves no trace in the thread") {
  int factories = 0;
  const Hook hook = Counting(factories);
  Trail trail;
  const auto fail = [](Trail&) -> int { throw std::runtime_error("no"); };
  CHECK_THROWS_WITH(hook.Around(trail, core::detail::NextOf<Trail, int>(fail)), "no");
  CHECK(hook.Around(trail, End()) == 42);
  CHECK(trail.lines == Lines{"in", "in", "end", "out"});
}

TEST_CASE("a hook may own what cannot be copied; copies share it") {
  auto owned = std::make_unique<std::string>("owned");
  const Hook hook = [owned = std::move(owned)](Trail& trail, TrailNext next) -> int {
    trail.lines.push_back(*owned);
    *owned += "!";
    return next(trail);
  };
  const Hook copy = hook;
  Trail trail;
  hook.Around(trail, End());
  copy.Around(trail, End());
  CHECK(trail.lines == Lines{"owned", "end", "owned!", "end"});
}

TEST_CASE("one hook object may serve several subjects") {
  const auto shared = core::MakeShared<const Counts>();
  Trail trail;
  Write write;
  core::Hook<Trail, int>(shared).Around(trail, End());
  core::Hook<Write, int>(shared).Around(write, End<Write>());
  CHECK(shared->calls == 2);
}

TEST_CASE("a hook knows its mask and its name") {
  CHECK(Hook(Pass("a")).Mask() == grapnel::AnyOp);
  CHECK(Hook(Masked{Op::Update | Op::Delete}).Mask() == (Op::Update | Op::Delete));
  CHECK(Hook(Greets()).Name().ends_with("Greets"));
  CHECK(Hook(Pass("a")).Name().find("lambda") != std::string_view::npos);
}

TEST_CASE("hooks around mutators, by hand: f(g(h(terminal)))") {
  const core::Hook<Trail, int> f(Pass("f")), g(Pass("g"));
  const auto h = [](const Server& next) -> Server {
    return [next](Trail& trail) {
      trail.lines.push_back("h");
      return next(trail);
    };
  };
  const Server server = f(g(h([](Trail& trail) {
    trail.lines.push_back("end");
    return 42;
  })));
  for (int i = 0; i < 2; ++i) {
    Trail trail;
    CHECK(server(trail) == 42);
    CHECK(trail.lines == Lines{"f", "g", "h", "end", "/g", "/f"});
  }
}

TEST_CASE("what holds nothing to call is no hook, nor a part of one") {
  using Function = std::function<int(Trail&, TrailNext)>;
  int (*const pointer)(Trail&, TrailNext) = nullptr;
  CHECK_THROWS_AS(Hook(Function()), grapnel::Error);
  CHECK_THROWS_AS(Hook(pointer), grapnel::Error);
  CHECK_THROWS_AS(Hook(core::MakeShared<const Function>()), grapnel::Error);
  CHECK_THROWS_AS(Server(std::function<int(Trail&)>()), grapnel::Error);
  CHECK_NOTHROW(Hook(Function(Pass("a"))));

  Hook moved(Pass("a"));
  const Hook kept(std::move(moved));
  CHECK((kept && !moved));  // NOLINT(bugprone-use-after-move): that is what is asked
  core::HookStack stack;
  CHECK_THROWS_AS(stack.Add(std::vector<core::StoredHook>{kept, moved}), grapnel::Error);
  CHECK(stack.Load() == nullptr);
  CHECK_THROWS_AS(Hook([](Server next) -> Server {
                    const Server taken(std::move(next));
                    return next;  // NOLINT(bugprone-use-after-move)
                  }),
                  grapnel::Error);
}
