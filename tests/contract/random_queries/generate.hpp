#pragma once

/// Makes worlds and queries of a seed.

#include "contract/random_queries/query.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "support/engine/traits.hpp"

namespace queries {

class Generator {
 public:
  explicit Generator(std::uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15U + 1) {}

  World MakeWorld() {
    World world;
    const auto most = Pick<std::uint64_t>({3, 9, 9, 14});
    for (const Type type : {kA, kB, kC}) {
      for (std::uint64_t n = Below(most + 1), id = 1; id <= n; ++id) {
        world.rows[type].push_back(MakeRow(type, id));
      }
    }
    for (const Type type : {kA, kB}) {
      for (std::size_t at = 0; at < kInfo[type].edges; ++at) Refer(world, type, EdgeOf(type, at));
    }
    for (Row& row : world.rows[kC]) {
      const std::vector<Row>& likers = world.rows[kB];
      if (!likers.empty() && Chance(60)) row.keys[kLiked] = likers[Below(likers.size())].Id();
    }
    for (std::size_t at = 0; at < kPairs; ++at) {
      for (const Row& one : world.rows[kPairsOf[at][0]]) {
        for (const Row& other : world.rows[kPairsOf[at][1]]) {
          if (Chance(15)) world.pairs[at].emplace(one.Id(), other.Id());
        }
      }
    }
    if (Chance(40)) return world;
    world_ = &world;
    for (const Type type : {kA, kB, kC}) {
      Intercept& intercept = world.intercept[type];
      if (Chance(40)) intercept.narrow.push_back(MakeWhere(type, 2));
      if (Chance(15)) intercept.at_most = 1 + static_cast<std::int64_t>(Below(6));
      intercept.mask = Chance(30);
      intercept.around = Chance(15);
    }
    return world;
  }

  Ask MakeAsk(const World& world) {
    world_ = &world;
    Ask ask;
    ask.type = AnyType();
    Type type = ask.type;
    while (ask.hops.size() < 2 && Chance(15)) {
      ask.hops.push_back({MakeChoice(type, 0, true), Below(kInfo[type].edges)});
      type = EdgeOf(type, ask.hops.back().edge).target;
    }
    using Verb = Ask::Verb;
    ask.verb = Pick({Verb::All,     Verb::All,   Verb::All,   Verb::All,    Verb::First,
                     Verb::Only,    Verb::Count, Verb::Exist, Verb::IDs,    Verb::Measure,
                     Verb::Measure, Verb::Group, Verb::Group, Verb::Select, Verb::ForEach,
                     Verb::Loop,    Verb::Pages, Verb::Find,  Verb::Update, Verb::Delete});
    const bool loads = ask.verb == Verb::All || ask.verb == Verb::First ||
                       ask.verb == Verb::ForEach || ask.verb == Verb::Loop;
    ask.choice = MakeChoice(type, loads ? 2 : 0, true);
    ask.in = Pick({Ask::In::Client, Ask::In::Client, Ask::In::Tx, Ask::In::ReadTx});
    ask.again = Chance(15);
    ask.id = AnyId(type);
    ask.whole = Chance(20);
    ask.distinct = Chance(50);
    ask.measure = MakeMeasure(type);
    ask.shape = Below((ask.verb == Verb::Group ? kGroups : kSelects)[type].size());
    if (ask.verb == Verb::Loop && Chance(50)) ask.limit = Small();
    if (ask.verb == Verb::Group) MakeGroups(type, ask);
    Repair mend(world);
    mend(ask);
    return ask;
  }

 private:
  using What = Where::What;

  std::uint64_t Next() {  // splitmix64
    std::uint64_t z = (state_ += 0x9E3779B97F4A7C15U);
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31U);
  }
  std::uint64_t Below(std::uint64_t bound) { return Next() % bound; }
  bool Chance(unsigned percent) { return Below(100) < percent; }
  std::int64_t Small() { return static_cast<std::int64_t>(Below(5)); }
  template <class T>
  T Pick(std::initializer_list<T> of) {
    return *(of.begin() + Below(of.size()));
  }
  Type AnyType() { return Pick({kA, kA, kB, kC}); }

  // Values.

  std::string Text() {
    using namespace std::string_literals;
    return engine::Storable(
        Pick({""s,    "a"s,        "A"s,        "ab"s,   "aB"s,       "b"s, "a\0b"s,
              "a\0"s, "\0"s,       "a\xff"s,    "\xff"s, "\xff\xff"s, "%"s, "a_"s,
              "'\""s, "\xc3\xa9"s, "\xc3\x89"s, "aab"s,  "0"s,        "10"s}));
  }
  Value Of(const Field& field) {
    constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    switch (field.kind) {
      case Field::Kind::Bool:
        return Pick<std::int64_t>({0, 1});
      case Field::Kind::Int:  // a sum of what may not be NULL stays in 64 bits
        if (field.nullable && Chance(20)) return Pick({least, most, least + 1, most - 1});
        return Pick<std::int64_t>({-1, 0, 1, 2, 3, 7});
      case Field::Kind::Time:
        return Pick<std::int64_t>({-1, 0, 1, 2, 1'000'000});
      case Field::Kind::Real:  // sums do not depend on their order
        return Pick({-1.5, -0.25, 0.0, 0.5, 1.0, 2.0, 1e9});
      case Field::Kind::Mood:
        return Pick<std::string>({"calm", "Angry"});
      case Field::Kind::Level:
        return Pick<std::int64_t>({-3, -2, -1});
      case Field::Kind::Text:
      case Field::Kind::Blob:
        break;
    }
    return Text();
  }
  Value OrNull(const Field& field) { return field.nullable && Chance(30) ? Value() : Of(field); }
  Value Id(Type type, std::uint64_t number) {
    using namespace std::string_literals;
    if (type != kB) return static_cast<std::int64_t>(number);
    const std::string names[] = {"k"s, "K"s, "k1"s, "a"s, "\xff"s, "b\0c"s, "b"s, "10"s, "9"s};
    return number <= std::size(names) ? engine::Storable(names[number - 1])
                                      : "z" + std::to_string(number);
  }
  Value AnyId(Type type) {
    const std::vector<Row>& rows = world_->rows[type];
    return rows.empty() || Chance(10) ? Id(type, 1 + Below(15)) : rows[Below(rows.size())].Id();
  }
  /// A value to compare a field with: often that of a row.
  Value Operand(Type type, std::size_t field) {
    if (field == kId) return AnyId(type);
    const std::vector<Row>& rows = world_->rows[type];
    if (!rows.empty() && Chance(40)) {
      const Value& value = rows[Below(rows.size())].cells[field];
      if (!IsNull(value)) return value;
    }
    return Of(FieldOf(type, field));
  }

  Row MakeRow(Type type, std::uint64_t number) {
    Row row;
    row.cells.push_back(Id(type, number));
    for (std::size_t at = 1; at < kInfo[type].fields; ++at) {
      row.cells.push_back(OrNull(FieldOf(type, at)));
    }
    row.keys.resize(kInfo[type].keys);
    return row;
  }
  /// Keys of an edge to one; where the other end has one neighbour too, each refers to another.
  void Refer(World& world, Type type, const Edge& edge) {
    const std::vector<Row>& targets = world.rows[edge.target];
    if (edge.kind != Edge::Kind::Own || targets.empty()) return;
    const bool each_once = edge.target == kC;
    std::size_t next = 0;
    for (Row& row : world.rows[type]) {
      if (Chance(35) || (each_once && next == targets.size())) continue;
      row.keys[edge.at] = targets[each_once ? next++ : Below(targets.size())].Id();
    }
  }

  // Conditions.

  Where MakeWhere(Type type, unsigned depth) {
    Where where;
    const auto what = Below(100);
    if (depth == 3 && what < 3) return MakeDeep(type);
    if (depth > 0 && what < 30) {
      where.what = Pick({What::And, What::Or, What::Not});
      const std::uint64_t count = where.what == What::Not ? 1 : 2 + Below(2);
      for (std::uint64_t i = 0; i < count; ++i) where.inside.push_back(MakeWhere(type, depth - 1));
    } else if (depth > 0 && what < 35) {  // many that differ in their values alone
      where.what = Pick({What::And, What::Or});
      const Where one = OfField(type);
      for (std::uint64_t n = 2 + Below(12); n > 0; --n) {
        Where another = one;
        for (Value& each : another.values) each = Operand(type, one.at);
        where.inside.push_back(another);
      }
    } else if (depth > 0 && what < 55) {
      where.what = What::Has;
      where.at = Below(kInfo[type].edges);
      if (Chance(80)) where.inside.push_back(MakeWhere(EdgeOf(type, where.at).target, depth - 1));
    } else if (what < 65) {
      where = OfEdge(type);
    } else if (what < 72) {
      where.what = What::Fields;
      where.at = Below(kInfo[type].boths);
      where.sign = AnySign();
    } else {
      where = OfField(type);
    }
    return where;
  }
  /// AND and OR in one another, deeper than brackets are.
  Where MakeDeep(Type type) {
    Where where = MakeWhere(type, 1);
    for (std::uint64_t n = 4 + Below(24); n > 0; --n) {
      Where outer{where.what == What::And ? What::Or : What::And};
      outer.inside.push_back(MakeWhere(type, Chance(20) ? 1 : 0));
      outer.inside.push_back(std::move(where));
      if (Chance(50)) std::swap(outer.inside[0], outer.inside[1]);
      where = std::move(outer);
      if (!Chance(15)) continue;
      Where negated{What::Not};
      negated.inside.push_back(std::move(where));
      where = std::move(negated);
    }
    return where;
  }
  What AnySign() { return static_cast<What>(Below(6)); }
  Where OfField(Type type) {
    Where where;
    where.at = Below(kInfo[type].fields);
    const Field& field = FieldOf(type, where.at);
    const auto what = Below(100);
    if (what < 10) {
      where.what = What::IsNull;
      if (!field.nullable && Chance(70)) where.what = AnySign();
    } else if (what < 25) {
      where.what = What::In;
      for (auto n = Below(5); n > 0; --n) where.values.push_back(Operand(type, where.at));
      return where;
    } else if (what < 60 && field.HasParts()) {
      where.what = Pick({What::Contains, What::HasPrefix, What::HasSuffix});
      if (field.IsText() && Chance(40)) where.what = Pick({What::EqualFold, What::ContainsFold});
    } else {
      where.what = AnySign();
    }
    if (where.what != What::IsNull) where.values.push_back(Operand(type, where.at));
    return where;
  }
  /// Of an edge to one, if the type has one.
  Where OfEdge(Type type) {
    Where where;
    do {
      where.at = Below(kInfo[type].edges);
    } while (EdgeOf(type, where.at).many);
    const Type target = EdgeOf(type, where.at).target;
    where.what = Pick({What::EdgeEqual, What::EdgeNotEqual, What::EdgeIn, What::EdgeIsNull});
    if (where.what == What::EdgeIsNull) return where;
    where.values.push_back(AnyId(target));
    if (where.what == What::EdgeIn) {
      for (auto n = Below(3); n > 0; --n) where.values.push_back(AnyId(target));
    }
    return where;
  }

  // Orders and all the rest.

  Order::Nulls AnyNulls() {
    using Nulls = Order::Nulls;
    return Pick({Nulls::Usual, Nulls::Usual, Nulls::First, Nulls::Last});
  }
  Order MakeOrder(Type type) {
    Order order;
    order.descending = Chance(50);
    order.nulls = AnyNulls();
    const auto by = Below(100);
    order.at = Below(kInfo[type].fields);
    if (by < 60) return order;
    order.at = Below(kInfo[type].edges);
    const Edge& edge = EdgeOf(type, order.at);
    order.by = Order::By::Count;
    if (edge.many || by < 70) return order;
    order.by = edge.kind == Edge::Kind::Own && by < 80 ? Order::By::Key : Order::By::Neighbour;
    order.of = Below(kInfo[edge.target].fields);
    return order;
  }
  Choice MakeChoice(Type type, unsigned loads, bool is_query) {
    Choice choice;
    while (choice.where.size() < 2 && Chance(45)) choice.where.push_back(MakeWhere(type, 3));
    while (choice.order.size() < 3 && Chance(45)) choice.order.push_back(MakeOrder(type));
    if (Chance(25)) choice.limit = Chance(10) ? 0 : 1 + Small();
    if (Chance(15)) choice.offset = Small();
    if (is_query && Chance(15)) choice.after = AfterRow(type);
    while (loads > 0 && choice.with.size() < 3 && Chance(35)) {
      const std::size_t edge = Below(kInfo[type].edges);
      choice.with.push_back({edge, MakeChoice(EdgeOf(type, edge).target, loads - 1, false)});
    }
    return choice;
  }
  /// One that is there, or not.
  Row AfterRow(Type type) {
    const std::vector<Row>& rows = world_->rows[type];
    if (!rows.empty() && Chance(70)) return rows[Below(rows.size())];
    Row row = MakeRow(type, 1 + Below(15));
    for (std::size_t at = 0; at < kInfo[type].edges; ++at) {
      const Edge& edge = EdgeOf(type, at);
      if (edge.kind == Edge::Kind::Own && Chance(60)) row.keys[edge.at] = AnyId(edge.target);
    }
    return row;
  }

  Measure MakeMeasure(Type type) {
    Measure measure{static_cast<Measure::Kind>(Below(5)), Below(kInfo[type].fields)};
    const bool sums = measure.kind == Measure::Kind::Sum || measure.kind == Measure::Kind::Avg;
    const Field& field = FieldOf(type, *measure.field);
    const bool fits = field.IsNumber() && *measure.field != kRank;
    if (sums && !fits) measure.kind = Pick({Measure::Kind::Min, Measure::Kind::Max});
    return measure;
  }
  void MakeGroups(Type type, Ask& ask) {
    const Shape& shape = kGroups[type][ask.shape];
    if (Chance(40)) ask.having.push_back(MakeHaving(type, shape, 2));
    while (ask.groups.size() < 3 && Chance(50)) {
      GroupOrder order{Chance(60), 0, Chance(50), AnyNulls()};
      order.at = Below(order.by_key ? shape.keys.size() : shape.measures.size());
      ask.groups.push_back(order);
    }
    if (Chance(30)) ask.limit = Small();
    if (Chance(20)) ask.offset = Small();
  }
  Where MakeHaving(Type type, const Shape& shape, unsigned depth) {
    Where where;
    if (depth > 0 && Chance(40)) {
      where.what = Pick({What::And, What::Or, What::Not});
      for (int n = where.what == What::Not ? 1 : 2; n > 0; --n) {
        where.inside.push_back(MakeHaving(type, shape, depth - 1));
      }
      return where;
    }
    where.what = AnySign();
    where.at = Below(shape.measures.size());
    const Measure& measure = shape.measures[where.at];
    if (measure.kind == Measure::Kind::Count) {
      where.values.emplace_back(Small());
    } else {
      const Field& field = FieldOf(type, *measure.field);
      where.values.push_back(Operand(type, *measure.field));
      const bool is_whole = field.kind == Field::Kind::Int;
      if (measure.kind == Measure::Kind::Avg && is_whole) where.values.front() = 0.5;
    }
    return where;
  }

  std::uint64_t state_;
  const World* world_ = nullptr;
};

}  // namespace queries
