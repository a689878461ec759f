#include <grapnel/testing/running.hpp>

#include <grapnel/grapnel.hpp>
#include <grapnel/testing.hpp>

#include "support/catch.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using grapnel::F;
using grapnel::Mutation;
using grapnel::Next;
using grapnel::Op;
using grapnel::Value;
using grapnel::testing::NotGivenError;
using grapnel::testing::Run;

namespace run {

struct Key {
  std::string id;
  std::string text;
};
struct Toy;
struct Child {
  std::int64_t id = 0;
  std::string name;
  grapnel::Many<Toy> toys{};
  grapnel::Many<Child> friends{};
};
struct Toy {
  std::int64_t id = 0;
  std::string name;
  grapnel::One<Child> owner{};
};

/// Of which each edge leads to its own type.
struct Node {
  std::int64_t id = 0;
  std::string name;
  grapnel::Many<Node> peers{};
  grapnel::Many<Node> follows{};
  grapnel::Many<Node> followers{};
  grapnel::Many<Node> children{};
  grapnel::One<Node> parent{};
};

}  // namespace run

using run::Child;
using run::Key;
using run::Node;
using run::Toy;

template <>
struct grapnel::Schema<Key> {
  static constexpr std::string_view Type = "Key";
  static constexpr auto Fields() { return grapnel::Fields(Field<&Key::text>("text").Default("")); }
};
template <>
struct grapnel::Schema<Child> {
  static constexpr std::string_view Type = "Child";
  static constexpr auto Fields() { return grapnel::Fields(Field<&Child::name>("name")); }
  static constexpr auto Edges() {
    return grapnel::Edges(To<&Child::toys>("toys"), To<&Child::friends>("friends"));
  }
};
template <>
struct grapnel::Schema<Toy> {
  static constexpr std::string_view Type = "Toy";
  static constexpr auto Fields() { return grapnel::Fields(Field<&Toy::name>("name")); }
  static constexpr auto Edges() {
    return grapnel::Edges(From<&Toy::owner>("owner").Ref<&Child::toys>());
  }
};
template <>
struct grapnel::Schema<Node> {
  static constexpr std::string_view Type = "Node";
  static constexpr auto Fields() { return grapnel::Fields(Field<&Node::name>("name").Default("")); }
  static constexpr auto Edges() {
    return grapnel::Edges(To<&Node::peers>("peers"), To<&Node::follows>("follows"),
                          From<&Node::followers>("followers").Ref<&Node::follows>(),
                          To<&Node::children>("children"),
                          From<&Node::parent>("parent").Ref<&Node::children>());
  }
};

namespace {

const auto kPasses = []<class E>(Mutation<E>& m, Next<E> next) { return next(m); };

Child Given() {
  Child child;
  child.id = 3;
  return child;
}

/// The changes of edges, as in "toys +2 -0".
std::vector<std::string> EdgeChanges(const Mutation<Child>& m) {
  std::vector<std::string> lines;
  for (const auto& row : m.Changes()) {
    for (const auto& each : row.changes) {
      if (!each.is_edge) continue;
      lines.push_back(std::string(each.name) + " +" + std::to_string(each.added.size()) + " -" +
                      std::to_string(each.removed.size()));
    }
  }
  return lines;
}

}  // namespace

TEST_CASE("B211 a create that a database would refuse is refused the same") {
  const auto made = [](auto set) {
    auto one = Run<Key>(kPasses, Op::Create).Old({"a", "x"});
    set(one);
    return one.Go();
  };
  const auto client = grapnel::testing::Open<Key>();
  static_cast<void>(client.Of<Key>().Create().Set(F<&Key::id>, "a").Save());
  const auto said = [](auto go) {
    try {
      go();
    } catch (const grapnel::ValidationError& error) {
      return std::string(error.what());
    } catch (const grapnel::ConstraintError& error) {
      CHECK(error.Kind() == grapnel::ConstraintKind::Unique);
      CHECK(error.Fields() == std::vector<std::string>{"id"});
      return std::string("taken");
    }
    return std::string("made");
  };
  const auto nothing = [](auto&) {};
  CHECK(said([&] { made(nothing).Value(); }) ==
        said([&] { static_cast<void>(client.Of<Key>().Create().Save()); }));
  CHECK(said([&] { made([](auto& b) { b.Set(F<&Key::id>, "a"); }).Value(); }) == "taken");
  CHECK(said([&] { static_cast<void>(client.Of<Key>().Create().Set(F<&Key::id>, "a").Save()); }) ==
        "taken");
  CHECK(said([&] { made([](auto& b) { b.Set(F<&Key::id>, "b"); }).Value(); }) == "made");
}

TEST_CASE("B211 the neighbours that a run gives a row are among its changes") {
  std::vector<std::string> seen;
  const auto watches = [&](Mutation<Child>& m, Next<Child> next) -> Value<Child> {
    m.WatchChanges();
    auto value = next(m);
    seen = EdgeChanges(m);
    return value;
  };
  using Lines = std::vector<std::string>;
  const auto update = [&] { return Run<Child>(watches, Op::UpdateOne).Old(Given()); };
  CHECK_FALSE(update().AddIDs(F<&Child::toys>, 7, 8).Go().Threw());
  CHECK(seen == Lines{"toys +2 -0"});
  CHECK_FALSE(update().AddIDs(F<&Child::toys>, {7, 8}).AddIDs(F<&Child::friends>, 3).Go().Threw());
  CHECK(seen == Lines{"toys +2 -0", "friends +1 -0"});
  CHECK_FALSE(Run<Child>(watches, Op::Create).Set(F<&Child::toys>, {7}).Go().Threw());
  CHECK(seen == Lines{"toys +1 -0"});
  CHECK_FALSE(update().Set(F<&Child::name>, "x").Go().Threw());
  CHECK(seen.empty());

  // Which ones go nobody has said.
  CHECK_THROWS_AS(update().RemoveIDs(F<&Child::friends>, {7}).Go(), NotGivenError);
  CHECK_THROWS_AS(update().ClearEdge(F<&Child::toys>).Go(), NotGivenError);
  CHECK_THROWS_AS(update().Set(F<&Child::toys>, {7}).Go(), NotGivenError);
  CHECK_FALSE(Run<Child>(kPasses, Op::UpdateOne)
                  .Old(Given())
                  .RemoveIDs(F<&Child::friends>, 7)
                  .Go()
                  .Threw());

  // What is undone is none of them.
  bool failed = false;
  const auto fails = [&](Mutation<Child>& m, Next<Child> next) -> Value<Child> {
    auto value = next(m);
    if (!std::exchange(failed, true)) throw grapnel::BusyError("others write");
    return value;
  };
  const auto again = [](Mutation<Child>& m, Next<Child> next) -> Value<Child> {
    try {
      return next(m);
    } catch (const grapnel::BusyError&) {
      m.RemoveIDs(F<&Child::toys>, {8});
      return next(m);
    }
  };
  CHECK_FALSE(Run<Child>(watches, Op::Create)
                  .Behind(again)
                  .Behind(fails)
                  .AddIDs(F<&Child::toys>, 7, 8)
                  .Go()
                  .Threw());
  CHECK(seen == Lines{"toys +1 -0"});
  const auto eager = grapnel::hook::Before(
      [](Mutation<Child>& m) { m.Client().Of<Child>().Query().With(F<&Child::toys>).All(); });
  CHECK_THROWS_AS(Run<Child>(eager, Op::Create).Old(Given()).Go(), NotGivenError);
}

TEST_CASE("B211 rows are walked over one by one, and a create on a conflict takes a database") {
  int rows = 0;
  const auto walks = grapnel::hook::Before([&](Mutation<Child>& m) {
    m.Client().Of<Child>().Query().ForEach([&](const Child&) { ++rows; });
    for (const Child& child : m.Client().Of<Child>().Query()) rows += static_cast<int>(child.id);
  });
  CHECK_FALSE(Run<Child>(walks, Op::Create).Old(Given()).Go().Threw());
  CHECK(rows == 4);
  const auto upserts = grapnel::hook::Before([](Mutation<Key>& m) {
    if (m.Get(F<&Key::id>) != nullptr) return;
    static_cast<void>(m.Client()
                          .Of<Key>()
                          .Create()
                          .Set(F<&Key::id>, "a")
                          .OnConflict(F<&Key::id>)
                          .UpdateNewValues()
                          .Save());
  });
  CHECK_THROWS_AS(Run<Key>(upserts, Op::Create).Go(), NotGivenError);
}

TEST_CASE("B211 a scripted next needs no rows, and those that it may have touched are not known") {
  bool asks = false;
  const auto narrows = [&](Mutation<Child>& m, Next<Child> next) -> Value<Child> {
    m.Where(F<&Child::toys>.Has());
    auto value = next(m);
    if (asks) m.Client().Of<Child>().Query().All();
    return value;
  };
  const auto update = [&] { return Run<Child>(narrows, Op::Update).Old(Given()); };
  CHECK(update().Next(5).Go().Value().Count() == 5);
  CHECK_THROWS_AS(update().Go(), NotGivenError);
  CHECK(Run<Child>(narrows, Op::UpdateOne).ID(3).Next(Given()).Go().Value().HasEntity());
  CHECK(Run<Child>(narrows, Op::DeleteOne).Old(Given()).Next(1).Go().Value().Count() == 1);
  asks = true;
  CHECK_THROWS_AS(update().Next(5).Go(), NotGivenError);
}

TEST_CASE("B211 what is carried out by Mutate is not carried out again") {
  const auto both = [](Mutation<Child>& m, Next<Child> next) -> Value<Child> {
    static thread_local bool inside = false;
    if (inside) return next(m);
    inside = true;
    static_cast<void>(m.Client().Mutate(m));
    inside = false;
    return next(m);
  };
  CHECK(Run<Child>(both, Op::UpdateOne).Old(Given()).Go().Threw<grapnel::Error>());
}

TEST_CASE("B211 both ends of an edge between rows of one type tell the same, as over a database") {
  std::vector<std::string> seen;
  std::function<void(Mutation<Node>&)> edit;
  const auto watches = [&](Mutation<Node>& m, Next<Node> next) -> Value<Node> {
    if (m.Cause() != grapnel::Cause::Caller) return next(m);
    m.WatchChanges();
    edit(m);
    auto value = next(m);
    seen.clear();
    for (const auto& row : m.Changes()) {
      for (const auto& each : row.changes) {
        if (!each.is_edge) continue;
        std::vector<std::string> ids;
        for (const auto& id : each.added) ids.push_back(ToString(id));
        for (const auto& id : each.removed) ids.push_back("-" + ToString(id));
        std::sort(ids.begin(), ids.end());
        std::string line = ToString(row.id) + " " + std::string(each.name) + " " +
                           ToString(each.before) + ">" + ToString(each.after);
        for (const std::string& id : ids) line += " " + id;
        seen.push_back(line);
      }
    }
    const auto nodes = m.Client().Of<Node>();
    for (const Node& node : nodes.Query().Order(grapnel::Asc(F<&Node::id>)).All()) {
      seen.push_back(std::to_string(node.id) + " of " +
                     std::to_string(node.parent.ID().value_or(0)));
    }
    seen.push_back(std::to_string(nodes.Query().Where(F<&Node::children>.Has()).Count()));
    return value;
  };
  std::vector<Node> given(3);
  for (std::size_t at = 0; at < 3; ++at) given[at].id = static_cast<std::int64_t>(at) + 1;
  given[2].parent = grapnel::One<Node>(std::int64_t{1});
  const auto same = [&](std::function<void(Mutation<Node>&)> what, bool one) {
    edit = std::move(what);
    const auto client = grapnel::testing::Open<Node>();
    client.Of<Node>().CreateBulk(given).Save();
    client.Of<Node>().Use(watches);
    one ? void(client.Of<Node>().UpdateOne(2).Set(F<&Node::name>, "x").Save())
        : void(client.Of<Node>().Update().Set(F<&Node::name>, "x").Save());
    const std::vector<std::string> stored = std::exchange(seen, {});
    auto update = Run<Node>(watches, one ? Op::UpdateOne : Op::Update).Set(F<&Node::name>, "x");
    for (const Node& node : given) update.Old(node);
    if (one) update.ID(2);
    CHECK_FALSE(update.Go().Threw());
    CHECK(seen == stored);
    CHECK(stored.size() > 4);
  };
  using M = Mutation<Node>;
  for (const bool one : {false, true}) {
    same([](M& m) { m.AddIDs(F<&Node::peers>, {2}); }, one);
    same([](M& m) { m.AddIDs(F<&Node::peers>, {1, 3}); }, one);
    same(
        [](M& m) {
          m.AddIDs(F<&Node::follows>, {2, 3}), m.AddIDs(F<&Node::followers>, {2});
        },
        one);
    same(
        [](M& m) {
          m.AddIDs(F<&Node::followers>, {1, 2, 3}), m.AddIDs(F<&Node::follows>, {1});
        },
        one);
    same([](M& m) { m.Set(F<&Node::parent>, 1); }, one);
  }
  same([](M& m) { m.AddIDs(F<&Node::children>, {2}); }, true);
  given[2].parent = grapnel::One<Node>(std::int64_t{2});
  same([](M& m) { m.AddIDs(F<&Node::children>, {1, 3}); }, true);
  same([](M& m) { m.Set(F<&Node::children>, {1}); }, true);
  same([](M& m) { m.RemoveIDs(F<&Node::children>, {1, 3}); }, true);
  same([](M& m) { m.ClearEdge(F<&Node::children>); }, true);
  same([](M& m) { m.ClearEdge(F<&Node::children>); }, false);
}
