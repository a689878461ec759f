#pragma once

#include "tenant.hpp"

#include <grapnel/schema/edge.hpp>
#include <grapnel/schema/field.hpp>
#include <grapnel/schema/index.hpp>
#include <grapnel/schema/many.hpp>
#include <grapnel/schema/mixin.hpp>
#include <grapnel/schema/schema.hpp>

#include <cstdint>
#include <string>
#include <string_view>

struct Comment;
struct Ticket;

struct Agent : Tenanted {
  std::int64_t id = 0;
  std::string name{}, email{};
  grapnel::Many<Ticket> tickets{};
  grapnel::Many<Comment> comments{};
};
template <>
struct grapnel::Schema<Agent> {
  static constexpr std::string_view Type = "Agent";
  using Mixins = grapnel::Mixins<Tenanted>;
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&Agent::name>("name").NotEmpty(),
                           Field<&Agent::email>("email").NotEmpty());
  }
  static constexpr auto Edges() {
    return grapnel::Edges(To<&Agent::tickets>("tickets"), To<&Agent::comments>("comments"));
  }
  static constexpr auto Indexes() {  // unique in each organisation: others learn nothing of it
    return grapnel::Indexes(Index<&Tenanted::organisation, &Agent::email>().Unique());
  }
};
