#pragma once

#include <grapnel/base/function_ref.hpp>
#include <grapnel/core/op.hpp>

namespace grapnel {

class AnyMutation;
class AnyReading;
class CommittedError;
namespace core {
class HookStack;
namespace detail {
struct HookRange;
}
}  // namespace core

namespace detail {

class AnyResult;
struct ReaderHooks;
struct ReadingOf;
struct ReadInto;
struct Table;

/// The stages of a type's hooks, and of its interceptors; in the two before kRuntime stand rules,
/// which are hooks over guard::detail::Case. Of the hooks of transactions those of the outermost
/// come first, of a schema's those of its mixins.
enum Stage : unsigned { kGuard, kSchemaGuard, kRuntime, kTransaction, kSchema };

/// What the machine of reading asks of code that knows an entity type. Only types that have
/// interceptors, or rules about reads, have one.
struct ReadActions {
  /// Calls `run(reading)` with one of the type.
  void (*with_reading)(const ReadingOf& of, core::FunctionRef<void(AnyReading&)> run);
  /// Runs these interceptors around `read`, and puts what comes of it where the caller wants it.
  /// Null where all that there are only run before it.
  void (*run_around)(core::detail::HookRange hooks, AnyReading& r, const ReadInto& into,
                     core::FunctionRef<void(const ReadInto&)> read);
};

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
  /// Of a schema that has interceptors or rules, else null.
  const ReadActions* read = nullptr;
  void (*add_schema_interceptors)(ReaderHooks& to) = nullptr;
  void (*add_schema_rules)(core::HookStack& hooks, core::HookStack& readers) = nullptr;
};

}  // namespace detail
}  // namespace grapnel
