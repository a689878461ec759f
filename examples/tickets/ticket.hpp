#pragma once

#include "agent.hpp"
#include "tenant.hpp"

#include <grapnel/extras/soft_delete.hpp>
#include <grapnel/schema/edge.hpp>
#include <grapnel/schema/field.hpp>
#include <grapnel/schema/index.hpp>
#include <grapnel/schema/many.hpp>
#include <grapnel/schema/mixin.hpp>
#include <grapnel/schema/one.hpp>
#include <grapnel/schema/schema.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

struct Comment;
struct Tag;

enum class Status : std::uint8_t { Open, InProgress, Resolved, Closed };
template <>
struct grapnel::EnumNames<Status> {
  static constexpr std::pair<Status, std::string_view> Values[] = {
      {Status::Open, "open"},
      {Status::InProgress, "in progress"},
      {Status::Resolved, "resolved"},
      {Status::Closed, "closed"}};
};
constexpr std::string_view Name(Status status) {
  return grapnel::EnumNames<Status>::Values[static_cast<std::size_t>(status)].second;
}

struct Ticket : Tenanted, grapnel::extras::SoftDelete {
  std::int64_t id = 0;
  std::string title{};
  Status status = Status::Open;
  std::int64_t priority = 3;  // 1 is the most urgent, 5 the least
  grapnel::One<Agent> agent{};
  grapnel::One<Ticket> parent{};
  grapnel::Many<Ticket> children{};
  grapnel::Many<Comment> comments{};
  grapnel::Many<Tag> tags{};
};
template <>
struct grapnel::Schema<Ticket> {
  static constexpr std::string_view Type = "Ticket";
  using Mixins = grapnel::Mixins<Tenanted, extras::SoftDelete>;
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&Ticket::title>("title").NotEmpty(),
                           Field<&Ticket::status>("status").Default(Status::Open),
                           Field<&Ticket::priority>("priority").Range(1, 5).Default(3));
  }
  static constexpr auto Edges() {
    return grapnel::Edges(From<&Ticket::agent>("agent").Ref<&Agent::tickets>(),
                          To<&Ticket::children>("children").OnDelete(Cascade),
                          From<&Ticket::parent>("parent").Ref<&Ticket::children>(),
                          To<&Ticket::comments>("comments").OnDelete(Cascade),
                          To<&Ticket::tags>("tags"));
  }
  static constexpr auto Indexes() {
    return grapnel::Indexes(Index<&Tenanted::organisation, &Ticket::status>());
  }
};
