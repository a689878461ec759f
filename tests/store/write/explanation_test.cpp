#include <grapnel/store/write/explanation.hpp>

#include "contract/model.hpp"
#include "support/catch.hpp"

#include <fmt/format.h>

#include <string>

using grapnel::Op;
using grapnel::store::Explanation;

namespace {

Explanation Explained() {
  return {"User",
          Op::Create,
          {{"Trace", "runtime", grapnel::AnyOp, "around"},
           {"say \"<no>\"", "schema", Op::Create | Op::Delete, "before"}},
          {{"Living", "mixin Soft", grapnel::AnyOp, "before"}}};
}

}  // namespace

TEST_CASE("an explanation is a line for each step, outermost first") {
  Explanation explained = Explained();
  CHECK(ToString(explained) ==
        "User Create\n  defaults\n  Trace: runtime, around\n  say \"<no>\": schema, before, on "
        "Create|Delete\n  validation\n  SQL\nUser read\n  Living: mixin Soft, before\n  SQL\n");
  CHECK(fmt::format("{}", explained) == ToString(explained));
  explained.interceptors.clear();
  explained.ops = grapnel::AnyOp;
  CHECK(ToString(explained).starts_with("User\n  defaults\n"));
  CHECK(ToString(explained).ends_with("  validation\n  SQL\n"));
}

TEST_CASE("an explanation is a flowchart of Mermaid") {
  CHECK(ToMermaid(Explained()) ==
        "flowchart TD\n  subgraph w0 [\"User Create\"]\n    n0[\"defaults\"]\n    "
        "n1[\"Trace<br/>runtime, around\"]\n    n0 --> n1\n    n2[\"say "
        "#34;#60;no#62;#34;<br/>schema, before, on Create|Delete\"]\n    n1 --> n2\n    "
        "n3[\"validation\"]\n    n2 --> n3\n    n4[\"SQL\"]\n    n3 --> n4\n  end\n  subgraph w5 "
        "[\"User read\"]\n    n5[\"Living<br/>mixin Soft, before\"]\n    n6[\"SQL\"]\n    n5 --> "
        "n6\n  end\n");
}

TEST_CASE("an explanation is a digraph of Graphviz") {
  CHECK(ToDot(Explained()) ==
        "digraph chain {\n  node [shape=box];\n  subgraph cluster_0 {\n    label=\"User "
        "Create\";\n    n0 [label=\"defaults\"];\n    n1 [label=\"Trace\\nruntime, around\"];\n    "
        "n0 -> n1;\n    n2 [label=\"say \\\"<no>\\\"\\nschema, before, on Create|Delete\"];\n    "
        "n1 -> n2;\n    n3 [label=\"validation\"];\n    n2 -> n3;\n    n4 [label=\"SQL\"];\n    "
        "n3 -> n4;\n  }\n  subgraph cluster_5 {\n    label=\"User read\";\n    n5 [label=\"Living"
        "\\nmixin Soft, before\"];\n    n6 [label=\"SQL\"];\n    n5 -> n6;\n  }\n}\n");
}
