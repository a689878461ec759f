#pragma once

#include <grapnel/core/op.hpp>
#include <grapnel/extras/merged_changes.hpp>
#include <grapnel/model/value.hpp>
#include <grapnel/store/mutation/any_mutation.hpp>
#include <grapnel/store/mutation/changes.hpp>
#include <grapnel/store/mutation/conflict.hpp>
#include <grapnel/store/mutation/mutation.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace grapnel::extras::outbox {

/// What a mutation, or several, one inside of the other, have made of one row.
template <class E>
class Change {
 public:
  using RowId = decltype(E::id);

  Change(grapnel::Op op, std::optional<E> before, std::optional<E> after)
      : op_(op), old_(std::move(before)), new_(std::move(after)) {}

  /// Requires: it was there before, or is there now.
  const RowId& Id() const noexcept { return new_ ? new_->id : old_->id; }
  /// The row before: null where it was not there. Valid as long as this.
  const E* Old() const noexcept { return old_ ? &*old_ : nullptr; }
  /// The row now: null where it is not there any more.
  const E* New() const noexcept { return new_ ? &*new_ : nullptr; }
  /// What was done: a soft delete is an update.
  grapnel::Op Op() const noexcept { return op_; }

 private:
  grapnel::Op op_;
  std::optional<E> old_, new_;
};

/// A row that a mutation has touched.
template <class E>
struct TouchedRow {
  std::string id;  // as text, for comparisons
  grapnel::Op op;
  std::optional<E> before, after;
  std::vector<store::FieldChange> changes{};

  bool IsChanged() const noexcept {
    return before.has_value() != after.has_value() || !changes.empty();
  }
};

/// A mutation that runs, and the rows that it and those inside of it, of the same type and seen by
/// the same hook, have touched. One that Mutate runs again is inside of itself. Threads: one; they
/// end in the reverse order.
template <class E>
class TouchedRows {
 public:
  using Row = TouchedRow<E>;

  /// `hook`: tells one hook from others; it may be one of several databases.
  TouchedRows(const void* hook, Mutation<E>& m) noexcept
      : hook_(hook), m_(m), around_(std::exchange(running_, this)) {}
  TouchedRows(const TouchedRows&) = delete;
  TouchedRows& operator=(const TouchedRows&) = delete;
  ~TouchedRows() { running_ = around_; }

  /// Those of the mutation that runs around that one in its database, innermost, as that hook sees
  /// it; null where none does.
  static const TouchedRows* Around(const void* hook, const AnyMutation& m) noexcept {
    const TouchedRows* rows = running_;
    while (rows != nullptr && (rows->hook_ != hook || !rows->m_.SharesDatabase(m))) {
      rows = rows->around_;
    }
    return rows;
  }

  /// Adds those of a mutation inside of it, `from`. A savepoint takes back what mutations inside of
  /// it were to do after the commit: what it undoes is known by that.
  void Keep(const AnyMutation& from, std::vector<Row> rows) const {
    // What Mutate has carried out is not carried out again, also where it was undone since.
    if (&from == &m_ && m_.Executed()) told_inside_ = true;
    if (rows.empty()) return;
    const auto alive = std::make_shared<const bool>(true);
    inner_.push_back({std::move(rows), !m_.Executed(), alive});
    from.AfterCommit([alive] {});
  }

  /// Each row once: as it was before the first write, and as it is behind the last one.
  std::vector<Row> Rows() const {
    if (inner_.empty()) return Own();
    std::vector<Row> all;
    std::unordered_map<std::string, std::size_t> places;
    const auto add = [&](std::vector<Row>& rows) {
      for (Row& row : rows) {
        const auto [known, is_new] = places.try_emplace(row.id, all.size());
        if (is_new) {
          all.push_back(std::move(row));
        } else {
          Row& before = all[known->second];
          before.after = std::move(row.after);
          MergeChanges(before.changes, std::move(row.changes));
        }
      }
    };
    const auto add_inner = [&](bool is_first) {
      for (Inner& each : inner_) {
        if (each.is_first == is_first && !each.alive.expired()) add(each.rows);
      }
    };
    add_inner(true);
    std::vector<Row> own = Own();
    // Its own changes tell of fields up to now: also what was written after it.
    std::unordered_set<std::string_view> told;
    for (const Row& row : own) told.insert(row.id);
    for (Inner& each : inner_) {
      if (each.is_first) continue;
      for (Row& row : each.rows) {
        if (!told.contains(row.id)) continue;
        std::erase_if(row.changes, [](const auto& change) { return !change.is_edge; });
      }
    }
    add(own);
    add_inner(false);
    return all;
  }

 private:
  /// What a mutation inside of it has come to.
  struct Inner {
    std::vector<Row> rows;
    bool is_first;                    // before its own write
    std::weak_ptr<const bool> alive;  // gone when it is undone
  };

  /// None where a hook has written something else in its place, and of a Create that met a row,
  /// which its UpdateOne tells of.
  std::vector<Row> Own() const {
    std::vector<Row> rows;
    const store::Conflict* const conflict = m_.Conflict();
    if (!m_.Executed() || told_inside_) return rows;
    if (conflict != nullptr && conflict->outcome != ConflictOutcome::Inserted) return rows;
    const AnyMutation& by_name = m_;
    std::unordered_map<std::string, std::size_t> places;
    const auto at = [&](const FieldValue& id) -> Row& {
      const auto [known, is_new] = places.try_emplace(ToString(id), rows.size());
      if (is_new) rows.push_back({known->first, m_.Op(), {}, {}, {}});
      return rows[known->second];
    };
    const std::vector<AnyValue> old_ids = by_name.OldRows(), new_ids = by_name.NewRows();
    for (std::size_t i = 0; i < old_ids.size(); ++i) {
      at(old_ids[i].Field("id")).before = m_.OldRows()[i];
    }
    for (std::size_t i = 0; i < new_ids.size(); ++i) {
      at(new_ids[i].Field("id")).after = m_.NewRows()[i];
    }
    // One that a hook has deleted behind `next` was never there.
    if (const auto id = by_name.ID(); id && m_.Op() == grapnel::Op::Create) at(*id);
    for (const store::RowChanges& row : m_.Changes()) at(row.id).changes = row.changes;
    return rows;
  }

  static inline thread_local constinit const TouchedRows* running_ = nullptr;

  const void* const hook_;
  Mutation<E>& m_;
  const TouchedRows* const around_;
  mutable std::vector<Inner> inner_{};
  mutable bool told_inside_ = false;  // its own rows
};

}  // namespace grapnel::extras::outbox
