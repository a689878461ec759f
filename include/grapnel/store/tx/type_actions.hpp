#pragma once

#include <grapnel/base/function_ref.hpp>
#include <grapnel/core/op.hpp>

namespace grapnel {

class AnyMutation;
class CommittedError;
namespace core {
class HookStack;
namespace detail {
struct HookRange;
}
}  // namespace core

namespace detail {

class AnyResult;
struct Table;

/// What the machine asks of code that knows an entity type: one for each.
struct TypeActions {
  const Table& table;
  /// Calls `run(mutation)` with one of the type that says nothing yet.
  void (*with_mutation)(Op op, core::FunctionRef<void(AnyMutation&)> run);
  /// Runs a mutation through these hooks, to the terminal behind them, and keeps what comes back.
  void (*run_around)(core::detail::HookRange hooks, AnyMutation& m, AnyResult& result);
  /// Moves a mutation's result into the error.
  void (*attach)(CommittedError& error, const AnyResult& result);
  /// The same for a std::vector of what a bulk has created.
  void (*attach_rows)(CommittedError& error, void* rows);
  /// Puts the schema's own hooks into the stack of the type.
  void (*add_schema_hooks)(core::HookStack& to);
};

}  // namespace detail
}  // namespace grapnel
