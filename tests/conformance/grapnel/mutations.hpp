#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <stdexcept>
#include <string>

#include "model.hpp"

/// The mutation's id, as far as it is known.
inline std::string Id(const UserMutation& m) {
  const auto id = m.ID();
  return id ? std::to_string(*id) : "none";
}

/// A hook that changes the mutation and goes on.
template <class Change>
auto Edit(Change change) {
  return grapnel::hook::Before(change);
}

/// Prints what the mutation sets, adds to and clears.
template <class E>
void Fields(const grapnel::Mutation<E>& m) {
  Say("sets [{}], adds to [{}], clears [{}]", fmt::join(m.Fields(), " "),
      fmt::join(m.AddedFields(), " "), fmt::join(m.ClearedFields(), " "));
}

/// A hook that prints them.
inline auto FieldsOf() {
  return Edit([](UserMutation& m) { Fields(m); });
}

inline void WhatHooksSet() {
  using grapnel::hook::On;

  Scenario("B23 a hook sets a mandatory field", [](Database& c) {
    const auto create = [&] { c.Of<Card>().Create().Set(F<&Card::number>, "1").Save(); };
    Report("Create without the hook", create);
    c.Of<Card>().Use(
        On(Edit([](CardMutation& m) { m.Set(F<&Card::in_hook>, "yes"); }), Op::Create));
    Report("Create with the hook", create);
    StoredCards(c);
  });
  Scenario("B23 what a hook sets is validated", [](Database& c) {
    c.Of<User>().Use(Traced("f"), Edit([](UserMutation& m) { m.Set(F<&User::name>, ""); }),
                     Traced("g"));
    Report("Create", [&] { c.Of<User>().Create().Set(F<&User::name>, "Ada").Save(); });
    Stored(c);
  });
  Scenario("B24 hooks see defaults", [](Database& c) {
    c.Of<Card>().Use(Edit([](CardMutation& m) { Fields(m); }));
    AddCard(c, "1", 0);
    c.Of<Card>().Update().Set(F<&Card::owner_id>, 1).Save();
    StoredCards(c);
    c.Of<Card>().UpdateOne(1).Set(F<&Card::set_at>, Seconds<5>()).Clear(F<&Card::seen_at>).Save();
    StoredCards(c);
    c.Of<Card>().UpdateOne(1).Set(F<&Card::seen_at>, Seconds<8>()).Save();
    StoredCards(c);
  });
  Scenario("B25 an error before the write", [](Database& c) {
    const auto adults = Edit([](UserMutation& m) {
      const auto* age = m.Get(F<&User::age>);
      if (age && *age < 18) throw std::runtime_error("too young");
    });
    c.Of<User>().Use(Traced("f"), adults, Traced("g"));
    const auto create = [&](const char* name, std::int64_t age) {
      return c.Of<User>().Create().Set(F<&User::name>, name).Set(F<&User::age>, age).Save();
    };
    Report("Create", [&] { return create("Ada", 7); });
    Report("Create", [&] { return create("Grace", 70); });
    Report("Update", [&] { c.Of<User>().Update().Set(F<&User::age>, 3).Save(); });
    Stored(c);
  });
  Scenario("B11 an error after the write", [](Database& c) {
    Add(c, "Ada");
    c.Of<User>().Use([](UserMutation& m, UserNext next) -> UserValue {
      next(m);
      throw std::runtime_error("too late");
    });
    Report("Create", [&] { c.Of<User>().Create().Set(F<&User::name>, "Grace").Save(); });
    Report("Update", [&] { c.Of<User>().Update().Set(F<&User::age>, 1).Save(); });
    Stored(c);
  });
  Scenario("B71 what a hook wrote when the rest fails", [](Database& c) {
    c.Of<Card>().Use(Edit([](CardMutation& m) { Add(m.Client(), "written by the hook"); }));
    Report("Create", [&] { c.Of<Card>().Create().Set(F<&Card::number>, "1").Save(); });
    Stored(c);
  });
}

inline void WhatHooksReturn() {
  using grapnel::hook::On;

  Scenario("B26 the id before and after", [](Database& c) {
    c.Of<User>().Use([](UserMutation& m, UserNext next) {
      Say("before: {}", Id(m));
      auto value = next(m);
      Say("after: {}", Id(m));
      return value;
    });
    EveryOp(c);
  });
  Scenario("B27 a hook replaces the created entity", [](Database& c) {
    c.Of<User>().Use([](UserMutation& m, UserNext next) -> UserValue {
      next(m);
      return User{.id = 77, .name = "replaced"};
    });
    Report("Create", [&] { return c.Of<User>().Create().Set(F<&User::name>, "Ada").Save(); });
    Stored(c);
  });
  Scenario("B27 a hook replaces the count", [](Database& c) {
    Add(c, "Ada");
    c.Of<User>().Use([](UserMutation& m, UserNext next) -> UserValue {
      next(m);
      return 77;
    });
    Report("Update", [&] { return c.Of<User>().Update().Set(F<&User::age>, 1).Save(); });
    Report("Delete", [&] { return c.Of<User>().Delete().Exec(); });
  });
  Scenario("B9 a hook gives a count for a Create", [](Database& c) {
    c.Of<User>().Use([](UserMutation& m, UserNext next) -> UserValue {
      next(m);
      return 1;
    });
    Report("Create", [&] { c.Of<User>().Create().Set(F<&User::name>, "Ada").Save(); });
    Stored(c);
  });
  Scenario("B28 update-many in a hook after UpdateOne", [](Database& c) {
    Add(c, "Ada");
    const auto again = [](UserMutation& m, UserNext next) -> UserValue {
      next(m);
      const auto users = m.Client().Of<User>();
      users.Update().Where(F<&User::id> == *m.ID()).Add(F<&User::worth>, 5).Save();
      return users.Get(*m.ID());
    };
    c.Of<User>().Use(On(again, Op::UpdateOne));
    Report("UpdateOne", [&] { return c.Of<User>().UpdateOne(1).Set(F<&User::age>, 31).Save(); });
    Stored(c);
  });
}

inline void EditsByName() {
  Scenario("B29 names and types that do not fit", [](Database& c) {
    c.Of<User>().Use(Edit([](UserMutation& m) {
      Report("SetField, unknown", [&] { m.SetField("nope", 1); });
      Report("SetField, wrong type", [&] { m.SetField("name", 5); });
      Report("AddField, unknown", [&] { m.AddField("nope", 1); });
      Report("AddField, no number", [&] { m.AddField("name", "x"); });
      Report("ClearField, unknown", [&] { m.ClearField("nope"); });
      Report("ClearField, mandatory", [&] { m.ClearField("name"); });
      Report("ResetField, unknown", [&] { m.ResetField("nope"); });
      Fields(m);
    }));
    Report("Create", [&] { return c.Of<User>().Create().Set(F<&User::name>, "Ada").Save(); });
  });
  Scenario("B29 fields by name", [](Database& c) {
    Add(c, "Ada");
    c.Of<User>().Use(Edit([](UserMutation& m) {
      Report("SetField", [&] { m.SetField("name", "Grace"); });
      Report("AddField", [&] { m.AddField("worth", 7); });
      Report("ClearField", [&] { m.ClearField("nickname"); });
      const auto name = m.Field("name");
      Say("Field: {} {}", *name->As<std::string>(), name.has_value());
      const auto worth = m.AddedField("worth");
      Say("AddedField: {} {}", *worth->As<std::int64_t>(), worth.has_value());
      Say("Field that is not set: {}", m.Field("age").has_value());
      Say("FieldCleared: {} {}", m.FieldCleared("nickname"), m.FieldCleared("age"));
      Fields(m);
    }));
    Report("UpdateOne", [&] { return c.Of<User>().UpdateOne(1).Save(); });
  });
  Scenario("B29 a hook sets an immutable field of a row that exists", [](Database& c) {
    AddCard(c, "1", 0);
    c.Of<Card>().Use(Edit([](CardMutation& m) { m.Set(F<&Card::number>, "2"); }));
    Report("UpdateOne", [&] { c.Of<Card>().UpdateOne(1).Set(F<&Card::owner_id>, 1).Save(); });
    StoredCards(c);
  });
}

inline void Edits() {
  constexpr auto nickname = F<&User::nickname>;
  constexpr auto worth = F<&User::worth>;

  Scenario("B30 Add accumulates", [&](Database& c) {
    Add(c, "Ada");
    c.Of<User>().Use(FieldsOf());
    Report("UpdateOne",
           [&] { return c.Of<User>().UpdateOne(1).Add(worth, 5).Add(worth, 7).Save(); });
    Report("Update", [&] { return c.Of<User>().Update().Add(worth, 5).Add(worth, -8).Save(); });
    Stored(c);
  });
  Scenario("B30 Set after Add", [&](Database& c) {
    Add(c, "Ada");
    c.Of<User>().Use(FieldsOf());
    Report("UpdateOne",
           [&] { return c.Of<User>().UpdateOne(1).Add(worth, 5).Set(worth, 7).Save(); });
  });
  Scenario("B30 Add after Set", [&](Database& c) {
    Add(c, "Ada");
    c.Of<User>().Use(FieldsOf());
    Report("UpdateOne",
           [&] { return c.Of<User>().UpdateOne(1).Set(worth, 5).Add(worth, 7).Save(); });
  });
  Scenario("B31 Clear after Set", [&](Database& c) {
    Add(c, "Ada");
    c.Of<User>().Use(Edit([&](UserMutation& m) { m.Clear(nickname); }), FieldsOf());
    Report("UpdateOne", [&] { return c.Of<User>().UpdateOne(1).Set(nickname, "A").Save(); });
  });
  Scenario("B31 Set after Clear", [&](Database& c) {
    Add(c, "Ada");
    c.Of<User>().Use(Edit([&](UserMutation& m) { m.Set(nickname, "A"); }), FieldsOf());
    Report("UpdateOne", [&] { return c.Of<User>().UpdateOne(1).Clear(nickname).Save(); });
  });
  Scenario("B29 Reset", [&](Database& c) {
    Add(c, "Ada");
    const auto reset = Edit([&](UserMutation& m) {
      m.Reset(F<&User::name>);
      m.Reset(F<&User::age>);
      m.Reset(nickname);
    });
    c.Of<User>().Use(FieldsOf(), reset, FieldsOf());
    Report("UpdateOne", [&] {
      auto update = c.Of<User>().UpdateOne(1).Set(F<&User::name>, "Grace").Add(F<&User::age>, 1);
      return update.Clear(nickname).Set(worth, 1).Save();
    });
  });
  Scenario("B44 one hook for every type with the field", [](Database& c) {
    c.Use([]<class E>(grapnel::Mutation<E>& m, grapnel::Next<E> next) {
      if constexpr (requires { &E::nickname; }) {
        Say("nickname of a {}", m.Type());
        m.Set(F<&E::nickname>, "N");
      }
      return next(m);
    });
    Add(c, "Ada");
    AddCard(c, "1", 1);
    Stored(c);
  });
}

inline void TheMutationsClient() {
  using grapnel::hook::On;

  Scenario("B46 a hook reads through the mutation's client", [](Database& c) {
    Add(c, "Ada");
    c.Of<Card>().Use(Edit([](CardMutation& m) {
      const User owner = m.Client().Of<User>().Get(*m.Get(F<&Card::owner_id>));
      m.Set(F<&Card::in_hook>, owner.name);
    }));
    AddCard(c, "1", 1);
    StoredCards(c);
  });
  Scenario("B46 a hook creates another row of its type", [](Database& c) {
    const auto another = Edit([](UserMutation& m) {
      if (*m.Get(F<&User::name>) == "Ada") Add(m.Client(), "Grace");
    });
    c.Of<User>().Use(Traced("f"), another, Traced("g"));
    Add(c, "Ada");
    Stored(c);
  });
  Scenario("B47 deleting a user deletes the cards first", [](Database& c) {
    Add(c, "Ada");
    Add(c, "Grace");
    AddCard(c, "1", 1);
    AddCard(c, "2", 1);
    AddCard(c, "3", 2);
    c.Use(Traced("f"));
    const auto delete_cards = Edit([](UserMutation& m) {
      Report("cards", [&] {
        return m.Client().Of<Card>().Delete().Where(F<&Card::owner_id> == *m.ID()).Exec();
      });
    });
    c.Of<User>().Use(On(delete_cards, Op::DeleteOne));
    Report("DeleteOne", [&] { c.Of<User>().DeleteOne(1).Exec(); });
    Stored(c);
    StoredCards(c);
  });
  Scenario("B48 soft delete by an update", [](Database& c) {
    AddCard(c, "1", 0);
    AddCard(c, "2", 0);
    AddCard(c, "3", 0);
    c.Of<Card>().Use(Traced("f"));
    const auto expire = [](CardMutation& m, CardNext) {
      m.SetOp(Op::Update);
      m.Where(F<&Card::expired_at>.IsNull());
      m.Set(F<&Card::expired_at>, 5);
      return m.Client().Mutate(m);
    };
    c.Of<Card>().Use(On(expire, Op::Delete | Op::DeleteOne));
    Report("DeleteOne", [&] { c.Of<Card>().DeleteOne(2).Exec(); });
    StoredCards(c);
    Report("Delete", [&] { return c.Of<Card>().Delete().Exec(); });
    Report("Delete again", [&] { return c.Of<Card>().Delete().Exec(); });
    StoredCards(c);
  });
  Scenario("B50 soft delete of one row by UpdateOne", [](Database& c) {
    AddCard(c, "1", 0);
    c.Of<Card>().Use(Traced("f"));
    const auto expire = [](CardMutation& m, CardNext) {
      m.SetOp(Op::UpdateOne);
      m.Set(F<&Card::expired_at>, 5);
      return m.Client().Mutate(m);
    };
    c.Of<Card>().Use(On(expire, Op::DeleteOne));
    Report("DeleteOne", [&] { c.Of<Card>().DeleteOne(1).Exec(); });
    StoredCards(c);
  });
}

inline void Rows() {
  Scenario("B76 rows that are not there", [](Database& c) {
    Add(c, "Ada");
    c.Of<User>().Use(Traced("f"));
    const auto grace = F<&User::name> == "Grace";
    Report("Update",
           [&] { return c.Of<User>().Update().Where(grace).Set(F<&User::age>, 1).Save(); });
    Report("Delete", [&] { return c.Of<User>().Delete().Where(grace).Exec(); });
    Report("UpdateOne", [&] { c.Of<User>().UpdateOne(99).Set(F<&User::age>, 1).Save(); });
    Report("DeleteOne", [&] { c.Of<User>().DeleteOne(99).Exec(); });
    Stored(c);
  });
  Scenario("B90 counts of rows", [](Database& c) {
    Add(c, "Ada");
    Add(c, "Grace");
    Add(c, "Joan");
    const auto others = F<&User::name> != "Ada";
    Report("Update that changes no value",
           [&] { return c.Of<User>().Update().Where(others).Set(F<&User::age>, 30).Save(); });
    Report("Update", [&] { return c.Of<User>().Update().Add(F<&User::worth>, 1).Save(); });
    Report("Delete", [&] { return c.Of<User>().Delete().Where(F<&User::id> > 1).Exec(); });
    Stored(c);
  });
  Scenario("B90 an update that sets nothing", [](Database& c) {
    Add(c, "Ada");
    c.Of<User>().Use(Traced("f"));
    Report("UpdateOne", [&] { return c.Of<User>().UpdateOne(1).Save(); });
    Report("Update", [&] { return c.Of<User>().Update().Save(); });
  });
  Scenario("B92 the id of a deleted last row", [](Database& c) {
    AddCard(c, "1", 0);
    AddCard(c, "2", 0);
    c.Of<Card>().DeleteOne(2).Exec();
    AddCard(c, "3", 0);
    StoredCards(c);
  });
  Scenario("B58 a value that exists already", [](Database& c) {
    AddCard(c, "1", 0);
    c.Of<Card>().Use(Traced("f"));
    Report("Create", [&] { AddCard(c, "1", 0); });
    StoredCards(c);
  });
}

inline void Mutations() {
  WhatHooksSet();
  WhatHooksReturn();
  EditsByName();
  Edits();
  TheMutationsClient();
  Rows();
}
