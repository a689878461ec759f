#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/base/concat.hpp>
#include <grapnel/base/type.hpp>
#include <grapnel/model/error.hpp>
#include <grapnel/model/relation.hpp>
#include <grapnel/model/table.hpp>

#include <algorithm>
#include <cstddef>
#include <span>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace grapnel::detail {

/// Puts the two ends of an edge together. Throws: SchemaError when they do not fit.
GRAPNEL_DEFINE Relation Resolve(const Table& source, const EdgeEnd& edge) {
  const auto refuse = [&](std::string_view reason) {
    throw SchemaError(source.entity, edge.name, reason);
  };
  const Table& target = edge.target();
  Relation relation;
  relation.edge = &edge;
  relation.source = &source;
  relation.target = &target;
  if (edge.inverse_of != nullptr) {
    relation.inverse = target.FindEdgeTag(edge.inverse_of);
    if (relation.inverse == nullptr) {
      refuse(core::Concat({"its Ref names a member that is no edge of ", target.entity}));
    }
    if (relation.inverse->target().type != source.type) {
      refuse(core::Concat({"its Ref names ", target.entity, ".", relation.inverse->name,
                           ", which leads to ", relation.inverse->target().entity}));
    }
  } else {
    for (const EdgeEnd& other : target.edges) {
      if (other.inverse_of != edge.tag || other.target().type != source.type) continue;
      if (relation.inverse != nullptr) refuse("two edges say by Ref that they are its other end");
      relation.inverse = &other;
    }
  }
  const EdgeEnd* const other = relation.inverse;
  const auto choose = [&](std::string_view given, std::string made) {
    return given.empty() ? std::move(made) : std::string(given);
  };
  if (edge.HoldsKey()) {
    relation.kind = Relation::Kind::OwnKey;
    relation.table = source.name;
    relation.column = source.columns[edge.key].storage;
    relation.unique = edge.unique || (other != nullptr && !other->many);
    relation.required = edge.required;
  } else if (other != nullptr && other->HoldsKey()) {
    if (!edge.storage.empty()) {
      refuse(core::Concat({"StorageKey goes to the end that holds the foreign key: ", target.entity,
                           ".", other->name}));
    }
    relation.kind = Relation::Kind::TheirKey;
    relation.table = target.name;
    relation.column = target.columns[other->key].storage;
    relation.unique = other->unique || !edge.many;
    relation.required = other->required;
  } else if (other != nullptr || source.type == target.type) {
    const bool is_to = edge.inverse_of == nullptr;
    const Table& first = is_to ? source : target;
    const EdgeEnd& to = is_to ? edge : *other;
    relation.kind = Relation::Kind::Join;
    relation.table =
        choose(edge.storage.empty() && other != nullptr ? other->storage : edge.storage,
               core::Concat({first.name, "_", to.name}));
    relation.column = core::Concat({first.name, "_id"});
    relation.other = core::Concat({to.name, "_id"});
    if (relation.column == relation.other) relation.other += "_2";
    if (!is_to) std::swap(relation.column, relation.other);
    relation.mirrored = other == nullptr;
  } else {
    relation.kind = Relation::Kind::TheirKey;
    relation.table = target.name;
    relation.column = choose(edge.storage, core::Concat({source.name, "_", edge.name}));
  }
  if (edge.on_delete && other != nullptr && other->on_delete &&
      *edge.on_delete != *other->on_delete) {
    refuse("its two ends ask for different OnDelete actions");
  }
  const auto asked = edge.on_delete     ? edge.on_delete
                     : other != nullptr ? other->on_delete
                                        : std::nullopt;
  if (asked && relation.kind == Relation::Kind::Join) {
    refuse(
        "OnDelete is for edges with a foreign key; pairs of ids always go with either of their "
        "rows");
  }
  if (asked == SetNull && relation.required) refuse("a required edge cannot be SetNull");
  if (asked == SetNull && (edge.immutable || (other != nullptr && other->immutable))) {
    refuse("an immutable edge cannot be SetNull: say OnDelete(Cascade) or OnDelete(Restrict)");
  }
  relation.on_delete = asked.value_or(relation.required ? Restrict : SetNull);
  return relation;
}

/// All entity types of a database and what joins them: every foreign key and every table of pairs,
/// once.
class Graph {
 public:
  /// Throws: SchemaError when an edge leads to a type that is not among them, or its ends do not
  /// fit, and for names that are the store's own.
  explicit Graph(std::span<const Table* const> tables) : tables_(tables.begin(), tables.end()) {
    for (const Table* table : tables) {
      CheckName(*table, "Type", table->entity);
      CheckName(*table, "Table", table->name);
      for (const EdgeEnd& edge : table->edges) Add(*table, edge);
    }
    for (const Relation* key : keys_) {
      if (key->on_delete == Cascade && Reaches(key->Holder(), key->Referred())) cyclic_.insert(key);
    }
  }

  const std::vector<const Table*>& Tables() const noexcept { return tables_; }
  const std::vector<const Relation*>& Keys() const noexcept { return keys_; }
  const std::vector<const Relation*>& Joins() const noexcept { return joins_; }

  /// The foreign keys that refer to this type.
  const std::vector<const Relation*>& Referrers(const Table& table) const {
    static const std::vector<const Relation*> none;
    const auto found = referrers_.find(table.type);
    return found != referrers_.end() ? found->second : none;
  }

  /// Whether rows of this type hold or are referred to by a foreign key.
  bool HasKeys(const Table& table) const {
    return !Referrers(table).empty() ||
           std::any_of(keys_.begin(), keys_.end(),
                       [&](const Relation* key) { return key->Holder().type == table.type; });
  }
  /// Whether rows of this type keep rows of the same type from being deleted.
  bool RestrictsItself(const Table& table) const {
    const auto& keys = Referrers(table);
    return std::any_of(keys.begin(), keys.end(), [&](const Relation* key) {
      return key->on_delete == Restrict && key->Holder().type == table.type;
    });
  }

  /// Whether deletions can come back to where they began along this key: the engine then does not
  /// cascade by itself, for it would run into its limit of depth, and ahead of hooks.
  bool IsCyclic(const Relation& key) const { return cyclic_.contains(&key); }

  static bool Holds(const std::vector<const Table*>& tables, const Table& table) {
    return std::any_of(tables.begin(), tables.end(),
                       [&](const Table* each) { return each->type == table.type; });
  }

 private:
  /// Throws: SchemaError for a name that the store may use itself. Databases ignore ASCII case.
  static void CheckName(const Table& table, std::string_view field, std::string_view name) {
    constexpr std::string_view kOwn = "grapnel_";
    const auto same = [](char left, char right) {
      return left == right || (left >= 'A' && left <= 'Z' && left - 'A' + 'a' == right);
    };
    const std::string_view start = name.substr(0, kOwn.size());
    if (!std::equal(start.begin(), start.end(), kOwn.begin(), kOwn.end(), same)) return;
    throw SchemaError(table.entity, field,
                      core::Concat({"\"", name, "\": names that begin with ", kOwn,
                                    " are Grapnel's own: choose another one"}));
  }

  void Add(const Table& table, const EdgeEnd& edge) {
    if (!Holds(tables_, edge.target())) {
      throw SchemaError(
          table.entity, edge.name,
          core::Concat({"it leads to ", edge.target().entity,
                        ", which was not named when the database was opened: add it to "
                        "grapnel::Open<...>"}));
    }
    const Relation& relation = edge.relation();
    if (relation.kind == Relation::Kind::Join) {
      CheckName(table, edge.name, relation.table);
      if (edge.inverse_of == nullptr) joins_.push_back(&relation);
    } else if (relation.kind == Relation::Kind::OwnKey || relation.inverse == nullptr) {
      keys_.push_back(&relation);
      referrers_[relation.Referred().type].push_back(&relation);
    }
  }

  /// Whether deleting a row of `from` may delete, along cascades, rows of `to`; of itself at once.
  bool Reaches(const Table& from, const Table& to) const {
    std::vector<const Table*> reached{&from};
    for (std::size_t at = 0; at < reached.size(); ++at) {
      if (reached[at]->type == to.type) return true;
      for (const Relation* key : Referrers(*reached[at])) {
        if (key->on_delete == Cascade && !Holds(reached, key->Holder()))
          reached.push_back(&key->Holder());
      }
    }
    return false;
  }

  std::vector<const Table*> tables_;
  std::vector<const Relation*> keys_, joins_;
  std::unordered_map<core::TypeId, std::vector<const Relation*>> referrers_;
  std::unordered_set<const Relation*> cyclic_;
};

}  // namespace grapnel::detail
