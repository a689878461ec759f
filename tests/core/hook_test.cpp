#include <grapnel/core/hook.hpp>

#include <grapnel/core/chain.hpp>
#include <grapnel/core/hook_list.hpp>
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

/// A subject that its hooks may only look at.
struct Request {
  int number = 1;
};
using ConstHook = core::Hook<const Request, int>;
using ConstNext = core::Next<const Request, int>;
struct Looks {
  using BeforeOnly = void;
  std::vector<int>* seen;
  void operator()(const Request& request) const { seen->push_back(request.number); }
};

/// A subject that has a scope opened around each next.
struct Scoped : Trail {
  struct NextScope {
    explicit NextScope(Scoped& s) : subject(s) { subject.lines.push_back("open"); }
    void Done() { subject.lines.push_back("done"); }
    ~NextScope() { subject.lines.push_back("close"); }
    Scoped& subject;
  };
};

std::string Refused(const std::function<void()>& action) {
  try {
    action();
  } catch (const grapnel::Error& error) {
    return error.what();
  }
  return "";
}

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

TEST_CASE("B10 by hand as well, next runs once, and again only after it threw") {
  int runs = 0;
  const Server end([&](Trail&) {
    if (++runs == 1) throw std::runtime_error("busy");
    return runs;
  });
  const Hook twice([](Trail& trail, TrailNext next) { return next(trail) + next(trail); });
  const Hook retries([](Trail& trail, TrailNext next) {
    try {
      return next(trail);
    } catch (const std::runtime_error&) {
      return next(trail);
    }
  });
  Trail trail;
  const Server once = retries(end);
  CHECK(once(trail) == 2);
  CHECK(once(trail) == 3);  // each run has a next of its own
  CHECK_THAT(Refused([&] { twice(end)(trail); }), Catch::Contains("called again"));
  CHECK(runs == 4);

  // The inner one of two does not run again either, in whatever way they are put together.
  const Hook inner(Pass("in"));
  const Hook by_hand([=](const Server& next) -> Server { return twice(inner(next)); });
  for (const Server& server : {twice(inner(end)), by_hand(end), core::Chain(by_hand).Then(end)}) {
    trail.lines.clear();
    CHECK_THAT(Refused([&] { server(trail); }), Catch::Contains("called again"));
    CHECK(trail.lines == Lines{"in", "/in"});
  }
  CHECK(runs == 7);
}

TEST_CASE("by hand as well, what fails inside of next is told to the subject's scope") {
  using ScopedHook = core::Hook<Scoped, int>;
  const ScopedHook retries([](Scoped& scoped, core::Next<Scoped, int> next) {
    try {
      return next(scoped);
    } catch (const std::runtime_error&) {
      return next(scoped);
    }
  });
  bool failed = false;
  const ScopedHook fails_once([&](Scoped& scoped, core::Next<Scoped, int> next) {
    scoped.lines.push_back("try");
    if (!std::exchange(failed, true)) throw std::runtime_error("busy");
    return next(scoped);
  });
  Scoped scoped;
  CHECK(retries(fails_once([](Scoped&) { return 7; }))(scoped) == 7);
  CHECK(scoped.lines ==
        Lines{"open", "try", "close", "open", "try", "open", "done", "close", "done", "close"});
}

TEST_CASE("B102 by hand as well, next is for its subject and its thread alone") {
  int runs = 0;
  const Server end([&](Trail&) { return ++runs; });
  Trail trail;
  const Hook other([](Trail&, TrailNext next) {
    Trail another;
    return next(another);
  });
  CHECK_THAT(Refused([&] { other(end)(trail); }), Catch::Contains("another subject"));
  std::string said;
  const Hook elsewhere([&](Trail& inner, TrailNext next) {
    std::thread([&] { said = Refused([&] { next(inner); }); }).join();
    return 1;
  });
  CHECK(elsewhere(end)(trail) == 1);
  CHECK_THAT(said, Catch::Contains("on another thread"));
  CHECK(runs == 0);
}

TEST_CASE("what was moved from is refused where it is composed by hand") {
  Hook hook(Pass("a"));
  Server end([](Trail&) { return 1; });
  const Hook kept_hook = std::move(hook);
  const Server kept_end = std::move(end);
  // NOLINTBEGIN(bugprone-use-after-move): that is what is asked
  CHECK_THROWS_AS(hook(kept_end), grapnel::Error);
  CHECK_THROWS_AS(kept_hook(end), grapnel::Error);
  CHECK_THROWS_AS(core::Chain(kept_hook).Then(end), grapnel::Error);
  // NOLINTEND(bugprone-use-after-move)
  Trail trail;
  CHECK(kept_hook(kept_end)(trail) == 1);
}

TEST_CASE("a subject may be const, in every form of hook") {
  std::vector<int> seen;
  const auto around = [&](const Request& request, ConstNext next) {
    seen.push_back(2);
    return next(request);
  };
  using ConstServer = core::Mutator<const Request, int>;
  const auto factory = [&](const ConstServer& next) -> ConstServer {
    return [&seen, next](const Request& request) {
      seen.push_back(3);
      return next(request);
    };
  };
  const Looks before{&seen};
  const ConstServer end([](const Request& request) { return request.number; });
  const Request request;
  CHECK(ConstHook(before)(ConstHook(around)(ConstHook(factory)(end)))(request) == 1);
  CHECK(seen == std::vector{1, 2, 3});
  CHECK(core::Chain(before, around, factory).Then(end)(request) == 1);
  CHECK(seen == std::vector{1, 2, 3, 1, 2, 3});
  core::HookList<const Request, int> list;
  list.Add({before, around, factory});
  CHECK(list.Load().Run(request, core::detail::NextOf<const Request, int>(end)) == 1);
  CHECK(seen == std::vector{1, 2, 3, 1, 2, 3, 1, 2, 3});
  // One that takes any subject takes that one, const.
  const auto any = [](auto& subject, auto next) { return next(subject); };
  CHECK(ConstHook(any)(end)(request) == 1);
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
  CHECK_THROWS_AS(stack.Add(std::vector<core::StoredHook>{kept, moved}, 0), grapnel::Error);
  CHECK(stack.Load() == nullptr);
  CHECK_THROWS_AS(Hook([](Server next) -> Server {
                    const Server taken(std::move(next));
                    return next;  // NOLINT(bugprone-use-after-move)
                  }),
                  grapnel::Error);
}
