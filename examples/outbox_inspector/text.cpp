#include "text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <iterator>

namespace {

constexpr char32_t kNone = 0xFFFFFFFF;

/// Takes the next character off `text`: kNone for a byte that begins none.
char32_t TakeCharacter(std::string_view& text) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = at(0);
  std::size_t size = 1;
  char32_t character = first;
  char32_t least = 0;
  if (first >= 0xF0 && first < 0xF8) {
    size = 4, character = first & 0x07U, least = 0x10000;
  } else if (first >= 0xE0 && first < 0xF0) {
    size = 3, character = first & 0x0FU, least = 0x800;
  } else if (first >= 0xC0 && first < 0xE0) {
    size = 2, character = first & 0x1FU, least = 0x80;
  } else if (first >= 0x80) {
    character = kNone;
  }
  for (std::size_t i = 1; i < size; ++i) {
    if (i >= text.size() || (at(i) & 0xC0U) != 0x80) {
      character = kNone;
      break;
    }
    character = character << 6U | (at(i) & 0x3FU);
  }
  const bool is_surrogate = character >= 0xD800 && character < 0xE000;
  if (character < least || character > 0x10FFFF || is_surrogate) character = kNone;
  text.remove_prefix(character == kNone ? 1 : size);
  return character;
}

struct Range {
  char32_t first, last;
};

bool IsIn(char32_t character, const auto& ranges) {
  return std::any_of(std::begin(ranges), std::end(ranges), [&](const Range& range) {
    return character >= range.first && character <= range.last;
  });
}

/// Control characters, those of Unicode that are not seen or turn the direction, and tags.
constexpr Range kUnseen[] = {
    {0, 0x1F},        {0x7F, 0x9F},     {0xAD, 0xAD},       {0x61C, 0x61C},     {0x180E, 0x180E},
    {0x200B, 0x200F}, {0x2028, 0x202E}, {0x2060, 0x206F},   {0xFE00, 0xFE0F},   {0xFEFF, 0xFEFF},
    {0xFFF0, 0xFFFB}, {0xFFFE, 0xFFFF}, {0xE0000, 0xE0FFF}, {0xF0000, 0x10FFFF}};

constexpr Range kWide[] = {{0x1100, 0x115F},   {0x2E80, 0x303E},  {0x3040, 0xA4CF},
                           {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},  {0xFE30, 0xFE6F},
                           {0xFF00, 0xFF60},   {0xFFE0, 0xFFE6},  {0x1F300, 0x1F64F},
                           {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD}};

std::string Spelled(char32_t character) {
  if (character == '\n') return "\\n";
  if (character == '\r') return "\\r";
  if (character == '\t') return "\\t";
  const auto number = static_cast<std::uint32_t>(character);
  return number > 0xFFFF ? fmt::format("\\U{:08x}", number) : fmt::format("\\u{:04x}", number);
}

}  // namespace

std::string Visible(std::string_view text, std::size_t most) {
  std::string visible;
  for (std::size_t count = 0; !text.empty(); ++count) {
    if (count == most) return visible += "…";
    const std::string_view before = text;
    const char32_t character = TakeCharacter(text);
    if (character == kNone) {
      visible += "\uFFFD";
    } else if (IsIn(character, kUnseen)) {
      visible += Spelled(character);
    } else {
      visible += before.substr(0, before.size() - text.size());
    }
  }
  return visible;
}

std::string Escaped(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

std::size_t Columns(std::string_view utf8) {
  std::size_t columns = 0;
  while (!utf8.empty()) columns += IsIn(TakeCharacter(utf8), kWide) ? 2U : 1U;
  return columns;
}

std::string Span(std::chrono::seconds span) {
  const std::int64_t seconds = std::max<std::int64_t>(0, span.count());
  if (seconds < 120) return fmt::format("{} s", seconds);
  if (seconds < 2 * 3600) return fmt::format("{} min", seconds / 60);
  if (seconds < 2 * 86400) return fmt::format("{} h", seconds / 3600);
  return fmt::format("{} days", seconds / 86400);
}

std::string Moment(std::chrono::system_clock::time_point time) {
  const auto days = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(days);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(time - days));
  return fmt::format("{}-{:02}-{:02} {:02}:{:02}:{:02} UTC", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}
