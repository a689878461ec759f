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

/// The steps of one way, outermost first.
struct ShownWay {
  std::string title;
  std::vector<std::string> steps;  // of a hook: its name, and in a second line what it is
};

inline std::vector<ShownWay> WaysOf(const Explanation& explanation, std::string_view between) {
  const auto add = [&](ShownWay& way, const std::vector<HookInfo>& hooks) {
    for (const HookInfo& hook : hooks) {
      std::string step = core::Concat({hook.name, between, hook.origin, ", ", hook.form});
      if (hook.ops != AnyOp) core::Append(step, {", on ", ToString(hook.ops)});
      way.steps.push_back(std::move(step));
    }
  };
  std::vector<ShownWay> ways(1);
  ways[0].title = explanation.entity;
  if (explanation.ops != AnyOp) core::Append(ways[0].title, {" ", ToString(explanation.ops)});
  ways[0].steps = {"defaults"};
  add(ways[0], explanation.hooks);
  ways[0].steps.insert(ways[0].steps.end(), {"validation", "SQL"});
  if (explanation.interceptors.empty()) return ways;
  ways.push_back({core::Concat({explanation.entity, " read"}), {}});
  add(ways[1], explanation.interceptors);
  ways[1].steps.emplace_back("SQL");
  return ways;
}

GRAPNEL_DEFINE std::string ToString(const Explanation& explanation) {
  std::string text;
  for (const ShownWay& way : WaysOf(explanation, ": ")) {
    core::Append(text, {way.title, "\n"});
    for (const std::string& step : way.steps) core::Append(text, {"  ", step, "\n"});
  }
  return text;
}

GRAPNEL_DEFINE std::string ToMermaid(const Explanation& explanation) {
  std::string text = "flowchart TD\n";
  std::size_t number = 0;
  for (const ShownWay& way : WaysOf(explanation, "\n")) {
    core::Append(text, {"  subgraph w", std::to_string(number), " [\"",
                        drawing::InMermaid(way.title), "\"]\n"});
    for (const std::string& step : way.steps) {
      const std::string node = std::to_string(number++);
      core::Append(text, {"    n", node, "[\"", drawing::InMermaid(step), "\"]\n"});
      if (&step != &way.steps.front()) {
        core::Append(text, {"    n", std::to_string(number - 2), " --> n", node, "\n"});
      }
    }
    text += "  end\n";
  }
  return text;
}

GRAPNEL_DEFINE std::string ToDot(const Explanation& explanation) {
  std::string text = "digraph chain {\n  node [shape=box];\n";
  std::size_t number = 0;
  for (const ShownWay& way : WaysOf(explanation, "\n")) {
    core::Append(text, {"  subgraph cluster_", std::to_string(number), " {\n    label=\"",
                        drawing::InDot(way.title), "\";\n"});
    for (const std::string& step : way.steps) {
      const std::string node = std::to_string(number++);
      core::Append(text, {"    n", node, " [label=\"", drawing::InDot(step), "\"];\n"});
      if (&step != &way.steps.front()) {
        core::Append(text, {"    n", std::to_string(number - 2), " -> n", node, ";\n"});
      }
    }
    text += "  }\n";
  }
  return text + "}\n";
}

}  // namespace grapnel::store
