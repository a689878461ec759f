#pragma once

#include <grapnel/core/op.hpp>
#include <grapnel/schema/schema.hpp>
#include <grapnel/store/builders/create.hpp>
#include <grapnel/store/detail/run.hpp>
#include <grapnel/store/error.hpp>

#include <concepts>
#include <cstddef>
#include <ranges>
#include <type_traits>
#include <utility>
#include <vector>

namespace grapnel::store {

/// Creates a row for each element of a range, of builders or of entities: all of them or none. Runs once.
template <class E, class Range>
class [[nodiscard]] CreateBulk {
 public:
  CreateBulk(detail::HandlePtr handle, Range&& rows)
      : handle_(std::move(handle)), rows_(std::forward<Range>(rows)) {}
  CreateBulk(CreateBulk&&) noexcept = default;
  CreateBulk& operator=(CreateBulk&&) noexcept = default;

  /// Runs the hooks of each row and inserts it, row by row, in one transaction: before 1, write 1,
  /// after 1, before 2, and so on. Returns: the entities in the range's order, or what hooks returned in
  /// their place. An empty range runs no hook.
  /// Throws: as Create::Save; of a ConstraintError, Row() tells the row, counted from 0.
  std::vector<E> Save() {
    if (!handle_) {
      throw Error(std::string(detail::kTable<E>.entity) +
                  ": this bulk is spent: it ran already, or was moved from; make a new one");
    }
    detail::CheckHeld(handle_, detail::kTable<E>.entity, "this bulk");
    const detail::HandlePtr handle = std::move(handle_);
    std::vector<E> made;
    if constexpr (std::ranges::sized_range<std::remove_reference_t<Range>>) {
      made.reserve(static_cast<std::size_t>(std::ranges::size(rows_)));
    }
    detail::RunBulk(
        handle, detail::kTable<E>, [&](detail::BulkRun& bulk) { Run(bulk, made); },
        [&](std::size_t row) -> void* { return &made[row]; },
        [&](CommittedError& error) { error.SetValue(made); });
    return made;
  }

 private:
  void Run(detail::BulkRun& bulk, std::vector<E>& made) {
    const auto run = [&](Mutation<E>& m) {
      detail::ResultOf<E> result;
      bulk.Run(m, result);
      made.push_back(std::move(result.Entity()));
      bulk.Done();
    };
    for (auto&& row : rows_) {
      if constexpr (std::same_as<std::remove_cvref_t<decltype(row)>, Create<E>>) {
        auto& m = row.Target();
        static_cast<void>(row.Take());
        run(m);
      } else {
        static_assert(std::convertible_to<decltype(row), const E&>,
                      "CreateBulk takes a range of entities or of their Create() builders");
        auto m = Mutation<E>::Access::Make(Op::Create);
        Mutation<E>::Access::Entity(m) = row;
        m.Core().SetAll(&Mutation<E>::Access::Entity(m));
        run(m);
      }
    }
  }

  detail::HandlePtr handle_;
  Range rows_;
};

}  // namespace grapnel::store
