/// B203: tenants that know nothing of each other, and the ready rules.
#include <grapnel/extras/privacy.hpp>

#include "contract/fixture.hpp"
#include "support/catch.hpp"
#include "support/engine/traits.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using grapnel::F;
using grapnel::Mutation;
using grapnel::Op;
using grapnel::PolicyError;
using grapnel::Reading;
namespace extras = grapnel::extras;
namespace guard = grapnel::guard;

namespace tenants {

struct Viewer {
  std::int64_t tenant = 0;
  bool admin = false;
};

struct Tenanted {
  std::int64_t tenant = 0;
};
struct Task;
struct Project : Tenanted {
  std::int64_t id = 0;
  std::string name;
  std::int64_t score = 0;
  grapnel::Many<Task> tasks{};
  grapnel::Many<Project> peers{};
};
struct Task : Tenanted {
  std::int64_t id = 0;
  std::string title;
  std::optional<std::int64_t> points{};
  grapnel::One<Project> project{};
  grapnel::One<Task> parent{};
};
struct Shelf;
struct Thing : Tenanted {
  std::int64_t id = 0;
  grapnel::One<Shelf> shelf{};
  grapnel::Many<Shelf> labels{};
};
struct Shelf {  // of nobody
  std::int64_t id = 0;
  grapnel::Many<Thing> things{};
  grapnel::Many<Thing> labelled{};
};
struct Movable {  // whose tenant is no constant
  std::int64_t id = 0;
  std::int64_t owner = 0;
};

}  // namespace tenants
using namespace tenants;

template <>
struct grapnel::Schema<Tenanted> {
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&Tenanted::tenant>("tenant").Immutable());
  }
  template <class E>
  static auto Guard() {
    return grapnel::Guard(extras::TenantBy<Viewer>(F<&Tenanted::tenant>, &Viewer::tenant));
  }
};
template <>
struct grapnel::Schema<Project> {
  static constexpr std::string_view Type = "Project";
  using Mixins = grapnel::Mixins<Tenanted>;
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&Project::name>("name"),
                           Field<&Project::score>("score").Default(1));
  }
  static constexpr auto Edges() {
    return grapnel::Edges(To<&Project::tasks>("tasks").OnDelete(Cascade),
                          To<&Project::peers>("peers"));
  }
  static constexpr auto Indexes() {
    return grapnel::Indexes(Index<&Tenanted::tenant, &Project::name>().Unique());
  }
};
template <>
struct grapnel::Schema<Task> {
  static constexpr std::string_view Type = "Task";
  using Mixins = grapnel::Mixins<Tenanted>;
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&Task::title>("title"), Field<&Task::points>("points"));
  }
  static constexpr auto Edges() {
    return grapnel::Edges(From<&Task::project>("project").Ref<&Project::tasks>(),
                          To<&Task::parent>("parent").OnDelete(SetNull));
  }
};
template <>
struct grapnel::Schema<Thing> {
  static constexpr std::string_view Type = "Thing";
  using Mixins = grapnel::Mixins<Tenanted>;
  static constexpr auto Edges() {
    return grapnel::Edges(From<&Thing::shelf>("shelf").Ref<&Shelf::things>(),
                          From<&Thing::labels>("labels").Ref<&Shelf::labelled>());
  }
};
template <>
struct grapnel::Schema<Shelf> {
  static constexpr std::string_view Type = "Shelf";
  static constexpr auto Edges() {
    return grapnel::Edges(To<&Shelf::things>("things"), To<&Shelf::labelled>("labelled"));
  }
};
template <>
struct grapnel::Schema<Movable> {
  static constexpr std::string_view Type = "Movable";
  static constexpr auto Fields() { return grapnel::Fields(Field<&Movable::owner>("owner")); }
  static auto Guard() {
    return grapnel::Guard(extras::TenantBy<Viewer>(F<&Movable::owner>, &Viewer::tenant));
  }
};

namespace {

using Db = Fixture<Project, Task, Thing, Shelf, Movable>;

/// What one tenant does: random, and the same whatever others do. Every result and every error is a
/// line. Ids are chosen by the program, so that they are the same beside other tenants, too; some
/// are other tenants', and some nobody's.
class Tenant {
 public:
  Tenant(std::int64_t number, unsigned seed) : number_(number), random_(seed) {}

  std::string Act(const grapnel::Client& base) {
    const grapnel::Client client = base.With(Viewer{number_});
    const auto step = steps_[Below(steps_.size())];
    try {
      return (this->*step)(client);
    } catch (const grapnel::Error& error) {
      return error.what();
    }
  }

 private:
  using Step = std::string (Tenant::*)(const grapnel::Client&);

  std::size_t Below(std::size_t most) { return random_() % most; }
  bool Chance(std::size_t percent) { return Below(100) < percent; }
  /// The id of a row that is to be made.
  std::int64_t NewId() { return number_ * 1'000 + static_cast<std::int64_t>(++made_); }
  /// One of a row that may be there: of this tenant for the most part.
  std::int64_t AnyId() {
    const std::int64_t of = Chance(70) ? number_ : 1 + static_cast<std::int64_t>(Below(3));
    return of * 1'000 + 1 + static_cast<std::int64_t>(Below(made_ + 2));
  }
  std::string Name() { return "name " + std::to_string(Below(6)); }
  std::int64_t Number() { return static_cast<std::int64_t>(Below(5)); }

  static std::string Show(const Project& p) {
    return "P" + std::to_string(p.id) + " " + p.name + " " + std::to_string(p.score) + " t" +
           std::to_string(p.tenant);
  }
  static std::string Show(const Task& t) {
    std::string text = "T" + std::to_string(t.id) + " " + t.title;
    text += " " + (t.points ? std::to_string(*t.points) : "-");
    text += " p" + (t.project.ID() ? std::to_string(*t.project.ID()) : "-");
    return text + " u" + (t.parent.ID() ? std::to_string(*t.parent.ID()) : "-");
  }
  template <class E>
  static std::string Show(const std::vector<E>& rows) {
    std::string text;
    for (const E& row : rows) text += Show(row) + "; ";
    return text;
  }

  std::string CreateProject(const grapnel::Client& client) {
    auto create = client.Of<Project>().Create();
    create.Set(F<&Project::id>, NewId()).Set(F<&Project::name>, Name());
    if (Chance(50)) create.Set(F<&Project::score>, Number());
    if (Chance(40)) create.AddIDs(F<&Project::tasks>, {AnyId()});
    if (Chance(40)) create.AddIDs(F<&Project::peers>, {AnyId()});
    return Show(create.Save());
  }
  std::string CreateTask(const grapnel::Client& client) {
    auto create = client.Of<Task>().Create();
    create.Set(F<&Task::id>, NewId()).Set(F<&Task::title>, Name());
    if (Chance(60)) create.Set(F<&Task::points>, Number());
    if (Chance(60)) create.Set(F<&Task::project>, AnyId());
    if (Chance(40)) create.Set(F<&Task::parent>, AnyId());
    return Show(create.Save());
  }
  std::string CreateTasks(const grapnel::Client& client) {
    std::vector<Task> rows(1 + Below(4));
    for (Task& row : rows) {
      row.id = NewId();
      row.title = Name();
      if (Chance(50)) row.project = grapnel::One<Project>(AnyId());
      if (Chance(30)) row.parent = grapnel::One<Task>(AnyId());
    }
    return Show(client.Of<Task>().CreateBulk(rows).Omit(F<&Tenanted::tenant>).Save());
  }
  std::string Upsert(const grapnel::Client& client) {
    auto create = client.Of<Project>().Create();
    create.Set(F<&Project::id>, NewId()).Set(F<&Project::name>, Name());
    create.Set(F<&Tenanted::tenant>, number_).Set(F<&Project::score>, Number());
    if (Chance(30)) create.AddIDs(F<&Project::peers>, {AnyId()});
    create.OnConflict(F<&Tenanted::tenant>, F<&Project::name>);
    if (Chance(50)) {
      create.UpdateNewValues();
    } else {
      create.Update([](auto& m) { m.Add(F<&Project::score>, 1); });
    }
    return Show(create.Save());
  }
  std::string UpsertById(const grapnel::Client& client) {
    auto create = client.Of<Task>().Create();
    create.Set(F<&Task::id>, number_ * 1'000 + 1 + static_cast<std::int64_t>(Below(made_ + 1)));
    create.Set(F<&Task::title>, Name()).OnConflict(F<&Task::id>).UpdateNewValues();
    return Show(create.Save());
  }
  std::string UpdateProject(const grapnel::Client& client) {
    auto update = client.Of<Project>().UpdateOne(AnyId());
    if (Chance(50)) update.Set(F<&Project::name>, Name());
    if (Chance(50)) update.Add(F<&Project::score>, 1);
    if (Chance(40)) update.AddIDs(F<&Project::tasks>, {AnyId()});
    if (Chance(30)) update.RemoveIDs(F<&Project::tasks>, {AnyId()});
    if (Chance(30)) update.AddIDs(F<&Project::peers>, {AnyId()});
    if (Chance(20)) update.ClearEdge(F<&Project::peers>);
    return Show(update.Save());
  }
  std::string UpdateTask(const grapnel::Client& client) {
    auto update = client.Of<Task>().UpdateOne(AnyId());
    if (Chance(50)) update.Set(F<&Task::title>, Name());
    if (Chance(40)) update.Set(F<&Task::project>, AnyId());
    if (Chance(30)) update.Set(F<&Task::parent>, AnyId());
    if (Chance(20)) update.ClearEdge(F<&Task::project>);
    return Show(update.Save());
  }
  std::string UpdateMany(const grapnel::Client& client) {
    auto update = client.Of<Task>().Update();
    if (Chance(50)) update.Where(F<&Task::points> > Number());
    if (Chance(50)) update.Where(F<&Task::project>.Has(F<&Project::score> > Number()));
    if (Chance(50)) update.Set(F<&Task::project>, AnyId());
    return std::to_string(update.Set(F<&Task::points>, Number()).Save());
  }
  std::string DeleteOne(const grapnel::Client& client) {
    Chance(50) ? client.Of<Task>().DeleteOne(AnyId()).Exec()
               : client.Of<Project>().DeleteOne(AnyId()).Exec();
    return "gone";
  }
  std::string DeleteMany(const grapnel::Client& client) {
    const auto at_most = Number() - 3;
    return std::to_string(
        client.Of<Project>().Delete().Where(F<&Project::score> <= at_most).Exec());
  }
  std::string Reads(const grapnel::Client& client) {
    const auto projects = client.Of<Project>();
    const auto tasks = client.Of<Task>();
    std::string text = Show(projects.Query().Order(Asc(F<&Project::id>)).All());
    text += Show(tasks.Query().Order(Asc(F<&Task::id>)).All());
    text += std::to_string(projects.Query().Count()) + " " + std::to_string(tasks.Query().Exist());
    text += " " + std::to_string(projects.Query().Sum(F<&Project::score>).value_or(-1));
    for (const auto& row :
         projects.Query().GroupBy(F<&Project::name>).Select(grapnel::Count()).All()) {
      text += " " + std::get<0>(row) + std::to_string(std::get<1>(row));
    }
    text += Show(projects.Query()
                     .Where(F<&Project::tasks>.Has(F<&Task::points> >= 0))
                     .Order(Asc(F<&Project::id>))
                     .All());
    text += Show(tasks.Query()
                     .Where(!F<&Task::project>.Has(F<&Project::score> > 1))
                     .Order(Asc(F<&Task::id>))
                     .All());
    text += Show(projects.Query().Traverse(F<&Project::peers>).Order(Asc(F<&Project::id>)).All());
    text +=
        Show(projects.Query()
                 .Order(grapnel::Desc(grapnel::CountOf(F<&Project::tasks>)), Asc(F<&Project::id>))
                 .Limit(3)
                 .All());
    for (const Project& p :
         projects.Query()
             .With(F<&Project::tasks>, [](auto& q) { q.Order(Asc(F<&Task::id>)); })
             .With(F<&Project::peers>, [](auto& q) { q.Order(Asc(F<&Project::id>)); })
             .Order(Asc(F<&Project::id>))
             .All()) {
      for (const Task& t : p.tasks) text += " t" + std::to_string(t.id);
      for (const Project& other : p.peers) text += " p" + std::to_string(other.id);
    }
    const auto found = projects.Find(AnyId());
    text += found ? Show(*found) : "none";
    return text + Show(tasks.Get(AnyId()));
  }

  static constexpr Step kSteps[] = {
      &Tenant::CreateProject, &Tenant::CreateTask,    &Tenant::CreateTasks, &Tenant::Upsert,
      &Tenant::UpsertById,    &Tenant::UpdateProject, &Tenant::UpdateTask,  &Tenant::UpdateMany,
      &Tenant::DeleteOne,     &Tenant::DeleteMany,    &Tenant::Reads,       &Tenant::Reads};

  std::int64_t number_;
  std::mt19937 random_;
  std::size_t made_ = 0;
  std::vector<Step> steps_{std::begin(kSteps), std::end(kSteps)};
};

}  // namespace

TEST_CASE("B203 nothing that a tenant is told depends on what another one has") {
  const unsigned seeds = engine::IsInProcess() ? 12 : 3;
  for (unsigned seed = 0; seed < seeds; ++seed) {
    Db shared;
    Db alone[2];
    Tenant in_shared[] = {{1, seed * 2}, {2, seed * 2 + 1}};
    Tenant by_itself[] = {{1, seed * 2}, {2, seed * 2 + 1}};
    std::mt19937 turns(seed);
    for (int step = 0; step < 150; ++step) {
      const std::size_t turn = turns() % 2;
      const std::string got = in_shared[turn].Act(shared.client);
      const std::string expected = by_itself[turn].Act(alone[turn].client);
      INFO("seed " << seed << ", step " << step);
      REQUIRE(got == expected);
    }
  }
}

TEST_CASE("B203 rows of nobody that tenants share tell nothing, and let nobody take from others") {
  Db db;
  const auto one = db.client.With(Viewer{1}), two = db.client.With(Viewer{2});
  const auto shelf = db.client.Of<Shelf>().Create().Save().id;
  const auto add = [&](const grapnel::Client& client, std::int64_t id) {
    client.Of<Thing>()
        .Create()
        .Set(F<&Thing::id>, id)
        .Set(F<&Thing::shelf>, shelf)
        .AddIDs(F<&Thing::labels>, {shelf})
        .Save();
  };
  add(one, 1);
  add(two, 2);
  add(two, 3);
  const auto of = [&](const grapnel::Client& client) {
    const auto things = client.Of<Thing>();
    return std::pair(things.Query().Where(F<&Thing::shelf> == shelf).Count(),
                     things.Query().Where(F<&Thing::labels>.Has(F<&Shelf::id> == shelf)).Count());
  };
  const auto update = [&] { return one.Of<Shelf>().UpdateOne(shelf); };
  update().RemoveIDs(F<&Shelf::things>, {2}).RemoveIDs(F<&Shelf::labelled>, {2}).Save();
  update().RemoveIDs(F<&Shelf::things>, {99}).RemoveIDs(F<&Shelf::labelled>, {99}).Save();
  CHECK((of(one) == std::pair(std::int64_t{1}, std::int64_t{1}) &&
         of(two) == std::pair(std::int64_t{2}, std::int64_t{2})));
  update().Set(F<&Shelf::things>, {1}).Set(F<&Shelf::labelled>, {1}).Save();
  CHECK(of(one) == std::pair(std::int64_t{1}, std::int64_t{1}));
  update().ClearEdge(F<&Shelf::things>).ClearEdge(F<&Shelf::labelled>).Save();
  CHECK(of(one) == std::pair(std::int64_t{0}, std::int64_t{0}));
  one.Of<Shelf>().Update().ClearEdge(F<&Shelf::things>).ClearEdge(F<&Shelf::labelled>).Save();
  CHECK(of(two) == std::pair(std::int64_t{2}, std::int64_t{2}));
  try {
    one.Of<Shelf>().DeleteOne(shelf).Exec();
    FAIL("rows of others were changed");
  } catch (const grapnel::ConstraintError& error) {
    CHECK(std::string(error.what()).find('2') == std::string::npos);
  }
}

TEST_CASE("B203 a row is its caller's tenant's, and no other's") {
  Db db;
  const auto one = db.client.With(Viewer{1});
  const Project mine = one.Of<Project>().Create().Set(F<&Project::name>, "a").Save();
  CHECK(mine.tenant == 1);
  const auto create = [&](std::int64_t tenant) {
    one.Of<Project>().Create().Set(F<&Project::name>, "b").Set(F<&Tenanted::tenant>, tenant).Save();
  };
  create(1);
  CHECK_THROWS_AS(create(2), PolicyError);
  CHECK_THROWS_AS(db.client.Of<Project>().Query().Count(), PolicyError);
  CHECK_THROWS_AS(db.client.Of<Project>().Create().Set(F<&Project::name>, "c").Save(), PolicyError);
}

TEST_CASE("B203 a tenant that is no constant cannot be changed to another") {
  Db db;
  const auto one = db.client.With(Viewer{1});
  const Movable mine = one.Of<Movable>().Create().Save();
  const auto update = [&] { return one.Of<Movable>().UpdateOne(mine.id); };
  update().Set(F<&Movable::owner>, 1).Save();
  CHECK_THROWS_AS(update().Set(F<&Movable::owner>, 2).Save(), PolicyError);
  CHECK_THROWS_AS(update().Add(F<&Movable::owner>, 1).Save(), PolicyError);
  CHECK_THROWS_AS(one.Of<Movable>().Update().Add(F<&Movable::owner>, 1).Save(), PolicyError);
}

TEST_CASE("B201 ready rules") {
  Db db;
  const auto count = [](const grapnel::Client& client) {
    return client.Of<Movable>().Query().Count();
  };
  const auto add = [](const grapnel::Client& client) { client.Of<Movable>().Create().Save(); };
  const auto bob = db.client.With(Viewer{1});
  const auto root = db.client.With(Viewer{0, true});
  SECTION("who is not known, and who may do all") {
    db.client.Guard(extras::DenyWithout<Viewer>("who are you?"),
                    extras::AllowIf<Viewer>(&Viewer::admin));
    CHECK(Thrown<PolicyError>([&] { count(db.client); }).Reason() == "who are you?");
    add(bob);
    add(db.client.With(Viewer{2}));
    CHECK((count(bob) == 1 && count(root) == 2));
  }
  SECTION("only some") {
    db.client.Of<Movable>().Guard(extras::DenyUnless<Viewer>(&Viewer::admin, "only admins"));
    CHECK(Thrown<PolicyError>([&] { add(bob); }).Reason() == "only admins");
    add(root);
  }
  SECTION("of some Ops") {
    db.client.Guard(extras::OnMutation(Op::Delete | Op::DeleteOne, extras::AlwaysDeny("kept")));
    add(bob);
    CHECK(Thrown<PolicyError>([&] { bob.Of<Movable>().Delete().Exec(); }).Reason() == "kept");
    CHECK(count(bob) == 1);
    const auto told = db.client.Explain<Movable>();
    CHECK(told.hooks[0].ops == (Op::Delete | Op::DeleteOne));
  }
  SECTION("of reads") {
    db.client.Guard(extras::OnRead(extras::AlwaysDeny("not to be read")));
    add(bob);
    CHECK(Thrown<PolicyError>([&] { count(bob); }).Reason() == "not to be read");
  }
  SECTION("several as one") {
    const auto reads = [](guard::Verdict verdict) {
      return [verdict](Reading<Movable>&) { return verdict; };
    };
    const auto verdict = [&](auto rule) {
      const auto handle = db.client.Of<Movable>().Guard(rule, reads(guard::Deny("behind")));
      std::string said = "allowed";
      try {
        count(bob);
      } catch (const PolicyError& error) {
        said = error.Reason();
      }
      handle.Remove();
      return said;
    };
    using extras::AllOf;
    using extras::FirstOf;
    const auto allow = reads(guard::Allow), skip = reads(guard::Skip),
               deny = reads(guard::Deny("no"));
    const auto of_writes = [](Mutation<Movable>&) { return guard::Deny("a write"); };
    CHECK(verdict(FirstOf(skip, allow, deny)) == "allowed");
    CHECK(verdict(FirstOf(skip, deny, allow)) == "no");
    CHECK(verdict(FirstOf(skip, of_writes)) == "behind");
    CHECK(verdict(AllOf(allow, allow)) == "allowed");
    CHECK(verdict(AllOf(allow, skip)) == "behind");
    CHECK(verdict(AllOf(skip, deny)) == "no");
    CHECK(verdict(AllOf(skip, allow)) == "behind");
    CHECK(verdict(AllOf(allow, of_writes)) == "allowed");
    CHECK(verdict(AllOf(of_writes)) == "behind");
    CHECK(verdict(AllOf()) == "behind");
  }
}
