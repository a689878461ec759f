#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/model/error.hpp>
#include <grapnel/model/relation.hpp>
#include <grapnel/model/value.hpp>
#include <grapnel/store/driver/driver.hpp>
#include <grapnel/store/driver/error.hpp>
#include <grapnel/store/postgres/native/error.hpp>
#include <grapnel/store/postgres/native/native_connection.hpp>
#include <grapnel/store/postgres/native/raw_words.hpp>
#include <grapnel/store/postgres/native/values.hpp>

#include <libpq-fe.h>

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace grapnel::postgres::detail {

/// Runs SQL that somebody wrote on a connection, and keeps it prepared. Its parameters are $1, $2
/// and so on; what has no form of its own in FieldValue, as a numeric or a timestamp, is its text.
class RawStatements {
 public:
  explicit RawStatements(NativeConnection& native) noexcept : native_(native) {}

  store::RawEffect Prepare(const store::RawSql& sql) { return Find(sql).effect; }

  store::RawResult Run(const store::RawSql& sql) {
    Entry& entry = Find(sql);
    if (native_.InTransaction() || entry.effect.writes) return RunIn(entry, sql, true);
    // What only reads by its words may write by a function.
    for (bool again = false;; again = true) {
      native_.Flush();
      native_.BeginQuietly("BEGIN READ ONLY");
      native_.SendBehind("COMMIT");
      try {
        return RunIn(entry, sql, false);
      } catch (const BusyError& error) {  // others have changed what it was prepared for
        native_.EndQuietly();
        if (again || !error.Retryable()) throw;
        native_.ForgetStatements();
      } catch (...) {
        native_.EndQuietly();
        throw;
      }
    }
  }

 private:
  static constexpr std::size_t kCapacity = 128;

  struct Entry {
    Prepared statement{};
    store::RawEffect effect{};
    std::size_t parameters = 0;
  };

  /// `inside`: others follow in its transaction.
  store::RawResult RunIn(Entry& entry, const store::RawSql& sql, bool inside) {
    NativeConnection::Running running(native_);
    running.SetFormat(0);
    Bind(sql, running.Bind(sql.values.size()));
    native_.NoteRaw();
    if (inside) native_.RestoreNames();
    const Result result = running.Run(
        entry.statement, [&] { return std::string(sql.text); }, SayOf(sql.text));
    if (entry.effect.changes_schema) native_.ForgetStatements();
    return Collect(result.get());
  }

  static std::vector<Oid> TypesOf(const store::RawSql& sql) {
    std::vector<Oid> types;
    for (const FieldValue& value : sql.values) {
      types.push_back(value.As<std::string>() != nullptr ? Oid{kAnyType} : OidOf(value));
    }
    return types;
  }
  static void Bind(const store::RawSql& sql, Parameters& to) {
    int at = 0;
    for (const FieldValue& value : sql.values) {
      ++at;
      try {
        if (const auto* text = value.As<std::string>()) {
          to.Untyped(at, *text);
        } else {
          grapnel::detail::BindValue(value, to, at);
        }
      } catch (const BadValue& error) {
        throw ValidationError("SQL", core::Concat({"$", std::to_string(at)}), grapnel::Op{},
                              error.what());
      }
    }
  }

  Doing SayOf(std::string_view text) const {
    Doing doing = native_.Say();
    doing.sql = text;
    return doing;
  }

  Entry& Find(const store::RawSql& sql) {
    const std::vector<Oid> types = TypesOf(sql);
    for (auto at = used_.begin(); at != used_.end(); ++at) {
      if (!at->statement.Is(sql.text, types)) continue;
      used_.splice(used_.begin(), used_, at);
      return used_.front();
    }
    try {
      Entry made = Make(sql, types);
      if (used_.size() >= kCapacity) {
        native_.Drop(used_.back().statement);
        used_.pop_back();
      }
      used_.push_front(std::move(made));
      return used_.front();
    } catch (const SqlError& error) {
      native_.TellRefused(sql.text, error.Reason());
      throw;
    }
  }
  Entry Make(const store::RawSql& sql, const std::vector<Oid>& types) {
    if (sql.text.find('\0') != sql.text.npos) throw SqlError(sql.text, "it holds a NUL");
    const RawWords words(sql.text);
    const RawJudgement judgement(words);
    if (!judgement.Refusal().empty()) throw SqlError(sql.text, judgement.Refusal());
    Entry made{{std::string(sql.text), types}, judgement.Effect(), 0};
    made.parameters = words.Parameters();
    if (made.parameters != sql.values.size()) {
      throw SqlError(
          sql.text,
          core::Concat({"it has ", core::Counted(made.parameters, "parameter"), ", and was given ",
                        core::Counted(sql.values.size(), "value"),
                        words.HasQuestion() ? "; PostgreSQL's parameters are $1, $2, not ?" : ""}));
    }
    DescribeOrThrow(made.statement, sql.text);
    return made;
  }
  void DescribeOrThrow(Prepared& statement, std::string_view text) {
    std::optional<Failure> failed;
    native_.Describe(statement, failed);
    if (!failed) return;
    if (failed->state == "42P02") throw SqlError(text, failed->message);
    if (failed->message.find("multiple commands") != std::string::npos) {
      throw SqlError(text, "it is more than one statement");
    }
    native_.Fail(*failed, SayOf(text));
  }

  store::RawResult Collect(const PGresult* result) const {
    store::RawResult collected;
    const int columns = PQnfields(result);
    for (int at = 0; at < columns; ++at) {
      collected.columns.emplace_back(PQfname(result, at));
      collected.numerics.push_back(PQftype(result, at) == kNumeric);
    }
    for (int row = 0; row < PQntuples(result); ++row) {
      if (row % 256 == 255) native_.GetSession().GetWaiting().ThrowIfCancelled();
      auto& values = collected.rows.emplace_back();
      values.reserve(static_cast<std::size_t>(columns));
      for (int at = 0; at < columns; ++at) values.push_back(Read(result, row, at));
    }
    collected.changes = NativeConnection::ChangesOf(result);
    return collected;
  }
  static FieldValue Read(const PGresult* result, int row, int at) {
    if (PQgetisnull(result, row, at) != 0) return {};
    const std::string_view text(PQgetvalue(result, row, at),
                                static_cast<std::size_t>(PQgetlength(result, row, at)));
    switch (PQftype(result, at)) {
      case kBool:
        return text == "t";
      case kInt8:
      case kInt4:
      case kInt2:
      case kOid: {
        std::int64_t number = 0;
        std::from_chars(text.data(), text.data() + text.size(), number);
        return number;
      }
      case kFloat4:
      case kFloat8:
        return std::strtod(std::string(text).c_str(), nullptr);
      case kBytea:
        return Bytes(text);
      default:
        return text;
    }
  }
  /// Of \x and hexadecimal digits.
  static FieldValue::Bytes Bytes(std::string_view text) {
    const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
    FieldValue::Bytes bytes;
    for (std::size_t at = 2; at + 1 < text.size(); at += 2) {
      bytes.push_back(static_cast<std::byte>(digit(text[at]) * 16 + digit(text[at + 1])));
    }
    return bytes;
  }

  NativeConnection& native_;
  std::list<Entry> used_;  // the one used last in front
};

}  // namespace grapnel::postgres::detail
