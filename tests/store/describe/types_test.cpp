#include <grapnel/store/describe/types.hpp>

#include "contract/graph_model.hpp"
#include "support/catch.hpp"

#include <fmt/format.h>

#include <string>

using grapnel::FieldKind;
using grapnel::store::EntityGraph;

namespace {

/// A type with names that pictures have words of their own for, and an edge to itself.
EntityGraph Strange() {
  EntityGraph graph;
  graph.types.push_back({"Per\"son",
                         "t",
                         {{"id", "id", FieldKind::Int, false, false, false, false, ""},
                          {"a|b<c>", "x", FieldKind::Text, true, true, false, true, ""}},
                         {{"boss", "Per\"son", "staff", false, false, true, grapnel::SetNull},
                          {"staff", "Per\"son", "boss", true, false, false, grapnel::SetNull}}});
  return graph;
}

}  // namespace

TEST_CASE("B210 the types of a client are its schema, in the order of Open") {
  const auto client = grapnel::Open<graph::User, graph::Card, graph::Pet>(":memory:");
  const EntityGraph types = client.Types();
  REQUIRE(types.types.size() == 3);
  CHECK(types.types[0].name == "User");
  CHECK(types.types[0].edges.size() == 4);
  CHECK_FALSE(types.types[0].edges[2].pairs.empty());  // friends
  CHECK(
      fmt::format("{}", types) ==
      "User\n  id integer, immutable\n  name text\n  age integer\n  nickname text, optional\n  "
      "version "
      "integer\n  cards -> many Card, back owner\n  pets -> many Pet, back owner\n  friends -> "
      "many User\n  best_friend -> one User\nCard\n  id integer, immutable\n  number text, unique, "
      "immutable\n  name text, optional\n  expired_at integer, optional\n  owner -> one User, "
      "back cards\nPet\n  id integer, immutable\n  name text\n  owner -> one User, back pets\n");
}

TEST_CASE("B210 each edge is drawn once, with how many there are at each end") {
  const auto client = grapnel::Open<graph::User, graph::Card, graph::Pet>(":memory:");
  const std::string mermaid = ToMermaid(client.Types());
  CHECK_THAT(mermaid,
             Catch::StartsWith("erDiagram\n  \"User\" {\n    integer id PK\n    text name\n"));
  CHECK_THAT(mermaid, Catch::Contains("    text number UK\n"));
  CHECK_THAT(mermaid,
             Catch::Contains(
                 "  }\n  \"User\" |o--o{ \"Card\" : \"cards / owner\"\n  \"User\" |o--o{ \"Pet\" : "
                 "\"pets / owner\"\n  \"User\" }o--o{ \"User\" : \"friends\"\n  \"User\" }o--o| "
                 "\"User\" : \"best_friend\"\n  \"Card\" {\n"));
  const std::string dot = ToDot(client.Types());
  CHECK_THAT(dot, Catch::StartsWith("digraph types {\n"));
  CHECK_THAT(dot, Catch::Contains("\"User\" -> \"Card\" [label=< cards / owner >, "
                                  "arrowtail=teeodot, arrowhead=crowodot];\n"));
  CHECK_THAT(dot, Catch::Contains("\"User\" -> \"User\" [label=< best_friend >, "
                                  "arrowtail=crowodot, arrowhead=teeodot];\n"));
}

TEST_CASE("B210 names are told apart from the language of the picture") {
  CHECK(ToMermaid(Strange()) ==
        "erDiagram\n  \"Per_son\" {\n    integer id PK\n    text a_b_c_ UK\n  }\n  \"Per_son\" "
        "}o--o| \"Per_son\" : \"boss / staff\"\n");
  const std::string dot = ToDot(Strange());
  CHECK_THAT(dot, Catch::Contains("  \"Per\\\"son\" [label=<<table "));
  CHECK_THAT(dot, Catch::Contains("<b>Per&#34;son</b>"));
  CHECK_THAT(dot, Catch::Contains("<tr><td align=\"left\">a|b&#60;c&#62;</td><td "));
  CHECK_THAT(dot, Catch::Contains(">text, optional, unique, sensitive</font></td></tr>\n  </tab"));
  CHECK_THAT(dot, Catch::EndsWith("  \"Per\\\"son\" -> \"Per\\\"son\" [label=< boss / staff >, "
                                  "arrowtail=crowodot, arrowhead=teeodot];\n}\n"));
}
