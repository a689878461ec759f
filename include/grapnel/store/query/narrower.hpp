#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/core/error.hpp>
#include <grapnel/core/hook.hpp>
#include <grapnel/core/hook_stack.hpp>
#include <grapnel/core/stack.hpp>
#include <grapnel/hook/guard.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/store/predicate/tree.hpp>
#include <grapnel/store/query/asked.hpp>
#include <grapnel/store/query/impl/reading.hpp>
#include <grapnel/store/query/reading.hpp>
#include <grapnel/store/tx/decision.hpp>
#include <grapnel/store/tx/guard.hpp>
#include <grapnel/store/tx/session.hpp>
#include <grapnel/store/tx/type_actions.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace grapnel::detail {

/// Whether any type of the store has, or had, interceptors or rules about reads, or the caller has
/// decided himself.
inline bool IsIntercepted(const Handle& handle) noexcept {
  return handle.store->intercepts.load(std::memory_order_acquire) ||
         guard::detail::DecisionOf(handle.context) != nullptr;
}

/// Asks the rules about a read. Returns: the interceptors behind them.
inline core::detail::HookRange JudgeReading(core::detail::HookRange readers,
                                            const guard::Verdict* decision, AnyReading& r) {
  guard::detail::Judge(readers.Before(kRuntime), decision, r.Type(), {}, &r);
  return readers.From(kRuntime);
}
/// The same of a type that has neither, whose reads nobody looks at.
inline void JudgeUnseen(const Table& table, const TypeEntry& type, const guard::Verdict* decision) {
  if (decision == nullptr || type.readers.HasAny()) return;
  guard::detail::Judge({}, decision, table.entity, {}, nullptr);
}

/// Interceptors that read may come back to themselves.
class ReadDepth {
 public:
  explicit ReadDepth(const Table& table) {
    if (depth >= limit || core::Stack::IsLow()) [[unlikely]]
      Refuse(table);
    ++depth;
  }
  ReadDepth(const ReadDepth&) = delete;
  ReadDepth& operator=(const ReadDepth&) = delete;
  ~ReadDepth() {
    if (--depth != 0 || recursions == 0) [[likely]]
      return;
    recursions = 0;
    limit = kMost;
  }

 private:
  static constexpr int kMost = 64;
  static constexpr int kMostRecursions = 1'000;
  [[noreturn, gnu::cold]] static void Refuse(const Table& table) {
    if (depth > 0 && ++recursions > kMostRecursions) {  // caught, each, and tried again
      limit = 1;
      throw RecursionError(core::Concat(
          {table.entity, ": this read has ended ", std::to_string(kMostRecursions),
           " recursions, and now refuses reads inside of it: an interceptor catches the "
           "RecursionError and reads again, without end"}));
    }
    if (depth < limit) core::Stack::Refuse(table.entity);
    throw RecursionError(core::Concat(
        {table.entity, ": ", std::to_string(kMost),
         " reads run inside one another: an interceptor reads its own type, which is intercepted "
         "again. Let it narrow by r.Where(...), or read with a per-call value by which it knows "
         "itself"}));
  }
  static inline thread_local constinit int depth = 0;
  static inline thread_local constinit int limit = kMost;
  static inline thread_local constinit int recursions = 0;
};

/// What the before-interceptors make of one read, or of the rows of one mutation. Each type is
/// asked once for each way on which it is reached.
class Narrower {
 public:
  /// What interceptors have added.
  struct Added {
    store::PredicatePtr where;
    std::optional<std::int64_t> at_most;
  };
  static void Restrict(store::Rows& rows, const Added& added) {
    rows.where = store::Both(rows.where, added.where);
    if (added.at_most && (!rows.limit || *rows.limit > *added.at_most)) rows.limit = added.at_most;
  }

  /// For a read of its caller's.
  explicit Narrower(const Decided& decided) noexcept
      : Narrower(decided.Inside(), decided.Verdict()) {}
  /// For what a mutation reads: `decision` as Bound has it.
  Narrower(const HandlePtr& handle, const guard::Verdict* decision) noexcept
      : handle_(handle), decision_(decision) {}
  Narrower(const Narrower&) = delete;
  Narrower& operator=(const Narrower&) = delete;

  /// What was asked for, where nobody intercepts.
  static const store::Rows& AsAsked(const Asked& asked) noexcept { return asked.rows_; }

  /// What was asked for, with its conditions on other rows narrowed.
  store::Rows Narrow(const Table& table, const Asked& asked) {
    store::Rows rows = asked.rows_;
    rows.where = Conditions(table, rows.where);
    Orders(table, rows.order);
    return rows;
  }
  /// The same of neighbours that are loaded, which are narrowed themselves.
  store::Rows NarrowLoaded(const Table& table, const Asked& asked) {
    store::Rows rows = Narrow(table, asked);
    Restrict(rows, Of(table, ReadStep::Load));
    return rows;
  }
  /// The same of rows that their caller reads himself.
  store::Rows NarrowRead(const Table& table, const Asked& asked) {
    store::Rows rows = Narrow(table, asked);
    Restrict(rows, Of(table, ReadStep::Query));
    return rows;
  }
  /// What the type's rules add to rows that a write gives an edge by their ids.
  const store::PredicatePtr& Joined(const Table& table) { return Of(table, ReadStep::Join).where; }
  /// What the type's interceptors add to rows that a condition asks for.
  const store::PredicatePtr& Reached(const Table& table) {
    return Of(table, ReadStep::Condition).where;
  }

  /// A predicate over rows of the table with its conditions on other rows narrowed: what they ask
  /// for must also match what is added there. May be nested as deep as memory allows.
  store::PredicatePtr Conditions(const Table& table, const store::PredicatePtr& where) {
    if (!where || !where->reaches) return where;
    std::vector<At> open{{where, &table}};
    while (!open.empty()) {
      const At at = open.back();
      const std::size_t before = open.size();
      Inside(at, open);
      if (open.size() != before) continue;  // those first
      open.pop_back();
      if (!done_.contains(at)) done_.emplace(at, Rebuild(at));
    }
    return done_.at({where, &table});
  }

 private:
  /// A predicate, and the table that it is about.
  struct At {
    store::PredicatePtr node;
    const Table* table;
    friend bool operator==(const At& a, const At& b) noexcept = default;
  };
  struct HashOfAt {
    std::size_t operator()(const At& at) const noexcept {
      return std::hash<const void*>()(at.node.Get()) * 31 + std::hash<const void*>()(at.table);
    }
  };

  /// Of neighbours by which rows are ordered only those count that are narrowed alike.
  void Orders(const Table& table, std::vector<store::Ordering>& order) {
    for (store::Ordering& each : order) {
      const EdgeEnd* edge = each.edge != nullptr ? table.FindEdgeTag(each.edge) : nullptr;
      if (edge == nullptr) continue;
      const Table& target = edge->target();
      each.neighbours = store::Both(Conditions(target, each.neighbours), Reached(target));
    }
  }

  /// Of a Has the edge's two types; null where it names no edge, which rendering refuses.
  static const Relation* RelationOf(const At& at) {
    const store::PredicateNode& node = *at.node;
    if (node.relation != nullptr) return node.relation;
    const EdgeEnd* edge = at.table->FindEdgeTag(node.field);
    return edge != nullptr ? &edge->relation() : nullptr;
  }

  /// What stands inside and reaches further, and has not been done.
  void Inside(const At& at, std::vector<At>& open) {
    const store::PredicateNode& node = *at.node;
    const auto add = [&](const store::PredicatePtr& inner, const Table* table) {
      if (!inner || !inner->reaches) return;
      if (const At next{inner, table}; !done_.contains(next)) open.push_back(next);
    };
    if (node.kind == store::PredicateKind::Has) {
      if (const Relation* relation = RelationOf(at)) add(node.left, relation->target);
    } else if (node.kind == store::PredicateKind::ReachedBy) {
      add(node.from->where, node.relation->source);
    } else {
      add(node.left, at.table);
      add(node.right, at.table);
    }
  }

  store::PredicatePtr Done(const store::PredicatePtr& inner, const Table* table) const {
    return inner && inner->reaches ? done_.at({inner, table}) : inner;
  }

  store::PredicatePtr Rebuild(const At& at) {
    const store::PredicateNode& node = *at.node;
    store::PredicateNode narrowed = node;
    if (node.kind == store::PredicateKind::Has) {
      const Relation* relation = RelationOf(at);
      if (relation == nullptr) return at.node;
      narrowed.left = store::Both(Done(node.left, relation->target), Reached(*relation->target));
    } else if (node.kind == store::PredicateKind::ReachedBy) {
      store::Rows from = *node.from;
      from.where = Done(node.from->where, node.relation->source);
      Orders(*node.relation->source, from.order);
      Restrict(from, Of(*node.relation->source, ReadStep::Walk));
      narrowed.from = core::MakeShared<const store::Rows>(std::move(from));
    } else {
      narrowed.left = Done(node.left, at.table);
      narrowed.right = Done(node.right, at.table);
    }
    return store::MakeNode(std::move(narrowed));
  }

  const Added& Of(const Table& table, ReadStep step) {
    for (const Asking& each : asked_) {
      if (each.table == &table && each.step == step) return each.added;
    }
    return asked_.emplace_back(Asking{&table, step, Ask(table, step)}).added;
  }
  Added Ask(const Table& table, ReadStep step) {
    TypeEntry& type = TypeOf(*handle_, table);
    Added added;
    JudgeUnseen(table, type, decision_);
    if (!type.readers.HasAny()) return added;
    const core::detail::ListedHooks hooks = type.readers.Load();
    const ReadDepth depth(table);
    const ReadKind kind =
        step == ReadStep::Load || step == ReadStep::Query ? ReadKind::Rows : ReadKind::Ids;
    type.read.load()->with_reading({handle_, kind, step}, [&](AnyReading& r) {
      for (const core::detail::ListedHook& each : JudgeReading(hooks.All(), decision_, r)) {
        if (step == ReadStep::Join) break;
        if (each.hook.IsBefore()) core::Hook<AnyReading, std::int64_t>::RunBefore(each.hook, r);
      }
      added = {AnyReading::Access::Where(r), AnyReading::Access::Limit(r)};
    });
    return added;
  }

  struct Asking {
    const Table* table;
    ReadStep step;
    Added added;
  };
  const HandlePtr& handle_;
  const guard::Verdict* decision_;
  std::list<Asking> asked_;
  std::unordered_map<At, store::PredicatePtr, HashOfAt> done_;
};

}  // namespace grapnel::detail
