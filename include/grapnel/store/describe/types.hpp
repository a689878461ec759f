#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/model/relation.hpp>
#include <grapnel/model/value.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace grapnel {

namespace detail {
class Graph;
}

namespace store {

/// A field, for people and for migration hooks.
struct FieldInfo {
  std::string_view name;    // in the schema
  std::string_view column;  // in the database
  FieldKind kind;
  bool optional, unique, immutable, sensitive;
  std::string_view comment;
};

/// One end of an edge.
struct EdgeInfo {
  std::string_view name;
  std::string_view target;   // the neighbour's type
  std::string_view inverse;  // the other end's name, or ""
  bool many, required, holds_key;
  DeleteAction on_delete;     // where there is a foreign key
  std::string_view pairs{};   // the table that holds pairs of ids, or ""
  bool key_required = false;  // of a foreign key, at whichever end: it is not NULL
  bool key_unique = false;    // and no two rows share it
};

/// An entity type.
struct TypeInfo {
  std::string_view name;            // Schema::Type
  std::string_view table;           // in the database
  std::vector<FieldInfo> fields{};  // the id first
  std::vector<EdgeInfo> edges{};
};

/// All types of a database with their fields and edges, in the order of `Open<...>`.
struct EntityGraph {
  std::vector<TypeInfo> types{};
};

/// A line for each type, field and edge: "User" and, behind two spaces, "name text, unique" or
/// "cards -> many Card, back owner".
GRAPNEL_DECLARE std::string ToString(const EntityGraph& graph);
/// An erDiagram of Mermaid, each edge drawn once. Source: https://mermaid.js.org/syntax/
GRAPNEL_DECLARE std::string ToMermaid(const EntityGraph& graph);
/// A digraph in the language of Graphviz, each edge drawn once.
/// Source: https://graphviz.org/doc/info/lang.html
GRAPNEL_DECLARE std::string ToDot(const EntityGraph& graph);

}  // namespace store

namespace detail {
GRAPNEL_DECLARE store::EntityGraph DescribeTypes(const Graph& graph);
}

}  // namespace grapnel

#ifndef GRAPNEL_SEPARATE_COMPILATION
#include <grapnel/store/describe/impl/types.hpp>  // IWYU pragma: keep
#endif
