#pragma once

#include "tenant.hpp"

#include <grapnel/schema/field.hpp>
#include <grapnel/schema/schema.hpp>

#include <cstdint>
#include <string>
#include <string_view>

struct Organisation {
  std::int64_t id = 0;
  std::string name{};
};
template <>
struct grapnel::Schema<Organisation> {
  static constexpr std::string_view Type = "Organisation";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&Organisation::name>("name").NotEmpty().Unique());
  }
  static auto Guard() {  // agents see their own, and change none
    return grapnel::Guard(
        extras::OnMutation(AnyOp, extras::AlwaysDeny("only staff change organisations")),
        extras::TenantBy<Viewer>(F<&Organisation::id>, &Viewer::organisation));
  }
};
