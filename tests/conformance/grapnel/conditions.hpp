#pragma once

#include "model.hpp"

inline void Conditions() {
  using namespace grapnel::hook;
  constexpr auto name = F<&User::name>;
  constexpr auto age = F<&User::age>;
  constexpr auto nickname = F<&User::nickname>;
  constexpr auto worth = F<&User::worth>;

  Scenario("B15 On and Unless", [](Database& c) {
    c.Of<User>().Use(On(Noted("on updates"), Op::Update | Op::UpdateOne));
    c.Of<User>().Use(Unless(Noted("unless Create"), Op::Create));
    c.Of<User>().Use(On(Noted("on all but UpdateOne"), ~Op::UpdateOne));
    EveryOp(c);
  });
  Scenario("B16 Reject as a mixin hook", [](Database& c) {
    const Note note = c.Of<Note>().Create().Set(F<&Note::text>, "one").Save();
    Report("Update", [&] { c.Of<Note>().Update().Set(F<&Note::text>, "two").Save(); });
    Report("UpdateOne", [&] { c.Of<Note>().UpdateOne(note).Set(F<&Note::text>, "three").Save(); });
    Report("Delete", [&] { c.Of<Note>().Delete().Exec(); });
  });
  Scenario("B17 Reject of two Ops", [](Database& c) {
    c.Of<User>().Use(Traced("outer"), Reject(Op::Delete | Op::DeleteOne), Traced("inner"));
    EveryOp(c);
    Stored(c);
  });
  Scenario("B18 Reject unless a field is set", [&](Database& c) {
    c.Of<User>().Use(If(FixedError("nothing but the worth is updated"),
                        And(HasOp(Op::Update | Op::UpdateOne), Not(HasFields(worth)))));
    Add(c, "Ada");
    Report("Update of the age", [&] { c.Of<User>().Update().Set(age, 5).Save(); });
    Report("Update of age and worth",
           [&] { c.Of<User>().Update().Set(age, 5).Set(worth, 1).Save(); });
    Report("Update that adds to the worth", [&] { c.Of<User>().Update().Add(worth, 1).Save(); });
    Stored(c);
  });
  Scenario("B19 FixedError on update-many of a field", [&](Database& c) {
    c.Of<User>().Use(
        If(FixedError("one nickname at a time"),
           And(HasOp(Op::Update), Or(HasFields(nickname), HasClearedFields(nickname)))));
    Add(c, "Ada");
    Report("Update that sets", [&] { return c.Of<User>().Update().Set(nickname, "A").Save(); });
    Report("Update that clears", [&] { return c.Of<User>().Update().Clear(nickname).Save(); });
    Report("Update of the age", [&] { return c.Of<User>().Update().Set(age, 1).Save(); });
    Report("UpdateOne that sets",
           [&] { return c.Of<User>().UpdateOne(1).Set(nickname, "A").Save(); });
  });
  Scenario("B20 Or of set and cleared", [&](Database& c) {
    c.Of<User>().Use(If(Noted("nickname"), Or(HasFields(nickname), HasClearedFields(nickname))));
    Add(c, "Ada");
    c.Of<User>().UpdateOne(1).Set(nickname, "A").Save();
    c.Of<User>().UpdateOne(1).Clear(nickname).Save();
    c.Of<User>().UpdateOne(1).Set(age, 1).Save();
    c.Of<User>().DeleteOne(1).Exec();
  });
  Scenario("B21 HasAddedFields", [&](Database& c) {
    const auto print = Before([&](UserMutation& m) { Say("added: {}", *m.Added(worth)); });
    c.Of<User>().Use(If(print, HasAddedFields(worth)));
    Add(c, "Ada");
    c.Of<User>().UpdateOne(1).Add(worth, 100).Save();
    c.Of<User>().UpdateOne(1).Add(age, 1).Save();
    c.Of<User>().UpdateOne(1).Set(worth, 5).Save();
    c.Of<User>().Update().Add(worth, 1).Add(worth, 2).Save();
    Stored(c);
  });
  Scenario("B22 a condition behind a hook that sets the field", [&](Database& c) {
    const auto named = HasFields(nickname);
    c.Of<User>().Use(If(Noted("before it"), named));
    c.Of<User>().Use(Before([&](UserMutation& m) { m.Set(nickname, "A"); }));
    c.Of<User>().Use(If(Noted("behind it"), named));
    Add(c, "Ada");
  });
  Scenario("B20 several fields in one condition", [&](Database& c) {
    c.Of<User>().Use(If(Noted("name and nickname"), HasFields(name, nickname)));
    c.Of<User>().Use(If(Noted("age and worth added"), HasAddedFields(age, worth)));
    EveryOp(c);
    Add(c, "Grace");
    c.Of<User>().Update().Add(age, 1).Save();
    c.Of<User>().Update().Add(age, 1).Add(worth, 1).Save();
  });
  Scenario("B19 And, Or and Not of three stop early", [](Database& c) {
    const auto asked = [](std::string_view what, bool answer) {
      return [=](const UserMutation&) {
        Say("asked {}", what);
        return answer;
      };
    };
    const auto yes = asked("yes", true);
    const auto no = asked("no", false);
    c.Of<User>().Use(If(Noted("and"), And(yes, no, yes)));
    c.Of<User>().Use(If(Noted("or"), Or(no, yes, no)));
    c.Of<User>().Use(If(Noted("all"), And(yes, yes, Not(no))));
    c.Of<User>().Use(If(Noted("none"), Or(no, no, Not(yes))));
    Add(c, "Ada");
  });
  Scenario("B15 conditions with every Op", [&](Database& c) {
    const auto updates = HasOp(Op::Update | Op::UpdateOne);
    const auto named = HasFields(name);
    c.Of<User>().Use(If(Noted("named or update"), Or(named, updates)));
    c.Of<User>().Use(If(Noted("update without name"), And(updates, Not(named))));
    c.Of<User>().Use(On(If(Noted("clears"), HasClearedFields(nickname)), Op::UpdateOne));
    c.Of<User>().Use(If(On(Noted("deletes"), Op::Delete | Op::DeleteOne), Not(named)));
    EveryOp(c);
  });
  Scenario("B29 a condition on a field that is not there", [&](Database& c) {
    c.Of<User>().Use(If(Noted("never"), HasFields("nick_name")));
    Report("Create", [&] { c.Of<User>().Create().Set(name, "Ada").Save(); });
  });
}
