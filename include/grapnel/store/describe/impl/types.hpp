#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/base/concat.hpp>
#include <grapnel/model/graph.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/store/describe/drawing.hpp>
#include <grapnel/store/describe/types.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace grapnel::detail {

GRAPNEL_DEFINE store::EntityGraph DescribeTypes(const Graph& graph) {
  store::EntityGraph described;
  for (const Table* table : graph.Tables()) {
    store::TypeInfo type{table->entity, table->name};
    for (const Column& column : table->columns.first(table->fields)) {
      type.fields.push_back({column.name, column.storage, column.Kind(), column.nullable,
                             column.unique, column.immutable, column.sensitive, column.comment});
    }
    for (const EdgeEnd& edge : table->edges) {
      const Relation& relation = edge.relation();
      const bool is_join = relation.kind == Relation::Kind::Join;
      type.edges.push_back({edge.name, edge.target().entity,
                            relation.inverse != nullptr ? relation.inverse->name : "", edge.many,
                            edge.required, edge.HoldsKey(), relation.on_delete,
                            is_join ? std::string_view(relation.table) : "", relation.required,
                            relation.unique});
    }
    described.types.push_back(std::move(type));
  }
  return described;
}

}  // namespace grapnel::detail

namespace grapnel::store {

inline std::string Describe(const FieldInfo& field) {
  std::string text(Name(field.kind));
  if (field.optional) text += ", optional";
  if (field.unique) text += ", unique";
  if (field.immutable) text += ", immutable";
  if (field.sensitive) text += ", sensitive";
  return text;
}

/// Whether an edge is drawn at this end: the other one follows, or there is none.
inline bool IsDrawn(const EntityGraph& graph, std::size_t at, const EdgeInfo& edge) {
  if (edge.inverse.empty()) return true;
  for (std::size_t i = 0; i < graph.types.size(); ++i) {
    if (graph.types[i].name != edge.target) continue;
    if (i != at) return at < i;
    for (const EdgeInfo& each : graph.types[i].edges) {  // of both that which comes first
      if (each.name == edge.name || each.name == edge.inverse) return each.name == edge.name;
    }
  }
  return true;
}
/// "cards", or "cards / owner".
inline std::string LabelOf(const EdgeInfo& edge) {
  std::string label(edge.name);
  if (!edge.inverse.empty() && edge.inverse != edge.name)
    core::Append(label, {" / ", edge.inverse});
  return label;
}

GRAPNEL_DEFINE std::string ToString(const EntityGraph& graph) {
  std::string text;
  for (const TypeInfo& type : graph.types) {
    core::Append(text, {type.name, "\n"});
    for (const FieldInfo& field : type.fields) {
      core::Append(text, {"  ", field.name, " ", Describe(field), "\n"});
    }
    for (const EdgeInfo& edge : type.edges) {
      core::Append(text, {"  ", edge.name, " -> ", edge.many ? "many " : "one ", edge.target});
      if (edge.required) text += ", required";
      if (!edge.inverse.empty()) core::Append(text, {", back ", edge.inverse});
      text += '\n';
    }
  }
  return text;
}

/// How many rows of a type one row at the other end of an edge may be joined to.
enum class Joined { One, AtMostOne, Any };

/// Of an edge, for a row at the other end and for a row of this one.
struct JoinedRows {
  Joined here = Joined::Any;
  Joined there = Joined::Any;
};

inline JoinedRows RowsOf(const EdgeInfo& edge) {
  if (!edge.pairs.empty()) return {};
  const Joined referred = edge.key_required ? Joined::One : Joined::AtMostOne;
  const Joined holders = edge.key_unique ? Joined::AtMostOne : Joined::Any;
  return edge.holds_key ? JoinedRows{holders, referred} : JoinedRows{referred, holders};
}

/// In quotes, for an entity may be called as a word of the language is.
inline std::string EntityInMermaid(std::string_view name) {
  return core::Concat({"\"", drawing::WordInMermaid(name), "\""});
}

GRAPNEL_DEFINE std::string ToMermaid(const EntityGraph& graph) {
  static constexpr std::string_view kHere[] = {"||", "|o", "}o"}, kThere[] = {"||", "o|", "o{"};
  std::string text = "erDiagram\n";
  for (std::size_t at = 0; at < graph.types.size(); ++at) {
    const TypeInfo& type = graph.types[at];
    core::Append(text, {"  ", EntityInMermaid(type.name), " {\n"});
    for (const FieldInfo& field : type.fields) {
      core::Append(text, {"    ", Name(field.kind), " ", drawing::WordInMermaid(field.name)});
      if (&field == type.fields.data()) {
        text += " PK";
      } else if (field.unique) {
        text += " UK";
      }
      text += '\n';
    }
    text += "  }\n";
    for (const EdgeInfo& edge : type.edges) {
      if (!IsDrawn(graph, at, edge)) continue;
      const auto [here, there] = RowsOf(edge);
      core::Append(
          text, {"  ", EntityInMermaid(type.name), " ", kHere[static_cast<std::size_t>(here)], "--",
                 kThere[static_cast<std::size_t>(there)], " ", EntityInMermaid(edge.target),
                 " : \"", drawing::InMermaid(LabelOf(edge)), "\"\n"});
    }
  }
  return text;
}

GRAPNEL_DEFINE std::string ToDot(const EntityGraph& graph) {
  static constexpr std::string_view kArrows[] = {"teetee", "teeodot", "crowodot"};
  std::string text = core::Concat({drawing::DotHead("types"),
                                   "  graph [nodesep=0.5, ranksep=0.5];\n"
                                   "  node [shape=box, margin=0, fontsize=12, color=\"#8c959f\"];\n"
                                   "  edge [dir=both, color=\"#57606a\"];\n"});
  for (const TypeInfo& type : graph.types) {
    core::Append(text, {"  \"", drawing::InDot(type.name),
                        "\" [label=<<table border=\"0\" cellspacing=\"0\" cellborder=\"0\">\n"
                        "    <tr><td colspan=\"2\" bgcolor=\"#eaeef2\"><b>",
                        drawing::InDotHtml(type.name), "</b></td></tr>\n"});
    for (const FieldInfo& field : type.fields) {
      core::Append(text, {"    <tr><td align=\"left\">", drawing::InDotHtml(field.name),
                          "</td><td align=\"left\"><font point-size=\"11\" color=\"#57606a\">",
                          drawing::InDotHtml(Describe(field)), "</font></td></tr>\n"});
    }
    text += "  </table>>];\n";
  }
  for (std::size_t at = 0; at < graph.types.size(); ++at) {
    for (const EdgeInfo& edge : graph.types[at].edges) {
      if (!IsDrawn(graph, at, edge)) continue;
      const auto [here, there] = RowsOf(edge);
      core::Append(text,
                   {"  \"", drawing::InDot(graph.types[at].name), "\" -> \"",
                    drawing::InDot(edge.target), "\" [label=< ", drawing::InDotHtml(LabelOf(edge)),
                    " >, arrowtail=", kArrows[static_cast<std::size_t>(here)],
                    ", arrowhead=", kArrows[static_cast<std::size_t>(there)], "];\n"});
    }
  }
  return text + "}\n";
}

}  // namespace grapnel::store
