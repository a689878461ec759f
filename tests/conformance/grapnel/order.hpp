#pragma once

#include <stdexcept>

#include "model.hpp"

/// Ends the chain without an error and without calling what comes next.
inline UserValue Swallow(UserMutation& m, UserNext) {
  Say("swallowed");
  if (Is(m.Op(), Op::Create | Op::UpdateOne)) return User{.name = "of the hook"};
  return 7;
}

inline void HookOrder() {
  Scenario("B1 three hooks around Create", [](Database& c) {
    c.Use(Traced("f"), Traced("g"), Traced("h"));
    Add(c, "Ada");
  });
  Scenario("B1 three hooks around every Op", [](Database& c) {
    c.Use(Traced("f"), Traced("g"));
    c.Use(Traced("h"));
    EveryOp(c);
  });
  Scenario("B2 runtime, mixin and schema hooks", [](Database& c) {
    c.Of<Task>().Use(Traced("runtime"));
    c.Of<Task>().Create().Set(F<&Task::title>, "write").Save();
    c.Of<Task>().Update().Set(F<&Task::title>, "read").Save();
  });
  Scenario("B4 mixin and schema hooks alone", [](Database& c) {
    c.Of<Task>().Create().Set(F<&Task::title>, "write").Save();
    c.Of<Task>().Delete().Exec();
  });
  Scenario("B3 hooks of every type and of one", [](Database& c) {
    c.Of<User>().Use(Traced("users 1"));
    c.Use(Traced("all"));
    c.Of<User>().Use(Traced("users 2"));
    Add(c, "Ada");
    AddCard(c, "1234", 1);
  });
  Scenario("B5 chains", [](Database& c) {
    using grapnel::hook::Chain;
    const auto base = Chain(Traced("f"), Traced("g"));
    const auto longer = base.Append(Traced("h")).Extend(Chain(Traced("i"), Traced("j")));
    c.Of<User>().Use(longer);
    c.Of<Card>().Use(base);
    Add(c, "Ada");
    AddCard(c, "1234", 1);
  });
  Scenario("B6 an empty chain", [](Database& c) {
    c.Of<User>().Use(Traced("f"), grapnel::hook::Chain<>(), Traced("g"));
    Add(c, "Ada");
    Stored(c);
  });
  Scenario("B7 a derived client keeps the hooks", [](Database& c) {
    c.Of<User>().Use(Traced("f"));
    Add(c.Debug([](std::string_view) {}), "Ada");
  });
  Scenario("B8 a hook that does not call next", [](Database& c) {
    c.Of<User>().Use(Traced("outer"), grapnel::hook::Unless(Swallow, Op::Delete), Traced("inner"));
    EveryOp(c);
    Report("Create without a name", [&] {  // but nothing asks for it
      c.Of<User>().Create().Save();
    });
    Stored(c);
  });
  Scenario("B10 a hook that calls next again after a success", [](Database& c) {
    c.Of<User>().Use(
        [](UserMutation& m, UserNext next) {
          next(m);
          return next(m);
        },
        Traced("inner"));
    Report("Create", [&] { c.Of<User>().Create().Set(F<&User::name>, "Ada").Save(); });
    Stored(c);
  });
  Scenario("B10 a hook that calls next again after an error", [](Database& c) {
    bool failed = false;
    c.Of<User>().Use(
        [](UserMutation& m, UserNext next) {
          try {
            return next(m);
          } catch (const std::runtime_error& error) {
            Say("again after: {}", error.what());
          }
          return next(m);
        },
        Traced("inner"),
        [&failed](UserMutation& m, UserNext next) {
          if (!failed) {
            failed = true;
            throw std::runtime_error("not yet");
          }
          return next(m);
        });
    Report("Create", [&] { return c.Of<User>().Create().Set(F<&User::name>, "Ada").Save(); });
  });
  Scenario("B12 a hook registered after the builder was made", [](Database& c) {
    c.Of<User>().Use(Traced("f"));
    auto create = c.Of<User>().Create().Set(F<&User::name>, "Ada");
    c.Of<User>().Use(Traced("g"));
    create.Save();
  });
}
