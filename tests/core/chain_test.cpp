#include <grapnel/core/chain.hpp>

#include <grapnel/core/hook_list.hpp>

#include "support/catch.hpp"
#include "support/trail.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace core = grapnel::core;
using core::Chain;
using Server = core::Mutator<Trail, int>;

namespace {

/// A hook without a next.
struct Notes {
  using BeforeOnly = void;
  void operator()(Trail& trail) const { trail.lines.push_back("note"); }
};

template <class Hook>
Lines Run(const Hook& hook) {
  Trail trail;
  CHECK(hook(trail, End()) == 42);
  return trail.lines;
}

}  // namespace

TEST_CASE("B5 a chain with five appended hooks runs all five in order") {
  const auto chain =
      Chain<>().Append(Pass("a")).Append(Pass("b"), Pass("c")).Append(Pass("d")).Append(Pass("e"));
  CHECK(Run(chain) == Lines{"a", "b", "c", "d", "e", "end", "/e", "/d", "/c", "/b", "/a"});
}

TEST_CASE("B5 Append and Extend leave the receiver as it was") {
  const Chain first(Pass("a"));
  const Chain second(Pass("b"), Pass("c"));
  const auto appended = first.Append(Pass("x"));
  const auto extended = first.Extend(second);
  CHECK(Run(appended) == Lines{"a", "x", "end", "/x", "/a"});
  CHECK(Run(extended) == Lines{"a", "b", "c", "end", "/c", "/b", "/a"});
  CHECK(Run(first) == Lines{"a", "end", "/a"});
  CHECK(Run(second) == Lines{"b", "c", "end", "/c", "/b"});
}

TEST_CASE("B6 an empty chain is the identity, for any subject and result") {
  const Chain<> empty;
  CHECK(Run(empty) == Lines{"end"});
  CHECK(Run(empty.Append()) == Lines{"end"});
  CHECK(Run(empty.Extend(Chain<>())) == Lines{"end"});
  CHECK(Run(Chain(empty, Pass("a"), empty)) == Lines{"a", "end", "/a"});
  std::string text = "x";
  const auto longer = [](std::string& s) { s += "y"; };
  empty(text, core::detail::NextOf<std::string, void>(longer));
  CHECK(text == "xy");
}

TEST_CASE("a chain is itself a hook, also of a chain") {
  const Chain inner(Pass("b"), Pass("c"));
  CHECK(Run(Chain(Pass("a"), inner, Pass("d"))) ==
        Lines{"a", "b", "c", "d", "end", "/d", "/c", "/b", "/a"});
  STATIC_REQUIRE(core::AroundHook<decltype(inner), Trail, int>);
  STATIC_REQUIRE_FALSE(core::AroundHook<Chain<int>, Trail, int>);
}

TEST_CASE("hooks without a next stand in a chain as well") {
  CHECK(Run(Chain(Pass("a"), Notes(), Pass("b"), Notes())) ==
        Lines{"a", "note", "b", "note", "end", "/b", "/a"});
}

TEST_CASE("a hook that does not call next suppresses what is inside of it") {
  const auto stop = [](Trail&, TrailNext) { return 7; };
  Trail trail;
  CHECK(Chain(Pass("a"), stop, Pass("b"))(trail, End()) == 7);
  CHECK(trail.lines == Lines{"a", "/a"});
}

TEST_CASE("B10 each next of a chain runs once, and again only after it threw") {
  const auto twice = [](Trail& trail, TrailNext next) { return next(trail) + next(trail); };
  Trail trail;
  CHECK_THROWS_AS(Chain(Pass("a"), twice)(trail, End()), grapnel::Error);
  CHECK(trail.lines == Lines{"a", "end"});

  bool failed = false;
  const auto fails_once = [&](Trail& inner, TrailNext next) {
    if (!std::exchange(failed, true)) throw std::runtime_error("busy");
    return next(inner);
  };
  const auto retries = [](Trail& inner, TrailNext next) {
    try {
      return next(inner);
    } catch (const std::runtime_error&) {
      return next(inner);
    }
  };
  CHECK(Run(Chain(retries, Pass("b"), fails_once)) == Lines{"b", "b", "end", "/b"});
}

TEST_CASE("B10 what fails after its own next is tried again, however it is put together") {
  const auto retries = [](Trail& trail, TrailNext next) {
    try {
      return next(trail);
    } catch (const std::runtime_error&) {
      return next(trail);
    }
  };
  int tries = 0;
  const auto fails_late = [&](Trail& trail, TrailNext next) {
    const int result = next(trail);
    if (++tries % 2 == 1) throw std::runtime_error("busy");
    return result;
  };
  using Hook = core::Hook<Trail, int>;
  const Chain chain(retries, fails_late);
  const Hook by_hand(
      [=](const Server& next) -> Server { return Hook(retries)(Hook(fails_late)(next)); });
  const Server end([](Trail& trail) {
    trail.lines.push_back("end");
    return 42;
  });
  const auto twice = [](Trail& trail, TrailNext next) { return next(trail) + next(trail); };
  for (const Hook& hook : {Hook(chain), Hook(Chain(chain)), by_hand, Hook(Chain(by_hand)),
                           Hook(Chain(Pass("a"), Chain(Pass("b"), chain)))}) {
    core::HookList<Trail, int> list;
    list.Add({hook, Pass("c")});
    Trail trail, other;
    CHECK(list.Load().Run(trail, End()) == 42);
    CHECK(std::count(trail.lines.begin(), trail.lines.end(), "end") == 2);
    CHECK(Chain(hook).Then(end)(other) == 42);
    CHECK(std::count(other.lines.begin(), other.lines.end(), "end") == 2);
    CHECK_THROWS_AS(Chain(hook, twice).Then(end)(other), grapnel::Error);
    CHECK_THROWS_AS(Chain(twice, hook).Then(end)(other), grapnel::Error);
    tries = 0;
  }
}

TEST_CASE("B10 ent's form inside a chain is composed once, when the chain becomes a hook") {
  int factories = 0;
  const auto factory = [&](Server next) -> Server {
    ++factories;
    return [next](Trail& trail) {
      trail.lines.push_back("ent");
      return next(trail);
    };
  };
  const core::Hook<Trail, int> hook = Chain(Pass("a"), Chain(factory, Pass("b")), factory);
  CHECK(factories == 2);
  Trail trail;
  CHECK(hook.Around(trail, End()) == 42);
  CHECK(trail.lines == Lines{"a", "ent", "b", "ent", "end", "/b", "/a"});
  hook.Around(trail, End());
  CHECK(factories == 2);
}

TEST_CASE("a chain over a subject without a result") {
  using Next = core::Next<std::string, void>;
  const auto adds = [](char c) {
    return [c](std::string& text, Next next) {
      text += c;
      next(text);
      text += c;
    };
  };
  std::string text;
  const auto end = [](std::string& s) { s += '|'; };
  Chain(adds('a'), adds('b'))(text, core::detail::NextOf<std::string, void>(end));
  CHECK(text == "ab|ba");
}

TEST_CASE("a chain and what it ends in are a mutator, of any callable") {
  const Chain chain(Pass("a"), Pass("b"));
  const auto end = [](Trail& trail) {
    trail.lines.push_back("end");
    return 42;
  };
  const auto run = [](const Server& server) {
    Trail trail;
    CHECK(server(trail) == 42);
    return trail.lines;
  };
  const Lines all{"a", "b", "end", "/b", "/a"};
  CHECK(run(chain.Then(end)) == all);
  CHECK(run(chain.Then(+end)) == all);
  CHECK(run(chain.Then(Server(end))) == all);
  CHECK(run(chain.Then<Trail, int>([&](auto& trail) { return end(trail); })) == all);
  CHECK(run(Chain(Pass("a")).Then(Chain(Pass("b")).Then(end))) == all);
  CHECK(run(Chain<>().Then(end)) == Lines{"end"});
}

TEST_CASE("B10 Then composes hooks of ent's form once, and its mutator runs again and again") {
  int composed = 0;
  const Chain chain([&composed](Server next) -> Server {
    ++composed;
    return [next](Trail& trail) { return next(trail) + 1; };
  });
  const Server server = chain.Then([](Trail&) { return 1; });
  Trail trail;
  CHECK(server(trail) == 2);
  CHECK(server(trail) == 2);
  CHECK(composed == 1);
}
