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

/// What Graphviz shows for a hook.
std::string Label(const std::string& name, const std::string& what) {
  return "[label=<<b>" + name + "</b><br/><font point-size=\"11\" color=\"#57606a\">" + what +
         "</font>>, ";
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
  Explanation explained = Explained();
  explained.hooks.push_back({"asked\nfirst\x01", "runtime", grapnel::AnyOp, "rule"});
  const std::string dot = ToDot(explained);
  CHECK_THAT(dot, Catch::StartsWith("digraph chain {\n  graph [bgcolor=white, "));
  CHECK_THAT(dot, Catch::Contains("\n  subgraph cluster_0 {\n    label=<<b>User Create</b>>;\n"
                                  "    n0 [label=<defaults>, fillcolor=\"#eaeef2\"];\n    n1 " +
                                  Label("Trace", "runtime, around") +
                                  "fillcolor=white];\n    n0 -> n1;\n    n2 "));
  CHECK_THAT(dot, Catch::Contains(
                      Label("say &#34;&#60;no&#62;&#34;", "schema, before, on Create|Delete")));
  CHECK_THAT(dot, Catch::Contains("n3 " + Label("asked<br/>first?", "runtime, rule") +
                                  "fillcolor=\"#fff8c5\"];\n    n2 -> n3;\n"));
  CHECK_THAT(dot,
             Catch::EndsWith("\n    n4 -> n5;\n  }\n  subgraph cluster_6 {\n    label=<<b>User "
                             "read</b>>;\n    n6 " +
                             Label("Living", "mixin Soft, before") +
                             "fillcolor=white];\n    n7 [label=<SQL>, "
                             "fillcolor=\"#eaeef2\"];\n    n6 -> n7;\n  }\n}\n"));
}
