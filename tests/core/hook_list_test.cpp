#include <grapnel/core/hook_list.hpp>

#include <grapnel/core/chain.hpp>

#include "support/catch.hpp"
#include "support/trail.hpp"

#include <atomic>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace core = grapnel::core;
using grapnel::Op;
using List = core::HookList<Trail, int>;
using WriteList = core::HookList<Write, int>;

namespace {

template <class HookList, class Subject = Trail>
Lines Run(const HookList& hooks, Subject subject = {}) {
  CHECK(hooks.Load().Run(subject, End<Subject>()) == 42);
  return subject.lines;
}

struct OnlyOn {
  Op mask;
  std::string name;
  Op Mask() const { return mask; }
  int operator()(Write& write, WriteNext next) const { return Pass(name)(write, next); }
};
struct Notes {
  using BeforeOnly = void;
  std::string name;
  void operator()(Trail& trail) const { trail.lines.push_back(name); }
};

}  // namespace

TEST_CASE("B1 hooks run in the order of registration, and back in reverse") {
  List hooks;
  hooks.Add({Pass("f"), Pass("g")});
  hooks.Add({Pass("h")});
  CHECK(Run(hooks) == Lines{"f", "g", "h", "end", "/h", "/g", "/f"});
}

TEST_CASE("B6 an empty list is the identity") {
  List hooks;
  CHECK(hooks.Load().IsEmpty());
  CHECK(Run(hooks) == Lines{"end"});
  Trail trail;
  CHECK(List::Snapshot().Run(trail, End()) == 42);
  hooks.Remove(hooks.Add({Pass("f")}));
  CHECK(hooks.Load().IsEmpty());
  CHECK(Run(hooks) == Lines{"end"});
}

TEST_CASE("a snapshot stays as it was, whatever happens to the list") {
  List hooks;
  const auto f = hooks.Add({Pass("f")});
  const List::Snapshot before = hooks.Load();
  hooks.Add({Pass("g")});
  hooks.Remove(f);
  Trail trail;
  before.Run(trail, End());
  CHECK(trail.lines == Lines{"f", "end", "/f"});
  CHECK(Run(hooks) == Lines{"g", "end", "/g"});
}

TEST_CASE("a snapshot keeps its hooks alive after the list is gone") {
  List::Snapshot kept;
  {
    List hooks;
    hooks.Add({Pass("a name too long for a small string")});
    kept = hooks.Load();
  }
  Trail trail;
  kept.Run(trail, End());
  CHECK(trail.lines.front() == "a name too long for a small string");
}

TEST_CASE("Remove takes out what one Add put in, and an unknown number takes out nothing") {
  List hooks;
  hooks.Add({Pass("f")});
  const auto two = hooks.Add({Pass("g"), Pass("h")});
  hooks.Add({Pass("i")});
  hooks.Remove(two + 100);
  CHECK(Run(hooks).size() == 9);
  hooks.Remove(two);
  hooks.Remove(two);
  CHECK(Run(hooks) == Lines{"f", "i", "end", "/i", "/f"});
}

TEST_CASE("Extend puts another list's hooks behind") {
  List outer, inner;
  outer.Add({Pass("f")});
  inner.Add({Pass("g"), Pass("h")});
  outer.Add(outer.Prepare(inner.Load()));
  outer.Add(outer.Prepare(List().Load()));
  CHECK(Run(outer) == Lines{"f", "g", "h", "end", "/h", "/g", "/f"});
  CHECK(Run(inner) == Lines{"g", "h", "end", "/h", "/g"});
  int seen = 0;
  outer.Load().ForEach([&](const auto&) { ++seen; });
  CHECK(seen == 3);
}

TEST_CASE("B8 a hook that does not call next suppresses the rest, and its result counts") {
  List hooks;
  hooks.Add({Pass("f"), [](Trail&, TrailNext) -> int { return 7; }, Pass("h")});
  Trail trail;
  CHECK(hooks.Load().Run(trail, End()) == 7);
  CHECK(trail.lines == Lines{"f", "/f"});
}

TEST_CASE("B10 next runs again only after it threw; what threw passes unchanged") {
  List hooks;
  int failures = 2;
  const auto retries = [](Trail& trail, TrailNext next) -> int {
    for (;;) {
      try {
        return next(trail);
      } catch (const std::out_of_range&) {
        trail.lines.push_back("again");
      }
    }
  };
  const auto fails = [&](Trail& trail, TrailNext next) -> int {
    if (failures-- > 0) throw std::out_of_range("busy");
    return next(trail);
  };
  hooks.Add({retries, Pass("g"), fails});
  CHECK(Run(hooks) == Lines{"g", "again", "g", "again", "g", "end", "/g"});

  List twice;
  twice.Add({[](Trail& trail, TrailNext next) -> int { return next(trail) + next(trail); }});
  Trail trail;
  CHECK_THROWS_AS(twice.Load().Run(trail, End()), grapnel::Error);
  CHECK(trail.lines == Lines{"end"});
}

TEST_CASE("B15 a hook whose mask excludes the op is passed by; before-hooks have no next") {
  WriteList hooks;
  hooks.Add({OnlyOn{Op::Update | Op::UpdateOne, "updates"}, Notes{"note"},
             OnlyOn{~Op::UpdateOne, "others"}});
  CHECK(Run(hooks, Write(Op::Update)) ==
        Lines{"updates", "note", "others", "end", "/others", "/updates"});
  CHECK(Run(hooks, Write(Op::UpdateOne)) == Lines{"updates", "note", "end", "/updates"});
  CHECK(Run(hooks, Write(Op::Create)) == Lines{"note", "others", "end", "/others"});
}

TEST_CASE("B52 hooks that remain are picked by the op that a hook before them has set") {
  WriteList hooks;
  hooks.Add({[](Write& write, WriteNext next) -> int {
               write.op = Op::Update;
               return next(write);
             },
             OnlyOn{Op::Delete, "delete"}, OnlyOn{Op::Update, "update"}});
  CHECK(Run(hooks, Write(Op::Delete)) == Lines{"update", "end", "/update"});
}

TEST_CASE("a hook may change the list that it runs in: the run goes on as it began") {
  List hooks;
  std::uint64_t id = 0;
  hooks.Add({[&](Trail& trail, TrailNext next) -> int {
    hooks.Remove(id);
    hooks.Add({Pass("new")});
    return next(trail);
  }});
  id = hooks.Add({Pass("old")});
  CHECK(Run(hooks) == Lines{"old", "end", "/old"});
}

TEST_CASE("a handle removes once; an ignored or empty one does nothing") {
  int removed = 0;
  core::HookHandle handle([&] { ++removed; });
  {
    const core::HookHandle ignored([&] { ++removed; });
  }
  core::HookHandle().Remove();
  CHECK(removed == 0);
  handle.Remove();
  handle.Remove();
  CHECK(removed == 1);
}

TEST_CASE("B14 hooks come and go while other threads run the list") {
  List hooks;
  hooks.Add({Pass("stays")});
  std::atomic<bool> stop{false};
  std::atomic<int> runs{0}, wrong{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&] {
      while (!stop || runs < 100) {
        Trail trail;
        const int result = hooks.Load().Run(trail, End());
        const bool ok = result == 42 && trail.lines.front() == "stays" &&
                        trail.lines.back() == "/stays" && trail.lines.size() % 2 == 1;
        if (!ok) ++wrong;
        ++runs;
      }
    });
  }
  for (int i = 0; i < 500; ++i) hooks.Remove(hooks.Add({Pass("comes"), Pass("goes")}));
  stop = true;
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
  CHECK(Run(hooks) == Lines{"stays", "end", "/stays"});
}

TEST_CASE("B102 next runs only for the subject of its hook, on the thread of its hook") {
  core::HookList<Write, int> hooks;
  Write write, other;
  std::string refused;
  const auto refuses = [&](auto action) {
    try {
      action();
    } catch (const grapnel::Error& error) {
      refused = error.what();
    }
  };
  bool threads = GENERATE(false, true);
  const auto hook = [&](Write& w, core::Next<Write, int> next) {
    if (threads) {
      std::thread([&] { refuses([&] { next(w); }); }).join();
    } else {
      refuses([&] { next(other); });
    }
    return next(w);  // its own is still to be had
  };
  const auto form = GENERATE(0, 1, 2);
  if (form == 0) hooks.Add({hook});
  if (form == 1) hooks.Add({core::Chain(hook, Pass("a"))});
  if (form == 2) {
    hooks.Add({[&](core::Mutator<Write, int> next) {
      return core::Mutator<Write, int>([&, next](Write& w) {
        if (threads) {
          std::thread([&] { refuses([&] { next(w); }); }).join();
        } else {
          refuses([&] { next(other); });
        }
        return next(w);
      });
    }});
  }
  hooks.Add({Pass("b")});
  CHECK(hooks.Load().Run(write, End<Write>()) == 42);
  CHECK(other.lines.empty());
  CHECK(write.lines == (form == 1 ? Lines{"a", "b", "end", "/b", "/a"} : Lines{"b", "end", "/b"}));
  CHECK_THAT(refused, Catch::Contains(threads ? "on another thread" : "another subject"));
}

TEST_CASE("a list is a hook as well, with the hooks that it has at each call") {
  core::HookList<Trail, int> list;
  list.Add({Pass("b")});
  const core::Chain chain(Pass("a"), std::cref(list), Pass("z"));
  const auto run = [&] {
    Trail trail;
    CHECK(chain(trail, End()) == 42);
    return trail.lines;
  };
  CHECK(run() == Lines{"a", "b", "z", "end", "/z", "/b", "/a"});
  list.Add({Pass("c")});
  CHECK(run() == Lines{"a", "b", "c", "z", "end", "/z", "/c", "/b", "/a"});
  const core::Hook<Trail, int> as_it_was(list.Load());
  list.Remove(1);
  list.Remove(2);
  CHECK(run() == Lines{"a", "z", "end", "/z", "/a"});
  Trail trail;
  as_it_was(trail, End());
  CHECK(trail.lines == Lines{"b", "c", "end", "/c", "/b"});
}
