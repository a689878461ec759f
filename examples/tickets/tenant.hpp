#pragma once

#include <grapnel/extras/privacy.hpp>
#include <grapnel/schema/field.hpp>
#include <grapnel/schema/schema.hpp>

#include <cstdint>
#include <string>

/// Who calls: a per-call value, client.With(Viewer{...}). Staff see all organisations.
struct Viewer {
  std::int64_t organisation = 0;
  std::string name{};
  bool staff = false;
};

/// A mixin: of an entity that has it, an organisation's agents know their own rows alone.
struct Tenanted {
  std::int64_t organisation = 0;  // given by the rule where the row does not say
};
template <>
struct grapnel::Schema<Tenanted> {
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&Tenanted::organisation>("organisation").Immutable());
  }
  template <class E>
  static auto Guard() {
    return grapnel::Guard(
        extras::TenantBy<Viewer>(F<&Tenanted::organisation>, &Viewer::organisation));
  }
};
