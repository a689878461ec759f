#include <grapnel/base/function_ref.hpp>

#include "support/catch.hpp"

#include <memory>
#include <string>
#include <type_traits>
#include <utility>

using grapnel::core::FunctionRef;

namespace {

int Twice(int number) { return 2 * number; }

struct Counter {
  int calls = 0;
  int operator()() { return ++calls; }
};

/// Says by which of its operators it was called.
struct Sides {
  std::string operator()() { return "mutable"; }
  std::string operator()() const { return "const"; }
};

int CallTwice(FunctionRef<int()> function) {
  function();
  return function();
}

}  // namespace

TEST_CASE("a reference to a callable is two words, and trivial to copy") {
  STATIC_REQUIRE(sizeof(FunctionRef<int(int)>) == 2 * sizeof(void*));
  STATIC_REQUIRE(std::is_trivially_copyable_v<FunctionRef<int(int)>>);
  STATIC_REQUIRE(std::is_nothrow_constructible_v<FunctionRef<int()>, Counter&>);
}

TEST_CASE("only what can be called that way is taken") {
  STATIC_REQUIRE(std::is_constructible_v<FunctionRef<int(int)>, int (*&)(int)>);
  STATIC_REQUIRE(std::is_constructible_v<FunctionRef<long(short)>, int (*&)(int)>);
  STATIC_REQUIRE_FALSE(std::is_constructible_v<FunctionRef<int(int)>, Counter&>);
  STATIC_REQUIRE_FALSE(std::is_constructible_v<FunctionRef<int*()>, Counter&>);
  STATIC_REQUIRE_FALSE(std::is_constructible_v<FunctionRef<int()>, const Counter&>);
  STATIC_REQUIRE_FALSE(std::is_constructible_v<FunctionRef<int()>, int&>);
}

TEST_CASE("a callable is referred to, not copied: its state changes where it is") {
  Counter counter;
  CHECK(CallTwice(counter) == 2);
  CHECK(counter.calls == 2);
  int sum = 0;
  auto add = [&sum, last = 0](int number) mutable {
    sum += number;
    return std::exchange(last, number);
  };
  const FunctionRef<int(int)> function(add);
  CHECK(function(3) == 0);
  CHECK(function(4) == 3);
  CHECK(add(0) == 4);
  CHECK(sum == 7);
}

TEST_CASE("a temporary serves as an argument, for the time of the call") {
  CHECK(CallTwice(Counter{40}) == 42);
  const auto apply = [](FunctionRef<std::string(const std::string&)> function) {
    return function("call");
  };
  CHECK(apply([suffix = std::string(40, '!')](const std::string& text) { return text + suffix; }) ==
        "call" + std::string(40, '!'));
}

TEST_CASE("pointers to functions are callables") {
  int (*pointer)(int) = &Twice;
  const FunctionRef<int(int)> function(pointer);
  CHECK(function(21) == 42);
  int (*const fixed)(int) = &Twice;
  CHECK(FunctionRef<int(int)>(fixed)(4) == 8);
  pointer = [](int number) { return number + 1; };  // the pointer itself is referred to
  CHECK(function(21) == 22);
}

TEST_CASE("a const callable is called as one") {
  Sides sides;
  CHECK(FunctionRef<std::string()>(sides)() == "mutable");
  CHECK(FunctionRef<std::string()>(std::as_const(sides))() == "const");
}

TEST_CASE("references pass through, results are values or references, or nothing") {
  std::string text = "a";
  const auto append = [](std::string& to) -> std::string& { return to += "b"; };
  std::string& result = FunctionRef<std::string&(std::string&)>(append)(text);
  CHECK(&result == &text);
  CHECK(text == "ab");

  const void* seen = nullptr;
  const auto look = [&](const std::string& given) { seen = &given; };
  const FunctionRef<void(const std::string&)> watch(look);
  STATIC_REQUIRE(std::is_void_v<decltype(watch(text))>);
  watch(text);
  CHECK(seen == &text);

  const auto take = [](std::string&& from) { return std::string(std::move(from)); };
  CHECK(FunctionRef<std::string(std::string &&)>(take)(std::move(text)) == "ab");
}

TEST_CASE("a result is converted to the one that was asked for") {
  const auto letter = [] { return "letter"; };
  CHECK(FunctionRef<std::string()>(letter)() + "s" == "letters");
  int (*pointer)(int) = &Twice;
  CHECK(FunctionRef<double(short)>(pointer)(short{2}) == 4.0);
}

TEST_CASE("arguments and results may be such that can only be moved") {
  using Owner = std::unique_ptr<int>;
  const auto increase = [](Owner number, int by) {
    *number += by;
    return number;
  };
  const FunctionRef<Owner(Owner, int)> function(increase);
  auto number = std::make_unique<int>(40);
  const int* const place = number.get();
  number = function(std::move(number), 2);
  CHECK(number.get() == place);
  CHECK(*number == 42);
  const auto drop = [](Owner) {};
  const FunctionRef<void(Owner)> dropping(drop);
  dropping(std::move(number));
  CHECK(number == nullptr);
}

TEST_CASE("copies refer to the same callable, not to one another") {
  Counter first, second;
  FunctionRef<int()> one(first);
  FunctionRef<int()> copy(one);  // of an lvalue that is not const: still a copy
  FunctionRef<int()> moved(std::move(one));
  one = FunctionRef<int()>(second);
  CHECK(copy() == 1);
  CHECK(moved() == 2);
  CHECK(one() == 1);
  copy = one;
  CHECK(copy() == 2);
  CHECK(first.calls == 2);
  CHECK(second.calls == 2);
}

TEST_CASE("what a callable throws comes through, and it can be called again") {
  int calls = 0;
  const auto fail = [&] {
    if (++calls == 1) throw std::string("no");
    return calls;
  };
  const FunctionRef<int()> function(fail);
  CHECK_THROWS_AS(function(), std::string);
  CHECK(function() == 2);
}

TEST_CASE("what a callable returns is dropped where nothing is asked for") {
  int calls = 0;
  auto counting = [&] { return ++calls; };
  const grapnel::core::FunctionRef<void()> drop = counting;
  drop();
  drop();
  CHECK(calls == 2);
  STATIC_REQUIRE_FALSE(std::is_constructible_v<grapnel::core::FunctionRef<int(int)>, int (&)(int)>);
}
