#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/model/entity_ops.hpp>
#include <grapnel/model/relation.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/model/value.hpp>
#include <grapnel/store/driver/driver.hpp>
#include <grapnel/store/driver/loading.hpp>
#include <grapnel/store/predicate/tree.hpp>
#include <grapnel/store/query/asked.hpp>
#include <grapnel/store/query/eager.hpp>
#include <grapnel/store/query/intercept.hpp>
#include <grapnel/store/query/narrower.hpp>
#include <grapnel/store/query/reading.hpp>
#include <grapnel/store/query/rows.hpp>
#include <grapnel/store/tx/decision.hpp>
#include <grapnel/store/tx/session.hpp>

#include <algorithm>
#include <cstddef>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

/// Loads neighbours into entities: one query an edge, compiled once for all types.

namespace grapnel::detail {

GRAPNEL_DEFINE void Want(std::vector<Eager>& wanted, Eager one) {
  const auto same = std::find_if(wanted.begin(), wanted.end(),
                                 [&](const Eager& each) { return each.edge == one.edge; });
  if (same == wanted.end()) return wanted.push_back(std::move(one));
  same->asked.Join(one.asked);
  for (Eager& nested : one.nested) Want(same->nested, std::move(nested));
}

/// Fills the edges of entities of one type. Every read is one of the handle's transaction, so that
/// all see the same snapshot.
class EagerLoader {
 public:
  explicit EagerLoader(HandlePtr handle) : handle_(std::move(handle)) {}

  void Load(const Table& table, const std::vector<void*>& entities,
            const std::vector<Eager>& wanted) {
    if (entities.empty()) return;
    for (const Eager& each : wanted) {
      LoadEdge(table, entities, each);
      if (!each.nested.empty())
        Load(each.edge->target(), Neighbours(*each.edge, entities), each.nested);
      if (intercepts_) PassAfter(*each.edge, entities);
    }
  }

 private:
  void LoadEdge(const Table& table, const std::vector<void*>& entities, const Eager& wanted) {
    const EdgeEnd& edge = *wanted.edge;
    const Relation& relation = edge.relation();
    const Table& target = *relation.target;
    const Column& key = edge.HoldsKey() ? table.columns[edge.key] : table.Id();
    std::unordered_map<FieldValue, std::size_t, HashOfValue> places;
    std::vector<FieldValue> sources;
    std::vector<std::vector<void*>> members;  // of the entities that each of the sources is of
    for (void* entity : entities) {
      void* member = edge.at(entity);
      FieldValue source = key.ops->to_value(key.at_const(entity));
      edge.ops->start(member);
      if (source.IsNull()) continue;
      const auto [found, added] = places.emplace(source, sources.size());
      if (added) {
        sources.push_back(std::move(source));
        members.emplace_back();
      }
      members[found->second].push_back(member);
    }
    const store::Rows rows = intercepts_ ? narrower_.NarrowLoaded(target, wanted.asked)
                                         : Narrower::AsAsked(wanted.asked);
    store::Select select{{&target}};
    select.where = rows.where.Get();
    select.order = rows.order;
    select.limit = rows.limit;
    select.offset = rows.offset;
    select.through = &relation;
    select.sources = sources;
    const int place_at = static_cast<int>(target.columns.size());
    RunRead(handle_, target, [&](store::Connection& connection) {
      connection.Run(select, [&](Row& row) {
        for (void* member : members[static_cast<std::size_t>(row.Int(place_at))]) {
          LoadRow(target, edge.ops->emplace(member), row);
        }
      });
      return 0;
    });
  }

  static std::vector<void*> Neighbours(const EdgeEnd& edge, const std::vector<void*>& entities) {
    std::vector<void*> neighbours;
    for (void* entity : entities) {
      void* member = edge.at(entity);
      const std::size_t size = edge.ops->size(member);
      for (std::size_t i = 0; i < size; ++i) neighbours.push_back(edge.ops->at(member, i));
    }
    return neighbours;
  }

  /// Neighbours pass the interceptors of their type that run behind the rest.
  void PassAfter(const EdgeEnd& edge, const std::vector<void*>& entities) {
    const Table& target = edge.target();
    TypeEntry& type = TypeOf(*handle_, target);
    if (!type.readers.HasAny()) return;
    const core::detail::ListedHooks after = AfterOf(type.readers.Load());
    if (!after) return;
    for (void* entity : entities) {
      void* member = edge.at(entity);
      if (edge.ops->size(member) == 0) continue;
      EntityRows taken(target.ops);
      edge.ops->take(member, taken.Get());
      detail::PassAfter(handle_, type, after, ReadStep::Load, taken.Get());
      edge.ops->give(member, taken.Get());
    }
  }

  HandlePtr handle_;
  bool intercepts_ = IsIntercepted(*handle_);
  const Decided decided_{handle_};
  Narrower narrower_{decided_};
};

GRAPNEL_DEFINE void LoadEager(const HandlePtr& handle, const Table& table,
                              const std::vector<void*>& entities,
                              const std::vector<Eager>& wanted) {
  EagerLoader(handle).Load(table, entities, wanted);
}

}  // namespace grapnel::detail
