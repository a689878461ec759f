#include <grapnel/store/mutation/any_mutation.hpp>

#include <grapnel/grapnel.hpp>

#include "contract/graph_model.hpp"
#include "support/catch.hpp"

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

using graph::Card;
using graph::Pet;
using graph::User;
using grapnel::AnyHook;
using grapnel::AnyMutation;
using grapnel::AnyNext;
using grapnel::AnyValue;
using grapnel::F;
using grapnel::FieldValue;
using grapnel::Op;

namespace {

using Names = std::vector<std::string_view>;
using Ids = std::vector<FieldValue>;
using Lines = std::vector<std::string>;

FieldValue Int(std::int64_t value) { return FieldValue(value); }

/// What the error says.
template <class E, class Action>
std::string Refused(Action action) {
  try {
    action();
  } catch (const E& error) {
    return error.what();
  }
  return "nothing was thrown";
}

auto OpenGraph() {
  auto client = grapnel::Open<User, Card, Pet>(":memory:");
  client.Migrate();
  return client;
}

// Hooks that no template is made of.

void Older(AnyMutation& m) {
  if (m.Type() == "User") m.WhereField("age", 40);
}
void Stamp(AnyMutation& m) {
  if (m.Op() == Op::Create && m.Type() == "User" && !m.Field("nickname"))
    m.SetField("nickname", "new");
}

Lines* seen = nullptr;

AnyValue Log(AnyMutation& m, AnyNext next) {
  const std::string what = std::string(m.Type()) + " " + ToString(m.Op());
  seen->push_back(what);
  const AnyValue value = next(m);
  seen->push_back(
      "/" + what + " " +
      (value.HasEntity() ? ToString(value.Field("id")) : std::to_string(value.Count())));
  return value;
}

}  // namespace

TEST_CASE("fields by name and by token are one state") {
  auto m = grapnel::Mutation<User>::Access::Make(Op::UpdateOne);
  AnyMutation& any = m;
  any.SetField("name", "Ada");
  any.AddField("age", 2);
  any.ClearField("nickname");
  CHECK(*m.Get(F<&User::name>) == "Ada");
  CHECK(*m.Added(F<&User::age>) == 2);
  CHECK(m.Cleared(F<&User::nickname>));
  CHECK(any.Fields() == Names{"name"});
  CHECK(any.AddedFields() == Names{"age"});
  CHECK(any.ClearedFields() == Names{"nickname"});
  CHECK(any.AddedField("age") == Int(2));
  any.ResetField("age");
  CHECK(m.Added(F<&User::age>) == nullptr);
  CHECK(any.FieldCleared("nickname"));
  CHECK_FALSE(any.FieldCleared("name"));
}

TEST_CASE("a hook over mutations of any type runs wherever it is put, on its Ops, by its name") {
  auto client = OpenGraph();
  std::vector<std::string> log;
  const auto note = [&log](const std::string& by) {
    return grapnel::hook::Named(by,
                                grapnel::hook::On(grapnel::hook::Before([&log, by](AnyMutation& m) {
                                                    log.push_back(by + " " + ToString(m.Op()));
                                                  }),
                                                  Op::Create | Op::Delete));
  };
  client.Use(note("all"));
  const auto handle = client.Of<User>().Use(note("one"), [](AnyMutation& m, auto next) {
    m.SetField("age", 40);
    return next(static_cast<grapnel::Mutation<User>&>(m));
  });
  client.WithTx([&](grapnel::Tx& tx) {
    tx.Of<User>().Use(note("tx"));
    tx.Of<User>().Create().Set(F<&User::name>, "Ada").Save();
  });
  CHECK(log == std::vector<std::string>{"all Create", "one Create", "tx Create"});
  log.clear();
  client.Of<Card>().Create().Set(F<&Card::number>, "1").Save();
  client.Of<User>().Update().Set(F<&User::age>, 1).Save();
  handle.Remove();
  client.Of<User>().Delete().Exec();
  CHECK(log == std::vector<std::string>{"all Create", "all Delete"});
  const auto shown = client.Explain<User>(Op::Create);
  CHECK(ToString(shown).find("all") != std::string::npos);
}

TEST_CASE("a mixin's field is told where the type has it") {
  auto user = grapnel::Mutation<User>::Access::Make(Op::Create);
  auto pet = grapnel::Mutation<Pet>::Access::Make(Op::Create);
  AnyMutation& any = user;
  CHECK(any.Field(F<&User::name>) == std::nullopt);
  any.SetField("name", "Ada");
  CHECK(any.Field(F<&User::name>) == FieldValue("Ada"));
  CHECK(static_cast<AnyMutation&>(pet).Field(F<&User::name>) == std::nullopt);
}

TEST_CASE("WhereField narrows a mutation by name") {
  auto client = OpenGraph();
  for (const std::int64_t age : {30, 40, 50})
    client.Of<User>().Create().Set(F<&User::name>, "u").Set(F<&User::age>, age).Save();
  client.Use(grapnel::hook::Before(Older));
  CHECK(client.Of<User>().Update().Where(F<&User::age> >= 40).Set(F<&User::name>, "v").Save() == 1);
  CHECK_THROWS_AS(client.Of<User>().DeleteOne(3).Exec(), grapnel::NotFoundError);
  CHECK(client.Of<User>().Query().Where(F<&User::name> == "v").Only().age == 40);
  auto m = grapnel::Mutation<User>::Access::Make(Op::Update);
  AnyMutation& any = m;
  CHECK(Refused<grapnel::UnknownFieldError>([&] { any.WhereField("surname", "x"); }) ==
        "User.surname: the schema has no field of this name");
  CHECK_THROWS_AS(any.WhereField("age", "x"), grapnel::TypeMismatchError);
  CHECK_THROWS_AS(any.WhereField("cards", 1), grapnel::UnknownFieldError);
}

TEST_CASE("edges by name and by token are one state") {
  auto m = grapnel::Mutation<User>::Access::Make(Op::UpdateOne);
  AnyMutation& any = m;
  any.AddIDs("friends", {Int(2), Int(3), Int(2)});
  any.RemoveIDs("friends", {Int(3)});
  any.AddIDs("best_friend", {Int(7)});
  any.ClearEdge("cards");
  CHECK(m.AddedIDs(F<&User::friends>) == std::vector<std::int64_t>{2});
  CHECK(m.RemovedIDs(F<&User::friends>) == std::vector<std::int64_t>{3});
  CHECK(m.Get(F<&User::best_friend>) == 7);
  CHECK(any.AddedEdges() == Names{"friends", "best_friend"});
  CHECK(any.RemovedEdges() == Names{"friends"});
  CHECK(any.ClearedEdges() == Names{"cards"});
  CHECK(any.AddedIDs("best_friend") == Ids{Int(7)});
  CHECK(any.RemovedIDs("friends") == Ids{Int(3)});
  CHECK(any.EdgeCleared("cards"));
  for (const char* edge : {"friends", "best_friend", "cards"}) any.ResetEdge(edge);
  CHECK(ToString(any) == "User UpdateOne");
}

TEST_CASE("a name that is none, or an id that does not fit, leaves the mutation as it was") {
  auto m = grapnel::Mutation<User>::Access::Make(Op::UpdateOne);
  AnyMutation& any = m;
  any.AddIDs("friends", {Int(2)});
  const std::string before = ToString(any);
  using grapnel::TypeMismatchError;
  using grapnel::UnknownFieldError;
  CHECK(Refused<UnknownFieldError>([&] { any.SetField("surname", "x"); }) ==
        "User.surname: the schema has no field of this name");
  for (const std::string edge : {"enemies", "name", ""}) {  // a field is no edge
    const std::string expected =
        (edge.empty() ? "User" : "User." + edge) + ": the schema has no edge of this name";
    CHECK(Refused<UnknownFieldError>([&] { any.AddIDs(edge, {Int(1)}); }) == expected);
    CHECK(Refused<UnknownFieldError>([&] { any.RemoveIDs(edge, {Int(1)}); }) == expected);
    CHECK(Refused<UnknownFieldError>([&] { any.ClearEdge(edge); }) == expected);
    CHECK(Refused<UnknownFieldError>([&] { any.ResetEdge(edge); }) == expected);
    CHECK(Refused<UnknownFieldError>([&] { static_cast<void>(any.AddedIDs(edge)); }) == expected);
    CHECK(Refused<UnknownFieldError>([&] { static_cast<void>(any.RemovedIDs(edge)); }) == expected);
    CHECK(Refused<UnknownFieldError>([&] { static_cast<void>(any.EdgeCleared(edge)); }) ==
          expected);
  }
  for (const FieldValue& id : {FieldValue("2"), FieldValue(2.0), FieldValue(true), FieldValue()}) {
    CHECK_THROWS_AS(any.AddIDs("friends", {Int(3), id}), TypeMismatchError);
    CHECK_THROWS_AS(any.RemoveIDs("friends", {Int(2), id}), TypeMismatchError);
    CHECK_THROWS_AS(any.AddIDs("best_friend", {id}), TypeMismatchError);
  }
  CHECK_THROWS_AS(any.AddIDs("best_friend", {Int(1), Int(2)}), TypeMismatchError);
  CHECK_THROWS_AS(any.RemoveIDs("best_friend", {Int(1)}), TypeMismatchError);
  CHECK(ToString(any) == before);
}

TEST_CASE("a plain function is a hook of every type") {
  const auto client = OpenGraph();
  client.Use(grapnel::hook::Before(Stamp));
  CHECK(client.Of<User>().Create().Set(F<&User::name>, "Ada").Save().nickname == "new");
  client.Of<Card>().Create().Set(F<&Card::number>, "1").Save();
}

TEST_CASE("AnyHook stands around the rest of every type, and passes on what came back") {
  const auto client = OpenGraph();
  Lines lines;
  seen = &lines;
  client.Use(AnyHook(Log));
  const User ada = client.Of<User>().Create().Set(F<&User::name>, "Ada").Save();
  CHECK(ada.name == "Ada");
  CHECK(client.Of<User>().UpdateOne(ada).Set(F<&User::age>, 36).Save().age == 36);
  CHECK(client.Of<User>().Update().Set(F<&User::age>, 37).Save() == 1);
  client.Of<User>().DeleteOne(ada).Exec();
  CHECK(client.Of<Card>().Delete().Exec() == 0);
  CHECK(lines == Lines{"User Create", "/User Create 1", "User UpdateOne", "/User UpdateOne 1",
                       "User Update", "/User Update 1", "User DeleteOne", "/User DeleteOne 1",
                       "Card Delete", "/Card Delete 0"});
}

TEST_CASE("AnyHook may try again, return a count of its own, and keep the rest from running") {
  const auto client = OpenGraph();
  const auto users = client.Of<User>();
  for (const char* name : {"Ada", "Bob"}) users.Create().Set(F<&User::name>, name).Save();
  int tries = 0;
  client.Use(AnyHook([&](AnyMutation& m, AnyNext next) -> AnyValue {
    if (m.Op() == Op::Delete) return 42;
    try {
      return next(m);
    } catch (const std::domain_error&) {
      return next(m);
    }
  }));
  users.Use(grapnel::hook::Before([&](auto&) {
    if (++tries == 1) throw std::domain_error("once");
  }));
  CHECK(users.UpdateOne(1).Set(F<&User::name>, "A").Save().name == "A");
  CHECK(tries == 2);
  CHECK(users.Delete().Exec() == 42);
  CHECK(users.Query().Count() == 2);

  client.Use(AnyHook([](AnyMutation&, AnyNext) -> AnyValue { return 1; }));
  CHECK_THROWS_AS(users.Create().Set(F<&User::name>, "Cy").Save(), grapnel::TypeMismatchError);
  CHECK(users.Query().Count() == 2);
}

TEST_CASE("by name a hook sees the id, the rows before, and the result") {
  const auto client = OpenGraph();
  const auto users = client.Of<User>();
  Lines lines;
  client.Use(AnyHook([&](AnyMutation& m, AnyNext next) -> AnyValue {
    if (m.Op() == Op::Create) {
      CHECK_FALSE(m.ID());
      CHECK(m.IDs().empty());
    } else {
      CHECK(m.IDs() == Ids{Int(1)});
    }
    if (m.Op() == Op::UpdateOne) lines.push_back("old " + ToString(m.OldField("name")));
    const AnyValue value = next(m);
    CHECK(m.IDs() == Ids{Int(1)});
    if (m.Op() == Op::Delete) {
      CHECK_FALSE(m.ID());
      CHECK_THROWS_AS(value.Field("name"), grapnel::Error);
      CHECK_THROWS_AS(m.OldField("name"), grapnel::Error);
      return value;
    }
    CHECK(m.ID() == Int(1));
    CHECK_THROWS_AS(value.Field("surname"), grapnel::UnknownFieldError);
    lines.push_back(ToString(value.Field("name")) + " of " +
                    std::to_string(grapnel::Of<User>(m).Query().Count()));
    return value;
  }));
  users.Create().Set(F<&User::name>, "Ada").Save();
  users.UpdateOne(1).Set(F<&User::name>, "Countess").Save();
  users.Delete().Exec();
  CHECK(lines == Lines{"\"Ada\" of 1", "old \"Ada\"", "\"Countess\" of 1"});
}
