#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/store/driver/driver.hpp>
#include <grapnel/store/postgres/members.hpp>
#include <grapnel/store/postgres/native/copy.hpp>
#include <grapnel/store/postgres/native/native_connection.hpp>
#include <grapnel/store/postgres/native/values.hpp>
#include <grapnel/store/sql/names.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Many rows at once, and the ids that they get.
namespace grapnel::postgres::detail {

using store::sql::Quote;
using store::sql::QuoteText;

/// Where the ids of one table come from, and whether its columns are as Grapnel makes them.
class IdSource {
 public:
  /// Asks for it once.
  void Find(NativeConnection& native, const Table& table) {
    if (known_) return;
    Parameters parameters;
    parameters.Reset(2, nullptr);
    const std::string name = Quote(table.name);
    parameters.Name(1, name);
    parameters.Name(2, table.Id().storage);
    const Result found = native.Ask(
        "SELECT named, CASE WHEN has_sequence_privilege(named, 'SELECT') AND "
        "has_sequence_privilege(named, 'UPDATE') THEN seqmax END, has_sequence_privilege(named, "
        "'USAGE, UPDATE') FROM (SELECT CASE WHEN EXISTS (SELECT 1 FROM pg_attribute WHERE attrelid "
        "= to_regclass($1) AND attname = $2) THEN pg_get_serial_sequence($1, $2) END AS named) AS "
        "of_table LEFT JOIN pg_sequence ON seqrelid = to_regclass(named) AND seqincrement > 0",
        parameters);
    ResultRow row(found.get());
    if (PQntuples(found.get()) == 1 && !row.IsNull(0)) sequence_ = row.Text(0);
    if (!sequence_.empty() && !row.IsNull(1)) last_ = row.Int(1);
    fits_ = !sequence_.empty() && row.Bool(2);
    const Result columns = native.Ask(
        "SELECT a.attname, a.atttypid FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = "
        "a.attrelid WHERE c.oid = to_regclass($1) AND c.relkind IN ('r', 'p') AND NOT "
        "c.relhasrules AND a.attnum > 0 AND NOT a.attisdropped",
        name);
    for (const Column& column : table.columns) {
      fits_ = fits_ && HasColumn(columns.get(), column.storage, OidOf(column.Kind()));
    }
    known_ = true;
  }
  /// "" where no sequence makes them.
  const std::string& Sequence() const noexcept { return sequence_; }
  /// Whether rows can be copied in: the ids may be drawn, every column takes its values in binary,
  /// and no rule would do something else.
  bool Fits() const noexcept { return fits_; }

  // The sequence is looked up once: within nextval() that would be done for each id.
  static constexpr const char* kDraw =
      "SELECT nextval(sequence) AS id FROM (SELECT $1::regclass AS sequence OFFSET 0) AS named, "
      "generate_series(1, $2)";

  /// The first of so many ids that follow one another, and nobody else gets; nothing where others
  /// draw some in between.
  std::optional<std::int64_t> TakeBlock(NativeConnection& native, std::size_t count) {
    if (block_->asked == count) native.Wait();
    if (block_->asked != count || block_->count != count) {
      Parameters parameters;
      BindBlock(parameters, count);
      block_->Set(native.Ask(FirstAndLast(), parameters).get());
    }
    block_->asked = 0;
    if (std::exchange(block_->count, 0) != count) return std::nullopt;
    return block_->first;
  }
  /// Has so many be drawn meanwhile, for the next time. They need not last: who would have to wait
  /// for the last ones would get none.
  void ExpectBlock(NativeConnection& native, std::size_t count) {
    constexpr std::int64_t kFar = std::int64_t{1} << 62;
    if (block_->asked != 0 || block_->first > kFar) return;
    Parameters parameters;
    BindBlock(parameters, count);
    block_->asked = count;
    const bool sent = native.AskLater(FirstAndLast(), parameters,
                                      [block = block_](Result made) { block->Set(made.get()); });
    if (!sent) block_->asked = 0;
  }

  /// Along with the next statement, which inserts a row with that id: sees to it that none is made
  /// later that is there already. It is asked each time, for others may have set the sequence back.
  void Push(NativeConnection& native, std::int64_t id) {
    if (sequence_.empty() || id >= last_) return;
    const std::string number = std::to_string(id);
    const std::string name = QuoteText(sequence_);
    const std::string behind = core::Concat({" FROM ", sequence_, " WHERE last_value < ", number,
                                             " OR last_value = ", number, " AND NOT is_called"});
    // Two that push at once would push it back: hence the lock. What the savepoint undoes is only
    // that lock, for which nobody is to wait until this transaction ends.
    native.SendBehind("SAVEPOINT grapnel_push");
    native.SendBehind(core::Concat({"SELECT pg_advisory_xact_lock(7453290125::bigint << 31 | ",
                                    name, "::regclass::oid::bigint)", behind}));
    native.SendBehind(core::Concat({"SELECT setval(", name, ", ", number, ")", behind}));
    native.SendBehind("ROLLBACK TO grapnel_push");
    native.SendBehind("RELEASE grapnel_push");
  }

 private:
  struct Block {
    std::size_t asked = 0;
    std::size_t count = 0;
    std::int64_t first = 0;

    void Set(const PGresult* made) {
      ResultRow row(made);
      first = row.Int(0);
      const std::int64_t last = row.Int(1);
      count = last >= first ? static_cast<std::size_t>(last - first) + 1 : 0;
    }
  };
  static std::string FirstAndLast() {
    return core::Concat({"SELECT min(id), max(id) FROM (", kDraw, ") AS drawn"});
  }

  void BindBlock(Parameters& parameters, std::size_t count) const {
    parameters.Reset(2, nullptr);
    parameters.Name(1, sequence_);
    parameters.Int(2, static_cast<std::int64_t>(count));
  }
  static bool HasColumn(const PGresult* columns, std::string_view name, Oid type) {
    for (int at = 0; at < PQntuples(columns); ++at) {
      ResultRow row(columns, at);
      if (row.Text(0) == name) return row.Int(1) == static_cast<std::int64_t>(type);
    }
    return false;
  }

  bool known_ = false;
  bool fits_ = false;
  std::string sequence_;                                          // as it is written in SQL
  std::int64_t last_ = std::numeric_limits<std::int64_t>::min();  // where they ascend
  std::shared_ptr<Block> block_ = std::make_shared<Block>();
};

/// Inserts many rows of one table.
class Bulk {
 public:
  /// From how many rows on they are copied.
  static constexpr std::size_t kCopied = 256;
  /// From how many on it is likely that as many follow.
  static constexpr std::size_t kMany = 4096;

  /// `plainly`: as by Interference.
  Bulk(NativeConnection& native, const store::InsertMany& insert, Members& members,
       IdSource& source, bool plainly)
      : native_(native), insert_(insert), members_(members), source_(source), plainly_(plainly) {}

  /// The ids of those that were inserted.
  void Run(std::vector<std::int64_t>& ids) {
    if (plainly_ && source_.Fits() && insert_.sets.size() >= kCopied) {
      MakeIds(ids);
      Copy(ids);
      if (insert_.sets.size() >= kMany) source_.ExpectBlock(native_, insert_.sets.size());
    } else {
      Insert(ids);
    }
  }

 private:
  const Table& Of() const noexcept { return *insert_.table; }

  void MakeIds(std::vector<std::int64_t>& ids) {
    const std::size_t count = insert_.sets.size();
    ids.reserve(count);
    if (const auto first = source_.TakeBlock(native_, count)) {
      for (std::size_t at = 0; at < count; ++at) {
        ids.push_back(*first + static_cast<std::int64_t>(at));
      }
      return;
    }
    NativeConnection::Running running(native_);
    Parameters& parameters = running.Bind(2);
    parameters.Name(1, source_.Sequence());
    parameters.Int(2, static_cast<std::int64_t>(count));
    const Result made = running.Run(IdSource::kDraw, native_.Say(insert_));
    ResultRow row(made.get());
    for (int at = 0; at < PQntuples(made.get()); ++at) {
      row.MoveTo(at);
      ids.push_back(row.Int(0));
    }
  }
  void Copy(std::vector<std::int64_t>& ids) {
    const std::size_t rows = insert_.sets.size();
    std::size_t row = 0;
    bool ended = false;
    CopyRows bytes;
    const std::int64_t copied = native_.CopyIn(
        core::Concat({"COPY ", Quote(Of().name), " (", Columns(0), ") FROM STDIN (FORMAT binary)"}),
        native_.Say(insert_), [&]() -> std::string_view {
          if (row != 0) bytes.Clear();
          while (row < rows && bytes.Bytes().size() < kChunk) {
            bytes.BeginRow(Of().columns.size());
            bytes.Int(1, ids[row]);
            members_.BindRow(insert_, insert_.sets[row], 1, insert_.entity(row), bytes, 1);
            ++row;
          }
          if (row == rows && !ended) {
            bytes.End();
            ended = true;
          }
          return bytes.Bytes();
        });
    if (copied != static_cast<std::int64_t>(rows)) ids.clear();
  }
  /// One array for each column.
  void Insert(std::vector<std::int64_t>& ids) {
    NativeConnection::Running running(native_);
    const std::size_t columns = Of().columns.size();
    Parameters& parameters = running.Bind(columns - 1);
    std::vector<FieldValue> values(insert_.sets.size());
    for (std::size_t place = 1; place < columns; ++place) {
      for (std::size_t row = 0; row < values.size(); ++row) {
        values[row] = insert_.sets[row].test(place)
                          ? members_.ValueOf(insert_, place, insert_.entity(row))
                          : FieldValue();
      }
      try {
        parameters.List(static_cast<int>(place), values, OidOf(Of().columns[place].Kind()));
      } catch (const BadValue& error) {
        Of().RefuseValue(Of().columns[place].name, insert_.op, error.what());
      }
    }
    const Result made = running.Run(Text(), native_.Say(insert_));
    ResultRow row(made.get());
    for (int at = 0; at < PQntuples(made.get()); ++at) {
      row.MoveTo(at);
      ids.push_back(row.Int(0));
    }
  }

  std::string Columns(std::size_t first) const {
    std::string list;
    for (std::size_t at = first; at < Of().columns.size(); ++at) {
      core::Append(list, {at == first ? "" : ", ", Quote(Of().columns[at].storage)});
    }
    return list;
  }
  std::string Text() const {
    std::string text = core::Concat(
        {"INSERT INTO ", Quote(Of().name), " (", Columns(1), ") SELECT * FROM unnest("});
    for (std::size_t at = 1; at < Of().columns.size(); ++at) {
      core::Append(text, {at == 1 ? "$" : ", $", std::to_string(at)});
    }
    core::Append(text, {") RETURNING ", Quote(Of().Id().storage)});
    return text;
  }

  static constexpr std::size_t kChunk = 1 << 16;

  NativeConnection& native_;
  const store::InsertMany& insert_;
  Members& members_;
  IdSource& source_;
  const bool plainly_;
};

}  // namespace grapnel::postgres::detail
