// B205: the audit trail, on each engine.
#include <grapnel/extras/audit.hpp>

#include "contract/fixture.hpp"
#include "contract/graph_model.hpp"
#include "support/catch.hpp"
#include "support/engine/ids.hpp"
#include "support/engine/traits.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace audited {

using graph::Card;
using graph::Pet;
using graph::User;
using grapnel::F;
using grapnel::Mutation;
using grapnel::Next;
using grapnel::Op;
using grapnel::Value;
using grapnel::extras::Actor;
using grapnel::extras::Audit;
using grapnel::extras::AuditEntry;
using grapnel::extras::AuditError;
using grapnel::extras::AuditFault;
using grapnel::extras::AuditFlaw;
using grapnel::extras::AuditHead;
using grapnel::extras::Verify;
using Faults = std::vector<AuditFault>;

/// What is stored otherwise than it is given, secrets, and a soft delete.
struct Vault {
  std::string id;
  std::string code{};
  std::optional<double> weight{};
  std::optional<std::vector<std::byte>> image{};
  bool gone = false;
};

}  // namespace audited

template <>
struct grapnel::Schema<audited::Vault> {
  using Vault = audited::Vault;
  static constexpr std::string_view Type = "Vault";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&Vault::id>("id").Sensitive(),
                           Field<&Vault::code>("code").Sensitive(), Field<&Vault::weight>("weight"),
                           Field<&Vault::image>("image"), Field<&Vault::gone>("gone"));
  }
};

namespace {

using namespace audited;

/// `ada Card 1 Delete Cascade deleted {...}`, and what was done where it is not what was asked.
std::string Told(const AuditEntry& entry) {
  std::string text = entry.actor.empty() ? "" : entry.actor + " ";
  text += entry.entity + " " + entry.row + " " + entry.asked;
  if (entry.done != entry.asked) text += ">" + entry.done;
  if (entry.cause != "Caller") text += " " + entry.cause;
  return text + " " + entry.fate + " " + entry.changes;
}

struct Trail : Fixture<User, Card, Pet, Vault, AuditEntry, AuditHead> {
  std::int64_t seen = 0;

  Trail() {
    for (const char* name : {"Ada", "Bob", "Cy"}) {
      client.Of<User>().Create({.name = name, .age = 10}).Save();
    }
  }
  auto Users() const { return client.Of<User>(); }
  std::vector<AuditEntry> All() const {
    return client.Of<AuditEntry>().Query().Order(grapnel::Asc(F<&AuditEntry::id>)).All();
  }
  /// What was told since the last time.
  Lines New() {
    Lines lines;
    for (const AuditEntry& entry : All()) {
      if (entry.id > seen) lines.push_back(Told(entry));
      seen = std::max(seen, entry.id);
    }
    CHECK(Verify(client).empty());
    return lines;
  }
  /// As it was before anything was told.
  std::string User1() const { return Users().Get(1).name + std::to_string(Users().Get(1).age); }
};

struct Watched : Trail {
  Watched() { client.Use(Audit()); }
};

}  // namespace

TEST_CASE_METHOD(Watched, "B205 the trail tells who, when, what, and old and new, of every Op") {
  using namespace std::chrono_literals;
  const grapnel::extras::Clock::Time now = std::chrono::sys_days(2024y / 2 / 29) + 8h;
  const grapnel::extras::ScopedClock clock([&] { return now; });
  const auto users = client.With(Actor{"ada"}).Of<User>();
  users.Create({.name = "Di", .age = 4}).Set(F<&User::nickname>, "\"D\"\n").Save();
  CHECK(New() == Lines{R"(ada User 4 Create created {"name":[null,"Di"],"age":[null,4],)"
                       R"("nickname":[null,"\"D\"\u000a"],"version":[null,0]})"});
  CHECK(All().front().at == now);
  users.UpdateOne(1).Set(F<&User::age>, 11).Save();
  CHECK(New() == Lines{R"(ada User 1 UpdateOne updated {"age":[10,11]})"});
  Users().Update().Where(F<&User::id> < 3).Set(F<&User::age>, 11).Save();
  CHECK(New() == Lines{R"(User 2 Update updated {"age":[10,11]})"});
  Users().UpdateOne(1).Set(F<&User::age>, 11).Save();  // as it is
  Users().Update().Where(F<&User::id> > 90).Set(F<&User::age>, 12).Save();
  CHECK_THROWS_AS(Users().UpdateOne(90).Set(F<&User::age>, 12).Save(), grapnel::NotFoundError);
  CHECK(New().empty());
  users.DeleteOne(4).Exec();
  CHECK(New() == Lines{R"(ada User 4 DeleteOne deleted {"name":["Di",null],"age":[4,null],)"
                       R"("nickname":["\"D\"\u000a",null],"version":[0,null]})"});
  Users().Update().Set(F<&User::age>, 1).Save();
  Lines lines = New();
  CHECK(lines.size() == 3);
  const auto all = All();
  CHECK(all.at(all.size() - 3).mutation == all.back().mutation);
  CHECK(all.back().mutation == all.back().id - 2);
  Users().CreateBulk({{.name = "x"}, {.name = "y"}}).Save();
  lines = New();
  REQUIRE(lines.size() == 2);
  CHECK(lines.at(1).find(R"("name":[null,"y"])") != std::string::npos);
  Users().Delete().Where(F<&User::name>.In("x", "y")).Exec();
  CHECK(New().size() == 2);
}

TEST_CASE_METHOD(Watched, "B205 edges from either end, pairs, cascades and SetNull are told") {
  client.Of<Card>().Create({.number = "1"}).Set(F<&Card::owner>, 1).Save();
  client.Of<Pet>().Create({.name = "p"}).Save();
  New();
  client.Of<Card>().UpdateOne(1).Set(F<&Card::owner>, 2).Save();
  CHECK(New() == Lines{R"(Card 1 UpdateOne updated {"owner":[1,2]})"});
  Users().UpdateOne(1).AddIDs(F<&User::pets>, {1}).AddIDs(F<&User::friends>, {2, 3}).Save();
  CHECK(New() == Lines{R"(Pet 1 Update Cascade updated {"owner":[null,1]})",
                       R"(User 1 UpdateOne updated {"pets":{"added":[1],"removed":[]},)"
                       R"("friends":{"added":[2,3],"removed":[]}})"});
  Users().UpdateOne(2).ClearEdge(F<&User::cards>).Save();
  CHECK(New() == Lines{R"(Card 1 Update Cascade updated {"owner":[2,null]})",
                       R"(User 2 UpdateOne updated {"cards":{"added":[],"removed":[1]}})"});
  Users().UpdateOne(1).Set(F<&User::cards>, {1}).RemoveIDs(F<&User::friends>, {3}).Save();
  CHECK(New() == Lines{R"(Card 1 Update Cascade updated {"owner":[null,1]})",
                       R"(User 1 UpdateOne updated {"cards":{"added":[1],"removed":[]},)"
                       R"("friends":{"added":[],"removed":[3]}})"});
  client.With(Actor{"bob"}).Of<User>().DeleteOne(1).Exec();
  CHECK(New() ==
        Lines{R"(bob Card 1 Delete Cascade deleted {"number":["1",null],"owner":[1,null]})",
              R"(bob Pet 1 Update Cascade updated {"owner":[1,null]})",
              R"(bob User 1 DeleteOne deleted {"name":["Ada",null],"age":[10,null],)"
              R"("version":[0,null],"friends":{"added":[],"removed":[2]}})"});
}

TEST_CASE_METHOD(Watched, "B205 an upsert is told once, whichever way it went") {
  const auto put = [&](std::string name) {
    return client.Of<Card>()
        .Create({.number = "1"})
        .Set(F<&Card::name>, std::move(name))
        .OnConflict(F<&Card::number>);
  };
  put("a").UpdateNewValues().Save();
  CHECK(New() == Lines{R"(Card 1 Create created {"number":[null,"1"],"name":[null,"a"]})"});
  put("b").UpdateNewValues().Save();
  CHECK(New() == Lines{R"(Card 1 Create>UpdateOne updated {"name":["a","b"]})"});
  put("c").Ignore().Save();
  put("b").UpdateNewValues().Save();
  CHECK(New().empty());
  client.Of<Card>().Use(grapnel::hook::On(
      grapnel::hook::Before([](Mutation<Card>& m) { m.Set(F<&Card::owner>, 2); }), Op::UpdateOne));
  put("d").UpdateNewValues().Save();
  CHECK(New() == Lines{R"(Card 1 Create>UpdateOne updated {"name":["b","d"],"owner":[null,2]})"});
}

TEST_CASE_METHOD(Watched, "B205 a row that hooks write again is told once, with the last values") {
  const auto again = [](Mutation<User>& m, const char* name) {
    auto update = m.Client().Of<User>().Update();
    update.Where(F<&User::id> == 1 && F<&User::name> != name).Set(F<&User::name>, name);
    update.Add(F<&User::version>, 1).Save();
  };
  bool before = false, after = false;
  Users().Use([&](Mutation<User>& m, Next<User> next) {
    if (m.Cause() == grapnel::Cause::Hook) return next(m);
    if (before) again(m, "B");
    auto value = next(m);
    if (after) again(m, "A");
    return value;
  });
  before = true;
  Users().UpdateOne(1).Set(F<&User::age>, 11).Save();
  CHECK(New() ==
        Lines{R"(User 1 UpdateOne updated {"name":["Ada","B"],"version":[0,1],"age":[10,11]})"});
  after = true;
  Users().UpdateOne(1).Set(F<&User::name>, "C").Save();
  CHECK(New() == Lines{R"(User 1 UpdateOne updated {"name":["B","A"],"version":[1,2]})"});
  before = false;
  Users().UpdateOne(1).Set(F<&User::name>, "C").Set(F<&User::age>, 12).Save();
  CHECK(New() == Lines{R"(User 1 UpdateOne updated {"age":[11,12],"version":[2,3]})"});
  Users().UpdateOne(2).Set(F<&User::name>, "C").Save();  // 1 is as it is
  CHECK(New() == Lines{R"(User 2 UpdateOne updated {"name":["Bob","C"]})"});
  before = true, after = false;
  Users().DeleteOne(1).Exec();
  CHECK(New() == Lines{R"(User 1 DeleteOne deleted {"name":["A",null],"version":[3,null],)"
                       R"("age":[12,null]})"});
}

TEST_CASE_METHOD(Watched,
                 "B205 a row that is made and written again, or gone again, in one mutation") {
  Users().Use([](Mutation<User>& m, Next<User> next) -> Value<User> {
    if (m.Op() != Op::Create) return next(m);
    auto value = next(m);
    const auto in = m.Client();
    in.Of<User>().UpdateOne(*m.ID()).AddIDs(F<&User::friends>, {1}).Set(F<&User::age>, 5).Save();
    const auto pet = in.Of<Pet>().Create({.name = "gone"}).Save();
    in.Of<Pet>().DeleteOne(pet).Exec();
    return in.Of<User>().Get(*m.ID());
  });
  Users().Create({.name = "Di"}).Save();
  CHECK(New() == Lines{R"(User 4 Create created {"friends":{"added":[1],"removed":[]},)"
                       R"("name":[null,"Di"],"age":[null,5],"version":[null,0]})"});
}

TEST_CASE_METHOD(Watched, "B205 what is made and gone again within one mutation is not told") {
  Users().Use([](Mutation<User>& m, Next<User> next) {
    auto value = next(m);
    if (m.Op() == Op::Create) m.Client().Of<User>().Delete().Where(F<&User::id> == *m.ID()).Exec();
    return value;
  });
  Users().Create({.name = "Di"}).Save();
  Users().CreateBulk({{.name = "Eve"}, {.name = "Fay"}}).Save();
  CHECK(New().empty());
}

TEST_CASE_METHOD(Watched, "B205 a created row's edges are told, of an upsert too") {
  Users().Use([](Mutation<User>& m, Next<User> next) {
    auto value = next(m);
    if (m.Op() == Op::Create)
      m.Client().Of<User>().UpdateOne(*m.ID()).AddIDs(F<&User::friends>, {1}).Save();
    return value;
  });
  Users().Create({.id = 50, .name = "Di"}).OnConflict(F<&User::id>).Ignore().Save();
  CHECK(New().at(0).find(R"("friends":{"added":[1],"removed":[]})") != std::string::npos);
}

TEST_CASE_METHOD(Watched, "B205 what a hook writes that has looked at the rows is told once") {
  Users().Use([&](Mutation<User>& m, Next<User> next) {
    if (m.Cause() == grapnel::Cause::Hook) return next(m);
    static_cast<void>(m.OldRows());
    m.Client().Of<User>().UpdateOne(1).Set(F<&User::age>, 5).Save();
    return next(m);
  });
  Users().UpdateOne(1).Set(F<&User::age>, 10).Save();  // as it was
  Users().Update().Where(F<&User::id> == 1).Set(F<&User::age>, 10).Save();
  CHECK(New().empty());
  Users().UpdateOne(1).Set(F<&User::age>, 7).Save();
  CHECK(New() == Lines{R"(User 1 UpdateOne updated {"age":[10,7]})"});
  Users().DeleteOne(1).Exec();
  CHECK(New().at(0).find(R"("age":[7,null])") != std::string::npos);
}

TEST_CASE_METHOD(Watched, "B205 rules of the trail's tables are for others than the trail") {
  const auto nobody = [](const auto&) { return grapnel::guard::Deny("staff only"); };
  client.Of<AuditEntry>().Guard(nobody);
  client.Of<AuditHead>().Guard(nobody);
  Users().UpdateOne(1).Set(F<&User::age>, 7).Save();
  CHECK_THROWS_AS(All(), grapnel::PolicyError);
  CHECK_THROWS_AS(client.Of<AuditEntry>().Delete().Exec(), grapnel::PolicyError);
  CHECK(
      client.With(grapnel::guard::Decide(grapnel::guard::Allow)).Of<AuditEntry>().Query().Count() ==
      1);
}

TEST_CASE_METHOD(Watched, "B205 what a savepoint has undone is not told, in hooks neither") {
  int tries = 0;
  Users().Use([&](Mutation<User>& m, Next<User> next) -> Value<User> {
    if (m.Cause() == grapnel::Cause::Hook) return next(m);
    try {
      return next(m);
    } catch (const std::runtime_error&) {
      return next(m);
    }
  });
  Users().Use([&](Mutation<User>& m, Next<User> next) -> Value<User> {
    if (m.Cause() == grapnel::Cause::Hook) return next(m);
    m.Client().Of<Pet>().Create({.name = "try" + std::to_string(++tries)}).Save();
    auto value = next(m);
    if (m.InTx()) {
      auto nested = m.Tx().Tx();
      nested.Of<Pet>().Create({.name = "undone"}).Save();
      nested.Rollback();
    }
    if (tries == 1) throw std::runtime_error("once");
    return value;
  });
  Users().UpdateOne(1).Set(F<&User::age>, 11).Save();
  Lines told = New();
  REQUIRE(told.size() == 2);
  CHECK(told.front().find(R"(Create Hook created {"name":[null,"try2"]})") != std::string::npos);
  {
    auto tx = client.Tx();
    tx.Of<User>().UpdateOne(1).Set(F<&User::age>, 12).Save();
    {
      auto nested = tx.Tx();
      nested.Of<User>().UpdateOne(1).Set(F<&User::age>, 13).Save();
    }
    tx.Of<User>().UpdateOne(1).Set(F<&User::age>, 14).Save();
    tx.Commit();
  }
  told = New();
  REQUIRE(told.size() == 4);
  CHECK(told.at(1) == R"(User 1 UpdateOne updated {"age":[11,12]})");
  CHECK(told.at(3) == R"(User 1 UpdateOne updated {"age":[12,14]})");
  {
    auto tx = client.Tx();
    tx.Of<User>().UpdateOne(1).Set(F<&User::age>, 15).Save();
  }
  CHECK(New().empty());
  Users().UpdateOne(1).Set(F<&User::age>, 16).Save();
  CHECK(New().back() == R"(User 1 UpdateOne updated {"age":[14,16]})");
}

TEST_CASE_METHOD(Watched, "B205 SetOp: what was asked, and what was done") {
  const bool by_mutate = GENERATE(false, true);
  client.Of<Vault>().Use([=](Mutation<Vault>& m, Next<Vault> next) -> Value<Vault> {
    if (!Is(m.Op(), Op::Delete | Op::DeleteOne)) return next(m);
    m.SetOp(m.Op() == Op::Delete ? Op::Update : Op::UpdateOne);
    m.Set(F<&Vault::gone>, true);
    return by_mutate ? m.Client().Mutate(m) : next(m);
  });
  for (const char* id : {"1", "2"}) client.Of<Vault>().Create({.id = id}).Save();
  New();
  client.Of<Vault>().DeleteOne("1").Exec();
  CHECK(New() == Lines{R"(Vault *** DeleteOne>UpdateOne updated {"gone":[false,true]})"});
  client.Of<Vault>().Delete().Exec();
  CHECK(New() == Lines{R"(Vault *** Delete>Update updated {"gone":[false,true]})"});
  // What a hook writes in place of a mutation is told as what it is.
  Users().Use([](Mutation<User>& m, Next<User> next) -> Value<User> {
    if (m.Op() != Op::DeleteOne) return next(m);
    m.Client().Of<User>().UpdateOne(*m.ID()).Set(F<&User::age>, 0).Save();
    return 1;
  });
  Users().DeleteOne(1).Exec();
  CHECK(New() == Lines{R"(User 1 UpdateOne Hook updated {"age":[10,0]})"});
}

TEST_CASE_METHOD(Watched, "B205 Sensitive values and ids are not in the trail") {
  const auto vaults = client.Of<Vault>();
  vaults.Create({.id = "s3cret1", .code = "s3cret2", .weight = 0.5}).Save();
  vaults.UpdateOne("s3cret1")
      .Set(F<&Vault::code>, "s3cret3")
      .Set(F<&Vault::weight>, std::nullopt)
      .Set(F<&Vault::image>, std::vector{std::byte{10}, std::byte{255}})
      .Save();
  vaults.DeleteOne("s3cret1").Exec();
  const Lines told = New();
  REQUIRE(told.size() == 3);
  CHECK(told.at(1) == R"(Vault *** UpdateOne updated {"code":["***","***"],"weight":[0.5,null],)"
                      R"("image":[null,{"hex":"0aff"}]})");
  for (const std::string& line : told) CHECK(line.find("s3cret") == std::string::npos);
}

TEST_CASE_METHOD(Trail,
                 "B205 who may be asked for otherwise, and what it throws undoes the write") {
  CHECK_THROWS_AS(Audit(nullptr), grapnel::Error);
  client.Use(Audit([](const grapnel::core::Context& context) {
    const int* const number = context.Get<int>();
    if (number == nullptr) throw std::runtime_error("who?");
    return std::to_string(*number);
  }));
  CHECK_THROWS_WITH(Users().UpdateOne(1).Set(F<&User::age>, 3).Save(), "who?");
  CHECK(User1() == "Ada10");
  client.With(7).Of<User>().UpdateOne(1).Set(F<&User::age>, 3).Save();
  CHECK(New() == Lines{R"(7 User 1 UpdateOne updated {"age":[10,3]})"});
}

namespace {

/// A trail of five entries.
struct Kept : Watched {
  AuditHead head{};
  Kept() {
    for (int i = 1; i <= 5; ++i) Users().UpdateOne(1).Set(F<&User::age>, i).Save();
    head = grapnel::extras::Head(client);
  }
  void Spoil(const std::string& sql) const { Raw(sql); }
};

}  // namespace

TEST_CASE_METHOD(Kept, "B205 Verify finds what was changed, removed, added and put elsewhere") {
  CHECK(head.last == 5);
  CHECK(Verify(client).empty());
  CHECK(Verify(client, head).empty());
  SECTION("changed") {
    const std::string field =
        GENERATE("actor", "entity", "row", "asked", "done", "cause", "fate", "changes", "hash");
    Spoil("UPDATE AuditEntry SET " + field + " = 'x' WHERE id = 3");
    Faults found{{AuditFlaw::Changed, 3}};
    if (field == "hash") found.push_back({AuditFlaw::Changed, 4});
    CHECK(Verify(client) == found);
  }
  SECTION("changed numbers and times") {
    Spoil("UPDATE AuditEntry SET mutation = 1 WHERE id = 3");
    CHECK(Verify(client) == Faults{{AuditFlaw::Changed, 3}});
  }
  SECTION("unreadable") {
    if (engine::Current() != engine::Kind::Sqlite) return;  // which has no such values
    Spoil("UPDATE AuditEntry SET actor = x'00' WHERE id IN (2, 3)");
    CHECK(Verify(client) ==
          Faults{{AuditFlaw::Changed, 2}, {AuditFlaw::Changed, 3}, {AuditFlaw::Changed, 4}});
    Spoil("DELETE FROM AuditEntry WHERE id = 5");
    CHECK(Verify(client).back() == AuditFault{AuditFlaw::CutOff, 5});
  }
  SECTION("removed") {
    Spoil("DELETE FROM AuditEntry WHERE id IN (1, 3, 4)");
    CHECK(Verify(client) == Faults{{AuditFlaw::Missing, 1}, {AuditFlaw::Missing, 3}});
  }
  SECTION("removed, and the others moved up") {
    Spoil("DELETE FROM AuditEntry WHERE id = 3");
    Spoil("UPDATE AuditEntry SET id = 3 WHERE id = 4");
    Spoil("UPDATE AuditEntry SET id = 4 WHERE id = 5");
    CHECK(Verify(client) ==
          Faults{{AuditFlaw::Changed, 3}, {AuditFlaw::Changed, 4}, {AuditFlaw::CutOff, 5}});
  }
  SECTION("put in another order") {
    Spoil("UPDATE AuditEntry SET id = 77 WHERE id = 3");
    Spoil("UPDATE AuditEntry SET id = 3 WHERE id = 4");
    Spoil("UPDATE AuditEntry SET id = 4 WHERE id = 77");
    CHECK(Verify(client) ==
          Faults{{AuditFlaw::Changed, 3}, {AuditFlaw::Changed, 4}, {AuditFlaw::Changed, 5}});
  }
  SECTION("added") {
    AuditEntry more = All().back();
    more.id = 6;
    more.hash = HashOf(more, head.hash);
    client.Of<AuditEntry>().Create(more).Save();
    CHECK(Verify(client) == Faults{{AuditFlaw::Added, 6}});
  }
  SECTION("cut off") {
    Spoil("DELETE FROM AuditEntry WHERE id > 3");
    CHECK(Verify(client) == Faults{{AuditFlaw::CutOff, 4}});
    const std::string hash = All().back().hash;
    Spoil("UPDATE AuditHead SET last = 3, hash = '" + hash + "'");
    CHECK(Verify(client).empty());
    CHECK(Verify(client, head) == Faults{{AuditFlaw::CutOff, 4}});
    // Nor do new ones in their place help.
    for (int i = 1; i <= 5; ++i) Users().UpdateOne(1).Set(F<&User::age>, 10 * i).Save();
    CHECK(Verify(client).empty());
    CHECK(Verify(client, head) == Faults{{AuditFlaw::Changed, 5}});
  }
  SECTION("all of it") {
    Spoil("DELETE FROM AuditEntry");
    CHECK(Verify(client) == Faults{{AuditFlaw::CutOff, 1}});
    Spoil("DELETE FROM AuditHead");
    CHECK(Verify(client).empty());
    CHECK(Verify(client, head) == Faults{{AuditFlaw::CutOff, 1}});
  }
  SECTION("the head") {
    Spoil("UPDATE AuditHead SET hash = 'x'");
    CHECK(Verify(client) == Faults{{AuditFlaw::Head, 5}});
    Spoil("DELETE FROM AuditHead");
    CHECK(Verify(client).front() == AuditFault{AuditFlaw::Added, 1});
  }
}

TEST_CASE_METHOD(Kept, "B205 a write that meets a spoiled trail is refused and undone") {
  const auto refuses = [&](std::string_view entity, std::string_view says) {
    const auto error =
        Thrown<AuditError>([&] { Users().UpdateOne(1).Set(F<&User::age>, 77).Save(); });
    CHECK(error.Entity() == entity);
    CHECK_THAT(error.what(),
               Catch::StartsWith(std::string(entity) + ": ") && Catch::Contains(std::string(says)));
    CHECK(User1() == "Ada5");
  };
  SECTION("no head") {
    Spoil("DELETE FROM AuditHead");
    refuses("AuditHead", "is not there, though there are entries");
  }
  SECTION("another head") {
    Spoil("UPDATE AuditHead SET hash = 'x'");
    refuses("AuditHead", "its hash is not the one of the last entry");
  }
  SECTION("a head that was set back") {
    Spoil("UPDATE AuditHead SET last = 4, hash = (SELECT hash FROM AuditEntry WHERE id = 4)");
    refuses("AuditEntry", "not as the head says");
  }
  SECTION("an entry behind it") {
    AuditEntry more = All().back();
    more.id = 6;
    client.Of<AuditEntry>().Create(more).Save();
    refuses("AuditEntry", "not as the head says");
  }
  SECTION("no last entry, as another program sees it") {
    Spoil("DELETE FROM AuditEntry WHERE id = 5");
    const auto other =
        engine::Open<User, Card, Pet, Vault, AuditEntry, AuditHead>(scratch.File("test.db"));
    other.Use(Audit());
    CHECK_THROWS_WITH(other.Of<User>().UpdateOne(1).Set(F<&User::age>, 77).Save(),
                      "AuditEntry: the last entry is not there");
    CHECK(User1() == "Ada5");
  }
  SECTION("a head that nothing can follow") {
    Spoil("DELETE FROM AuditEntry WHERE id < 5");
    Spoil("UPDATE AuditEntry SET id = 9223372036854775807");
    Spoil("UPDATE AuditHead SET last = 9223372036854775807");
    refuses("AuditHead", "no entry can follow that number");
    CHECK(Verify(client) == Faults{{AuditFlaw::Missing, 1}});
  }
  SECTION("no table") {
    const std::string table = GENERATE("AuditEntry", "AuditHead");
    Spoil("DROP TABLE " + table);
    const auto error =
        Thrown<grapnel::SchemaError>([&] { Users().UpdateOne(1).Set(F<&User::age>, 77).Save(); });
    CHECK(error.Entity() == table);
    CHECK(User1() == "Ada5");
  }
}

TEST_CASE("B205 a program without the types of the trail is told so") {
  Fixture<User, Card, Pet> world;
  world.client.Use(Audit());
  CHECK_THROWS_WITH(world.client.Of<User>().Create({.name = "Ada"}).Save(),
                    Catch::Contains("Audit"));
  CHECK(world.client.Of<User>().Query().Count() == 0);
}

TEST_CASE_METHOD(Watched, "B205 many write at a time, in threads and by several clients") {
  const auto other =
      engine::Open<User, Card, Pet, Vault, AuditEntry, AuditHead>(scratch.File("test.db"));
  other.Use(Audit());
  constexpr int kThreads = 4, kWrites = 20;
  std::vector<std::thread> threads;
  std::vector<std::string> failed(kThreads);
  for (int at = 0; at < kThreads; ++at) {
    threads.emplace_back([&, at] {
      const auto by = (at % 2 == 0 ? client : other).With(Actor{std::to_string(at)});
      try {
        for (int i = 0; i < kWrites; ++i) {
          if (i % 5 == 0) {
            by.WithTx(
                [&](grapnel::Tx& tx) {
                  tx.Of<Pet>().Create({.name = "p"}).Save();
                  tx.Of<User>().UpdateOne(1).Add(F<&User::version>, 1).Save();
                },
                grapnel::Retry{});
          } else {
            by.Of<User>().UpdateOne(1 + at % 3).Add(F<&User::version>, 1).Save();
          }
        }
      } catch (const std::exception& error) {
        failed[static_cast<std::size_t>(at)] = error.what();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(failed == std::vector<std::string>(kThreads));
  CHECK(Verify(client).empty());
  CHECK(All().size() == kThreads * kWrites + kThreads * kWrites / 5);
  CHECK(Users().Query().Sum(F<&User::version>) == kThreads * kWrites);
}

namespace {

/// `{"name":["a","b"],"friends":{"added":[2],"removed":[]}}`, taken apart: values have no commas.
struct Change {
  Lines before{}, after{};
  bool many = false;
};
std::map<std::string, Change> Parsed(std::string_view json) {
  std::map<std::string, Change> all;
  const auto list = [&] {
    Lines values;
    json.remove_prefix(json.find('[') + 1);
    const std::size_t end = json.find(']');
    std::string_view rest = json.substr(0, end);
    while (!rest.empty()) {
      const std::size_t comma = rest.find(',');
      values.emplace_back(rest.substr(0, comma));
      rest = comma == std::string_view::npos ? "" : rest.substr(comma + 1);
    }
    json.remove_prefix(end + 1);
    return values;
  };
  while (json.find('"') != std::string_view::npos) {
    json.remove_prefix(json.find('"') + 1);
    Change& change = all[std::string(json.substr(0, json.find('"')))];
    json.remove_prefix(json.find(':') + 1);
    change.many = json.front() == '{';
    Lines first = list();
    if (change.many) {
      change.after = std::move(first);
      change.before = list();
    } else {
      change.before = {first.at(0)};
      change.after = {first.at(1)};
    }
  }
  return all;
}

/// Hooks that write rows of the mutation and others, before and behind it, and undo some of it.
struct Programs : Watched {
  std::mt19937 random{2050};
  std::map<std::string, std::map<std::string, std::string>> rows{};  // by type and id
  std::set<std::pair<std::string, std::string>> friends{};

  Programs() {
    client.Of<User>().Delete().Exec();
    seen = All().back().id;
    for (const char* table : {"User", "Card", "Pet"}) {
      engine::LetIdsFollow(scratch.File("test.db"), table);
    }
    client.Use([this]<class E>(Mutation<E>& m, Next<E> next) {
      const bool wild = m.Cause() != grapnel::Cause::Hook;
      if (wild && Below(3) == 0) Meddle(m);
      auto value = next(m);
      if (wild && Below(3) == 0) Meddle(m);
      return value;
    });
  }
  std::int64_t Below(std::int64_t most) {
    return std::uniform_int_distribution<std::int64_t>(0, most - 1)(random);
  }
  std::int64_t AnyId() { return 1 + Below(6); }
  std::optional<std::int64_t> Maybe() {
    return Below(3) == 0 ? std::nullopt : std::optional(AnyId());
  }

  void Meddle(const grapnel::AnyMutation& m) {
    if (m.InTx() && Below(3) == 0) {
      auto nested = m.Tx().Tx();
      try {
        Step(nested.Client());
      } catch (const grapnel::Error&) {
        return;
      }
      if (Below(2) == 0) nested.Commit();
      return;
    }
    try {
      Step(m.Client());
    } catch (const grapnel::Error&) {
    }
  }
  void Step(const grapnel::Client& in) {
    const auto users = in.Of<User>();
    const auto cards = in.Of<Card>();
    const auto pets = in.Of<Pet>();
    const std::string name = "n" + std::to_string(Below(4));
    switch (Below(12)) {
      case 0:
        users.CreateBulk({{.name = name}, {.name = name, .age = Below(3)}}).Save();
        break;
      case 1:
        users.Create({.name = name})
            .Set(F<&User::best_friend>, Maybe())
            .AddIDs(F<&User::friends>, {AnyId()})
            .Save();
        break;
      case 2:
        users.UpdateOne(AnyId())
            .Set(F<&User::name>, name)
            .Set(F<&User::best_friend>, Maybe())
            .AddIDs(F<&User::friends>, {AnyId(), AnyId()})
            .Save();
        break;
      case 3:
        users.Update()
            .Where(F<&User::id> > AnyId())
            .Add(F<&User::age>, Below(2))
            .RemoveIDs(F<&User::friends>, {AnyId()})
            .Save();
        break;
      case 4:
        users.Update().Where(F<&User::name> == name).Set(F<&User::friends>, {AnyId()}).Save();
        break;
      case 5:
        users.DeleteOne(AnyId()).Exec();
        break;
      case 6:
        users.UpdateOne(AnyId()).Set(F<&User::age>, Below(3)).Save();
        break;
      case 7:
      case 8:
        cards.Create({.number = name})
            .Set(F<&Card::owner>, Maybe())
            .OnConflict(F<&Card::number>)
            .UpdateNewValues()
            .Save();
        break;
      case 9:
        users.UpdateOne(AnyId()).Set(F<&User::pets>, {AnyId()}).ClearEdge(F<&User::cards>).Save();
        break;
      case 10:
        pets.Create({.name = name}).Set(F<&Pet::owner>, Maybe()).Save();
        break;
      default:
        pets.Update().Where(F<&Pet::name> == name).Set(F<&Pet::owner>, Maybe()).Save();
    }
  }

  /// Does what the trail tells since the last time.
  void Replay() {
    std::set<std::pair<std::int64_t, std::string>> once;
    for (const AuditEntry& entry : All()) {
      if (entry.id <= seen) continue;
      seen = entry.id;
      INFO(Told(entry));
      const std::string key = entry.entity + entry.row;
      CHECK(once.emplace(entry.mutation, key).second);
      CHECK(rows.contains(key) == (entry.fate != "created"));
      auto& row = rows[key];
      for (const auto& [name, change] : Parsed(entry.changes)) {
        if (change.many) {
          if (name != "friends") continue;
          for (const auto& id : change.before) friends.erase(std::minmax(entry.row, id));
          for (const auto& id : change.after) friends.insert(std::minmax(entry.row, id));
          continue;
        }
        const auto known = row.find(name);
        CHECK(change.before.front() == (known == row.end() ? "null" : known->second));
        if (known != row.end()) row.erase(known);
        if (change.after.front() != "null") row.emplace(name, change.after.front());
      }
      if (entry.fate == "deleted") {
        CHECK(row.empty());
        rows.erase(key);
      }
    }
  }
  void Compare() const {
    std::map<std::string, std::map<std::string, std::string>> stored;
    std::set<std::pair<std::string, std::string>> pairs;
    const auto quoted = [](const std::string& text) { return '"' + text + '"'; };
    for (const User& user : Users().Query().With(F<&User::friends>).All()) {
      const std::string id = std::to_string(user.id);
      auto& row = stored["User" + id];
      row = {{"name", quoted(user.name)},
             {"age", std::to_string(user.age)},
             {"version", std::to_string(user.version)}};
      if (user.best_friend.ID()) row["best_friend"] = std::to_string(*user.best_friend.ID());
      for (const User& other : user.friends) {
        pairs.insert(std::minmax(id, std::to_string(other.id)));
      }
    }
    for (const Card& card : client.Of<Card>().Query().All()) {
      auto& row = stored["Card" + std::to_string(card.id)];
      row = {{"number", quoted(card.number)}};
      if (card.owner.ID()) row["owner"] = std::to_string(*card.owner.ID());
    }
    for (const Pet& pet : client.Of<Pet>().Query().All()) {
      auto& row = stored["Pet" + std::to_string(pet.id)];
      row = {{"name", quoted(pet.name)}};
      if (pet.owner.ID()) row["owner"] = std::to_string(*pet.owner.ID());
    }
    REQUIRE(rows == stored);
    REQUIRE(friends == pairs);
  }
};

}  // namespace

TEST_CASE_METHOD(Programs, "B205 what the trail tells, put together, is what is stored") {
  std::size_t most = 0, pairs = 0;
  for (int i = 0; i < 150; ++i) {
    CAPTURE(i);
    try {
      if (i % 2 == 0) {
        Step(client);
      } else {
        auto tx = client.Tx();
        Step(tx.Client());
        if (i % 3 != 0) tx.Commit();
      }
    } catch (const grapnel::Error&) {  // all is undone
    }
    Replay();
    Compare();
    most = std::max(most, rows.size());
    pairs = std::max(pairs, friends.size());
  }
  CHECK(Verify(client).empty());
  CHECK(most > 6);
  CHECK(pairs > 2);
}
