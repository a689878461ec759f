#include <grapnel/base/shared.hpp>

#include "support/catch.hpp"

#include <cstdint>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

using grapnel::core::MakeShared;
using grapnel::core::Shared;
using grapnel::core::SharedAny;
using grapnel::core::Weak;

namespace {

/// Counts how many of it live.
struct Counted {
  explicit Counted(int& alive) : alive_(&alive) { ++*alive_; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  ~Counted() { --*alive_; }

 private:
  int* alive_;
};

struct First {
  std::string name;
};
struct Second {
  int number = 0;
};
struct Both : First, Second {
  Counted counted;
  Both(int& alive, std::string n) : First{std::move(n)}, Second{7}, counted(alive) {}
};

struct Pair {
  int left;
  std::string right;
};

struct Throws {
  std::string text;
  explicit Throws(bool yes) : text(100, 'x') {
    if (yes) throw std::runtime_error("not made");
  }
};

struct alignas(128) Wide {
  int number = 1;
  std::string text = "wide";
};

struct Unknown;
struct Holds {
  Shared<Unknown> unknown;
};

}  // namespace

TEST_CASE("a Shared may be held, copied and dropped where its type is not known") {
  const Holds holds{};
  const Holds copy = holds;  // NOLINT(performance-unnecessary-copy-initialization)
  CHECK(copy.unknown == nullptr);
  STATIC_REQUIRE(sizeof(Shared<Unknown>) == 2 * sizeof(void*));
}

namespace {
struct Unknown {
  int number;
};
}  // namespace

TEST_CASE("null owns nothing") {
  constexpr Shared<int> none;
  CHECK(none.Get() == nullptr);
  CHECK(none == nullptr);
  CHECK_FALSE(static_cast<bool>(none));
  CHECK_FALSE(none.IsOnlyOwner());
  const Shared<const int> also = nullptr;
  CHECK(also == none);
  CHECK(Shared<const void>(none) == nullptr);
}

TEST_CASE("the last owner destroys the object, once") {
  int alive = 0;
  Shared<Counted> first = MakeShared<Counted>(alive);
  CHECK(alive == 1);
  CHECK(first.IsOnlyOwner());
  {
    Shared<Counted> second = first;
    CHECK(second == first);
    CHECK_FALSE(first.IsOnlyOwner());
    second = MakeShared<Counted>(alive);
    CHECK(alive == 2);
    CHECK(first.IsOnlyOwner());
  }
  CHECK(alive == 1);
  Shared<Counted> moved = std::move(first);
  CHECK(first == nullptr);  // NOLINT(bugprone-use-after-move): null, as of std::shared_ptr
  CHECK(moved.IsOnlyOwner());
  Shared<Counted>& itself = moved;
  moved = itself;
  CHECK(alive == 1);
  moved = std::move(itself);
  CHECK(alive == 1);
  moved.Reset();
  CHECK(moved == nullptr);
  CHECK(alive == 0);
  moved.Reset();
}

TEST_CASE("aggregates are given their members, const objects stay const") {
  const Shared<Pair> pair = MakeShared<Pair>(1, "two");
  CHECK(pair->left == 1);
  CHECK(pair->right == "two");
  const Shared<const Pair> fixed = MakeShared<const Pair>(3, std::string("four"));
  STATIC_REQUIRE(std::is_same_v<decltype(*fixed), const Pair&>);
  CHECK((*fixed).right == "four");
  const Shared<Unknown> known = MakeShared<Unknown>(5);
  CHECK(known->number == 5);
}

TEST_CASE("a Shared converts as its pointer does, and no other way") {
  STATIC_REQUIRE(std::is_convertible_v<Shared<Both>, Shared<Second>>);
  STATIC_REQUIRE(std::is_convertible_v<Shared<Both>, Shared<const Both>>);
  STATIC_REQUIRE(std::is_convertible_v<Shared<const Both>, Shared<const void>>);
  STATIC_REQUIRE_FALSE(std::is_convertible_v<Shared<const Both>, Shared<Both>>);
  STATIC_REQUIRE_FALSE(std::is_convertible_v<Shared<Second>, Shared<Both>>);
  STATIC_REQUIRE_FALSE(std::is_convertible_v<Shared<void>, Shared<int>>);
  STATIC_REQUIRE_FALSE(std::is_constructible_v<Shared<int>, int*>);
  STATIC_REQUIRE(std::is_nothrow_copy_constructible_v<Shared<Both>>);
  STATIC_REQUIRE(std::is_nothrow_move_constructible_v<Shared<Both>>);
  STATIC_REQUIRE(std::is_nothrow_copy_assignable_v<Shared<Both>>);

  int alive = 0;
  Shared<Both> both = MakeShared<Both>(alive, "both");
  const Both* const at = both.Get();
  Shared<const Second> second = both;
  CHECK(second->number == 7);
  CHECK(second.Get() == static_cast<const Second*>(at));
  const Shared<const void> any = second;
  const Shared<First> first = std::move(both);
  CHECK(both == nullptr);  // NOLINT(bugprone-use-after-move)
  CHECK(first->name == "both");
  second = nullptr;
  CHECK(alive == 1);
  CHECK_FALSE(any == nullptr);
}

TEST_CASE("a part keeps the whole alive") {
  int alive = 0;
  Shared<const int> number;
  {
    const Shared<Both> both = MakeShared<Both>(alive, "whole");
    number = Shared<const int>(both, &both->number);
    CHECK_FALSE(both.IsOnlyOwner());
  }
  CHECK(alive == 1);
  CHECK(*number == 7);
  number.Reset();
  CHECK(alive == 0);
  int outside = 3;
  const Shared<int> borrowed(SharedAny(), &outside);  // owns nothing, points there
  CHECK(*borrowed == 3);
}

TEST_CASE("what making the object throws comes through, and nothing is lost") {
  CHECK_THROWS_AS(MakeShared<Throws>(true), std::runtime_error);
  CHECK(MakeShared<Throws>(false)->text.size() == 100);
}

TEST_CASE("an object lies where its alignment asks") {
  for (int i = 0; i < 20; ++i) {
    const Shared<Wide> wide = MakeShared<Wide>();
    CHECK(reinterpret_cast<std::uintptr_t>(wide.Get()) % 128 == 0);
    CHECK(wide->text == "wide");
    const Shared<const long double> number = MakeShared<long double>(1.5L);
    CHECK(reinterpret_cast<std::uintptr_t>(number.Get()) % alignof(long double) == 0);
  }
}

TEST_CASE("a Weak sees the object as long as it has an owner") {
  int alive = 0;
  const Weak<Both> none;
  CHECK(none.Lock() == nullptr);
  Shared<Both> both = MakeShared<Both>(alive, "seen");
  const Weak<Both> weak = both;
  Weak copy = weak;
  {
    const Shared<Both> locked = copy.Lock();
    CHECK(locked == both);
    both.Reset();
    CHECK(alive == 1);
  }
  CHECK(alive == 0);
  CHECK(weak.Lock() == nullptr);
  copy = none;
  CHECK(copy.Lock() == nullptr);
}

TEST_CASE("whatever is done with owners, each object dies with its last one") {
  std::mt19937 random(20240611);
  int alive = 0;
  {
    std::vector<Shared<const Second>> owners(16);
    std::vector<Weak<const Second>> watchers(16);
    const auto any = [&] { return random() % owners.size(); };
    for (int step = 0; step < 20000; ++step) {
      switch (random() % 7) {
        case 0:
          owners[any()] = MakeShared<Both>(alive, "random");
          break;
        case 1:
          owners[any()] = owners[any()];
          break;
        case 2:
          owners[any()] = std::move(owners[any()]);
          break;
        case 3:
          owners[any()].Reset();
          break;
        case 4:
          watchers[any()] = owners[any()];
          break;
        case 5:
          owners[any()] = watchers[any()].Lock();
          break;
        default:
          std::swap(owners[any()], owners[any()]);
      }
      std::vector<const Second*> different;
      for (const auto& each : owners) {
        bool seen = !each;
        for (const Second* const other : different) seen = seen || other == each.Get();
        if (!seen) different.push_back(each.Get());
        if (each) REQUIRE(each->number == 7);
      }
      REQUIRE(static_cast<std::size_t>(alive) == different.size());
    }
  }
  CHECK(alive == 0);
}

TEST_CASE("threads copy, lock and drop owners of one object at once") {
  int alive = 0;
  for (int round = 0; round < 20; ++round) {
    Shared<Both> both = MakeShared<Both>(alive, "shared by threads");
    const Weak<Both> weak = both;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([mine = both, weak]() mutable {
        for (int step = 0; step < 500; ++step) {
          const Shared<const First> copy = mine;
          if (copy->name.size() != 17) throw std::logic_error("changed");
          const Shared<Both> locked = weak.Lock();
          if (locked == nullptr) throw std::logic_error("gone while owned");
        }
        mine.Reset();
        while (weak.Lock() != nullptr) std::this_thread::yield();
      });
    }
    both.Reset();
    for (std::thread& thread : threads) thread.join();
    CHECK(alive == 0);
  }
}
