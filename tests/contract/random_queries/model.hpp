#pragma once

/// Answers queries as the promises say, by looking at rows one after another.

#include "contract/random_queries/print.hpp"
#include "contract/random_queries/query.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace queries {

class Model {
 public:
  explicit Model(const World& world) : world_(world) {
    for (const Type type : {kA, kB, kC}) {
      for (const Row& row : world.rows[type]) {
        seen_[type].push_back(Match(type, row, world.intercept[type].narrow, false));
      }
    }
  }

  Lines Answer(const Ask& ask) {
    Type type = ask.type;
    Rows rows = All(type);
    for (const Hop& hop : ask.hops) {
      rows = Chosen(type, hop.choice, rows);
      Rows reached;
      const Edge& edge = EdgeOf(type, hop.edge);
      for (const Row& candidate : world_.rows[edge.target]) {
        const bool found = std::any_of(rows.begin(), rows.end(), [&](const Row* row) {
          return AreNeighbours(*row, candidate, edge);
        });
        if (found) reached.push_back(&candidate);
      }
      type = edge.target;
      rows = reached;
    }
    return Verbs(type, ask, rows);
  }

 private:
  using What = Where::What;
  using Truth = std::optional<bool>;  // or unknown
  using Rows = std::vector<const Row*>;

  Rows All(Type type) const {
    Rows rows;
    for (const Row& row : world_.rows[type]) rows.push_back(&row);
    return rows;
  }
  /// Whether before-interceptors leave it.
  bool IsSeen(Type type, const Row& row) const {
    return seen_[type][static_cast<std::size_t>(&row - world_.rows[type].data())];
  }

  // Edges.

  bool AreNeighbours(const Row& row, const Row& other, const Edge& edge) const {
    const auto has = [&](const Row& one, const Row& another) {
      return world_.pairs[edge.at].contains({one.Id(), another.Id()});
    };
    switch (edge.kind) {
      case Edge::Kind::Own:
        return row.keys[edge.at] == other.Id();
      case Edge::Kind::Their:
        return other.keys[edge.at] == row.Id();
      case Edge::Kind::Pairs:
        return has(row, other);
      case Edge::Kind::PairsBack:
        return has(other, row);
      case Edge::Kind::Mirrored:
        break;
    }
    return has(row, other) || has(other, row);
  }
  Rows Neighbours(const Row& row, const Edge& edge) const {
    Rows rows;
    for (const Row& other : world_.rows[edge.target]) {
      if (AreNeighbours(row, other, edge)) rows.push_back(&other);
    }
    return rows;
  }

  // Conditions. `narrows`: what they ask of other rows is narrowed by interceptors.

  bool Match(Type type, const Row& row, const std::vector<Where>& where, bool narrows) const {
    return std::all_of(where.begin(), where.end(), [&](const Where& each) {
      return Holds(type, row, each, narrows) == Truth(true);
    });
  }
  Truth Holds(Type type, const Row& row, const Where& where, bool narrows) const {
    switch (where.what) {
      case What::And:
      case What::Or:
      case What::Not:
        return Joined(where, [&](const Where& each) { return Holds(type, row, each, narrows); });
      case What::Has:
        return HasNeighbour(row, EdgeOf(type, where.at), narrows, [&](const Row& neighbour) {
          return Match(EdgeOf(type, where.at).target, neighbour, where.inside, narrows);
        });
      case What::Fields: {
        const Both& both = BothOf(type, where.at);
        return Leaf(where.sign, row.cells[both.left], {row.cells[both.right]});
      }
      case What::EdgeEqual:
        return OfEdge(type, row, where, What::Equal, narrows);
      case What::EdgeNotEqual:
        return OfEdge(type, row, where, What::NotEqual, narrows);
      case What::EdgeIn:
        return OfEdge(type, row, where, What::In, narrows);
      case What::EdgeIsNull:
        return OfEdge(type, row, where, What::IsNull, narrows);
      default:
        return Leaf(where.what, row.cells[where.at], where.values);
    }
  }
  template <class Of>
  static Truth Joined(const Where& where, Of of) {
    if (where.what == What::Not) {
      const Truth truth = of(where.inside.front());
      return truth ? Truth(!*truth) : truth;
    }
    Truth all = where.what == What::And;
    for (const Where& each : where.inside) {
      const Truth truth = of(each);
      if (truth == Truth(where.what == What::Or)) return truth;
      if (!truth) all.reset();
    }
    return all;
  }
  template <class Matches>
  bool HasNeighbour(const Row& row, const Edge& edge, bool narrows, Matches matches) const {
    for (const Row* neighbour : Neighbours(row, edge)) {
      if ((!narrows || IsSeen(edge.target, *neighbour)) && matches(*neighbour)) return true;
    }
    return false;
  }
  /// The key of its own says it; else the neighbour is looked for.
  Truth OfEdge(Type type, const Row& row, const Where& where, What what, bool narrows) const {
    const Edge& edge = EdgeOf(type, where.at);
    if (edge.kind == Edge::Kind::Own) return Leaf(what, row.keys[edge.at], where.values);
    if (what == What::IsNull) {
      return !HasNeighbour(row, edge, narrows, [](const Row&) { return true; });
    }
    return HasNeighbour(row, edge, narrows, [&](const Row& neighbour) {
      return Leaf(what, neighbour.Id(), where.values) == Truth(true);
    });
  }

  static Truth Leaf(What what, const Value& value, const std::vector<Value>& values) {
    if (what == What::IsNull) return IsNull(value);
    if (what == What::In && values.empty()) return false;
    if (IsNull(value)) return std::nullopt;
    if (what == What::In) return std::find(values.begin(), values.end(), value) != values.end();
    const Value& other = values.front();
    if (IsNull(other)) return std::nullopt;
    if (what > What::In) return OfParts(what, std::get<3>(value), std::get<3>(other));
    const int compared = Compare(value, other);
    switch (what) {
      case What::Equal:
        return compared == 0;
      case What::NotEqual:
        return compared != 0;
      case What::Less:
        return compared < 0;
      case What::LessEqual:
        return compared <= 0;
      case What::Greater:
        return compared > 0;
      default:
        return compared >= 0;
    }
  }
  static bool OfParts(What what, const std::string& text, const std::string& part) {
    switch (what) {
      case What::Contains:
        return text.find(part) != text.npos;
      case What::HasPrefix:
        return text.starts_with(part);
      case What::HasSuffix:
        return text.ends_with(part);
      case What::EqualFold:
        return Lower(text) == Lower(part);
      default:
        return Lower(text).find(Lower(part)) != std::string::npos;
    }
  }
  static std::string Lower(std::string text) {
    for (char& each : text) {
      if (each >= 'A' && each <= 'Z') each = static_cast<char>(each + ('a' - 'A'));
    }
    return text;
  }

  // Orders.

  Value KeyOf(Type type, const Row& row, const Order& order) const {
    if (order.by == Order::By::Field) return row.cells[order.at];
    const Edge& edge = EdgeOf(type, order.at);
    if (order.by == Order::By::Key) return row.keys[edge.at];
    Rows neighbours = Neighbours(row, edge);
    std::erase_if(neighbours, [&](const Row* each) { return !IsSeen(edge.target, *each); });
    if (order.by == Order::By::Count) return static_cast<std::int64_t>(neighbours.size());
    return neighbours.empty() ? Value() : neighbours.front()->cells[order.of];
  }
  static int InOrder(const Value& a, const Value& b, bool descending, Order::Nulls nulls) {
    if (IsNull(a) != IsNull(b)) {
      const bool first = nulls == Order::Nulls::Usual ? !descending : nulls == Order::Nulls::First;
      return IsNull(a) == first ? -1 : 1;
    }
    return descending ? -Compare(a, b) : Compare(a, b);
  }
  /// Each but those that order nothing any more, and behind them the id in the last's direction.
  static std::vector<Order> WithId(const std::vector<Order>& given) {
    std::vector<Order> orders;
    for (const Order& each : given) {
      if (std::none_of(orders.begin(), orders.end(),
                       [&](const Order& before) { return before.IsAlike(each); })) {
        orders.push_back(each);
      }
      if (each.IsAlike({})) return orders;  // behind the id there are no equals
    }
    Order by_id;
    by_id.descending = orders.back().descending;
    orders.push_back(by_id);
    return orders;
  }
  struct Placed {
    const Row* row;
    std::vector<Value> keys;
  };
  static bool Before(const std::vector<Order>& orders, const std::vector<Value>& a,
                     const std::vector<Value>& b) {
    for (std::size_t at = 0; at < orders.size(); ++at) {
      const int compared = InOrder(a[at], b[at], orders[at].descending, orders[at].nulls);
      if (compared != 0) return compared < 0;
    }
    return false;
  }
  std::vector<Value> KeysOf(Type type, const Row& row, const std::vector<Order>& orders) const {
    std::vector<Value> keys;
    for (const Order& order : orders) keys.push_back(KeyOf(type, row, order));
    return keys;
  }

  /// Which of these rows, as they are read by somebody.
  Rows Chosen(Type type, const Choice& choice, const Rows& from) const {
    Rows rows;
    for (const Row* row : from) {
      if (IsSeen(type, *row) && Match(type, *row, choice.where, true)) rows.push_back(row);
    }
    if (!choice.order.empty()) Sort(type, choice, rows);
    std::int64_t limit = choice.limit.value_or(static_cast<std::int64_t>(rows.size()));
    limit = std::min(limit, world_.intercept[type].at_most.value_or(limit));
    return Part(std::move(rows), limit, choice.offset);
  }
  void Sort(Type type, const Choice& choice, Rows& rows) const {
    const std::vector<Order> orders = WithId(choice.order);
    std::vector<Placed> placed;
    for (const Row* row : rows) placed.push_back({row, KeysOf(type, *row, orders)});
    std::sort(placed.begin(), placed.end(),
              [&](const Placed& a, const Placed& b) { return Before(orders, a.keys, b.keys); });
    std::vector<Value> after;
    if (choice.after) after = KeysOf(type, AsStored(type, *choice.after), orders);
    rows.clear();
    for (const Placed& each : placed) {
      if (!choice.after || Before(orders, after, each.keys)) rows.push_back(each.row);
    }
  }
  /// A page goes on by what is stored where an interceptor changes what is read, and shows the row.
  Row AsStored(Type type, Row row) const {
    if (!world_.intercept[type].mask || world_.intercept[type].at_most == 0) return row;
    for (const Row& each : world_.rows[type]) {
      const bool is_it = each.Id() == row.Id() && IsSeen(type, each);
      if (is_it && each.cells[kName] != Value(std::string(kMask))) {
        row.cells[kName] = each.cells[kName];
      }
    }
    return row;
  }
  template <class T>
  static std::vector<T> Part(std::vector<T> all, std::optional<std::int64_t> limit,
                             std::int64_t offset) {
    const auto size = static_cast<std::int64_t>(all.size());
    const auto first = all.begin() + std::min(offset, size);
    const auto last = limit && *limit < all.end() - first ? first + *limit : all.end();
    return std::vector<T>(first, last);
  }

  // Answers.

  Value Shown(Type type, const Row& row, std::size_t field) const {
    return field == kName && world_.intercept[type].mask ? Value(std::string(kMask))
                                                         : row.cells[field];
  }
  std::string Tell(Type type, const Row& row, const std::vector<Load>& loads, bool whole) const {
    std::string line = Show(row.Id()) + " " + Show(Shown(type, row, kName));
    if (whole) {
      for (std::size_t at = kId + 1; at < kInfo[type].fields; ++at) {
        line += " " + Show(Shown(type, row, at));
      }
      for (std::size_t at = 0; at < kInfo[type].edges; ++at) {
        const Edge& edge = EdgeOf(type, at);
        if (edge.kind == Edge::Kind::Own) line += " " + Show(row.keys[edge.at]);
      }
    }
    for (const Load& load : loads) {
      const Edge& edge = EdgeOf(type, load.edge);
      const std::vector<Load> nested = Merged(load.choice.with);
      Lines neighbours;
      for (const Row* each : Chosen(edge.target, load.choice, Neighbours(row, edge))) {
        neighbours.push_back(Tell(edge.target, *each, nested, whole));
      }
      line += ShowLoaded(edge, load, std::move(neighbours));
    }
    return line;
  }

  Lines Verbs(Type type, const Ask& ask, const Rows& from) const {
    Choice choice = ask.choice;
    if (ask.verb >= Ask::Verb::Find) return OfType(type, ask);
    const bool pages = ask.verb == Ask::Verb::Pages;
    const bool distinct = ask.verb == Ask::Verb::Select && ask.distinct;
    if (pages || distinct) choice.limit.reset();
    if (distinct) choice.offset = 0;
    const Rows rows =
        pages || distinct ? Unlimited(type, choice, from) : Chosen(type, choice, from);
    const auto size = static_cast<std::int64_t>(rows.size());
    switch (ask.verb) {
      case Ask::Verb::Count:
        return {std::to_string(size)};
      case Ask::Verb::Exist:
        return {size == 0 ? "no" : "yes"};
      case Ask::Verb::IDs: {
        Lines ids;
        for (const Row* row : rows) ids.push_back(Show(row->Id()));
        return Ordered(ask, std::move(ids));
      }
      case Ask::Verb::Measure: {
        const Value value = Computed(ask.measure, rows);
        return {Show(MaskedMeasure(type, ask.measure, value))};
      }
      case Ask::Verb::Group:
        return Groups(type, ask, rows);
      case Ask::Verb::Select:
        return Selected(type, ask, rows);
      case Ask::Verb::Only:
        if (size > 1) return {"several"};
        [[fallthrough]];
      case Ask::Verb::First:
        if (size == 0) return {"none"};
        return {Tell(type, *rows.front(), Merged(choice.with), ask.whole)};
      default:
        break;
    }
    Lines lines;
    const std::vector<Load> loads = Merged(choice.with);
    const bool stops = ask.verb == Ask::Verb::Loop && ask.limit;
    for (const Row* row : Part(rows, stops ? ask.limit : std::nullopt, 0)) {
      lines.push_back(Tell(type, *row, loads, ask.whole));
    }
    return Ordered(ask, std::move(lines));
  }
  /// What is asked of a type, without a query.
  Lines OfType(Type type, const Ask& ask) const {
    std::int64_t count = 0;
    for (const Row& row : world_.rows[type]) {
      if (!IsSeen(type, row)) continue;
      if (ask.verb == Ask::Verb::Find && row.Id() == ask.id) {
        return {Tell(type, row, {}, ask.whole)};
      }
      count += Match(type, row, ask.choice.where, true) ? 1 : 0;
    }
    return {ask.verb == Ask::Verb::Find ? "none" : std::to_string(count)};
  }
  /// As if no interceptor said at most how many.
  Rows Unlimited(Type type, const Choice& choice, const Rows& from) const {
    Rows rows;
    for (const Row* row : from) {
      if (IsSeen(type, *row) && Match(type, *row, choice.where, true)) rows.push_back(row);
    }
    if (!choice.order.empty()) Sort(type, choice, rows);
    return rows;
  }

  static Value Computed(const Measure& measure, const Rows& rows) {
    if (!measure.field) return static_cast<std::int64_t>(rows.size());
    std::vector<Value> values;
    for (const Row* row : rows) {
      const Value& value = row->cells[*measure.field];
      if (!IsNull(value)) values.push_back(value);
    }
    std::sort(values.begin(), values.end(),
              [](const Value& a, const Value& b) { return Compare(a, b) < 0; });
    if (measure.kind == Measure::Kind::Count) {
      return static_cast<std::int64_t>(std::set<Value>(values.begin(), values.end()).size());
    }
    if (values.empty()) return Value();
    if (measure.kind == Measure::Kind::Min) return values.front();
    if (measure.kind == Measure::Kind::Max) return values.back();
    std::int64_t whole = 0;
    double real = 0;
    for (const Value& value : values) {
      if (const auto* number = std::get_if<std::int64_t>(&value)) whole += *number;
      if (const auto* number = std::get_if<double>(&value)) real += *number;
    }
    const bool is_whole = values.front().index() == 1;
    if (measure.kind == Measure::Kind::Sum) return is_whole ? Value(whole) : Value(real);
    return (is_whole ? static_cast<double>(whole) : real) / static_cast<double>(values.size());
  }
  Value MaskedMeasure(Type type, const Measure& measure, const Value& value) const {
    const bool is_field = measure.kind >= Measure::Kind::Min && measure.field == kName;
    const bool masks = is_field && !IsNull(value) && world_.intercept[type].mask;
    return masks ? Value(std::string(kMask)) : value;
  }

  struct Group {
    Rows rows{};
    std::vector<Value> values{};  // the keys, then the measures
  };
  Lines Groups(Type type, const Ask& ask, const Rows& rows) const {
    const Shape& shape = kGroups[type][ask.shape];
    std::vector<Group> groups;
    for (const Row* row : rows) {
      std::vector<Value> keys;
      for (const std::size_t key : shape.keys) keys.push_back(row->cells[key]);
      auto group = std::find_if(groups.begin(), groups.end(),
                                [&](const Group& each) { return each.values == keys; });
      if (group == groups.end()) group = groups.insert(group, {{}, keys});
      group->rows.push_back(row);
    }
    for (Group& group : groups) {
      for (const Measure& measure : shape.measures) {
        group.values.push_back(Computed(measure, group.rows));
      }
    }
    std::erase_if(groups, [&](const Group& group) {
      return !std::all_of(ask.having.begin(), ask.having.end(), [&](const Where& having) {
        return Has(shape, group, having) == Truth(true);
      });
    });
    std::sort(groups.begin(), groups.end(), [&](const Group& a, const Group& b) {
      for (const GroupOrder& order : ask.groups) {
        const std::size_t at = order.by_key ? order.at : shape.keys.size() + order.at;
        const int compared = InOrder(a.values[at], b.values[at], order.descending, order.nulls);
        if (compared != 0) return compared < 0;
      }
      return false;
    });
    Lines lines;
    for (const Group& group : Part(groups, ask.limit, ask.offset)) {
      lines.push_back(Told(type, shape, group));
    }
    return Ordered(ask, std::move(lines));
  }
  std::string Told(Type type, const Shape& shape, const Group& group) const {
    std::string line;
    std::size_t at = 0;
    for (const std::size_t key : shape.keys) line += Show(Shown(type, *group.rows[0], key)) + " ";
    at = shape.keys.size();
    for (const Measure& measure : shape.measures) {
      line += Show(MaskedMeasure(type, measure, group.values[at++])) + " ";
    }
    return line;
  }
  static Truth Has(const Shape& shape, const Group& group, const Where& having) {
    if (having.IsJoin() || having.what == What::Not) {
      return Joined(having, [&](const Where& each) { return Has(shape, group, each); });
    }
    return Leaf(having.what, group.values[shape.keys.size() + having.at], having.values);
  }

  Lines Selected(Type type, const Ask& ask, const Rows& rows) const {
    Lines lines;
    for (const Row* row : rows) {
      std::string line;
      for (const std::size_t field : kSelects[type][ask.shape].keys) {
        line += Show(Shown(type, *row, field)) + " ";
      }
      const bool again = std::find(lines.begin(), lines.end(), line) != lines.end();
      if (!ask.distinct || !again) lines.push_back(line);
    }
    if (ask.distinct) {
      std::optional<std::int64_t> limit = ask.choice.limit;
      const auto at_most = world_.intercept[type].at_most;
      if (at_most && (!limit || *limit > *at_most)) limit = at_most;
      lines = Part(std::move(lines), limit, ask.choice.offset);
    }
    return Ordered(ask, std::move(lines));
  }

  const World& world_;
  std::array<std::vector<bool>, kTypes> seen_{};
};

}  // namespace queries
