#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/core/op.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace grapnel::store {

/// One rule, hook or interceptor, as it is shown to people.
struct HookInfo {
  std::string name;    // by hook::Named, or its type as the compiler spells it
  std::string origin;  // "runtime", "transaction", "mixin Versioned" or "schema"
  /// Outside of these nothing that it is made of does anything, as On, Unless and HasOp say; what
  /// other conditions exclude is not known. A hook of which that is none is not shown.
  grapnel::Op ops;
  std::string_view form;  // "rule", "before", "after", "around" or, of ent's, "mutator"
};

/// What mutations and reads of one type go through, outermost first.
struct Explanation {
  std::string_view entity;
  grapnel::Op ops;                       // of the mutations that it is about
  std::vector<HookInfo> hooks{};         // the rules first
  std::vector<HookInfo> interceptors{};  // of reads, and of the rows that mutations find
};

/// A line for each step, from "User Create" and "defaults" to "SQL"; then the same of reads, where
/// there are interceptors.
GRAPNEL_DECLARE std::string ToString(const Explanation& explanation);
/// A flowchart of Mermaid. Source: https://mermaid.js.org/syntax/flowchart.html
GRAPNEL_DECLARE std::string ToMermaid(const Explanation& explanation);
/// A digraph in the language of Graphviz. Source: https://graphviz.org/doc/info/lang.html
GRAPNEL_DECLARE std::string ToDot(const Explanation& explanation);

}  // namespace grapnel::store

#ifndef GRAPNEL_SEPARATE_COMPILATION
#include <grapnel/store/write/impl/explanation.hpp>  // IWYU pragma: keep
#endif
