#pragma once

#include <grapnel/base/concat.hpp>

#include <string>
#include <string_view>

/// Texts in the languages of pictures.
namespace grapnel::store::drawing {

/// A text between the quotes of a label of Mermaid's, which has characters by their numbers there.
inline std::string InMermaid(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '\n') {
      escaped += "<br/>";
    } else if (std::string_view("\"#&<>;`%").find(c) != std::string_view::npos) {
      core::Append(escaped, {"#", std::to_string(static_cast<unsigned char>(c)), ";"});
    } else {
      escaped += c;
    }
  }
  return escaped;
}
/// A name as a word of Mermaid's: letters, digits and underscores, and none that means something
/// there.
inline std::string WordInMermaid(std::string_view text) {
  std::string word(text);
  for (char& c : word) {
    const bool is_plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!is_plain) c = '_';
  }
  const bool is_key = word.size() == 2 && (word[1] == 'k' || word[1] == 'K') &&
                      std::string_view("pfuPFU").find(word[0]) != std::string_view::npos;
  if (word.empty() || (word[0] >= '0' && word[0] <= '9') || is_key) word.insert(0, 1, '_');
  return word;
}

/// A text between the quotes of Graphviz. `in_record`: as a part of a record's label.
inline std::string InDot(std::string_view text, bool in_record = false) {
  std::string escaped;
  for (const char c : text) {
    if (c == '\n') {
      escaped += "\\n";
      continue;
    }
    if (c == '\0') continue;
    if (c == '"' || c == '\\') escaped += '\\';
    if (in_record && std::string_view("{}|<> ").find(c) != std::string_view::npos) escaped += '\\';
    escaped += c;
  }
  return escaped;
}

}  // namespace grapnel::store::drawing
