#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/base/function_ref.hpp>
#include <grapnel/core/hook_stack.hpp>
#include <grapnel/model/entity_ops.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/store/driver/driver.hpp>
#include <grapnel/store/driver/error.hpp>
#include <grapnel/store/predicate/tree.hpp>
#include <grapnel/store/query/asked.hpp>
#include <grapnel/store/query/eager.hpp>
#include <grapnel/store/query/intercept.hpp>
#include <grapnel/store/query/narrower.hpp>
#include <grapnel/store/query/reading.hpp>
#include <grapnel/store/query/walk.hpp>
#include <grapnel/store/tx/impl/tx.hpp>
#include <grapnel/store/tx/session.hpp>
#include <grapnel/store/tx/tx.hpp>

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace grapnel::detail {

/// Reads the rows of a query one by one, or, with neighbours, some at a time, from one snapshot:
/// that of the transaction, or of one that it begins. Interceptors that only run behind the rest
/// see some at a time; behind one that stands around the whole read, all are read at first.
class Walk {
 public:
  using ReadAll = core::FunctionRef<void(const store::Rows& rows, void* into)>;

  /// `fresh`: each row begins as a new entity, for somebody may change it.
  Walk(const HandlePtr& handle, const Table& table, const Asked& asked, std::vector<Eager> eager,
       bool fresh, ReadAll read_all)
      : Walk(table, std::move(eager)) {  // from here on what throws closes it
    core::detail::ListedHooks readers;   // as they are now
    if (IsIntercepted(*handle)) readers = TypeOf(*handle, table).readers.Load();
    if (!MayStream(readers)) {
      ReadInto into;
      into.rows = found_.Get();
      RunReading(handle, table, ReadStep::Query, ReadKind::Rows, asked, into,
                 [&](const store::Rows& rows, const ReadInto& to) { read_all(rows, to.rows); });
      most_ = found_.Count();
      return;
    }
    after_ = AfterOf(readers);
    Open(handle, NarrowStream(handle, table, asked));
    if (eager_.empty() && !after_) {
      one_ = found_.Append();
      if (fresh) fresh_.Append();
    }
  }
  Walk(const Walk&) = delete;
  Walk& operator=(const Walk&) = delete;
  ~Walk() { Close(); }

  /// The next row's entity, or null.
  void* Next() {
    if (one_ != nullptr) {
      if (!open_) return nullptr;
      if (fresh_.Count() != 0) table_.ops.Assign(one_, fresh_.At(0));
      return Read(one_) ? one_ : nullptr;
    }
    while (at_ == most_ && open_ && !ended_) Fill();
    if (at_ == most_) return Close(), nullptr;
    // A row that was read before is refused as one would be that is still to be read.
    if (open_) Here().CheckWalk(*open_);
    return found_.At(at_++);
  }

 private:
  static constexpr std::size_t kBatch = 256;

  Walk(const Table& table, std::vector<Eager> eager)
      : table_(table), eager_(std::move(eager)), found_(table.ops), fresh_(table.ops) {}

  void Open(const HandlePtr& handle, const store::Rows& rows) {
    owns_ = !handle->transaction;
    handle_ = owns_ ? BeginWalk(handle) : handle;
    rows_ = rows;
    store::Select select{{&table_}};
    select.where = rows_.where.Get();
    select.order = rows_.order;
    select.limit = rows_.limit;
    select.offset = rows_.offset;
    TypeEntry& type = TypeOf(*handle_, table_);
    const Tx::Access::Finish finish{handle_};
    open_ = handle_->transaction->Open(*handle_->GetLevel(), type, handle_->context, select);
  }

  /// The next rows, with their neighbours.
  void Fill() {
    found_.Clear();
    at_ = most_ = 0;
    while (!ended_ && found_.Count() < kBatch) {
      ended_ = !Advance(found_.Append());
      if (ended_) table_.ops.Shorten(found_.Get(), found_.Count() - 1);
    }
    std::vector<void*> entities;
    const std::size_t count = found_.Count();
    for (std::size_t at = 0; at < count; ++at) entities.push_back(found_.At(at));
    LoadEager(handle_, table_, entities, eager_);
    if (after_ && (count != 0 || (ended_ && !passed_))) {
      passed_ = true;
      PassAfter(handle_, TypeOf(*handle_, table_), after_, ReadStep::Query, found_.Get());
    }
    most_ = found_.Count();
  }

  /// False behind the last row, when all is closed.
  bool Read(void* entity) {
    if (Advance(entity)) return true;
    Close();
    return false;
  }
  bool Advance(void* entity) {
    Session& session = Here();
    const Tx::Access::Finish finish{handle_};
    return session.Advance(*open_, handle_->context, entity);
  }
  Session& Here() const {
    Session& session = *handle_->transaction;
    if (!session.IsOfThisThread()) {
      throw TxError("rows were walked over by another thread than the one that began it");
    }
    return session;
  }

  void Close() noexcept {
    if (open_) handle_->transaction->Close(*open_);
    open_ = nullptr;
    if (owns_ && handle_) EndSnapshot(*handle_);
    handle_ = nullptr;
  }

  const Table& table_;
  HandlePtr handle_;
  bool owns_ = false;
  store::Rows rows_;  // what the cursor refers to
  std::vector<Eager> eager_;
  core::detail::ListedHooks after_;   // interceptors
  bool ended_ = false;                // there are no more to be read
  bool passed_ = false;               // by some rows, or by none where there are none
  EntityRows found_;                  // one row, or some with their neighbours, or all
  EntityRows fresh_;                  // one that each row begins as, where somebody may change them
  void* one_ = nullptr;               // each row, where one is read at a time
  std::size_t at_ = 0, most_ = 0;     // of several: the next one
  std::shared_ptr<OpenCursor> open_;  // null: there is no row to be read any more
};

GRAPNEL_DEFINE void* NextRow(Walk& walk) { return walk.Next(); }

}  // namespace grapnel::detail
