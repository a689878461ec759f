#pragma once

/// A random query as plain data: the rows that there are, what interceptors do, and what is asked.
/// It is answered twice, by Grapnel and by a model of it, and the two answers are compared.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace queries {

/// A stored value: NULL, a whole number, a real, or the bytes of a text or blob.
using Value = std::variant<std::monostate, std::int64_t, double, std::string>;
inline bool IsNull(const Value& value) noexcept { return value.index() == 0; }

/// Of two values of one field, of which NULL is the least: less than 0, 0 or more than 0.
inline int Compare(const Value& a, const Value& b) {
  const auto sign = [](const auto& left, const auto& right) {
    return left < right ? -1 : (right < left ? 1 : 0);
  };
  if (IsNull(a) || IsNull(b)) return sign(a.index(), b.index());
  if (const auto* left = std::get_if<std::int64_t>(&a)) return sign(*left, std::get<1>(b));
  if (const auto* left = std::get_if<double>(&a)) return sign(*left, std::get<2>(b));
  return std::get<3>(a).compare(std::get<3>(b));  // byte by byte
}

// The types of schema.hpp.

enum Type : std::size_t { kA, kB, kC };
inline constexpr std::size_t kTypes = 3;

struct Field {
  enum class Kind : std::uint8_t { Bool, Int, Real, Text, Blob, Time, Mood, Level };
  std::string_view name;
  Kind kind;
  bool nullable = false;

  bool IsText() const noexcept { return kind == Kind::Text; }
  bool HasParts() const noexcept { return kind == Kind::Text || kind == Kind::Blob; }
  bool IsNumber() const noexcept { return kind == Kind::Int || kind == Kind::Real; }
};
inline constexpr Field kFieldsOfA[] = {
    {"id", Field::Kind::Int},          {"flag", Field::Kind::Bool},
    {"rank", Field::Kind::Int, true},  {"name", Field::Kind::Text},
    {"note", Field::Kind::Text, true}, {"count", Field::Kind::Int},
    {"score", Field::Kind::Real},      {"data", Field::Kind::Blob},
    {"due", Field::Kind::Time, true},  {"mood", Field::Kind::Mood}};
inline constexpr Field kFieldsOfB[] = {
    {"id", Field::Kind::Text},         {"flag", Field::Kind::Bool},
    {"rank", Field::Kind::Int, true},  {"name", Field::Kind::Text},
    {"note", Field::Kind::Text, true}, {"score", Field::Kind::Real, true},
    {"mood", Field::Kind::Mood, true}, {"due", Field::Kind::Time}};
inline constexpr Field kFieldsOfC[] = {
    {"id", Field::Kind::Int},         {"flag", Field::Kind::Bool},
    {"rank", Field::Kind::Int, true}, {"name", Field::Kind::Text},
    {"level", Field::Kind::Level},    {"wanted", Field::Kind::Level, true},
    {"data", Field::Kind::Blob, true}};
inline constexpr std::size_t kId = 0, kRank = 2, kName = 3;

struct Edge {
  /// The key of one neighbour in the row itself, in `at`; in the neighbours' rows; pairs of ids,
  /// the own one first, second, or both ways round.
  enum class Kind : std::uint8_t { Own, Their, Pairs, PairsBack, Mirrored };
  std::string_view name;
  Kind kind;
  Type target;
  std::size_t at;  // the key in the row of whoever holds it, or which pairs
  bool many;
};
inline constexpr std::size_t kLiked = 0;  // of C: a key that is no member of it
inline constexpr Edge kEdgesOfA[] = {
    {"items", Edge::Kind::Their, kB, 0, true},    {"parent", Edge::Kind::Own, kA, 0, false},
    {"children", Edge::Kind::Their, kA, 0, true}, {"friends", Edge::Kind::Mirrored, kA, 0, true},
    {"badge", Edge::Kind::Own, kC, 1, false},     {"tags", Edge::Kind::Pairs, kB, 1, true}};
inline constexpr Edge kEdgesOfB[] = {{"owner", Edge::Kind::Own, kA, 0, false},
                                     {"next", Edge::Kind::Own, kB, 1, false},
                                     {"tagged", Edge::Kind::PairsBack, kA, 1, true},
                                     {"likes", Edge::Kind::Their, kC, kLiked, true}};
inline constexpr Edge kEdgesOfC[] = {{"holder", Edge::Kind::Their, kA, 1, false},
                                     {"follows", Edge::Kind::Pairs, kC, 2, true},
                                     {"followers", Edge::Kind::PairsBack, kC, 2, true}};

/// Two fields that are compared with each other.
struct Both {
  std::size_t left, right;
};
inline constexpr Both kBothOfA[] = {{5, 2}, {3, 4}, {2, 0}};  // count, rank; name, note; rank, id
inline constexpr Both kBothOfB[] = {{0, 4}, {4, 3}};          // id, note; note, name
inline constexpr Both kBothOfC[] = {{4, 5}, {2, 0}};          // level, wanted; rank, id

/// An aggregate of a field; of no field it counts rows.
struct Measure {
  enum class Kind : std::uint8_t { Count, Sum, Avg, Min, Max };
  Kind kind = Kind::Count;
  std::optional<std::size_t> field{};
};
/// What rows are grouped by, and what is computed of each group; run.hpp has the same as code.
struct Shape {
  std::vector<std::size_t> keys;
  std::vector<Measure> measures{};
};
using Computes = Measure::Kind;
inline const std::vector<Shape> kGroups[kTypes] = {
    // A's flag: Count(), Sum(count), Avg(score), Min(name), Max(due)
    {{{1},
      {{Computes::Count, {}},
       {Computes::Sum, 5},
       {Computes::Avg, 6},
       {Computes::Min, 3},
       {Computes::Max, 8}}},
     // name and note: Count(data), Sum(score), Max(mood)
     {{3, 4}, {{Computes::Count, 7}, {Computes::Sum, 6}, {Computes::Max, 9}}}},
    // B's mood: Count(), Sum(score), Avg(score), Max(id), Min(name)
    {{{6},
      {{Computes::Count, {}},
       {Computes::Sum, 5},
       {Computes::Avg, 5},
       {Computes::Max, 0},
       {Computes::Min, 3}}}},
    // C's wanted and level: Count(), Min(data), Count(rank)
    {{{5, 4}, {{Computes::Count, {}}, {Computes::Min, 6}, {Computes::Count, 2}}}}};
/// Fields that are selected in place of rows.
inline const std::vector<Shape> kSelects[kTypes] = {
    {{{3}}, {{1, 4, 8}}}, {{{6}}, {{0, 3}}}, {{{5, 2, 3}}}};

struct TypeInfo {
  std::string_view name;
  std::size_t fields, edges, boths, keys;
};
inline constexpr TypeInfo kInfo[] = {
    {"A", std::size(kFieldsOfA), std::size(kEdgesOfA), std::size(kBothOfA), 2},
    {"B", std::size(kFieldsOfB), std::size(kEdgesOfB), std::size(kBothOfB), 2},
    {"C", std::size(kFieldsOfC), std::size(kEdgesOfC), std::size(kBothOfC), 1}};
constexpr const Field& FieldOf(Type type, std::size_t at) {
  return type == kA ? kFieldsOfA[at] : (type == kB ? kFieldsOfB[at] : kFieldsOfC[at]);
}
constexpr const Edge& EdgeOf(Type type, std::size_t at) {
  return type == kA ? kEdgesOfA[at] : (type == kB ? kEdgesOfB[at] : kEdgesOfC[at]);
}
constexpr const Both& BothOf(Type type, std::size_t at) {
  return type == kA ? kBothOfA[at] : (type == kB ? kBothOfB[at] : kBothOfC[at]);
}

// What is asked.

struct Where {
  enum class What : std::uint8_t {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    In,
    IsNull,
    Contains,
    HasPrefix,
    HasSuffix,
    EqualFold,
    ContainsFold,
    Fields,  // two of them compared
    EdgeEqual,
    EdgeNotEqual,
    EdgeIn,
    EdgeIsNull,
    Has,
    And,
    Or,
    Not,
  };
  What what = What::Equal;
  std::size_t at = 0;       // which field, pair of fields, edge, or aggregate of a group
  What sign = What::Equal;  // of Fields
  std::vector<Value> values{};
  std::vector<Where> inside{};  // And, Or: one at least; Not: one; Has: one or none

  bool IsJoin() const noexcept { return what == What::And || what == What::Or; }
};

struct Order {
  enum class By : std::uint8_t { Field, Key, Neighbour, Count };
  enum class Nulls : std::uint8_t { Usual, First, Last };
  By by = By::Field;
  std::size_t at = 0;  // which field or edge
  std::size_t of = 0;  // which field of the neighbour
  bool descending = false;
  Nulls nulls = Nulls::Usual;

  bool IsAlike(const Order& other) const noexcept {
    return by == other.by && at == other.at && (by != By::Neighbour || of == other.of);
  }
};

struct Row {
  std::vector<Value> cells{};  // the fields
  std::vector<Value> keys{};   // of the edges whose keys are in the row

  const Value& Id() const { return cells[kId]; }
  bool operator==(const Row&) const = default;
};

struct Load;
/// Which rows, in which order, with which neighbours.
struct Choice {
  std::vector<Where> where{};
  std::vector<Order> order{};
  std::optional<Row> after{};
  std::optional<std::int64_t> limit{};
  std::int64_t offset = 0;
  std::vector<Load> with;  // Load is incomplete here
};
struct Load {
  std::size_t edge = 0;
  Choice choice{};
};
/// Rows, whose neighbours are gone to.
struct Hop {
  Choice choice{};
  std::size_t edge = 0;
};

/// An order of groups: by a key, or an aggregate.
struct GroupOrder {
  bool by_key = true;
  std::size_t at = 0;
  bool descending = false;
  Order::Nulls nulls = Order::Nulls::Usual;
};

struct Ask {
  enum class Verb : std::uint8_t {
    All,
    First,
    Only,
    Count,
    Exist,
    IDs,
    Measure,
    Group,
    Select,
    ForEach,
    Loop,
    Pages,
    Find,
    Update,
    Delete,
  };
  enum class In : std::uint8_t { Client, Tx, ReadTx };

  Type type = kA;
  std::vector<Hop> hops{};
  Choice choice{};
  Verb verb = Verb::All;
  In in = In::Client;
  queries::Measure measure{};  // Measure
  std::size_t shape = 0;       // Group, Select
  bool distinct = false;       // Select
  std::vector<Where> having{};
  std::vector<GroupOrder> groups{};
  std::optional<std::int64_t> limit{};  // of groups; of Loop: how many steps
  std::int64_t offset = 0;
  Value id{};          // Find
  bool again = false;  // it is run twice, and its conditions come behind After
  bool whole = false;  // all fields of rows are compared, not only some

  /// The type at the end of the hops.
  Type Last() const {
    Type last = type;
    for (const Hop& hop : hops) last = EdgeOf(last, hop.edge).target;
    return last;
  }
};

using PairSet = std::set<std::pair<Value, Value>>;
inline constexpr std::size_t kPairs = 3;
/// The types of the two ids of pairs.
inline constexpr Type kPairsOf[kPairs][2] = {{kA, kA}, {kA, kB}, {kC, kC}};

/// What interceptors do to reads of a type.
struct Intercept {
  std::vector<Where> narrow{};
  std::optional<std::int64_t> at_most{};
  bool mask = false;  // the name
  bool around = false;
};

/// All that is stored, and the interceptors.
struct World {
  std::array<std::vector<Row>, kTypes> rows{};
  std::array<PairSet, kPairs> pairs{};
  std::array<Intercept, kTypes> intercept{};
};
inline constexpr std::string_view kMask = "#";

struct Case {
  World world{};
  Ask ask{};
};

/// What is said of rows: a line each, in their order or, where none was asked for, sorted.
using Lines = std::vector<std::string>;

/// Loads of each edge as one, which is how they are made.
inline std::vector<Load> Merged(const std::vector<Load>& loads);
inline void Join(Choice& to, const Choice& other) {
  const auto end = [](const Choice& of) {
    return of.limit ? std::optional(of.offset + *of.limit) : std::nullopt;
  };
  const auto one = end(to), another = end(other);
  to.where.insert(to.where.end(), other.where.begin(), other.where.end());
  to.order.insert(to.order.end(), other.order.begin(), other.order.end());
  to.with.insert(to.with.end(), other.with.begin(), other.with.end());
  to.offset = std::max(to.offset, other.offset);
  to.limit.reset();
  if (!one && !another) return;
  const std::int64_t least = one && another ? std::min(*one, *another) : (one ? *one : *another);
  to.limit = std::max<std::int64_t>(least - to.offset, 0);
}
inline std::vector<Load> Merged(const std::vector<Load>& loads) {
  std::vector<Load> merged;
  for (const Load& load : loads) {
    const auto same = std::find_if(merged.begin(), merged.end(),
                                   [&](const Load& each) { return each.edge == load.edge; });
    if (same == merged.end()) {
      merged.push_back(load);
    } else {
      Join(same->choice, load.choice);
    }
  }
  return merged;
}

/// Mends what is no question with one answer: an order is needed wherever it says which rows come.
class Repair {
 public:
  explicit Repair(const World& world) : world_(world) {}

  void operator()(Ask& ask) const {
    Type type = ask.type;
    for (Hop& hop : ask.hops) {
      Mend(type, hop.choice, false);
      type = EdgeOf(type, hop.edge).target;
    }
    Choice& choice = ask.choice;
    if (ask.verb >= Ask::Verb::Find) {  // what has no more than conditions
      ask.hops.clear();
      ask.type = type;
      std::vector<Where> where = std::move(choice.where);
      choice = Choice{};
      if (ask.verb != Ask::Verb::Find) choice.where = std::move(where);
    }
    const bool steps = ask.verb == Ask::Verb::Loop && ask.limit;
    if (ask.verb == Ask::Verb::Pages) MendPages(choice);
    if (ask.verb == Ask::Verb::Select && ask.distinct) MendDistinct(ask, choice);
    Mend(type, choice, steps || ask.verb == Ask::Verb::First || ask.verb == Ask::Verb::Pages);
    if (ask.verb == Ask::Verb::Group && (ask.limit || ask.offset != 0)) {
      for (std::size_t key = 0; key < kGroups[type][ask.shape].keys.size(); ++key) {
        const bool there =
            std::any_of(ask.groups.begin(), ask.groups.end(),
                        [&](const GroupOrder& each) { return each.by_key && each.at == key; });
        if (!there) ask.groups.push_back({true, key});
      }
    }
  }

 private:
  void Mend(Type type, Choice& choice, bool is_ordered) const {
    is_ordered = is_ordered || choice.after || choice.limit || choice.offset != 0 ||
                 world_.intercept[type].at_most;
    if (choice.after) {
      std::erase_if(choice.order, [](const Order& each) { return each.by > Order::By::Key; });
    }
    if (is_ordered && choice.order.empty()) choice.order.push_back({});
    for (Load& load : choice.with) Mend(EdgeOf(type, load.edge).target, load.choice, false);
  }
  /// A page follows the row before it as it was read.
  static void MendPages(Choice& choice) {
    choice.offset = 0;
    choice.limit = std::max<std::int64_t>(choice.limit.value_or(3), 1);
    std::erase_if(choice.order, [](const Order& each) { return each.by > Order::By::Key; });
  }
  /// Ordered by nothing but what is selected, and by all of that where only some come.
  void MendDistinct(const Ask& ask, Choice& choice) const {
    const Type type = ask.Last();
    const std::vector<std::size_t>& fields = kSelects[type][ask.shape].keys;
    std::erase_if(choice.order, [&](const Order& each) {
      return each.by != Order::By::Field ||
             std::find(fields.begin(), fields.end(), each.at) == fields.end();
    });
    choice.after.reset();
    for (const std::size_t field : fields) {
      Order order;
      order.at = field;
      const bool there = std::any_of(choice.order.begin(), choice.order.end(),
                                     [&](const Order& each) { return each.IsAlike(order); });
      if (!there) choice.order.push_back(order);
    }
  }

  const World& world_;
};

}  // namespace queries
