#pragma once

#include <grapnel/model/relation.hpp>
#include <grapnel/model/type_ops.hpp>
#include <grapnel/store/predicate/tree.hpp>

#include <algorithm>
#include <cstddef>
#include <unordered_map>
#include <unordered_set>
#include <vector>

/// Conditions taken apart: what is joined by AND and by OR, and what of it is alike.
namespace grapnel::store::sql {

using grapnel::detail::Relation;
using store::PredicateKind;
using store::PredicateNode;

/// A condition, or its negation.
struct Term {
  const PredicateNode* node;
  bool negated;
  friend bool operator==(const Term&, const Term&) = default;
};
using Terms = std::vector<Term>;

inline Term Strip(Term term) noexcept {
  while (term.node->kind == PredicateKind::Not) term = {term.node->left.Get(), !term.negated};
  return term;
}
inline bool IsLeaf(const Term& term) noexcept {
  return term.node->kind < PredicateKind::And || term.node->kind == PredicateKind::InLists;
}
inline bool IsJoin(const Term& term) noexcept {
  return term.node->kind == PredicateKind::And || term.node->kind == PredicateKind::Or;
}
inline bool IsAnd(const Term& join) noexcept {
  return (join.node->kind == PredicateKind::And) != join.negated;
}

/// The terms of a chain of one operator; of a large one each but once.
inline Terms TermsOf(const Term& join) {
  const bool is_and = IsAnd(join);
  Terms terms, open{join};
  std::unordered_set<const PredicateNode*> seen[2];
  for (std::size_t walked = 0; !open.empty(); ++walked) {
    const Term term = Strip(open.back());
    open.pop_back();
    if (walked > 64 && !seen[term.negated ? 1 : 0].insert(term.node).second) continue;
    if (IsJoin(term) && IsAnd(term) == is_and) {
      open.push_back({term.node->right.Get(), term.negated});
      open.push_back({term.node->left.Get(), term.negated});
    } else {
      terms.push_back(term);
    }
  }
  return terms;
}

/// How often AND and OR alternate in conditions, and in those in them.
class Heights {
 public:
  std::size_t Of(const Term& term) const {
    return IsJoin(term) ? heights_.at(Strip(term).node) : 0;
  }
  /// Requires: a join.
  void Measure(const Term& root) {
    Terms open{root};
    while (!open.empty()) {
      const Term join = open.back();
      if (heights_.contains(join.node)) {
        open.pop_back();
        continue;
      }
      std::size_t height = 1;
      bool ready = true;
      for (const Term& term : TermsOf(join)) {
        if (!IsJoin(term)) continue;
        const auto known = heights_.find(term.node);
        if (known == heights_.end()) {
          open.push_back(term);
          ready = false;
        } else {
          height = std::max(height, known->second + 1);
        }
      }
      if (!ready) continue;
      heights_.emplace(join.node, height);
      open.pop_back();
    }
  }

 private:
  std::unordered_map<const PredicateNode*, std::size_t> heights_;
};

/// How a leaf may be taken together with others: those with the same key.
struct LeafGroup {
  PredicateKind kind;
  bool negated;
  grapnel::detail::FieldTag field;
  const Relation* relation;
  friend bool operator==(const LeafGroup&, const LeafGroup&) = default;
};
inline bool IsCompared(PredicateKind kind) noexcept {
  return kind <= PredicateKind::In ||
         (kind >= PredicateKind::Contains && kind <= PredicateKind::ContainsFold);
}
/// Of `a = 1 OR a = 2` and `a <> 1 AND a <> 2` it is the list that a is in or not.
inline LeafGroup GroupOf(const Term& term, bool is_and) noexcept {
  LeafGroup group{term.node->kind, term.negated, term.node->field, term.node->relation};
  const bool equal = group.kind == PredicateKind::Equal || group.kind == PredicateKind::In;
  const bool not_equal = group.kind == PredicateKind::NotEqual;
  if (!equal && !not_equal) return group;
  const bool in = equal != term.negated;
  if (in != is_and) {
    group.kind = PredicateKind::In;
    group.negated = !in;
  }
  return group;
}

}  // namespace grapnel::store::sql
