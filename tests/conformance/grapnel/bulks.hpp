#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "model.hpp"
#include "mutations.hpp"

/// Runs a bulk with a row for each name and says which users came back.
inline void CreateUsers(const grapnel::Client& client, const std::vector<std::string>& names) {
  const auto users = client.Of<User>();
  std::vector<grapnel::store::Create<User>> builders;
  for (const auto& name : names) builders.push_back(users.Create().Set(F<&User::name>, name));
  Report("CreateBulk", [&] { return users.CreateBulk(builders).Save(); });
}

/// A hook that prints the name of the user before and after the rest.
template <class After>
auto Named(After after) {
  return [after](UserMutation& m, UserNext next) {
    const std::string name = *m.Get(F<&User::name>);
    Say("before {}", name);
    std::optional<UserValue> value;
    try {
      value = next(m);
    } catch (...) {
      Say("failed {}", name);
      throw;
    }
    Say("after {}", name);
    after(name);
    return *std::move(value);
  };
}

inline void Fine(const std::string&) {}

inline void Bulks() {
  Scenario("B53 a bulk", [](Database& c) {
    c.Of<User>().Use(Named(Fine));
    CreateUsers(c, {"Ada", "Grace", "Joan"});
    Stored(c);
  });
  Scenario("B53 a bulk of one", [](Database& c) {
    c.Of<User>().Use(Traced("f"), Traced("g"));
    CreateUsers(c, {"Ada"});
  });
  Scenario("B59 an empty bulk", [](Database& c) {
    c.Of<User>().Use(Traced("f"));
    CreateUsers(c, {});
  });
  Scenario("B26 ids in a bulk", [](Database& c) {
    std::vector<std::string> after;
    c.Of<User>().Use([&](UserMutation& m, UserNext next) {
      Say("before: {}", Id(m));
      auto value = next(m);
      after.push_back(*m.Get(F<&User::name>) + " " + Id(m));
      return value;
    });
    CreateUsers(c, {"Ada", "Grace"});
    Say("after: [{}]", fmt::join(after, " "));
  });
  Scenario("B54 values set by hooks in a bulk", [](Database& c) {
    std::int64_t rows = 0;
    c.Of<User>().Use(Edit([&](UserMutation& m) {
      ++rows;
      m.Set(F<&User::worth>, rows * 10);
      if (rows == 2) m.Set(F<&User::nickname>, "second");
    }));
    CreateUsers(c, {"Ada", "Grace", "Joan"});
    Stored(c);
  });
  Scenario("B27 a hook replaces entities of a bulk", [](Database& c) {
    c.Of<User>().Use([](UserMutation& m, UserNext next) -> UserValue {
      next(m);
      return User{.id = 77, .name = "not " + *m.Get(F<&User::name>)};
    });
    CreateUsers(c, {"Ada", "Grace"});
  });
  Scenario("B55 a hook suppresses a row of a bulk", [](Database& c) {
    c.Of<User>().Use([](UserMutation& m, UserNext next) -> UserValue {
      if (*m.Get(F<&User::name>) == "Grace") return User{.name = "of the hook"};
      return next(m);
    });
    CreateUsers(c, {"Ada", "Grace", "Joan"});
    Stored(c);
  });
  Scenario("B25 a before-part fails in a bulk", [](Database& c) {
    c.Of<User>().Use(Edit([](UserMutation& m) {
      const std::string& name = *m.Get(F<&User::name>);
      if (name == "Grace") throw std::runtime_error("not " + name);
    }));
    CreateUsers(c, {"Ada", "Grace", "Joan"});
    Stored(c);
  });
  Scenario("B56 an after-part fails in a bulk", [](Database& c) {
    c.Of<User>().Use(Named([](const std::string& name) {
      if (name == "Grace") throw std::runtime_error("too late");
    }));
    CreateUsers(c, {"Ada", "Grace"});
    Stored(c);
  });
  Scenario("B23 a row of a bulk is not valid", [](Database& c) {
    c.Of<User>().Use(Named(Fine));
    CreateUsers(c, {"Ada", ""});
    Stored(c);
  });
  Scenario("B58 a row of a bulk exists already", [](Database& c) {
    c.Of<Card>().Use([](CardMutation& m, CardNext next) {
      try {
        return next(m);
      } catch (...) {
        Say("failed {}", *m.Get(F<&Card::number>));
        throw;
      }
    });
    const std::vector<Card> cards{{.number = "1", .in_hook = "no"},
                                  {.number = "1", .in_hook = "no"}};
    Report("CreateBulk", [&] { c.Of<Card>().CreateBulk(cards).Save(); });
    StoredCards(c);
  });
}
