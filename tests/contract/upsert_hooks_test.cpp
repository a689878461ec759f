// B108: a Create that meets a row becomes, inside, an UpdateOne of that row, through all hooks.
#include "contract/fixture.hpp"
#include "support/catch.hpp"
#include "support/engine/traits.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace upsert_hooks {

struct Log;
struct Page {
  std::string id;
  std::string path{};
  std::string text{};
  std::int64_t tenant = 0;
  std::int64_t visits = 0;
  std::int64_t version = 0;
  std::string maker{};    // immutable
  std::int64_t seen = 0;  // by an update-default
  grapnel::Many<Log> logs{};
};
struct Log {
  std::int64_t id = 0;
  std::string line;
  grapnel::One<Page> page{};
};

struct Tenant {
  std::int64_t id;
};

}  // namespace upsert_hooks

template <>
struct grapnel::Schema<upsert_hooks::Page> {
  static constexpr std::string_view Type = "Page";
  static constexpr auto Fields() {
    using upsert_hooks::Page;
    return grapnel::Fields(Field<&Page::id>("id"), Field<&Page::path>("path").Unique(),
                           Field<&Page::text>("text").NotEmpty(), Field<&Page::tenant>("tenant"),
                           Field<&Page::visits>("visits").Default(0),
                           Field<&Page::version>("version").Default(0),
                           Field<&Page::maker>("maker").Default("nobody").Immutable(),
                           Field<&Page::seen>("seen").Default(0).UpdateDefault(1));
  }
  static constexpr auto Edges() { return grapnel::Edges(To<&upsert_hooks::Page::logs>("logs")); }
};
template <>
struct grapnel::Schema<upsert_hooks::Log> {
  static constexpr std::string_view Type = "Log";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&upsert_hooks::Log::line>("line"));
  }
  static constexpr auto Edges() {
    using namespace upsert_hooks;
    return grapnel::Edges(From<&Log::page>("page").Ref<&Page::logs>());
  }
};

namespace {

using grapnel::Error;
using grapnel::F;
using grapnel::Mutation;
using grapnel::Next;
using grapnel::Op;
using grapnel::Value;
using upsert_hooks::Log;
using upsert_hooks::Page;
using upsert_hooks::Tenant;
namespace hook = grapnel::hook;
using Outcome = grapnel::store::ConflictOutcome;

constexpr auto kPath = F<&Page::path>;
constexpr auto kText = F<&Page::text>;
constexpr auto kVisits = F<&Page::visits>;
constexpr auto kTenant = F<&Page::tenant>;

enum class How { NewValues, Change, Both };

struct World : Fixture<Page, Log> {
  grapnel::store::HookedEntities<Page> pages = client.Of<Page>();
  Lines log{};
  int made = 0;

  template <class C>
  grapnel::store::Create<Page> Make(const C& in, std::string path, std::string text,
                                    std::int64_t tenant = 1) {
    auto create = in.template Of<Page>().Create();
    create.Set(F<&Page::id>, "p" + std::to_string(++made));
    create.Set(kPath, std::move(path)).Set(kText, std::move(text)).Set(kTenant, tenant);
    return create;
  }
  template <class C>
  grapnel::store::Create<Page> Upsert(const C& in, std::string path, std::string text, How how,
                                      std::int64_t tenant = 1) {
    auto create = Make(in, std::move(path), std::move(text), tenant);
    create.OnConflict(kPath);
    if (how != How::Change) create.UpdateNewValues();
    if (how != How::NewValues) create.Update([](Mutation<Page>& m) { m.Add(kVisits, 1); });
    return create;
  }
  /// p1: "/" of tenant 1, "first".
  World() { Make(client, "/", "first").Save(); }
  /// id|text|tenant|visits|seen
  Lines All() const { return Raw("SELECT id, text, tenant, visits, seen FROM Page ORDER BY id"); }
  /// Logs "OP CAUSE" and, once next succeeded, "/OP" with the outcome of a creation.
  void Watch() {
    pages.Use([this](Mutation<Page>& m, Next<Page> next) -> Value<Page> {
      log.push_back(ToString(m.Op()) + " " + ToString(m.Cause()));
      auto value = next(m);
      std::string line = "/" + ToString(m.Op());
      if (m.Conflict() != nullptr) line += " " + std::string(Name(m.Conflict()->outcome));
      log.push_back(line);
      return value;
    });
  }
  void OnUpdate(auto hook) { pages.Use(hook::On(std::move(hook), Op::UpdateOne)); }
};

const Lines kUpdated{"Create Caller", "UpdateOne Upsert", "/UpdateOne", "/Create updated"};

}  // namespace

TEST_CASE("B108 the row that a Create meets goes through the hooks of an UpdateOne") {
  World world;
  world.Watch();
  world.OnUpdate([&](Mutation<Page>& m, Next<Page> next) -> Value<Page> {
    CHECK(m.ID() == "p1");
    CHECK(m.IDs() == std::vector<std::string>{"p1"});
    CHECK(m.Conflict() == nullptr);
    CHECK_FALSE(m.Get(kPath));
    CHECK_FALSE(m.Get(F<&Page::maker>));
    CHECK(*m.Get(F<&Page::seen>) == 1);  // the update-default
    world.log.push_back(m.Old(kText) + " -> " + (m.Get(kText) ? *m.Get(kText) : "as it is"));
    auto value = next(m);
    CHECK(m.OldRows().at(0).text == "first");
    CHECK(value.Entity().id == "p1");
    value.Entity().maker = "told";
    return value;
  });
  const auto check = [&](const auto& in, How how) {
    const Page page = world.Upsert(in, "/", "second", how).Save();
    CHECK(page.id == "p1");
    CHECK(page.maker == "told");  // by the hook around the update
    CHECK(page.text == (how == How::Change ? "first" : "second"));
    CHECK(page.visits == (how == How::NewValues ? 0 : 1));
    CHECK(Take(world.log) == Lines{"Create Caller", "UpdateOne Upsert",
                                   how == How::Change ? "first -> as it is" : "first -> second",
                                   "/UpdateOne", "/Create updated"});
    CHECK(world.All().size() == 1);
  };
  const How how = GENERATE(How::NewValues, How::Change, How::Both);
  SECTION("by the client") { check(world.client, how); }
  SECTION("by a view") { check(world.client.With(Tenant{1}), how); }
  SECTION("in a Tx, nested too") {
    auto tx = world.client.Tx();
    {
      auto nested = tx.Tx();
      check(nested, how);
    }
    check(tx, how);
    tx.Commit();
  }
  SECTION("a row that is not there does not") {
    world.Upsert(world.client, "/new", "n", how).Save();
    CHECK(world.log == Lines{"Create Caller", "/Create inserted"});
  }
  SECTION("nor does one that is taken as it is") {
    CHECK(world.Make(world.client, "/", "x").OnConflict(kPath).Ignore().Save().text == "first");
    CHECK(world.log == Lines{"Create Caller", "/Create unchanged"});
  }
}

TEST_CASE("B108 what a hook adds by Where keeps the rows of others as they are") {
  World world;
  const auto guard = [](Mutation<Page>& m) {
    if (const auto* tenant = m.Context().Get<Tenant>()) m.Where(kTenant == tenant->id);
  };
  const Op ops = GENERATE(as<Op>(), Op::UpdateOne, Op::Create, Op::Create | Op::UpdateOne);
  std::optional<Outcome> outcome;
  world.pages.Use(hook::On(
      hook::After([&](const Mutation<Page>& m, Value<Page>&) { outcome = m.Conflict()->outcome; }),
      Op::Create));
  const bool looks = GENERATE(false, true);
  if (looks) world.OnUpdate(hook::Before([](Mutation<Page>& m) { m.OldRows(); }));
  world.pages.Use(hook::On(hook::Before(guard), ops));
  // What a hook has written for an update that does not take place is gone.
  world.pages.Use(hook::On(hook::Before([](Mutation<Page>& m) {
                             m.Client().Of<Log>().Create().Set(F<&Log::line>, "touched").Save();
                           }),
                           Op::UpdateOne));
  const How how = GENERATE(How::NewValues, How::Change, How::Both);
  const bool in_tx = GENERATE(false, true);
  const auto upsert = [&](std::int64_t tenant) {
    const auto view = world.client.With(Tenant{tenant});
    if (!in_tx) return world.Upsert(view, "/", "theirs", how, 1).Save();
    auto tx = view.Tx();
    Page page = world.Upsert(tx, "/", "theirs", how, 1).Save();
    tx.Commit();
    return page;
  };
  const Page untouched = upsert(2);
  CHECK(outcome == Outcome::Unchanged);
  CHECK(untouched.id == "p1");
  CHECK(untouched.text == "first");
  CHECK(world.All() == Lines{"p1|first|1|0|0"});
  CHECK(world.Raw("SELECT line FROM Log").empty());
  upsert(1);
  CHECK(outcome == Outcome::Updated);
  CHECK(world.All().at(0) != "p1|first|1|0|0");
  CHECK(world.Raw("SELECT line FROM Log") == Lines{"touched"});
}

TEST_CASE("B108 Where inside of change narrows the update, with and without hooks") {
  World world;
  if (GENERATE(false, true)) world.Watch();
  const auto upsert = [&](std::int64_t version) {
    return world.Make(world.client, "/", "new")
        .OnConflict(kPath)
        .Update([&](Mutation<Page>& m) {
          m.Set(F<&Page::version>, version);
          m.Where(F<&Page::version> == version - 1);
        })
        .Save();
  };
  CHECK(upsert(2).version == 0);
  CHECK(upsert(1).version == 1);
  CHECK(upsert(1).version == 1);
  CHECK(world.All() == Lines{"p1|first|1|0|1"});
}

TEST_CASE("B108 a veto of the UpdateOne is a veto of the upsert") {
  World world;
  world.pages.Use(hook::Reject(Op::UpdateOne));
  const How how = GENERATE(How::NewValues, How::Change, How::Both);
  const auto error = Thrown<grapnel::RejectedError>(
      [&] { world.Upsert(world.client, "/", "second", how).Save(); });
  CHECK(error.Op() == Op::UpdateOne);
  CHECK(world.Upsert(world.client, "/new", "n", how).Save().text == "n");
  CHECK(world.Make(world.client, "/", "x").OnConflict(kPath).Ignore().Save().text == "first");
  CHECK(world.All().size() == 2);
  // In a Tx what was done before it stays.
  auto tx = world.client.Tx();
  world.Make(tx, "/tx", "t").Save();
  CHECK_THROWS_AS(world.Upsert(tx, "/", "second", how).Save(), grapnel::RejectedError);
  tx.Commit();
  CHECK(world.All().size() == 3);
}

TEST_CASE("B108 a hook changes, suppresses, replaces and redirects the update") {
  World world;
  world.Watch();
  const auto upsert = [&] {
    return world.Upsert(world.client, "/", "second", How::NewValues).Save();
  };
  SECTION("changes it, as validation sees") {
    world.OnUpdate(hook::Before([](Mutation<Page>& m) { m.Set(kText, *m.Get(kText) + "!"); }));
    CHECK(upsert().text == "second!");
    CHECK(world.log == kUpdated);
    world.OnUpdate(hook::Before([](Mutation<Page>& m) { m.Set(kText, ""); }));
    const auto error = Thrown<grapnel::ValidationError>(upsert);
    CHECK(error.Op() == Op::UpdateOne);
    CHECK(error.Field() == "text");
  }
  SECTION("suppresses it") {
    world.OnUpdate([](Mutation<Page>&, Next<Page>) -> Value<Page> { return Page{.id = "mine"}; });
    CHECK(upsert().id == "mine");
    CHECK(world.log.back() == "/Create unchanged");
    CHECK(world.All() == Lines{"p1|first|1|0|0"});
  }
  SECTION("deletes the row instead: there is none to return") {
    world.OnUpdate([](Mutation<Page>& m, Next<Page> next) -> Value<Page> {
      m.SetOp(Op::DeleteOne);
      return next(m);
    });
    CHECK_THROWS_AS(upsert(), grapnel::NotFoundError);
    CHECK(world.All() == Lines{"p1|first|1|0|0"});
  }
  SECTION("fails once around it, and the Create tries again") {
    int failures = 1;
    world.OnUpdate(hook::After([&](const Mutation<Page>&, Value<Page>&) {
      if (failures-- > 0) throw std::domain_error("once");
    }));
    world.pages.Use(hook::On(
        [](Mutation<Page>& m, Next<Page> next) -> Value<Page> {
          try {
            return next(m);
          } catch (const std::domain_error&) {
            CHECK(m.Conflict()->outcome == Outcome::Pending);
            return next(m);
          }
        },
        Op::Create));
    CHECK(upsert().text == "second");
    CHECK(world.log == Lines{"Create Caller", "UpdateOne Upsert", "UpdateOne Upsert", "/UpdateOne",
                             "/Create updated"});
  }
  SECTION("upserts the same row without end") {
    world.OnUpdate(hook::Before(
        [&](Mutation<Page>& m) { world.Upsert(m.Client(), "/", "again", How::NewValues).Save(); }));
    CHECK_THROWS_AS(upsert(), grapnel::RecursionError);
    CHECK(world.All() == Lines{"p1|first|1|0|0"});
  }
  SECTION("loses another row, which is no answer about this one") {
    world.Make(world.client, "/other", "o").Save();
    world.OnUpdate(hook::Before([](Mutation<Page>& m) {
      if (m.Cause() != grapnel::Cause::Upsert) return;
      m.Client().Of<Page>().UpdateOne("p2").Where(kText == "?").Set(kText, "x").Save();
    }));
    CHECK_THROWS_AS(upsert(), grapnel::StaleError);
  }
}

TEST_CASE("B108 UpdateNewValues().Update(f): the new values, then what f says") {
  World world;
  const auto save = [&](auto change) {
    return world.Make(world.client, "/", "second")
        .Set(kVisits, 10)
        .AddIDs(F<&Page::logs>, {1})
        .OnConflict(kPath)
        .UpdateNewValues()
        .Update(change)
        .Save();
  };
  for (const char* line : {"a", "b"})
    world.client.Of<Log>().Create().Set(F<&Log::line>, line).Save();
  CHECK(save([](Mutation<Page>& m) { m.Add(kVisits, 5); }).visits == 15);
  CHECK(save([](Mutation<Page>& m) { m.Set(kText, "f's"); }).text == "f's");
  CHECK(world.Raw("SELECT id, page_id FROM Log ORDER BY id") == Lines{"1|p1", "2|NULL"});
  save([](Mutation<Page>& m) { m.Set(F<&Page::logs>, {2}); });
  CHECK(world.Raw("SELECT id, page_id FROM Log ORDER BY id") == Lines{"1|NULL", "2|p1"});
  save([](Mutation<Page>& m) { m.RemoveIDs(F<&Page::logs>, {2}); });
  CHECK(world.Raw("SELECT id, page_id FROM Log ORDER BY id") == Lines{"1|p1", "2|NULL"});
}

TEST_CASE("B108 what cannot be said of an upsert is an Error") {
  World world;
  const auto create = [&] { return world.Make(world.client, "/", "x"); };
  const auto redirect = [](Mutation<Page>& m) { m.SetOp(Op::DeleteOne); };
  const auto nothing = [](Mutation<Page>&) {};
  CHECK_THROWS_AS(create().OnConflict(kPath).Update(redirect).Save(), Error);
  CHECK_THROWS_AS(create().OnConflict(kPath).Update(nothing).UpdateNewValues(), Error);
  CHECK_THROWS_AS(create().OnConflict(kPath).Ignore().Update(nothing), Error);
  CHECK_THROWS_AS(create().OnConflict(kPath).UpdateNewValues().Update(nothing).Update(nothing),
                  Error);
  CHECK(world.All() == Lines{"p1|first|1|0|0"});
}

TEST_CASE("B108 the rows of a bulk alike") {
  World world;
  world.Watch();
  world.OnUpdate(hook::Before([](Mutation<Page>& m) { m.Where(kText != "fixed"); }));
  std::vector<grapnel::store::Create<Page>> rows;
  rows.push_back(world.Upsert(world.client, "/", "fixed", How::Both));
  rows.push_back(world.Upsert(world.client, "/2", "two", How::NewValues));
  rows.push_back(world.Upsert(world.client, "/", "lost", How::Both));
  rows.push_back(world.Make(world.client, "/3", "three"));
  const auto made = world.pages.CreateBulk(rows).Save();
  CHECK(made.at(0).text == "fixed");
  CHECK(made.at(2).text == "fixed");
  CHECK(made.at(2).visits == 1);
  CHECK(world.log == Lines{"Create Caller", "UpdateOne Upsert", "/UpdateOne", "/Create updated",
                           "Create Caller", "/Create inserted", "Create Caller", "UpdateOne Upsert",
                           "/Create unchanged", "Create Caller", "/Create"});
  CHECK(world.All() == Lines{"p1|fixed|1|1|1", "p3|two|1|0|0", "p5|three|1|0|0"});
}

TEST_CASE("B108 hooks that are registered while it runs do not see the update") {
  World world;
  grapnel::core::HookHandle added;
  world.pages.Use(hook::On(
      hook::Before([&](Mutation<Page>&) { added = world.pages.Use(hook::Reject(Op::UpdateOne)); }),
      Op::Create));
  CHECK(world.Upsert(world.client, "/", "second", How::NewValues).Save().text == "second");
  CHECK_THROWS_AS(world.pages.UpdateOne("p1").Save(), grapnel::RejectedError);
}

TEST_CASE("B108 where no hook could look it costs no statement more than before") {
  World world;
  Lines sent;
  const auto trace = [&](std::string_view sql) { sent.emplace_back(sql.substr(0, 6)); };
  auto tx = world.client.Debug(trace).Tx();
  world.Upsert(tx, "/", "second", How::Both).Save();
  sent.clear();
  world.Upsert(tx, "/", "third", How::Both).Save();
  std::sort(sent.begin(), sent.end());
  const bool alone = engine::UndoesStatements();  // else a savepoint is about it
  CHECK(sent == (alone ? Lines{"SELECT", "SELECT", "UPDATE"}
                       : Lines{"RELEAS", "SAVEPO", "SELECT", "SELECT", "UPDATE"}));
}
