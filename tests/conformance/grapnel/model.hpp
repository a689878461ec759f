#pragma once

/// The entities of the conformance run, and what the scenarios share.

#include <grapnel/grapnel.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "trace.hpp"

using grapnel::F;
using grapnel::Op;
using Time = std::chrono::system_clock::time_point;

/// Has no hooks of its own. Its ids are used once, as are those of all types in ent.
struct User {
  std::int64_t id = 0;
  std::string name{};
  std::int64_t age = 0;
  std::optional<std::string> nickname{};
  std::int64_t worth = 0;
};

/// Has a mandatory field for a hook to set, a mark of deletion, and fields that updates set.
struct Card {
  std::int64_t id = 0;
  std::string number{};
  std::string in_hook{};
  std::optional<std::int64_t> expired_at{};
  std::int64_t owner_id = 0;
  Time set_at{};
  std::optional<Time> seen_at{};
};

/// A mixin with two hooks.
struct First {};
/// Another one.
struct Second {};
/// Has hooks from two mixins and of its own.
struct Task : First, Second {
  std::int64_t id = 0;
  std::string title{};
};

/// A mixin that refuses Update.
struct NoUpdateMany {};
/// Cannot be updated many at a time.
struct Note : NoUpdateMany {
  std::int64_t id = 0;
  std::string text{};
};

/// So many seconds after 1970 began.
template <int N>
Time Seconds() {
  return Time(std::chrono::seconds(N));
}

template <>
struct grapnel::Schema<User> {
  static constexpr std::string_view Type = "User";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&User::id>("id").NeverReuse(),
                           Field<&User::name>("name").NotEmpty(),
                           Field<&User::age>("age").Default(0), Field<&User::nickname>("nickname"),
                           Field<&User::worth>("worth").Default(0));
  }
};

template <>
struct grapnel::Schema<Card> {
  static constexpr std::string_view Type = "Card";
  static constexpr auto Fields() {
    return grapnel::Fields(
        Field<&Card::number>("number").Immutable().Unique(), Field<&Card::in_hook>("in_hook"),
        Field<&Card::expired_at>("expired_at"), Field<&Card::owner_id>("owner_id").Default(0),
        Field<&Card::set_at>("set_at").Default(Seconds<1>).UpdateDefault(Seconds<2>),
        Field<&Card::seen_at>("seen_at").UpdateDefault(Seconds<9>));
  }
};

template <>
struct grapnel::Schema<First> {
  template <class E>
  static auto Hooks() {
    return grapnel::Hooks(Traced("mixin 1, hook 1"), Traced("mixin 1, hook 2"));
  }
};

template <>
struct grapnel::Schema<Second> {
  template <class E>
  static auto Hooks() {
    return grapnel::Hooks(Traced("mixin 2, hook 1"), Traced("mixin 2, hook 2"));
  }
};

template <>
struct grapnel::Schema<Task> {
  static constexpr std::string_view Type = "Task";
  using Mixins = grapnel::Mixins<First, Second>;
  static constexpr auto Fields() { return grapnel::Fields(Field<&Task::title>("title")); }
  static auto Hooks() { return grapnel::Hooks(Traced("schema hook 1"), Traced("schema hook 2")); }
};

template <>
struct grapnel::Schema<NoUpdateMany> {
  template <class E>
  static auto Hooks() {
    return grapnel::Hooks(hook::Reject(Op::Update));
  }
};

template <>
struct grapnel::Schema<Note> {
  static constexpr std::string_view Type = "Note";
  using Mixins = grapnel::Mixins<NoUpdateMany>;
  static constexpr auto Fields() { return grapnel::Fields(Field<&Note::text>("text")); }
};

using Database = grapnel::Database<User, Card, Task, Note>;
using UserMutation = grapnel::Mutation<User>;
using CardMutation = grapnel::Mutation<Card>;
using UserNext = grapnel::Next<User>;
using CardNext = grapnel::Next<Card>;
using UserValue = grapnel::Value<User>;
using CardValue = grapnel::Value<Card>;

/// Prints the header and runs `body` on an empty database of its own.
template <class Body>
void Scenario(std::string_view name, Body body) {
  Say("== {}", name);
  Database client = grapnel::Open<User, Card, Task, Note>(":memory:");
  client.Migrate();
  try {
    body(client);
  } catch (const std::exception& error) {
    Say("panic");
    fmt::print(stderr, "{}: {}\n", name, error.what());
  }
}

inline std::string Text(const User& user) {
  return fmt::format("{} {} {} {} {}", user.id, user.name, user.age, user.nickname.value_or("-"),
                     user.worth);
}
inline std::string Text(std::int64_t count) { return std::to_string(count); }
inline std::string Text(const std::vector<User>& users) {
  std::vector<std::string> texts;
  for (const User& user : users) texts.push_back(Text(user));
  return fmt::format("[{}]", fmt::join(texts, ", "));
}

/// Says what came back from an action, or that it is done when nothing comes back.
template <class Action>
void Report(std::string_view what, Action action) {
  try {
    if constexpr (std::is_void_v<std::invoke_result_t<Action>>) {
      action();
      Say("{}: done", what);
    } else {
      const auto result = action();
      Say("{}: {}", what, Text(result));
    }
  } catch (const std::exception& error) {
    Say("{}: {}", what, Describe(error));
  }
}

/// Says which users the database holds.
inline void Stored(const grapnel::Client& client) {
  Report("stored",
         [&] { return client.Of<User>().Query().Order(grapnel::Asc(F<&User::id>)).All(); });
}

/// A time in seconds since 1970.
inline std::int64_t InSeconds(Time time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

/// Says which cards the database holds.
inline void StoredCards(const grapnel::Client& client) {
  std::vector<std::string> texts;
  for (const Card& card : client.Of<Card>().Query().Order(grapnel::Asc(F<&Card::id>)).All()) {
    texts.push_back(fmt::format("{} {} {} owner={} expired_at={} set_at={} seen_at={}", card.id,
                                card.number, card.in_hook, card.owner_id,
                                card.expired_at.value_or(0), InSeconds(card.set_at),
                                card.seen_at ? std::to_string(InSeconds(*card.seen_at)) : "-"));
  }
  Say("cards: [{}]", fmt::join(texts, ", "));
}

/// Makes a user, without a line in the trace but for its hooks'.
inline void Add(const grapnel::Client& client, const std::string& name) {
  client.Of<User>()
      .Create()
      .Set(F<&User::name>, name)
      .Set(F<&User::age>, 30)
      .Set(F<&User::worth>, 100)
      .Save();
}

/// Makes a card.
inline void AddCard(const grapnel::Client& client, const std::string& number, std::int64_t owner) {
  client.Of<Card>()
      .Create()
      .Set(F<&Card::number>, number)
      .Set(F<&Card::in_hook>, "no")
      .Set(F<&Card::owner_id>, owner)
      .Save();
}

/// Runs one mutation of each Op, the name and nickname set where they can be.
inline void EveryOp(const grapnel::Client& client) {
  const auto users = client.Of<User>();
  Report("Create", [&] { return users.Create().Set(F<&User::name>, "Ada").Save(); });
  Report("Update", [&] {
    return users.Update().Set(F<&User::name>, "Grace").Set(F<&User::nickname>, "G").Save();
  });
  Report("UpdateOne",
         [&] { return users.UpdateOne(1).Set(F<&User::age>, 7).Clear(F<&User::nickname>).Save(); });
  Report("DeleteOne", [&] { users.DeleteOne(1).Exec(); });
  Report("Delete", [&] { return users.Delete().Exec(); });
}
