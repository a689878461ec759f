#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/base/shared.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/store/query/asked.hpp>
#include <grapnel/store/tx/handle_ptr.hpp>

#include <cstddef>
#include <iterator>
#include <type_traits>
#include <utility>

namespace grapnel {
namespace detail {

/// Rows that are read one by one, with the type forgotten: see walk.hpp in impl/.
class Walk;
using WalkPtr = core::Shared<Walk>;

/// The entity of the next row, the same object for many rows; null behind the last one. Throws: as
/// Query::ForEach.
GRAPNEL_DECLARE void* NextRow(Walk& walk);

/// Whether a function of a row may change it: one that is a template is not looked into.
template <class F, class E>
consteval bool MayChange() {
  using Function = std::remove_cvref_t<F>;
  if constexpr (requires { &Function::operator(); } || std::is_pointer_v<std::decay_t<F>>) {
    return !std::is_invocable_v<F&, const E&>;
  } else {
    return true;
  }
}

}  // namespace detail

namespace store {

/// Goes over the rows of a query, one at a time: `for (const User& u : query)`. A row stays what it
/// is until the next step. Copies go over the same rows together.
///
/// Throws, from a step: as Query::ForEach.
/// Lifetime: of its own; nothing of the query has to live. Threads: the one that began it.
template <class E>
class RowIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = E;
  using difference_type = std::ptrdiff_t;
  using pointer = const E*;
  using reference = const E&;

  /// Behind the last row.
  RowIterator() noexcept = default;
  explicit RowIterator(detail::WalkPtr walk) : walk_(std::move(walk)) { ++*this; }

  reference operator*() const noexcept { return *row_; }
  pointer operator->() const noexcept { return row_; }
  RowIterator& operator++() {
    row_ = static_cast<const E*>(detail::NextRow(*walk_));
    if (row_ == nullptr) walk_.Reset();
    return *this;
  }
  void operator++(int) { ++*this; }

  friend bool operator==(const RowIterator& left, const RowIterator& right) noexcept {
    return left.row_ == right.row_;
  }

 private:
  detail::WalkPtr walk_;
  const E* row_ = nullptr;
};

}  // namespace store
}  // namespace grapnel

#ifndef GRAPNEL_SEPARATE_COMPILATION
#include <grapnel/store/query/impl/walk.hpp>  // IWYU pragma: keep
#endif
