#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/base/concat.hpp>
#include <grapnel/core/context.hpp>
#include <grapnel/core/next.hpp>
#include <grapnel/core/op.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/model/value.hpp>
#include <grapnel/store/driver/driver.hpp>
#include <grapnel/store/driver/loading.hpp>
#include <grapnel/store/mutation/any_mutation.hpp>
#include <grapnel/store/mutation/changes.hpp>
#include <grapnel/store/mutation/conflict.hpp>
#include <grapnel/store/mutation/describe.hpp>
#include <grapnel/store/mutation/draft.hpp>
#include <grapnel/store/mutation/touched.hpp>
#include <grapnel/store/mutation/written.hpp>
#include <grapnel/store/predicate/tree.hpp>
#include <grapnel/store/query/rows.hpp>
#include <grapnel/store/tx/session.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace grapnel {

[[gnu::hot]] GRAPNEL_DEFINE AnyMutation::AnyMutation(const detail::Table& table, grapnel::Op op,
                                                     void* entity) noexcept
    : core_(table, op, entity), old_rows_(table.ops), all_old_rows_(table.ops) {}
GRAPNEL_DEFINE AnyMutation::AnyMutation(detail::TakeOver, AnyMutation& from, void* entity) noexcept
    : core_(std::move(from.core_)), old_rows_(core_.table->ops), all_old_rows_(core_.table->ops) {
  core_.entity = entity;
}
[[gnu::hot]] GRAPNEL_DEFINE AnyMutation::~AnyMutation() = default;

GRAPNEL_DEFINE void AnyMutation::TakeFrom(AnyMutation& from) {
  void* const entity = core_.entity;
  core_ = std::move(from.core_);
  core_.entity = entity;
  core_.table->ops.MoveAssign(entity, from.Entity());
}

GRAPNEL_DEFINE AnyMutation::Ids AnyMutation::IDs() const {
  if (core_.op != grapnel::Op::Create) return detail::PinnedIds(core_);
  Ids ids;
  if (auto id = AnyMutation::ID()) ids.push_back(*std::move(id));
  return ids;
}

GRAPNEL_DEFINE std::optional<FieldValue> AnyMutation::ID() const {
  if (!core_.has_id) return std::nullopt;
  return core_.table->Id().ops->to_value(core_.table->Id().at_const(core_.entity));
}

GRAPNEL_DEFINE AnyMutation::Names AnyMutation::Fields() const { return core_.Names(core_.set); }

GRAPNEL_DEFINE AnyMutation::Names AnyMutation::AddedFields() const {
  return core_.Names(core_.added);
}

GRAPNEL_DEFINE AnyMutation::Names AnyMutation::ClearedFields() const {
  return core_.Names(core_.cleared);
}

GRAPNEL_DEFINE std::optional<FieldValue> AnyMutation::Field(std::string_view name) const {
  return core_.Given(name);
}

GRAPNEL_DEFINE std::optional<FieldValue> AnyMutation::MixinField(detail::FieldTag field) const {
  const detail::Column* const column = core_.table->FindTag(field);
  return column == nullptr ? std::nullopt : core_.Given(column->name);
}

GRAPNEL_DEFINE bool AnyMutation::HasField(std::string_view name) const {
  return core_.IsGiven(name);
}

GRAPNEL_DEFINE std::optional<FieldValue> AnyMutation::AddedField(std::string_view name) const {
  return core_.Value(core_.added, name);
}

GRAPNEL_DEFINE bool AnyMutation::FieldCleared(std::string_view name) const {
  return core_.IsCleared(name);
}

GRAPNEL_DEFINE bool AnyMutation::FieldDefaulted(std::string_view name) const {
  return core_.defaulted.test(core_.PlaceOf(name));
}

GRAPNEL_DEFINE void AnyMutation::SetField(std::string_view name, const FieldValue& value) {
  core_.SetField(name, value);
}

GRAPNEL_DEFINE void AnyMutation::ClearField(std::string_view name) { core_.ClearField(name); }

GRAPNEL_DEFINE void AnyMutation::ResetField(std::string_view name) {
  const std::size_t place = core_.PlaceOf(name);
  core_.BeforeReset(place);
  core_.Reset(place);
}

GRAPNEL_DEFINE AnyMutation::Names AnyMutation::AddedEdges() const {
  return core_.EdgeNames([&](std::size_t at) { return !core_.AddedIDs(at).empty(); });
}

GRAPNEL_DEFINE AnyMutation::Names AnyMutation::RemovedEdges() const {
  return core_.EdgeNames([&](std::size_t at) { return !core_.RemovedIDs(at).empty(); });
}

GRAPNEL_DEFINE AnyMutation::Names AnyMutation::ClearedEdges() const {
  return core_.EdgeNames([&](std::size_t at) { return core_.EdgeCleared(at); });
}

GRAPNEL_DEFINE AnyMutation::Ids AnyMutation::AddedIDs(std::string_view edge) const {
  return core_.AddedIDs(core_.EdgePlaceOf(edge));
}

GRAPNEL_DEFINE AnyMutation::Ids AnyMutation::RemovedIDs(std::string_view edge) const {
  return core_.RemovedIDs(core_.EdgePlaceOf(edge));
}

GRAPNEL_DEFINE bool AnyMutation::EdgeCleared(std::string_view edge) const {
  return core_.EdgeCleared(core_.EdgePlaceOf(edge));
}

GRAPNEL_DEFINE void AnyMutation::AddIDs(std::string_view edge, Ids ids) {
  core_.CheckIds(core_.EdgePlaceOf(edge), ids);
  core_.AddIDs(core_.EdgePlaceOf(edge), std::move(ids));
}

GRAPNEL_DEFINE void AnyMutation::RemoveIDs(std::string_view edge, Ids ids) {
  core_.CheckIds(core_.EdgePlaceOf(edge), ids);
  core_.RemoveIDs(core_.EdgePlaceOf(edge), std::move(ids));
}

GRAPNEL_DEFINE void AnyMutation::ClearEdge(std::string_view edge) {
  core_.ClearEdge(core_.EdgePlaceOf(edge));
}

GRAPNEL_DEFINE void AnyMutation::ResetEdge(std::string_view edge) {
  core_.ResetEdge(core_.EdgePlaceOf(edge));
}

GRAPNEL_DEFINE void AnyMutation::WhereField(std::string_view name, const FieldValue& value) {
  core_.AddWhere(store::FieldIs(*core_.table, name, value));
}

GRAPNEL_DEFINE FieldValue AnyMutation::OldField(std::string_view name) const {
  const detail::Column& column = core_.table->columns[detail::StoredPlaceOf(*core_.table, name)];
  return column.ops->to_value(column.at_const(OldEntity()));
}

GRAPNEL_DEFINE std::vector<AnyValue> AnyMutation::OldRows() const {
  NeedOldRows();
  return Values(old_rows_);
}

GRAPNEL_DEFINE std::vector<AnyValue> AnyMutation::NewRows() const {
  return Values(NeedNewRows().rows);
}

GRAPNEL_DEFINE std::vector<AnyValue> AnyMutation::Values(detail::EntityRows& rows) const {
  std::vector<AnyValue> values;
  for (std::size_t i = 0; i < rows.Count(); ++i) values.emplace_back(*core_.table, rows.At(i));
  return values;
}

GRAPNEL_DEFINE detail::Written& AnyMutation::GetWritten() const {
  if (!written_) written_ = core::MakeShared<detail::Written>(core_.table->ops);
  return *written_;
}

GRAPNEL_DEFINE void AnyMutation::WatchChanges() {
  if (core_.executed) RefuseUnknown("Changes were", "WatchChanges()");
  core_.watched = true;
}

GRAPNEL_DEFINE const std::vector<store::RowChanges>& AnyMutation::Changes() const {
  if (!core_.watched && (core_.op != grapnel::Op::Create || core_.conflict)) {
    RefuseUnknown("Changes were", "WatchChanges()");
  }
  detail::Written& written = NeedNewRows();
  if (!written.has_changes) {
    // Where a hook kept the write from happening there is nothing to compare with, and no change.
    if (core_.executed) written.changes = detail::Compare(core_, old_rows_, written);
    written.has_changes = true;
  }
  return written.changes;
}

GRAPNEL_DEFINE void AnyMutation::NoteNeighbours() const { NoteNeighbours(OldIds()); }

GRAPNEL_DEFINE void AnyMutation::NoteNeighbours(const Ids& rows) const {
  detail::Written& written = GetWritten();
  written.Forget();
  for (const std::size_t edge : detail::EdgesAtStake(core_)) {
    written.before.push_back(detail::ReadNeighbours(core_, edge, rows));
  }
}

GRAPNEL_DEFINE AnyMutation::Ids AnyMutation::OldIds() const {
  Ids ids;
  for (std::size_t i = 0; i < old_rows_.Count(); ++i) {
    ids.push_back(detail::IdOfRow(*core_.table, old_rows_.At(i)));
  }
  return ids;
}

GRAPNEL_DEFINE AnyMutation::Ids AnyMutation::TouchedIds() const {
  const bool create = core_.op == grapnel::Op::Create;
  if (create) return core_.executed ? IDs() : Ids();
  if (old_rows_known_) return OldIds();
  if (core_.pinned || !core_.executed) return detail::PinnedIds(core_);
  if (core_.IsOne()) return {detail::IdOfRow(*core_.table, core_.entity)};
  if (core_.op == grapnel::Op::Delete) return {};
  RefuseUnknown("the rows that it touches were", "OldRows(), IDs() or WatchChanges()");
}

GRAPNEL_DEFINE detail::Written& AnyMutation::NeedNewRows() const {
  if (!core_.executed && !core_.came_back) {
    throw NotLoadedError(core::Concat({Type(), " ", ToString(Op())}),
                         "NewRows and Changes tell of what is stored after the write: read them "
                         "after next");
  }
  detail::Written& written = GetWritten();
  const auto then = std::exchange(written.writes_then, 0);
  if (written.has_rows && (then == 0 || then == core_.Session().Writes())) return written;
  written.rows.Clear();
  detail::ReadRowsNow(core_, TouchedIds(), written.rows);
  written.has_rows = true;
  return written;
}

GRAPNEL_DEFINE void AnyMutation::KeepNewRow(const void* row) const noexcept {
  try {
    detail::Written& written = GetWritten();
    written.rows.Clear();
    core_.table->ops.AppendCopy(written.rows.Get(), row);
    written.has_rows = true;
    written.writes_then = core_.Session().Writes();
  } catch (...) {  // it is written: who asks reads it
    if (written_) written_->has_rows = false;
  }
}

[[noreturn, gnu::cold]] GRAPNEL_DEFINE void AnyMutation::RefuseUnknown(
    std::string_view what, std::string_view remedy) const {
  throw NotLoadedError(
      core::Concat({Type(), " ", ToString(Op())}),
      core::Concat({what, " not asked for before the write: call ", remedy, " before next"}));
}

GRAPNEL_DEFINE void AnyMutation::NeedOldRows() const {
  if (old_rows_known_) return;
  if (core_.op == grapnel::Op::Create) return;  // none, but the one in conflict
  detail::BeforeWrite(core_);
  ForgetOldRows();
  Ids ids;
  bool nameless = false;  // rows without an id, which no entity can be
  detail::SelectTouched(core_, store::Select::Want::Rows, [&](detail::Row& row) {
    if (detail::MayLackIds(*core_.table) && row.IsNull(0)) return void(nameless = true);
    ids.push_back(detail::LoadId(*core_.table, row, 0));
    KeepOldRow(row);
  });
  if (!core_.pinned) detail::Pin(core_, std::move(ids), nameless);
  old_rows_known_ = true;
}

GRAPNEL_DEFINE void AnyMutation::RenewOldRows() const {
  if (!core_.pinned || core_.Session().Writes() == core_.pinned->writes) return;
  detail::EntityRows now(core_.table->ops);
  detail::ReadRowsNow(core_, OldIds(), now);
  core_.table->ops.SwapRows(old_rows_.Get(), now.Get());
}

GRAPNEL_DEFINE const void* AnyMutation::OldEntity() const {
  const bool create = core_.op == grapnel::Op::Create;
  if (!create && !core_.IsOne()) {
    throw Error(core::Concat(
        {Type(), " ", ToString(core_.op), " touches many rows: read them by OldRows()"}));
  }
  NeedOldRows();
  if (old_rows_.Count() > 0) return old_rows_.At(0);
  if (create) throw NotFoundError(Type(), "no row was there before");
  detail::RefuseUntouched(core_);
}

GRAPNEL_DEFINE void AnyMutation::KeepOldRow(detail::Row& row) const {
  detail::LoadRow(*core_.table, old_rows_.Append(), row);
}

GRAPNEL_DEFINE void AnyMutation::ForgetOldRows() const noexcept { old_rows_.Clear(); }

GRAPNEL_DEFINE void AnyMutation::KeepOldRows(core::FunctionRef<bool(const void*)> stays) const {
  const detail::EntityOps& ops = core_.table->ops;
  if (all_old_rows_.Count() == 0) ops.AppendRows(all_old_rows_.Get(), old_rows_.Get());
  ops.KeepRows(old_rows_.Get(), stays);
}

GRAPNEL_DEFINE void AnyMutation::PutBackOldRows() const noexcept {
  if (all_old_rows_.Count() == 0) return;
  core_.table->ops.SwapRows(old_rows_.Get(), all_old_rows_.Get());
  all_old_rows_.Clear();
}

GRAPNEL_DEFINE const void* AnyMutation::OldRowList() const {
  NeedOldRows();
  return old_rows_.Get();
}

GRAPNEL_DEFINE const void* AnyMutation::NewRowList() const { return NeedNewRows().rows.Get(); }

GRAPNEL_DEFINE void AnyMutation::AddField(std::string_view name, const FieldValue& delta) {
  detail::EntityRows scratch(core_.table->ops);
  core_.AddField(name, delta, scratch.Append());
}

GRAPNEL_DEFINE void AnyMutation::SetOp(grapnel::Op op) { core_.SetOp(op); }
GRAPNEL_DEFINE void AnyMutation::KeepRows() { core_.KeepRows(); }

GRAPNEL_DEFINE void AnyMutation::GoBack(Progress to) noexcept {
  core_.executed = to.executed;
  core_.came_back = to.came_back;
  if (!to.executed && written_) written_->Forget();
  if (!to.executed && core_.pinned && core_.pinned->touched) {
    core_.pinned->touched.reset();
    PutBackOldRows();
  }
  core_.has_id = to.has_id || (core_.op == grapnel::Op::Create && core_.set.test(0));
  if (core_.conflict && !to.executed) ForgetConflict();
}

GRAPNEL_DEFINE void AnyMutation::StartOver(const detail::Draft& given) {
  void* const entity = core_.entity;
  core_ = given;
  core_.entity = entity;
  old_rows_known_ = false;
  old_rows_.Clear();
  all_old_rows_.Clear();
  written_.Reset();
}

GRAPNEL_DEFINE void AnyMutation::ForgetConflict() noexcept {
  core_.conflict->outcome = store::ConflictOutcome::Pending;
  ForgetOldRows();
  try {
    core_.PutBackId();
  } catch (...) {  // NOLINT(bugprone-empty-catch): it is tried again before the id is used
  }
}

[[gnu::hot]] GRAPNEL_DEFINE AnyMutation::NextScope::NextScope(AnyMutation& m) noexcept
    : mutation_(m), transaction_(m.core_.bound->transaction), before_(m.GetProgress()) {
  transaction_.Enter(scope_);
}

[[gnu::hot]] GRAPNEL_DEFINE void AnyMutation::NextScope::Done() {
  transaction_.Succeed(scope_);
  mutation_.core_.came_back = true;
  done_ = true;
}

GRAPNEL_DEFINE void AnyMutation::NextScope::Undo() noexcept {
  transaction_.Fail(scope_);
  mutation_.GoBack(before_);
}

[[noreturn, gnu::cold]] GRAPNEL_DEFINE void AnyMutation::RefuseTx() const {
  throw TxError(core::Concat({Type(), " ", ToString(Op()),
                              ": the mutation is not running in a transaction that somebody "
                              "began; ask InTx() first, or use "
                              "m.Client(), m.AfterCommit() and m.AfterRollback()"}));
}

GRAPNEL_DEFINE FieldValue AnyValue::Field(std::string_view name) const {
  if (entity_ == nullptr) throw Error("the result is a count, no entity");
  const detail::Column& column = table_->columns[detail::StoredPlaceOf(*table_, name)];
  return column.ops->to_value(column.at_const(entity_));
}

GRAPNEL_DEFINE std::string ToString(const AnyMutation& m) { return detail::Describe(m.Core()); }

}  // namespace grapnel
