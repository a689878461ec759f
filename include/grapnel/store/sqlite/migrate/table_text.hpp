#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/store/sql/sql.hpp>
#include <grapnel/store/sqlite/native/dialect.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace grapnel::sqlite::detail {

/// Stands behind the description of each column that Grapnel has made.
inline constexpr std::string_view kMark = "/*Grapnel*/";

/// The text of a CREATE TABLE, as SQLite keeps it, taken apart so far that parts of it can be
/// changed and the rest stays, to the byte.
/// Source: https://www.sqlite.org/lang_createtable.html.
class TableText {
 public:
  explicit TableText(std::string text) : text_(std::move(text)) { Read(); }

  /// With all changes.
  std::string Text() const {
    std::string text = text_;
    auto changes = changes_;
    std::sort(changes.begin(), changes.end(),
              [](const Change& a, const Change& b) { return a.from > b.from; });
    for (const Change& change : changes) {
      text.replace(change.from, change.to - change.from, change.with);
    }
    return text;
  }

  /// Whether Grapnel has made the whole table, or this column of it.
  bool IsMade() const { return !columns_.empty() && columns_.front().made; }
  bool IsMade(std::string_view column) const {
    const Part* part = Find(column);
    return part != nullptr && part->made;
  }
  bool HasColumn(std::string_view column) const { return Find(column) != nullptr; }

  /// Another column, or a constraint of the table, whose description names the column.
  std::optional<std::string> UserOf(std::string_view column) const {
    const auto names = [&](const Part& part) {
      for (std::size_t at = part.first; at < part.last; ++at) {
        if (EqualNames(Name(at), column)) return true;
      }
      return false;
    };
    for (const Part& part : columns_) {
      const std::string name = Name(part.first);
      if (!EqualNames(name, column) && names(part)) return core::Concat({"column ", Quote(name)});
    }
    for (const Part& part : constraints_) {
      if (!names(part)) continue;
      if (IsWord(part.first, "CONSTRAINT")) {
        return core::Concat({"constraint ", Quote(Name(part.first + 1))});
      }
      return core::Concat({"a ", Token(part.first), " of the table"});
    }
    return std::nullopt;
  }
  /// What its CHECKs ask for.
  std::vector<std::string> Checks() const {
    std::vector<std::string> checks;
    for (const auto* parts : {&columns_, &constraints_}) {
      for (const Part& part : *parts) {
        for (std::size_t at = part.first; at + 1 < part.last; ++at) {
          if (!Is(at, part, "CHECK") || Token(at + 1) != "(") continue;
          std::size_t end = at + 2;
          while (end < part.last && tokens_[end].depth > 1) ++end;
          if (end == part.last) continue;
          const std::size_t from = tokens_[at + 1].to;
          checks.push_back(text_.substr(from, tokens_[end].from - from));
        }
      }
    }
    return checks;
  }

  /// Marks every column as made by Grapnel.
  void Mark() {
    for (const Part& column : columns_) {
      Replace(tokens_[column.last - 1].to, tokens_[column.last - 1].to, core::Concat({" ", kMark}));
    }
  }
  /// Takes the column's NOT NULL away. Requires: HasColumn(column).
  void AllowNull(std::string_view column) {
    const Part& part = *Find(column);
    for (std::size_t at = part.first + 1; at + 1 < part.last; ++at) {
      if (!Is(at, part, "NOT") || !Is(at + 1, part, "NULL")) continue;
      std::size_t from = at, to = at + 2;
      if (from >= part.first + 3 && Is(from - 2, part, "CONSTRAINT")) from -= 2;
      if (to + 2 < part.last && Is(to, part, "ON") && Is(to + 1, part, "CONFLICT")) to += 3;
      Replace(tokens_[from - 1].to, tokens_[to - 1].to, "");
      at = to - 1;
    }
  }
  /// Changes its type. Requires: HasColumn(column).
  void SetType(std::string_view column, std::string_view type) {
    const Part& part = *Find(column);
    std::size_t to = part.first + 1;
    while (to < part.last && !IsConstraint(to, part)) ++to;
    Replace(tokens_[part.first].to, tokens_[to - 1].to, core::Concat({" ", type}));
  }
  /// Takes away the foreign keys that stand behind the columns, and are of this one alone.
  void DropKey(std::string_view column) {
    for (const Part& part : constraints_) {
      std::size_t at = part.first;
      if (Is(at, part, "CONSTRAINT")) at += 2;
      if (!Is(at, part, "FOREIGN") || at + 5 > part.last) continue;
      const bool alone = EqualNames(Name(at + 3), column) && Token(at + 4) == ")";
      if (alone) Replace(tokens_[part.first - 1].from, tokens_[part.last - 1].to, "");
    }
  }
  /// Gives the foreign key of this column, where it is called so, another name.
  void RenameKey(std::string_view column, std::string_view from, std::string_view to) {
    const auto rename = [&](std::size_t at) {
      if (Name(at) == from) Replace(tokens_[at].from, tokens_[at].to, Quote(to));
    };
    if (const Part* part = Find(column)) {
      for (std::size_t at = part->first + 1; at + 2 < part->last; ++at) {
        if (Is(at, *part, "CONSTRAINT") && Is(at + 2, *part, "REFERENCES")) rename(at + 1);
      }
    }
    for (const Part& part : constraints_) {
      const bool is_key = Is(part.first, part, "CONSTRAINT") &&
                          Is(part.first + 2, part, "FOREIGN") && part.first + 6 < part.last;
      if (!is_key) continue;
      const bool alone = EqualNames(Name(part.first + 5), column) && Token(part.first + 6) == ")";
      if (alone) rename(part.first + 1);
    }
  }
  /// Gives the table another name. Where its CHECKs name it, before a column, they do so no more.
  void SetName(std::string_view name) {
    if (body_ < 2) return;
    const std::string was = Name(body_ - 2);
    Replace(tokens_[body_ - 2].from, tokens_[body_ - 2].to, Quote(name));
    for (std::size_t at = body_; at + 2 < tokens_.size(); ++at) {
      if (tokens_[at].depth < 2 || Token(at + 1) != "." || !EqualNames(Name(at), was)) continue;
      Replace(tokens_[at].from, tokens_[at + 2].from, "");
    }
  }

 private:
  struct Piece {
    std::size_t from, to;
    int depth;  // of brackets
    bool word;  // not quoted
  };
  /// A column's description or a constraint of the table: tokens.
  struct Part {
    std::size_t first, last;
    bool made = false;
  };
  struct Change {
    std::size_t from, to;
    std::string with;
  };

  static bool IsLetter(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '$' || static_cast<unsigned char>(c) >= 0x80;
  }
  std::string_view Token(std::size_t at) const {
    const Piece& piece = tokens_[at];
    return std::string_view(text_).substr(piece.from, piece.to - piece.from);
  }
  bool IsWord(std::size_t at, std::string_view word) const {
    return at < tokens_.size() && tokens_[at].word && EqualNames(Token(at), word);
  }
  /// Whether a part has this word there, and not inside of brackets.
  bool Is(std::size_t at, const Part& part, std::string_view word) const {
    return at < part.last && tokens_[at].depth == 1 && IsWord(at, word);
  }
  bool IsConstraint(std::size_t at, const Part& part) const {
    for (const std::string_view word : {"CONSTRAINT", "PRIMARY", "NOT", "NULL", "UNIQUE", "CHECK",
                                        "DEFAULT", "COLLATE", "REFERENCES", "GENERATED", "AS"}) {
      if (Is(at, part, word)) return true;
    }
    return false;
  }
  /// What a token names, without its quotes.
  std::string Name(std::size_t at) const {
    const std::string_view token = Token(at);
    if (tokens_[at].word || token.size() < 2) return std::string(token);
    const char quote = token.back();
    std::string name;
    for (std::size_t i = 1; i + 1 < token.size(); ++i) {
      if (quote != ']' && token[i] == quote) ++i;
      name += token[i];
    }
    return name;
  }
  const Part* Find(std::string_view column) const {
    for (const Part& part : columns_) {
      if (EqualNames(Name(part.first), column)) return &part;
    }
    return nullptr;
  }
  void Replace(std::size_t from, std::size_t to, std::string with) {
    changes_.push_back({from, to, std::move(with)});
  }

  /// Takes the tokens; of comments only where Grapnel's marks are.
  void Read() {
    int depth = 0;
    for (std::size_t at = 0; at < text_.size();) {
      const std::size_t from = at;
      const char c = text_[at];
      const bool comment = text_.compare(at, 2, "/*") == 0, line = text_.compare(at, 2, "--") == 0;
      if (comment || line) {
        at = text_.find(comment ? "*/" : "\n", at + 2);
        at = at == text_.npos ? text_.size() : at + (comment ? 2 : 1);
        const std::string_view whole = std::string_view(text_).substr(from, at - from);
        if (whole == kMark && !tokens_.empty()) marks_.push_back(tokens_.size() - 1);
        continue;
      }
      ++at;
      if (c == ' ' || (c >= '\t' && c <= '\r')) continue;
      bool word = false;
      if (c == '"' || c == '\'' || c == '`' || c == '[') {
        at = EndOfQuoted(at, c == '[' ? ']' : c);
      } else if (IsLetter(c)) {
        word = true;
        while (at < text_.size() && IsLetter(text_[at])) ++at;
      }
      if (c == ')') --depth;
      tokens_.push_back({from, at, depth, word});
      if (c == '(') ++depth;
    }
    Divide();
  }
  std::size_t EndOfQuoted(std::size_t at, char quote) const {
    for (; at < text_.size(); ++at) {
      if (text_[at] != quote) continue;
      if (quote == ']' || at + 1 == text_.size() || text_[at + 1] != quote) return at + 1;
      ++at;
    }
    return at;
  }
  void Divide() {
    while (body_ < tokens_.size() && Token(body_) != "(") ++body_;
    if (body_ == tokens_.size()) return;
    std::size_t first = ++body_;
    for (std::size_t at = body_; at < tokens_.size(); ++at) {
      const std::string_view token = Token(at);
      const bool ends = tokens_[at].depth == 0;
      if (!ends && (tokens_[at].depth != 1 || token != ",")) continue;
      if (at > first) AddPart({first, at});
      if (ends) return;
      first = at + 1;
    }
  }
  void AddPart(Part part) {
    for (const std::string_view word : {"CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"}) {
      if (IsWord(part.first, word)) return constraints_.push_back(part);
    }
    part.made = std::any_of(marks_.begin(), marks_.end(), [&](std::size_t mark) {
      return mark >= part.first && mark < part.last;
    });
    columns_.push_back(part);
  }

  std::string text_;
  std::vector<Piece> tokens_;
  std::vector<std::size_t> marks_;  // the tokens that they stand behind
  std::size_t body_ = 0;            // the first token in the brackets
  std::vector<Part> columns_, constraints_;
  std::vector<Change> changes_;
};

}  // namespace grapnel::sqlite::detail
