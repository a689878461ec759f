#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/base/concat.hpp>
#include <grapnel/core/op.hpp>
#include <grapnel/store/describe/drawing.hpp>
#include <grapnel/store/write/explanation.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace grapnel::store {

/// A step of a way.
struct ShownStep {
  std::string name;
  std::string what{};  // of a rule, hook or interceptor: its origin, form and Ops
  std::string_view form{};
};
/// The steps of one way, outermost first.
struct ShownWay {
  std::string title;
  std::vector<ShownStep> steps{};
};

inline std::vector<ShownWay> WaysOf(const Explanation& explanation) {
  const auto add = [](ShownWay& way, const std::vector<HookInfo>& hooks) {
    for (const HookInfo& hook : hooks) {
      std::string what = core::Concat({hook.origin, ", ", hook.form});
      if (hook.ops != AnyOp) core::Append(what, {", on ", ToString(hook.ops)});
      way.steps.push_back({hook.name, std::move(what), hook.form});
    }
  };
  std::vector<ShownWay> ways(1);
  ways[0].title = explanation.entity;
  if (explanation.ops != AnyOp) core::Append(ways[0].title, {" ", ToString(explanation.ops)});
  ways[0].steps.push_back({"defaults"});
  add(ways[0], explanation.hooks);
  ways[0].steps.push_back({"validation"});
  ways[0].steps.push_back({"SQL"});
  if (explanation.interceptors.empty()) return ways;
  ways.push_back({core::Concat({explanation.entity, " read"})});
  add(ways[1], explanation.interceptors);
  ways[1].steps.push_back({"SQL"});
  return ways;
}

GRAPNEL_DEFINE std::string ToString(const Explanation& explanation) {
  std::string text;
  for (const ShownWay& way : WaysOf(explanation)) {
    core::Append(text, {way.title, "\n"});
    for (const ShownStep& step : way.steps) {
      core::Append(text, {"  ", step.name, step.what.empty() ? "" : ": ", step.what, "\n"});
    }
  }
  return text;
}

GRAPNEL_DEFINE std::string ToMermaid(const Explanation& explanation) {
  std::string text = "flowchart TD\n";
  std::size_t number = 0;
  for (const ShownWay& way : WaysOf(explanation)) {
    core::Append(text, {"  subgraph w", std::to_string(number), " [\"",
                        drawing::InMermaid(way.title), "\"]\n"});
    for (const ShownStep& step : way.steps) {
      const std::string node = std::to_string(number++);
      core::Append(text, {"    n", node, "[\"", drawing::InMermaid(step.name)});
      if (!step.what.empty()) core::Append(text, {"<br/>", drawing::InMermaid(step.what)});
      text += "\"]\n";
      if (&step != &way.steps.front()) {
        core::Append(text, {"    n", std::to_string(number - 2), " --> n", node, "\n"});
      }
    }
    text += "  end\n";
  }
  return text;
}

GRAPNEL_DEFINE std::string ToDot(const Explanation& explanation) {
  std::string text = core::Concat({drawing::DotHead("chain"),
                                   "  graph [ranksep=0.25, style=rounded, color=\"#8c959f\"];\n"
                                   "  node [shape=box, style=filled, color=\"#8c959f\"];\n"
                                   "  edge [arrowsize=0.7, color=\"#57606a\"];\n"});
  std::size_t number = 0;
  for (const ShownWay& way : WaysOf(explanation)) {
    core::Append(text, {"  subgraph cluster_", std::to_string(number), " {\n    label=<<b>",
                        drawing::InDotHtml(way.title), "</b>>;\n"});
    for (const ShownStep& step : way.steps) {
      const std::string node = std::to_string(number++);
      core::Append(text, {"    n", node, " [label=<"});
      if (step.what.empty()) {  // Grapnel's own
        core::Append(text, {drawing::InDotHtml(step.name), ">, fillcolor=\"#eaeef2\"];\n"});
      } else {
        core::Append(text, {"<b>", drawing::InDotHtml(step.name),
                            "</b><br/><font point-size=\"11\" color=\"#57606a\">",
                            drawing::InDotHtml(step.what), "</font>>, fillcolor=",
                            step.form == "rule" ? "\"#fff8c5\"" : "white", "];\n"});
      }
      if (&step != &way.steps.front()) {
        core::Append(text, {"    n", std::to_string(number - 2), " -> n", node, ";\n"});
      }
    }
    text += "  }\n";
  }
  return text + "}\n";
}

}  // namespace grapnel::store
