#pragma once

#include <grapnel/base/called_as.hpp>
#include <grapnel/base/compiled.hpp>
#include <grapnel/core/op.hpp>

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace grapnel {

/// The root of everything that Grapnel throws. What a hook, a callback, a codec or a tracer throws
/// of its own is passed on unchanged; and so is std::bad_alloc, where the program has no memory
/// left to say more: what was being done is undone then as after any other error.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A hook refused the operation: see hook::Reject.
class RejectedError : public Error {
 public:
  [[gnu::cold]] GRAPNEL_DECLARE RejectedError(std::string_view type, grapnel::Op op);

  /// The type of the subject that was refused ("User").
  const std::string& Type() const noexcept { return type_; }
  /// The subject's actual Op, never the mask that it was refused by.
  grapnel::Op Op() const noexcept { return op_; }

 private:
  std::string type_;
  grapnel::Op op_;
};

/// A rule of a guard denied a mutation or a read: see guard::Deny. Nothing was written.
class PolicyError : public Error {
 public:
  /// `op`: of the mutation; none of a read.
  [[gnu::cold]] GRAPNEL_DECLARE PolicyError(std::string_view entity, std::optional<grapnel::Op> op,
                                            std::string_view rule, std::string_view reason);

  /// The entity type's name ("User").
  const std::string& Entity() const noexcept { return entity_; }
  /// What was to be done; nothing where it was a read.
  const std::optional<grapnel::Op>& Op() const noexcept { return op_; }
  /// What the rule is called: see hook::Named. "decision" where the caller himself had decided.
  const std::string& Rule() const noexcept { return rule_; }
  /// What it said.
  const std::string& Reason() const noexcept { return reason_; }

 private:
  std::string entity_;
  std::optional<grapnel::Op> op_;
  std::string rule_;
  std::string reason_;
};

/// `Dep<T>()` found no T: `Provide(...)` was not called for that type, or for a const one; or it
/// was called for a second one.
class DependencyError : public Error {
 public:
  [[gnu::cold]] GRAPNEL_DECLARE explicit DependencyError(std::string_view type);
  DependencyError(std::string_view type, const std::string& what) : Error(what), type_(type) {}

  /// The name of the type that was asked for.
  const std::string& Type() const noexcept { return type_; }

 private:
  std::string type_;
};

/// A stop was requested, or the deadline passed, before the operation was done.
class CancelledError : public Error {
 public:
  using Error::Error;
};

/// Hooks go on without end: they run inside one another past the limit, or deeper than the thread's
/// stack allows; or what runs afterwards begins anew, again and again.
class RecursionError : public Error {
 public:
  using Error::Error;
};

namespace core::detail {

[[noreturn, gnu::cold]] GRAPNEL_DECLARE void ThrowNone();
/// Throws: Error where one of them holds nothing to call.
template <class... Fs>
constexpr void RefuseNone(const Fs&... functions) {
  if ((HoldsNone(functions) || ...)) ThrowNone();
}

}  // namespace core::detail
}  // namespace grapnel

#ifndef GRAPNEL_SEPARATE_COMPILATION
#include <grapnel/core/impl/error.hpp>  // IWYU pragma: keep
#endif
