#pragma once

#include <grapnel/core/error.hpp>
#include <grapnel/core/op.hpp>
#include <grapnel/hook/if.hpp>
#include <grapnel/hook/point.hpp>

#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace grapnel::hook {

/// Always refuses: throws `error`, which is an exception object of any type (thrown as that type)
/// or a text (thrown as an Error with it).
template <class E>
requires(!std::is_convertible_v<E, std::string_view>)
    [[nodiscard]] constexpr auto FixedError(E error) {
  return Before([error = std::move(error)](const auto&) { throw error; });
}

[[nodiscard]] inline auto FixedError(std::string_view text) {
  return FixedError(Error(std::string(text)));
}

/// Refuses the operations in `ops` with a RejectedError that names the actual type and Op
/// ("User: Delete is not allowed").
/// Equivalent: On(FixedError(RejectedError(m.Type(), m.Op())), ops) for the mutation m at hand.
[[nodiscard]] constexpr auto Reject(Op ops) {
  return On(Before([](const auto& m) {
              if constexpr (requires { m.Op(); }) throw RejectedError(m.Type(), m.Op());
            }),
            ops);
}

}  // namespace grapnel::hook
