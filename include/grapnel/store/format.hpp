#pragma once

#include <grapnel/core/error.hpp>
#include <grapnel/core/op.hpp>
#include <grapnel/schema/schema.hpp>
#include <grapnel/store/migrate/migration.hpp>
#include <grapnel/store/mutation/cause.hpp>
#include <grapnel/store/mutation/mutation.hpp>
#include <grapnel/store/write/explanation.hpp>

#include <fmt/core.h>

#include <concepts>
#include <string>
#include <string_view>
#include <type_traits>

namespace grapnel::detail {

/// A formatter of what has a text; takes no options. (One derived from fmt's own for texts makes
/// g++ warn at -O3.)
struct TextFormatter {
  template <class ParseContext>
  constexpr auto parse(ParseContext& context) {
    return context.begin();
  }
  template <class FormatContext>
  static auto Write(std::string_view text, FormatContext& context) {
    auto out = context.out();
    for (const char c : text) *out++ = c;
    return out;
  }
};

}  // namespace grapnel::detail

/// "Create", "Update|UpdateOne".
template <>
struct fmt::formatter<grapnel::Op> : grapnel::detail::TextFormatter {
  template <class FormatContext>
  auto format(grapnel::Op op, FormatContext& context) const {
    const std::string_view name = grapnel::Name(op);
    return name.empty() ? Write(grapnel::ToString(op), context) : Write(name, context);
  }
};

/// "Caller".
template <>
struct fmt::formatter<grapnel::Cause> : grapnel::detail::TextFormatter {
  template <class FormatContext>
  auto format(grapnel::Cause cause, FormatContext& context) const {
    return Write(grapnel::Name(cause), context);
  }
};

/// The error's message.
template <std::derived_from<grapnel::Error> E>
struct fmt::formatter<E, char> : grapnel::detail::TextFormatter {
  template <class FormatContext>
  auto format(const grapnel::Error& error, FormatContext& context) const {
    return Write(error.what(), context);
  }
};

/// The steps, a line each, outermost first.
template <>
struct fmt::formatter<grapnel::store::Explanation> : grapnel::detail::TextFormatter {
  template <class FormatContext>
  auto format(const grapnel::store::Explanation& explanation, FormatContext& context) const {
    return Write(grapnel::store::ToString(explanation), context);
  }
};

/// The types, with a line for each field and edge.
template <>
struct fmt::formatter<grapnel::store::EntityGraph> : grapnel::detail::TextFormatter {
  template <class FormatContext>
  auto format(const grapnel::store::EntityGraph& graph, FormatContext& context) const {
    return Write(grapnel::store::ToString(graph), context);
  }
};

/// The statements, a line each.
template <>
struct fmt::formatter<grapnel::store::Migration> : grapnel::detail::TextFormatter {
  template <class FormatContext>
  auto format(const grapnel::store::Migration& migration, FormatContext& context) const {
    return Write(grapnel::store::ToString(migration), context);
  }
};

/// `User UpdateOne(id=3) {name="Ada", age+=1, nickname=NULL}`; sensitive fields show as ***.
template <std::derived_from<grapnel::AnyMutation> M>
struct fmt::formatter<M, char> : grapnel::detail::TextFormatter {
  template <class FormatContext>
  auto format(const grapnel::AnyMutation& m, FormatContext& context) const {
    return Write(grapnel::ToString(m), context);
  }
};
