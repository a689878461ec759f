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

/// All entity types of a database and what joins them: every foreign key and every table of pairs,
/// once.
class Graph {
 public:
  /// Throws: SchemaError when an edge leads to a type that is not among them, or its ends do not
  /// fit, for names that are the store's own, and for a member that is named twice.
  explicit Graph(std::span<const Table* const> tables) : tables_(tables.begin(), tables.end()) {
    for (const Table* table : tables) {
      CheckName(*table, "Type", table->entity);
      CheckName(*table, "Table", table->name);
      CheckMembers(*table, table->columns);
      CheckMembers(*table, table->edges);
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

  /// Throws: SchemaError when a member is named twice.
  template <class T>
  static void CheckMembers(const Table& table, const Listed<T>& members) {
    for (const T& member : members) {
      const T* first = members.data();
      while (first->tag != member.tag) ++first;
      if (first == &member) continue;
      throw SchemaError(table.entity, member.name,
                        core::Concat({"it is a second name of the member that is ", first->name,
                                      " already: name each once"}));
    }
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
