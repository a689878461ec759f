#pragma once

#include <grapnel/model/row.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

/// Texts as PostgreSQL holds them: UTF-8 without NUL.
namespace grapnel::postgres::detail {

using grapnel::detail::BadValue;

/// Why a text is refused that PostgreSQL cannot hold.
inline constexpr const char* kNulText = "it holds a NUL, which no text of PostgreSQL can";
inline constexpr const char* kNotUtf8 = "it is not valid UTF-8, as each text of PostgreSQL is";

/// How many bytes the character takes that a text begins with, which is not empty; 0 where they are
/// no UTF-8.
/// Source: RFC 3629, section 4
inline std::size_t CharacterSize(std::string_view text) noexcept {
  const auto at = [&](std::size_t place) -> unsigned {
    return place < text.size() ? static_cast<unsigned char>(text[place]) : 0U;
  };
  const auto follows = [&](std::size_t place) { return (at(place) & 0xC0U) == 0x80U; };
  const unsigned first = at(0), second = at(1);
  if (first < 0x80) return 1;
  if (first < 0xC2 || first > 0xF4 || !follows(1)) return 0;
  if (first < 0xE0) return 2;
  if (!follows(2)) return 0;
  if (first < 0xF0) {  // in the shortest form, and no half of a pair of UTF-16
    const bool valid = (first != 0xE0 || second >= 0xA0) && (first != 0xED || second < 0xA0);
    return valid ? 3 : 0;
  }
  const bool valid = (first != 0xF0 || second >= 0x90) && (first != 0xF4 || second < 0x90);
  return valid && follows(3) ? 4 : 0;
}

/// Throws: BadValue for a text that PostgreSQL cannot hold. Only here is known what it is the text
/// of: the server's error does not say.
inline void RefuseText(std::string_view text) {
  constexpr std::uint64_t kOnes = 0x0101010101010101U, kHighs = 0x8080808080808080U;
  while (!text.empty()) {
    if (text.size() >= sizeof(std::uint64_t)) {  // most are of ASCII
      std::uint64_t word = 0;
      std::memcpy(&word, text.data(), sizeof(word));
      if (((word | (word - kOnes)) & kHighs) == 0) {
        text.remove_prefix(sizeof(word));
        continue;
      }
    }
    if (text.front() == '\0') throw BadValue(kNulText);
    const std::size_t size = CharacterSize(text);
    if (size == 0) throw BadValue(kNotUtf8);
    text.remove_prefix(size);
  }
}

}  // namespace grapnel::postgres::detail
