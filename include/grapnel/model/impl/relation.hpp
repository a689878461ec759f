#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/base/concat.hpp>
#include <grapnel/core/error.hpp>
#include <grapnel/model/error.hpp>
#include <grapnel/model/relation.hpp>
#include <grapnel/model/row.hpp>
#include <grapnel/model/value.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace grapnel::detail {

GRAPNEL_DEFINE std::string Relation::Name() const {
  return core::Concat({edge->entity, ".", edge->name});
}

GRAPNEL_DEFINE std::string Describe(const EdgeEnd* edge, std::string_view neighbour) {
  if (edge == nullptr) return core::Concat({"an edge to ", neighbour});
  return core::Concat({edge->entity, ".", edge->name});
}

[[noreturn, gnu::cold]] GRAPNEL_DEFINE void RefuseNotLoaded(const EdgeEnd* edge,
                                                            std::string_view neighbour) {
  throw NotLoadedError(Describe(edge, neighbour),
                       "the edge was not loaded: ask for it in the query, .With(F<&...>)");
}

[[noreturn, gnu::cold]] GRAPNEL_DEFINE void RefuseNoNeighbour(const EdgeEnd* edge,
                                                              std::string_view neighbour) {
  throw Error(core::Concat({Describe(edge, neighbour), ": there is none"}));
}

GRAPNEL_DEFINE void BindValue(const FieldValue& value, Binder& to, int at) {
  if (const bool* flag = value.As<bool>()) return to.Bool(at, *flag);
  if (const auto* number = value.As<std::int64_t>()) return to.Int(at, *number);
  if (const auto* real = value.As<double>()) return to.Real(at, *real);
  if (const auto* text = value.As<std::string>()) return to.Text(at, *text, false);
  if (const auto* bytes = value.As<FieldValue::Bytes>()) return to.Blob(at, *bytes, false);
  to.Null(at);
}

}  // namespace grapnel::detail
