#include <grapnel/core/form.hpp>

#include "support/catch.hpp"
#include "support/trail.hpp"

#include <string>

namespace core = grapnel::core;
using core::Form;
using core::FormOf;
using Server = core::Mutator<Trail, int>;

namespace {

struct Greets {
  using BeforeOnly = void;
  void operator()(Trail& trail) const { trail.lines.push_back("hello"); }
};
struct Changes {
  using BeforeOnly = void;
  void operator()(Trail&) {}
};
struct Mutable {
  int operator()(Trail& trail, TrailNext next) { return next(trail); }
};
struct Texts {
  std::string operator()(Trail&, TrailNext) const { return ""; }
};

template <class H, class Result = int>
consteval Form Of(const H&) {
  return FormOf<H, Trail, Result>();
}

}  // namespace

TEST_CASE("each form is told from the others") {
  STATIC_REQUIRE(Of(Greets()) == Form::Before);
  STATIC_REQUIRE(Of([](Trail& trail, TrailNext next) { return next(trail); }) == Form::Around);
  STATIC_REQUIRE(Of([](auto& subject, auto next) { return next(subject); }) == Form::Around);
  STATIC_REQUIRE(Of([](Trail&, TrailNext) -> short { return 1; }) == Form::Around);
  STATIC_REQUIRE(Of([](Server next) -> Server { return next; }) == Form::Factory);
  STATIC_REQUIRE(Of([](const Server&) { return [](Trail&) { return 1; }; }) == Form::Factory);
  STATIC_REQUIRE(FormOf<int (*)(Trail&, TrailNext), Trail, int>() == Form::Around);
}

TEST_CASE("what is none of them is told as well") {
  STATIC_REQUIRE(Of(Changes()) == Form::None);
  STATIC_REQUIRE(Of(Mutable()) == Form::None);
  STATIC_REQUIRE(Of(Texts()) == Form::None);
  STATIC_REQUIRE(Of(1) == Form::None);
  STATIC_REQUIRE(Of([] {}) == Form::None);
  STATIC_REQUIRE(Of([](Server) {}) == Form::None);
  STATIC_REQUIRE(FormOf<Greets, std::string, int>() == Form::None);
}

TEST_CASE("where nothing results, whatever a hook returns is dropped") {
  using Next = core::Next<Trail, void>;
  STATIC_REQUIRE(FormOf<void (*)(Trail&, Next), Trail, void>() == Form::Around);
  STATIC_REQUIRE(FormOf<int (*)(Trail&, Next), Trail, void>() == Form::Around);
}
