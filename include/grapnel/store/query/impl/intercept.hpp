#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/base/concat.hpp>
#include <grapnel/base/function_ref.hpp>
#include <grapnel/core/error.hpp>
#include <grapnel/core/hook_list.hpp>
#include <grapnel/model/entity_ops.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/store/driver/driver.hpp>
#include <grapnel/store/driver/error.hpp>
#include <grapnel/store/driver/loading.hpp>
#include <grapnel/store/query/intercept.hpp>
#include <grapnel/store/query/narrower.hpp>
#include <grapnel/store/query/reading.hpp>
#include <grapnel/store/query/rows.hpp>
#include <grapnel/store/tx/decision.hpp>
#include <grapnel/store/tx/guard.hpp>
#include <grapnel/store/tx/session.hpp>

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

/// How reads pass the interceptors, compiled once for all types.
namespace grapnel::detail {

/// Nobody narrows it any more, unless it fails: then it may be tried again.
inline void CarryOut(AnyReading& r, core::FunctionRef<void()> read) {
  AnyReading::Access::SetDone(r, true);
  try {
    read();
  } catch (...) {
    AnyReading::Access::SetDone(r, false);
    throw;
  }
}

GRAPNEL_DEFINE void RunReading(
    const HandlePtr& handle, const Table& table, ReadStep step, ReadKind kind, const Asked& asked,
    const ReadInto& into,
    core::FunctionRef<void(const store::Rows& rows, const ReadInto& into)> read) {
  if (!IsIntercepted(*handle)) return read(Narrower::AsAsked(asked), into);
  TypeEntry& type = TypeOf(*handle, table);
  const Decided decided(handle);
  JudgeUnseen(table, type, decided.Verdict());
  Narrower narrower(decided);
  const store::Rows rows = narrower.Narrow(table, asked);
  if (!type.readers.HasAny()) return read(rows, into);
  const core::detail::ListedHooks hooks = type.readers.Load();
  const ReadDepth depth(table);
  const ReadActions& actions = *type.read.load();
  actions.with_reading({decided.Inside(), kind, step}, [&](AnyReading& r) {
    const auto carry_out = [&](const ReadInto& to) {
      CarryOut(r, [&] {
        store::Rows narrowed = rows;
        Narrower::Restrict(narrowed, {AnyReading::Access::Where(r), AnyReading::Access::Limit(r)});
        read(narrowed, to);
      });
    };
    const auto rest = core::HookList<AnyReading, std::int64_t>::RunBefore(
        JudgeReading(hooks.All(), decided.Verdict(), r), r);
    rest.empty() ? carry_out(into) : actions.run_around(rest, r, into, carry_out);
  });
}

GRAPNEL_DEFINE core::detail::ListedHooks AfterOf(const core::detail::ListedHooks& readers) {
  const auto after = core::MakeShared<std::vector<core::detail::ListedHook>>();
  for (const core::detail::ListedHook& each : readers.All()) {
    if (each.hook.IsAfter()) after->push_back(each);
  }
  if (after->empty()) return nullptr;
  return core::detail::ListedHooks(after);
}

GRAPNEL_DEFINE bool MayStream(const core::detail::ListedHooks& readers) noexcept {
  for (const core::detail::ListedHook& each : readers.All()) {
    if (!each.hook.IsBefore() && !each.hook.IsAfter()) return false;
  }
  return true;
}

GRAPNEL_DEFINE store::Rows NarrowStream(const HandlePtr& handle, const Table& table,
                                        const Asked& asked) {
  if (!IsIntercepted(*handle)) return Narrower::AsAsked(asked);
  const Decided decided(handle);
  Narrower narrower(decided);
  return narrower.NarrowRead(table, asked);
}

GRAPNEL_DEFINE void PassAfter(const HandlePtr& handle, TypeEntry& type,
                              const core::detail::ListedHooks& after, ReadStep step, void* rows) {
  const ReadActions& actions = *type.read.load();
  const ReadDepth depth(*type.table);
  const Decided decided(handle);
  actions.with_reading({decided.Inside(), ReadKind::Rows, step}, [&](AnyReading& r) {
    AnyReading::Access::SetDone(r, true);
    ReadInto into;
    into.rows = rows;
    actions.run_around(after.All(), r, into,
                       [&](const ReadInto& to) { type.table->ops.SwapRows(to.rows, rows); });
  });
}

/// As FindById, through the interceptors of the type. `stored`: gets the row too, as it was before
/// they changed it.
[[gnu::noinline]] inline bool FindIntercepted(const HandlePtr& handle, const Table& table,
                                              const void* key, void* into, void* stored = nullptr) {
  TypeEntry& type = TypeOf(*handle, table);
  const Decided decided(handle);
  JudgeUnseen(table, type, decided.Verdict());
  if (!type.readers.HasAny()) return ReadById(handle, table, key, into);
  const core::detail::ListedHooks hooks = type.readers.Load();
  const ReadDepth depth(table);
  const ReadActions& actions = *type.read.load();
  const auto read = [&](const AnyReading& r, void* row) {
    const std::optional<std::int64_t>& most = AnyReading::Access::Limit(r);
    return (!most || *most > 0) &&
           ReadById(handle, table, key, row, AnyReading::Access::Where(r).Get());
  };
  bool found = false;
  actions.with_reading({decided.Inside(), ReadKind::Rows, ReadStep::Get}, [&](AnyReading& r) {
    const auto rest = core::HookList<AnyReading, std::int64_t>::RunBefore(
        JudgeReading(hooks.All(), decided.Verdict(), r), r);
    if (rest.empty()) {
      found = read(r, into);  // nobody looks at it on its way
      return;
    }
    EntityRows rows(table.ops);
    ReadInto passed;
    passed.rows = rows.Get();
    actions.run_around(rest, r, passed, [&](const ReadInto& to) {
      CarryOut(r, [&] {
        const bool there = read(r, table.ops.AppendRow(to.rows));
        if (!there) table.ops.ClearRows(to.rows);
        if (there && stored != nullptr) ReadById(handle, table, key, stored);
      });
    });
    found = rows.Count() != 0;
    if (found) table.ops.MoveAssign(into, rows.At(0));
  });
  return found;
}

GRAPNEL_DEFINE bool FindAsStored(const HandlePtr& handle, const Table& table, const void* key,
                                 EntityRows& rows) {
  if (!IsIntercepted(*handle)) return false;
  const core::detail::ListedHooks readers = TypeOf(*handle, table).readers.Load();
  const auto all = readers.All();
  const bool changed =
      std::any_of(all.begin(), all.end(),
                  [](const core::detail::ListedHook& each) { return !each.hook.IsBefore(); });
  if (!changed) return false;
  rows.Append();
  rows.Append();
  return FindIntercepted(handle, table, key, rows.At(0), rows.At(1));
}

GRAPNEL_DEFINE bool FindById(const HandlePtr& handle, const Table& table, const void* key,
                             void* into) {
  return IsIntercepted(*handle) ? FindIntercepted(handle, table, key, into)
                                : ReadById(handle, table, key, into);
}

GRAPNEL_DEFINE void GetById(const HandlePtr& handle, const Table& table, void* entity) {
  if (FindById(handle, table, entity, entity)) return;
  throw NotFoundError(table.entity, DescribeId(table, entity));
}

GRAPNEL_DEFINE ReaderAddition PrepareReaders(const HandlePtr& handle, const Table& table,
                                             const ReadActions& actions, const ReaderHooks& hooks,
                                             Stage stage) {
  TypeEntry& type = handle->store->TypeOf(table);
  handle->store->intercepts = true;
  auto addition = type.readers.Prepare({hooks.all.data(), hooks.all.size()}, stage);
  core::HookHandle remove([store = std::weak_ptr(handle->store), &type, id = addition.Id()] {
    const auto alive = store.lock();
    if (alive && !alive->IsInherited()) type.readers.Remove(id);
  });
  return {type, actions, std::move(addition), remove};
}

GRAPNEL_DEFINE core::HookHandle AddReaders(std::initializer_list<ReaderAddition> additions) {
  core::HookHandle all = additions.begin()->handle;
  for (const ReaderAddition& each : additions) {
    if (&each != additions.begin()) all = core::JoinHandles({all, each.handle});
  }
  try {
    for (const ReaderAddition& each : additions) {
      const ReadActions* none = nullptr;
      if (each.actions.run_around != nullptr) {
        each.type.read.store(&each.actions);
      } else {  // one that can do more may be there already
        each.type.read.compare_exchange_strong(none, &each.actions);
      }
      each.type.readers.Add(each.hooks);
    }
  } catch (...) {  // others have registered theirs meanwhile, and there is no memory to join them
    all.Remove();
    throw;
  }
  return all;
}

GRAPNEL_DEFINE void AddSchemaReaders(TypeEntry& type) {
  type.read = type.actions.read;
  if (type.actions.add_schema_rules != nullptr) {
    type.actions.add_schema_rules(type.hooks, type.readers);
  }
  if (type.actions.add_schema_interceptors == nullptr) return;
  ReaderHooks hooks;
  type.actions.add_schema_interceptors(hooks);
  type.readers.Add(hooks.all, kSchema);
}

}  // namespace grapnel::detail
