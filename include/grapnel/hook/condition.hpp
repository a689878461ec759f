#pragma once

#include <grapnel/base/pack.hpp>
#include <grapnel/core/error.hpp>
#include <grapnel/core/op.hpp>

#include <string>
#include <string_view>
#include <utility>

namespace grapnel::hook {

/// A condition is any callable `bool(const Mutation&)`, evaluated at its place in the chain, so
/// that it sees the edits of the hooks before it. It may not change the mutation. Source: ent's
/// hook.Condition.
///
/// Holds when all of them hold; stops at the first that does not.
template <class First, class Second, class... Rest>
[[nodiscard]] constexpr auto And(First first, Second second, Rest... rest) {
  core::detail::RefuseNone(first, second, rest...);
  return [all = core::Pack<First, Second, Rest...>(std::move(first), std::move(second),
                                                   std::move(rest)...)](const auto& m) -> bool {
    return all.Apply([&](const auto&... each) { return (each(m) && ...); });
  };
}

/// Holds when one of them holds; stops at the first that does.
template <class First, class Second, class... Rest>
[[nodiscard]] constexpr auto Or(First first, Second second, Rest... rest) {
  core::detail::RefuseNone(first, second, rest...);
  return [any = core::Pack<First, Second, Rest...>(std::move(first), std::move(second),
                                                   std::move(rest)...)](const auto& m) -> bool {
    return any.Apply([&](const auto&... each) { return (each(m) || ...); });
  };
}

/// Holds when `condition` does not.
template <class Condition>
[[nodiscard]] constexpr auto Not(Condition condition) {
  core::detail::RefuseNone(condition);
  return [condition = std::move(condition)](const auto& m) -> bool { return !condition(m); };
}

namespace detail {

struct OpCondition {
  Op ops;

  constexpr bool operator()(const auto& m) const {
    constexpr bool has_op = requires { m.Op(); };
    static_assert(has_op,
                  "HasOp, On and Unless are about a subject with an Op, a mutation: of a reading "
                  "ask Kind() or Step(), hook::If(h, [](const auto& r) -> bool { return r.Kind() "
                  "== grapnel::ReadKind::Rows; })");
    if constexpr (has_op) return Is(m.Op(), ops);
    return false;
  }
};
/// The Ops outside of which a condition is known not to hold.
constexpr Op OpsOf(const OpCondition& condition) noexcept { return condition.ops; }
template <class Condition>
constexpr Op OpsOf(const Condition&) noexcept {
  return AnyOp;
}

}  // namespace detail

/// Holds when the mutation's Op is in `ops`.
[[nodiscard]] constexpr auto HasOp(Op ops) { return detail::OpCondition{ops}; }

namespace detail {

/// What a field is known by: a token, which is checked at compile time, or a name, which is checked
/// when it is used.
template <class Field>
concept Name = requires(const Field& field, void (&take)(std::string_view)) {
  take(field);
};

/// A name is kept as text.
template <class Field>
constexpr auto Keep(Field field) {
  if constexpr (Name<Field>) {
    return std::string(std::string_view(field));
  } else {
    return field;
  }
}

template <class Test, class... Fields>
constexpr auto All(Test test, Fields... fields) {
  return [test, all = core::Pack(Keep(std::move(fields))...)](const auto& m) -> bool {
    return all.Apply([&](const auto&... each) { return (test(m, each) && ...); });
  };
}

}  // namespace detail

/// Holds when every one of these fields is set: by the caller, a default, or a hook before this
/// one. Added and cleared fields are not set. Takes tokens (`F<&User::name>`) and names ("name").
/// The token or name of an edge holds when neighbours are added to it. Throws (when evaluated):
/// UnknownFieldError for a name that the type does not have.
template <class First, class... Rest>
[[nodiscard]] constexpr auto HasFields(First first, Rest... rest) {
  return detail::All(
      [](const auto& m, const auto& field) -> bool {
        if constexpr (detail::Name<decltype(field)>) {
          if constexpr (requires { m.HasField(field); }) {
            return m.HasField(field);
          } else {
            return m.Field(field).has_value();
          }
        } else if constexpr (requires { m.Get(field); }) {
          return static_cast<bool>(m.Get(field));
        } else {
          return !m.AddedIDs(field).empty();
        }
      },
      std::move(first), std::move(rest)...);
}

/// Holds when something is added to every one of these fields. Tokens and names, as HasFields.
template <class First, class... Rest>
[[nodiscard]] constexpr auto HasAddedFields(First first, Rest... rest) {
  return detail::All(
      [](const auto& m, const auto& field) -> bool {
        if constexpr (detail::Name<decltype(field)>) {
          return m.AddedField(field).has_value();
        } else {
          return static_cast<bool>(m.Added(field));
        }
      },
      std::move(first), std::move(rest)...);
}

/// Holds when every one of these fields is cleared. Tokens and names, as HasFields.
template <class First, class... Rest>
[[nodiscard]] constexpr auto HasClearedFields(First first, Rest... rest) {
  return detail::All(
      [](const auto& m, const auto& field) -> bool {
        if constexpr (detail::Name<decltype(field)>) {
          return m.FieldCleared(field);
        } else if constexpr (requires { m.Cleared(field); }) {
          return m.Cleared(field);
        } else {
          return m.EdgeCleared(field);
        }
      },
      std::move(first), std::move(rest)...);
}

}  // namespace grapnel::hook
