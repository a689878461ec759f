#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/base/concat.hpp>
#include <grapnel/base/function_ref.hpp>
#include <grapnel/core/op.hpp>
#include <grapnel/model/entity_ops.hpp>
#include <grapnel/model/error.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/model/value.hpp>
#include <grapnel/store/check.hpp>
#include <grapnel/store/driver/driver.hpp>
#include <grapnel/store/driver/loading.hpp>
#include <grapnel/store/mutation/any_mutation.hpp>
#include <grapnel/store/mutation/conflict.hpp>
#include <grapnel/store/mutation/draft.hpp>
#include <grapnel/store/mutation/touched.hpp>
#include <grapnel/store/mutation/written.hpp>
#include <grapnel/store/predicate/tree.hpp>
#include <grapnel/store/query/rows.hpp>
#include <grapnel/store/write/row_lists.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace grapnel::detail {

/// What a mutation writes, row by row.
class Checked {
 public:
  using Ids = std::vector<FieldValue>;
  using Rule = core::FunctionRef<bool(const void* row)>;

  Checked(const Draft& m, Rule rule) : m_(m), rule_(rule) {}

  void One(const void* row) const {
    if (rule_(row)) return;
    throw ValidationError(
        m_.table->entity, "", m_.op,
        core::Concat({"the row with ", DescribeId(*m_.table, row), " breaks a hook::Check"}));
  }
  void All(const Ids& ids) const {
    for (std::size_t from = 0; from < ids.size(); from += kBatch) {
      const auto begin = ids.begin() + static_cast<std::ptrdiff_t>(from);
      const auto count = std::min(kBatch, ids.size() - from);
      Batch({begin, begin + static_cast<std::ptrdiff_t>(count)});
    }
  }
  /// The rows of a list of the database's.
  void Listed(std::int64_t list) const {
    FieldValue after;
    while (true) {
      Ids ids;
      const store::Page page{{m_.table, m_.op}, list, &after, std::int64_t{kBatch}};
      ReadIn(m_, *m_.table, [&](store::Connection& connection) {
        ids.clear();
        connection.Run(page, [&](Row& row) { ids.push_back(LoadId(*m_.table, row, 0)); });
        return 0;
      });
      Batch(ids);
      if (ids.size() < kBatch) return;
      after = std::move(ids.back());
    }
  }

 private:
  static constexpr std::size_t kBatch = 256;

  void Batch(const Ids& ids) const {
    EntityRows rows(m_.table->ops);
    ReadRowsNow(m_, ids, rows);
    for (std::size_t i = 0; i < rows.Count(); ++i) One(rows.At(i));
  }

  const Draft& m_;
  Rule rule_;
};

/// From now on, for its life, an Update touches the rows that it would touch now, by a list.
class ListedRows {
 public:
  explicit ListedRows(Draft& m) : m_(m), lists_(m), where_(m.where) {
    list_ = lists_.KeepApart(*m.table, where_);
    auto rows = lists_.In(list_);
    if (MayLackIds(*m.table)) {  // they stand in no list
      rows = store::Either(std::move(rows), store::Both(where_, store::IdIsNull(*m.table)));
    }
    m.where = std::move(rows);
  }
  ListedRows(const ListedRows&) = delete;
  ListedRows& operator=(const ListedRows&) = delete;
  ~ListedRows() { m_.where = std::move(where_); }

  std::int64_t List() const noexcept { return list_; }

 private:
  Draft& m_;
  RowLists lists_;
  store::PredicatePtr where_;
  std::int64_t list_;
};

GRAPNEL_DEFINE void RunChecked(AnyMutation& m, core::FunctionRef<void()> rest,
                               core::FunctionRef<bool(const void* row)> rule) {
  Draft& core = m.Core();
  const Checked check(core, rule);
  if (core.op == Op::Create) {
    rest();
    // A row that was there has gone through its own UpdateOne.
    const bool created =
        !core.conflict || core.conflict->outcome == store::ConflictOutcome::Inserted;
    if (core.executed && created) check.One(core.entity);
    return;
  }
  if (core.IsOne()) {
    const Checked::Ids id{IdOfRow(*core.table, core.entity)};
    rest();
    if (core.executed) check.All(id);
    return;
  }
  std::optional<ListedRows> listed;
  if (!core.pinned) listed.emplace(core);
  rest();
  if (!core.executed) return;
  core.pinned ? check.All(PinnedIds(core)) : check.Listed(listed->List());
}

}  // namespace grapnel::detail
