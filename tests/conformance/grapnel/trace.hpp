#pragma once

/// Prints what happens, in the words that the Go program uses too.

#include <grapnel/grapnel.hpp>

#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

template <class... Args>
void Say(fmt::format_string<Args...> format, Args&&... args) {
  fmt::print(format, std::forward<Args>(args)...);
  std::putchar('\n');
}

/// Says when it is passed on the way in, and on the way out when what came next succeeded.
inline auto Traced(std::string name) {
  return [name = std::move(name)]<class E>(grapnel::Mutation<E>& m, grapnel::Next<E> next) {
    Say("before {}: {} {}", name, m.Type(), m.Op());
    auto value = next(m);
    Say("after {}", name);
    return value;
  };
}

/// A hook of every type that prints its name before the rest.
inline auto Noted(std::string name) {
  return grapnel::hook::Before([name = std::move(name)](auto& m) { Say("{}: {}", name, m.Op()); });
}

/// Names the kind of an error of Grapnel's; of any other it gives the text.
inline std::string Describe(const std::exception& error) {
  const auto is = [&]<class E>(std::type_identity<E>) {
    return dynamic_cast<const E*>(&error) != nullptr;
  };
  if (is(std::type_identity<grapnel::TxError>())) return "error: TxError";
  if (is(std::type_identity<grapnel::NotFoundError>())) return "error: NotFound";
  if (is(std::type_identity<grapnel::ConstraintError>())) return "error: Constraint";
  if (is(std::type_identity<grapnel::UnknownFieldError>())) return "error: UnknownField";
  if (is(std::type_identity<grapnel::TypeMismatchError>())) return "error: TypeMismatch";
  if (const auto* invalid = dynamic_cast<const grapnel::ValidationError*>(&error)) {
    return "error: Validation of " + invalid->Field();
  }
  if (const auto* committed = dynamic_cast<const grapnel::CommittedError*>(&error)) {
    return fmt::format("error: Committed, with causes: {}", committed->Causes().size());
  }
  return fmt::format("error: {}", error.what());
}
