#pragma once

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>

namespace grapnel::core {

/// The texts one after the other. One function that is never inlined: chains of `+` cost more
/// compile time than all else in a header that is mostly messages and SQL.
[[gnu::noinline]] inline std::string Concat(std::initializer_list<std::string_view> parts) {
  std::size_t size = 0;
  for (const std::string_view part : parts) size += part.size();
  std::string text;
  text.reserve(size);
  for (const std::string_view part : parts) text += part;
  return text;
}

/// The same, behind a text that is there.
[[gnu::noinline]] inline void Append(std::string& text,
                                     std::initializer_list<std::string_view> parts) {
  for (const std::string_view part : parts) text += part;
}

/// "1 column", "2 columns".
inline std::string Counted(std::size_t count, std::string_view one) {
  return Concat({std::to_string(count), " ", one, count == 1 ? "" : "s"});
}

}  // namespace grapnel::core
