#pragma once

/// Queries and what is said of rows, as text.

#include "contract/random_queries/query.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace queries {

inline std::string Show(const Value& value) {
  if (IsNull(value)) return "NULL";
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return std::to_string(*whole);
  if (const auto* real = std::get_if<double>(&value)) {
    char text[32];
    std::snprintf(text, sizeof text, "%.17g", *real);
    return text;
  }
  std::string shown = "'";
  for (const char each : std::get<std::string>(value)) {
    if (each >= ' ' && each <= '~' && each != '\\') {
      shown += each;
    } else {
      char text[8];
      std::snprintf(text, sizeof text, "\\x%02x", static_cast<unsigned>(each) & 0xffU);
      shown += text;
    }
  }
  return shown + "'";
}

inline std::string JoinedBy(std::string_view between, const Lines& lines) {
  std::string joined;
  for (const std::string& line : lines) {
    if (&line != &lines.front()) joined += between;
    joined += line;
  }
  return joined;
}

// Of answers.

/// Neighbours that a row was loaded with.
inline std::string ShowLoaded(const Edge& edge, const Load& load, Lines neighbours) {
  if (load.choice.order.empty()) std::sort(neighbours.begin(), neighbours.end());
  return " " + std::string(edge.name) + "[" + JoinedBy(", ", neighbours) + "]";
}

/// As they came where the query says in which order they come.
inline Lines Ordered(const Ask& ask, Lines lines) {
  bool ordered = !ask.choice.order.empty();
  if (ask.verb == Ask::Verb::Group) {
    ordered = true;
    const std::size_t keys = kGroups[ask.Last()][ask.shape].keys.size();
    for (std::size_t key = 0; key < keys; ++key) {
      ordered = ordered && std::any_of(ask.groups.begin(), ask.groups.end(), [&](const auto& each) {
                  return each.by_key && each.at == key;
                });
    }
  }
  if (!ordered) std::sort(lines.begin(), lines.end());
  return lines;
}

// Of queries: about as a user would write them.

class Printer {
 public:
  std::string operator()(const Case& what) {
    Rows(what.world);
    for (const Type type : {kA, kB, kC}) {
      const Intercept& intercept = what.world.intercept[type];
      text_ += Name(type) + " is intercepted:";
      for (const Where& each : intercept.narrow) text_ += " Where(" + Say(type, each) + ")";
      if (intercept.at_most) text_ += " AtMost(" + std::to_string(*intercept.at_most) + ")";
      if (intercept.mask) text_ += " masks its name";
      if (intercept.around) text_ += " and around";
      if (text_.ends_with(':'))
        text_.resize(text_.rfind('\n') + 1);
      else
        text_ += "\n";
    }
    Query(what.ask);
    return text_;
  }

 private:
  static std::string Name(Type type) { return std::string(kInfo[type].name); }
  static std::string Name(Type type, std::size_t field) {
    return std::string(FieldOf(type, field).name);
  }
  static std::string EdgeName(Type type, std::size_t edge) {
    return std::string(EdgeOf(type, edge).name);
  }

  void Rows(const World& world) {
    for (const Type type : {kA, kB, kC}) {
      for (const Row& row : world.rows[type]) text_ += Name(type) + " " + Say(type, row) + "\n";
    }
    static constexpr std::string_view names[] = {"friends", "tags", "follows"};
    for (const Row& row : world.rows[kC]) {
      const Value& liker = row.keys[kLiked];
      if (!IsNull(liker)) text_ += "likes " + Show(liker) + " - " + Show(row.Id()) + "\n";
    }
    for (std::size_t at = 0; at < kPairs; ++at) {
      for (const auto& [one, other] : world.pairs[at]) {
        text_ += std::string(names[at]) + " " + Show(one) + " - " + Show(other) + "\n";
      }
    }
  }
  static std::string Say(Type type, const Row& row) {
    std::string said;
    for (std::size_t at = 0; at < row.cells.size(); ++at) {
      said += (at == 0 ? "" : " ") + Name(type, at) + "=" + Show(row.cells[at]);
    }
    for (std::size_t at = 0; at < kInfo[type].edges; ++at) {
      const Edge& edge = EdgeOf(type, at);
      if (edge.kind != Edge::Kind::Own || IsNull(row.keys[edge.at])) continue;
      said += " " + std::string(edge.name) + "=" + Show(row.keys[edge.at]);
    }
    return said;
  }

  static std::string Say(const std::vector<Value>& values) {
    Lines shown;
    for (const Value& value : values) shown.push_back(Show(value));
    return JoinedBy(", ", shown);
  }
  static std::string Sign(Where::What what) {
    static constexpr std::string_view signs[] = {" == ", " != ", " < ", " <= ", " > ", " >= "};
    return std::string(signs[static_cast<std::size_t>(what)]);
  }
  template <class Of>
  static std::string SayJoin(const Where& where, Of of) {
    Lines each;
    for (const Where& one : where.inside) each.push_back(of(one));
    if (where.what == Where::What::Not) return "!(" + each.front() + ")";
    return "(" + JoinedBy(where.what == Where::What::And ? " && " : " || ", each) + ")";
  }
  static std::string Say(Type type, const Where& where) {
    using What = Where::What;
    static constexpr std::string_view functions[] = {
        "In", "IsNull", "Contains", "HasPrefix", "HasSuffix", "EqualFold", "ContainsFold"};
    const auto edge = [&] { return EdgeName(type, where.at); };
    switch (where.what) {
      case What::And:
      case What::Or:
      case What::Not:
        return SayJoin(where, [&](const Where& each) { return Say(type, each); });
      case What::Has: {
        const Type target = EdgeOf(type, where.at).target;
        return edge() + ".Has(" + (where.inside.empty() ? "" : Say(target, where.inside[0])) + ")";
      }
      case What::Fields: {
        const Both& both = BothOf(type, where.at);
        return Name(type, both.left) + Sign(where.sign) + Name(type, both.right);
      }
      case What::EdgeEqual:
        return edge() + " == " + Say(where.values);
      case What::EdgeNotEqual:
        return edge() + " != " + Say(where.values);
      case What::EdgeIn:
        return edge() + ".In(" + Say(where.values) + ")";
      case What::EdgeIsNull:
        return edge() + ".IsNull()";
      default:
        break;
    }
    if (where.what < What::In) return Name(type, where.at) + Sign(where.what) + Say(where.values);
    const auto function = static_cast<std::size_t>(where.what) - static_cast<std::size_t>(What::In);
    return Name(type, where.at) + "." + std::string(functions[function]) + "(" + Say(where.values) +
           ")";
  }

  static std::string Say(bool descending, Order::Nulls nulls, const std::string& by) {
    std::string said = (descending ? "Desc(" : "Asc(") + by + ")";
    if (nulls == Order::Nulls::First) said += ".NullsFirst()";
    if (nulls == Order::Nulls::Last) said += ".NullsLast()";
    return said;
  }
  static std::string Say(Type type, const Order& order) {
    std::string by = order.by == Order::By::Field ? Name(type, order.at) : EdgeName(type, order.at);
    if (order.by == Order::By::Count) by = "CountOf(" + by + ")";
    if (order.by == Order::By::Neighbour) {
      by += ", " + Name(EdgeOf(type, order.at).target, order.of);
    }
    return Say(order.descending, order.nulls, by);
  }
  static std::string Say(Type type, const Choice& choice) {
    std::string said;
    for (const Where& each : choice.where) said += ".Where(" + Say(type, each) + ")";
    for (const Order& each : choice.order) said += ".Order(" + Say(type, each) + ")";
    if (choice.after) said += ".After(" + Say(type, *choice.after) + ")";
    if (choice.limit) said += ".Limit(" + std::to_string(*choice.limit) + ")";
    if (choice.offset != 0) said += ".Offset(" + std::to_string(choice.offset) + ")";
    for (const Load& load : choice.with) {
      const std::string inside = Say(EdgeOf(type, load.edge).target, load.choice);
      said += ".With(" + EdgeName(type, load.edge) + (inside.empty() ? ")" : ": " + inside + ")");
    }
    return said;
  }

  static std::string Say(Type type, const Measure& measure) {
    static constexpr std::string_view names[] = {"Count", "Sum", "Avg", "Min", "Max"};
    return std::string(names[static_cast<std::size_t>(measure.kind)]) + "(" +
           (measure.field ? Name(type, *measure.field) : "") + ")";
  }
  static std::string SayHaving(Type type, const Shape& shape, const Where& having) {
    if (having.IsJoin() || having.what == Where::What::Not) {
      return SayJoin(having, [&](const Where& each) { return SayHaving(type, shape, each); });
    }
    return Say(type, shape.measures[having.at]) + Sign(having.what) + Say(having.values);
  }
  static Lines Names(Type type, const std::vector<std::size_t>& fields) {
    Lines names;
    for (const std::size_t field : fields) names.push_back(Name(type, field));
    return names;
  }
  static std::string SayGroups(Type type, const Ask& ask) {
    const Shape& shape = kGroups[type][ask.shape];
    Lines measures;
    for (const Measure& each : shape.measures) measures.push_back(Say(type, each));
    std::string said = ".GroupBy(" + JoinedBy(", ", Names(type, shape.keys)) + ")";
    for (const Where& each : ask.having) said += ".Having(" + SayHaving(type, shape, each) + ")";
    for (const GroupOrder& each : ask.groups) {
      said +=
          ".Order(" +
          Say(each.descending, each.nulls,
              each.by_key ? Name(type, shape.keys[each.at]) : Say(type, shape.measures[each.at])) +
          ")";
    }
    if (ask.limit) said += ".Limit(" + std::to_string(*ask.limit) + ")";
    if (ask.offset != 0) said += ".Offset(" + std::to_string(ask.offset) + ")";
    return said + ".Select(" + JoinedBy(", ", measures) + ").All()";
  }

  void Query(const Ask& ask) {
    static constexpr std::string_view places[] = {"client", "tx", "read_tx"};
    static constexpr std::string_view verbs[] = {
        ".All()", ".First()",  ".Only()",  ".Count()",   ".Exist()",        ".IDs()",
        "",       "",          "",         ".ForEach()", " in a range-for", " page by page",
        ".Find",  ".Update()", ".Delete()"};
    text_ += std::string(places[static_cast<std::size_t>(ask.in)]) + ".Of<" + Name(ask.type) +
             ">().Query()";
    Type type = ask.type;
    for (const Hop& hop : ask.hops) {
      text_ += Say(type, hop.choice) + ".Traverse(" + EdgeName(type, hop.edge) + ")";
      type = EdgeOf(type, hop.edge).target;
    }
    text_ += Say(type, ask.choice) + std::string(verbs[static_cast<std::size_t>(ask.verb)]);
    if (ask.verb == Ask::Verb::Measure) text_ += "." + Say(type, ask.measure);
    if (ask.verb == Ask::Verb::Find) text_ += "(" + Show(ask.id) + ")";
    if (ask.verb == Ask::Verb::Group) text_ += SayGroups(type, ask);
    if (ask.verb == Ask::Verb::Select) {
      text_ += ".Select(" + JoinedBy(", ", Names(type, kSelects[type][ask.shape].keys)) + ")";
      text_ += ask.distinct ? ".Distinct().All()" : ".All()";
    }
    if (ask.verb == Ask::Verb::Loop && ask.limit) {
      text_ += ", " + std::to_string(*ask.limit) + " steps";
    }
    if (ask.whole) text_ += ", all fields";
    if (ask.again) text_ += ", again";
    text_ += "\n";
  }

  std::string text_;
};

inline std::string ToString(const Case& what) { return Printer()(what); }

}  // namespace queries
