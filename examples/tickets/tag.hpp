#pragma once

#include "tenant.hpp"
#include "ticket.hpp"

#include <grapnel/schema/edge.hpp>
#include <grapnel/schema/field.hpp>
#include <grapnel/schema/index.hpp>
#include <grapnel/schema/many.hpp>
#include <grapnel/schema/mixin.hpp>
#include <grapnel/schema/schema.hpp>

#include <cstdint>
#include <string>
#include <string_view>

struct Tag : Tenanted {
  std::int64_t id = 0;
  std::string name{};
  grapnel::Many<Ticket> tickets{};
};
template <>
struct grapnel::Schema<Tag> {
  static constexpr std::string_view Type = "Tag";
  using Mixins = grapnel::Mixins<Tenanted>;
  static constexpr auto Fields() { return grapnel::Fields(Field<&Tag::name>("name").NotEmpty()); }
  static constexpr auto Edges() {
    return grapnel::Edges(From<&Tag::tickets>("tickets").Ref<&Ticket::tags>());
  }
  static constexpr auto Indexes() {
    return grapnel::Indexes(Index<&Tenanted::organisation, &Tag::name>().Unique());
  }
};
