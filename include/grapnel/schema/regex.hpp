#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/core/error.hpp>

#include <cstddef>
#include <regex>
#include <string_view>

namespace grapnel {

namespace detail {
template <std::size_t N>
struct FixedText {
  char text[N];
  constexpr FixedText(const char (&from)[N]) {  // NOLINT(google-explicit-constructor)
    for (std::size_t i = 0; i < N; ++i) text[i] = from[i];
  }
};
}  // namespace detail

/// Whether the whole text matches an ECMAScript regular expression:
/// `.Match(grapnel::Regex<"[a-z]+">)`. The expression is compiled once, at its first use; a wrong
/// one is an Error then. Not part of <grapnel/grapnel.hpp>, because <regex> is slow to compile.
template <detail::FixedText Pattern>
inline constexpr auto Regex = [](std::string_view text) -> bool {
  try {
    static const std::regex expression(Pattern.text, sizeof(Pattern.text) - 1);
    return std::regex_match(text.begin(), text.end(), expression);
  } catch (const std::regex_error& error) {
    throw Error(core::Concat(
        {"the regular expression \"", Pattern.text, "\" cannot be used: ", error.what()}));
  }
};

}  // namespace grapnel
