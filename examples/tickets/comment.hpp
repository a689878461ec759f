#pragma once

#include "agent.hpp"
#include "tenant.hpp"
#include "ticket.hpp"

#include <grapnel/extras/soft_delete.hpp>
#include <grapnel/schema/edge.hpp>
#include <grapnel/schema/field.hpp>
#include <grapnel/schema/mixin.hpp>
#include <grapnel/schema/one.hpp>
#include <grapnel/schema/schema.hpp>

#include <cstdint>
#include <string>
#include <string_view>

struct Comment : Tenanted, grapnel::extras::SoftDelete {
  std::int64_t id = 0;
  std::string text{};
  grapnel::One<Ticket> ticket{};
  grapnel::One<Agent> author{};
};
template <>
struct grapnel::Schema<Comment> {
  static constexpr std::string_view Type = "Comment";
  using Mixins = grapnel::Mixins<Tenanted, extras::SoftDelete>;
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&Comment::text>("text").NotEmpty());
  }
  static constexpr auto Edges() {
    return grapnel::Edges(From<&Comment::ticket>("ticket").Ref<&Ticket::comments>().Required(),
                          From<&Comment::author>("author").Ref<&Agent::comments>());
  }
};
