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

/// A name between the quotes of Graphviz.
inline std::string InDot(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '\0') continue;
    if (c == '"' || c == '\\') escaped += '\\';
    escaped += c;
  }
  return escaped;
}
/// A text in a label of Graphviz that is written like HTML, which takes no control characters.
inline std::string InDotHtml(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '\n') {
      escaped += "<br/>";
    } else if (c >= 0 && c < ' ') {
      escaped += '?';
    } else if (std::string_view("\"&<>").find(c) != std::string_view::npos) {
      core::Append(escaped, {"&#", std::to_string(static_cast<unsigned char>(c)), ";"});
    } else {
      escaped += c;
    }
  }
  return escaped;
}
/// What every picture of Graphviz begins with: legible on pages of any colour, and laid out alike
/// with the metrics that these fonts share.
inline std::string DotHead(std::string_view name) {
  return core::Concat({"digraph ", name,
                       " {\n"
                       "  graph [bgcolor=white, fontname=\"Helvetica,Arial,sans-serif\"];\n"
                       "  node [fontname=\"Helvetica,Arial,sans-serif\"];\n"
                       "  edge [fontname=\"Helvetica,Arial,sans-serif\", fontsize=11];\n"});
}

}  // namespace grapnel::store::drawing
