#include <grapnel/core/teach.hpp>

#include "support/catch.hpp"
#include "support/trail.hpp"

#include <string>
#include <type_traits>

namespace core = grapnel::core;
using core::detail::Fault;
using core::detail::FaultOf;
using Server = core::Mutator<Trail, int>;

namespace {

struct Fits {
  int operator()(Trail& trail, TrailNext next) const { return next(trail); }
};
struct Mutable {
  int operator()(Trail& trail, TrailNext next) { return next(trail); }
};
struct Texts {
  std::string operator()(Trail&, TrailNext) const { return ""; }
};
struct Copies {
  int operator()(Trail&& trail, TrailNext next) const { return next(trail); }
};
struct MutableFactory {
  Server operator()(Server next) { return next; }
};
struct TextFactory {
  auto operator()(const Server&) const {
    return [](Trail&) { return std::string(); };
  }
};
struct CopyFactory {
  auto operator()(const Server&) const {
    return [](Trail&&) { return 1; };
  }
};
/// Holds several hooks.
template <class... Hooks>
struct Holds {
  using Parts = core::HookParts<Hooks...>;
};
/// Knows by itself what is wrong.
struct Knows {
  template <class Subject, class Result>
  static consteval Fault FaultFor() {
    return std::is_same_v<Result, int> ? Fault::Result : Fault::TakesCopy;
  }
};

template <class H>
constexpr Fault kFault = FaultOf<H, Trail, int>();

}  // namespace

TEST_CASE("what keeps something from being a hook is found") {
  STATIC_REQUIRE(kFault<Fits> == Fault::None);
  STATIC_REQUIRE(kFault<Mutable> == Fault::NotConst);
  STATIC_REQUIRE(kFault<Texts> == Fault::Result);
  STATIC_REQUIRE(kFault<Copies> == Fault::TakesCopy);
  STATIC_REQUIRE(kFault<int> == Fault::Other);
  STATIC_REQUIRE(FaultOf<Fits, std::string, int>() == Fault::Other);
}

TEST_CASE("of ent's form too") {
  STATIC_REQUIRE(kFault<MutableFactory> == Fault::NotConst);
  STATIC_REQUIRE(kFault<TextFactory> == Fault::Result);
  STATIC_REQUIRE(kFault<CopyFactory> == Fault::TakesCopy);
}

TEST_CASE("of several the first that is none says why; who knows it says so") {
  STATIC_REQUIRE(kFault<Holds<Fits, Texts, Mutable>> == Fault::Result);
  STATIC_REQUIRE(kFault<Holds<Fits, Holds<Mutable>>> == Fault::NotConst);
  STATIC_REQUIRE(kFault<Knows> == Fault::Result);
  STATIC_REQUIRE(FaultOf<Knows, Trail, void>() == Fault::TakesCopy);
}
