#include <grapnel/base/callable.hpp>

#include "support/catch.hpp"

#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

using grapnel::core::Callable;

namespace {

int Twice(int number) { return 2 * number; }

struct Counter {
  int calls = 0;
  int operator()() { return ++calls; }
};

/// Cannot be copied or moved: as a result it is made in its place.
struct Fixed {
  explicit Fixed(int n) : number(n) {}
  Fixed(const Fixed&) = delete;
  Fixed& operator=(const Fixed&) = delete;
  int number;
};

struct Failing {
  Failing() = default;
  Failing(const Failing&) { throw std::string("not copied"); }
  void operator()() const {}
};

struct Unknown;

}  // namespace

TEST_CASE("none can be told from one") {
  constexpr Callable<void()> none;
  CHECK_FALSE(static_cast<bool>(none));
  CHECK(none == nullptr);
  const Callable<void()> also = nullptr;
  CHECK(also == nullptr);
  const Callable<void()> one = [] {};
  CHECK(static_cast<bool>(one));
  CHECK(one != nullptr);
}

TEST_CASE("a null pointer to a function, and an empty std::function, are none") {
  int (*const pointer)(int) = nullptr;
  CHECK(Callable<int(int)>(pointer) == nullptr);
  CHECK(Callable<int(int)>(&Twice)(4) == 8);
  CHECK(Callable<int(int)>(Twice)(4) == 8);
  CHECK(Callable<int(int)>(std::function<int(int)>()) == nullptr);
  CHECK(Callable<int(int)>(std::function<int(int)>(&Twice))(5) == 10);
  CHECK(Callable<long(short)>(Callable<int(int)>()) == nullptr);
  CHECK(Callable<long(short)>(Callable<int(int)>(&Twice))(5) == 10);
}

TEST_CASE("only what can be called that way is taken") {
  STATIC_REQUIRE(std::is_convertible_v<int (*)(int), Callable<int(int)>>);
  STATIC_REQUIRE(std::is_convertible_v<int (*)(int), Callable<long(short)>>);
  STATIC_REQUIRE(std::is_convertible_v<Counter, Callable<int()>>);
  STATIC_REQUIRE(std::is_convertible_v<Counter, Callable<void()>>);
  STATIC_REQUIRE_FALSE(std::is_convertible_v<Counter, Callable<int(int)>>);
  STATIC_REQUIRE_FALSE(std::is_convertible_v<Counter, Callable<int*()>>);
  STATIC_REQUIRE_FALSE(std::is_convertible_v<int, Callable<int()>>);
  STATIC_REQUIRE_FALSE(std::is_convertible_v<Callable<void()>, Callable<int()>>);
  STATIC_REQUIRE(std::is_nothrow_copy_constructible_v<Callable<int()>>);
  STATIC_REQUIRE(std::is_nothrow_move_constructible_v<Callable<int()>>);
  STATIC_REQUIRE(std::is_nothrow_copy_assignable_v<Callable<int()>>);
}

TEST_CASE("the callable is kept, and shared by copies with what it changes in itself") {
  Counter counter;
  const Callable<int()> first = counter;
  CHECK(first() == 1);
  CHECK(counter.calls == 0);
  Callable<int()> second = first;
  CHECK(second() == 2);
  CHECK(first() == 3);
  second = Counter{40};
  CHECK(second() == 41);
  CHECK(first() == 4);
  CHECK(Callable<int()>(first) == first);
  CHECK(second != first);
  CHECK(Callable<int()>() == Callable<int()>());
  const Callable<int()> moved = std::move(second);
  CHECK(moved() == 42);
  second = nullptr;
  CHECK(second == nullptr);
}

TEST_CASE("a copy's lifetime is that of the callable") {
  auto text = std::make_shared<std::string>("kept");
  const std::weak_ptr<std::string> watch = text;
  Callable<std::string()> first = [text = std::move(text)] { return *text; };
  {
    const Callable<std::string()> second = first;
    first = nullptr;
    CHECK(second() == "kept");
  }
  CHECK(watch.expired());
}

TEST_CASE("captures that can only be moved, and arguments and results of every kind") {
  const Callable<std::unique_ptr<int>(std::unique_ptr<int>, int&)> add =
      [base = std::make_unique<int>(40)](std::unique_ptr<int> number, int& count) {
        ++count;
        *number += *base;
        return number;
      };
  int count = 0;
  CHECK(*add(std::make_unique<int>(2), count) == 42);
  CHECK(count == 1);

  std::string text = "a";
  const Callable<std::string&(std::string&)> append = [](std::string& to) -> std::string& {
    return to += 'b';
  };
  CHECK(&append(text) == &text);
  CHECK(text == "ab");

  const Callable<Fixed(int)> make = [](int number) { return Fixed(number); };
  CHECK(make(3).number == 3);
  const Callable<void(const Unknown&)> named = [](const Unknown&) {};
  CHECK(named != nullptr);
}

TEST_CASE("what a callable throws comes through; one that cannot be taken leaves what was") {
  const Callable<void()> throwing = [] { throw std::string("thrown"); };
  CHECK_THROWS_AS(throwing(), std::string);
  Callable<void()> kept = [] {};
  const Failing failing;
  CHECK_THROWS_AS(kept = failing, std::string);
  CHECK(kept != nullptr);
  kept();
}

TEST_CASE("callables lie in containers and call one another") {
  std::vector<Callable<int(int)>> steps;
  for (int i = 1; i <= 50; ++i) steps.emplace_back([i](int number) { return number + i; });
  Callable<int(int)> all = [](int number) { return number; };
  for (const auto& step : steps) {
    all = [all, step](int number) { return step(all(number)); };
  }
  steps.clear();
  CHECK(all(0) == 50 * 51 / 2);
}

TEST_CASE("one that was moved from is none") {
  Callable<int()> first = [] { return 7; };
  Callable<int()> second = std::move(first);
  CHECK(second() == 7);
  CHECK_FALSE(static_cast<bool>(first));  // NOLINT(bugprone-use-after-move): that is asked here
  CHECK(first == nullptr);
  first = second;
  CHECK(first() == 7);
}
