#pragma once

/// Makes a query that shows a fault, and the rows that it is asked of, as small as it can while it
/// still shows one.

#include "contract/random_queries/print.hpp"
#include "contract/random_queries/query.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace queries {

/// Makes the n-th of all the ways in which a case can be made simpler.
class Simplification {
 public:
  explicit Simplification(std::size_t n) : left_(n) {}

  /// False when there are fewer than n.
  bool Apply(Case& what) {
    Visit(what.ask);
    for (Intercept& intercept : what.world.intercept) {
      Visit(intercept.narrow);
      Reset(intercept.at_most);
      Set(intercept.mask, false);
      Set(intercept.around, false);
    }
    for (std::vector<Row>& rows : what.world.rows) Erase(rows);
    for (PairSet& pairs : what.world.pairs) Erase(pairs);
    for (const Type type : {kA, kB, kC}) {
      for (Row& row : what.world.rows[type]) {
        for (Value& key : row.keys) Set(key, Value());
        for (std::size_t at = 1; at < row.cells.size(); ++at) Simplify(type, at, row.cells[at]);
      }
    }
    if (!done_) return false;
    ForgetMissing(what.world);
    const Repair mend(what.world);
    mend(what.ask);
    return true;
  }

 private:
  /// Rows that were taken out are no longer referred to.
  static void ForgetMissing(World& world) {
    const auto has = [&](Type type, const Value& id) {
      const std::vector<Row>& rows = world.rows[type];
      return std::any_of(rows.begin(), rows.end(), [&](const Row& row) { return row.Id() == id; });
    };
    for (const Type type : {kA, kB, kC}) {
      for (std::size_t i = 0; i < kInfo[type].edges; ++i) {
        const Edge& edge = EdgeOf(type, i);
        const bool own = edge.kind == Edge::Kind::Own;
        if (!own && edge.kind != Edge::Kind::Their) continue;
        for (Row& row : world.rows[own ? type : edge.target]) {
          if (!has(own ? edge.target : type, row.keys[edge.at])) row.keys[edge.at] = Value();
        }
      }
    }
    for (std::size_t at = 0; at < kPairs; ++at) {
      std::erase_if(world.pairs[at], [&](const auto& pair) {
        return !has(kPairsOf[at][0], pair.first) || !has(kPairsOf[at][1], pair.second);
      });
    }
  }

  bool IsNow() {
    if (done_ || left_-- != 0) return false;
    return done_ = true;
  }
  template <class List>
  void Erase(List& list, std::size_t least = 0) {
    for (std::size_t i = least, n = list.size(); i < n; ++i) {
      if (!IsNow()) continue;
      auto at = list.begin();
      std::advance(at, i - least);
      list.erase(at);
      return;
    }
  }
  template <class T>
  void Set(T& field, const T& simple) {
    if (field != simple && IsNow()) field = simple;
  }
  template <class T>
  void Reset(std::optional<T>& field) {
    if (field && IsNow()) field.reset();
  }
  /// The simplest value that its field may have.
  void Simplify(Type type, std::size_t at, Value& value) {
    const Field& field = FieldOf(type, at);
    if (field.nullable) return Set(value, Value());
    if (field.HasParts()) return Set(value, Value(std::string()));
    if (field.kind == Field::Kind::Real) return Set(value, Value(0.0));
    if (value.index() == 1 && field.kind != Field::Kind::Level) {
      Set(value, Value(std::int64_t{0}));
    }
  }

  void Visit(std::vector<Where>& wheres, std::size_t least = 0) {
    Erase(wheres, least);
    for (Where& where : wheres) Visit(where);
  }
  void Visit(Where& where) {
    using What = Where::What;
    const bool same_type = where.IsJoin() || where.what == What::Not;
    if (same_type) {
      for (std::size_t i = 0, n = where.inside.size(); i < n; ++i) {
        if (!IsNow()) continue;
        Where inner = where.inside[i];
        where = std::move(inner);
        return;
      }
    }
    Visit(where.inside, same_type ? 1 : 0);
    if (where.what == What::In) Erase(where.values);
    if (where.what == What::EdgeIn) Erase(where.values, 1);
  }
  void Visit(Choice& choice, bool keeps_order = false) {
    Erase(choice.with);
    Visit(choice.where);
    Reset(choice.after);
    Reset(choice.limit);
    Set(choice.offset, std::int64_t{0});
    if (!keeps_order) Erase(choice.order);
    for (Order& order : choice.order) {
      Set(order.nulls, Order::Nulls::Usual);
      Set(order.descending, false);
    }
    for (Load& load : choice.with) Visit(load.choice);
  }
  void Visit(Ask& ask) {
    if (!ask.hops.empty() && IsNow()) {  // begins one later
      ask.type = EdgeOf(ask.type, ask.hops.front().edge).target;
      ask.hops.erase(ask.hops.begin());
      return;
    }
    Set(ask.in, Ask::In::Client);
    for (Hop& hop : ask.hops) Visit(hop.choice);
    const bool distinct = ask.verb == Ask::Verb::Select && ask.distinct;
    Visit(ask.choice, distinct);  // whose order has to be by all that is selected
    Set(ask.verb, Ask::Verb::All);
    Set(ask.again, false);
    Set(ask.whole, false);
    Set(ask.distinct, false);
    Visit(ask.having);
    if (!ask.limit && ask.offset == 0) Erase(ask.groups);
    Reset(ask.limit);
    Set(ask.offset, std::int64_t{0});
  }

  std::size_t left_;
  bool done_ = false;
};

/// The smallest case that it comes to by steps for which `fails(what)` holds.
template <class Fails>
Case Shrink(Case what, Fails fails) {
  for (bool smaller = true; smaller;) {
    smaller = false;
    for (std::size_t n = 0;;) {
      Case simpler = what;
      if (!Simplification(n).Apply(simpler)) break;
      const bool same = ToString(simpler) == ToString(what);  // what it took away is needed
      if (!same && fails(simpler)) {
        what = std::move(simpler);
        smaller = true;
      } else {
        ++n;
      }
    }
  }
  return what;
}

}  // namespace queries
