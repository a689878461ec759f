#include <grapnel/base/pack.hpp>

#include "support/catch.hpp"

#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

using grapnel::core::Concat;
using grapnel::core::Get;
using grapnel::core::Pack;
using grapnel::core::TypeAt;

namespace {

constexpr int Sum(const auto& pack) {
  return pack.Apply([](auto... each) { return (0 + ... + static_cast<int>(each)); });
}

template <std::size_t... I>
constexpr auto Numbers(std::index_sequence<I...>) {
  return Pack(std::integral_constant<std::size_t, I>()...);
}

/// Cannot be copied.
struct Only {
  explicit Only(int n) : number(n) {}
  Only(Only&&) = default;
  Only& operator=(Only&&) = default;
  int number;
};

}  // namespace

TEST_CASE("a pack keeps its elements, by their places") {
  constexpr Pack pack(1, 2.5, std::string_view("three"));
  STATIC_REQUIRE(std::is_same_v<decltype(pack), const Pack<int, double, std::string_view>>);
  STATIC_REQUIRE(pack.kSize == 3);
  STATIC_REQUIRE(Get<0>(pack) == 1);
  STATIC_REQUIRE(Get<1>(pack) == 2.5);
  STATIC_REQUIRE(Get<2>(pack) == "three");
  Pack changed = pack;
  Get<0>(changed) = 7;
  CHECK(Get<0>(changed) == 7);
  CHECK(Get<0>(pack) == 1);
}

TEST_CASE("the I-th type is found, with its references") {
  STATIC_REQUIRE(std::is_same_v<TypeAt<0, int>, int>);
  STATIC_REQUIRE(std::is_same_v<TypeAt<1, int, const char&, void>, const char&>);
  STATIC_REQUIRE(std::is_same_v<TypeAt<2, int, int, void>, void>);
}

TEST_CASE("elements of one type stay apart") {
  constexpr Pack pack(1, 2, 3);
  STATIC_REQUIRE(Get<0>(pack) == 1);
  STATIC_REQUIRE(Get<2>(pack) == 3);
  constexpr Pack nested(pack, pack);
  STATIC_REQUIRE(Get<1>(Get<1>(nested)) == 2);
  STATIC_REQUIRE(Pack(pack).kSize == 3);  // a copy, as of std::tuple
}

TEST_CASE("Apply gives all elements, ForEach one after the other, in their order") {
  STATIC_REQUIRE(Sum(Pack(1, 2, 3L)) == 6);
  STATIC_REQUIRE(Sum(Pack<>()) == 0);
  std::string text;
  const Pack pack(std::string("a"), 'b', "c");
  pack.ForEach([&](const auto& each) { text += each; });
  CHECK(text == "abc");
  Pack numbers(1, 2L);
  numbers.ForEach([](auto& each) { each *= 2; });
  CHECK(Get<0>(numbers) + Get<1>(numbers) == 6);
  std::string& first = Pack<std::string&>(text).Apply([](auto& t) -> std::string& { return t; });
  CHECK(&first == &text);
}

TEST_CASE("packs are put together in their order") {
  constexpr Pack all = Concat(Pack(1), Pack<>(), Pack(2, 3L), Pack('4'));
  STATIC_REQUIRE(std::is_same_v<decltype(all), const Pack<int, int, long, char>>);
  STATIC_REQUIRE(Get<2>(all) == 3);
  STATIC_REQUIRE(Get<3>(all) == '4');
  STATIC_REQUIRE(std::is_same_v<decltype(Concat()), Pack<>>);
  STATIC_REQUIRE(Concat(all).kSize == 4);
}

TEST_CASE("elements may be references, or such that can only be moved") {
  int number = 1;
  const std::string text = "text";
  const Pack<int&, const std::string&> pack(number, text);
  CHECK(&Get<1>(pack) == &text);
  pack.Apply([](int& n, const std::string&) { n = 5; });
  CHECK(number == 5);
  Pack<Only, std::unique_ptr<int>> moved(Only(4), std::make_unique<int>(2));
  const Pack<Only, std::unique_ptr<int>> to = std::move(moved);
  CHECK(Get<0>(to).number + *Get<1>(to) == 6);
}

TEST_CASE("every place of a long pack is its own") {
  constexpr auto pack = Numbers(std::make_index_sequence<200>());
  STATIC_REQUIRE(pack.kSize == 200);
  STATIC_REQUIRE(Get<0>(pack) == 0);
  STATIC_REQUIRE(Get<137>(pack) == 137);
  std::size_t at = 0;
  pack.ForEach([&](std::size_t each) { CHECK(each == at++); });
  CHECK(at == 200);
}

TEST_CASE("a pack holds what a std::tuple holds") {
  std::mt19937 random(7);
  for (int i = 0; i < 100; ++i) {
    const int number = static_cast<int>(random());
    const std::string text(random() % 40, 'x');
    const std::tuple tuple(number, text, 1.5F);
    const Pack pack(number, text, 1.5F);
    const Pack copy = Concat(pack, pack);
    CHECK(Get<0>(copy) == std::get<0>(tuple));
    CHECK(Get<1>(copy) == std::get<1>(tuple));
    CHECK(Get<5>(copy) == std::get<2>(tuple));
  }
}
