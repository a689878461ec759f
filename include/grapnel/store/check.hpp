#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/base/function_ref.hpp>
#include <grapnel/core/error.hpp>
#include <grapnel/core/op.hpp>
#include <grapnel/hook/if.hpp>
#include <grapnel/store/mutation/any_mutation.hpp>
#include <grapnel/store/mutation/mutation.hpp>
#include <grapnel/store/mutation/value.hpp>

#include <optional>
#include <type_traits>
#include <utility>

namespace grapnel {

namespace detail {

/// Runs `rest()`, which writes, and calls `rule(row)` for each row that was written. Throws:
/// ValidationError where that is false.
GRAPNEL_DECLARE void RunChecked(AnyMutation& m, core::FunctionRef<void()> rest,
                                core::FunctionRef<bool(const void* row)> rule);

}  // namespace detail

namespace hook {

namespace detail {

template <class E, class Rule>
struct RowRule {
  Rule rule;

  Value<E> operator()(Mutation<E>& m, Next<E> next) const {
    std::optional<Value<E>> value;
    grapnel::detail::RunChecked(
        m, [&] { value.emplace(next(m)); },
        [&](const void* row) { return Holds(*static_cast<const E*>(row)); });
    return *std::move(value);
  }

 private:
  bool Holds(const E& row) const {
    if constexpr (std::is_void_v<std::invoke_result_t<const Rule&, const E&>>) {
      rule(row);
      return true;
    } else {
      return rule(row);
    }
  }
};

}  // namespace detail

/// A rule over whole rows, as a write leaves them: of what is given, defaults and what is stored.
///
///   client.Of<Order>().Use(grapnel::hook::Check<Order>(
///       [](const Order& order) { return !order.shipped || order.paid; }));
///
/// `rule(row)` returns whether the row may be so, or nothing. What it throws, or a ValidationError
/// that names the entity, the Op and the row's id where it returns false, undoes the write. Edges
/// with a foreign key are in the row, as `order.customer.ID()`; others are not loaded.
/// Order / Calls: once the hooks further in and the write are done, for the row of a Create or
/// UpdateOne, for each of an Update, and for the rows that a cascade or an upsert updates; not
/// where a hook kept the write from happening. Of an Update also those of its rows that a hook
/// further in leaves out. An Update of what was a Delete further out is one: let a Check stand
/// among the schema's own hooks, and it sees all.
/// Cost: of a Create none; of an UpdateOne one row is read; of an Update the ids of its rows are
/// kept by the database, and its rows read in batches of 256, so that memory stays flat.
/// Threads: called by any that writes, several at once.
template <class E, class Rule>
[[nodiscard]] auto Check(Rule rule) {
  core::detail::RefuseNone(rule);
  constexpr bool fits = std::is_invocable_v<const Rule&, const E&>;
  static_assert(fits,
                "hook::Check<E> takes a function of the row, which is const: "
                "hook::Check<User>([](const User& user) { return user.age >= 18; })");
  if constexpr (fits) {
    using Said = std::invoke_result_t<const Rule&, const E&>;
    static_assert(std::is_void_v<Said> || std::is_same_v<std::remove_cvref_t<Said>, bool>,
                  "what is given to hook::Check returns a bool, whether the row may be so, or "
                  "nothing, and throws");
  }
  return On(detail::RowRule<E, Rule>{std::move(rule)}, Op::Create | Op::Update | Op::UpdateOne);
}

}  // namespace hook
}  // namespace grapnel

#ifndef GRAPNEL_SEPARATE_COMPILATION
#include <grapnel/store/impl/check.hpp>  // IWYU pragma: keep
#endif
