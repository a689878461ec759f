#pragma once

#include <grapnel/base/type.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/model/value.hpp>
#include <grapnel/store/driver/driver.hpp>
#include <grapnel/store/predicate/tree.hpp>
#include <grapnel/store/sql/condition.hpp>
#include <grapnel/store/sqlite/native/dialect.hpp>
#include <grapnel/store/sqlite/native/prepared.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <list>

namespace grapnel::sqlite::detail {

/// What the text of a simple SELECT by an id depends on: the comparisons of fields with values that
/// its row has to match as well, all of them. Two of one shape differ in their values alone.
class SelectShape {
 public:
  static constexpr std::size_t kMost = 4;

  /// Of one that is not simple IsKept() says so.
  explicit SelectShape(const store::PredicateNode& where) { kept_ = Add(where, 0); }

  bool IsKept() const noexcept { return kept_; }
  bool IsSame(const SelectShape& other) const noexcept {
    return count_ == other.count_ && std::equal(terms_, terms_ + count_, other.terms_);
  }
  /// Binds the values, which stand in the text in this order. Requires: they live as long as the
  /// statement runs.
  void Bind(const store::Table& table, Binding& to, int at) const {
    for (std::size_t i = 0; i < count_; ++i) {
      if (values_[i] == nullptr) continue;
      grapnel::detail::BindValue(*values_[i], to, ++at);
      if (!to.Shows()) continue;
      const grapnel::detail::Column* column = table.FindTag(terms_[i].field);
      if (column != nullptr && !column->IsSecret()) to.Show(at, ToString(*values_[i]));
    }
  }

 private:
  struct Term {
    store::PredicateKind kind;
    grapnel::detail::FieldTag field;
    friend bool operator==(const Term&, const Term&) = default;
  };

  bool Add(const store::PredicateNode& node, std::size_t depth) {
    using Kind = store::PredicateKind;
    if (node.kind == Kind::And) {
      return depth < kMost && Add(*node.left, depth + 1) && Add(*node.right, depth + 1);
    }
    const bool compares = node.kind <= Kind::GreaterEqual && node.other == nullptr;
    const bool simple = (compares || node.kind == Kind::IsNull) && node.relation == nullptr;
    if (!simple || count_ == kMost) return false;
    values_[count_] = compares ? &node.value : nullptr;
    terms_[count_++] = {node.kind, node.field};
    return true;
  }

  bool kept_;
  std::size_t count_ = 0;
  Term terms_[kMost];
  const FieldValue* values_[kMost];
};

/// Statements of such shapes, for one type.
class KeptSelects {
 public:
  /// The place of that shape's; null where too many differ already.
  Prepared* Find(const SelectShape& shape) {
    for (Kept& each : kept_) {
      if (each.shape.IsSame(shape)) return &each.statement;
    }
    if (kept_.size() == kMost) return nullptr;
    kept_.push_back({shape, {}});
    return &kept_.back().statement;
  }

 private:
  static constexpr std::size_t kMost = 8;
  struct Kept {
    SelectShape shape;  // its values are gone
    Prepared statement;
  };
  std::list<Kept> kept_;
};

}  // namespace grapnel::sqlite::detail
