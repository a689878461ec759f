#pragma once

#include <grapnel/core/op.hpp>
#include <grapnel/extras/merged_changes.hpp>
#include <grapnel/model/value.hpp>
#include <grapnel/store/mutation/any_mutation.hpp>
#include <grapnel/store/mutation/cause.hpp>
#include <grapnel/store/mutation/changes.hpp>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace grapnel::extras {

/// What a mutation, or several, one after the other, have made of a row: for Audit.
struct AuditNote {
  std::string_view entity;
  FieldValue id;
  bool sensitive = false;  // the id
  Op asked{}, done{};
  Cause cause{};
  bool existed = false, exists = false;
  std::vector<store::FieldChange> changes{};

  /// What `m` has changed.
  static std::vector<AuditNote> Of(const AnyMutation& m, Op asked) {
    std::vector<AuditNote> notes;
    for (const store::RowChanges& row : m.Changes()) {
      const bool met = m.Op() == Op::Create && row.fate == RowFate::Updated;
      notes.push_back({m.Type(), row.id, row.sensitive, asked, met ? Op::UpdateOne : m.Op(),
                       m.Cause(), row.fate != RowFate::Created, row.fate != RowFate::Deleted,
                       row.changes});
    }
    return notes;
  }

  RowFate Fate() const noexcept {
    if (!existed) return RowFate::Created;
    return exists ? RowFate::Updated : RowFate::Deleted;
  }
  bool IsNothing() const noexcept { return existed == exists && (!exists || changes.empty()); }

  /// Adds what came after it, of the same row.
  void Add(std::vector<store::FieldChange> later, bool exists_now) {
    exists = exists_now;
    MergeChanges(changes, std::move(later));
  }

  /// The id, and `changes`, as texts for people and programs: JSON, `{"name":["Ada","Eve"],
  /// "friends":{"added":[2],"removed":[]}}`, old and new; bytes are {"hex":"0aff"}.
  std::string Row() const {
    if (sensitive) return "***";
    const auto* const text = id.As<std::string>();
    return text != nullptr ? *text : Json(id);
  }
  std::string Changes() const {
    std::string json = "{";
    for (const store::FieldChange& change : changes) {
      if (json.size() > 1) json += ',';
      AddQuoted(json, change.name);
      if (change.added.empty() && change.removed.empty()) {
        json.append(":[").append(Json(change.before, change.sensitive));
        json.append(",").append(Json(change.after, change.sensitive)).append("]");
      } else {
        json.append(R"(:{"added":)").append(Json(change.added, change.sensitive));
        json.append(R"(,"removed":)").append(Json(change.removed, change.sensitive)).append("}");
      }
    }
    return json += '}';
  }

 private:
  using Values = std::vector<FieldValue>;

  static void AddHex(std::string& to, unsigned byte) {
    to += "0123456789abcdef"[byte >> 4 & 0xf];
    to += "0123456789abcdef"[byte & 0xf];
  }
  static void AddQuoted(std::string& to, std::string_view text) {
    to += '"';
    for (const char c : text) {
      if (c == '"' || c == '\\') {
        (to += '\\') += c;
      } else if (static_cast<unsigned char>(c) < 0x20) {
        AddHex(to += "\\u00", static_cast<unsigned char>(c));
      } else {
        to += c;
      }
    }
    to += '"';
  }
  static std::string Json(const FieldValue& value, bool secret = false) {
    if (value.IsNull()) return "null";
    if (secret) return R"("***")";
    if (const bool* flag = value.As<bool>()) return *flag ? "true" : "false";
    std::string json;
    if (const auto* text = value.As<std::string>()) {
      AddQuoted(json, *text);
    } else if (const auto* bytes = value.As<FieldValue::Bytes>()) {
      json = R"({"hex":")";
      for (const std::byte byte : *bytes) AddHex(json, std::to_integer<unsigned>(byte));
      json += R"("})";
    } else {
      char digits[32];
      const auto* const real = value.As<double>();
      char* const end =
          real != nullptr ? std::to_chars(digits, std::end(digits), *real).ptr
                          : std::to_chars(digits, std::end(digits), *value.As<std::int64_t>()).ptr;
      json.assign(digits, end);
      if (json.find_first_of("ni") != std::string::npos) json = '"' + json + '"';  // nan, inf
    }
    return json;
  }
  static std::string Json(const Values& values, bool secret) {
    std::string json = "[";
    for (const FieldValue& value : values) {
      if (json.size() > 1) json += ',';
      json += Json(value, secret);
    }
    return json += ']';
  }
};

/// Puts notes together that are of the same row, in the order of time.
class AuditNotes {
 public:
  /// Returns: the note of that row so far.
  AuditNote& Add(AuditNote note) {
    const auto [known, is_new] = places_.try_emplace(Key(note.entity, note.id), notes_.size());
    if (is_new) return notes_.emplace_back(std::move(note));
    AuditNote& before = notes_[known->second];
    before.Add(std::move(note.changes), note.exists);
    return before;
  }
  /// Those that come to something.
  std::vector<AuditNote> Take() {
    std::erase_if(notes_, [](const AuditNote& note) { return note.IsNothing(); });
    return std::move(notes_);
  }

  static std::string Key(std::string_view entity, const FieldValue& id) {
    return std::string(entity).append("\n").append(ToString(id));
  }

 private:
  std::vector<AuditNote> notes_;
  std::unordered_map<std::string, std::size_t> places_;
};

}  // namespace grapnel::extras
