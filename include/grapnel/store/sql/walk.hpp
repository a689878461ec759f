#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/core/op.hpp>
#include <grapnel/model/error.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/store/predicate/tree.hpp>
#include <grapnel/store/sql/pages.hpp>
#include <grapnel/store/sql/terms.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace grapnel::store::sql {

/// The text of a statement that is written step by step, without recursion, for conditions may be
/// nested as deep as memory allows. Each subselect stands in front of the statement under a name.
class WalkedText : public PageText {
 public:
  using PageText::PageText;

  /// In which order rows come that are equal in all that they are ordered by.
  enum class Ties : std::uint8_t { ById, AsTheyCome };

  /// The whole statement.
  std::string Finish() {
    std::string with;
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      core::Append(with, {i == 0 ? "WITH grapnel_" : ", grapnel_", std::to_string(i + 1),
                          "(id) AS (", parts_[i], ")"});
    }
    return with.empty() ? std::move(text) : core::Concat({with, " ", text});
  }

  /// Whether the conditions so far ask for other rows than the one that they are about.
  bool AsksForRows() const noexcept { return !parts_.empty(); }

 protected:
  // What is bound lies in it, and moves with it.
  WalkedText(WalkedText&&) = default;
  WalkedText& operator=(WalkedText&&) = default;
  virtual ~WalkedText() = default;

  /// What is still to be written.
  struct Step {
    enum class What : std::uint8_t { Text, Node, Begin, End, Enter, Leave, Order, Tail };
    What what;
    std::string text{};
    Term term{};
    int depth = 0;
    const Table* table = nullptr;       // Begin: of a subselect about it; Enter: within the text
    const store::Rows* rows = nullptr;  // Tail: which of them
    std::span<const store::Ordering> order{};  // Order
    Ties ties{};
  };
  using Steps = std::vector<Step>;
  static Step OfText(std::string text) { return {Step::What::Text, std::move(text)}; }
  static Step OfNode(Term term, int depth) { return {Step::What::Node, {}, term, depth}; }

  virtual void Render(Term term, int depth) = 0;
  virtual void Order(std::span<const store::Ordering> order, Ties ties) = 0;

  /// Does a step, and what comes of it.
  void Walk(Step step) {
    do {
      waiting_ = open_.size();
      Do(step);
      std::reverse(open_.begin() + static_cast<std::ptrdiff_t>(waiting_), open_.end());
    } while (Take(step));
  }
  /// What comes next: a text or a leaf at once, if nothing before it has to wait; else it waits.
  void Then(Step&& step) {
    const bool at_once = step.what == Step::What::Text ||
                         (step.what == Step::What::Node && IsLeaf(Strip(step.term)));
    if (at_once && open_.size() == waiting_) return Do(step);
    open_.push_back(std::move(step));
  }
  void Write(std::initializer_list<std::string_view> parts) {
    if (open_.size() == waiting_) return core::Append(text, parts);
    open_.push_back(OfText(core::Concat(parts)));
  }

  [[noreturn]] void RefusePredicate(std::string_view reason) const {
    const Table& table = selects_.empty() ? *table_ : *selects_.front().second;
    throw ValidationError(table.entity, "predicate", grapnel::Op{},
                          core::Concat({"it ", reason, " for ", GetDialect().Engine(),
                                        ": split it, or use In(...) for many values"}));
  }

 private:
  static constexpr std::size_t kSelects = 64;  // in one another: on a stack of 256 kB there is room
  static constexpr std::size_t kLength = 64 << 20;  // of the text

  /// The next of the steps that wait, if there is one.
  bool Take(Step& step) {
    if (open_.empty()) return false;
    step = std::move(open_.back());
    open_.pop_back();
    return true;
  }
  void Do(const Step& step) {
    if (text.size() > kLength) RefusePredicate("is too large");
    switch (step.what) {
      case Step::What::Text:
        text += step.text;
        return;
      case Step::What::Node:
        return Render(Strip(step.term), step.depth);
      case Step::What::Begin:
        if (selects_.size() >= kSelects) RefusePredicate("has too many edges in one another");
        selects_.emplace_back(std::exchange(text, {}), std::exchange(table_, step.table));
        return;
      case Step::What::End:
        parts_.push_back(std::exchange(text, std::move(selects_.back().first)));
        core::Append(text, {"(SELECT id FROM grapnel_", std::to_string(parts_.size()), ")"});
        table_ = selects_.back().second;
        selects_.pop_back();
        return;
      case Step::What::Enter:
        if (selects_.size() >= kSelects) RefusePredicate("has too many edges in one another");
        selects_.emplace_back(std::string(), std::exchange(table_, step.table));
        return;
      case Step::What::Leave:
        table_ = selects_.back().second;
        selects_.pop_back();
        return;
      case Step::What::Order:
        return Order(step.order, step.ties);
      case Step::What::Tail:
        Order(step.rows->order, Ties::ById);
        return Write({LimitText(step.rows->limit, step.rows->offset)});
    }
  }

  std::vector<std::string> parts_;  // subselects
  Steps open_;                      // the next one last, but for those of the step being done
  std::size_t waiting_ = 0;         // how many stood there before it
  std::vector<std::pair<std::string, const Table*>>
      selects_;  // what stands around the one being written
};

}  // namespace grapnel::store::sql
