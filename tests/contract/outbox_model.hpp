#pragma once

/// What the tests of the outbox share: users who have a boss, and what is told of them.

#include <grapnel/extras/clock.hpp>
#include <grapnel/extras/outbox/publish.hpp>
#include <grapnel/extras/outbox/tables.hpp>
#include <grapnel/grapnel.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>

#include "contract/fixture.hpp"

namespace outboxed {

namespace outbox = grapnel::extras::outbox;
using grapnel::F;
using grapnel::Mutation;
using grapnel::Next;
using grapnel::Op;
using grapnel::Value;
using grapnel::extras::Clock;
using outbox::Event;
using outbox::Lane;

struct User {
  std::int64_t id = 0;
  std::string name{};
  std::int64_t age = 0;
  grapnel::One<User> boss{};
  grapnel::Many<User> reports{};
};

}  // namespace outboxed

template <>
struct grapnel::Schema<outboxed::User> {
  using User = outboxed::User;
  static constexpr std::string_view Type = "User";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&User::name>("name"), Field<&User::age>("age"));
  }
  static constexpr auto Edges() {
    return grapnel::Edges(To<&User::reports>("reports").OnDelete(Cascade),
                          From<&User::boss>("boss").Ref<&User::reports>());
  }
  static constexpr auto Indexes() { return grapnel::Indexes(Index<&User::name>().Unique()); }
};

namespace outboxed {

inline std::string Shown(const User* user) {
  return user == nullptr ? "-" : user->name + std::to_string(user->age);
}
/// `UpdateOne Ada1>Ada2`
inline auto Told() {
  return [](const outbox::Change<User>& change) {
    return fmt::format("{} {}>{}", change.Op(), Shown(change.Old()), Shown(change.New()));
  };
}
inline auto Publisher() { return outbox::Publish<User>("user.changed").To("mail").Payload(Told()); }

struct Outbox : Fixture<User, Event, Lane> {
  auto Users() const { return client.Of<User>(); }
  User Make(std::string name, std::int64_t age = 0) const {
    return Users().Create({.name = std::move(name), .age = age}).Save();
  }
  void Age(std::int64_t id) const { Users().UpdateOne(id).Add(F<&User::age>, 1).Save(); }

  /// All events in the order of their ids: `1#2 UpdateOne Ada1>Ada2`, key and place in it.
  Lines All(const std::string& sink = "mail") const {
    Lines lines;
    for (const Event& event : client.Of<Event>()
                                  .Query()
                                  .Where(F<&Event::sink> == sink)
                                  .Order(grapnel::Asc(F<&Event::id>))
                                  .All()) {
      lines.push_back(event.key + "#" + std::to_string(event.seq) + " " + event.payload);
    }
    return lines;
  }
  /// Those since the last time.
  Lines New() {
    Lines lines = All();
    client.Of<Event>().Delete().Exec();
    return lines;
  }
  Lane LaneOf(const std::string& key, const std::string& sink = "mail") const {
    return client.Of<Lane>().Query().Where(F<&Lane::sink> == sink && F<&Lane::key> == key).Only();
  }
  /// How many events of the key are to be delivered.
  std::int64_t Pending(const std::string& key, const std::string& sink = "mail") const {
    return client.Of<Event>()
        .Query()
        .Where(F<&Event::sink> == sink && F<&Event::key> == key && F<&Event::dead> == false)
        .Count();
  }
  /// How many events the key has had.
  std::int64_t Counted(const std::string& key, const std::string& sink = "mail") const {
    return LaneOf(outbox::CounterOf(key), outbox::CounterOf(sink)).seq;
  }
};

/// What a sink throws.
struct Refused : std::runtime_error {
  using runtime_error::runtime_error;
};

/// The same, published from, with a clock that stands still and what sinks have got.
struct Timed : Outbox {
  Clock::Time now = std::chrono::sys_days(std::chrono::year(2024) / 2 / 29) + std::chrono::hours(8);
  const grapnel::extras::ScopedClock clock{[this] { return now; }};
  Lines got{};

  Timed() { Users().Use(Publisher()); }
};

}  // namespace outboxed
