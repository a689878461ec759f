#pragma once

/// Tickets, the agents who work on them, and tags: for questions about fields of all sorts, ids of
/// all sorts, and edges of all sorts.

#include <grapnel/grapnel.hpp>

#include "support/engine/engine.hpp"
#include "support/engine/raw.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace desk {

using Time = std::chrono::system_clock::time_point;
using Minutes = std::chrono::time_point<std::chrono::system_clock, std::chrono::minutes>;

struct Uuid {
  std::string text;
  friend bool operator==(const Uuid&, const Uuid&) = default;
};

enum class Status { Open, Waiting, Closed };

/// What a ticket shares with other things.
struct Timed {
  std::optional<Time> opened{};
};
struct Rated {
  std::int64_t rank = 0;
  std::optional<Time> rated{};
};

struct Agent;
struct Badge;
struct Tag;

struct Ticket : Timed, Rated {
  std::int64_t id = 0;
  std::string title;
  std::int64_t due = 0;
  std::optional<std::int32_t> closed{};
  std::optional<double> score{};
  Status status = Status::Open;
  Status wanted = Status::Open;
  std::optional<Minutes> noted{};
  std::vector<std::byte> bytes{};
  grapnel::One<Agent> agent{};
  grapnel::One<Agent> second{};
  grapnel::Many<Tag> tags{};
};

struct Agent {
  Uuid id;
  std::string name;
  std::optional<std::string> city{};
  grapnel::Many<Ticket> tickets{};
  grapnel::Many<Agent> friends{};
  grapnel::One<Agent> boss{};
  grapnel::One<Badge> badge{};  // holds the key
};

struct Badge {
  std::int64_t id = 0;
  std::int64_t number = 0;
  grapnel::One<Agent> agent{};  // holds none
};

struct Tag {
  std::string id;
  grapnel::Many<Ticket> tickets{};
};

inline std::vector<std::byte> NoBytes() { return {}; }

}  // namespace desk

template <>
struct grapnel::Codec<desk::Uuid> {
  using Stored = std::string;
  static Stored Encode(const desk::Uuid& value) { return value.text; }
  static desk::Uuid Decode(const Stored& stored) { return {stored}; }
};
template <>
struct grapnel::EnumNames<desk::Status> {
  static constexpr std::pair<desk::Status, std::string_view> Values[] = {
      {desk::Status::Open, "open"},
      {desk::Status::Waiting, "waiting"},
      {desk::Status::Closed, "closed"}};
};

template <>
struct grapnel::Schema<desk::Timed> {
  static constexpr auto Fields() { return grapnel::Fields(Field<&desk::Timed::opened>("opened")); }
};
template <>
struct grapnel::Schema<desk::Rated> {
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&desk::Rated::rank>("rank").Default(0),
                           Field<&desk::Rated::rated>("rated"));
  }
};
template <>
struct grapnel::Schema<desk::Ticket> {
  static constexpr std::string_view Type = "Ticket";
  using Mixins = grapnel::Mixins<desk::Timed, desk::Rated>;
  static constexpr auto Fields() {
    using desk::Ticket;
    return grapnel::Fields(
        Field<&Ticket::title>("title").Default(""), Field<&Ticket::due>("due").Default(0),
        Field<&Ticket::closed>("closed"), Field<&Ticket::score>("score"),
        Field<&Ticket::status>("status").Default(desk::Status::Open),
        Field<&Ticket::wanted>("wanted").Default(desk::Status::Open),
        Field<&Ticket::noted>("noted"), Field<&Ticket::bytes>("bytes").Default(desk::NoBytes));
  }
  static constexpr auto Edges() {
    using desk::Ticket;
    return grapnel::Edges(From<&Ticket::agent>("agent").Ref<&desk::Agent::tickets>(),
                          To<&Ticket::second>("second"), To<&Ticket::tags>("tags"));
  }
  static constexpr auto Indexes() {
    using desk::Ticket;
    return grapnel::Indexes(Index<&Ticket::title>(), Index<&Ticket::due>(),
                            Index<&Ticket::closed>(), Index<&Ticket::bytes>(),
                            Index<&Ticket::status, &Ticket::due>());
  }
};
template <>
struct grapnel::Schema<desk::Agent> {
  static constexpr std::string_view Type = "Agent";
  static constexpr auto Fields() {
    using desk::Agent;
    return grapnel::Fields(Field<&Agent::id>("id"), Field<&Agent::name>("name").Unique(),
                           Field<&Agent::city>("city"));
  }
  static constexpr auto Edges() {
    using desk::Agent;
    return grapnel::Edges(To<&Agent::tickets>("tickets"), To<&Agent::friends>("friends"),
                          To<&Agent::boss>("boss"), To<&Agent::badge>("badge"));
  }
};
template <>
struct grapnel::Schema<desk::Badge> {
  static constexpr std::string_view Type = "Badge";
  static constexpr auto Fields() { return grapnel::Fields(Field<&desk::Badge::number>("number")); }
  static constexpr auto Edges() {
    return grapnel::Edges(From<&desk::Badge::agent>("agent").Ref<&desk::Agent::badge>());
  }
};
template <>
struct grapnel::Schema<desk::Tag> {
  static constexpr std::string_view Type = "Tag";
  static constexpr auto Fields() { return grapnel::Fields(Field<&desk::Tag::id>("id")); }
  static constexpr auto Edges() {
    return grapnel::Edges(From<&desk::Tag::tickets>("tickets").Ref<&desk::Ticket::tags>());
  }
};

namespace desk {

using Database = grapnel::Database<Ticket, Agent, Badge, Tag>;
inline Database Open(const std::string& url) {
  auto client = engine::Open<Ticket, Agent, Badge, Tag>(url);
  client.Migrate();
  return client;
}

}  // namespace desk
