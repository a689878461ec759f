#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/store/driver/driver.hpp>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace grapnel::postgres::detail {

/// The words of a statement: keywords and names, in lower case where they stand without quotes, and
/// neither texts nor comments.
/// Source: https://www.postgresql.org/docs/current/sql-syntax-lexical.html
class RawWords {
 public:
  explicit RawWords(std::string_view text) : text_(text) {
    while (at_ < text_.size()) Take();
  }

  /// The highest number of a parameter.
  std::size_t Parameters() const noexcept { return parameters_; }
  /// Whether there is a ?, as other databases write a parameter.
  bool HasQuestion() const noexcept { return has_question_; }
  const std::vector<std::string>& All() const noexcept { return words_; }
  std::string_view First() const noexcept {
    return words_.empty() ? std::string_view() : std::string_view(words_.front());
  }
  std::string_view At(std::size_t at) const noexcept {
    return at < words_.size() ? std::string_view(words_[at]) : std::string_view();
  }
  bool Has(std::string_view word) const { return std::ranges::find(words_, word) != words_.end(); }
  /// Whether quotes stand around it, so that it is no keyword.
  bool IsQuoted(std::size_t at) const noexcept { return at < marks_.size() && marks_[at].quoted; }
  /// Whether a parenthesis follows, as on the name of a function that is called.
  bool IsOpened(std::size_t at) const noexcept { return at < marks_.size() && marks_[at].opened; }
  bool IsKeyword(std::size_t at, std::string_view word) const noexcept {
    return At(at) == word && !IsQuoted(at);
  }
  /// What stands between single quotes, or between dollars.
  const std::vector<std::string_view>& Texts() const noexcept { return texts_; }
  /// Whether characters of a name, or of a text, are written by their numbers.
  bool HasEscapedNames() const noexcept { return escaped_names_; }
  bool HasEscapedTexts() const noexcept { return escaped_texts_; }

 private:
  static bool BeginsWord(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           static_cast<unsigned char>(c) >= 128;
  }
  static bool IsOfWord(char c) noexcept {
    return BeginsWord(c) || (c >= '0' && c <= '9') || c == '$';
  }
  struct Mark {
    bool quoted = false, opened = false;
  };

  std::string_view Rest() const noexcept { return text_.substr(at_); }
  static bool IsSpace(char c) noexcept { return c == ' ' || (c >= '\t' && c <= '\r'); }

  void Take() {
    const char c = text_[at_];
    if (c == '$') behind_word_ = false;
    if (Rest().starts_with("--")) {
      at_ = std::min(text_.find('\n', at_), text_.size());
    } else if (Rest().starts_with("/*")) {
      SkipComment();
    } else if (c == '\'') {
      const char before = at_ > 0 ? text_[at_ - 1] : ' ';
      const bool escapes =
          (before == 'e' || before == 'E') && !words_.empty() && words_.back() == "e";
      escaped_texts_ = escaped_texts_ || escapes || IsUnicode();
      SkipText(escapes);
    } else if (c == '"') {
      escaped_names_ = escaped_names_ || IsUnicode();
      TakeQuoted();
    } else if (c == '$') {
      if (!SkipDollars()) TakeParameter();
    } else if (BeginsWord(c)) {
      TakeWord();
    } else {
      if (c == '(' && behind_word_) marks_.back().opened = true;
      has_question_ = has_question_ || c == '?';
      behind_word_ = behind_word_ && IsSpace(c);
      ++at_;
    }
  }
  void Push(std::string word, bool quoted) {
    words_.push_back(std::move(word));
    marks_.push_back({quoted});
    behind_word_ = true;
  }
  void SkipComment() {
    int depth = 0;
    do {
      if (Rest().starts_with("/*")) {
        ++depth, at_ += 2;
      } else if (Rest().starts_with("*/")) {
        --depth, at_ += 2;
      } else {
        ++at_;
      }
    } while (depth > 0 && at_ < text_.size());
  }
  /// Whether U& stands before it.
  bool IsUnicode() const noexcept {
    return at_ >= 2 && text_[at_ - 1] == '&' && (text_[at_ - 2] == 'u' || text_[at_ - 2] == 'U') &&
           (at_ == 2 || !IsOfWord(text_[at_ - 3]));
  }
  void SkipText(bool escapes) {
    const std::size_t begin = at_ + 1;
    behind_word_ = false;
    for (++at_; at_ < text_.size(); ++at_) {
      if ((escapes && text_[at_] == '\\') || Rest().starts_with("''")) {
        ++at_;
      } else if (text_[at_] == '\'') {
        texts_.push_back(text_.substr(begin, at_ - begin));
        ++at_;
        return;
      }
    }
  }
  void TakeQuoted() {
    std::string word;
    for (++at_; at_ < text_.size(); ++at_) {
      if (Rest().starts_with("\"\"")) {
        ++at_;
      } else if (text_[at_] == '"') {
        break;
      }
      word += text_[at_];
    }
    ++at_;
    Push(std::move(word), true);
  }
  /// A text between $tag$ and $tag$; not the $1 of a parameter.
  bool SkipDollars() {
    std::size_t end = at_ + 1;
    while (end < text_.size() && IsOfWord(text_[end]) && text_[end] != '$') ++end;
    if (end >= text_.size() || text_[end] != '$') return false;
    if (end > at_ + 1 && !BeginsWord(text_[at_ + 1])) return false;
    const std::string_view tag = text_.substr(at_, end + 1 - at_);
    const auto close = text_.find(tag, end + 1);
    texts_.push_back(text_.substr(end + 1, close == text_.npos ? close : close - end - 1));
    at_ = close == text_.npos ? text_.size() : close + tag.size();
    return true;
  }
  void TakeParameter() {
    std::size_t number = 0;
    for (++at_; at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; ++at_) {
      number = std::min<std::size_t>(number * 10 + static_cast<std::size_t>(text_[at_] - '0'),
                                     1'000'000);
    }
    parameters_ = std::max(parameters_, number);
  }
  void TakeWord() {
    std::string word;
    for (; at_ < text_.size() && IsOfWord(text_[at_]); ++at_) {
      const char c = text_[at_];
      word += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    Push(std::move(word), false);
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t parameters_ = 0;
  std::vector<std::string> words_;
  std::vector<Mark> marks_;  // of each of them
  bool behind_word_ = false;
  bool has_question_ = false;
  std::vector<std::string_view> texts_;
  bool escaped_names_ = false;
  bool escaped_texts_ = false;
};

/// What a statement that somebody wrote may do, and does, as far as its words tell.
class RawJudgement {
 public:
  explicit RawJudgement(const RawWords& words) : words_(words) { Judge(); }

  /// Why it is refused; "" when it is not.
  const std::string& Refusal() const noexcept { return refusal_; }
  store::RawEffect Effect() const noexcept { return effect_; }

 private:
  template <std::size_t N>
  static bool Is(std::string_view word, const std::string_view (&of)[N]) {
    return std::ranges::find(of, word) != std::end(of);
  }

  void Judge() {
    static constexpr std::string_view kTransaction[] = {
        "begin", "start", "commit", "end", "rollback", "abort", "savepoint", "release"};
    static constexpr std::string_view kSession[] = {
        "set",     "reset",      "discard", "listen",  "unlisten",   "load",
        "prepare", "deallocate", "execute", "declare", "fetch",      "move",
        "close",   "copy",       "lock",    "vacuum",  "checkpoint", "reassign"};
    const std::string_view first = words_.First();
    if (first.empty()) return Refuse("there is no statement in it");
    if (Is(first, kTransaction)) {
      return Refuse(
          "a transaction is begun and ended by client.Tx(), tx.Tx(), tx.Commit() and "
          "tx.Rollback(), not by SQL");
    }
    if (Is(first, kSession)) {
      return Refuse(core::Concat({Upper(first),
                                  " is not taken, for it may change the connection, or block it, "
                                  "for all who share it"}));
    }
    if (CallsSetConfig(first)) {
      return Refuse(
          "set_config() is not taken, for it may change the connection for all who "
          "share it");
    }
    if (words_.HasEscapedNames()) {
      return Refuse("U&\"...\" is not taken, for it hides which name it is: write the name itself");
    }
    effect_ = EffectOf(first);
    if (effect_.writes) RefuseOwn(words_);
    if (effect_.changes_schema) RefuseTemporary(first);
    if (first == "do" ||
        (first == "create" && (words_.Has("function") || words_.Has("procedure")))) {
      JudgeBody(first == "do");
    }
  }

  store::RawEffect EffectOf(std::string_view first) const {
    static constexpr std::string_view kReads[] = {"select", "values", "table", "with"};
    static constexpr std::string_view kRows[] = {"insert", "update", "delete", "merge"};
    if (first == "show") return {};
    if (first == "explain") {
      if (!words_.Has("analyze") && !words_.Has("analyse")) return {};
      return EffectOfRows();
    }
    if (Is(first, kReads)) return EffectOfRows();
    if (Is(first, kRows) || first == "truncate" || first == "notify") return {true, false};
    return {true, true};
  }
  /// In a description it may be called later by whoever uses what is described.
  bool CallsSetConfig(std::string_view first) const {
    for (std::size_t at = 0; at < words_.All().size(); ++at) {
      if (words_.At(at) != "set_config") continue;
      if (words_.IsOpened(at) || first == "create" || first == "alter") return true;
    }
    return false;
  }
  /// Of what reads, if it does nothing else besides. What is taken for writing in error is only not
  /// run outside of a transaction; what is taken for reading is not seen to be of Grapnel's tables.
  store::RawEffect EffectOfRows() const {
    store::RawEffect effect;
    for (std::size_t at = 0; at < words_.All().size(); ++at) {
      if (Writes(at)) effect.writes = true;
      if (words_.IsKeyword(at, "into") && at > 0 && !words_.IsKeyword(at - 1, "insert") &&
          !words_.IsKeyword(at - 1, "merge")) {
        return {true, true};
      }
    }
    return effect;
  }
  bool Writes(std::size_t at) const {
    static constexpr std::string_view kRows[] = {"insert", "update", "delete", "merge"};
    static constexpr std::string_view kLargeObjects[] = {
        // Which a transaction that only reads may write before version 16.
        "lo_creat",    "lo_create",     "lo_from_bytea", "lo_import", "lo_put",
        "lo_truncate", "lo_truncate64", "lo_unlink",     "lowrite"};
    const std::string_view word = words_.At(at);
    if (words_.IsOpened(at) && Is(word, kLargeObjects)) return true;
    if (words_.IsQuoted(at)) return false;
    const bool locks =
        at > 0 && (words_.IsKeyword(at - 1, "for") || words_.IsKeyword(at - 1, "key"));
    if (word == "share") return locks;
    // AS (UPDATE ...) writes, and AS update is a name.
    const bool named = at > 0 && words_.IsKeyword(at - 1, "as") && !words_.IsOpened(at - 1);
    return !named && Is(word, kRows);
  }
  /// What is run by it: by a DO at once, so that all of it has to be seen.
  void JudgeBody(bool at_once) {
    for (const std::string_view text : words_.Texts()) {
      const RawWords body(text);
      RefuseOwn(body);
      if (at_once && (body.Has("execute") || body.HasEscapedNames())) {
        Refuse("a DO block with EXECUTE or U& is not taken, for what it runs is not seen");
      }
    }
    if (at_once && words_.HasEscapedTexts()) {
      Refuse("a DO block is written between $$ and $$, so that it is seen what it runs");
    }
  }
  void RefuseOwn(const RawWords& words) {
    for (const std::string& word : words.All()) {
      if (word.starts_with("grapnel_")) return Refuse(core::Concat({word, " is Grapnel's own"}));
    }
  }
  void RefuseTemporary(std::string_view first) {
    for (std::size_t at = 1; at < words_.All().size(); ++at) {
      if (words_.At(at) != "pg_temp" && !IsTemporary(at, first)) continue;
      return Refuse(
          "what is temporary would stay on the connection, for all who share it: use WITH, or a "
          "table that you drop");
    }
  }
  /// Whether it says so of what is made by CREATE [OR REPLACE] [LOCAL], or by INTO [LOCAL].
  bool IsTemporary(std::size_t at, std::string_view first) const {
    if (!words_.IsKeyword(at, "temp") && !words_.IsKeyword(at, "temporary")) return false;
    const auto before = [&](std::string_view word) {
      const bool is = at > 0 && words_.IsKeyword(at - 1, word);
      if (is) --at;
      return is;
    };
    if (!before("local")) before("global");
    if (words_.IsKeyword(at - 1, "into")) return true;
    if (before("replace")) before("or");
    return first == "create" && at == 1;
  }
  void Refuse(std::string_view reason) {
    if (refusal_.empty()) refusal_ = reason;
  }
  static std::string Upper(std::string_view word) {
    std::string upper(word);
    for (char& c : upper) {
      if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    }
    return upper;
  }

  const RawWords& words_;
  std::string refusal_;
  store::RawEffect effect_;
};

}  // namespace grapnel::postgres::detail
