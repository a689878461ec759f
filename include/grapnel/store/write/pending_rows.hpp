#pragma once

#include <grapnel/base/function_ref.hpp>
#include <grapnel/core/op.hpp>
#include <grapnel/model/error.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/store/driver/driver.hpp>
#include <grapnel/store/driver/error.hpp>
#include <grapnel/store/mutation/draft.hpp>
#include <grapnel/store/tx/session.hpp>
#include <grapnel/store/write/edges.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace grapnel::detail {

/// Rows of a bulk that are inserted together, where no hook could tell: they wait until there are
/// enough of them, or somebody uses the transaction.
class PendingRows final : public Session::Waiting {
 public:
  /// `row(i)`: the entity of the bulk's i-th row, once it is counted by Done.
  PendingRows(const Bound& bound, core::FunctionRef<void*(std::size_t)> row)
      : bound_(bound),
        traits_(bound.transaction.GetStore()->driver->Traits()),
        row_(row),
        outer_(bound.transaction.SetWaiting(this)) {}
  PendingRows(const PendingRows&) = delete;
  PendingRows& operator=(const PendingRows&) = delete;
  ~PendingRows() { bound_.transaction.SetWaiting(outer_); }

  /// Whether the mutation's row waits: then it comes next, by Done.
  bool Takes(const Draft& m) {
    if (m.op != Op::Create || m.conflict || m.set.test(0) || m.ChangesEdges()) return false;
    if (bound_.transaction.DefersKeys()) return false;       // each looks for its neighbours
    if (bound_.handle->context.IsCancelled()) return false;  // its write says so
    taken_ = m.set;
    return true;
  }
  /// The next row is at its place.
  void Done() {
    if (taken_) sets_.push_back(*taken_);
    taken_.reset();
    ++done_;
    if (sets_.size() >= traits_.bulk_most) Flush();
  }

  /// Inserts the rows that wait. Throws: ConstraintError with the row; once it threw, ever again.
  void Flush() override {
    if (failed_) std::rethrow_exception(failed_);
    if (sets_.empty()) return;
    const auto sets = std::exchange(sets_, {});
    try {
      Insert(sets, done_ - sets.size());
    } catch (...) {
      failed_ = std::current_exception();
      throw;
    }
  }
  /// After an error at a later row: that of an earlier one comes first.
  void FlushIfOpen() {
    if (bound_.transaction.GoesOn()) Flush();
  }

 private:
  void Insert(std::span<const FieldSet> sets, std::size_t first) {
    Draft m(*bound_.type.table, Op::Create, nullptr);
    m.bound = &bound_;
    auto row = [&](std::size_t at) { return row_(first + at); };
    if (last_ && bound_.transaction.Writes() != writes_) last_.reset();
    const std::size_t enough = last_ ? 2 : traits_.bulk_least;
    if (sets.size() >= enough && !ReferToOwnTable(sets)) {
      bool failed = false;
      if (InsertAll(m, sets, row, failed)) {
        for (std::size_t i = 0; i < sets.size(); ++i) {
          m.entity = row(i);
          m.SetId(ids_[i]);
        }
        last_ = ids_.back();
        writes_ = bound_.transaction.Writes();
        return;
      }
      if (failed && sets.size() > kFew) {  // which row it was is found by halves
        last_.reset();
        const std::size_t half = sets.size() / 2;
        Insert(sets.first(half), first);
        return Insert(sets.subspan(half), first + half);
      }
    }
    last_.reset();
    for (std::size_t i = 0; i < sets.size(); ++i) {
      m.set = sets[i];
      try {
        m.entity = row(i);
        InsertOne(m);
      } catch (const ConstraintError& error) {
        throw error.InRow(first + i);
      } catch (const ValidationError& error) {
        throw error.InRow(first + i);
      }
    }
  }
  /// Inserted together, a row could refer to one behind it.
  bool ReferToOwnTable(std::span<const FieldSet> sets) const {
    const Table& table = *bound_.type.table;
    FieldSet keys;
    for (std::size_t i = table.fields; i < table.columns.size(); ++i) {
      if (&table.columns[i].target() == &table) keys.set(i);
    }
    if (keys.none()) return false;
    for (const FieldSet& set : sets) {
      if ((set & keys).any()) return true;
    }
    return false;
  }
  /// Keeps their ids. False when it has to be done one by one, or, where it `failed`, of fewer.
  bool InsertAll(const Draft& m, std::span<const FieldSet> sets,
                 core::FunctionRef<void*(std::size_t)> row, bool& failed) {
    ids_.clear();
    try {
      return Write(
                 [&](store::Connection& connection) {
                   const store::InsertMany insert{{m.table, m.op}, row, sets, last_};
                   return connection.Run(insert, ids_) ? 1 : 0;
                 },
                 Session::Failing::GoesOn) != 0;
    } catch (const Error&) {
      if (!bound_.transaction.GoesOn()) throw;
      failed = true;
      return false;  // one by one they say which
    }
  }
  void InsertOne(const Draft& m) {
    try {
      m.SetId(Write([&](store::Connection& connection) {
        return connection.Run(store::Insert{{m.table, m.op}, m.entity, m.set});
      }));
    } catch (const ConstraintError& error) {
      ExplainMissingNeighbour(m, error);
    } catch (const ValidationError& error) {
      m.RefuseUnstorable(error);
    }
  }
  std::int64_t Write(Session::Statement statement,
                     Session::Failing failing = Session::Failing::EndsScope) {
    return bound_.transaction.Write(bound_.level, bound_.type, bound_.handle->context, statement,
                                    failing);
  }

  /// Of how many rows one by one is the shortest way to find the one that fails.
  static constexpr std::size_t kFew = 256;

  const Bound& bound_;
  const store::DriverTraits& traits_;
  core::FunctionRef<void*(std::size_t)> row_;
  Waiting* outer_;
  std::vector<FieldSet> sets_;     // of those that wait
  std::optional<FieldSet> taken_;  // of the row that is not at its place yet
  std::vector<std::int64_t> ids_;  // of those that were inserted together last
  std::size_t done_ = 0;           // rows at their places
  std::exception_ptr failed_;
  // The id of the last row that was inserted with others, and how much was written then.
  std::optional<std::int64_t> last_;
  std::uint64_t writes_ = 0;
};

}  // namespace grapnel::detail
