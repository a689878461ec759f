#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/model/relation.hpp>
#include <grapnel/model/value.hpp>
#include <grapnel/store/driver/driver.hpp>
#include <grapnel/store/driver/error.hpp>
#include <grapnel/store/sqlite/native/authorizer.hpp>
#include <grapnel/store/sqlite/native/error.hpp>
#include <grapnel/store/sqlite/native/native_connection.hpp>
#include <grapnel/store/sqlite/native/prepared.hpp>

#include <sqlite3.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace grapnel::sqlite::detail {

/// Runs SQL that somebody wrote on a connection, and keeps it prepared: apart from Grapnel's own
/// statements, which are not judged, and may have the same text.
class RawStatements {
 public:
  explicit RawStatements(NativeConnection& native) noexcept
      : native_(native), authorizer_(native.Handle()) {}

  store::RawEffect Prepare(const store::RawSql& sql) { return Find(sql).effect; }

  store::RawResult Run(const store::RawSql& sql) {
    Entry again;
    Entry* entry = &Find(sql);
    if (entry->statement.IsRunning()) {  // of which a tracer is being told
      again = Make(sql.text);
      entry = &again;
    }
    if (!entry->effect.changes_schema) return RunJudged(*entry, sql, nullptr);
    const Names before = FindOwn();
    return RunJudged(*entry, sql, &before);
  }

 private:
  using Judging = Authorizer::Judging;

  struct Entry {
    Prepared statement{};
    store::RawEffect effect{};
  };

  /// Names in the schema.
  using Names = std::vector<std::string>;

  /// `own`: those that were Grapnel's before, where the schema is changed.
  store::RawResult RunJudged(Entry& entry, const store::RawSql& sql, const Names* own) {
    sqlite3_stmt* statement = entry.statement.Get();
    NativeConnection::Running running(native_, entry.statement);
    Binding binding(statement);
    for (std::size_t i = 0; i < sql.values.size(); ++i) {
      grapnel::detail::BindValue(sql.values[i], binding, static_cast<int>(i) + 1);
    }
    store::RawResult result = CollectJudged(running, binding, statement, sql.text);
    if (own != nullptr) RefuseNewOwn(*own, running, sql.text);
    return result;
  }
  store::RawResult CollectJudged(NativeConnection::Running& running, const Binding& binding,
                                 sqlite3_stmt* statement, std::string_view text) {
    const Judging judging(authorizer_, Judging::While::Running);
    try {
      return Collect(running, binding, statement, SayOf(text));
    } catch (const Error&) {
      RethrowFor(judging, text);
    }
  }

  /// What is Grapnel's own, by its name.
  Names FindOwn() {
    const Prepared found = native_.Prepare(
        "SELECT name FROM sqlite_schema WHERE substr(name, 1, 8) = 'grapnel_' COLLATE NOCASE "
        "ORDER BY name",
        native_.Say());
    Names names;
    int result = SQLITE_ROW;
    while ((result = sqlite3_step(found.Get())) == SQLITE_ROW) {
      names.emplace_back(ResultRow(found.Get()).Text(0));
    }
    if (result != SQLITE_DONE) native_.Fail(native_.Say());
    return names;
  }
  /// The name that ALTER TABLE ... RENAME TO gives is told to no authorizer: it is looked for when
  /// it is there, and whoever ran it undoes that, as of each SQL that fails.
  void RefuseNewOwn(const Names& before, NativeConnection::Running& running,
                    std::string_view text) {
    for (const std::string& name : FindOwn()) {
      if (std::ranges::binary_search(before, name)) continue;
      const SqlError error(text, core::Concat({name, " is Grapnel's own"}));
      running.NoteError(error.Reason());
      throw error;
    }
  }

  Doing SayOf(std::string_view text) const {
    Doing doing = native_.Say();
    doing.sql = text;
    return doing;
  }
  /// In a handler: what SQLite only calls not authorized has its reason.
  [[noreturn, gnu::cold]] static void RethrowFor(const Judging& judging, std::string_view text) {
    if (judging.Refusal().empty()) throw;
    throw SqlError(text, judging.Refusal());
  }

  Entry& Find(const store::RawSql& sql) {
    Entry* found = cache_.Find(sql.text);
    if (found == nullptr) found = &cache_.Add(std::string(sql.text), Make(sql.text));
    const int wanted = sqlite3_bind_parameter_count(found->statement.Get());
    if (static_cast<std::size_t>(wanted) != sql.values.size()) {
      const SqlError error(
          sql.text,
          core::Concat({"it has ", core::Counted(static_cast<std::size_t>(wanted), "parameter"),
                        ", and was given ", core::Counted(sql.values.size(), "value")}));
      native_.TellRefused(sql.text, error.Reason());
      throw error;
    }
    return *found;
  }

  Entry Make(std::string_view text) {
    try {
      return MakeJudged(text);
    } catch (const SqlError& error) {
      native_.TellRefused(text, error.Reason());
      throw;
    }
  }
  Entry MakeJudged(std::string_view text) {
    if (text.find('\0') != text.npos) throw SqlError(text, "it holds a NUL");
    if (static_cast<std::int64_t>(text.size()) >
        sqlite3_limit(native_.Handle(), SQLITE_LIMIT_SQL_LENGTH, -1)) {
      throw SqlError(text, "it is too long");
    }
    Judging judging(authorizer_, Judging::While::Preparing);
    std::string_view rest = text;
    Entry made{PrepareFirst(rest, text, judging)};
    if (!made.statement) throw SqlError(text, "there is no statement in it");
    judging.RefuseIfPragma();
    if (!judging.Refusal().empty()) throw SqlError(text, judging.Refusal());
    made.effect = EffectOf(made.statement.Get(), judging);
    while (!rest.empty()) {
      if (HasMore(rest)) throw SqlError(text, "it is more than one statement");
    }
    CheckParameters(made.statement.Get(), text);
    return made;
  }
  /// By what sort of statement it is, and never by what it has to do at the moment: SQLite prepares
  /// it anew where the schema has changed, and then DROP ... IF EXISTS does what it did not before.
  /// What reads has columns; what neither reads nor writes rows changes the schema, if only
  /// perhaps.
  static store::RawEffect EffectOf(sqlite3_stmt* statement, const Judging& judging) {
    if (sqlite3_stmt_isexplain(statement) != 0) return {};
    store::RawEffect effect;
    effect.writes = sqlite3_stmt_readonly(statement) == 0 || sqlite3_column_count(statement) == 0;
    effect.changes_schema = effect.writes && (judging.ChangesSchema() || !judging.WritesRows());
    return effect;
  }
  /// The first statement of `rest`, none where there are only comments; `rest` is what follows it.
  Prepared PrepareFirst(std::string_view& rest, std::string_view text, const Judging& judging) {
    sqlite3_stmt* handle = nullptr;
    if (Cut(rest, &handle) == SQLITE_OK) return Prepared(handle);
    try {
      native_.Fail(SayOf(text));
    } catch (const Error&) {
      RethrowFor(judging, text);
    }
  }
  /// Whether a statement follows, be it one that SQLite does not take.
  bool HasMore(std::string_view& rest) const {
    sqlite3_stmt* handle = nullptr;
    const int result = Cut(rest, &handle);
    const Prepared second(handle);
    return result != SQLITE_OK || second;
  }
  int Cut(std::string_view& rest, sqlite3_stmt** handle) const {
    const char* tail = nullptr;
    const int result =
        sqlite3_prepare_v3(native_.Handle(), rest.data(), static_cast<int>(rest.size()),
                           SQLITE_PREPARE_PERSISTENT, handle, &tail);
    if (result == SQLITE_OK) rest.remove_prefix(static_cast<std::size_t>(tail - rest.data()));
    return result;
  }

  /// Values come by their places: each one has to stand in the text.
  static void CheckParameters(sqlite3_stmt* statement, std::string_view text) {
    const int count = sqlite3_bind_parameter_count(statement);
    bool numbered = false;
    for (int at = 1; at <= count; ++at) {
      const char* name = sqlite3_bind_parameter_name(statement, at);
      if (name == nullptr) continue;
      numbered = true;
      if (*name == '?') continue;
      throw SqlError(text, core::Concat({"its parameter ", name,
                                         " has a name: write ?1, ?2 and so on, in the order in "
                                         "which the values are given"}));
    }
    for (int at = 1; numbered && at <= count; ++at) {
      if (sqlite3_bind_parameter_name(statement, at) != nullptr) continue;
      throw SqlError(text, core::Concat({"there is no ?", std::to_string(at),
                                         " in it: number all parameters without a gap, or write ? "
                                         "for each"}));
    }
  }

  store::RawResult Collect(NativeConnection::Running& running, const Binding& binding,
                           sqlite3_stmt* statement, const Doing& doing) {
    store::RawResult result;
    const std::int64_t before = sqlite3_total_changes64(native_.Handle());
    bool more =
        running.Next(binding, doing);  // which prepares it anew where the schema has changed
    const int columns = sqlite3_column_count(statement);
    for (int at = 0; at < columns; ++at) {
      const char* name = sqlite3_column_name(statement, at);
      if (name == nullptr) RefuseForMemory(statement);
      result.columns.emplace_back(name);
    }
    ResultRow row(statement);
    for (; more; more = running.Next(binding, doing)) {
      auto& values = result.rows.emplace_back();
      values.reserve(result.columns.size());
      for (int at = 0; at < columns; ++at) values.push_back(Read(row, at));
    }
    const bool changed = sqlite3_total_changes64(native_.Handle()) != before;
    result.changes = changed ? sqlite3_changes64(native_.Handle()) : 0;
    return result;
  }
  static FieldValue Read(ResultRow& row, int at) {
    switch (sqlite3_column_type(row.Get(), at)) {
      case SQLITE_INTEGER:
        return row.Int(at);
      case SQLITE_FLOAT:
        return row.Real(at);
      case SQLITE_TEXT:
        return row.Text(at);
      case SQLITE_BLOB: {
        const auto bytes = row.Blob(at);
        return FieldValue::Bytes(bytes.begin(), bytes.end());
      }
      default:
        return {};
    }
  }

  NativeConnection& native_;
  Authorizer authorizer_;
  StatementCache<Entry> cache_;
};

}  // namespace grapnel::sqlite::detail
