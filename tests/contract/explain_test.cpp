/// B210: what mutations and reads go through, told with names and origins.

#include "contract/fixture.hpp"
#include "support/catch.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

using grapnel::F;
using grapnel::Mutation;
using grapnel::Mutator;
using grapnel::Next;
using grapnel::Op;
using grapnel::Value;
using grapnel::store::HookInfo;
namespace hook = grapnel::hook;

namespace explained {

struct Versioned {
  std::int64_t version = 0;
};
struct Note : Versioned {
  std::int64_t id = 0;
  std::string text;
};

struct Plain {
  template <class E>
  Value<E> operator()(Mutation<E>& m, Next<E> next) const {
    return next(m);
  }
};
struct Seen {
  grapnel::Found<Note> operator()(grapnel::Reading<Note>& r, grapnel::NextRead<Note> next) const {
    return next(r);
  }
};

}  // namespace explained

template <>
struct grapnel::Schema<explained::Versioned> {
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&explained::Versioned::version>("version").Default(0));
  }
  template <class E>
  static auto Hooks() {
    return grapnel::Hooks(hook::Named("count", hook::On(explained::Plain(), Op::UpdateOne)));
  }
  template <class E>
  static auto Interceptors() {
    return grapnel::Interceptors(hook::Named("current", hook::Before([](grapnel::Reading<E>&) {})));
  }
};
template <>
struct grapnel::Schema<explained::Note> {
  static constexpr std::string_view Type = "Note";
  using Mixins = grapnel::Mixins<explained::Versioned>;
  static constexpr auto Fields() { return grapnel::Fields(Field<&explained::Note::text>("text")); }
  static auto Hooks() {
    return grapnel::Hooks(hook::After([](const Mutation<explained::Note>&, auto&) {}));
  }
};

using explained::Note;
using explained::Plain;

namespace {

/// "name: origin, form".
std::vector<std::string> Brief(const std::vector<HookInfo>& hooks) {
  std::vector<std::string> brief;
  for (const HookInfo& each : hooks) {
    std::string_view name = each.name;
    if (name.starts_with("explained::")) name.remove_prefix(11);
    if (name.find("lambda") != name.npos) name = "lambda";
    brief.push_back(std::string(name) + ": " + each.origin + ", " + std::string(each.form));
  }
  return brief;
}

}  // namespace

TEST_CASE("B210 hooks are told outermost first, with name, origin, mask and form") {
  Fixture<Note> world;
  const auto ent = [](Mutator<Note> next) -> Mutator<Note> {
    return [next](Mutation<Note>& m) { return next(m); };
  };
  const auto everywhere = world.client.Use(hook::Named("audit", Plain()));
  world.client.Of<Note>().Use(hook::On(Plain(), Op::Create | Op::UpdateOne),
                              hook::Named("ent's", ent));
  const Lines runtime{"audit: runtime, around", "Plain: runtime, around",
                      "ent's: runtime, mutator"};
  const Lines schema{"count: mixin explained::Versioned, around", "lambda: schema, after"};

  const auto all = world.client.Explain<Note>();
  CHECK(all.entity == "Note");
  Lines expected = runtime;
  expected.insert(expected.end(), schema.begin(), schema.end());
  CHECK(Brief(all.hooks) == expected);
  CHECK(all.hooks[1].ops == (Op::Create | Op::UpdateOne));

  // Of one Op those that do something for it.
  CHECK(Brief(world.client.Explain<Note>(Op::Delete).hooks) ==
        Lines{"audit: runtime, around", "ent's: runtime, mutator", "lambda: schema, after"});

  auto tx = world.client.Tx();
  tx.Of<Note>().Use(hook::Named("here", Plain()));
  expected.insert(expected.begin() + 3, "here: transaction, around");
  CHECK(Brief(tx.Client().Explain<Note>().hooks) == expected);
  tx.Rollback();

  everywhere.Remove();
  CHECK(world.client.Explain<Note>().hooks.size() == 4);
}

TEST_CASE("B210 the Ops that are told are those of all that a hook is made of") {
  Fixture<Note> world;
  const auto ops = [&](auto hook) {
    const auto handle = world.client.Of<Note>().Use(std::move(hook));
    const auto told = world.client.Explain<Note>().hooks;
    const bool is_shown = told.front().origin == "runtime";
    const Op first = told.front().ops;
    handle.Remove();
    return is_shown ? first : Op{};
  };
  const auto never = [](const auto&) -> bool { return false; };
  const Plain plain;
  CHECK(ops(hook::On(hook::On(plain, Op::Delete | Op::Update), Op::Update | Op::Create)) ==
        Op::Update);
  CHECK(ops(hook::On(hook::On(plain, Op::Delete), Op::Update | Op::Create)) == Op{});
  CHECK(ops(hook::If(hook::On(plain, Op::Delete), never)) == Op::Delete);
  CHECK(ops(hook::If(plain, hook::HasOp(Op::Delete))) == Op::Delete);
  CHECK(ops(hook::If(plain, never)) == grapnel::AnyOp);
  CHECK(ops(hook::Unless(hook::Named("n", hook::On(plain, Op::Delete | Op::Update)), Op::Update)) ==
        Op::Delete);
  CHECK(ops(hook::Chain(hook::On(plain, Op::Delete), hook::On(plain, Op::Create))) ==
        (Op::Delete | Op::Create));
  CHECK(ops(hook::On(hook::Chain(hook::On(plain, Op::Delete), plain), Op::Create)) == Op::Create);
  CHECK(ops(hook::If(hook::Before([](Mutation<Note>&) {}), hook::HasOp(Op::Create))) == Op::Create);
  CHECK(ops(hook::Named("kept", grapnel::Hook<Note>(
                                    hook::If(hook::On(plain, Op::Delete), never)))) == Op::Delete);
  CHECK(ops(hook::Chain()) == grapnel::AnyOp);

  // Conditions are asked all the same.
  int asked = 0;
  const auto counts = [&](const auto&) -> bool { return ++asked != 0; };
  const auto removed = world.client.Of<Note>().Use(hook::If(hook::On(plain, Op::Delete), counts));
  static_cast<void>(world.client.Of<Note>().Create().Set(F<&Note::text>, "x").Save());
  CHECK(asked == 1);
}

TEST_CASE("B210 interceptors are told with their names, behind conditions and in chains too") {
  Fixture<Note> world;
  CHECK(Brief(world.client.Explain<Note>().interceptors) ==
        Lines{"current: mixin explained::Versioned, before"});
  const auto always = [](const grapnel::Reading<Note>&) -> bool { return true; };
  world.client.Of<Note>().Intercept(
      hook::Named("both",
                  hook::Chain(explained::Seen(), hook::Before([](grapnel::Reading<Note>&) {}))),
      hook::If(hook::Named("seldom", explained::Seen()), always),
      hook::Named("given", grapnel::Interceptor<Note>(explained::Seen())));
  CHECK(Brief(world.client.Explain<Note>().interceptors) ==
        Lines{"both: runtime, around", "both: runtime, before", "seldom: runtime, around",
              "given: runtime, around", "current: mixin explained::Versioned, before"});
  CHECK(world.client.Of<Note>().Query().All().empty());  // and they still run
}
